//! Reads a linked file as text, whole or not at all.
//!
//! What is not a `.env` text that Twinlock can carry (not UTF-8, too large, a folder) is a problem with a
//! sentence for its owner; it is never changed, and never taken for an empty file.

use std::fmt;
use std::fs::{File, Metadata};
use std::io::{self, Read as _};
use std::path::Path;

use sha2::{Digest as _, Sha256};
use twinlock_protocol::limits::FILE_BYTES;
use zeroize::{Zeroize as _, Zeroizing};

/// The text of a linked file. Wiped when dropped; has no `Debug`.
pub struct FileText {
    text: Zeroizing<String>,
    hash: ContentHash,
}

/// SHA-256 of a file's content: tells whether a file is as it was. It stays in memory; the store keeps
/// it only under a key, because the hash of a short secret gives the secret away.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContentHash([u8; 32]);

/// Why a linked file is left alone.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileProblem {
    /// There is no such file.
    #[error(
        "The file is not there. Nothing was removed from the vault; put the file back, or pull to write it again."
    )]
    Missing,
    /// The path names something else than a file.
    #[error("This is not a file. Nothing was changed; link the .env file itself.")]
    NotAFile,
    /// The system does not let Twinlock read it.
    #[error("The file cannot be read: {0}. Nothing was changed; check its permissions.")]
    Unreadable(io::ErrorKind),
    /// Some bytes are not text.
    #[error("Line {line} is not UTF-8 text. Nothing was changed; save the file as UTF-8.")]
    NotUtf8 {
        /// The first line concerned, counted from 1.
        line: usize,
    },
    /// More than a file may hold.
    #[error("The file is larger than {} MiB. Nothing was changed; keep only variables in it.", FILE_BYTES / 1024 / 1024)]
    TooLarge,
}

/// Reads the file at `path`; a symbolic link is followed.
pub fn read(path: &Path) -> Result<FileText, FileProblem> {
    open_and_read(path).map(|(text, _)| text)
}

/// Reads the file and says what it was when it was opened.
pub(super) fn open_and_read(path: &Path) -> Result<(FileText, Metadata), FileProblem> {
    // Looked at before it is opened: opening a named pipe would wait for somebody to write to it.
    if !std::fs::metadata(path).map_err(problem)?.is_file() {
        return Err(FileProblem::NotAFile);
    }
    let file = File::open(path).map_err(problem)?;
    let metadata = file.metadata().map_err(problem)?;
    let size = usize::try_from(metadata.len()).unwrap_or(usize::MAX);
    if size > FILE_BYTES {
        return Err(FileProblem::TooLarge);
    }
    // One more than it should hold, so that reading does not move the text and leave a copy behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(size + 1));
    file.take(FILE_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(problem)?;
    if bytes.len() > FILE_BYTES {
        return Err(FileProblem::TooLarge);
    }
    FileText::from_bytes(std::mem::take(&mut *bytes)).map(|text| (text, metadata))
}

fn problem(error: io::Error) -> FileProblem {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => FileProblem::Missing,
        io::ErrorKind::IsADirectory => FileProblem::NotAFile,
        kind => FileProblem::Unreadable(kind),
    }
}

impl FileText {
    fn from_bytes(bytes: Vec<u8>) -> Result<Self, FileProblem> {
        let hash = ContentHash::of_bytes(&bytes);
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Self { text: Zeroizing::new(text), hash }),
            Err(error) => {
                let good = error.utf8_error().valid_up_to();
                let mut bytes = error.into_bytes();
                let line = 1 + bytes[..good].iter().filter(|byte| **byte == b'\n').count();
                bytes.zeroize();
                Err(FileProblem::NotUtf8 { line })
            }
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Its hash.
    #[must_use]
    pub fn hash(&self) -> ContentHash {
        self.hash
    }
}

impl ContentHash {
    /// The hash of a text.
    #[must_use]
    pub fn of(text: &str) -> Self {
        Self::of_bytes(text.as_bytes())
    }

    pub(super) fn of_bytes(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The raw bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for ContentHash {
    /// Without the hash, see the type.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ContentHash")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().unwrap()
    }

    #[test]
    fn the_text_is_read_as_it_is() {
        let folder = folder();
        for text in ["", "A=1\n", "\u{feff}A=1\r\nB='x\ny'", "É=ü # 💡"] {
            let path = folder.path().join(".env");
            std::fs::write(&path, text).unwrap();
            let read = read(&path).map_err(|problem| problem.to_string()).ok().unwrap();
            assert_eq!(read.as_str(), text);
            assert_eq!(read.hash(), ContentHash::of(text));
        }
    }

    #[test]
    fn what_is_no_text_has_a_problem_of_its_own() {
        let folder = folder();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("latin1"), b"A=1\nB=\xfc\n").unwrap();
        std::fs::write(at("large"), vec![b'a'; FILE_BYTES + 1]).unwrap();
        std::fs::write(at("full"), vec![b'a'; FILE_BYTES]).unwrap();
        std::fs::create_dir(at("folder")).unwrap();
        let problem = |name| read(&at(name)).err();
        assert_eq!(problem("missing"), Some(FileProblem::Missing));
        assert_eq!(problem("latin1"), Some(FileProblem::NotUtf8 { line: 2 }));
        assert_eq!(problem("large"), Some(FileProblem::TooLarge));
        assert_eq!(problem("folder"), Some(FileProblem::NotAFile));
        assert_eq!(problem("full/below"), Some(FileProblem::Missing));
        assert_eq!(problem("full"), None);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_followed_and_a_pipe_is_not_waited_for() {
        let folder = folder();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("target"), "A=1").unwrap();
        std::os::unix::fs::symlink("target", at("link")).unwrap();
        std::os::unix::fs::symlink("nowhere", at("dangling")).unwrap();
        assert_eq!(read(&at("link")).ok().unwrap().as_str(), "A=1");
        assert_eq!(read(&at("dangling")).err(), Some(FileProblem::Missing));
        assert!(std::process::Command::new("mkfifo").arg(at("pipe")).status().unwrap().success());
        assert_eq!(read(&at("pipe")).err(), Some(FileProblem::NotAFile));
    }
}
