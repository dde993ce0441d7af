// The ways in, dropped files, invites, notifications: what is asked of the program, and what is not before somebody confirms.
import { page, userEvent } from 'vitest/browser';
import { expect, test } from 'vitest';
import { calls, press, show } from './show';

const field = (name: string) => page.getByLabelText(name, { exact: true });

test('a team starts with two names', async () => {
  const program = await show('start');
  await field('Name of the team').fill('Saltmarsh');
  await field('Your name').fill('Mara');
  await press('Start the team');
  await expect.element(page.getByText('Drop a .env file here')).toBeVisible();
  expect(calls(program, 'startTeamHere')).toEqual([['Saltmarsh', 'Mara']]);
});

test('a failed way in keeps what was typed and says why', async () => {
  const program = await show('join', ({ world }) => {
    world.failing.joinTeam = { code: 'failed', message: 'The invite has been used already. Ask for another one.' };
  });
  await field('Invite link').fill('twinlock:join#abc');
  await field('Your name').fill('Ben');
  await userEvent.keyboard('{Enter}');
  await expect.element(page.getByRole('alert')).toHaveTextContent('used already');
  await expect.element(field('Invite link')).toHaveValue('twinlock:join#abc');
  expect(calls(program, 'joinTeam')).toEqual([['twinlock:join#abc', 'Ben']]);
});

test('connecting leaves out a pin that was not given', async () => {
  const program = await show('connect');
  await field('Vault address').fill('https://vault.example.org');
  await field('Setup code').fill('1234-5678');
  await field('Name of the team').fill('Saltmarsh');
  await field('Your name').fill('Mara');
  await press('Connect and start the team');
  await expect.poll(() => calls(program, 'connectToVault')).toEqual([['https://vault.example.org', null, '1234-5678', 'Saltmarsh', 'Mara']]);
});

test('a dropped file is looked at and nothing else until somebody confirms', async () => {
  const program = await show('import');
  const happened = () => program.calls.map(([name]) => name).filter((name) => /import|link|push|pull/i.test(name));
  expect(happened()).toEqual([]);
  await userEvent.keyboard('{Escape}');
  await expect.element(page.getByRole('dialog')).not.toBeInTheDocument();
  expect(happened()).toEqual([]);
  expect(calls(program, 'declineOffer')).toEqual([['offer-1']]);
});

test('an import goes where the dialog says, in the mode it says', async () => {
  const program = await show('import');
  await field('Environment').fill('staging');
  await press('Import 6 variables');
  await expect.poll(() => calls(program, 'importOffer')).toEqual([['offer-1', 'reports', 'staging', 'ask']]);
});

test('into an environment that is there already nothing is pushed', async () => {
  const program = await show('import-known');
  await page.getByRole('checkbox', { name: /by themselves/ }).click();
  await press('Link and compare');
  await expect.poll(() => calls(program, 'linkOffer')).toEqual([['offer-1', 'api', 'production', 'auto']]);
  expect(calls(program, 'importOffer')).toEqual([]);
  await expect.element(page.getByRole('tab', { name: 'Changes' })).toHaveAttribute('aria-selected', 'true');
});

test('files dropped together are looked at one after the other', async () => {
  const program = await show('import');
  program.move({ what: 'offered', offer: 'offer-2' });
  await press('Cancel');
  await expect.poll(() => calls(program, 'previewOffer')).toEqual([['offer-1'], ['offer-2']]);
});

test('on a vault of this computer no link is made', async () => {
  const program = await show('invite-here');
  await expect.element(page.getByText('Moving a team there comes in a later version')).toBeVisible();
  expect(calls(program, 'invite')).toEqual([]);
});

test('a notification leads to the changes of its environment', async () => {
  const program = await show('team');
  program.world.destination = 'billing-dev';
  program.move({ what: 'show' });
  await expect.element(page.getByRole('heading', { name: 'billing' })).toBeVisible();
  await expect.element(page.getByRole('tab', { name: 'Changes' })).toHaveAttribute('aria-selected', 'true');
});

test('tabs are one stop, and the arrow keys choose', async () => {
  await show('variables');
  page.getByRole('tab', { name: /development/ }).element().focus();
  await userEvent.keyboard('{ArrowRight}');
  await expect.element(page.getByRole('tab', { name: /staging/ })).toHaveFocus();
  await expect.element(page.getByRole('tab', { name: /staging/ })).toHaveAttribute('aria-selected', 'true');
  await userEvent.keyboard('{End}{ArrowRight}');
  await expect.element(page.getByRole('tab', { name: /development/ })).toHaveFocus();
});
