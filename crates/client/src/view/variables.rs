//! Variables, and how loaders read them.

use serde::Serialize;
use twinlock_protocol::ids::EntryId;

/// A variable of an environment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct VariableView {
    /// Its entry.
    pub entry: EntryId,
    /// Its name.
    pub name: String,
    /// Who put it there as it is.
    pub by: String,
    /// When, by their clock: milliseconds since 1970.
    pub at: u64,
    /// In which revision.
    pub revision: u64,
    /// Whether the value is empty; unknown without access to values.
    pub empty: Option<bool>,
    /// Whether the name occurs more than once.
    pub duplicate: bool,
    /// Whether it does not open, by its author's fault.
    pub damaged: bool,
    /// Whether the value is one to be filled in.
    pub placeholder: bool,
    /// Why the name is dangerous, in a sentence, if it is.
    pub danger: Option<String>,
    /// Each reading that there is, where loaders read it differently; empty where they agree. The first is
    /// the one of the loader that the environment's files are written for.
    pub readings: Vec<ReadingView>,
}

/// What some loaders make of a variable, without the value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReadingView {
    /// Their dialects' names.
    pub loaders: Vec<&'static str>,
    /// What it is.
    pub outcome: ReadingOutcome,
}

/// What a loader makes of a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReadingOutcome {
    /// A value.
    Value,
    /// No value, or no variable at all.
    Nothing,
    /// Not known without running a command.
    NeedsCommand,
}
