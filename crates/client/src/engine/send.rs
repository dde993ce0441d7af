//! Sending: sealing the chosen changes of a plan and adding them to an environment's history.

use std::collections::{BTreeMap, BTreeSet};

use twinlock_protocol::api::{ProblemCode, PushRevision, ValueBlob};
use twinlock_protocol::environment::digest;
use twinlock_protocol::ids::{EntryId, EnvironmentId, Pointer};
use twinlock_protocol::limits;
use twinlock_protocol::revision::{Change as RevisionChange, Put, Remove, Revision};

use super::members::Turn;
use super::reason::Reason;
use super::refresh::check_head;
use super::{Client, Joined, now, random_id};
use crate::error::Error;
use crate::store::Scope;
use crate::sync::{Halves, Moves, Placed, Plan, place};

/// How often a change that others were faster with is planned anew.
pub(super) const ATTEMPTS: usize = 8;

/// What became of an attempt.
pub(super) enum Sending {
    /// It is in the history now.
    Sent(Sent),
    /// The environment moved meanwhile: fetch, and plan anew.
    OthersWereFaster,
}

/// A revision that was accepted.
pub(super) struct Sent {
    /// By place in the plan: the entry's id from now on.
    pub(super) entries: BTreeMap<usize, EntryId>,
    /// Its number.
    pub(super) number: u64,
}

/// A revision that is ready to be sent.
struct Sealed {
    changes: Vec<RevisionChange>,
    values: Vec<ValueBlob>,
    /// By place in the plan: the entry's id from now on.
    entries: BTreeMap<usize, EntryId>,
}

impl Client {
    /// Seals the chosen changes, stores their values, and adds a revision to the history.
    pub(super) async fn send(
        &self,
        joined: &mut Joined,
        environment: EnvironmentId,
        plan: &Plan,
        chosen: &BTreeSet<usize>,
        moves: Moves,
        reason: &Reason,
    ) -> Result<Sending, Error> {
        let vault = joined.vault()?;
        if self.rotate_if_stale(joined, environment).await? {
            return Ok(Sending::OthersWereFaster);
        }
        let sealed = self.seal_changes(joined, environment, plan, chosen, moves)?;
        let stored = vault.put_values(&joined.session.keyholder, environment, sealed.values.clone()).await;
        if let Err(error) = &stored
            && error.is(ProblemCode::PointerTaken)
        {
            return Ok(Sending::OthersWereFaster);
        }
        self.note_outcome(joined, stored.map_err(Error::from))?;
        let revision = next_revision(joined, environment, &sealed.changes, reason)?;
        match self.add(joined, environment, &revision).await? {
            Turn::Theirs => return Ok(Sending::OthersWereFaster),
            Turn::Ours => self.keep_values(environment, &sealed.values)?,
        }
        Ok(Sending::Sent(Sent { entries: sealed.entries, number: revision.number }))
    }

    /// Signs a revision and adds it to the history, there and here.
    pub(super) async fn add(
        &self,
        joined: &mut Joined,
        environment: EnvironmentId,
        revision: &Revision,
    ) -> Result<Turn, Error> {
        let vault = joined.vault()?;
        let statement = joined.session.keyholder.sign_revision(revision);
        let request = PushRevision { statement: statement.clone() };
        let acknowledged = match vault.push(&joined.session.keyholder, environment, &request).await {
            Ok(pushed) => pushed.head,
            Err(error) if others_were_faster(&error) => return Ok(Turn::Theirs),
            Err(error) => return self.note_outcome(joined, Err(error.into())),
        };
        let head = check_head(acknowledged.number, acknowledged.hash, revision.number, statement.hash())
            .map_err(|refusal| joined.session.refused(Scope::Environment(environment), refusal));
        self.note_outcome(joined, head)?;
        let accepted = joined.session.held(environment)?.extend(std::slice::from_ref(&statement));
        accepted.map_err(|refusal| Error::Bug(refusal.to_string()))?;
        self.keep_revisions(joined, environment, revision.number - 1, &[statement])?;
        Ok(Turn::Ours)
    }

