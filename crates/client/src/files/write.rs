//! Writes a linked file: whole, to the target of a symbolic link, and only over the content the plan
//! was made for.
//!
//! Whatever fails, the file has its old content or the new one; and what somebody else saved meanwhile
//! stays. (Another hard link to the file keeps the old content, as with any editor that saves safely.)

use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use tempfile::NamedTempFile;

use super::atomic;
use super::read::{ContentHash, FileProblem, read};
use super::route::Route;
use twinlock_protocol::limits::FILE_BYTES;

/// What must be on disk for a write to go ahead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// This content, to the byte.
    Content(ContentHash),
    /// No file.
    Missing,
}

/// Why a file was not written. Unless said otherwise, it is as it was.
#[derive(Debug, thiserror::Error)]
pub enum WriteProblem {
    /// Somebody saved the file after the plan was made. Plan again.
    #[error("The file changed meanwhile, so it was not written. Nothing is lost; look at the changes again.")]
    ChangedMeanwhile,
    /// What is there cannot be read, so it cannot be known to be what was expected.
    #[error(transparent)]
    File(#[from] FileProblem),
    /// What is to be written is more than a file may hold: it could not be read any more.
    #[error("The file would be larger than {} MiB, so it was not written. Remove variables from the environment, or split it into several.", FILE_BYTES / 1024 / 1024)]
    TooLarge,
    /// The file is marked read-only.
    #[error("The file is read-only, so it was not written. Make it writable and try again.")]
    ReadOnly,
    /// The folder that should hold the file is not there.
    #[error(
        "The folder of this file is not there, so the file was not written. Make the folder, or link another path."
    )]
    NoFolder,
    /// The folder may not be written to, or the file belongs to somebody else.
    #[error(
        "The file was not written: its folder is not yours to write to, or its owner and group could not be kept. Ask the file's owner to pull."
    )]
    NotAllowed,
    /// The system refused.
    #[error("The file was not written: {0}. It is as it was.")]
    NotWritten(#[source] io::Error),
    /// The file has its new content, and what somebody else saved at the same moment lies beside it.
    #[error("The file was saved by somebody else at the same moment. Twinlock's content is in the file, theirs in {}: compare the two. ({source})", theirs.display())]
    BothKept {
        /// Where the other content is.
        theirs: PathBuf,
        /// Why it could not be put back.
        source: io::Error,
    },
    /// The file has its new content, and the old one could not be removed from beside it.
    #[error(
        "The file was written, but its former content is still beside it in a file whose name ends in .twinlock- and six letters: {0}. Remove that file."
    )]
    OldContentLeft(#[source] io::Error),
}

/// Writes `new` to the file at `path` if what is there is as `expected`, and returns the new content's hash.
///
/// A symbolic link stays and its target is written. The mode is kept; a new file gets 0600.
pub fn write(path: &Path, expected: Expected, new: &str) -> Result<ContentHash, WriteProblem> {
    if new.len() > FILE_BYTES {
        return Err(WriteProblem::TooLarge);
    }
    let target = Route::of(path).map_err(WriteProblem::NotWritten)?.target;
    let hash = ContentHash::of(new);
    check(&target, expected)?;
    if expected == Expected::Content(hash) {
        return Ok(hash);
    }
    let before = match expected {
        Expected::Missing => None,
        Expected::Content(_) => Some(std::fs::metadata(&target).map_err(WriteProblem::NotWritten)?),
    };
    if before.as_ref().is_some_and(|before| before.permissions().readonly()) {
        return Err(WriteProblem::ReadOnly);
    }
    if let Err(error) = atomic::remove_leftovers(&target, SystemTime::now()) {
        tracing::warn!(%error, "what a crash may have left beside a linked file could not be looked for");
    }
    let prepared = atomic::prepare(&target, new.as_bytes(), before.as_ref()).map_err(not_written)?;
    match expected {
        Expected::Missing => match prepared.persist_noclobber(&target) {
            Ok(_) => {}
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(WriteProblem::ChangedMeanwhile);
            }
            Err(error) => return Err(WriteProblem::NotWritten(error.error)),
        },
        Expected::Content(_) => put_in_place(prepared, &target, expected)?,
    }
    atomic::sync_folder(&target).map_err(WriteProblem::NotWritten)?;
    Ok(hash)
}

