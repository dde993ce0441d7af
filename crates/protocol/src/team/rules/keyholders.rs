//! Computers and recovery kits: added by one of the same member, revoked by one of the same member.

use super::*;
use crate::event::{KeyholderAdded, KeyholderRevoked};
use crate::limits;

/// A keyholder that counts from now on.
pub(super) fn new(
    keys: PublicKeys,
    kind: KeyholderKind,
    member: MemberId,
    since: u64,
    added_by: Option<KeyholderId>,
) -> Keyholder {
    Keyholder { keys, kind, member, since, added_by, revoked: None, issued: BTreeSet::new() }
}

pub(super) fn add(team: &mut Team, signer: &Signer, added: &KeyholderAdded) -> Result<(), Refusal> {
    let id = check_new_keys(team, &added.keys)?;
    let member = team.members.get_mut(&signer.member).ok_or(Refusal::NoMember(signer.member))?;
    if member.keyholders.len() >= limits::KEYHOLDERS_PER_MEMBER {
        return Err(Refusal::Limit("a member has at most 16 computers and kits"));
    }
    member.keyholders.insert(id);
    let held = new(added.keys.clone(), added.kind, signer.member, signer.at.sequence, Some(signer.keyholder));
    team.keyholders.insert(id, held);
    cascade::attach(team, signer.keyholder, Issued::Keyholder(id));
    Ok(())
}

pub(super) fn revoke(
    team: &mut Team,
    signer: &Signer,
    revoked: &KeyholderRevoked,
    event: &Event,
) -> Result<(), Refusal> {
    let falls = consequences(team, signer.keyholder, event)?;
    check_some_left(team, signer.member, &falls)?;
    let heads = cascade::check(team, signer, Some(signer.role), &falls, &revoked.heads)?;
    cascade::apply(team, signer, &falls, &heads);
    Ok(())
}

/// A member who stays keeps a computer or a kit.
pub(super) fn check_some_left(team: &Team, member: MemberId, falls: &Consequences) -> Result<(), Refusal> {
    let held = team.members.get(&member).ok_or(Refusal::NoMember(member))?;
    if held.keyholders.is_subset(&falls.keyholders) {
        return Err(Refusal::NoKeyholderLeft(member));
    }
    Ok(())
}

/// A keyholder counts no more. Its member's keys were in its hands, and are due for renewal; above the recorded
/// heads it pushed nothing.
pub(super) fn retire(team: &mut Team, id: KeyholderId, sequence: u64, heads: &BTreeMap<EnvironmentId, Head>) {
    cascade::detach(team, Issued::Keyholder(id));
    let Some(held) = team.keyholders.get_mut(&id) else { return };
    held.revoked = Some(sequence);
    let (member, kind) = (held.member, held.kind);
    let access: Vec<_> = team.access_of(member).collect();
    for (environment, level) in access {
        let Some(known) = team.environments.get_mut(&environment) else { continue };
        known.lose_key(sequence);
        if kind == KeyholderKind::Computer
            && level == Level::Write
            && let Some(head) = heads.get(&environment)
        {
            known.end(id, sequence, head.number);
        }
    }
    if let Some(member) = team.members.get_mut(&member) {
        member.keyholders.remove(&id);
    }
    team.name_key_due = true;
}
