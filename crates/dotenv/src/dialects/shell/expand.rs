//! Words to texts and to the words that a command gets.

use std::collections::BTreeMap;

use super::parse::{Element, Index, Part, Quoting, Word};
use super::variables::Variable;
use super::{Kind, Shell, Stop, arithmetic, braces, parameter};
use crate::dialects::Value;

/// Where a character comes from, which is what decides about its meaning.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Mark {
    /// Written outside of quotes.
    Bare,
    /// A reference outside of quotes: split at blanks.
    Split,
    Quoted,
    /// No character: quotes with nothing in them.
    Empty,
    /// No character: here one word ends and another starts.
    Break,
    /// Not known without running a command; no telling how many characters there are.
    Unknown,
}

/// One character of a word.
pub(super) type Glyph = (char, Mark);

/// Stands for what only a command would tell.
pub(super) const UNKNOWN: Glyph = (' ', Mark::Unknown);

/// One word that a command gets.
pub(super) struct Field {
    /// Its text, up to where it is not known.
    pub(super) text: String,
    pub(super) known: bool,
    /// bash's `(…)` behind it.
    pub(super) array: Option<BTreeMap<i64, Value>>,
}

impl Field {
    /// The text, where all of it is known.
    pub(super) fn whole(&self) -> Option<&str> {
        self.known.then_some(self.text.as_str())
    }
}

/// The text of a word; `None` where only a command would tell.
pub(super) fn text(shell: &mut Shell<'_>, word: &Word) -> Result<Option<String>, Stop> {
    let glyphs = glyphs(shell, word)?;
    let field = joined(&glyphs);
    Ok(field.known.then_some(field.text))
}

/// The words that a word comes to: none, one or several.
pub(super) fn fields(shell: &mut Shell<'_>, word: &Word) -> Result<Vec<Field>, Stop> {
    let declares = matches!(word.first(), Some(Part::Declared(_)));
    let array = match word.last() {
        Some(Part::Array(elements)) => Some(array(shell, elements, BTreeMap::new())?),
        _ => None,
    };
    let glyphs = glyphs(shell, word)?;
    let words = match shell.kind {
        Kind::Bash => braces::expand(glyphs, &mut shell.fuel)?,
        Kind::Dash => vec![glyphs],
    };
    if declares {
        let mut fields: Vec<Field> = words.iter().map(|word| joined(word)).collect();
        if let (Some(field), Some(array)) = (fields.first_mut(), array) {
            field.array = Some(array);
        }
        return Ok(fields);
    }
    let separators = match shell.variables.get("IFS") {
        Variable::Set(separators) => separators,
        Variable::Unset | Variable::Unknown => " \t\n".to_owned(),
    };
    Ok(words.iter().flat_map(|word| split(word, &separators)).collect())
}

/// The characters of a word, each with its mark.
pub(super) fn glyphs(shell: &mut Shell<'_>, word: &Word) -> Result<Vec<Glyph>, Stop> {
    let mut glyphs = Vec::new();
    for part in word {
        part_glyphs(shell, part, &mut glyphs)?;
    }
    Ok(glyphs)
}

fn part_glyphs(shell: &mut Shell<'_>, part: &Part, glyphs: &mut Vec<Glyph>) -> Result<(), Stop> {
    match part {
        Part::Text(text, Quoting::Bare) | Part::Declared(text) => {
            glyphs.extend(text.chars().map(|c| (c, Mark::Bare)));
        }
        Part::Text(text, Quoting::Quoted) => spread(glyphs, text, Quoting::Quoted),
        Part::Command => glyphs.push(UNKNOWN),
        Part::Bad => return Err(shell.fault()),
        Part::Home(name) => match shell.variables.get("HOME") {
            Variable::Set(home) if name.is_empty() => spread(glyphs, &home, Quoting::Quoted),
            // The system would tell; a shell without `HOME` is a rare thing.
            _ => glyphs.push(UNKNOWN),
        },
        Part::Arithmetic(word, quoting) => {
            let number = match text(shell, word)? {
                Some(written) => arithmetic::number(shell, &written)?,
                None => None,
            };
            match number {
                Some(number) => spread(glyphs, &number.to_string(), *quoting),
                None => glyphs.push(UNKNOWN),
            }
        }
        Part::Parameter(wanted) => parameter::expand(shell, wanted, glyphs)?,
        Part::Array(_) => {}
    }
    Ok(())
}

