//! Giving a variable a value: one that is there, or a new one in the style of those around it.

use std::borrow::Cow;
use std::collections::HashSet;

use super::apply::smallest;
use super::check::{Check, Draft, Promise};
use super::place::{Spot, end_line, insert};
use super::{Edited, NotEdited, Place, is_name, variables};
use crate::assignment::skip_blanks;
use crate::dialects::{Dialect, Value};
use crate::document::{Document, Variable};
use crate::join::LineEnding;
use crate::right_half::RightHalf;
use crate::spelling::{LARGE, NoSpelling, Obstacle, Trial, candidates, obstacle, ranked, takes};

/// How many new texts are tried before the search for a spelling is given up; fewer where they are
/// long, but some in any case.
const MOST_TRIED: usize = 256;
const LEAST_TRIED: usize = 64;
const MOST_BYTES_TRIED: usize = 2 << 20;

/// Gives a variable a value; one that is not there is added at the end.
///
/// Of a name that is there several times the last is changed where that is what the loader goes
/// by, else the first, else all. Where the loader reads the value already, nothing is changed.
///
/// Only the value is written anew. More of its line is touched where the loader takes it for part
/// of the value (Docker an inline comment, a shell a carriage return), or takes no such line.
///
/// # Errors
///
/// [`NotEdited`] where the loader would not read exactly this value from the whole new text,
/// however it is written, or would read other variables otherwise.
pub fn set(document: &Document<'_>, dialect: Dialect, name: &str, value: &str) -> Result<Edited, NotEdited> {
    let all = variables(document);
    let places: Vec<usize> = (0..all.len()).filter(|place| all[*place].name() == name).collect();
    let (Some(first), Some(last)) = (places.first(), places.last()) else {
        return add(document, dialect, name, value, Place::End);
    };
    let check = Check::new(document, dialect);
    let now = match check.before() {
        Ok(before) => before.get(name).cloned(),
        Err(_) => read_alone_in_line(dialect, name, all[*last].text()),
    };
    if now.as_ref().and_then(Value::as_text) == Some(value) {
        return Ok(check.unchanged());
    }
    let mut targets = vec![vec![*last]];
    if places.len() > 1 {
        targets.extend([vec![*first], places.clone()]);
    }
    let mut attempts = Vec::new();
    for (form, target) in (0..FORMS).flat_map(|form| targets.iter().map(move |target| (form, target))) {
        attempts.push((form, target));
    }
    let old = all[*last].right_half();
    let search = Search { check: &check, dialect, name, value };
    search.run(document.text().len(), Some(&old), attempts.len(), |attempt, written| {
        let (form, target) = attempts.get(attempt)?;
        let mut draft =
            Draft { edits: Vec::new(), variables: Vec::with_capacity(all.len()), touched: Vec::new() };
        draft.variables.extend(all.iter().map(|variable| Cow::Borrowed(variable.text())));
        for place in *target {
            let variable = &all[*place];
            let line = rewritten(variable, *form, written)?;
            draft.edits.extend(smallest(variable.span().start, variable.text(), &line));
            draft.variables[*place] = Cow::Owned(line);
            draft.touched.push(variable.text());
        }
        Some(draft)
    })
}

