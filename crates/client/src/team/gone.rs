//! Who was removed from a team, and what they could read until then: from its log alone.

use twinlock_protocol::event::{Half, Level};
use twinlock_protocol::ids::{EnvironmentId, Generation, MemberId};
use twinlock_protocol::team::{MemberState, Team};

/// Somebody who is no member any more.
pub(crate) struct Gone {
    pub(crate) member: MemberId,
    /// The environments whose values they could read once, each with the last generation of keys that they had.
    pub(crate) environments: Vec<(EnvironmentId, Generation)>,
}

/// Everybody who was removed and could read something that is there still, the last one first.
pub(crate) fn gone(team: &Team) -> Vec<Gone> {
    let removed = team.members().iter().filter_map(|(id, member)| match member.state {
        MemberState::Removed { at } => Some((at, *id)),
        MemberState::Waiting { .. } | MemberState::Active => None,
    });
    let mut removed: Vec<_> = removed.collect();
    removed.sort_unstable_by(|a, b| b.cmp(a));
    let gone = removed.into_iter().map(|(_, member)| Gone { member, environments: known_to(team, member) });
    gone.filter(|gone| !gone.environments.is_empty()).collect()
}

/// What is sealed under the last generation that somebody had, they can read with a vault's help, whoever pushed it and when.
fn known_to(team: &Team, member: MemberId) -> Vec<(EnvironmentId, Generation)> {
    let access = team.members().get(&member).into_iter().flat_map(|member| &member.access);
    let known = access.filter_map(|(id, levels)| {
        let last = levels.last(|level: Level| level.includes(Half::Value))?;
        let generations = team.environment(*id).ok()?.generations();
        let had = generations.iter().take_while(|generation| generation.opened.sequence <= last).last()?;
        Some((*id, had.number))
    });
    known.collect()
}
