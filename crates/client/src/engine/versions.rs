//! All versions of an environment's entries, from its first revision on: what stood there once, what of it can be
//! opened, and who wrote what is there now, however often it was sealed anew since.

use std::collections::BTreeMap;

use twinlock_dotenv::Assignment;
use twinlock_protocol::environment::Entry;
use twinlock_protocol::event::Level;
use twinlock_protocol::ids::{Digest, EntryId, EnvironmentId, KeyholderId, Pointer};
use twinlock_protocol::revision::{Cause, Change, Revision};
use twinlock_protocol::timestamp::Timestamp;
use zeroize::Zeroizing;

use super::opened::{open, open_left};
use super::session::Held;
use super::{Client, Event, Joined};
use crate::error::Error;
use crate::refused::Refused;
use crate::store::{Scope, Step, StoreError};
use crate::sync::Halves;

/// One text that an entry had. Moves are no versions: they repeat it.
pub(super) struct Version {
    pub(super) entry: Entry,
    pub(super) cause: Cause,
    /// The name that it had, as far as it opens; else the one that the entry had before, or had next.
    pub(super) name: Option<String>,
    /// Whether it opened as a name or as prose.
    pub(super) named: bool,
    /// Among all versions: the one before, if the entry was there.
    before: Option<usize>,
}

/// Who wrote a text, and when.
pub(super) struct Origin {
    pub(super) author: KeyholderId,
    pub(super) at: Timestamp,
    pub(super) number: u64,
}

/// Every version of every entry, oldest first.
pub(super) struct Versions {
    all: Vec<Version>,
    by_pointer: BTreeMap<Pointer, usize>,
}

/// Whether two versions say the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compared {
    Same,
    Different,
    /// One of them is not here, or no key that opens it is.
    Unknown,
}

