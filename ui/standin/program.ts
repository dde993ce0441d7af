// A stand-in for the program: the same typed functions over made-up data, for tests and pictures. Never in the window.
import type {
  Change, Changes, Checklist, CommandError, Difference, Environment, EnvironmentRights, Falls, Ipc, Knocking, KnownLoader, LinkedFile, Lost, Member, Moved, Overview, OwnKeyholder, Preview,
  Project, Refusal, Removal, Removed, Safety, Service, Statement, Team, Unlocking, Variable,
} from '../src/ipc';

/** The moment at which all of this is seen. */
export const NOW = Date.UTC(2026, 10, 21, 10, 40);
/** What opens the stand-in’s keys where they are under a passphrase. */
export const PASSPHRASE = 'correct horse battery';
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

export interface World {
  overview: Overview;
  team: Team;
  variables: Record<string, Variable[]>;
  changes: Record<string, Changes>;
  values: Record<string, string>;
  /** By entry: what each of its readings is. */
  readings: Record<string, (string | null)[]>;
  loaders: KnownLoader[];
  differences: Record<number, Difference>;
  preview: Preview;
  invite: string;
  token: string;
  kitLine: string;
  kitWords: string[];
  computerLink: string;
  knocking: Knocking[];
  safety: Safety;
  removal: Removal;
  /** What falls where a role gets lower. */
  roleFalls: Falls;
  removed: Removed;
  /** What whoever is removed could read. */
  couldRead: Checklist['items'];
  checklists: Checklist[];
  computers: OwnKeyholder[];
  /** What new keys would not bring along. */
  lost: Lost;
  services: Service[];
  activity: Statement[];
  destination: string | null;
  /** How much a new file gets at once. */
  written: number;
  /** What it takes to unlock, while it is locked. */
  locked: Unlocking | null;
  /** A command that fails, by its name. */
  failing: Partial<Record<keyof Ipc, CommandError>>;
  /** Commands that answer only when they are told to. */
  slow: Set<keyof Ipc>;
  /** Commands that never answer. */
  hanging: Set<keyof Ipc>;
}

export interface StandIn extends Ipc {
  world: World;
  /** Every call that was made, with its arguments. */
  calls: [name: string, ...args: unknown[]][];
  move(moved: Moved): void;
  /** Gives the answers of slow commands, as they were when they were asked. */
  answerSlow(): void;
}

