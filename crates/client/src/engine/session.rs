//! A home's team in memory: the verified log, the verified environments, and the keys that open them.

use std::collections::{BTreeMap, BTreeSet};

use twinlock_protocol::api::Wrap;
use twinlock_protocol::envelope::Envelope;
use twinlock_protocol::environment::Environment;
use twinlock_protocol::event::{Half, Level, LogHead, Role, SealedLabel, Subject};
use twinlock_protocol::ids::{Digest, EnvironmentId, Generation, KeyholderId, MemberId, Pointer, ProjectId};
use twinlock_protocol::revision::{Change, Revision};
use twinlock_protocol::team::Team;
use twinlock_protocol::{Refusal, Verified};
use twinlock_seal::{KeyScope, Keyholder, NameKey, ValueKey};

use super::keyholders::Heard;
use crate::error::Error;
use crate::refused::{Evidence, Refused};
use crate::store::{KeptTeam, NewCheckpoint, Scope, Step, Store, StoreError, TeamRecord};
use crate::team::{EnvironmentKeys, inert};

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

    /// Takes in the kept revisions of an environment that follow. They were verified once; where the log that went on
    /// since does not bear them out, what it does bear out is taken, and the environment is refused from here on.
    fn take_stored(&mut self, step: &Step<'_>, id: EnvironmentId) -> Result<(), Error> {
        let Ok(HeldIn { team, held }) = self.held(id) else { return Ok(()) };
        let revisions = stored(step, &Scope::Environment(id), held.chain.head().number)?;
        if revisions.is_empty() || (HeldIn { team, held: &mut *held }).extend(&revisions).is_ok() {
            return Ok(());
        }
        for revision in &revisions {
            if let Err(refusal) = (HeldIn { team, held: &mut *held }).extend(std::slice::from_ref(revision)) {
                held.refused = Some(refusal);
                break;
            }
        }
        Ok(())
    }

    /// What a token calls its environments, in order of their ids.
    pub(crate) fn given_names(&self) -> &BTreeMap<EnvironmentId, String> {
        &self.given_names
    }

    /// Rebuilds a session from what the store keeps. Everything is verified again, the store is only a cache; but
    /// for the part of a long log that a checkpoint of an earlier replay stands in for.
    pub(crate) fn load(record: TeamRecord, keyholder: Keyholder, store: &Store) -> Result<Self, Error> {
        let id = record.team;
        let (session, renewed) = store.read(|step| Self::from_step(record, keyholder, step))?;
        if let Some(checkpoint) = renewed {
            store.step(|step| step.keep_checkpoint(id, &checkpoint).map_err(Error::from))?;
        }
        Ok(session)
    }

    fn from_step(
        record: TeamRecord,
        keyholder: Keyholder,
        step: &Step<'_>,
    ) -> Result<(Self, Option<NewCheckpoint>), Error> {
        let scope = Scope::Team(record.team);
        let KeptTeam { team, renewed } = step.team(record.team)?;
        if let Some(pin) = step.pin(&scope)? {
            team.extends(LogHead { sequence: pin.number, hash: pin.hash })
                .map_err(|refusal| damaged(&refusal))?;
        }
        let mut session = Self::new(record, keyholder, team, None);
        for id in session.team.environments().keys().copied().collect::<Vec<_>>() {
            session.take_stored(step, id)?;
            let Ok(HeldIn { held, .. }) = session.held(id) else { continue };
            let head = held.chain.head();
            if let Some(pin) = step.pin(&Scope::Environment(id))?
                && (pin.number, pin.hash) != (head.number, head.hash)
            {
                return Err(damaged(&Refusal::Rollback { served: head.number, seen: pin.number }));
            }
        }
        session.take_stored_keys(step)?;
        Ok((session, renewed))
    }

    /// Takes in what another program of this home has verified and stored since. Gives what members hear of.
    pub(crate) fn catch_up(&mut self, step: &Step<'_>) -> Result<Vec<Heard>, Error> {
        let log = stored(step, &Scope::Team(self.record.team), self.team.head().sequence)?;
        let mut heard = Vec::new();
        for statement in &log {
            // Each program keeps only what follows what is kept: so this one was served something else.
            let fork = Refusal::Fork { number: self.team.head().sequence };
            let event =
                self.team.append(statement).map_err(|_| self.refused(Scope::Team(self.record.team), fork))?;
            heard.extend(Heard::of(&event));
        }
        for id in self.team.environments().keys().copied().collect::<Vec<_>>() {
            self.take_stored(step, id)?;
        }
        self.take_stored_keys(step)?;
        Ok(heard)
    }

    /// The names of what a token gives, for a sentence.
    pub(crate) fn what_is_given(&self) -> String {
        let names: BTreeSet<&str> = self.given_names.values().map(String::as_str).collect();
        names.into_iter().collect::<Vec<_>>().join(", ")
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

    /// The team's own name key for new labels.
    pub(crate) fn team_key(&self) -> Result<&NameKey, Error> {
        let current = self.team.generations().last().map(|generation| generation.number);
        current
            .and_then(|generation| self.team_keys.get(&generation))
            .ok_or_else(|| Error::KeysMissing { environment: self.record.name.clone() })
    }

    /// A generation of the team's own name key, if it is here.
    pub(crate) fn team_key_of(&self, generation: Generation) -> Option<&NameKey> {
        self.team_keys.get(&generation)
    }

    /// Opens a wrap for this computer and takes the key in. One that does not fit its commitment is junk:
    /// it is passed over, and another wrapper's may still fit.
    pub(crate) fn take_wrap(&mut self, wrap: &Wrap, by: Option<&Keyholder>) -> Taken {
        let keyholder = by.unwrap_or(&self.keyholder);
        let scope =
            KeyScope { team: self.team.id(), environment: wrap.environment, generation: wrap.generation };
        let Some(environment) = wrap.environment else {
            let known = self.team.generations().iter().find(|known| known.number == wrap.generation);
            let key = known
                .filter(|_| wrap.half == Half::Name)
                .and_then(|known| NameKey::open_wrap(keyholder, wrap, scope, known.name).ok());
            return Taken::of(key.map(|key| self.team_keys.insert(wrap.generation, key)));
        };
        let commitment = self
            .team
            .environment(environment)
            .ok()
            .and_then(|known| known.generation(wrap.generation))
            .map(|generation| generation.commitment(wrap.half));
        let Some(commitment) = commitment else { return Taken::No };
        match wrap.half {
            Half::Name => {
                let Ok(key) = NameKey::open_wrap(keyholder, wrap, scope, commitment) else {
                    return Taken::No;
                };
                Taken::of(
                    self.held(environment).ok().map(|held| held.held.names.insert(wrap.generation, key)),
                )
            }
            Half::Value => {
                let Ok(key) = ValueKey::open_wrap(keyholder, wrap, scope, commitment) else {
                    return Taken::No;
                };
                Taken::of(
                    self.held(environment).ok().map(|held| held.held.values.insert(wrap.generation, key)),
                )
            }
        }
    }

    /// Whether a current key is here.
    pub(crate) fn has_current(&self, environment: Option<EnvironmentId>, half: Half) -> bool {
        let Some(id) = environment else { return self.team_key().is_ok() };
        let current = self.team.environment(id).map(|environment| environment.current().number);
        let held = self.environments.get(&id);
        current.is_ok_and(|current| held.is_some_and(|held| held.has(current, half)))
    }

    /// Whether the key inside a wrap is here already.
    pub(crate) fn has_key(&self, wrap: &Wrap) -> bool {
        match (wrap.environment, wrap.half) {
            (None, _) => self.team_keys.contains_key(&wrap.generation),
            (Some(id), half) => {
                self.environments.get(&id).is_some_and(|held| held.has(wrap.generation, half))
            }
        }
    }

    /// The keys that this computer is entitled to and does not have: (environment or team, generation, half).
    pub(crate) fn missing_keys(&self) -> Vec<(Option<EnvironmentId>, Generation, Half)> {
        let mut missing = Vec::new();
        let member = self.team.member_of(self.keyholder.id()).is_ok();
        if let Some(current) = self.team.generations().last()
            && member
            && !self.team_keys.contains_key(&current.number)
        {
            missing.push((None, current.number, Half::Name));
        }
        for (id, environment) in self.team.environments() {
            let Some(level) = self.my_level(*id) else { continue };
            let current = environment.current().number;
            let held = self.environments.get(id);
            let lacks =
                |half: &Half| level.includes(*half) && !held.is_some_and(|held| held.has(current, *half));
            missing.extend(Half::BOTH.into_iter().filter(lacks).map(|half| (Some(*id), current, half)));
        }
        missing
    }

    fn take_stored_keys(&mut self, step: &Step<'_>) -> Result<(), Error> {
        let mut wanted: Vec<(Option<EnvironmentId>, Generation, Half)> = Vec::new();
        wanted.extend(
            self.team
                .generations()
                .iter()
                .filter(|generation| !self.team_keys.contains_key(&generation.number))
                .map(|generation| (None, generation.number, Half::Name)),
        );
        for (id, environment) in self.team.environments() {
            let held = self.environments.get(id);
            for generation in environment.generations() {
                for half in Half::BOTH {
                    if !held.is_some_and(|held| held.has(generation.number, half)) {
                        wanted.push((Some(*id), generation.number, half));
                    }
                }
            }
        }
        for (environment, generation, half) in wanted {
            let scope = environment.map_or(Scope::Team(self.record.team), Scope::Environment);
            if let Some(wrap) = step.wrap(&scope, generation, half)?
                && let Ok(wrap) = serde_json::from_slice::<Wrap>(&wrap)
            {
                self.take_wrap(&wrap, None);
            }
        }
        Ok(())
    }

    /// A label in the clear, fit to be shown.
    pub(crate) fn label(&self, label: &SealedLabel) -> Option<String> {
        let key = self.team_keys.get(&label.generation)?;
        let text = key.open_label(label.id, &label.sealed).ok()?;
        Some(inert(text.expose()))
    }

    /// Everything that has a name now, with its name; `None` if a key for one of them is not here. A name that
    /// does not open with its key was sealed wrongly by its author, and gets a stand-in.
    pub(crate) fn labelled(&self) -> Option<Vec<(Subject, String)>> {
        let team = &self.team;
        let team_label = team.label().map(|label| (Subject::Team, label));
        let members = team
            .members()
            .iter()
            .filter_map(|(id, member)| member.label.as_ref().map(|label| (Subject::Member(*id), label)));
        let projects = team.projects().iter().map(|(id, project)| (Subject::Project(*id), &project.label));
        let environments = team
            .environments()
            .iter()
            .map(|(id, environment)| (Subject::Environment(*id), &environment.label));
        let open = team.services().iter().filter(|(_, service)| service.closed.is_none());
        let services = open.map(|(id, service)| (Subject::Service(*id), &service.label));
        let all = team_label.into_iter().chain(members).chain(projects).chain(environments).chain(services);
        let name = |label: &SealedLabel| {
            self.team_keys
                .contains_key(&label.generation)
                .then(|| self.label(label).unwrap_or_else(|| unnamed(label.id)))
        };
        all.map(|(subject, label)| Some((subject, name(label)?))).collect()
    }

    /// The sealed name of something that has one.
    pub(super) fn label_of(&self, subject: Subject) -> Option<&SealedLabel> {
        let team = &self.team;
        match subject {
            Subject::Team => team.label(),
            Subject::Member(id) => team.members().get(&id)?.label.as_ref(),
            Subject::Project(id) => team.projects().get(&id).map(|project| &project.label),
            Subject::Environment(id) => team.environments().get(&id).map(|environment| &environment.label),
            Subject::Service(id) => team.services().get(&id).map(|service| &service.label),
        }
    }

    /// What something is called whose name does not open.
    pub(super) fn stand_in(&self, subject: Subject) -> String {
        match subject {
            Subject::Team => unnamed(self.team.id()),
            Subject::Member(id) => unnamed(id),
            Subject::Project(id) => unnamed(id),
            Subject::Environment(id) => unnamed(id),
            Subject::Service(id) => unnamed(id),
        }
    }

    pub(crate) fn team_name(&self) -> String {
        self.team.label().and_then(|label| self.label(label)).unwrap_or_else(|| unnamed(self.team.id()))
    }

    pub(crate) fn member_name(&self, id: MemberId) -> String {
        let label = self.team.members().get(&id).and_then(|member| member.label.as_ref());
        label.and_then(|label| self.label(label)).unwrap_or_else(|| unnamed(id))
    }

    pub(crate) fn author_name(&self, keyholder: KeyholderId) -> String {
        self.team.member_of(keyholder).map_or_else(|_| unnamed(keyholder), |member| self.member_name(member))
    }

    pub(crate) fn project_name(&self, id: ProjectId) -> String {
        let label = self.team.projects().get(&id).map(|project| &project.label);
        label.and_then(|label| self.label(label)).unwrap_or_else(|| unnamed(id))
    }

    /// `project/environment`
    pub(crate) fn environment_name(&self, id: EnvironmentId) -> String {
        if let Some(name) = self.given_names.get(&id) {
            return name.clone();
        }
        match self.team.environment(id) {
            Ok(environment) => {
                let own = self.label(&environment.label).unwrap_or_else(|| unnamed(id));
                format!("{}/{own}", self.project_name(environment.project))
            }
            Err(_) => unnamed(id),
        }
    }

    pub(crate) fn log_head(&self) -> LogHead {
        self.team.head()
    }
}

