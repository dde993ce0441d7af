//! A running vault, and computers that sign and seal for it.

mod client;
mod requests;
mod writer;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use tempfile::TempDir;
use twinlock_protocol::timestamp::Timestamp;
use twinlock_seal::{Keyholder, Seed};
use twinlock_server::all::{self, AllOptions, Running};

pub(crate) use client::{Client, new_team};
pub(crate) use requests::{Answer, Signed, http, http_from};
pub(crate) use writer::{Writer, environment_keys};

pub(crate) const LOOPBACK: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);

/// A vault in a folder of its own, and a client that reaches it.
pub(crate) struct Vault {
    pub(crate) folder: TempDir,
    pub(crate) running: Running,
    pub(crate) http: reqwest::Client,
}

impl Vault {
    pub(crate) async fn start() -> Self {
        Self::start_in(tempfile::tempdir().unwrap()).await
    }

    pub(crate) async fn start_in(folder: TempDir) -> Self {
        let running = all::start(AllOptions { data: data(&folder), listen: LOOPBACK }).await.unwrap();
        Self { folder, running, http: http() }
    }

    /// Stops the vault; its folder stays.
    pub(crate) async fn stop(self) -> TempDir {
        drop(self.http);
        self.running.stop().await.unwrap();
        self.folder
    }

    pub(crate) async fn restart(self) -> Self {
        Self::start_in(self.stop().await).await
    }

    pub(crate) fn setup_code(&self) -> String {
        self.running.setup_code.as_ref().unwrap().expose().to_owned()
    }
}

pub(crate) fn data(folder: &TempDir) -> PathBuf {
    folder.path().join("vault")
}

pub(crate) fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand::fill(&mut bytes);
    bytes
}

pub(crate) fn computer() -> Keyholder {
    Keyholder::from_seed(&Seed::generate(&mut rand::rng()))
}

pub(crate) fn in_a_day() -> Timestamp {
    Timestamp(u64::try_from(now() + 24 * 60 * 60).unwrap() * 1000)
}

/// Every row of both databases.
pub(crate) fn databases(vault: &Vault) -> BTreeMap<String, Vec<Vec<rusqlite::types::Value>>> {
    let mut rows = BTreeMap::new();
    for file in ["application.db", "vault.db"] {
        let database = rusqlite::Connection::open(data(&vault.folder).join(file)).unwrap();
        let mut tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").unwrap();
        let tables: Vec<String> =
            tables.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        for table in tables {
            let mut every = database.prepare(&format!("SELECT * FROM {table}")).unwrap();
            let columns = every.column_count();
            let content = every
                .query_map([], |row| (0..columns).map(|column| row.get(column)).collect())
                .unwrap()
                .map(Result::unwrap)
                .collect();
            rows.insert(format!("{file} {table}"), content);
        }
    }
    rows
}