/// Adds a text, marked by its quoting.
pub(super) fn spread(glyphs: &mut Vec<Glyph>, text: &str, quoting: Quoting) {
    match quoting {
        Quoting::Bare => glyphs.extend(text.chars().map(|c| (c, Mark::Split))),
        Quoting::Quoted => {
            glyphs.push((' ', Mark::Empty));
            glyphs.extend(text.chars().map(|c| (c, Mark::Quoted)));
        }
    }
}

/// The elements of an array as it is written, added to those there are.
pub(super) fn array(
    shell: &mut Shell<'_>,
    elements: &[Element],
    before: BTreeMap<i64, Value>,
) -> Result<BTreeMap<i64, Value>, Stop> {
    shell.fuel.spend(before.len())?;
    let mut array = before;
    let mut next = array.last_key_value().map_or(0, |(last, _)| last.saturating_add(1));
    for element in elements {
        if let Some(index) = &element.index {
            let Some(at) = index_of(shell, index)? else { continue };
            let value = text(shell, &element.value)?.map_or(Value::NeedsCommand, Value::Text);
            array.insert(at, value);
            next = at.saturating_add(1);
            continue;
        }
        for field in fields(shell, &element.value)? {
            array.insert(next, if field.known { field.text.into() } else { Value::NeedsCommand });
            next = next.saturating_add(1);
        }
    }
    Ok(array)
}

/// The number of an element.
pub(super) fn index_of(shell: &mut Shell<'_>, index: &Word) -> Result<Option<i64>, Stop> {
    match text(shell, index)? {
        Some(written) => arithmetic::number(shell, &written),
        None => Ok(None),
    }
}

/// What an index means for a variable with these elements: `None` where nothing is known of it.
pub(super) fn element(
    shell: &mut Shell<'_>,
    elements: &BTreeMap<i64, Value>,
    index: &Index,
) -> Result<Variable, Stop> {
    let Index::One(word) = index else { return Ok(Variable::Unset) };
    let Some(at) = index_of(shell, word)? else { return Ok(Variable::Unknown) };
    let end = elements.last_key_value().map_or(0, |(last, _)| last.saturating_add(1));
    let at = if at < 0 { end.saturating_add(at) } else { at };
    Ok(match elements.get(&at) {
        Some(Value::Text(text)) => Variable::Set(text.clone()),
        Some(_) => Variable::Unknown,
        None => Variable::Unset,
    })
}

/// All of a word as one text.
fn joined(glyphs: &[Glyph]) -> Field {
    let mut field = Field { text: String::new(), known: true, array: None };
    for (c, mark) in glyphs {
        match mark {
            Mark::Empty => {}
            Mark::Unknown => field.known = false,
            Mark::Break if field.known => field.text.push(' '),
            _ if field.known => field.text.push(*c),
            _ => {}
        }
    }
    field
}

/// A word cut at the separators that its references brought.
fn split(glyphs: &[Glyph], separators: &str) -> Vec<Field> {
    let mut fields = Vec::new();
    let mut open: Option<Field> = None;
    // Whether blanks alone have ended the last word: a separator behind them is part of that end.
    let mut blanks = false;
    let start = || Field { text: String::new(), known: true, array: None };
    for (c, mark) in glyphs {
        match mark {
            Mark::Break => fields.extend(open.take()),
            Mark::Split if separators.contains(*c) => {
                let blank = matches!(c, ' ' | '\t' | '\n');
                if open.is_none() && !blank && !blanks {
                    fields.push(start());
                }
                blanks = blank && (blanks || open.is_some());
                fields.extend(open.take());
            }
            Mark::Empty => {
                open.get_or_insert_with(start);
            }
            Mark::Unknown => open.get_or_insert_with(start).known = false,
            Mark::Bare | Mark::Split | Mark::Quoted => {
                blanks = false;
                let field = open.get_or_insert_with(start);
                if field.known {
                    field.text.push(*c);
                }
            }
        }
    }
    fields.extend(open);
    fields
}
