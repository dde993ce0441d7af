//! The outbox (plans that are not carried out yet, in order) and the backups (a file's last contents, for
//! *Undo*). Plans, never blobs: values are sealed when they are pushed.

use jiff::Timestamp;
use zeroize::Zeroizing;

use super::sealed::Place;
use super::{Step, StoreError, id};
use crate::files::LinkedFileId;

/// Names a plan in the outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PlanId([u8; 16]);

/// A plan that waits to be carried out. Has no `Debug`.
pub struct OutboxItem {
    /// Its id.
    pub id: PlanId,
    /// The file it is about.
    pub file: LinkedFileId,
    /// The plan, in the form it was given.
    pub plan: Zeroizing<Vec<u8>>,
}

/// Names a backup.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BackupId([u8; 16]);

/// That a content was kept; the content itself is asked for by id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backup {
    /// Its id.
    pub id: BackupId,
    /// When it was taken.
    pub taken_at: Timestamp,
}

/// Contents kept of each file.
const BACKUPS: u32 = 20;

impl Step<'_> {
    /// Puts a plan at the end of the outbox.
    pub fn add_plan(&mut self, file: LinkedFileId, plan: &[u8]) -> Result<PlanId, StoreError> {
        let id: [u8; 16] = rand::random();
        let sealed = self.seal.seal(plan_place(&[&id, file.as_bytes()]), plan)?;
        self.write(
            "INSERT INTO outbox (id, file, sealed_plan) VALUES (?1, ?2, ?3)",
            (id, file.as_bytes(), sealed),
        )?;
        Ok(PlanId(id))
    }

    /// All plans, the oldest first.
    pub fn outbox(&self) -> Result<Vec<OutboxItem>, StoreError> {
        type Row = (Vec<u8>, Vec<u8>, Vec<u8>);
        let rows: Vec<Row> =
            self.all("SELECT id, file, sealed_plan FROM outbox ORDER BY number", (), |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })?;
        rows.into_iter()
            .map(|(plan_id, file, sealed)| {
                let plan = self.seal.open(plan_place(&[&plan_id, &file]), &sealed)?;
                Ok(OutboxItem { id: PlanId(array(&plan_id)?), file: id(&file, "outbox.file")?, plan })
            })
            .collect()
    }

    /// Takes a plan out that is carried out, or no longer wanted.
    pub fn remove_plan(&mut self, plan: PlanId) -> Result<(), StoreError> {
        self.write("DELETE FROM outbox WHERE id = ?1", [plan.0])?;
        Ok(())
    }

    /// Keeps a content of a file, unless it is the one kept last, and lets go of the oldest beyond 20.
    pub fn add_backup(&mut self, file: LinkedFileId, text: &str, now: Timestamp) -> Result<(), StoreError> {
        if let Some(last) = self.backups(file)?.first()
            && self.backup(file, last.id)?.is_some_and(|kept| *kept == text)
        {
            return Ok(());
        }
        let id: [u8; 16] = rand::random();
        let sealed = self.seal.seal(content_place(&[&id, file.as_bytes()]), text.as_bytes())?;
        self.write(
            "INSERT INTO backups (id, file, taken_at, sealed_content) VALUES (?1, ?2, ?3, ?4)",
            (id, file.as_bytes(), now.as_millisecond(), sealed),
        )?;
        self.write(
            "DELETE FROM backups WHERE file = ?1 AND number NOT IN
             (SELECT number FROM backups WHERE file = ?1 ORDER BY number DESC LIMIT ?2)",
            (file.as_bytes(), BACKUPS),
        )?;
        Ok(())
    }

    /// What is kept of a file, the newest first.
    pub fn backups(&self, file: LinkedFileId) -> Result<Vec<Backup>, StoreError> {
        let rows: Vec<(Vec<u8>, i64)> = self.all(
            "SELECT id, taken_at FROM backups WHERE file = ?1 ORDER BY number DESC",
            [file.as_bytes()],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        rows.into_iter()
            .map(|(id, taken_at)| {
                let taken_at = Timestamp::from_millisecond(taken_at)
                    .map_err(|_| StoreError::Damaged { place: "backups.taken_at".into() })?;
                Ok(Backup { id: BackupId(array(&id)?), taken_at })
            })
            .collect()
    }

    /// A content that was kept.
    pub fn backup(
        &self,
        file: LinkedFileId,
        backup: BackupId,
    ) -> Result<Option<Zeroizing<String>>, StoreError> {
        let sealed: Option<Vec<u8>> = self.optional(
            "SELECT sealed_content FROM backups WHERE file = ?1 AND id = ?2",
            (file.as_bytes(), backup.0),
            |row| row.get(0),
        )?;
        let row: &[&[u8]] = &[&backup.0, file.as_bytes()];
        sealed
            .map(|sealed| {
                let mut opened = self.seal.open(content_place(row), &sealed)?;
                String::from_utf8(std::mem::take(&mut *opened))
                    .map(Zeroizing::new)
                    .map_err(|_| content_place(row).damaged())
            })
            .transpose()
    }
}

fn array(bytes: &[u8]) -> Result<[u8; 16], StoreError> {
    bytes.try_into().map_err(|_| StoreError::Damaged { place: "outbox or backups".into() })
}

fn plan_place<'a>(row: &'a [&'a [u8]]) -> Place<'a> {
    Place { table: "outbox", column: "plan", row }
}

fn content_place<'a>(row: &'a [&'a [u8]]) -> Place<'a> {
    Place { table: "backups", column: "content", row }
}
