//! What somebody who was removed could read, to be worked through.

use serde::Serialize;
use specta::Type;
use twinlock_client::view;

/// The list for one who was removed.
#[derive(Debug, Serialize, Type)]
pub(crate) struct Checklist {
    pub(crate) member: String,
    pub(crate) name: String,
    pub(crate) items: Vec<ChecklistItem>,
}

/// One variable; without a name a whole environment, of which no names are seen here.
#[derive(Debug, Serialize, Type)]
pub(crate) struct ChecklistItem {
    pub(crate) environment: String,
    pub(crate) name: Option<String>,
    pub(crate) state: ChecklistState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ChecklistState {
    Open,
    /// Another value was pushed since.
    Changed,
    /// A person said so.
    Done,
}

impl From<view::ChecklistView> for Checklist {
    fn from(list: view::ChecklistView) -> Self {
        let view::ChecklistView { member, name, items } = list;
        let items = items.into_iter().map(ChecklistItem::from).collect();
        Self { member: member.to_string(), name, items }
    }
}

impl From<view::ChecklistItem> for ChecklistItem {
    fn from(item: view::ChecklistItem) -> Self {
        let view::ChecklistItem { environment, name, state } = item;
        let state = match state {
            view::ChecklistState::Open => ChecklistState::Open,
            view::ChecklistState::Changed => ChecklistState::Changed,
            view::ChecklistState::Done => ChecklistState::Done,
        };
        Self { environment, name, state }
    }
}
