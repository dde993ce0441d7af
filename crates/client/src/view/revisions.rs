//! Revisions of an environment.

use serde::Serialize;

use super::RevisionKind;

/// A revision of an environment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RevisionView {
    /// Its number.
    pub number: u64,
    /// Who made it.
    pub by: String,
    /// When, by their clock: milliseconds since 1970.
    pub at: u64,
    /// What it came from.
    pub cause: twinlock_protocol::revision::Cause,
    /// Why, in the author's words.
    pub message: Option<String>,
    /// What changed.
    pub changes: Vec<RevisionChange>,
    /// Of a revision that sealed everything anew: how many values could not be compared with those before, because
    /// one of the two was purged, does not open, or was sealed under keys that this computer does not have.
    pub not_compared: usize,
}

/// One change of a revision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RevisionChange {
    /// The variable; none for comments.
    pub name: Option<String>,
    /// What kind of change.
    pub kind: RevisionKind,
    /// The value that it brought was deleted for good since.
    pub purged: bool,
}
