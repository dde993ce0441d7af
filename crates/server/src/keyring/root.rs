//! The root key of a service: 32 bytes in a file of its own, which wraps the data keys and nothing else.
//!
//! It is made once, at first start; where a database exists and its root key is gone, no new one is made.

use std::path::{Path, PathBuf};

use rand::TryRng as _;
use rand::rngs::SysRng;
use zeroize::Zeroizing;

use crate::private_file::{self, PrivateFileError};

/// Why a root key could not be had.
#[derive(Debug, thiserror::Error)]
pub enum RootKeyError {
    /// The file could not be used.
    #[error(transparent)]
    File(#[from] PrivateFileError),
    /// The file holds something else.
    #[error("{} does not hold a root key of 32 bytes; it was left as it is", path.display())]
    NotAKey {
        /// The file.
        path: PathBuf,
    },
    /// The database has data keys, and the file is gone.
    #[error(
        "the root key {} is missing, and without it the database beside it can't be opened; \
         nothing was changed. Put the file back from your backup",
        path.display()
    )]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The system gave no random bytes.
    #[error("the system gave no random bytes for a root key")]
    NoRandomness,
}

/// A root key in memory.
pub(crate) struct RootKey(Zeroizing<[u8; 32]>);

impl RootKey {
    /// Reads the key, or `None` where there is no file.
    pub(crate) fn load(path: &Path) -> Result<Option<Self>, RootKeyError> {
        let Some(content) = private_file::read(path)? else { return Ok(None) };
        let mut key = Zeroizing::new([0; 32]);
        if content.len() != key.len() {
            return Err(RootKeyError::NotAKey { path: path.to_owned() });
        }
        key.copy_from_slice(&content);
        Ok(Some(Self(key)))
    }

    /// Makes a key and writes its file.
    pub(crate) fn make(path: &Path) -> Result<Self, RootKeyError> {
        let mut key = Zeroizing::new([0; 32]);
        SysRng.try_fill_bytes(key.as_mut_slice()).map_err(|_| RootKeyError::NoRandomness)?;
        private_file::create(path, key.as_slice())?;
        Ok(Self(key))
    }

    /// The bytes, for wrapping and unwrapping data keys only.
    pub(super) fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    #[cfg(test)]
    pub(super) fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_root_key_is_made_once_and_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("root.key");
        assert!(RootKey::load(&path).unwrap().is_none());
        let made = RootKey::make(&path).unwrap();
        let read = RootKey::load(&path).unwrap().unwrap();
        assert_eq!(made.expose(), read.expose());
        assert!(RootKey::make(&path).is_err(), "an existing key is never replaced");
    }

    #[test]
    fn a_file_of_another_size_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("root.key");
        private_file::create(&path, &[0; 31]).unwrap();
        assert!(matches!(RootKey::load(&path), Err(RootKeyError::NotAKey { .. })));
    }
}
