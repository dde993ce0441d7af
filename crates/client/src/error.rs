//! What can go wrong, as plain sentences: what happened, what was kept safe, what to do.

use twinlock_protocol::api::ProblemCode;
use twinlock_protocol::event::Level;
use twinlock_protocol::ids::KeyholderId;
use twinlock_seal::{LinkError, PlaceError, TokenError, WordsError};

use crate::files::{FileProblem, WatchError, WriteProblem};
use crate::home::HomeError;
use crate::keychain::KeychainError;
use crate::refused::Refused;
use crate::store::{HomeLockError, StoreError};
use crate::team::NotALabel;
use crate::vault::VaultError;

/// Anything that a verb of the client can fail with.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The home.
    #[error(transparent)]
    Home(#[from] HomeError),
    /// The home's lock.
    #[error(transparent)]
    Lock(#[from] HomeLockError),
    /// The keys were put away.
    #[error("Twinlock is locked. Unlock it first, with “twinlock unlock”; nothing was changed.")]
    Locked,
    /// The keychain.
    #[error(transparent)]
    Keychain(#[from] KeychainError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A linked file could not be read.
    #[error("{path}: {problem}")]
    File {
        /// The file, as shown to people.
        path: String,
        /// What is wrong with it.
        problem: FileProblem,
    },
    /// A linked file could not be written.
    #[error("{path}: {problem}")]
    Write {
        /// The file, as shown to people.
        path: String,
        /// What went wrong.
        problem: WriteProblem,
    },
    /// A program that would lack a value.
    #[error("{environment}: {why} Nothing was started.")]
    NotStarted {
        /// `project/environment`.
        environment: String,
        /// Which value, and why, in a sentence.
        why: String,
    },
    /// A pin file could not be written.
    #[error("{path} could not be written: {source}. What was there stays.")]
    PinFile {
        /// The file, as shown to people.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// Files cannot be watched.
    #[error(transparent)]
    Watch(#[from] WatchError),
    /// The vault.
    #[error(transparent)]
    Vault(VaultError),
    /// The vault was sent something for the team's log, and did not answer.
    #[error(
        "The vault did not answer. Whether it took what was asked for is not known: look at “twinlock activity” and “twinlock team show” before you ask once more. Your files are untouched."
    )]
    Unanswered,
    /// The vault served something that does not verify.
    #[error("{0}")]
    Refused(Box<Refused>),
    /// An environment that is no more.
    #[error(
        "This environment was removed from the team. Your files stay as they are; “twinlock unlink FILE” ends the link of one."
    )]
    EnvironmentGone,
    /// A service token that is none.
    #[error("{0}.")]
    Token(#[from] TokenError),
    /// An invite link that is none.
    #[error("{0}.")]
    Link(#[from] LinkError),
    /// A link to add a computer, or a kit's line, that is none.
    #[error("{}.", sentence(.0))]
    Place(#[from] PlaceError),
    /// The words of a recovery kit that are none.
    #[error("{}. Nothing was changed.", sentence(.0))]
    Words(#[from] WordsError),
    /// What would fall with a computer or kit, and nobody said what is to become of it.
    #[error("{} with it. Nothing was changed; say what stays with --keep ID, or --keep all, or --keep none.", falls_too(.computers, .kits, .closed))]
    FallsToo {
        /// Computers that it added.
        computers: Vec<KeyholderId>,
        /// Recovery kits that it made.
        kits: Vec<KeyholderId>,
        /// Invites and services that it signed.
        closed: Vec<KeyholderId>,
    },
    /// A name that is none.
    #[error(transparent)]
    Label(#[from] NotALabel),
    /// No team yet.
    #[error(
        "This computer is not part of a team yet. Create one with “twinlock team create”, or join one with an invite link."
    )]
    NoTeam,
    /// A service token at something that takes a member.
    #[error(
        "A service token reads what it was given, and nothing else. Nothing was changed; without TWINLOCK_TOKEN this computer's own home is used."
    )]
    Service,
    /// A service token that ended.
    #[error(
        "The vault says that this service token was closed, or has expired. Ask an admin of the team for a new one."
    )]
    TokenEnded,
    /// What a service was not given.
    #[error("{}", service_sentence(.environment, *.have))]
    ServiceAccess {
        /// `project/environment`.
        environment: String,
        /// What it was given.
        have: Option<Level>,
    },
    /// A second team.
    #[error(
        "This computer already belongs to the team {0}. To use another one, choose another folder with TWINLOCK_HOME."
    )]
    HasTeam(String),
    /// Nothing of that name.
    #[error("There is no {kind} called {name}. {hint}")]
    Unknown {
        /// Project, environment, variable, linked file.
        kind: &'static str,
        /// The name asked for.
        name: String,
        /// What to try.
        hint: String,
    },
    /// Several of one name.
    #[error(
        "There is more than one {kind} called {name}. Nothing was changed; “twinlock environment list --json” has their ids, and “twinlock environment rename ID NAME” tells them apart."
    )]
    Ambiguous {
        /// Project or environment.
        kind: &'static str,
        /// The name.
        name: String,
    },
    /// Access is missing.
    #[error("{}", access_sentence(.environment, *.have, *.needed))]
    Access {
        /// `project/environment`.
        environment: String,
        /// The access there is.
        have: Option<Level>,
        /// The access it takes.
        needed: Level,
    },
    /// A role is missing.
    #[error("Only an {needed} of the team can do this. Nothing was changed.")]
    Role {
        /// The role it takes, in words.
        needed: &'static str,
    },
    /// A rule of the team's log.
    #[error("{0} Nothing was changed.")]
    Rule(&'static str),
    /// Several of one name, where an id says which.
    #[error("There is more than one {kind} called {name}. Nothing was changed; say which by its id: {}.", ids.join(", "))]
    SeveralCalled {
        /// Member, so far.
        kind: &'static str,
        /// The name asked for.
        name: String,
        /// Theirs.
        ids: Vec<String>,
    },
    /// Both sides changed the same variable.
    #[error("{} changed here and in the vault. The file stays as it is: decide with “twinlock resolve”.", names.join(", "))]
    Conflict {
        /// The variables.
        names: Vec<String>,
    },
    /// A pull that would bring what runs code, which nobody was shown.
    #[error("{path}: {} Nothing was written. “twinlock diff” shows what comes; --trust takes it.", dangers.join(" "))]
    Dangers {
        /// The file, as shown to people.
        path: String,
        /// What runs code, or decides which runs: a sentence each.
        dangers: Vec<String>,
        /// The environment's revision that would bring it.
        revision: u64,
    },
    /// What comes in differs from what is there.
    #[error(
        "{} {} in {environment}. Nothing was changed; to take the new {}, say --replace.",
        names.join(", "),
        if names.len() == 1 { "has another value" } else { "have other values" },
        if names.len() == 1 { "one" } else { "ones" }
    )]
    OtherValues {
        /// `project/environment`.
        environment: String,
        /// The variables.
        names: Vec<String>,
    },
    /// A text could not be changed as asked.
    #[error(transparent)]
    Edit(#[from] twinlock_dotenv::edit::NotEdited),
    /// A text in another format that cannot be read.
    #[error("The file was not brought in: {0}. Nothing was changed.")]
    Format(#[from] twinlock_formats::ReadError),
    /// Variables that a format cannot hold.
    #[error("{0} Nothing was written.")]
    Unwritable(#[from] twinlock_formats::WriteError),
    /// The file is empty and was not.
    #[error(
        "{path} is empty now. Twinlock did not take that as “remove {variables} variables”. Pull to get them back, or push with --only NAME to remove one."
    )]
    Emptied {
        /// The file.
        path: String,
        /// How many variables would be removed.
        variables: usize,
    },
    /// A limit of the protocol.
    #[error("{what} Nothing was sent.")]
    Limit {
        /// Which limit, in a sentence.
        what: String,
    },
    /// The embedded vault serves this computer alone.
    #[error(
        "This team lives on this computer. To invite somebody it first needs a vault server that both can reach; moving a team there comes in a later version."
    )]
    LocalVault,
    /// Somebody else was faster, several times.
    #[error("Something else came first at the vault, several times in a row. Nothing was lost; try again.")]
    TooBusy,
    /// Keys that this computer should have were not given to it yet.
    #[error(
        "The keys of {environment} have not reached this computer yet. They come when a teammate who has them is online; nothing was changed."
    )]
    KeysMissing {
        /// `project/environment`.
        environment: String,
    },
    /// Revisions arrived, and the values that belong to them did not.
    #[error(
        "The newest values of {environment} have not reached this computer yet. They come with the next answer of the vault that verifies; nothing was changed."
    )]
    ValuesMissing {
        /// `project/environment`.
        environment: String,
    },
    /// Former values that are not to be had any more.
    #[error(
        "{} of revision {revision} cannot be restored: purged, never sealed to this computer, or sealed so that it does not open. Nothing was changed; restore other variables by their names.",
        names.join(", ")
    )]
    NotRestorable {
        /// The revision.
        revision: u64,
        /// The variables.
        names: Vec<String>,
    },
    /// A request that makes no sense.
    #[error("{0}")]
    Usage(String),
    /// A defect of this program.
    #[error("Twinlock made a mistake of its own ({0}). Nothing was changed; please report it.")]
    Bug(String),
}

