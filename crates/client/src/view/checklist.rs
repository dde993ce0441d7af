//! What somebody could read when they were removed, to be worked through: names and how far one is, no value.

use serde::Serialize;
use twinlock_protocol::ids::MemberId;

/// The list for one who was removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChecklistView {
    /// Who was removed.
    pub member: MemberId,
    /// Their name.
    pub name: String,
    /// What they could read.
    pub items: Vec<ChecklistItem>,
}

/// One variable; or a whole environment, where this computer sees no names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChecklistItem {
    /// `project/environment`.
    pub environment: String,
    /// The variable.
    pub name: Option<String>,
    /// How it stands.
    pub state: ChecklistState,
}

/// Which item of which list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChecklistPlace {
    /// Whose list.
    pub member: MemberId,
    /// `project/environment`.
    pub environment: String,
    /// The variable; none for a whole environment.
    pub name: Option<String>,
}

/// Whether what somebody could read is of any use to them still.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChecklistState {
    /// It is: to be changed where it came from.
    Open,
    /// Another value was pushed since, or the variable is gone.
    Changed,
    /// A person said so.
    Done,
}
