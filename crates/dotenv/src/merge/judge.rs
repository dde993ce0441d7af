//! What becomes of one variable, given how each side has it. Order and place play no part here.

use std::borrow::Cow;

use super::halves::{merge_left, merge_right};
use super::identity::Trio;
use super::{ConflictKind, Side};
use crate::document::Variable;

/// What becomes of a variable.
pub(crate) enum Outcome<'t> {
    /// It is in the result, as this text.
    Kept(Cow<'t, str>),
    /// It is not in the result: a side removed it.
    Removed,
    /// A person decides.
    Conflict(ConflictKind),
}

pub(crate) fn judge<'t>(trio: &Trio<'t>) -> Outcome<'t> {
    match (trio.base, trio.mine, trio.theirs) {
        (_, None, None) => Outcome::Removed,
        (None, Some(only), None) | (None, None, Some(only)) => Outcome::Kept(only.text().into()),
        (Some(base), None, Some(left)) => removed(Side::Mine, &base, &left),
        (Some(base), Some(left), None) => removed(Side::Theirs, &base, &left),
        (base, Some(mine), Some(theirs)) => both(base.as_ref(), &mine, &theirs),
    }
}

/// One side removed it, the other still has it.
fn removed<'t>(by: Side, base: &Variable<'_>, left: &Variable<'t>) -> Outcome<'t> {
    let (before, after) = (base.right_half(), left.right_half());
    // How it is written is layout; a comment is text that somebody wrote.
    let comment_stays = !after.has_comment() || blankless(after.trailing()) == blankless(before.trailing());
    if base.name() != left.name() {
        Outcome::Conflict(ConflictKind::RemovedAndRenamed { removed_by: by })
    } else if before.same_value(&after) && comment_stays {
        Outcome::Removed
    } else {
        Outcome::Conflict(ConflictKind::RemovedAndChanged { removed_by: by })
    }
}

fn blankless(trailing: &str) -> &str {
    trailing.trim_matches([' ', '\t'])
}

fn both<'t>(base: Option<&Variable<'_>>, mine: &Variable<'t>, theirs: &Variable<'t>) -> Outcome<'t> {
    if mine.text() == theirs.text() {
        return Outcome::Kept(theirs.text().into());
    }
    let Some(base) = base else {
        return join(
            merge_left(None, mine.left(), theirs.left()),
            None,
            mine,
            theirs,
            ConflictKind::BothAdded,
        );
    };
    let right = Some(base.right());
    // A rename is guessed from an equal value: whoever renamed it did not change that.
    if mine.name() == theirs.name() {
        let left = merge_left(Some(base.left()), mine.left(), theirs.left());
        join(left, right, mine, theirs, ConflictKind::BothChanged)
    } else if mine.name() == base.name() {
        renamed(Side::Theirs, base, theirs, mine, |left| {
            join(left, right, mine, theirs, ConflictKind::BothChanged)
        })
    } else if theirs.name() == base.name() {
        renamed(Side::Mine, base, mine, theirs, |left| {
            join(left, right, mine, theirs, ConflictKind::BothChanged)
        })
    } else {
        Outcome::Conflict(ConflictKind::BothRenamed)
    }
}

/// One side renamed it, and the other left it its name.
fn renamed<'t>(
    by: Side,
    base: &Variable<'_>,
    renamed: &Variable<'t>,
    other: &Variable<'_>,
    join: impl FnOnce(&'t str) -> Outcome<'t>,
) -> Outcome<'t> {
    if base.right_half().same_value(&other.right_half()) {
        join(renamed.left())
    } else {
        Outcome::Conflict(ConflictKind::RenamedAndChanged { renamed_by: by })
    }
}

/// The merged left half with the merged right half, or a conflict of this kind.
fn join<'t>(
    left: &'t str,
    base: Option<&str>,
    mine: &Variable<'t>,
    theirs: &Variable<'t>,
    otherwise: ConflictKind,
) -> Outcome<'t> {
    match merge_right(base, mine.right(), theirs.right()) {
        Ok(right) => Outcome::Kept([left, &right].concat().into()),
        Err(_) => Outcome::Conflict(otherwise),
    }
}