/** A program over a world, which a test may change before and while it runs. */
export function standIn(change: (world: World) => void = () => undefined): StandIn {
  const world = makeWorld();
  change(world);
  const listeners = new Set<(moved: Moved) => void>();
  const calls: StandIn['calls'] = [];
  const waiting: (() => void)[] = [];
  const answer = async <T>(name: keyof Ipc, args: unknown[], give: () => T): Promise<T> => {
    calls.push([name, ...args]);
    if (world.hanging.has(name)) return new Promise<T>(() => undefined);
    const failing = world.failing[name];
    if (failing) throw failing;
    const given = give();
    if (world.slow.has(name)) await new Promise<void>((late) => waiting.push(late));
    return given;
  };
  const started = (name: string, me: string) => {
    world.overview = { ...world.overview, team: { name, me, vault: 'this-computer', refusal: null }, projects: [], connection: 'online' };
    return world.team;
  };
  const changed = (id: string, change: (member: Member) => Member) => {
    world.team = { ...world.team, members: world.team.members.map((one) => (one.id === id ? change(one) : one)) };
    const member = world.team.members.find((one) => one.id === id) ?? fail('no such member');
    return { member, closed: 0, keys: { renewed: [], waiting: [] } };
  };
  const outcome = (moved: number) => ({ moved, revision: 43, conflicts: [], waiting: 0 });
  return {
    world, calls,
    answerSlow: () => { for (const late of waiting.splice(0)) late(); },
    move: (moved) => { for (const tell of listeners) tell(moved); },
    onMoved: (tell) => { listeners.add(tell); return Promise.resolve(() => void listeners.delete(tell)); },
    overview: () => answer('overview', [], () => {
      if (world.locked !== null) throw { code: 'locked', message: world.locked === 'new-passphrase' ? 'The keys of this computer are in a file, sealed under a passphrase.' : 'Files stay watched; nothing is opened or sent until you unlock.' } satisfies CommandError;
      return world.overview;
    }),
    lock: () => answer('lock', [], () => { world.locked ??= 'press'; return null; }),
    unlocking: () => answer('unlocking', [], () => world.locked ?? 'press'),
    unlock: (passphrase) => answer('unlock', [passphrase], () => {
      if (world.locked === 'passphrase' && passphrase !== PASSPHRASE) throw { code: 'locked', message: 'The passphrase does not open the keychain file. Nothing was changed; try again.' } satisfies CommandError;
      world.locked = null;
      return null;
    }),
    startTeamHere: (team, member) => answer('startTeamHere', [team, member], () => started(team, member)),
    connectToVault: (...args) => answer('connectToVault', args, () => started(args[3], args[4])),
    joinTeam: (link, member) => answer('joinTeam', [link, member], () => started('Saltmarsh', member)),
    team: () => answer('team', [], () => world.team),
    invite: (role, access, hours, approve) => answer('invite', [role, access, hours, approve], () => ({ handed: 'handed-1', expiresAt: NOW + hours * 60 * MINUTE, access })),
    closeInvite: (invite) => answer('closeInvite', [invite], () => {
      world.team = { ...world.team, invites: world.team.invites.filter((one) => one.id !== invite), waiting: world.team.waiting.filter((one) => one.invite !== invite) };
      return null;
    }),
    approveMember: (member) => answer('approveMember', [member], () => {
      world.team = { ...world.team, waiting: world.team.waiting.filter((one) => one.member !== member) };
      return makeMember('Yuki Tan', 'member', [], [{ id: 'beefcafe00', this: false }]);
    }),
    showHanded: (id) => answer('showHanded', [id], () => ({ text: id === 'handed-1' ? world.invite : world.token, qr: QR })),
    copyHanded: (id) => answer('copyHanded', [id], () => null),
    forgetHanded: (id) => answer('forgetHanded', [id], () => undefined as never),
    removal: (member) => answer('removal', [member], () => world.removal),
    removeMember: (member) => answer('removeMember', [member], () => {
      world.team = { ...world.team, members: world.team.members.filter((one) => one.id !== member) };
      if (world.couldRead.length > 0) world.checklists = [...world.checklists, { member, name: world.removed.name, items: world.couldRead }];
      return world.removed;
    }),
    checklists: () => answer('checklists', [], () => world.checklists),
    setTicked: (member, environment, name, done) => answer('setTicked', [member, environment, name, done], () => {
      const change = (item: Checklist['items'][number]) => (item.environment === environment && item.name === name ? { ...item, state: done ? 'done' as const : 'open' as const } : item);
      world.checklists = world.checklists.map((list) => (list.member === member ? { ...list, items: list.items.map(change) } : list));
      return world.checklists;
    }),
    putChecklistAway: (member) => answer('putChecklistAway', [member], () => {
      world.checklists = world.checklists.filter((list) => list.member !== member);
      return world.checklists;
    }),
    saveChecklist: (member) => answer('saveChecklist', [member], () => true),
    newRole: (member, role) => answer('newRole', [member, role], () => ({ to: role, falls: world.roleFalls })),
    setRole: (member, role) => answer('setRole', [member, role], () => changed(member, (one) => ({ ...one, role }))),
    setAccess: (member, environment, level) => answer('setAccess', [member, environment, level], () => {
      const name = RIGHTS.find((one) => one.id === environment)?.name ?? '';
      const others = (one: Member) => one.access.filter((access) => access.environment !== name);
      return changed(member, (one) => ({ ...one, access: level === null ? others(one) : [...others(one), { environment: name, level }] }));
    }),
    environments: () => answer('environments', [], () => RIGHTS),
    rotateEnvironment: (environment) => answer('rotateEnvironment', [environment], () => RIGHTS.find((one) => one.id === environment) ?? fail('gone')),
    lostWithKeys: (environment) => answer('lostWithKeys', [environment], () => world.lost),
    renewGivingUp: (environment) => answer('renewGivingUp', [environment], () => {
      const there = (one: Environment) => (one.id === environment ? { ...one, keysMissing: false } : one);
      world.overview = { ...world.overview, projects: world.overview.projects.map((project) => ({ ...project, environments: project.environments.map(there) })) };
      if (environment === null) world.team = { ...world.team, namesMissing: false };
      return null;
    }),
    computers: () => answer('computers', [], () => world.computers),
    revocation: (computer, keep) => answer('revocation', [computer, keep], () => ({
      computer, falls: keep ? { ...world.removal.falls, computers: [computer], kits: [], invites: [], services: [] } : { ...world.removal.falls, computers: [computer] },
    })),
    revokeComputer: (computer, keep) => answer('revokeComputer', [computer, keep], () => {
      world.computers = world.computers.filter((one) => one.id !== computer);
      return { renewed: ['api/development', 'api/staging'], waiting: [{ environment: 'api/production', why: 'The next push of somebody with write access renews them first.' }] };
    }),
    services: () => answer('services', [], () => world.services),
    createService: (name, access, days) => answer('createService', [name, access, days], () => {
      const expiresAt = days === null ? null : NOW + days * DAY;
      world.services = [...world.services, { id: `s-${name}`, name, by: 'Mara Lind', access, expiresAt }];
      return { handed: 'handed-2', expiresAt };
    }),
    closeService: (service) => answer('closeService', [service], () => {
      world.services = world.services.filter((one) => one.id !== service);
      return { renewed: ['api/production'], waiting: [] };
    }),
    newKit: () => answer('newKit', [], () => ({ line: world.kitLine, asked: [3, 11, 20] })),
    kitWords: () => answer('kitWords', [], () => world.kitWords),
    proveKit: (answers) => answer('proveKit', [answers], () => {
      if ([3, 11, 20].some((position, at) => world.kitWords[position - 1] !== answers[at])) throw { code: 'failed', message: 'Word 3 is another one on the kit. Nothing was made: these words open nothing.' } satisfies CommandError;
      const kit: OwnKeyholder = { id: 'd00dfeed01', kind: 'recovery-kit', this: false };
      world.computers = [...world.computers, kit];
      return kit;
    }),
    forgetKit: () => answer('forgetKit', [], () => undefined as never),
    restore: (line, words) => answer('restore', [line, words], () => started('Saltmarsh', 'Mara Lind')),
    computerLink: () => answer('computerLink', [], () => world.computerLink),
    knockingComputers: () => answer('knockingComputers', [], () => world.knocking),
    addComputer: (computer) => answer('addComputer', [computer], () => ({ id: computer, kind: 'computer' as const, this: false })),
    standFor: (link) => answer('standFor', [link], () => ({ id: 'beefcafe00', words: wordsFrom(2) })),
    awaitAdmission: () => answer('awaitAdmission', [], () => started('Saltmarsh', 'Mara Lind')),
    leaveDoor: () => answer('leaveDoor', [], () => undefined as never),
    safetyWords: () => answer('safetyWords', [], () => world.safety),
    setCompared: (computer, verdict) => answer('setCompared', [computer, verdict], () => {
      world.safety = { ...world.safety, computers: world.safety.computers.map((one) => (one.computer === computer ? { ...one, compared: { verdict, at: NOW } } : one)) };
      return null;
    }),
    activity: () => answer('activity', [], () => world.activity),
    verifyActivity: () => answer('verifyActivity', [], () => ({ events: 41, revisions: 118, values: 63, environments: 5 })),
    saveActivity: () => answer('saveActivity', [], () => true),
    variables: (environment) => answer('variables', [environment], () => world.variables[environment] ?? []),
    reveal: (environment, entry) => answer('reveal', [environment, entry], () => ({ text: world.values[entry] ?? '', readings: world.readings[entry] ?? [] })),
    copyValue: (environment, entry) => answer('copyValue', [environment, entry], () => null),
    copyChange: (...args) => answer('copyChange', args, () => null),
    changes: (file) => answer('changes', [file], () => world.changes[file] ?? makeChanges()),
    revealChange: (...args) => answer('revealChange', args, () => world.differences[args[1]] ?? { before: null, after: null }),
    push: (file, selection) => answer('push', [file, selection], () => {
      const of = world.changes[file];
      if (of) world.changes[file] = { ...of, here: [] };
      return outcome(of?.here.length ?? 0);
    }),
    pull: (file, revision) => answer('pull', [file, revision], () => {
      const of = world.changes[file];
      if (of) world.changes[file] = { ...of, there: [] };
      return outcome(of?.there.length ?? 0);
    }),
    resolve: (file, name, resolution, revision) => answer('resolve', [file, name, resolution, revision], () => {
      const of = world.changes[file];
      if (of) world.changes[file] = { ...of, conflicts: of.conflicts.filter((one) => one.name !== name) };
      return null;
    }),
    syncNow: () => answer('syncNow', [], () => null),
    unlink: (file) => answer('unlink', [file], () => null),
    loaders: () => answer('loaders', [], () => world.loaders),
    setLoader: (file, dialect) => answer('setLoader', [file, dialect], () => null),
    chooseFile: () => answer('chooseFile', [], () => world.preview.offer),
    linkNewFile: (...args) => answer('linkNewFile', args, () => outcome(world.written)),
    previewOffer: (offer) => answer('previewOffer', [offer], () => world.preview),
    importOffer: (...args) => answer('importOffer', args, () => outcome(world.preview.variables.length)),
    linkOffer: (...args) => answer('linkOffer', args, () => null),
    declineOffer: (offer) => answer('declineOffer', [offer], () => undefined as never),
    destination: () => answer('destination', [], () => {
      const environment = world.destination;
      world.destination = null;
      return environment === null ? null : { environment };
    }),
  };
}

