//! What `/proc` shows of this test's processes: arguments to everybody, environments to their owner. Linux.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::programs::wait_until;

/// Something that was shown of a process.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shown {
    /// The name of the program that it was, as far as the system tells it: at most 15 letters.
    pub program: String,
    /// `cmdline` or `environ`.
    pub place: &'static str,
    /// What was read.
    pub bytes: Vec<u8>,
}

/// Looks at every process of this one's group for as long as it is not asked for what it saw: a test runner gives each
/// test a group of its own, so those of other tests are not among them.
pub struct Processes {
    stop: Arc<AtomicBool>,
    rounds: Arc<AtomicUsize>,
    thread: JoinHandle<BTreeSet<Shown>>,
}

impl Processes {
    /// Begins to look.
    #[must_use]
    pub fn watch() -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let rounds = Arc::new(AtomicUsize::new(0));
        let (stopped, counted) = (Arc::clone(&stop), Arc::clone(&rounds));
        let own = group_of("self").expect("a group");
        let thread = std::thread::spawn(move || {
            let mut seen = BTreeSet::new();
            while !stopped.load(Ordering::SeqCst) {
                look(&own, &mut seen);
                counted.fetch_add(1, Ordering::SeqCst);
                std::thread::sleep(Duration::from_millis(2));
            }
            seen
        });
        Self { stop, rounds, thread }
    }

    /// Waits until all that runs now was looked at.
    pub fn look_now(&self) {
        // The round that is under way may have passed it by.
        let end = self.rounds.load(Ordering::SeqCst) + 2;
        wait_until("all processes were looked at", || self.rounds.load(Ordering::SeqCst) >= end);
    }

    /// Everything that was seen.
    #[must_use]
    pub fn seen(self) -> BTreeSet<Shown> {
        self.stop.store(true, Ordering::SeqCst);
        self.thread.join().expect("a thread that looks")
    }
}

fn look(own: &str, seen: &mut BTreeSet<Shown>) {
    for entry in std::fs::read_dir("/proc").expect("/proc").flatten() {
        let Ok(id) = entry.file_name().into_string() else { continue };
        if !id.bytes().all(|byte| byte.is_ascii_digit()) || group_of(&id).as_deref() != Some(own) {
            continue;
        }
        // Some end while they are looked at, and some become another program.
        let folder = PathBuf::from("/proc").join(&id);
        let program = || std::fs::read_to_string(folder.join("comm")).ok().map(|name| name.trim().to_owned());
        for place in ["cmdline", "environ"] {
            let before = program();
            let Ok(bytes) = std::fs::read(folder.join(place)) else { continue };
            if let Some(program) = program().filter(|after| before.as_ref() == Some(after))
                && !bytes.is_empty()
            {
                seen.insert(Shown { program, place, bytes });
            }
        }
    }
}

/// The group of a process, as its state line has it: behind the name in brackets, which can hold anything.
fn group_of(id: &str) -> Option<String> {
    let line = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let behind = line.rsplit_once(')')?.1;
    behind.split_whitespace().nth(2).map(str::to_owned)
}
