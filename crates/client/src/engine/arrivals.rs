//! Who hears of revisions that arrived.

use std::collections::BTreeMap;

use twinlock_protocol::Verified;
use twinlock_protocol::event::Level;
use twinlock_protocol::ids::EnvironmentId;
use twinlock_protocol::revision::{Cause, Revision};

use super::history::{changes_of, rotated};
use super::session::Held;
use super::versions::Versions;
use super::{Client, Event, Joined};
use crate::error::Error;

impl Client {
    /// Says whose revisions arrived, but for one's own and for keys renewed.
    pub(super) fn announce(&self, joined: &Joined, id: EnvironmentId, before: usize) {
        self.emit(Event::Environment(id));
        let session = &joined.session;
        let Some(held) = session.environment(id) else { return };
        for revision in &held.revisions[before..] {
            let rotates = revision.cause == Cause::Rotate;
            if revision.author != session.keyholder.id() && !rotates {
                self.emit(Event::RevisionArrived {
                    environment: id,
                    name: session.environment_name(id),
                    by: session.author_name(revision.author),
                    changes: revision.changes.len(),
                });
            }
        }
    }

    /// Says which renewals of keys since brought something else than what they were to carry over: another text, another
    /// order, something left out, or what nobody can compare any more, since what was there before was purged. Whoever
    /// renewed did that.
    pub(super) async fn announce_changed_by_renewal(
        &self,
        joined: &mut Joined,
        id: EnvironmentId,
        since: u64,
    ) -> Result<(), Error> {
        let me = joined.session.keyholder.id();
        let Some(held) = joined.session.environment(id).filter(|_| since > 0) else { return Ok(()) };
        let new = |revision: &&Verified<Revision>| {
            revision.number > since && revision.cause == Cause::Rotate && revision.author != me
        };
        if !held.revisions.iter().rev().any(|revision| new(&revision)) {
            return Ok(());
        }
        let versions = Versions::of(held);
        if joined.session.my_level(id) >= Some(Level::Read) {
            let wanted = |held: &Held| rotated(held, &versions, since);
            if let Err(error) = self.fetch_former(joined, id, wanted).await {
                tracing::debug!(%error, "what a renewal sealed anew could not be compared");
            }
        }
        let session = &joined.session;
        let Some(held) = session.environment(id) else { return Ok(()) };
        let mut names = BTreeMap::new();
        for revision in held.revisions.iter().filter(new) {
            let found = self.store().read(|step| changes_of(held, step, revision, &versions, &mut names))?;
            let changes = found.changes.len() + found.gone;
            if changes > 0 {
                self.emit(Event::RevisionArrived {
                    environment: id,
                    name: session.environment_name(id),
                    by: session.author_name(revision.author),
                    changes,
                });
            }
        }
        Ok(())
    }
}
