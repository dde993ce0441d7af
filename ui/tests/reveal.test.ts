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

test('a value is copied by the program, and the page asks for nothing else', async () => {
  const program = await show('variables');
  await press('Copy STRIPE_KEY');
  await expect.element(page.getByText('STRIPE_KEY copied. The clipboard is cleared in 30 s.').last()).toBeVisible();
  expect(calls(program, 'copyValue')).toEqual([['api-dev', 'e-STRIPE_KEY']]);
  expect(calls(program, 'reveal')).toEqual([]);
  page.getByRole('button', { name: 'Reveal S3_BUCKET' }).element().focus();
  await userEvent.keyboard('c');
  await expect.poll(() => calls(program, 'copyValue').length).toBe(2);
  expect(calls(program, 'copyValue')[1]).toEqual(['api-dev', 'e-S3_BUCKET']);
});

test('what is typed into the filter copies nothing', async () => {
  const program = await show('variables');
  await userEvent.keyboard('/');
  await userEvent.keyboard('c');
  await expect.element(page.getByRole('textbox', { name: 'Filter by name' })).toHaveValue('c');
  expect(calls(program, 'copyValue')).toEqual([]);
});

test('what cannot be copied says why, and nothing says that it was', async () => {
  await show('variables', (program) => { program.world.failing.copyValue = { code: 'failed', message: 'The clipboard cannot be used.' }; });
  await press('Copy STRIPE_KEY');
  await expect.element(page.getByText('The clipboard cannot be used.')).toBeVisible();
  await expect.element(page.getByText('STRIPE_KEY copied.')).not.toBeInTheDocument();
});

test('each side of a change is copied by its place and its name', async () => {
  const program = await show('changes');
  await press('Copy this computer’s STRIPE_KEY');
  await press('Copy the vault’s STRIPE_KEY');
  await press('Copy DATABASE_URL');
  const [mine, theirs, here] = calls(program, 'copyChange');
  expect([mine, theirs].map((call) => call?.slice(2))).toEqual([['STRIPE_KEY', 'mine'], ['STRIPE_KEY', 'theirs']]);
  expect(here?.slice(2)).toEqual(['DATABASE_URL', 'mine']);
  expect(calls(program, 'revealChange')).toEqual([]);
});