/// Whether a wrap gave a key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Taken {
    Yes,
    No,
}

impl Taken {
    fn of<T>(taken: Option<T>) -> Self {
        if taken.is_some() { Self::Yes } else { Self::No }
    }
}

/// An environment together with the team that its revisions are judged by.
pub(crate) struct HeldIn<'s> {
    pub(crate) team: &'s Verified<Team>,
    pub(crate) held: &'s mut Held,
}

impl HeldIn<'_> {
    /// Which of these revisions is the first that is refused.
    pub(crate) fn first_refused<'a>(&self, revisions: &'a [Envelope]) -> Option<&'a Envelope> {
        let mut chain = self.held.chain.clone();
        revisions.iter().find(|revision| chain.extend(self.team, std::iter::once(*revision)).is_err())
    }

    /// Takes in revisions that follow; on a refusal nothing has changed.
    pub(crate) fn extend(self, revisions: &[Envelope]) -> Result<(), Refusal> {
        let accepted = self.held.chain.extend(self.team, revisions)?;
        self.held.revisions.extend(accepted);
        Ok(())
    }
}

pub(super) fn stored(step: &Step<'_>, scope: &Scope, after: u64) -> Result<Vec<Envelope>, Error> {
    let statements = step.statements_after(scope, after)?;
    statements
        .into_iter()
        .map(|(_, json)| {
            serde_json::from_slice(&json)
                .map_err(|_| Error::Store(StoreError::Damaged { place: "statements".to_owned() }))
        })
        .collect()
}

/// The store is ours: what it gives back was verified before it went in.
pub(super) fn damaged(refusal: &Refusal) -> Error {
    Error::Store(StoreError::Damaged { place: format!("statements: {refusal}") })
}

fn unnamed(id: impl std::fmt::Display) -> String {
    let id = id.to_string();
    format!("(unnamed {})", &id[..8])
}

#[cfg(test)]
pub(super) mod tests;
