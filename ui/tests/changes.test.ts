// Reviewing changes: what goes along, what the one button says, and how a conflict is decided.
import { page } from 'vitest/browser';
import { expect, test } from 'vitest';
import { makeChanges } from '../standin/program';
import { calls, press, show } from './show';

const button = (name: string) => page.getByRole('button', { name: new RegExp(`^${name}`) });
const check = (name: string) => page.getByRole('checkbox', { name, exact: true });

test('everything is pushed unless something is left out', async () => {
  const program = await show('changes');
  await press('Push 4 changes');
  await expect.element(button('Pull 1 change')).toBeVisible();
  expect(calls(program, 'push')).toEqual([['f1', { of: 'all' }]]);
});

test('what is left out stays, and only names are sent along', async () => {
  const program = await show('changes');
  await check('SENTRY_DSN').click();
  await press('Push 2 changes');
  await expect.poll(() => calls(program, 'push')).toEqual([['f1', { of: 'names', names: ['DATABASE_URL', 'LEGACY_TOKEN'] }]]);
});

test('with nothing chosen the button says so', async () => {
  await show('changes');
  await check('All changes to push').click();
  await expect.element(button('Nothing chosen to push')).toBeDisabled();
  await check('All changes to push').click();
  await expect.element(button('Push 4 changes')).toBeEnabled();
});

test('a conflict takes mine, theirs or a third value, and the values are not needed for it', async () => {
  for (const [name, resolution] of [['Keep mine', { keep: 'mine' }], ['Take theirs', { keep: 'theirs' }]] as const) {
    const program = await show('changes');
    await press(name);
    await expect.poll(() => calls(program, 'resolve')).toEqual([['f1', 'STRIPE_KEY', resolution, 42]]);
    await expect.element(page.getByText('Your file stays as it is until you choose.')).not.toBeInTheDocument();
    expect(calls(program, 'revealChange')).toEqual([]);
    document.body.querySelector('.app')?.parentElement?.remove();
  }
  const program = await show('changes');
  await press('Edit a third value');
  await page.getByRole('textbox', { name: 'Third value for STRIPE_KEY' }).fill('"sk third"');
  await press('Use this value');
  await expect.poll(() => calls(program, 'resolve')).toEqual([['f1', 'STRIPE_KEY', { keep: 'another', value: '"sk third"' }, 42]]);
});

test('when only conflicts are left the button leads to them', async () => {
  await show('changes', ({ world }) => {
    const changes = world.changes.f1;
    if (changes) world.changes.f1 = { ...changes, here: [], there: [] };
  });
  await press('Resolve 1 conflict');
  await expect.element(button('Keep mine')).toHaveFocus();
});

test('somebody who may only read is offered a pull and no push', async () => {
  await show('changes', ({ world }) => {
    const environment = world.overview.projects[0]?.environments[0];
    if (environment) environment.level = 'read';
  });
  await expect.element(button('Pull 1 change')).toBeVisible();
  await expect.element(page.getByText('You can read this environment but not change it.')).toBeVisible();
  await expect.element(button('Push')).not.toBeInTheDocument();
});

test('what the program says moved is asked again', async () => {
  const program = await show('in-step');
  program.world.changes.f1 = makeChanges({ here: [{ key: 0, name: 'NEW_ONE', kind: 'new', by: null, at: null, danger: null }] });
  program.move({ what: 'overview' });
  await expect.element(page.getByText('NEW_ONE', { exact: true }).first()).toBeVisible();
});

test('what is more than a setting is said beside it and before a pull, and pulling is still up to whoever reads it', async () => {
  const program = await show('dangers');
  await expect.element(page.getByText('Careful: NODE_OPTIONS is more than a setting')).toBeVisible();
  await expect.element(page.getByText('Careful, before you pull: look at NODE_OPTIONS first.')).toBeVisible();
  expect(calls(program, 'pull')).toEqual([]);
  await press('Pull 2 changes');
  await expect.poll(() => calls(program, 'pull')).toEqual([['f1', 42]]);
});

test('what comes of a comment, or of several changes together, is said before a pull too', async () => {
  const program = await show('dangers', ({ world }) => {
    const comment = { key: 2, name: null, kind: 'comment' as const, by: 'Ben', at: null, danger: 'A line that is no assignment can run a command.' };
    world.changes.f1 = makeChanges({ revision: 7, there: [comment], dangers: ['PATH is more than a setting.'] });
  });
  await expect.element(page.getByText('Careful: A line that is no assignment can run a command.')).toBeVisible();
  await expect.element(page.getByText('Careful: PATH is more than a setting.')).toBeVisible();
  await expect.element(page.getByText('Careful, before you pull: look at the comment first.')).toBeVisible();
  await press('Pull 1 change');
  await expect.poll(() => calls(program, 'pull')).toEqual([['f1', 7]]);
});

test('a new file that would get what runs code gets nothing yet: Changes shows it first', async () => {
  const program = await show('unlinked', ({ world }) => { world.written = 0; });
  await press('Write it to a file…');
  await expect.poll(() => calls(program, 'linkNewFile').length).toBe(1);
  await expect.element(page.getByRole('tab', { name: /Changes/, selected: true })).toBeVisible();
});

test('under Variables it is said too, and leads to Changes', async () => {
  await show('dangers-variables');
  await press('Look at it');
  await expect.element(page.getByText('Careful: NODE_OPTIONS is more than a setting')).toBeVisible();
});
