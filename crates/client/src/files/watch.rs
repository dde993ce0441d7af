//! Watches linked files and says which of them settled on something after a burst of changes.
//!
//! The folders on the way to a file are watched, not the file: saving by rename, links, `git checkout`,
//! and folders that go and come back are all seen. Every few seconds the files are looked at as well, for
//! what no system reports (network folders, a folder far above moved away, an overflowed queue).
//!
//! It reports one's own writes too. The receiver compares the content with what it last handled
//! (`store`): a register of own writes could hide a real edit that happens to restore an older content.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::mpsc as thread_channel;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

use notify::event::{EventKind, ModifyKind};
use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::{mpsc, oneshot};

use super::LinkedFileId;
use super::read::read;
use super::route::Route;
use super::settle::{Burst, Seen};

/// A linked file whose burst of changes is over, or whose watch began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileEvent {
    /// Which file.
    pub file: LinkedFileId,
    /// What it was when it was looked at. Read it again before acting on it.
    pub seen: Seen,
}

/// The watch is not running.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WatchError {
    /// No thread could be started for it.
    #[error(
        "The system has no room for another thread, so files are not watched. Close something and start Twinlock again."
    )]
    NotStarted,
    /// It ended unexpectedly.
    #[error("Watching files has stopped. Start Twinlock again; your files are untouched.")]
    Stopped,
}

/// The watch over all linked files. Dropping it ends the watch.
#[derive(Debug)]
pub struct WatchedFiles {
    messages: thread_channel::Sender<Message>,
    trouble: Trouble,
    thread: Option<JoinHandle<()>>,
}

/// How often files are looked at without being told to.
const SLOW_LOOK: Duration = Duration::from_secs(5);
/// How often a receiver that has no room is tried again.
const RETRY: Duration = Duration::from_millis(50);
/// Reports that wait for the receiver; further ones wait here, one for each file.
const ROOM: usize = 64;

impl WatchedFiles {
    /// Starts a watch over no files yet.
    pub fn start() -> Result<(Self, mpsc::Receiver<FileEvent>), WatchError> {
        Self::start_over(|messages| {
            notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
                // Reading a file is an event as well, and this watch reads.
                if !matches!(&event, Ok(event) if matches!(event.kind, EventKind::Access(_))) {
                    // Fails only when the watch is being dropped.
                    let _ended = messages.send(Message::System(event));
                }
            })
        })
    }

    fn start_over(
        system: impl FnOnce(thread_channel::Sender<Message>) -> notify::Result<RecommendedWatcher>,
    ) -> Result<(Self, mpsc::Receiver<FileEvent>), WatchError> {
        let (messages, inbox) = thread_channel::channel();
        let (reports, receiver) = mpsc::channel(ROOM);
        let trouble = Trouble::default();
        let system = system(messages.clone()).inspect_err(|error| trouble.set(error)).ok();
        let watch = Watch {
            system,
            armed: BTreeMap::new(),
            files: BTreeMap::new(),
            reports,
            trouble: trouble.clone(),
        };
        let thread = std::thread::Builder::new()
            .name("twinlock-watch".into())
            .spawn(move || watch.run(&inbox))
            .map_err(|_| WatchError::NotStarted)?;
        Ok((Self { messages, trouble, thread: Some(thread) }, receiver))
    }

    /// Watches exactly these files from now on, and returns when their watches are in place.
    ///
    /// Each file that was not watched before is reported once, as for a change: so nothing falls between
    /// a first read and the watch.
    pub async fn watch(
        &self,
        files: impl IntoIterator<Item = (LinkedFileId, PathBuf)>,
    ) -> Result<(), WatchError> {
        let (done, wait) = oneshot::channel();
        let files = files.into_iter().collect();
        self.messages.send(Message::Files(files, done)).map_err(|_| WatchError::Stopped)?;
        wait.await.map_err(|_| WatchError::Stopped)
    }

    /// Why changes are noticed after seconds only, if the system does not report them.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        self.trouble.get()
    }
}

impl Drop for WatchedFiles {
    fn drop(&mut self) {
        // Both fail only if the thread has ended already.
        let _ended = self.messages.send(Message::Stop);
        if let Some(thread) = self.thread.take() {
            let _ended = thread.join();
        }
    }
}

enum Message {
    Files(BTreeMap<LinkedFileId, PathBuf>, oneshot::Sender<()>),
    System(notify::Result<notify::Event>),
    Stop,
}

