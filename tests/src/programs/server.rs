//! `twinlock-server` with a folder of its own.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Arc, mpsc};

use serde_json::Value;
use tempfile::TempDir;

use super::{Ending, SOON, program};

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
        let process = Ending::of(child);
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
