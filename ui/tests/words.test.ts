// Pure words: times, initials, standings; and that every icon that can be named is there.
import { expect, test } from 'vitest';
import icons from '../src/parts/icons.svg?raw';
import sprite from '../src/parts/sprite.ts?raw';
import { either, may } from '../src/state/rights';
import { ago, initials, moment, shortly, until } from '../src/state/time';
import { modesOf, standingOf } from '../src/state/standing';
import { makeFile, makeMember, makeRefusal } from '../standin/program';

const now = Date.UTC(2026, 10, 21, 12);
const minutes = (count: number) => count * 60_000;

test.each([
  [now + minutes(5), 'now', 'just now'],
  [now - minutes(4), '4 min', '4 min ago'],
  [now - minutes(61), '1 h', '1 h ago'],
  [now - minutes(60 * 24 * 9), '12 Nov', 'on 12 Nov'],
  [now - minutes(60 * 24 * 400), '17 Oct 2025', 'on 17 Oct 2025'],
])('%i is %s', (at, short, sentence) => {
  expect([shortly(at, now), ago(at, now)]).toEqual([short, sentence]);
});

test('what is left', () => {
  expect([until(now + minutes(20), now), until(now + minutes(60 * 21), now), until(now + minutes(60 * 24 * 7), now)]).toEqual(['in 20 min', 'in 21 h', 'in 7 days']);
});

test.each([['Mara Lind', 'ML'], ['ada', 'AD'], ['Å', 'Å'], ['Ben van der Weiss', 'BW'], ['', '?']])('%s is %s', (name, letters) => {
  expect(initials(name)).toBe(letters);
});

test('the worst standing counts, and offline only where nothing waits', () => {
  const environment = (change: Parameters<typeof makeFile>[0]) => ({ id: 'e', name: 'e', level: 'write' as const, revision: 1, keysMissing: false, refusal: null, files: [makeFile(change)] });
  const state = (change: Parameters<typeof makeFile>[0], connection: 'online' | 'offline' = 'online') => standingOf([environment(change)], connection).state;
  expect(state({})).toBe('step');
  expect(state({}, 'offline')).toBe('offline');
  expect(state({ there: 1 }, 'offline')).toBe('there');
  expect(state({ there: 1, here: 1 })).toBe('here');
  expect(state({ there: 1, here: 1, conflicts: 1 })).toBe('conflict');
  const refusal = makeRefusal();
  expect(standingOf([{ ...environment({ conflicts: 1 }), refusal }], 'offline').state).toBe('refused');
  expect(standingOf([{ ...environment({}), keysMissing: true }], 'online').words).toBe('keys missing');
});

test('modes', () => {
  expect([modesOf(makeFile()), modesOf(makeFile({ push: 'auto', pull: 'auto' })), modesOf(makeFile({ pull: 'auto' }))]).toEqual([
    'Asks before push and pull', 'Pushes and pulls by itself', 'Asks before a push, pulls by itself',
  ]);
});

test('a moment to the minute', () => {
  const noon = new Date(2026, 10, 21, 12, 4).getTime();
  expect([moment(noon, noon + minutes(9)), moment(noon - minutes(60 * 24 * 9), noon), moment(noon - minutes(60 * 24 * 400), noon)]).toEqual([
    'today at 12:04', 'on 12 Nov at 12:04', 'on 17 Oct 2025 at 12:04',
  ]);
});

test('nobody is offered what the team’s rules would not let them do', () => {
  const member = (role: 'member' | 'admin' | 'owner', me = false) => makeMember(role, role, [], [], me);
  const can = (mine: 'member' | 'admin' | 'owner', theirs: 'member' | 'admin' | 'owner') => {
    const { remove, access, roles } = may(member(mine, true), member(theirs));
    return [remove, access, roles.join(' ')];
  };
  expect(can('member', 'member')).toEqual([false, false, '']);
  expect(can('admin', 'member')).toEqual([true, true, 'member admin']);
  expect(can('admin', 'owner')).toEqual([false, true, '']);
  expect(can('owner', 'owner')).toEqual([true, true, 'member admin owner']);
  const own = (role: 'member' | 'admin' | 'owner') => may(member(role, true), member(role, true));
  expect([own('member').roles, own('admin').roles, own('owner').remove]).toEqual([[], ['member', 'admin'], false]);
  expect([either(['Ada']), either(['Ada', 'Mara']), either([])]).toEqual(['Ada', 'Ada or Mara', 'an admin']);
});

test('every icon that can be named is in the drawing', () => {
  const named = [...(sprite.split('export type IconName')[1] ?? '').split(';')[0]?.matchAll(/'([a-z-]+)'/g) ?? []].map((match) => match[1]);
  const drawn = [...icons.matchAll(/<symbol id="([a-z-]+)"/g)].map((match) => match[1]);
  expect(drawn.toSorted()).toEqual([...named, 'mark'].toSorted());
});
