//! Remembers whose safety words were compared. A computer's words never change, so that one comparison lasts.

use twinlock_protocol::ids::KeyholderId;

use super::{Client, Event, now};
use crate::error::Error;
use crate::store::{Step, StoreError};
use crate::view::{ComparedView, Verdict};

/// The note of the store that holds them.
const NOTE: &str = "compared";

impl Client {
    /// The computers whose words were compared here, as far as the team still has them.
    pub async fn compared(&self) -> Result<Vec<ComparedView>, Error> {
        let mut state = self.current_state().await?;
        let joined = state.joined()?;
        let kept = self.store().read(kept)?;
        let known = joined.session.team.keyholders();
        let live = |one: &ComparedView| known.get(&one.computer).is_some_and(|known| known.is_live());
        Ok(kept.into_iter().filter(live).collect())
    }

    /// Remembers what came of comparing the words of a computer.
    pub async fn set_compared(&self, computer: KeyholderId, verdict: Verdict) -> Result<(), Error> {
        let _lock = self.lock().await?;
        let mut state = self.current_state().await?;
        let joined = state.joined()?;
        if !joined.session.team.keyholders().get(&computer).is_some_and(|known| known.is_live()) {
            return Err(Error::Rule("There is no such computer in the team."));
        }
        self.store().step(|step| {
            let mut all = kept(step)?;
            all.retain(|one| one.computer != computer);
            all.push(ComparedView { computer, verdict, at: now().0 });
            let note = serde_json::to_vec(&all).map_err(|error| Error::Bug(error.to_string()))?;
            step.set_note(NOTE, &note).map_err(Error::from)
        })?;
        self.emit(Event::Team);
        Ok(())
    }
}

fn kept(step: &Step<'_>) -> Result<Vec<ComparedView>, Error> {
    let Some(note) = step.note(NOTE)? else { return Ok(Vec::new()) };
    serde_json::from_slice(&note).map_err(|_| StoreError::Damaged { place: format!("notes: {NOTE}") }.into())
}
