// Who and what has keys, through the real window and the real programs beside it: a service, somebody who waits for approval, a
// recovery kit, a second computer, a role. Whatever secret is shown is in the page only as long as it is shown.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { clipboard } from './desktop.mjs';
import { Program, run, until } from './processes.mjs';
import { Scene } from './scene.mjs';

test('services, approval, recovery kits, computers and roles', async (t) => {
  const scene = await Scene.begin(t, 'keyholders');
  const database = scene.secret('DATABASE', 'canary-database-70fe');
  const text = `DATABASE_URL=${database}\n`;
  const [mara, ben, again] = await scene.files('mara/api/.env', 'ben/api/.env', 'again/api/.env');
  await writeFile(mara, text);
  const vault = await scene.serve();
  const twinlock = scene.program('twinlock');
  const as = (...words) => scene.as(...words);
  const json = ({ lines }) => JSON.parse(lines.join(''));
  const nothingSecret = async (when) => assert.deepEqual(scene.secretsIn(await app.page()), [], `in the page: ${when}`);
  let app;

  await scene.step('Mara starts a team at a server and imports a file', async () => {
    app = await scene.openWindow('mara-home');
    await scene.found(app, vault);
    await scene.import(app, mara, '1 variable');
    await app.press('Team');
  });

  let token;
  const asService = () => run(twinlock, ['get', 'api/development', 'DATABASE_URL'], { environment: { ...process.env, TWINLOCK_TOKEN: token } });

  await scene.step('a service’s token is had once, and reads what it was given', async () => {
    await app.press('New token');
    await app.fill(/^Name/, 'deploy-ci');
    await app.choose(/^api · development/, 'values');
    await scene.picture(app, 'service');
    await app.press('Make the token');
    await app.see('This is the only time that it can be had');
    await app.press('Show token');
    token = scene.secret('the token', await (await app.find('textbox', /^Service token/)).getAttribute('value'));
    assert.deepEqual(scene.secretsIn(await app.page()), ['the token']);
    await scene.picture(app, 'token');
    assert.equal((await asService()).lines[0], database);
    await app.press('Done');
    await app.see('Ends on');
    await nothingSecret('after the token was shown');
  });

  await scene.step('ended, it reads nothing any more', async () => {
    await app.press('End deploy-ci');
    await app.see('No program reads from this team yet.');
    await assert.rejects(asService());
    await nothingSecret('after it was ended');
  });

  await scene.step('what is copied is not in the page, and is gone from the clipboard after a while', async () => {
    await app.press('New token');
    await app.fill(/^Name/, 'nightly');
    await app.choose(/^api · development/, 'values');
    await app.press('Make the token');
    await app.press('Copy the token');
    await app.see('The clipboard is cleared in 30 s.');
    scene.secret('the second token', await until('the token is in the clipboard', async () => (await clipboard()) || null));
    await nothingSecret('after the token was copied');
    await app.press('Done');
    await until('the clipboard is cleared', async () => (await clipboard()) === '');
    await app.press('End nightly');
    await app.see('No program reads from this team yet.');
  });

  await scene.step('somebody who joined waits until Mara has compared their words', async () => {
    await app.press('Invite');
    await app.press(/^Wait for approval/, 'checkbox');
    await app.press('Make an invite link');
    await app.press('Show link and QR code');
    const link = scene.secret('the invite link', await (await app.find('textbox', /^Invite link/)).getAttribute('value'));
    assert.deepEqual(scene.secretsIn(await app.page()), ['the invite link']);
    await app.press('Close');
    await app.see('Whoever uses it waits for approval.');
    await nothingSecret('after the link was shown');
    await scene.picture(app, 'pending');
    await as('ben', ['join', '-', '--member', 'Ben'], link);
    const words = json(await as('ben', ['team', 'show', '--json'])).waiting[0].words;
    await app.see('Somebody waits to be let in');
    assert.deepEqual(await app.rows('.applicants .words li'), words);
    await scene.picture(app, 'waiting');
    await assert.rejects(as('ben', ['get', 'api/development', 'DATABASE_URL']));
  });

  await scene.step('let in, they read what the invite gave', async () => {
    await app.press('Both read the same: let them in');
    await app.see('2 members, 2 computers');
    await as('ben', ['sync']);
    await as('ben', ['link', ben, 'api/development']);
    await as('ben', ['pull', ben]);
    assert.equal(await readFile(ben, 'utf8'), text);
    await scene.picture(app, 'let-in');
  });

  const sheet = { line: '', words: [] };
  await scene.step('a recovery kit is made by whoever has its words, which are shown once', async () => {
    await app.press('Settings');
    await app.press('Make a recovery kit');
    await app.see('They are shown once');
    sheet.words = await app.rows('.kit .words li');
    [sheet.line] = await app.rows('.kit-line');
    assert.equal(sheet.words.length, 24);
    scene.secret('the words of the kit', sheet.words.join(' '));
    await app.press('I have written them down');
    await app.see('Read them off your paper');
    assert.deepEqual(await app.rows('.kit .words li'), []);
    const asked = await app.script(String.raw`return [...document.querySelectorAll('dialog label')].map((one) => Number(one.innerText.replace(/\D/g, '')))`);
    assert.equal(asked.length, 3);
    for (const at of asked) await app.fill(`Word ${at}`, sheet.words[at - 1]);
    await app.press('Make the kit');
    await app.see('The recovery kit is made');
    const typed = () => app.script(`return [...document.querySelectorAll('input')].map((one) => one.value).filter((text) => text !== '')`);
    assert.deepEqual(await typed(), []);
    await app.press('Done');
    await app.see('Recovery kit');
    const left = (await app.page()).match(/<li[^>]*>[a-z]+<\/li>/g) ?? [];
    // The words of this computer are still there, and are no secret.
    assert.deepEqual(left.map((one) => one.replace(/<[^>]*>/g, '')).join(' '), (await app.rows('.settings .words li')).join(' '));
    await scene.picture(app, 'kit');
  });

  await scene.step('the kit brings Mara back on a computer that has nothing', async () => {
    const restored = json(await as('again', ['recovery', 'restore', '--json'], `${sheet.line}\n${sheet.words.join(' ')}`));
    assert.equal(restored.team.name, 'Saltmarsh');
    await as('again', ['link', again, 'api/development']);
    await as('again', ['pull', again]);
    assert.equal(await readFile(again, 'utf8'), text);
    await until('the window lists it', async () => (await app.rows('.own-row')).length === 2);
    await until('a notification', () => scene.desktop.notifications().some(({ summary }) => summary === 'A computer was added to your membership'));
  });

  let joining;
  await scene.step('a second computer stands at the door, and both show the same words', async () => {
    await app.press('Add a computer');
    const link = await (await app.find('textbox', /^Link to this computer/)).getAttribute('value');
    assert.match(link, /^twinlock:computer#/);
    joining = scene.keep(new Program(twinlock, ['computer', 'join', link, '--json'], scene.home('laptop')));
    const { words } = await joining.hear('the words of the other computer', () => joining.events().find(({ event }) => event === 'words'));
    await app.see('A computer waits');
    assert.deepEqual(await app.rows('.knock .words li'), words);
    await scene.picture(app, 'knocking');
  });

  await scene.step('added, it has what Mara has', async () => {
    await app.press('Both show these words: add it');
    await app.see('The computer is added');
    await joining.hear('the other computer is in', () => joining.events().some(({ event }) => event === 'joined'));
    await app.press('Done');
    assert.ok(!(await app.page()).includes('twinlock:computer#'), 'the link is still in the page');
    await until('the window lists it', async () => (await app.rows('.own-row')).length === 3);
    assert.equal((await as('laptop', ['get', 'api/development', 'DATABASE_URL'])).lines[0], database);
  });

  await scene.step('what falls with a computer is said before it is revoked', async () => {
    const { id } = joining.events().find(({ event }) => event === 'words');
    const invite = json(await as('laptop', ['invite', '--json']));
    scene.secret('the second link', invite.link);
    await app.press(`Revoke the computer ${id.slice(0, 8)}`);
    await app.see(`1 invite is closed: ${invite.id.slice(0, 8)} for a new member.`);
    await app.see('api · development gets new keys at once.');
    await app.see('may have read 1 value');
    await scene.picture(app, 'revoke');
    await app.press('Revoke it');
    await until('the window lists two', async () => (await app.rows('.own-row')).length === 2);
    await assert.rejects(as('laptop', ['get', 'api/development', 'DATABASE_URL']));
    await app.press('Team');
    await until('the invite is closed', async () => !(await app.reads(invite.id.slice(0, 8))));
  });

  await scene.step('what falls with a role is said before it is changed', async () => {
    await app.press('What to do with Ben');
    await app.press('Change role…', 'menuitem');
    await app.press(/^admin/, 'radio');
    await app.press('Make Ben admin');
    await until('Ben is an admin', async () => (await app.rows('.people tbody tr')).some((row) => /Ben admin/.test(row)));
    const service = json(await as('ben', ['service', 'create', 'bens-ci', '--access', 'api/development:read', '--json']));
    scene.secret('the token of Ben', service.token);
    await app.see('bens-ci');
    await app.press('What to do with Ben');
    await app.press('Change role…', 'menuitem');
    await app.press(/^member/, 'radio');
    await app.see('1 service token reads nothing any more: bens-ci.');
    await scene.picture(app, 'role');
    await app.press('Make Ben member');
    await app.see('No program reads from this team yet.');
  });

  await scene.step('nothing secret is anywhere but in the three files', async () => {
    await nothingSecret('at the end');
    await scene.nothingSlipped(app);
    await scene.onlyIn([mara, ben, again]);
  });
});
