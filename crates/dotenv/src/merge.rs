//! Three-way merging of whole texts, variable by variable.
//!
//! *Mine* is this computer's text, *theirs* the vault's, *base* what both last agreed on. Only a
//! person can decide between two values or two names, so those conflict; order, layout and prose
//! never do. Nothing is made up: each part of the result is a part of an input.

mod halves;
mod identity;
mod judge;
mod pieces;

use std::ops::Range;

pub use halves::{ValueConflict, merge_left, merge_right};
use thiserror::Error;

use self::identity::{Trio, identify};
use self::judge::{Outcome, judge};
use self::pieces::{Arrangement, Composed, Piece, Rows, arrange, compose};
use crate::document::{Document, Variable};
use crate::weave::First;

/// One of the two texts that are merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// This computer's.
    Mine,
    /// The vault's.
    Theirs,
}

/// Why a person has to decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ConflictKind {
    /// Both changed the value, and not to the same.
    BothChanged,
    /// Both added a variable of this name, with different values.
    BothAdded,
    /// Both renamed the variable, and not to the same name.
    BothRenamed,
    /// One side renamed the variable, the other changed its value.
    RenamedAndChanged {
        /// Who renamed it.
        renamed_by: Side,
    },
    /// One side removed the variable, the other changed its value or its comment.
    RemovedAndChanged {
        /// Who removed it.
        removed_by: Side,
    },
    /// One side removed the variable, the other renamed it.
    RemovedAndRenamed {
        /// Who removed it.
        removed_by: Side,
    },
    /// The texts cannot stand in one file: a quote or the beginning of a key that one of them
    /// leaves open would swallow variables of the other. This conflict is about all that differs,
    /// and the only one.
    Entangled,
}

/// A variable that a person has to decide about.
#[derive(Clone, Debug)]
pub struct Conflict<'t> {
    /// Why.
    pub kind: ConflictKind,
    /// The variable as both sides last agreed on it, if they did.
    pub base: Option<Variable<'t>>,
    /// The variable in this computer's text; `None` where it was removed.
    pub mine: Option<Variable<'t>>,
    /// The variable in the vault's text; `None` where it was removed.
    pub theirs: Option<Variable<'t>>,
    /// Where *mine* stands in the merged text; empty, at its place, where it was removed.
    pub place: Range<usize>,
}

impl<'t> Conflict<'t> {
    /// The variable's names, each once: in the base, in *mine*, in *theirs*. Empty for
    /// [`ConflictKind::Entangled`].
    #[must_use]
    pub fn names(&self) -> Vec<&'t str> {
        let mut names: Vec<&str> = Vec::new();
        for variable in [&self.base, &self.mine, &self.theirs].into_iter().flatten() {
            if !names.contains(&variable.name()) {
                names.push(variable.name());
            }
        }
        names
    }
}

/// What was decided about a conflict.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Decision<'d> {
    /// One side as it is; gone if that side removed it.
    Keep(Side),
    /// This text instead, line ending included.
    Write(&'d str),
}

/// The texts cannot stand in one file, whatever their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("A quote or a key that is left open would swallow other variables.")]
pub struct Entangled;

/// The result of a merge.
#[derive(Clone)]
pub struct Merged<'t> {
    text: String,
    conflicts: Vec<Conflict<'t>>,
    /// The same pieces in different orders, best first.
    arrangements: Vec<Arrangement<'t>>,
    whole: [&'t str; 2],
}

impl<'t> Merged<'t> {
    /// The merged text; where a variable conflicts, it has *mine*.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The merged text, if nothing conflicts.
    #[must_use]
    pub fn clean(&self) -> Option<&str> {
        self.conflicts.is_empty().then_some(&self.text)
    }

    /// What a person has to decide, in the order of the text.
    #[must_use]
    pub fn conflicts(&self) -> &[Conflict<'t>] {
        &self.conflicts
    }