fn check(target: &Path, expected: Expected) -> Result<(), WriteProblem> {
    match (read(target), expected) {
        (Ok(text), Expected::Content(hash)) if text.hash() == hash => Ok(()),
        (Err(FileProblem::Missing), Expected::Missing) => Ok(()),
        (Ok(_), _) | (Err(FileProblem::Missing), Expected::Content(_)) => Err(WriteProblem::ChangedMeanwhile),
        (Err(problem), _) => Err(problem.into()),
    }
}

fn not_written(error: io::Error) -> WriteProblem {
    match error.kind() {
        io::ErrorKind::NotFound => WriteProblem::NoFolder,
        io::ErrorKind::PermissionDenied => WriteProblem::NotAllowed,
        _ => WriteProblem::NotWritten(error),
    }
}

/// Swaps the two files in one step, then looks at what was displaced: if somebody saved between the
/// check and the swap, theirs is swapped back.
#[cfg(any(target_os = "linux", target_os = "macos"))]
fn put_in_place(prepared: NamedTempFile, target: &Path, expected: Expected) -> Result<(), WriteProblem> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    let swap = || renameat_with(CWD, prepared.path(), CWD, target, RenameFlags::EXCHANGE);
    match swap() {
        Ok(()) => {}
        // Some file systems (network folders, mostly) cannot swap.
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS | rustix::io::Errno::NOTSUP) => {
            return rename_over(prepared, target, expected);
        }
        Err(rustix::io::Errno::NOENT) => return Err(WriteProblem::ChangedMeanwhile),
        Err(error) => return Err(WriteProblem::NotWritten(error.into())),
    }
    if check(prepared.path(), expected).is_ok() {
        return prepared.close().map_err(WriteProblem::OldContentLeft);
    }
    if let Err(error) = swap() {
        return Err(keep_theirs(prepared, target, error.into()));
    }
    Err(WriteProblem::ChangedMeanwhile)
}

