//! The real programs as people start them: `twinlock-server` with a folder of its own, and computers on which
//! `twinlock` runs with nothing of this one's environment. Whatever was started ends with its value.

mod machine;
mod server;
mod session;

use std::ffi::OsStr;
use std::io::{Read as _, Write as _};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use serde_json::Value;

pub use machine::{KeptIn, Machine, Watching};
pub use server::Server;

const SOON: Duration = Duration::from_secs(60);

/// A program of ours, beside the running test in the target folder.
#[must_use]
pub fn program(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a running test");
    let path = test.ancestors().nth(2).expect("a target folder").join(name);
    assert!(path.exists(), "{} is not built: 'cargo build --workspace --bins' builds it", path.display());
    path
}

/// Waits until a condition holds, at most a minute, without a runtime.
pub fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + SOON;
    while !holds() {
        assert!(Instant::now() < end, "not within a minute: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A process that ends with this value.
pub struct Ending(Child);

impl Ending {
    /// Ends a process with this value.
    #[must_use]
    pub fn of(child: Child) -> Self {
        Self(child)
    }

    /// Its number.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.0.id()
    }

    /// Ends it as a crash or a power cut would.
    pub fn kill(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }

    /// Asks it to end, and gives its exit status.
    pub fn stop(&mut self) -> Option<i32> {
        let asked = Command::new("kill").arg(self.0.id().to_string()).status().expect("kill runs");
        assert!(asked.success(), "the process had ended before it was asked to");
        let mut status = None;
        wait_until("the process ends when asked to", || {
            status = self.0.try_wait().expect("a child");
            status.is_some()
        });
        status.and_then(|status| status.code())
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        self.kill();
    }
}

/// How a command ended.
pub struct Ran {
    /// What it was asked to do, for whoever reads why a test failed.
    pub(crate) asked: String,
    /// Its exit status.
    pub status: i32,
    /// Its answer.
    pub out: String,
    /// What it said.
    pub err: String,
}

impl Ran {
    /// Its answer as the one JSON document that it has to be.
    #[must_use]
    #[track_caller]
    pub fn json(&self) -> Value {
        assert_eq!(self.out.lines().count(), 1, "one document was expected: {}{}", self.out, self.err);
        serde_json::from_str(&self.out).expect("JSON")
    }

    /// Expects that it went well.
    #[must_use]
    #[track_caller]
    pub fn ok(self) -> Self {
        self.ended(0)
    }

    /// Expects an exit status.
    #[must_use]
    #[track_caller]
    pub fn ended(self, status: i32) -> Self {
        assert_eq!(self.status, status, "{}: {}{}", self.asked, self.out, self.err);
        self
    }

    /// Expects that it failed with an exit status and a plain sentence that says so.
    #[track_caller]
    pub fn failed(self, status: i32, says: &str) {
        let Self { asked, err, .. } = self.ended(status);
        assert!(err.contains(says), "{asked}: {says}: {err}");
        assert!(!err.contains("mistake of its own"), "{asked}: {err}");
    }
}

/// What a command is asked to do.
pub(crate) fn asked(command: &Command) -> String {
    format!("{:?}", command.get_args().map(OsStr::to_string_lossy).collect::<Vec<_>>())
}

/// Starts a command whose input, output and errors are read and written here.
pub(crate) fn piped(command: &mut Command) -> Child {
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().expect("twinlock starts")
}

/// Runs a command with something on standard input, and waits for its end.
#[must_use]
pub fn run(mut command: Command, input: &str) -> Ran {
    let asked = asked(&command);
    let mut child = piped(&mut command);
    let mut stdin = child.stdin.take().expect("a pipe");
    // A command that does not read what it is given is judged by how it ends.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    let (mut out, mut err) = (child.stdout.take().expect("a pipe"), child.stderr.take().expect("a pipe"));
    let mut child = Ending(child);
    let read = std::thread::spawn(move || {
        let mut text = String::new();
        err.read_to_string(&mut text).map(|_| text)
    });
    let (send, receive) = mpsc::channel();
    std::thread::spawn(move || {
        let mut text = String::new();
        send.send(out.read_to_string(&mut text).map(|_| text))
    });
    let out = receive.recv_timeout(SOON).unwrap_or_else(|_| panic!("not within a minute: twinlock {asked}"));
    let out = out.expect("text on standard output");
    let err = read.join().expect("a thread").expect("text on standard error");
    let status = child.0.wait().expect("an exit status");
    Ran { asked, status: status.code().unwrap_or(-1), out, err }
}
