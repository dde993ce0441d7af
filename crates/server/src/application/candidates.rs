//! Computers that want to be added, at the doors of those who wait for them. In memory, small and short-lived: what
//! passes here is believed by nobody, so a restart may forget it. Pure: the time is an argument.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use twinlock_protocol::api::{Candidate, ProblemCode};
use twinlock_protocol::keyholder::PublicKeys;
use twinlock_protocol::timestamp::Timestamp;
use twinlock_protocol::{Envelope, KeyholderId, TeamId, limits};

use crate::problem::Problem;

const DOOR: u64 = limits::DOOR_SECONDS * 1000;
const CANDIDATE: u64 = limits::CANDIDATE_SECONDS * 1000;
/// A `keyholder-added` has two signatures when it is whole.
const SIGNATURES: usize = 2;

/// All doors of this vault.
#[derive(Clone, Default)]
pub(crate) struct Candidates(Arc<Mutex<Doors>>);

/// Whose door it is.
type DoorOf = (TeamId, KeyholderId);

#[derive(Default)]
struct Doors(HashMap<DoorOf, Door>);

struct Door {
    open_until: Timestamp,
    candidates: Vec<Waiting>,
}

struct Waiting {
    keys: PublicKeys,
    until: Timestamp,
    stage: Stage,
}

/// How far a candidate has come.
enum Stage {
    /// It knocks.
    Knocks,
    /// Somebody signed for it.
    Offered(Envelope),
    /// It signed too.
    Accepted(Envelope),
}

impl Stage {
    fn statement(&self) -> Option<&Envelope> {
        match self {
            Self::Knocks => None,
            Self::Offered(statement) | Self::Accepted(statement) => Some(statement),
        }
    }
}

/// What a candidate may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Vouched {
    /// Nobody signed for it yet.
    ByNobody,
    /// A member did: it may see what it is to be part of.
    ByAMember,
}

/// A candidate that a request is from.
pub(crate) struct Known {
    pub(crate) keys: PublicKeys,
    pub(crate) vouched: Vouched,
}

impl Candidates {
    /// Opens a door, or keeps it open, and says who stands there.
    pub(crate) fn look_out(&self, team: TeamId, by: KeyholderId, now: Timestamp) -> Vec<Candidate> {
        let mut doors = self.doors(now);
        let open_until = later(now, DOOR);
        let door = doors.0.entry((team, by)).or_insert(Door { open_until, candidates: Vec::new() });
        door.open_until = open_until;
        let shown = |waiting: &Waiting| Candidate {
            keys: waiting.keys.clone(),
            statement: match &waiting.stage {
                Stage::Accepted(statement) => Some(statement.clone()),
                Stage::Knocks | Stage::Offered(_) => None,
            },
        };
        door.candidates.iter().map(shown).collect()
    }

    /// Somebody stands at a door, now or still.
    pub(crate) fn knock(
        &self,
        team: TeamId,
        at: KeyholderId,
        keys: PublicKeys,
        now: Timestamp,
    ) -> Result<(), Problem> {
        let mut doors = self.doors(now);
        let id = keys.id();
        let door = doors.0.get(&(team, at)).ok_or_else(Problem::not_found)?;
        let stands_here = door.candidates.iter().any(|waiting| waiting.keys.id() == id);
        if !stands_here && door.candidates.len() >= limits::CANDIDATES {
            return Err(Problem::new(
                ProblemCode::TooMany,
                "Others stand at this door already. Try again in a few minutes.",
            ));
        }
        for (of, door) in &mut doors.0 {
            if *of != (team, at) {
                door.candidates.retain(|waiting| waiting.keys.id() != id);
            }
        }
        let door = doors.0.get_mut(&(team, at)).ok_or_else(Problem::not_found)?;
        let until = later(now, CANDIDATE);
        match door.candidates.iter_mut().find(|waiting| waiting.keys.id() == id) {
            Some(waiting) => waiting.until = until,
            None => door.candidates.push(Waiting { keys, until, stage: Stage::Knocks }),
        }
        Ok(())
    }

