//! Who hears of revisions that arrived.

use twinlock_protocol::Verified;
use twinlock_protocol::ids::EnvironmentId;
use twinlock_protocol::revision::{Cause, Revision};

use super::versions::{Compared, Versions, compare};
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

    /// Says which renewals of keys since brought other values with them than those they were to carry over: whoever
    /// renewed wrote them.
    pub(super) fn announce_changed_by_renewal(
        &self,
        joined: &Joined,
        id: EnvironmentId,
        since: u64,
    ) -> Result<(), Error> {
        let session = &joined.session;
        let Some(held) = session.environment(id).filter(|_| since > 0) else { return Ok(()) };
        let new = |revision: &&Verified<Revision>| {
            revision.number > since
                && revision.cause == Cause::Rotate
                && revision.author != session.keyholder.id()
        };
        if !held.revisions.iter().rev().any(|revision| new(&revision)) {
            return Ok(());
        }
        let versions = Versions::of(held);
        for revision in held.revisions.iter().filter(new) {
            let changes = self.store().read(|step| {
                let mut changes = 0;
                for (was, is) in versions.rotated().filter(|(_, is)| is.entry.number == revision.number) {
                    changes +=
                        usize::from(compare(held, step, &was.entry, &is.entry)? == Compared::Different);
                }
                Ok::<_, Error>(changes)
            })?;
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
