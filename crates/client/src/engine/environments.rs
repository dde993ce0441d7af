//! All environments of the team as the log has them, and new keys for one on demand.

use twinlock_protocol::event::Level;
use twinlock_protocol::ids::EnvironmentId;

use super::carry::Carry;
use super::{Client, Event};
use crate::error::Error;
use crate::view::{EnvironmentStanding, LostView};

impl Client {
    /// All environments that this member may know of, by name.
    pub async fn environments(&self) -> Result<Vec<EnvironmentStanding>, Error> {
        let mut state = self.state().await;
        let joined = state.joined()?;
        self.try_refresh_log(joined).await?;
        let session = &joined.session;
        let mut all: Vec<_> = session
            .team
            .environments()
            .iter()
            .map(|(id, environment)| EnvironmentStanding {
                id: *id,
                name: session.environment_name(*id),
                level: session.my_level(*id),
                generation: environment.current().number.0,
                stale: environment.is_stale(),
                orphaned: session.team.is_orphaned(environment),
            })
            .collect();
        all.sort_by(|a, b| (&a.name, a.id).cmp(&(&b.name, b.id)));
        Ok(all)
    }

    /// Gives an environment new keys and seals everything in it anew.
    pub async fn rotate_environment(&self, id: EnvironmentId) -> Result<EnvironmentStanding, Error> {
        self.renew_on_word(id, Carry::Whole).await
    }

    /// The same where keys are missing here: what does not open is given up. [`Self::lost_with_keys`] says what that is.
    pub async fn rotate_giving_up(&self, id: EnvironmentId) -> Result<EnvironmentStanding, Error> {
        self.renew_on_word(id, Carry::WhatOpens).await
    }

    /// What an environment would lose if new keys were made without those that are missing here.
    pub async fn lost_with_keys(&self, id: EnvironmentId) -> Result<LostView, Error> {
        let mut state = self.state().await;
        let joined = state.joined()?;
        self.refresh(joined, id).await?;
        self.check_access(joined, id, Level::Write)?;
        self.lost(joined, id).await
    }

    async fn renew_on_word(&self, id: EnvironmentId, how: Carry) -> Result<EnvironmentStanding, Error> {
        {
            let _lock = self.lock().await?;
            let mut state = self.state().await;
            let joined = state.joined()?;
            self.refresh_log(joined).await?;
            let known = joined.session.team.environment(id);
            let before = known.map_err(|refusal| Error::Bug(refusal.to_string()))?.current().number;
            self.renew(joined, id, before, how).await?;
            self.emit(Event::Team);
        }
        let all = self.environments().await?;
        all.into_iter().find(|view| view.id == id).ok_or_else(|| Error::Bug("an environment vanished".into()))
    }
}
