// What is shown in the clear, and when it hides again.
import { page, userEvent } from 'vitest/browser';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Revealed, REVEALED_FOR } from '../src/state/revealed.svelte';
import { calls, press, show } from './show';

describe('one revealed value', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());
  const text = (text: string) => () => Promise.resolve({ value: { text, readings: [] } });

  test('hides after 30 s', async () => {
    const revealed = new Revealed();
    await revealed.show('a', text('secret'));
    vi.advanceTimersByTime(REVEALED_FOR - 1);
    expect(revealed.of('a')).toEqual({ value: { text: 'secret', readings: [] } });
    vi.advanceTimersByTime(1);
    expect(revealed.of('a')).toBeNull();
  });

  test('hides when another is shown, and its time does not count for the other', async () => {
    const revealed = new Revealed();
    await revealed.show('a', text('first'));
    vi.advanceTimersByTime(REVEALED_FOR - 1);
    await revealed.show('b', text('second'));
    expect(revealed.of('a')).toBeNull();
    vi.advanceTimersByTime(REVEALED_FOR - 1);
    expect(revealed.of('b')).toEqual({ value: { text: 'second', readings: [] } });
  });

  test('hides when the window is left, and stays hidden if it was left while the answer was on its way', async () => {
    const revealed = new Revealed();
    const stop = revealed.watch(window);
    await revealed.show('a', text('secret'));
    window.dispatchEvent(new Event('blur'));
    expect(revealed.of('a')).toBeNull();
    const late = revealed.show('a', text('secret'));
    window.dispatchEvent(new Event('blur'));
    await late;
    expect(revealed.of('a')).toBeNull();
    stop();
  });
});

test('the table shows one value at a time and asks for nothing else', async () => {
  const program = await show('variables');
  expect(calls(program, 'reveal')).toEqual([]);
  await press('Reveal DATABASE_URL');
  await expect.element(page.getByText('postgres://api:tide@db-1')).toBeVisible();
  await press('Reveal S3_BUCKET');
  await expect.element(page.getByText('saltmarsh-api')).toBeVisible();
  await expect.element(page.getByText('postgres://api:tide@db-1')).not.toBeInTheDocument();
  expect(calls(program, 'reveal')).toEqual([['api-dev', 'e-DATABASE_URL'], ['api-dev', 'e-S3_BUCKET']]);
  window.dispatchEvent(new Event('blur'));
  await expect.element(page.getByText('saltmarsh-api')).not.toBeInTheDocument();
});

test('what loaders make of a value is hidden until the value is revealed', async () => {
  const program = await show('variables');
  await press('reads differently: SMTP_PASSWORD');
  await expect.element(page.getByText('node, next, docker, python')).toBeVisible();
  await expect.element(page.getByText('see no value of this name')).toBeVisible();
  await expect.element(page.getByText('k9-84')).not.toBeInTheDocument();
  expect(calls(program, 'reveal')).toEqual([]);
  await press('Reveal SMTP_PASSWORD');
  await expect.element(page.getByText('k9-84')).toBeVisible();
  window.dispatchEvent(new Event('blur'));
  await expect.element(page.getByText('k9-84')).not.toBeInTheDocument();
  await press('reads differently: SMTP_PASSWORD');
  await expect.element(page.getByText('see no value of this name')).not.toBeInTheDocument();
});

test('what is revealed is hidden by going elsewhere', async () => {
  await show('revealed');
  await press('Team');
  await press('api');
  await page.getByRole('tab', { name: 'Variables' }).click();
  await expect.element(page.getByText('SMTP_PASSWORD')).toBeVisible();
  await expect.element(page.getByText('k9$tide-84')).not.toBeInTheDocument();
});

test('the table works with the keyboard alone', async () => {
  await show('variables');
  await userEvent.keyboard('/');
  await expect.element(page.getByRole('textbox', { name: 'Filter by name' })).toHaveFocus();
  await userEvent.keyboard('s3_');
  await expect.element(page.getByText('DATABASE_URL')).not.toBeInTheDocument();
  page.getByRole('button', { name: 'Reveal S3_BUCKET' }).element().focus();
  await userEvent.keyboard('{ArrowDown}');
  await expect.element(page.getByRole('button', { name: 'Reveal S3_SECRET_KEY' })).toHaveFocus();
  await userEvent.keyboard('{ArrowUp} ');
  await expect.element(page.getByText('saltmarsh-api')).toBeVisible();
});