/// What the system said when a watch could not be had.
#[derive(Clone, Debug, Default)]
struct Trouble(Arc<Mutex<Option<String>>>);

impl Trouble {
    fn set(&self, error: &notify::Error) {
        tracing::warn!(%error, "file changes are not reported by the system; looking every few seconds");
        let sentence = match error.kind {
            notify::ErrorKind::MaxFilesWatch => {
                "The system's limit for watched folders is reached, so changes are noticed after some seconds. Raise fs.inotify.max_user_watches.".to_owned()
            }
            _ => format!("The system does not report file changes ({error}), so they are noticed after some seconds."),
        };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(sentence);
    }

    fn get(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The state of the watch, on its own thread: looking at files blocks.
struct Watch {
    system: Option<RecommendedWatcher>,
    armed: BTreeMap<PathBuf, Identity>,
    files: BTreeMap<LinkedFileId, Watched>,
    reports: mpsc::Sender<FileEvent>,
    trouble: Trouble,
}

struct Watched {
    path: PathBuf,
    route: Option<Route>,
    stamp: Stamp,
    burst: Option<Burst>,
    report: Option<Seen>,
}

impl Watched {
    fn new(path: PathBuf) -> Self {
        Self { path, route: None, stamp: Stamp::default(), burst: None, report: None }
    }

    fn stir(&mut self, now: Instant) {
        match &mut self.burst {
            Some(burst) => burst.go_on(now),
            None => self.burst = Some(Burst::begin(now)),
        }
    }

    fn follow(&mut self) {
        // A path that cannot be followed (a loop of links, a folder that may not be entered) is read all
        // the same, for its problem, and tried again at the slow look.
        self.route = Route::of(&self.path).ok();
    }
}

impl Watch {
    fn run(mut self, inbox: &thread_channel::Receiver<Message>) {
        let mut slow_look = Instant::now() + SLOW_LOOK;
        while !self.reports.is_closed() {
            let wake = self.next_wake(slow_look);
            match inbox.recv_timeout(wake.saturating_duration_since(Instant::now())) {
                Ok(Message::Files(files, done)) => {
                    self.set_files(files);
                    // Nobody waits any more: fine.
                    let _gone = done.send(());
                }
                Ok(Message::System(event)) => self.take_event(event),
                Ok(Message::Stop) | Err(thread_channel::RecvTimeoutError::Disconnected) => return,
                Err(thread_channel::RecvTimeoutError::Timeout) => {}
            }
            self.look_at_due_files();
            if Instant::now() >= slow_look {
                self.look_slowly();
                slow_look = Instant::now() + SLOW_LOOK;
            }
            self.hand_out_reports();
        }
    }

    fn next_wake(&self, slow_look: Instant) -> Instant {
        let looks = self.files.values().filter_map(|file| file.burst.as_ref().map(Burst::look_at));
        let retry = self.files.values().any(|file| file.report.is_some()).then(|| Instant::now() + RETRY);
        looks.chain(retry).chain([slow_look]).min().unwrap_or(slow_look)
    }

    fn set_files(&mut self, wanted: BTreeMap<LinkedFileId, PathBuf>) {
        self.files.retain(|id, file| wanted.get(id) == Some(&file.path));
        let now = Instant::now();
        for (id, path) in wanted {
            self.files.entry(id).or_insert_with(|| {
                let mut file = Watched::new(path);
                file.follow();
                file.stir(now);
                file
            });
        }
        self.arm();
    }

    /// Marks the files that an event concerns. Routes are followed again when the files are looked at.
    fn take_event(&mut self, event: notify::Result<notify::Event>) {
        let now = Instant::now();
        let event = match event {
            Ok(event) if !event.need_rescan() => event,
            _ => return self.files.values_mut().for_each(|file| file.stir(now)),
        };
        let moved = matches!(event.kind, EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(_)));
        for path in &event.paths {
            if moved && self.armed.contains_key(path) {
                self.disarm(path);
            }
            for file in self.files.values_mut() {
                let concerned = file.route.as_ref().is_none_or(|route| {
                    route.entries.contains(path) || (moved && route.folders.contains(path))
                });
                if concerned {
                    file.stir(now);
                }
            }
        }
    }

    fn look_at_due_files(&mut self) {
        let now = Instant::now();
        let due = |file: &Watched| file.burst.as_ref().is_some_and(|burst| burst.look_at() <= now);
        if !self.files.values().any(due) {
            return;
        }
        // Watches first, contents second: what is saved in between is an event.
        self.files.values_mut().filter(|file| due(file)).for_each(Watched::follow);
        self.arm();
        for file in self.files.values_mut().filter(|file| due(file)) {
            let stamp = Stamp::of(&file.path);
            let seen = Seen::of(&read(&file.path));
            if let Some(burst) = &mut file.burst
                && let Some(seen) = burst.look(Instant::now(), seen)
            {
                file.burst = None;
                file.stamp = stamp;
                file.report = Some(seen);
            }
        }
    }

    fn look_slowly(&mut self) {
        let now = Instant::now();
        for file in self.files.values_mut().filter(|file| file.burst.is_none()) {
            file.follow();
            if Stamp::of(&file.path) != file.stamp {
                file.stir(now);
            }
        }
        self.arm();
    }

    fn hand_out_reports(&mut self) {
        for (id, file) in &mut self.files {
            let Some(seen) = &file.report else { continue };
            match self.reports.try_send(FileEvent { file: *id, seen: seen.clone() }) {
                Ok(()) | Err(mpsc::error::TrySendError::Closed(_)) => file.report = None,
                Err(mpsc::error::TrySendError::Full(_)) => return,
            }
        }
    }

    /// Brings the system's watches in line with the files' routes.
    fn arm(&mut self) {
        let wanted: BTreeSet<PathBuf> = self
            .files
            .values()
            .filter_map(|file| file.route.as_ref())
            .flat_map(|route| route.folders.clone())
            .collect();
        let stale: Vec<PathBuf> = self
            .armed
            .iter()
            .filter(|(folder, identity)| !wanted.contains(*folder) || Identity::of(folder) != **identity)
            .map(|(folder, _)| folder.clone())
            .collect();
        stale.iter().for_each(|folder| self.disarm(folder));
        for folder in wanted {
            if self.armed.contains_key(&folder) {
                continue;
            }
            let identity = Identity::of(&folder);
            let Some(system) = &mut self.system else { return };
            match system.watch(&folder, RecursiveMode::NonRecursive) {
                Ok(()) => {
                    self.armed.insert(folder, identity);
                }
                // Gone since it was looked at: the slow look follows the route again.
                Err(error) if matches!(error.kind, notify::ErrorKind::PathNotFound) => {}
                Err(error) => self.trouble.set(&error),
            }
        }
    }

    fn disarm(&mut self, folder: &Path) {
        self.armed.remove(folder);
        if let Some(system) = &mut self.system
            && let Err(error) = system.unwatch(folder)
            && !matches!(error.kind, notify::ErrorKind::WatchNotFound)
        {
            tracing::debug!(%error, "a watch could not be ended");
        }
    }
}

/// Tells a folder from another that took its path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Identity(Option<(u64, u64)>);

impl Identity {
    #[cfg(unix)]
    fn of(folder: &Path) -> Self {
        use std::os::unix::fs::MetadataExt as _;
        Self(std::fs::symlink_metadata(folder).ok().map(|metadata| (metadata.dev(), metadata.ino())))
    }

