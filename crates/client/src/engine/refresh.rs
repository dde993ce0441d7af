//! Fetching what moved: log, revisions, values, keys. Verified before it is kept, kept before it is shown.

use std::collections::BTreeMap;

use serde_json::json;
use twinlock_protocol::api::ValueBlob;
use twinlock_protocol::encoding::to_base64url;
use twinlock_protocol::envelope::Envelope;
use twinlock_protocol::environment::{Environment, SEAL_OVERHEAD, digest};
use twinlock_protocol::event::{Level, Role};
use twinlock_protocol::ids::{Digest, EnvironmentId, Pointer};
use twinlock_protocol::revision::Change;
use twinlock_protocol::team::Team;
use twinlock_protocol::{Refusal, StatementHash, Verified, limits, padding};
use zeroize::Zeroizing;

use super::keyholders::Heard;
use super::renamed::{Names, names, renews_names};
use super::session::{Session, Taken};
use super::{Client, Event, Joined};
use crate::error::{Error, ErrorCode};
use crate::refused::Refused;
use crate::store::{Pin, RefusalRecord, Scope, Step, StoreError};
use crate::view::Connection;

impl Client {
    /// Brings the log up to date.
    pub(super) async fn refresh_log(&self, joined: &mut Joined) -> Result<(), Error> {
        self.catch_up(joined)?;
        let mut heard = Vec::new();
        let result = self.fetch_log(joined, &mut heard).await;
        let scope = Scope::Team(joined.session.record.team);
        let result = self.note_outcome(joined, result).and_then(|()| self.note_verified(&scope, Event::Team));
        let result = match result {
            Ok(()) => self.fetch_keys(joined).await,
            refused => refused,
        };
        self.follow_accepted(joined).await;
        // With the keys that came with it, so that names are known; and also where something else went wrong.
        self.tell_of_people(&joined.session, &heard);
        result?;
        self.note_names(joined)?;
        self.compare_names(joined)?;
        // Reading goes on all the same; the next refresh tries again.
        if let Err(error) = self.introduce_oneself(joined).await {
            tracing::debug!(%error, "this member's name was not sent yet");
        }
        Ok(())
    }

    /// Brings one environment up to date: revisions, and the sealed values of its head.
    pub(super) async fn refresh(&self, joined: &mut Joined, id: EnvironmentId) -> Result<(), Error> {
        let before = self.refresh_history(joined, id).await?;
        let mut result = self.fetch_values(joined, id).await;
        if let Err(Error::Refused(refused)) = &result
            && matches!(refused.refusal, Refusal::ValueMissing(_))
        {
            // Not a lie yet: the value may have been replaced and purged between the two requests.
            let before = joined.session.held(id)?.held.chain.head();
            let again = self.fetch_revisions(joined, id).await;
            if again.is_err() || joined.session.held(id)?.held.chain.head() != before {
                result = match again {
                    Ok(()) => self.fetch_values(joined, id).await,
                    refused => refused,
                };
            }
        }
        self.note_outcome(joined, result)?;
        self.announce_changed_by_renewal(joined, id, before).await?;
        self.note_verified(&Scope::Environment(id), Event::Environment(id))
    }

    /// Brings the revisions of one environment up to date, and no values: whoever takes rights away, or wants to know
    /// what there is, is not held up by a value that is missing, damaged or large. Gives the number that was the head's.
    pub(super) async fn refresh_history(&self, joined: &mut Joined, id: EnvironmentId) -> Result<u64, Error> {
        self.refresh_log(joined).await?;
        // An admin is served statements of what they have no access to: heads to record come from there.
        if joined.session.my_role() < Some(Role::Admin) {
            self.check_access(joined, id, Level::Names)?;
        }
        let before = joined.session.environment(id).map_or(0, |held| held.chain.head().number);
        let mut result = self.fetch_revisions(joined, id).await;
        if let Err(Error::Refused(refused)) = &result
            && matches!(refused.refusal, Refusal::LogBehind { .. })
        {
            // Not a lie yet: the log may have grown between the two requests.
            self.refresh_log(joined).await?;
            result = self.fetch_revisions(joined, id).await;
        }
        if let Err(Error::Refused(_)) = &result
            && self.go_back(joined, id).await.unwrap_or(false)
        {
            // An owner gave up what this computer had seen, and what is there instead could be told only now.
            result = self.fetch_revisions(joined, id).await;
        }
        self.note_outcome(joined, result)?;
        Ok(before)
    }