    /// The merged text with every conflict decided.
    ///
    /// # Errors
    ///
    /// [`Entangled`] where what was decided cannot stand in the merged text without changing how
    /// the rest of it reads.
    pub fn resolve<'d>(
        &self,
        mut decide: impl FnMut(&Conflict<'t>) -> Decision<'d>,
    ) -> Result<String, Entangled> {
        let [mine, theirs] = self.whole;
        if let Some(clean) = self.clean() {
            return Ok(clean.to_owned());
        }
        if let [conflict @ Conflict { kind: ConflictKind::Entangled, .. }] = self.conflicts.as_slice() {
            return Ok(match decide(conflict) {
                Decision::Keep(Side::Mine) => mine.to_owned(),
                Decision::Keep(Side::Theirs) => theirs.to_owned(),
                Decision::Write(text) => text.to_owned(),
            });
        }
        let decided: Vec<&str> = self
            .conflicts
            .iter()
            .map(|conflict| match decide(conflict) {
                Decision::Keep(Side::Mine) => conflict.mine.map_or("", |variable| variable.text()),
                Decision::Keep(Side::Theirs) => conflict.theirs.map_or("", |variable| variable.text()),
                Decision::Write(text) => text,
            })
            .collect();
        let composed = self.arrangements.iter().find_map(|pieces| compose(pieces, &decided));
        composed.map(|composed| composed.text).ok_or(Entangled)
    }
}

/// Merges what *mine* and *theirs* made of *base*.
///
/// Takes about as long as sorting the lines. The result holds exactly the variables that are
/// called for: where the texts cannot be put together so, that is the conflict
/// [`ConflictKind::Entangled`].
#[must_use]
pub fn merge<'t>(base: &Document<'t>, mine: &Document<'t>, theirs: &Document<'t>) -> Merged<'t> {
    let alike = |text: &'t str| Merged {
        text: text.to_owned(),
        conflicts: Vec::new(),
        arrangements: Vec::new(),
        whole: [mine.text(), theirs.text()],
    };
    if base.text() == mine.text() || mine.text() == theirs.text() {
        alike(theirs.text())
    } else if base.text() == theirs.text() {
        alike(mine.text())
    } else {
        merge_entries(base, mine, theirs)
    }
}

fn merge_entries<'t>(base: &Document<'t>, mine: &Document<'t>, theirs: &Document<'t>) -> Merged<'t> {
    let identities = identify(base, mine, theirs);
    let outcomes: Vec<Outcome<'t>> = identities.trios.iter().map(judge).collect();
    let rows = Rows::new(base, mine, theirs, &identities);
    let mut arrangements =
        [First::Theirs, First::Mine].map(|first| arrange(&rows, &outcomes, first)).to_vec();

    let mut conflicts: Vec<Conflict<'t>> = Vec::new();
    let mut numbers = vec![0; outcomes.len()];
    for piece in &arrangements[0] {
        let Piece::Conflict(place) = piece else { continue };
        if let Outcome::Conflict(kind) = outcomes[*place] {
            numbers[*place] = conflicts.len();
            let Trio { base, mine, theirs } = identities.trios[*place];
            conflicts.push(Conflict { kind, base, mine, theirs, place: 0..0 });
        }
    }
    for piece in arrangements.iter_mut().flatten() {
        if let Piece::Conflict(place) = piece {
            *place = numbers[*place];
        }
    }

    let whole = [mine.text(), theirs.text()];
    let of_mine: Vec<&str> =
        conflicts.iter().map(|conflict| conflict.mine.map_or("", |variable| variable.text())).collect();
    match arrangements.iter().find_map(|pieces| compose(pieces, &of_mine)) {
        Some(Composed { text, places }) => {
            conflicts.iter_mut().zip(places).for_each(|(conflict, place)| conflict.place = place);
            Merged { text, conflicts, arrangements, whole }
        }
        None => {
            let kind = ConflictKind::Entangled;
            let place = 0..mine.text().len();
            let conflict = Conflict { kind, base: None, mine: None, theirs: None, place };
            Merged {
                text: mine.text().to_owned(),
                conflicts: vec![conflict],
                arrangements: Vec::new(),
                whole,
            }
        }
    }
}
