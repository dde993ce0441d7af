//! What was signed, and what replaying it found.

use serde::Serialize;
use twinlock_protocol::StatementHash;
use twinlock_protocol::ids::{EnvironmentId, TeamId};

/// One signed statement, in a sentence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ActivityView {
    /// The environment whose revision it is; none for an event of the team's log.
    pub environment: Option<String>,
    /// Its number in its history.
    pub number: u64,
    /// Who signed it.
    pub by: String,
    /// When, by the author's clock: milliseconds since 1970.
    pub at: u64,
    /// What was done; follows the name.
    pub what: String,
    /// The statement's hash.
    pub hash: StatementHash,
}

/// What was replayed from the first statement on, and verifies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReplayedView {
    /// The team.
    pub team: TeamId,
    /// How many events the log has.
    pub events: u64,
    /// The hash of the last one.
    pub head: StatementHash,
    /// Each environment.
    pub environments: Vec<ReplayedEnvironment>,
}

/// An environment in [`ReplayedView`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReplayedEnvironment {
    /// `project/environment`.
    pub environment: String,
    /// Its id.
    pub environment_id: EnvironmentId,
    /// How many revisions are kept here.
    pub revisions: u64,
    /// The hash of the last one.
    pub head: StatementHash,
    /// How many sealed values of it are kept here, and are what their authors signed.
    pub values: usize,
}
