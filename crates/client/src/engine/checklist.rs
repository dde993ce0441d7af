//! The list of what a removed member could read, kept until all of it was changed: sealed in the store, without a value.
//! A value that was pushed anew since is ticked off by itself; of what was changed elsewhere a person says so.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use twinlock_dotenv::Assignment;
use twinlock_protocol::encoding::Fields;
use twinlock_protocol::ids::{EnvironmentId, MemberId};

use super::{Client, Joined, random_id};
use crate::error::Error;
use crate::store::Step;
use crate::sync::{TheirText, Theirs};
use crate::view::{ChecklistItem, ChecklistState, ChecklistView};

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

    /// All lists on which something is still open, as far as this computer can tell; asks the vault if it can be reached.
    pub async fn checklists(&self) -> Result<Vec<ChecklistView>, Error> {
        self.tick(&[]).await
    }

    /// Ticks off what a person changed where it came from: by the variable's name, or the environment's. Gives all lists.
    pub async fn tick(&self, done: &[String]) -> Result<Vec<ChecklistView>, Error> {
        let _lock = self.lock().await?;
        let mut state = self.state().await;
        let joined = state.joined()?;
        self.try_refresh_log(joined).await?;
        let mut all = self.store().read(kept)?;
        for name in done {
            let mut found = false;
            for item in all.iter_mut().flat_map(|list| &mut list.items) {
                if item.name.as_deref() == Some(name) || item.called == *name {
                    (item.done, found) = (true, true);
                }
            }
            if !found {
                return Err(Error::Unknown {
                    kind: "variable or environment on a checklist",
                    name: crate::team::inert(name),
                    hint: "“twinlock member checklist” shows what is on it.".to_owned(),
                });
            }
        }
        let mut views = Vec::new();
        for list in &all {
            let mut items = Vec::new();
            for item in &list.items {
                let state = match item.done {
                    true => ChecklistState::Done,
                    false => self.state_of(joined, &list.salt, item).await?,
                };
                let (environment, name) = (item.called.clone(), item.name.clone());
                items.push(ChecklistItem { environment, name, state });
            }
            views.push(ChecklistView { member: list.member, name: list.name.clone(), items });
        }
        // Worked through to the end: nothing is left to keep. It is shown once more.
        let open = |view: &ChecklistView| view.items.iter().any(|item| item.state == ChecklistState::Open);
        let left = all.into_iter().zip(&views).filter(|(_, view)| open(view)).map(|(list, _)| list);
        let left: Vec<Kept> = left.collect();
        self.store().step(|step| keep(step, &left))?;
        Ok(views)
    }

    /// Whether the value is the one that could be read. Whoever cannot read it now cannot tell.
    async fn state_of(
        &self,
        joined: &mut Joined,
        salt: &[u8; 16],
        item: &Item,
    ) -> Result<ChecklistState, Error> {
        let id = item.environment;
        let (Some(name), Some(mark)) = (&item.name, item.mark) else { return Ok(ChecklistState::Open) };
        if joined.session.team.environment(id).is_err() {
            return Ok(ChecklistState::Open);
        }
        self.try_refresh(joined, id).await?;
        let Ok(entries) = self.open_entries(joined, id) else { return Ok(ChecklistState::Open) };
        Ok(match mark_of(salt, &entries, name) == Some(mark) {
            true => ChecklistState::Open,
            false => ChecklistState::Changed,
        })
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
