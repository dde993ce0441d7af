//! What a text would bring that runs code: variables that are more than settings, and commands.
//!
//! One entry of an environment can be several variables to a loader, and a comment can be one: what counts here is
//! what each of all loaders makes of the whole text, before and after. Where a loader's reading depends on what is
//! around it, the grammar is asked and not the outcome. Nothing is ever run, and no sentence quotes a value.
//! `docs/lint.md` says what counts and why.

mod changed;
mod commands;
mod names;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;

use crate::dialects::{Dialect, Reading, Surroundings, Value, active_lines};
use crate::document::{Document, Variable};
use crate::lint::list;
use changed::Changed;

pub use names::danger;

/// One thing that runs code, or decides which runs. Its display is a sentence for people that quotes no value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Danger {
    /// A variable that is more than a setting, new or with another value.
    Name {
        /// The variable; of a name that holds what no name should, only the beginning.
        name: String,
        /// What it does, after "it".
        effect: &'static str,
        /// Who reads it from text that is no assignment of its own; empty where it is one.
        hidden: Vec<Dialect>,
    },
    /// A command that would run, new or another one.
    Command {
        /// The variable whose line it stands in; none where the line is no assignment.
        name: Option<String>,
        /// Who would run it.
        dialects: Vec<Dialect>,
    },
    /// A carriage return by itself, at which some loaders end the line and others do not.
    CarriageReturn {
        /// The variable that it stands in; none in a line that is no assignment.
        name: Option<String>,
    },
}

impl Danger {
    /// What it is about, whoever reads it: which of these it is, and of which variable.
    #[must_use]
    pub fn subject(&self) -> (u8, Option<&str>) {
        match self {
            Self::Name { name, .. } => (0, Some(name)),
            Self::Command { name, .. } => (1, name.as_deref()),
            Self::CarriageReturn { name } => (2, name.as_deref()),
        }
    }
}

impl fmt::Display for Danger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name { name, effect, hidden } => {
                write!(f, "{name} is more than a setting: it {effect}.")?;
                if !hidden.is_empty() {
                    let read = if hidden.len() == 1 { "reads" } else { "read" };
                    write!(f, " It stands in text that is no assignment of its own; {} {read} it there.", list(hidden))?;
                }
                Ok(())
            }
            Self::Command { name: Some(name), dialects } => {
                write!(f, "The line of {name} can run a command where the file is read by {}.", list(dialects))
            }
            Self::Command { name: None, dialects } => write!(
                f,
                "A line that is no assignment can run a command where the file is read by {}.",
                list(dialects)
            ),
            Self::CarriageReturn { name: Some(name) } => write!(
                f,
                "{name} holds a carriage return without a line feed: some loaders begin a new line there, others do not."
            ),
            Self::CarriageReturn { name: None } => f.write_str(
                "A line that is no assignment holds a carriage return without a line feed: some loaders begin a new line there, others do not.",
            ),
        }
    }
}

/// What is new or another in `after` of all that runs code, or decides which runs, whichever loader reads it.
///
/// Takes a bounded number of passes over both texts: each dialect reads them once at most, and only where something
/// can be found.
#[must_use]
pub fn arriving(before: &str, after: &str) -> Vec<Danger> {
    if before == after {
        return Vec::new();
    }
    let changed = Changed::between(before, after);
    let mut found = Found::default();
    let active = active_lines(after);
    // A shell puts names together in its commands; everywhere else they stand as they are.
    if names::may_hold_one(&without_joints(after)) || active.iter().any(|(_, lines)| !lines.is_empty()) {
        found.names(before, after);
    }
    commands::in_shells(before, active, &changed, &mut found);
    commands::in_values(before, after, &changed, &mut found);
    let mut dangers = found.into_dangers(after);
    dangers.extend(changed.carriage_returns());
    dangers
}

/// A text without what a loader drops in the middle of a name.
fn without_joints(text: &str) -> String {
    text.replace("\\\n", "").replace('\0', "")
}

/// What was found so far, with who reads it so.
#[derive(Default)]
struct Found {
    names: BTreeMap<String, (&'static str, Vec<Dialect>)>,
    commands: BTreeMap<Option<String>, Vec<Dialect>>,
}

impl Found {
    /// Each dialect's dangerous names that it did not read before, or read otherwise.
    fn names(&mut self, before: &str, after: &str) {
        for dialect in Dialect::ALL {
            let dangerous = dangerous(dialect, after);
            if dangerous.is_empty() {
                continue;
            }
            let known: HashMap<String, Value> =
                read(dialect, before).into_iter().map(|reading| (reading.name, reading.value)).collect();
            for (reading, effect) in dangerous {
                if known.get(&reading.name) == Some(&reading.value) {
                    continue;
                }
                let (_, dialects) = self.names.entry(reading.name).or_insert_with(|| (effect, Vec::new()));
                dialects.push(dialect);
            }
        }
    }

    fn command(&mut self, name: Option<&str>, dialect: Dialect) {
        let dialects = self.commands.entry(name.map(str::to_owned)).or_default();
        if let Err(at) = dialects.binary_search(&dialect) {
            dialects.insert(at, dialect);
        }
    }

    fn into_dangers(self, after: &str) -> Vec<Danger> {
        let document = Document::parse(after);
        let written: HashSet<&str> = document.variables().map(Variable::name).collect();
        let names = self.names.into_iter().map(|(name, (effect, dialects))| {
            let hidden = if written.contains(name.as_str()) { Vec::new() } else { dialects };
            Danger::Name { name: shown(&name), effect, hidden }
        });
        let commands = self.commands.into_iter().map(|(name, dialects)| Danger::Command { name, dialects });
        names.chain(commands).collect()
    }
}

/// A name for people: one that no honest file has may hold anything.
fn shown(name: &str) -> String {
    let ordinary = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-' | '%' | '(' | ')');
    let shown: String = name.chars().take_while(ordinary).take(crate::MAX_NAME).collect();
    if shown.len() < name.len() { shown + "…" } else { shown }
}

fn read(dialect: Dialect, text: &str) -> Vec<Reading> {
    dialect.read(text, &Surroundings::default()).unwrap_or_default()
}

fn dangerous(dialect: Dialect, text: &str) -> Vec<(Reading, &'static str)> {
    let effect = |reading: &Reading| match &reading.value {
        Value::Text(text) => danger(&reading.name, text),
        // Of what is not known the worst is assumed.
        Value::Bytes(_) | Value::NeedsCommand => danger(&reading.name, "/"),
        Value::None => None,
    };
    let readings = read(dialect, text).into_iter();
    readings.filter_map(|reading| effect(&reading).map(|effect| (reading, effect))).collect()
}
