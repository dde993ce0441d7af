// Every screen and state of the window, by name: what tests look at and pictures are taken of.
import type { CommandError } from '../src/ipc';
import type { App } from '../src/state/app.svelte';
import { makeApplicant, makeChange, makeChanges, makeFile, makeItem, makeRefusal, standIn, type StandIn, type World } from './program';

export interface Scene {
  program: () => StandIn;
  place?: App['place'];
  /** What a person types first: by the names of fields. */
  fill?: Readonly<Record<string, string>>;
  /** What a person does once it is there: names of buttons, pressed in this order. */
  press?: readonly string[];
  /** Which of several choices a person takes then. */
  choose?: readonly string[];
  /** What the program says moved. */
  moved?: Parameters<StandIn['move']>[0];
  /** Text that is there when the scene is ready. */
  ready: string;
}

const scene = (ready: string, change?: (world: World) => void, more: Partial<Scene> = {}): Scene => ({ ready, program: () => standIn(change), ...more });
const noTeam = (world: World) => { world.overview = { team: null, projects: [], connection: 'no-vault' }; };
const firstFile = (change: Parameters<typeof makeFile>[0]) => (world: World) => {
  const environment = world.overview.projects[0]?.environments[0];
  if (environment) environment.files = [makeFile(change)];
  world.changes = {};
};
const embedded = (world: World) => {
  world.team = { ...world.team, vault: 'this-computer', address: 'local', invites: [], members: world.team.members.slice(0, 1) };
  if (world.overview.team) world.overview.team.vault = 'this-computer';
};
const refusedTeam = (world: World) => {
  const refusal = makeRefusal({ team: true, code: 'fork', whatHappened: 'The vault offered another history of Saltmarsh than before.', found: 'another history at 41' });
  if (world.overview.team) world.overview.team.refusal = refusal;
  for (const project of world.overview.projects) for (const environment of project.environments) environment.refusal = refusal;
};
const asMember = (world: World) => {
  world.team = { ...world.team, members: world.team.members.map((member) => (member.me ? { ...member, role: 'member' } : member.role === 'admin' ? { ...member, role: 'owner' } : member)) };
};
const checklist = (world: World) => {
  world.checklists = [{
    member: 'm-Yuki', name: 'Yuki Tan', items: [
      makeItem('api/development', 'DATABASE_URL', 'done'), makeItem('api/development', 'SESSION_SECRET'),
      makeItem('api/production', 'STRIPE_KEY', 'changed'), makeItem('api/production', 'DATABASE_URL'), makeItem('web/staging', null),
    ],
  }];
};
const DANGER = 'NODE_OPTIONS is more than a setting: it loads code into every Node program that sees it.';
const dangers = (pull: 'ask' | 'auto') => (world: World) => {
  const file = makeFile({ there: 2, state: 'there', pull, push: pull, dangers: [DANGER] });
  const environment = world.overview.projects[0]?.environments[0];
  if (environment) environment.files = [file];
  world.changes = { f1: makeChanges({ there: [makeChange(1, 'REDIS_URL', 'changed', 'Chidi', 61 * 60_000), { ...makeChange(4, 'NODE_OPTIONS', 'new', 'Ben', 9 * 60_000), danger: DANGER }] }) };
};
const keysMissing = (world: World) => {
  const environment = world.overview.projects[0]?.environments[0];
  if (!environment) return;
  Object.assign(environment, { keysMissing: true, files: [makeFile({ state: 'unreadable', problem: MISSING })] });
  world.failing.variables = failure('keys-missing', MISSING);
  world.failing.changes = failure('keys-missing', MISSING);
};
const MISSING = 'The keys of api/development have not reached this computer yet. They come when a teammate who has them is online; nothing was changed.';
const team: App['place'] = { at: 'team' };
const failure = (code: CommandError['code'], message: string): CommandError => ({ code, message });
const at = (environment: string, view: 'variables' | 'changes'): App['place'] => ({ at: 'projects', environment, view });

