//! What taking somebody or something from the team would do, before it is done.

use std::path::PathBuf;

use serde::Serialize;
use twinlock_protocol::event::{KeyholderKind, Role};
use twinlock_protocol::ids::{EnvironmentId, KeyholderId, MemberId};

use super::{InviteView, ServiceView};

/// What falls, and what gets new keys.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FallsView {
    /// Computers that count no more.
    pub computers: Vec<KeyholderId>,
    /// Recovery kits that count no more.
    pub kits: Vec<KeyholderId>,
    /// Invites that are closed.
    pub invites: Vec<InviteView>,
    /// Services that are closed.
    pub services: Vec<ServiceView>,
    /// The environments whose keys all of these know, by name.
    pub environments: Vec<RekeyedView>,
}

impl FallsView {
    /// The ids of invites and services.
    pub fn closed(&self) -> impl Iterator<Item = KeyholderId> {
        let invites = self.invites.iter().map(|invite| invite.id);
        invites.chain(self.services.iter().map(|service| service.id))
    }
}

/// What removing a member would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RemovalView {
    /// Who.
    pub member: MemberId,
    /// Their name.
    pub name: String,
    /// Whether that is you: then this computer loses the team.
    pub me: bool,
    /// What falls with them.
    pub falls: FallsView,
}

/// What another role would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NewRoleView {
    /// Whose.
    pub member: MemberId,
    /// Their name.
    pub name: String,
    /// Whether that is you.
    pub me: bool,
    /// The role they have.
    pub from: Role,
    /// The role they would have.
    pub to: Role,
    /// What falls at a lower role; nothing else.
    pub falls: FallsView,
}

/// What taking one of one's own computers or kits from the team would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RevocationView {
    /// Which.
    pub keyholder: KeyholderId,
    /// What it is.
    pub kind: KeyholderKind,
    /// Whether it is this computer: then it loses the team.
    pub this: bool,
    /// What falls with it, itself included.
    pub falls: FallsView,
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

/// What removing an environment, or a project with all of them, would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GoneView {
    /// What goes: `project/environment`, or the project.
    pub name: String,
    /// The environments, by name.
    pub environments: Vec<GoneEnvironment>,
}

/// An environment that would be gone for everybody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GoneEnvironment {
    /// Its id.
    pub id: EnvironmentId,
    /// `project/environment`.
    pub name: String,
    /// How many variables are in it; unknown without access of one's own.
    pub variables: Option<usize>,
    /// The other members who have access to it, by name.
    pub members: Vec<String>,
    /// The services that read it, by name.
    pub services: Vec<String>,
    /// How many open invites give access to it.
    pub invites: usize,
    /// Files that are linked to it on this computer: they stay as they are.
    pub files: Vec<PathBuf>,
}
