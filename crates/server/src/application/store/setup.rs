//! The hash of the setup code. The code itself is never stored.

use rusqlite::OptionalExtension as _;

use super::{Reading, Writing};
use crate::database::StoreError;

/// SHA-256 over a setup code: all that is kept of it.
#[derive(Clone, Copy)]
pub(crate) struct SetupCodeHash(pub(crate) [u8; 32]);

impl Reading<'_> {
    /// The hash, if a code was ever made.
    pub(crate) fn setup_code(&self) -> Result<Option<SetupCodeHash>, StoreError> {
        let field: Option<Vec<u8>> = self
            .transaction
            .query_row("SELECT code FROM setup WHERE place = 'here'", [], |row| row.get(0))
            .optional()?;
        let Some(field) = field else { return Ok(None) };
        let hash = self.open("setup", "code", b"here", &field)?;
        let hash = hash
            .try_into()
            .map_err(|_| StoreError::Contradiction("the setup code's hash has another size"))?;
        Ok(Some(SetupCodeHash(hash)))
    }
}

impl Writing<'_> {
    /// Keeps the hash of a new code; the one before is no longer valid.
    pub(crate) fn set_setup_code(&self, hash: SetupCodeHash) -> Result<(), StoreError> {
        let field = self.seal("setup", "code", b"here", &hash.0)?;
        self.transaction.execute(
            "INSERT INTO setup (place, code) VALUES ('here', ?1)
             ON CONFLICT (place) DO UPDATE SET code = excluded.code",
            [field],
        )?;
        Ok(())
    }

    /// No code is valid from now on.
    pub(crate) fn forget_setup_code(&self) -> Result<(), StoreError> {
        self.transaction.execute("DELETE FROM setup", [])?;
        Ok(())
    }
}
