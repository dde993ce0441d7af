//! An environment in the clear: its entries opened with this computer's keys, in their order.

use twinlock_dotenv::{Document, Entry as TextEntry};
use twinlock_protocol::environment::Entry;
use twinlock_protocol::event::{Half, Level};
use twinlock_protocol::ids::{EntryId, EnvironmentId};
use zeroize::Zeroizing;

use super::session::Held;
use super::{Client, Joined};
use crate::error::Error;
use crate::sync::{Halves, TheirText, Theirs};

/// An entry whose name alone was opened.
pub(super) struct Named {
    pub(super) id: EntryId,
    pub(super) entry: Entry,
    /// `None` if it does not open.
    pub(super) left: Option<Zeroizing<String>>,
}

impl Client {
    /// All entries of an environment, as far as it was fetched. Takes read access.
    pub(super) fn open_entries(&self, joined: &Joined, id: EnvironmentId) -> Result<Vec<Theirs>, Error> {
        let session = &joined.session;
        self.check_access(joined, id, Level::Read)?;
        let held =
            session.environment(id).ok_or_else(|| Error::Bug("an environment was not loaded".into()))?;
        self.check_keys(joined, id, held)?;
        self.store().read(|step| {
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
    pub(super) fn open_names(&self, joined: &Joined, id: EnvironmentId) -> Result<Vec<Named>, Error> {
        self.check_access(joined, id, Level::Names)?;
        let held = joined
            .session
            .environment(id)
            .ok_or_else(|| Error::Bug("an environment was not loaded".into()))?;
        let current = held.chain.in_order().next().map(|(_, entry)| entry.generation);
        if current.is_some_and(|generation| held.name_key(generation).is_none()) {
            return Err(Error::KeysMissing { environment: joined.session.environment_name(id) });
        }
        let named =
            |(id, entry): (EntryId, &Entry)| Named { id, entry: entry.clone(), left: open_left(held, entry) };
        Ok(held.chain.in_order().map(named).collect())
    }

    pub(super) fn check_access(
        &self,
        joined: &Joined,
        id: EnvironmentId,
        needed: Level,
    ) -> Result<(), Error> {
        if joined.session.team.environment(id).is_err() {
            return Err(Error::EnvironmentGone);
        }
        let have = joined.session.my_level(id);
        if have.is_some_and(|have| have >= needed) {
            return Ok(());
        }
        if !joined.session.given_names().is_empty() {
            return Err(Error::ServiceAccess { environment: joined.session.environment_name(id), have });
        }
        Err(Error::Access { environment: joined.session.environment_name(id), have, needed })
    }

    fn check_keys(&self, joined: &Joined, id: EnvironmentId, held: &Held) -> Result<(), Error> {
        if lacks_keys(held, Level::Read) {
            return Err(Error::KeysMissing { environment: joined.session.environment_name(id) });
        }
        Ok(())
    }
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
mod tests {
    use super::*;

    #[test]
    fn an_entry_brings_no_other_with_it() {
        for (left, right) in [
            ("A=", "1\n"),
            ("export A =", " \"x\ny\"\n"),
            ("", "# c\n\n"),
            ("A=", ""),
            ("", "x: y\n"),
            ("", "\u{feff}B=2\n"),
            ("", ""),
        ] {
            assert!(is_one_entry(&Halves::new(left, right)), "{left}{right}");
        }
        for (left, right) in
            [("A=", "1\nLD_PRELOAD=x\n"), ("", "B=2\n"), ("A", "1\n"), ("A=1\nB=", "2"), ("# ", "x")]
        {
            assert!(!is_one_entry(&Halves::new(left, right)), "{left}{right}");
        }
    }
}
