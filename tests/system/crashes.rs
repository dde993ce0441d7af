//! What is left when a program ends as a crash does while it holds secrets: nothing of them is said, and nothing of them is
//! left in a file. That there is no core file either is for `core_files.rs` to say where systems write any.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::io::{BufRead as _, BufReader, Read};
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};

use twinlock_seal::ServiceToken;
use twinlock_tests::canary::Canaries;
use twinlock_tests::programs::{Ending, KeptIn, Machine, Server, program, wait_until};

const VALUE: &str = "held-in-memory-8c21";
const LATER: &str = "saved-when-it-is-full-5e90";
const PASSPHRASE: &str = "passphrase-of-a-crash-d7";

/// A running program of which nothing is unlimited but its core files, and all that it says.
struct Running {
    child: Child,
    first: String,
    out: std::thread::JoinHandle<Vec<u8>>,
    err: std::thread::JoinHandle<Vec<u8>>,
}

impl Running {
    /// Starts it by way of a shell that allows core files, and waits for its first line.
    fn start(program: &Path, like: &Command, arguments: &[&str], folder: &Path) -> Self {
        let mut child = Self::spawn(program, like, arguments, folder);
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut first = String::new();
        let said = out.read_line(&mut first).unwrap();
        assert_ne!(said, 0, "it ended before it was up");
        Self::heard(child, first, out)
    }

    /// The same of a program that says nothing when it is up.
    fn start_silent(program: &Path, like: &Command, folder: &Path) -> Self {
        let mut child = Self::spawn(program, like, &[], folder);
        let out = BufReader::new(child.stdout.take().unwrap());
        Self::heard(child, String::new(), out)
    }

    fn spawn(program: &Path, like: &Command, arguments: &[&str], folder: &Path) -> Child {
        let mut command = Command::new("sh");
        command
            .args(["-c", "ulimit -c unlimited; exec \"$0\" \"$@\""])
            .arg(program)
            .args(arguments)
            .env_clear();
        command.envs(like.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("RUST_BACKTRACE", "full")
            .env("RUST_LOG", "trace");
        command.current_dir(folder).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().unwrap()
    }

    fn heard(mut child: Child, first: String, out: BufReader<ChildStdout>) -> Self {
        let err = all_of(child.stderr.take().unwrap());
        Self { child, first, out: all_of(out), err }
    }

    /// Ends it by a signal. Gives how it ended, and all that it said.
    fn end_by(self, signal: &str) -> (ExitStatus, Vec<u8>) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([&format!("-{signal}"), &id]).status().unwrap().success());
        self.ended()
    }

    fn ended(mut self) -> (ExitStatus, Vec<u8>) {
        let mut status = None;
        wait_until("it ends", || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        let said = [self.first.into_bytes(), self.out.join().unwrap(), self.err.join().unwrap()];
        (status.unwrap(), said.concat())
    }

    /// Leaves it no more memory than it has: whatever it asks for next, it does not get.
    fn fill(&self) {
        let id = format!("--pid={}", self.child.id());
        assert!(Command::new("prlimit").args([&id, "--as=4096"]).status().unwrap().success());
    }
}

fn all_of(mut from: impl Read + Send + 'static) -> std::thread::JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let _read = from.read_to_end(&mut bytes).unwrap();
        bytes
    })
}

/// Signals that end a program and would leave a core file. (Those of bad addresses are first taken by Rust's own handler,
/// which lets only real faults through.)
const SIGNALS: [(&str, i32); 5] = [("ABRT", 6), ("ILL", 4), ("FPE", 8), ("QUIT", 3), ("SYS", 31)];

struct Setting {
    server: Server,
    ada: Machine,
    secrets: Canaries,
}

