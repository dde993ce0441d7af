// What every test of the window begins and ends with: a desktop, folders of its own, the programs, a picture of each step, and
// values that must turn up nowhere but where they belong.
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { App } from './app.mjs';
import { Desktop, FileManager } from './desktop.mjs';
import { Program, processes, run } from './processes.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const STEP_SECONDS = 180;

/** A driver that never answers fails the step that asked it. */
async function inTime(promise) {
  let timer;
  const late = new Promise((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`the step was not done after ${STEP_SECONDS} seconds`)), STEP_SECONDS * 1000);
  });
  await Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

export class Scene {
  desktop;
  folder;
  #test;
  #name;
  #programs;
  #pictures;
  #taken = 0;
  #failed = false;
  #running = [];
  #secrets = new Map();

  /** `name` begins the names of the pictures. Whatever was started ends with the test. */
  static async begin(test, name) {
    assert.equal(process.env.XDG_RUNTIME_DIR, join(process.env.HOME, 'run'), 'this needs a session that can be thrown away: npm run window:test');
    const scene = new Scene();
    scene.#test = test;
    scene.#name = name;
    scene.#pictures = join(root, 'pictures/window');
    await mkdir(scene.#pictures, { recursive: true });
    const metadata = await run('cargo', ['metadata', '--format-version=1', '--no-deps', '--offline', `--manifest-path=${join(root, 'Cargo.toml')}`]);
    scene.#programs = join(JSON.parse(metadata.lines[0]).target_directory, 'debug');
    scene.folder = await mkdtemp(join(tmpdir(), 'twinlock-window-'));
    test.after(() => scene.#end());
    scene.desktop = scene.keep(await Desktop.start());
    return scene;
  }

  /** A program of ours. */
  program(name) {
    return join(this.#programs, name);
  }

  /** To be stopped at the end, the last one first. */
  keep(running) {
    this.#running.push(running);
    return running;
  }

  /** Files of people, in folders that are there. Nothing is written yet. */
  async files(...paths) {
    const files = paths.map((path) => join(this.folder, path));
    for (const file of files) await mkdir(dirname(file), { recursive: true });
    return files;
  }

  /** Starts a vault server on the folder `vault`, and says where it is and what allows its first team. */
  async serve(listen = '127.0.0.1:0') {
    const program = this.keep(new Program(this.program('twinlock-server'), ['all', '--json', '--listen', listen, '--data', join(this.folder, 'vault')]));
    const { url, pin, setup_code: setupCode } = await program.hear('the vault accepts connections', () => program.events()[0]);
    if (setupCode) this.secret('the setup code', setupCode);
    return { program, url, pin, setupCode };
  }

  /** The surroundings of somebody whose keys are in a file. */
  home(name) {
    return { ...process.env, TWINLOCK_HOME: join(this.folder, `${name}-home`), TWINLOCK_KEYCHAIN: 'file', TWINLOCK_PASSPHRASE: 'correct horse battery' };
  }

  /** Runs `twinlock` for them. */
  as(name, args, input) {
    return run(this.program('twinlock'), args, { input, environment: this.home(name) });
  }

  /** Fills in where the vault is, as Mara, who starts a team there. */
  async connect(app, { url, pin, setupCode }) {
    await app.press(/^Connect to a vault/);
    await app.fill('Vault address', url);
    await app.fill('Pin of its certificate', pin);
    await app.fill('Setup code', setupCode);
    await app.fill('Name of the team', 'Saltmarsh');
    await app.fill('Your name', 'Mara');
  }

  /** Starts Mara's team in a window that has just opened. */
  async found(app, vault) {
    await this.desktop.trayIsThere();
    await this.connect(app, vault);
    await app.press('Connect and start the team');
    await app.see('Drop a .env file here');
  }

  /** Drops a file on the window and imports what is in it. */
  async import(app, file, variables) {
    await this.drop(app, file);
    await app.press(`Import ${variables}`);
    await app.see(`${variables}, revision 1`);
  }

  /** Opens the window on a home of its own. */
  async openWindow(home, surroundings = {}) {
    // As chatty as it gets.
    const own = { TWINLOCK_HOME: join(this.folder, home), RUST_LOG: 'trace', TWINLOCK_LOG: 'trace', ...surroundings };
    return this.keep(await App.start(this.program('twinlock-desktop'), { ...process.env, ...own }));
  }

  /** Opens a window of another program, from which a file can be dragged. It has the focus then. */
  async openFiles(file) {
    const files = this.keep(new FileManager(file));
    await files.opened();
    return files;
  }

  /** Drags a file from another program to the middle of the window and lets go of it when the window says what that does. */
  async drop(app, file, { over = () => undefined } = {}) {
    const files = await this.openFiles(file);
    await files.dragTo(await app.middle(), async () => {
      if (!(await app.reads('Drop to see what is in it'))) return false;
      await over();
      return true;
    });
    await files.stop();
  }

  /** A step of the test. After it failed the rest has nothing to stand on and is not tried. */
  step(what, body) {
    return this.#test.test(what, { skip: this.#failed && 'a step before it failed' }, async () => {
      try {
        await inTime(body());
      } catch (error) {
        this.#failed = true;
        await this.screen('failed');
        for (const { said } of this.#running) if (said) this.#test.diagnostic(said);
        throw error;
      }
    });
  }

  /** A picture of the window. */
  picture(app, what) {
    return app.picture(this.#file(what));
  }

  /** A picture of the whole screen. */
  screen(what) {
    return run('import', ['-window', 'root', this.#file(what)]);
  }

  /** Something that is to be found nowhere. */
  secret(name, value) {
    this.#secrets.set(name, value);
    return value;
  }

  /** The names of the secrets that a text holds. */
  secretsIn(text) {
    return [...this.#secrets].filter(([, value]) => text.includes(value)).map(([name]) => name);
  }

  /** The secrets are not in what the app said, in what went over the bus to the desktop, or in any program's arguments. */
  async nothingSlipped(app) {
    const places = {
      'what the app wrote to the terminal': app.said,
      'notifications and tray': this.desktop.received,
      'arguments of programs': (await processes()).flatMap((one) => one.args).join('\n'),
    };
    assert.ok(places['arguments of programs'].includes(this.program('twinlock-desktop')), 'the arguments were not seen');
    for (const [place, text] of Object.entries(places)) assert.deepEqual(this.secretsIn(text), [], place);
  }

  /** The secrets are in no file but these: neither in the folder of the test nor in the home of its session. */
  async onlyIn(files) {
    const found = [];
    for (const folder of [this.folder, process.env.HOME]) {
      for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
        const file = join(entry.parentPath, entry.name);
        // What was there for a moment only, such as a database's journal, is gone.
        const text = entry.isFile() ? await readFile(file, 'latin1').catch((error) => (error.code === 'ENOENT' ? '' : Promise.reject(error))) : '';
        if (this.secretsIn(text).length > 0) found.push(file);
      }
    }
    assert.deepEqual(found.sort(), [...files].sort());
  }

  #file(what) {
    this.#taken += 1;
    return join(this.#pictures, `${this.#name}-${String(this.#taken).padStart(2, '0')}-${what}.png`);
  }

  async #end() {
    const problems = [];
    for (const running of this.#running.reverse()) await running.stop().catch((problem) => problems.push(problem));
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
    if (problems.length > 0) throw new AggregateError(problems, 'something did not end');
  }
}
