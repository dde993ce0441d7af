//! Holds: while somebody takes another's right to push away, that one's pushes and events wait, so that whoever pushes
//! fast enough cannot outrun their own removal. A minute at most, in memory alone: a hold protects a handshake, no state.
//!
//! A hold is no weapon: it never stands before what takes rights from whoever holds, and the same member does not hold
//! the same people again until some minutes have passed, or something was taken that they held for.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use twinlock_protocol::api::ProblemCode;
use twinlock_protocol::encoding::decode_strict;
use twinlock_protocol::event::{Event, TeamEvent};
use twinlock_protocol::team::{Member, Team};
use twinlock_protocol::{Envelope, EnvironmentId, KeyholderId, MemberId, Refusal, TeamId, Verified, limits};

use crate::problem::Problem;

/// How long one lasts.
const LASTS: SignedDuration = SignedDuration::from_secs(60);
/// How long after it nobody whom it held is held again by the same member, if nothing came of it.
const RESTS: SignedDuration = SignedDuration::from_mins(5);

/// All holds.
#[derive(Clone, Default)]
pub(crate) struct Holds(Arc<Mutex<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    /// One for each who holds.
    holds: Vec<Hold>,
    /// Those of which nothing came yet, for as long as they are not to be repeated.
    spent: Vec<Hold>,
}

/// Whom somebody holds.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Hold {
    team: TeamId,
    by: KeyholderId,
    /// Whose keyholder that is.
    member: MemberId,
    until: Timestamp,
    whom: Whom,
}

/// Who waits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Whom {
    /// Whose pushes and events wait.
    keyholders: BTreeSet<KeyholderId>,
    /// Environments that are to be deleted: everybody's pushes wait.
    environments: BTreeSet<EnvironmentId>,
}

impl Whom {
    fn overlaps(&self, other: &Self) -> bool {
        !self.keyholders.is_disjoint(&other.keyholders) || !self.environments.is_disjoint(&other.environments)
    }
}

impl Kept {
    /// Holds. Whoever is held already by the same member is not held longer by that.
    fn add(&mut self, hold: Hold, now: Timestamp) -> Result<(), Problem> {
        let rested = |spent: &Hold| spent.until.checked_add(RESTS).is_ok_and(|again| again <= now);
        self.spent.retain(|spent| !rested(spent));
        let again = self.spent.iter().filter(|spent| {
            (spent.team, spent.member) == (hold.team, hold.member) && spent.whom.overlaps(&hold.whom)
        });
        let until = again.map(|spent| spent.until).min().unwrap_or(hold.until);
        if until <= now {
            return Err(Problem::new(
                ProblemCode::TooMany,
                "You had them wait already, and nothing came of it. They are not held again for some minutes.",
            ));
        }
        let hold = Hold { until, ..hold };
        // Whoever needs several in turn is done with the one before.
        self.holds.retain(|other| other.until > now && (other.team, other.by) != (hold.team, hold.by));
        self.spent.push(hold.clone());
        self.holds.push(hold);
        Ok(())
    }

    /// Something of whoever holds is stored. It `took` something if it recorded heads: that is what one holds for.
    fn end(&mut self, team: TeamId, by: KeyholderId, took: bool) {
        let of = |hold: &Hold| (hold.team, hold.by) == (team, by);
        let member = self.holds.iter().find(|hold| of(hold)).map(|hold| hold.member);
        self.holds.retain(|hold| !of(hold));
        if took && let Some(member) = member {
            self.spent.retain(|spent| (spent.team, spent.member) != (team, member));
        }
    }

