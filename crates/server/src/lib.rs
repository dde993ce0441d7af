//! Both services of the vault, which sees nothing in the clear; the `twinlock-server` program.
//!
//! The application service keeps the log, revisions, sealed names and wraps; the vault service keeps
//! sealed values by pointer. This crate does not link the code that opens what clients seal.

pub mod all;
mod application;
mod connections;
mod database;
pub mod embedded;
mod keyring;
mod listen;
mod private_file;
mod problem;
mod shares;
mod stop;
mod tls;
mod vault;

pub use application::{MakeSetupCodeError, SetupCode, SweepError, Swept, VaultLinkError, routes};
pub use database::{OpenError, StoreError};
pub use keyring::{KeyringError, RootKeyError};
pub use listen::ListenError;
pub use private_file::PrivateFileError;
pub use stop::stop_signal;
pub use tls::{Pin, TlsError};
