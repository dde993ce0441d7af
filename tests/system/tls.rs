//! What the vault's two doors look like from outside, to OpenSSL: the real `twinlock-server` on a port of its own.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot set itself up should stop there"
)]

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// TLS as clients must find it: 1.2 and 1.3, nothing older.
#[test]
fn clients_get_tls_1_2_and_1_3_and_nothing_older() {
    let server = Server::start();
    for version in ["-tls1_2", "-tls1_3"] {
        let answer = openssl(server.public_port, version);
        assert!(answer.contains("HTTP/1.1 "), "{version} was expected to work:\n{answer}");
    }
    // The same command line, so it is the version that is refused; and it is the server that refuses, by an alert.
    for version in ["-tls1", "-tls1_1"] {
        let answer = openssl(server.public_port, version);
        assert!(answer.contains("SSL alert number"), "{version} was expected to be refused:\n{answer}");
        assert!(answer.contains("Cipher is (NONE)"), "{version} was expected to be refused:\n{answer}");
        assert!(!answer.contains("HTTP/1.1 "), "{version} was answered:\n{answer}");
    }
}

/// The vault service speaks TLS 1.3 only, and to nobody without a certificate of its private authority.
#[test]
fn the_vault_service_answers_nobody_without_its_certificate() {
    const CERTIFICATE_REQUIRED: &str = "SSL alert number 116";
    // Bad certificate, certificate unknown, unknown authority.
    const CERTIFICATE_REFUSED: [&str; 3] =
        ["SSL alert number 42", "SSL alert number 46", "SSL alert number 48"];

    let server = Server::start();
    let answer = openssl(server.vault_port, "-tls1_3");
    assert!(answer.contains(CERTIFICATE_REQUIRED), "{answer}");
    assert!(!answer.contains("HTTP/1.1 "), "{answer}");

    let stranger = stranger(server.data.path());
    let answer = openssl_with(server.vault_port, "-tls1_3", &stranger);
    assert!(CERTIFICATE_REFUSED.iter().any(|alert| answer.contains(alert)), "{answer}");
    assert!(!answer.contains("HTTP/1.1 "), "{answer}");

    let answer = openssl(server.vault_port, "-tls1_2");
    assert!(answer.contains("SSL alert number"), "{answer}");
    assert!(answer.contains("Cipher is (NONE)"), "{answer}");
}

/// Asked to listen on this computer only, it listens nowhere else, with either service.
#[test]
fn both_services_stay_on_this_computer() {
    let server = Server::start();
    for address in listening(server.process.id()) {
        assert!(address.ip().is_loopback(), "{address}");
    }
}

/// A vault that runs as long as this value lives.
struct Server {
    process: Child,
    public_port: u16,
    vault_port: u16,
    data: tempfile::TempDir,
}

impl Server {
    fn start() -> Self {
        let data = tempfile::tempdir().unwrap();
        let mut process = Command::new(program("twinlock-server"))
            .args(["all", "--listen", "127.0.0.1:0", "--json", "--data"])
            .arg(data.path())
            .env("TWINLOCK_LOG", "warn")
            .stdout(Stdio::piped())
            .spawn()
            .expect("twinlock-server starts");
        let url = first_line(&mut process);
        let public_port = url.rsplit_once(':').unwrap().1.parse().unwrap();
        let ports: Vec<u16> = listening(process.id())
            .iter()
            .map(SocketAddrV4::port)
            .filter(|port| *port != public_port)
            .collect();
        let [vault_port] = ports[..] else { panic!("one port beside {public_port} was expected: {ports:?}") };
        Self { process, public_port, vault_port, data }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; there is nothing to keep of it either way.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The URL on the line that the server prints once it accepts connections.
fn first_line(process: &mut Child) -> String {
    let out = BufReader::new(process.stdout.take().unwrap());
    let (send, receive) = mpsc::channel();
    std::thread::spawn(move || send.send(out.lines().next()));
    let line = receive.recv_timeout(Duration::from_secs(60)).expect("the server is up within a minute");
    let line = line.expect("the server says where it is").unwrap();
    let said: serde_json::Value = serde_json::from_str(&line).unwrap();
    said["url"].as_str().unwrap().to_owned()
}

/// A program of ours, beside this test in the target folder.
fn program(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let path = test.ancestors().nth(2).unwrap().join(name);
    assert!(path.exists(), "{} is not built: 'cargo build --workspace --bins' builds it", path.display());
    path
}

fn openssl(port: u16, version: &str) -> String {
    openssl_with(port, version, &[])
}

/// Connects with OpenSSL, sends a request, and gives everything that was said until the server closes. Security level 0, so
/// that OpenSSL itself refuses nothing.
fn openssl_with(port: u16, version: &str, more: &[String]) -> String {
    let mut client = Command::new("timeout")
        .args(["30", "openssl", "s_client", "-connect", &format!("127.0.0.1:{port}"), version])
        .args(["-cipher", "ALL:@SECLEVEL=0", "-ign_eof"])
        .args(more)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("openssl is installed: scripts/setup.sh test");
    let request = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";
    // A refused handshake closes this end before it is written; what was said tells.
    let _ = client.stdin.take().unwrap().write_all(request);
    let output = client.wait_with_output().unwrap();
    assert_ne!(output.status.code(), Some(124), "the server neither answered nor refused within 30 seconds");
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Options that give OpenSSL a certificate which the vault's authority never signed.
fn stranger(folder: &Path) -> [String; 4] {
    let (key, certificate) = (folder.join("stranger.key"), folder.join("stranger.pem"));
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"])
        .args(["-subj", "/CN=application", "-days", "1", "-keyout"])
        .arg(&key)
        .arg("-out")
        .arg(&certificate)
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    ["-key".into(), key.display().to_string(), "-cert".into(), certificate.display().to_string()]
}

/// The addresses on which a process listens, read from `/proc`.
fn listening(process: u32) -> Vec<SocketAddrV4> {
    let open: BTreeSet<String> = std::fs::read_dir(format!("/proc/{process}/fd"))
        .unwrap()
        .filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok())
        .filter_map(|target| Some(target.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned()))
        .collect();
    let table =
        |name: &str| std::fs::read_to_string(format!("/proc/{process}/net/{name}")).unwrap_or_default();
    const LISTEN: &str = "0A";
    let rows = |text: String| -> Vec<String> {
        text.lines()
            .skip(1)
            .map(|line| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
            .filter(|columns| columns[3] == LISTEN && open.contains(&columns[9]))
            .map(|columns| columns[1].clone())
            .collect()
    };
    assert_eq!(rows(table("tcp6")), Vec::<String>::new(), "nothing listens on IPv6 unless it is asked to");
    let found: Vec<SocketAddrV4> = rows(table("tcp")).iter().map(|address| address_of(address)).collect();
    assert!(!found.is_empty(), "a server that says that it is up listens somewhere");
    found
}

/// `0100007F:1F90` is 127.0.0.1:8080: the address in the machine's byte order, the port in the network's.
fn address_of(text: &str) -> SocketAddrV4 {
    let (address, port) = text.split_once(':').unwrap();
    let address = u32::from_str_radix(address, 16).unwrap().to_ne_bytes();
    SocketAddrV4::new(Ipv4Addr::from(address), u16::from_str_radix(port, 16).unwrap())
}
