// The one value that is shown in the clear. It hides after 30 s, when the window loses focus, and when another is shown.
import type { Difference, Revealed as Value } from '../ipc';

export const REVEALED_FOR = 30_000;

export type Content = { value: Value } | { difference: Difference };

export class Revealed {
  #key = $state<string | null>(null);
  #content = $state.raw<Content | null>(null);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #turn = 0;

  /** Hides whatever is shown when the window is left. Returns how to stop listening. */
  watch(window: Window): () => void {
    const hide = () => this.hide();
    window.addEventListener('blur', hide);
    window.document.addEventListener('visibilitychange', hide);
    return () => {
      window.removeEventListener('blur', hide);
      window.document.removeEventListener('visibilitychange', hide);
      hide();
    };
  }

  /** What is shown for this key, if it is the one. */
  of(key: string): Content | null {
    return this.#key === key ? this.#content : null;
  }

  /** Shows one thing, asked for now. If the window was left meanwhile, it stays hidden. */
  async show(key: string, ask: () => Promise<Content>): Promise<void> {
    this.hide();
    const turn = this.#turn;
    const content = await ask();
    if (turn !== this.#turn) return;
    this.#key = key;
    this.#content = content;
    this.#timer = setTimeout(() => this.hide(), REVEALED_FOR);
  }

  hide(): void {
    this.#turn += 1;
    clearTimeout(this.#timer);
    this.#key = null;
    this.#content = null;
  }
}