/// An error's text as a sentence begins.
fn sentence(error: &impl std::fmt::Display) -> String {
    let text = error.to_string();
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn falls_too(computers: &[KeyholderId], kits: &[KeyholderId], closed: &[KeyholderId]) -> String {
    let listed = |what: &str, ids: &[KeyholderId]| {
        let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
        (!ids.is_empty()).then(|| format!("{what} {}", ids.join(", ")))
    };
    let parts = [
        listed("the computers that it added:", computers),
        listed("the recovery kits that it made:", kits),
        listed("the invites and services that it signed:", closed),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    sentence(&format!("{} fall", parts.join("; ")))
}

fn access_sentence(environment: &str, have: Option<Level>, needed: Level) -> String {
    let can = match have {
        None => format!("You have no access to {environment}."),
        Some(Level::Names) => format!("You can see the names in {environment} but not its values."),
        Some(Level::Read) => format!("You can read {environment} but not change it."),
        Some(Level::Write) => return format!("You can change {environment}."),
    };
    let access = match needed {
        Level::Names | Level::Read => "read",
        Level::Write => "write",
    };
    format!("{can} An admin of the team who can change it can give you {access} access. Nothing was changed.")
}

fn service_sentence(environment: &str, have: Option<Level>) -> String {
    let can = match have {
        None => format!("This service token does not give access to {environment}."),
        Some(_) => format!("This service token shows the names in {environment} but not its values."),
    };
    format!("{can} An admin of the team can make another one.")
}

/// The kinds of failure that a program acts on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ErrorCode {
    /// Anything without a kind of its own.
    Failed,
    /// The request makes no sense.
    Usage,
    /// A person has to decide.
    Conflict,
    /// The vault served something that does not verify.
    Refused,
    /// The vault cannot be reached.
    Unreachable,
    /// Locked, or no keychain.
    Locked,
    /// No team yet.
    NoTeam,
}

impl Error {
    /// Which kind of failure it is.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Conflict { .. }
            | Self::Dangers { .. }
            | Self::OtherValues { .. }
            | Self::Emptied { .. }
            | Self::FallsToo { .. } => ErrorCode::Conflict,
            Self::Refused(_) | Self::Vault(VaultError::Answered(_)) => ErrorCode::Refused,
            Self::Unanswered | Self::Vault(VaultError::Unreachable | VaultError::InTheWay) => {
                ErrorCode::Unreachable
            }
            Self::Vault(error) if error.is(ProblemCode::Unavailable) => ErrorCode::Unreachable,
            Self::Locked
            | Self::Vault(VaultError::Locked)
            | Self::Keychain(_)
            | Self::Store(StoreError::Locked | StoreError::WrongKey) => ErrorCode::Locked,
            Self::NoTeam => ErrorCode::NoTeam,
            Self::Usage(_)
            | Self::Service
            | Self::Label(_)
            | Self::Token(_)
            | Self::Link(_)
            | Self::Place(_)
            | Self::Words(_)
            | Self::Vault(VaultError::Address(_)) => ErrorCode::Usage,
            _ => ErrorCode::Failed,
        }
    }
}

impl Error {
    /// Whether this home was locked: not that its keychain is out of reach.
    pub(crate) fn is_locked(&self) -> bool {
        matches!(
            self,
            Self::Locked | Self::Store(StoreError::Locked) | Self::Keychain(KeychainError::PutAway)
        )
    }
}

impl From<VaultError> for Error {
    fn from(error: VaultError) -> Self {
        match error {
            VaultError::Answered(answered) => Refused::from(*answered).into(),
            VaultError::Locked => Self::Locked,
            error => Self::Vault(error),
        }
    }
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        Self::Refused(Box::new(refused))
    }
}
