//! The keychain: where the keys of a home are kept, 32 bytes each.
//!
//! Either the operating system's keychain, or (only when asked for by name) a file sealed under a
//! passphrase. One never stands in for the other. Every call may block, also on a person who is asked to
//! unlock: an async caller uses `spawn_blocking`.

mod file;
mod os;
mod sealed;

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

pub use twinlock_memory::Key;
use twinlock_protocol::TeamId;
use zeroize::Zeroizing;

use crate::home::{Home, HomeId};
use file::FileKeychain;
use os::OsKeychain;

/// The keychain of one home.
pub struct Keychain {
    /// None while it is locked: a passphrase opens all keys, so it is put away with them.
    kind: Mutex<Option<Arc<Kind>>>,
    chosen: Chosen,
}

/// Which kind of keychain was chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chosen {
    /// The operating system's.
    Os,
    /// A file under a passphrase.
    File,
}

enum Kind {
    Os(OsKeychain),
    File(FileKeychain),
}

/// Variables of the surroundings that hold secrets of ours: no program that one of ours starts gets them.
pub const SECRET_VARIABLES: [&str; 2] = [PASSPHRASE, "TWINLOCK_TOKEN"];

const PASSPHRASE: &str = "TWINLOCK_PASSPHRASE";

/// Which keychain to use. Chosen by a person, never by what happens to work.
pub enum KeychainChoice {
    /// The operating system's.
    Os,
    /// A file in the home, sealed under this passphrase.
    File(Passphrase),
}

/// Opens the file keychain. Wiped when dropped; has no `Debug`.
pub struct Passphrase(Zeroizing<String>);

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Account {
    /// The key of this home's store.
    Local,
    /// The seed of this home's keyholder in a team.
    Team(TeamId),
}

/// Why a key cannot be had or kept.
#[derive(Debug, thiserror::Error)]
pub enum KeychainError {
    /// Keys and passphrase were put away.
    #[error("Twinlock is locked. Unlock it first, with “twinlock unlock”; nothing was changed.")]
    PutAway,
    /// There is no session bus to ask.
    #[error(
        "There is no keychain here: this session has no D-Bus. Sign in to a desktop session, or set TWINLOCK_KEYCHAIN=file to use a file sealed under a passphrase."
    )]
    NoBus,
    /// Nobody answers for the keychain.
    #[error(
        "There is no keychain here: no program on this computer offers one. Install and start one (GNOME Keyring, KWallet, KeePassXC), or set TWINLOCK_KEYCHAIN=file to use a file sealed under a passphrase."
    )]
    NoService,
    /// The keychain is locked, or has never been set up.
    #[error("The keychain is locked, or was never set up. Unlock it and try again; nothing was changed.")]
    Locked,
    /// The keychain holds no such key.
    #[error(
        "The keychain holds no {account} of this Twinlock folder. If the key was kept elsewhere, choose that keychain (TWINLOCK_KEYCHAIN); otherwise restore from a recovery kit: “twinlock recovery restore”, with TWINLOCK_HOME set to a new folder. Without a kit, and without another computer of yours, nobody can bring you back, whoever runs the vault included; if others are in the team, an admin can invite you again."
    )]
    NoEntry {
        /// What the key would be for.
        account: Account,
    },
    /// What the keychain holds under this name is not a key of ours.
    #[error(
        "The keychain holds something else where the {account} should be. Remove that entry with the keychain's own program."
    )]
    NotAKey {
        /// What the key would be for.
        account: Account,
    },
    /// The keychain failed otherwise.
    #[error("The keychain did not do what it was asked: {0}. Nothing was changed.")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// An empty passphrase, or none.
    #[error("The file keychain needs a passphrase. Set TWINLOCK_PASSPHRASE, or type one when asked.")]
    NoPassphrase,
    /// The passphrase does not open the file.
    #[error("The passphrase does not open the keychain file. Nothing was changed; try again.")]
    WrongPassphrase,
    /// The file's content is not what was sealed.
    #[error("The keychain file {} is damaged or was tampered with. Nothing was changed; restore it from a backup.", path.display())]
    Tampered {
        /// The file.
        path: PathBuf,
    },
    /// The file names a derivation too cheap to be safe, or too costly to be meant.
    #[error("The keychain file {} asks for a passphrase check outside the allowed bounds, so it was not opened: somebody may have tampered with it. Restore it from a backup.", path.display())]
    Bounds {
        /// The file.
        path: PathBuf,
    },
    /// The file was written by a newer program.
    #[error(
        "The keychain file was written by a newer Twinlock (version {version} of its form). Update this program; nothing was changed."
    )]
    Newer {
        /// The version found.
        version: u32,
    },
    /// The file cannot be read or written.
    #[error("The keychain file {} cannot be used: {source}. Nothing was changed.", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

