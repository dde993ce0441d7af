//! What is lost with keys that nobody has.

use serde::Serialize;
use twinlock_protocol::ids::{EnvironmentId, StatementHash};

/// What new keys would not bring along, because it does not open on this computer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LostView {
    /// How many are carried over as they are: variables, or names.
    pub kept: usize,
    /// Carried over as they were before, by name: what was sealed last does not open.
    pub earlier: Vec<String>,
    /// No version opens: gone, by the name that they had once.
    pub gone: Vec<String>,
    /// The same for those whose name does not open either.
    pub gone_unnamed: usize,
}

impl LostView {
    /// Whether all is carried over as it is.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.earlier.is_empty() && self.gone.is_empty() && self.gone_unnamed == 0
    }
}

/// What is given up of an environment's history if an owner accepts what the vault has of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LostHistory {
    /// Its id.
    pub id: EnvironmentId,
    /// `project/environment`.
    pub environment: String,
    /// The revision that the history goes on from: the last that the vault has, verified.
    pub number: u64,
    /// Its hash.
    pub hash: StatementHash,
    /// What was recorded in the log and is not so, as far as the vault's history goes.
    pub recorded: Vec<RecordedHead>,
    /// The revisions that this computer has and the vault has not.
    pub here: Vec<LostRevision>,
}

/// That an event recorded where an environment stood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RecordedHead {
    /// Which event.
    pub event: u64,
    /// By whom.
    pub by: String,
    /// The revision that it recorded as the last.
    pub number: u64,
}

/// A revision that would count no more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LostRevision {
    /// Its number.
    pub number: u64,
    /// By whom.
    pub by: String,
    /// The author's clock then, in milliseconds.
    pub at: u64,
    /// How many entries it changed.
    pub changes: usize,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GivenUpView {
    /// What was given up.
    pub given_up: Vec<LostHistory>,
    /// Which environments got new keys, and which wait for them.
    pub keys: super::RenewalView,
}
