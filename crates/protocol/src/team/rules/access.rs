//! Access of members to environments: given, changed, taken.

use super::*;
use crate::event::{AccessChanged, PinnedHead};

pub(super) fn change(
    team: &mut Team,
    signer: &Signer,
    changed: &AccessChanged,
    event: &Event,
) -> Result<(), Refusal> {
    let AccessChanged { environment, member, level, head } = *changed;
    team.active_member(member)?;
    let before = team.level(member, environment);
    if level == before {
        return Err(Refusal::NoChange);
    }
    let falls = consequences(team, signer.keyholder, event)?;
    let given: Vec<_> = head.into_iter().map(|head| PinnedHead { environment, head }).collect();
    let heads = cascade::check(team, signer, Some(signer.role), &falls, &given)?;
    let sequence = signer.at.sequence;
    end(team, member, &heads, sequence);
    cascade::apply(team, signer, &falls, &heads);
    if level < before {
        cascade::lose_keys(team, [environment], sequence);
    }
    set(team, member, environment, level, sequence);
    Ok(())
}

/// What a member's live keyholders sign above the recorded heads counts no more if it refers to an older log.
pub(super) fn end(team: &mut Team, member: MemberId, heads: &BTreeMap<EnvironmentId, Head>, sequence: u64) {
    let keyholders = team.members.get(&member).map(|member| member.keyholders.clone()).unwrap_or_default();
    for (environment, head) in heads {
        if let Some(known) = team.environments.get_mut(environment) {
            keyholders.iter().for_each(|keyholder| known.end(*keyholder, sequence, head.number));
        }
    }
}

/// Sets a member's access, if the environment is there.
pub(super) fn set(
    team: &mut Team,
    id: MemberId,
    environment: EnvironmentId,
    level: Option<Level>,
    sequence: u64,
) {
    let (Some(member), Some(known)) = (team.members.get_mut(&id), team.environments.get_mut(&environment))
    else {
        return;
    };
    if level == Some(Level::Write) {
        known.writers.insert(id);
    } else {
        known.writers.remove(&id);
    }
    member.access.entry(environment).or_default().set(sequence, level);
}
