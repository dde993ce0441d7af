//! Where loaders differ over a text: each dialect reads it once, and the answers are compared
//! name by name with those of the dialect that counts.
//!
//! One difference is left out unless it is asked for: `docker` takes quotes for part of a value,
//! so that every value that needs them differs there and nothing can be done about it.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt;

use super::alike::Fixes;
use super::fix::{Effect, Proposal};
use super::kind::{FindingKind, Severity};
use super::place::Places;
use super::{Context, Draft};
use crate::assignment::Assignment;
use crate::cut::{line_body, lines};
use crate::dialects::{Dialect, Reading, Refused, Surroundings, Value};
use crate::document::{Document, Entry, Variable};
use crate::edit::Edit;

/// What a loader makes of one name in a file that it loads.
#[derive(Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It lists it.
    Reads(Value),
    /// It does not list it.
    NotListed,
}

/// Dialects that make the same of a name.
#[derive(Clone, PartialEq, Eq)]
pub struct Group {
    /// The dialects, in the order of [`Dialect::ALL`].
    pub dialects: Vec<Dialect>,
    /// What they make of it.
    pub outcome: Outcome,
}

/// A name that loaders differ over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The name.
    pub name: String,
    /// The dialect that counts, with those that agree with it.
    pub own: Group,
    /// The others.
    pub others: Vec<Group>,
}

/// Where loaders differ over a text.
#[derive(Clone, Debug, Default)]
pub struct Differences {
    /// The dialects that refuse the whole text. They are in no group.
    pub refused: Vec<(Dialect, Refused)>,
    /// The names that the others differ over, in the order in which the dialect that counts meets
    /// them. None if that dialect refuses the text.
    pub names: Vec<Difference>,
    /// Dialects that find names which are no variables of the text and which the dialect that
    /// counts does not list, and how many of them. Such a name may be a piece of a value.
    pub more: Vec<(Vec<Dialect>, usize)>,
}

impl Outcome {
    /// What it is in words, if it is anything but a text.
    #[must_use]
    pub const fn in_words(&self) -> Option<&'static str> {
        match self {
            Self::Reads(Value::Text(_)) => None,
            Self::Reads(Value::None) => Some("without a value"),
            Self::Reads(Value::Bytes(_)) => Some("bytes that are no text"),
            Self::Reads(Value::NeedsCommand) => Some("not known without running a command"),
            Self::NotListed => Some("not listed"),
        }
    }

    /// The text, if it is one.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Reads(Value::Text(text)) => Some(text),
            Self::Reads(Value::None | Value::Bytes(_) | Value::NeedsCommand) | Self::NotListed => None,
        }
    }
}

impl fmt::Debug for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.in_words().unwrap_or("a text"))
    }
}

impl fmt::Debug for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Group").field("dialects", &self.dialects).field("outcome", &self.outcome).finish()
    }
}

/// Where the loaders differ over a text that is read in `dialect`.
///
/// What `docker` alone reads differently because of quotes is left out, unless `dialect` is
/// `docker`.
#[must_use]
pub fn reads_differently(text: &str, dialect: Dialect, surroundings: &Surroundings) -> Differences {
    compare(&Document::parse(text), dialect, surroundings, &[])
}

/// The same, with the dialects that the text is surely read in too.
fn compare(
    document: &Document<'_>,
    dialect: Dialect,
    surroundings: &Surroundings,
    also: &[Dialect],
) -> Differences {
    let answers = Dialect::ALL.map(|dialect| (dialect, dialect.read(document.text(), surroundings)));
    let mut found = Differences::default();
    let mut tables: Vec<(Dialect, HashMap<&str, &Value>)> = Vec::new();
    let mut names: Vec<&str> = Vec::new();
    for (other, answer) in &answers {
        match answer {
            Err(refused) => found.refused.push((*other, *refused)),
            Ok(readings) => {
                if *other == dialect {
                    names = readings.iter().map(|reading| reading.name.as_str()).collect();
                }
                tables.push((*other, by_name(readings)));
            }
        }
    }
    let Some((_, own)) = tables.iter().find(|(other, _)| *other == dialect) else { return found };
    let mut known: HashSet<&str> = names.iter().copied().collect();
    for variable in document.variables() {
        if known.insert(variable.name()) {
            names.push(variable.name());
        }
    }
    for name in names {
        let mut groups: Vec<(Option<&Value>, Vec<Dialect>)> = vec![(own.get(name).copied(), Vec::new())];
        for (other, table) in &tables {
            let value = table.get(name).copied();
            match groups.iter_mut().find(|(known, _)| *known == value) {
                Some((_, dialects)) => dialects.push(*other),
                None => groups.push((value, vec![*other])),
            }
        }
        if groups.len() == 1 || (!also.contains(&Dialect::Docker) && only_quotes(&groups[1..])) {
            continue;
        }
        let mut groups = groups.into_iter().map(|(value, dialects)| Group {
            dialects,
            outcome: value.cloned().map_or(Outcome::NotListed, Outcome::Reads),
        });
        // The first group is that of the dialect that counts.
        let Some(own) = groups.next() else { continue };
        found.names.push(Difference { name: name.to_owned(), own, others: groups.collect() });
    }
    let mut more: BTreeMap<Vec<&str>, Vec<Dialect>> = BTreeMap::new();
    for (other, table) in &tables {
        let mut names: Vec<&str> = table.keys().copied().filter(|name| !known.contains(name)).collect();
        names.sort_unstable();
        if !names.is_empty() {
            more.entry(names).or_default().push(*other);
        }
    }
    found.more = more.into_iter().map(|(names, dialects)| (dialects, names.len())).collect();
    found
}

