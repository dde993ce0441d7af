//! Taking lines out of a text and putting lines in, with the line endings that this needs.
//!
//! A text that has no line ending at its end has none after the edit either: what was its last
//! line gets one when a line follows it, and the line before a removed last line loses its own.

use std::borrow::Cow;
use std::ops::Range;

use super::{Edit, NotEdited, Place};
use crate::cut::BYTE_ORDER_MARK;
use crate::document::{Document, Variable};
use crate::join::LineEnding;

/// Where a new line goes.
#[derive(Clone, Copy)]
pub(super) struct Spot {
    /// Its place in the text.
    pub(super) at: usize,
    /// How many variables come before it.
    pub(super) rank: usize,
}

impl Spot {
    pub(super) fn of(
        document: &Document<'_>,
        variables: &[Variable<'_>],
        place: Place<'_>,
    ) -> Result<Self, NotEdited> {
        let missing = |name: &str| NotEdited::NoVariable { name: name.to_owned() };
        match place {
            Place::End => Ok(Self { at: document.text().len(), rank: variables.len() }),
            Place::After(name) => {
                let found = variables.iter().enumerate().rfind(|(_, variable)| variable.name() == name);
                let (rank, variable) = found.ok_or_else(|| missing(name))?;
                Ok(Self { at: variable.span().end, rank: rank + 1 })
            }
            Place::Before(name) => {
                let found = variables.iter().enumerate().find(|(_, variable)| variable.name() == name);
                let (rank, variable) = found.ok_or_else(|| missing(name))?;
                Ok(Self { at: variable.span().start, rank })
            }
        }
    }
}

/// The insertion of a line, and the texts of the variables before and after it as they are then.
pub(super) struct Inserted {
    pub(super) edit: Edit,
    /// The line as an entry.
    pub(super) entry: String,
    /// The ending that the line before it got.
    pub(super) ended: &'static str,
}

/// Puts `line`, given without a line ending, at a place where a line starts or the text ends.
pub(super) fn insert(text: &str, at: usize, line: &str, ending: LineEnding) -> Inserted {
    let before = &text[..at];
    let open = !before.is_empty() && !before.ends_with('\n') && before != BYTE_ORDER_MARK;
    if open {
        // A `\n` right after a lone `\r` would make one line ending of the two.
        let ended = if before.ends_with('\r') {
            LineEnding::CarriageReturnLineFeed.as_str()
        } else {
            ending.as_str()
        };
        let edit = Edit { span: at..at, text: [ended, line].concat() };
        return Inserted { edit, entry: line.to_owned(), ended };
    }
    let entry = [line, ending.as_str()].concat();
    Inserted { edit: Edit { span: at..at, text: entry.clone() }, entry, ended: "" }
}

/// The spans to remove, so that these entries are gone; and where the line before the last of
/// them loses its ending, how much of it is left.
pub(super) fn take_out(text: &str, spans: &[Range<usize>]) -> (Vec<Range<usize>>, Option<Range<usize>>) {
    let mut merged: Vec<Range<usize>> = Vec::with_capacity(spans.len());
    for span in spans {
        match merged.last_mut() {
            Some(last) if last.end == span.start => last.end = span.end,
            _ => merged.push(span.clone()),
        }
    }
    let Some(last) = merged.last_mut().filter(|last| last.end == text.len() && !text.ends_with('\n')) else {
        return (merged, None);
    };
    let before = &text[..last.start];
    let kept = before.strip_suffix("\r\n").or_else(|| before.strip_suffix('\n')).unwrap_or(before);
    let lost = kept.len()..last.start;
    last.start = lost.start;
    (merged, (!lost.is_empty()).then_some(lost))
}

/// The texts of the variables without those at `places`, which [`take_out`] removes.
pub(super) fn remaining<'t>(
    variables: &[Variable<'t>],
    places: &[usize],
    lost: Option<&Range<usize>>,
) -> Vec<Cow<'t, str>> {
    let kept = variables.iter().enumerate().filter(|(place, _)| places.binary_search(place).is_err());
    kept.map(|(_, variable)| {
        let without = lost.filter(|lost| lost.end == variable.span().end);
        Cow::Borrowed(
            without.map_or(variable.text(), |lost| &variable.text()[..variable.text().len() - lost.len()]),
        )
    })
    .collect()
}

/// Gives the variable that ends the text the line ending that it gets.
pub(super) fn end_line<'t>(
    texts: &mut [Cow<'t, str>],
    variables: &[Variable<'t>],
    rank: usize,
    at: usize,
    ended: &str,
) {
    if let Some(before) = rank.checked_sub(1)
        && variables.get(before).is_some_and(|variable| variable.span().end == at)
        && let Some(text) = texts.get_mut(before)
    {
        text.to_mut().push_str(ended);
    }
}
