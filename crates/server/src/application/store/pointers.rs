//! Pointers and what became of their values: noted, stored, used, dying.
//!
//! Only a *used* pointer is part of a history; the others are on their way there or away.

use rusqlite::OptionalExtension as _;
use twinlock_protocol::{Digest, EnvironmentId, KeyholderId, Pointer};

use super::{Reading, Writing};
use crate::database::StoreError;

/// What became of a pointer's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PointerState {
    /// Announced; whether the vault has the value is not known.
    Noted,
    /// The vault acknowledged the value.
    Stored,
    /// A revision names it.
    Used,
    /// No revision named it in time: its value is being deleted.
    Dying,
}

impl PointerState {
    const ALL: [Self; 4] = [Self::Noted, Self::Stored, Self::Used, Self::Dying];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Noted => "noted",
            Self::Stored => "stored",
            Self::Used => "used",
            Self::Dying => "dying",
        }
    }
}

/// What is known of a pointer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StoredPointer {
    pub(crate) state: PointerState,
    /// Seconds since 1970 of the last put.
    pub(crate) touched_at: i64,
    pub(crate) environment: EnvironmentId,
    pub(crate) uploader: KeyholderId,
    pub(crate) digest: Digest,
    /// Of the sealed value; 0 where it was put before this was noted.
    pub(crate) bytes: u32,
}

impl Reading<'_> {
    /// What is known of a pointer, if anything.
    pub(crate) fn pointer(&self, pointer: Pointer) -> Result<Option<StoredPointer>, StoreError> {
        let row: Option<(String, i64, Vec<u8>)> = self
            .transaction
            .prepare_cached("SELECT state, touched_at, about FROM pointers WHERE pointer = ?1")?
            .query_row([pointer.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .optional()?;
        let Some((state, touched_at, field)) = row else { return Ok(None) };
        let state = PointerState::ALL
            .into_iter()
            .find(|known| known.as_str() == state)
            .ok_or(StoreError::Contradiction("a pointer's state is not known"))?;
        let about = self.open("pointers", "about", &row_key(pointer, state), &field)?;
        about_from(&about)
            .map(|(environment, uploader, digest, bytes)| {
                Some(StoredPointer { state, touched_at, environment, uploader, digest, bytes })
            })
            .ok_or(StoreError::Contradiction("what is stored about a pointer has not the form of it"))
    }

    /// Pointers to sweep: those already dying, and those that no revision named since `before`.
    pub(crate) fn unused_pointers(&self, before: i64, limit: usize) -> Result<Vec<Pointer>, StoreError> {
        let mut statement = self.transaction.prepare_cached(
            "SELECT pointer FROM pointers WHERE state <> 'used' AND (state = 'dying' OR touched_at < ?1) LIMIT ?2",
        )?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = statement.query_map((before, limit), |row| row.get::<_, Vec<u8>>(0))?;
        rows.map(|row| {
            Pointer::try_from(row?.as_slice())
                .map_err(|_| StoreError::Contradiction("a pointer has another size"))
        })
        .collect()
    }
}

impl Writing<'_> {
    /// Writes what is known of a pointer, in place of what was known before.
    pub(crate) fn set_pointer(&self, pointer: Pointer, known: &StoredPointer) -> Result<(), StoreError> {
        let about = [
            known.environment.as_bytes().as_slice(),
            known.uploader.as_bytes(),
            known.digest.as_bytes(),
            &known.bytes.to_be_bytes(),
        ]
        .concat();
        let field = self.seal("pointers", "about", &row_key(pointer, known.state), &about)?;
        self.transaction
            .prepare_cached(
                "INSERT INTO pointers (pointer, state, touched_at, about) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (pointer) DO UPDATE
                 SET state = excluded.state, touched_at = excluded.touched_at, about = excluded.about",
            )?
            .execute((pointer.as_bytes(), known.state.as_str(), known.touched_at, field))?;
        Ok(())
    }

    /// Forgets a dying pointer, whose value is gone. Any other is left alone.
    pub(crate) fn forget_dying(&self, pointer: Pointer) -> Result<(), StoreError> {
        self.transaction
            .prepare_cached("DELETE FROM pointers WHERE pointer = ?1 AND state = 'dying'")?
            .execute([pointer.as_bytes()])?;
        Ok(())
    }
}

fn about_from(bytes: &[u8]) -> Option<(EnvironmentId, KeyholderId, Digest, u32)> {
    let (environment, rest) = bytes.split_at_checked(EnvironmentId::LENGTH)?;
    let (uploader, rest) = rest.split_at_checked(KeyholderId::LENGTH)?;
    let (digest, length) = rest.split_at_checked(Digest::LENGTH)?;
    let length = if length.is_empty() { 0 } else { u32::from_be_bytes(length.try_into().ok()?) };
    Some((environment.try_into().ok()?, uploader.try_into().ok()?, digest.try_into().ok()?, length))
}

fn row_key(pointer: Pointer, state: PointerState) -> Vec<u8> {
    [pointer.as_bytes().as_slice(), state.as_str().as_bytes()].concat()
}
