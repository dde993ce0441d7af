//! An environment in the clear: its entries opened with this computer's keys, in their order.

use twinlock_dotenv::{Document, Entry as TextEntry};
use twinlock_protocol::environment::Entry;
use twinlock_protocol::event::{Half, Level};
use twinlock_protocol::ids::{EntryId, EnvironmentId};
use zeroize::Zeroizing;

use super::session::{Held, Session};
use super::{Client, Joined};
use crate::error::Error;
use crate::store::Store;
use crate::sync::{Halves, TheirText, Theirs};

/// An entry whose name alone was opened.
pub(super) struct Named {
    pub(super) id: EntryId,
    pub(super) entry: Entry,
    /// `None` if it does not open.
    pub(super) left: Option<Zeroizing<String>>,
}

impl Client {
    /// See [`entries`].
    pub(super) fn open_entries(&self, joined: &Joined, id: EnvironmentId) -> Result<Vec<Theirs>, Error> {
        entries(&joined.session, self.store(), id)
    }

    /// See [`names`].
    pub(super) fn open_names(&self, joined: &Joined, id: EnvironmentId) -> Result<Vec<Named>, Error> {
        names(&joined.session, id)
    }

    /// See [`check_access`].
    pub(super) fn check_access(
        &self,
        joined: &Joined,
        id: EnvironmentId,
        needed: Level,
    ) -> Result<(), Error> {
        check_access(&joined.session, id, needed)
    }
}

/// All entries of an environment, as far as it was fetched. Takes read access.
fn entries(session: &Session, store: &Store, id: EnvironmentId) -> Result<Vec<Theirs>, Error> {
    let held = readable(session, id, Level::Read)?;
    store.read(|step| {
        held.chain
            .in_order()
            .map(|(entry_id, entry)| {
                let Some(blob) = step.blob(id, entry.digest)? else {
                    let environment = session.environment_name(id);
                    return Err(Error::ValuesMissing { environment });
                };
                let text = open(held, entry, &blob).map_or(TheirText::Damaged, TheirText::Open);
                Ok(Theirs { id: entry_id, text, number: entry.number })
            })
            .collect()
    })
}

/// Names and what is known of each entry, without values. Takes access to names.
fn names(session: &Session, id: EnvironmentId) -> Result<Vec<Named>, Error> {
    let held = readable(session, id, Level::Names)?;
    let named =
        |(id, entry): (EntryId, &Entry)| Named { id, entry: entry.clone(), left: open_left(held, entry) };
    Ok(held.chain.in_order().map(named).collect())
}

/// An environment that this member may read so far, and whose keys for that are here.
fn readable(session: &Session, id: EnvironmentId, level: Level) -> Result<&Held, Error> {
    check_access(session, id, level)?;
    let held = session.environment(id);
    let held = held.ok_or_else(|| Error::Bug("an environment was not loaded".into()))?;
    if lacks_keys(held, level) {
        return Err(Error::KeysMissing { environment: session.environment_name(id) });
    }
    Ok(held)
}

/// Refuses what this member, or this service, has less access to than needed.
fn check_access(session: &Session, id: EnvironmentId, needed: Level) -> Result<(), Error> {
    if session.team.environment(id).is_err() {
        return Err(Error::EnvironmentGone);
    }
    let have = session.my_level(id);
    if have.is_some_and(|have| have >= needed) {
        return Ok(());
    }
    if !session.given_names().is_empty() {
        return Err(Error::ServiceAccess { environment: session.environment_name(id), have });
    }
    Err(Error::Access { environment: session.environment_name(id), have, needed })
}

/// Whether anything there is sealed under keys that somebody of this level should have, and that are not here.
pub(super) fn lacks_keys(held: &Held, level: Level) -> bool {
    let has = |entry: &Entry| {
        held.name_key(entry.generation).is_some()
            && (!level.includes(Half::Value) || held.value_key(entry.generation).is_some())
    };
    !held.chain.entries().values().all(has)
}

/// Opens one entry; `None` if its author sealed something that does not open, or that is not one entry.
pub(super) fn open(held: &Held, entry: &Entry, blob: &[u8]) -> Option<Halves> {
    let left = open_left(held, entry)?;
    let right = held.value_key(entry.generation)?.open_value(entry.pointer, blob).ok()?;
    let halves = Halves::new(&left, right.expose());
    is_one_entry(&halves).then_some(halves)
}

pub(super) fn open_left(held: &Held, entry: &Entry) -> Option<Zeroizing<String>> {
    let left = held.name_key(entry.generation)?.open_name(entry.pointer, &entry.name).ok()?;
    Some(Zeroizing::new(left.expose().to_owned()))
}

/// Whether two halves are what they claim: one variable, or prose without any. A value that brings further
/// variables with it would put names into a file that nobody signed as names.
fn is_one_entry(halves: &Halves) -> bool {
    // Behind another line, as it may stand in any file: at its very beginning a byte-order mark is special.
    let text = Zeroizing::new(["#\n", halves.left.as_str(), halves.right.as_str()].concat());
    let document = Document::parse(&text);
    match document.entries() {
        [TextEntry::Prose(_)] => halves.left.is_empty(),
        [TextEntry::Prose(_), TextEntry::Variable(only)] => only.left() == halves.left.as_str(),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
