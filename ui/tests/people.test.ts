// Members, their rights and their computers: what is asked of the program, what is said before it, and what is never in the page.
import { page, userEvent } from 'vitest/browser';
import { expect, test } from 'vitest';
import { calls, press, show } from './show';

const everything = () => document.documentElement.outerHTML + [...document.querySelectorAll('textarea')].map((one) => one.value).join('');

test('an invite gives exactly the access that was chosen, for as long as was chosen', async () => {
  const program = await show('invite');
  await page.getByLabelText('api · production').selectOptions('no access');
  await page.getByLabelText('api · staging').selectOptions('read');
  await page.getByLabelText('The link ends after').selectOptions('1 hour');
  await expect.element(page.getByText('gets hold of it within 1 hour could join in their place')).toBeVisible();
  await press('Make an invite link');
  await expect.poll(() => calls(program, 'invite')).toEqual([['member', [
    { environment: 'api/development', level: 'write' }, { environment: 'api/staging', level: 'read' },
    { environment: 'billing/development', level: 'write' }, { environment: 'web/development', level: 'write' },
  ], 1, false]]);
});

test('the link is copied without coming to the page, and is forgotten with the dialog', async () => {
  const program = await show('invite-link');
  await press('Copy the link');
  await expect.element(page.getByText('Copied. The clipboard is cleared in 30 s.', { exact: true })).toBeVisible();
  expect(calls(program, 'copyHanded')).toEqual([['handed-1']]);
  expect(calls(program, 'showHanded')).toEqual([]);
  expect(everything()).not.toContain(program.world.invite);
  await userEvent.keyboard('{Escape}');
  await expect.poll(() => calls(program, 'forgetHanded')).toEqual([['handed-1']]);
});

test('the link is in the page only while it is shown', async () => {
  const program = await show('invite-link');
  await press('Show link and QR code');
  await expect.element(page.getByLabelText('Invite link', { exact: true })).toHaveValue(program.world.invite);
  await expect.element(page.getByRole('img', { name: 'QR code of the invite link' })).toBeVisible();
  await press('Hide link and QR code');
  await expect.poll(everything).not.toContain(program.world.invite);
});

test('removing somebody says first what will happen, and nothing happens before somebody confirms', async () => {
  const program = await show('remove');
  await expect.element(page.getByText('api · development, billing · development get new keys at once.')).toBeVisible();
  await expect.element(page.getByText('api · production gets new keys with the next push')).toBeVisible();
  await expect.element(page.getByText('1 invite is closed: 7b20c6ad for a new member.')).toBeVisible();
  await expect.element(page.getByText('1 computer counts no more: 99e1c3d4.')).toBeVisible();
  expect(calls(program, 'removeMember')).toEqual([]);
  await userEvent.keyboard('{Escape}');
  await expect.element(page.getByRole('dialog')).not.toBeInTheDocument();
  expect(calls(program, 'removeMember')).toEqual([]);
});

test('what somebody could read is a list to be ticked off, which is kept', async () => {
  const program = await show('removed');
  expect(calls(program, 'removeMember')).toEqual([['m-Ben Weiss']]);
  await page.getByRole('checkbox', { name: 'STRIPE_KEY, api · production' }).click();
  await expect.element(page.getByText('13 left')).toBeVisible();
  await expect.element(page.getByRole('progressbar', { name: '1 of 14 changed' })).toBeVisible();
  expect(calls(program, 'setTicked')).toEqual([['m-Ben Weiss', 'api/production', 'STRIPE_KEY', true]]);
  await press('See in Activity');
  await expect.element(page.getByRole('heading', { name: 'Activity' })).toBeVisible();
  await press('Team');
  await expect.element(page.getByText('Values to change after removing Ben Weiss: 13 of 14 left.')).toBeVisible();
  await press('Open the list of Ben Weiss');
  await expect.element(page.getByRole('checkbox', { name: 'STRIPE_KEY, api · production' })).toBeChecked();
  await expect.element(page.getByRole('checkbox', { name: 'STRIPE_KEY, api · development' })).not.toBeChecked();
});

test('a tick shows at once, can be taken back, and is taken back where it was not kept', async () => {
  const program = await show('removed-later', ({ world }) => world.slow.add('setTicked'));
  const box = page.getByRole('checkbox', { name: 'DATABASE_URL, api · production' });
  await box.click();
  await expect.element(page.getByText('2 left')).toBeVisible();
  await box.click();
  await expect.element(page.getByText('3 left')).toBeVisible();
  await expect.poll(() => { program.answerSlow(); return calls(program, 'setTicked').map((call) => call.at(-1)); }).toEqual([true, false]);
  program.answerSlow();
  program.world.failing.setTicked = { code: 'failed', message: 'The Twinlock folder cannot be written.' };
  await page.getByRole('checkbox', { name: 'Everything, web · staging' }).click();
  await expect.element(page.getByRole('alert')).toHaveTextContent('cannot be written');
  await expect.element(page.getByRole('checkbox', { name: 'Everything, web · staging' })).not.toBeChecked();
});

