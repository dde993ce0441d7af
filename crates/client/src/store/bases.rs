//! The base of each linked file: what was last agreed between this computer and the vault, entry by entry.

use serde::{Deserialize, Serialize};
use twinlock_protocol::EntryId;
use zeroize::{Zeroize as _, Zeroizing};

use super::sealed::Place;
use super::{Step, StoreError};
use crate::files::LinkedFileId;
use crate::sync::{Agreed, Halves};

/// How an entry is written before it is sealed.
#[derive(Serialize)]
struct Written<'a> {
    entry: EntryId,
    left: &'a str,
    right: &'a str,
    revision: u64,
}

#[derive(Deserialize)]
struct Read {
    entry: EntryId,
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
    pub fn base(&self, file: LinkedFileId) -> Result<Option<Vec<Agreed>>, StoreError> {
        let row: &[&[u8]] = &[file.as_bytes()];
        let sealed: Option<Vec<u8>> =
            self.optional("SELECT sealed_entries FROM bases WHERE file = ?1", [file.as_bytes()], |row| {
                row.get(0)
            })?;
        let Some(sealed) = sealed else { return Ok(None) };
        let opened = self.seal.open(entries_place(row), &sealed)?;
        let read: Vec<Read> = serde_json::from_slice(&opened).map_err(|_| entries_place(row).damaged())?;
        let entries = read.into_iter().map(|Read { entry, left, right, revision }| Agreed {
            id: entry,
            halves: Halves { left: left.take(), right: right.take() },
            number: revision,
        });
        Ok(Some(entries.collect()))
    }

    /// Keeps a base, whole, in the place of the one before.
    pub fn set_base(&mut self, file: LinkedFileId, entries: &[Agreed]) -> Result<(), StoreError> {
        let row: &[&[u8]] = &[file.as_bytes()];
        let written: Vec<Written<'_>> = entries
            .iter()
            .map(|agreed| Written {
                entry: agreed.id,
                left: &agreed.halves.left,
                right: &agreed.halves.right,
                revision: agreed.number,
            })
            .collect();
        // Room for all of it, escapes included, so that growing leaves no copies behind.
        let length = |agreed: &Agreed| 256 + 2 * (agreed.halves.left.len() + agreed.halves.right.len());
        let mut text = Zeroizing::new(Vec::with_capacity(entries.iter().map(length).sum()));
        serde_json::to_writer(&mut *text, &written).map_err(|_| entries_place(row).damaged())?;
        let sealed = self.seal.seal(entries_place(row), &text)?;
        self.write(
            "INSERT OR REPLACE INTO bases (file, sealed_entries) VALUES (?1, ?2)",
            (file.as_bytes(), sealed),
        )?;
        Ok(())
    }
}

fn entries_place<'a>(row: &'a [&'a [u8]]) -> Place<'a> {
    Place { table: "bases", column: "entries", row }
}
