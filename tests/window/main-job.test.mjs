// The main job, from one person's window to another's computer: a vault at a server, a dropped file, an edit in an editor, the
// notification of it, Changes, a push; and somebody who joined by a link has the same bytes. Then tray, closing and quitting.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { clipboard, press } from './desktop.mjs';
import { until } from './processes.mjs';
import { Scene } from './scene.mjs';

test('the main job', async (t) => {
  const scene = await Scene.begin(t, 'main-job');
  const secret = (name) => scene.secret(name, `canary-${name.toLowerCase()}-4c1e`);
  const first = { database: secret('DATABASE'), stripe: secret('STRIPE'), log: 'debug' };
  const second = { database: secret('DATABASE-NEW'), stripe: secret('STRIPE-NEW'), sentry: secret('SENTRY') };
  const before = `# Local database\nDATABASE_URL=${first.database}\nSTRIPE_KEY="${first.stripe}" # test account\nLOG_LEVEL=debug\n`;
  const after = `# Local database\nDATABASE_URL=${second.database}\nSTRIPE_KEY="${second.stripe}" # test account\nLOG_LEVEL=debug\nSENTRY_DSN=${second.sentry}\n`;
  const [mara, ben] = await scene.files('mara/api/.env', 'ben/api/.env');
  await writeFile(mara, before);
  const vault = await scene.serve();
  const asBen = (args, input) => scene.as('ben', args, input);
  let app;

  await scene.step('Mara connects to the vault and starts the team', async () => {
    app = await scene.openWindow('mara-home');
    await scene.desktop.trayIsThere();
    await scene.connect(app, vault);
    await scene.picture(app, 'connect');
    await app.press('Connect and start the team');
    await app.see('Drop a .env file here');
    await app.see('Vault reached');
    await scene.picture(app, 'nothing-yet');
  });

  await scene.step('she drops a file on the window and imports it', async () => {
    await scene.drop(app, mara);
    await app.find('dialog', 'Import .env');
    await app.see('api · development is new');
    assert.deepEqual(scene.secretsIn(await app.page()), [], 'values in the page');
    await scene.picture(app, 'dropped');
    await app.press('Import 3 variables');
    await app.see('3 variables, revision 1');
    assert.deepEqual(await app.rows('tbody th'), ['DATABASE_URL', 'STRIPE_KEY', 'LOG_LEVEL']);
    assert.deepEqual(scene.secretsIn(await app.page()), [], 'values in the page');
    await scene.picture(app, 'imported');
  });

  await scene.step('she invites Ben, who has the same bytes a moment later', async () => {
    await app.press('Team');
    await app.press('Invite');
    await scene.picture(app, 'invite');
    await app.press('Make an invite link');
    await app.press('Show link and QR code');
    // The engine counts what is in this field among its name.
    const link = await (await app.find('textbox', /^Invite link/)).getAttribute('value');
    scene.secret('the invite link', link);
    await scene.picture(app, 'link');
    await app.press('Close');
    await asBen(['join', '-', '--member', 'Ben'], link);
    await asBen(['link', ben, 'api/development']);
    await asBen(['pull', ben]);
    assert.deepEqual(await readFile(ben), await readFile(mara));
    await app.see('2 members, 2 computers');
    await until('a notification says who joined', () => scene.desktop.notifications().map(({ summary }) => summary).includes('Ben joined the team'));
    await scene.picture(app, 'team');
  });

  await scene.step('she saves the file in her editor, and a notification says what changed', async () => {
    const before = scene.desktop.notifications().length;
    await writeFile(mara, after);
    const [notification, ...others] = await until('a notification', () => {
      const all = scene.desktop.notifications().slice(before);
      return all.length > 0 && all;
    });
    assert.equal(notification.summary, 'api/.env changed: 2 changed, 1 new');
    assert.deepEqual(others, []);
    await until('the tray says it', async () => (await scene.desktop.trayLabels()).includes('api · development: 3 to push'));
  });

  await scene.step('acting on it shows Changes', async () => {
    await app.find('button', 'Invite');
    scene.desktop.act(scene.desktop.notifications().at(-1));
    await app.see('3 to push from this computer');
    for (const name of ['DATABASE_URL', 'STRIPE_KEY', 'SENTRY_DSN']) await app.find('checkbox', name);
    // The box to tick has the name too, for those who hear the page.
    assert.deepEqual(await app.rows('.change'), ['DATABASE_URL DATABASE_URL changed', 'STRIPE_KEY STRIPE_KEY changed', 'SENTRY_DSN SENTRY_DSN new']);
    assert.deepEqual(scene.secretsIn(await app.page()), [], 'values in the page');
    await scene.picture(app, 'changes');
    await scene.screen('changes-on-the-screen');
  });

  await scene.step('one change is revealed, before and after', async () => {
    await app.press('Reveal DATABASE_URL');
    await app.see(second.database);
    assert.deepEqual(scene.secretsIn(await app.page()).filter((name) => !name.startsWith('DATABASE')), []);
    await scene.picture(app, 'change-revealed');
  });

  await scene.step('one is copied as its loader reads it, and the page does not have it', async () => {
    await app.press('Hide DATABASE_URL');
    await app.press('Copy STRIPE_KEY');
    await app.see('STRIPE_KEY copied.');
    assert.equal(await clipboard(), second.stripe);
    assert.deepEqual(scene.secretsIn(await app.page()), [], 'values in the page');
    await scene.picture(app, 'change-copied');
  });

  await scene.step('she pushes, and Ben has the bytes', async () => {
    assert.equal(await readFile(ben, 'utf8'), before);
    await app.press('Push 3 changes');
    // Revision 2 is the new generation that comes before the first push after an invite was used up.
    await app.see('In step with the vault, revision 3');
    assert.deepEqual(scene.secretsIn(await app.page()), [], 'values in the page');
    await scene.picture(app, 'pushed');
    await asBen(['pull', ben]);
    assert.equal(await readFile(ben, 'utf8'), after);
    assert.equal(await readFile(mara, 'utf8'), after);
  });

  await scene.step('what runs code is said before it is pulled', async () => {
    const more = `${after}NODE_OPTIONS=--require=./${secret('HOOK')}.js\n`;
    await writeFile(ben, more);
    await asBen(['push', ben]);
    await app.see('Careful: NODE_OPTIONS is more than a setting');
    await app.see('Careful, before you pull: look at NODE_OPTIONS first.');
    await app.press('Variables', 'tab');
    await app.see('Careful, before you pull: NODE_OPTIONS is more than a setting');
    assert.equal(await readFile(mara, 'utf8'), after, 'it came by itself');
    assert.deepEqual(scene.secretsIn(await app.page()), [], 'values in the page');
    await scene.picture(app, 'careful');
    await app.press('Look at it');
    await app.press('Copy NODE_OPTIONS');
    await until('the vault’s value is in the clipboard', async () => (await clipboard()) === more.match(/NODE_OPTIONS=(.*)/)[1]);
    await app.press('Pull 1 change');
    await until('the file has it', async () => (await readFile(mara, 'utf8')) === more);
    await app.see('In step with the vault');
  });

  await scene.step('nothing secret is anywhere but in the two files', async () => {
    await scene.desktop.tray();
    await scene.nothingSlipped(app);
    assert.deepEqual(scene.secretsIn(vault.program.said).filter((name) => name !== 'the setup code'), [], 'what the vault wrote');
    await scene.onlyIn([mara, ben]);
  });

  await scene.step('closing the window leaves the tray, which opens it again', async () => {
    await app.focus();
    const shown = await app.colours();
    await press('alt+F4');
    await until('the window is gone', async () => (await app.window()) === null);
    assert.ok(await app.isRunning(), 'closing the window ended the app');
    const labels = await scene.desktop.trayLabels();
    for (const label of ['Open Twinlock', 'Sync now', 'Quit']) assert.ok(labels.includes(label), `no “${label}” in the tray: ${labels}`);
    await scene.screen('closed');
    scene.desktop.choose('Open Twinlock');
    await until('the window is back', () => app.window());
    // An empty window, and one that is still opening, have far fewer.
    await until('it shows what it showed', async () => (await app.colours()) > shown / 2);
    await scene.screen('open-again');
  });

  await scene.step('Quit in the tray ends it', async () => {
    scene.desktop.choose('Quit');
    await until('the app has ended', async () => !(await app.isRunning()));
  });
});
