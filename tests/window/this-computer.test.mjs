// A team on this computer alone: started in the window, a file dropped on it, values seen one at a time, and nobody to invite.
// Every step is done as a person does it and seen as a person sees it.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { clipboard, clipboardWithHint, copyElsewhere, press } from './desktop.mjs';
import { until } from './processes.mjs';
import { Scene } from './scene.mjs';

test('a team on this computer', async (t) => {
  const scene = await Scene.begin(t, 'here');
  const database = scene.secret('DATABASE_URL', 'postgres://canary-d5a1@localhost/shop');
  const stripe = scene.secret('STRIPE_KEY', 'canary-77b0-stripe');
  const text = `# The shop\nDATABASE_URL=${database}\nSTRIPE_KEY=${stripe}\n\n# loud while we look\nLOG_LEVEL=debug\nEMPTY=\n`;
  const [file] = await scene.files('shop/.env');
  await writeFile(file, text);
  let app;

  await scene.step('the window opens on Welcome', async () => {
    app = await scene.openWindow('home');
    await app.see('Keep your .env files in step');
    await scene.picture(app, 'welcome');
  });

  await scene.step('a team is started on this computer', async () => {
    await app.press(/^Start a team on this computer/);
    await app.fill('Name of the team', 'Saltmarsh');
    await app.fill('Your name', 'Mara');
    await scene.picture(app, 'start');
    await app.press('Start the team');
    await app.see('Drop a .env file here');
    await app.see('Vault on this computer');
    await scene.picture(app, 'nothing-yet');
  });

  await scene.step('a dropped file is shown before anything happens, without its values', async () => {
    await scene.drop(app, file, { over: () => scene.picture(app, 'dragged') });
    await app.find('dialog', 'Import .env');
    await app.see('4 variables');
    for (const name of ['DATABASE_URL', 'STRIPE_KEY', 'LOG_LEVEL', 'EMPTY']) await app.see(name);
    await app.see('shop · development is new. The file is linked, sealed here and pushed.');
    assert.deepEqual(scene.secretsIn(await app.page()), [], 'values in the page');
    await scene.picture(app, 'dropped');
  });

  await scene.step('turned down, it leaves nothing behind', async () => {
    await app.press('Cancel');
    await app.see('None yet');
    await app.see('Drop a .env file here');
  });

  await scene.step('dropped again and imported, its names are under Variables and its values are not in the page', async () => {
    await scene.drop(app, file);
    await app.press('Import 4 variables');
    await app.see('4 variables, revision 1');
    assert.deepEqual(await app.rows('tbody th'), ['DATABASE_URL', 'STRIPE_KEY', 'LOG_LEVEL', 'EMPTY']);
    assert.deepEqual(scene.secretsIn(await app.page()), [], 'values in the page');
    assert.equal(await readFile(file, 'utf8'), text, 'importing changed the file');
    await scene.picture(app, 'imported');
  });

  await scene.step('one value at a time is revealed', async () => {
    await app.press('Reveal STRIPE_KEY');
    await app.see(stripe);
    assert.deepEqual(scene.secretsIn(await app.page()), ['STRIPE_KEY']);
    await scene.picture(app, 'revealed');
    await app.press('Reveal DATABASE_URL');
    await app.see(database);
    assert.deepEqual(scene.secretsIn(await app.page()), ['DATABASE_URL']);
  });

  await scene.step('its button hides it', async () => {
    await app.press('Hide DATABASE_URL');
    await until('the value is hidden', async () => scene.secretsIn(await app.page()).length === 0);
  });

  await scene.step('leaving the window hides it', async () => {
    await app.focus();
    await app.press('Reveal STRIPE_KEY');
    await app.see(stripe);
    const other = await scene.openFiles(file);
    await until('the value is hidden', async () => scene.secretsIn(await app.page()).length === 0);
    await other.stop();
    await scene.picture(app, 'left');
  });

  await scene.step('a value is copied without coming into the page, and clipboard managers are told to forget it', async () => {
    await app.press('Copy STRIPE_KEY');
    await app.see('STRIPE_KEY copied. The clipboard is cleared in 30 s.');
    assert.deepEqual(await clipboardWithHint(), { text: stripe, hint: 'secret' });
    assert.deepEqual(scene.secretsIn(await app.page()), [], 'values in the page');
    await scene.picture(app, 'copied');
    await until('the clipboard is cleared', async () => (await clipboard()) === '');
  });

  await scene.step('what has no value is not copied', async () => {
    const copies = await app.script(`return [...document.querySelectorAll('[data-copy]')].map((one) => one.getAttribute('aria-label'))`);
    assert.deepEqual(copies, ['Copy DATABASE_URL', 'Copy STRIPE_KEY', 'Copy LOG_LEVEL']);
  });

  await scene.step('the keyboard copies too', async () => {
    await app.focus();
    await app.press('Reveal DATABASE_URL');
    await press('c');
    await app.see('DATABASE_URL copied.');
    assert.equal(await clipboard(), database);
    await app.press('Hide DATABASE_URL');
  });

  await scene.step('to invite somebody a vault server is needed', async () => {
    await app.press('Team');
    await app.see('1 member, 1 computer');
    await app.press('Invite');
    await app.find('dialog', 'A vault server is needed');
    await scene.picture(app, 'invite');
    await app.press('Close');
    await scene.picture(app, 'team');
  });

  await scene.step('no value is anywhere but in the file', async () => {
    await scene.nothingSlipped(app);
    await scene.onlyIn([file]);
  });

  await scene.step('opened again, it is all there', async () => {
    await app.stop();
    app = await scene.openWindow('home');
    await app.see('Saltmarsh');
    await app.see('4 variables, revision 1');
    await app.press('Reveal STRIPE_KEY');
    await app.see(stripe);
    await scene.picture(app, 'again');
  });

  await scene.step('what another program copied since is left alone, also at the end', async () => {
    await app.press('Copy DATABASE_URL');
    await until('the value is in the clipboard', async () => (await clipboard()) === database);
    scene.keep(await copyElsewhere('a recipe'));
    scene.desktop.choose('Quit');
    await until('the app has ended', async () => !(await app.isRunning()));
    assert.equal(await clipboard(), 'a recipe');
  });
});
