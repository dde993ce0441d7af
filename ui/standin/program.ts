// A stand-in for the program: the same typed functions over made-up data, for tests and pictures. Never in the window.
import type {
  Change, Changes, CommandError, Difference, Environment, Ipc, KnownLoader, LinkedFile, Member, Moved, Overview, Preview, Project, Team, Variable,
} from '../src/ipc';

/** The moment at which all of this is seen. */
export const NOW = Date.UTC(2026, 10, 21, 10, 40);
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
  destination: string | null;
  /** A command that fails, by its name. */
  failing: Partial<Record<keyof Ipc, CommandError>>;
  /** Commands that never answer. */
  hanging: Set<keyof Ipc>;
}

export interface StandIn extends Ipc {
  world: World;
  /** Every call that was made, with its arguments. */
  calls: [name: string, ...args: unknown[]][];
  move(moved: Moved): void;
}

/** A program over a world, which a test may change before and while it runs. */
export function standIn(change: (world: World) => void = () => undefined): StandIn {
  const world = makeWorld();
  change(world);
  const listeners = new Set<(moved: Moved) => void>();
  const calls: StandIn['calls'] = [];
  const answer = async <T>(name: keyof Ipc, args: unknown[], give: () => T): Promise<T> => {
    calls.push([name, ...args]);
    if (world.hanging.has(name)) return new Promise<T>(() => undefined);
    const failing = world.failing[name];
    if (failing) throw failing;
    return give();
  };
  const started = (name: string, me: string) => {
    world.overview = { ...world.overview, team: { name, me, vault: 'this-computer' }, projects: [], connection: 'online' };
    return world.team;
  };
  const outcome = (moved: number) => ({ moved, revision: 43, conflicts: [], waiting: 0 });
  return {
    world, calls,
    move: (moved) => { for (const tell of listeners) tell(moved); },
    onMoved: (tell) => { listeners.add(tell); return Promise.resolve(() => void listeners.delete(tell)); },
    overview: () => answer('overview', [], () => world.overview),
    startTeamHere: (team, member) => answer('startTeamHere', [team, member], () => started(team, member)),
    connectToVault: (...args) => answer('connectToVault', args, () => started(args[3], args[4])),
    joinTeam: (link, member) => answer('joinTeam', [link, member], () => started('Saltmarsh', member)),
    team: () => answer('team', [], () => world.team),
    invite: (role, access) => answer('invite', [role, access], () => ({ link: world.invite, expiresAt: NOW + DAY, access })),
    variables: (environment) => answer('variables', [environment], () => world.variables[environment] ?? []),
    reveal: (environment, entry) => answer('reveal', [environment, entry], () => ({ text: world.values[entry] ?? '', readings: world.readings[entry] ?? [] })),
    changes: (file) => answer('changes', [file], () => world.changes[file] ?? { conflicts: [], here: [], there: [] }),
    revealChange: (...args) => answer('revealChange', args, () => world.differences[args[1]] ?? { before: null, after: null }),
    push: (file, selection) => answer('push', [file, selection], () => {
      const of = world.changes[file];
      if (of) world.changes[file] = { ...of, here: [] };
      return outcome(of?.here.length ?? 0);
    }),
    pull: (file) => answer('pull', [file], () => {
      const of = world.changes[file];
      if (of) world.changes[file] = { ...of, there: [] };
      return outcome(of?.there.length ?? 0);
    }),
    resolve: (file, name, resolution) => answer('resolve', [file, name, resolution], () => {
      const of = world.changes[file];
      if (of) world.changes[file] = { ...of, conflicts: of.conflicts.filter((one) => one.name !== name) };
      return null;
    }),
    syncNow: () => answer('syncNow', [], () => null),
    unlink: (file) => answer('unlink', [file], () => null),
    loaders: () => answer('loaders', [], () => world.loaders),
    setLoader: (file, dialect) => answer('setLoader', [file, dialect], () => null),
    chooseFile: () => answer('chooseFile', [], () => world.preview.offer),
    linkNewFile: (...args) => answer('linkNewFile', args, () => outcome(14)),
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

export function makeFile(change: Partial<LinkedFile> = {}): LinkedFile {
  return {
    id: 'f1', path: '~/code/saltmarsh/api/.env', push: 'ask', pull: 'ask', here: 0, there: 0, conflicts: 0,
    state: 'in-step', problem: null, git: 'ignored', loader: { dialect: 'next', because: 'next is in package.json', set: false }, ...change,
  };
}

function makeEnvironment(id: string, name: string, change: Partial<Environment> = {}): Environment {
  return { id, name, level: 'write', revision: 41, refusal: null, files: [], ...change };
}

function makeProject(name: string, environments: Environment[]): Project {
  return { id: `p-${name}`, name, environments };
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

function makeChange(key: number, name: string | null, kind: Change['kind'], by: string | null = null, ago = 0): Change {
  return { key, name, kind, by, at: by === null ? null : NOW - ago };
}

function makeMember(name: string, role: Member['role'], access: Member['access'], computers: Member['computers'], me = false): Member {
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
      team: { name: 'Saltmarsh', me: 'Mara Lind', vault: 'server' },
      projects: [
        api,
        makeProject('billing', [makeEnvironment('billing-dev', 'development', { files: [makeFile({ id: 'f2', path: '~/code/saltmarsh/billing/.env', here: 1, state: 'here' })] })]),
        makeProject('mobile', [makeEnvironment('mobile-dev', 'development')]),
        makeProject('worker', [makeEnvironment('worker-dev', 'development', { files: [makeFile({ id: 'f3', path: '~/code/saltmarsh/worker/.env', there: 2, state: 'there' })] })]),
      ],
      connection: 'online',
    },
    team: {
      name: 'Saltmarsh', address: 'https://vault.saltmarsh.dev', vault: 'server',
      members: [
        makeMember('Mara Lind', 'owner', everywhere, [{ id: '4f0c9a71be', this: true }], true),
        makeMember('Ada Okafor', 'admin', [
          { environment: 'api/development', level: 'write' }, { environment: 'api/staging', level: 'write' },
          { environment: 'api/production', level: 'read' }, { environment: 'billing/development', level: 'names' },
        ], [{ id: 'a93be0c412', this: false }, { id: '17dd80e5f3', this: false }]),
        makeMember('Chidi Eze', 'member', [{ environment: 'api/development', level: 'write' }], [{ id: '5ab101ff02', this: false }]),
        makeMember('Ben Weiss', 'member', [], [{ id: '99e1c3d470', this: false }]),
      ],
      invites: [{ id: 'i1', role: 'member', by: 'Mara Lind', expiresAt: NOW + 21 * 60 * MINUTE }],
    },
    variables: { 'api-dev': makeVariables(), 'api-prod': makeVariables().slice(0, 6), 'billing-dev': makeVariables().slice(0, 4) },
    changes: {
      f1: {
        conflicts: [makeChange(3, 'STRIPE_KEY', 'changed', 'Ada', 11 * MINUTE)],
        here: [makeChange(0, 'DATABASE_URL', 'changed'), makeChange(7, 'SENTRY_DSN', 'new'), makeChange(12, 'LEGACY_TOKEN', 'removed'), makeChange(14, null, 'comment')],
        there: [makeChange(1, 'REDIS_URL', 'changed', 'Chidi', 61 * MINUTE)],
      },
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
    destination: null,
    failing: {},
    hanging: new Set(),
  };
}