    /// What is served verifies: a refusal that stood is over, and whoever shows it hears of that.
    fn note_verified(&self, scope: &Scope, event: Event) -> Result<(), Error> {
        if self.store().step(|step| step.end_refusals(scope).map_err(Error::from))? {
            self.emit(event);
        }
        Ok(())
    }

    /// Fetches what follows in the log. What does not go through the pins is not kept, nor what leads there.
    pub(super) async fn fetch_log(&self, joined: &mut Joined, heard: &mut Vec<Heard>) -> Result<(), Error> {
        let vault = joined.vault()?;
        let scope = Scope::Team(joined.session.record.team);
        let mut next = joined.session.team.clone();
        let (mut fetched, mut heard_of_it, mut before) = (Vec::new(), Vec::new(), Names::new());
        loop {
            let seen = next.head();
            let page = vault.events(&joined.session.keyholder, seen.sequence).await?;
            let evidence = |refusal: &Refusal, statement: Option<&Envelope>| json!({ "found": refusal.to_string(), "seen": seen, "head": page.head, "statement": statement });
            let refused = |refusal: Refusal| {
                let served = evidence(&refusal, page.statements.first());
                joined.session.refused_for(scope, refusal, served)
            };
            check_head(page.head.sequence, page.head.hash, seen.sequence, seen.hash).map_err(refused)?;
            if page.statements.is_empty() {
                let cut_short = Refusal::CutShort { served: seen.sequence, known: page.head.sequence };
                return if page.head == seen { joined.hold_log(&next) } else { Err(refused(cut_short)) };
            }
            for statement in &page.statements {
                if renews_names(statement) {
                    for (id, name) in names(&joined.session, &next) {
                        before.entry(id).or_insert(name);
                    }
                }
                let event = next.append(statement).map_err(|refusal| {
                    let served = evidence(&refusal, Some(statement));
                    joined.session.refused_for(scope, refusal, served)
                })?;
                heard_of_it.extend(Heard::of(&event));
            }
            fetched.extend(page.statements);
            if below_pins(joined.hold_log(&next))? {
                continue;
            }
            self.keep_names_before(std::mem::take(&mut before))?;
            // Kept before it counts: another program of this home may have been told something else meanwhile.
            let after = joined.session.log_head().sequence;
            self.keep_statements(scope, after, &fetched)
                .map_err(|error| two_histories(error, &joined.session, scope, after + 1))?;
            joined.session.team = next.clone();
            fetched.clear();
            heard.append(&mut heard_of_it);
            self.emit(Event::Team);
        }
    }

    /// Fetches the revisions that follow, with the same care.
    async fn fetch_revisions(&self, joined: &mut Joined, id: EnvironmentId) -> Result<(), Error> {
        let vault = joined.vault()?;
        let scope = Scope::Environment(id);
        let mut next = joined.session.held(id)?.held.chain.clone();
        joined.check_pinned(id)?;
        let (mut fetched, mut accepted) = (Vec::new(), Vec::new());
        loop {
            let seen = next.head();
            let page = vault.revisions(&joined.session.keyholder, id, seen.number).await?;
            let evidence = |refusal: &Refusal, statement: Option<&Envelope>| json!({ "found": refusal.to_string(), "seen": seen, "head": page.head, "statement": statement });
            let refused = |session: &Session, refusal: Refusal, statement: Option<&Envelope>| {
                let served = evidence(&refusal, statement);
                session.refused_for(scope, refusal, served)
            };
            check_head(page.head.number, page.head.hash, seen.number, seen.hash)
                .map_err(|refusal| refused(&joined.session, refusal, page.statements.first()))?;
            if page.statements.is_empty() {
                if page.head != seen {
                    let refusal = Refusal::CutShort { served: seen.number, known: page.head.number };
                    return Err(refused(&joined.session, refusal, None));
                }
                let reached = next.agrees_with(&joined.session.team);
                reached.map_err(|refusal| refused(&joined.session, refusal, None))?;
                return joined.hold_environment(&next);
            }
            match next.extend(&joined.session.team, &page.statements) {
                Ok(revisions) => accepted.extend(revisions),
                Err(refusal) => {
                    let first = first_refused(&next, &joined.session.team, &page.statements);
                    return Err(refused(&joined.session, refusal, first.or(page.statements.last())));
                }
            }
            fetched.extend(page.statements);
            if below_pins(joined.hold_environment(&next))? {
                continue;
            }
            let held = joined.session.held(id)?.held;
            let (after, before) = (held.chain.head().number, held.revisions.len());
            held.chain = next.clone();
            held.revisions.append(&mut accepted);
            if let Err(error) = self.keep_revisions(joined, id, after, &fetched) {
                let error = two_histories(error, &joined.session, scope, after + 1);
                joined.session.forget(id);
                return Err(error);
            }
            fetched.clear();
            self.announce(joined, id, before);
        }
    }

