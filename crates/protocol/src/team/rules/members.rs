//! Members: joined, approved, promoted and demoted, removed.

use super::*;
use crate::event::{Grant, MemberApproved, MemberJoined, MemberRemoved, RoleChanged};
use crate::limits;

pub(super) fn join(
    team: &mut Team,
    author: KeyholderId,
    at: LogHead,
    joined: &MemberJoined,
) -> Result<(), Refusal> {
    check_new_keys(team, &joined.keys)?;
    let invite = team.open_invite(joined.invite)?;
    match (&joined.label, invite.approve) {
        (Some(label), false) => labels::check(team, label)?,
        (None, true) => {}
        (None, false) => return Err(malformed("whoever joins has a name")),
        (Some(_), true) => {
            return Err(malformed("whoever waits for approval has no key to seal a name with"));
        }
    }
    if team.present >= limits::MEMBERS {
        return Err(Refusal::Limit("a team has at most 1,000 members"));
    }
    let id = MemberId::new(at.hash.first_half());
    if team.members.contains_key(&id) {
        return Err(Refusal::IdTaken);
    }
    let invited_by = Some(team.member_of(invite.author)?);
    let (role, access, approve) = (invite.role, invite.access.clone(), invite.approve);
    let state = if approve { MemberState::Waiting { invite: joined.invite } } else { MemberState::Active };
    let member = Member {
        role,
        label: joined.label.clone(),
        since: at.sequence,
        invited_by,
        state,
        access: BTreeMap::new(),
        roles: Timeline::since(at.sequence, role),
        keyholders: BTreeSet::from([author]),
    };
    let_in(team, id, member);
    let computer = keyholders::new(joined.keys.clone(), KeyholderKind::Computer, id, at.sequence, None);
    team.keyholders.insert(author, computer);
    if approve {
        if let Some(invite) = team.invites.get_mut(&joined.invite) {
            invite.state = InviteState::Waiting { by: id };
        }
        return Ok(());
    }
    use_up(team, joined.invite, id, at.sequence);
    give(team, id, &access, at.sequence);
    // The invite knew these keys, and whoever else has the link knows them too: they are due for renewal.
    cascade::lose_keys(team, access.iter().map(|grant| grant.environment), at.sequence);
    team.name_key_due = true;
    Ok(())
}

/// Nobody had the keys before, so none is lost.
pub(super) fn approve(team: &mut Team, signer: &Signer, approved: &MemberApproved) -> Result<(), Refusal> {
    let id = approved.member;
    let member = team.members.get(&id).ok_or(Refusal::NoMember(id))?;
    let MemberState::Waiting { invite } = member.state else {
        return Err(Refusal::NoChange);
    };
    let access = team.invites.get(&invite).ok_or(Refusal::InviteNotOpen(invite))?.access.clone();
    let owner = member.role == Role::Owner;
    if let Some(member) = team.members.get_mut(&id) {
        member.state = MemberState::Active;
        member.roles = Timeline::since(signer.at.sequence, member.role);
    }
    if owner {
        team.owners.insert(id);
    }
    use_up(team, invite, id, signer.at.sequence);
    give(team, id, &access, signer.at.sequence);
    Ok(())
}

pub(super) fn change_role(
    team: &mut Team,
    signer: &Signer,
    changed: &RoleChanged,
    event: &Event,
) -> Result<(), Refusal> {
    let id = changed.member;
    let now = team.active_member(id)?.role;
    if changed.role == now {
        return Err(Refusal::NoChange);
    }
    if now == Role::Owner {
        check_other_owner(team, id)?;
    }
    let falls = consequences(team, signer.keyholder, event)?;
    keyholders::check_some_left(team, id, &falls)?;
    let role_after = if id == signer.member { changed.role } else { signer.role };
    let heads = cascade::check(team, signer, Some(role_after), &falls, &changed.heads)?;
    cascade::apply(team, signer, &falls, &heads);
    if cascade::ends_duties(now, changed.role) {
        // Whoever stays a writer pushes on, but by the rights of now: an older head does not make them an admin again.
        access::end(team, id, &heads, signer.at.sequence);
    }
    if let Some(member) = team.members.get_mut(&id) {
        member.role = changed.role;
        member.roles.set(signer.at.sequence, Some(changed.role));
    }
    if changed.role == Role::Owner {
        team.owners.insert(id);
    } else {
        team.owners.remove(&id);
    }
    Ok(())
}

pub(super) fn remove(
    team: &mut Team,
    signer: &Signer,
    removed: &MemberRemoved,
    event: &Event,
) -> Result<(), Refusal> {
    let id = removed.member;
    let member = team.members.get(&id).ok_or(Refusal::NoMember(id))?;
    if member.is_active() && member.role == Role::Owner {
        check_other_owner(team, id)?;
    }
    let falls = consequences(team, signer.keyholder, event)?;
    let stays = (id != signer.member).then_some(signer.role);
    let heads = cascade::check(team, signer, stays, &falls, &removed.heads)?;
    cascade::apply(team, signer, &falls, &heads);
    // Who waited went with the invite.
    if team.members.get(&id).is_some_and(Member::is_active) {
        leave(team, id, signer.at.sequence);
    }
    Ok(())
}

fn check_other_owner(team: &Team, id: MemberId) -> Result<(), Refusal> {
    if team.owners.len() > 1 || !team.owners.contains(&id) { Ok(()) } else { Err(Refusal::LastOwner(id)) }
}

/// Somebody is in the team, or waits to be.
pub(super) fn let_in(team: &mut Team, id: MemberId, member: Member) {
    if member.is_active() && member.role == Role::Owner {
        team.owners.insert(id);
    }
    team.present += 1;
    team.members.insert(id, member);
}

/// Somebody who waited for approval does not get it.
pub(super) fn turn_away(team: &mut Team, id: MemberId, sequence: u64) {
    for keyholder in team.members.get(&id).map(|member| member.keyholders.clone()).unwrap_or_default() {
        if let Some(held) = team.keyholders.get_mut(&keyholder) {
            held.revoked = Some(sequence);
        }
    }
    leave(team, id, sequence);
}

/// Somebody is not in the team any more; their keyholders are revoked already.
fn leave(team: &mut Team, id: MemberId, sequence: u64) {
    let written: Vec<_> = team.access_of(id).map(|(environment, _)| environment).collect();
    for environment in written {
        if let Some(known) = team.environments.get_mut(&environment) {
            known.writers.remove(&id);
        }
    }
    let Some(member) = team.members.get_mut(&id) else { return };
    member.state = MemberState::Removed { at: sequence };
    member.keyholders.clear();
    member.roles.set(sequence, None);
    for levels in member.access.values_mut() {
        levels.set(sequence, None);
    }
    team.owners.remove(&id);
    team.present = team.present.saturating_sub(1);
}

fn use_up(team: &mut Team, invite: KeyholderId, by: MemberId, at: u64) {
    cascade::detach(team, Issued::Invite(invite));
    if let Some(invite) = team.invites.get_mut(&invite) {
        invite.state = InviteState::Used { by, at };
    }
}

/// Access as granted, but to what was deleted since.
fn give(team: &mut Team, id: MemberId, access: &[Grant], sequence: u64) {
    for grant in access {
        access::set(team, id, grant.environment, Some(grant.level), sequence);
    }
}
