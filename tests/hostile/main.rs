//! The hostile vault: real clients and a real server, and between them a vault that lies. A client refuses each lie, says
//! so in plain words, leaves its file and its store as they are, and goes on once the vault is honest.
//!
//! [`cases`] is the list of what is tried. [`lies`] are told by the vault alone; [`forgeries`] and [`table`] together with
//! somebody who signs what no client of ours would.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod afterwards;
mod answers;
mod any_lie;
mod between;
mod cases;
mod damaged;
mod endpoints;
mod evidence;
mod false_heads;
mod first_contact;
mod forgeries;
mod given_up;
mod held;
mod kept;
mod keyholders;
mod keys;
mod kit_lies;
mod large;
mod lied_to;
mod lies;
mod lost;
mod members;
mod network;
mod programs;
mod requests;
mod restarted;
mod rotator;
mod runs;
mod scene;
mod setting;
mod table;
mod told;
mod transport;
