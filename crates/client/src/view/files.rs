//! Linked files, and what differs in them.

use std::path::PathBuf;

use serde::Serialize;
use twinlock_protocol::ids::EnvironmentId;

use crate::files::LinkedFileId;
use crate::files::git::GitState;
use crate::store::Mode;

/// A linked file and how it stands.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LinkedFileView {
    /// Its id on this computer.
    pub id: LinkedFileId,
    /// Where it is.
    pub path: PathBuf,
    /// `project/environment`.
    pub environment: String,
    /// The environment's id.
    pub environment_id: EnvironmentId,
    /// What happens with changes made here.
    pub push: Mode,
    /// What happens with changes made elsewhere.
    pub pull: Mode,
    /// Changes that wait to be pushed.
    pub here: usize,
    /// Changes that wait to be pulled.
    pub there: usize,
    /// Of these, a sentence about each thing that runs code, or decides which runs, whichever loader reads the file.
    pub dangers: Vec<String>,
    /// Variables that a person has to decide about.
    pub conflicts: usize,
    /// All that in a word.
    pub state: FileState,
    /// What is wrong, in a sentence.
    pub problem: Option<String>,
    /// What git would do with the file, where that is known.
    pub git: Option<GitState>,
    /// The loader that the file is written for.
    pub loader: LoaderView,
}

/// The loader that a file is written for, and how that is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LoaderView {
    /// Its dialect's name.
    pub dialect: &'static str,
    /// Why, in a sentence without a full stop; none where nothing tells, and Node's dotenv is assumed.
    pub because: Option<String>,
    /// Whether somebody set it.
    pub set: bool,
}

/// How a linked file stands towards its environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FileState {
    /// The same on both sides.
    InStep,
    /// Changes here.
    Here,
    /// Changes in the vault.
    There,
    /// Changes on both sides that go together.
    Both,
    /// A person has to decide.
    Conflict,
    /// The file is not there.
    Missing,
    /// The file cannot be read as text.
    Unreadable,
    /// The file is empty, and was not.
    Emptied,
    /// The vault served something that does not verify.
    Refused,
}

/// Counts of a file's changes, as a notification says them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChangeSummary {
    /// The file, short: its folder and its name.
    pub file: String,
    /// Variables with another value.
    pub changed: usize,
    /// Variables that are new.
    pub new: usize,
    /// Variables that are gone.
    pub removed: usize,
    /// Comments, blank lines and order.
    pub comments: usize,
}

impl std::fmt::Display for ChangeSummary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let counts = [
            (self.changed, "changed"),
            (self.new, "new"),
            (self.removed, "removed"),
            (self.comments, "in comments"),
        ];
        let parts: Vec<String> = counts
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, word)| format!("{count} {word}"))
            .collect();
        write!(f, "{} changed: {}", self.file, parts.join(", "))
    }
}

/// What differs between a linked file and its environment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ChangesView {
    /// The file.
    pub file: LinkedFileId,
    /// The environment's revision that it is compared with.
    pub revision: u64,
    /// Changed on both sides.
    pub conflicts: Vec<ChangeView>,
    /// Changed here.
    pub here: Vec<ChangeView>,
    /// Changed in the vault, or on both sides in ways that go together.
    pub there: Vec<ChangeView>,
    /// What of it runs code, or decides which runs, by several changes together: a sentence each.
    pub dangers: Vec<String>,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ChangeView {
    /// Names the change for revealing it: its place in this list of changes.
    pub key: usize,
    /// The variable's name; none for comments and order.
    pub name: Option<String>,
    /// What kind of change.
    pub kind: ChangeKind,
    /// Who made it in the vault.
    pub by: Option<String>,
    /// When, by their clock: milliseconds since 1970.
    pub at: Option<u64>,
    /// What it does besides holding a setting, in a sentence or several, if it comes from the vault and does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub danger: Option<String>,
}

/// What kind of change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeKind {
    /// A new variable.
    New,
    /// Another value.
    Changed,
    /// A variable that is gone.
    Removed,
    /// Comments or blank lines.
    Comment,
    /// Entries in another order.
    Moved,
    /// Sealed by its author in a way that does not open; its line in no file changes.
    Damaged,
}

/// Which side of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// The file's.
    Mine,
    /// The vault's.
    Theirs,
    /// What both last agreed on.
    Base,
}
