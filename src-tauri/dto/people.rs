//! Members, their rights and their computers: what changing them would do, and what it did.

use serde::{Deserialize, Serialize};
use specta::Type;
use twinlock_client::{KeyholderKind, view};

use super::{Level, Member};

/// What removing somebody did. What they could read is kept as a checklist.
#[derive(Debug, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Removed {
    pub(crate) member: String,
    pub(crate) name: String,
    pub(crate) closed: usize,
    pub(crate) keys: Renewal,
}

/// Which environments have new keys, and which wait for them.
#[derive(Debug, Serialize, Type)]
pub(crate) struct Renewal {
    pub(crate) renewed: Vec<String>,
    pub(crate) waiting: Vec<Waiting>,
}

#[derive(Debug, Serialize, Type)]
pub(crate) struct Waiting {
    pub(crate) environment: String,
    pub(crate) why: String,
}

/// A member after a change of role or access, and what fell with it.
#[derive(Debug, Serialize, Type)]
pub(crate) struct MemberChange {
    pub(crate) member: Member,
    pub(crate) closed: usize,
    pub(crate) keys: Renewal,
}

/// An environment, as the team's log has it.
#[derive(Debug, Serialize, Type)]
pub(crate) struct EnvironmentRights {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) level: Option<Level>,
    pub(crate) generation: u32,
    pub(crate) stale: bool,
    pub(crate) orphaned: bool,
}

/// A computer or recovery kit of one's own.
#[derive(Debug, Serialize, Type)]
pub(crate) struct OwnKeyholder {
    pub(crate) id: String,
    pub(crate) kind: Holder,
    pub(crate) this: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Holder {
    Computer,
    RecoveryKit,
}

impl From<view::MemberRemovedView> for Removed {
    fn from(removed: view::MemberRemovedView) -> Self {
        Self {
            member: removed.member.to_string(),
            name: removed.name,
            closed: removed.closed.len(),
            keys: removed.keys.into(),
        }
    }
}

impl From<view::RenewalView> for Renewal {
    fn from(renewal: view::RenewalView) -> Self {
        let waiting = |view::WaitingView { environment, why }| Waiting { environment, why };
        Self { renewed: renewal.renewed, waiting: renewal.waiting.into_iter().map(waiting).collect() }
    }
}

impl From<view::MemberChangeView> for MemberChange {
    fn from(change: view::MemberChangeView) -> Self {
        Self { member: change.member.into(), closed: change.closed.len(), keys: change.keys.into() }
    }
}

impl From<view::EnvironmentStanding> for EnvironmentRights {
    fn from(standing: view::EnvironmentStanding) -> Self {
        let view::EnvironmentStanding { id, name, level, generation, stale, orphaned } = standing;
        Self { id: id.to_string(), name, level: level.map(Level::from), generation, stale, orphaned }
    }
}

impl From<view::KeyholderView> for OwnKeyholder {
    fn from(held: view::KeyholderView) -> Self {
        let kind = match held.kind {
            KeyholderKind::Computer => Holder::Computer,
            KeyholderKind::Recovery => Holder::RecoveryKit,
        };
        Self { id: held.id.to_string(), kind, this: held.this }
    }
}
