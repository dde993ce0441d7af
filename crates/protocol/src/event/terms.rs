//! The words that events are made of: roles, levels, heads, labels.

use serde::{Deserialize, Serialize};

use crate::encoding::Bytes;
use crate::ids::{
    Commitment, EnvironmentId, Generation, KeyholderId, LabelId, MemberId, ProjectId, StatementHash,
};

/// What a label names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", content = "id", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Subject {
    /// The team.
    Team,
    /// A member.
    Member(MemberId),
    /// A project.
    Project(ProjectId),
    /// An environment.
    Environment(EnvironmentId),
    /// A service.
    Service(KeyholderId),
}

/// A name of a team, member, project, environment or service, sealed with the team's name key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealedLabel {
    /// Random; the pointer of the seal.
    pub id: LabelId,
    /// The generation of the team's name key.
    pub generation: Generation,
    /// The sealed text.
    pub sealed: Bytes,
}

/// What each key of a generation is committed to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Commitments {
    /// Of the name key.
    pub name: Commitment,
    /// Of the value key; the team has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Commitment>,
}

/// The head of an environment's history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// The number of the last revision; 0 while there is none.
    pub number: u64,
    /// Its hash; while there is none, that of `environment-created`.
    pub hash: StatementHash,
}

/// The head of a team's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogHead {
    /// The sequence of the last accepted event.
    pub sequence: u64,
    /// Its hash.
    pub hash: StatementHash,
}

/// Access to an environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// To which.
    pub environment: EnvironmentId,
    /// How far.
    pub level: Level,
}

/// Access of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemberGrant {
    /// Whose.
    pub member: MemberId,
    /// How far.
    pub level: Level,
}

/// How far access to an environment goes; each level includes the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Sees which variables exist, and no value.
    Names,
    /// Sees values.
    Read,
    /// Pushes.
    Write,
}

impl Level {
    /// Whether this level comes with the key of that half.
    #[must_use]
    pub fn includes(self, half: Half) -> bool {
        match half {
            Half::Name => true,
            Half::Value => self >= Self::Read,
        }
    }
}

/// What a member may do in the team; each role includes the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Works with environments.
    Member,
    /// Also invites and creates.
    Admin,
    /// Also owns the team.
    Owner,
}

/// Which of an environment's two keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Half {
    /// The name key: left halves.
    Name,
    /// The value key: right halves.
    Value,
}

impl Half {
    /// Both, in the order of their wraps.
    pub const BOTH: [Self; 2] = [Self::Name, Self::Value];

    /// As it stands in field lists.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Value => "value",
        }
    }
}

/// The head of an environment, as an event records it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PinnedHead {
    /// Of which environment.
    pub environment: EnvironmentId,
    /// Its last revision.
    pub head: Head,
}

/// What a keyholder of a member is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyholderKind {
    /// Signs all that its member may.
    Computer,
    /// A printed kit: adds and revokes keyholders of its member, and nothing else.
    Recovery,
}

/// Who creates projects and environments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Creating {
    /// Every member.
    Members,
    /// Admins and owners.
    Admins,
}

/// Between how many days clients draw the moment at which they renew an environment's keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Renewal {
    /// Not before.
    pub at_least_days: u32,
    /// Not after.
    pub at_most_days: u32,
}
