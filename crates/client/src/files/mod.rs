//! Linked files: reading them, writing them, watching them, and what git makes of them.
//!
//! Blocking, except for the watcher: an async caller uses `spawn_blocking`. Nothing here knows what is in
//! a file, decides what should be in it, or logs any of it.

pub(crate) mod atomic;
pub mod git;
mod id;
mod project;
mod read;
mod route;
mod settle;
mod watch;
mod write;

pub use id::{LinkedFileId, NotALinkedFileId};
pub use project::{dialect_around, dialect_or_node};
pub use read::{ContentHash, FileProblem, FileText, read};
pub use settle::Seen;
pub use watch::{FileEvent, WatchError, WatchedFiles};
pub use write::{Expected, WriteProblem, write};
