//! Pushing: sealing what changed in a linked file and adding it to its environment's history.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use twinlock_protocol::api::{ProblemCode, PushRevision, ValueBlob};
use twinlock_protocol::environment::digest;
use twinlock_protocol::event::Level;
use twinlock_protocol::ids::{EntryId, Pointer};
use twinlock_protocol::limits;
use twinlock_protocol::revision::{Cause, Change as RevisionChange, Put, Remove, Revision};

use super::link::{Looked, absolute, emptied, shown};
use super::{Client, Event, Joined, now, random_id};
use crate::error::Error;
use crate::files::FileProblem;
use crate::store::{LinkedFile, Scope};
use crate::sync::{Change, Halves, ItemState, Moves, OrderState, Placed, Plan, place};

/// Which changes to push.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    /// All of this computer's.
    All,
    /// Those of these variables.
    Names(BTreeSet<String>),
    /// Those that were asked for when the vault was away: each must still be the change it was.
    Approved(BTreeSet<Approved>),
}

/// A change that somebody asked to push: what it makes of an entry.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct Approved {
    /// SHA-256 over both halves, or over nothing for a removal.
    pub text: [u8; 32],
    /// The entry, once it has an id.
    pub entry: Option<EntryId>,
}

/// What a push did.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct PushOutcome {
    /// Changes that were sent.
    pub pushed: usize,
    /// The environment's revision now.
    pub revision: u64,
    /// Variables that both sides changed: held back until somebody decides.
    pub conflicts: Vec<String>,
    /// Changes in the vault that wait to be pulled.
    pub waiting: usize,
}

/// How often a push that others were faster with is planned anew.
const ATTEMPTS: usize = 8;

/// A revision that is ready to be sent.
struct Sealed {
    changes: Vec<RevisionChange>,
    values: Vec<ValueBlob>,
    /// By place in the plan: the entry's id from now on.
    entries: BTreeMap<usize, EntryId>,
}

impl Client {
    /// Pushes changes of a linked file. While the vault is away they wait in the outbox.
    pub async fn push(&self, path: &Path, selection: Selection) -> Result<PushOutcome, Error> {
        let _lock = self.lock().await?;
        let mut state = self.state().await;
        let joined = state.joined()?;
        let file = self.linked_file(&absolute(path)?)?;
        let result = self.push_file(joined, &file, &selection, Cause::Push).await;
        if let Err(error) = &result
            && error.code() == crate::error::ErrorCode::Unreachable
        {
            self.put_off(joined, &file, &selection)?;
        }
        result
    }

    /// Fetches, plans, seals and sends, and again where others were faster.
    pub(super) async fn push_file(
        &self,
        joined: &mut Joined,
        file: &LinkedFile,
        selection: &Selection,
        cause: Cause,
    ) -> Result<PushOutcome, Error> {
        let vault = joined.vault()?;
        for _ in 0..ATTEMPTS {
            self.refresh(joined, file.environment).await?;
            self.renew_name_key_if_due(joined).await?;
            self.check_access(joined, file.environment, Level::Write)?;
            let looked = self.look_for_push(joined, file, selection)?;
            let chosen = looked.plan.chosen(selection);
            let moves = match (looked.plan.order, selection) {
                (OrderState::Here, Selection::All) => Moves::Sent,
                _ => Moves::Held,
            };
            if chosen.is_empty() && moves == Moves::Held {
                // What both sides have by now is agreed, even where nobody pushed it from here.
                self.agree(&looked, &BTreeMap::new(), Moves::Held, 0)?;
                return Ok(self.outcome(joined, file, &looked.plan, 0));
            }
            if self.rotate_if_stale(joined, file.environment).await? {
                continue;
            }
            let sealed = self.seal_changes(joined, file, &looked.plan, &chosen, moves)?;
            let stored =
                vault.put_values(&joined.session.keyholder, file.environment, sealed.values.clone()).await;
            if let Err(error) = &stored
                && error.is(ProblemCode::PointerTaken)
            {
                continue;
            }
            self.note_outcome(joined, stored.map_err(Error::from))?;
            let revision = next_revision(joined, file, &sealed.changes, cause)?;
            let statement = joined.session.keyholder.sign_revision(&revision);
            let request = PushRevision { statement: statement.clone() };
            match vault.push(&joined.session.keyholder, file.environment, &request).await {
                Ok(_) => {}
                Err(error) if others_were_faster(&error) => continue,
                Err(error) => return self.note_outcome(joined, Err(error.into())),
            }
            let after = revision.number - 1;
            let accepted = joined.session.held(file.environment)?.extend(std::slice::from_ref(&statement));
            accepted.map_err(|refusal| Error::Bug(refusal.to_string()))?;
            self.keep_values(&sealed.values)?;
            self.keep_statements(Scope::Environment(file.environment), after, &[statement])?;
            self.agree(&looked, &sealed.entries, moves, revision.number)?;
            self.emit(Event::Environment(file.environment));
            let pushed = chosen.len() + usize::from(moves == Moves::Sent);
            let plan = self.look(joined, file)?.plan;
            return Ok(self.outcome(joined, file, &plan, pushed));
        }
        Err(Error::TooBusy)
    }

