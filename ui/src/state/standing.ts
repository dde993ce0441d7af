// How environments, projects and files stand, in a shape, a number and words. Pure.
import type { Connection, Environment, FileState, LinkedFile, OwnKeyholder, Project } from '../ipc';

export type StateName = 'step' | 'here' | 'there' | 'conflict' | 'offline' | 'locked' | 'refused';

export interface Standing {
  state: StateName;
  count: number;
  words: string;
}

/** `1 change`, `3 changes`. */
export function plural(count: number, noun: string, nouns = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : nouns}`;
}

/** `Ada, Ben and Chidi`. */
export function listed(names: readonly string[]): string {
  return names.length < 2 ? (names[0] ?? '') : `${names.slice(0, -1).join(', ')} and ${names.at(-1) ?? ''}`;
}

/** `computer 4f0c9a71`. */
export function nameOf({ kind, id }: OwnKeyholder): string {
  return `${kind === 'computer' ? 'computer' : 'recovery kit'} ${id.slice(0, 8)}`;
}

/** `project/environment` as it is shown. */
export function dotted(environment: string): string {
  return environment.replace('/', ' · ');
}

interface Counts {
  conflicts: number;
  here: number;
  there: number;
}

export function countsOf(files: readonly LinkedFile[]): Counts {
  const sum = (count: (file: LinkedFile) => number) => files.reduce((total, file) => total + count(file), 0);
  return { conflicts: sum((file) => file.conflicts), here: sum((file) => file.here), there: sum((file) => file.there) };
}

/** What waits for its user comes before *offline*, which the sidebar's foot says for all projects at once. */
export function standingOf(environments: readonly Environment[], connection: Connection): Standing {
  if (environments.some((environment) => environment.refusal)) return { state: 'refused', count: 0, words: 'refused' };
  if (environments.some((environment) => environment.keysMissing)) return { state: 'locked', count: 0, words: 'keys missing' };
  const { conflicts, here, there } = countsOf(environments.flatMap((environment) => environment.files));
  if (conflicts > 0) return { state: 'conflict', count: conflicts, words: plural(conflicts, 'conflict') };
  if (here > 0) return { state: 'here', count: here, words: `${plural(here, 'change')} here` };
  if (there > 0) return { state: 'there', count: there, words: `${plural(there, 'change')} in the vault` };
  if (connection === 'offline') return { state: 'offline', count: 0, words: 'offline' };
  return { state: 'step', count: 0, words: 'in step' };
}

export function projectStanding(project: Project, connection: Connection): Standing {
  return standingOf(project.environments, connection);
}

/** Whether a file needs a word about itself before anything about its changes. */
export function isOdd(state: FileState): boolean {
  return state === 'missing' || state === 'unreadable' || state === 'emptied';
}

/** What happens with changes of a linked file, each way. */
export function modesOf(file: LinkedFile): string {
  if (file.push === file.pull) return file.push === 'ask' ? 'Asks before push and pull' : 'Pushes and pulls by itself';
  return file.push === 'ask' ? 'Asks before a push, pulls by itself' : 'Pushes by itself, asks before a pull';
}
