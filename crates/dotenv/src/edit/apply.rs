//! Edits as plain values, and the text they make.

use std::fmt;
use std::ops::Range;

use thiserror::Error;

/// Some bytes of a text, and what stands there instead.
#[derive(Clone, PartialEq, Eq)]
pub struct Edit {
    /// The bytes; an empty span is a place between two characters.
    pub span: Range<usize>,
    /// The new text.
    pub text: String,
}

/// Edits that cannot all be made in one text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("these edits overlap, or do not lie on characters of the text")]
pub struct UnsoundEdits;

impl fmt::Debug for Edit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Edit").field("span", &self.span).field("bytes", &self.text.len()).finish()
    }
}

/// The text with all edits made. Their spans are places in `text` as it was; where two insertions
/// share a place, the one that comes first in the list comes first in the text.
///
/// # Errors
///
/// [`UnsoundEdits`] where two spans overlap, or one is not within the text or cuts a character.
pub fn apply(text: &str, edits: &[Edit]) -> Result<String, UnsoundEdits> {
    let mut order: Vec<&Edit> = edits.iter().collect();
    order.sort_by_key(|edit| (edit.span.start, edit.span.end));
    let added: usize = edits.iter().map(|edit| edit.text.len()).sum();
    let mut result = String::with_capacity(text.len() + added);
    let mut at = 0;
    for edit in order {
        if edit.span.start > edit.span.end {
            return Err(UnsoundEdits);
        }
        result.push_str(text.get(at..edit.span.start).ok_or(UnsoundEdits)?);
        result.push_str(&edit.text);
        at = edit.span.end;
    }
    result.push_str(text.get(at..).ok_or(UnsoundEdits)?);
    Ok(result)
}

/// The smallest edit that turns the text at `start` from `old` into `new`; `None` if they are alike.
pub(super) fn smallest(start: usize, old: &str, new: &str) -> Option<Edit> {
    if old == new {
        return None;
    }
    let alike = old.char_indices().zip(new.chars()).find(|((_, old), new)| old != new);
    let prefix = alike.map_or(old.len().min(new.len()), |((at, _), _)| at);
    let (old_rest, new_rest) = (&old[prefix..], &new[prefix..]);
    let both = old_rest.chars().rev().zip(new_rest.chars().rev());
    let suffix: usize = both.take_while(|(old, new)| old == new).map(|(old, _)| old.len_utf8()).sum();
    Some(Edit {
        span: start + prefix..start + old.len() - suffix,
        text: new_rest[..new_rest.len() - suffix].to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit(span: Range<usize>, text: &str) -> Edit {
        Edit { span, text: text.to_owned() }
    }

    #[test]
    fn applies_edits() {
        fn check(text: &str, edits: &[Edit], expected: Option<&str>) {
            assert_eq!(apply(text, edits).ok().as_deref(), expected, "{text:?} {edits:?}");
        }
        check("abc", &[], Some("abc"));
        check("abc", &[edit(1..2, "xy")], Some("axyc"));
        check("abc", &[edit(2..3, ""), edit(0..1, "x")], Some("xb"));
        check("abc", &[edit(1..1, "x"), edit(1..1, "y"), edit(1..2, "z")], Some("axyzc"));
        check("abc", &[edit(3..3, "x")], Some("abcx"));
        check("abc", &[edit(0..2, ""), edit(1..3, "")], None);
        check("abc", &[edit(2..4, "")], None);
        check("é", &[edit(1..2, "")], None);
        #[expect(clippy::reversed_empty_ranges, reason = "the edit is meant to be unsound")]
        check("abc", &[edit(2..1, "")], None);
    }

    #[test]
    fn finds_the_smallest() {
        fn check(old: &str, new: &str, expected: Option<Edit>) {
            assert_eq!(smallest(10, old, new), expected, "{old:?} {new:?}");
        }
        check("a", "a", None);
        check("abc", "axc", Some(edit(11..12, "x")));
        check("aa", "aaa", Some(edit(12..12, "a")));
        check("aaa", "aa", Some(edit(12..13, "")));
        check("é", "è", Some(edit(10..12, "è")));
        check("", "x", Some(edit(10..10, "x")));
    }

    #[test]
    fn shows_no_text() {
        assert_eq!(format!("{:?}", edit(1..2, "secret")), "Edit { span: 1..2, bytes: 6 }");
    }
}
