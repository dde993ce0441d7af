// Recovery kits and further computers: what is shown when, what is asked for, and what is gone from the page afterwards.
import { page } from 'vitest/browser';
import { expect, test } from 'vitest';
import { calls, press, show } from './show';

const everything = () => document.documentElement.outerHTML + [...document.querySelectorAll('input, textarea')].map((one) => (one as HTMLInputElement).value).join(' ');

test('a kit is made only for who has the words, which are gone from the page by then', async () => {
  const program = await show('kit');
  await expect.element(page.getByText('ladder', { exact: true })).toBeVisible();
  await press('I have written them down');
  await expect.poll(everything).not.toContain('ladder');
  expect(everything()).not.toContain('walnut');
  for (const [at, word] of [[3, 'walnut'], [11, 'noodle'], [20, 'mirror']] as const) await page.getByLabelText(`Word ${at}`).fill(word);
  await press('Make the kit');
  await expect.element(page.getByText('The recovery kit is made')).toBeVisible();
  expect(calls(program, 'proveKit')).toEqual([[['walnut', 'noodle', 'mirror']]]);
  await expect.poll(everything).not.toContain('walnut');
  await press('Done');
  await expect.poll(() => calls(program, 'forgetKit')).toHaveLength(1);
});

test('a wrong word makes nothing, and one begins again with new words', async () => {
  const program = await show('kit-prove');
  for (const at of [3, 11, 20]) await page.getByLabelText(`Word ${at}`).fill('wrong');
  await press('Make the kit');
  await expect.element(page.getByRole('alert')).toHaveTextContent('Nothing was made');
  await press('Begin again with new words');
  await expect.element(page.getByText('They are shown once')).toBeVisible();
  expect(calls(program, 'newKit')).toHaveLength(2);
});

test('a vault that is away costs no new words', async () => {
  const program = await show('kit-prove', ({ world }) => { world.failing.proveKit = { code: 'unreachable', message: 'The vault cannot be reached. Nothing was changed.' }; });
  for (const [at, word] of [[3, 'walnut'], [11, 'noodle'], [20, 'mirror']] as const) await page.getByLabelText(`Word ${at}`).fill(word);
  await press('Make the kit');
  program.world.failing = {};
  await press('Try again');
  await expect.element(page.getByText('The recovery kit is made')).toBeVisible();
});

test('a computer is added only after its words were there to be compared', async () => {
  const program = await show('add-computer');
  await expect.element(page.getByLabelText('Link to this computer')).toHaveValue(program.world.computerLink);
  program.world.knocking = [{ id: 'beefcafe00', words: ['anchor', 'lemon'] }];
  await expect.element(page.getByRole('list', { name: 'Safety words of the computer beefcafe' })).toBeVisible();
  expect(calls(program, 'addComputer')).toEqual([]);
  await press('Both show these words: add it');
  await expect.poll(() => calls(program, 'addComputer')).toEqual([['beefcafe00']]);
  await expect.element(page.getByText('with keys of its own')).toBeVisible();
});

test('the other computer shows its words and waits until it is let in', async () => {
  const program = await show('add-this', ({ world }) => world.hanging.add('awaitAdmission'));
  await page.getByLabelText('Link of the other computer').fill('twinlock:computer#abc');
  await press('Ask the other computer');
  await expect.element(page.getByRole('list', { name: 'Safety words of this computer' })).toBeVisible();
  expect(calls(program, 'standFor')).toEqual([['twinlock:computer#abc']]);
  await press('All ways in');
  await expect.poll(() => calls(program, 'leaveDoor')).toHaveLength(1);
});

test('a member comes back with the line and the words of a kit', async () => {
  const program = await show('restore');
  await page.getByLabelText('Line of the kit').fill('twinlock:kit#abc');
  await page.getByLabelText('Words of the kit').fill(program.world.kitWords.join(' '));
  await press('Restore');
  await expect.element(page.getByText('Drop a .env file here')).toBeVisible();
  expect(calls(program, 'restore')).toEqual([['twinlock:kit#abc', program.world.kitWords.join(' ')]]);
});
