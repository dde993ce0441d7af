//! Where loaders differ over a text: each dialect reads it once, and the answers are compared
//! name by name with those of the dialect that counts.
//!
//! Two differences are set aside. `docker` takes quotes for part of a value, so that every value
//! that needs them differs there and nothing can be done about it. Shells take the carriage return
//! of a line ending for part of a value, which is one thing to tell of a file and not of each line.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt;

use super::kind::Severity;
use crate::dialects::{Dialect, Reading, Refused, Surroundings, Value};
use crate::document::{Document, Variable};

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
    /// A warning if one of the others is near to the dialect that counts, a notice if none is.
    pub severity: Severity,
}

/// Where loaders differ over a text.
#[derive(Clone, Debug, Default)]
pub struct Differences {
    /// The dialects that refuse the whole text. They are in no group.
    pub refused: Vec<(Dialect, Refused)>,
    /// The names that the others differ over, in the order in which the dialect that counts meets
    /// them. None if that dialect refuses the text.
    pub names: Vec<Difference>,
    /// The dialects that differ by the carriage return of a line ending and nothing else.
    pub carriage_returns: Vec<Dialect>,
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
/// `docker`; what differs only by the carriage return of a line ending is in
/// [`carriage_returns`](Differences::carriage_returns) alone. Each dialect reads the text once.
#[must_use]
pub fn reads_differently(text: &str, dialect: Dialect, surroundings: &Surroundings) -> Differences {
    compare(&Document::parse(text), dialect, surroundings, &[])
}

/// The same, with the dialects that the text is surely read in too.
pub(super) fn compare(
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
    let mut variables: HashMap<&str, &Variable<'_>> = HashMap::new();
    for variable in document.variables() {
        variables.insert(variable.name(), variable);
        if known.insert(variable.name()) {
            names.push(variable.name());
        }
    }
    let mut carriage_returns: BTreeSet<Dialect> = BTreeSet::new();
    for name in names {
        let mut groups: Vec<(Option<&Value>, Vec<Dialect>)> = vec![(own.get(name).copied(), Vec::new())];
        for (other, table) in &tables {
            let value = table.get(name).copied();
            match groups.iter_mut().find(|(known, _)| *known == value) {
                Some((_, dialects)) => dialects.push(*other),
                None => groups.push((value, vec![*other])),
            }
        }
        let aside = |group: &&(Option<&Value>, Vec<Dialect>)| {
            !also.contains(&Dialect::Docker) && dialect != Dialect::Docker && is_quoted_for_docker(group)
        };
        let telling: Vec<_> = groups.iter().filter(|group| !aside(group)).collect();
        if telling.len() < 2 {
            continue;
        }
        if let Some(kept) = only_carriage_returns(&telling) {
            carriage_returns.extend(kept);
            continue;
        }
        let mut groups = groups.into_iter().map(|(value, dialects)| Group {
            dialects,
            outcome: value.cloned().map_or(Outcome::NotListed, Outcome::Reads),
        });
        // The first group is that of the dialect that counts.
        let Some(own) = groups.next() else { continue };
        let others: Vec<Group> = groups.collect();
        let severity = severity(dialect, also, variables.get(name).copied(), &own, &others);
        found.names.push(Difference { name: name.to_owned(), own, others, severity });
    }
    found.carriage_returns = carriage_returns.into_iter().collect();
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

/// Whether a group is `docker` alone, reading a value with quotes around it.
fn is_quoted_for_docker((value, dialects): &(Option<&Value>, Vec<Dialect>)) -> bool {
    let Some(Value::Text(read)) = value else { return false };
    let read = read.strip_suffix('\r').unwrap_or(read);
    *dialects == [Dialect::Docker]
        && read.len() > 1
        && ['"', '\'', '`'].iter().any(|quote| read.starts_with(*quote) && read.ends_with(*quote))
}

/// The dialects that keep the carriage return of a line ending, if nothing else differs.
fn only_carriage_returns(groups: &[&(Option<&Value>, Vec<Dialect>)]) -> Option<Vec<Dialect>> {
    let texts: Vec<(&str, &[Dialect])> = groups
        .iter()
        .map(|(value, dialects)| Some((value.and_then(Value::as_text)?, dialects.as_slice())))
        .collect::<Option<_>>()?;
    let (first, _) = texts.first()?;
    let bare = first.strip_suffix('\r').unwrap_or(first);
    let mut kept = Vec::new();
    for (text, dialects) in texts {
        if text.strip_suffix('\r') == Some(bare) {
            kept.extend(dialects);
        } else if text != bare {
            return None;
        }
    }
    Some(kept)
}

/// How much a difference matters.
fn severity(
    dialect: Dialect,
    also: &[Dialect],
    variable: Option<&Variable<'_>>,
    own: &Group,
    others: &[Group],
) -> Severity {
    let others: Vec<Dialect> = others.iter().flat_map(|group| group.dialects.iter().copied()).collect();
    // Whoever writes a reference for a loader that follows it knows that others do not.
    let followed = variable.is_some_and(|variable| {
        variable.right().contains('$') && own.outcome.as_text().is_some_and(|text| !text.contains('$'))
    });
    if followed && !others.iter().any(|other| also.contains(other)) {
        return Severity::Notice;
    }
    among(dialect, also, &others)
}

/// A warning if one of the dialects is near, or surely used too.
pub(super) fn among(dialect: Dialect, also: &[Dialect], others: &[Dialect]) -> Severity {
    let near = |other: &Dialect| also.contains(other) || near(dialect, *other);
    if others.iter().any(near) { Severity::Warning } else { Severity::Notice }
}

/// Whether a difference between two dialects is likely to hurt: people read one file in both.
fn near(dialect: Dialect, other: Dialect) -> bool {
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
