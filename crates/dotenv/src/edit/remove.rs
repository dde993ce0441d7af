//! Removing variables.

use super::check::{Check, Draft, Promise};
use super::place::{remaining, take_out};
use super::{Edit, Edited, NotEdited, Which, occurrences, variables};
use crate::dialects::Dialect;
use crate::document::Document;

/// Removes the variables of one name, each with its comment and line ending.
///
/// # Errors
///
/// [`NotEdited`] where there is none, or where the loader would then read other variables
/// otherwise or refuse the text.
pub fn remove(
    document: &Document<'_>,
    dialect: Dialect,
    name: &str,
    which: Which,
) -> Result<Edited, NotEdited> {
    let all = variables(document);
    let places = occurrences(&all, name, which)?;
    let spans: Vec<_> = places.iter().map(|place| all[*place].span()).collect();
    let (gone, lost) = take_out(document.text(), &spans);
    let draft = Draft {
        edits: gone.into_iter().map(|span| Edit { span, text: String::new() }).collect(),
        variables: remaining(&all, &places, lost.as_ref()),
        touched: places.iter().map(|place| all[*place].text()).collect(),
    };
    Check::new(document, dialect).try_out(draft, Promise::Free { name })
}
