//! How a command ended: the exit status, and what went wrong where something did.

use std::process::ExitCode;

use twinlock_client::{Error, ErrorCode, WrongWord};
use twinlock_server::all::StartError;

/// What the program says to whoever started it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// Done.
    Done,
    /// Failed.
    Failed,
    /// Wrong usage.
    Usage,
    /// A person has to decide.
    Conflict,
    /// The vault served something that does not verify.
    Refused,
    /// The vault cannot be reached.
    Unreachable,
    /// Locked, or no keychain.
    Locked,
    /// `run`: the program was found and cannot be started.
    NotStarted,
    /// `run`: there is no such program.
    NoProgram,
}

impl Status {
    pub(crate) fn number(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Conflict => 3,
            Self::Refused => 4,
            Self::Unreachable => 5,
            Self::Locked => 6,
            Self::NotStarted => 126,
            Self::NoProgram => 127,
        }
    }
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> Self {
        Self::from(status.number())
    }
}

impl From<ErrorCode> for Status {
    fn from(code: ErrorCode) -> Self {
        match code {
            ErrorCode::Failed | ErrorCode::NoTeam => Self::Failed,
            ErrorCode::Usage => Self::Usage,
            ErrorCode::Conflict => Self::Conflict,
            ErrorCode::Refused => Self::Refused,
            ErrorCode::Unreachable => Self::Unreachable,
            ErrorCode::Locked => Self::Locked,
        }
    }
}

/// Why a command did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The client said why.
    #[error(transparent)]
    Client(#[from] Error),
    /// A request that makes no sense.
    #[error("{0}")]
    Usage(String),
    /// A person has to decide.
    #[error("{0}")]
    Decide(String),
    /// The vault shows computers that are none of those whose words were given.
    #[error(
        "The vault shows a computer with other words than those given: {}. Nothing was signed. If all twelve words were typed as the other computer shows them, the vault or somebody on the way put another computer in its place: do not add it.",
        shown.join("; ")
    )]
    OtherWords {
        /// Their words.
        shown: Vec<String>,
    },
    /// A kit's words were not written down.
    #[error(transparent)]
    Word(#[from] WrongWord),
    /// The vault embedded in this computer does not start.
    #[error("The vault of this computer could not be started: {0}. Nothing was changed.")]
    Embedded(#[from] StartError),
    /// Keys would not be safe in memory.
    #[error("Core files cannot be switched off: {0}. Nothing was opened or sent.")]
    CoreFiles(#[source] std::io::Error),
    /// Standard input.
    #[error("Standard input could not be read: {0}. Nothing was changed.")]
    Input(#[source] std::io::Error),
    /// Standard output. The command itself may have been done.
    #[error("The answer could not be written: {0}.")]
    Output(#[source] std::io::Error),
    /// The system.
    #[error("{0}")]
    System(String),
}

impl Failure {
    /// Which kind of failure it is.
    pub(crate) fn code(&self) -> ErrorCode {
        match self {
            Self::Client(error) => error.code(),
            Self::Usage(_) => ErrorCode::Usage,
            Self::Decide(_) => ErrorCode::Conflict,
            Self::OtherWords { .. } => ErrorCode::Refused,
            Self::Word(_)
            | Self::Embedded(_)
            | Self::CoreFiles(_)
            | Self::Input(_)
            | Self::Output(_)
            | Self::System(_) => ErrorCode::Failed,
        }
    }
}

#[cfg(test)]
mod tests {
    use twinlock_client::ids::TeamId;
    use twinlock_client::keychain::KeychainError;
    use twinlock_client::store::{Scope, StoreError};
    use twinlock_client::{Misanswer, Refusal, Refused, VaultError};

    use super::*;

    #[test]
    fn every_kind_of_failure_has_its_status() {
        let refused = |refusal| {
            let scope = Scope::Team(TeamId::new([0; 16]));
            Error::from(Refused::new(scope, "Acme".to_owned(), refusal)).into()
        };
        let emptied = Error::Emptied { path: "api/.env".to_owned(), variables: 2 };
        let conflict = Error::Conflict { names: vec!["A".to_owned()] };
        for (failure, expect) in [
            (Failure::Usage(String::new()), 2),
            (Failure::Decide(String::new()), 3),
            (Error::NoTeam.into(), 1),
            (Error::Bug(String::new()).into(), 1),
            (Error::Usage(String::new()).into(), 2),
            (conflict.into(), 3),
            (emptied.into(), 3),
            (refused(Refusal::Certificate), 4),
            (refused(Refusal::Answer(Misanswer::Foreign)), 4),
            (Error::Vault(VaultError::InTheWay).into(), 5),
            (Error::Vault(VaultError::Request("it is too long")).into(), 1),
            (Error::Vault(VaultError::Unreachable).into(), 5),
            (Error::Keychain(KeychainError::Locked).into(), 6),
            (Error::Keychain(KeychainError::NoBus).into(), 6),
            (Error::Store(StoreError::WrongKey).into(), 6),
            (Failure::Input(std::io::ErrorKind::Other.into()), 1),
            (Failure::OtherWords { shown: vec!["cloud goose".to_owned()] }, 4),
            (WrongWord(7).into(), 1),
        ] {
            assert_eq!(Status::from(failure.code()).number(), expect, "{failure}");
        }
    }
}
