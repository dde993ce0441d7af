//! What loaders make of an environment's variables: what a badge says freely, and what is told on request.

use std::collections::BTreeMap;

use twinlock_dotenv::lint::{Context, Finding, FindingKind, Group, Outcome, Severity, lint};
use twinlock_dotenv::{Dialect, Surroundings, Value, node};
use twinlock_seal::SecretText;

use crate::view::{ReadingOutcome, ReadingView};

/// What is to be said about a variable without its value.
#[derive(Default)]
pub(super) struct Notes {
    pub(super) placeholder: bool,
    pub(super) danger: Option<String>,
    pub(super) readings: Vec<ReadingView>,
}

/// The notes of each name of a text that is read in these dialects, the first of which counts.
pub(super) fn notes(text: &str, dialects: &[Dialect]) -> BTreeMap<String, Notes> {
    let mut notes: BTreeMap<String, Notes> = BTreeMap::new();
    for finding in findings(text, dialects) {
        let Some(name) = finding.name else { continue };
        let note = notes.entry(name).or_default();
        match &finding.kind {
            FindingKind::Placeholder { .. } => note.placeholder = true,
            FindingKind::DangerousName { .. } => note.danger = Some(finding.kind.to_string()),
            FindingKind::ReadsDifferently { own, others, .. } => {
                note.readings = std::iter::once(own).chain(others).map(view).collect();
            }
            _ => {}
        }
    }
    notes
}

/// One value as the first dialect reads it from the whole text, and each reading that there is of it.
pub(super) struct Read {
    pub(super) text: SecretText,
    pub(super) readings: Vec<Option<SecretText>>,
}

/// Reads one variable. `right` is its own right half, for what the dialect does not read as a text.
pub(super) fn read(text: &str, dialects: &[Dialect], name: &str, right: &str) -> Read {
    let about = |finding: Finding| match finding.kind {
        FindingKind::ReadsDifferently { own, others, .. } if finding.name.as_deref() == Some(name) => {
            Some(std::iter::once(own).chain(others).map(|group| text_of(&group.outcome)).collect())
        }
        _ => None,
    };
    let readings = findings(text, dialects).into_iter().filter_map(about).next_back().unwrap_or_default();
    let dialect = dialects.first().copied().unwrap_or(Dialect::Node);
    let readings_of_all = dialect.read(text, &Surroundings::default()).unwrap_or_default();
    let own = readings_of_all.into_iter().find_map(|reading| match reading.value {
        Value::Text(value) if reading.name == name => Some(value),
        _ => None,
    });
    Read { text: SecretText::new(own.unwrap_or_else(|| node::value(right))), readings }
}

/// The values of a whole text as a dialect reads them, by name.
pub(super) fn values(text: &str, dialect: Dialect) -> BTreeMap<String, SecretText> {
    let mut values = BTreeMap::new();
    for reading in dialect.read(text, &Surroundings::default()).unwrap_or_default() {
        if let Value::Text(value) = reading.value {
            values.entry(reading.name).or_insert_with(|| SecretText::new(value));
        }
    }
    values
}

/// What deserves more than a notice; a difference in any of these dialects does.
fn findings(text: &str, dialects: &[Dialect]) -> Vec<Finding> {
    let Some((dialect, also)) = dialects.split_first() else { return Vec::new() };
    let context = Context { also: also.to_vec(), ..Context::default() };
    let mut findings = lint(text, *dialect, &context);
    findings.retain(|finding| finding.severity >= Severity::Warning);
    findings
}

fn view(group: &Group) -> ReadingView {
    ReadingView {
        loaders: group.dialects.iter().map(|dialect| dialect.name()).collect(),
        outcome: match &group.outcome {
            Outcome::Reads(Value::NeedsCommand) => ReadingOutcome::NeedsCommand,
            Outcome::Reads(Value::Text(_)) => ReadingOutcome::Value,
            Outcome::Reads(Value::None | Value::Bytes(_)) | Outcome::NotListed => ReadingOutcome::Nothing,
        },
    }
}

fn text_of(outcome: &Outcome) -> Option<SecretText> {
    match outcome {
        Outcome::Reads(Value::Text(text)) => Some(SecretText::new(text.clone())),
        Outcome::Reads(Value::None | Value::Bytes(_) | Value::NeedsCommand) | Outcome::NotListed => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_that_loaders_read_alike_has_no_notes() {
        let notes = notes("PORT=8080\nNAME='two words'\n", &[Dialect::Node]);
        assert!(notes.values().all(|notes| notes.readings.is_empty() && notes.danger.is_none()));
    }

    #[test]
    fn each_reading_is_told_without_its_value_and_revealed_with_it() {
        let text = "A=k9$tide-84\nNODE_OPTIONS=--inspect\nKEY=changeme\n";
        let notes = notes(text, &[Dialect::Node]);
        let readings = &notes["A"].readings;
        assert!(readings[0].loaders.contains(&"node") && readings.len() > 1);
        assert!(!readings[0].loaders.contains(&"compose"));
        assert!(notes["NODE_OPTIONS"].danger.is_some() && notes["KEY"].placeholder);

        let read = read(text, &[Dialect::Node], "A", "k9$tide-84\n");
        assert_eq!((read.text.expose(), read.readings.len()), ("k9$tide-84", readings.len()));
        let at = readings.iter().position(|one| one.loaders.contains(&"compose")).unwrap();
        assert_eq!(read.readings[at].as_ref().unwrap().expose(), "k9-84");
        let as_compose = super::read(text, &[Dialect::Compose], "A", "k9$tide-84\n");
        assert_eq!(as_compose.text.expose(), "k9-84");
    }
}
