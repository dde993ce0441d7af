//! A team's members, their computers and access, and open invites.

use serde::Serialize;
use twinlock_protocol::event::{KeyholderKind, Level, Role};
use twinlock_protocol::ids::{EnvironmentId, KeyholderId, MemberId, TeamId};

use super::ApplicantView;
use super::ReadableView;
use super::RenewalView;

/// A team in full.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TeamView {
    /// Its id.
    pub id: TeamId,
    /// Its name.
    pub name: String,
    /// Who this computer belongs to.
    pub me: MemberId,
    /// Everybody.
    pub members: Vec<MemberView>,
    /// Who joined and waits for an admin to approve them.
    pub waiting: Vec<ApplicantView>,
    /// Invites that can still be used.
    pub invites: Vec<InviteView>,
    /// The vault's address.
    pub vault: String,
    /// Whether that is the vault embedded in this computer.
    pub local: bool,
    /// Whether some of the team's names do not open on this computer.
    pub names_missing: bool,
    /// The number of events in the team's log.
    pub events: u64,
}

/// A member.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MemberView {
    /// Their id.
    pub id: MemberId,
    /// Their name.
    pub name: String,
    /// Their role.
    pub role: Role,
    /// Whether that is you.
    pub me: bool,
    /// Their computers.
    pub computers: Vec<ComputerView>,
    /// Their access, as far as you may know of it.
    pub access: Vec<AccessView>,
}

/// A computer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ComputerView {
    /// What it is: a recovery kit is listed beside the computers.
    pub kind: KeyholderKind,
    /// Its id.
    pub id: KeyholderId,
    /// Whether that is this one.
    pub this: bool,
}

/// Access to an environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AccessView {
    /// `project/environment`.
    pub environment: String,
    /// The environment's id.
    pub environment_id: EnvironmentId,
    /// How far.
    pub level: Level,
}

/// An invite that can still be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InviteView {
    /// Its id.
    pub id: KeyholderId,
    /// The role it gives.
    pub role: Role,
    /// Who made it.
    pub by: String,
    /// When the vault stops accepting it: milliseconds since 1970.
    pub expires_at: u64,
    /// Whether whoever uses it waits for approval.
    pub approve: bool,
    /// What whoever uses it will have access to.
    pub access: Vec<AccessView>,
}

/// What removing a member did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MemberRemovedView {
    /// Who.
    pub member: MemberId,
    /// Their name.
    pub name: String,
    /// Invites and services of theirs that were closed with it.
    pub closed: Vec<KeyholderId>,
    /// What they could read: to be changed where it came from.
    pub could_read: Vec<ReadableView>,
    /// What became of the keys that they knew.
    pub keys: RenewalView,
}

/// A member after a change of role or access.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MemberChangeView {
    /// As they are now.
    pub member: MemberView,
    /// Invites and services of theirs that were closed with it.
    pub closed: Vec<KeyholderId>,
    /// What became of keys that they lost.
    pub keys: RenewalView,
}
