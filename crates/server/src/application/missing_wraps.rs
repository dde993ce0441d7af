//! Which keys keyholders are to have and do not have: nobody wrapped them, or none of the wraps opens.
//!
//! What opens only its keyholder can tell. Who says so is remembered until they say otherwise, in memory alone: it is
//! said again at their next look. Whoever gave them a wrap since is not asked for another one, and nobody else's
//! answer counts for theirs, so that junk under one name keeps no other from helping.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use twinlock_protocol::api::{MissingWrap, Wrap};
use twinlock_protocol::team::Team;
use twinlock_protocol::timestamp::Timestamp;
use twinlock_protocol::{EnvironmentId, Generation, KeyholderId, TeamId, limits};

/// Each key that does not open, and who wrapped it since that was said.
type Said = BTreeMap<MissingWrap, BTreeSet<KeyholderId>>;

/// What does not open, as its keyholders say.
#[derive(Clone, Default)]
pub(crate) struct Unopened {
    said: Arc<Mutex<BTreeMap<TeamId, Said>>>,
}

impl Unopened {
    /// A keyholder says which of its keys do not open, all of them. What it does not name does.
    pub(crate) fn say(&self, team: TeamId, keyholder: KeyholderId, keys: &[MissingWrap]) {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let said = said.entry(team).or_default();
        said.retain(|key, _| key.keyholder != keyholder || keys.contains(key));
        for key in keys {
            said.entry(*key).or_default();
        }
    }

    /// Somebody wrapped these.
    pub(crate) fn wrapped(&self, team: TeamId, wraps: &[Wrap]) {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(said) = said.get_mut(&team) else { return };
        for wrap in wraps {
            if let Some(since) = said.get_mut(&key_of(wrap)) {
                since.insert(wrap.wrapper);
            }
        }
    }

    /// What of this does not open, and was not wrapped by `asker` since.
    fn of(&self, team: TeamId, asker: KeyholderId) -> BTreeSet<MissingWrap> {
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let of_team = said.get(&team).into_iter().flatten();
        of_team.filter(|(_, since)| !since.contains(&asker)).map(|(key, _)| *key).collect()
    }
}

/// The wraps that `asker` could make: of current keys that it is to have itself, for others who are to have them.
/// `there` are all wraps that are stored.
pub(crate) fn missing(
    team: &Team,
    asker: KeyholderId,
    there: &BTreeSet<MissingWrap>,
    unopened: &Unopened,
    now: Timestamp,
) -> Vec<MissingWrap> {
    let unopened = unopened.of(team.id(), asker);
    let keys = team.keys_due_to(asker).into_iter();
    let due = keys.filter_map(|(environment, half)| Some((environment, half, current(team, environment)?)));
    due.flat_map(|(environment, half, generation)| {
        let others =
            team.entitled(environment, half).into_iter().filter(|(keyholder, _)| *keyholder != asker);
        let key = move |(keyholder, _)| MissingWrap { keyholder, environment, generation, half };
        others.map(key).collect::<Vec<_>>()
    })
    .filter(|key| !team.is_past_its_time(key.keyholder, now))
    .filter(|key| !there.contains(key) || unopened.contains(key))
    .take(limits::PAGE)
    .collect()
}

/// Whether a keyholder is to have this key now.
pub(crate) fn is_due(team: &Team, key: &MissingWrap) -> bool {
    let due = team.keys_due_to(key.keyholder).contains(&(key.environment, key.half));
    due && current(team, key.environment) == Some(key.generation)
}

/// What a wrap gives to whom.
pub(crate) fn key_of(wrap: &Wrap) -> MissingWrap {
    let Wrap { keyholder, environment, generation, half, .. } = *wrap;
    MissingWrap { keyholder, environment, generation, half }
}

fn current(team: &Team, environment: Option<EnvironmentId>) -> Option<Generation> {
    match environment {
        Some(id) => team.environment(id).ok().map(|environment| environment.current().number),
        None => team.generations().last().map(|generation| generation.number),
    }
}
