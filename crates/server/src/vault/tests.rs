//! The vault service through its link: who gets in, and what it keeps.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Command, Stdio};

use axum_server::Handle;
use axum_server::tls_rustls::RustlsConfig;
use rcgen::ExtendedKeyUsagePurpose;
use rusqlite::Connection;
use tempfile::TempDir;
use twinlock_protocol::Pointer;
use twinlock_protocol::encoding::Bytes;

use super::VaultStore;
use super::wire::SealedValue;
use crate::application::VaultLink;
use crate::listen;
use crate::tls::{ApplicationIdentity, Authority, VAULT_NAME, VaultIdentity};

struct Vault {
    folder: TempDir,
    address: SocketAddr,
    handle: Handle<SocketAddr>,
}

impl Drop for Vault {
    fn drop(&mut self) {
        self.handle.shutdown();
    }
}

impl Vault {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let authority = authority(folder.path());
        let identity = VaultIdentity::load_or_make(folder.path(), &authority).unwrap();
        let store = VaultStore::open(&database(folder.path()), &folder.path().join("root.key")).unwrap();
        let listener = listen::for_the_application((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        let address = listener.local_addr().unwrap();
        let handle = Handle::new();
        let tls = RustlsConfig::from_config(identity.settings());
        let server = axum_server::from_tcp_rustls(listener, tls).unwrap().handle(handle.clone());
        tokio::spawn(server.serve(super::router(store).into_make_service()));
        Self { folder, address, handle }
    }

    /// A link with a key that this authority, or another, vouches for.
    fn link(&self, keys: &Path) -> VaultLink {
        let identity = ApplicationIdentity::load_or_make(keys, &authority(keys)).unwrap();
        VaultLink::new(&identity, self.address).unwrap()
    }
}

fn authority(folder: &Path) -> Authority {
    Authority::load_or_make(folder, jiff::Timestamp::now()).unwrap()
}

fn database(folder: &Path) -> std::path::PathBuf {
    folder.join("vault.db")
}

fn value(pointer: u8, blob: &[u8]) -> SealedValue {
    SealedValue { pointer: Pointer::new([pointer; 16]), blob: Bytes(blob.to_vec()) }
}

#[tokio::test]
async fn the_application_puts_fetches_and_deletes() {
    let vault = Vault::start();
    let link = vault.link(vault.folder.path());
    assert_eq!(link.put(vec![value(1, b"one"), value(2, b"two")]).await.unwrap(), []);
    // The same again is fine; another value is refused and changes nothing.
    let taken = link.put(vec![value(1, b"one"), value(2, b"other"), value(3, b"three")]).await.unwrap();
    assert_eq!(taken, [Pointer::new([2; 16])]);
    let pointers: Vec<_> = [3, 2, 9, 1].map(|byte| Pointer::new([byte; 16])).into();
    let answer = link.query(pointers.clone()).await.unwrap();
    let blobs: Vec<_> = answer.values.iter().map(|value| value.blob.0.as_slice()).collect();
    assert_eq!(blobs, [b"three".as_slice(), b"two", b"one"]);
    assert_eq!((answer.missing, answer.damaged), (vec![Pointer::new([9; 16])], vec![]));
    link.delete(pointers.clone()).await.unwrap();
    let answer = link.query(pointers.clone()).await.unwrap();
    assert_eq!((answer.values.len(), answer.missing), (0, pointers));
}

#[tokio::test]
async fn values_swapped_by_hand_do_not_open() {
    let vault = Vault::start();
    let link = vault.link(vault.folder.path());
    link.put(vec![value(1, b"one"), value(2, b"two")]).await.unwrap();
    let connection = Connection::open(database(vault.folder.path())).unwrap();
    connection
        .execute_batch(
            "CREATE TEMP TABLE copy AS SELECT * FROM sealed_values;
             UPDATE sealed_values SET sealed =
                 (SELECT sealed FROM copy WHERE copy.pointer <> sealed_values.pointer);",
        )
        .unwrap();
    let both: Vec<_> = [1, 2].map(|byte| Pointer::new([byte; 16])).into();
    let answer = link.query(both.clone()).await.unwrap();
    assert_eq!((answer.values.len(), answer.damaged), (0, both));
}

#[tokio::test]
async fn the_application_refuses_a_vault_that_another_authority_vouches_for() {
    let vault = Vault::start();
    let elsewhere = tempfile::tempdir().unwrap();
    assert!(vault.link(elsewhere.path()).check().await.is_err());
    assert!(vault.link(vault.folder.path()).check().await.is_ok());
}

/// What OpenSSL gets to see of the vault when it asks for `/v1/health` with these options.
async fn s_client(vault: &Vault, options: &[&str]) -> String {
    let mut command = Command::new("openssl");
    command
        .args([
            "s_client",
            "-quiet",
            "-ign_eof",
            "-servername",
            VAULT_NAME,
            "-connect",
            &vault.address.to_string(),
        ])
        .args(options)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    tokio::task::spawn_blocking(move || {
        let mut child = command.spawn().unwrap();
        let request = format!("GET /v1/health HTTP/1.1\r\nHost: {VAULT_NAME}\r\nConnection: close\r\n\r\n");
        // A refused connection may be gone before the request is written.
        let _ = std::io::Write::write_all(&mut child.stdin.take().unwrap(), request.as_bytes());
        let output = child.wait_with_output().unwrap();
        [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat()
    })
    .await
    .unwrap()
}

/// OpenSSL's options for a certificate of this key, from the authority in the same folder.
fn identity(folder: &Path, name: &str, side: ExtendedKeyUsagePurpose) -> Vec<String> {
    let key = folder.join(format!("{name}.key"));
    let pair = rcgen::KeyPair::from_pem(&std::fs::read_to_string(&key).unwrap()).unwrap();
    let certificate = folder.join(format!("{name}.der"));
    std::fs::write(&certificate, authority(folder).issue(&pair, "any.twinlock.internal", side).unwrap())
        .unwrap();
    let [key, certificate] = [key, certificate].map(|path| path.to_str().unwrap().to_owned());
    ["-certform", "DER", "-cert", &certificate, "-key", &key].map(str::to_owned).into()
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_applications_certificate_opens_the_door_and_only_over_tls_1_3() {
    use ExtendedKeyUsagePurpose::{ClientAuth, ServerAuth};
    let vault = Vault::start();
    let (here, elsewhere) = (vault.folder.path(), tempfile::tempdir().unwrap());
    for folder in [here, elsewhere.path()] {
        drop(vault.link(folder));
    }
    let ask = async |identity: Vec<String>, version: &str| {
        let options: Vec<&str> = identity.iter().map(String::as_str).chain([version]).collect();
        s_client(&vault, &options).await
    };

    let accepted = ask(identity(here, "application", ClientAuth), "-tls1_3").await;
    assert!(accepted.contains("HTTP/1.1 204"), "{accepted}");
    for (refused, alert) in [
        (ask(Vec::new(), "-tls1_3").await, "alert certificate required"),
        (ask(identity(elsewhere.path(), "application", ClientAuth), "-tls1_3").await, "SSL alert number"),
        (ask(identity(here, "vault", ServerAuth), "-tls1_3").await, "SSL alert number"),
        (ask(identity(here, "application", ClientAuth), "-tls1_2").await, "alert protocol version"),
    ] {
        assert!(refused.contains(alert) && !refused.contains("HTTP/1.1"), "{alert}: {refused}");
    }
}
