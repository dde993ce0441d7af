//! The `twinlock-server` program: what it prints, how it stops, what it refuses.

use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::support::http;

struct Program(Child);

impl Program {
    fn start(data: &Path) -> Self {
        let child = Command::new(env!("CARGO_BIN_EXE_twinlock-server"))
            .args(["all", "--listen", "127.0.0.1:0", "--json", "--data"])
            .arg(data)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Self(child)
    }

    fn line(&mut self) -> serde_json::Value {
        let mut line = String::new();
        BufReader::new(self.0.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }

    /// Sends a signal; gives the exit status and what was logged.
    fn stop(mut self, signal: &str) -> (Option<i32>, String) {
        let sent = Command::new("kill").args([signal, &self.0.id().to_string()]).status().unwrap();
        assert!(sent.success());
        self.end()
    }

    fn end(&mut self) -> (Option<i32>, String) {
        let mut log = String::new();
        self.0.stderr.take().unwrap().read_to_string(&mut log).unwrap();
        (self.0.wait().unwrap().code(), log)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Only where a test failed half way.
        let _ = self.0.kill();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_prints_one_line_once_it_accepts_connections_and_stops_cleanly() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("made/by/itself");
    let mut pins = Vec::new();
    for signal in ["-INT", "-TERM"] {
        let mut program = Program::start(&data);
        let line = program.line();
        let (url, pin) = (line["url"].as_str().unwrap(), line["pin"].as_str().unwrap());
        let code = line["setup_code"].as_str().unwrap();
        let health = http().get(format!("{url}/v1/health")).send().await.unwrap();
        assert_eq!(health.status().as_u16(), 204);
        pins.push(pin.to_owned());
        let (status, log) = program.stop(signal);
        assert_eq!(status, Some(0), "{log}");
        assert!(!log.contains(code), "{log}");
    }
    assert_eq!(pins[0], pins[1]);
}

#[test]
fn every_key_and_database_is_for_its_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut program = Program::start(&data);
    program.line();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&data), 0o700);
    assert_eq!(mode(&data.join("tls")), 0o700);
    let mut seen = 0;
    for folder in [data.clone(), data.join("tls")] {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if name.ends_with(".key") || name.contains(".db") {
                assert_eq!(mode(&path), 0o600, "{name}");
                seen += 1;
            }
        }
    }
    // Two root keys, four TLS keys, two databases with their side files.
    assert!(seen >= 8, "{seen}");
    program.stop("-TERM");
}

#[test]
fn it_refuses_a_folder_in_use_and_keys_that_others_may_read_or_that_are_gone() {
    let folder = tempfile::tempdir().unwrap();
    let mut first = Program::start(folder.path());
    first.line();
    let (status, log) = Program::start(folder.path()).end();
    assert_eq!(status, Some(1));
    assert!(log.contains("is in use by another vault"), "{log}");
    first.stop("-TERM");

    let key = folder.path().join("vault-root.key");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    let (status, log) = Program::start(folder.path()).end();
    assert_eq!(status, Some(1));
    assert!(log.contains("other users of this computer have rights on it"), "{log}");

    std::fs::remove_file(&key).unwrap();
    let (status, log) = Program::start(folder.path()).end();
    assert_eq!(status, Some(1));
    assert!(log.contains("is missing") && !key.exists(), "{log}");
}

#[test]
fn wrong_usage_is_told_from_failure() {
    let usage = Command::new(env!("CARGO_BIN_EXE_twinlock-server")).arg("nothing").output().unwrap();
    assert_eq!(usage.status.code(), Some(2));
}
