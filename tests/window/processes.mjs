// Programs that a test starts, what they say line by line, and waiting for it. Every wait ends, and so does every program.
import { spawn } from 'node:child_process';
import { readFile, readdir } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';

// Generous: on a busy machine with two cores everything takes its time, and a condition that holds is not waited for.
const SECONDS = 60;

/** There is nothing more to wait for. */
class Ended extends Error {}

/** Asks until the answer is neither false, null nor undefined and gives it; after a minute says what never came. */
export async function until(what, ask, seconds = SECONDS) {
  const end = Date.now() + seconds * 1000;
  let problem = '';
  for (;;) {
    try {
      const answer = await ask();
      if (answer !== false && answer !== null && answer !== undefined) return answer;
      problem = '';
    } catch (error) {
      if (error instanceof Ended) throw error;
      problem = ` The last time: ${error.name} ${error.message}`;
    }
    if (Date.now() > end) throw new Error(`Not within ${seconds} seconds: ${what}.${problem}`);
    await pause(50);
  }
}

/** A running program. */
export class Program {
  /** Everything it wrote so far, to standard output and standard error. */
  said = '';
  /** The lines of standard output. */
  lines = [];
  #file;
  #child;
  #ended;
  #exited;

  constructor(file, args, environment = process.env) {
    this.#file = file;
    this.#child = spawn(file, args, { env: environment, stdio: 'pipe' });
    const { stdout, stderr, stdin } = this.#child;
    for (const stream of [stdout, stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        this.said += `${line}\n`;
        if (stream === stdout) this.lines.push(line);
      });
    }
    // Writing to a program that has ended is found out by its status.
    stdin.on('error', () => undefined);
    this.#ended = new Promise((resolve, reject) => {
      this.#child.on('error', reject);
      this.#child.on('close', resolve);
    });
    this.#ended.catch(() => undefined);
    // Earlier than the above if it left programs of its own behind that still write.
    this.#exited = new Promise((resolve) => {
      this.#child.on('error', resolve);
      this.#child.on('exit', resolve);
    });
  }

  get id() {
    return this.#child.pid;
  }

  /** Its exit status, once it has ended and everything it wrote was read. */
  get ended() {
    return this.#ended;
  }

  tell(line) {
    this.#child.stdin.write(`${line}\n`);
  }

  endInput() {
    this.#child.stdin.end();
  }

  /** The JSON documents that it has written, from the `from`th line on. */
  events(from = 0) {
    return this.lines.slice(from).map((line) => JSON.parse(line));
  }

  /** Waits for something that this program does or says, as long as it runs. */
  hear(what, ask) {
    return until(what, async () => {
      const { exitCode, signalCode } = this.#child;
      const answer = await ask();
      if (!answer && (exitCode ?? signalCode) !== null) throw new Ended(`${this.#file} ended before this: ${what}. It said: ${this.said}`);
      return answer;
    });
  }

  async stop() {
    this.#child.kill('SIGTERM');
    const stubborn = setTimeout(() => this.#child.kill('SIGKILL'), 10_000);
    await this.#exited;
    clearTimeout(stubborn);
  }
}

/** Runs a program to its end and gives what it wrote. Anything but status 0 is an error. */
export async function run(file, args, { input = '', environment = process.env } = {}) {
  const program = new Program(file, args, environment);
  if (input !== '') program.tell(input);
  program.endInput();
  const status = await program.ended;
  if (status !== 0) throw new Error(`${file} ${args[0]} ended with status ${status}: ${program.said}`);
  return program;
}

/** The processes that there are: number, parent, and the arguments as anybody on this computer can read them. */
export async function processes() {
  const numbers = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    numbers.map(async (name) => {
      try {
        const [status, args] = await Promise.all([readFile(`/proc/${name}/stat`, 'utf8'), readFile(`/proc/${name}/cmdline`, 'utf8')]);
        // The second field is a name in brackets that may hold anything.
        const [state, parent] = status.slice(status.lastIndexOf(')') + 2).split(' ');
        return { id: Number(name), parent: Number(parent), dead: state === 'Z', args: args.split('\0').filter((one) => one !== '') };
      } catch (error) {
        // It has ended meanwhile.
        if (error.code === 'ENOENT' || error.code === 'ESRCH') return null;
        throw error;
      }
    }),
  );
  return found.filter((one) => one !== null && !one.dead);
}

export async function isRunning(id) {
  return (await processes()).some((one) => one.id === id);
}

/** Ends a process that another one started, politely at first. */
export async function end(id) {
  for (const signal of ['SIGTERM', 'SIGKILL']) {
    try {
      process.kill(id, signal);
      await until('the process has ended', async () => !(await isRunning(id)), 10);
      return;
    } catch (error) {
      if (error.code === 'ESRCH') return;
      if (signal === 'SIGKILL') throw error;
    }
  }
}
