//! Turns what the client shows into what may cross to the page. One value is handed
//! on, the one that somebody asked to see.

use twinlock_client::dotenv::Dialect;
use twinlock_client::files::git::GitState as Git;
use twinlock_client::keychain::KeychainError;
use twinlock_client::store::Mode as SyncMode;
use twinlock_client::{Error, ErrorCode, Level as AccessLevel, Role as TeamRole, SecretText, view};

use super::{
    Access, Applicant, Change, ChangeKind, Changes, CommandError, CommandErrorCode, Computer, Connection,
    Environment, FileState, Found, GitState, KnownLoader, Level, LinkedFile, Loader, Member, Mode, Outcome,
    Overview, PendingInvite, Preview, Problem, Project, Reading, ReadingOutcome, Refusal, Revealed, Role,
    Team, TeamSummary, Variable, VaultPlace, Whose,
};

impl From<Error> for CommandError {
    fn from(error: Error) -> Self {
        let code = match (&error, error.code()) {
            (Error::LocalVault, _) => CommandErrorCode::NeedsVaultServer,
            (Error::KeysMissing { .. }, _) => CommandErrorCode::KeysMissing,
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
            Error::Dangers { path, dangers, .. } => format!(
                "{path}: {} Nothing was written. It is shown under Changes now; pull again once you have looked at it.",
                dangers.join(" ")
            ),
            Error::Emptied { path, variables } => format!(
                "{path} is empty now. Twinlock did not take that as “remove {variables} variables”. Pull to get them back."
            ),
            Error::Locked | Error::Keychain(KeychainError::PutAway) => {
                "Files stay watched; nothing is opened or sent until you unlock.".to_owned()
            }
            Error::Keychain(KeychainError::NoPassphrase) => {
                "The keys of this computer are in a file, sealed under a passphrase.".to_owned()
            }
            _ => error.to_string(),
        };
        Self { code, message }
    }
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

impl Overview {
    pub(crate) fn new(overview: view::Overview, refusals: &[view::RefusedView]) -> Self {
        let team_refused = || refusals.iter().find(|refused| refused.environment.is_none());
        Self {
            team: overview.team.map(|team| TeamSummary {
                name: team.name,
                me: team.me,
                vault: place(team.local),
                refusal: team_refused().map(Refusal::from),
            }),
            projects: overview.projects.into_iter().map(|project| Project::new(project, refusals)).collect(),
            connection: overview.connection.into(),
        }
    }
}

impl Project {
    fn new(project: view::ProjectView, refusals: &[view::RefusedView]) -> Self {
        let environments = project.environments.into_iter();
        Self {
            id: project.id.to_string(),
            name: project.name,
            environments: environments.map(|one| Environment::new(one, refusals)).collect(),
        }
    }
}

impl Environment {
    fn new(environment: view::EnvironmentView, refusals: &[view::RefusedView]) -> Self {
        let own = refusals.iter().find(|refused| refused.environment == Some(environment.id));
        let known = own.or_else(|| refusals.iter().find(|refused| refused.environment.is_none()));
        Self {
            id: environment.id.to_string(),
            name: environment.name,
            level: environment.level.into(),
            revision: environment.revision,
            keys_missing: environment.keys_missing,
            // Between two questions a refusal may have come or gone: what the overview says counts.
            refusal: environment
                .refusal
                .map(|words| known.map_or_else(|| Refusal::from(words), Refusal::from)),
            files: environment.files.into_iter().map(LinkedFile::from).collect(),
        }
    }
}

impl From<view::RefusalView> for Refusal {
    fn from(refusal: view::RefusalView) -> Self {
        let view::RefusalView { code, what_happened, kept_safe, what_to_do } = refusal;
        Self { code, what_happened, kept_safe, what_to_do, team: false, at: None, vault: None, found: None }
    }
}

impl From<&view::RefusedView> for Refusal {
    fn from(refused: &view::RefusedView) -> Self {
        Self {
            team: refused.environment.is_none(),
            at: Some(refused.at),
            vault: Some(refused.vault.clone()),
            found: refused.found.clone(),
            ..Self::from(refused.refusal.clone())
        }
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
            dangers: file.dangers,
            git: file.git.map(GitState::from),
            loader: file.loader.into(),
        }
    }
}

impl From<view::LoaderView> for Loader {
    fn from(loader: view::LoaderView) -> Self {
        let view::LoaderView { dialect, because, set } = loader;
        Self { dialect: dialect.to_owned(), because, set }
    }
}

impl From<Dialect> for KnownLoader {
    fn from(dialect: Dialect) -> Self {
        Self { dialect: dialect.name().to_owned(), stands_for: dialect.stands_for().to_owned() }
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

impl From<Whose> for view::Side {
    fn from(whose: Whose) -> Self {
        match whose {
            Whose::Mine => Self::Mine,
            Whose::Theirs => Self::Theirs,
        }
    }
}

impl From<view::ChangesView> for Changes {
    fn from(changes: view::ChangesView) -> Self {
        let all = |changes: Vec<view::ChangeView>| changes.into_iter().map(Change::from).collect();
        Self {
            revision: changes.revision,
            conflicts: all(changes.conflicts),
            here: all(changes.here),
            there: all(changes.there),
            dangers: changes.dangers,
        }
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
        Self { key: change.key, name: change.name, kind, by: change.by, at: change.at, danger: change.danger }
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
            waiting: team.waiting.into_iter().map(Applicant::from).collect(),
            invites: team.invites.into_iter().map(PendingInvite::from).collect(),
            address: team.vault,
            vault: place(team.local),
            names_missing: team.names_missing,
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

impl From<view::ApplicantView> for Applicant {
    fn from(waits: view::ApplicantView) -> Self {
        Self {
            member: waits.member.to_string(),
            me: waits.me,
            computer: waits.computer.to_string(),
            words: waits.words,
            invite: waits.invite.to_string(),
            by: waits.by,
            role: waits.role.into(),
            access: waits.access.into_iter().map(Access::from).collect(),
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
            approve: invite.approve,
            access: invite.access.into_iter().map(Access::from).collect(),
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
            placeholder: variable.placeholder,
            danger: variable.danger,
            readings: variable.readings.into_iter().map(Reading::from).collect(),
        }
    }
}

impl From<view::ReadingView> for Reading {
    fn from(reading: view::ReadingView) -> Self {
        let outcome = match reading.outcome {
            view::ReadingOutcome::Value => ReadingOutcome::Value,
            view::ReadingOutcome::Nothing => ReadingOutcome::Nothing,
            view::ReadingOutcome::NeedsCommand => ReadingOutcome::NeedsCommand,
        };
        Self { loaders: reading.loaders.into_iter().map(str::to_owned).collect(), outcome }
    }
}

impl From<twinlock_client::Revealed> for Revealed {
    /// To the page, because a person asked to see this one.
    fn from(revealed: twinlock_client::Revealed) -> Self {
        let text = |secret: SecretText| secret.expose().to_owned();
        Self {
            text: text(revealed.text),
            readings: revealed.readings.into_iter().map(|reading| reading.map(text)).collect(),
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
