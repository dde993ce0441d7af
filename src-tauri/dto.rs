//! What crosses between program and page. Types of their own, so that nothing of the client's crosses by
//! accident: names and states only. The two types that carry something secret are `Invitation` (a link made
//! to be handed on) and `Difference` (what somebody asked to see).

use serde::{Deserialize, Serialize};
use specta::Type;
use twinlock_client::files::git::GitState as Git;
use twinlock_client::store::Mode as SyncMode;
use twinlock_client::{Error, ErrorCode, Level as AccessLevel, Role as TeamRole, view};

/// Why a command did not do what it was asked, as a sentence for a person.
#[derive(Clone, Debug, Serialize, Type)]
pub(crate) struct CommandError {
    pub(crate) code: CommandErrorCode,
    pub(crate) message: String,
}

/// A code exists only where the page acts on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum CommandErrorCode {
    /// The sentence says it all.
    Failed,
    /// The vault served something that does not verify: the overview says more.
    Refused,
    /// The vault is away.
    Unreachable,
    /// No key can be had: the whole window has to wait.
    Locked,
    /// The team lives on this computer alone.
    NeedsVaultServer,
}

impl CommandError {
    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self { code: CommandErrorCode::Failed, message: message.into() }
    }
}

impl From<Error> for CommandError {
    fn from(error: Error) -> Self {
        let code = match (&error, error.code()) {
            (Error::LocalVault, _) => CommandErrorCode::NeedsVaultServer,
            (_, ErrorCode::Refused) => CommandErrorCode::Refused,
            (_, ErrorCode::Unreachable) => CommandErrorCode::Unreachable,
            (_, ErrorCode::Locked) => CommandErrorCode::Locked,
            _ => CommandErrorCode::Failed,
        };
        // The client's sentences name the command line where that is what helps; here the window does.
        let message = match &error {
            Error::NoTeam => {
                "This computer is not part of a team yet. Start one, or join one with an invite link."
                    .to_owned()
            }
            Error::Conflict { names } => format!(
                "{} changed here and in the vault. The file stays as it is until you choose under Changes.",
                names.join(", ")
            ),
            Error::Emptied { path, variables } => format!(
                "{path} is empty now. Twinlock did not take that as “remove {variables} variables”. Pull to get them back."
            ),
            _ => error.to_string(),
        };
        Self { code, message }
    }
}

/// Everything the sidebar shows.
#[derive(Debug, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Overview {
    pub(crate) team: Option<TeamSummary>,
    pub(crate) projects: Vec<Project>,
    pub(crate) connection: Connection,
}

#[derive(Debug, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TeamSummary {
    pub(crate) name: String,
    pub(crate) me: String,
    pub(crate) vault: VaultPlace,
}

/// Where a team's vault is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum VaultPlace {
    /// Embedded in this computer: nobody else can reach it.
    ThisComputer,
    Server,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Connection {
    Online,
    Offline,
    NoVault,
}

#[derive(Debug, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Project {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) environments: Vec<Environment>,
}

#[derive(Debug, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Environment {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) level: Level,
    pub(crate) revision: u64,
    pub(crate) refusal: Option<Refusal>,
    pub(crate) files: Vec<LinkedFile>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Level {
    Names,
    Read,
    Write,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Role {
    Member,
    Admin,
    Owner,
}

/// A refusal, in words.
#[derive(Debug, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Refusal {
    pub(crate) code: String,
    pub(crate) what_happened: String,
    pub(crate) kept_safe: String,
    pub(crate) what_to_do: String,
}

