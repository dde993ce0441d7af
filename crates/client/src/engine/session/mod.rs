//! A home's team in memory: the verified log, the verified environments, and the keys that open them.

mod kept;
mod keys;
mod names;

use std::collections::BTreeMap;

use twinlock_protocol::envelope::Envelope;
use twinlock_protocol::environment::Environment;
use twinlock_protocol::event::{Half, Level, LogHead, Role};
use twinlock_protocol::ids::{Digest, EnvironmentId, Generation, MemberId, Pointer};
use twinlock_protocol::revision::{Change, Revision};
use twinlock_protocol::team::Team;
use twinlock_protocol::{Refusal, Verified};
use twinlock_seal::{Keyholder, NameKey, ValueKey};

pub(super) use kept::{damaged, stored};
pub(crate) use keys::Taken;

use crate::error::Error;
use crate::refused::{Evidence, Refused};
use crate::store::{Scope, TeamRecord};
use crate::team::EnvironmentKeys;

/// Everything that is known of the team. Keys are wiped when it is dropped.
pub(crate) struct Session {
    pub(crate) record: TeamRecord,
    pub(crate) keyholder: Keyholder,
    pub(crate) team: Verified<Team>,
    team_keys: BTreeMap<Generation, NameKey>,
    environments: BTreeMap<EnvironmentId, Held>,
    /// What a token calls its environments: a service has no key to the team's names. Empty for a member.
    given_names: BTreeMap<EnvironmentId, String>,
}

/// One environment: its verified history, and the keys of its generations that this computer has.
pub(crate) struct Held {
    pub(crate) chain: Verified<Environment>,
    pub(crate) revisions: Vec<Verified<Revision>>,
    names: BTreeMap<Generation, NameKey>,
    values: BTreeMap<Generation, ValueKey>,
    /// Why the log, as it went on, does not bear out what was accepted here before it: somebody was lied to. As far as
    /// the log does, it can be looked at; nothing is fetched, written or sent.
    refused: Option<Refusal>,
}

impl Held {
    pub(crate) fn name_key(&self, generation: Generation) -> Option<&NameKey> {
        self.names.get(&generation)
    }

    pub(crate) fn value_key(&self, generation: Generation) -> Option<&ValueKey> {
        self.values.get(&generation)
    }

    fn has(&self, generation: Generation, half: Half) -> bool {
        match half {
            Half::Name => self.names.contains_key(&generation),
            Half::Value => self.values.contains_key(&generation),
        }
    }

    /// The digest of what a pointer of this history stands for.
    pub(crate) fn digest_of(&self, pointer: Pointer) -> Option<Digest> {
        self.revisions.iter().flat_map(|revision| &revision.changes).find_map(|change| match change {
            Change::Put(put) if put.pointer == pointer => Some(put.digest),
            _ => None,
        })
    }

    pub(crate) fn add_keys(&mut self, keys: EnvironmentKeys) {
        let generation = keys.name.scope().generation;
        self.names.insert(generation, keys.name);
        self.values.insert(generation, keys.value);
    }
}

impl Session {
    pub(crate) fn new(
        record: TeamRecord,
        keyholder: Keyholder,
        team: Verified<Team>,
        team_key: Option<NameKey>,
    ) -> Self {
        let team_keys = team_key.into_iter().map(|key| (key.scope().generation, key)).collect();
        let (environments, given_names) = (BTreeMap::new(), BTreeMap::new());
        Self { record, keyholder, team, team_keys, environments, given_names }
    }

    /// A session of a service, which has the names of its environments from its token.
    pub(crate) fn of_service(
        record: TeamRecord,
        keyholder: Keyholder,
        team: Verified<Team>,
        names: impl IntoIterator<Item = (EnvironmentId, String)>,
    ) -> Self {
        Self { given_names: names.into_iter().collect(), ..Self::new(record, keyholder, team, None) }
    }

    pub(crate) fn me(&self) -> Result<MemberId, Error> {
        self.team.member_of(self.keyholder.id()).map_err(|refusal| Error::Bug(refusal.to_string()))
    }

    pub(crate) fn my_level(&self, environment: EnvironmentId) -> Option<Level> {
        if let Some(service) = self.team.services().get(&self.keyholder.id()) {
            self.team.environment(environment).ok()?;
            return service.level(environment);
        }
        self.team.level(self.me().ok()?, environment)
    }

    pub(crate) fn my_role(&self) -> Option<Role> {
        Some(self.team.active_member(self.me().ok()?).ok()?.role)
    }

    /// The environment, with its history so far.
    pub(crate) fn held(&mut self, id: EnvironmentId) -> Result<HeldIn<'_>, Error> {
        if self.team.environment(id).is_err() {
            return Err(Error::EnvironmentGone);
        }
        if let Some(refusal) = self.environments.get(&id).and_then(|held| held.refused.clone()) {
            return Err(self.refused(Scope::Environment(id), refusal));
        }
        if !self.environments.contains_key(&id) {
            let chain = Environment::start(&self.team, id)
                .map_err(|refusal| self.refused(Scope::Environment(id), refusal))?;
            let (names, values) = (BTreeMap::new(), BTreeMap::new());
            let held = Held { chain, revisions: Vec::new(), names, values, refused: None };
            self.environments.insert(id, held);
        }
        match self.environments.get_mut(&id) {
            Some(held) => Ok(HeldIn { team: &self.team, held }),
            None => Err(Error::Bug("an environment vanished".into())),
        }
    }

    /// Lets go of what is known of an environment here; it is taken from the store again.
    pub(crate) fn forget(&mut self, id: EnvironmentId) {
        self.environments.remove(&id);
    }

    pub(crate) fn environment(&self, id: EnvironmentId) -> Option<&Held> {
        self.environments.get(&id)
    }

    pub(crate) fn refused(&self, scope: Scope, refusal: Refusal) -> Error {
        self.placed(Refused::new(scope, String::new(), refusal)).into()
    }

    /// The same, with what was served.
    pub(crate) fn refused_for(&self, scope: Scope, refusal: Refusal, served: serde_json::Value) -> Error {
        let served = Some(Box::new(served));
        self.placed(Refused { served, ..Refused::new(scope, String::new(), refusal) }).into()
    }

    /// A refusal with the name of the place, and with what becomes of its evidence here.
    pub(crate) fn placed(&self, refused: Refused) -> Refused {
        let place = match refused.scope {
            Scope::Team(_) => self.record.name.clone(),
            Scope::Environment(id) => self.environment_name(id),
        };
        let service = self.team.services().contains_key(&self.keyholder.id());
        let evidence = if service { Evidence::NotKept } else { Evidence::Kept };
        Refused { place, evidence, ..refused }
    }

    pub(crate) fn log_head(&self) -> LogHead {
        self.team.head()
    }
}

/// An environment together with the team that its revisions are judged by.
pub(crate) struct HeldIn<'s> {
    pub(crate) team: &'s Verified<Team>,
    pub(crate) held: &'s mut Held,
}

impl HeldIn<'_> {
    /// Takes in revisions that follow; on a refusal nothing has changed.
    pub(crate) fn extend(self, revisions: &[Envelope]) -> Result<(), Refusal> {
        let accepted = self.held.chain.extend(self.team, revisions)?;
        self.held.revisions.extend(accepted);
        Ok(())
    }
}

#[cfg(test)]
pub(super) mod tests;
