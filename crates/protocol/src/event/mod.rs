//! The payloads of a team's log, as JSON. `team` says which of them are accepted, and from whom.

mod kinds;
mod terms;

use serde::{Deserialize, Serialize};

pub use self::kinds::*;
pub use self::terms::*;
use crate::encoding::{decode_open, decode_strict};
use crate::envelope::{Envelope, TEAM_EVENT};
use crate::ids::{KeyholderId, StatementHash, TeamId};
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
    /// The team's settings.
    TeamSettings(TeamSettings),
    /// An invite can no longer be used.
    InviteClosed(InviteClosed),
    /// Somebody who joined and had to wait was let in.
    MemberApproved(MemberApproved),
    /// A service (a token for CI) was created.
    ServiceCreated(ServiceCreated),
    /// A service was ended.
    ServiceClosed(ServiceClosed),
    /// A member has one more computer or recovery kit.
    KeyholderAdded(KeyholderAdded),
    /// A computer or recovery kit counts no more.
    KeyholderRevoked(KeyholderRevoked),
    /// A member has another role.
    RoleChanged(RoleChanged),
    /// Somebody is no member any more.
    MemberRemoved(MemberRemoved),
    /// A project is gone, with all its environments.
    ProjectDeleted(ProjectDeleted),
    /// An environment is gone.
    EnvironmentDeleted(EnvironmentDeleted),
    /// A member's access to an environment was given, changed or taken.
    AccessChanged(AccessChanged),
    /// The vault has another address, or another certificate.
    VaultMoved(VaultMoved),
    /// What a vault lost is given up: the history goes on from what is left.
    HistoryAccepted(HistoryAccepted),
}

const KNOWN_EVENTS: [&str; 21] = [
    "team-created",
    "label-changed",
    "invited",
    "member-joined",
    "project-created",
    "environment-created",
    "generation-opened",
    "team-settings",
    "invite-closed",
    "member-approved",
    "service-created",
    "service-closed",
    "keyholder-added",
    "keyholder-revoked",
    "role-changed",
    "member-removed",
    "project-deleted",
    "environment-deleted",
    "access-changed",
    "vault-moved",
    "history-accepted",
];

impl Event {
    /// The heads of environments that the event records: a server takes it only while these are the current ones.
    #[must_use]
    pub fn recorded_heads(&self) -> Vec<PinnedHead> {
        let one = |environment, head| PinnedHead { environment, head };
        match self {
            Self::KeyholderRevoked(KeyholderRevoked { heads, .. })
            | Self::RoleChanged(RoleChanged { heads, .. })
            | Self::MemberRemoved(MemberRemoved { heads, .. })
            | Self::ProjectDeleted(ProjectDeleted { heads, .. })
            | Self::HistoryAccepted(HistoryAccepted { heads, .. }) => heads.clone(),
            Self::EnvironmentDeleted(deleted) => vec![one(deleted.environment, deleted.head)],
            Self::AccessChanged(changed) => {
                changed.head.map(|head| one(changed.environment, head)).into_iter().collect()
            }
            Self::GenerationOpened(opened) => {
                opened.environment.zip(opened.head).map(|(id, head)| one(id, head)).into_iter().collect()
            }
            Self::TeamCreated(_)
            | Self::LabelChanged(_)
            | Self::Invited(_)
            | Self::MemberJoined(_)
            | Self::ProjectCreated(_)
            | Self::EnvironmentCreated(_)
            | Self::TeamSettings(_)
            | Self::InviteClosed(_)
            | Self::MemberApproved(_)
            | Self::ServiceCreated(_)
            | Self::ServiceClosed(_)
            | Self::KeyholderAdded(_)
            | Self::VaultMoved(_) => Vec::new(),
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
    #[derive(Serialize, Deserialize)]
    struct Outer {
        event: Inner,
    }
    #[derive(Serialize, Deserialize)]
    struct Inner {
        r#type: String,
    }
    let outer: Outer = decode_open(payload, limits::STATEMENT_BYTES).ok()?;
    (!KNOWN_EVENTS.contains(&outer.event.r#type.as_str())).then(|| printable(&outer.event.r#type, 60))
}
