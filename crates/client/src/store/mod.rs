//! The store of a home, and the lock that window and command line share.

mod lock;

pub use lock::{HomeLock, HomeLockError};
