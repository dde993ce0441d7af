//! What window and command line show: names and states. No value is in any of these.

mod approval;
mod checklist;
mod compared;
mod former;
mod keyholders;
mod refusals;
mod removal;
mod service;
mod settings;

use std::path::PathBuf;

use serde::Serialize;
use twinlock_protocol::StatementHash;
use twinlock_protocol::event::{KeyholderKind, Level, Role};
use twinlock_protocol::ids::{EntryId, EnvironmentId, KeyholderId, MemberId, ProjectId, TeamId};

pub use self::keyholders::{KeyholderChange, KeyholderNews, RevokedView};
use crate::files::LinkedFileId;
use crate::files::git::GitState;
use crate::store::Mode;

pub use approval::ApplicantView;
pub use checklist::{ChecklistItem, ChecklistPlace, ChecklistState, ChecklistView};
pub use compared::{ComparedView, Verdict};
pub use former::{FormerState, FormerVariable, FormerView, RevisionKind};
pub use refusals::RefusedView;
pub use removal::{
    FallsView, GoneEnvironment, GoneView, NewRoleView, RekeyedView, RemovalView, RevocationView,
};
pub use service::{DangerView, ServiceClosedView, ServiceView};
pub use settings::SettingsView;

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

/// A linked file and how it stands.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LinkedFileView {
    /// Its id on this computer.
    pub id: LinkedFileId,
    /// Where it is.
    pub path: PathBuf,
    /// `project/environment`.
    pub environment: String,
    /// The environment's id.
    pub environment_id: EnvironmentId,
    /// What happens with changes made here.
    pub push: Mode,
    /// What happens with changes made elsewhere.
    pub pull: Mode,
    /// Changes that wait to be pushed.
    pub here: usize,
    /// Changes that wait to be pulled.
    pub there: usize,
    /// Of these, a sentence about each variable that does more than hold a setting: it runs code, or decides which runs.
    pub dangers: Vec<String>,
    /// Variables that a person has to decide about.
    pub conflicts: usize,
    /// All that in a word.
    pub state: FileState,
    /// What is wrong, in a sentence.
    pub problem: Option<String>,
    /// What git would do with the file, where that is known.
    pub git: Option<GitState>,
    /// The loader that the file is written for.
    pub loader: LoaderView,
}

/// The loader that a file is written for, and how that is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LoaderView {
    /// Its dialect's name.
    pub dialect: &'static str,
    /// Why, in a sentence without a full stop; none where nothing tells, and Node's dotenv is assumed.
    pub because: Option<String>,
    /// Whether somebody set it.
    pub set: bool,
}

/// How a linked file stands towards its environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FileState {
    /// The same on both sides.
    InStep,
    /// Changes here.
    Here,
    /// Changes in the vault.
    There,
    /// Changes on both sides that go together.
    Both,
    /// A person has to decide.
    Conflict,
    /// The file is not there.
    Missing,
    /// The file cannot be read as text.
    Unreadable,
    /// The file is empty, and was not.
    Emptied,
    /// The vault served something that does not verify.
    Refused,
}

/// Counts of a file's changes, as a notification says them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChangeSummary {
    /// The file, short: its folder and its name.
    pub file: String,
    /// Variables with another value.
    pub changed: usize,
    /// Variables that are new.
    pub new: usize,
    /// Variables that are gone.
    pub removed: usize,
    /// Comments, blank lines and order.
    pub comments: usize,
}

impl std::fmt::Display for ChangeSummary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let counts = [
            (self.changed, "changed"),
            (self.new, "new"),
            (self.removed, "removed"),
            (self.comments, "in comments"),
        ];
        let parts: Vec<String> = counts
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, word)| format!("{count} {word}"))
            .collect();
        write!(f, "{} changed: {}", self.file, parts.join(", "))
    }
}

