//! Everything that was refused and has not been made good since.

use serde::Serialize;
use twinlock_protocol::ids::EnvironmentId;

use super::RefusalView;

/// Something that the vault served and that does not verify.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RefusedView {
    /// The environment whose history it is; none for the team's log.
    pub environment: Option<EnvironmentId>,
    /// In words.
    pub refusal: RefusalView,
    /// When it was served last: milliseconds since 1970.
    pub at: u64,
    /// The vault that served it.
    pub vault: String,
    /// What the check found, in its own words: numbers and hashes, nothing of content. None where a whole statement
    /// is kept as evidence.
    pub found: Option<String>,
}
