//! What each event of a team's log says.

use serde::{Deserialize, Serialize};

use super::terms::{
    Commitments, Creating, Grant, Head, KeyholderKind, Level, LogHead, MemberGrant, PinnedHead, Renewal,
    Role, SealedLabel, Subject,
};
use crate::ids::{CertificatePin, EnvironmentId, Generation, KeyholderId, MemberId, ProjectId};
use crate::keyholder::PublicKeys;
use crate::timestamp::Timestamp;

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
    /// The new member's name; absent where the invite asks for approval, for nobody gave it the team's key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<SealedLabel>,
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

/// See [`Event::TeamSettings`]. Replaces all settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TeamSettings {
    /// Who creates projects and environments.
    pub creating: Creating,
    /// When keys are renewed by themselves.
    pub renewal: Renewal,
}

impl Default for TeamSettings {
    fn default() -> Self {
        Self { creating: Creating::Members, renewal: Renewal { at_least_days: 7, at_most_days: 30 } }
    }
}

/// See [`Event::InviteClosed`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InviteClosed {
    /// The invite: open, or used by somebody who waits for approval, and who is turned away by this.
    pub invite: KeyholderId,
}

/// See [`Event::MemberApproved`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemberApproved {
    /// Who waits no longer.
    pub member: MemberId,
}

/// See [`Event::ServiceCreated`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceCreated {
    /// The service's own keys; its id is theirs.
    pub keys: PublicKeys,
    /// What people call it. The service itself cannot read this.
    pub label: SealedLabel,
    /// What it may read; never empty, never `write`.
    pub access: Vec<Grant>,
    /// When the server stops serving it; absent for never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}

/// See [`Event::ServiceClosed`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceClosed {
    /// The service.
    pub service: KeyholderId,
}

/// See [`Event::KeyholderAdded`]. Signed by the author and by the new keyholder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyholderAdded {
    /// The new keyholder's keys; its id is theirs.
    pub keys: PublicKeys,
    /// What it is.
    pub kind: KeyholderKind,
}

/// See [`Event::KeyholderRevoked`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyholderRevoked {
    /// A keyholder of the author's member.
    pub keyholder: KeyholderId,
    /// What would fall with it and is kept: invites, services and keyholders.
    pub keep: Vec<KeyholderId>,
    /// The head of each environment that a computer loses write access to by this.
    pub heads: Vec<PinnedHead>,
}

/// See [`Event::RoleChanged`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoleChanged {
    /// Whose.
    pub member: MemberId,
    /// Their role from now on.
    pub role: Role,
    /// At a demotion: what would fall with it and is kept.
    pub keep: Vec<KeyholderId>,
    /// The head of each environment that a computer loses write access to by this, or that an admin who becomes a
    /// member writes to.
    pub heads: Vec<PinnedHead>,
}

/// See [`Event::MemberRemoved`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemberRemoved {
    /// Who leaves, or has to.
    pub member: MemberId,
    /// What would fall with it and is kept: invites and services.
    pub keep: Vec<KeyholderId>,
    /// The head of each environment that the member could write to.
    pub heads: Vec<PinnedHead>,
}

/// See [`Event::ProjectDeleted`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProjectDeleted {
    /// The project.
    pub project: ProjectId,
    /// The head of each of its environments, which go with it.
    pub heads: Vec<PinnedHead>,
}

/// See [`Event::EnvironmentDeleted`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnvironmentDeleted {
    /// The environment.
    pub environment: EnvironmentId,
    /// Its head.
    pub head: Head,
}

/// See [`Event::AccessChanged`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccessChanged {
    /// To which environment.
    pub environment: EnvironmentId,
    /// Whose.
    pub member: MemberId,
    /// How far from now on; absent for not at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// The environment's head, exactly if write access is taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<Head>,
}

/// See [`Event::VaultMoved`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VaultMoved {
    /// `https://` and a host, with a port where it has another one.
    pub address: String,
    /// SHA-256 of the certificate's public key, where no public authority vouches for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pin: Option<CertificatePin>,
}

/// See [`Event::HistoryAccepted`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HistoryAccepted {
    /// The log's head before this event.
    pub log: LogHead,
    /// The head of every environment, as it is taken for good from now on.
    pub heads: Vec<PinnedHead>,
}
