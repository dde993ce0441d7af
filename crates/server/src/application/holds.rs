//! Holds: while somebody takes another's right to push away, that one's pushes and events wait, so that whoever pushes
//! fast enough cannot outrun their own removal. A minute at most, in memory alone: a hold protects a handshake, no state.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use twinlock_protocol::encoding::decode_strict;
use twinlock_protocol::event::{Event, TeamEvent};
use twinlock_protocol::team::{Member, Team};
use twinlock_protocol::{Envelope, EnvironmentId, KeyholderId, MemberId, Refusal, TeamId, Verified, limits};

use crate::problem::Problem;

/// How long one lasts.
const LASTS: SignedDuration = SignedDuration::from_secs(60);

/// All holds.
#[derive(Clone, Default)]
pub(crate) struct Holds {
    holds: Arc<Mutex<Vec<Hold>>>,
}

/// Whom somebody holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hold {
    team: TeamId,
    by: KeyholderId,
    until: Timestamp,
    /// Whose pushes and events wait.
    keyholders: BTreeSet<KeyholderId>,
    /// Environments that are to be deleted: everybody's pushes wait.
    environments: BTreeSet<EnvironmentId>,
}

impl Holds {
    /// Holds whoever an event takes the right to push from. The event is judged as for the log, but for the heads that
    /// it records: they are what cannot be caught up with.
    pub(crate) fn add(
        &self,
        team: &Verified<Team>,
        asker: KeyholderId,
        statement: &Envelope,
        now: Timestamp,
    ) -> Result<(), Problem> {
        let event = judged(team, statement)?;
        if event.author != asker {
            return Err(Problem::forbidden(
                "A request carries statements of whoever signs it, and of nobody else.",
            ));
        }
        let (keyholders, environments) = held(team, &event)?;
        let until = now.checked_add(LASTS).unwrap_or(Timestamp::MAX);
        let hold = Hold { team: team.id(), by: asker, until, keyholders, environments };
        let mut holds = self.holds.lock().unwrap_or_else(PoisonError::into_inner);
        // One for each who holds: whoever needs several in turn is done with the one before.
        holds.retain(|other| other.until > now && (other.team, other.by) != (hold.team, hold.by));
        holds.push(hold);
        Ok(())
    }

    /// What somebody held for is stored.
    pub(crate) fn end(&self, team: TeamId, by: KeyholderId) {
        let mut holds = self.holds.lock().unwrap_or_else(PoisonError::into_inner);
        holds.retain(|hold| (hold.team, hold.by) != (team, by));
    }

    /// Refuses who is held: their events, and their revisions of any environment.
    pub(crate) fn check(
        &self,
        team: TeamId,
        who: KeyholderId,
        environment: Option<EnvironmentId>,
        now: Timestamp,
    ) -> Result<(), Problem> {
        let holds = self.holds.lock().unwrap_or_else(PoisonError::into_inner);
        let holds_up = |hold: &&Hold| {
            let everybody = environment.is_some_and(|id| hold.environments.contains(&id)) && hold.by != who;
            hold.team == team && hold.until > now && (everybody || hold.keyholders.contains(&who))
        };
        holds.iter().find(holds_up).map_or(Ok(()), |_| Err(Problem::held()))
    }
}

/// The event, if all of it is right but the heads that it records. What is judged last are the heads: who signed it, and
/// whether they may, is certain by then.
fn judged(team: &Verified<Team>, statement: &Envelope) -> Result<TeamEvent, Problem> {
    match team.clone().append(statement) {
        Ok(event) => Ok(event.into_inner()),
        Err(Refusal::Heads) => {
            let decoded = decode_strict(&statement.payload, limits::STATEMENT_BYTES);
            decoded.map_err(|_| Problem::bad_request("A hold names an event of the team's log."))
        }
        Err(Refusal::Number { .. } | Refusal::Chain { .. }) => Err(Problem::log_moved(team.head())),
        Err(refusal) => Err(refusal.into()),
    }
}

/// Whose right to push the event takes, but for its author's; and the environments that it deletes.
fn held(team: &Team, event: &TeamEvent) -> Result<(BTreeSet<KeyholderId>, BTreeSet<EnvironmentId>), Problem> {
    let falls = team.consequences(event.author, &event.event)?;
    let of =
        |member: MemberId| team.members().get(&member).map(Member::keyholders).cloned().unwrap_or_default();
    let (mut keyholders, environments) = match &event.event {
        _ if falls.heads.is_empty() => Default::default(),
        Event::MemberRemoved(removed) => (of(removed.member), BTreeSet::new()),
        Event::AccessChanged(changed) => (of(changed.member), BTreeSet::new()),
        Event::EnvironmentDeleted(_) | Event::ProjectDeleted(_) => (BTreeSet::new(), falls.heads),
        _ => (falls.keyholders, BTreeSet::new()),
    };
    keyholders.remove(&event.author);
    Ok((keyholders, environments))
}