/// What somebody saved at the same moment lies in the temporary file and cannot be swapped back: it gets
/// a name of its own, which nothing removes.
#[cfg(any(target_os = "linux", target_os = "macos"))]
fn keep_theirs(displaced: NamedTempFile, target: &Path, source: io::Error) -> WriteProblem {
    let mut name = target.as_os_str().to_os_string();
    name.push(".saved-meanwhile");
    let theirs = match displaced.into_temp_path().keep() {
        Ok(path) => std::fs::rename(&path, &name).map_or(path, |()| name.into()),
        Err(kept) => kept.path.to_path_buf(),
    };
    WriteProblem::BothKept { theirs, source }
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn put_in_place(prepared: NamedTempFile, target: &Path, expected: Expected) -> Result<(), WriteProblem> {
    rename_over(prepared, target, expected)
}

/// Checks once more, then renames: the best that can be done where files cannot be swapped.
fn rename_over(prepared: NamedTempFile, target: &Path, expected: Expected) -> Result<(), WriteProblem> {
    check(target, expected)?;
    prepared.persist(target).map(|_| ()).map_err(|error| WriteProblem::NotWritten(error.error))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    struct Folder(tempfile::TempDir);

    impl Folder {
        fn new() -> Self {
            Self(tempfile::tempdir().unwrap())
        }

        fn at(&self, name: &str) -> PathBuf {
            self.0.path().join(name)
        }

        fn with(&self, name: &str, text: &str) -> PathBuf {
            fs::write(self.at(name), text).unwrap();
            self.at(name)
        }

        fn names(&self) -> Vec<String> {
            let mut names: Vec<_> = fs::read_dir(self.0.path())
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect();
            names.sort();
            names
        }
    }

    fn content(text: &str) -> Expected {
        Expected::Content(ContentHash::of(text))
    }

    #[test]
    fn the_expected_content_is_replaced_whole() {
        let folder = Folder::new();
        let path = folder.with(".env", "old");
        assert_eq!(write(&path, content("old"), "new").unwrap(), ContentHash::of("new"));
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(folder.names(), [".env"]);
    }

    #[test]
    fn anything_else_stays_as_it_is() {
        let folder = Folder::new();
        let path = folder.with(".env", "saved meanwhile");
        for expected in [content("old"), Expected::Missing] {
            assert!(matches!(write(&path, expected, "new"), Err(WriteProblem::ChangedMeanwhile)));
            assert_eq!(fs::read_to_string(&path).unwrap(), "saved meanwhile");
        }
        let gone = folder.at("gone");
        assert!(matches!(write(&gone, content("old"), "new"), Err(WriteProblem::ChangedMeanwhile)));
        assert_eq!(folder.names(), [".env"]);
    }

    #[test]
    fn what_could_not_be_read_again_is_not_written() {
        let folder = Folder::new();
        let path = folder.with(".env", "old");
        let large = "a".repeat(FILE_BYTES + 1);
        assert!(matches!(write(&path, content("old"), &large), Err(WriteProblem::TooLarge)));
        let fresh = folder.at("fresh");
        assert!(matches!(write(&fresh, Expected::Missing, &large), Err(WriteProblem::TooLarge)));
        assert_eq!((fs::read_to_string(&path).unwrap().as_str(), folder.names().len()), ("old", 1));
        write(&path, content("old"), &large[1..]).unwrap();
        assert_eq!(read(&path).map(|text| text.as_str().len()).ok(), Some(FILE_BYTES));
    }

    #[cfg(any(target_os = "linux", target_os = "macos"))]
    #[test]
    fn what_is_saved_between_check_and_swap_comes_back() {
        let folder = Folder::new();
        let target = folder.with(".env", "old");
        let prepared = atomic::prepare(&target, b"new", None).unwrap();
        fs::write(&target, "saved in between").unwrap();
        assert!(matches!(
            put_in_place(prepared, &target, content("old")),
            Err(WriteProblem::ChangedMeanwhile)
        ));
        assert_eq!(fs::read_to_string(&target).unwrap(), "saved in between");
        assert_eq!(folder.names(), [".env"]);
    }

    #[test]
    fn a_file_that_cannot_be_read_is_left_alone() {
        let folder = Folder::new();
        fs::write(folder.at("binary"), b"\xff\xfe").unwrap();
        fs::create_dir(folder.at("folder")).unwrap();
        for name in ["binary", "folder"] {
            let result = write(&folder.at(name), content("old"), "new");
            assert!(matches!(result, Err(WriteProblem::File(_))), "{name}");
        }
        assert_eq!(fs::read(folder.at("binary")).unwrap(), b"\xff\xfe");
        let nowhere = folder.at("nowhere").join(".env");
        assert!(matches!(write(&nowhere, Expected::Missing, "new"), Err(WriteProblem::NoFolder)));
    }

    #[cfg(unix)]
    #[test]
    fn the_mode_is_kept_and_a_new_file_is_private() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = Folder::new();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let path = folder.with(".env", "old");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o664)).unwrap();
        write(&path, content("old"), "new").unwrap();
        assert_eq!(mode(&path), 0o664);
        let fresh = folder.at("fresh");
        write(&fresh, Expected::Missing, "new").unwrap();
        assert_eq!(mode(&fresh), 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o444)).unwrap();
        assert!(matches!(write(&path, content("new"), "newer"), Err(WriteProblem::ReadOnly)));
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
    }

    #[cfg(unix)]
    #[test]
    fn the_group_is_kept() {
        use std::os::unix::fs::{MetadataExt as _, chown};
        let folder = Folder::new();
        let path = folder.with(".env", "old");
        let own = fs::metadata(&path).unwrap().gid();
        // Only root, or a member of the other group, may give a file to it.
        let group = if chown(&path, None, Some(own + 1)).is_ok() { own + 1 } else { own };
        write(&path, content("old"), "new").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().gid(), group);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_and_its_target_is_written() {
        use std::os::unix::fs::symlink;
        let folder = Folder::new();
        fs::create_dir(folder.at("shared")).unwrap();
        folder.with("shared/real", "old");
        symlink("shared/real", folder.at("middle")).unwrap();
        symlink("middle", folder.at(".env")).unwrap();
        write(&folder.at(".env"), content("old"), "new").unwrap();
        assert_eq!(fs::read_to_string(folder.at("shared/real")).unwrap(), "new");
        assert_eq!(fs::read_link(folder.at(".env")).unwrap(), Path::new("middle"));
        assert_eq!(folder.names(), [".env", "middle", "shared"]);

        symlink("shared/later", folder.at("dangling")).unwrap();
        write(&folder.at("dangling"), Expected::Missing, "new").unwrap();
        assert_eq!(fs::read_to_string(folder.at("shared/later")).unwrap(), "new");
        assert_eq!(fs::read_link(folder.at("dangling")).unwrap(), Path::new("shared/later"));
    }
}