test('what was changed since is ticked by itself, and a list worked through is put away', async () => {
  const program = await show('removed-later');
  await expect.element(page.getByRole('checkbox', { name: 'STRIPE_KEY, api · production' })).toBeDisabled();
  await expect.element(page.getByRole('checkbox', { name: 'STRIPE_KEY, api · production' })).toBeChecked();
  await press('Save list');
  expect(calls(program, 'saveChecklist')).toEqual([['m-Yuki']]);
  for (const name of ['SESSION_SECRET, api · development', 'DATABASE_URL, api · production', 'Everything, web · staging']) await page.getByRole('checkbox', { name }).click();
  await press('Put the list away');
  await expect.element(page.getByRole('heading', { name: 'Team' })).toBeVisible();
  await expect.element(page.getByText('Values to change after')).not.toBeInTheDocument();
  expect(calls(program, 'putChecklistAway')).toEqual([['m-Yuki']]);
});

test('a failed removal is told and can be tried again', async () => {
  const program = await show('remove-failed');
  await expect.element(page.getByRole('dialog')).toBeVisible();
  program.world.failing = {};
  await press('Remove Ben Weiss');
  await expect.element(page.getByText('Ben Weiss could read 14 values')).toBeVisible();
});

test('a role is changed to the one chosen', async () => {
  const program = await show('role');
  await page.getByRole('radio', { name: /^admin/ }).click();
  await press('Make Ben Weiss admin');
  await expect.poll(() => calls(program, 'setRole')).toEqual([['m-Ben Weiss', 'admin']]);
  await expect.element(page.getByRole('dialog')).not.toBeInTheDocument();
});

test('what falls with a lower role is said before it is given', async () => {
  const program = await show('team', ({ world }) => { world.slow.add('newRole'); });
  await press('What to do with Ada Okafor');
  await press('Change role');
  await page.getByRole('radio', { name: /^member/ }).click();
  await expect.element(page.getByRole('button', { name: 'Make Ada Okafor member' })).toBeDisabled();
  program.answerSlow();
  await expect.element(page.getByText('1 invite is closed: 7b20c6ad for a new member.')).toBeVisible();
  await expect.element(page.getByText('1 service token reads nothing any more: deploy-ci.')).toBeVisible();
  await expect.element(page.getByText('api · production gets new keys at once.')).toBeVisible();
  expect(calls(program, 'setRole')).toEqual([]);
  await press('Make Ada Okafor member');
  await expect.poll(() => calls(program, 'setRole')).toEqual([['m-Ada Okafor', 'member']]);
});

test('only the access that was changed is changed', async () => {
  const program = await show('access');
  await expect.element(page.getByRole('button', { name: 'Nothing changed' })).toBeDisabled();
  await page.getByLabelText('api · staging').selectOptions('no access');
  await page.getByLabelText('web · development').selectOptions('read');
  await expect.element(page.getByText('api · staging gets new keys.')).toBeVisible();
  await press('Change access to 2 environments');
  await expect.poll(() => calls(program, 'setAccess')).toEqual([['m-Ada Okafor', 'api-staging', null], ['m-Ada Okafor', 'web-dev', 'read']]);
});

test('a member is told who can do what they cannot, and has no dead buttons', async () => {
  await show('team-member');
  await expect.element(page.getByText('ask Ada Okafor')).toBeVisible();
  await expect.element(page.getByRole('button', { name: 'Invite' })).not.toBeInTheDocument();
  await expect.element(page.getByRole('button', { name: 'Change access of Ada Okafor' })).not.toBeInTheDocument();
  await press('What to do with Ben Weiss');
  expect(page.getByRole('menuitem').elements().map((item) => item.textContent)).toEqual(['Compare what you both see…']);
});

test('the menu of a member works with the keyboard alone', async () => {
  await show('team');
  page.getByRole('button', { name: 'What to do with Ben Weiss' }).element().focus();
  await userEvent.keyboard('{Enter}');
  await expect.element(page.getByRole('menuitem', { name: 'Compare what you both see…' })).toHaveFocus();
  await userEvent.keyboard('{ArrowDown}{ArrowDown}');
  await expect.element(page.getByRole('menuitem', { name: 'Change access…' })).toHaveFocus();
  await userEvent.keyboard('{End}');
  await expect.element(page.getByRole('menuitem', { name: 'Remove Ben Weiss…' })).toHaveFocus();
  await userEvent.keyboard('{Escape}');
  await expect.element(page.getByRole('button', { name: 'What to do with Ben Weiss' })).toHaveFocus();
  await expect.element(page.getByRole('menu')).not.toBeInTheDocument();
});

test('words that match are remembered, words that differ say what to do', async () => {
  const program = await show('team');
  await press('They match');
  await expect.poll(() => calls(program, 'setCompared')).toEqual([['17dd80e5f3', 'match']]);
  await press('Words of a93be0c4');
  await press('They differ');
  await expect.element(page.getByText('This is not Ada Okafor’s computer.')).toBeVisible();
});

