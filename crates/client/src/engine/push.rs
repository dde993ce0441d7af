//! Pushing: sealing what changed in a linked file and adding it to its environment's history.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use twinlock_protocol::event::Level;
use twinlock_protocol::ids::EntryId;
use twinlock_protocol::revision::Cause;

use super::link::{Looked, absolute, emptied, shown};
use super::reason::{Message, Reason};
use super::send::{ATTEMPTS, Sending};
use super::upkeep::Occasion;
use super::{Client, Event, Joined};
use crate::error::Error;
use crate::files::FileProblem;
use crate::store::LinkedFile;
use crate::sync::{Change, Halves, ItemState, Moves, OrderState, Plan};

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

impl Client {
    /// Pushes changes of a linked file. While the vault is away they wait in the outbox.
    pub async fn push(&self, path: &Path, selection: Selection) -> Result<PushOutcome, Error> {
        self.push_saying(path, selection, None).await
    }

    /// The same, saying why. What waits in the outbox goes out without a message.
    pub async fn push_saying(
        &self,
        path: &Path,
        selection: Selection,
        message: Option<Message>,
    ) -> Result<PushOutcome, Error> {
        let reason = Reason { cause: Cause::Push, message };
        let _lock = self.lock().await?;
        let mut state = self.state().await;
        let joined = state.joined()?;
        let file = self.linked_file(&absolute(path)?)?;
        let result = self.push_file(joined, &file, &selection, &reason).await;
        if let Err(error) = &result
            && error.code() == crate::error::ErrorCode::Unreachable
        {
            self.put_off(joined, &file, &selection)?;
            self.has_looked(&file)?;
        }
        if result.is_ok() {
            self.has_looked(&file)?;
            self.upkeep(joined, Occasion::Once).await;
        }
        result
    }

    /// Fetches, plans, seals and sends, and again where others were faster.
    pub(super) async fn push_file(
        &self,
        joined: &mut Joined,
        file: &LinkedFile,
        selection: &Selection,
        reason: &Reason,
    ) -> Result<PushOutcome, Error> {
        for _ in 0..ATTEMPTS {
            self.refresh(joined, file.environment).await?;
            self.end_what_is_over(joined).await?;
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
            let sent = match self.send(joined, file.environment, &looked.plan, &chosen, moves, reason).await?
            {
                Sending::Sent(sent) => sent,
                Sending::OthersWereFaster => continue,
            };
            self.agree(&looked, &sent.entries, moves, sent.number)?;
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
