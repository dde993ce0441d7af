//! `vault.db`: pointer → sealed value, sealed once more.

use std::path::Path;

use rusqlite::{OptionalExtension as _, Transaction};
use twinlock_protocol::Pointer;
use twinlock_protocol::limits::PAGE_BYTES;

use super::wire::{QueryAnswer, SealedValue};
use crate::database::{Database, Location, OpenError, StoreError};
use crate::keyring::{Keyring, KeyringError, Owner, Place};

const MIGRATIONS: &[(&str, &str)] =
    &[("V1__sealed_values", include_str!("../../migrations/vault/V1__sealed_values.sql"))];

/// The vault service's database.
#[derive(Clone)]
pub(crate) struct VaultStore {
    database: Database,
}

impl VaultStore {
    /// Opens or makes the database; blocks.
    pub(crate) fn open(database: &Path, root_key: &Path) -> Result<Self, OpenError> {
        let location = Location { database, root_key, owner: Owner::Vault };
        Ok(Self { database: Database::open(&location, MIGRATIONS)? })
    }

    /// Stores values. A pointer that already holds the same value is fine; one that holds another is left
    /// alone and given back.
    pub(crate) async fn put(&self, values: Vec<SealedValue>) -> Result<Vec<Pointer>, StoreError> {
        self.database
            .write(move |transaction, keyring| {
                let mut taken = Vec::new();
                for SealedValue { pointer, blob } in &values {
                    match stored(transaction, *pointer)? {
                        None => insert(transaction, keyring, *pointer, blob)?,
                        Some(sealed) => {
                            if keyring.open_field(place(pointer), &sealed)? != blob.0 {
                                taken.push(*pointer);
                            }
                        }
                    }
                }
                Ok(taken)
            })
            .await
    }

    /// Fetches what is there, up to a page.
    pub(crate) async fn query(&self, pointers: Vec<Pointer>) -> Result<QueryAnswer, StoreError> {
        self.database
            .read(move |transaction, keyring| {
                let (mut answer, mut size) = (QueryAnswer::default(), 0);
                for pointer in pointers {
                    let Some(sealed) = stored(transaction, pointer)? else {
                        answer.missing.push(pointer);
                        continue;
                    };
                    size += sealed.len();
                    if size > PAGE_BYTES && !answer.values.is_empty() {
                        break;
                    }
                    match keyring.open_field(place(&pointer), &sealed) {
                        Ok(blob) => answer.values.push(SealedValue { pointer, blob: blob.into() }),
                        Err(KeyringError::Damaged) => answer.damaged.push(pointer),
                        Err(other) => return Err(other.into()),
                    }
                }
                Ok(answer)
            })
            .await
    }

    /// Deletes values; those that are gone already are fine.
    pub(crate) async fn delete(&self, pointers: Vec<Pointer>) -> Result<(), StoreError> {
        self.database
            .write(move |transaction, _| {
                let mut statement =
                    transaction.prepare_cached("DELETE FROM sealed_values WHERE pointer = ?1")?;
                for pointer in pointers {
                    statement.execute([pointer.as_bytes()])?;
                }
                Ok::<_, StoreError>(())
            })
            .await?;
        self.database.flush().await
    }
}

fn place(pointer: &Pointer) -> Place<'_> {
    Place { table: "sealed_values", column: "sealed", row: pointer.as_bytes() }
}

fn stored(transaction: &Transaction<'_>, pointer: Pointer) -> Result<Option<Vec<u8>>, StoreError> {
    Ok(transaction
        .prepare_cached("SELECT sealed FROM sealed_values WHERE pointer = ?1")?
        .query_row([pointer.as_bytes()], |row| row.get(0))
        .optional()?)
}

fn insert(
    transaction: &Transaction<'_>,
    keyring: &Keyring,
    pointer: Pointer,
    blob: &[u8],
) -> Result<(), StoreError> {
    let sealed = keyring.seal_field(place(&pointer), blob)?;
    transaction
        .prepare_cached("INSERT INTO sealed_values (pointer, sealed) VALUES (?1, ?2)")?
        .execute((pointer.as_bytes(), sealed))?;
    Ok(())
}
