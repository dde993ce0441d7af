//! The overview: what a sidebar shows.

use serde::Serialize;
use twinlock_protocol::event::Level;
use twinlock_protocol::ids::{EnvironmentId, ProjectId, TeamId};

use super::LinkedFileView;

/// Everything a sidebar shows.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Overview {
    /// The team, once this computer is part of one.
    pub team: Option<TeamSummary>,
    /// Its projects.
    pub projects: Vec<ProjectView>,
    /// Whether the vault was reached last time.
    pub connection: Connection,
}

/// Whether the vault can be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Connection {
    /// It answered last time.
    Online,
    /// It did not: changes wait here.
    Offline,
    /// There is no team yet, so no vault.
    NoVault,
}

/// A team in a line.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TeamSummary {
    /// Its id.
    pub id: TeamId,
    /// Its name.
    pub name: String,
    /// This member's name.
    pub me: String,
    /// Whether the team lives in the vault embedded in this computer.
    pub local: bool,
}

/// A project.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ProjectView {
    /// Its id.
    pub id: ProjectId,
    /// Its name.
    pub name: String,
    /// Its environments, as far as this member has access.
    pub environments: Vec<EnvironmentView>,
}

/// An environment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EnvironmentView {
    /// Its id.
    pub id: EnvironmentId,
    /// The project.
    pub project: ProjectId,
    /// Its name.
    pub name: String,
    /// This member's access.
    pub level: Level,
    /// The number of its last revision.
    pub revision: u64,
    /// Whether keys that this member should have are not on this computer.
    pub keys_missing: bool,
    /// What the vault served that does not verify, if anything.
    pub refusal: Option<RefusalView>,
    /// The linked files on this computer.
    pub files: Vec<LinkedFileView>,
}

/// A refusal, in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RefusalView {
    /// Its stable code.
    pub code: String,
    /// What happened.
    pub what_happened: String,
    /// What was kept safe.
    pub kept_safe: String,
    /// What to do.
    pub what_to_do: String,
}