/// Adds a variable that is not there yet.
///
/// It is written as the variable before it is: `export`, indentation, blanks around `=` and their
/// alignment, quotes; with the line ending that most lines have.
///
/// # Errors
///
/// [`NotEdited`] where the name is none, or there already, or where [`set`] would refuse.
pub fn add(
    document: &Document<'_>,
    dialect: Dialect,
    name: &str,
    value: &str,
    place: Place<'_>,
) -> Result<Edited, NotEdited> {
    if !is_name(name) {
        return Err(NotEdited::NotAName);
    }
    let all = variables(document);
    if all.iter().any(|variable| variable.name() == name) {
        return Err(NotEdited::NameTaken { name: name.to_owned() });
    }
    let text = document.text();
    let spot = Spot::of(document, &all, place)?;
    let neighbour = match place {
        Place::Before(_) => all.get(spot.rank),
        Place::End | Place::After(_) => spot.rank.checked_sub(1).and_then(|before| all.get(before)),
    };
    let mut lefts = Vec::new();
    if let Some(neighbour) = neighbour {
        let (left, lead) = styled_like(neighbour, &all, name);
        lefts.extend([[left.as_str(), lead].concat(), left]);
        if neighbour.is_exported() {
            lefts.push(format!("export {name}="));
        }
    }
    lefts.push(format!("{name}="));
    let prevailing = LineEnding::prevailing([text]);
    let endings = match prevailing {
        LineEnding::LineFeed => vec![prevailing],
        LineEnding::CarriageReturnLineFeed => vec![prevailing, LineEnding::LineFeed],
    };
    let mut attempts = Vec::new();
    for (ending, left) in endings.iter().flat_map(|ending| lefts.iter().map(move |left| (ending, left))) {
        attempts.push((*ending, left));
    }
    let check = Check::new(document, dialect);
    let old = neighbour.map(Variable::right_half);
    let search = Search { check: &check, dialect, name, value };
    search.run(text.len(), old.as_ref(), attempts.len(), |attempt, written| {
        let (ending, left) = attempts.get(attempt)?;
        let inserted = insert(text, spot.at, &[left, written].concat(), *ending);
        let mut texts: Vec<Cow<'_, str>> =
            all.iter().map(|variable| Cow::Borrowed(variable.text())).collect();
        end_line(&mut texts, &all, spot.rank, spot.at, inserted.ended);
        texts.insert(spot.rank, Cow::Owned(inserted.entry));
        Some(Draft { edits: vec![inserted.edit], variables: texts, touched: Vec::new() })
    })
}

/// The search for a spelling that works in the whole text.
struct Search<'a, 'd, 't> {
    check: &'a Check<'d, 't>,
    dialect: Dialect,
    name: &'a str,
    value: &'a str,
}

impl<'t> Search<'_, '_, 't> {
    /// Tries the spellings that are right by themselves, the best first, in each form of the line,
    /// the one that changes least first; then those that only the rest of the text may make right.
    fn run(
        &self,
        length: usize,
        old: Option<&RightHalf<'_>>,
        attempts: usize,
        draft: impl Fn(usize, &str) -> Option<Draft<'t>>,
    ) -> Result<Edited, NotEdited> {
        let Self { check, dialect, name, value } = *self;
        if !takes(dialect, name) {
            return Err(NoSpelling { dialect, obstacle: Obstacle::Name }.into());
        }
        let trial = Trial::new(name, value);
        let around = trial.around_it();
        let promise = Promise::Reads { name, value, around: &around };
        let right: Vec<String> =
            ranked(name, value, dialect, old).into_iter().map(|found| found.written).collect();
        let mut tried: HashSet<String> = HashSet::new();
        let (mut read, mut tries) = (0, 0);
        let mut reason = None;
        let rest = || {
            let all = if value.len() > LARGE { Vec::new() } else { candidates(value, |_, _| true) };
            all.into_iter().map(|candidate| candidate.written).collect()
        };
        let pools: [&dyn Fn() -> Vec<String>; 2] = [&|| right.clone(), &rest];
        for pool in pools {
            let pool: Vec<String> = pool().into_iter().filter(|written| !tried.contains(written)).collect();
            for attempt in 0..attempts {
                for written in &pool {
                    if tries > MOST_TRIED || (read > MOST_BYTES_TRIED && tries > LEAST_TRIED) {
                        break;
                    }
                    let Some(draft) = draft(attempt, written) else { break };
                    (read, tries) = (read + length + written.len(), tries + 1);
                    match self.tried_out(check, draft, promise) {
                        Ok(edited) => return Ok(edited),
                        // What is said is what came of the spelling that should have worked.
                        Err(error) => reason = reason.or(Some(error)),
                    }
                }
            }
            tried.extend(pool);
        }
        if right.is_empty() {
            return Err(NoSpelling { dialect, obstacle: obstacle(name, value, dialect) }.into());
        }
        Err(reason.unwrap_or_else(|| NotEdited::NotRead { dialect, name: name.to_owned() }))
    }

