//! What is agreed on with an environment that went back: what came after is agreed on no more.

use std::collections::BTreeMap;

use twinlock_protocol::EntryId;

use super::{Agreed, Halves};

/// An entry of the environment as it is after going back.
pub struct After {
    /// Which entry.
    pub id: EntryId,
    /// The revision that put it there.
    pub number: u64,
    /// Its text; none if its value is not here, or does not open.
    pub halves: Option<Halves>,
}

/// The base of a file after its environment went back to revision `to`. `last` are the entries that were there at last,
/// each with the revision that had put it there.
///
/// Where all of that was agreed on, what is there now takes its place, so that everything lost shows as a change of this
/// computer, removals too. Else only what was agreed on since goes back: what was never pulled is still to be pulled. An
/// entry whose former text is not known leaves nothing agreed on: a person decides.
#[must_use]
pub fn base_after_going_back(
    base: Vec<Agreed>,
    after: &[After],
    last: &BTreeMap<EntryId, u64>,
    to: u64,
) -> Vec<Agreed> {
    let numbers: BTreeMap<EntryId, u64> = base.iter().map(|agreed| (agreed.id, agreed.number)).collect();
    let agreed = |entry: &After| {
        let halves = entry.halves.clone()?;
        Some(Agreed { id: entry.id, halves, number: entry.number })
    };
    if numbers == *last {
        let mut known: BTreeMap<EntryId, Agreed> =
            base.into_iter().filter(|agreed| agreed.number <= to).map(|agreed| (agreed.id, agreed)).collect();
        return after.iter().filter_map(|entry| known.remove(&entry.id).or_else(|| agreed(entry))).collect();
    }
    let back = |one: Agreed| {
        if one.number <= to {
            return Some(one);
        }
        after.iter().find(|entry| entry.id == one.id).and_then(agreed)
    };
    base.into_iter().filter_map(back).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(byte: u8) -> EntryId {
        EntryId::new([byte; 16])
    }

    /// `1A5` is the entry 1 with the line `A=5`, put there by revision 5.
    fn read(text: &str) -> Vec<Agreed> {
        let entry = |text: &str| {
            let (byte, rest) = text.split_at(1);
            let (name, number) = rest.split_at(1);
            let halves = Halves::new(&format!("{name}="), &format!("{number}\n"));
            Agreed { id: id(byte.parse().unwrap()), halves, number: number.parse().unwrap() }
        };
        text.split_whitespace().map(entry).collect()
    }

    /// An entry followed by `?` is one whose text is not known.
    fn after(text: &str) -> Vec<After> {
        let entry = |text: &str| {
            let Agreed { id, halves, number } = read(text.trim_end_matches('?')).remove(0);
            After { id, number, halves: (!text.ends_with('?')).then_some(halves) }
        };
        text.split_whitespace().map(entry).collect()
    }

    #[test]
    fn what_was_agreed_on_since_is_agreed_on_no_more() {
        for (what, base, then, last, expect) in [
            ("changed since", "1A3 2B5", "1A3 2B2", "1A3 2B5", "1A3 2B2"),
            ("new since", "1A3 2B5", "1A3", "1A3 2B5", "1A3"),
            ("removed since", "1A3", "1A3 2B2", "1A3", "1A3 2B2"),
            ("in the order of then", "2B2 1A3", "1A3 2B2", "1A3 2B2", "1A3 2B2"),
            ("never pulled", "1A1 2B5", "1A3 2B2 3C3", "1A3 2B5 3C3", "1A1 2B2"),
            ("removed since, or never pulled", "1A1", "1A3 2B2", "1A3", "1A1"),
            ("removed before, and not pulled", "1A1 2B2", "1A1", "1A5", "1A1 2B2"),
            ("its value is nowhere", "1A5 2B5", "1A3? 2B2", "1A5 2B5", "2B2"),
            ("not wholly pulled, and its value is nowhere", "1A5", "1A3?", "1A5 2B5", ""),
            ("nothing was ever agreed on", "", "1A3", "1A5", ""),
        ] {
            let last = read(last).into_iter().map(|entry| (entry.id, entry.number)).collect();
            let found = base_after_going_back(read(base), &after(then), &last, 3);
            assert!(found == read(expect), "{what}: {}", found.len());
        }
    }
}
