//! The lock that lets one program at a time, window or command line, take a step that spans the store,
//! files and the vault. Having the value is having the lock.

use std::fs::{File, TryLockError};
use std::io;
use std::time::{Duration, Instant};

use crate::home::Home;

/// Proof that no other program of this home is in the middle of a step. Released when dropped, also by a crash.
#[derive(Debug)]
pub struct HomeLock {
    _file: File,
}

/// Why the lock was not had.
#[derive(Debug, thiserror::Error)]
pub enum HomeLockError {
    /// Another program has it.
    #[error("Another Twinlock program is busy with this folder. Nothing was changed; try again in a moment.")]
    Busy,
    /// The lock file cannot be used.
    #[error("The lock of the Twinlock folder cannot be used: {0}. Nothing was changed.")]
    Unusable(#[source] io::Error),
}

/// Between two attempts; the system offers no wait with an end.
const ATTEMPT: Duration = Duration::from_millis(20);

impl HomeLock {
    /// Takes the lock, waiting at most `limit` for another program. Blocks.
    pub fn take(home: &Home, limit: Duration) -> Result<Self, HomeLockError> {
        Self::take_unless(home, limit, || false)
    }

    /// The same; no longer waited for once `given_up` says so.
    pub(crate) fn take_unless(
        home: &Home,
        limit: Duration,
        given_up: impl Fn() -> bool,
    ) -> Result<Self, HomeLockError> {
        let file = private_file(&home.lock_file()).map_err(HomeLockError::Unusable)?;
        take(&file, limit, given_up)?;
        Ok(Self { _file: file })
    }
}

/// Locks a file, waiting at most `limit` for another program, and until it is given up. Closing the file ends the lock.
pub(super) fn take(file: &File, limit: Duration, given_up: impl Fn() -> bool) -> Result<(), HomeLockError> {
    let end = Instant::now() + limit;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) if Instant::now() < end && !given_up() => {
                std::thread::sleep(ATTEMPT)
            }
            Err(TryLockError::WouldBlock) => return Err(HomeLockError::Busy),
            Err(TryLockError::Error(error)) => return Err(HomeLockError::Unusable(error)),
        }
    }
}

/// Opens a file for writing, made for its owner alone if it is not there, its content left alone.
pub(crate) fn private_file(path: &std::path::Path) -> io::Result<File> {
    let mut options = File::options();
    options.create(true).truncate(false).read(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::open_or_create(folder.path()).unwrap();
        let first = HomeLock::take(&home, Duration::ZERO).unwrap();
        assert!(matches!(HomeLock::take(&home, Duration::from_millis(50)), Err(HomeLockError::Busy)));
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| HomeLock::take(&home, Duration::from_secs(60)).map(|_| ()));
            drop(first);
            waiting.join().unwrap().unwrap();
        });
    }
}
