//! Heads of environments that an event records: exactly those that it has to, each as the log can believe it.

use super::*;
use crate::event::PinnedHead;

/// The heads given are those of exactly these environments, none below or beside what the log vouches for.
pub(super) fn check(
    team: &Team,
    due: &BTreeSet<EnvironmentId>,
    given: &[PinnedHead],
) -> Result<BTreeMap<EnvironmentId, Head>, Refusal> {
    let heads = exactly(due, given)?;
    let believable = |(id, head): (&EnvironmentId, &Head)| {
        team.environments.get(id).is_some_and(|environment| environment.may_be_at(*head))
    };
    if heads.iter().all(believable) { Ok(heads) } else { Err(Refusal::Heads) }
}

/// The heads given are those of exactly these environments, whatever they are. Of an environment that goes nothing
/// counts afterwards, so that a head which somebody recorded falsely does not keep it.
pub(super) fn exactly(
    due: &BTreeSet<EnvironmentId>,
    given: &[PinnedHead],
) -> Result<BTreeMap<EnvironmentId, Head>, Refusal> {
    let heads: BTreeMap<_, _> = given.iter().map(|pinned| (pinned.environment, pinned.head)).collect();
    if heads.len() == given.len() && heads.keys().eq(due.iter()) { Ok(heads) } else { Err(Refusal::Heads) }
}

/// From now on the log vouches for them.
pub(super) fn vouch(team: &mut Team, heads: &BTreeMap<EnvironmentId, Head>) {
    for (id, head) in heads {
        if let Some(environment) = team.environments.get_mut(id) {
            environment.vouch(*head);
        }
    }
}
