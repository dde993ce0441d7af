//! Choosing how a value is written, so that it is read back exactly: by the loader that counts,
//! and by as many others as possible.
//!
//! A spelling is judged by reading it with every dialect, never by rules of its own, so what is
//! promised here is what the dialects answer. It holds whatever is around: a literal `$` stays
//! literal though the name after it is set.

mod candidates;
mod trial;

use std::fmt;

use thiserror::Error;

use crate::dialects::{Dialect, Refused, Value};
use crate::right_half::{Quote, RightHalf};
use candidates::Candidate;
pub(crate) use candidates::{LARGE, candidates};
pub(crate) use trial::{Trial, is_one_variable, read_alone};

/// How many spellings of a large value are tried with every dialect.
const MOST_OF_LARGE: usize = 12;

/// A value as it can be written.
#[derive(Clone, PartialEq, Eq)]
pub struct Spelling {
    /// The text after the `=`, without blanks before it, comment or line ending.
    pub written: String,
    /// The dialects that read exactly the value from it, in the order of [`Dialect::ALL`].
    pub read_back_by: Vec<Dialect>,
}

impl fmt::Debug for Spelling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Spelling").field("read_back_by", &self.read_back_by).finish_non_exhaustive()
    }
}

/// No spelling was found that a loader reads back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{} cannot be given {obstacle}, however it is written. {}", dialect.stands_for(), obstacle.advice())]
pub struct NoSpelling {
    /// The loader's dialect.
    pub dialect: Dialect,
    /// What stands in the way.
    pub obstacle: Obstacle,
}

/// What a loader cannot be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// A variable of this name.
    Name,
    /// A value with a zero byte.
    ZeroByte,
    /// A value of more than one line.
    LineBreak,
    /// A value with a carriage return.
    CarriageReturn,
    /// A value with a literal `$` beside what else is in it.
    Dollar,
    /// A value with these quotes.
    Quotes,
    /// A value with these backslashes.
    Backslash,
    /// A value with this `#`.
    Hash,
    /// A value that begins or ends with these blanks.
    OuterBlanks,
    /// A value as long as this one.
    Length,
    /// Several of these together.
    Mixture,
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Name => "a variable of this name",
            Self::ZeroByte => "a value with a zero byte in it",
            Self::LineBreak => "a value with this line break in it",
            Self::CarriageReturn => "a value with this carriage return in it",
            Self::Dollar => "a value with this dollar sign in it",
            Self::Quotes => "a value with these quotes in it",
            Self::Backslash => "a value with this backslash in it",
            Self::Hash => "a value with this # in it",
            Self::OuterBlanks => "a value that begins or ends with these blanks",
            Self::Length => "a value of this length",
            Self::Mixture => "a value with these characters together",
        })
    }
}

impl Obstacle {
    /// What a person could do instead.
    fn advice(self) -> &'static str {
        match self {
            Self::Name => "Give it a name of letters, digits and underscores.",
            Self::ZeroByte => "Keep it as base64, and decode it in the program.",
            Self::Length => "Keep it in a file, and give the program its path.",
            Self::LineBreak | Self::CarriageReturn => {
                "Write the line break as the program's own escape, or keep the value as base64."
            }
            Self::Dollar
            | Self::Quotes
            | Self::Backslash
            | Self::Hash
            | Self::OuterBlanks
            | Self::Mixture => "Choose another value, or keep it as base64 and decode it in the program.",
        }
    }
}

/// The best spelling of a value for a loader.
///
/// It is right in `dialect`. Where the style of `old`, the right half it stands in for or stands
/// beside, costs none of the loaders that read `old` itself, the style is kept. Otherwise the
/// spelling that most dialects read back is best; among equals the style of `old`, then the
/// plainest.
///
/// # Errors
///
/// [`NoSpelling`] where none is read back by `dialect`.
pub fn choose(
    name: &str,
    value: &str,
    dialect: Dialect,
    old: Option<&RightHalf<'_>>,
) -> Result<Spelling, NoSpelling> {
    let best = ranked(name, value, dialect, old).into_iter().next();
    best.ok_or_else(|| NoSpelling { dialect, obstacle: obstacle(name, value, dialect) })
}

/// A spelling that every loader reads back that takes such a name at all; the plainest of them.
#[must_use]
pub fn everywhere(name: &str, value: &str) -> Option<String> {
    let knowing: Vec<Dialect> = Dialect::ALL.into_iter().filter(|dialect| takes(*dialect, name)).collect();
    if knowing.is_empty() {
        return None;
    }
    let trial = Trial::new(name, value);
    let all = candidates(value, |sample, written| {
        let trial = Trial::new(name, sample);
        knowing.iter().all(|dialect| trial.reads(*dialect, written))
    });
    all.into_iter().map(|candidate| candidate.written).find(|written| {
        is_one_variable(name, written) && knowing.iter().all(|dialect| trial.reads(*dialect, written))
    })
}

