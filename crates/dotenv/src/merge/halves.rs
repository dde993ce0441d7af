//! Three-way merging of one variable: left half, value, trailing comment and line ending, each
//! for itself. Only values conflict.
//!
//! *Mine* is this computer's text, *theirs* the vault's, *base* what both last agreed on; without
//! a base both sides are new. Nothing here decides a conflict.

use std::iter;

use crate::right_half::RightHalf;

/// Both sides changed the value, and not to the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Both sides changed this value.")]
pub struct ValueConflict;

/// Merges a left half (`export`, blanks, name), where the vault's writing wins over a change of
/// one's own.
#[must_use]
pub fn merge_left<'t>(base: Option<&str>, mine: &'t str, theirs: &'t str) -> &'t str {
    three_way(base, mine, theirs).unwrap_or(theirs)
}

/// Merges the right halves of a variable.
///
/// # Errors
///
/// Both sides changed the value. Values that differ in their quotes only are the same where every
/// loader that knows quotes reads them alike.
pub fn merge_right(base: Option<&str>, mine: &str, theirs: &str) -> Result<String, ValueConflict> {
    if let Some(text) = three_way(base, mine, theirs) {
        return Ok(text.to_owned());
    }
    let (base, mine, theirs) = (base.map(RightHalf::parse), RightHalf::parse(mine), RightHalf::parse(theirs));
    let written = merge_written(base, mine, theirs).ok_or(ValueConflict)?;
    // Alike values may change places to make room for a comment.
    let alike: &[&str] = if mine.same_value(&theirs) { &[theirs.written(), mine.written()] } else { &[] };
    [Order::TheirsFirst, Order::MineFirst]
        .into_iter()
        .flat_map(|order| iter::once(&written).chain(alike).map(move |written| (order, *written)))
        .find_map(|(order, written)| assemble(base, mine, theirs, written, order))
        .ok_or(ValueConflict)
}

/// Which comment comes first where both are kept.
#[derive(Clone, Copy)]
enum Order {
    TheirsFirst,
    MineFirst,
}

/// Puts the merged parts around a value; `None` where they would not stay its parts: a comment
/// that stood right behind a closing quote would become part of an unquoted value.
fn assemble(
    base: Option<RightHalf<'_>>,
    mine: RightHalf<'_>,
    theirs: RightHalf<'_>,
    written: &str,
    order: Order,
) -> Option<String> {
    let lead = match three_way(base.map(|base| base.lead()), mine.lead(), theirs.lead()) {
        _ if written.is_empty() => "",
        Some(lead) => lead,
        None => theirs.lead(),
    };
    let trailing = merge_trailing(base, mine, theirs, written, order);
    let ending = match base {
        Some(base) if mine.ending() != base.ending() => mine.ending(),
        _ => theirs.ending(),
    };
    let merged = [lead, written, &trailing, ending].concat();
    let again = RightHalf::parse(&merged);
    (again.written() == written && again.trailing() == trailing).then_some(merged)
}

/// What one side changed and the other did not; `None` where both changed it differently.
fn three_way<'t>(base: Option<&str>, mine: &'t str, theirs: &'t str) -> Option<&'t str> {
    if mine == theirs || base == Some(mine) {
        Some(theirs)
    } else if base == Some(theirs) {
        Some(mine)
    } else {
        None
    }
}

fn merge_written<'t>(
    base: Option<RightHalf<'_>>,
    mine: RightHalf<'t>,
    theirs: RightHalf<'t>,
) -> Option<&'t str> {
    three_way(base.map(|base| base.written()), mine.written(), theirs.written()).or_else(|| {
        let unchanged = |side: &RightHalf<'_>| base.is_some_and(|base| base.same_value(side));
        if mine.same_value(&theirs) || unchanged(&mine) {
            Some(theirs.written())
        } else if unchanged(&theirs) {
            Some(mine.written())
        } else {
            None
        }
    })
}

