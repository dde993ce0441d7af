//! The list of what a removed member could read, kept until all of it was changed: sealed in the store, without a value.
//! A value that was pushed anew since is ticked off by itself; of what was changed elsewhere a person says so.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use twinlock_dotenv::Assignment;
use twinlock_protocol::encoding::Fields;
use twinlock_protocol::ids::{EnvironmentId, MemberId};

use super::{Client, Joined, random_id};
use crate::error::Error;
use crate::store::Step;
use crate::sync::{TheirText, Theirs};
use crate::view::{ChecklistItem, ChecklistPlace, ChecklistState, ChecklistView};

/// The note in which the lists are kept, sealed.
const CHECKLISTS: &str = "checklists";

/// A list, as it is kept.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    member: MemberId,
    name: String,
    /// Goes into every mark of this list.
    salt: [u8; 16],
    items: Vec<Item>,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Item {
    environment: EnvironmentId,
    called: String,
    /// Absent where this computer sees no names of the environment.
    name: Option<String>,
    /// By which the value is known again: a salted hash. Absent where this computer could not read it.
    mark: Option<[u8; 32]>,
    done: bool,
}

impl Client {
    /// Keeps what somebody could read, as it is when they are removed.
    pub(super) fn keep_checklist(
        &self,
        joined: &Joined,
        member: MemberId,
        name: &str,
        environments: &[EnvironmentId],
    ) -> Result<(), Error> {
        let salt = random_id();
        let mut items = Vec::new();
        for id in environments {
            let readable = self.readable(joined, *id);
            let entries = self.open_entries(joined, *id).ok();
            let item = |name: Option<String>| {
                let mark = name.as_ref().zip(entries.as_ref());
                let mark = mark.and_then(|(name, entries)| mark_of(&salt, entries, name));
                let called = readable.environment.clone();
                Item { environment: *id, called, name, mark, done: false }
            };
            match readable.names.clone() {
                Some(names) => items.extend(names.into_iter().map(|name| item(Some(name)))),
                None => items.push(item(None)),
            }
        }
        if items.is_empty() {
            return Ok(());
        }
        self.store().step(|step| {
            let mut all = kept(step)?;
            all.push(Kept { member, name: name.to_owned(), salt, items });
            keep(step, &all)
        })
    }

    /// All lists that are kept, as far as this computer can tell; asks the vault if it can be reached.
    pub async fn checklists(&self) -> Result<Vec<ChecklistView>, Error> {
        self.reviewed(|_| Ok(()), |_| true).await
    }

    /// Ticks off what a person changed where it came from: by the variable's name, or the environment's. Gives all
    /// lists; those without anything left are shown once more, and put away.
    pub async fn tick(&self, done: &[String]) -> Result<Vec<ChecklistView>, Error> {
        let tick = |lists: &mut [Kept]| {
            for name in done {
                let items = lists.iter_mut().flat_map(|list| &mut list.items);
                let named = items.filter(|item| item.name.as_deref() == Some(name) || item.called == *name);
                if named.map(|item| item.done = true).count() == 0 {
                    return Err(unknown(name));
                }
            }
            Ok(())
        };
        self.reviewed(tick, has_open).await
    }

    /// Ticks off one item of one list, or opens it again. Gives all lists.
    pub async fn set_ticked(&self, item: &ChecklistPlace, done: bool) -> Result<Vec<ChecklistView>, Error> {
        let tick = |lists: &mut [Kept]| {
            let ChecklistPlace { member, environment, name } = item;
            let list = lists.iter_mut().filter(|list| list.member == *member);
            let mut items = list.flat_map(|list| &mut list.items);
            let found = items.find(|item| item.called == *environment && item.name == *name);
            found.ok_or_else(|| unknown(name.as_ref().unwrap_or(environment)))?.done = done;
            Ok(())
        };
        self.reviewed(tick, |_| true).await
    }

    /// Puts the list for one who was removed away, if nothing on it is open any more. Gives the others.
    pub async fn put_checklist_away(&self, member: MemberId) -> Result<Vec<ChecklistView>, Error> {
        let stays = |view: &ChecklistView| view.member != member || has_open(view);
        let mut views = self.reviewed(|_| Ok(()), stays).await?;
        views.retain(stays);
        Ok(views)
    }

