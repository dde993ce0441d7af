//! What a desktop starts for whoever logs in, as far as the system's keychain needs it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};

use super::{Ending, wait_until};

/// A login session: a bus, and on it a keychain that is open.
pub(super) struct Session {
    /// Where its bus is.
    pub(super) address: String,
    _keychain: Ending,
    _bus: Ending,
}

impl Session {
    /// Starts both with the variables of a computer.
    pub(super) fn start(variables: &[(String, String)]) -> Self {
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
        let bus = Ending::of(bus);
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
        let keychain = Ending::of(keychain);
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