test('whoever waits is let in after their words were there to be compared, or turned away', async () => {
  const program = await show('waiting');
  await expect.element(page.getByRole('list', { name: 'Safety words of the computer beefcafe' })).toBeVisible();
  await press('Both read the same: let them in');
  await expect.poll(() => calls(program, 'approveMember')).toEqual([['m-new']]);
  const other = await show('waiting');
  await page.getByRole('button', { name: 'Turn them away' }).last().click();
  await expect.poll(() => calls(other, 'closeInvite')).toEqual([['i2']]);
});

test('a pending invite says what it gives, and is closed', async () => {
  const program = await show('team');
  const pending = page.getByRole('region', { name: 'Pending invite' });
  await expect.element(pending.getByText('api · staging')).toBeVisible();
  await expect.element(pending.getByText('waits for approval')).toBeVisible();
  await press('Close the invite i1');
  await expect.poll(() => calls(program, 'closeInvite')).toEqual([['i1']]);
  await expect.element(page.getByText('Pending invite')).not.toBeInTheDocument();
});

test('a token is had once, goes where it is told, and is in the page only while it is shown', async () => {
  const program = await show('service');
  await expect.element(page.getByRole('button', { name: 'Give it a name' })).toBeDisabled();
  await page.getByLabelText('Name', { exact: true }).fill('nightly');
  await expect.element(page.getByRole('button', { name: 'Choose what it reads' })).toBeDisabled();
  await page.getByLabelText('api · staging').selectOptions('values');
  await press('Make the token');
  await press('Copy the token');
  expect(calls(program, 'createService')).toEqual([['nightly', [{ environment: 'api/staging', level: 'read' }], 90]]);
  expect(everything()).not.toContain(program.world.token);
  await press('Show token');
  await expect.element(page.getByLabelText('Service token', { exact: true })).toHaveValue(program.world.token);
  await press('Done');
  await expect.poll(everything).not.toContain(program.world.token);
  expect(calls(program, 'forgetHanded')).toEqual([['handed-2']]);
  await press('End deploy-ci');
  await expect.poll(() => calls(program, 'closeService')).toEqual([['s1']]);
});

test('a computer is revoked only after what falls with it was said', async () => {
  const program = await show('revoke');
  expect(calls(program, 'revokeComputer')).toEqual([]);
  await expect.element(page.getByText('1 invite is closed: 7b20c6ad for a new member.')).toBeVisible();
  await page.getByRole('checkbox', { name: /^Keep what was made/ }).click();
  await expect.element(page.getByText('7b20c6ad')).not.toBeInTheDocument();
  await expect.element(page.getByText('get new keys at once.')).toBeVisible();
  await page.getByRole('checkbox', { name: /^Keep what was made/ }).click();
  await press('Revoke it');
  await expect.poll(() => calls(program, 'revokeComputer')).toEqual([['77c0de99aa', false]]);
  await expect.element(page.getByText('77c0de99', { exact: true })).not.toBeInTheDocument();
});

test('keys that nobody has are given up only after what that costs was said, and on a person’s word', async () => {
  const program = await show('keys-lost');
  expect(calls(program, 'lostWithKeys')).toEqual([['api-dev']]);
  for (const words of ['9 variables open here', 'STRIPE_KEY', 'SENTRY_DSN', '1 line of which not even the name', 'may have these keys. Ask first', 'It cannot be taken back.']) {
    await expect.element(page.getByRole('dialog').getByText(words).first()).toBeVisible();
  }
  const give = page.getByRole('button', { name: 'Make new keys and give this up' });
  await expect.element(page.getByRole('button', { name: 'Tick the box first' })).toBeDisabled();
  expect(calls(program, 'renewGivingUp')).toEqual([]);
  await page.getByRole('checkbox', { name: 'I have asked: nobody has these keys' }).click();
  await give.click();
  await expect.element(page.getByRole('dialog')).not.toBeInTheDocument();
  expect(calls(program, 'renewGivingUp')).toEqual([['api-dev']]);
  await expect.element(page.getByText('Nobody has them')).not.toBeInTheDocument();
});

test('where everything opens again there is nothing to give up', async () => {
  await show('keys-found');
  await expect.element(page.getByRole('button', { name: 'Make new keys' })).not.toBeInTheDocument();
  await expect.element(page.getByRole('checkbox', { name: 'I have asked' })).not.toBeInTheDocument();
});

test('whoever may only read an environment cannot give its keys up', async () => {
  await show('keys-missing-reader');
  await expect.element(page.getByText('are not on this computer')).toBeVisible();
  await expect.element(page.getByRole('button', { name: 'Nobody has them' })).not.toBeInTheDocument();
});

test('the team’s names are given up by an admin alone', async () => {
  const program = await show('names-lost');
  await page.getByRole('checkbox', { name: 'I have asked' }).click();
  await press('Make new keys and give this up');
  await expect.poll(() => calls(program, 'renewGivingUp')).toEqual([[null]]);
  await expect.element(page.getByText('Some names of this team do not open')).not.toBeInTheDocument();
});