    /// Seals the chosen changes under the keys of the current generation, each value under a new pointer.
    fn seal_changes(
        &self,
        joined: &mut Joined,
        environment: EnvironmentId,
        plan: &Plan,
        chosen: &BTreeSet<usize>,
        moves: Moves,
    ) -> Result<Sealed, Error> {
        let session = &joined.session;
        let missing = || Error::KeysMissing { environment: session.environment_name(environment) };
        let held = session.environment(environment).ok_or_else(missing)?;
        let generation = session
            .team
            .environment(environment)
            .map_err(|refusal| Error::Bug(refusal.to_string()))?
            .current()
            .number;
        let name_key = held.name_key(generation).ok_or_else(missing)?;
        let value_key = held.value_key(generation).ok_or_else(missing)?;
        let mut rng = rand::rng();
        let mut sealed = Sealed { changes: Vec::new(), values: Vec::new(), entries: BTreeMap::new() };
        for at in chosen {
            let item = &plan.items[*at];
            let id = item.id.unwrap_or_else(|| EntryId::new(random_id()));
            sealed.entries.insert(*at, id);
            if item.mine.is_none() {
                sealed.changes.push(RevisionChange::Remove(Remove { entry: id }));
            }
        }
        let target = target_order(plan, chosen, moves, held);
        let now: Vec<_> = target
            .iter()
            .map(|at| {
                plan.items[*at]
                    .id
                    .and_then(|id| held.chain.entries().get(&id))
                    .map(|entry| entry.position.clone())
            })
            .collect();
        for (at, placed) in target.iter().zip(place(&now)) {
            let item = &plan.items[*at];
            let position = placed.position().clone();
            if chosen.contains(at)
                && let Some(mine) = &item.mine
            {
                check_limits(mine)?;
                let pointer = Pointer::new(random_id());
                let blob = value_key.seal_value(pointer, &mine.right, &mut rng);
                let name = name_key.seal_name(pointer, &mine.left, &mut rng);
                let entry = sealed.entries[at];
                sealed.changes.push(RevisionChange::Put(Put {
                    entry,
                    position,
                    name,
                    pointer,
                    digest: digest(&blob),
                }));
                sealed.values.push(ValueBlob { pointer, blob });
            } else if let Placed::At(position) = placed
                && let Some((entry, current)) =
                    item.id.and_then(|id| held.chain.entries().get(&id).map(|entry| (id, entry)))
            {
                sealed.changes.push(RevisionChange::Put(Put {
                    entry,
                    position,
                    name: current.name.clone(),
                    pointer: current.pointer,
                    digest: current.digest,
                }));
            }
        }
        if target.len() > limits::ENTRIES {
            return Err(Error::Limit { what: "An environment has at most 10,000 entries.".to_owned() });
        }
        // What nobody could pull. Whoever only takes away makes it better.
        if !sealed.values.is_empty() && bytes_after(plan, chosen, &target) > limits::FILE_BYTES {
            return Err(Error::Limit {
                what: "An environment holds at most 4 MiB, as a .env file does.".to_owned(),
            });
        }
        Ok(sealed)
    }
}

/// Bytes of the text that the vault's entries are after the push.
fn bytes_after(plan: &Plan, chosen: &BTreeSet<usize>, target: &[usize]) -> usize {
    let halves = target.iter().filter_map(|at| {
        let item = &plan.items[*at];
        if chosen.contains(at) { item.mine.as_ref() } else { item.theirs.as_ref() }
    });
    halves.map(|halves| halves.left.len() + halves.right.len()).sum()
}

/// The order that the vault's entries have after the push, as places in the plan.
fn target_order(
    plan: &Plan,
    chosen: &BTreeSet<usize>,
    moves: Moves,
    held: &super::session::Held,
) -> Vec<usize> {
    let stays = |at: &usize| {
        let item = &plan.items[*at];
        let there = item.id.and_then(|id| held.chain.entries().get(&id)).is_some();
        if chosen.contains(at) { item.mine.is_some() } else { there }
    };
    let wanted: Vec<usize> = (0..plan.items.len()).filter(stays).collect();
    if moves == Moves::Sent {
        return wanted;
    }
    let position = |at: &usize| {
        plan.items[*at].id.and_then(|id| held.chain.entries().get(&id)).map(|entry| entry.position.clone())
    };
    let mut as_it_is: Vec<usize> = wanted.iter().copied().filter(|at| position(at).is_some()).collect();
    as_it_is.sort_by_key(position);
    crate::sync::weave(&as_it_is, &wanted)
}

fn check_limits(halves: &Halves) -> Result<(), Error> {
    let name = halves.name().unwrap_or("A comment").to_owned();
    if halves.right.len() > limits::VALUE_BYTES {
        return Err(Error::Limit { what: format!("{name} is longer than 256 KiB.") });
    }
    if halves.left.len() > limits::LEFT_HALF_BYTES {
        return Err(Error::Limit {
            what: format!("What stands before the value of {name} is longer than 4 KiB."),
        });
    }
    Ok(())
}

/// The revision that these changes make, unsigned.
pub(super) fn next_revision(
    joined: &mut Joined,
    environment: EnvironmentId,
    changes: &[RevisionChange],
    reason: &Reason,
) -> Result<Revision, Error> {
    let message = reason.message.as_ref().map(|message| message.seal(joined, environment)).transpose()?;
    let author = joined.session.keyholder.id();
    let team_head = joined.session.log_head();
    let team = joined.session.team.id();
    let held = joined.session.held(environment)?;
    let bug = |refusal: twinlock_protocol::Refusal| Error::Bug(refusal.to_string());
    let generation = held.team.environment(environment).map_err(bug)?.current().number;
    let head = held.held.chain.head();
    Ok(Revision {
        team,
        environment,
        author,
        number: head.number + 1,
        previous: head.hash,
        generation,
        team_head,
        state: held.held.chain.state_after(changes, author, generation).map_err(bug)?,
        changes: changes.to_vec(),
        cause: reason.cause,
        message,
        created_at: now(),
    })
}

/// Problems after which one reads again, and plans, seals and signs anew.
pub(super) fn others_were_faster(error: &crate::vault::VaultError) -> bool {
    let codes = [
        ProblemCode::HeadMoved,
        ProblemCode::LogMoved,
        ProblemCode::PointerTaken,
        ProblemCode::ValuesMissing,
    ];
    codes.into_iter().any(|code| error.is(code))
}
