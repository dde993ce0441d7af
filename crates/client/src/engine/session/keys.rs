//! The keys of a session: taken from wraps, here or missing.

use twinlock_protocol::api::Wrap;
use twinlock_protocol::event::Half;
use twinlock_protocol::ids::{EnvironmentId, Generation};
use twinlock_seal::{KeyScope, Keyholder, NameKey, ValueKey};

use super::{Held, Session};
use crate::error::Error;
use crate::store::{Scope, Step};

impl Session {
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
                Taken::of(self.held_for_keys(environment).map(|held| held.names.insert(wrap.generation, key)))
            }
            Half::Value => {
                let Ok(key) = ValueKey::open_wrap(keyholder, wrap, scope, commitment) else {
                    return Taken::No;
                };
                Taken::of(
                    self.held_for_keys(environment).map(|held| held.values.insert(wrap.generation, key)),
                )
            }
        }
    }

    /// Also where the history is refused: whoever goes back from it reads with these keys what was there before.
    fn held_for_keys(&mut self, id: EnvironmentId) -> Option<&mut Held> {
        if !self.environments.contains_key(&id) {
            let _begun = self.held(id).ok()?;
        }
        self.environments.get_mut(&id)
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

    pub(super) fn take_stored_keys(&mut self, step: &Step<'_>) -> Result<(), Error> {
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