export function makeChanges(change: Partial<Changes> = {}): Changes {
  return { revision: 42, conflicts: [], here: [], there: [], dangers: [], ...change };
}

export function makeFile(change: Partial<LinkedFile> = {}): LinkedFile {
  return {
    id: 'f1', path: '~/code/saltmarsh/api/.env', push: 'ask', pull: 'ask', here: 0, there: 0, conflicts: 0,
    state: 'in-step', problem: null, dangers: [], git: 'ignored', loader: { dialect: 'next', because: 'next is in package.json', set: false }, ...change,
  };
}

function makeEnvironment(id: string, name: string, change: Partial<Environment> = {}): Environment {
  return { id, name, level: 'write', revision: 41, keysMissing: false, refusal: null, files: [], ...change };
}

function makeProject(name: string, environments: Environment[]): Project {
  return { id: `p-${name}`, name, environments };
}

export function makeRefusal(change: Partial<Refusal> = {}): Refusal {
  return {
    code: 'rollback',
    whatHappened: 'The vault offered an older state of api/production as if it were the newest.',
    keptSafe: 'Your file is untouched.',
    whatToDo: 'Ask whoever runs the vault whether it was restored from a backup today.',
    team: false, at: NOW - 3 * MINUTE, vault: 'https://vault.saltmarsh.dev/', found: 'served up to 20, but 23 was seen before', ...change,
  };
}