export const scenes: Record<string, Scene> = {
  welcome: scene('Keep your .env files in step', noTeam),
  start: scene('Name of the team', noTeam, { press: ['Start a team on this computer'] }),
  connect: scene('Setup code', noTeam, { press: ['Connect to a vault'] }),
  join: scene('Invite link', noTeam, { press: ['Join with an invite link'] }),
  restore: scene('Words of the kit', noTeam, { press: ['Restore from a recovery kit'] }),
  'add-this': scene('Link of the other computer', noTeam, { press: ['Add this computer to my team'] }),
  locked: scene('Twinlock is locked', (world) => { world.locked = 'press'; }),
  'locked-passphrase': scene('Passphrase', (world) => { world.locked = 'passphrase'; }),
  'locked-wrong': scene('does not open', (world) => {
    world.locked = 'passphrase';
    world.failing.unlock = failure('locked', 'The passphrase does not open the keychain file. Nothing was changed; try again.');
  }, { fill: { Passphrase: 'wrong horse' }, press: ['Unlock'] }),
  'locked-new': scene('Choose a passphrase', (world) => {
    world.locked = 'new-passphrase';
  }),
  'keychain-locked': scene('was never set up', (world) => {
    world.failing.overview = failure('locked', 'The keychain is locked, or was never set up. Unlock it and try again; nothing was changed.');
  }),
  broken: scene('Twinlock could not open', (world) => {
    world.failing.overview = failure('failed', 'The Twinlock folder cannot be read: permission denied. Nothing was changed.');
  }),
  nothing: scene('Drop a .env file here', (world) => { world.overview.projects = []; }),
  hovering: scene('Drop to see what is in it', undefined, { moved: { what: 'hover', over: true } }),
  variables: scene('DATABASE_URL', undefined, { place: at('api-dev', 'variables') }),
  revealed: scene('k9$tide-84', undefined, { place: at('api-dev', 'variables'), press: ['Reveal SMTP_PASSWORD'] }),
  'reads-differently': scene('Loaders read SMTP_PASSWORD differently', undefined, { place: at('api-dev', 'variables'), press: ['reads differently: SMTP_PASSWORD', 'dangerous name: NODE_OPTIONS'] }),
  unlinked: scene('No file on this computer is linked', undefined, { place: at('api-prod', 'variables') }),
  'environment-empty': scene('Drop a .env file here', undefined, { place: at('api-staging', 'variables') }),
  changes: scene('4 to push', undefined, { place: at('api-dev', 'changes') }),
  copied: scene('SMTP_PASSWORD copied', undefined, { place: at('api-dev', 'variables'), press: ['Copy SMTP_PASSWORD'] }),
  'changes-copied': scene('DATABASE_URL copied', undefined, { place: at('api-dev', 'changes'), press: ['Copy DATABASE_URL'] }),
  'changes-revealed': scene('_dev', undefined, { place: at('api-dev', 'changes'), press: ['Reveal DATABASE_URL'] }),
  'conflict-revealed': scene('7Qm2', undefined, { place: at('api-dev', 'changes'), press: ['Reveal both values of STRIPE_KEY', 'Edit a third value'] }),
  dangers: scene('before you pull', dangers('ask'), { place: at('api-dev', 'changes') }),
  'dangers-variables': scene('is not taken by itself', dangers('auto'), { place: at('api-dev', 'variables') }),
  'in-step': scene('There is nothing to do', firstFile({}), { place: at('api-dev', 'changes') }),
  emptied: scene('Write the file again', firstFile({
    state: 'emptied', problem: 'api/.env is empty now. Twinlock did not take that as “remove 14 variables”.', git: 'would-be-committed',
  }), { place: at('api-dev', 'changes') }),
  'keys-missing': scene('Nobody has them', keysMissing, { place: at('api-dev', 'variables') }),
  'keys-missing-reader': scene('are not on this computer', (world) => {
    keysMissing(world);
    for (const project of world.overview.projects) for (const environment of project.environments) environment.level = 'read';
  }, { place: at('api-dev', 'variables') }),
  'keys-lost': scene('Back to what they were', keysMissing, { place: at('api-dev', 'variables'), press: ['Nobody has them'] }),
  'keys-found': scene('Nothing has to be given up', (world) => { keysMissing(world); world.lost = { kept: 14, earlier: [], gone: [], goneUnnamed: 0 }; }, { place: at('api-dev', 'variables'), press: ['Nobody has them'] }),
  'names-missing': scene('do not open on this computer', (world) => { world.team.namesMissing = true; }, { place: { at: 'team' } }),
  'names-lost': scene('gets a stand-in', (world) => {
    world.team.namesMissing = true;
    world.lost = { kept: 11, earlier: ['staging'], gone: [], goneUnnamed: 1 };
  }, { place: { at: 'team' }, press: ['Nobody has it'] }),
  offline: scene('The vault cannot be reached. Go on', (world) => { world.overview.connection = 'offline'; }, { place: at('api-dev', 'variables') }),
  'push-failed': scene('You can read', (world) => {
    world.failing.push = failure('failed', 'You can read api/development but not change it. Somebody with write access can give you write access. Nothing was changed.');
  }, { place: at('api-dev', 'changes'), press: ['Push 4 changes'] }),
  pushing: scene('Pushing…', (world) => { world.hanging.add('push'); }, { place: at('api-dev', 'changes'), press: ['Push 4 changes'] }),
  refused: scene('Twinlock refused what the vault sent', (world) => {
    const environment = world.overview.projects[0]?.environments[2];
    if (environment) environment.refusal = makeRefusal();
  }, { place: at('api-prod', 'variables') }),
  trouble: scene('not watched', undefined, { moved: { what: 'trouble', sentence: 'Linked files are not watched at the moment. The system’s limit of watches is reached.' } }),
  'refused-verified': scene('What this computer holds verifies', (world) => {
    const environment = world.overview.projects[0]?.environments[2];
    if (environment) environment.refusal = makeRefusal();
    world.failing.syncNow = failure('refused', 'Twinlock refused what the vault sent.');
  }, { place: at('api-prod', 'variables'), press: ['Verify everything from the start', 'Save what was served', 'Ask the vault again'] }),
  'refused-team': scene('Everything of this team waits', refusedTeam, { place: team }),
  team: scene('words not compared yet', undefined, { place: team, press: ['Open Ada Okafor', 'Compare words of 17dd80e5'] }),
  'team-menu': scene('Change role…', undefined, { place: team, press: ['What to do with Ben Weiss'] }),
  'team-member': scene('You are a member', asMember, { place: team, press: ['Open Ada Okafor'] }),
  'team-differ': scene('This is not Ada Okafor’s computer', undefined, { place: team, press: ['Open Ada Okafor', 'Compare words of 17dd80e5', 'They differ'] }),
  'team-here': scene('Nobody else can reach it', embedded, { place: team }),
  compare: scene('They stand for', undefined, { place: team, press: ['Compare what you see'] }),
  'compare-differ': scene('Look again on both computers', undefined, { place: team, press: ['Compare what you see', 'They differ'] }),
  'compare-refused': scene('refused what the vault sent', (world) => {
    world.failing.safetyWords = failure('refused', 'Twinlock refused what the vault sent. The vault offered an older state of Saltmarsh as if it were the newest.');
  }, { place: team, press: ['Compare what you see'] }),
  role: scene('also invites, removes', undefined, { place: team, press: ['What to do with Ben Weiss', 'Change role'] }),
  'role-lower': scene('is closed', undefined, { place: team, press: ['What to do with Ada Okafor', 'Change role'], choose: ['member'] }),
  access: scene('not yours to share', undefined, { place: team, press: ['Open Ada Okafor', 'Change access of Ada Okafor'] }),
  remove: scene('could read 14 values', undefined, { place: team, press: ['What to do with Ben Weiss', 'Remove Ben Weiss…'] }),
  'remove-failed': scene('The vault cannot be reached', (world) => {
    world.failing.removeMember = failure('unreachable', 'The vault cannot be reached. Nothing was changed.');
  }, { place: team, press: ['What to do with Ben Weiss', 'Remove Ben Weiss…', 'Remove Ben Weiss'] }),
  removed: scene('Production first', undefined, { place: team, press: ['What to do with Ben Weiss', 'Remove Ben Weiss…', 'Remove Ben Weiss'] }),
  'removed-nothing': scene('There is nothing to change', (world) => {
    Object.assign(world, { removed: { ...world.removed, closed: 0, keys: { renewed: [], waiting: [] } }, couldRead: [] });
  }, { place: team, press: ['What to do with Ben Weiss', 'Remove Ben Weiss…', 'Remove Ben Weiss'] }),
  'removed-later': scene('another value since', checklist, { place: { at: 'removed', member: 'm-Yuki' } }),
  'removed-all': scene('Put the list away', (world) => {
    world.checklists = [{ member: 'm-Yuki', name: 'Yuki Tan', items: [makeItem('api/production', 'STRIPE_KEY', 'changed'), makeItem('api/development', 'SMTP_PASSWORD', 'done')] }];
  }, { place: { at: 'removed', member: 'm-Yuki' } }),
  'team-lists': scene('Values to change after removing Yuki Tan', checklist, { place: team }),
  service: scene('The team sees it', undefined, { place: team, press: ['New token'] }),
  'services-none': scene('No program reads', (world) => { world.services = []; }, { place: team }),
  waiting: scene('waits to be let in', (world) => { world.team.waiting = [makeApplicant()]; }, { place: team }),
  'waiting-me': scene('Read them to an admin', (world) => { asMember(world); world.team.waiting = [makeApplicant(true)]; }, { place: team }),
  kit: scene('They are shown once', undefined, { place: { at: 'settings' }, press: ['Make a recovery kit'] }),
  'kit-prove': scene('Read them off your paper', undefined, { place: { at: 'settings' }, press: ['Make a recovery kit', 'I have written them down'] }),
  'add-computer': scene('Waiting for the other computer', undefined, { place: { at: 'settings' }, press: ['Add a computer'] }),
  'add-knock': scene('Both show these words', (world) => { world.knocking = [{ id: 'beefcafe00', words: world.safety.computers[2]?.words ?? [] }]; }, { place: { at: 'settings' }, press: ['Add a computer'] }),
  activity: scene('founded the team', undefined, { place: { at: 'activity' } }),
  'activity-verified': scene('Everything verifies', undefined, { place: { at: 'activity' }, press: ['Verify from the start'] }),
  'activity-damaged': scene('is damaged', (world) => {
    world.failing.verifyActivity = failure('failed', 'The Twinlock folder is damaged at statements. Nothing was changed.');
  }, { place: { at: 'activity' }, press: ['Verify from the start'] }),
  'activity-empty': scene('Nothing was signed yet', (world) => { world.activity = []; }, { place: { at: 'activity' } }),
  settings: scene('never change', undefined, { place: { at: 'settings' } }),
  'settings-alone': scene('your only computer', (world) => { world.computers = world.computers.slice(0, 1); }, { place: { at: 'settings' } }),
  revoke: scene('It cannot be taken back', undefined, { place: { at: 'settings' }, press: ['Revoke the computer 77c0de99'] }),
  invite: scene('Make an invite link', undefined, { place: team, press: ['Invite'] }),
  'invite-link': scene('Copy the link', undefined, { place: team, press: ['Invite', 'Make an invite link'] }),
  'invite-shown': scene('Hide link and QR code', undefined, { place: team, press: ['Invite', 'Make an invite link', 'Copy the link', 'Show link and QR code'] }),
  'invite-here': scene('A vault server is needed', embedded, { place: team, press: ['Invite'] }),
  import: scene('2 lines need a look', undefined, { moved: { what: 'offered', offer: 'offer-1' } }),
  'import-known': scene('is there already', (world) => { Object.assign(world.preview, { project: 'api', environment: 'production', problems: [] }); }, { moved: { what: 'offered', offer: 'offer-1' } }),
  'import-failed': scene('is not text', (world) => {
    world.failing.previewOffer = failure('failed', '~/Pictures/sea.png: this is not text in UTF-8. It was left alone.');
  }, { moved: { what: 'offered', offer: 'offer-1' } }),
};
