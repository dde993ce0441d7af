//! New keys for an environment: opened when somebody lost the old ones, with everything sealed anew.

use std::collections::BTreeMap;

use serde_json::json;
use twinlock_protocol::Refusal;
use twinlock_protocol::api::{AppendEvents, Rotate, ValueBlob};
use twinlock_protocol::event::{Event as TeamLogEvent, GenerationOpened, Half, Head, Role, Subject};
use twinlock_protocol::ids::{EnvironmentId, Pointer};
use twinlock_protocol::limits;
use twinlock_protocol::revision::{Cause, Revision};

use super::carry::{Carry, reseal};
use super::members::Turn;
use super::refresh::check_head;
use super::send::others_were_faster;
use super::session::Session;
use super::{Client, Event, Joined, now};
use crate::error::Error;
use crate::store::Scope;
use crate::team::{EnvironmentKeys, entitled, next_event, renewed};

impl Client {
    /// Renews the keys if somebody lost them. Says whether anything moved: then everything is looked at again.
    pub(super) async fn rotate_if_stale(
        &self,
        joined: &mut Joined,
        id: EnvironmentId,
    ) -> Result<bool, Error> {
        let stale = joined.session.team.environment(id).is_ok_and(|environment| environment.is_stale());
        if stale {
            self.rotate(joined, id, Carry::Whole).await?;
        }
        Ok(stale)
    }

    /// Renews the team's own name key if it is due and this member may: admins do, in passing.
    pub(super) async fn renew_name_key_if_due(&self, joined: &mut Joined) -> Result<(), Error> {
        let due = joined.session.team.name_key_due() && joined.session.my_role() >= Some(Role::Admin);
        if !due {
            return Ok(());
        }
        let labelled = joined.session.labelled().ok_or_else(|| names_missing(&joined.session))?;
        self.renew_names_to(joined, labelled).await.map(drop)
    }

    /// Opens a generation of the team's name key that seals these names, unless others were faster.
    pub(super) async fn renew_names_to(
        &self,
        joined: &mut Joined,
        labelled: Vec<(Subject, String)>,
    ) -> Result<Turn, Error> {
        let request = plan_renewal(&joined.session, labelled)?;
        // Whoever was faster has most likely renewed it: the next time here tells.
        if let Turn::Theirs = self.append_once(joined, &request).await? {
            return Ok(Turn::Theirs);
        }
        let mine = joined.session.keyholder.id();
        for wrap in request.wraps.iter().filter(|wrap| wrap.keyholder == mine) {
            joined.session.take_wrap(wrap, None);
            self.keep_wrap(joined, wrap)?;
        }
        Ok(Turn::Ours)
    }

    /// That a vault has what it was given just now, and that it opens.
    async fn read_back(
        &self,
        joined: &Joined,
        id: EnvironmentId,
        values: &[ValueBlob],
        keys: &EnvironmentKeys,
    ) -> Result<(), Error> {
        let mut left: BTreeMap<Pointer, &ValueBlob> =
            values.iter().map(|value| (value.pointer, value)).collect();
        while let Some(first) = left.keys().next().copied() {
            let asked: Vec<Pointer> = left.keys().take(limits::PAGE).copied().collect();
            let served = joined.vault()?.values(&joined.session.keyholder, id, &asked).await?;
            let refused = |refusal: Refusal, bytes: Option<usize>| {
                let evidence = json!({ "found": refusal.to_string(), "asked": asked, "bytes": bytes });
                joined.session.refused_for(Scope::Environment(id), refusal, evidence)
            };
            if served.is_empty() {
                return Err(refused(Refusal::ValueMissing(first), None));
            }
            for back in &served {
                let same = left.remove(&back.pointer) == Some(back);
                if !same || keys.value.open_value(back.pointer, &back.blob).is_err() {
                    return Err(refused(Refusal::Digest(back.pointer), Some(back.blob.len())));
                }
            }
        }
        Ok(())
    }

