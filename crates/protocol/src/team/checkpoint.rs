//! What a client keeps so that a long log need not be replayed each time it starts.
//!
//! A checkpoint is made from a replayed team and stands in for that replay, so it is only as good as the place
//! that it was kept in: a client seals it in its own store, and takes one from nowhere else. No vault ever serves
//! one.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Environment, Invite, Keyholder, Member, Project, Service, Team, TeamGeneration};
use crate::event::{HistoryAccepted, LogHead, SealedLabel, TeamSettings, VaultMoved};
use crate::ids::{EnvironmentId, KeyholderId, MemberId, ProjectId, StatementHash, TeamId};
use crate::refusal::Refusal;
use crate::verified::Verified;

/// The form of this version's checkpoints. One of another form is of no use: the log is replayed instead.
const FORM: u32 = 2;

/// A replayed team, to be kept in a store of one's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint(Team);

/// Bytes that are no checkpoint of this version. The log is to be replayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is not a checkpoint of this version of Twinlock")]
pub struct CheckpointError;

impl Checkpoint {
    /// Of a team that was replayed.
    #[must_use]
    pub fn of(team: &Verified<Team>) -> Self {
        Self((**team).clone())
    }

    /// The head of the log that it stands for.
    #[must_use]
    pub fn head(&self) -> LogHead {
        self.0.head()
    }

    /// As it is kept.
    pub fn to_bytes(&self) -> Result<Vec<u8>, CheckpointError> {
        #[derive(Serialize)]
        struct Kept<'a>(u32, #[serde(with = "Fields")] &'a Team);
        serde_json::to_vec(&Kept(FORM, &self.0)).map_err(|_| CheckpointError)
    }

    /// Reads what [`Self::to_bytes`] gave, from the store that it was sealed in.
    pub fn from_own_store(bytes: &[u8]) -> Result<Self, CheckpointError> {
        #[derive(Deserialize)]
        struct Kept(u32, #[serde(with = "Fields")] Team);
        match serde_json::from_slice(bytes) {
            Ok(Kept(FORM, team)) if is_whole(&team) => Ok(Self(team)),
            _ => Err(CheckpointError),
        }
    }

    /// The team, if the checkpoint stands for exactly the head that its owner noted apart from it.
    pub fn open(self, team: TeamId, head: LogHead) -> Result<Verified<Team>, Refusal> {
        if self.0.id != team {
            return Err(Refusal::Elsewhere);
        }
        self.0.extends(head)?;
        if self.0.head() != head {
            return Err(Refusal::Fork { number: head.sequence });
        }
        Ok(Verified::new(self.0))
    }
}

/// What the rest of this crate takes for granted.
fn is_whole(team: &Team) -> bool {
    !team.log.is_empty() && team.environments.values().all(|known| !known.generations().is_empty())
}

/// The fields of [`Team`], as they are kept. A field that is missing here does not compile.
#[derive(Serialize, Deserialize)]
#[serde(remote = "Team", deny_unknown_fields)]
struct Fields {
    id: TeamId,
    log: Vec<StatementHash>,
    label: Option<SealedLabel>,
    settings: TeamSettings,
    members: BTreeMap<MemberId, Member>,
    present: usize,
    owners: BTreeSet<MemberId>,
    keyholders: BTreeMap<KeyholderId, Keyholder>,
    invites: BTreeMap<KeyholderId, Invite>,
    services: BTreeMap<KeyholderId, Service>,
    projects: BTreeMap<ProjectId, Project>,
    environments: BTreeMap<EnvironmentId, Environment>,
    gone_projects: BTreeSet<ProjectId>,
    gone_environments: BTreeSet<EnvironmentId>,
    generations: Vec<TeamGeneration>,
    name_key_due: bool,
    vault: Option<VaultMoved>,
    accepted: Vec<HistoryAccepted>,
}