    /// Those by which somebody waits.
    fn on(
        &self,
        team: TeamId,
        who: KeyholderId,
        environment: Option<EnvironmentId>,
        now: Timestamp,
    ) -> impl Iterator<Item = &Hold> {
        self.holds.iter().filter(move |hold| {
            let everybody =
                environment.is_some_and(|id| hold.whom.environments.contains(&id)) && hold.by != who;
            hold.team == team && hold.until > now && (everybody || hold.whom.keyholders.contains(&who))
        })
    }
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
        let whom = held(team, &event)?;
        if whom == Whom::default() {
            return Ok(());
        }
        let until = now.checked_add(LASTS).unwrap_or(Timestamp::MAX);
        let hold = Hold { team: team.id(), by: asker, member: team.member_of(asker)?, until, whom };
        self.kept().add(hold, now)
    }

    /// What somebody appended is stored; whether it took something away.
    pub(crate) fn end(&self, team: TeamId, by: KeyholderId, took: bool) {
        self.kept().end(team, by, took);
    }

    /// Refuses who is held: their revisions of an environment.
    pub(crate) fn check(
        &self,
        team: TeamId,
        who: KeyholderId,
        environment: EnvironmentId,
        now: Timestamp,
    ) -> Result<(), Problem> {
        self.kept().on(team, who, Some(environment), now).next().map_or(Ok(()), |_| Err(Problem::held()))
    }

    /// Refuses who is held: their events, but for those that take rights from whoever holds them.
    pub(crate) fn check_events(
        &self,
        team: &Team,
        who: KeyholderId,
        statements: &[Envelope],
        now: Timestamp,
    ) -> Result<(), Problem> {
        let kept = self.kept();
        let mut holders = kept.on(team.id(), who, None, now).map(|hold| hold.member).peekable();
        if holders.peek().is_none() {
            return Ok(());
        }
        // Whether they may is judged afterwards, like any event.
        let from: Option<BTreeSet<MemberId>> =
            statements.iter().map(|statement| takes_from(team, statement)).collect();
        match from {
            Some(from) if !from.is_empty() && holders.all(|holder| from == BTreeSet::from([holder])) => {
                Ok(())
            }
            _ => Err(Problem::held()),
        }
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The member from whom an event takes something. What gives is not meant: it could be given and taken for ever.
fn takes_from(team: &Team, statement: &Envelope) -> Option<MemberId> {
    let event: TeamEvent = decode_strict(&statement.payload, limits::STATEMENT_BYTES).ok()?;
    match event.event {
        Event::MemberRemoved(removed) => Some(removed.member),
        Event::RoleChanged(changed) => {
            let now = team.active_member(changed.member).ok()?.role;
            (changed.role < now).then_some(changed.member)
        }
        Event::AccessChanged(changed) => {
            let now = team.level(changed.member, changed.environment);
            (changed.level < now).then_some(changed.member)
        }
        _ => None,
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
fn held(team: &Team, event: &TeamEvent) -> Result<Whom, Problem> {
    let falls = team.consequences(event.author, &event.event)?;
    let of =
        |member: MemberId| team.members().get(&member).map(Member::keyholders).cloned().unwrap_or_default();
    let (mut keyholders, environments) = match &event.event {
        _ if falls.heads.is_empty() => Default::default(),
        Event::MemberRemoved(removed) => (of(removed.member), BTreeSet::new()),
        Event::AccessChanged(changed) => (of(changed.member), BTreeSet::new()),
        Event::RoleChanged(changed) => (of(changed.member), BTreeSet::new()),
        Event::EnvironmentDeleted(_) | Event::ProjectDeleted(_) => (BTreeSet::new(), falls.heads),
        _ => (falls.keyholders, BTreeSet::new()),
    };
    keyholders.remove(&event.author);
    Ok(Whom { keyholders, environments })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEAM: TeamId = TeamId::new([1; 16]);

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    fn hold(computer: u8, member: u8, whom: &[u8], now: i64) -> Hold {
        let keyholders = whom.iter().map(|id| KeyholderId::new([*id; 16])).collect();
        Hold {
            team: TEAM,
            by: KeyholderId::new([computer; 16]),
            member: MemberId::new([member; 16]),
            until: at(now + 60),
            whom: Whom { keyholders, environments: BTreeSet::new() },
        }
    }

    fn waits(kept: &Kept, who: u8, now: i64) -> bool {
        kept.on(TEAM, KeyholderId::new([who; 16]), None, at(now)).next().is_some()
    }

    #[test]
    fn a_minute_is_a_minute_however_often_it_is_asked_for() {
        let mut kept = Kept::default();
        kept.add(hold(1, 1, &[9], 0), at(0)).unwrap();
        // Again, and from another computer of the same member: it lasts as long as it would have.
        kept.add(hold(1, 1, &[9, 8], 50), at(50)).unwrap();
        kept.add(hold(2, 1, &[9], 55), at(55)).unwrap();
        assert!(waits(&kept, 9, 59));
        assert!(!waits(&kept, 9, 60));
        for now in [60, 100, 359] {
            let again = kept.add(hold(2, 1, &[9], now), at(now)).unwrap_err();
            assert_eq!(again.code(), ProblemCode::TooMany, "{now}");
        }
        // Somebody else's hold is their own, and so is one of somebody else.
        kept.add(hold(3, 3, &[9], 100), at(100)).unwrap();
        kept.add(hold(2, 1, &[7], 100), at(100)).unwrap();
        kept.add(hold(1, 1, &[9], 360), at(360)).unwrap();
        assert!(waits(&kept, 9, 419));
    }

    #[test]
    fn only_what_takes_something_lets_one_hold_again() {
        let mut kept = Kept::default();
        let by = KeyholderId::new([1; 16]);
        kept.add(hold(1, 1, &[9], 0), at(0)).unwrap();
        kept.end(TEAM, by, false);
        assert!(!waits(&kept, 9, 1), "it ends with whatever its holder stores");
        assert!(kept.add(hold(1, 1, &[9], 60), at(60)).is_err());
        kept.add(hold(1, 1, &[8], 61), at(61)).unwrap();
        kept.end(TEAM, by, true);
        kept.add(hold(1, 1, &[9], 62), at(62)).unwrap();
        assert!(waits(&kept, 9, 100));
    }
}
