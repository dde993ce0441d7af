//! The core that window and command line share: home, keychain, store, files, watch, vault, sync, team.
