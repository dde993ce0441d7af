//! The way from a path to the file it names: through which folders and which symbolic links it leads.
//!
//! Writing needs its end (the real file); watching needs every folder in which a change could make the
//! path name another content. Reads the file system, changes nothing.

use std::collections::{BTreeSet, VecDeque};
use std::ffi::OsString;
use std::io;
use std::path::{Component, Path, PathBuf};

/// More links than this are taken for a loop, as the system itself does.
const LINKS: usize = 40;

/// Where a path leads now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Route {
    /// The real file, or where it would be made.
    pub(super) target: PathBuf,
    /// The folders to watch. All of them exist: where a folder is missing, the one that would hold it.
    pub(super) folders: BTreeSet<PathBuf>,
    /// The names in those folders that matter: links on the way, the file, or the first that is missing.
    pub(super) entries: BTreeSet<PathBuf>,
}

impl Route {
    /// Follows `path`, which need not exist.
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        let path = std::path::absolute(path)?;
        let mut steps = Steps::default();
        let mut here = steps.push_front(&path).ok_or(io::ErrorKind::InvalidInput)?;
        let (mut folders, mut entries) = (BTreeSet::new(), BTreeSet::new());
        let mut links = 0;
        while let Some(step) = steps.0.pop_front() {
            let Some(name) = step else {
                here.pop();
                continue;
            };
            let next = here.join(name);
            let last = steps.0.is_empty();
            match std::fs::symlink_metadata(&next) {
                Ok(metadata) if metadata.is_symlink() => {
                    links += 1;
                    if links > LINKS {
                        return Err(io::Error::other("too many symbolic links"));
                    }
                    entries.insert(next.clone());
                    folders.insert(here.clone());
                    if let Some(root) = steps.push_front(&std::fs::read_link(&next)?) {
                        here = root;
                    }
                    continue;
                }
                Ok(_) if last => {
                    entries.insert(next.clone());
                    folders.insert(here.clone());
                }
                Ok(metadata) if metadata.is_dir() => {}
                // Nothing there, or a file where a folder is needed.
                Ok(_) => return Ok(steps.end_at(here, next, folders, entries)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    return Ok(steps.end_at(here, next, folders, entries));
                }
                Err(error) => return Err(error),
            }
            here = next;
        }
        Ok(Self { target: here, folders, entries })
    }
}

/// The names still to go through; `None` is a step up.
#[derive(Default)]
struct Steps(VecDeque<Option<OsString>>);

impl Steps {
    /// Puts the parts of `path` in front, and returns its root if it has one.
    fn push_front(&mut self, path: &Path) -> Option<PathBuf> {
        let mut root = None;
        let mut names = Vec::new();
        for component in path.components() {
            match component {
                Component::Prefix(_) | Component::RootDir => {
                    root.get_or_insert_with(PathBuf::new).push(component);
                }
                Component::CurDir => {}
                Component::ParentDir => names.push(None),
                Component::Normal(name) => names.push(Some(name.to_os_string())),
            }
        }
        for name in names.into_iter().rev() {
            self.0.push_front(name);
        }
        root
    }

    /// The route that cannot go on at `next`, a name in the folder `here`.
    fn end_at(
        self,
        here: PathBuf,
        next: PathBuf,
        mut folders: BTreeSet<PathBuf>,
        mut entries: BTreeSet<PathBuf>,
    ) -> Route {
        entries.insert(next.clone());
        folders.insert(here);
        let target = self.0.into_iter().flatten().fold(next, |path, name| path.join(name));
        Route { target, folders, entries }
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    /// The folders and entries of the route, relative to the test's own folder.
    fn check(root: &Path, path: &str, target: &str, folders: &[&str], entries: &[&str]) {
        let route = Route::of(&root.join(path)).unwrap();
        let relative = |paths: BTreeSet<PathBuf>| -> Vec<String> {
            paths.iter().map(|p| p.strip_prefix(root).unwrap().to_str().unwrap().to_owned()).collect()
        };
        assert_eq!(route.target, root.join(target), "{path}");
        assert_eq!(relative(route.folders), folders, "{path}");
        assert_eq!(relative(route.entries), entries, "{path}");
    }

    #[test]
    fn every_link_on_the_way_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        fs::create_dir_all(root.join("releases/1")).unwrap();
        fs::write(root.join("releases/1/.env"), "A=1").unwrap();
        fs::write(root.join("plain"), "A=1").unwrap();
        symlink("releases/1", root.join("current")).unwrap();
        symlink("../../plain", root.join("releases/1/up")).unwrap();
        symlink(root.join("plain"), root.join("absolute")).unwrap();
        symlink("b", root.join("a")).unwrap();
        symlink("a", root.join("b")).unwrap();

        check(&root, "plain", "plain", &[""], &["plain"]);
        check(&root, "current/.env", "releases/1/.env", &["", "releases/1"], &["current", "releases/1/.env"]);
        check(&root, "releases/1/up", "plain", &["", "releases/1"], &["plain", "releases/1/up"]);
        check(&root, "absolute", "plain", &[""], &["absolute", "plain"]);
        check(&root, "gone/deeper/.env", "gone/deeper/.env", &[""], &["gone"]);
        check(&root, "plain/.env", "plain/.env", &[""], &["plain"]);
        check(&root, "releases/2/.env", "releases/2/.env", &["releases"], &["releases/2"]);
        assert!(Route::of(&root.join("a")).is_err());
    }
}
