//! The store of a home: one SQLite file for everything that must outlive a program.
//!
//! Names, labels, paths, texts and plans are sealed under the home's key before they reach the database.
//! Every step is one transaction, so a crash leaves a step done or not begun. Window and command line may
//! have the store open at once. Blocking: an async caller uses `spawn_blocking`.

mod allowed;
mod bases;
mod checkpoints;
mod files;
mod history;
pub(crate) mod lock;
mod outbox;
mod remembered;
mod sealed;
mod teams;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, Transaction, TransactionBehavior};
use twinlock_protocol::{EnvironmentId, TeamId};
use zeroize::Zeroizing;

use crate::home::Home;
use crate::keychain::{Key, new_key};
use sealed::{LocalSeal, Place};

pub use allowed::Allowed;
pub use checkpoints::{KeptTeam, NewCheckpoint};
pub use files::{LinkedFile, Mode};
pub use history::{GivenUp, Pin};
pub use lock::{HomeLock, HomeLockError};
pub use outbox::{Backup, BackupId, OutboxItem, PlanId};
pub use remembered::{RefusalRecord, Scope};
pub use teams::TeamRecord;

/// The open store of a home.
pub struct Store {
    connection: Mutex<Connection>,
    /// None while it is locked.
    seal: Mutex<Option<Arc<LocalSeal>>>,
}

/// Bytes that were sealed in the store. Wiped when dropped.
pub type Opened = Zeroizing<Vec<u8>>;

/// One transaction: what is read is of one moment, what is written is written whole or not at all.
pub struct Step<'a> {
    transaction: Transaction<'a>,
    seal: Arc<LocalSeal>,
}

/// Why the store did not do something. Nothing was changed then.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Its key was put away.
    #[error("Twinlock is locked. Unlock it first, with “twinlock unlock”; nothing was changed.")]
    Locked,
    /// Another program writes and does not end.
    #[error("Another Twinlock program is writing to the store. Nothing was changed; try again in a moment.")]
    Busy,
    /// The database itself failed.
    #[error("The store of this Twinlock folder cannot be used: {0}. Nothing was changed.")]
    Database(#[source] rusqlite::Error),
    /// Its file cannot be made or opened.
    #[error("The store of this Twinlock folder cannot be opened: {0}. Nothing was changed.")]
    File(#[from] std::io::Error),
    /// Its form could not be brought up to date.
    #[error("The store of this Twinlock folder could not be prepared: {0}. Nothing was changed.")]
    Form(#[source] Box<refinery::Error>),
    /// A newer program has written to it.
    #[error(
        "The store of this Twinlock folder was written by a newer Twinlock. Update this program; nothing was changed."
    )]
    Newer,
    /// The key is not the one it was sealed under.
    #[error(
        "The key in the keychain does not open this Twinlock folder. Choose the keychain that holds its key; nothing was changed. If that key is lost: “twinlock recovery restore”, with TWINLOCK_HOME set to a new folder."
    )]
    WrongKey,
    /// A value in it does not open, or is not of the expected form.
    #[error(
        "Something in the store of this Twinlock folder is damaged ({place}). Your files are untouched; restore the folder from a backup, or join the team again."
    )]
    Damaged {
        /// Table and column.
        place: String,
    },
    /// A value too large to be sealed.
    #[error("This is too large for the store. Nothing was changed.")]
    TooLarge,
    /// The path is linked already.
    #[error("This file is linked already. Unlink it first to tie it to another environment.")]
    AlreadyLinked,
    /// The path is not text.
    #[error(
        "The path of this file is not Unicode text, so it cannot be linked. Rename the file or its folder."
    )]
    PathNotText,
    /// A history would go back behind what was seen of it.
    #[error("A history would go back behind what this computer has seen of it. Nothing was changed.")]
    PinGoesBack,
    /// Nothing of a history is kept beyond where it is to go back to.
    #[error("Nothing of this history is kept beyond there. Nothing was changed.")]
    NothingToGiveUp,
    /// Another statement is kept under this number.
    #[error("Another statement is kept under this number. Nothing was changed.")]
    OtherStatement,
}

mod embedded {
    refinery::embed_migrations!("migrations");
}

/// How long a step waits for another program's.
const WAIT: Duration = Duration::from_secs(10);