    pub(super) async fn rotate(
        &self,
        joined: &mut Joined,
        id: EnvironmentId,
        how: Carry,
    ) -> Result<(), Error> {
        let vault = joined.vault()?;
        let bug = |refusal: twinlock_protocol::Refusal| Error::Bug(refusal.to_string());
        let carried = self.carry(joined, id, how).await?;

        let current = joined.session.team.environment(id).map_err(bug)?.current().number;
        let generation = current
            .next()
            .ok_or_else(|| Error::Limit { what: "Generations of keys have run out.".to_owned() })?;
        let keys = EnvironmentKeys::generate(&joined.session.team, id, generation, &mut rand::rng());
        let (changes, values) = reseal(&carried, &keys);

        // Put and read back before anything points at them: a vault that loses values loses none of ours.
        let stored = vault.put_values(&joined.session.keyholder, id, values.clone()).await;
        self.note_outcome(joined, stored.map_err(Error::from))?;
        let read_back = self.read_back(joined, id, &values, &keys).await;
        self.note_outcome(joined, read_back)?;

        let author = joined.session.keyholder.id();
        let head = joined.session.held(id)?.held.chain.head();
        let opened = TeamLogEvent::GenerationOpened(GenerationOpened {
            environment: Some(id),
            generation,
            commitments: keys.commitments(),
            head: Some(head),
            labels: Vec::new(),
        });
        let event =
            joined.session.keyholder.sign_event(&next_event(&joined.session.team, author, opened, now()));
        let mut team = joined.session.team.clone();
        team.append(&event).map_err(bug)?;
        let chain = &joined.session.held(id)?.held.chain;
        let revision = Revision {
            team: team.id(),
            environment: id,
            author,
            number: head.number + 1,
            previous: head.hash,
            generation,
            team_head: team.head(),
            state: chain.state_after(&changes, author, generation).map_err(bug)?,
            changes,
            cause: Cause::Rotate,
            message: None,
            created_at: now(),
        };
        let revision_number = revision.number;
        let revision = joined.session.keyholder.sign_revision(&revision);
        let wraps = keys.wrap_to_all(&team, author, now(), &mut rand::rng());
        let request = Rotate { event: event.clone(), revision: revision.clone(), wraps: wraps.clone() };
        let acknowledged = match vault.rotate(&joined.session.keyholder, id, &request).await {
            Ok(rotated) => rotated,
            // Whoever was faster may have renewed the keys already: the caller looks again.
            Err(error) if others_were_faster(&error) => return Ok(()),
            Err(error) => return self.note_outcome(joined, Err(error.into())),
        };
        let log = team.head();
        let heads = check_head(acknowledged.log.sequence, acknowledged.log.hash, log.sequence, log.hash)
            .and_then(|()| {
                let Head { number, hash } = acknowledged.head;
                check_head(number, hash, revision_number, revision.hash())
            })
            .map_err(|refusal| joined.session.refused(Scope::Environment(id), refusal));
        self.note_outcome(joined, heads)?;

        let after = joined.session.log_head().sequence;
        joined.session.team = team;
        let held = joined.session.held(id)?;
        held.held.add_keys(keys);
        held.extend(std::slice::from_ref(&revision)).map_err(bug)?;
        self.keep_values(id, &values)?;
        self.keep_statements(Scope::Team(joined.session.record.team), after, &[event])?;
        self.keep_statements(Scope::Environment(id), head.number, &[revision])?;
        for wrap in wraps.iter().filter(|wrap| wrap.keyholder == author) {
            self.keep_wrap(joined, wrap)?;
        }
        self.emit(Event::Environment(id));
        Ok(())
    }
}

/// The names cannot be sealed anew where a key is missing that some are sealed under: another admin's client will, or
/// this one's user says that nobody has it.
pub(super) fn names_missing(session: &Session) -> Error {
    Error::KeysMissing { environment: format!("the names of {}", session.team_name()) }
}

/// A new generation of the team's name key with all its wraps.
fn plan_renewal(session: &Session, labelled: Vec<(Subject, String)>) -> Result<AppendEvents, Error> {
    let author = &session.keyholder;
    let mut rng = rand::rng();
    let (key, event) = renewed(&session.team, labelled, &mut rng)
        .ok_or_else(|| Error::Limit { what: "Generations of keys have run out.".to_owned() })?;
    let statement = author.sign_event(&next_event(&session.team, author.id(), event, now()));
    let entitled = entitled(&session.team, None, Half::Name, now());
    let wraps = entitled.filter_map(|keys| key.wrap(keys, author.id(), &mut rng)).collect();
    Ok(AppendEvents { statements: vec![statement], wraps })
}
