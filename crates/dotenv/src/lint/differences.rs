//! What the comparison of the loaders finds, each at its line and with a spelling where there is one.

use std::collections::{BTreeMap, HashMap};

use super::alike::Fixes;
use super::comparison::{Difference, among, compare};
use super::fix::{Effect, Proposal};
use super::kind::{FindingKind, Severity};
use super::place::Places;
use super::{Context, Draft};
use crate::assignment::Assignment;
use crate::cut::{line_body, lines};
use crate::dialects::{Dialect, Refused};
use crate::document::{Document, Entry, Variable};
use crate::edit::Edit;

/// What the comparison finds.
pub(super) fn findings(
    document: &Document<'_>,
    dialect: Dialect,
    context: &Context,
    places: &Places<'_>,
    fixes: &mut Fixes<'_>,
    drafts: &mut Vec<Draft>,
) {
    let is_near = |others: &[Dialect]| among(dialect, &context.also, others);
    let found = compare(document, dialect, &context.surroundings, &context.also);
    let variables = Variables::new(document);
    let mut respelled = |variable: Option<&Variable<'_>>| -> Option<Proposal> { fixes.of(variable?) };
    refusals(&found.refused, dialect, is_near, |line, kind, severity| {
        let at = places.line(line);
        let variable = variables.around(at);
        let proposal = match kind {
            FindingKind::Refused { .. } => None,
            _ => respelled(variable),
        };
        drafts.push(Draft {
            at,
            name: variable.map(|variable| variable.name().to_owned()),
            severity,
            kind,
            proposal,
        });
    });
    for Difference { name, own, others, severity } in found.names {
        let variable = variables.named(&name);
        let shown = variable.map(|variable| variable.name().to_owned());
        let at = match variable {
            Some(variable) => variable.span().start + variable.assignment.name_start(),
            None => variables.line_that_begins_with(&name),
        };
        let proposal = respelled(variable.filter(|variable| variables.is_single(variable.name())));
        let kind = FindingKind::ReadsDifferently { name: shown.clone(), dialect, own, others };
        drafts.push(Draft { at, name: shown, severity, kind, proposal });
    }
    let dialects = found.carriage_returns;
    if dialects.contains(&dialect) || is_near(&dialects) == Severity::Warning {
        drafts.push(carriage_returns_kept(document.text(), dialect, dialects));
    }
    for (dialects, count) in found.more {
        let kind = FindingKind::MoreNames { dialect, dialects, count };
        drafts.push(Draft { at: 0, name: None, severity: Severity::Notice, kind, proposal: None });
    }
}

fn carriage_returns_kept(text: &str, dialect: Dialect, dialects: Vec<Dialect>) -> Draft {
    let places = text.match_indices("\r\n").map(|(at, _)| at);
    let edits: Vec<Edit> = places.map(|at| Edit { span: at..at + 1, text: String::new() }).collect();
    let at = edits.first().map_or(0, |edit| edit.span.start);
    let effect = if dialects.contains(&dialect) { Effect::ChangesReading } else { Effect::KeepsReading };
    let proposal = Some(Proposal { edits, effect, reads: None });
    let kind = FindingKind::LineEndings { dialects };
    Draft { at, name: None, severity: Severity::Warning, kind, proposal }
}

/// The refusals by line: that of the dialect that counts for itself, the others together.
fn refusals(
    refused: &[(Dialect, Refused)],
    dialect: Dialect,
    severity: impl Fn(&[Dialect]) -> Severity,
    mut found: impl FnMut(usize, FindingKind, Severity),
) {
    let mut by_line: BTreeMap<usize, Vec<Dialect>> = BTreeMap::new();
    let mut endless = Vec::new();
    for (other, why) in refused {
        match why {
            _ if *other == dialect => {
                let line = if let Refused::Syntax { line } = why { *line } else { 1 };
                found(line, FindingKind::Refused { dialect, why: *why }, Severity::Error);
            }
            Refused::Syntax { line } => by_line.entry(*line).or_default().push(*other),
            Refused::Endless => endless.push(*other),
        }
    }
    for (line, dialects) in by_line {
        let severity = severity(&dialects);
        found(line, FindingKind::RefusedElsewhere { dialects }, severity);
    }
    if !endless.is_empty() {
        let severity = severity(&endless);
        found(1, FindingKind::EndlessElsewhere { dialects: endless }, severity);
    }
}

/// The variables of a document by name and place.
struct Variables<'d, 't> {
    /// The last of each name, and how often it comes.
    by_name: HashMap<&'t str, (&'d Variable<'t>, usize)>,
    in_order: Vec<&'d Variable<'t>>,
    /// The first words of the lines of prose, with their place.
    in_prose: HashMap<&'t str, usize>,
}

impl<'d, 't> Variables<'d, 't> {
    fn new(document: &'d Document<'t>) -> Self {
        let mut by_name = HashMap::new();
        let mut in_order = Vec::new();
        let mut in_prose = HashMap::new();
        for entry in document.entries() {
            match entry {
                Entry::Variable(variable) => {
                    in_order.push(variable);
                    let (last, count) = by_name.entry(variable.name()).or_insert((variable, 0));
                    (*last, *count) = (variable, *count + 1);
                }
                Entry::Prose(prose) => {
                    for (at, line) in lines(prose.text(), 0) {
                        let word = first_word(line_body(line));
                        in_prose.entry(word).or_insert(prose.span().start + at);
                    }
                }
            }
        }
        Self { by_name, in_order, in_prose }
    }

    fn named(&self, name: &str) -> Option<&'d Variable<'t>> {
        self.by_name.get(name).map(|(variable, _)| *variable)
    }

    fn is_single(&self, name: &str) -> bool {
        self.by_name.get(name).is_some_and(|(_, count)| *count == 1)
    }

    /// The variable whose text holds the byte.
    fn around(&self, at: usize) -> Option<&'d Variable<'t>> {
        let after = self.in_order.partition_point(|variable| variable.span().start <= at);
        let last = self.in_order.get(after.checked_sub(1)?)?;
        (at < last.span().end).then_some(*last)
    }

    /// A line of prose that begins with the word, or the start of the text.
    fn line_that_begins_with(&self, word: &str) -> usize {
        self.in_prose.get(word).copied().unwrap_or_default()
    }
}

/// The first word of a line, or the second after `export`.
fn first_word(line: &str) -> &str {
    let word = |text: &'_ str| -> usize {
        let rest = text.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-')));
        rest.unwrap_or(text.len())
    };
    let line = line.trim_start_matches([' ', '\t', '\u{feff}']);
    match Assignment::with_any_name(line) {
        Some(assignment) => assignment.name(),
        None => match line.strip_prefix("export ").map(str::trim_start) {
            Some(rest) => &rest[..word(rest)],
            None => &line[..word(line)],
        },
    }
}