#[derive(Debug, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LinkedFile {
    pub(crate) id: String,
    pub(crate) path: String,
    pub(crate) push: Mode,
    pub(crate) pull: Mode,
    pub(crate) here: usize,
    pub(crate) there: usize,
    pub(crate) conflicts: usize,
    pub(crate) state: FileState,
    pub(crate) problem: Option<String>,
    pub(crate) git: Option<GitState>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Mode {
    Ask,
    Auto,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum FileState {
    InStep,
    Here,
    There,
    Both,
    Conflict,
    Missing,
    Unreadable,
    Emptied,
    Refused,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum GitState {
    Ignored,
    Tracked,
    WouldBeCommitted,
    NoRepository,
}

#[derive(Debug, Serialize, Type)]
pub(crate) struct Changes {
    pub(crate) conflicts: Vec<Change>,
    pub(crate) here: Vec<Change>,
    pub(crate) there: Vec<Change>,
}

/// One change. `key` names it for revealing; `at` is in milliseconds since 1970.
#[derive(Debug, Serialize, Type)]
pub(crate) struct Change {
    pub(crate) key: usize,
    pub(crate) name: Option<String>,
    pub(crate) kind: ChangeKind,
    pub(crate) by: Option<String>,
    pub(crate) at: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ChangeKind {
    New,
    Changed,
    Removed,
    Comment,
    Moved,
    Damaged,
}

/// Which two texts of a change to compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Type)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Comparison {
    /// What both sides last agreed on, and the file.
    Here,
    /// The file, and the vault.
    There,
}

/// Two texts that somebody asked to see, cut where they differ.
#[derive(Debug, Serialize, Type)]
pub(crate) struct Difference {
    pub(crate) before: Option<Vec<Segment>>,
    pub(crate) after: Option<Vec<Segment>>,
}

/// A piece of a text, and whether the other text has it too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Type)]
pub(crate) struct Segment {
    pub(crate) text: String,
    pub(crate) differs: bool,
}

/// Which of this computer's changes to push.
#[derive(Clone, Debug, Deserialize, Type)]
#[serde(rename_all = "kebab-case", tag = "of", content = "names")]
pub(crate) enum Selection {
    All,
    Names(Vec<String>),
}

/// Whose value wins. Has no `Debug`: the third one is a value.
#[derive(Deserialize, Type)]
#[serde(rename_all = "kebab-case", tag = "keep", content = "value")]
pub(crate) enum Resolution {
    Mine,
    Theirs,
    Another(String),
}

/// What a push or a pull did.
#[derive(Debug, Serialize, Type)]
pub(crate) struct Outcome {
    pub(crate) moved: usize,
    pub(crate) revision: u64,
    pub(crate) conflicts: Vec<String>,
    pub(crate) waiting: usize,
}

#[derive(Debug, Serialize, Type)]
pub(crate) struct Team {
    pub(crate) name: String,
    pub(crate) members: Vec<Member>,
    pub(crate) invites: Vec<PendingInvite>,
    pub(crate) address: String,
    pub(crate) vault: VaultPlace,
}

#[derive(Debug, Serialize, Type)]
pub(crate) struct Member {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) me: bool,
    pub(crate) computers: Vec<Computer>,
    pub(crate) access: Vec<Access>,
}

#[derive(Debug, Serialize, Type)]
pub(crate) struct Computer {
    pub(crate) id: String,
    pub(crate) this: bool,
}

/// Access to an environment, written `project/environment`.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub(crate) struct Access {
    pub(crate) environment: String,
    pub(crate) level: Level,
}

#[derive(Debug, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PendingInvite {
    pub(crate) id: String,
    pub(crate) role: Role,
    pub(crate) by: String,
    pub(crate) expires_at: u64,
}

/// An invite that was just made. Has no `Debug`: whoever has the link can join.
#[derive(Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Invitation {
    pub(crate) link: String,
    pub(crate) expires_at: u64,
    pub(crate) access: Vec<Access>,
}

#[derive(Debug, Serialize, Type)]
pub(crate) struct Variable {
    pub(crate) entry: String,
    pub(crate) name: String,
    pub(crate) by: String,
    pub(crate) at: u64,
    pub(crate) revision: u64,
    pub(crate) empty: Option<bool>,
    pub(crate) duplicate: bool,
    pub(crate) damaged: bool,
}

/// What a dropped or chosen file holds. `path` is for showing; the file is named by its offer alone.
#[derive(Debug, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Preview {
    pub(crate) offer: String,
    pub(crate) path: String,
    pub(crate) project: String,
    pub(crate) environment: String,
    pub(crate) variables: Vec<Found>,
    pub(crate) prose_lines: usize,
    pub(crate) problems: Vec<Problem>,
}

#[derive(Debug, Serialize, Type)]
pub(crate) struct Found {
    pub(crate) name: String,
    pub(crate) empty: bool,
    pub(crate) duplicate: bool,
}

#[derive(Debug, Serialize, Type)]
pub(crate) struct Problem {
    pub(crate) line: usize,
    pub(crate) what: String,
}

/// Where in the window to go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Type)]
pub(crate) struct Destination {
    pub(crate) environment: String,
}

