//! What differs between a linked file and the vault, and what is done about it.

use serde::{Deserialize, Serialize};
use specta::Type;

#[derive(Debug, Serialize, Type)]
pub(crate) struct Changes {
    /// What the file is compared with. A pull takes what is shown of it and nothing more that runs code.
    pub(crate) revision: u64,
    pub(crate) conflicts: Vec<Change>,
    pub(crate) here: Vec<Change>,
    pub(crate) there: Vec<Change>,
    /// What runs code, or decides which runs, by several changes together: a sentence each.
    pub(crate) dangers: Vec<String>,
}

/// One change. `key` names it for revealing; `at` is in milliseconds since 1970.
#[derive(Debug, Serialize, Type)]
pub(crate) struct Change {
    pub(crate) key: usize,
    pub(crate) name: Option<String>,
    pub(crate) kind: ChangeKind,
    pub(crate) by: Option<String>,
    pub(crate) at: Option<u64>,
    /// What it does besides holding a setting, where it comes from the vault and does.
    pub(crate) danger: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ChangeKind {
    New,
    Changed,
    Removed,
    Comment,
    Moved,
    Damaged,
}

/// Which two texts of a change to compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Type)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Comparison {
    /// What both sides last agreed on, and the file.
    Here,
    /// The file, and the vault.
    There,
}

/// Which side of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Type)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Whose {
    /// The file's.
    Mine,
    /// The vault's.
    Theirs,
}

/// Two texts that somebody asked to see, cut where they differ.
#[derive(Debug, Serialize, Type)]
pub(crate) struct Difference {
    pub(crate) before: Option<Vec<Segment>>,
    pub(crate) after: Option<Vec<Segment>>,
}

/// A piece of a text, and whether the other text has it too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Type)]
pub(crate) struct Segment {
    pub(crate) text: String,
    pub(crate) differs: bool,
}

/// Which of this computer's changes to push.
#[derive(Clone, Debug, Deserialize, Type)]
#[serde(rename_all = "kebab-case", tag = "of", content = "names")]
pub(crate) enum Selection {
    All,
    Names(Vec<String>),
}

/// Whose value wins. Has no `Debug`: the third one is a value.
#[derive(Deserialize, Type)]
#[serde(rename_all = "kebab-case", tag = "keep", content = "value")]
pub(crate) enum Resolution {
    Mine,
    Theirs,
    Another(String),
}

/// What a push or a pull did.
#[derive(Debug, Serialize, Type)]
pub(crate) struct Outcome {
    pub(crate) moved: usize,
    pub(crate) revision: u64,
    pub(crate) conflicts: Vec<String>,
    pub(crate) waiting: usize,
}