impl Store {
    /// Opens the home's store, made first if there is none, and checks that `local` is its key.
    pub fn open(home: &Home, local: &Key) -> Result<Self, StoreError> {
        let seal = Mutex::new(Some(Arc::new(LocalSeal::derive(local))));
        let path = home.database();
        // One program at a time makes the file and brings its form up to date.
        let opening = lock::private_file(&home.folder().join("home.db.lock"))?;
        lock::take(&opening, WAIT, || false).map_err(|error| match error {
            HomeLockError::Busy => StoreError::Busy,
            HomeLockError::Unusable(error) => StoreError::File(error),
        })?;
        // Made here, for its owner alone: SQLite gives its companion files the same mode.
        drop(lock::private_file(&path)?);
        let mut connection = Connection::open(&path)?;
        connection.busy_timeout(WAIT)?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.pragma_update(None, "synchronous", "full")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.pragma_update(None, "secure_delete", true)?;
        connection.pragma_update(None, "trusted_schema", false)?;
        migrate(&mut connection)?;
        let store = Self { connection: Mutex::new(connection), seal };
        store.step(|step| step.check_key(home))?;
        Ok(store)
    }

    /// A store that ends with this value and never touches a disk, under a key that nobody else knows.
    pub fn in_memory() -> Result<Self, StoreError> {
        let seal = LocalSeal::derive(&new_key());
        let mut connection = Connection::open_in_memory()?;
        // What does not fit into a page cache stays in memory too.
        connection.pragma_update(None, "temp_store", "memory")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.pragma_update(None, "trusted_schema", false)?;
        migrate(&mut connection)?;
        Ok(Self { connection: Mutex::new(connection), seal: Mutex::new(Some(Arc::new(seal))) })
    }

    /// Forgets the key. From then on every step fails, until [`Self::take_key`].
    pub(crate) fn forget_key(&self) {
        *self.seal.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Takes the key again, after checking that it is this home's.
    pub(crate) fn take_key(&self, home: &Home, local: &Key) -> Result<(), StoreError> {
        *self.seal.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(LocalSeal::derive(local)));
        let checked = self.step(|step| step.check_key(home));
        if checked.is_err() {
            self.forget_key();
        }
        checked
    }

    /// Reads, all of one moment. Writing is not possible here: it needs `&mut Step`.
    pub fn read<T, E: From<StoreError>>(&self, look: impl FnOnce(&Step<'_>) -> Result<T, E>) -> Result<T, E> {
        let mut connection = self.connection();
        let step = self.begin(&mut connection, TransactionBehavior::Deferred)?;
        look(&step)
    }

    /// Reads and writes. What was written counts when `take` returns `Ok`, all of it; else none of it.
    pub fn step<T, E: From<StoreError>>(
        &self,
        take: impl FnOnce(&mut Step<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut connection = self.connection();
        let mut step = self.begin(&mut connection, TransactionBehavior::Immediate)?;
        let result = take(&mut step)?;
        step.transaction.commit().map_err(StoreError::from)?;
        Ok(result)
    }

    /// Empties the log of changes beside the database, so that what was deleted is in neither. Another program at
    /// work keeps it from that; then the next time does it.
    pub fn flush(&self) -> Result<(), StoreError> {
        Ok(self.connection().query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |_| Ok(()))?)
    }

    /// A number that is another one after another program has written. (It stays after one's own steps.)
    pub fn others_version(&self) -> Result<i64, StoreError> {
        Ok(self.connection().pragma_query_value(None, "data_version", |row| row.get(0))?)
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        // A step that panicked was rolled back when its transaction was dropped.
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin<'a>(
        &'a self,
        connection: &'a mut Connection,
        behavior: TransactionBehavior,
    ) -> Result<Step<'a>, StoreError> {
        let seal = self.seal.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let seal = seal.ok_or(StoreError::Locked)?;
        let transaction = connection.transaction_with_behavior(behavior)?;
        Ok(Step { transaction, seal })
    }
}

fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    let mut runner = embedded::migrations::runner();
    let known = runner.get_migrations().iter().map(refinery::Migration::version).max();
    let form = |error| StoreError::Form(Box::new(error));
    let exists: bool = connection.query_row(
        "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'refinery_schema_history')",
        (),
        |row| row.get(0),
    )?;
    if exists {
        let applied = runner.get_last_applied_migration(connection).map_err(form)?;
        if applied.as_ref().map(refinery::Migration::version) > known {
            return Err(StoreError::Newer);
        }
    }
    runner = runner.set_grouped(true);
    runner.run(connection).map_err(form)?;
    Ok(())
}

