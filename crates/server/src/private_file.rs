//! Files that hold private keys: written whole or not at all, readable by their owner alone.
//!
//! Never makes a key, and never reads a file that others could read too.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

/// Why a private file could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum PrivateFileError {
    /// Others than the owner have rights on it.
    #[error(
        "{} holds a private key and other users of this computer have rights on it; \
         it was not used. Allow its owner alone (chmod 600) and start again",
        path.display()
    )]
    OpenToOthers {
        /// The file.
        path: PathBuf,
    },
    /// Reading or writing failed.
    #[error("{} could not be read or written: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

/// Reads the file, or `None` where there is none. A file that others have rights on is refused.
pub(crate) fn read(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, PrivateFileError> {
    let io = |source| PrivateFileError::Io { path: path.to_owned(), source };
    let metadata = match std::fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io(error)),
    };
    if is_open_to_others(&metadata) {
        return Err(PrivateFileError::OpenToOthers { path: path.to_owned() });
    }
    Ok(Some(Zeroizing::new(std::fs::read(path).map_err(io)?)))
}

/// Writes a new file with mode 0600, synced and then renamed into place; an existing one is left alone and
/// is an error.
pub(crate) fn create(path: &Path, content: &[u8]) -> Result<(), PrivateFileError> {
    let io = |source| PrivateFileError::Io { path: path.to_owned(), source };
    beside(path, content).and_then(|file| Ok(file.persist_noclobber(path)?)).map_err(io)?;
    Ok(())
}

/// The same in the place of any file that is there.
pub(crate) fn replace(path: &Path, content: &[u8]) -> Result<(), PrivateFileError> {
    let io = |source| PrivateFileError::Io { path: path.to_owned(), source };
    beside(path, content).and_then(|file| Ok(file.persist(path)?)).map_err(io)?;
    Ok(())
}

/// A synced file of mode 0600 in the same folder, to be renamed into place.
fn beside(path: &Path, content: &[u8]) -> std::io::Result<tempfile::NamedTempFile> {
    let folder = path.parent().unwrap_or(Path::new("."));
    // A temporary file of this crate has mode 0600 from the moment it exists.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(content)?;
    file.as_file().sync_all()?;
    Ok(file)
}

/// Makes a folder that its owner alone can look into; one that exists keeps its rights.
pub(crate) fn create_folder(path: &Path) -> Result<(), PrivateFileError> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    builder.create(path).map_err(|source| PrivateFileError::Io { path: path.to_owned(), source })
}

#[cfg(unix)]
fn is_open_to_others(metadata: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    metadata.permissions().mode() & 0o077 != 0
}

#[cfg(not(unix))]
fn is_open_to_others(_: &std::fs::Metadata) -> bool {
    // Elsewhere the rights of the user's own data folder are what protects the file.
    false
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_new_file_is_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        create(&path, b"secret").unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(read(&path).unwrap().unwrap().as_slice(), b"secret");
    }

    #[test]
    fn an_existing_file_is_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        create(&path, b"first").unwrap();
        assert!(matches!(create(&path, b"second"), Err(PrivateFileError::Io { .. })));
        assert_eq!(read(&path).unwrap().unwrap().as_slice(), b"first");
    }

    #[test]
    fn a_file_that_others_may_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        create(&path, b"secret").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(read(&path), Err(PrivateFileError::OpenToOthers { .. })));
    }
}
