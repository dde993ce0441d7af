//! A spelling of a whole line that every loader reads alike, or as many as there can be.
//!
//! It keeps what the loader that counts reads; where that is less than what is written (a `#` that
//! cuts it, a reference that is followed) there is none, because nobody would know it from what
//! they wrote. A comment behind the value moves to a line of its own: three loaders take it for
//! part of the value. `export` stays: a shell that reads the file would not hand the variable on.

use std::collections::{HashMap, HashSet};

use super::Context;
use super::fix::{Effect, Proposal};
use crate::cut::Form;
use crate::dialects::{Dialect, Reading, Surroundings, Value};
use crate::document::Variable;
use crate::edit::Edit;
use crate::spelling;

/// The longest value that is spelled anew.
const MAX_VALUE: usize = 8 * 1024;

/// How many bytes of values are spelled anew in one text: each is read by every dialect in several
/// spellings.
const BUDGET: usize = 32 * 1024;

/// What a variable costs beside its value.
const EACH: usize = 128;

/// What a `$` costs: it must stay literal whatever is set around, which takes more spellings and
/// more readings of each.
const DOLLAR: usize = 4 * 1024;

/// How many different marks may be in a value with a `$`. Spellings double with each.
const MAX_MARKS: usize = 4;

/// The spellings of one text's variables, each worked out once.
pub(super) struct Fixes<'c> {
    dialect: Dialect,
    surroundings: &'c Surroundings,
    also: &'c [Dialect],
    budget: usize,
    known: HashMap<usize, Option<Proposal>>,
}

impl<'c> Fixes<'c> {
    pub(super) fn new(dialect: Dialect, context: &'c Context) -> Self {
        let Context { surroundings, also, .. } = context;
        Self { dialect, surroundings, also, budget: BUDGET, known: HashMap::new() }
    }

    /// The proposal for a variable, if there is a better spelling.
    pub(super) fn of(&mut self, variable: &Variable<'_>) -> Option<Proposal> {
        let start = variable.span().start;
        if !self.known.contains_key(&start) {
            let proposal = if variable.text().len() <= MAX_VALUE { self.worked_out(variable) } else { None };
            self.known.insert(start, proposal);
        }
        self.known.get(&start)?.clone()
    }

    /// The spelling of a value that most dialects read back, where there is one for the dialect that
    /// counts; the plainest among equals.
    pub(super) fn spell(&mut self, name: &str, value: &str) -> Option<String> {
        let dollar = value.contains('$');
        let cost = value.len() + EACH + if dollar { DOLLAR } else { 0 };
        if value.len() > MAX_VALUE || (dollar && marks(value) > MAX_MARKS) {
            return None;
        }
        self.budget = self.budget.checked_sub(cost)?;
        if dollar {
            return spelling::choose(name, value, self.dialect, None).ok().map(|found| found.written);
        }
        let text = Value::Text(value.to_owned());
        let right = ["", "\"", "'"].into_iter().filter_map(|quote| {
            let written = [quote, value, quote].concat();
            let answers = self.answers(&format!("{name}={written}\n"), name);
            let readers = agreeing(&answers, &text);
            readers.contains(&self.dialect).then_some((readers.len(), written))
        });
        // The first of the greatest: `max_by_key` would answer the last.
        right.reduce(|best, other| if other.0 > best.0 { other } else { best }).map(|(_, written)| written)
    }

    fn worked_out(&mut self, variable: &Variable<'_>) -> Option<Proposal> {
        if !matches!(variable.form, Form::OneLine | Form::Quoted(_)) {
            return None;
        }
        let half = variable.right_half();
        self.budget = self.budget.checked_sub(variable.text().len() + EACH)?;
        let before = self.answers(variable.text(), variable.name());
        let own = before.iter().find(|(dialect, _)| *dialect == self.dialect);
        let Some((_, Answer::Reads(own @ Value::Text(value)))) = own else { return None };
        if letters(half.inner()) != letters(value) || dollars(half.inner()) != dollars(value) {
            return None;
        }
        let written = self.spell(variable.name(), value)?;
        let export = if variable.is_exported() { "export " } else { "" };
        let line = format!("{export}{}={written}{}", variable.name(), half.ending());
        let after = self.answers(&line, variable.name());
        let (now, then) = (agreeing(&before, own), agreeing(&after, own));
        let keeps = |dialect: &Dialect| then.contains(dialect) || !self.counts(*dialect);
        let refused_anew = before
            .iter()
            .zip(&after)
            .any(|((_, before), (_, after))| *after == Answer::Refuses && *before != Answer::Refuses);
        if then.len() <= now.len() || !now.iter().all(keeps) || refused_anew {
            return None;
        }
        let takes = |dialect: &Dialect| spelling::takes(*dialect, variable.name());
        let but = Dialect::ALL.into_iter().filter(|dialect| !then.contains(dialect) && takes(dialect));
        let comment = half.trailing().trim_matches([' ', '\t']);
        let mut edits = Vec::new();
        let start = variable.span().start;
        if !comment.is_empty() {
            let ending = if half.ending().is_empty() { "\n" } else { half.ending() };
            edits.push(Edit { span: start..start, text: format!("{comment}{ending}") });
        }
        let end = start + variable.text().len();
        edits.push(Edit { span: start..end, text: line });
        let reads = Some(Reading { name: variable.name().to_owned(), value: own.clone() });
        Some(Proposal { edits, effect: Effect::ReadAlike { but: but.collect() }, reads })
    }

    /// Whether it would hurt to lose a dialect that reads the value now. `docker` reads a value that
    /// has no quotes, and many need them.
    fn counts(&self, dialect: Dialect) -> bool {
        dialect != Dialect::Docker || dialect == self.dialect || self.also.contains(&dialect)
    }

    /// What every dialect makes of a text that should hold one variable.
    fn answers(&self, text: &str, name: &str) -> Vec<(Dialect, Answer)> {
        let answer = |dialect: Dialect| match dialect.read(text, self.surroundings) {
            Err(_) => Answer::Refuses,
            Ok(found) => match <[Reading; 1]>::try_from(found) {
                Ok([found]) if found.name == name => Answer::Reads(found.value),
                _ => Answer::Other,
            },
        };
        Dialect::ALL.into_iter().map(|dialect| (dialect, answer(dialect))).collect()
    }
}

/// What a dialect makes of a text that should hold one variable.
#[derive(PartialEq, Eq)]
enum Answer {
    /// That variable, with this value.
    Reads(Value),
    /// Something else.
    Other,
    /// It refuses the text.
    Refuses,
}

fn agreeing(answers: &[(Dialect, Answer)], value: &Value) -> Vec<Dialect> {
    let agrees = |answer: &Answer| matches!(answer, Answer::Reads(read) if read == value);
    answers.iter().filter(|(_, answer)| agrees(answer)).map(|(dialect, _)| *dialect).collect()
}

/// The letters and digits of a text, but for those after a backslash: what no spelling changes.
fn letters(text: &str) -> String {
    let mut escaped = false;
    let kept = text.chars().filter(|character| {
        let after = std::mem::take(&mut escaped);
        escaped = *character == '\\' && !after;
        character.is_alphanumeric() && !after
    });
    kept.collect()
}

/// How many different characters a text has that are neither letters nor digits.
fn marks(text: &str) -> usize {
    text.chars().filter(|character| !character.is_alphanumeric()).collect::<HashSet<_>>().len()
}

fn dollars(text: &str) -> usize {
    text.matches('$').count()
}
