//! The real programs as people start them: `twinlock-server` with a folder of its own, and computers on which
//! `twinlock` runs with nothing of this one's environment. Whatever was started ends with its value.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

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

/// `twinlock-server all` at its chattiest.
pub struct Server {
    /// The process.
    pub process: Ending,
    /// Where it is.
    pub url: String,
    /// Its pin.
    pub pin: String,
    /// Allows the first team.
    pub setup_code: Option<String>,
    folder: Arc<TempDir>,
}

impl Server {
    /// Starts with a new folder, on a port of the system's choice.
    #[must_use]
    pub fn start() -> Self {
        Self::start_in(Arc::new(tempfile::tempdir().expect("a temporary folder")), 0)
    }

    /// Its data.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Everything that it logged since the first start.
    #[must_use]
    pub fn log(&self) -> Vec<u8> {
        std::fs::read(self.folder.path().join("log")).expect("a log")
    }

    /// The port that clients use.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.url.rsplit_once(':').and_then(|(_, port)| port.parse().ok()).expect("a port")
    }

    /// Starts it again where it was, after it was killed or stopped.
    pub fn start_again(&mut self) {
        *self = Self::start_in(Arc::clone(&self.folder), self.port());
    }

    fn start_in(folder: Arc<TempDir>, port: u16) -> Self {
        let log = std::fs::OpenOptions::new().create(true).append(true).open(folder.path().join("log"));
        let mut child = Command::new(program("twinlock-server"))
            .args(["all", "--json", "--log", "trace", "--listen", &format!("127.0.0.1:{port}"), "--data"])
            .arg(folder.path().join("data"))
            .env("RUST_LOG", "trace")
            .env("TMPDIR", folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log.expect("a log"))
            .spawn()
            .expect("twinlock-server starts");
        let out = BufReader::new(child.stdout.take().expect("standard output"));
        let process = Ending(child);
        let (send, receive) = mpsc::channel();
        std::thread::spawn(move || send.send(out.lines().next()));
        let line = receive.recv_timeout(SOON).expect("the server is up within a minute");
        let line = line.expect("the server says where it is").expect("a line of text");
        let said: Value = serde_json::from_str(&line).expect("JSON");
        let text = |key: &str| said[key].as_str().map(str::to_owned);
        Self {
            process,
            url: text("url").expect("a URL"),
            pin: text("pin").expect("a pin"),
            setup_code: text("setup_code"),
            folder,
        }
    }
}

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

/// How a command ended.
pub struct Ran {
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
    pub fn json(&self) -> Value {
        assert_eq!(self.out.lines().count(), 1, "one document was expected: {}{}", self.out, self.err);
        serde_json::from_str(&self.out).expect("JSON")
    }

    /// Expects that it went well.
    #[must_use]
    pub fn ok(self) -> Self {
        self.ended(0)
    }

    /// Expects an exit status.
    #[must_use]
    pub fn ended(self, status: i32) -> Self {
        assert_eq!(self.status, status, "{}{}", self.out, self.err);
        self
    }
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
        let watching = Watching { process: Ending(child), lines: Arc::default() };
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

/// A login session: a bus, and on it a keychain that is open.
struct Session {
    address: String,
    _keychain: Ending,
    _bus: Ending,
}

impl Session {
    fn start(variables: &[(String, String)]) -> Self {
        let command = |program: &str| {
            let mut command = Command::new(program);
            command.env_clear().envs(variables.iter().cloned()).stdin(Stdio::null()).stderr(Stdio::null());
            command
        };
        let mut bus = command("dbus-daemon")
            .args(["--session", "--nofork", "--nopidfile", "--print-address=1"])
            .stdout(Stdio::piped())
            .spawn()
            .expect("dbus-daemon is installed: scripts/setup.sh test");
        let mut line = String::new();
        let out = bus.stdout.take().expect("a pipe");
        let bus = Ending(bus);
        BufReader::new(out).read_line(&mut line).expect("the bus says where it is");
        let address = line.trim().to_owned();
        let mut keychain = command("gnome-keyring-daemon")
            .args(["--foreground", "--unlock", "--components=secrets"])
            .env("DBUS_SESSION_BUS_ADDRESS", &address)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("gnome-keyring-daemon is installed: scripts/setup.sh test");
        let mut input = keychain.stdin.take().expect("a pipe");
        let keychain = Ending(keychain);
        // Closing the pipe is what ends the password.
        input.write_all(b"test").expect("the keychain takes its password");
        drop(input);
        wait_until("the keychain is on the bus", || {
            let answer = command("dbus-send")
                .env("DBUS_SESSION_BUS_ADDRESS", &address)
                .args(["--session", "--print-reply", "--dest=org.freedesktop.DBus", "/"])
                .args(["org.freedesktop.DBus.NameHasOwner", "string:org.freedesktop.secrets"])
                .output();
            answer.is_ok_and(|answer| String::from_utf8_lossy(&answer.stdout).contains("boolean true"))
        });
        Self { address, _keychain: keychain, _bus: bus }
    }
}

/// Runs a command with something on standard input, and waits for its end.
#[must_use]
pub fn run(mut command: Command, input: &str) -> Ran {
    let shown = format!("{:?}", command.get_args().map(OsStr::to_string_lossy).collect::<Vec<_>>());
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("twinlock starts");
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
    let out = receive.recv_timeout(SOON).unwrap_or_else(|_| panic!("not within a minute: twinlock {shown}"));
    let out = out.expect("text on standard output");
    let err = read.join().expect("a thread").expect("text on standard error");
    let status = child.0.wait().expect("an exit status");
    Ran { status: status.code().unwrap_or(-1), out, err }
}
