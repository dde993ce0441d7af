//! What differs between a linked file and its environment, and what would bring them together.
//!
//! One pure function over three lists of entries: *base* (what both last agreed on, kept for each entry),
//! *mine* (the file) and *theirs* (the vault). Nothing is lost: what is in neither result is in neither side,
//! or was removed by one of them, or waits as a conflict.

use std::collections::{BTreeMap, BTreeSet};

use twinlock_dotenv::{Document, KnownEntry, join_entries, merge_left, merge_prose, merge_right};
use twinlock_protocol::EntryId;
use zeroize::Zeroizing;

use super::identify::{identify, split_like};
pub use super::order::OrderState;
use super::order::{merge_order, weave};

/// The two halves of an entry, in the clear. Prose has an empty left half. Wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Halves {
    /// `export`, blanks, name and separator.
    pub left: Zeroizing<String>,
    /// Value, comment and line ending; or prose.
    pub right: Zeroizing<String>,
}

impl Halves {
    /// Both halves.
    #[must_use]
    pub fn new(left: &str, right: &str) -> Self {
        Self { left: Zeroizing::new(left.to_owned()), right: Zeroizing::new(right.to_owned()) }
    }

    /// The variable's name, if it is one.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        twinlock_dotenv::Assignment::at_start(&self.left).map(|assignment| assignment.name())
    }

    pub(super) fn known(&self) -> KnownEntry<'_> {
        KnownEntry { left: &self.left, right: &self.right }
    }

    /// Both, one after the other.
    pub(crate) fn text(&self) -> Zeroizing<String> {
        Zeroizing::new([self.left.as_str(), self.right.as_str()].concat())
    }
}

/// An entry as both sides last agreed on it.
#[derive(Clone, PartialEq, Eq)]
pub struct Agreed {
    /// Which entry of the environment.
    pub id: EntryId,
    /// What was agreed.
    pub halves: Halves,
    /// The revision it came from.
    pub number: u64,
}

/// An entry of the environment.
#[derive(Clone, PartialEq, Eq)]
pub struct Theirs {
    /// Which entry.
    pub id: EntryId,
    /// Its text.
    pub text: TheirText,
    /// The revision that put it there.
    pub number: u64,
}

/// The text of an entry of the environment.
#[derive(Clone, PartialEq, Eq)]
pub enum TheirText {
    /// It opened.
    Open(Halves),
    /// Its author sealed something that does not open: its line in no file changes.
    Damaged,
}

impl TheirText {
    /// The text, if it opened.
    pub(super) fn open(&self) -> Option<&Halves> {
        match self {
            Self::Open(halves) => Some(halves),
            Self::Damaged => None,
        }
    }
}

/// One entry, and what became of it on both sides.
#[derive(Clone)]
pub struct Item {
    /// Its id; none while it is new on this computer.
    pub id: Option<EntryId>,
    /// What was agreed.
    pub base: Option<Halves>,
    /// What the file has.
    pub mine: Option<Halves>,
    /// What the vault has.
    pub theirs: Option<Halves>,
    /// The revision that put it into the vault as it is there.
    pub number: Option<u64>,
    /// What follows from that.
    pub state: ItemState,
}

/// What becomes of an entry.
#[derive(Clone, PartialEq, Eq)]
pub enum ItemState {
    /// The same on both sides.
    InStep,
    /// Changed on this computer alone: push.
    Here(Change),
    /// Changed in the vault alone: pull.
    There(Change),
    /// Changed on both sides, in ways that go together: pull, then push.
    Merged(Halves),
    /// Both sides changed the value: a person decides.
    Conflict,
    /// What the vault has does not open, by its author's fault.
    Damaged,
}

/// How one side changed an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is new.
    New,
    /// Its text is another.
    Changed,
    /// It is gone.
    Removed,
}

/// Everything that differs, in the order that the merged file has.
#[derive(Clone)]
pub struct Plan {
    /// All entries of either side and of the base.
    pub items: Vec<Item>,
    /// Who moved entries.
    pub order: OrderState,
    /// All places in the order of the base, what it lacks woven in.
    base_order: Vec<usize>,
    /// The same in the vault's order.
    their_order: Vec<usize>,
}

/// Whether a push sends a new order too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moves {
    /// It does.
    Sent,
    /// It does not, or nobody moved anything.
    Held,
}

