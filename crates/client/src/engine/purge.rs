//! Purging: former values are deleted for good. What is signed about them stays.

use std::collections::BTreeSet;

use twinlock_protocol::event::Level;
use twinlock_protocol::ids::{EnvironmentId, Pointer};
use twinlock_protocol::revision::{Cause, Change, Purge};

use super::members::Turn;
use super::rights::check_admin;
use super::send::{ATTEMPTS, next_revision};
use super::versions::Versions;
use super::{Client, Event};
use crate::error::Error;

/// Which former values to delete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ToPurge {
    /// All that a variable ever had.
    Variable(String),
    /// All that these revisions brought: values and comments.
    Revisions(BTreeSet<u64>),
}

/// What a purge did.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct PurgeOutcome {
    /// Values that were deleted.
    pub purged: usize,
    /// The environment's revision now.
    pub revision: u64,
}

impl Client {
    /// Deletes former values of an environment, in the vault and here; on the other computers of the team as soon as
    /// they hear of it. Values that the environment has now stay. Takes write access, and an admin.
    pub async fn purge(&self, environment: EnvironmentId, what: &ToPurge) -> Result<PurgeOutcome, Error> {
        let _lock = self.lock().await?;
        let mut state = self.state().await;
        let joined = state.joined()?;
        for _ in 0..ATTEMPTS {
            self.refresh(joined, environment).await?;
            self.check_access(joined, environment, Level::Write)?;
            check_admin(&joined.session)?;
            let held = joined.session.held(environment)?.held;
            let former: BTreeSet<Pointer> = held.chain.former_pointers().collect();
            let head = held.chain.head().number;
            let versions = Versions::of(held);
            check_known(what, &versions, head)?;
            let named = versions.all().filter(|version| match what {
                ToPurge::Variable(name) => version.name.as_ref() == Some(name),
                ToPurge::Revisions(numbers) => numbers.contains(&version.entry.number),
            });
            let purged: BTreeSet<Pointer> = named
                .map(|version| version.entry.pointer)
                .filter(|pointer| former.contains(pointer))
                .collect();
            if purged.is_empty() {
                return Ok(PurgeOutcome { purged: 0, revision: head });
            }
            if self.rotate_if_stale(joined, environment).await? {
                continue;
            }
            let count = purged.len();
            let changes: Vec<Change> =
                purged.into_iter().map(|pointer| Change::Purge(Purge { pointer })).collect();
            let revision = next_revision(joined, environment, &changes, &Cause::Purge.into())?;
            if let Turn::Ours = self.add(joined, environment, &revision).await? {
                self.emit(Event::Environment(environment));
                return Ok(PurgeOutcome { purged: count, revision: revision.number });
            }
        }
        Err(Error::TooBusy)
    }
}

/// A name or number that never was is a mistake, and deletes nothing in silence.
fn check_known(what: &ToPurge, versions: &Versions, head: u64) -> Result<(), Error> {
    let unknown = match what {
        ToPurge::Variable(name) => {
            let known = versions.all().any(|version| version.name.as_ref() == Some(name));
            (!known).then(|| ("variable", crate::team::inert(name)))
        }
        ToPurge::Revisions(numbers) => {
            let unknown = numbers.iter().find(|number| **number == 0 || **number > head);
            unknown.map(|number| ("revision", number.to_string()))
        }
    };
    match unknown {
        None => Ok(()),
        Some((kind, name)) => Err(Error::Unknown {
            kind,
            name,
            hint: "“twinlock log” lists everything there was. Nothing was changed.".to_owned(),
        }),
    }
}
