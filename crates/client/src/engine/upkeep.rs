//! What every member's computer does for the team in passing: keys that somebody lacks, invites that expired, keys
//! that are due to be renewed. Nobody waits for it, and nothing fails with it: whatever could not be done is tried
//! again the next time. What keeps somebody's access open is told besides, until it is done.

use std::collections::BTreeMap;

use twinlock_protocol::encoding::decode_strict;
use twinlock_protocol::event::{Event as TeamLogEvent, Level, TeamEvent};
use twinlock_protocol::ids::{EnvironmentId, Generation};
use twinlock_protocol::limits;
use twinlock_protocol::timestamp::Timestamp;

use super::carry::Carry;
use super::session::{Session, stored};
use super::{Client, Event, Joined};
use crate::error::{Error, ErrorCode};
use crate::store::{Scope, Step};
use crate::team::renewal::{Drawn, patience};

/// The note in which the hidden moments are kept, sealed.
const RENEWALS: &str = "renewals";

/// On which occasion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Occasion {
    /// A command that ends.
    Once,
    /// A program that keeps watching.
    Watching,
}

/// When this program renews what somebody who was removed knew, if nobody was faster.
pub(super) type Hurries = BTreeMap<(EnvironmentId, Generation), Timestamp>;

/// What is told if it does not work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Passing {
    /// Closing what is past its time.
    Closing,
    /// Renewing the key of the team's names.
    Names,
}

/// What did not work when it was tried last, and why.
pub(super) type Undone = BTreeMap<Passing, String>;

impl Passing {
    fn sentence(self, error: &Error) -> String {
        match self {
            Self::Closing => format!(
                "An invite or a service is past its time and could not be closed. This computer gives it no new keys. {error}"
            ),
            Self::Names => format!(
                "The key of the team's names is due to be renewed and could not be. Whoever lost it can go on reading new names. {error}"
            ),
        }
    }
}

impl Client {
    /// What was to be done in passing and did not work when it was tried last, in sentences.
    pub async fn undone(&self) -> Vec<String> {
        let state = self.state().await;
        state.joined.iter().flat_map(|joined| joined.undone.values().cloned()).collect()
    }

    /// Notes how something ended that is done in passing, and tells what is new. What would have stopped anything else
    /// as well (no vault, a vault that is refused, no keys) is an error as it is.
    pub(super) fn in_passing(
        &self,
        joined: &mut Joined,
        what: Passing,
        result: Result<(), Error>,
    ) -> Result<(), Error> {
        let Err(error) = result else {
            joined.undone.remove(&what);
            return Ok(());
        };
        if [ErrorCode::Unreachable, ErrorCode::Refused, ErrorCode::Locked].contains(&error.code()) {
            return Err(error);
        }
        let sentence = what.sentence(&error);
        if joined.undone.insert(what, sentence.clone()).as_ref() != Some(&sentence) {
            self.emit(Event::Undone { sentence });
        }
        Ok(())
    }

    /// Closes what is past its time, and renews the key of the team's names if that is due.
    pub(super) async fn end_what_is_over(&self, joined: &mut Joined) -> Result<(), Error> {
        let closed = self.close_expired(joined).await;
        self.in_passing(joined, Passing::Closing, closed)?;
        let renewed = self.renew_name_key_if_due(joined).await;
        self.in_passing(joined, Passing::Names, renewed)
    }

    /// Does what there is to do.
    pub(super) async fn upkeep(&self, joined: &mut Joined, occasion: Occasion) {
        if joined.session.my_role().is_none() {
            return;
        }
        let tried = [
            (
                "closing what has expired and renewing the team's name key",
                self.end_what_is_over(joined).await,
            ),
            ("wrapping keys for others", self.complete_wraps(joined).await),
            ("renewing keys", self.renew_what_is_due(joined, occasion).await),
        ];
        for (what, result) in tried {
            if let Err(error) = result {
                tracing::debug!(%error, "{what} is left for the next time");
            }
        }
    }

    /// Renews the keys of environments whose moment has come.
    async fn renew_what_is_due(&self, joined: &mut Joined, occasion: Occasion) -> Result<(), Error> {
        let now = self.inner.clock.now();
        let session = &joined.session;
        let mut due = self.store().step(|step| drawn(session, step, now))?;
        if occasion == Occasion::Watching {
            let session = &joined.session;
            let hurried = self.store().read(|step| hurried(session, step))?;
            joined.hurries.retain(|one, _| hurried.contains(one));
            for one in hurried {
                let end = joined.hurries.entry(one);
                let end = *end.or_insert_with(|| Timestamp(now.0.saturating_add(patience(rand::random()))));
                if now >= end {
                    due.push(one);
                }
            }
        }
        // One that cannot be renewed does not keep the others back.
        let mut failed = Ok(());
        for (id, generation) in due {
            failed = failed.and(self.renew(joined, id, generation, Carry::Whole).await);
        }
        failed
    }
}

/// The environments that this member writes to, each with its current generation.
fn written(session: &Session) -> impl Iterator<Item = (EnvironmentId, Generation)> {
    let all = session.team.environments().iter();
    let mine = all.filter(|(id, _)| session.my_level(**id) == Some(Level::Write));
    mine.map(|(id, environment)| (*id, environment.current().number))
}

/// Those whose hidden moment has come. Draws one for each generation that is new here.
fn drawn(
    session: &Session,
    step: &mut Step<'_>,
    now: Timestamp,
) -> Result<Vec<(EnvironmentId, Generation)>, Error> {
    let note = step.note(RENEWALS)?;
    // What is of another form is drawn anew.
    let kept: BTreeMap<EnvironmentId, Drawn> =
        note.and_then(|note| serde_json::from_slice(&note).ok()).unwrap_or_default();
    let mut next = BTreeMap::new();
    for (id, generation) in written(session) {
        let drawn = kept.get(&id).filter(|drawn| !drawn.is_void(generation, now)).copied();
        next.insert(id, drawn.unwrap_or_else(|| Drawn::new(generation, now, rand::random())));
    }
    if next != kept {
        let note = serde_json::to_vec(&next).map_err(|error| Error::Bug(error.to_string()))?;
        step.set_note(RENEWALS, &note)?;
    }
    let bounds = session.team.settings().renewal;
    let come = |id: &EnvironmentId| next.get(id).is_some_and(|drawn| drawn.has_come(bounds, now));
    Ok(written(session).filter(|(id, _)| come(id)).collect())
}

/// Those that are stale because a right was taken from somebody, not because an invite was used or closed: those wait
/// for the next push.
fn hurried(session: &Session, step: &Step<'_>) -> Result<Vec<(EnvironmentId, Generation)>, Error> {
    let mut found = Vec::new();
    for (id, generation) in written(session) {
        let Ok(environment) = session.team.environment(id) else { continue };
        if !environment.is_stale() {
            continue;
        }
        let since = environment.current().opened.sequence;
        let events = stored(step, &Scope::Team(session.record.team), since)?;
        let events = events.iter().filter_map(|one| {
            decode_strict::<TeamEvent>(&one.payload, limits::STATEMENT_BYTES).ok().map(|event| event.event)
        });
        let takes = |event: TeamLogEvent| match event {
            TeamLogEvent::MemberRemoved(_)
            | TeamLogEvent::KeyholderRevoked(_)
            | TeamLogEvent::RoleChanged(_) => true,
            TeamLogEvent::AccessChanged(changed) => changed.environment == id,
            _ => false,
        };
        if events.into_iter().any(takes) {
            found.push((id, generation));
        }
    }
    Ok(found)
}
