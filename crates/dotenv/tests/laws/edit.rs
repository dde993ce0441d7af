//! What must hold of every edit that is given out.

use std::collections::BTreeMap;

use twinlock_dotenv::edit::{
    Edited, Place, Proof, Which, add, apply, comment_out, remove, rename, set, shift, uncomment,
};
use twinlock_dotenv::{Dialect, Document, Surroundings, Value};

/// Edits the text, and checks that the edit does what was asked for and nothing else. Without a
/// name, the first variable's is taken; the operation is one of seven, as a remainder.
pub(crate) fn check(text: &str, dialect: Dialect, operation: u8, name: &str, value: &str) {
    let document = Document::parse(text);
    let first = document.variables().next().map(|variable| variable.name());
    let name = if name.is_empty() { first.unwrap_or("A") } else { name };
    let edited = match operation % 7 {
        0 => set(&document, dialect, name, value),
        1 => add(&document, dialect, name, value, first.map_or(Place::End, Place::Before)),
        2 => rename(&document, dialect, name, value),
        3 => remove(&document, dialect, name, Which::Every),
        4 => comment_out(&document, dialect, name, Which::One(0)),
        5 => uncomment(&document, dialect, name),
        _ => shift(&document, dialect, name, first.map_or(Place::End, Place::After)),
    };
    let Ok(edited) = edited else { return };
    keeps_every_other_byte(text, &edited);
    let after = Document::parse(&edited.text);
    let has = |name: &str| after.variables().any(|variable| variable.name() == name);
    match operation % 7 {
        0 | 1 | 5 | 6 => assert!(has(name)),
        2 => assert!(has(value) && (name == value || !has(name))),
        3 => assert!(!has(name)),
        _ => {}
    }
    if edited.proof == Proof::WholeText {
        reads_back(text, dialect, operation % 7, name, value, &edited);
    }
}

fn keeps_every_other_byte(text: &str, edited: &Edited) {
    assert!(apply(text, &edited.edits).is_ok_and(|applied| applied == edited.text));
    let (mut at, mut at_after) = (0, 0);
    for edit in &edited.edits {
        let kept = &text[at..edit.span.start];
        assert!(edited.text[at_after..].starts_with(kept));
        at_after += kept.len() + edit.text.len();
        at = edit.span.end;
    }
    assert!(edited.text[at_after..] == text[at..]);
}

fn reads_back(text: &str, dialect: Dialect, operation: u8, name: &str, value: &str, edited: &Edited) {
    let after = readings(&edited.text, dialect);
    let Some(after) = after else { panic!("{} refuses what was promised to be read", dialect.name()) };
    if operation < 2 {
        let found = after.get(name).and_then(Value::as_text);
        assert!(found == Some(value), "{} reads another value", dialect.name());
    }
    // What refers to the variable may change with it.
    let Some(before) = readings(text, dialect).filter(|_| !text.contains(['$', '`'])) else { return };
    // What the loader takes for variables inside the lines of this one goes with them.
    let document = Document::parse(text);
    let lines: Vec<&str> = document
        .variables()
        .filter(|variable| variable.name() == name)
        .map(|variable| variable.text())
        .collect();
    let inside = |other: &str| !other.is_empty() && lines.iter().any(|line| line.contains(other));
    let asked_for = |other: &str| {
        other == name || (operation == 2 && other == value) || (operation != 6 && inside(other))
    };
    for (other, reading) in before.iter().filter(|(other, _)| !asked_for(other)) {
        assert!(after.get(other) == Some(reading), "{} reads {other} otherwise", dialect.name());
    }
    for other in after.keys().filter(|other| !asked_for(other)) {
        let told = before.contains_key(other) || edited.newly_read.contains(other);
        assert!(told, "{} reads {other}, which was not there", dialect.name());
    }
}

fn readings(text: &str, dialect: Dialect) -> Option<BTreeMap<String, Value>> {
    let readings = dialect.read(text, &Surroundings::default()).ok()?;
    Some(readings.into_iter().map(|reading| (reading.name, reading.value)).collect())
}
