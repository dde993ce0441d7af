//! Replaces a file whole: another program sees the old content or the new, never a part of either, also
//! after a crash. New files are for their owner's eyes only.

use std::fs::{File, Permissions};
use std::io::{self, Write as _};
use std::path::Path;

use tempfile::NamedTempFile;

/// What is done with a file that is already there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Existing {
    /// It is replaced and its mode kept.
    Replaced,
    /// It stays, and the answer is `AlreadyExists`.
    Refused,
}

/// Writes `content` to `path`. The folder must exist; a symbolic link at `path` itself is replaced.
pub(crate) fn replace(path: &Path, content: &[u8], existing: Existing) -> io::Result<()> {
    let permissions = match std::fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_file() => Some(metadata.permissions()),
        _ => None,
    };
    let prepared = prepare(path, content, permissions)?;
    match existing {
        Existing::Replaced => prepared.persist(path).map_err(|error| error.error)?,
        Existing::Refused => prepared.persist_noclobber(path).map_err(|error| error.error)?,
    };
    sync_folder(path)
}

/// Writes `content` to a file beside `path`, safe on disk, with the mode given or 0600. Dropping it removes it.
///
/// Its name begins with that of `path`, so that what keeps `path` out of a repository (`.env*`) mostly
/// covers it too, should a crash leave it behind.
pub(crate) fn prepare(
    path: &Path,
    content: &[u8],
    permissions: Option<Permissions>,
) -> io::Result<NamedTempFile> {
    let (folder, mut prefix) = match (path.parent(), path.file_name()) {
        (Some(folder), Some(name)) => (folder, name.to_os_string()),
        _ => return Err(io::ErrorKind::InvalidInput.into()),
    };
    prefix.push(TEMPORARY);
    let mut file = tempfile::Builder::new().prefix(&prefix).tempfile_in(folder)?;
    file.write_all(content)?;
    if let Some(permissions) = permissions {
        file.as_file().set_permissions(permissions)?;
    }
    file.as_file().sync_all()?;
    Ok(file)
}

/// What stands between a file's name and the random end of the name of a temporary file beside it.
const TEMPORARY: &str = ".twinlock-";

/// Makes the new directory entry of `path` safe on disk.
pub(crate) fn sync_folder(path: &Path) -> io::Result<()> {
    match path.parent() {
        #[cfg(unix)]
        Some(folder) => File::open(folder)?.sync_all(),
        _ => Ok(()),
    }
}