    /// Fetches the sealed values of the head that are not here.
    async fn fetch_values(&self, joined: &Joined, id: EnvironmentId) -> Result<(), Error> {
        let Some(held) = joined.session.environment(id) else { return Ok(()) };
        if joined.session.my_level(id).is_none_or(|level| level < Level::Read) {
            return Ok(());
        }
        let wanted: Vec<_> =
            held.chain.entries().values().map(|entry| (entry.pointer, entry.digest)).collect();
        self.fetch_blobs(joined, id, &wanted, limits::ENVIRONMENT_BYTES).await
    }

    /// Fetches sealed values that are not here, and checks each against the digest that its author signed, as it comes:
    /// what nobody signed is not held in memory while more of it comes. More than `at_most` bytes, with those that are
    /// here, are refused.
    pub(super) async fn fetch_blobs(
        &self,
        joined: &Joined,
        id: EnvironmentId,
        wanted: &[(Pointer, Digest)],
        at_most: usize,
    ) -> Result<(), Error> {
        let (mut left, mut bytes) = self.store().read(|step| {
            let (mut missing, mut bytes) = (BTreeMap::new(), 0);
            for (pointer, signed) in wanted {
                match step.blob(id, *signed)? {
                    Some(blob) => bytes += blob.len(),
                    None => {
                        missing.insert(*pointer, *signed);
                    }
                }
            }
            Ok::<_, Error>((missing, bytes))
        })?;
        // Bytes of the longest value that there can be, sealed.
        let longest = padding::padded_length(limits::VALUE_BYTES) + SEAL_OVERHEAD;
        while !left.is_empty() {
            let asked: Vec<Pointer> = left.keys().take(limits::PAGE).copied().collect();
            let served = joined.vault()?.values(&joined.session.keyholder, id, &asked).await?;
            let refused = |refusal: Refusal, served: serde_json::Value| {
                joined.session.refused_for(Scope::Environment(id), refusal, served)
            };
            // A page is cut short by its size; an answer without progress says that the rest is not there.
            if let (true, Some(first)) = (served.is_empty(), asked.first()) {
                let refusal = Refusal::ValueMissing(*first);
                let evidence = json!({ "found": refusal.to_string(), "asked": asked });
                return Err(refused(refusal, evidence));
            }
            for value in &served {
                let signed = left.remove(&value.pointer);
                let found = if value.blob.len() > longest {
                    Err(Refusal::Limit("a sealed value"))
                } else if signed != Some(digest(&value.blob)) {
                    Err(Refusal::Digest(value.pointer))
                } else {
                    Ok(())
                };
                found.map_err(|refusal| {
                    // As much of it as an honest one can have.
                    let blob = &value.blob[..value.blob.len().min(longest)];
                    let evidence = json!({
                        "found": refusal.to_string(), "pointer": value.pointer, "signed": signed,
                        "bytes": value.blob.len(), "blob": to_base64url(blob),
                    });
                    refused(refusal, evidence)
                })?;
            }
            bytes += served.iter().map(|value| value.blob.len()).sum::<usize>();
            if bytes > at_most {
                let refusal = Refusal::Limit("the values of an environment");
                let evidence = json!({ "found": refusal.to_string(), "bytes": bytes, "asked": asked });
                return Err(refused(refusal, evidence));
            }
            // Whatever becomes of the rest: this much need not come again.
            self.keep_values(id, &served)?;
        }
        Ok(())
    }

    /// Keeps sealed values of an environment, verified ones only.
    pub(super) fn keep_values(&self, id: EnvironmentId, values: &[ValueBlob]) -> Result<(), Error> {
        self.store().step(|step| {
            for value in values {
                step.add_blob(id, &value.blob)?;
            }
            Ok(())
        })
    }

