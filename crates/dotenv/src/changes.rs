//! What changed from one text to another, variable by variable, and the count of it that a
//! notification shows. Names and places only: no change carries a value.
//!
//! Nothing is left out: entries that no change names are the same in both texts, in the same
//! order. So only equal texts have no changes.

use std::collections::HashMap;
use std::fmt;

use crate::document::{Document, Entry, Variable};
use crate::matching::{KnownEntry, in_order, match_entries};
use crate::weave::{Numbers, common};

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

/// What can happen to an entry. Of one variable several may be true: it may be renamed, moved and
/// written in another way, which are three changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ChangeKind {
    /// A variable that was not there.
    New,
    /// A variable with another value.
    Changed,
    /// A variable that is gone.
    Removed,
    /// A variable with another name and the same value.
    Renamed,
    /// A variable with something else than name and value written in another way: `export`,
    /// blanks, quotes around the same value, the comment behind it, the line ending.
    Reformatted,
    /// A variable in another place among the variables.
    Moved,
    /// Comments or other text between variables: new, gone, changed or moved. The texts before and
    /// after, at the places that the change names, are what [`prose_diff`] compares.
    Prose,
}

/// What changed from `before` to `after`: in the order of `after`, then what was removed.
#[must_use]
pub fn diff<'t>(before: &Document<'t>, after: &Document<'t>) -> Vec<Change<'t>> {
    let matches = partners(before.entries(), after.entries());
    let stayed = stayed(before, after, &matches);
    let mut kept = vec![false; before.entries().len()];
    let mut changes = Vec::new();
    for (place, (entry, partner)) in after.entries().iter().zip(&matches).enumerate() {
        let mut add = |kind| {
            changes.push(Change { kind, name: entry.name(), before: *partner, after: Some(place) });
        };
        match (entry, partner.map(|partner| before.entries()[partner])) {
            (Entry::Variable(_), None) => add(ChangeKind::New),
            (Entry::Variable(variable), Some(Entry::Variable(old))) => {
                kinds(&old, variable).into_iter().for_each(&mut add);
                if !stayed[place] {
                    add(ChangeKind::Moved);
                }
            }
            (Entry::Prose(prose), Some(old)) if old.text() == prose.text() && stayed[place] => {}
            _ => add(ChangeKind::Prose),
        }
        if let Some(partner) = *partner {
            kept[partner] = true;
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

/// Which entry before each entry after is. Beyond what [`match_entries`] pairs, a variable of
/// another name in another place is the same one if no other has its value, before or after.
fn partners(before: &[Entry<'_>], after: &[Entry<'_>]) -> Vec<Option<usize>> {
    let mut matches = match_entries(&known(before), &known(after));
    let mut kept = vec![false; before.len()];
    matches.iter().flatten().for_each(|place| kept[*place] = true);
    let (of_before, of_after) = (single_values(before), single_values(after));
    for (place, partner) in matches.iter_mut().enumerate().filter(|(_, partner)| partner.is_none()) {
        let only = |values: &HashMap<&str, Option<usize>>| {
            let value = after[place].as_variable()?.right_half().written();
            values.get(value).copied().flatten()
        };
        if only(&of_after) == Some(place)
            && let Some(old) = only(&of_before).filter(|old| !kept[*old])
        {
            *partner = Some(old);
        }
    }
    matches
}

fn known<'t>(entries: &[Entry<'t>]) -> Vec<KnownEntry<'t>> {
    entries.iter().map(KnownEntry::from).collect()
}

/// The values that are written once in a text, each with its place; without a place where more
/// than one variable has it.
fn single_values<'t>(entries: &[Entry<'t>]) -> HashMap<&'t str, Option<usize>> {
    let mut values = HashMap::new();
    for (place, entry) in entries.iter().enumerate() {
        let value = entry.as_variable().map(|variable| variable.right_half().written());
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            values.entry(value).and_modify(|found| *found = None).or_insert(Some(place));
        }
    }
    values
}

/// Which entries of `after` are in the order that they had. Prose has moved if it stands between
/// other variables than before.
fn stayed(before: &Document<'_>, after: &Document<'_>, matches: &[Option<usize>]) -> Vec<bool> {
    let mut stayed = vec![false; matches.len()];
    let mut keep = |pairs: &[(usize, usize)]| {
        let places: Vec<usize> = pairs.iter().map(|(_, partner)| *partner).collect();
        let kept = pairs.iter().zip(in_order(&places)).filter(|(_, kept)| *kept);
        kept.map(|(pair, _)| *pair).inspect(|(place, _)| stayed[*place] = true).collect::<Vec<_>>()
    };
    let pairs = matches.iter().enumerate().filter_map(|(place, partner)| Some((place, (*partner)?)));
    let (variables, prose): (Vec<_>, Vec<_>) =
        pairs.partition(|(place, _)| after.entries()[*place].name().is_some());
    let variables = keep(&variables);
    let after_gaps = gaps(after.entries().len(), variables.iter().map(|(place, _)| *place));
    let before_gaps = gaps(before.entries().len(), variables.iter().map(|(_, partner)| *partner));
    let same_gap = |(place, partner): &(usize, usize)| after_gaps[*place] == before_gaps[*partner];
    keep(&prose.into_iter().filter(same_gap).collect::<Vec<_>>());
    stayed
}

