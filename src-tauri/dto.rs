//! What crosses between program and page. Types of their own, so that nothing of the client's crosses by
//! accident: names and states only. The types that carry something secret are `Shown`, `Difference` and `Revealed`:
//! what somebody asked to see.

mod changes;
mod checklists;
mod falls;
mod from_client;
mod keyholders;
mod people;
mod services;
mod trust;

use serde::{Deserialize, Serialize};
use specta::Type;

pub(crate) use changes::{
    Change, ChangeKind, Changes, Comparison, Difference, Outcome, Resolution, Segment, Selection, Whose,
};
pub(crate) use checklists::Checklist;
pub(crate) use falls::{Lost, NewRole, Removal, Revocation};
pub(crate) use keyholders::{Kit, Knocking};
pub(crate) use people::{EnvironmentRights, MemberChange, OwnKeyholder, Removed, Renewal};
pub(crate) use services::{NewToken, Service};
pub(crate) use trust::{Replayed, Safety, Statement, Verdict};

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
    /// Keys of an environment are not here: the overview says so too.
    KeysMissing,
}

/// What a person does to unlock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Unlocking {
    /// The system's keychain gives the keys to whoever is signed in.
    Press,
    /// The keys are in a file under a passphrase.
    Passphrase,
    /// They are to be, and there is no such file yet.
    NewPassphrase,
}

impl CommandError {
    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self { code: CommandErrorCode::Failed, message: message.into() }
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
    /// What the vault served of the team's log that does not verify: everything waits for that.
    pub(crate) refusal: Option<Refusal>,
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
    /// Whether keys that this member should have are not here.
    pub(crate) keys_missing: bool,
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

/// A refusal, in words, with what is known of it.
#[derive(Clone, Debug, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Refusal {
    pub(crate) code: String,
    pub(crate) what_happened: String,
    pub(crate) kept_safe: String,
    pub(crate) what_to_do: String,
    /// Whether it is about the team's log, and so about everything.
    pub(crate) team: bool,
    pub(crate) at: Option<u64>,
    pub(crate) vault: Option<String>,
    pub(crate) found: Option<String>,
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
    /// What a pull would bring and does more than hold a setting: a sentence each.
    pub(crate) dangers: Vec<String>,
    pub(crate) git: Option<GitState>,
    pub(crate) loader: Loader,
}

/// The loader that a file is written for, and what tells it, unless somebody set it.
#[derive(Debug, Serialize, Type)]
pub(crate) struct Loader {
    pub(crate) dialect: String,
    pub(crate) because: Option<String>,
    pub(crate) set: bool,
}

/// A loader that a file can be written for.
#[derive(Debug, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub(crate) struct KnownLoader {
    pub(crate) dialect: String,
    pub(crate) stands_for: String,
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
#[serde(rename_all = "camelCase")]
pub(crate) struct Team {
    pub(crate) name: String,
    pub(crate) members: Vec<Member>,
    pub(crate) waiting: Vec<Applicant>,
    pub(crate) invites: Vec<PendingInvite>,
    pub(crate) address: String,
    pub(crate) vault: VaultPlace,
    /// Whether some of its names do not open here.
    pub(crate) names_missing: bool,
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
    pub(crate) approve: bool,
    pub(crate) access: Vec<Access>,
}

/// Somebody who joined and waits to be let in. The words of their computer tell who they are.
#[derive(Debug, Serialize, Type)]
pub(crate) struct Applicant {
    pub(crate) member: String,
    pub(crate) me: bool,
    pub(crate) computer: String,
    pub(crate) words: Vec<String>,
    pub(crate) invite: String,
    pub(crate) by: String,
    pub(crate) role: Role,
    pub(crate) access: Vec<Access>,
}

/// An invite that was just made. Its link stays in the program, under `handed`.
#[derive(Debug, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Invitation {
    pub(crate) handed: String,
    pub(crate) expires_at: u64,
    pub(crate) access: Vec<Access>,
}

/// A text that is made to be handed on, because somebody asked to see it. Has no `Debug`.
#[derive(Serialize, Type)]
pub(crate) struct Shown {
    pub(crate) text: String,
    pub(crate) qr: Option<Qr>,
}

/// A QR code: the path that fills its dark squares in a square drawing of this size.
#[derive(Serialize, Type)]
pub(crate) struct Qr {
    pub(crate) size: usize,
    pub(crate) path: String,
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
    /// Whether the value is one to be filled in.
    pub(crate) placeholder: bool,
    /// Why a program that sees this name may run what the value says.
    pub(crate) danger: Option<String>,
    /// Where loaders do not read it alike: each reading that there is.
    pub(crate) readings: Vec<Reading>,
}

/// What some loaders make of a variable.
#[derive(Debug, Serialize, Type)]
pub(crate) struct Reading {
    pub(crate) loaders: Vec<String>,
    pub(crate) outcome: ReadingOutcome,
}

/// What it is, without the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ReadingOutcome {
    /// A value.
    Value,
    /// No value, or no variable at all.
    Nothing,
    /// Not known without running a command.
    NeedsCommand,
}

/// One value that somebody asked to see, and in the order of its readings what each of them is.
#[derive(Serialize, Type)]
pub(crate) struct Revealed {
    pub(crate) text: String,
    pub(crate) readings: Vec<Option<String>>,
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
    /// All keys were put away: nothing of the team is to be shown any more.
    Locked,
    /// They are here again.
    Unlocked,
    /// A file hovers over the window, or no longer does.
    Hover { over: bool },
    /// A file was dropped.
    Offered { offer: String },
    /// Somebody asked for a place: `destination` tells which.
    Show,
}