/// Plans how to bring a file and its environment together.
#[must_use]
pub fn plan(base: &[Agreed], mine: &str, theirs: &[Theirs]) -> Plan {
    let document = Document::parse(mine);
    let mine = split_like(base, theirs, &document);
    let ids = identify(base, theirs, &mine);

    let mut keys: BTreeMap<Key, Item> = BTreeMap::new();
    let blank =
        || Item { id: None, base: None, mine: None, theirs: None, number: None, state: ItemState::InStep };
    for agreed in base {
        let item = keys.entry(Key::Known(agreed.id)).or_insert_with(blank);
        (item.id, item.base) = (Some(agreed.id), Some(agreed.halves.clone()));
    }
    let mut damaged = BTreeSet::new();
    for entry in theirs {
        let item = keys.entry(Key::Known(entry.id)).or_insert_with(blank);
        (item.id, item.number) = (Some(entry.id), Some(entry.number));
        match &entry.text {
            TheirText::Open(halves) => item.theirs = Some(halves.clone()),
            TheirText::Damaged => {
                damaged.insert(Key::Known(entry.id));
            }
        }
    }
    let mut mine_order = Vec::with_capacity(mine.len());
    for (at, halves) in mine.into_iter().enumerate() {
        let key = ids[at].map_or(Key::New(at), Key::Known);
        mine_order.push(key);
        keys.entry(key).or_insert_with(blank).mine = Some(halves);
    }
    for (key, item) in &mut keys {
        item.state = if damaged.contains(key) { damaged_state(item) } else { judge(item) };
    }

    let base_keys: Vec<Key> = base.iter().map(|agreed| Key::Known(agreed.id)).collect();
    let their_keys: Vec<Key> = theirs.iter().map(|entry| Key::Known(entry.id)).collect();
    let (merged, order) = merge_order(&base_keys, &mine_order, &their_keys);
    // What only the base has was removed on both sides, or stands where it stood, for the list of changes.
    let all = weave(&merged, &base_keys);
    let place: BTreeMap<Key, usize> = all.iter().enumerate().map(|(at, key)| (*key, at)).collect();
    let places = |order: Vec<Key>| order.iter().filter_map(|key| place.get(key).copied()).collect();
    let base_order = places(weave(&weave(&base_keys, &their_keys), &mine_order));
    let their_order = places(weave(&weave(&their_keys, &base_keys), &mine_order));
    let items = all.iter().filter_map(|key| keys.remove(key)).collect();
    Plan { items, order, base_order, their_order }
}

/// An entry while it is planned: known by its id, or new at a place in the file.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Known(EntryId),
    New(usize),
}

fn damaged_state(item: &Item) -> ItemState {
    match (&item.mine, &item.base) {
        // Whoever changes the line repairs it.
        (Some(mine), Some(base)) if mine != base => ItemState::Here(Change::Changed),
        _ => ItemState::Damaged,
    }
}

fn judge(item: &Item) -> ItemState {
    use Change::{Changed, New, Removed};
    use ItemState::{Here, InStep, There};
    match (&item.base, &item.mine, &item.theirs) {
        (_, None, None) => InStep,
        (_, Some(mine), Some(theirs)) if mine == theirs => InStep,
        (None, Some(_), None) => Here(New),
        (None, None, Some(_)) => There(New),
        (Some(base), Some(mine), Some(theirs)) if base == theirs && base != mine => Here(Changed),
        (Some(base), Some(mine), Some(_)) if base == mine => There(Changed),
        (Some(base), None, Some(theirs)) if keeps_value(base, theirs) => Here(Removed),
        (Some(base), Some(mine), None) if keeps_value(base, mine) => There(Removed),
        // Prose never conflicts: what one side changed outlives the other's removal.
        (Some(_), None, Some(theirs)) if theirs.left.is_empty() => There(New),
        (Some(_), Some(mine), None) if mine.left.is_empty() => Here(New),
        (Some(_), None, Some(_)) | (Some(_), Some(_), None) => ItemState::Conflict,
        (base, Some(mine), Some(theirs)) => merge(base.as_ref(), mine, theirs),
    }
}

/// Whether somebody changed at most the line ending: then the other side's removal holds.
fn keeps_value(base: &Halves, now: &Halves) -> bool {
    let without_ending = |halves: &Halves| halves.right.trim_end_matches(['\r', '\n']).to_owned();
    base.left == now.left && without_ending(base) == without_ending(now)
}

fn merge(base: Option<&Halves>, mine: &Halves, theirs: &Halves) -> ItemState {
    if mine.left.is_empty() && theirs.left.is_empty() {
        let base = base.map_or("", |base| &base.right);
        return ItemState::Merged(Halves::new("", &merge_prose(base, &mine.right, &theirs.right)));
    }
    let left = merge_left(base.map(|base| base.left.as_str()), &mine.left, &theirs.left);
    match merge_right(base.map(|base| base.right.as_str()), &mine.right, &theirs.right) {
        Ok(right) => ItemState::Merged(Halves::new(left, &right)),
        Err(_) => ItemState::Conflict,
    }
}

