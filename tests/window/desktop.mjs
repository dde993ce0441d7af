// What lies around the window on a desktop: notifications, the tray, other windows, and files dragged from one to another.
import { fileURLToPath } from 'node:url';
import { Program, run, until } from './processes.mjs';

// The distribution's Python, which has the distribution's GTK and D-Bus.
const PYTHON = '/usr/bin/python3';
const beside = (name) => fileURLToPath(new URL(name, import.meta.url));
const mouse = (...args) => run('xdotool', args.map(String));

/** Presses keys, for whichever window has the focus. */
export const press = (keys) => run('xdotool', ['key', '--clearmodifiers', keys]);

/** What another program would paste now. */
export async function clipboard() {
  return (await clipboardWithHint()).text;
}

/** The same, and what clipboard managers are told about it. */
export async function clipboardWithHint() {
  const { lines } = await run(PYTHON, [beside('clipboard.py')]);
  return JSON.parse(lines[0]);
}

/** Copies a text in another program, which keeps it until it is stopped. */
export async function copyElsewhere(text) {
  const other = new Program(PYTHON, [beside('clipboard.py'), text]);
  await other.hear('the other program has copied it', () => other.events().length > 0);
  await until('any program would paste it', async () => (await clipboard()) === text);
  return other;
}

/** The windows of a process, by their title, that are on the screen. */
export async function windowsOf(id, title) {
  const search = new Program('xdotool', ['search', '--all', '--onlyvisible', '--pid', String(id), '--name', `^${title}$`]);
  // Status 1 is: none.
  await search.ended;
  return search.lines;
}

/** Answers the system's own dialog of an app that asks where to save: types the path into it. */
export async function chooseFile(app, title, path) {
  const [dialog] = await until(`the dialog “${title}”`, async () => {
    const found = await windowsOf(app.id, title);
    return found.length > 0 && found;
  });
  await run('xdotool', ['windowactivate', '--sync', dialog]);
  await press('ctrl+a');
  await run('xdotool', ['type', '--clearmodifiers', path]);
  await press('Return');
  await until('the dialog is gone', async () => (await windowsOf(app.id, title)).length === 0);
}

export class Desktop {
  #program;
  #windows;

  /** Before the app: an app that starts without a tray goes without. */
  static async start() {
    const desktop = new Desktop();
    desktop.#program = new Program(PYTHON, [beside('desktop.py')]);
    // A window manager, so that windows get the focus, lose it and can be closed.
    desktop.#windows = new Program('openbox', []);
    await desktop.#program.hear('the desktop is on the bus', () => desktop.#heard('ready').length > 0);
    await desktop.#windows.hear('windows are managed', () => run('xdotool', ['get_desktop']));
    return desktop;
  }

  /** Everything that came over the bus: each notification whole, the icon and the menu each time they were asked for. */
  get received() {
    return this.#program.said;
  }

  notifications() {
    return this.#heard('notification');
  }

  /** Clicks on a notification. */
  act({ id }) {
    this.#program.tell(JSON.stringify({ do: 'act', id }));
  }

  async trayIsThere() {
    await until('an icon in the tray', () => this.#heard('registered').length > 0);
  }

  /** The icon's properties and the entries of its menu, as they are now. */
  async tray() {
    const from = this.#program.lines.length;
    this.#program.tell(JSON.stringify({ do: 'tray' }));
    return until('an answer of the tray', () => {
      const [failed] = this.#heard('failed', from);
      if (failed) throw new Error(failed.problem);
      return this.#heard('tray', from)[0];
    });
  }

  async trayLabels() {
    return (await this.tray()).menu.map((entry) => entry.label ?? '');
  }

  choose(label) {
    this.#program.tell(JSON.stringify({ do: 'click', label }));
  }

  async stop() {
    await this.#windows.stop();
    await this.#program.stop();
  }

  #heard(event, from = 0) {
    return this.#program.events(from).filter((one) => one.event === event);
  }
}

/** A small window of another program. As it opens it takes the focus. */
export class FileManager {
  #program;

  constructor(file) {
    this.#program = new Program(PYTHON, [beside('file-manager.py'), file]);
  }

  async opened() {
    await this.#program.hear('the file manager is on the screen', () => this.#last('placed'));
    await this.#program.hear('the file manager has the focus', () => this.#last('focused'));
  }

  /** Drags the file to a place on the screen; lets go of it once `ready` holds there. */
  async dragTo({ x, y }, ready) {
    const from = this.#last('placed');
    await mouse('mousemove', from.x, from.y, 'mousedown', 1);
    try {
      const steps = 12;
      for (let step = 1; step <= steps; step += 1) {
        const at = (start, end) => Math.round(start + ((end - start) * step) / steps);
        await mouse('mousemove', at(from.x, x), at(from.y, y));
      }
      let nudge = 0;
      await until('the place that the file was dragged to takes notice', async () => {
        // A hand is never quite still, and every move asks the other program again whether it would take the file.
        nudge = 1 - nudge;
        await mouse('mousemove', x + nudge, y);
        return ready();
      });
    } finally {
      await mouse('mouseup', 1);
    }
    await this.#program.hear('the end of the drag', () => this.#last('ended'));
    if (this.#last('failed')) throw new Error('The file was dragged to the window, and the window did not take it.');
  }

  stop() {
    return this.#program.stop();
  }

  #last(event) {
    return this.#program.events().findLast((one) => one.event === event);
  }
}
