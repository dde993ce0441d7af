//! What a checkpoint saves when a home with a long log is opened:
//! `cargo run --release -p twinlock-client --example opening_cost`. With one, opening is to take a small part of the
//! time that the replay takes, however long the log.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a measurement, run by hand")]

#[path = "../../seal/examples/long_log/mod.rs"]
mod long_log;

use std::time::{Duration, Instant};

use twinlock_client::home::Home;
use twinlock_client::keychain::new_key;
use twinlock_client::store::{Scope, Store, StoreError};

fn main() {
    for events in [1_000, 10_000] {
        let author = long_log::Author::of_length(events);
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&Home::open_or_create(folder.path()).unwrap(), &new_key()).unwrap();
        let id = author.team.id();
        store
            .step(|step| {
                (1..).zip(&author.log).try_for_each(|(number, statement)| {
                    step.add_statement(&Scope::Team(id), number, &serde_json::to_vec(statement).unwrap())
                })
            })
            .unwrap();
        let opened = || {
            let start = Instant::now();
            let kept = store.read(|step| step.team(id)).unwrap();
            (start.elapsed(), kept)
        };
        let (replayed, kept) = opened();
        let checkpoint = kept.renewed.unwrap();
        store.step(|step| step.keep_checkpoint(id, &checkpoint)).map_err(|error: StoreError| error).unwrap();
        let (mut resumed, mut turns) = (Duration::MAX, 0);
        while turns < 5 {
            let (took, kept) = opened();
            assert!(kept.renewed.is_none() && *kept.team == *author.team);
            (resumed, turns) = (resumed.min(took), turns + 1);
        }
        let ratio = replayed.as_secs_f64() / resumed.as_secs_f64();
        println!(
            "{events} events: replayed in {replayed:?}, by its checkpoint in {resumed:?}: {ratio:.0} times"
        );
    }
}
