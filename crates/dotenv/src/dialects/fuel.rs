//! The bound on every loop whose length a file can choose: bytes touched while values are put
//! together. A file that an honest loader reads in a moment uses a small part of it.

use super::Refused;

/// What is left to spend on one file.
pub(super) struct Fuel(usize);

/// Enough for thousands of references in values of thousands of bytes.
const MOST: usize = 32 << 20;

/// What a text of any length may spend, and what it may spend more for each of its bytes: a short text that
/// grows without end is refused at once, however often it is asked about.
const LEAST: usize = 512 << 10;
const FOR_EACH_BYTE: usize = 8 << 10;

/// What one step costs beyond the bytes it touches.
const STEP: usize = 256;

impl Fuel {
    /// For a text of so many bytes.
    pub(super) fn of(length: usize) -> Self {
        Self(length.saturating_mul(FOR_EACH_BYTE).saturating_add(LEAST).min(MOST))
    }

    /// Pays for one step over so many bytes.
    pub(super) fn spend(&mut self, bytes: usize) -> Result<(), Refused> {
        self.0 = self.0.checked_sub(bytes.saturating_add(STEP)).ok_or(Refused::Endless)?;
        Ok(())
    }
}
