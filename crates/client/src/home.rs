//! The home: the one folder in which this computer keeps its Twinlock state.
//!
//! It is found without being touched, and made only when there is something to keep. Nobody but its
//! owner can look into it. No secret lies here in the clear, ever.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::files::atomic::{self, Existing};
use crate::store::lock::private_file;

const DESCRIPTION: &str = "home.json";
const VERSION: u32 = 1;

/// A home that exists, with its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home {
    folder: PathBuf,
    id: HomeId,
}

/// Names a home in the keychain: 16 random bytes, drawn once.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct HomeId([u8; 16]);

/// Why a home cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum HomeError {
    /// The platform names no data folder and none was given.
    #[error(
        "This computer names no folder for a program's data. Set TWINLOCK_HOME to the folder Twinlock should use."
    )]
    NoDataFolder,
    /// The folder or its description cannot be read or written.
    #[error("The Twinlock folder {} cannot be used: {source}. Nothing was changed.", path.display())]
    Unusable {
        /// What was touched.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// `home.json` is there and is not what Twinlock writes.
    #[error("{} is damaged, so Twinlock cannot tell which keys belong to this folder. Restore the file from a backup.", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// `home.json` names a version that this program does not know.
    #[error(
        "This Twinlock folder was written by a newer Twinlock (version {version} of its form). Update this program; nothing was changed."
    )]
    Newer {
        /// The version found.
        version: u32,
    },
}

impl Home {
    /// The folder to use: the one given, else `TWINLOCK_HOME`, else a folder in the platform's place for a
    /// program's data. Touches nothing.
    pub fn locate(given: Option<&Path>) -> Result<PathBuf, HomeError> {
        let from_environment = std::env::var_os("TWINLOCK_HOME").filter(|value| !value.is_empty());
        let folder = given
            .map(Path::to_path_buf)
            .or_else(|| from_environment.map(PathBuf::from))
            .or_else(|| dirs::data_local_dir().map(|data| data.join("twinlock")))
            .ok_or(HomeError::NoDataFolder)?;
        std::path::absolute(&folder).map_err(|source| HomeError::Unusable { path: folder, source })
    }

    /// The home in `folder`, if there is one.
    pub fn open(folder: &Path) -> Result<Option<Self>, HomeError> {
        let path = folder.join(DESCRIPTION);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                return Err(HomeError::Damaged { path });
            }
            Err(source) => return Err(HomeError::Unusable { path, source }),
        };
        let id = read_description(&text).map_err(|problem| match problem {
            Problem::Newer(version) => HomeError::Newer { version },
            Problem::Damaged => HomeError::Damaged { path },
        })?;
        Ok(Some(Self { folder: folder.to_path_buf(), id }))
    }

    /// The home in `folder`, made if there is none. Two programs that do this at once get the same home.
    pub fn open_or_create(folder: &Path) -> Result<Self, HomeError> {
        let unusable = |source| HomeError::Unusable { path: folder.to_path_buf(), source };
        make_private_folder(folder).map_err(unusable)?;
        if let Some(home) = Self::open(folder)? {
            return Ok(home);
        }
        let description = write_description(HomeId(rand::random()));
        match atomic::replace(&folder.join(DESCRIPTION), description.as_bytes(), Existing::Refused) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(unusable(error)),
        }
        Self::open(folder)?.ok_or_else(|| unusable(io::ErrorKind::NotFound.into()))
    }

    /// Its id, part of every keychain account's name.
    #[must_use]
    pub fn id(&self) -> HomeId {
        self.id
    }

    /// Its folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The store's database.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.folder.join("home.db")
    }

    /// The file of the `file` keychain.
    #[must_use]
    pub fn keychain_file(&self) -> PathBuf {
        self.folder.join("keychain.json")
    }

    /// The folder of the embedded vault, if this computer hosts one.
    #[must_use]
    pub fn vault(&self) -> PathBuf {
        self.folder.join("vault")
    }

    /// The file that is there while the home is locked: whatever program of this home sees it puts its keys away.
    fn locked_file(&self) -> PathBuf {
        self.folder.join("locked")
    }

    /// Whether the home is locked.
    #[must_use]
    pub fn is_locked(&self) -> bool {
        // What cannot be looked at is taken for locked: nothing is opened on a doubt.
        self.locked_file().try_exists().unwrap_or(true)
    }

    /// Locks the home. Needs no key; every program of this home puts its own away as soon as it sees it.
    pub fn lock(&self) -> Result<(), HomeError> {
        let path = self.locked_file();
        let made = private_file(&path).and_then(|file| file.sync_all());
        made.map_err(|source| HomeError::Unusable { path, source })
    }

    /// Ends the lock. The keys are had again first.
    pub(crate) fn unlock(&self) -> Result<(), HomeError> {
        let path = self.locked_file();
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(HomeError::Unusable { path, source: error })
            }
            _ => Ok(()),
        }
    }

    /// The file whose lock [`crate::store::HomeLock`] stands for.
    #[must_use]
    pub fn lock_file(&self) -> PathBuf {
        self.folder.join("home.lock")
    }
}

