//! What a Twinlock client and a vault agree on: identifiers, encodings, signed statements, the rules by
//! which a team's log and an environment's revisions are replayed, and the types of the API.
//!
//! Pure: no I/O, no clock, no randomness, and no secret keys. Both sides link this crate, so both judge
//! by the same code. `docs/protocol.md` is its specification.

pub mod api;
pub mod encoding;
pub mod envelope;
pub mod environment;
pub mod event;
pub mod http_signature;
pub mod ids;
pub mod keyholder;
pub mod limits;
pub mod padding;
pub mod pins;
pub mod position;
pub mod refusal;
pub mod revision;
pub mod safety;
pub mod team;
pub mod timestamp;
mod verified;

pub use envelope::Envelope;
pub use ids::{
    Digest, EntryId, EnvironmentId, Generation, KeyholderId, LabelId, MemberId, MessageId, Pointer,
    ProjectId, StatementHash, TeamId,
};
pub use refusal::Refusal;
pub use verified::Verified;
