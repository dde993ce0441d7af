//! Renaming a variable.

use std::borrow::Cow;

use super::check::{Check, Draft, Promise};
use super::{Edited, NotEdited, Which, apply, is_name, occurrences, variables};
use crate::dialects::Dialect;
use crate::document::Document;
use crate::edit::apply::smallest;
use crate::spelling::{NoSpelling, Obstacle, takes};

/// Gives every variable of one name another name. References to it in other values are left as
/// they are.
///
/// # Errors
///
/// [`NotEdited`] where there is no such variable, the new name is none or taken, or the loader
/// would not read the value under it or would read other variables otherwise.
pub fn rename(
    document: &Document<'_>,
    dialect: Dialect,
    name: &str,
    new_name: &str,
) -> Result<Edited, NotEdited> {
    let all = variables(document);
    let places = occurrences(&all, name, Which::Every)?;
    if !is_name(new_name) {
        return Err(NotEdited::NotAName);
    }
    let check = Check::new(document, dialect);
    if name == new_name {
        return Ok(check.unchanged());
    }
    if all.iter().any(|variable| variable.name() == new_name) {
        return Err(NotEdited::NameTaken { name: new_name.to_owned() });
    }
    if takes(dialect, name) && !takes(dialect, new_name) {
        return Err(NoSpelling { dialect, obstacle: Obstacle::Name }.into());
    }
    let mut draft =
        Draft { edits: Vec::new(), variables: Vec::with_capacity(all.len()), touched: Vec::new() };
    draft.variables.extend(all.iter().map(|variable| Cow::Borrowed(variable.text())));
    for place in places {
        let variable = &all[place];
        let start = variable.start + variable.assignment.name_start();
        let edit = smallest(start, name, new_name);
        let mut of_entry = edit.clone();
        if let Some(edit) = &mut of_entry {
            edit.span = edit.span.start - variable.start..edit.span.end - variable.start;
        }
        let text = apply(variable.text(), of_entry.as_slice()).map_err(|_| NotEdited::ChangesEntries)?;
        draft.variables[place] = Cow::Owned(text);
        draft.edits.extend(edit);
    }
    check.try_out(draft, Promise::Renamed { from: name, to: new_name })
}
