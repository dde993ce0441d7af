//! What removing a member would do, before it is done.

use serde::Serialize;
use twinlock_protocol::ids::{KeyholderId, MemberId};

/// What falls with a member, and what gets new keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RemovalView {
    /// Who.
    pub member: MemberId,
    /// Their name.
    pub name: String,
    /// Whether that is you: then this computer loses the team.
    pub me: bool,
    /// How many computers and recovery kits count no more, theirs and those that they added for others.
    pub keyholders: usize,
    /// How many invites of theirs are closed.
    pub invites: usize,
    /// How many services of theirs are closed.
    pub services: usize,
    /// The ids of both.
    pub closed: Vec<KeyholderId>,
    /// The environments whose keys they know, by name.
    pub environments: Vec<RekeyedView>,
}

/// An environment that gets new keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RekeyedView {
    /// `project/environment`.
    pub environment: String,
    /// Whether this computer renews the keys at once; else the next push of somebody with write access does.
    pub here: bool,
    /// How many variables they could read; unknown without access of one's own, none where they see names alone.
    pub values: Option<usize>,
}
