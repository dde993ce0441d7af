// Locking: what is in the page then, how one gets back in, and what is said of a wrong passphrase.
import { page, userEvent } from 'vitest/browser';
import { describe, expect, test } from 'vitest';
import { scenes } from '../standin/scenes';
import { PASSPHRASE } from '../standin/program';
import { calls, press, show } from './show';

const everything = () => document.body.outerHTML + [...document.querySelectorAll('input, textarea')].map((one) => (one as HTMLInputElement).value).join(' ');
const locked = () => page.getByRole('heading', { name: 'Twinlock is locked' });
/** Names of the team, of people, projects and variables, and values. */
const ours = /Saltmarsh|Mara|Ada|Ben|Chidi|billing|DATABASE_URL|STRIPE|development|tide|7Qm2|twinlock:|walnut|beefcafe/;

describe('nothing of the team is left in the page', () => {
  const team = Object.keys(scenes).filter((name) => !/^(welcome|start|connect|join|restore|add-this|locked|keychain|broken)/.test(name));
  test.each(team)('%s', async (name) => {
    const program = await show(name);
    expect(everything()).toMatch(ours);
    program.world.locked = 'press';
    program.move({ what: 'locked' });
    await expect.element(locked()).toBeVisible();
    expect(everything()).not.toMatch(ours);
    await expect.element(page.getByRole('button', { name: 'Unlock' })).toHaveFocus();
  });
});

test('the keyboard locks, also out of a dialog, and one press unlocks', async () => {
  const program = await show('invite-shown');
  await userEvent.keyboard('{Control>}l{/Control}');
  await expect.element(locked()).toBeVisible();
  await expect.poll(() => calls(program, 'lock')).toHaveLength(1);
  await expect.poll(() => calls(program, 'forgetHanded')).toEqual([['handed-1']]);
  await press('Unlock');
  await expect.element(page.getByRole('heading', { name: 'Team' })).toBeVisible();
  await expect.element(page.getByRole('dialog')).not.toBeInTheDocument();
  expect(calls(program, 'unlock')).toEqual([[null]]);
});

test('Settings says how, and what it does', async () => {
  const program = await show('settings');
  await expect.element(page.getByText('nothing is opened or sent until you unlock')).toBeVisible();
  await press('Lock now');
  await expect.element(locked()).toBeVisible();
  expect(calls(program, 'lock')).toHaveLength(1);
});

test('what does not lock is said, and everything is back', async () => {
  await show('settings', ({ world }) => { world.failing.lock = { code: 'failed', message: 'The Twinlock folder cannot be written.' }; });
  await press('Lock now');
  await expect.element(page.getByText('The Twinlock folder cannot be written.')).toBeVisible();
});

test('a wrong passphrase is told, leaves the page, and may be tried again', async () => {
  const program = await show('locked-passphrase');
  const field = page.getByLabelText('Passphrase', { exact: true });
  await expect.element(field).toHaveFocus();
  await field.fill('wrong horse');
  await userEvent.keyboard('{Enter}');
  await expect.element(page.getByRole('alert')).toHaveTextContent('The passphrase does not open the keychain file');
  expect(everything()).not.toContain('wrong horse');
  await expect.element(field).toHaveFocus();
  await field.fill(PASSPHRASE);
  await press('Unlock');
  await expect.element(page.getByRole('heading', { name: 'api' })).toBeVisible();
  expect(calls(program, 'unlock')).toEqual([['wrong horse'], [PASSPHRASE]]);
  expect(everything()).not.toContain(PASSPHRASE);
});

test('a new passphrase is typed twice', async () => {
  const program = await show('locked-new');
  await page.getByLabelText('New passphrase', { exact: true }).fill(PASSPHRASE);
  await expect.element(page.getByRole('button', { name: 'The two differ' })).toBeDisabled();
  await page.getByLabelText('The same again', { exact: true }).fill(PASSPHRASE);
  await press('Use this passphrase');
  await expect.poll(() => calls(program, 'unlock')).toEqual([[PASSPHRASE]]);
});

test('unlocked elsewhere, the page is back by itself', async () => {
  const program = await show('locked');
  program.world.locked = null;
  program.move({ what: 'unlocked' });
  await expect.element(page.getByRole('heading', { name: 'api' })).toBeVisible();
});

test('an answer that was still on its way shows nothing', async () => {
  const program = await show('variables');
  program.world.slow.add('reveal').add('overview');
  program.move({ what: 'overview' });
  await press('Reveal S3_BUCKET');
  await expect.poll(() => calls(program, 'reveal')).toHaveLength(1);
  program.world.locked = 'press';
  program.move({ what: 'locked' });
  await expect.element(locked()).toBeVisible();
  program.answerSlow();
  await Promise.resolve();
  await expect.element(locked()).toBeVisible();
  expect(everything()).not.toMatch(ours);
});