/** A code that says nothing, and looks like one. */
const QR = {
  size: 45,
  path: Array.from({ length: 37 * 37 }, (_, at) => [at % 37, Math.floor(at / 37)] as const)
    .filter(([x, y]) => ((x * 7919 + y * 104729 + x * y * 31) % 11) % 2 === 0).map(([x, y]) => `M${x + 4} ${y + 4}h1v1h-1z`).join(''),
};

function fail(message: string): never {
  throw new Error(message);
}

const LIST = 'anchor lemon drift copper velvet mango orbit thistle canal ember quartz willow tide harbor silver maple'.split(' ');
const KIT = 'ladder piano walnut meadow copper tribe silent orchard gentle pioneer noodle cactus drama velvet hollow tunnel rescue fabric ocean mirror planet sorry zebra quiz'.split(' ');
const wordsFrom = (at: number) => Array.from({ length: 12 }, (_, index) => LIST[(at + index * 5) % LIST.length] ?? '');

const RIGHTS: EnvironmentRights[] = (
  [['api-dev', 'api/development', 'write'], ['api-prod', 'api/production', 'read'], ['api-staging', 'api/staging', 'write'],
    ['billing-dev', 'billing/development', 'write'], ['mobile-dev', 'mobile/development', null], ['web-dev', 'web/development', 'write']] as const
).map(([id, name, level]) => ({ id, name, level, generation: 2, stale: false, orphaned: false }));

export function makeApplicant(me = false): Team['waiting'][number] {
  return { member: 'm-new', me, computer: 'beefcafe00', words: wordsFrom(4), invite: 'i2', by: 'Mara Lind', role: 'member', access: [{ environment: 'api/development', level: 'write' }] };
}

