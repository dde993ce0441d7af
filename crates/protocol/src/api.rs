//! The bodies of requests and answers between client and application service, as JSON.
//!
//! Names travel inside statements, values as blobs beside them: never both in one body, but for the
//! statements that name a value's pointer and digest.

use serde::{Deserialize, Serialize};

use crate::encoding::Bytes;
use crate::envelope::Envelope;
use crate::event::{Half, Head, LogHead};
use crate::ids::{Digest, EntryId, EnvironmentId, Generation, KeyholderId, Pointer, TeamId};
use crate::keyholder::PublicKeys;
use crate::position::Position;

/// `POST /v1/teams`. Signed by the founder, whose keys the first statement introduces.
/// Has no `Debug`: the setup code is a secret until it is used.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateTeam {
    /// Allows the first team of a vault; printed where the vault was started.
    pub setup_code: String,
    /// `team-created`, `generation-opened`, and the labels of team and founder.
    pub statements: Vec<Envelope>,
    /// The team's name key, wrapped to the founder's computer.
    pub wraps: Vec<Wrap>,
}

/// `POST /v1/teams/{team}/events`: events to append in this order, with the wraps that belong to them, in one
/// transaction. A `member-joined` is sent in a request signed by its invite.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppendEvents {
    /// The events.
    pub statements: Vec<Envelope>,
    /// Wraps made due by them.
    pub wraps: Vec<Wrap>,
}

/// Answer to [`CreateTeam`] and [`AppendEvents`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Appended {
    /// The head of the log now.
    pub head: LogHead,
}

/// `GET /v1/teams/{team}/events?after=SEQUENCE`: at most `limits::PAGE` events.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventsPage {
    /// The events that follow, in order.
    pub statements: Vec<Envelope>,
    /// The head of the whole log.
    pub head: LogHead,
}

/// A key wrapped to one keyholder (HPKE, X-Wing). Needs no signature: a key that does not match the
/// commitment in the log is refused by whoever opens it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wrap {
    /// Who can open it.
    pub keyholder: KeyholderId,
    /// The environment; absent for the team's name key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<EnvironmentId>,
    /// The key's generation.
    pub generation: Generation,
    /// Which of the two keys.
    pub half: Half,
    /// Who made it. The server keeps one for each wrapper, so that junk shuts nobody out.
    pub wrapper: KeyholderId,
    /// HPKE's encapsulated key.
    pub encapsulated: Bytes,
    /// The sealed key.
    pub sealed: Bytes,
}

/// `GET /v1/teams/{team}/wraps`: those for the keyholder who asks; `POST` of the same body adds wraps.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wraps {
    /// The wraps.
    pub wraps: Vec<Wrap>,
}

/// `POST /v1/teams/{team}/hold`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hold {
    /// The event that takes somebody's right to push, signed; the heads that it records may be old.
    pub statement: Envelope,
}

/// `GET /v1/teams/{team}/wraps/missing`: wraps that whoever asks could make for others, at most `limits::PAGE`; `PUT`
/// of the same form: those of one's own that are there and do not open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MissingWraps {
    /// Which.
    pub missing: Vec<MissingWrap>,
}

/// A key that a keyholder is to have and does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MissingWrap {
    /// Who.
    pub keyholder: KeyholderId,
    /// The environment; absent for the team's name key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<EnvironmentId>,
    /// The key's generation.
    pub generation: Generation,
    /// Which of the two keys.
    pub half: Half,
}

/// `POST /v1/teams/{team}/candidates`, signed with these keys: a computer that wants to be added, at the door of the
/// keyholder whose link it was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BecomeCandidate {
    /// Who is to add it.
    pub computer: KeyholderId,
    /// Its public keys; they hash to the id that signs the request.
    pub keys: PublicKeys,
}

/// Answer to `GET /v1/teams/{team}/candidates`: those at the door of whoever asks.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Candidates {
    /// All of them.
    pub candidates: Vec<Candidate>,
}

/// A computer that wants to be added. Its id is what its keys hash to, and nothing that is served beside them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Candidate {
    /// Its public keys.
    pub keys: PublicKeys,
    /// The offer it was made, once it has signed that too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statement: Option<Envelope>,
}

/// Answer to `GET /v1/teams/{team}/candidates/{id}`: how a candidate stands.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Candidacy {
    /// The `keyholder-added` that it was offered, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statement: Option<Envelope>,
}

/// `PUT /v1/teams/{team}/candidates/{id}`: an offer with its author's signature, or the same with the candidate's too.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Offer {
    /// The `keyholder-added`.
    pub statement: Envelope,
}

/// A sealed value under its pointer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValueBlob {
    /// Its pointer.
    pub pointer: Pointer,
    /// `0x01 ‖ nonce ‖ AES-256-GCM(padded right half)`.
    pub blob: Bytes,
}