/// What differs between a linked file and its environment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ChangesView {
    /// The file.
    pub file: LinkedFileId,
    /// Changed on both sides.
    pub conflicts: Vec<ChangeView>,
    /// Changed here.
    pub here: Vec<ChangeView>,
    /// Changed in the vault, or on both sides in ways that go together.
    pub there: Vec<ChangeView>,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ChangeView {
    /// Names the change for revealing it: its place in this list of changes.
    pub key: usize,
    /// The variable's name; none for comments and order.
    pub name: Option<String>,
    /// What kind of change.
    pub kind: ChangeKind,
    /// Who made it in the vault.
    pub by: Option<String>,
    /// When, by their clock: milliseconds since 1970.
    pub at: Option<u64>,
    /// What the variable does besides holding a setting, in a sentence, if it comes from the vault and its name says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub danger: Option<String>,
}

/// What kind of change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeKind {
    /// A new variable.
    New,
    /// Another value.
    Changed,
    /// A variable that is gone.
    Removed,
    /// Comments or blank lines.
    Comment,
    /// Entries in another order.
    Moved,
    /// Sealed by its author in a way that does not open; its line in no file changes.
    Damaged,
}

/// Which side of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// The file's.
    Mine,
    /// The vault's.
    Theirs,
    /// What both last agreed on.
    Base,
}

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

/// One signed statement, in a sentence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ActivityView {
    /// The environment whose revision it is; none for an event of the team's log.
    pub environment: Option<String>,
    /// Its number in its history.
    pub number: u64,
    /// Who signed it.
    pub by: String,
    /// When, by the author's clock: milliseconds since 1970.
    pub at: u64,
    /// What was done; follows the name.
    pub what: String,
    /// The statement's hash.
    pub hash: StatementHash,
}

/// What was replayed from the first statement on, and verifies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReplayedView {
    /// The team.
    pub team: TeamId,
    /// How many events the log has.
    pub events: u64,
    /// The hash of the last one.
    pub head: StatementHash,
    /// Each environment.
    pub environments: Vec<ReplayedEnvironment>,
}

/// An environment in [`ReplayedView`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReplayedEnvironment {
    /// `project/environment`.
    pub environment: String,
    /// Its id.
    pub environment_id: EnvironmentId,
    /// How many revisions are kept here.
    pub revisions: u64,
    /// The hash of the last one.
    pub head: StatementHash,
    /// How many sealed values of it are kept here, and are what their authors signed.
    pub values: usize,
}

/// What two people compare to learn whether a vault shows both the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SafetyView {
    /// With each other member.
    pub with: Vec<SafetyWith>,
    /// Of each computer in use.
    pub computers: Vec<SafetyWordsOf>,
}

/// The words to compare with one member, and the numbers that they stand for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SafetyWith {
    /// Who.
    pub member: MemberId,
    /// Their name.
    pub name: String,
    /// Twelve words.
    pub words: Vec<String>,
    /// How many events the log has.
    pub log: u64,
    /// The environments that both can see.
    pub environments: Vec<SafetyEnvironment>,
}

/// Where an environment stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SafetyEnvironment {
    /// `project/environment`.
    pub environment: String,
    /// The environment's id.
    pub environment_id: EnvironmentId,
    /// The number of its last revision.
    pub number: u64,
}

/// The words of one computer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SafetyWordsOf {
    /// Its id.
    pub computer: KeyholderId,
    /// Whose it is.
    pub member: MemberId,
    /// Their name.
    pub name: String,
    /// Whether that is this one.
    pub this: bool,
    /// Twelve words.
    pub words: Vec<String>,
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

/// A computer or recovery kit of one's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KeyholderView {
    /// Its id.
    pub id: KeyholderId,
    /// What it is.
    pub kind: KeyholderKind,
    /// Whether that is this one.
    pub this: bool,
}