function makeSafety(): Safety {
  const computers: [computer: string, name: string, compared: Safety['computers'][number]['compared']][] = [
    ['4f0c9a71be', 'Mara Lind', null], ['a93be0c412', 'Ada Okafor', { verdict: 'match', at: NOW - 12 * DAY }], ['17dd80e5f3', 'Ada Okafor', null],
    ['5ab101ff02', 'Chidi Eze', { verdict: 'match', at: NOW - 30 * DAY }], ['99e1c3d470', 'Ben Weiss', null],
  ];
  const seen = (name: string, at: number, environments: [string, number][]) => ({
    member: `m-${name}`, name, words: wordsFrom(at), log: 41, environments: environments.map(([environment, number]) => ({ environment, number })),
  });
  return {
    with: [
      seen('Ada Okafor', 3, [['api/development', 41], ['api/staging', 12], ['api/production', 23], ['billing/development', 7]]),
      seen('Ben Weiss', 9, []), seen('Chidi Eze', 6, [['api/development', 41]]),
    ],
    computers: computers.map(([computer, name, compared], at) => ({ computer, member: `m-${name}`, name, this: at === 0, words: wordsFrom(at), compared })),
  };
}

function makeActivity(): Statement[] {
  const rows: [by: string, what: string, environment: string | null, ago: number][] = [
    ['Ada Okafor', 'pushed 2 changes', 'api/production', 11 * MINUTE], ['Mara Lind', 'invited somebody as a member (invite 7b20c6ad)', null, 3 * 60 * MINUTE],
    ['Mara Lind', 'gave Chidi Eze write access to api/development', null, 5 * 60 * MINUTE], ['Mara Lind', 'sealed everything anew under new keys', 'api/development', 2 * DAY],
    ['Mara Lind', 'renewed the keys of api/development (generation 3)', null, 2 * DAY], ['Mara Lind', 'removed Yuki Tan from the team', null, 2 * DAY],
    ['Chidi Eze', 'imported a file: 14 changes', 'api/development', 30 * DAY], ['Chidi Eze', 'joined by the invite 51f08c2e', null, 30 * DAY],
    ['Mara Lind', 'founded the team', null, 90 * DAY],
  ];
  return rows.map(([by, what, environment, ago], at) => ({ by, what, environment, number: rows.length - at, at: NOW - ago, hash: `${(at * 2654435761 + 305419896).toString(16)}c0ffee00` }));
}

const READINGS: Variable['readings'] = [
  { loaders: ['node', 'next', 'docker', 'python'], outcome: 'value' },
  { loaders: ['compose', 'ruby', 'php', 'symfony', 'go'], outcome: 'value' },
  { loaders: ['sh', 'bash'], outcome: 'needs-command' },
  { loaders: ['systemd'], outcome: 'nothing' },
];

function makeVariables(): Variable[] {
  const rows: [name: string, by: string, ago: number, marks?: Partial<Variable>][] = [
    ['DATABASE_URL', 'Mara Lind', 4 * MINUTE], ['REDIS_URL', 'Chidi Eze', 61 * MINUTE], ['SESSION_SECRET', 'Ada Okafor', 9 * DAY],
    ['STRIPE_KEY', 'Ada Okafor', 11 * MINUTE], ['STRIPE_WEBHOOK_SECRET', 'Ben Weiss', 49 * DAY, { placeholder: true }], ['SMTP_HOST', 'Chidi Eze', 49 * DAY],
    ['SMTP_PASSWORD', 'Chidi Eze', 49 * DAY, { readings: READINGS }], ['S3_BUCKET', 'Ada Okafor', 60 * DAY], ['S3_SECRET_KEY', 'Ada Okafor', 9 * DAY],
    ['FEATURE_FLAGS', 'Ben Weiss', 60 * DAY, { empty: true }], ['LOG_LEVEL', 'Mara Lind', 73 * DAY, { duplicate: true }],
    ['NODE_OPTIONS', 'Ben Weiss', 73 * DAY, { danger: 'Node runs what NODE_OPTIONS tells it to load, in every program that it starts.' }], ['LEGACY_TOKEN', 'Ben Weiss', 200 * DAY, { damaged: true }], ['DEBUG_SQL', 'Mara Lind', 80 * DAY],
  ];
  return rows.map(([name, by, ago, marks]) => ({
    entry: `e-${name}`, name, by, at: NOW - ago, revision: 41, empty: false, duplicate: false, damaged: false, placeholder: false, danger: null, readings: [], ...marks,
  }));
}

export function makeChange(key: number, name: string | null, kind: Change['kind'], by: string | null = null, ago = 0): Change {
  return { key, name, kind, by, at: by === null ? null : NOW - ago, danger: null };
}

function makeInvite(id: string, by: string): Team['invites'][number] {
  return {
    id, role: 'member', by, expiresAt: NOW + 21 * 60 * MINUTE, approve: true,
    access: [{ environment: 'api/development', level: 'write' }, { environment: 'api/staging', level: 'read' }],
  };
}

