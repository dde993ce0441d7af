//! What an owner has decided for the whole team.

use serde::Serialize;
use twinlock_protocol::event::Creating;

/// The team's settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct SettingsView {
    /// Who creates projects and environments.
    pub creating: Creating,
    /// Keys are not renewed by themselves before so many days.
    pub at_least_days: u32,
    /// Nor after so many, where a program of somebody who may runs.
    pub at_most_days: u32,
}
