//! Going back where an owner gave up what this computer had seen of an environment (`history-accepted`). What is lost
//! leaves the history and is kept as evidence; linked files stay as they are, and what they have of it shows as changes
//! of this computer, which wait for its user.
//!
//! Only an event of this computer's own verified log brings it here: what a vault alone says never does.

use std::collections::BTreeMap;

use twinlock_protocol::envelope::Envelope;
use twinlock_protocol::environment::{Entry, Environment};
use twinlock_protocol::event::{Head, Level};
use twinlock_protocol::ids::{EntryId, EnvironmentId};
use twinlock_protocol::revision::{Change, Revision};
use twinlock_protocol::team::{Accepted, Team};
use twinlock_protocol::{Refusal, StatementHash, Verified, limits};

use super::activity::decoded;
use super::session::stored;
use super::versions::{entries_at, opened};
use super::{Client, Event, Joined};
use crate::error::Error;
use crate::store::{LinkedFile, Pin, Scope};
use crate::sync::{After, base_after_going_back};

impl Client {
    /// Goes back in every environment of which this computer saw more than an owner gave up. What does not work is
    /// tried again the next time: until then the environment is refused, as it was before.
    pub(super) async fn follow_accepted(&self, joined: &mut Joined) {
        for id in joined.session.beside_accepted() {
            if let Err(error) = self.go_back(joined, id).await {
                tracing::debug!(%error, "an environment could not go back to what was accepted");
            }
        }
    }

    /// Goes back to the last revision that this computer has in common with what an owner accepted. Says whether it
    /// did.
    pub(super) async fn go_back(&self, joined: &mut Joined, id: EnvironmentId) -> Result<bool, Error> {
        let Some(accepted) = joined.session.team.environment(id).ok().and_then(|known| known.accepted())
        else {
            return Ok(false);
        };
        let kept = self.store().read(|step| stored(step, &Scope::Environment(id), 0))?;
        let hashes: Vec<StatementHash> = kept.iter().map(Envelope::hash).collect();
        let start = joined.session.team.environment(id).map(|known| known.start());
        let start = start.map_err(|_| Error::EnvironmentGone)?;
        let hash_at = |number: u64| match usize::try_from(number).ok()?.checked_sub(1) {
            None => Some(start.hash),
            Some(index) => hashes.get(index).copied(),
        };
        let to = if hash_at(accepted.head.number) == Some(accepted.head.hash) {
            // On the way that was accepted: what came after it counts only if it knows of that.
            let next = usize::try_from(accepted.head.number).ok().and_then(|index| kept.get(index));
            match next {
                Some(next) if decoded::<Revision>(next)?.team_head.sequence < accepted.sequence => {
                    accepted.head.number
                }
                _ => return Ok(false),
            }
        } else {
            // On another way: the hash that was accepted stands for all before it, so the vault cannot choose which.
            let served = self.accepted_as_served(joined, id).await?;
            let last = u64::try_from(hashes.len()).unwrap_or(u64::MAX).min(served.head().number);
            (0..=last).rev().find(|at| hash_at(*at) == served.hash_at(*at)).unwrap_or(0)
        };
        let hash = hash_at(to).ok_or_else(|| Error::Bug("no common revision".into()))?;
        self.store().read(|step| joined.session.reload(step, id))?;
        let pin = self.store().read(|step| step.pin(&Scope::Environment(id)).map_err(Error::from))?;
        if pin.is_none_or(|pin| pin.number <= to) {
            // Another program of this home was first.
            return Ok(true);
        }
        self.leave_behind(joined, id, accepted, Pin { number: to, hash }, &kept).await?;
        Ok(true)
    }

    /// The history that the vault serves of an environment, if it is the one that was accepted.
    async fn accepted_as_served(
        &self,
        joined: &Joined,
        id: EnvironmentId,
    ) -> Result<Verified<Environment>, Error> {
        let head = self.served_head(joined, id).await?;
        self.verified_as_served(joined, id, &joined.session.team, head).await
    }

    /// Where an environment ends, as the vault says.
    pub(super) async fn served_head(&self, joined: &Joined, id: EnvironmentId) -> Result<Head, Error> {
        Ok(joined.vault()?.revisions(&joined.session.keyholder, id, 0).await?.head)
    }

