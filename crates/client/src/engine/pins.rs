//! Pins: heads that are kept where no vault can change them, and that what is served has to go through.

use std::collections::BTreeSet;
use std::path::Path;

use twinlock_protocol::Verified;
use twinlock_protocol::environment::Environment;
use twinlock_protocol::event::PinnedHead;
use twinlock_protocol::ids::EnvironmentId;
use twinlock_protocol::pins::Pins;
use twinlock_protocol::team::Team;

use super::link::{absolute, shown};
use super::{Client, Joined};
use crate::error::Error;
use crate::files::atomic::{self, Existing};
use crate::store::Scope;

impl Client {
    /// Takes nothing from now on that does not go through these pins, beside what this computer has seen itself.
    pub async fn hold_to(&self, pins: Pins) -> Result<(), Error> {
        let mut state = self.state().await;
        let joined = state.joined()?;
        check_team(joined, &pins)?;
        joined.pins = Some(pins);
        self.try_refresh_log(joined).await
    }

    /// Where the log and every environment stand that this member, or this service, may know of: fetched and
    /// verified now. `before` is what has to be on the way there.
    pub async fn pins(&self, before: Option<&Pins>) -> Result<Pins, Error> {
        let mut state = self.state().await;
        let joined = state.joined()?;
        if let Some(before) = before {
            check_team(joined, before)?;
        }
        joined.on_the_way = before.cloned();
        let pins = self.pins_now(joined, before).await;
        joined.on_the_way = None;
        pins
    }

    async fn pins_now(&self, joined: &mut Joined, before: Option<&Pins>) -> Result<Pins, Error> {
        self.refresh_log(joined).await?;
        let all = joined.session.team.environments().keys().copied();
        let mine: Vec<_> = all.filter(|id| joined.session.my_level(*id).is_some()).collect();
        let mut heads = Vec::new();
        for environment in mine {
            self.refresh(joined, environment).await?;
            heads.push(PinnedHead { environment, head: joined.session.held(environment)?.held.chain.head() });
        }
        // What others see of this file, or saw when it was made, it goes on saying.
        let kept = before.into_iter().flat_map(Pins::environments).copied();
        let seen: BTreeSet<_> = heads.iter().map(|pinned| pinned.environment).collect();
        let there = |id| joined.session.team.environment(id).is_ok();
        heads.extend(kept.filter(|old| !seen.contains(&old.environment) && there(old.environment)));
        Ok(Pins::new(joined.session.team.id(), joined.session.log_head(), heads))
    }

    /// Without a vault a member goes on with what is here, as long as it reaches the pins. A service keeps
    /// nothing that it could go on with.
    pub(super) fn go_on_offline(
        &self,
        joined: &mut Joined,
        environment: Option<EnvironmentId>,
        unreachable: Error,
    ) -> Result<(), Error> {
        if self.place().is_err() {
            return Err(unreachable);
        }
        let reaches = joined.hold_log(&joined.session.team).and_then(|()| match environment {
            Some(id) => {
                joined.check_pinned(id)?;
                let held = joined.session.environment(id);
                joined.hold_environment(&held.ok_or_else(not_loaded)?.chain)
            }
            None => Ok(()),
        });
        match reaches {
            // Nobody served it: it is only what this computer saw before.
            Err(Error::Refused(refused)) if refused.refusal.code() == "rollback" => Err(unreachable),
            reaches => reaches,
        }
    }
}

impl Joined {
    fn all_pins(&self) -> impl Iterator<Item = &Pins> {
        self.pins.iter().chain(&self.on_the_way)
    }

    /// Refuses a log that does not go through the pins, if there are any.
    pub(super) fn hold_log(&self, team: &Verified<Team>) -> Result<(), Error> {
        let scope = Scope::Team(self.session.team.id());
        let held = self.all_pins().try_for_each(|pins| pins.hold_log(team));
        held.map_err(|refusal| self.session.refused(scope, refusal))
    }

    /// The same for a history.
    pub(super) fn hold_environment(&self, chain: &Verified<Environment>) -> Result<(), Error> {
        let scope = Scope::Environment(chain.id());
        let held = self.all_pins().try_for_each(|pins| pins.hold_environment(chain));
        held.map_err(|refusal| self.session.refused(scope, refusal))
    }

    /// Pins that say nothing of an environment hold it to nothing: that is no answer for whoever asked for pins.
    pub(super) fn check_pinned(&self, id: EnvironmentId) -> Result<(), Error> {
        match &self.pins {
            Some(pins) if !pins.names(id) => Err(Error::Usage(format!(
                "The pin file says nothing of {}. Make it anew with “twinlock pin FILE”, where it can be seen.",
                self.session.environment_name(id)
            ))),
            _ => Ok(()),
        }
    }
}

fn not_loaded() -> Error {
    Error::Bug("an environment was not loaded".into())
}

/// Writes a pin file whole, in the place of any other.
pub fn write_pins(path: &Path, pins: &Pins) -> Result<(), Error> {
    let path = absolute(path)?;
    let written = atomic::replace(&path, pins.to_text().as_bytes(), Existing::Replaced);
    written.map_err(|source| Error::PinFile { path: shown(&path), source })
}

fn check_team(joined: &Joined, pins: &Pins) -> Result<(), Error> {
    if pins.team() == joined.session.team.id() {
        return Ok(());
    }
    Err(Error::Usage("The pin file is of another team. Nothing was changed.".to_owned()))
}
