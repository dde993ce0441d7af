//! A computer on which `twinlock` runs with nothing of this one's environment.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;
use tempfile::TempDir;

use super::session::Session;
use super::{Ending, Ran, program, run, wait_until};

/// Where a computer keeps its keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeptIn {
    /// GNOME Keyring, on a session bus of this computer's own.
    OsKeychain,
    /// A file sealed by a passphrase.
    File,
}

/// One member's computer.
pub struct Machine {
    folder: TempDir,
    variables: Vec<(String, String)>,
    _session: Option<Session>,
    said: Arc<Mutex<Vec<u8>>>,
}

impl Machine {
    /// A computer with an empty home and a folder `api`.
    #[must_use]
    pub fn new(kept_in: KeptIn) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for name in ["home", "run", "api", "tmp"] {
            std::fs::create_dir(folder.path().join(name)).expect("a folder");
        }
        let path = |name: &str| folder.path().join(name).display().to_string();
        let mut variables = vec![
            ("PATH".to_owned(), std::env::var("PATH").expect("PATH")),
            ("HOME".to_owned(), path("home")),
            ("XDG_RUNTIME_DIR".to_owned(), path("run")),
            ("TMPDIR".to_owned(), path("tmp")),
            // As chatty as it gets.
            ("RUST_LOG".to_owned(), "trace".to_owned()),
            ("TWINLOCK_LOG".to_owned(), "trace".to_owned()),
        ];
        let session = match kept_in {
            KeptIn::File => {
                for (name, value) in [
                    ("TWINLOCK_KEYCHAIN", "file".to_owned()),
                    ("TWINLOCK_PASSPHRASE", "correct horse".to_owned()),
                    ("TWINLOCK_HOME", path("twinlock")),
                ] {
                    variables.push((name.to_owned(), value));
                }
                None
            }
            // And no variable of ours: keychain and home are where they are by themselves.
            KeptIn::OsKeychain => {
                let session = Session::start(&variables);
                variables.push(("DBUS_SESSION_BUS_ADDRESS".to_owned(), session.address.clone()));
                Some(session)
            }
        };
        Self { folder, variables, _session: session, said: Arc::default() }
    }

    /// Gives a variable of this computer's environment a value from now on.
    pub fn set(&mut self, name: &str, value: &str) {
        self.variables.retain(|(known, _)| known != name);
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    /// Everything of this computer.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The home that `twinlock` made.
    #[must_use]
    pub fn home(&self) -> PathBuf {
        let own = self.folder.path().join("twinlock");
        if own.exists() { own } else { self.folder.path().join("home/.local/share/twinlock") }
    }

    /// The file that tests link.
    #[must_use]
    pub fn env(&self) -> PathBuf {
        self.folder.path().join("api/.env")
    }

    /// Its bytes.
    #[must_use]
    pub fn text(&self) -> String {
        std::fs::read_to_string(self.env()).expect("the file is there")
    }

    /// Writes it in place, as some editors do.
    pub fn save(&self, text: &str) {
        std::fs::write(self.env(), text).expect("the file is written");
    }

    /// Writes another file and renames it over the first, as other editors do.
    pub fn save_by_rename(&self, text: &str) {
        let other = self.folder.path().join("api/.env.swp");
        std::fs::write(&other, text).expect("the file is written");
        std::fs::rename(other, self.env()).expect("the file is renamed");
    }

    /// What programs of this computer wrote to standard output and standard error, but for the secrets that were asked for.
    #[must_use]
    pub fn said(&self) -> Vec<u8> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// `twinlock` with this computer's environment, not started yet.
    #[must_use]
    pub fn command(&self, arguments: &[&str]) -> Command {
        self.command_of(&program("twinlock"), arguments)
    }

    /// Any program with this computer's environment, not started yet.
    #[must_use]
    pub fn command_of(&self, program: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .env_clear()
            .envs(self.variables.clone())
            .current_dir(self.folder.path().join("api"));
        command
    }

    /// Runs `twinlock`.
    #[must_use]
    pub fn run(&self, arguments: &[&str]) -> Ran {
        self.run_with("", arguments)
    }

    /// Runs `twinlock` with something on standard input.
    #[must_use]
    pub fn run_with(&self, input: &str, arguments: &[&str]) -> Ran {
        let ran = run(self.command(arguments), input);
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        // What these print is secret, and what they are for.
        if !arguments.first().is_some_and(|verb| ["get", "invite", "service", "export", "run"].contains(verb))
        {
            said.extend_from_slice(ran.out.as_bytes());
        }
        said.extend_from_slice(ran.err.as_bytes());
        ran
    }

    /// Expects that a command fails with a plain sentence that says so.
    #[track_caller]
    pub fn fails(&self, arguments: &[&str], says: &str) {
        self.run(arguments).failed(1, says);
    }

    /// Starts `twinlock sync --watch` and waits until it does.
    #[must_use]
    pub fn watch(&self) -> Watching {
        let mut command = self.command(&["sync", "--watch", "--json"]);
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("twinlock starts");
        let (out, err) = (child.stdout.take().expect("a pipe"), child.stderr.take().expect("a pipe"));
        let watching = Watching { process: Ending::of(child), lines: Arc::default() };
        let (lines, said) = (Arc::clone(&watching.lines), Arc::clone(&self.said));
        let remember = move |said: &Mutex<Vec<u8>>, line: &str| {
            said.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(line.as_bytes());
        };
        let errors = Arc::clone(&said);
        std::thread::spawn(move || {
            BufReader::new(err).lines().map_while(Result::ok).for_each(|line| remember(&errors, &line));
        });
        std::thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                remember(&said, &line);
                let event = serde_json::from_str(&line).expect("one JSON document a line");
                lines.lock().unwrap_or_else(PoisonError::into_inner).push(event);
            }
        });
        watching.until("watching");
        watching
    }
}

/// `twinlock sync --watch --json` at work.
pub struct Watching {
    /// The process.
    pub process: Ending,
    lines: Arc<Mutex<Vec<Value>>>,
}

impl Watching {
    /// All events so far.
    #[must_use]
    pub fn events(&self) -> Vec<Value> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits for an event of this kind and gives the first.
    pub fn until(&self, kind: &str) -> Value {
        let mut found = Value::Null;
        wait_until(&format!("the event {kind}"), || {
            let event = self.events().into_iter().find(|event| event["event"] == kind);
            event.inspect(|event| found = event.clone()).is_some()
        });
        found
    }
}