    /// In a text that the loader refuses anyway the changed line has to be right by itself.
    fn tried_out(
        &self,
        check: &Check<'_, 't>,
        draft: Draft<'t>,
        promise: Promise<'_>,
    ) -> Result<Edited, NotEdited> {
        let Self { dialect, name, value, .. } = *self;
        if check.before().is_err() {
            let of_name = |text: &&Cow<'_, str>| {
                crate::assignment::Assignment::at_start(text).is_some_and(|found| found.name() == name)
            };
            let right = draft.variables.iter().rfind(of_name).is_some_and(|line| {
                read_alone_in_line(dialect, name, line).as_ref().and_then(Value::as_text) == Some(value)
            });
            if !right {
                return Err(NotEdited::NotRead { dialect, name: name.to_owned() });
            }
        }
        check.try_out(draft, promise)
    }
}

fn read_alone_in_line(dialect: Dialect, name: &str, line: &str) -> Option<Value> {
    let found = dialect.read(line, &crate::dialects::Surroundings::default()).ok()?;
    found.into_iter().find(|found| found.name == name).map(|found| found.value)
}

/// The forms of [`rewritten`].
const FORMS: usize = 9 + ENDS.len();

/// What ends a bare value for one loader or another, and belongs to it for others.
const ENDS: [&[char]; 3] =
    [&['#'], &['\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}'], &[' ', '\t']];

/// A variable's line with another value. The forms touch more and more of the line; `None` where
/// one is the same as the one before it.
fn rewritten(variable: &Variable<'_>, form: usize, written: &str) -> Option<String> {
    let half = variable.right_half();
    let name = variable.name();
    let indentation = &variable.left()[..skip_blanks(variable.left().as_bytes(), 0)];
    let export = if variable.is_exported() { "export " } else { "" };
    let tight = [indentation, export, name, "="].concat();
    let bare = [name, "="].concat();
    let line_feed = if half.ending() == "\r\n" { "\n" } else { half.ending() };
    if let Some(ends) = ENDS.get(form) {
        let kept = kept_after(&half, ends)?;
        return Some([variable.left(), half.lead(), written, &kept, half.ending()].concat());
    }
    let form = form - ENDS.len();
    let (left, lead, trailing, ending) = match form {
        0 => (variable.left(), half.lead(), half.trailing(), half.ending()),
        1 => (variable.left(), half.lead(), "", half.ending()),
        2 => (variable.left(), "", half.trailing(), half.ending()),
        3 => (variable.left(), "", "", half.ending()),
        4 => (variable.left(), "", "", line_feed),
        5 => (tight.as_str(), "", half.trailing(), half.ending()),
        6 => (tight.as_str(), "", "", half.ending()),
        7 => (tight.as_str(), "", "", line_feed),
        _ => (bare.as_str(), "", "", line_feed),
    };
    let same = match form {
        0 => false,
        1 => half.trailing().is_empty(),
        2 => half.lead().is_empty(),
        3 => half.lead().is_empty() || half.trailing().is_empty(),
        4 => line_feed == half.ending(),
        5 | 6 => tight == variable.left(),
        7 => tight == variable.left() || line_feed == half.ending(),
        _ => bare == tight,
    };
    (!same).then(|| [left, lead, written, trailing, ending].concat())
}

/// What follows a bare value for a loader to which one of these characters ends it.
fn kept_after(half: &RightHalf<'_>, ends: &[char]) -> Option<String> {
    let written = half.written();
    let end = written.find(ends).filter(|_| half.quote().is_none() && !written.contains('\n'))?;
    let value = written[..end].trim_end_matches([' ', '\t']);
    Some([&written[value.len()..], half.trailing()].concat())
}

/// The text through the `=` for a new variable, and the blanks after it, in a neighbour's style.
fn styled_like<'t>(neighbour: &Variable<'t>, all: &[Variable<'t>], name: &str) -> (String, &'t str) {
    let left = neighbour.left();
    let name_start = neighbour.assignment.name_start();
    let name_end = name_start + neighbour.name().len();
    let blanks = &left[name_end..left.len() - 1];
    let aligned = blanks.len() > 1
        || all.iter().any(|other| {
            other.left().len() == left.len()
                && other.name().len() != neighbour.name().len()
                && (!blanks.is_empty() || other.left().ends_with(" ="))
        });
    let wanted = left.len() - 1;
    let written = name_start + name.len();
    let blanks = if aligned && !blanks.contains('\t') {
        " ".repeat(wanted.saturating_sub(written).max(usize::from(!blanks.is_empty())))
    } else {
        blanks.to_owned()
    };
    ([&left[..name_start], name, &blanks, "="].concat(), neighbour.right_half().lead())
}
