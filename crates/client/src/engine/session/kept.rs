//! A session out of what the store keeps, and what another program of the home has stored since.

use twinlock_protocol::Refusal;
use twinlock_protocol::envelope::Envelope;
use twinlock_protocol::event::LogHead;
use twinlock_protocol::ids::EnvironmentId;
use twinlock_seal::Keyholder;

use super::super::keyholders::Heard;
use super::{HeldIn, Session};
use crate::error::Error;
use crate::store::{KeptTeam, NewCheckpoint, Scope, Step, Store, StoreError, TeamRecord};

impl Session {
    /// Takes in the kept revisions of an environment that follow. They were verified once; where the log that went on
    /// since does not bear them out, what it does bear out is taken, and the environment is refused from here on.
    fn take_stored(&mut self, step: &Step<'_>, id: EnvironmentId) -> Result<(), Error> {
        self.take_what_follows(step, id)?;
        // Another program of this home may have gone back from what is in memory here.
        if self.is_beside_accepted(id) {
            self.forget(id);
            self.take_what_follows(step, id)?;
        }
        Ok(())
    }

    fn take_what_follows(&mut self, step: &Step<'_>, id: EnvironmentId) -> Result<(), Error> {
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

    /// Whether this computer saw something of an environment that an owner gave up, and has not gone back yet.
    pub(crate) fn is_beside_accepted(&self, id: EnvironmentId) -> bool {
        let (Ok(known), Some(held)) = (self.team.environment(id), self.environments.get(&id)) else {
            return false;
        };
        let Some(accepted) = known.accepted() else { return false };
        let beside = held.chain.hash_at(accepted.head.number).is_some_and(|own| own != accepted.head.hash);
        let above = || matches!(held.chain.agrees_with(&self.team), Err(Refusal::AbovePin { .. }));
        held.refused.is_some() || beside || above()
    }

    /// The environments of which this computer saw something that an owner gave up.
    pub(crate) fn beside_accepted(&self) -> Vec<EnvironmentId> {
        let all = self.environments.keys().copied();
        all.filter(|id| self.is_beside_accepted(*id)).collect()
    }

    /// Takes an environment anew from what is kept of it.
    pub(crate) fn reload(&mut self, step: &Step<'_>, id: EnvironmentId) -> Result<(), Error> {
        self.forget(id);
        self.take_what_follows(step, id)?;
        self.take_stored_keys(step)
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
}

pub(crate) fn stored(step: &Step<'_>, scope: &Scope, after: u64) -> Result<Vec<Envelope>, Error> {
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
pub(crate) fn damaged(refusal: &Refusal) -> Error {
    Error::Store(StoreError::Damaged { place: format!("statements: {refusal}") })
}