    /// A candidate of a team, by its id.
    pub(crate) fn known(&self, team: TeamId, id: KeyholderId, now: Timestamp) -> Option<Known> {
        let mut doors = self.doors(now);
        let waiting = doors.find(team, id)?;
        let vouched =
            if waiting.stage.statement().is_some() { Vouched::ByAMember } else { Vouched::ByNobody };
        Some(Known { keys: waiting.keys.clone(), vouched })
    }

    /// What a candidate was offered.
    pub(crate) fn offer_to(
        &self,
        team: TeamId,
        id: KeyholderId,
        now: Timestamp,
    ) -> Result<Option<Envelope>, Problem> {
        let mut doors = self.doors(now);
        let waiting = doors.find(team, id).ok_or_else(Problem::not_found)?;
        Ok(waiting.stage.statement().cloned())
    }

    /// Whoever's door it is offers something to a candidate there, in the place of what was offered before.
    pub(crate) fn offer(
        &self,
        team: TeamId,
        by: KeyholderId,
        id: KeyholderId,
        statement: Envelope,
        now: Timestamp,
    ) -> Result<(), Problem> {
        check_size(&statement)?;
        let mut doors = self.doors(now);
        let door = doors.0.get_mut(&(team, by)).ok_or_else(Problem::not_found)?;
        let mut candidates = door.candidates.iter_mut();
        let waiting = candidates.find(|waiting| waiting.keys.id() == id).ok_or_else(Problem::not_found)?;
        waiting.stage = Stage::Offered(statement);
        Ok(())
    }

    /// A candidate signs what it was offered, and nothing else.
    pub(crate) fn accept(
        &self,
        team: TeamId,
        id: KeyholderId,
        statement: Envelope,
        now: Timestamp,
    ) -> Result<(), Problem> {
        check_size(&statement)?;
        let mut doors = self.doors(now);
        let waiting = doors.find(team, id).ok_or_else(Problem::not_found)?;
        let offered = waiting.stage.statement().map(Envelope::hash);
        if offered != Some(statement.hash()) {
            return Err(Problem::forbidden("A candidate signs what it was offered last, and nothing else."));
        }
        waiting.stage = Stage::Accepted(statement);
        Ok(())
    }

    /// The doors as of now: what is past its time is gone.
    fn doors(&self, now: Timestamp) -> MutexGuard<'_, Doors> {
        // Nothing here panics half-way; what a panic elsewhere left is still whole.
        let mut doors = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        doors.0.retain(|_, door| {
            door.candidates.retain(|waiting| waiting.until > now);
            door.open_until > now
        });
        doors
    }
}

impl Doors {
    fn find(&mut self, team: TeamId, id: KeyholderId) -> Option<&mut Waiting> {
        let doors = self.0.iter_mut().filter(|((of, _), _)| *of == team);
        doors.flat_map(|(_, door)| &mut door.candidates).find(|waiting| waiting.keys.id() == id)
    }
}

fn later(now: Timestamp, milliseconds: u64) -> Timestamp {
    Timestamp(now.0.saturating_add(milliseconds))
}

fn check_size(statement: &Envelope) -> Result<(), Problem> {
    let small = statement.payload.len() <= limits::OFFER_BYTES
        && statement.signatures.len() <= SIGNATURES
        && statement.payload_type.len() <= 64
        && statement.signatures.iter().all(|signature| signature.sig.len() <= 64);
    if small { Ok(()) } else { Err(Problem::too_large("An offer is one event, and a small one.")) }
}

#[cfg(test)]
mod tests {
    use twinlock_protocol::encoding::Bytes;
    use twinlock_protocol::envelope::TEAM_EVENT;

    use super::*;

    const TEAM: TeamId = TeamId::new([1; 16]);
    const ADA: KeyholderId = KeyholderId::new([2; 16]);

    fn keys(of: u8) -> PublicKeys {
        PublicKeys { signing: [of; 32], kem: [of; 1216] }
    }

    fn statement(text: &str) -> Envelope {
        Envelope {
            payload_type: TEAM_EVENT.to_owned(),
            payload: Bytes(text.as_bytes().to_vec()),
            signatures: Vec::new(),
        }
    }

    fn code(result: Result<(), Problem>) -> Option<ProblemCode> {
        result.err().map(|problem| problem.code())
    }

