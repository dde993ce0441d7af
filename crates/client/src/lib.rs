//! The core that window and command line share: home, keychain, store, files, watch, vault, sync, team.

pub mod files;
pub mod home;
pub mod keychain;
pub mod store;
