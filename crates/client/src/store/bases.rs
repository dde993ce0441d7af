//! The base of each linked file (what was last agreed, entry by entry), and decisions about conflicts.

use serde::{Deserialize, Serialize};
use twinlock_protocol::EntryId;
use twinlock_protocol::position::Position;
use zeroize::{Zeroize as _, Zeroizing};

use super::sealed::Place;
use super::{Opened, Step, StoreError, id};
use crate::files::LinkedFileId;

/// One entry as it was last agreed between this computer and the vault. Has no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct BaseEntry {
    /// The entry.
    pub entry: EntryId,
    /// Its place in the environment's order.
    pub position: Position,
    /// The text up to and including the separator; empty for prose.
    pub left: Zeroizing<String>,
    /// The text after it.
    pub right: Zeroizing<String>,
    /// The revision that put it so.
    pub revision: u64,
}

/// How an entry is written before it is sealed.
#[derive(Serialize)]
struct Written<'a> {
    entry: EntryId,
    position: &'a str,
    left: &'a str,
    right: &'a str,
    revision: u64,
}

#[derive(Deserialize)]
struct Read {
    entry: EntryId,
    position: Position,
    left: Zeroized,
    right: Zeroized,
    revision: u64,
}

/// Text that is wiped also where reading fails half-way.
#[derive(Deserialize)]
struct Zeroized(String);

impl Drop for Zeroized {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl Zeroized {
    fn take(mut self) -> Zeroizing<String> {
        Zeroizing::new(std::mem::take(&mut self.0))
    }
}

impl Step<'_> {
    /// The base of a file, in its order. `None`: nothing was ever agreed.
    pub fn base(&self, file: LinkedFileId) -> Result<Option<Vec<BaseEntry>>, StoreError> {
        let row: &[&[u8]] = &[file.as_bytes()];
        let sealed: Option<Vec<u8>> =
            self.optional("SELECT sealed_entries FROM bases WHERE file = ?1", [file.as_bytes()], |row| {
                row.get(0)
            })?;
        let Some(sealed) = sealed else { return Ok(None) };
        let opened = self.seal.open(entries_place(row), &sealed)?;
        let read: Vec<Read> = serde_json::from_slice(&opened).map_err(|_| entries_place(row).damaged())?;
        let entries = read.into_iter().map(|Read { entry, position, left, right, revision }| BaseEntry {
            entry,
            position,
            left: left.take(),
            right: right.take(),
            revision,
        });
        Ok(Some(entries.collect()))
    }

    /// Keeps a base, whole, in the place of the one before.
    pub fn set_base(&mut self, file: LinkedFileId, entries: &[BaseEntry]) -> Result<(), StoreError> {
        let row: &[&[u8]] = &[file.as_bytes()];
        let written: Vec<Written<'_>> = entries
            .iter()
            .map(|entry| Written {
                entry: entry.entry,
                position: entry.position.as_str(),
                left: &entry.left,
                right: &entry.right,
                revision: entry.revision,
            })
            .collect();
        // Room for all of it, escapes included, so that growing leaves no copies behind.
        let room = entries.iter().map(|entry| 256 + 2 * (entry.left.len() + entry.right.len())).sum();
        let mut text = Zeroizing::new(Vec::with_capacity(room));
        serde_json::to_writer(&mut *text, &written).map_err(|_| entries_place(row).damaged())?;
        let sealed = self.seal.seal(entries_place(row), &text)?;
        self.write(
            "INSERT OR REPLACE INTO bases (file, sealed_entries) VALUES (?1, ?2)",
            (file.as_bytes(), sealed),
        )?;
        Ok(())
    }

    /// Keeps what was decided about an entry in conflict, in the form the caller gives it.
    pub fn set_resolution(
        &mut self,
        file: LinkedFileId,
        entry: EntryId,
        decision: &[u8],
    ) -> Result<(), StoreError> {
        let row: &[&[u8]] = &[file.as_bytes(), entry.as_bytes()];
        let sealed = self.seal.seal(decision_place(row), decision)?;
        self.write(
            "INSERT OR REPLACE INTO resolutions (file, entry, sealed_decision) VALUES (?1, ?2, ?3)",
            (file.as_bytes(), entry.as_bytes(), sealed),
        )?;
        Ok(())
    }

    /// All decisions about a file's conflicts.
    pub fn resolutions(&self, file: LinkedFileId) -> Result<Vec<(EntryId, Opened)>, StoreError> {
        let rows: Vec<(Vec<u8>, Vec<u8>)> = self.all(
            "SELECT entry, sealed_decision FROM resolutions WHERE file = ?1 ORDER BY entry",
            [file.as_bytes()],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        rows.into_iter()
            .map(|(entry, sealed)| {
                let decision = self.seal.open(decision_place(&[file.as_bytes(), &entry]), &sealed)?;
                Ok((id(&entry, "resolutions.entry")?, decision))
            })
            .collect()
    }

    /// Forgets a decision that was carried out, or no longer fits.
    pub fn forget_resolution(&mut self, file: LinkedFileId, entry: EntryId) -> Result<(), StoreError> {
        self.write(
            "DELETE FROM resolutions WHERE file = ?1 AND entry = ?2",
            (file.as_bytes(), entry.as_bytes()),
        )?;
        Ok(())
    }
}

fn entries_place<'a>(row: &'a [&'a [u8]]) -> Place<'a> {
    Place { table: "bases", column: "entries", row }
}

fn decision_place<'a>(row: &'a [&'a [u8]]) -> Place<'a> {
    Place { table: "resolutions", column: "decision", row }
}
