//! Who is in a team: members, what they hold, and who has a key without being one.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::Timeline;
use crate::event::{Grant, KeyholderKind, Level, Role, SealedLabel};
use crate::ids::{EnvironmentId, KeyholderId, MemberId};
use crate::keyholder::PublicKeys;
use crate::timestamp::Timestamp;

/// Somebody who was let into the team, whether they are in it still or not: history names them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// What they may do.
    pub role: Role,
    /// Their name, sealed.
    pub label: Option<SealedLabel>,
    /// The sequence of the event that let them in.
    pub since: u64,
    /// Who invited them; nobody invited the founder.
    pub invited_by: Option<MemberId>,
    /// Whether they are in the team.
    pub state: MemberState,
    /// Their access to each environment, over time.
    pub access: BTreeMap<EnvironmentId, Timeline<Level>>,
    /// Their role, over time.
    pub(super) roles: Timeline<Role>,
    /// Their computers and kits that count.
    pub(super) keyholders: BTreeSet<KeyholderId>,
}

/// Whether a member is in the team.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MemberState {
    /// Joined, and has no rights and no keys before an admin approves.
    Waiting {
        /// The invite that was used.
        invite: KeyholderId,
    },
    /// In it.
    Active,
    /// Not any more.
    Removed {
        /// The sequence of the event that removed them.
        at: u64,
    },
}

impl Member {
    /// Whether they are in the team, with all that their role gives.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.state == MemberState::Active
    }

    /// Their role right after an event.
    #[must_use]
    pub fn role_at(&self, sequence: u64) -> Option<Role> {
        self.roles.at(sequence)
    }

    /// Their computers and kits that count.
    #[must_use]
    pub fn keyholders(&self) -> &BTreeSet<KeyholderId> {
        &self.keyholders
    }
}

/// A computer or a recovery kit of a member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keyholder {
    /// Its public keys.
    pub keys: PublicKeys,
    /// What it is.
    pub kind: KeyholderKind,
    /// Whose it is.
    pub member: MemberId,
    /// The sequence of the event that added it.
    pub since: u64,
    /// Which keyholder of the member added it; none for the first, and for one that was kept when that one fell.
    pub added_by: Option<KeyholderId>,
    /// The sequence of the event from which on it counts no more.
    pub revoked: Option<u64>,
    /// What it signed for and what falls with it.
    pub(super) issued: BTreeSet<Issued>,
}

impl Keyholder {
    /// Whether it counts.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.revoked.is_none()
    }

    /// Whether it counted right after an event.
    #[must_use]
    pub fn is_live_at(&self, sequence: u64) -> bool {
        self.since <= sequence && self.revoked.is_none_or(|revoked| sequence < revoked)
    }
}

/// Something that a keyholder signed for, and that falls with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Issued {
    /// An invite that is not used up.
    Invite(KeyholderId),
    /// A service that is not closed.
    Service(KeyholderId),
    /// A further keyholder of its member.
    Keyholder(KeyholderId),
}

impl Issued {
    /// Which.
    #[must_use]
    pub fn id(self) -> KeyholderId {
        match self {
            Self::Invite(id) | Self::Service(id) | Self::Keyholder(id) => id,
        }
    }
}

/// An invite.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invite {
    /// Its public keys.
    pub keys: PublicKeys,
    /// What the invited will be.
    pub role: Role,
    /// What the invited will have access to.
    pub access: Vec<Grant>,
    /// When the server stops accepting it.
    pub expires_at: Timestamp,
    /// Whether whoever uses it waits for approval, and has no key before.
    pub approve: bool,
    /// The computer that made it, or that keeps it.
    pub author: KeyholderId,
    /// The sequence of the event that made it.
    pub since: u64,
    /// Whether it can still be used.
    pub state: InviteState,
}

/// Whether an invite can still be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InviteState {
    /// It can.
    Open,
    /// It was, and whoever did waits for approval.
    Waiting {
        /// Who used it.
        by: MemberId,
    },
    /// It was: by this member, at this sequence.
    Used {
        /// Who used it.
        by: MemberId,
        /// When.
        at: u64,
    },
    /// It was closed.
    Closed {
        /// When.
        at: u64,
    },
}

/// A service: a token that reads, and that no member is behind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// Its public keys.
    pub keys: PublicKeys,
    /// What people call it, sealed. The service itself cannot read it.
    pub label: SealedLabel,
    /// What it may read.
    pub access: Vec<Grant>,
    /// When the server stops serving it; absent for never.
    pub expires_at: Option<Timestamp>,
    /// The computer that made it, or that keeps it.
    pub author: KeyholderId,
    /// The sequence of the event that made it.
    pub since: u64,
    /// The sequence of the event that closed it.
    pub closed: Option<u64>,
}

impl Service {
    /// How far it may read an environment, if it is open and may at all.
    #[must_use]
    pub fn level(&self, environment: EnvironmentId) -> Option<Level> {
        self.closed.is_none().then(|| granted(&self.access, environment)).flatten()
    }
}

/// What a list of grants gives for an environment.
pub(super) fn granted(access: &[Grant], environment: EnvironmentId) -> Option<Level> {
    access.iter().find(|grant| grant.environment == environment).map(|grant| grant.level)
}
