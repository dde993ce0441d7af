//! Entries on their way from old keys to new ones.

use twinlock_protocol::api::ValueBlob;
use twinlock_protocol::environment::{Entry, digest};
use twinlock_protocol::event::Level;
use twinlock_protocol::ids::{EntryId, EnvironmentId, Pointer};
use twinlock_protocol::limits;
use twinlock_protocol::revision::{Change, Put, Remove};

use super::opened::{lacks_keys, open};
use super::session::Held;
use super::versions::{Versions, entry_of, opened};
use super::{Client, Joined, random_id};
use crate::error::Error;
use crate::store::{Step, StoreError};
use crate::sync::Halves;
use crate::team::EnvironmentKeys;
use crate::view::LostView;

/// What becomes of entries whose keys are not here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Carry {
    /// Nothing is renewed: somebody else may have them.
    Whole,
    /// They are given up, on a person's word: each is carried over from its last version that opens, if there is one.
    WhatOpens,
}

/// An entry on its way.
pub(super) struct Carried {
    id: EntryId,
    entry: Entry,
    /// `None` where no version of it opens: then it is left behind.
    halves: Option<Halves>,
    /// Whether the current version does not open.
    earlier: bool,
}

impl Client {
    /// All current entries in the clear: each as it is, or else its last version that opens.
    pub(super) async fn carry(
        &self,
        joined: &mut Joined,
        id: EnvironmentId,
        how: Carry,
    ) -> Result<Vec<Carried>, Error> {
        joined.session.held(id)?;
        if joined.session.environment(id).is_none_or(|held| lacks_keys(held, Level::Read)) {
            if how == Carry::Whole {
                return Err(Error::KeysMissing { environment: joined.session.environment_name(id) });
            }
            // What opens may have been replaced before this computer fetched it.
            let former = |held: &Held| {
                let entries = held.chain.entries().iter();
                let lost = entries.filter(|(_, entry)| !has_keys(held, entry));
                let last = lost.filter_map(|(id, _)| versions(held, *id).find(|entry| has_keys(held, entry)));
                last.map(|entry| (entry.pointer, entry.digest)).collect()
            };
            self.fetch_former(joined, id, former).await?;
        }
        let environment = joined.session.environment_name(id);
        let held = joined
            .session
            .environment(id)
            .ok_or_else(|| Error::Bug("an environment was not loaded".into()))?;
        self.store().read(|step| {
            let carried = held.chain.in_order().map(|(entry_id, entry)| {
                // A value that is not here is no damaged one: an earlier one is never signed in its place.
                let Some(blob) = step.blob(id, entry.digest)? else {
                    return Err(Error::ValuesMissing { environment: environment.clone() });
                };
                let now = open(held, entry, &blob);
                let earlier = now.is_none();
                let halves = match now {
                    Some(halves) => Some(halves),
                    None => last_that_opens(held, step, entry_id)?,
                };
                Ok(Carried { id: entry_id, entry: entry.clone(), halves, earlier })
            });
            carried.collect()
        })
    }

    /// What new keys would cost, if what does not open here is given up.
    pub(super) async fn lost(&self, joined: &mut Joined, id: EnvironmentId) -> Result<LostView, Error> {
        let carried = self.carry(joined, id, Carry::WhatOpens).await?;
        let held = joined.session.environment(id);
        let versions = held.map(Versions::of);
        let known = |entry: &Entry| versions.as_ref()?.get(entry.pointer)?.name.clone();
        let mut lost = LostView::default();
        for Carried { entry, halves, earlier, .. } in &carried {
            match halves {
                Some(halves) if *earlier => {
                    lost.earlier.push(halves.name().unwrap_or("a comment").to_owned());
                }
                Some(halves) => lost.kept += usize::from(halves.name().is_some()),
                None => match known(entry) {
                    Some(name) => lost.gone.push(name),
                    None => lost.gone_unnamed += 1,
                },
            }
        }
        Ok(lost)
    }
}

/// The versions of an entry, the latest first.
fn versions(held: &Held, id: EntryId) -> impl Iterator<Item = Entry> {
    held.revisions.iter().rev().flat_map(move |revision| {
        let puts = revision.changes.iter().filter_map(move |change| match change {
            Change::Put(put) if put.entry == id => Some(put),
            _ => None,
        });
        puts.map(move |put| entry_of(revision, put))
    })
}

/// The latest version of an entry that opens.
fn last_that_opens(held: &Held, step: &Step<'_>, id: EntryId) -> Result<Option<Halves>, StoreError> {
    for entry in versions(held, id) {
        if let Some(halves) = opened(held, step, &entry)? {
            return Ok(Some(halves));
        }
    }
    Ok(None)
}

fn has_keys(held: &Held, entry: &Entry) -> bool {
    held.name_key(entry.generation).is_some() && held.value_key(entry.generation).is_some()
}

/// The changes of a `rotate` revision: one put under a new pointer for each entry, or one remove.
pub(super) fn reseal(carried: &[Carried], keys: &EnvironmentKeys) -> (Vec<Change>, Vec<ValueBlob>) {
    debug_assert!(carried.len() <= limits::ENTRIES);
    let mut rng = rand::rng();
    let mut values = Vec::with_capacity(carried.len());
    let changes = carried
        .iter()
        .map(|Carried { id, entry, halves, .. }| {
            let Some(halves) = halves else { return Change::Remove(Remove { entry: *id }) };
            let pointer = Pointer::new(random_id());
            let blob = keys.value.seal_value(pointer, &halves.right, &mut rng);
            let name = keys.name.seal_name(pointer, &halves.left, &mut rng);
            let digest = digest(&blob);
            values.push(ValueBlob { pointer, blob });
            Change::Put(Put { entry: *id, position: entry.position.clone(), name, pointer, digest })
        })
        .collect();
    (changes, values)
}