    /// What a push starts from; an emptied or missing file is no change of anything.
    fn look_for_push(
        &self,
        joined: &mut Joined,
        file: &LinkedFile,
        selection: &Selection,
    ) -> Result<Looked, Error> {
        let looked = self.look(joined, file)?;
        match &looked.read {
            Ok(text)
                if text.as_str().is_empty() && !looked.base.is_empty() && *selection == Selection::All =>
            {
                return Err(emptied(&file.path, &looked.base));
            }
            Ok(_) => {}
            Err(FileProblem::Missing) if looked.base.is_empty() => {}
            Err(problem) => return Err(Error::File { path: shown(&file.path), problem: problem.clone() }),
        }
        Ok(looked)
    }

    fn outcome(&self, joined: &Joined, file: &LinkedFile, plan: &Plan, pushed: usize) -> PushOutcome {
        PushOutcome {
            pushed,
            revision: joined.session.environment(file.environment).map_or(0, |held| held.chain.head().number),
            conflicts: plan.conflicts().filter_map(|item| item.name().map(str::to_owned)).collect(),
            waiting: plan.count_there(),
        }
    }

    /// Notes what is agreed on after a push.
    fn agree(
        &self,
        looked: &Looked,
        pushed: &BTreeMap<usize, EntryId>,
        moves: Moves,
        number: u64,
    ) -> Result<(), Error> {
        let pushed = pushed.iter().map(|(at, id)| (*at, (*id, number))).collect();
        let base = looked.plan.base_after_push(&pushed, moves);
        self.store().step(|step| {
            step.set_base(looked.file.id, &base)?;
            if let Ok(text) = &looked.read {
                step.set_last_seen(looked.file.id, &text.hash())?;
            }
            Ok(())
        })
    }

    /// Seals the chosen changes under the keys of the current generation, each value under a new pointer.
    fn seal_changes(
        &self,
        joined: &mut Joined,
        file: &LinkedFile,
        plan: &Plan,
        chosen: &BTreeSet<usize>,
        moves: Moves,
    ) -> Result<Sealed, Error> {
        let environment = file.environment;
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
        Ok(sealed)
    }
}

impl Plan {
    /// The places of the items that a selection pushes.
    fn chosen(&self, selection: &Selection) -> BTreeSet<usize> {
        let wanted = |at: &usize| {
            let item = &self.items[*at];
            let ItemState::Here(change) = item.state else { return false };
            match selection {
                Selection::All => true,
                Selection::Names(names) => item.name().is_some_and(|name| names.contains(name)),
                Selection::Approved(approved) => {
                    approved.contains(&Approved::of(item.id, item.mine.as_ref(), change))
                }
            }
        };
        (0..self.items.len()).filter(wanted).collect()
    }

    /// What a selection stands for, to be recognised again later.
    pub(super) fn approved(&self, selection: &Selection) -> BTreeSet<Approved> {
        let change_of = |at: usize| {
            let item = &self.items[at];
            match item.state {
                ItemState::Here(change) => Some(Approved::of(item.id, item.mine.as_ref(), change)),
                _ => None,
            }
        };
        self.chosen(selection).into_iter().filter_map(change_of).collect()
    }
}

impl Approved {
    fn of(entry: Option<EntryId>, mine: Option<&Halves>, change: Change) -> Self {
        use sha2::{Digest as _, Sha256};
        let halves = mine.filter(|_| change != Change::Removed);
        let text = halves.map_or([0; 32], |halves| {
            let fields =
                twinlock_protocol::encoding::Fields::default().text(&halves.left).text(&halves.right);
            Sha256::digest(fields.as_bytes()).into()
        });
        Self { text, entry }
    }
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
fn next_revision(
    joined: &mut Joined,
    file: &LinkedFile,
    changes: &[RevisionChange],
    cause: Cause,
) -> Result<Revision, Error> {
    let author = joined.session.keyholder.id();
    let team_head = joined.session.log_head();
    let team = joined.session.team.id();
    let held = joined.session.held(file.environment)?;
    let bug = |refusal: twinlock_protocol::Refusal| Error::Bug(refusal.to_string());
    let generation = held.team.environment(file.environment).map_err(bug)?.current().number;
    let head = held.held.chain.head();
    Ok(Revision {
        team,
        environment: file.environment,
        author,
        number: head.number + 1,
        previous: head.hash,
        generation,
        team_head,
        state: held.held.chain.state_after(changes, author, generation).map_err(bug)?,
        changes: changes.to_vec(),
        cause,
        message: None,
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
