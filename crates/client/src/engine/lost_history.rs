//! An owner's word that an environment goes on from what the vault has of it (`history-accepted`): where the vault lost
//! the end of it, and where somebody recorded in the log what was never there, so that everybody refuses what is.

use std::collections::BTreeMap;

use twinlock_protocol::api::AppendEvents;
use twinlock_protocol::envelope::Envelope;
use twinlock_protocol::environment::Environment;
use twinlock_protocol::event::{
    Event as TeamLogEvent, Head, HistoryAccepted, Level, PinnedHead, Role, TeamEvent,
};
use twinlock_protocol::ids::EnvironmentId;
use twinlock_protocol::revision::Revision;
use twinlock_protocol::{StatementHash, Verified};

use super::activity::decoded;
use super::approval::check_approved;
use super::carry::Carry;
use super::members::{ATTEMPTS, Turn};
use super::rights::in_words;
use super::session::stored;
use super::{Client, Event, Joined, now};
use crate::error::Error;
use crate::store::Scope;
use crate::team::next_event;
use crate::view::{GivenUpView, LostHistory, LostRevision, RecordedHead, RenewalView};

/// What an owner would sign, and what it gives up.
struct Planned {
    statement: Envelope,
    lost: Vec<LostHistory>,
}

impl Client {
    /// What would be given up of these environments' histories if an owner accepted what the vault has. Changes
    /// nothing.
    pub async fn lost_history(&self, ids: &[EnvironmentId]) -> Result<Vec<LostHistory>, Error> {
        let _lock = self.lock().await?;
        let mut state = self.state().await;
        let joined = state.joined()?;
        self.refresh_log(joined).await?;
        Ok(self.plan_giving_up(joined, ids).await?.lost)
    }

    /// Accepts what the vault has of these environments, exactly as it was shown. Everybody's computer goes on from
    /// there, and new keys are made where they are due.
    pub async fn give_up_history(&self, shown: &[LostHistory]) -> Result<GivenUpView, Error> {
        let _lock = self.lock().await?;
        let mut state = self.state().await;
        let joined = state.joined()?;
        let ids: Vec<EnvironmentId> = shown.iter().map(|lost| lost.id).collect();
        for _ in 0..ATTEMPTS {
            self.refresh_log(joined).await?;
            let Planned { statement, lost } = self.plan_giving_up(joined, &ids).await?;
            if lost != shown {
                return Err(Error::Rule(
                    "The vault has something else by now than what was shown. Look again.",
                ));
            }
            let request = AppendEvents { statements: vec![statement], wraps: Vec::new() };
            if let Turn::Ours = self.append_once(joined, &request).await? {
                self.follow_accepted(joined).await;
                self.emit(Event::Team);
                let keys = self.renew_after_giving_up(joined, &ids).await;
                return Ok(GivenUpView { given_up: lost, keys });
            }
        }
        Err(Error::TooBusy)
    }

    /// Plans the event on top of the log as it is here. The environments named are verified as they will be judged
    /// afterwards; all others as they are now.
    async fn plan_giving_up(&self, joined: &mut Joined, ids: &[EnvironmentId]) -> Result<Planned, Error> {
        check_approved(&joined.session)?;
        if joined.session.my_role() != Some(Role::Owner) {
            return Err(Error::Role { needed: "owner" });
        }
        if ids.is_empty() {
            return Err(Error::Usage("Say which environment it is about.".to_owned()));
        }
        let mut heads = BTreeMap::new();
        for id in joined.session.team.environments().keys().copied().collect::<Vec<_>>() {
            let head = if ids.contains(&id) {
                let head = self.served_head(joined, id).await;
                self.note_outcome(joined, head)?
            } else {
                self.refresh(joined, id).await.map_err(|error| named_too(error, joined, id))?;
                joined.session.held(id)?.held.chain.head()
            };
            heads.insert(id, head);
        }
        for id in ids {
            joined.session.team.environment(*id).map_err(|refusal| in_words(&refusal))?;
        }
        let pinned = |(id, head): (&EnvironmentId, &Head)| PinnedHead { environment: *id, head: *head };
        let accepted =
            HistoryAccepted { log: joined.session.log_head(), heads: heads.iter().map(pinned).collect() };
        let author = &joined.session.keyholder;
        let event = TeamLogEvent::HistoryAccepted(accepted);
        let statement = author.sign_event(&next_event(&joined.session.team, author.id(), event, now()));
        let mut team = joined.session.team.clone();
        team.append(&statement).map_err(|refusal| in_words(&refusal))?;
        let mut lost = Vec::new();
        for (id, head) in heads.into_iter().filter(|(id, _)| ids.contains(id)) {
            let served = self.verified_as_served(joined, id, &team, head).await;
            let served = self.note_outcome(joined, served)?;
            lost.push(self.lost_of(joined, id, &served)?);
        }
        lost.sort_by(|a, b| (&a.environment, a.id).cmp(&(&b.environment, b.id)));
        Ok(Planned { statement, lost })
    }