    /// Fetches keys that this computer is entitled to and does not have yet.
    async fn fetch_keys(&self, joined: &mut Joined) -> Result<(), Error> {
        if joined.session.missing_keys().is_empty() {
            return Ok(());
        }
        let fetched = joined.vault()?.wraps(&joined.session.keyholder).await.map_err(Error::from);
        let wraps = match fetched {
            Ok(wraps) => wraps,
            Err(error) => return self.note_outcome(joined, Err(error)),
        };
        let mut junk = false;
        for wrap in wraps {
            // Those of earlier generations too: history is read with them.
            if joined.session.has_key(&wrap) {
                continue;
            }
            let missing = joined.session.missing_keys();
            if joined.session.take_wrap(&wrap, None) == Taken::Yes {
                self.keep_wrap(joined, &wrap)?;
            } else {
                junk |= missing.contains(&(wrap.environment, wrap.generation, wrap.half));
            }
        }
        if junk {
            self.ask_for_keys(joined).await;
        }
        Ok(())
    }

    pub(super) fn keep_wrap(
        &self,
        joined: &Joined,
        wrap: &twinlock_protocol::api::Wrap,
    ) -> Result<(), Error> {
        let scope = wrap.environment.map_or(Scope::Team(joined.session.record.team), Scope::Environment);
        let json = serde_json::to_vec(wrap).map_err(|error| Error::Bug(error.to_string()))?;
        self.store()
            .step(|step| step.set_wrap(&scope, wrap.generation, wrap.half, &json).map_err(Error::from))
    }

    /// Keeps verified statements that follow `after`, and moves the pin.
    pub(super) fn keep_statements(
        &self,
        scope: Scope,
        after: u64,
        statements: &[Envelope],
    ) -> Result<(), Error> {
        self.store().step(|step| keep(step, scope, after, statements))
    }

    /// Keeps verified revisions that follow `after`, and lets go of the values that they purge, in one step.
    pub(super) fn keep_revisions(
        &self,
        joined: &Joined,
        id: EnvironmentId,
        after: u64,
        statements: &[Envelope],
    ) -> Result<(), Error> {
        let held = joined
            .session
            .environment(id)
            .ok_or_else(|| Error::Bug("an environment was not loaded".into()))?;
        let new = held.revisions.iter().filter(|revision| revision.number > after);
        let purged: Vec<Pointer> = new
            .flat_map(|revision| &revision.changes)
            .filter_map(|change| match change {
                Change::Purge(purge) => Some(purge.pointer),
                Change::Put(_) | Change::Remove(_) => None,
            })
            .collect();
        self.store().step(|step| {
            keep(step, Scope::Environment(id), after, statements)?;
            let mut digests = purged.iter().filter_map(|pointer| held.digest_of(*pointer));
            digests.try_for_each(|digest| step.forget_blob(id, digest).map_err(Error::from))
        })?;
        if purged.is_empty() {
            return Ok(());
        }
        // Of what is no more nothing is asked for.
        self.store().step(|step| {
            step.end_refusals_of(&Scope::Environment(id), purged.iter().copied()).map_err(Error::from)
        })?;
        Ok(self.store().flush()?)
    }

    /// Notes whether the vault was reached and whether it was refused, and passes the result on.
    pub(super) fn note_outcome<T>(&self, joined: &mut Joined, result: Result<T, Error>) -> Result<T, Error> {
        // Only here it is known what the place is called.
        let result = result.map_err(|error| match error {
            Error::Refused(refused) => joined.session.placed(*refused).into(),
            error => error,
        });
        // Whether the vault is there was not found out.
        if result.as_ref().is_err_and(Error::is_locked) {
            return result;
        }
        let connection = match &result {
            Err(error) if error.code() == ErrorCode::Unreachable => Connection::Offline,
            Err(Error::Refused(refused)) if refused.refusal == Refusal::Certificate => Connection::Offline,
            _ => Connection::Online,
        };
        if connection != joined.connection {
            joined.connection = connection;
            self.emit(Event::Connection(connection));
        }
        if let Err(Error::Refused(refused)) = &result {
            self.note_refusal(refused);
        }
        result
    }

