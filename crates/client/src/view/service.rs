//! Services, and what runs with what they read.

use serde::Serialize;
use twinlock_protocol::ids::KeyholderId;

use super::{AccessView, RenewalView};

/// A service that can still be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ServiceView {
    /// Its id.
    pub id: KeyholderId,
    /// What people call it.
    pub name: String,
    /// Who made it, or keeps it.
    pub by: String,
    /// What it reads.
    pub access: Vec<AccessView>,
    /// When the vault stops serving it, in milliseconds since 1970; none for never.
    pub expires_at: Option<u64>,
}

/// A service that was closed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ServiceClosedView {
    /// Its id.
    pub id: KeyholderId,
    /// What people called it.
    pub name: String,
    /// What became of the keys that it knew.
    pub keys: RenewalView,
}

/// A variable that is more than a setting, and that nobody of this home has allowed as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DangerView {
    /// The variable.
    pub name: String,
    /// What it does; follows the name.
    pub effect: &'static str,
    /// Who gave it its value, where names of members can be read.
    pub by: Option<String>,
    /// Whether it was allowed before, with another value.
    pub changed: bool,
}
