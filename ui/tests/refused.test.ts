// A refusal: it takes the page, cannot be clicked away, and goes by itself once the vault is honest.
import { page, userEvent } from 'vitest/browser';
import { expect, test } from 'vitest';
import { calls, press, show } from './show';

const title = () => page.getByRole('heading', { name: 'Twinlock refused what the vault sent' });

test('nothing on the page or the keyboard makes it go', async () => {
  await show('refused');
  await userEvent.keyboard('{Escape}');
  for (const name of ['Save what was served', 'Verify everything from the start', 'Ask the vault again']) await press(name);
  await expect.element(title()).toBeVisible();
  expect(page.getByRole('alert').elements()[0]?.querySelectorAll('button')).toHaveLength(3);
  await page.getByRole('tab', { name: /development/ }).click();
  await page.getByRole('tab', { name: /production/ }).click();
  await expect.element(title()).toBeVisible();
});

test('it goes by itself once the vault serves what verifies', async () => {
  const program = await show('refused');
  const environment = program.world.overview.projects[0]?.environments[2];
  if (environment) environment.refusal = null;
  program.world.overview = structuredClone(program.world.overview);
  program.move({ what: 'overview' });
  await expect.element(title()).not.toBeInTheDocument();
  await expect.element(page.getByText('DATABASE_URL').first()).toBeVisible();
});

test('what was served is saved, and what is here is verified', async () => {
  const program = await show('refused-verified');
  await expect.element(page.getByText('What this computer holds verifies: 41 events, 118 revisions, 63 values.')).toBeVisible();
  expect(calls(program, 'saveActivity')).toHaveLength(1);
  await expect.element(page.getByText('Refused again')).toBeVisible();
});

test('a refusal of the team’s log takes the team’s page too, and asks the vault for nothing', async () => {
  const program = await show('refused-team');
  await expect.element(page.getByRole('button', { name: 'Invite' })).not.toBeInTheDocument();
  expect(calls(program, 'team')).toEqual([]);
  await expect.element(page.getByText('found another history at 41')).not.toBeInTheDocument();
  await expect.element(page.getByText('another history at 41')).toBeVisible();
});