/// How many of these places are before each place.
fn gaps(length: usize, places: impl Iterator<Item = usize>) -> Vec<usize> {
    let mut places = places.peekable();
    let mut count = 0;
    (0..length)
        .map(|at| {
            count += usize::from(places.next_if_eq(&at).is_some());
            count
        })
        .collect()
}

fn kinds(before: &Variable<'_>, after: &Variable<'_>) -> Vec<ChangeKind> {
    let (old, new) = (before.right_half(), after.right_half());
    let same_value = old.same_value(&new);
    let around_name = |variable: &Variable<'_>| {
        let (name, left) = (variable.assignment.name_start(), variable.left());
        [left[..name].to_owned(), left[name + variable.name().len()..].to_owned()]
    };
    let reformatted = around_name(before) != around_name(after)
        || (same_value && old.written() != new.written())
        || (old.lead(), old.trailing(), old.ending()) != (new.lead(), new.trailing(), new.ending());
    let kinds = [
        (!same_value, ChangeKind::Changed),
        (before.name() != after.name(), ChangeKind::Renamed),
        (reformatted, ChangeKind::Reformatted),
    ];
    kinds.into_iter().filter_map(|(is_so, kind)| is_so.then_some(kind)).collect()
}

/// A line of prose, and what became of it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum ProseLine<'t> {
    /// In both texts.
    Kept(&'t str),
    /// In the text before only.
    Removed(&'t str),
    /// In the text after only.
    Added(&'t str),
}

/// The lines of two texts, line endings included, what was removed before what was added.
#[must_use]
pub fn prose_diff<'t>(before: &'t str, after: &'t str) -> Vec<ProseLine<'t>> {
    let mut numbers = Numbers::new();
    let mut split = |text: &'t str| {
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        let numbers: Vec<u32> = lines.iter().map(|line| numbers.of(*line)).collect();
        (lines, numbers)
    };
    let ((old, of_old), (new, of_new)) = (split(before), split(after));
    let (mut from_old, mut from_new) = (0, 0);
    let mut lines = Vec::new();
    for (to_old, to_new) in common(&of_old, &of_new).into_iter().chain([(old.len(), new.len())]) {
        lines.extend(old[from_old..to_old].iter().copied().map(ProseLine::Removed));
        lines.extend(new[from_new..to_new].iter().copied().map(ProseLine::Added));
        lines.extend(old.get(to_old).copied().map(ProseLine::Kept));
        (from_old, from_new) = (to_old + 1, to_new + 1);
    }
    lines
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
        // Several at once.
        check("A=1\nB=s\n", "A=1\nC='s'\n", &[(New, "C"), (Removed, "B")], "1 new, 1 removed");
        check("A=1\nB=s\n", "A=1\nexport C=s # c\n", &[(Renamed, "C"), (Reformatted, "C")], "1 renamed");
        check("A=1\nB=s\nC=3\n", "BB=s\nA=1\nC=3\n", &[(Renamed, "BB"), (Moved, "BB")], "1 renamed");
        check("A=1\n", "A=2 # c\n", &[(Changed, "A"), (Reformatted, "A")], "1 changed");
        check("A=1\n", "A='2'\n", &[(Changed, "A")], "1 changed");
        check("A=1\n", "A=1", &[(Reformatted, "A")], "comments or layout only");
        // Elsewhere a value that others have too tells nothing.
        let (before, after) = ("A=true\nB=2\nC=true\n", "A=true\nX=true\nB=2\n");
        check(before, after, &[(New, "X"), (Removed, "C")], "1 new, 1 removed");
        // Prose that moved is a change of prose.
        check("# a\nA=1\nB=2\n", "A=1\n# a\nB=2\n", &[(Prose, "")], "comments or layout only");
        check(
            "# a\nA=1\n# b\nB=2\n",
            "# a\nB=2\n# b\nA=1\n",
            &[(Moved, "B"), (Prose, "")],
            "comments or layout only",
        );
    }

    #[test]
    fn compares_prose_by_lines() {
        fn check(before: &str, after: &str, expected: &[&str]) {
            let lines: Vec<String> = prose_diff(before, after)
                .into_iter()
                .map(|line| match line {
                    ProseLine::Kept(line) => format!(" {line}"),
                    ProseLine::Removed(line) => format!("-{line}"),
                    ProseLine::Added(line) => format!("+{line}"),
                })
                .collect();
            assert_eq!(lines, expected);
        }
        check("", "", &[]);
        check("# a\n# b\n", "# a\n# c\n", &[" # a\n", "-# b\n", "+# c\n"]);
        check("# a", "# a\n", &["-# a", "+# a\n"]);
    }

    #[test]
    fn tells_where_the_entries_are() {
        let (before, after) = (Document::parse("# a\nA=1\nB=2\n"), Document::parse("A=2\n"));
        let places: Vec<_> =
            diff(&before, &after).iter().map(|change| (change.before, change.after)).collect();
        assert_eq!(places, [(Some(1), Some(0)), (Some(0), None), (Some(2), None)]);
    }
}
