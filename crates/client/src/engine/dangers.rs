//! What a pull would bring that runs code, or decides which runs: named wherever a pull is shown, and asked about
//! wherever one is decided. What counts is `twinlock_dotenv::arriving`, over the file as a whole and over each change.

use std::collections::{BTreeMap, HashSet};

use twinlock_dotenv::{Danger, Dialect, arriving, join_entries};
use zeroize::Zeroizing;

use super::link::{Looked, shown, text_of};
use super::loader::dialect_of;
use crate::error::Error;
use crate::files::FileProblem;
use crate::sync::{Agreed, Change, Halves, Item, ItemState, Plan};

/// How much of what is in the vault may be written into a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taking {
    /// All of it: somebody said so knowing what it can do.
    Everything,
    /// All of it, as long as the environment is at the revision whose dangers somebody was shown.
    Shown {
        /// That revision.
        revision: u64,
    },
    /// Nothing that runs code or decides which runs.
    Ordinary,
}

/// What a pull would bring, by the place of the change that brings it; and what comes of several together.
#[derive(Default)]
pub(super) struct Dangers {
    by_item: BTreeMap<usize, Vec<Danger>>,
    of_all: Vec<Danger>,
}

impl Dangers {
    /// Of a file that a pull or a decision would change. A file that is gone comes back whole, and is compared with
    /// what it last had.
    pub(super) fn of(looked: &Looked) -> Self {
        let mut found = Self::default();
        let loader = dialect_of(&looked.file);
        for (at, item) in looked.plan.items.iter().enumerate() {
            let dangers = of_item(item, loader);
            if !dangers.is_empty() {
                found.by_item.insert(at, dangers);
            }
        }
        let (before, after) = if is_gone(looked) {
            (agreed_text(&looked.base), whole(looked).pulled_text())
        } else if looked.plan.pulls() {
            (text_of(&looked.read), looked.plan.pulled_text())
        } else {
            return found;
        };
        let known: HashSet<_> = found.by_item.values().flatten().map(Danger::subject).collect();
        let mut of_all = arriving_for(loader, &before, &after);
        of_all.retain(|danger| !known.contains(&danger.subject()));
        found.of_all = of_all;
        found
    }

    /// One sentence after the other about a change.
    pub(super) fn of_change(&self, at: usize) -> Option<String> {
        self.by_item.get(&at).map(|dangers| sentences(dangers).join(" "))
    }

    /// What no change brings by itself.
    pub(super) fn of_all(&self) -> Vec<String> {
        sentences(&self.of_all)
    }

    /// All sentences, each once.
    pub(super) fn sentences(&self) -> Vec<String> {
        sentences(self.by_item.values().flatten().chain(&self.of_all))
    }
}

/// Nobody reads more than this, whatever somebody sealed into one value.
const MOST: usize = 100;

fn sentences<'d>(dangers: impl IntoIterator<Item = &'d Danger>) -> Vec<String> {
    let mut seen = HashSet::new();
    let mut sentences: Vec<String> =
        dangers.into_iter().map(Danger::to_string).filter(|sentence| seen.insert(sentence.clone())).collect();
    let more = sentences.len().saturating_sub(MOST);
    if more > 0 {
        sentences.truncate(MOST);
        sentences.push(format!("There are {more} more like these."));
    }
    sentences
}

/// What one change would bring by itself: a pull, or a decision for the vault's side of a conflict.
fn of_item(item: &Item, loader: Dialect) -> Vec<Danger> {
    let after = match &item.state {
        ItemState::There(Change::New | Change::Changed) | ItemState::Conflict => item.theirs.as_ref(),
        ItemState::Merged(merged) => Some(merged),
        ItemState::There(Change::Removed) | ItemState::Here(_) | ItemState::InStep | ItemState::Damaged => {
            None
        }
    };
    let Some(after) = after else { return Vec::new() };
    let before = item.mine.as_ref().map(Halves::text).unwrap_or_default();
    arriving_for(loader, &before, &after.text())
}

/// What arrives in a file that this loader reads. What only a shell takes for a command (two words without quotes, an
/// apostrophe, prose) is in most files of other loaders already, where it runs nothing: it counts where the file is one
/// that a shell reads. Names count whoever reads them.
pub(super) fn arriving_for(loader: Dialect, before: &str, after: &str) -> Vec<Danger> {
    let mut dangers = arriving(before, after);
    if !SHELLS.contains(&loader) {
        dangers.retain(|danger| match danger {
            Danger::Command { dialects, .. } => dialects.iter().any(|dialect| !SHELLS.contains(dialect)),
            Danger::Name { .. } | Danger::CarriageReturn { .. } => true,
        });
    }
    dangers
}

/// Loaders that run the file itself.
const SHELLS: [Dialect; 2] = [Dialect::Sh, Dialect::Bash];

/// A file that was deleted or emptied comes back whole: its absence is no change of anything.
pub(super) fn is_gone(looked: &Looked) -> bool {
    match &looked.read {
        Ok(text) => text.as_str().is_empty(),
        Err(FileProblem::Missing) => true,
        Err(_) => false,
    }
}

/// The plan for a file that is not there: everything the vault has, taken anew.
pub(super) fn whole(looked: &Looked) -> Plan {
    crate::sync::plan(&[], "", &looked.theirs)
}

fn agreed_text(base: &[Agreed]) -> Zeroizing<String> {
    let texts: Vec<Zeroizing<String>> = base.iter().map(|agreed| agreed.halves.text()).collect();
    let texts: Vec<&str> = texts.iter().map(|text| text.as_str()).collect();
    Zeroizing::new(join_entries(&texts).text)
}

/// Refuses to write what nobody was shown. `revision` is the environment's now.
pub(super) fn check(
    looked: &Looked,
    taking: Taking,
    revision: u64,
    dangers: impl FnOnce() -> Vec<String>,
) -> Result<(), Error> {
    match taking {
        Taking::Everything => return Ok(()),
        Taking::Shown { revision: of } if of == revision => return Ok(()),
        Taking::Shown { .. } | Taking::Ordinary => {}
    }
    let dangers = dangers();
    if dangers.is_empty() {
        return Ok(());
    }
    Err(Error::Dangers { path: shown(&looked.file.path), dangers, revision })
}
