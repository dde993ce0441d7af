//! `application.db`. A transaction is a value: [`Reading`] sees one moment, [`Writing`] also changes it.
//!
//! Every row's content is sealed on its way in and opened on its way out, here and nowhere else.

mod heads;
mod log;
mod pointers;
mod revisions;
mod setup;
mod wraps;

pub(crate) use pointers::{PointerState, StoredPointer};
pub(crate) use setup::SetupCodeHash;

use std::ops::Deref;
use std::path::Path;

use rusqlite::Transaction;

use crate::database::{Database, Location, OpenError, StoreError};
use crate::keyring::{Keyring, Owner, Place};

const MIGRATIONS: &[(&str, &str)] =
    &[("V1__teams", include_str!("../../../migrations/application/V1__teams.sql"))];

/// The application service's database.
#[derive(Clone)]
pub(crate) struct ApplicationStore {
    database: Database,
}

/// A transaction that reads.
pub(crate) struct Reading<'a> {
    transaction: &'a Transaction<'a>,
    keyring: &'a Keyring,
}

/// A transaction that reads and writes.
pub(crate) struct Writing<'a>(Reading<'a>);

impl<'a> Deref for Writing<'a> {
    type Target = Reading<'a>;
    fn deref(&self) -> &Reading<'a> {
        &self.0
    }
}

impl ApplicationStore {
    /// Opens or makes the database; blocks.
    pub(crate) fn open(database: &Path, root_key: &Path) -> Result<Self, OpenError> {
        let location = Location { database, root_key, owner: Owner::Application };
        Ok(Self { database: Database::open(&location, MIGRATIONS)? })
    }

    /// Runs one transaction that only reads.
    pub(crate) async fn read<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: FnOnce(&Reading<'_>) -> Result<T, E> + Send + 'static,
    {
        self.database.read(move |transaction, keyring| work(&Reading { transaction, keyring })).await
    }

    /// Runs one transaction; it is kept if `work` succeeds, and leaves nothing if not.
    pub(crate) async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: FnOnce(&Writing<'_>) -> Result<T, E> + Send + 'static,
    {
        self.database
            .write(move |transaction, keyring| work(&Writing(Reading { transaction, keyring })))
            .await
    }
}

impl Reading<'_> {
    fn open(
        &self,
        table: &'static str,
        column: &'static str,
        row: &[u8],
        field: &[u8],
    ) -> Result<Vec<u8>, StoreError> {
        Ok(self.keyring.open_field(Place { table, column, row }, field)?)
    }

    fn seal(
        &self,
        table: &'static str,
        column: &'static str,
        row: &[u8],
        content: &[u8],
    ) -> Result<Vec<u8>, StoreError> {
        Ok(self.keyring.seal_field(Place { table, column, row }, content)?)
    }
}

/// A number as SQLite keeps it. Sequences and numbers stay far below 2^63.
fn as_integer(number: u64) -> Result<i64, StoreError> {
    i64::try_from(number).map_err(|_| StoreError::Contradiction("a number is out of range"))
}
