// Somebody is removed in the window, and the values that they knew are a list to be ticked off. Then the vault lies: its folder is
// put back to what it was an hour ago. The window refuses that, cannot be talked out of it, and is itself again once the vault is.
import assert from 'node:assert/strict';
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { chooseFile, press } from './desktop.mjs';
import { run, until } from './processes.mjs';
import { Scene } from './scene.mjs';

test('a removal, and a vault that lies', async (t) => {
  const scene = await Scene.begin(t, 'trust');
  const secret = (name) => scene.secret(name, `canary-${name.toLowerCase()}-91b7`);
  const before = `DATABASE_URL=${secret('DATABASE')}\nSTRIPE_KEY=${secret('STRIPE')}\n`;
  const after = `DATABASE_URL=${secret('DATABASE-NEW')}\nSTRIPE_KEY=${secret('STRIPE-NEW')}\n`;
  const [mara, ben] = await scene.files('mara/api/.env', 'ben/api/.env');
  await writeFile(mara, before);

  const [folder, old, honest] = ['vault', 'vault-old', 'vault-honest'].map((name) => join(scene.folder, name));
  const first = await scene.serve();
  const address = new URL(first.url).host;
  let vault = first.program;
  /** Stops the vault, does something to its folder, and starts it again where it was. */
  const meanwhile = async (change) => {
    await vault.stop();
    await change();
    vault = (await scene.serve(address)).program;
  };

  const asBen = (args, input) => scene.as('ben', args, input);
  const noValues = async (when) => assert.deepEqual(scene.secretsIn(await app.page()), [], `in the page: ${when}`);
  let app;

  await scene.step('Mara starts a team at a server and imports a file', async () => {
    app = await scene.openWindow('mara-home');
    await scene.found(app, first);
    await scene.import(app, mara, '2 variables');
  });

  await scene.step('the invite link is in the page only while it is shown', async () => {
    await app.press('Team');
    await app.press('Invite');
    await app.see('Whoever else gets hold of it within 1 day could join in their place');
    await app.press('Make an invite link');
    await app.press('Show link and QR code');
    const link = await (await app.find('textbox', /^Invite link/)).getAttribute('value');
    scene.secret('the invite link', link);
    await scene.picture(app, 'link');
    await app.press('Hide link and QR code');
    await until('the link is gone', async () => scene.secretsIn(await app.page()).length === 0);
    await app.press('Copy the link');
    await app.see('The clipboard is cleared in 30 s.');
    await noValues('after copying');
    await app.press('Close');
    await asBen(['join', '-', '--member', 'Ben'], link);
    await asBen(['link', ben, 'api/development']);
    await asBen(['pull', ben]);
    await app.see('2 members, 2 computers');
  });

  await scene.step('both see the same words', async () => {
    await app.press('Compare what you see');
    await app.see('They stand for');
    await until('the words of both', async () => {
      const shown = await app.rows('.words-big li');
      const { lines } = await asBen(['team', 'show', '--json']);
      const theirs = JSON.parse(lines.join('')).safety.with[0].words;
      return shown.length === 12 && shown.join() === theirs.join();
    });
    await scene.picture(app, 'words');
    await app.press('They match');
  });

  await scene.step('removing Ben says first what will happen', async () => {
    await app.press('What to do with Ben');
    await app.press('Remove Ben…', 'menuitem');
    await app.find('dialog', 'Remove Ben');
    await app.see('1 computer counts no more: ');
    await app.see('api · development gets new keys at once.');
    await app.see('Ben could read 2 values.');
    await noValues('before the removal');
    await scene.picture(app, 'remove');
  });

  await scene.step('then what it did, and the values to change', async () => {
    await app.press('Remove Ben');
    await app.see('Ben could read 2 values: change them at their providers.');
    await app.see('1 environment has new keys');
    await app.press('STRIPE_KEY, api · development', 'checkbox');
    await app.see('1 of 2 changed');
    await noValues('after the removal');
    await scene.picture(app, 'removed');
    await assert.rejects(asBen(['pull', ben]));
    await app.press('Team');
    await app.see('1 member, 1 computer');
    await app.see('Values to change after removing Ben: 1 of 2 left.');
    await scene.picture(app, 'list-kept');
  });

  await scene.step('the list is saved as names, and no value', async () => {
    const saved = join(scene.folder, 'list.txt');
    await app.press('Open the list of Ben');
    await app.press('Save list…');
    await chooseFile(app, 'Where to save the list', saved);
    await until('the list is on the disk', () => readFile(saved, 'utf8').catch(() => null));
    assert.equal(
      await readFile(saved, 'utf8'),
      'Values to change after removing Ben: 1 of 2 left. Names only.\n\napi/development\n  [ ] DATABASE_URL\n  [x] STRIPE_KEY\n',
    );
  });

  await scene.step('closed and opened again, it is there with its ticks', async () => {
    await app.stop();
    app = await scene.openWindow('mara-home');
    await app.press('Team');
    await app.see('Values to change after removing Ben: 1 of 2 left.');
    await app.press('Open the list of Ben');
    await app.see('1 of 2 changed');
    assert.deepEqual(await app.script("return [...document.querySelectorAll('.todo input')].map((one) => one.checked)"), [false, true]);
    await noValues('in the list');
    await scene.picture(app, 'list-again');
  });

  await scene.step('everything that was signed is listed, and verifies', async () => {
    await app.press('Activity');
    await app.see('removed Ben from the team');
    await app.press('Verify from the start');
    await app.see('Everything verifies');
    await scene.picture(app, 'activity');
  });

  await scene.step('the vault is put back to what it was before a push', async () => {
    await meanwhile(() => cp(folder, old, { recursive: true }));
    await writeFile(mara, after);
    await app.press(/^api/);
    await app.press(/^Changes/, 'tab');
    await app.press('Push 2 changes');
    await app.see('In step with the vault');
    await meanwhile(async () => {
      await cp(folder, honest, { recursive: true });
      await rm(folder, { recursive: true });
      await cp(old, folder, { recursive: true });
    });
    await until('it is refused', () => app.reads('Twinlock refused what the vault sent'), 120);
    await app.see('The vault offered an older state of api/development as if it were the newest.');
    await app.see('Your file is untouched.');
    assert.equal(await readFile(mara, 'utf8'), after, 'the file was touched');
    await noValues('while it is refused');
    await scene.picture(app, 'refused');
  });

  await scene.step('tray and notification say so, once and without a value', async () => {
    await until('the tray says it', async () => (await scene.desktop.trayLabels()).includes('api · development: refused'));
    const about = () => scene.desktop.notifications().filter(({ summary }) => summary.includes('older state of api/development'));
    await until('a notification', () => about().length > 0);
    await app.press('Ask the vault again');
    await app.see('Refused again');
    assert.equal(about().length, 1);
    assert.deepEqual(scene.secretsIn(scene.desktop.received), []);
  });

  await scene.step('it cannot be clicked or typed away', async () => {
    await app.focus();
    await press('Escape');
    await app.press('Verify everything from the start');
    await app.see('What this computer holds verifies');
    await app.press('Team');
    await app.press(/^api/);
    await app.see('Twinlock refused what the vault sent');
    await scene.picture(app, 'still-refused');
  });

  await scene.step('it goes by itself once the vault is honest', async () => {
    await meanwhile(async () => {
      await rm(folder, { recursive: true });
      await cp(honest, folder, { recursive: true });
    });
    await until('the page is back', async () => !(await app.reads('Twinlock refused')), 150);
    await app.see('STRIPE_KEY');
    await until('the tray is calm', async () => !(await scene.desktop.trayLabels()).includes('api · development: refused'));
    await scene.picture(app, 'honest-again');
  });

  await scene.step('a value that was pushed anew is ticked by itself, and the list is put away', async () => {
    await app.press('Team');
    await app.see('Everything that Ben could read is changed.');
    await app.press('Open the list of Ben');
    await app.see('another value since');
    await scene.picture(app, 'list-done');
    await app.press('Put the list away');
    await app.see('1 member, 1 computer');
    assert.ok(!(await app.reads('Ben could read')));
    const { lines } = await run(scene.program('twinlock'), ['member', 'checklist', '--json'], { environment: { ...process.env, TWINLOCK_HOME: join(scene.folder, 'mara-home') } });
    assert.deepEqual(JSON.parse(lines.join('')), { checklists: [] });
  });

  await scene.step('nothing secret is anywhere but in the two files', async () => {
    await scene.nothingSlipped(app);
    await scene.onlyIn([mara, ben]);
  });
});
