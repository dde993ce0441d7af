//! How many events members append in a day that nobody has to agree to: a log has no end, and each of these stays for
//! good. Counted in memory since the start. What takes access away is not counted, and never held up.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use twinlock_protocol::api::ProblemCode;
use twinlock_protocol::event::{Event, Role, Subject};
use twinlock_protocol::timestamp::Timestamp;
use twinlock_protocol::{MemberId, TeamId, limits};

use crate::problem::Problem;

const DAY: u64 = 24 * 60 * 60 * 1000;

/// What was appended in the last day.
#[derive(Clone, Default)]
pub(crate) struct Daily(Arc<Mutex<OfMembers>>);

/// When each member did, oldest first.
type OfMembers = HashMap<(TeamId, MemberId), VecDeque<Timestamp>>;

/// Whether an event is one that its author makes by themselves, and takes nothing away: it is about them alone, or
/// somebody below admin creates something.
pub(crate) fn is_counted(event: &Event, author: MemberId, role: Role) -> bool {
    match event {
        Event::KeyholderAdded(_) => true,
        Event::LabelChanged(changed) => changed.subject == Subject::Member(author),
        Event::ProjectCreated(_) | Event::EnvironmentCreated(_) => role < Role::Admin,
        _ => false,
    }
}

impl Daily {
    /// Refuses more events than a day has room for. `more` are to be appended now.
    pub(crate) fn check(
        &self,
        team: TeamId,
        member: MemberId,
        more: usize,
        now: Timestamp,
    ) -> Result<(), Problem> {
        if more == 0 {
            return Ok(());
        }
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of_member = all.entry((team, member)).or_default();
        while of_member.front().is_some_and(|at| at.0.saturating_add(DAY) <= now.0) {
            of_member.pop_front();
        }
        if of_member.len() + more > limits::EVENTS_IN_A_DAY {
            return Err(Problem::new(
                ProblemCode::TooMany,
                "This is more than a member may create, or change about themselves, in a day. Nothing was stored.",
            ));
        }
        Ok(())
    }

    /// They were appended.
    pub(crate) fn count(&self, team: TeamId, member: MemberId, more: usize, now: Timestamp) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry((team, member)).or_default().extend(std::iter::repeat_n(now, more));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_has_room_for_so_many_and_the_next_one_again() {
        let daily = Daily::default();
        let (team, ada, ben) = (TeamId::new([1; 16]), MemberId::new([2; 16]), MemberId::new([3; 16]));
        for hour in 0..64 {
            let now = Timestamp(hour * 60_000);
            assert!(daily.check(team, ada, 1, now).is_ok(), "{hour}");
            daily.count(team, ada, 1, now);
        }
        assert!(daily.check(team, ada, 1, Timestamp(DAY - 1)).is_err());
        assert!(daily.check(team, ada, 0, Timestamp(DAY - 1)).is_ok(), "what is not about oneself");
        assert!(daily.check(team, ben, 64, Timestamp(DAY - 1)).is_ok(), "somebody else");
        assert!(daily.check(team, ben, 65, Timestamp(DAY - 1)).is_err());
        assert!(daily.check(team, ada, 1, Timestamp(DAY)).is_ok(), "the first one is a day old");
        assert!(daily.check(team, ada, 2, Timestamp(DAY)).is_err());
    }
}
