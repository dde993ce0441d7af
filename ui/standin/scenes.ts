// Every screen and state of the window, by name: what tests look at and pictures are taken of.
import type { CommandError } from '../src/ipc';
import type { App } from '../src/state/app.svelte';
import { makeFile, standIn, type StandIn, type World } from './program';

export interface Scene {
  program: () => StandIn;
  place?: App['place'];
  /** What a person does once it is there: names of buttons, pressed in this order. */
  press?: readonly string[];
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
const failure = (code: CommandError['code'], message: string): CommandError => ({ code, message });
const at = (environment: string, view: 'variables' | 'changes'): App['place'] => ({ at: 'projects', environment, view });

export const scenes: Record<string, Scene> = {
  welcome: scene('Keep your .env files in step', noTeam),
  start: scene('Name of the team', noTeam, { press: ['Start a team on this computer'] }),
  connect: scene('Setup code', noTeam, { press: ['Connect to a vault'] }),
  join: scene('Invite link', noTeam, { press: ['Join with an invite link'] }),
  locked: scene('Twinlock is locked', (world) => {
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
  'changes-revealed': scene('_dev', undefined, { place: at('api-dev', 'changes'), press: ['Reveal DATABASE_URL'] }),
  'conflict-revealed': scene('7Qm2', undefined, { place: at('api-dev', 'changes'), press: ['Reveal both values of STRIPE_KEY', 'Edit a third value'] }),
  'in-step': scene('There is nothing to do', firstFile({}), { place: at('api-dev', 'changes') }),
  emptied: scene('Write the file again', firstFile({
    state: 'emptied', problem: 'api/.env is empty now. Twinlock did not take that as “remove 14 variables”.', git: 'would-be-committed',
  }), { place: at('api-dev', 'changes') }),
  offline: scene('The vault cannot be reached. Go on', (world) => { world.overview.connection = 'offline'; }, { place: at('api-dev', 'variables') }),
  'push-failed': scene('You can read', (world) => {
    world.failing.push = failure('failed', 'You can read api/development but not change it. Somebody with write access can give you write access. Nothing was changed.');
  }, { place: at('api-dev', 'changes'), press: ['Push 4 changes'] }),
  pushing: scene('Pushing…', (world) => { world.hanging.add('push'); }, { place: at('api-dev', 'changes'), press: ['Push 4 changes'] }),
  refused: scene('Twinlock refused what the vault sent', (world) => {
    const environment = world.overview.projects[0]?.environments[2];
    if (environment) {
      environment.refusal = {
        code: 'older-head',
        whatHappened: 'The vault offered an older state of api/production as if it were the newest.',
        keptSafe: 'Your file is untouched. Nothing the vault sent was used.',
        whatToDo: 'Ask whoever runs the vault whether it was restored from a backup today. If it was not, treat the vault as hostile.',
      };
    }
  }, { place: at('api-prod', 'variables') }),
  trouble: scene('not watched', undefined, { moved: { what: 'trouble', sentence: 'Linked files are not watched at the moment. The system’s limit of watches is reached.' } }),
  team: scene('Ada Okafor', undefined, { place: { at: 'team' }, press: ['Open Ada Okafor'] }),
  'team-here': scene('Nobody else can reach it', embedded, { place: { at: 'team' } }),
  invite: scene('Make an invite link', undefined, { place: { at: 'team' }, press: ['Invite'] }),
  'invite-link': scene('Copy the link', undefined, { place: { at: 'team' }, press: ['Invite', 'Make an invite link'] }),
  'invite-here': scene('A vault server is needed', embedded, { place: { at: 'team' }, press: ['Invite'] }),
  import: scene('2 lines need a look', undefined, { moved: { what: 'offered', offer: 'offer-1' } }),
  'import-known': scene('is there already', (world) => { Object.assign(world.preview, { project: 'api', environment: 'production', problems: [] }); }, { moved: { what: 'offered', offer: 'offer-1' } }),
  'import-failed': scene('is not text', (world) => {
    world.failing.previewOffer = failure('failed', '~/Pictures/sea.png: this is not text in UTF-8. It was left alone.');
  }, { moved: { what: 'offered', offer: 'offer-1' } }),
};