/// What moved. Says what to ask again, never content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Type, tauri_specta::Event)]
#[serde(rename_all = "kebab-case", tag = "what")]
pub(crate) enum Moved {
    /// Projects, states or the connection.
    Overview,
    /// Members or invites.
    Team,
    /// An environment's variables.
    Environment { environment: String },
    /// Something that was to happen by itself did not.
    Trouble { sentence: String },
    /// A file hovers over the window, or no longer does.
    Hover { over: bool },
    /// A file was dropped.
    Offered { offer: String },
    /// Somebody asked for a place: `destination` tells which.
    Show,
}

impl From<AccessLevel> for Level {
    fn from(level: AccessLevel) -> Self {
        match level {
            AccessLevel::Names => Self::Names,
            AccessLevel::Read => Self::Read,
            AccessLevel::Write => Self::Write,
        }
    }
}

impl From<Level> for AccessLevel {
    fn from(level: Level) -> Self {
        match level {
            Level::Names => Self::Names,
            Level::Read => Self::Read,
            Level::Write => Self::Write,
        }
    }
}

impl From<TeamRole> for Role {
    fn from(role: TeamRole) -> Self {
        match role {
            TeamRole::Member => Self::Member,
            TeamRole::Admin => Self::Admin,
            TeamRole::Owner => Self::Owner,
        }
    }
}

impl From<Role> for TeamRole {
    fn from(role: Role) -> Self {
        match role {
            Role::Member => Self::Member,
            Role::Admin => Self::Admin,
            Role::Owner => Self::Owner,
        }
    }
}

impl From<Mode> for SyncMode {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Ask => Self::Ask,
            Mode::Auto => Self::Auto,
        }
    }
}

impl From<SyncMode> for Mode {
    fn from(mode: SyncMode) -> Self {
        match mode {
            SyncMode::Ask => Self::Ask,
            SyncMode::Auto => Self::Auto,
        }
    }
}

fn place(local: bool) -> VaultPlace {
    if local { VaultPlace::ThisComputer } else { VaultPlace::Server }
}

impl From<view::Connection> for Connection {
    fn from(connection: view::Connection) -> Self {
        match connection {
            view::Connection::Online => Self::Online,
            view::Connection::Offline => Self::Offline,
            view::Connection::NoVault => Self::NoVault,
        }
    }
}

impl From<view::Overview> for Overview {
    fn from(overview: view::Overview) -> Self {
        Self {
            team: overview.team.map(|team| TeamSummary {
                name: team.name,
                me: team.me,
                vault: place(team.local),
            }),
            projects: overview.projects.into_iter().map(Project::from).collect(),
            connection: overview.connection.into(),
        }
    }
}

impl From<view::ProjectView> for Project {
    fn from(project: view::ProjectView) -> Self {
        Self {
            id: project.id.to_string(),
            name: project.name,
            environments: project.environments.into_iter().map(Environment::from).collect(),
        }
    }
}

impl From<view::EnvironmentView> for Environment {
    fn from(environment: view::EnvironmentView) -> Self {
        Self {
            id: environment.id.to_string(),
            name: environment.name,
            level: environment.level.into(),
            revision: environment.revision,
            refusal: environment.refusal.map(Refusal::from),
            files: environment.files.into_iter().map(LinkedFile::from).collect(),
        }
    }
}

impl From<view::RefusalView> for Refusal {
    fn from(refusal: view::RefusalView) -> Self {
        let view::RefusalView { code, what_happened, kept_safe, what_to_do } = refusal;
        Self { code, what_happened, kept_safe, what_to_do }
    }
}

impl From<view::LinkedFileView> for LinkedFile {
    fn from(file: view::LinkedFileView) -> Self {
        Self {
            id: file.id.to_string(),
            path: file.path.display().to_string(),
            push: file.push.into(),
            pull: file.pull.into(),
            here: file.here,
            there: file.there,
            conflicts: file.conflicts,
            state: file.state.into(),
            problem: file.problem,
            git: file.git.map(GitState::from),
        }
    }
}