    #[test]
    fn nobody_stands_before_a_closed_door() {
        let candidates = Candidates::default();
        let at = |seconds: u64| Timestamp(seconds * 1000);
        let not_found = Some(ProblemCode::NotFound);
        assert_eq!(code(candidates.knock(TEAM, ADA, keys(1), at(0))), not_found);
        assert!(candidates.look_out(TEAM, ADA, at(0)).is_empty());
        assert_eq!(code(candidates.knock(TeamId::new([9; 16]), ADA, keys(1), at(1))), not_found);
        assert_eq!(code(candidates.knock(TEAM, ADA, keys(1), at(1))), None);
        assert_eq!(candidates.look_out(TEAM, ADA, at(59)).len(), 1);
        // Looking out keeps it open; without, whoever stood there is gone with it.
        assert!(candidates.known(TEAM, keys(1).id(), at(118)).is_some());
        assert!(candidates.known(TEAM, keys(1).id(), at(119)).is_none());
        assert!(candidates.look_out(TEAM, ADA, at(120)).is_empty());
    }

    #[test]
    fn a_door_has_room_for_few_and_not_for_ever() {
        let candidates = Candidates::default();
        let now = Timestamp(0);
        let _nobody = candidates.look_out(TEAM, ADA, now);
        for of in 1..=4 {
            assert_eq!(code(candidates.knock(TEAM, ADA, keys(of), now)), None);
        }
        assert_eq!(code(candidates.knock(TEAM, ADA, keys(5), now)), Some(ProblemCode::TooMany));
        assert_eq!(code(candidates.knock(TEAM, ADA, keys(4), now)), None, "who stands there may knock again");
        // At another door: not at the first one any more.
        let ben = KeyholderId::new([3; 16]);
        let _nobody = candidates.look_out(TEAM, ben, now);
        assert_eq!(code(candidates.knock(TEAM, ben, keys(4), now)), None);
        assert_eq!(candidates.look_out(TEAM, ADA, now).len(), 3);
        assert_eq!(candidates.look_out(TEAM, ben, now).len(), 1);
        let mut later = 0;
        for _ in 0..11 {
            later += 59_000;
            let _kept_open = candidates.look_out(TEAM, ADA, Timestamp(later));
        }
        assert!(candidates.look_out(TEAM, ADA, Timestamp(later)).is_empty(), "ten minutes are over");
    }

    #[test]
    fn a_candidate_signs_what_it_was_offered_last() {
        let candidates = Candidates::default();
        let now = Timestamp(0);
        let id = keys(1).id();
        let _nobody = candidates.look_out(TEAM, ADA, now);
        let offer = |by, text| candidates.offer(TEAM, by, id, statement(text), now);
        let accept = |text| candidates.accept(TEAM, id, statement(text), now);
        assert_eq!(code(offer(ADA, "a")), Some(ProblemCode::NotFound));
        assert_eq!(code(candidates.knock(TEAM, ADA, keys(1), now)), None);
        let vouched = || candidates.known(TEAM, id, now).map(|known| known.vouched);
        assert_eq!(vouched(), Some(Vouched::ByNobody));
        assert_eq!(code(accept("a")), Some(ProblemCode::Forbidden));
        assert_eq!(code(offer(KeyholderId::new([3; 16]), "a")), Some(ProblemCode::NotFound), "not its door");
        assert_eq!(code(offer(ADA, "a")), None);
        assert_eq!(vouched(), Some(Vouched::ByAMember));
        assert_eq!(code(accept("b")), Some(ProblemCode::Forbidden));
        assert_eq!(code(accept("a")), None);
        assert!(candidates.look_out(TEAM, ADA, now)[0].statement.is_some());
        assert_eq!(code(offer(ADA, "b")), None);
        assert!(
            candidates.look_out(TEAM, ADA, now)[0].statement.is_none(),
            "another offer, to be signed anew"
        );
        assert_eq!(code(accept("a")), Some(ProblemCode::Forbidden));
        let long = "x".repeat(limits::OFFER_BYTES + 1);
        assert_eq!(code(offer(ADA, &long)), Some(ProblemCode::TooLarge));
    }
}
