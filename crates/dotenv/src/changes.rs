//! What changed from one text to another, variable by variable, and the count of it that a
//! notification shows. Names only: no change carries a value.

use std::fmt;

use crate::document::{Document, Entry};
use crate::matching::{KnownEntry, in_order, match_entries};

/// One change, with the places of the entry before and after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change<'t> {
    /// What happened.
    pub kind: ChangeKind,
    /// The variable's name, the new one if it was renamed; `None` for prose.
    pub name: Option<&'t str>,
    /// The entry's place among the entries before.
    pub before: Option<usize>,
    /// The entry's place among the entries after.
    pub after: Option<usize>,
}

/// What can happen to an entry. A variable that was changed and moved has two changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// A variable that was not there.
    New,
    /// A variable with another value.
    Changed,
    /// A variable that is gone.
    Removed,
    /// A variable with another name and the same value.
    Renamed,
    /// A variable with the same value, written in another way or with another comment.
    Reformatted,
    /// A variable in another place.
    Moved,
    /// Comments or other text between variables.
    Prose,
}

/// What changed from `before` to `after`: in the order of `after`, then what was removed.
#[must_use]
pub fn diff<'t>(before: &Document<'t>, after: &Document<'t>) -> Vec<Change<'t>> {
    let known: Vec<KnownEntry<'t>> = before.entries().iter().map(KnownEntry::from).collect();
    let entries: Vec<KnownEntry<'t>> = after.entries().iter().map(KnownEntry::from).collect();
    let matches = match_entries(&known, &entries);
    let stayed = stayed(after, &matches);
    let mut kept = vec![false; known.len()];
    let mut changes = Vec::new();
    for (place, (entry, partner)) in after.entries().iter().zip(&matches).enumerate() {
        let mut add = |kind| {
            changes.push(Change { kind, name: entry.name(), before: *partner, after: Some(place) });
        };
        let Some(partner) = *partner else {
            add(if entry.name().is_some() { ChangeKind::New } else { ChangeKind::Prose });
            continue;
        };
        kept[partner] = true;
        if let Some(kind) = change(&before.entries()[partner], entry) {
            add(kind);
        }
        if !stayed[place] {
            add(ChangeKind::Moved);
        }
    }
    let removed = before.entries().iter().enumerate().filter(|(place, _)| !kept[*place]);
    changes.extend(removed.map(|(place, entry)| Change {
        kind: if entry.name().is_some() { ChangeKind::Removed } else { ChangeKind::Prose },
        name: entry.name(),
        before: Some(place),
        after: None,
    }));
    changes
}

/// Which entries of `after` are in the order they had, prose always being.
fn stayed(after: &Document<'_>, matches: &[Option<usize>]) -> Vec<bool> {
    let paired: Vec<(usize, usize)> = after
        .entries()
        .iter()
        .zip(matches)
        .enumerate()
        .filter_map(|(place, (entry, partner))| entry.name().and(*partner).map(|partner| (place, partner)))
        .collect();
    let places: Vec<usize> = paired.iter().map(|(_, partner)| *partner).collect();
    let mut stayed = vec![true; matches.len()];
    for ((place, _), in_order) in paired.iter().zip(in_order(&places)) {
        stayed[*place] = in_order;
    }
    stayed
}

fn change(before: &Entry<'_>, after: &Entry<'_>) -> Option<ChangeKind> {
    match (before, after) {
        _ if before.text() == after.text() => None,
        (Entry::Variable(before), Entry::Variable(after)) => {
            Some(if !before.right_half().same_value(&after.right_half()) {
                ChangeKind::Changed
            } else if before.name() != after.name() {
                ChangeKind::Renamed
            } else {
                ChangeKind::Reformatted
            })
        }
        _ => Some(ChangeKind::Prose),
    }
}

/// How much changed, as a notification says it: `2 changed, 1 new`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Variables with another value.
    pub changed: usize,
    /// Variables that were not there.
    pub new: usize,
    /// Variables that are gone.
    pub removed: usize,
    /// Variables with another name.
    pub renamed: usize,
    /// All changes that leave every name and value alone: order, writing, prose.
    pub layout: usize,
}

impl Summary {
    /// Counts changes.
    #[must_use]
    pub fn of(changes: &[Change<'_>]) -> Self {
        let mut summary = Self::default();
        for change in changes {
            *match change.kind {
                ChangeKind::Changed => &mut summary.changed,
                ChangeKind::New => &mut summary.new,
                ChangeKind::Removed => &mut summary.removed,
                ChangeKind::Renamed => &mut summary.renamed,
                ChangeKind::Reformatted | ChangeKind::Moved | ChangeKind::Prose => &mut summary.layout,
            } += 1;
        }
        summary
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = [
            (self.changed, "changed"),
            (self.new, "new"),
            (self.removed, "removed"),
            (self.renamed, "renamed"),
        ];
        let parts: Vec<String> = counts
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{count} {what}"))
            .collect();
        match parts.as_slice() {
            [] if self.layout > 0 => f.write_str("comments or layout only"),
            [] => f.write_str("no changes"),
            parts => f.write_str(&parts.join(", ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_what_changed() {
        fn check(before: &str, after: &str, expected: &[(ChangeKind, &str)], summary: &str) {
            let (before, after) = (Document::parse(before), Document::parse(after));
            let changes = diff(&before, &after);
            let found: Vec<_> =
                changes.iter().map(|change| (change.kind, change.name.unwrap_or_default())).collect();
            assert_eq!(found, expected);
            assert_eq!(Summary::of(&changes).to_string(), summary);
        }
        use ChangeKind::{Changed, Moved, New, Prose, Reformatted, Removed, Renamed};
        check("A=1\n", "A=1\n", &[], "no changes");
        check(
            "A=1\nB=2\n",
            "A=9\nB=8\nC=3\n",
            &[(Changed, "A"), (Changed, "B"), (New, "C")],
            "2 changed, 1 new",
        );
        check("A=1\nB=2\n", "B=2\n", &[(Removed, "A")], "1 removed");
        check("A=1\nB=2\n", "A=1\nBB=2\n", &[(Renamed, "BB")], "1 renamed");
        check("A=1\n", "export A='1' # c\n", &[(Reformatted, "A")], "comments or layout only");
        check("A=p#1\n", "A=p#2\n", &[(Changed, "A")], "1 changed");
        check("A=1\nB=2\nC=3\n", "B=2\nC=3\nA=1\n", &[(Moved, "A")], "comments or layout only");
        check("A=1\nB=2\nC=3\n", "B=2\nC=3\nA=9\n", &[(Changed, "A"), (Moved, "A")], "1 changed");
        check("# a\nA=1\n", "# b\nA=1\n", &[(Prose, "")], "comments or layout only");
        check("# a\nA=1\n", "A=1\n", &[(Prose, "")], "comments or layout only");
        check("", "# a\nA=1\n", &[(Prose, ""), (New, "A")], "1 new");
    }

    #[test]
    fn tells_where_the_entries_are() {
        let (before, after) = (Document::parse("# a\nA=1\nB=2\n"), Document::parse("A=2\n"));
        let places: Vec<_> =
            diff(&before, &after).iter().map(|change| (change.before, change.after)).collect();
        assert_eq!(places, [(Some(1), Some(0)), (Some(0), None), (Some(2), None)]);
    }
}