function makeService(): Service {
  return {
    id: 's1', name: 'deploy-ci', by: 'Ada Okafor', expiresAt: NOW + 85 * DAY,
    access: [{ environment: 'api/production', level: 'read' }, { environment: 'web/production', level: 'read' }],
  };
}

export function makeItem(environment: string, name: string | null, state: Checklist['items'][number]['state'] = 'open'): Checklist['items'][number] {
  return { environment, name, state };
}

export function makeMember(name: string, role: Member['role'], access: Member['access'], computers: Member['computers'], me = false): Member {
  return { id: `m-${name}`, name, role, access, computers, me };
}

function makeWorld(): World {
  const everywhere = ['api/development', 'api/staging', 'api/production', 'billing/development', 'web/development']
    .map((environment) => ({ environment, level: 'write' as const }));
  const api = makeProject('api', [
    makeEnvironment('api-dev', 'development', { files: [makeFile({ state: 'conflict', conflicts: 1, here: 4, there: 1 })] }),
    makeEnvironment('api-staging', 'staging'),
    makeEnvironment('api-prod', 'production', { level: 'read' }),
  ]);
  return {
    overview: {
      team: { name: 'Saltmarsh', me: 'Mara Lind', vault: 'server', refusal: null },
      projects: [
        api,
        makeProject('billing', [makeEnvironment('billing-dev', 'development', { files: [makeFile({ id: 'f2', path: '~/code/saltmarsh/billing/.env', here: 1, state: 'here' })] })]),
        makeProject('mobile', [makeEnvironment('mobile-dev', 'development')]),
        makeProject('worker', [makeEnvironment('worker-dev', 'development', { files: [makeFile({ id: 'f3', path: '~/code/saltmarsh/worker/.env', there: 2, state: 'there' })] })]),
      ],
      connection: 'online',
    },
    team: {
      name: 'Saltmarsh', address: 'https://vault.saltmarsh.dev', vault: 'server', namesMissing: false, waiting: [],
      members: [
        makeMember('Mara Lind', 'owner', everywhere, [{ id: '4f0c9a71be', this: true }], true),
        makeMember('Ada Okafor', 'admin', [
          { environment: 'api/development', level: 'write' }, { environment: 'api/staging', level: 'write' },
          { environment: 'api/production', level: 'read' }, { environment: 'billing/development', level: 'names' },
        ], [{ id: 'a93be0c412', this: false }, { id: '17dd80e5f3', this: false }]),
        makeMember('Chidi Eze', 'member', [{ environment: 'api/development', level: 'write' }], [{ id: '5ab101ff02', this: false }]),
        makeMember('Ben Weiss', 'member', [], [{ id: '99e1c3d470', this: false }]),
      ],
      invites: [makeInvite('i1', 'Mara Lind')],
    },
    variables: { 'api-dev': makeVariables(), 'api-prod': makeVariables().slice(0, 6), 'billing-dev': makeVariables().slice(0, 4) },
    changes: {
      f1: makeChanges({
        conflicts: [makeChange(3, 'STRIPE_KEY', 'changed', 'Ada', 11 * MINUTE)],
        here: [makeChange(0, 'DATABASE_URL', 'changed'), makeChange(7, 'SENTRY_DSN', 'new'), makeChange(12, 'LEGACY_TOKEN', 'removed'), makeChange(14, null, 'comment')],
        there: [makeChange(1, 'REDIS_URL', 'changed', 'Chidi', 61 * MINUTE)],
      }),
    },
    values: { 'e-SMTP_PASSWORD': 'k9$tide-84', 'e-DATABASE_URL': 'postgres://api:tide@db-1.internal:5432/api', 'e-S3_BUCKET': 'saltmarsh-api' },
    loaders: [
      { dialect: 'node', standsFor: 'npm dotenv' }, { dialect: 'next', standsFor: 'Next.js' }, { dialect: 'python', standsFor: 'python-dotenv' },
      { dialect: 'compose', standsFor: 'Docker Compose, env_file' },
    ],
    readings: { 'e-SMTP_PASSWORD': ['k9$tide-84', 'k9-84', null, null] },
    differences: {
      0: {
        before: [{ text: 'postgres://api:tide@db-', differs: false }, { text: '1', differs: true }, { text: '.internal:5432/api', differs: false }],
        after: [{ text: 'postgres://api:tide@db-', differs: false }, { text: '2', differs: true }, { text: '.internal:5432/api', differs: false }, { text: '_dev', differs: true }],
      },
      3: {
        before: [{ text: 'sk_test_salt_', differs: false }, { text: '7Qm2', differs: true }, { text: '_north', differs: false }],
        after: [{ text: 'sk_test_salt_', differs: false }, { text: 'x81f', differs: true }, { text: '_north', differs: false }, { text: '_2', differs: true }],
      },
    },
    preview: {
      offer: 'offer-1', path: '/home/mara/code/saltmarsh/reports/.env.production', project: 'reports', environment: 'production',
      variables: ['DATABASE_URL', 'SENTRY_DSN', 'STRIPE_WEBHOOK_SECRET', 'CDN_ORIGIN', 'LOG_LEVEL', 'FEATURE_FLAGS']
        .map((name) => ({ name, empty: name === 'FEATURE_FLAGS', duplicate: name === 'LOG_LEVEL' })),
      proseLines: 12,
      problems: [
        { line: 12, what: 'MAIL_FROM opens a quote that is never closed. The line is kept as it is.' },
        { line: 19, what: 'LOG_LEVEL is already on line 7. Loaders take the last one.' },
      ],
    },
    invite: 'twinlock:join#AZq0vNw7kq3kXhPz8Ft2Yc9mLw1sB6aJ4uRgDe5oTnVbKxQyHsWfMpZiCjElGrUAoXtYdNvSkBqPhLmWzRfJc',
    safety: makeSafety(),
    removal: {
      member: 'm-Ben Weiss', name: 'Ben Weiss', me: false,
      falls: {
        computers: ['99e1c3d470'], kits: ['d0a7b3c9e1'], invites: [makeInvite('7b20c6ad55', 'Ben Weiss')], services: [],
        environments: [
          { environment: 'api/development', here: true, values: 9 }, { environment: 'api/production', here: false, values: 5 },
          { environment: 'billing/development', here: true, values: 0 },
        ],
      },
    },
    roleFalls: {
      computers: [], kits: [], invites: [makeInvite('7b20c6ad55', 'Ada Okafor')], services: [makeService()],
      environments: [{ environment: 'api/production', here: true, values: 5 }],
    },
    removed: {
      member: 'm-Ben Weiss', name: 'Ben Weiss', closed: 1,
      keys: { renewed: ['api/development', 'billing/development'], waiting: [{ environment: 'api/production', why: 'The next push of somebody with write access renews them first.' }] },
    },
    couldRead: [
      ...['STRIPE_KEY', 'DATABASE_URL', 'REDIS_URL', 'SMTP_PASSWORD', 'SESSION_SECRET', 'S3_SECRET_KEY', 'SENTRY_DSN', 'LOG_DRAIN_TOKEN', 'LOG_LEVEL'].map((name) => makeItem('api/development', name)),
      ...['STRIPE_KEY', 'DATABASE_URL', 'S3_SECRET_KEY', 'SMTP_PASSWORD', 'SESSION_SECRET'].map((name) => makeItem('api/production', name)),
    ],
    checklists: [],
    computers: [{ id: '4f0c9a71be', kind: 'computer', this: true }, { id: '77c0de99aa', kind: 'computer', this: false }, { id: 'c1c2d3e4f5', kind: 'recovery-kit', this: false }],
    lost: { kept: 9, earlier: ['STRIPE_KEY', 'DATABASE_URL'], gone: ['SENTRY_DSN'], goneUnnamed: 1 },
    services: [makeService()],
    activity: makeActivity(),
    kitLine: 'twinlock:kit#Zq0vNw7kq3kXhPz8Ft2Yc9mLw1sB6aJ4uRgDe5oTnVbKxQyHsWfMpZ',
    kitWords: KIT,
    computerLink: 'twinlock:computer#AZq0vNw7kq3kXhPz8Ft2Yc9mLw1sB6aJ4uRgDe5oTnVbKxQyHsWfMpZiCjElGrUAoXtYd',
    knocking: [],
    token: 'twinlock:service#Bk3vQz9sL0wXc7Yh2NfRt5PmJd8GaEoUiVxTbKqWyHsZlCnMrFgSpA',
    destination: null,
    written: 14,
    locked: null,
    failing: {},
    slow: new Set(),
    hanging: new Set(),
  };
}