impl Item {
    /// The variable's name, as the side that changed it has it; none for prose.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        let order = match self.state {
            ItemState::There(_) => [&self.theirs, &self.mine, &self.base],
            _ => [&self.mine, &self.theirs, &self.base],
        };
        order.into_iter().flatten().next().and_then(Halves::name)
    }

    /// What the file has after a pull; none if it has nothing then.
    fn pulled(&self) -> Option<&Halves> {
        match &self.state {
            ItemState::There(_) => self.theirs.as_ref(),
            ItemState::Merged(merged) => Some(merged),
            ItemState::InStep | ItemState::Here(_) | ItemState::Conflict | ItemState::Damaged => {
                self.mine.as_ref()
            }
        }
    }

    fn agreed(&self, halves: &Halves) -> Option<Agreed> {
        Some(Agreed { id: self.id?, halves: halves.clone(), number: self.number.unwrap_or(0) })
    }
}

impl Plan {
    /// Whether a pull would change the file.
    #[must_use]
    pub fn pulls(&self) -> bool {
        self.count_there() > 0
    }

    /// How many changes a push would send.
    #[must_use]
    pub fn count_here(&self) -> usize {
        let items = self.items.iter().filter(|item| matches!(item.state, ItemState::Here(_))).count();
        items + usize::from(self.order == OrderState::Here)
    }

    /// How many changes a pull would bring.
    #[must_use]
    pub fn count_there(&self) -> usize {
        let from_there = |item: &&Item| matches!(item.state, ItemState::There(_) | ItemState::Merged(_));
        self.items.iter().filter(from_there).count() + usize::from(self.order == OrderState::There)
    }

    /// The variables that a person has to decide about.
    pub fn conflicts(&self) -> impl Iterator<Item = &Item> {
        self.items.iter().filter(|item| item.state == ItemState::Conflict)
    }

    /// The file after a pull: everything that can be merged is; a conflict holds back its own variable only.
    #[must_use]
    pub fn pulled_text(&self) -> Zeroizing<String> {
        let texts: Vec<Zeroizing<String>> =
            self.items.iter().filter_map(Item::pulled).map(Halves::text).collect();
        let texts: Vec<&str> = texts.iter().map(|text| text.as_str()).collect();
        Zeroizing::new(join_entries(&texts).text)
    }

    /// What is agreed on after a pull: all that was written, and nothing that was not.
    #[must_use]
    pub fn base_after_pull(&self) -> Vec<Agreed> {
        let after = |item: &Item| match &item.state {
            ItemState::InStep | ItemState::There(_) | ItemState::Merged(_) => {
                item.theirs.as_ref().and_then(|theirs| item.agreed(theirs))
            }
            ItemState::Here(_) | ItemState::Conflict | ItemState::Damaged => {
                item.base.as_ref().and_then(|base| item.agreed(base))
            }
        };
        self.their_order.iter().filter_map(|at| after(&self.items[*at])).collect()
    }

    /// What is agreed on after a push of some items, given by their places; those that were new have the
    /// given ids and the revision's number. Nothing unpulled becomes agreed.
    #[must_use]
    pub fn base_after_push(&self, pushed: &BTreeMap<usize, (EntryId, u64)>, moves: Moves) -> Vec<Agreed> {
        let after = |at: usize| {
            let item = &self.items[at];
            match (pushed.get(&at), &item.state) {
                (Some((id, number)), _) => {
                    item.mine.as_ref().map(|mine| Agreed { id: *id, halves: mine.clone(), number: *number })
                }
                (None, ItemState::InStep) => item.theirs.as_ref().and_then(|theirs| item.agreed(theirs)),
                (None, _) => item.base.as_ref().and_then(|base| item.agreed(base)),
            }
        };
        // The vault's own new order is still to be pulled; this computer's, held back, still to be pushed.
        match (self.order, moves) {
            (OrderState::There, _) => self.base_order.iter().copied().filter_map(after).collect(),
            (OrderState::Here, Moves::Held) => self.their_order.iter().copied().filter_map(after).collect(),
            (OrderState::Here, Moves::Sent) | (OrderState::InStep, _) => {
                (0..self.items.len()).filter_map(after).collect()
            }
        }
    }

    /// The file as it is on this computer: what a decision about one entry leaves of it.
    #[must_use]
    pub(crate) fn local_text(&self) -> Zeroizing<String> {
        let texts: Vec<Zeroizing<String>> =
            self.items.iter().filter_map(|item| item.mine.as_ref()).map(Halves::text).collect();
        let texts: Vec<&str> = texts.iter().map(|text| text.as_str()).collect();
        Zeroizing::new(join_entries(&texts).text)
    }

    /// What is agreed on, in its order.
    #[must_use]
    pub(crate) fn base(&self) -> Vec<Agreed> {
        let base = |at: &usize| {
            let item = &self.items[*at];
            item.base.as_ref().and_then(|base| item.agreed(base))
        };
        self.base_order.iter().filter_map(base).collect()
    }
}