    /// Notes what was refused before this computer belonged to a team: the evidence is kept all the same.
    pub(super) fn note_first_contact<T>(&self, result: Result<T, Error>) -> Result<T, Error> {
        if let Err(Error::Refused(refused)) = &result {
            self.note_refusal(refused);
        }
        result
    }

    fn note_refusal(&self, refused: &Refused) {
        let sentence = || serde_json::Value::String(refused.refusal.to_string());
        let evidence = refused.served.as_deref().cloned().unwrap_or_else(sentence);
        let evidence = Zeroizing::new(evidence.to_string().into_bytes());
        let record = RefusalRecord {
            scope: refused.scope,
            code: refused.refusal.code().to_owned(),
            former: refused.former_value(),
            evidence: bounded(evidence),
            at: jiff::Timestamp::now(),
            first: None,
        };
        if let Err(error) = self.store().step(|step| step.set_refusal(&record).map_err(Error::from)) {
            tracing::warn!(%error, "the evidence of a refusal could not be kept");
        }
        self.emit(Event::Refused { refusal: refused.view() });
    }
}

/// Evidence as it is kept: whole where an honest vault could have sent it, else its beginning, its length and its
/// SHA-256. A vault that lies must not make a home large and slow for good.
fn bounded(evidence: Zeroizing<Vec<u8>>) -> Zeroizing<Vec<u8>> {
    if evidence.len() <= EVIDENCE {
        return evidence;
    }
    let beginning = to_base64url(&evidence[..EVIDENCE / 2]);
    let kept = json!({ "bytes": evidence.len(), "sha256": digest(&evidence), "beginning": beginning });
    Zeroizing::new(kept.to_string().into_bytes())
}

/// Bytes of a refusal's evidence: each code in each place has two.
const EVIDENCE: usize = 512 * 1024;

/// What another program of this home keeps already, verified, is not what this one was served: a fork.
fn two_histories(error: Error, session: &Session, scope: Scope, number: u64) -> Error {
    match error {
        Error::Store(StoreError::OtherStatement) => session.refused(scope, Refusal::Fork { number }),
        error => error,
    }
}

fn keep(step: &mut Step<'_>, scope: Scope, after: u64, statements: &[Envelope]) -> Result<(), Error> {
    #[derive(serde::Deserialize)]
    struct Follows {
        previous: Option<StatementHash>,
    }
    if let Some(first) = statements.first()
        && let Some(kept) = step.statement(&scope, after)?
    {
        let bug = |error: serde_json::Error| Error::Bug(error.to_string());
        let kept: Envelope = serde_json::from_slice(&kept).map_err(bug)?;
        let follows: Follows = serde_json::from_slice(&first.payload).map_err(bug)?;
        if follows.previous != Some(kept.hash()) {
            return Err(StoreError::OtherStatement.into());
        }
    }
    for (number, statement) in (after + 1..).zip(statements) {
        let json = serde_json::to_vec(statement).map_err(|error| Error::Bug(error.to_string()))?;
        step.add_statement(&scope, number, &Zeroizing::new(json))?;
        // Another program of this home may have been faster with the same statements.
        if step.pin(&scope)?.is_none_or(|pin| pin.number < number) {
            step.advance_pin(&scope, Pin { number, hash: statement.hash() })?;
        }
    }
    Ok(())
}

/// Whether what was fetched so far ends below a pin: the rest has to come before any of it is kept.
fn below_pins(held: Result<(), Error>) -> Result<bool, Error> {
    match held {
        Err(Error::Refused(refused)) if matches!(refused.refusal, Refusal::Rollback { .. }) => Ok(true),
        held => held.map(|()| false),
    }
}

/// Which of these revisions is the first that is refused.
pub(super) fn first_refused<'a>(
    chain: &Verified<Environment>,
    team: &Verified<Team>,
    revisions: &'a [Envelope],
) -> Option<&'a Envelope> {
    let mut chain = chain.clone();
    revisions.iter().find(|revision| chain.extend(team, std::iter::once(*revision)).is_err())
}

/// A vault that knows less than was seen or sent, or something else, is refused before anything is fetched or kept.
pub(super) fn check_head(
    served: u64,
    served_hash: StatementHash,
    seen: u64,
    seen_hash: StatementHash,
) -> Result<(), Refusal> {
    if served < seen {
        Err(Refusal::Rollback { served, seen })
    } else if served == seen && served_hash != seen_hash {
        Err(Refusal::Fork { number: seen })
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