    #[cfg(not(unix))]
    fn of(_: &Path) -> Self {
        Self(None)
    }
}

/// What changes when a file's content does, without reading it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Stamp(Option<(u64, Option<SystemTime>, u64)>);

impl Stamp {
    fn of(path: &Path) -> Self {
        #[cfg(unix)]
        let inode = |metadata: &std::fs::Metadata| std::os::unix::fs::MetadataExt::ino(metadata);
        #[cfg(not(unix))]
        let inode = |_: &std::fs::Metadata| 0;
        let metadata = std::fs::metadata(path).ok();
        Self(metadata.map(|metadata| (metadata.len(), metadata.modified().ok(), inode(&metadata))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn without_the_systems_help_changes_are_noticed_all_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".env");
        let file = LinkedFileId::new([1; 16]);
        let (files, mut events) =
            WatchedFiles::start_over(|_| Err(notify::Error::new(notify::ErrorKind::MaxFilesWatch))).unwrap();
        assert!(files.trouble().unwrap().contains("limit"));
        files.watch([(file, path.clone())]).await.unwrap();
        let mut next = async || {
            tokio::time::timeout(Duration::from_secs(60), events.recv()).await.unwrap().unwrap().seen
        };
        assert_eq!(next().await, Seen::Problem(super::super::FileProblem::Missing));
        std::fs::write(&path, "A=1").unwrap();
        assert_eq!(next().await, Seen::Text(super::super::ContentHash::of("A=1")));
    }
}
