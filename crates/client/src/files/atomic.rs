//! Replaces a file whole: another program sees the old content or the new, never a part of either, also
//! after a crash. New files are for their owner's eyes only.

use std::fs::{File, Metadata};
use std::io::{self, Write as _};
use std::path::Path;
use std::time::{Duration, SystemTime};

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
    let before = std::fs::symlink_metadata(path).ok().filter(Metadata::is_file);
    let prepared = prepare(path, content, before.as_ref())?;
    match existing {
        Existing::Replaced => prepared.persist(path).map_err(|error| error.error)?,
        Existing::Refused => prepared.persist_noclobber(path).map_err(|error| error.error)?,
    };
    sync_folder(path)
}

/// Writes `content` to a file beside `path`, safe on disk, with mode and owner as `before`, or for our eyes
/// only. Dropping it removes it.
///
/// Its name begins with that of `path`, so that what keeps `path` out of a repository (`.env*`) mostly
/// covers it too, should a crash leave it behind.
pub(crate) fn prepare(path: &Path, content: &[u8], before: Option<&Metadata>) -> io::Result<NamedTempFile> {
    let (folder, mut prefix) = match (path.parent(), path.file_name()) {
        (Some(folder), Some(name)) => (folder, name.to_os_string()),
        _ => return Err(io::ErrorKind::InvalidInput.into()),
    };
    prefix.push(TEMPORARY);
    let mut file = tempfile::Builder::new().prefix(&prefix).rand_bytes(RANDOM).tempfile_in(folder)?;
    file.write_all(content)?;
    if let Some(before) = before {
        keep_owner(file.as_file(), before)?;
        file.as_file().set_permissions(before.permissions())?;
    }
    file.as_file().sync_all()?;
    Ok(file)
}

/// A file that others may read through its group must not silently become another group's.
#[cfg(unix)]
fn keep_owner(file: &File, before: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, fchown};
    let now = file.metadata()?;
    if (now.uid(), now.gid()) == (before.uid(), before.gid()) {
        return Ok(());
    }
    fchown(file, Some(before.uid()), Some(before.gid()))
}

#[cfg(not(unix))]
fn keep_owner(_: &File, _: &Metadata) -> io::Result<()> {
    Ok(())
}

/// Removes what a crash left beside `path`: files with the name of a temporary one, untouched for a minute.
pub(crate) fn remove_leftovers(path: &Path, now: SystemTime) -> io::Result<()> {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return Ok(()) };
    let mut prefix = name.to_os_string();
    prefix.push(TEMPORARY);
    let prefix = prefix.into_encoded_bytes();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().into_encoded_bytes();
        let random = name.strip_prefix(&*prefix).unwrap_or_default();
        if random.len() != RANDOM || !random.iter().all(u8::is_ascii_alphanumeric) {
            continue;
        }
        let metadata = entry.metadata()?;
        let age = now.duration_since(metadata.modified()?).unwrap_or_default();
        if metadata.is_file() && age > LEFT_BEHIND {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// What stands between a file's name and the random end of the name of a temporary file beside it.
const TEMPORARY: &str = ".twinlock-";
/// Letters and digits of that random end.
const RANDOM: usize = 6;
/// No write takes this long.
const LEFT_BEHIND: Duration = Duration::from_secs(60);

/// Makes the new directory entry of `path` safe on disk.
pub(crate) fn sync_folder(path: &Path) -> io::Result<()> {
    match path.parent() {
        #[cfg(unix)]
        Some(folder) => File::open(folder)?.sync_all(),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn what_a_crash_left_behind_is_removed_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let names = [
            ".env",
            ".env.twinlock-a1B2c3",
            ".env.twinlock-notes",
            ".env.twinlock-ab.def",
            "x.twinlock-a1B2c3",
        ];
        for name in names {
            fs::write(folder.path().join(name), "A=1").unwrap();
        }
        let path = folder.path().join(".env");
        let remaining = || {
            let names = fs::read_dir(folder.path()).unwrap();
            let mut names: Vec<_> =
                names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
            names.sort();
            names
        };
        remove_leftovers(&path, SystemTime::now()).unwrap();
        assert_eq!(remaining().len(), names.len());
        remove_leftovers(&path, SystemTime::now() + Duration::from_secs(3600)).unwrap();
        assert_eq!(remaining(), [".env", ".env.twinlock-ab.def", ".env.twinlock-notes", "x.twinlock-a1B2c3"]);
    }
}