impl From<view::FileState> for FileState {
    fn from(state: view::FileState) -> Self {
        match state {
            view::FileState::InStep => Self::InStep,
            view::FileState::Here => Self::Here,
            view::FileState::There => Self::There,
            view::FileState::Both => Self::Both,
            view::FileState::Conflict => Self::Conflict,
            view::FileState::Missing => Self::Missing,
            view::FileState::Unreadable => Self::Unreadable,
            view::FileState::Emptied => Self::Emptied,
            view::FileState::Refused => Self::Refused,
        }
    }
}

impl From<Git> for GitState {
    fn from(git: Git) -> Self {
        match git {
            Git::Ignored => Self::Ignored,
            Git::Tracked => Self::Tracked,
            Git::WouldBeCommitted => Self::WouldBeCommitted,
            Git::NoRepository => Self::NoRepository,
        }
    }
}

impl From<view::ChangesView> for Changes {
    fn from(changes: view::ChangesView) -> Self {
        let all = |changes: Vec<view::ChangeView>| changes.into_iter().map(Change::from).collect();
        Self { conflicts: all(changes.conflicts), here: all(changes.here), there: all(changes.there) }
    }
}

impl From<view::ChangeView> for Change {
    fn from(change: view::ChangeView) -> Self {
        let kind = match change.kind {
            view::ChangeKind::New => ChangeKind::New,
            view::ChangeKind::Changed => ChangeKind::Changed,
            view::ChangeKind::Removed => ChangeKind::Removed,
            view::ChangeKind::Comment => ChangeKind::Comment,
            view::ChangeKind::Moved => ChangeKind::Moved,
            view::ChangeKind::Damaged => ChangeKind::Damaged,
        };
        Self { key: change.key, name: change.name, kind, by: change.by, at: change.at }
    }
}

impl From<twinlock_client::PushOutcome> for Outcome {
    fn from(outcome: twinlock_client::PushOutcome) -> Self {
        let twinlock_client::PushOutcome { pushed, revision, conflicts, waiting } = outcome;
        Self { moved: pushed, revision, conflicts, waiting }
    }
}

impl From<twinlock_client::PullOutcome> for Outcome {
    fn from(outcome: twinlock_client::PullOutcome) -> Self {
        let twinlock_client::PullOutcome { pulled, revision, conflicts, waiting } = outcome;
        Self { moved: pulled, revision, conflicts, waiting }
    }
}

impl From<view::TeamView> for Team {
    fn from(team: view::TeamView) -> Self {
        Self {
            name: team.name,
            members: team.members.into_iter().map(Member::from).collect(),
            invites: team.invites.into_iter().map(PendingInvite::from).collect(),
            address: team.vault,
            vault: place(team.local),
        }
    }
}

impl From<view::MemberView> for Member {
    fn from(member: view::MemberView) -> Self {
        let computer =
            |computer: view::ComputerView| Computer { id: computer.id.to_string(), this: computer.this };
        Self {
            id: member.id.to_string(),
            name: member.name,
            role: member.role.into(),
            me: member.me,
            computers: member.computers.into_iter().map(computer).collect(),
            access: member.access.into_iter().map(Access::from).collect(),
        }
    }
}

impl From<view::AccessView> for Access {
    fn from(access: view::AccessView) -> Self {
        Self { environment: access.environment, level: access.level.into() }
    }
}

impl From<view::InviteView> for PendingInvite {
    fn from(invite: view::InviteView) -> Self {
        Self {
            id: invite.id.to_string(),
            role: invite.role.into(),
            by: invite.by,
            expires_at: invite.expires_at,
        }
    }
}

impl From<view::VariableView> for Variable {
    fn from(variable: view::VariableView) -> Self {
        Self {
            entry: variable.entry.to_string(),
            name: variable.name,
            by: variable.by,
            at: variable.at,
            revision: variable.revision,
            empty: variable.empty,
            duplicate: variable.duplicate,
            damaged: variable.damaged,
        }
    }
}

impl Preview {
    pub(crate) fn new(offer: String, preview: view::ImportPreview) -> Self {
        let found = |found: view::FoundVariable| Found {
            name: found.name,
            empty: found.empty,
            duplicate: found.duplicate,
        };
        let problem = |problem: view::FoundProblem| Problem { line: problem.line, what: problem.what };
        Self {
            offer,
            path: preview.path.display().to_string(),
            project: preview.project,
            environment: preview.environment,
            variables: preview.variables.into_iter().map(found).collect(),
            prose_lines: preview.prose_lines,
            problems: preview.problems.into_iter().map(problem).collect(),
        }
    }
}