impl Versions {
    pub(super) fn of(held: &Held) -> Self {
        let mut versions: Vec<Version> = Vec::new();
        let mut last: BTreeMap<EntryId, usize> = BTreeMap::new();
        for revision in &held.revisions {
            for change in &revision.changes {
                match change {
                    Change::Put(put) => {
                        let before = last.get(&put.entry).copied();
                        if let Some(before) = before
                            && versions[before].entry.pointer == put.pointer
                        {
                            continue;
                        }
                        let entry = entry_of(revision, put);
                        let left = open_left(held, &entry);
                        let named = left.is_some();
                        let opened = left.map(|left| {
                            Assignment::at_start(&left).map(|assignment| assignment.name().to_owned())
                        });
                        let name = opened.unwrap_or_else(|| before.and_then(|at| versions[at].name.clone()));
                        last.insert(put.entry, versions.len());
                        versions.push(Version { entry, cause: revision.cause, name, named, before });
                    }
                    Change::Remove(remove) => {
                        last.remove(&remove.entry);
                    }
                    Change::Purge(_) => {}
                }
            }
        }
        // What was sealed before this computer had keys gets the name that it had next.
        for at in (0..versions.len()).rev() {
            let Some(before) = versions[at].before else { continue };
            if !versions[before].named && versions[before].name.is_none() {
                versions[before].name = versions[at].name.clone();
            }
        }
        let by_pointer =
            versions.iter().enumerate().map(|(at, version)| (version.entry.pointer, at)).collect();
        Self { all: versions, by_pointer }
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Version> {
        self.all.iter()
    }

    /// The version whose value is under a pointer: there is one at most.
    pub(super) fn get(&self, pointer: Pointer) -> Option<&Version> {
        self.by_pointer.get(&pointer).and_then(|at| self.all.get(*at))
    }

    /// The version that was there before, if the entry was.
    pub(super) fn before(&self, version: &Version) -> Option<&Version> {
        version.before.and_then(|at| self.all.get(at))
    }

    /// What each `rotate` sealed anew: before and after.
    pub(super) fn rotated(&self) -> impl Iterator<Item = (&Version, &Version)> {
        let rotated = self.all.iter().filter(|version| version.cause == Cause::Rotate);
        rotated.filter_map(|version| Some((self.before(version)?, version)))
    }

    /// Who wrote what is under a pointer: whoever sealed it anew without a change did not. What cannot be compared
    /// is theirs who sealed it.
    pub(super) fn origin(
        &self,
        held: &Held,
        step: &Step<'_>,
        pointer: Pointer,
    ) -> Result<Option<Origin>, StoreError> {
        let Some(mut version) = self.get(pointer) else { return Ok(None) };
        while version.cause == Cause::Rotate
            && let Some(before) = self.before(version)
            && compare(held, step, &before.entry, &version.entry)? == Compared::Same
        {
            version = before;
        }
        let Entry { author, at, number, .. } = version.entry;
        Ok(Some(Origin { author, at, number }))
    }
}

/// The entries right after a revision, in their order.
pub(super) fn entries_at(held: &Held, number: u64) -> Vec<(EntryId, Entry)> {
    let mut entries: BTreeMap<EntryId, Entry> = BTreeMap::new();
    for revision in held.revisions.iter().take_while(|revision| revision.number <= number) {
        for change in &revision.changes {
            match change {
                Change::Put(put) => {
                    let moved = entries.get(&put.entry).filter(|before| before.pointer == put.pointer);
                    let entry = match moved {
                        Some(before) => Entry { position: put.position.clone(), ..before.clone() },
                        None => entry_of(revision, put),
                    };
                    entries.insert(put.entry, entry);
                }
                Change::Remove(remove) => {
                    entries.remove(&remove.entry);
                }
                Change::Purge(_) => {}
            }
        }
    }
    let mut entries: Vec<_> = entries.into_iter().collect();
    entries.sort_by(|(_, a), (_, b)| a.position.cmp(&b.position));
    entries
}

pub(super) fn entry_of(revision: &Revision, put: &twinlock_protocol::revision::Put) -> Entry {
    Entry {
        position: put.position.clone(),
        name: put.name.clone(),
        pointer: put.pointer,
        digest: put.digest,
        generation: revision.generation,
        author: revision.author,
        number: revision.number,
        at: revision.created_at,
    }
}

pub(super) fn compare(held: &Held, step: &Step<'_>, a: &Entry, b: &Entry) -> Result<Compared, StoreError> {
    Ok(match (opened(held, step, a)?, opened(held, step, b)?) {
        (Some(a), Some(b)) if a == b => Compared::Same,
        (Some(_), Some(_)) => Compared::Different,
        _ => Compared::Unknown,
    })
}

/// The same for the values alone: quotes and comments around them may differ.
pub(super) fn compare_values(
    held: &Held,
    step: &Step<'_>,
    a: &Entry,
    b: &Entry,
) -> Result<Compared, StoreError> {
    Ok(match (value_of(held, step, a)?, value_of(held, step, b)?) {
        (Some(a), Some(b)) if a == b => Compared::Same,
        (Some(_), Some(_)) => Compared::Different,
        _ => Compared::Unknown,
    })
}

/// An entry's value as Node reads it, if it is here and opens.
pub(super) fn value_of(
    held: &Held,
    step: &Step<'_>,
    entry: &Entry,
) -> Result<Option<Zeroizing<String>>, StoreError> {
    let value = |halves: Halves| Zeroizing::new(twinlock_dotenv::node::value(&halves.right));
    Ok(opened(held, step, entry)?.map(value))
}

/// An entry in the clear, if its value is here and opens.
pub(super) fn opened(held: &Held, step: &Step<'_>, entry: &Entry) -> Result<Option<Halves>, StoreError> {
    Ok(step.blob(held.chain.id(), entry.digest)?.and_then(|blob| open(held, entry, &blob)))
}

impl Client {
    /// Who wrote what is under these pointers, as far as it can be told from what is here.
    pub(super) fn origins(
        &self,
        held: &Held,
        pointers: impl IntoIterator<Item = Pointer>,
    ) -> Result<BTreeMap<Pointer, Origin>, Error> {
        let versions = Versions::of(held);
        self.store().read(|step| {
            let mut origins = BTreeMap::new();
            for pointer in pointers {
                if let Some(origin) = versions.origin(held, step, pointer)? {
                    origins.insert(pointer, origin);
                }
            }
            Ok(origins)
        })
    }

    /// Fetches former values that are not here, each checked against the digest that its author signed. What was
    /// purged is missed by nobody.
    pub(super) async fn fetch_former(
        &self,
        joined: &mut Joined,
        id: EnvironmentId,
        wanted: impl Fn(&Held) -> Vec<(Pointer, Digest)>,
    ) -> Result<(), Error> {
        self.check_access(joined, id, Level::Read)?;
        let held = joined.session.environment(id);
        let mut wanted = held.map(&wanted).unwrap_or_default();
        wanted.retain(|(pointer, _)| held.is_none_or(|held| !held.chain.is_purged(*pointer)));
        let result = self.fetch_blobs(joined, id, &wanted, usize::MAX).await.map_err(|error| match error {
            Error::Refused(refused) => Refused { former: true, ..*refused }.into(),
            error => error,
        });
        self.note_outcome(joined, result)?;
        // All of them are here now, and verified.
        let scope = Scope::Environment(id);
        let pointers = wanted.into_iter().map(|(pointer, _)| pointer);
        if self.store().step(|step| step.end_refusals_of(&scope, pointers).map_err(Error::from))? {
            self.emit(Event::Environment(id));
        }
        Ok(())
    }
}
