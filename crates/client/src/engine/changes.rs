//! What differs between a linked file and its environment, for review; values one at a time, when asked for.

use std::collections::BTreeMap;

use twinlock_protocol::ids::Pointer;
use twinlock_seal::SecretText;

use super::dangers::Dangers;
use super::link::{Looked, text_of as file_text};
use super::loader::dialect_of;
use super::readings::read;
use super::versions::Origin;
use super::write::{joined_text, text_of as vault_text};
use super::{Client, Joined};
use crate::error::Error;
use crate::files::{FileProblem, LinkedFileId};
use crate::sync::{Change, Halves, Item, ItemState, OrderState, Plan};
use crate::team::inert;
use crate::view::{ChangeKind, ChangeSummary, ChangeView, ChangesView, Side};

impl Client {
    /// The changes of a linked file, from what is known here. `status` asks the vault first.
    pub async fn changes(&self, file: LinkedFileId) -> Result<ChangesView, Error> {
        let mut state = self.state().await;
        let joined = state.joined()?;
        let looked = self.look_to_review(joined, file)?;
        let origins = match joined.session.environment(looked.file.environment) {
            Some(held) => self.origins(held, held.chain.entries().values().map(|entry| entry.pointer))?,
            None => BTreeMap::new(),
        };
        Ok(changes_of(joined, &looked, &origins))
    }

    /// One side of one change, in the clear: the value as written, with its comment.
    pub async fn reveal_change(
        &self,
        file: LinkedFileId,
        key: usize,
        side: Side,
    ) -> Result<Option<SecretText>, Error> {
        let mut state = self.state().await;
        let joined = state.joined()?;
        let looked = self.look_to_review(joined, file)?;
        let item = looked.plan.items.get(key).ok_or_else(|| not_there(&key.to_string()))?;
        Ok(half_of(item, side)
            .map(|halves| SecretText::new(halves.right.trim_end_matches(['\r', '\n']).to_owned())))
    }

    /// One side's value of a change to this variable, as the file's loader reads it, to be used elsewhere. None where
    /// that side has no such variable.
    pub async fn change_value(
        &self,
        file: LinkedFileId,
        key: usize,
        name: &str,
        side: Side,
    ) -> Result<Option<SecretText>, Error> {
        let mut state = self.state().await;
        let joined = state.joined()?;
        let looked = self.look_to_review(joined, file)?;
        // The file may have changed since, and another variable be in this place.
        let item = looked.plan.items.get(key).filter(|item| item.name() == Some(name));
        let item = item.ok_or_else(|| not_there(&inert(name)))?;
        let Some(halves) = half_of(item, side) else { return Ok(None) };
        let text = match side {
            Side::Mine => file_text(&looked.read),
            Side::Theirs => vault_text(&looked.theirs),
            Side::Base => joined_text(looked.base.iter().map(|agreed| &agreed.halves)),
        };
        Ok(Some(read(&text, &[dialect_of(&looked.file)], name, &halves.right).text))
    }

    /// A file that is missing, empty or unreadable has no changes to review: its state says what it is.
    fn look_to_review(&self, joined: &mut Joined, file: LinkedFileId) -> Result<Looked, Error> {
        let file = self.linked_file_by_id(file)?;
        let mut looked = self.look(joined, &file)?;
        let gone = match &looked.read {
            Ok(text) => text.as_str().is_empty() && !looked.base.is_empty(),
            Err(FileProblem::Missing) => !looked.base.is_empty(),
            Err(_) => true,
        };
        if gone {
            for item in &mut looked.plan.items {
                if matches!(item.state, ItemState::Here(_) | ItemState::Conflict) {
                    item.state = ItemState::InStep;
                }
            }
        }
        Ok(looked)
    }
}

fn half_of(item: &Item, side: Side) -> Option<&Halves> {
    match side {
        Side::Mine => item.mine.as_ref(),
        Side::Theirs => item.theirs.as_ref(),
        Side::Base => item.base.as_ref(),
    }
}

fn not_there(name: &str) -> Error {
    Error::Unknown {
        kind: "change",
        name: name.to_owned(),
        hint: "The file may have changed meanwhile; look again.".to_owned(),
    }
}

fn changes_of(joined: &Joined, looked: &Looked, origins: &BTreeMap<Pointer, Origin>) -> ChangesView {
    let dangers = Dangers::of(looked);
    let mut view = ChangesView {
        file: looked.file.id,
        revision: joined
            .session
            .environment(looked.file.environment)
            .map_or(0, |held| held.chain.head().number),
        conflicts: Vec::new(),
        here: Vec::new(),
        there: Vec::new(),
        dangers: dangers.of_all(),
    };
    for (key, item) in looked.plan.items.iter().enumerate() {
        let change = |kind| change_view(joined, looked, origins, &dangers, key, item, kind);
        match &item.state {
            ItemState::InStep => {}
            ItemState::Here(here) => view.here.push(change(kind(item, *here))),
            ItemState::There(there) => view.there.push(change(kind(item, *there))),
            ItemState::Merged(_) => view.there.push(change(kind(item, Change::Changed))),
            ItemState::Conflict => view.conflicts.push(change(ChangeKind::Changed)),
            ItemState::Damaged => view.there.push(change(ChangeKind::Damaged)),
        }
    }
    let moved =
        |key| ChangeView { key, name: None, kind: ChangeKind::Moved, by: None, at: None, danger: None };
    match looked.plan.order {
        OrderState::InStep => {}
        OrderState::Here => view.here.push(moved(looked.plan.items.len())),
        OrderState::There => view.there.push(moved(looked.plan.items.len())),
    }
    view
}

fn change_view(
    joined: &Joined,
    looked: &Looked,
    origins: &BTreeMap<Pointer, Origin>,
    dangers: &Dangers,
    key: usize,
    item: &Item,
    kind: ChangeKind,
) -> ChangeView {
    let session = &joined.session;
    let from_vault = !matches!(item.state, ItemState::Here(_));
    let held = session.environment(looked.file.environment);
    let entry = item.id.zip(held).and_then(|(id, held)| held.chain.entries().get(&id)).filter(|_| from_vault);
    let origin = entry.and_then(|entry| origins.get(&entry.pointer));
    ChangeView {
        key,
        name: item.name().map(str::to_owned),
        kind,
        by: origin.map(|origin| session.author_name(origin.author)),
        at: origin.map(|origin| origin.at.0),
        danger: dangers.of_change(key),
    }
}

fn kind(item: &Item, change: Change) -> ChangeKind {
    match change {
        _ if item.name().is_none() => ChangeKind::Comment,
        Change::New => ChangeKind::New,
        Change::Changed => ChangeKind::Changed,
        Change::Removed => ChangeKind::Removed,
    }
}

/// Counts of this computer's changes, for a notification.
pub(super) fn summary(file: String, plan: &Plan) -> ChangeSummary {
    let mut summary = ChangeSummary { file, changed: 0, new: 0, removed: 0, comments: 0 };
    for item in &plan.items {
        let change = match &item.state {
            ItemState::Here(change) => *change,
            ItemState::Merged(_) | ItemState::Conflict => Change::Changed,
            ItemState::InStep | ItemState::There(_) | ItemState::Damaged => continue,
        };
        let count = match kind(item, change) {
            ChangeKind::New => &mut summary.new,
            ChangeKind::Removed => &mut summary.removed,
            ChangeKind::Comment | ChangeKind::Moved => &mut summary.comments,
            ChangeKind::Changed | ChangeKind::Damaged => &mut summary.changed,
        };
        *count += 1;
    }
    summary.comments += usize::from(plan.order == OrderState::Here);
    summary
}