/// Merges trailing comments; one that both sides changed is kept twice, the vault's first.
fn merge_trailing(
    base: Option<RightHalf<'_>>,
    mine: RightHalf<'_>,
    theirs: RightHalf<'_>,
    written: &str,
    order: Order,
) -> String {
    if let Some(one_side) = three_way(base.map(|base| base.trailing()), mine.trailing(), theirs.trailing()) {
        return one_side.to_owned();
    }
    let trailing = match (mine.has_comment(), theirs.has_comment()) {
        (true, true) if !theirs.trailing().ends_with(mine.trailing()) => {
            return match order {
                Order::TheirsFirst => [theirs.trailing(), mine.trailing()].concat(),
                Order::MineFirst => [mine.trailing(), theirs.trailing()].concat(),
            };
        }
        (_, true) => theirs.trailing(),
        (true, false) => mine.trailing(),
        // Blanks only: those of the value that is kept.
        (false, false) if theirs.written() == written => theirs.trailing(),
        (false, false) => mine.trailing(),
    };
    trailing.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merges_right_halves() {
        fn check(base: &str, mine: &str, theirs: &str, expected: Option<&str>) {
            let merged = merge_right(Some(base), mine, theirs);
            assert_eq!(merged.ok().as_deref(), expected, "{base:?} {mine:?} {theirs:?}");
        }
        // One side, or both alike.
        check("1\n", "1\n", "2\n", Some("2\n"));
        check("1\n", "2\n", "1\n", Some("2\n"));
        check("1\n", "2\n", "2\n", Some("2\n"));
        check("1\n", "2\n", "3\n", None);
        // Value here, comment there.
        check("1\n", "2\n", "1 # c\n", Some("2 # c\n"));
        check("1 # a\n", "1\n", "2 # a\n", Some("2\n"));
        check("1\n", " # c\n", "2\n", None);
        check("1 # a\n", " # a\n", "1 # b\n", Some(" # b\n"));
        check(" x\n", "\n", " x # c\n", Some(" # c\n"));
        // A comment on both sides.
        check("1 # a\n", "1 # m\n", "1 # t\n", Some("1 # t # m\n"));
        check("1\n", "1 # m\n", "2 # t\n", Some("2 # t # m\n"));
        check("1 # a\n", "1\n", "2 # t\n", Some("2 # t\n"));
        check("1 # a\n", "2 # m\n", "1\n", Some("2 # m\n"));
        check("1 # a\n", "2 # m\n", "1 # t # m\n", Some("2 # t # m\n"));
        check("1 # a\n", "2 # m\n", "3 # a\n", None);
        // Line endings.
        check("1", "1\n", "2", Some("2\n"));
        check("1\n", "2\n", "1\r\n", Some("2\r\n"));
        check("1\n", "1\r\n", "2\n", Some("2\r\n"));
        check("1", "1\n", "1\r\n", Some("1\n"));
        // Quotes are no change of a plain value.
        check("1\n", "\"1\"\n", "'1'\n", Some("'1'\n"));
        check("1\n", "\"1\"\n", "2\n", Some("2\n"));
        check("1\n", "2\n", "\"1\"\n", Some("2\n"));
        check("a$b\n", "'a$b'\n", "c\n", None);
        check("a\n", "p#1\n", "p#2\n", None);
        check("\"-----BEGIN\na\"\n", "\"-----BEGIN\nb\"\n", "\"-----BEGIN\nc\"\n", None);
        check("-----BEGIN\na\n", "-----BEGIN\nb\n", "-----BEGIN\nc\n", None);
        // A comment without a blank before it would turn into a value.
        check("\"a\"# c\n", "\"a\"# d\n", "b\n", None);
        check("\"a\"# c\n", "\"a\"# d\n", "'b'# c\n", Some("'b'# d\n"));
        check("1\n", "2 # m\n", "'1'# t\n", Some("2 # m# t\n"));
        check("2\n", "'1'# m\n", "1\n", Some("'1'# m\n"));
        check("1\n", " 1\n", "2\n", Some(" 2\n"));
    }

    #[test]
    fn merges_without_a_base() {
        let check = |mine, theirs, expected: Option<&str>| {
            assert_eq!(merge_right(None, mine, theirs).ok().as_deref(), expected, "{mine:?} {theirs:?}");
        };
        check("1\n", "1\n", Some("1\n"));
        check("1\n", "2\n", None);
        check("1", "1\r\n", Some("1\r\n"));
        check("1 # m\n", "'1' # t\n", Some("'1' # t # m\n"));
    }

    #[test]
    fn merges_left_halves() {
        let check = |base, mine, theirs, expected| {
            assert_eq!(merge_left(base, mine, theirs), expected, "{base:?} {mine:?} {theirs:?}");
        };
        check(Some("A="), "export A=", "A=", "export A=");
        check(Some("A="), "A=", "A =", "A =");
        check(Some("A="), "export A=", "A =", "A =");
        check(None, "A=", " A=", " A=");
    }
}