fn by_name(readings: &[Reading]) -> HashMap<&str, &Value> {
    readings.iter().map(|reading| (reading.name.as_str(), &reading.value)).collect()
}

/// Whether the only other reading is `docker`'s, which has the quotes in it.
fn only_quotes(others: &[(Option<&Value>, Vec<Dialect>)]) -> bool {
    let [(Some(Value::Text(read)), dialects)] = others else { return false };
    *dialects == [Dialect::Docker]
        && read.len() > 1
        && ['"', '\'', '`'].iter().any(|quote| read.starts_with(*quote) && read.ends_with(*quote))
}

/// Whether a difference between two dialects is likely to hurt: people read one file in both.
pub(super) fn near(dialect: Dialect, other: Dialect) -> bool {
    const TOGETHER: [&[Dialect]; 6] = [
        &[
            Dialect::Node,
            Dialect::NodeExpand,
            Dialect::Dotenvx,
            Dialect::NodeBuiltin,
            Dialect::Next,
            Dialect::Vite,
            Dialect::Bun,
            Dialect::Deno,
        ],
        &[Dialect::Python, Dialect::Django, Dialect::Uv],
        &[Dialect::Php, Dialect::Symfony],
        &[Dialect::Rust, Dialect::Just],
        &[Dialect::Compose, Dialect::Docker],
        &[Dialect::Sh, Dialect::Bash, Dialect::Systemd, Dialect::Direnv],
    ];
    // Whatever a program is written in, it is run in containers.
    other == Dialect::Compose
        || TOGETHER.iter().any(|together| together.contains(&dialect) && together.contains(&other))
}

/// What the comparison finds.
pub(super) fn findings(
    document: &Document<'_>,
    dialect: Dialect,
    context: &Context,
    places: &Places<'_>,
    fixes: &mut Fixes<'_>,
    drafts: &mut Vec<Draft>,
) {
    let is_near = |others: &[Dialect]| {
        let near = |other: &Dialect| context.also.contains(other) || near(dialect, *other);
        if others.iter().any(near) { Severity::Warning } else { Severity::Notice }
    };
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
    let mut carriage_returns: BTreeSet<Dialect> = BTreeSet::new();
    for Difference { name, own, others } in found.names {
        if let Some(dialects) = only_carriage_returns(&own, &others) {
            carriage_returns.extend(dialects);
            continue;
        }
        let variable = variables.named(&name);
        let others_all: Vec<Dialect> = others.iter().flat_map(|group| group.dialects.clone()).collect();
        // Whoever writes a reference in a loader that follows it knows that others do not.
        let follows = variable.is_some_and(|variable| {
            own.outcome.as_text().is_some_and(|text| !text.contains('$')) && variable.right().contains('$')
        });
        let severity = match is_near(&others_all) {
            Severity::Warning if follows && !context.also.iter().any(|also| others_all.contains(also)) => {
                Severity::Notice
            }
            severity => severity,
        };
        let shown = variable.map(|variable| variable.name().to_owned());
        let at = match variable {
            Some(variable) => variable.span().start + variable.assignment.name_start(),
            None => variables.line_that_begins_with(&name),
        };
        let proposal = respelled(variable.filter(|variable| variables.is_single(variable.name())));
        let kind = FindingKind::ReadsDifferently { name: shown.clone(), dialect, own, others };
        drafts.push(Draft { at, name: shown, severity, kind, proposal });
    }
    let dialects: Vec<Dialect> = carriage_returns.into_iter().collect();
    if dialects.contains(&dialect) || is_near(&dialects) == Severity::Warning {
        drafts.push(carriage_returns_kept(document.text(), dialect, dialects));
    }
    for (dialects, count) in found.more {
        let kind = FindingKind::MoreNames { dialect, dialects, count };
        drafts.push(Draft { at: 0, name: None, severity: Severity::Notice, kind, proposal: None });
    }
}

/// The dialects that keep the carriage return of a line ending, if nothing else differs.
fn only_carriage_returns(own: &Group, others: &[Group]) -> Option<Vec<Dialect>> {
    let text = own.outcome.as_text()?;
    let bare = text.strip_suffix('\r').unwrap_or(text);
    let mut kept = Vec::new();
    for group in std::iter::once(own).chain(others) {
        let read = group.outcome.as_text()?;
        if read.strip_suffix('\r') == Some(bare) {
            kept.extend(&group.dialects);
        } else if read != bare {
            return None;
        }
    }
    Some(kept)
}

fn carriage_returns_kept(text: &str, dialect: Dialect, dialects: Vec<Dialect>) -> Draft {
    let places = text.match_indices("\r\n").map(|(at, _)| at);
    let edits: Vec<Edit> = places.map(|at| Edit { span: at..at + 1, text: String::new() }).collect();
    let at = edits.first().map_or(0, |edit| edit.span.start);
    let effect = if dialects.contains(&dialect) { Effect::ChangesReading } else { Effect::KeepsReading };
    let proposal = Some(Proposal { edits, effect });
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
