//! Environments and their histories.

use rusqlite::OptionalExtension as _;
use twinlock_protocol::event::Head;
use twinlock_protocol::{Envelope, EnvironmentId};

use super::log::{envelope, json};
use super::{Reading, Writing, as_integer, heads};
use crate::database::StoreError;

impl Reading<'_> {
    /// Where an environment's history ends, as it was noted apart from the history.
    pub(crate) fn environment_head(&self, environment: EnvironmentId) -> Result<Option<Head>, StoreError> {
        let field: Option<Vec<u8>> = self
            .transaction
            .prepare_cached("SELECT head FROM environments WHERE environment = ?1")?
            .query_row([environment.as_bytes()], |row| row.get(0))
            .optional()?;
        let Some(field) = field else { return Ok(None) };
        let (number, hash) =
            heads::from_bytes(&self.open("environments", "head", environment.as_bytes(), &field)?)?;
        Ok(Some(Head { number, hash }))
    }

    /// At most `limit` revisions after a number, and no more once they exceed `bytes`.
    pub(crate) fn revisions(
        &self,
        environment: EnvironmentId,
        after: u64,
        limit: usize,
        bytes: usize,
    ) -> Result<Vec<Envelope>, StoreError> {
        let mut statement = self.transaction.prepare_cached(
            "SELECT number, statement FROM revisions WHERE environment = ?1 AND number > ?2 ORDER BY number LIMIT ?3",
        )?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let mut rows = statement.query((environment.as_bytes(), as_integer(after)?, limit))?;
        let (mut revisions, mut size) = (Vec::new(), 0);
        while let Some(row) = rows.next()? {
            let (number, field): (i64, Vec<u8>) = (row.get(0)?, row.get(1)?);
            size += field.len();
            if size > bytes && !revisions.is_empty() {
                break;
            }
            let json = self.open("revisions", "statement", &row_key(environment, number), &field)?;
            revisions.push(envelope(&json)?);
        }
        Ok(revisions)
    }
}

impl Writing<'_> {
    /// Appends one revision; the head is set by [`Self::set_environment_head`] in the same transaction.
    pub(crate) fn insert_revision(
        &self,
        environment: EnvironmentId,
        number: u64,
        statement: &Envelope,
    ) -> Result<(), StoreError> {
        let number = as_integer(number)?;
        let field = self.seal("revisions", "statement", &row_key(environment, number), &json(statement)?)?;
        self.transaction
            .prepare_cached("INSERT INTO revisions (environment, number, statement) VALUES (?1, ?2, ?3)")?
            .execute((environment.as_bytes(), number, field))?;
        Ok(())
    }

    /// Notes where the history ends, for an environment known or new.
    pub(crate) fn set_environment_head(
        &self,
        environment: EnvironmentId,
        head: Head,
    ) -> Result<(), StoreError> {
        let head = heads::to_bytes(head.number, head.hash);
        let field = self.seal("environments", "head", environment.as_bytes(), &head)?;
        self.transaction
            .prepare_cached(
                "INSERT INTO environments (environment, head) VALUES (?1, ?2)
                 ON CONFLICT (environment) DO UPDATE SET head = excluded.head",
            )?
            .execute((environment.as_bytes(), field))?;
        Ok(())
    }
}

fn row_key(environment: EnvironmentId, number: i64) -> Vec<u8> {
    [environment.as_bytes().as_slice(), &number.to_be_bytes()].concat()
}
