// The window as a person has it: what can be read in it, and buttons and fields by the names that everybody finds them by.
// Driven by the distribution's WebKitWebDriver; nothing in the app or its page knows of the test.
import assert from 'node:assert/strict';
import { readlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { Browser, Builder, By, Capabilities } from 'selenium-webdriver';
import { windowsOf } from './desktop.mjs';
import { Program, end, isRunning, processes, run, until } from './processes.mjs';

const CONTROLS = {
  button: 'button:enabled, summary',
  tab: '[role=tab]',
  menuitem: '[role=menuitem]',
  checkbox: 'input[type=checkbox]',
  radio: 'input[type=radio]',
  combobox: 'select',
  textbox: 'input:not([type=checkbox]), textarea',
  dialog: 'dialog[open]',
};

/** A port that was free a moment ago. */
function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

export class App {
  #driver;
  #session;
  #id;

  /** Starts the app, with nothing but the variables given, and waits for its window. */
  static async start(program, environment) {
    const app = new App();
    const port = await freePort();
    const automation = { TAURI_AUTOMATION: 'true', TAURI_WEBVIEW_AUTOMATION: 'true' };
    app.#driver = new Program('WebKitWebDriver', [`--port=${port}`], { ...environment, ...automation });
    const address = `http://127.0.0.1:${port}`;
    await until('the driver of the window', async () => (await fetch(`${address}/status`)).ok);
    const wanted = new Capabilities().setBrowserName('wry').set('webkitgtk:browserOptions', { binary: program, args: [] });
    try {
      app.#session = await new Builder().disableEnvironmentOverrides().forBrowser(Browser.SAFARI).withCapabilities(wanted).usingServer(address).build();
      app.#id = await until('the process of the app', async () => {
        const started = (await processes()).find((one) => one.parent === app.#driver.id && one.args[0] === program);
        return started?.id;
      });
      // Else nothing of what it writes would be seen.
      for (const channel of [1, 2]) assert.equal(await readlink(`/proc/${app.#id}/fd/${channel}`), await readlink(`/proc/${app.#driver.id}/fd/${channel}`));
    } catch (error) {
      const said = app.said;
      await app.stop();
      throw new Error(`The window did not open. ${said}`, { cause: error });
    }
    return app;
  }

  /** The process. */
  get id() {
    return this.#id;
  }

  /** Everything that the app, and the driver that started it, wrote to the terminal. */
  get said() {
    return this.#driver.said;
  }

  script(text, ...args) {
    return this.#session.executeScript(text, ...args);
  }

  /** What a person reads, with every run of blanks as one. */
  text() {
    return this.script(String.raw`return document.body.innerText.replace(/\s+/g, ' ')`);
  }

  async reads(text) {
    return (await this.text()).includes(text);
  }

  see(text) {
    return until(`“${text}” in the window`, () => this.reads(text));
  }

  /** Everything that the page holds, shown or not: the document and what is typed into its fields. */
  page() {
    return this.script(
      `return document.documentElement.outerHTML + [...document.querySelectorAll('input, textarea, select')].map((one) => one.value).join('\\n')`,
    );
  }

  /** A control by its role and the name that assistive technology is told. */
  find(role, name) {
    const fits = (found) => (name instanceof RegExp ? name.test(found) : name === found);
    return until(`${role} “${name}” in the window`, async () => {
      for (const element of await this.#session.findElements(By.css(CONTROLS[role]))) {
        const found = await element.getAccessibleName();
        if (fits(found.trim().replace(/\s+/g, ' '))) return element;
      }
      return null;
    });
  }

  /** Presses a button, a tab or a box to tick. A page that draws anew in between is looked at again. */
  press(name, role = 'button') {
    return until(`${role} “${name}” can be pressed`, async () => {
      await (await this.find(role, name)).click();
      return true;
    });
  }

  async fill(name, text) {
    const field = await this.find('textbox', name);
    await field.clear();
    await field.sendKeys(text);
  }

  /** Chooses from a list by the text that is shown there. */
  async choose(name, option) {
    const list = await this.find('combobox', name);
    for (const one of await list.findElements(By.css('option'))) if ((await one.getText()) === option) return one.click();
    throw new Error(`“${name}” does not offer “${option}”.`);
  }

  /** The rows of a table or list, each as the text in it. */
  rows(selector) {
    return this.script(
      String.raw`return [...document.querySelectorAll(arguments[0])].map((one) => one.innerText.trim().replace(/\s+/g, ' '))`,
      selector,
    );
  }

  /** The window as the screen knows it, while it is there. */
  async window() {
    return (await windowsOf(this.#id, 'Twinlock'))[0] ?? null;
  }

  /** The middle of the window on the screen. */
  async middle() {
    const window = await until('the window on the screen', () => this.window());
    const { said } = await run('xdotool', ['getwindowgeometry', '--shell', window]);
    const { X, Y, WIDTH, HEIGHT } = Object.fromEntries(said.split('\n').map((line) => line.split('=')));
    return { x: Math.round(Number(X) + Number(WIDTH) / 2), y: Math.round(Number(Y) + Number(HEIGHT) / 2) };
  }

  /** Gives the window the focus. */
  async focus() {
    const window = await until('the window on the screen', () => this.window());
    await run('xdotool', ['windowactivate', '--sync', window]);
  }

  /** How many colours the window has on the screen, which tells from outside whether there is anything in it. */
  async colours() {
    const { lines } = await run('import', ['-window', await this.window(), '-format', '%k\n', 'info:-']);
    return Number(lines[0]);
  }

  /** What the window shows, as soon as two frames were drawn after the last change. */
  async picture(file) {
    await this.#session.executeAsyncScript(
      'const done = arguments[arguments.length - 1]; requestAnimationFrame(() => requestAnimationFrame(() => done()));',
    );
    await writeFile(file, await this.#session.takeScreenshot(), 'base64');
  }

  isRunning() {
    return isRunning(this.#id);
  }

  /** Ends the app, if it still runs, and its driver. */
  async stop() {
    // The driver ends what it started. Its answer is not waited for: when the app has ended already, it may never come.
    await this.#driver.stop();
    if (this.#id !== undefined) await end(this.#id);
  }
}
