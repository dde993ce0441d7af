//! The id of a linked file: made and known on this computer alone.

use std::fmt;
use std::str::FromStr;

/// Names a linked file on this computer: 16 random bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkedFileId([u8; 16]);

/// Text that is not a linked file's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is not the id of a linked file")]
pub struct NotALinkedFileId;

impl LinkedFileId {
    /// Wraps raw bytes.
    #[must_use]
    pub const fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Draws a new id.
    #[must_use]
    pub fn make() -> Self {
        Self(rand::random())
    }

    /// The raw bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl TryFrom<&[u8]> for LinkedFileId {
    type Error = NotALinkedFileId;

    fn try_from(bytes: &[u8]) -> Result<Self, NotALinkedFileId> {
        bytes.try_into().map(Self).map_err(|_| NotALinkedFileId)
    }
}

impl FromStr for LinkedFileId {
    type Err = NotALinkedFileId;

    fn from_str(text: &str) -> Result<Self, NotALinkedFileId> {
        let mut bytes = [0; 16];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| NotALinkedFileId)?;
        Ok(Self(bytes))
    }
}

impl fmt::Display for LinkedFileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for LinkedFileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LinkedFileId({self})")
    }
}

impl serde::Serialize for LinkedFileId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
