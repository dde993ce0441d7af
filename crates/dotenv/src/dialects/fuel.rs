//! The bound on every loop whose length a file can choose: bytes touched while values are put
//! together. A file that an honest loader reads in a moment uses a small part of it.

use super::Refused;

/// What is left to spend on one file.
pub(super) struct Fuel(usize);

/// Enough for thousands of references in values of thousands of bytes.
const WHOLE: usize = 32 << 20;

/// What one step costs beyond the bytes it touches.
const STEP: usize = 256;

impl Fuel {
    pub(super) fn new() -> Self {
        Self(WHOLE)
    }

    /// Pays for one step over so many bytes.
    pub(super) fn spend(&mut self, bytes: usize) -> Result<(), Refused> {
        self.0 = self.0.checked_sub(bytes.saturating_add(STEP)).ok_or(Refused::Endless)?;
        Ok(())
    }
}
