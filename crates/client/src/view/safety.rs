//! Safety words.

use serde::Serialize;
use twinlock_protocol::ids::{EnvironmentId, KeyholderId, MemberId};

/// What two people compare to learn whether a vault shows both the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SafetyView {
    /// With each other member.
    pub with: Vec<SafetyWith>,
    /// Of each computer in use.
    pub computers: Vec<SafetyWordsOf>,
}

/// The words to compare with one member, and the numbers that they stand for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SafetyWith {
    /// Who.
    pub member: MemberId,
    /// Their name.
    pub name: String,
    /// Twelve words.
    pub words: Vec<String>,
    /// How many events the log has.
    pub log: u64,
    /// The environments that both can see.
    pub environments: Vec<SafetyEnvironment>,
}

/// Where an environment stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SafetyEnvironment {
    /// `project/environment`.
    pub environment: String,
    /// The environment's id.
    pub environment_id: EnvironmentId,
    /// The number of its last revision.
    pub number: u64,
}

/// The words of one computer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SafetyWordsOf {
    /// Its id.
    pub computer: KeyholderId,
    /// Whose it is.
    pub member: MemberId,
    /// Their name.
    pub name: String,
    /// Whether that is this one.
    pub this: bool,
    /// Twelve words.
    pub words: Vec<String>,
}