/// `PUT /v1/environments/{environment}/values`: at most `limits::PAGE` blobs and `limits::PAGE_BYTES` bytes.
/// Also the answer to [`QueryValues`].
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Values {
    /// The blobs.
    pub values: Vec<ValueBlob>,
}

/// `POST /v1/environments/{environment}/values/query`. Answered with [`Values`]: the blobs of this
/// environment's pointers among those asked for, up to `limits::PAGE_BYTES`; who misses some asks again for
/// the rest, and one that never comes is missing.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QueryValues {
    /// At most `limits::PAGE`.
    pub pointers: Vec<Pointer>,
}

/// `POST /v1/environments/{environment}/revisions`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PushRevision {
    /// The revision. Its pointers are *stored* before.
    pub statement: Envelope,
}

/// Answer to [`PushRevision`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pushed {
    /// The environment's head now.
    pub head: Head,
}

/// `GET /v1/environments/{environment}/revisions?after=NUMBER`: at most `limits::PAGE` revisions, and fewer
/// where they are large.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RevisionsPage {
    /// The revisions that follow, in order.
    pub statements: Vec<Envelope>,
    /// The head of the whole history.
    pub head: Head,
}

/// `GET /v1/environments/{environment}/snapshot`: the entries of the head.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Snapshot {
    /// The head these entries belong to.
    pub head: Head,
    /// In position order.
    pub entries: Vec<SnapshotEntry>,
}

/// One entry of a [`Snapshot`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SnapshotEntry {
    /// Which entry.
    pub entry: EntryId,
    /// Where it stands.
    pub position: Position,
    /// The sealed left half.
    pub name: Bytes,
    /// Its value's pointer.
    pub pointer: Pointer,
    /// Its value's digest.
    pub digest: Digest,
}

/// `POST /v1/environments/{environment}/rotations`: a `generation-opened`, the `rotate` revision signed on top
/// of it, and all wraps; one transaction.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rotate {
    /// The event; its `head` is the environment's current head.
    pub event: Envelope,
    /// The revision; its `team_head` is the event.
    pub revision: Envelope,
    /// For every keyholder and open invite with access.
    pub wraps: Vec<Wrap>,
}

/// Answer to [`Rotate`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rotated {
    /// The head of the log now.
    pub log: LogHead,
    /// The environment's head now.
    pub head: Head,
}

/// One message of `GET /v1/events` (server-sent events, `data:` is this JSON): what moved, never its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "moved", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Moved {
    /// The team's log.
    Log {
        /// The team.
        team: TeamId,
        /// Its last sequence.
        sequence: u64,
    },
    /// An environment the asker has access to.
    Environment {
        /// Which.
        environment: EnvironmentId,
        /// Its last revision.
        number: u64,
    },
}

/// An error answer: `application/problem+json` (RFC 9457).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// `about:blank`: the code says which problem it is.
    pub r#type: String,
    /// A few words for people.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// A sentence, without anything secret.
    pub detail: String,
    /// Which problem it is. Stable.
    pub code: ProblemCode,
    /// With `head-moved`: the environment's head now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<Head>,
    /// With `log-moved`: the log's head now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<LogHead>,
    /// With `values-missing` and `pointer-taken`: the pointers concerned.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pointers: Vec<Pointer>,
    /// With `refused`: the refusal's code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<String>,
}

/// Stable codes of [`Problem`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ProblemCode {
    /// 400: the request is not of the API's form.
    BadRequest,
    /// 401: not signed, or the signature does not verify.
    NotSigned,
    /// 401: signed too long ago, or in the future.
    SignatureExpired,
    /// 403: signed, known, and not allowed.
    Forbidden,
    /// 403: the computer, kit or service that signed was taken from the team.
    Revoked,
    /// 404: no such team, environment or endpoint, or none that the asker may know of.
    NotFound,
    /// 403: the setup code is wrong or no longer valid.
    SetupCode,
    /// 403: the invite expired.
    InviteExpired,
    /// 409: the log has another head. `log` says which.
    LogMoved,
    /// 409: the environment has another head. `head` says which.
    HeadMoved,
    /// 409: a pointer is taken by another value or is being swept. Seal afresh under a new one.
    PointerTaken,
    /// 409: a revision names values that are not stored. Put them again.
    ValuesMissing,
    /// 422: a statement breaks a rule of the protocol. `refusal` says which.
    Refused,
    /// 422: wraps that are due are missing, or some are not due to their keyholder.
    Wraps,
    /// 423: somebody is about to take the asker's right to push. For a minute at most.
    Held,
    /// 413: over a limit.
    TooLarge,
    /// 429: too many requests of this kind.
    TooMany,
    /// 500: what the service has stored does not verify; it is not served.
    Damaged,
    /// 500: any other fault of the service.
    Internal,
    /// 503: one of the two services cannot be reached by the other.
    Unavailable,
    /// A code of a newer version.
    #[serde(other)]
    Unknown,
}
