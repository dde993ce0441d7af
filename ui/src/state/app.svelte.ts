// What the whole window knows: the overview, where it is, and what was dropped on it. Screens ask for the rest themselves.
import { getContext, setContext } from 'svelte';
import { asCommandError, type Environment, type Ipc, type Moved, type Overview, type Project, type Removed } from '../ipc';
import { Asked } from './asked.svelte';
import { Checklists } from './checklists.svelte';
import { Revealed } from './revealed.svelte';
import { countsOf, isOdd } from './standing';

export type View = 'variables' | 'changes';
export type Place = { at: 'projects'; environment: string | null; view: View } | { at: 'removed'; member: string } | { at: 'team' | 'activity' | 'settings' };

/** As long as the program leaves what it copied in the clipboard. */
export const CLEARED_AFTER = 30_000;
const LOCKED = 'Files stay watched; nothing is opened or sent until you unlock.';

/** What removing somebody just now did. */
export interface RemovedNow {
  removed: Removed;
  at: number;
}

export class App {
  readonly ipc: Ipc;
  readonly revealed = new Revealed();
  readonly overview = new Asked<Overview>();
  readonly checklists: Checklists;
  place = $state.raw<Place>({ at: 'projects', environment: null, view: 'variables' });
  /** The last thing that happened, for the line that screen readers read out. */
  said = $state('');
  /** What was copied last, in a sentence, until the clipboard is cleared. */
  copied = $state<string | null>(null);
  /** Something that was to happen by itself and did not. */
  trouble = $state<string | null>(null);
  /** Why there is no key, in a sentence, while there is none: then nothing else is shown. */
  locked = $state<string | null>(null);
  hovering = $state(false);
  removed = $state.raw<RemovedNow | null>(null);
  /** Dropped or chosen files, the first of which is being looked at. */
  offers = $state.raw<readonly string[]>([]);
  /** Counts what moved, so that whoever reads it asks again. */
  moves = $state(0);
  now = $state(0);
  #clock: () => number;
  #clearing: ReturnType<typeof setTimeout> | undefined;

  constructor(ipc: Ipc, clock: () => number) {
    this.ipc = ipc;
    this.checklists = new Checklists(ipc);
    this.#clock = clock;
    this.now = clock();
  }

  /** Starts listening. Returns how to stop. */
  start(window: Window): () => void {
    const stopWatching = this.revealed.watch(window);
    const timer = setInterval(() => (this.now = this.#clock()), 20_000);
    const listening = this.ipc.onMoved((moved) => void this.#onMoved(moved));
    void this.refresh().then(() => this.#followDestination());
    return () => {
      stopWatching();
      clearInterval(timer);
      void listening.then((stop) => stop());
    };
  }

  async refresh(): Promise<void> {
    await this.overview.ask(() => this.ipc.overview());
    this.now = this.#clock();
    const { error } = this.overview;
    if (error?.code === 'locked') this.#putAway(error.message);
    else if (!error && this.locked !== null) {
      this.locked = null;
      this.said = 'Twinlock is unlocked.';
    }
  }

  /** Locks every program of this home; what is shown goes first. */
  async lock(): Promise<void> {
    this.#putAway(LOCKED);
    try {
      await this.ipc.lock();
    } catch (thrown) {
      await this.refresh();
      this.trouble = asCommandError(thrown).message;
    }
  }

  /** Leaves nothing of the team in the page. */
  #putAway(why: string): void {
    if (this.locked === null) this.said = 'Twinlock is locked.';
    this.locked = why;
    this.revealed.hide();
    this.overview.forget();
    this.checklists.forget();
    this.trouble = this.removed = this.copied = null;
    this.hovering = false;
  }

  /** Says that the program copied something, for as long as it stays in the clipboard. */
  wasCopied(what: string): void {
    clearTimeout(this.#clearing);
    this.said = this.copied = `${what} copied. The clipboard is cleared in 30 s.`;
    this.#clearing = setTimeout(() => (this.copied = null), CLEARED_AFTER);
  }

  /** Goes somewhere; what was shown in the clear is hidden again. */
  go(place: Place): void {
    this.revealed.hide();
    this.place = place;
  }

  /** Shows what a removal did, and what is left to do. */
  async wasRemoved(removed: Removed): Promise<void> {
    this.removed = { removed, at: this.#clock() };
    this.go({ at: 'removed', member: removed.member });
    this.said = `${removed.name} was removed.`;
    await this.refresh();
    this.moves += 1;
  }

  offer(id: string): void {
    this.offers = [...this.offers, id];
  }

  endOffer(id: string): void {
    this.offers = this.offers.filter((offer) => offer !== id);
  }

  /** The project and environment that are shown; the first ones where nothing was chosen. */
  get shown(): { project: Project; environment: Environment | null } | null {
    const projects = this.overview.answer?.projects ?? [];
    const chosen = this.place.at === 'projects' ? this.place.environment : null;
    for (const project of projects) {
      const environment = project.environments.find((one) => one.id === chosen);
      if (environment) return { project, environment };
    }
    const project = projects.find((one) => one.environments.length > 0) ?? projects[0];
    return project ? { project, environment: project.environments[0] ?? null } : null;
  }

  async #onMoved(moved: Moved): Promise<void> {
    switch (moved.what) {
      case 'hover':
        this.hovering = moved.over;
        return;
      case 'offered':
        this.hovering = false;
        this.offer(moved.offer);
        return;
      case 'trouble':
        this.trouble = moved.sentence;
        return;
      case 'locked':
        this.#putAway(LOCKED);
        return;
      case 'unlocked':
        await this.refresh();
        this.moves += 1;
        return;
      case 'show':
        await this.refresh();
        await this.#followDestination();
        return;
      case 'overview':
        await this.refresh();
        this.moves += 1;
        return;
      case 'team':
      case 'environment':
        this.moves += 1;
    }
  }

  async #followDestination(): Promise<void> {
    const destination = await this.ipc.destination();
    if (destination) this.go({ at: 'projects', environment: destination.environment, view: 'changes' });
  }
}

/** Which view an environment opens with: Changes when something waits there. */
export function viewFor(environment: Environment): View {
  const { conflicts, here, there } = countsOf(environment.files);
  return conflicts + here + there > 0 || environment.files.some((file) => isOdd(file.state)) ? 'changes' : 'variables';
}

const KEY = Symbol('app');

export function provideApp(app: App): App {
  return setContext(KEY, app);
}

export function useApp(): App {
  return getContext<App>(KEY);
}