impl Keychain {
    /// The chosen keychain, for the keys of this home. Finds out at once whether it can be reached.
    pub fn open(choice: KeychainChoice, home: &Home) -> Result<Self, KeychainError> {
        let chosen = match choice {
            KeychainChoice::Os => Chosen::Os,
            KeychainChoice::File(_) => Chosen::File,
        };
        let keychain = Self { kind: Mutex::new(None), chosen };
        keychain.take_up(choice, home)?;
        Ok(keychain)
    }

    /// Which one was chosen.
    pub(crate) fn chosen(&self) -> Chosen {
        self.chosen
    }

    /// Forgets the passphrase and what was derived from it. From then on every key is refused.
    pub(crate) fn put_away(&self) {
        *self.kind.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Opens it again.
    pub(crate) fn take_up(&self, choice: KeychainChoice, home: &Home) -> Result<(), KeychainError> {
        let kind = match choice {
            KeychainChoice::Os => Kind::Os(OsKeychain::open(home.id())?),
            KeychainChoice::File(passphrase) => {
                Kind::File(FileKeychain::open(home.keychain_file(), home.id(), passphrase)?)
            }
        };
        *self.kind.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(kind));
        Ok(())
    }

    fn kind(&self) -> Result<Arc<Kind>, KeychainError> {
        self.kind.lock().unwrap_or_else(PoisonError::into_inner).clone().ok_or(KeychainError::PutAway)
    }

    /// Reads a key.
    pub fn get(&self, account: Account) -> Result<Key, KeychainError> {
        match &*self.kind()? {
            Kind::Os(keychain) => keychain.get(account),
            Kind::File(keychain) => keychain.get(account),
        }
    }

    /// Keeps a key, in the place of any other under this account.
    pub fn set(&self, account: Account, key: &Key) -> Result<(), KeychainError> {
        match &*self.kind()? {
            Kind::Os(keychain) => keychain.set(account, key),
            Kind::File(keychain) => keychain.set(account, key),
        }
    }

    /// Forgets a key for good.
    pub fn delete(&self, account: Account) -> Result<(), KeychainError> {
        match &*self.kind()? {
            Kind::Os(keychain) => keychain.delete(account),
            Kind::File(keychain) => keychain.delete(account),
        }
    }

    /// The key of this account, made and kept first if there is none. The caller holds the home's lock, so
    /// that two programs do not each make one.
    pub fn get_or_make(
        &self,
        account: Account,
        _lock: &crate::store::HomeLock,
    ) -> Result<Key, KeychainError> {
        match self.get(account) {
            Err(KeychainError::NoEntry { .. }) => {}
            answer => return answer,
        }
        self.set(account, &new_key())?;
        // Read back: a key that the keychain does not give back must not seal anything.
        self.get(account)
    }
}

impl Passphrase {
    /// Takes a passphrase that somebody typed.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The one in `TWINLOCK_PASSPHRASE`, if it is set.
    #[must_use]
    pub fn from_environment() -> Option<Self> {
        std::env::var(PASSPHRASE).ok().filter(|text| !text.is_empty()).map(Self::new)
    }

    fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

/// Draws a new key.
#[must_use]
pub fn new_key() -> Key {
    Key::fill(|place| rand::fill(place))
}

/// Takes the bytes that a keychain gave back, and wipes them.
fn from_kept(bytes: Vec<u8>) -> Option<Key> {
    Key::copy_of(&Zeroizing::new(bytes))
}

impl Account {
    /// The account's name in the keychain.
    fn name(self, home: HomeId) -> String {
        match self {
            Self::Local => format!("{home}/local"),
            Self::Team(team) => format!("{home}/team/{team}"),
        }
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local => f.write_str("key for the store"),
            Self::Team(team) => write!(f, "key for the team {team}"),
        }
    }
}
