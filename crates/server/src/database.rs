//! One SQLite database of one service: opening, migrations, its keyring, and transactions off the async
//! threads.
//!
//! One connection writes and one reads. What is acknowledged is on the disk (`synchronous = FULL`), and
//! what is deleted is overwritten (`secure_delete`).

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use refinery::{Migration, Runner};
use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior};

use crate::keyring::{DataKeyId, Keyring, KeyringError, Owner, RootKey, RootKeyError, WrappedDataKey};
use crate::private_file::{self, PrivateFileError};

/// Why a database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Its file could not be made.
    #[error(transparent)]
    File(#[from] PrivateFileError),
    /// SQLite refused.
    #[error("the database {} could not be opened: {source}", path.display())]
    Sqlite {
        /// The database.
        path: PathBuf,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// Its tables could not be brought up to date.
    #[error("the tables of {} could not be brought up to date; nothing was served: {source}", path.display())]
    Migration {
        /// The database.
        path: PathBuf,
        /// What went wrong.
        source: Box<refinery::Error>,
    },
    /// Its root key could not be had.
    #[error(transparent)]
    RootKey(#[from] RootKeyError),
    /// Its data keys do not open.
    #[error("{}: {source}", path.display())]
    Keyring {
        /// The database.
        path: PathBuf,
        /// What went wrong.
        source: KeyringError,
    },
}

/// Why a transaction failed. Nothing of it was kept.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// SQLite refused.
    #[error("the database did not do what was asked: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// A field does not open.
    #[error(transparent)]
    Field(#[from] KeyringError),
    /// Rows contradict each other: somebody changed the database from outside.
    #[error("the database contradicts itself: {0}")]
    Contradiction(&'static str),
    /// The task that ran it was stopped.
    #[error("the transaction was stopped before its end")]
    Stopped,
}

/// Where a database and its root key are.
pub(crate) struct Location<'a> {
    pub(crate) database: &'a Path,
    pub(crate) root_key: &'a Path,
    pub(crate) owner: Owner,
}

/// An open database with its keyring.
#[derive(Clone)]
pub(crate) struct Database {
    writer: Arc<Mutex<Connection>>,
    reader: Arc<Mutex<Connection>>,
    keyring: Arc<Keyring>,
}

impl Database {
    /// Opens or makes a database; blocks. A root key is made only where there are no data keys yet.
    pub(crate) fn open(location: &Location<'_>, migrations: &[(&str, &str)]) -> Result<Self, OpenError> {
        let path = location.database;
        let sqlite = |source| OpenError::Sqlite { path: path.to_owned(), source };
        if !path.exists() {
            // SQLite gives its side files the mode of the main one.
            private_file::create(path, b"")?;
        }
        let mut writer = connect(path).map_err(sqlite)?;
        migrate(&mut writer, migrations)
            .map_err(|source| OpenError::Migration { path: path.to_owned(), source: Box::new(source) })?;
        let keyring = keyring(&mut writer, location)?;
        let reader = connect(path).map_err(sqlite)?;
        reader.pragma_update(None, "query_only", true).map_err(sqlite)?;
        Ok(Self {
            writer: Arc::new(Mutex::new(writer)),
            reader: Arc::new(Mutex::new(reader)),
            keyring: Arc::new(keyring),
        })
    }

    /// Writes everything into the main file and empties the log of changes beside it: what was deleted is then in
    /// neither. A reader that is at work keeps the log from being emptied; then the next time does it.
    pub(crate) async fn flush(&self) -> Result<(), StoreError> {
        run(Arc::clone(&self.writer), |connection| {
            let flush = "PRAGMA wal_checkpoint(TRUNCATE)";
            connection.query_row(flush, (), |_| Ok(())).map_err(StoreError::from)
        })
        .await
    }

    /// Runs one transaction that may write. It is committed if `work` succeeds, and leaves nothing if not.
    pub(crate) async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: FnOnce(&Transaction<'_>, &Keyring) -> Result<T, E> + Send + 'static,
    {
        let keyring = Arc::clone(&self.keyring);
        run(Arc::clone(&self.writer), move |connection| {
            let transaction = connection
                .transaction_with_behavior(TransactionBehavior::Immediate)
                .map_err(StoreError::from)?;
            let done = work(&transaction, &keyring)?;
            transaction.commit().map_err(StoreError::from)?;
            Ok(done)
        })
        .await
    }

    /// Runs one transaction that only reads: all of it sees the same moment.
    pub(crate) async fn read<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: FnOnce(&Transaction<'_>, &Keyring) -> Result<T, E> + Send + 'static,
    {
        let keyring = Arc::clone(&self.keyring);
        run(Arc::clone(&self.reader), move |connection| {
            let transaction = connection.transaction().map_err(StoreError::from)?;
            work(&transaction, &keyring)
        })
        .await
    }
}

async fn run<T, E, F>(connection: Arc<Mutex<Connection>>, work: F) -> Result<T, E>
where
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
    F: FnOnce(&mut Connection) -> Result<T, E> + Send + 'static,
{
    let task = tokio::task::spawn_blocking(move || {
        // After a panic the transaction was rolled back by its drop, so the connection is as good as new.
        let mut connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
        work(&mut connection)
    });
    task.await.unwrap_or_else(|_| Err(StoreError::Stopped.into()))
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "secure_delete", true)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    Ok(connection)
}

fn migrate(connection: &mut Connection, migrations: &[(&str, &str)]) -> Result<(), refinery::Error> {
    let migrations = migrations
        .iter()
        .map(|(name, sql)| Migration::unapplied(name, sql))
        .collect::<Result<Vec<_>, _>>()?;
    Runner::new(&migrations).set_grouped(true).run(connection)?;
    Ok(())
}

/// Loads the keyring, or makes its first data key. The table `data_keys` is in both databases.
fn keyring(connection: &mut Connection, location: &Location<'_>) -> Result<Keyring, OpenError> {
    let sqlite = |source| OpenError::Sqlite { path: location.database.to_owned(), source };
    let broken = |source| OpenError::Keyring { path: location.database.to_owned(), source };
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(sqlite)?;
    let stored = stored_data_keys(&transaction).map_err(sqlite)?;
    let root = RootKey::load(location.root_key)?;
    if stored.is_empty() {
        let root = match root {
            Some(root) => root,
            None => RootKey::make(location.root_key)?,
        };
        let (keyring, first) = Keyring::make_first(location.owner, &root).map_err(broken)?;
        transaction
            .execute(
                "INSERT INTO data_keys (id, wrapped, use) VALUES (?1, ?2, 'current')",
                (first.id.as_bytes(), &first.wrapped),
            )
            .map_err(sqlite)?;
        transaction.commit().map_err(sqlite)?;
        return Ok(keyring);
    }
    let root = root.ok_or_else(|| RootKeyError::Missing { path: location.root_key.to_owned() })?;
    let current = transaction
        .query_row("SELECT id FROM data_keys WHERE use = 'current'", [], |row| row.get::<_, Vec<u8>>(0))
        .optional()
        .map_err(sqlite)?
        .ok_or_else(|| broken(KeyringError::Damaged))?;
    let stored = stored
        .into_iter()
        .map(|(id, wrapped)| Ok(WrappedDataKey { id: DataKeyId::try_from(id.as_slice())?, wrapped }))
        .collect::<Result<Vec<_>, _>>()
        .map_err(broken)?;
    let current = DataKeyId::try_from(current.as_slice()).map_err(broken)?;
    Keyring::unwrap(location.owner, &root, current, &stored).map_err(broken)
}

fn stored_data_keys(transaction: &Transaction<'_>) -> rusqlite::Result<Vec<(Vec<u8>, Vec<u8>)>> {
    transaction
        .prepare("SELECT id, wrapped FROM data_keys")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}
