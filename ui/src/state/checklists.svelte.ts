// The lists of what people who were removed could read: kept by the program, ticked off here. A tick shows at once and is sent
// in the order in which they were made.
import { SvelteMap } from 'svelte/reactivity';
import { asCommandError, type Checklist, type ChecklistItem, type CommandError, type Ipc } from '../ipc';
import { Asked } from './asked.svelte';

export class Checklists {
  readonly #ipc: Ipc;
  readonly #asked = new Asked<Checklist[]>();
  /** Ticks that the program has not answered yet. */
  readonly #made = new SvelteMap<string, boolean>();
  #sent: Promise<void> = Promise.resolve();
  #failed = $state.raw<CommandError | null>(null);

  constructor(ipc: Ipc) {
    this.#ipc = ipc;
  }

  get all(): readonly Checklist[] | null {
    return this.#asked.answer;
  }

  get error(): CommandError | null {
    return this.#failed ?? this.#asked.error;
  }

  async look(): Promise<void> {
    if (this.#made.size === 0) await this.#asked.ask(() => this.#ipc.checklists());
  }

  isDone(list: Checklist, item: ChecklistItem): boolean {
    return this.#made.get(keyOf(list, item)) ?? item.state !== 'open';
  }

  left(list: Checklist): number {
    return list.items.filter((item) => !this.isDone(list, item)).length;
  }

  tick(list: Checklist, item: ChecklistItem, done: boolean): Promise<void> {
    const key = keyOf(list, item);
    this.#made.set(key, done);
    this.#failed = null;
    this.#sent = this.#sent.then(async () => {
      try {
        const lists = await this.#ipc.setTicked(list.member, item.environment, item.name, done);
        await this.#asked.ask(() => Promise.resolve(lists));
      } catch (thrown) {
        this.#failed = asCommandError(thrown);
      }
      if (this.#made.get(key) === done) this.#made.delete(key);
    });
    return this.#sent;
  }

  /** Puts a list away on which nothing is left. */
  putAway(member: string): Promise<void> {
    return this.#asked.ask(() => this.#ipc.putChecklistAway(member));
  }

  forget(): void {
    this.#asked.forget();
    this.#made.clear();
    this.#failed = null;
  }
}

function keyOf(list: Checklist, item: ChecklistItem): string {
  return JSON.stringify([list.member, item.environment, item.name]);
}