/// What each loader makes of `NAME=written`, alone in a file. `None` where the loader has no such
/// variable then, or finds others in it.
#[must_use]
pub fn readings_of(name: &str, written: &str) -> Vec<(Dialect, Result<Option<Value>, Refused>)> {
    Dialect::ALL.into_iter().map(|dialect| (dialect, read_alone(dialect, name, written))).collect()
}

/// Whether a loader takes a variable of this name.
#[must_use]
pub fn takes(dialect: Dialect, name: &str) -> bool {
    matches!(read_alone(dialect, name, "x"), Ok(Some(Value::Text(read))) if read == "x")
}

/// All spellings that are right in `dialect`, the best first.
pub(crate) fn ranked(
    name: &str,
    value: &str,
    dialect: Dialect,
    old: Option<&RightHalf<'_>>,
) -> Vec<Spelling> {
    let trial = Trial::new(name, value);
    let style = old.filter(|old| !old.written().is_empty()).map(RightHalf::quote);
    let mut right: Vec<(Candidate, Vec<Dialect>)> = right_in(name, value, dialect)
        .into_iter()
        .map(|candidate| {
            let reads = |other: &Dialect| *other == dialect || trial.reads(*other, &candidate.written);
            let read_back_by = Dialect::ALL.into_iter().filter(reads).collect();
            (candidate, read_back_by)
        })
        .collect();
    let styled = |quote: Option<Quote>| style == Some(quote);
    right.sort_by_key(|(candidate, read_back_by)| {
        (usize::MAX - read_back_by.len(), !styled(candidate.quote), candidate.effort)
    });
    if let Some(old) = old.filter(|old| !old.written().is_empty())
        && let Some(place) = right.iter().position(|(candidate, _)| styled(candidate.quote))
        && place > 0
        && readers(name, old.written(), dialect).iter().all(|reader| right[place].1.contains(reader))
    {
        right[..=place].rotate_right(1);
    }
    right
        .into_iter()
        .map(|(candidate, read_back_by)| Spelling { written: candidate.written, read_back_by })
        .collect()
}

/// The candidates that are right in `dialect`, the plainest first.
fn right_in(name: &str, value: &str, dialect: Dialect) -> Vec<Candidate> {
    let trial = Trial::new(name, value);
    let mut all = candidates(value, |sample, written| Trial::new(name, sample).reads(dialect, written));
    all.retain(|candidate| {
        trial.reads(dialect, &candidate.written) && is_one_variable(name, &candidate.written)
    });
    // Of a large value a few are enough to choose from.
    if value.len() > LARGE {
        all.truncate(MOST_OF_LARGE);
    }
    all
}

/// The dialects that read what `dialect` reads.
fn readers(name: &str, written: &str, dialect: Dialect) -> Vec<Dialect> {
    let Ok(Some(Value::Text(value))) = read_alone(dialect, name, written) else { return Vec::new() };
    let trial = Trial::new(name, &value);
    Dialect::ALL.into_iter().filter(|other| trial.reads(*other, written)).collect()
}

/// Why no spelling was found: the first kind of character without which there would be one.
pub(crate) fn obstacle(name: &str, value: &str, dialect: Dialect) -> Obstacle {
    let possible = |value: &str| !right_in(name, value, dialect).is_empty();
    if !takes(dialect, name) {
        return Obstacle::Name;
    }
    if value.contains('\0') {
        return Obstacle::ZeroByte;
    }
    let without: [(Obstacle, &[char]); 6] = [
        (Obstacle::CarriageReturn, &['\r']),
        (Obstacle::LineBreak, &['\n', '\r']),
        (Obstacle::Dollar, &['$']),
        (Obstacle::Quotes, &['"', '\'', '`']),
        (Obstacle::Hash, &['#']),
        (Obstacle::Backslash, &['\\']),
    ];
    let found = without
        .into_iter()
        .find(|(_, characters)| value.contains(*characters) && possible(&value.replace(*characters, "")));
    match found {
        Some((obstacle, _)) => obstacle,
        None if value.trim() != value && possible(value.trim()) => Obstacle::OuterBlanks,
        None if !possible(&"x".repeat(value.len())) => Obstacle::Length,
        None => Obstacle::Mixture,
    }
}
