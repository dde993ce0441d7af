//! New keys for an environment: opened when somebody lost the old ones, with everything sealed anew.

use std::collections::BTreeMap;

use serde_json::json;
use twinlock_protocol::Refusal;
use twinlock_protocol::api::{AppendEvents, Rotate, ValueBlob};
use twinlock_protocol::environment::{Entry, digest};
use twinlock_protocol::event::{Event as TeamLogEvent, GenerationOpened, Half, Head, Role};
use twinlock_protocol::ids::{Digest, EntryId, EnvironmentId, Pointer};
use twinlock_protocol::limits;
use twinlock_protocol::revision::{Cause, Change, Put, Remove, Revision};

use super::members::Turn;
use super::opened::open;
use super::refresh::check_head;
use super::send::others_were_faster;
use super::session::{Held, Session};
use super::versions::entry_of;
use super::{Client, Event, Joined, now, random_id};
use crate::error::Error;
use crate::store::Scope;
use crate::sync::Halves;
use crate::team::{EnvironmentKeys, entitled, next_event, renewed};

/// An entry on its way from the old keys to the new ones.
struct Carried {
    id: EntryId,
    entry: Entry,
    /// `None` where no version of it opens: then it is left behind.
    halves: Option<Halves>,
}

impl Client {
    /// Renews the keys if somebody lost them. Says whether anything moved: then everything is looked at again.
    pub(super) async fn rotate_if_stale(
        &self,
        joined: &mut Joined,
        id: EnvironmentId,
    ) -> Result<bool, Error> {
        let stale = joined.session.team.environment(id).is_ok_and(|environment| environment.is_stale());
        if stale {
            self.rotate(joined, id).await?;
        }
        Ok(stale)
    }

    /// Renews the team's own name key if it is due and this member may: admins do, in passing.
    pub(super) async fn renew_name_key_if_due(&self, joined: &mut Joined) -> Result<(), Error> {
        let due = joined.session.team.name_key_due() && joined.session.my_role() >= Some(Role::Admin);
        if !due {
            return Ok(());
        }
        let Some(request) = plan_renewal(&joined.session) else { return Ok(()) };
        // Whoever was faster has most likely renewed it: the next time here tells.
        if let Turn::Theirs = self.append_once(joined, &request).await? {
            return Ok(());
        }
        let mine = joined.session.keyholder.id();
        for wrap in request.wraps.iter().filter(|wrap| wrap.keyholder == mine) {
            joined.session.take_wrap(wrap, None);
            self.keep_wrap(joined, wrap)?;
        }
        Ok(())
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

    pub(super) async fn rotate(&self, joined: &mut Joined, id: EnvironmentId) -> Result<(), Error> {
        let vault = joined.vault()?;
        let bug = |refusal: twinlock_protocol::Refusal| Error::Bug(refusal.to_string());
        let carried = self.carry(joined, id)?;

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
        self.keep_values(&values)?;
        self.keep_statements(Scope::Team(joined.session.record.team), after, &[event])?;
        self.keep_statements(Scope::Environment(id), head.number, &[revision])?;
        for wrap in wraps.iter().filter(|wrap| wrap.keyholder == author) {
            self.keep_wrap(joined, wrap)?;
        }
        self.emit(Event::Environment(id));
        Ok(())
    }

    /// All current entries in the clear: each as it is, or else its last version that opens.
    fn carry(&self, joined: &mut Joined, id: EnvironmentId) -> Result<Vec<Carried>, Error> {
        joined.session.held(id)?;
        let environment = joined.session.environment_name(id);
        let held = joined
            .session
            .environment(id)
            .ok_or_else(|| Error::Bug("an environment was not loaded".into()))?;
        let has_keys = |entry: &Entry| {
            held.name_key(entry.generation).is_some() && held.value_key(entry.generation).is_some()
        };
        if !held.chain.entries().values().all(has_keys) {
            return Err(Error::KeysMissing { environment });
        }
        self.store().read(|step| {
            held.chain
                .in_order()
                .map(|(id, entry)| {
                    // A value that is not here is no damaged one: an earlier one is never signed in its place.
                    let Some(blob) = step.blob(entry.digest)? else {
                        return Err(Error::ValuesMissing { environment: environment.clone() });
                    };
                    let halves = match open(held, entry, &blob) {
                        Some(halves) => Some(halves),
                        None => last_that_opens(held, id, |digest| step.blob(digest))?,
                    };
                    Ok(Carried { id, entry: entry.clone(), halves })
                })
                .collect()
        })
    }
}

/// A new generation of the team's name key with all its wraps; `None` where this computer lacks a key that
/// some name is sealed under: then another admin's will do it.
fn plan_renewal(session: &Session) -> Option<AppendEvents> {
    let author = &session.keyholder;
    let mut rng = rand::rng();
    let (key, event) = renewed(&session.team, session.labelled()?, &mut rng)?;
    let statement = author.sign_event(&next_event(&session.team, author.id(), event, now()));
    let entitled = entitled(&session.team, None, Half::Name, now());
    let wraps = entitled.filter_map(|keys| key.wrap(keys, author.id(), &mut rng)).collect();
    Some(AppendEvents { statements: vec![statement], wraps })
}

/// The latest earlier version of an entry that opens.
fn last_that_opens(
    held: &Held,
    id: EntryId,
    blob_of: impl Fn(Digest) -> Result<Option<Vec<u8>>, crate::store::StoreError>,
) -> Result<Option<Halves>, Error> {
    for revision in held.revisions.iter().rev() {
        for change in &revision.changes {
            let Change::Put(put) = change else { continue };
            if put.entry != id {
                continue;
            }
            let entry = entry_of(revision, put);
            if let Some(halves) = blob_of(put.digest)?.and_then(|blob| open(held, &entry, &blob)) {
                return Ok(Some(halves));
            }
        }
    }
    Ok(None)
}

/// The changes of a `rotate` revision: one put under a new pointer for each entry, or one remove.
fn reseal(carried: &[Carried], keys: &EnvironmentKeys) -> (Vec<Change>, Vec<ValueBlob>) {
    debug_assert!(carried.len() <= limits::ENTRIES);
    let mut rng = rand::rng();
    let mut values = Vec::with_capacity(carried.len());
    let changes = carried
        .iter()
        .map(|Carried { id, entry, halves }| {
            let Some(halves) = halves else { return Change::Remove(Remove { entry: *id }) };
            let pointer = Pointer::new(random_id());
            let blob = keys.value.seal_value(pointer, &halves.right, &mut rng);
            let name = keys.name.seal_name(pointer, &halves.left, &mut rng);
            let digest = digest(&blob);
            values.push(ValueBlob { pointer, blob });
            Change::Put(Put { entry: *id, position: entry.position.clone(), name, pointer, digest })
        })
        .collect();
    (changes, values)
}
