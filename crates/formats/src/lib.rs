//! Variables as other programs write them: `.env`, JSON, YAML, shell exports, Docker's
//! `--env-file`, a Kubernetes Secret; `.env.example` out of a document; `.env.vault` in.
//!
//! Everything here is a pure function over text that the caller keeps: nothing is read, written,
//! timed, drawn at random or run. Values are secrets, so no type here shows one in its `Debug`,
//! no message quotes one, and what holds one is wiped from memory when it is dropped.
//!
//! What is written in a format reads back as the same variables, or is refused with the names
//! that the format cannot hold.

mod docker;
mod env;
mod error;
mod example;
mod format;
mod json;
mod kubernetes;
mod read;
mod shell;
mod variables;
mod vault;
mod write;
mod yaml;

pub use error::{ReadError, Unspelled, VaultError, WriteError};
pub use example::example;
pub use format::{Format, UnknownFormat};
pub use kubernetes::SecretName;
pub use read::{Imported, Source, read};
pub use variables::{DuplicateName, LeftOut, Variable, Variables, Why};
pub use vault::environments as vault_environments;
pub use write::{Target, write};

/// The longest text that is read, in bytes.
pub const MAX_INPUT: usize = 4 << 20;