    /// The whole history that the vault serves, up to a head that it named, verified from its first revision on. Keeps
    /// nothing.
    pub(super) async fn verified_as_served(
        &self,
        joined: &Joined,
        id: EnvironmentId,
        team: &Verified<Team>,
        head: Head,
    ) -> Result<Verified<Environment>, Error> {
        let refused = |refusal| joined.session.refused(Scope::Environment(id), refusal);
        let mut chain = Environment::start(team, id).map_err(refused)?;
        loop {
            let after = chain.head().number;
            let page = joined.vault()?.revisions(&joined.session.keyholder, id, after).await?;
            if page.head != head {
                return Err(Error::TooBusy);
            }
            if page.statements.is_empty() {
                break;
            }
            chain.extend(team, &page.statements).map_err(refused)?;
        }
        if chain.head() != head {
            return Err(refused(Refusal::CutShort { served: chain.head().number, known: head.number }));
        }
        chain.agrees_with(team).map_err(refused)?;
        Ok(chain)
    }

    /// Takes the history back, and what is agreed on with it, in one step.
    async fn leave_behind(
        &self,
        joined: &mut Joined,
        id: EnvironmentId,
        accepted: Accepted,
        to: Pin,
        kept: &[Envelope],
    ) -> Result<(), Error> {
        let held = joined.session.environment(id);
        let then = held.map(|held| entries_at(held, to.number)).unwrap_or_default();
        let later = kept.iter().skip(usize::try_from(to.number).unwrap_or(usize::MAX));
        let later = later.map(decoded::<Revision>).collect::<Result<Vec<_>, _>>()?;
        let last = last_numbers(&then, &later);
        let files = self.store().read(|step| step.linked_files())?;
        let files: Vec<LinkedFile> = files.into_iter().filter(|file| file.environment == id).collect();
        // What they agreed on since is to be what it was: the values of then are needed for that. Those that nobody has
        // any more leave nothing agreed on, so that a person decides.
        if !files.is_empty() && joined.session.my_level(id) >= Some(Level::Read) {
            let wanted: Vec<_> = then.iter().map(|(_, entry)| (entry.pointer, entry.digest)).collect();
            if let Err(error) = self.fetch_blobs(joined, id, &wanted, limits::ENVIRONMENT_BYTES).await {
                tracing::debug!(%error, "some values of what was accepted are not here");
            }
        }
        let held = joined.session.environment(id);
        let now = jiff::Timestamp::now();
        self.store().step(|step| {
            let mut after = Vec::with_capacity(then.len());
            for (entry_id, entry) in &then {
                let halves = match held {
                    Some(held) => opened(held, step, entry)?,
                    None => None,
                };
                after.push(After { id: *entry_id, number: entry.number, halves });
            }
            step.go_back(id, to, accepted.sequence, now)?;
            for file in &files {
                if let Some(base) = step.base(file.id)? {
                    let base = base_after_going_back(base, &after, &last, to.number);
                    step.set_base(file.id, &base)?;
                }
                step.set_went_back(file.id, Some(to.number))?;
                // What was approved was approved against another past.
                for waiting in step.outbox()?.into_iter().filter(|waiting| waiting.file == file.id) {
                    step.remove_plan(waiting.id)?;
                }
            }
            Ok::<_, Error>(())
        })?;
        self.store().read(|step| joined.session.reload(step, id))?;
        self.emit(Event::Environment(id));
        let name = joined.session.environment_name(id);
        for file in files {
            self.emit(Event::Trouble { file: file.id, sentence: went_back(&name, to.number) });
        }
        Ok(())
    }

    /// Its user pushed or pulled: what waited for that waits no more.
    pub(super) fn has_looked(&self, file: &LinkedFile) -> Result<(), Error> {
        if file.went_back_to.is_none() {
            return Ok(());
        }
        self.store().step(|step| step.set_went_back(file.id, None).map_err(Error::from))
    }
}

/// What a linked file's user is told.
pub(super) fn went_back(environment: &str, to: u64) -> String {
    format!(
        "The history of {environment} went back to revision {to}: an owner gave up what came after, which the vault has not. What this file has of it shows as changes of yours. Nothing is pushed or pulled by itself until you push or pull this file once."
    )
}

/// The revision that put each entry there, after these later ones.
fn last_numbers(then: &[(EntryId, Entry)], later: &[Revision]) -> BTreeMap<EntryId, u64> {
    let mut last: BTreeMap<_, _> =
        then.iter().map(|(id, entry)| (*id, (entry.number, entry.pointer))).collect();
    for revision in later {
        for change in &revision.changes {
            match change {
                Change::Put(put) => {
                    let moved = last.get(&put.entry).is_some_and(|(_, pointer)| *pointer == put.pointer);
                    if !moved {
                        last.insert(put.entry, (revision.number, put.pointer));
                    }
                }
                Change::Remove(remove) => {
                    last.remove(&remove.entry);
                }
                Change::Purge(_) => {}
            }
        }
    }
    last.into_iter().map(|(id, (number, _))| (id, number)).collect()
}