impl Setting {
    fn new(kept_in: KeptIn) -> Self {
        let server = Server::start();
        let mut ada = Machine::new(kept_in);
        if kept_in == KeptIn::File {
            ada.set("TWINLOCK_PASSPHRASE", PASSPHRASE);
        }
        let code = server.setup_code.clone().unwrap();
        ada.found(&server);
        ada.save(&format!("ONE={VALUE}\n"));
        ada.link(&["--create", "--mode", "auto"]);
        let _pushed = ada.run(&["push"]).ok();
        let made = ada.run(&["service", "create", "ci", "--access", "api/development:read", "--json"]).ok();
        let token = made.json()["token"].as_str().unwrap().to_owned();
        let seed = ServiceToken::parse(&token).unwrap_or_else(|error| panic!("{error}")).seed;
        let texts =
            [VALUE, LATER, PASSPHRASE, &code, &token].map(|it| (it.to_owned(), it.as_bytes().to_vec()));
        let secrets = Canaries::named(texts.into_iter().chain([("seed".to_owned(), seed.expose().to_vec())]));
        Self { server, ada, secrets }
    }

    fn watch(&self) -> Running {
        let like = self.ada.command(&[]);
        let folder = self.ada.folder().join("api");
        let watch = Running::start(&program("twinlock"), &like, &["sync", "--watch", "--json"], &folder);
        assert!(watch.first.contains("watching"), "{}", watch.first);
        watch
    }

    /// Nothing secret was said, and the only file that has any is the linked one.
    fn nothing_is_left(&self, what: &str, said: &[u8]) {
        assert_eq!(self.secrets.found_in(said), [""; 0], "{what} said it");
        let linked = self.ada.env();
        let left = self.secrets.found_below(self.ada.folder()).into_iter();
        let left: Vec<_> = left.filter(|(path, _)| *path != linked).collect();
        assert_eq!(left, [], "{what} left it");
        let cores = std::fs::read_dir(self.ada.folder().join("api")).unwrap().flatten();
        let cores: Vec<_> =
            cores.filter(|entry| entry.file_name().to_string_lossy().starts_with("core")).collect();
        assert!(cores.is_empty(), "{what}: {cores:?}");
    }
}

#[test]
fn a_program_of_a_member_that_crashes_says_and_leaves_nothing() {
    let setting = Setting::new(KeptIn::File);
    for (signal, number) in SIGNALS {
        let (status, said) = setting.watch().end_by(signal);
        assert_eq!(status.signal(), Some(number), "{signal}: {status}");
        assert!(!status.core_dumped(), "{signal}");
        setting.nothing_is_left(signal, &said);
    }
    // Not a signal from outside: it has the value in its hands, and gets no more memory.
    let watch = setting.watch();
    watch.fill();
    let large: String = (0..14).map(|at| format!("LARGE_{at}={}\n", "x".repeat(250 * 1024))).collect();
    setting.ada.save(&format!("ONE={VALUE}\nTWO={LATER}\n{large}"));
    let (status, said) = ended_or_stopped(watch);
    // Where there was no room for a thread that is a panic, for a text an abort; or it waits for better times.
    let told = String::from_utf8_lossy(&said).into_owned();
    assert!(!told.contains("SendError") && !told.contains("panicked at"), "{status}: {told}");
    assert!(!status.core_dumped());
    setting.nothing_is_left("no memory", &said);
}

#[test]
fn a_server_that_crashes_says_and_leaves_nothing() {
    let setting = Setting::new(KeptIn::File);
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let arguments =
        ["all", "--json", "--log", "trace", "--listen", "127.0.0.1:0", "--data", data.to_str().unwrap()];
    let like = Command::new("sh");
    for (signal, number) in SIGNALS {
        // It has its keys, and a setup code: the one of the first line, which is for whoever started it.
        let mut server = Running::start(&program("twinlock-server"), &like, &arguments, folder.path());
        let first: serde_json::Value = serde_json::from_str(&std::mem::take(&mut server.first)).unwrap();
        let code = Canaries::new([first["setup_code"].as_str().unwrap()]);
        let (status, said) = server.end_by(signal);
        assert_eq!(status.signal(), Some(number), "{signal}: {status}");
        assert!(!status.core_dumped(), "{signal}");
        assert_eq!(code.found_in(&said), [""; 0], "{signal}");
        assert_eq!(code.found_below(folder.path()), [], "{signal}");
    }
    // One that has served a team, with all of its values sealed in memory.
    assert_eq!(setting.secrets.found_in(&setting.server.log()), [""; 0]);
    setting.nothing_is_left("the vault", &setting.server.log());
}

