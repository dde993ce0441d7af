//! The vault from outside: real TLS, real SQLite files, real requests, signed and sealed as clients do it.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "what should not fail here fails the test")]

mod access;
mod candidates;
mod cast;
mod conflicts;
mod embedded;
mod faults;
mod first_team;
mod holds;
mod leaving;
// Other systems have no second address of their own to connect from.
#[cfg(target_os = "linux")]
mod limits;
mod matrix;
mod missing_wraps;
mod news;
#[cfg(unix)]
mod program;
mod rotation;
mod support;
mod sweep;
mod table;
mod tampering;
mod tls;
mod values;
/// Teams from a repeatable source, as the rules themselves are tried with.
#[path = "../../../seal/tests/support/mod.rs"]
mod world;
