//! The payloads of an environment's history, as JSON. `environment` says which of them are accepted.

use serde::{Deserialize, Serialize};

use crate::encoding::{Bytes, decode_strict};
use crate::envelope::{Envelope, REVISION};
use crate::event::LogHead;
use crate::ids::{
    Digest, EntryId, EnvironmentId, Generation, KeyholderId, MessageId, Pointer, StateHash, StatementHash,
    TeamId,
};
use crate::limits;
use crate::position::Position;
use crate::refusal::Refusal;
use crate::timestamp::Timestamp;

/// One revision: what changed since the one before, and what that leads to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Revision {
    /// The team.
    pub team: TeamId,
    /// The environment.
    pub environment: EnvironmentId,
    /// The computer that signs it.
    pub author: KeyholderId,
    /// One more than the revision before; the first is 1.
    pub number: u64,
    /// The hash of the revision before; for the first, that of `environment-created`.
    pub previous: StatementHash,
    /// The generation of keys that new blobs are sealed with.
    pub generation: Generation,
    /// The head of the team's log when it was signed: rights are judged there.
    pub team_head: LogHead,
    /// What changed.
    pub changes: Vec<Change>,
    /// SHA-256 over all entries after the changes.
    pub state: StateHash,
    /// A hint at why. `rotate` and `purge` have rules of their own.
    pub cause: Cause,
    /// Why, in the author's words, sealed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<SealedMessage>,
    /// The author's clock. Shown, never judged.
    pub created_at: Timestamp,
}

/// One change of a revision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// An entry is new, or has another name, value or position.
    Put(Put),
    /// An entry is gone.
    Remove(Remove),
    /// A value that no entry has any more is deleted for good.
    Purge(Purge),
}

impl Change {
    /// The entry that changes; a purge changes none.
    #[must_use]
    pub fn entry(&self) -> Option<EntryId> {
        match self {
            Self::Put(put) => Some(put.entry),
            Self::Remove(remove) => Some(remove.entry),
            Self::Purge(_) => None,
        }
    }
}

/// See [`Change::Put`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Put {
    /// Which entry.
    pub entry: EntryId,
    /// Where it stands among the others.
    pub position: Position,
    /// The sealed left half; for prose, a sealed empty one.
    pub name: Bytes,
    /// Ties the name to its value.
    pub pointer: Pointer,
    /// SHA-256 of the sealed value.
    pub digest: Digest,
}

/// See [`Change::Remove`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Remove {
    /// Which entry.
    pub entry: EntryId,
}

/// See [`Change::Purge`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Purge {
    /// A pointer of the history that no entry has now.
    pub pointer: Pointer,
}

/// What a revision came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// Somebody pushed a linked file.
    Push,
    /// A file was imported.
    Import,
    /// An earlier state was restored.
    Restore,
    /// Everything was sealed anew under new keys.
    Rotate,
    /// Former values were deleted for good.
    Purge,
}

/// A revision's sealed message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealedMessage {
    /// Random; the pointer of the seal.
    pub pointer: MessageId,
    /// The sealed text.
    pub text: Bytes,
}

impl Revision {
    /// Decodes the payload, strictly, to learn its signer. Nothing in it may be acted on before it is checked.
    pub(crate) fn decode(envelope: &Envelope) -> Result<Self, Refusal> {
        envelope.expect_type(REVISION)?;
        Ok(decode_strict(&envelope.payload, limits::STATEMENT_BYTES)?)
    }
}
