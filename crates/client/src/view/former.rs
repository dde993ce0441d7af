//! What revisions changed, and an environment as it was after one. Values are not in these.

use serde::Serialize;
use twinlock_protocol::ids::EntryId;
use twinlock_protocol::revision::Cause;

/// An environment as it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FormerView {
    /// After which revision.
    pub revision: u64,
    /// Who made that.
    pub by: String,
    /// When, by their clock: milliseconds since 1970.
    pub at: u64,
    /// What it came from.
    pub cause: Cause,
    /// Why, in the author's words.
    pub message: Option<String>,
    /// The variables then, in their order.
    pub variables: Vec<FormerVariable>,
}

/// A variable as it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FormerVariable {
    /// Its entry.
    pub entry: EntryId,
    /// Its name; none where it was sealed under keys that this computer does not have.
    pub name: Option<String>,
    /// What there is of its value.
    pub value: FormerState,
}

/// What there is of a former value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FormerState {
    /// It can be shown and restored.
    Kept,
    /// It was deleted for good.
    Purged,
    /// Its author sealed something that does not open.
    Damaged,
    /// It was sealed under keys that this computer does not have.
    NoKey,
}

/// What a revision did to an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RevisionKind {
    /// A new variable.
    New,
    /// Another value.
    Changed,
    /// A variable that is gone.
    Removed,
    /// Comments or blank lines.
    Comment,
    /// It stands elsewhere among the others.
    Moved,
    /// A former value was deleted for good.
    Purged,
}