    /// Changes the lists, sees how each stands now, and keeps those that are to be kept.
    async fn reviewed(
        &self,
        change: impl FnOnce(&mut [Kept]) -> Result<(), Error>,
        stays: impl Fn(&ChecklistView) -> bool,
    ) -> Result<Vec<ChecklistView>, Error> {
        let _lock = self.lock().await?;
        let mut state = self.state().await;
        let joined = state.joined()?;
        let before = self.store().read(kept)?;
        let mut lists = before.clone();
        change(&mut lists)?;
        if !lists.is_empty() {
            self.try_refresh_log(joined).await?;
        }
        let items = lists.iter().flat_map(|list| &list.items);
        let asked = items.filter(|item| !item.done && item.mark.is_some()).map(|item| item.environment);
        for environment in asked.collect::<BTreeSet<_>>() {
            if joined.session.team.environment(environment).is_ok() {
                self.try_refresh(joined, environment).await?;
            }
        }
        let views: Vec<_> = lists.iter().map(|list| self.checklist_view(joined, list)).collect();
        let left = lists.into_iter().zip(&views).filter(|(_, view)| stays(view)).map(|(list, _)| list);
        let left: Vec<Kept> = left.collect();
        // Whatever is written is news to the other programs of this home.
        if left != before {
            self.store().step(|step| keep(step, &left))?;
        }
        Ok(views)
    }

    fn checklist_view(&self, joined: &Joined, list: &Kept) -> ChecklistView {
        let item = |item: &Item| ChecklistItem {
            environment: item.called.clone(),
            name: item.name.clone(),
            state: if item.done { ChecklistState::Done } else { self.state_of(joined, &list.salt, item) },
        };
        let items = list.items.iter().map(item).collect();
        ChecklistView { member: list.member, name: list.name.clone(), items }
    }

    /// Whether the value is the one that could be read. Whoever cannot read it now cannot tell.
    fn state_of(&self, joined: &Joined, salt: &[u8; 16], item: &Item) -> ChecklistState {
        let (Some(name), Some(mark)) = (&item.name, item.mark) else { return ChecklistState::Open };
        let Ok(entries) = self.open_entries(joined, item.environment) else { return ChecklistState::Open };
        if mark_of(salt, &entries, name) == Some(mark) {
            ChecklistState::Open
        } else {
            ChecklistState::Changed
        }
    }
}

fn has_open(view: &ChecklistView) -> bool {
    view.items.iter().any(|item| item.state == ChecklistState::Open)
}

fn unknown(name: &str) -> Error {
    Error::Unknown {
        kind: "variable or environment on a checklist",
        name: crate::team::inert(name),
        hint: "“twinlock member checklist” shows what is on it.".to_owned(),
    }
}

/// What a variable's values are known again by; none where there is no variable of that name.
fn mark_of(salt: &[u8; 16], entries: &[Theirs], name: &str) -> Option<[u8; 32]> {
    let named = entries.iter().filter_map(|entry| match &entry.text {
        TheirText::Open(halves) => {
            let same = Assignment::at_start(&halves.left).is_some_and(|found| found.name() == name);
            same.then_some(&halves.right)
        }
        TheirText::Damaged => None,
    });
    let named: Vec<_> = named.collect();
    if named.is_empty() {
        return None;
    }
    let fields = Fields::purpose("twinlock/v1/store/checklist").bytes(salt);
    let fields = named.into_iter().fold(fields, |fields, right| fields.text(right));
    Some(Sha256::digest(fields.as_bytes()).into())
}

fn kept(step: &Step<'_>) -> Result<Vec<Kept>, Error> {
    let Some(note) = step.note(CHECKLISTS)? else { return Ok(Vec::new()) };
    serde_json::from_slice(&note)
        .map_err(|_| crate::store::StoreError::Damaged { place: "notes.checklists".to_owned() }.into())
}

fn keep(step: &mut Step<'_>, all: &[Kept]) -> Result<(), Error> {
    let note = serde_json::to_vec(all).map_err(|error| Error::Bug(error.to_string()))?;
    step.set_note(CHECKLISTS, &note).map_err(Error::from)
}
