//! What must hold of every difference between two texts.

use std::collections::{BTreeSet, HashMap};

use twinlock_dotenv::{ChangeKind, Document, Entry, ProseLine, Summary, diff, prose_diff};

/// Compares, and checks that every entry is accounted for and every kind of change is true.
pub(crate) fn check(before: &str, after: &str) {
    let (before, after) = (Document::parse(before), Document::parse(after));
    assert!(diff(&before, &before).is_empty() && diff(&after, &after).is_empty());
    let changes = diff(&before, &after);
    assert_eq!(changes.is_empty(), before.text() == after.text());

    // What no change names is the same in both, in the same order.
    let named: [BTreeSet<usize>; 2] = [
        changes.iter().filter_map(|change| change.before).collect(),
        changes.iter().filter_map(|change| change.after).collect(),
    ];
    let unnamed = |document: &Document<'_>, named: &BTreeSet<usize>| -> String {
        let entries = document.entries().iter().enumerate();
        entries
            .filter(|(place, _)| !named.contains(place))
            .map(|(_, entry)| entry.text().to_owned())
            .collect()
    };
    assert!(unnamed(&before, &named[0]) == unnamed(&after, &named[1]), "an unnamed entry differs");

    let mut pairs: HashMap<usize, usize> = HashMap::new();
    let mut seen = BTreeSet::new();
    for change in &changes {
        assert!(seen.insert((change.before, change.after, change.kind)), "{change:?} is there twice");
        let old = change.before.map(|place| &before.entries()[place]);
        let new = change.after.map(|place| &after.entries()[place]);
        assert_eq!(change.name, new.or(old).and_then(Entry::name), "{change:?}");
        if let (Some(old), Some(new)) = (change.before, change.after) {
            assert_eq!(*pairs.entry(old).or_insert(new), new, "{change:?}");
        }
        match (change.kind, old, new) {
            (ChangeKind::New, None, Some(Entry::Variable(_)))
            | (ChangeKind::Removed, Some(Entry::Variable(_)), None)
            | (ChangeKind::Moved, Some(Entry::Variable(_)), Some(Entry::Variable(_)))
            | (ChangeKind::Prose, Some(Entry::Prose(_)), None | Some(Entry::Prose(_)))
            | (ChangeKind::Prose, None, Some(Entry::Prose(_))) => {}
            (kind, Some(Entry::Variable(old)), Some(Entry::Variable(new))) => {
                let same_value = old.right_half().same_value(&new.right_half());
                match kind {
                    ChangeKind::Changed => assert!(!same_value && old.name() == new.name()),
                    ChangeKind::Renamed => assert!(same_value && old.name() != new.name()),
                    ChangeKind::Reformatted => assert!(old.text() != new.text()),
                    _ => panic!("{change:?}"),
                }
            }
            _ => panic!("{change:?}"),
        }
    }
    let counts = Summary::of(&changes);
    assert_eq!(before.variables().count() + counts.new, after.variables().count() + counts.removed);

    let (mut old, mut new) = (String::new(), String::new());
    for line in prose_diff(before.text(), after.text()) {
        if let ProseLine::Kept(line) | ProseLine::Removed(line) = line {
            old.push_str(line);
        }
        if let ProseLine::Kept(line) | ProseLine::Added(line) = line {
            new.push_str(line);
        }
    }
    assert!(old == before.text() && new == after.text(), "the lines are not the texts");
}
