// Locking, from the keyboard, the tray and another program: whatever was revealed or opened is gone from the window, which shows
// nothing of the team until somebody unlocks; and a window that opens on a locked home.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { clipboard, press } from './desktop.mjs';
import { run, until } from './processes.mjs';
import { Scene } from './scene.mjs';

const PASSPHRASE = 'canary horse battery 5e0a';

test('locking', async (t) => {
  const scene = await Scene.begin(t, 'lock');
  const stripe = scene.secret('STRIPE', 'canary-stripe-e29d');
  const database = scene.secret('DATABASE', 'canary-database-e29d');
  const text = `STRIPE_KEY=${stripe}\nDATABASE_URL=${database}\n`;
  const [file] = await scene.files('mara/shop/.env');
  await writeFile(file, text);
  const vault = await scene.serve();
  const home = (name, own = {}) => ({ ...process.env, TWINLOCK_HOME: join(scene.folder, name), ...own });
  const twinlock = (...args) => run(scene.program('twinlock'), args, { environment: home('mara-home') });
  let app;

  /** Names of the team, its people, its projects and its variables. */
  const OURS = ['Saltmarsh', 'Mara', 'shop', 'development', 'STRIPE_KEY', 'DATABASE_URL', vault.url];
  const isLocked = async () => {
    await app.find('button', 'Unlock');
    await app.see('Twinlock is locked');
    const page = await app.page();
    assert.deepEqual(scene.secretsIn(page), [], 'secrets in the page');
    assert.deepEqual(OURS.filter((name) => page.includes(name)), [], 'names in the page');
    await until('the tray is locked', async () => {
      const labels = await scene.desktop.trayLabels();
      return labels.includes('Twinlock is locked') && labels.includes('Unlock…') && !labels.includes('Sync now') && !labels.includes('Lock');
    });
  };

  const trayLocks = async () => {
    await until('the tray offers to lock', async () => (await scene.desktop.trayLabels()).includes('Lock'));
    scene.desktop.choose('Lock');
  };

  await scene.step('Mara starts a team and reveals a value', async () => {
    app = await scene.openWindow('mara-home');
    await scene.found(app, vault);
    await scene.import(app, file, '2 variables');
    await app.focus();
    await app.press('Reveal STRIPE_KEY');
    await app.see(stripe);
    assert.deepEqual(scene.secretsIn(await app.page()), ['STRIPE']);
  });

  await scene.step('the keyboard locks: the value and every name are gone, and the clipboard is empty', async () => {
    await app.press('Copy DATABASE_URL');
    await until('the value is in the clipboard', async () => (await clipboard()) === database);
    await app.focus();
    await press('ctrl+l');
    await isLocked();
    await until('the clipboard is cleared', async () => (await clipboard()) === '', 10);
    await scene.picture(app, 'locked');
  });

  await scene.step('another program sees it too', async () => {
    await assert.rejects(twinlock('status'), /Twinlock is locked/);
  });

  await scene.step('one press unlocks; nothing that was revealed comes back by itself', async () => {
    await app.press('Unlock');
    await app.see('2 variables, revision 1');
    assert.deepEqual(scene.secretsIn(await app.page()), []);
    await twinlock('status');
    await until('the tray is as before', async () => (await scene.desktop.trayLabels()).includes('Lock'));
  });

  await scene.step('“twinlock lock” takes an invite link from the page and from the clipboard', async () => {
    await app.press('Team');
    await app.press('Invite');
    await app.press('Make an invite link');
    await app.press('Show link and QR code');
    const link = await (await app.find('textbox', /^Invite link/)).getAttribute('value');
    scene.secret('the invite link', link);
    await app.press('Copy the link');
    await until('the link is in the clipboard', async () => (await clipboard()) === link);
    assert.deepEqual(scene.secretsIn(await app.page()), ['the invite link']);
    await twinlock('lock');
    await isLocked();
    await until('the clipboard is cleared', async () => (await clipboard()) === '');
  });

  await scene.step('“twinlock unlock” brings the window back', async () => {
    await twinlock('unlock');
    await app.see('1 member, 1 computer');
    await app.see('Pending invite');
    assert.deepEqual(scene.secretsIn(await app.page()), []);
  });

  await scene.step('the tray locks, and takes the words of a kit from the page', async () => {
    await app.press('Settings');
    await app.press('Make a recovery kit');
    await app.see('They are shown once');
    const words = await app.rows('.kit .words li');
    assert.equal(words.length, 24);
    scene.secret('the words of the kit', words.join(' '));
    const inThePage = async () => (await app.rows('.words li')).join(' ').includes(words.join(' '));
    assert.ok(await inThePage());
    await trayLocks();
    await isLocked();
    assert.ok(!(await inThePage()));
    await app.press('Unlock');
    await app.see('This computer');
  });

  await scene.step('a vault that does not answer keeps nothing in the page', async () => {
    await app.press(/^shop/);
    await app.press('Reveal STRIPE_KEY');
    await app.see(stripe);
    process.kill(vault.program.id, 'SIGSTOP');
    try {
      await app.press('Team');
      await app.see('Asking who is in the team…');
      await trayLocks();
      // Far less than an answer is waited for.
      await until('the window is locked', () => app.reads('Twinlock is locked'), 20);
      await isLocked();
    } finally {
      process.kill(vault.program.id, 'SIGCONT');
    }
    await app.press('Unlock');
    await app.see('1 member, 1 computer');
    await app.press('Settings');
    // With all that it shows, or it moves while it is pressed.
    await app.see('This is your only computer');
  });

  await scene.step('what is saved meanwhile is only seen once it is unlocked', async () => {
    await app.press('Lock now');
    await isLocked();
    await writeFile(file, `${text}SENTRY_DSN=${scene.secret('SENTRY', 'canary-sentry-e29d')}\n`);
    await isLocked();
    assert.deepEqual(scene.desktop.notifications().filter(({ summary }) => summary.includes('shop/.env')), []);
    await app.press('Unlock');
    await until('the tray says what was saved', async () => (await scene.desktop.trayLabels()).includes('shop · development: 1 to push'));
  });

  await scene.step('opened on a locked home, the window is locked and no error', async () => {
    await app.stop();
    await twinlock('lock');
    app = await scene.openWindow('mara-home');
    await isLocked();
    await app.press('Unlock');
    await app.see('1 change here');
    await app.press(/^shop/);
    await app.see('1 to push');
  });

  await scene.step('nothing secret was anywhere but in its file', async () => {
    await scene.nothingSlipped(app);
    await scene.onlyIn([file]);
    await app.stop();
  });

  const own = { TWINLOCK_KEYCHAIN: 'file' };
  await scene.step('with keys in a file under a passphrase the window asks for it', async () => {
    scene.secret('the passphrase', PASSPHRASE);
    await run(scene.program('twinlock'), ['team', 'create', 'Saltmarsh', '--member', 'Mara', '--local'], { environment: home('file-home', { ...own, TWINLOCK_PASSPHRASE: PASSPHRASE }) });
    app = await scene.openWindow('file-home', own);
    await app.find('textbox', 'Passphrase');
    await isLocked();
    await scene.picture(app, 'passphrase');
  });

  await scene.step('a wrong one is told plainly, and leaves the page', async () => {
    await app.fill('Passphrase', 'another horse');
    await app.press('Unlock');
    await app.see('The passphrase does not open the keychain file.');
    assert.ok(!(await app.page()).includes('another horse'));
    await isLocked();
    await scene.picture(app, 'wrong-passphrase');
  });

  await scene.step('the right one opens, and is asked for again after locking', async () => {
    await app.fill('Passphrase', PASSPHRASE);
    await app.press('Unlock');
    await app.see('Drop a .env file here');
    assert.deepEqual(scene.secretsIn(await app.page()), []);
    await app.focus();
    await press('ctrl+l');
    await isLocked();
    await app.fill('Passphrase', PASSPHRASE);
    await app.press('Unlock');
    await app.see('Drop a .env file here');
    await scene.nothingSlipped(app);
    await scene.onlyIn([file]);
  });
});
