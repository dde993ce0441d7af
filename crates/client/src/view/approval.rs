//! Who joined by an invite that asks for approval, and waits for it.

use serde::Serialize;
use twinlock_protocol::event::Role;
use twinlock_protocol::ids::{KeyholderId, MemberId};

use super::AccessView;

/// Somebody who joined and waits for an admin. They have no name yet that anybody else could read, no right and no
/// key: what tells them apart is the words of their computer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ApplicantView {
    /// Who they will be.
    pub member: MemberId,
    /// Whether that is you.
    pub me: bool,
    /// Their computer.
    pub computer: KeyholderId,
    /// Its safety words, to be compared with what stands on it.
    pub words: Vec<String>,
    /// The invite that they used.
    pub invite: KeyholderId,
    /// Who made it.
    pub by: String,
    /// The role that approval gives.
    pub role: Role,
    /// The access that approval gives.
    pub access: Vec<AccessView>,
}
