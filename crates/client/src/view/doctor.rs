//! What `doctor` found.

use serde::Serialize;

/// One line of a check-up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DoctorCheck {
    /// What was looked at.
    pub name: &'static str,
    /// How it is.
    pub health: Health,
    /// A sentence about it.
    pub sentence: String,
}

/// How something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Health {
    /// Fine.
    Good,
    /// Works, and could be better.
    Warning,
    /// Does not work.
    Failed,
}
