//! Moving a variable to another place.

use std::borrow::Cow;

use super::check::{Check, Draft, Promise};
use super::place::{Spot, end_line, insert, remaining, take_out};
use super::{Edit, Edited, NotEdited, Place, Which, occurrences, variables};
use crate::cut::line_body;
use crate::dialects::Dialect;
use crate::document::Document;
use crate::join::LineEnding;

/// Moves a variable, the last of its name, with its comment; nothing is written otherwise.
///
/// # Errors
///
/// [`NotEdited`] where there is no such variable or place, or where the loader would then read
/// any variable otherwise, the moved one too: a value may refer to what comes before it.
pub fn shift(
    document: &Document<'_>,
    dialect: Dialect,
    name: &str,
    place: Place<'_>,
) -> Result<Edited, NotEdited> {
    let text = document.text();
    let all = variables(document);
    let spot = Spot::of(document, &all, place)?;
    let moved = occurrences(&all, name, Which::Every)?.pop().unwrap_or_default();
    let check = Check::new(document, dialect);
    let span = all[moved].span();
    if (span.start..=span.end).contains(&spot.at) {
        return Ok(check.unchanged());
    }
    let (gone, lost) = take_out(text, std::slice::from_ref(&span));
    let ending = LineEnding::prevailing([text]);
    let body = line_body(all[moved].text());
    let mut inserted = insert(text, spot.at, body, ending);
    // Where it has an ending it keeps its own, and where the text gave none it takes one.
    let own = &all[moved].text()[body.len()..];
    if inserted.ended.is_empty() && !own.is_empty() {
        inserted.entry = all[moved].text().to_owned();
        inserted.edit.text.clone_from(&inserted.entry);
    }
    let mut texts: Vec<Cow<'_, str>> = remaining(&all, &[], lost.as_ref());
    end_line(&mut texts, &all, spot.rank, spot.at, inserted.ended);
    texts.insert(spot.rank, Cow::Owned(inserted.entry));
    texts.remove(if moved < spot.rank { moved } else { moved + 1 });
    let mut edits: Vec<Edit> = gone.into_iter().map(|span| Edit { span, text: String::new() }).collect();
    edits.push(inserted.edit);
    check.try_out(Draft { edits, variables: texts, touched: Vec::new() }, Promise::Nothing)
}
