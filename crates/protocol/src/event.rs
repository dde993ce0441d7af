//! The payloads of a team's log, as JSON. `team` says which of them are accepted, and from whom.

use serde::{Deserialize, Serialize};

use crate::encoding::{Bytes, decode_strict};
use crate::envelope::{Envelope, TEAM_EVENT};
use crate::ids::{
    Commitment, EnvironmentId, Generation, KeyholderId, LabelId, MemberId, ProjectId, StatementHash, TeamId,
};
use crate::keyholder::PublicKeys;
use crate::limits;
use crate::refusal::{Refusal, printable};
use crate::timestamp::Timestamp;

/// One event of a team's log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TeamEvent {
    /// The keyholder that signs it.
    pub author: KeyholderId,
    /// The team; absent in `team-created`, whose hash makes the id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<TeamId>,
    /// 1 for `team-created`, then one more each.
    pub sequence: u64,
    /// The hash of the event before; absent in `team-created`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<StatementHash>,
    /// The author's clock. Shown, never judged.
    pub created_at: Timestamp,
    /// What happened.
    pub event: Event,
}

/// What an event says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Event {
    /// The first event: a team and its founder, who owns it.
    TeamCreated(TeamCreated),
    /// A label was given or changed.
    LabelChanged(LabelChanged),
    /// Somebody was invited.
    Invited(Invited),
    /// An invite was used: its holder is a member now.
    MemberJoined(MemberJoined),
    /// A project was created.
    ProjectCreated(ProjectCreated),
    /// An environment was created, with its first generation of keys.
    EnvironmentCreated(EnvironmentCreated),
    /// A new generation of keys, of an environment or of the team itself.
    GenerationOpened(GenerationOpened),
}

const KNOWN_EVENTS: [&str; 7] = [
    "team-created",
    "label-changed",
    "invited",
    "member-joined",
    "project-created",
    "environment-created",
    "generation-opened",
];

/// See [`Event::TeamCreated`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TeamCreated {
    /// The founder's keys; they hash to the author.
    pub keys: PublicKeys,
}

/// See [`Event::LabelChanged`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LabelChanged {
    /// What the label names.
    pub subject: Subject,
    /// The new label.
    pub label: SealedLabel,
}

/// See [`Event::Invited`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Invited {
    /// The invite's own keys; its id is theirs.
    pub keys: PublicKeys,
    /// What the invited will be.
    pub role: Role,
    /// What the invited will have access to.
    pub access: Vec<Grant>,
    /// When the server stops accepting it.
    pub expires_at: Timestamp,
    /// Whether an admin has to approve whoever uses it.
    pub approve: bool,
}

/// See [`Event::MemberJoined`]. Signed by the new computer (the author) and by the invite.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemberJoined {
    /// The new computer's keys; they hash to the author.
    pub keys: PublicKeys,
    /// The invite that is used up by this.
    pub invite: KeyholderId,
    /// The new member's name.
    pub label: SealedLabel,
}

/// See [`Event::ProjectCreated`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProjectCreated {
    /// Chosen at random by the author.
    pub project: ProjectId,
    /// The project's name.
    pub label: SealedLabel,
}

/// See [`Event::EnvironmentCreated`]. It opens generation 1, on head number 0 with this event's hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnvironmentCreated {
    /// Chosen at random by the author.
    pub environment: EnvironmentId,
    /// The project it belongs to.
    pub project: ProjectId,
    /// The environment's name.
    pub label: SealedLabel,
    /// Commitments to the keys of generation 1; both are there.
    pub commitments: Commitments,
    /// Who else has access from the start. The author has write access and is not listed.
    pub access: Vec<MemberGrant>,
}

/// See [`Event::GenerationOpened`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GenerationOpened {
    /// The environment; absent for the team's own name key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<EnvironmentId>,
    /// One more than the generation before.
    pub generation: Generation,
    /// Commitments to the new keys: both for an environment, the name key's alone for the team.
    pub commitments: Commitments,
    /// An environment's head at the opening; absent for the team.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<Head>,
    /// For the team: every current label, sealed anew. Empty for an environment.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<LabelChanged>,
}

/// What a label names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", content = "id", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Subject {
    /// The team.
    Team,
    /// A member.
    Member(MemberId),
    /// A project.
    Project(ProjectId),
    /// An environment.
    Environment(EnvironmentId),
}

/// A name of a team, member, project or environment, sealed with the team's name key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealedLabel {
    /// Random; the pointer of the seal.
    pub id: LabelId,
    /// The generation of the team's name key.
    pub generation: Generation,
    /// The sealed text.
    pub sealed: Bytes,
}

/// What each key of a generation is committed to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Commitments {
    /// Of the name key.
    pub name: Commitment,
    /// Of the value key; the team has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Commitment>,
}

/// The head of an environment's history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// The number of the last revision; 0 while there is none.
    pub number: u64,
    /// Its hash; while there is none, that of `environment-created`.
    pub hash: StatementHash,
}

/// The head of a team's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogHead {
    /// The sequence of the last accepted event.
    pub sequence: u64,
    /// Its hash.
    pub hash: StatementHash,
}

/// Access to an environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// To which.
    pub environment: EnvironmentId,
    /// How far.
    pub level: Level,
}

/// Access of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemberGrant {
    /// Whose.
    pub member: MemberId,
    /// How far.
    pub level: Level,
}

/// How far access to an environment goes; each level includes the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Sees which variables exist, and no value.
    Names,
    /// Sees values.
    Read,
    /// Pushes.
    Write,
}

impl Level {
    /// Whether this level comes with the key of that half.
    #[must_use]
    pub fn includes(self, half: Half) -> bool {
        match half {
            Half::Name => true,
            Half::Value => self >= Self::Read,
        }
    }
}

/// What a member may do in the team; each role includes the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Works with environments.
    Member,
    /// Also invites and creates.
    Admin,
    /// Also owns the team.
    Owner,
}

/// Which of an environment's two keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Half {
    /// The name key: left halves.
    Name,
    /// The value key: right halves.
    Value,
}

impl Half {
    /// Both, in the order of their wraps.
    pub const BOTH: [Self; 2] = [Self::Name, Self::Value];

    /// As it stands in field lists.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Value => "value",
        }
    }
}

impl TeamEvent {
    /// Decodes the payload, strictly, to learn its signers. Nothing in it may be acted on before they are checked.
    pub(crate) fn decode(envelope: &Envelope) -> Result<Self, Refusal> {
        envelope.expect_type(TEAM_EVENT)?;
        decode_strict(&envelope.payload, limits::STATEMENT_BYTES).map_err(|error| {
            unknown_event(&envelope.payload)
                .map_or_else(|| error.into(), |kind| Refusal::NewerVersion { kind })
        })
    }
}

/// The type of an event that this version has no rule for, if that is what is wrong with the payload.
fn unknown_event(payload: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Outer {
        event: Inner,
    }
    #[derive(Deserialize)]
    struct Inner {
        r#type: String,
    }
    let outer: Outer = serde_json::from_slice(payload).ok()?;
    (!KNOWN_EVENTS.contains(&outer.event.r#type.as_str())).then(|| printable(&outer.event.r#type, 60))
}
