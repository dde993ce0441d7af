//! How the keys of an environment stand, and who still lacks some.

use serde::Serialize;
use twinlock_protocol::event::Level;
use twinlock_protocol::ids::EnvironmentId;

/// An environment, as the team's log has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EnvironmentStanding {
    /// Its id.
    pub id: EnvironmentId,
    /// `project/environment`.
    pub name: String,
    /// This member's access.
    pub level: Option<Level>,
    /// The number of its keys' generation.
    pub generation: u32,
    /// Whether somebody lost keys since: the next push renews them first.
    pub stale: bool,
    /// Whether nobody is left who may grant access to it.
    pub orphaned: bool,
}

/// Which environments got new keys after somebody had lost the old ones.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RenewalView {
    /// Those that have them.
    pub renewed: Vec<String>,
    /// Those whose keys the next push of somebody with write access renews.
    pub waiting: Vec<WaitingView>,
}

/// An environment that waits for new keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WaitingView {
    /// `project/environment`, or the team for its own key.
    pub environment: String,
    /// Why this computer did not renew them, in a sentence.
    pub why: String,
}

/// What somebody could read in an environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReadableView {
    /// `project/environment`.
    pub environment: String,
    /// The variables; unknown without access of one's own.
    pub names: Option<Vec<String>>,
}
