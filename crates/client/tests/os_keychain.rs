//! The operating system's keychain, for real: GNOME Keyring on a session bus of the test's own.
//!
//! Each test runs this same program again inside `dbus-run-session`, with a fresh home and runtime folder,
//! and looks at what it printed. Needs `dbus-run-session` and `gnome-keyring-daemon`; without them it fails.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test stops where it fails")]

use std::path::Path;
use std::process::Command;

use twinlock_client::home::Home;
use twinlock_client::keychain::{Account, Key, Keychain, KeychainChoice, KeychainError};
use twinlock_protocol::TeamId;

const HOME: &str = "KEYCHAIN_TEST_HOME";
const TEAM: Account = Account::Team(TeamId::new([7; 16]));

/// Starts a daemon whose keyring is open.
const UNLOCKED: &str = "printf test | gnome-keyring-daemon --unlock --components=secrets >/dev/null";
/// Starts one that has no keyring, or a closed one. It must be there before it is asked for, or the bus starts one.
const LOCKED: &str = "gnome-keyring-daemon --start --components=secrets >/dev/null";
/// A session bus of its own, that ends with the program.
const SESSION: [&str; 2] = ["dbus-run-session", "--"];

struct Computer(tempfile::TempDir);

impl Computer {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["home", "run"] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
        }
        Self(folder)
    }

    /// A bus that knows of no program to start, whatever is installed.
    fn bare_bus(&self) -> String {
        let path = self.0.path().join("bus.conf");
        let configuration = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
            "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
            <busconfig><type>session</type><listen>unix:tmpdir=/tmp</listen><auth>EXTERNAL</auth>
            <policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/>
            <allow own="*"/></policy></busconfig>"#;
        std::fs::write(&path, configuration).unwrap();
        format!("--config-file={}", path.display())
    }

    /// Runs one of the `child_…` tests below after `setup`, and expects it to succeed.
    fn run(&self, wrapper: &[&str], setup: &str, child: &str) {
        let program = std::env::current_exe().unwrap();
        let script = format!("{setup}\nexec \"$0\" --exact --nocapture --include-ignored {child}");
        let folder = |name: &str| self.0.path().join(name);
        let mut words = ["timeout", "60"].iter().chain(wrapper).chain(&["sh", "-c"]);
        let output = Command::new(words.next().unwrap())
            .args(words)
            .arg(script)
            .arg(program)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("HOME", folder("home"))
            .env("XDG_RUNTIME_DIR", folder("run"))
            .env(HOME, folder("home").join("twinlock"))
            .output()
            .unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(
            output.status.success() && text(&output.stdout).contains("1 passed"),
            "{child}: {}\n{}\n{}",
            output.status,
            text(&output.stdout),
            text(&output.stderr)
        );
    }
}

fn secret(byte: u8) -> Key {
    Key::fill(|place| *place = [byte; 32])
}

fn open() -> Result<Keychain, KeychainError> {
    let home = std::env::var_os(HOME).expect("run by another test of this file");
    Keychain::open(KeychainChoice::Os, &Home::open_or_create(Path::new(&home)).unwrap())
}

fn opened() -> Keychain {
    open().map_err(|error| error.to_string()).unwrap()
}

#[test]
fn keys_are_kept_read_and_forgotten_and_outlive_the_daemon() {
    let computer = Computer::new();
    computer.run(&SESSION, UNLOCKED, "child_keeps");
    computer.run(&SESSION, UNLOCKED, "child_finds_what_was_kept");
    computer.run(&SESSION, UNLOCKED, "child_finds_nothing");
}

#[test]
#[ignore = "run by another test of this file"]
fn child_keeps() {
    let keychain = opened();
    assert!(matches!(keychain.get(TEAM), Err(KeychainError::NoEntry { account: TEAM })));
    keychain.set(TEAM, &secret(1)).unwrap();
    keychain.set(TEAM, &secret(2)).unwrap();
    keychain.set(Account::Local, &secret(3)).unwrap();
    assert_eq!(keychain.get(TEAM).ok().unwrap().expose(), &[2; 32]);
    assert_eq!(keychain.get(Account::Local).ok().unwrap().expose(), &[3; 32]);
}

#[test]
#[ignore = "run by another test of this file"]
fn child_finds_what_was_kept() {
    let keychain = opened();
    assert_eq!(keychain.get(TEAM).ok().unwrap().expose(), &[2; 32]);
    keychain.delete(TEAM).unwrap();
    assert!(matches!(keychain.delete(TEAM), Err(KeychainError::NoEntry { .. })));
    assert_eq!(keychain.get(Account::Local).ok().unwrap().expose(), &[3; 32]);
    keychain.delete(Account::Local).unwrap();
}

#[test]
#[ignore = "run by another test of this file"]
fn child_finds_nothing() {
    for account in [TEAM, Account::Local] {
        assert!(matches!(opened().get(account), Err(KeychainError::NoEntry { .. })));
    }
}

#[test]
fn no_bus_is_told() {
    Computer::new().run(&["env"], "", "child_sees_no_bus");
}

#[test]
#[ignore = "run by another test of this file"]
fn child_sees_no_bus() {
    let error = open().err().unwrap();
    assert!(matches!(error, KeychainError::NoBus), "{error:?}");
}

#[test]
fn a_bus_without_a_keychain_is_told() {
    let computer = Computer::new();
    computer.run(&["dbus-run-session", &computer.bare_bus(), "--"], "", "child_sees_no_service");
}

#[test]
#[ignore = "run by another test of this file"]
fn child_sees_no_service() {
    let error = open().err().unwrap();
    assert!(matches!(error, KeychainError::NoService), "{error:?}");
}

#[test]
fn a_keychain_that_was_never_set_up_is_told() {
    Computer::new().run(&SESSION, LOCKED, "child_sees_a_lock_when_keeping");
}

#[test]
fn a_locked_keychain_is_told() {
    let computer = Computer::new();
    computer.run(&SESSION, UNLOCKED, "child_keeps");
    computer.run(&SESSION, LOCKED, "child_sees_a_lock_when_reading");
    computer.run(&SESSION, LOCKED, "child_sees_a_lock_when_keeping");
    computer.run(&SESSION, UNLOCKED, "child_finds_what_was_kept");
}

#[test]
#[ignore = "run by another test of this file"]
fn child_sees_a_lock_when_reading() {
    let error = opened().get(TEAM).err().unwrap();
    assert!(matches!(error, KeychainError::Locked), "{error:?}");
}

#[test]
#[ignore = "run by another test of this file"]
fn child_sees_a_lock_when_keeping() {
    let error = opened().set(TEAM, &secret(4)).unwrap_err();
    assert!(matches!(error, KeychainError::Locked), "{error:?}");
}