/// An environment, as the team's log has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EnvironmentStanding {
    /// Its id.
    pub id: EnvironmentId,
    /// `project/environment`.
    pub name: String,
    /// This member's access.
    pub level: Option<Level>,
    /// The number of its keys' generation.
    pub generation: u32,
    /// Whether somebody lost keys since: the next push renews them first.
    pub stale: bool,
    /// Whether nobody is left who may grant access to it.
    pub orphaned: bool,
}

/// Which environments got new keys after somebody had lost the old ones.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RenewalView {
    /// Those that have them.
    pub renewed: Vec<String>,
    /// Those whose keys the next push of somebody with write access renews.
    pub waiting: Vec<WaitingView>,
}

/// An environment that waits for new keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WaitingView {
    /// `project/environment`, or the team for its own key.
    pub environment: String,
    /// Why this computer did not renew them, in a sentence.
    pub why: String,
}

/// What somebody could read in an environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReadableView {
    /// `project/environment`.
    pub environment: String,
    /// The variables; unknown without access of one's own.
    pub names: Option<Vec<String>>,
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

/// A variable of an environment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct VariableView {
    /// Its entry.
    pub entry: EntryId,
    /// Its name.
    pub name: String,
    /// Who put it there as it is.
    pub by: String,
    /// When, by their clock: milliseconds since 1970.
    pub at: u64,
    /// In which revision.
    pub revision: u64,
    /// Whether the value is empty; unknown without access to values.
    pub empty: Option<bool>,
    /// Whether the name occurs more than once.
    pub duplicate: bool,
    /// Whether it does not open, by its author's fault.
    pub damaged: bool,
    /// Whether the value is one to be filled in.
    pub placeholder: bool,
    /// Why the name is dangerous, in a sentence, if it is.
    pub danger: Option<String>,
    /// Each reading that there is, where loaders read it differently; empty where they agree. The first is
    /// the one of the loader that the environment's files are written for.
    pub readings: Vec<ReadingView>,
}

/// What some loaders make of a variable, without the value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReadingView {
    /// Their dialects' names.
    pub loaders: Vec<&'static str>,
    /// What it is.
    pub outcome: ReadingOutcome,
}

/// What a loader makes of a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReadingOutcome {
    /// A value.
    Value,
    /// No value, or no variable at all.
    Nothing,
    /// Not known without running a command.
    NeedsCommand,
}

/// A revision of an environment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RevisionView {
    /// Its number.
    pub number: u64,
    /// Who made it.
    pub by: String,
    /// When, by their clock: milliseconds since 1970.
    pub at: u64,
    /// What it came from.
    pub cause: twinlock_protocol::revision::Cause,
    /// Why, in the author's words.
    pub message: Option<String>,
    /// What changed.
    pub changes: Vec<RevisionChange>,
    /// Of a revision that sealed everything anew: how many values could not be compared with those before, because
    /// one of the two was purged, does not open, or was sealed under keys that this computer does not have.
    pub not_compared: usize,
}

/// One change of a revision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RevisionChange {
    /// The variable; none for comments.
    pub name: Option<String>,
    /// What kind of change.
    pub kind: RevisionKind,
    /// The value that it brought was deleted for good since.
    pub purged: bool,
}

/// What dropping or importing a file would do, before anything happens.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ImportPreview {
    /// The file.
    pub path: PathBuf,
    /// A project's name guessed from its folder.
    pub project: String,
    /// An environment's name guessed from its own.
    pub environment: String,
    /// What was found.
    pub variables: Vec<FoundVariable>,
    /// Lines of comments and other text.
    pub prose_lines: usize,
    /// What is odd, by line.
    pub problems: Vec<FoundProblem>,
}

/// A variable that was found in a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FoundVariable {
    /// Its name.
    pub name: String,
    /// Whether the value is empty.
    pub empty: bool,
    /// Whether the name occurs more than once.
    pub duplicate: bool,
}

/// Something odd about a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FoundProblem {
    /// The line, counted from 1.
    pub line: usize,
    /// What, in a sentence.
    pub what: String,
}

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
