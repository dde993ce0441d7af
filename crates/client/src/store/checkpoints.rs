//! A team out of its kept log: replayed, or taken from a checkpoint of an earlier replay and continued.
//!
//! A checkpoint saves time and decides nothing: whatever is off about one, the log is replayed as if there were none.

use twinlock_protocol::envelope::Envelope;
use twinlock_protocol::event::LogHead;
use twinlock_protocol::team::{Checkpoint, Team, replay};
use twinlock_protocol::{Refusal, TeamId, Verified};

use super::sealed::Place;
use super::{Scope, Step, StoreError, number};

/// A log shorter than this is replayed in no time.
const WORTH_IT: u64 = 128;
/// Once the log has grown by this part of what the checkpoint stands for, the whole is replayed again, for a new
/// one: a log of any length is thus replayed a few times, and no checkpoint descends from another.
const GROWN: u64 = 8;

/// A team as its kept log says.
pub struct KeptTeam {
    /// The team.
    pub team: Verified<Team>,
    /// A checkpoint to be kept from now on.
    pub renewed: Option<NewCheckpoint>,
}

/// A checkpoint made from a replay of the whole log: the only kind that is ever kept.
pub struct NewCheckpoint(Checkpoint);

impl Step<'_> {
    /// The team that the kept statements make.
    pub fn team(&self, id: TeamId) -> Result<KeptTeam, StoreError> {
        if let Some(team) = self.resumed(id)? {
            return Ok(KeptTeam { team, renewed: None });
        }
        let team = replay(&self.envelopes_after(id, 0)?).map_err(|refusal| damaged(&refusal))?;
        if team.id() != id {
            return Err(damaged(&Refusal::Elsewhere));
        }
        let renewed = (team.head().sequence >= WORTH_IT).then(|| NewCheckpoint(Checkpoint::of(&team)));
        Ok(KeptTeam { team, renewed })
    }

    /// The team of the checkpoint and what was added to the log since, if all of it is as it has to be and a
    /// new checkpoint is not due.
    fn resumed(&self, id: TeamId) -> Result<Option<Verified<Team>>, StoreError> {
        let Some((head, checkpoint)) = self.checkpoint(id)? else { return Ok(None) };
        // The log that is here has to be the one that the checkpoint was made from.
        let last =
            self.statement(&Scope::Team(id), head.sequence)?.map(|json| envelope(&json)).transpose()?;
        if last.is_none_or(|last| last.hash() != head.hash) {
            return Ok(None);
        }
        let Ok(mut team) = checkpoint.open(id, head) else { return Ok(None) };
        let since = self.envelopes_after(id, head.sequence)?;
        if u64::try_from(since.len()).is_ok_and(|since| since >= WORTH_IT.max(head.sequence / GROWN)) {
            return Ok(None);
        }
        for statement in &since {
            // If it is the log that is damaged, the replay says so.
            if team.append(statement).is_err() {
                return Ok(None);
            }
        }
        Ok(Some(team))
    }

    /// The kept checkpoint, if it opens where it stands.
    fn checkpoint(&self, id: TeamId) -> Result<Option<(LogHead, Checkpoint)>, StoreError> {
        let row: Option<(i64, Vec<u8>, Vec<u8>)> = self.optional(
            "SELECT number, hash, sealed_team FROM checkpoints WHERE team = ?1",
            [id.as_bytes()],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )?;
        Ok(row.and_then(|(sequence, hash, sealed)| {
            let sequence = u64::try_from(sequence).ok()?;
            let head = LogHead { sequence, hash: hash.as_slice().try_into().ok()? };
            let bytes =
                self.seal.open(place(&[id.as_bytes(), &sequence.to_be_bytes(), &hash]), &sealed).ok()?;
            Some((head, Checkpoint::from_own_store(&bytes).ok()?))
        }))
    }

    /// Keeps a checkpoint in the place of any other of this team.
    pub fn keep_checkpoint(&mut self, id: TeamId, new: &NewCheckpoint) -> Result<(), StoreError> {
        let NewCheckpoint(checkpoint) = new;
        let LogHead { sequence, hash } = checkpoint.head();
        let row = sequence.to_be_bytes();
        let row: &[&[u8]] = &[id.as_bytes(), &row, hash.as_bytes()];
        let bytes = checkpoint.to_bytes().map_err(|_| StoreError::TooLarge)?;
        let sealed = self.seal.seal(place(row), &bytes)?;
        self.write(
            "INSERT OR REPLACE INTO checkpoints (team, number, hash, sealed_team) VALUES (?1, ?2, ?3, ?4)",
            (id.as_bytes(), number(sequence)?, hash.as_bytes(), sealed),
        )?;
        Ok(())
    }

    fn envelopes_after(&self, id: TeamId, after: u64) -> Result<Vec<Envelope>, StoreError> {
        let kept = self.statements_after(&Scope::Team(id), after)?;
        kept.iter().map(|(_, json)| envelope(json)).collect()
    }
}

fn envelope(json: &[u8]) -> Result<Envelope, StoreError> {
    serde_json::from_slice(json).map_err(|_| StoreError::Damaged { place: "statements".to_owned() })
}

/// The store is ours: what it gives back was verified before it went in.
fn damaged(refusal: &Refusal) -> StoreError {
    StoreError::Damaged { place: format!("statements: {refusal}") }
}

fn place<'a>(row: &'a [&'a [u8]]) -> Place<'a> {
    Place { table: "checkpoints", column: "team", row }
}