    /// What the log recorded, and what this computer has, that the vault's history of an environment does not bear out.
    fn lost_of(
        &self,
        joined: &Joined,
        id: EnvironmentId,
        served: &Verified<Environment>,
    ) -> Result<LostHistory, Error> {
        let session = &joined.session;
        let (log, own) = self.store().read(|step| {
            let log = stored(step, &Scope::Team(session.record.team), 0)?;
            Ok::<_, Error>((log, stored(step, &Scope::Environment(id), 0)?))
        })?;
        let own = own.iter().map(|one| Ok::<_, Error>((one.hash(), decoded::<Revision>(one)?)));
        let own = own.collect::<Result<Vec<_>, Error>>()?;
        let is_there =
            |(hash, revision): &&(StatementHash, Revision)| served.hash_at(revision.number) == Some(*hash);
        let lost = own.iter().skip_while(is_there).map(|(_, revision)| LostRevision {
            number: revision.number,
            by: session.author_name(revision.author),
            at: revision.created_at.0,
            changes: revision.changes.len(),
        });
        let known = session.team.environment(id).ok();
        let since = known.and_then(|known| known.accepted()).map_or(0, |accepted| accepted.sequence);
        let mut recorded = Vec::new();
        for statement in log.iter().skip(usize::try_from(since).unwrap_or(usize::MAX)) {
            let event: TeamEvent = decoded(statement)?;
            let opens = match &event.event {
                TeamLogEvent::GenerationOpened(opened) => Some(opened.generation),
                _ => None,
            };
            // An opening has its own revision above what it records.
            let begins = |head: Head| {
                let above = own.iter().find(|(_, revision)| revision.number == head.number + 1);
                above.is_some_and(|(_, revision)| Some(revision.generation) == opens)
                    || (above.is_none() && served.head().number > head.number)
            };
            let is_so = |head: Head| {
                served.hash_at(head.number) == Some(head.hash) && (opens.is_none() || begins(head))
            };
            let heads = event.event.recorded_heads().into_iter();
            let false_ones = heads.filter(|pinned| pinned.environment == id && !is_so(pinned.head));
            recorded.extend(false_ones.map(|pinned| RecordedHead {
                event: event.sequence,
                by: session.author_name(event.author),
                number: pinned.head.number,
            }));
        }
        let environment = session.environment_name(id);
        let Head { number, hash } = served.head();
        Ok(LostHistory { id, environment, number, hash, recorded, here: lost.collect() })
    }

    /// New keys for what is stale by it, and where the keys of now are nobody's.
    async fn renew_after_giving_up(&self, joined: &mut Joined, ids: &[EnvironmentId]) -> RenewalView {
        let mut keys = self.renew_all_stale(joined).await;
        for id in ids.iter().copied() {
            let known = joined.session.team.environment(id);
            let Ok(before) = known.map(|known| known.current().number) else { continue };
            let name = joined.session.environment_name(id);
            let told = keys.renewed.contains(&name) || keys.waiting.iter().any(|one| one.environment == name);
            let writes = joined.session.my_level(id) == Some(Level::Write);
            if told || !writes || joined.session.has_current(Some(id), twinlock_protocol::event::Half::Value)
            {
                continue;
            }
            match self.renew(joined, id, before, Carry::Whole).await {
                Ok(()) => keys.renewed.push(name),
                Err(error) => {
                    let why = error.to_string();
                    keys.waiting.push(crate::view::WaitingView { environment: name, why });
                }
            }
        }
        keys
    }
}

/// An environment that is refused as well is named as well, or keeps the others from it.
fn named_too(error: Error, joined: &Joined, id: EnvironmentId) -> Error {
    match error {
        Error::Refused(_) => Error::Usage(format!(
            "{} is refused as well, and the event speaks for all environments. Nothing was changed; name it too if what the vault has of it is to be accepted. {error}",
            joined.session.environment_name(id)
        )),
        error => error,
    }
}
