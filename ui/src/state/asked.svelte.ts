// An answer that a screen waits for. The last question counts, whichever answer comes first.
import { asCommandError, type CommandError } from '../ipc';

export class Asked<T> {
  answer = $state.raw<T | null>(null);
  error = $state.raw<CommandError | null>(null);
  #turn = 0;

  async ask(question: () => Promise<T>): Promise<void> {
    const turn = ++this.#turn;
    try {
      const answer = await question();
      if (turn !== this.#turn) return;
      this.answer = answer;
      this.error = null;
    } catch (thrown) {
      if (turn === this.#turn) this.error = asCommandError(thrown);
    }
  }

  /** Drops what was answered, and whatever is still to come. */
  forget(): void {
    this.#turn += 1;
    this.answer = null;
    this.error = null;
  }
}

/** Something that a button does: once at a time, and what went wrong is kept until the next try. */
export class Deed {
  doing = $state<string | null>(null);
  error = $state.raw<CommandError | null>(null);

  /** True when it was done. */
  async run(name: string, deed: () => Promise<void>): Promise<boolean> {
    if (this.doing !== null) return false;
    this.doing = name;
    this.error = null;
    try {
      await deed();
      return true;
    } catch (thrown) {
      this.error = asCommandError(thrown);
      return false;
    } finally {
      this.doing = null;
    }
  }
}