impl HomeId {
    /// The raw bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for HomeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for HomeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HomeId({self})")
    }
}

impl FromStr for HomeId {
    type Err = hex::FromHexError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = [0; 16];
        hex::decode_to_slice(text, &mut bytes)?;
        Ok(Self(bytes))
    }
}

/// What `home.json` holds. Read in two steps, so that a newer form is recognised before it is refused.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Description {
    version: u32,
    id: String,
}

#[derive(Deserialize)]
struct AnyVersion {
    version: u32,
}

#[derive(Debug, PartialEq)]
enum Problem {
    Newer(u32),
    Damaged,
}

fn read_description(text: &str) -> Result<HomeId, Problem> {
    let AnyVersion { version } = serde_json::from_str(text).map_err(|_| Problem::Damaged)?;
    if version > VERSION {
        return Err(Problem::Newer(version));
    }
    let description: Description = serde_json::from_str(text).map_err(|_| Problem::Damaged)?;
    description.id.parse().map_err(|_| Problem::Damaged)
}

fn write_description(id: HomeId) -> String {
    format!("{{\"version\":{VERSION},\"id\":\"{id}\"}}\n")
}

/// Makes the folder readable by its owner alone, also when it was there before.
fn make_private_folder(folder: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let mode = std::fs::metadata(folder)?.permissions().mode();
        if mode & 0o077 != 0 {
            std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700))?;
        }
        Ok(())
    }
    #[cfg(not(unix))]
    std::fs::create_dir_all(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locating_and_opening_touch_nothing() {
        let outside = tempfile::tempdir().unwrap();
        let folder = outside.path().join("not-yet");
        assert_eq!(Home::locate(Some(&folder)).unwrap(), folder);
        assert_eq!(Home::open(&folder).unwrap(), None);
        assert!(!folder.exists());
    }

    #[test]
    fn a_home_is_made_once_and_keeps_its_id() {
        let outside = tempfile::tempdir().unwrap();
        let folder = outside.path().join("deep").join("home");
        let made = Home::open_or_create(&folder).unwrap();
        assert_eq!(Home::open_or_create(&folder).unwrap(), made);
        assert_eq!(Home::open(&folder).unwrap(), Some(made));
    }

    #[test]
    fn programs_that_start_at_once_agree_on_the_id() {
        let outside = tempfile::tempdir().unwrap();
        let folder = outside.path().join("home");
        let ids: Vec<HomeId> = std::thread::scope(|scope| {
            let threads: Vec<_> =
                (0..8).map(|_| scope.spawn(|| Home::open_or_create(&folder).unwrap().id())).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    }

    #[test]
    fn it_is_locked_and_unlocked_as_often_as_one_likes() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::open_or_create(folder.path()).unwrap();
        assert!(!home.is_locked());
        for _ in 0..2 {
            home.lock().unwrap();
            home.lock().unwrap();
            assert!(Home::open(folder.path()).unwrap().unwrap().is_locked());
            home.unlock().unwrap();
            home.unlock().unwrap();
            assert!(!home.is_locked());
        }
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_can_look_in() {
        use std::os::unix::fs::PermissionsExt as _;
        let outside = tempfile::tempdir().unwrap();
        let folder = outside.path().join("home");
        std::fs::create_dir(&folder).unwrap();
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o755)).unwrap();
        Home::open_or_create(&folder).unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&folder), 0o700);
        assert_eq!(mode(&folder.join(DESCRIPTION)), 0o600);
    }

    #[test]
    fn a_damaged_or_newer_description_is_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(DESCRIPTION);
        for (text, newer) in [
            ("", false),
            ("{\"version\":1,\"id\":\"ab\"}", false),
            ("{\"version\":1,\"id\":\"000102030405060708090a0b0c0d0e0f\",\"more\":1}", false),
            ("{\"version\":2,\"anything\":[]}", true),
        ] {
            std::fs::write(&path, text).unwrap();
            let error = Home::open_or_create(folder.path()).unwrap_err();
            assert_eq!(matches!(error, HomeError::Newer { version: 2 }), newer, "{text}: {error}");
            assert_eq!(matches!(error, HomeError::Damaged { .. }), !newer, "{text}: {error}");
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        }
    }
}
