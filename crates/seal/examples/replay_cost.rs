//! What it costs to replay a long log, and to open a checkpoint of it instead:
//! `cargo run --release -p twinlock-seal --example replay_cost`. Replay is to be linear: twice the events, about
//! twice the time.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a measurement, run by hand")]

mod long_log;

use std::time::{Duration, Instant};

use twinlock_protocol::team::{Checkpoint, replay};

fn main() {
    let author = long_log::Author::of_length(10_000);
    let mut of_first: Option<Duration> = None;
    for events in [1_000, 2_000, 5_000, 10_000] {
        let start = Instant::now();
        replay(&author.log[..events]).unwrap();
        let took = start.elapsed();
        let each = took / u32::try_from(events).unwrap();
        let first = *of_first.get_or_insert(each);
        let ratio = each.as_secs_f64() / first.as_secs_f64();
        println!("replay of {events} events: {took:?}, {each:?} each, {ratio:.2} times the first");
    }
    let bytes = Checkpoint::of(&author.team).to_bytes().unwrap();
    let start = Instant::now();
    let opened =
        Checkpoint::from_own_store(&bytes).unwrap().open(author.team.id(), author.team.head()).unwrap();
    let took = start.elapsed();
    assert_eq!(opened, author.team);
    println!("checkpoint of {} events: {} KiB, opened in {took:?}", author.log.len(), bytes.len() / 1024);
}