impl Step<'_> {
    /// Seals the home's id the first time, and must open it ever after.
    fn check_key(&mut self, home: &Home) -> Result<(), StoreError> {
        let place = Place { table: "home", column: "check", row: &[] };
        let kept: Option<Vec<u8>> = self.optional("SELECT sealed_check FROM home", (), |row| row.get(0))?;
        match kept {
            Some(sealed) => match self.seal.open(place, &sealed) {
                Ok(id) if *id == *home.id().as_bytes() => Ok(()),
                _ => Err(StoreError::WrongKey),
            },
            None => {
                let sealed = self.seal.seal(place, home.id().as_bytes())?;
                self.write("INSERT INTO home (only_row, sealed_check) VALUES (1, ?1)", [sealed])?;
                Ok(())
            }
        }
    }

    /// A sealed note under a fixed name, for what needs no table of its own.
    pub fn note(&self, name: &'static str) -> Result<Option<Opened>, StoreError> {
        let sealed: Option<Vec<u8>> =
            self.optional("SELECT sealed_note FROM notes WHERE name = ?1", [name], |row| row.get(0))?;
        sealed.map(|sealed| self.seal.open(note_place(&[name.as_bytes()]), &sealed)).transpose()
    }

    /// Keeps a note in the place of any other of this name.
    pub fn set_note(&mut self, name: &'static str, note: &[u8]) -> Result<(), StoreError> {
        let sealed = self.seal.seal(note_place(&[name.as_bytes()]), note)?;
        self.write("INSERT OR REPLACE INTO notes (name, sealed_note) VALUES (?1, ?2)", (name, sealed))?;
        Ok(())
    }

    fn write(&self, sql: &str, values: impl rusqlite::Params) -> Result<usize, StoreError> {
        Ok(self.transaction.prepare_cached(sql)?.execute(values)?)
    }

    fn optional<T>(
        &self,
        sql: &str,
        values: impl rusqlite::Params,
        read: impl FnOnce(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>, StoreError> {
        match self.transaction.prepare_cached(sql)?.query_row(values, read) {
            Ok(value) => Ok(Some(value)),
            Err(rusqlite::Error::QueryReturnedNoRows) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn all<T>(
        &self,
        sql: &str,
        values: impl rusqlite::Params,
        read: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, StoreError> {
        let mut statement = self.transaction.prepare_cached(sql)?;
        let rows = statement.query_map(values, read)?.collect::<Result<Vec<T>, _>>()?;
        Ok(rows)
    }
}

fn note_place<'a>(row: &'a [&'a [u8]]) -> Place<'a> {
    Place { table: "notes", column: "note", row }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked) => Self::Busy,
            Some(rusqlite::ErrorCode::NotADatabase | rusqlite::ErrorCode::DatabaseCorrupt) => {
                Self::Damaged { place: "the whole database".into() }
            }
            _ => Self::Database(error),
        }
    }
}

/// Reads an id that the database holds; what does not fit is damage.
fn id<T: for<'a> TryFrom<&'a [u8]>>(bytes: &[u8], place: &str) -> Result<T, StoreError> {
    T::try_from(bytes).map_err(|_| StoreError::Damaged { place: place.into() })
}

/// SQLite's integers are signed; ours are counts that never reach its limit.
fn number(value: u64) -> Result<i64, StoreError> {
    i64::try_from(value).map_err(|_| StoreError::TooLarge)
}

fn count(value: i64, place: &str) -> Result<u64, StoreError> {
    u64::try_from(value).map_err(|_| StoreError::Damaged { place: place.into() })
}

impl Scope {
    fn kind(&self) -> &'static str {
        match self {
            Self::Team(_) => "team",
            Self::Environment(_) => "environment",
        }
    }

    fn bytes(&self) -> &[u8; 16] {
        match self {
            Self::Team(team) => team.as_bytes(),
            Self::Environment(environment) => environment.as_bytes(),
        }
    }

    fn read(kind: &str, bytes: &[u8], place: &str) -> Result<Self, StoreError> {
        match kind {
            "team" => id::<TeamId>(bytes, place).map(Self::Team),
            "environment" => id::<EnvironmentId>(bytes, place).map(Self::Environment),
            _ => Err(StoreError::Damaged { place: place.into() }),
        }
    }
}
