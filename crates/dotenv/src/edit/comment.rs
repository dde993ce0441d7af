//! Commenting a variable out, and bringing it back.

use std::borrow::Cow;

use super::check::{Check, Draft, Promise};
use super::{Edit, Edited, NotEdited, Which, occurrences, variables};
use crate::assignment::Assignment;
use crate::cut::{Form, KeyEnd, is_comment, line_body, lines};
use crate::dialects::Dialect;
use crate::document::{Document, Entry};

/// Puts a `#` before every line of the variables of one name, with a blank after it unless the
/// text writes its other commented variables without one.
///
/// # Errors
///
/// [`NotEdited`] where there is none, or where the loader would then read other variables
/// otherwise or refuse the text.
pub fn comment_out(
    document: &Document<'_>,
    dialect: Dialect,
    name: &str,
    which: Which,
) -> Result<Edited, NotEdited> {
    let all = variables(document);
    let places = occurrences(&all, name, which)?;
    let usual = usual_mark(document);
    let mut edits = Vec::new();
    for place in &places {
        let variable = &all[*place];
        // Without the blank an indented line would come back less indented.
        let indented = variable.text().starts_with([' ', '\t']);
        let mark = if indented { "# " } else { usual };
        edits.extend(lines(variable.text(), 0).map(|(at, _)| {
            let at = variable.span().start + at;
            Edit { span: at..at, text: mark.to_owned() }
        }));
    }
    let kept = all.iter().enumerate().filter(|(place, _)| places.binary_search(place).is_err());
    let texts = kept.map(|(_, variable)| Cow::Borrowed(variable.text())).collect();
    let touched = places.iter().map(|place| all[*place].text()).collect();
    let draft = Draft { edits, variables: texts, touched };
    Check::new(document, dialect).try_out(draft, Promise::Free { name })
}

/// Takes the `#` from the last commented line that sets this name, and from the lines after it
/// that belong to its value.
///
/// # Errors
///
/// [`NotEdited`] where there is no such line, the name is set already, or the loader would then
/// read other variables otherwise or refuse the text.
pub fn uncomment(document: &Document<'_>, dialect: Dialect, name: &str) -> Result<Edited, NotEdited> {
    let all = variables(document);
    if all.iter().any(|variable| variable.name() == name) {
        return Err(NotEdited::NameTaken { name: name.to_owned() });
    }
    let text = document.text();
    let mut found = None;
    let mut rank = 0;
    for entry in document.entries() {
        match entry {
            Entry::Variable(_) => rank += 1,
            Entry::Prose(prose) => {
                let end = prose.span().end;
                let assigns = lines(text, prose.span().start)
                    .take_while(|(at, _)| *at < end)
                    .filter(|(_, line)| commented(line).is_some_and(|found| found.1.name() == name))
                    .last();
                found = assigns.map(|(at, _)| (at, end, rank)).or(found);
            }
        }
    }
    let Some((start, end, rank)) = found else {
        return Err(NotEdited::NoComment { name: name.to_owned() });
    };
    // The commented lines from there on without their marks; the first entry of them is meant.
    let marks: Vec<(usize, usize)> =
        lines(&text[..end], start).map_while(|(at, line)| Some((at, mark_length(line)?))).collect();
    let mut bare = String::with_capacity(end - start);
    for (at, mark) in &marks {
        let line_end = crate::cut::line_end(text, *at);
        bare.push_str(&text[at + mark..line_end]);
    }
    let whole = Document::parse(&bare);
    let Some(variable) = whole.variables().next().filter(|variable| variable.span().start == 0) else {
        return Err(NotEdited::ChangesEntries);
    };
    let first_line = lines(&bare, 0).next().map_or("", |(_, line)| line);
    let unended = matches!(variable.form, Form::Unclosed(_) | Form::Key(KeyEnd::Missing));
    let entry = if unended { first_line } else { variable.text() };
    let count = lines(entry, 0).count();
    let mut edits = Vec::with_capacity(count);
    for (at, mark) in marks.into_iter().take(count) {
        edits.push(Edit { span: at..at + mark, text: String::new() });
    }
    let mut texts: Vec<Cow<'_, str>> = all.iter().map(|variable| Cow::Borrowed(variable.text())).collect();
    texts.insert(rank, Cow::Owned(entry.to_owned()));
    Check::new(document, dialect)
        .try_out(Draft { edits, variables: texts, touched: Vec::new() }, Promise::Free { name })
}

/// How the text writes the variables that are commented out in it.
fn usual_mark(document: &Document<'_>) -> &'static str {
    let prose = document.entries().iter().filter(|entry| entry.name().is_none());
    let marks = prose.flat_map(|entry| lines(entry.text(), 0)).filter_map(|(_, line)| commented(line));
    let (mut with_blank, mut without) = (0_usize, 0_usize);
    for (mark, _) in marks {
        *(if mark > 1 { &mut with_blank } else { &mut without }) += 1;
    }
    if without > with_blank { "#" } else { "# " }
}

/// The assignment in a commented line, and the length of the mark before it.
fn commented(line: &str) -> Option<(usize, Assignment<'_>)> {
    let mark = mark_length(line)?;
    Assignment::at_start(&line_body(line)[mark..]).map(|found| (mark, found))
}

/// The length of the `#` that a line starts with, and of one blank after it.
fn mark_length(line: &str) -> Option<usize> {
    let body = line_body(line);
    if !is_comment(body) || !body.starts_with('#') {
        return None;
    }
    Some(if body[1..].starts_with(' ') { 2 } else { 1 })
}
