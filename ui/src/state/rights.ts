// Who may do what in a team, as far as the window has to know to offer it. The client judges. Pure.
import type { Member, Role } from '../ipc';

const RANK: Record<Role, number> = { member: 0, admin: 1, owner: 2 };
const ROLES: readonly Role[] = ['member', 'admin', 'owner'];

/** What a role is for, in a line. */
export const ROLE_WORDS: Record<Role, string> = {
  member: 'works with the environments shared with them',
  admin: 'also invites, removes, and shares what they can write to',
  owner: 'also changes the team’s settings and makes owners',
};

export interface May {
  remove: boolean;
  access: boolean;
  /** The roles that can be given; empty where the role stays. */
  roles: readonly Role[];
}

/** Nobody gives, takes or changes a role above their own; everybody may step down. */
export function may(me: Member | undefined, them: Member): May {
  const mine = me ? RANK[me.role] : -1;
  const reaches = mine >= RANK.admin && mine >= RANK[them.role];
  const roles = them.me ? ROLES.filter((role) => RANK[role] <= mine) : reaches ? ROLES.filter((role) => RANK[role] <= mine) : [];
  return { remove: reaches && !them.me, access: mine >= RANK.admin, roles: roles.length > 1 ? roles : [] };
}

export function isAdmin(member: Member | undefined): boolean {
  return member !== undefined && member.role !== 'member';
}

/** `Ada or Mara`. */
export function either(names: readonly string[]): string {
  return names.length < 2 ? (names[0] ?? 'an admin') : `${names.slice(0, -1).join(', ')} or ${names.at(-1) ?? ''}`;
}