/// A screen in memory.
struct Screen {
    name: String,
    _server: Ending,
}

impl Screen {
    fn start() -> Self {
        let mut server = Command::new("Xvfb");
        server.args(["-displayfd", "1", "-screen", "0", "1280x860x24", "-nolisten", "tcp"]);
        server.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut server = server
            .spawn()
            .unwrap_or_else(|error| panic!("Xvfb: scripts/setup.sh test installs it ({error})"));
        let mut number = String::new();
        BufReader::new(server.stdout.take().unwrap()).read_line(&mut number).unwrap();
        Self { name: format!(":{}", number.trim()), _server: Ending::of(server) }
    }
}

#[test]
fn a_desktop_app_that_crashes_says_and_leaves_nothing() {
    let screen = Screen::start();
    let setting = Setting::new(KeptIn::OsKeychain);
    let mut like = setting.ada.command(&[]);
    like.env("DISPLAY", &screen.name);
    let folder = setting.ada.folder().join("api");
    let app = || Running::start_silent(&program("twinlock-desktop"), &like, &folder);
    for (round, (signal, number)) in SIGNALS.into_iter().enumerate() {
        let app = app();
        // It is at work, and has the value in its hands: nobody else pushes it.
        setting.ada.save(&format!("ONE={VALUE}\nTWO={LATER}{round}\n"));
        wait_until("the app pushes what was saved", || {
            setting.ada.run(&["get", "api/development", "TWO"]).out == format!("{LATER}{round}")
        });
        let (status, said) = app.end_by(signal);
        assert_eq!(status.signal(), Some(number), "{signal}: {status}");
        assert!(!status.core_dumped(), "{signal}");
        setting.nothing_is_left(signal, &said);
    }
    // Not a signal from outside: it gets no more memory.
    let app = app();
    setting.ada.save(&format!("ONE={VALUE}\nTWO={LATER}\n"));
    wait_until("the app pushes what was saved", || {
        setting.ada.run(&["get", "api/development", "TWO"]).out == LATER
    });
    app.fill();
    let large: String = (0..14).map(|at| format!("LARGE_{at}={}\n", "x".repeat(250 * 1024))).collect();
    setting.ada.save(&format!("ONE={VALUE}\nTWO={LATER}\n{large}"));
    let (status, said) = ended_or_stopped(app);
    assert!(!status.core_dumped());
    setting.nothing_is_left("no memory", &said);
}

/// Waits for its end, and ends it if it goes on: it may as well have done without.
fn ended_or_stopped(mut running: Running) -> (ExitStatus, Vec<u8>) {
    let end = std::time::Instant::now() + std::time::Duration::from_secs(10);
    while std::time::Instant::now() < end && running.child.try_wait().unwrap().is_none() {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    match running.child.try_wait().unwrap() {
        Some(_) => running.ended(),
        None => running.end_by("KILL"),
    }
}

/// That what a crash says is looked at, and what it leaves.
#[test]
fn a_crash_that_gives_something_away_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let like = Command::new("sh");
    let script = format!("echo up; echo {VALUE} >&2; echo {VALUE} > left; kill -ABRT $$");
    let crash = Running::start(Path::new("/bin/sh"), &like, &["-c", &script], folder.path());
    let (status, said) = crash.ended();
    assert_eq!(status.signal(), Some(6));
    let canaries = Canaries::new([VALUE]);
    assert_eq!(canaries.found_in(&said), [VALUE]);
    let left = folder.path().join("left");
    assert!(canaries.found_below(folder.path()).contains(&(left, VALUE.to_owned())));
}
