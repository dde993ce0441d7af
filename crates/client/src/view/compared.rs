//! Whose safety words were compared, and what came of it.

use serde::{Deserialize, Serialize};
use twinlock_protocol::ids::KeyholderId;

/// A computer whose words somebody compared on this one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComparedView {
    /// The computer.
    pub computer: KeyholderId,
    /// What came of it.
    pub verdict: Verdict,
    /// When: milliseconds since 1970.
    pub at: u64,
}

/// What came of comparing words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Both read the same.
    Match,
    /// They do not.
    Differ,
}
