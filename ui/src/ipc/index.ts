// The only module that talks to the program. Everything else gets an `Ipc` and cannot tell it from the stand-in.
import { commands, events, type CommandError, type Moved } from './bindings';

export type * from './bindings';

/** What the page can ask of the program, and how it is told what moved. */
export type Ipc = typeof commands & {
  /** Calls back with whatever moved, until the function it gives is called. */
  onMoved(tell: (moved: Moved) => void): Promise<() => void>;
};

/** The real program. */
export const program: Ipc = {
  ...commands,
  onMoved: (tell) => events.moved.listen((event) => tell(event.payload)),
};

/** What a command threw, in the one shape that errors have here. */
export function asCommandError(thrown: unknown): CommandError {
  if (typeof thrown === 'object' && thrown !== null && 'code' in thrown && 'message' in thrown) {
    const { code, message } = thrown as CommandError;
    return { code, message };
  }
  return { code: 'failed', message: 'Twinlock made a mistake of its own. Nothing was changed; close the window and open it again.' };
}
