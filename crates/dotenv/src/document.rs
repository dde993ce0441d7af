//! A text as its entries: variables, cut at their `=`, and the prose between them.
//!
//! A document borrows the text and changes nothing: its entries, one after the other, are the
//! text. Every text is a document. What is wrong with it is told by its problems.

use std::fmt;
use std::ops::Range;

use crate::assignment::Assignment;
use crate::cut::{self, Cut, Form};
use crate::node;
use crate::problems::{self, Problem};
use crate::right_half::RightHalf;

/// The entries of one text, in order.
#[derive(Clone)]
pub struct Document<'t> {
    text: &'t str,
    entries: Vec<Entry<'t>>,
    key_material: Vec<Range<usize>>,
}

impl<'t> Document<'t> {
    /// Cuts `text` into entries. Never fails, and takes time in proportion to the text's length.
    #[must_use]
    pub fn parse(text: &'t str) -> Self {
        let Cut { entries, key_material } = cut::cut(text);
        Self { text, entries, key_material }
    }

    /// The whole text.
    #[must_use]
    pub fn text(&self) -> &'t str {
        self.text
    }

    /// All entries, in the order of the text.
    #[must_use]
    pub fn entries(&self) -> &[Entry<'t>] {
        &self.entries
    }

    /// The variables, in the order of the text. A name may come more than once.
    pub fn variables(&self) -> impl Iterator<Item = &Variable<'t>> {
        self.entries.iter().filter_map(Entry::as_variable)
    }

    /// What is wrong or doubtful in the text, in the order of its lines.
    #[must_use]
    pub fn problems(&self) -> Vec<Problem> {
        problems::problems(self)
    }

    /// Whether a quote is never closed, or closes only at the quotes of another variable: the
    /// text of somebody who may still be typing.
    #[must_use]
    pub fn has_unclosed_quote(&self) -> bool {
        self.variables().any(|variable| {
            matches!(variable.form, Form::Unclosed(_)) || problems::swallowed_assignment(variable).is_some()
        })
    }

    /// The spans of prose that hold key material.
    pub(crate) fn key_material(&self) -> &[Range<usize>] {
        &self.key_material
    }
}

/// A variable, or what stands between variables.
#[derive(Clone, Copy, Debug)]
pub enum Entry<'t> {
    /// A name and its value.
    Variable(Variable<'t>),
    /// Comments, blank lines, text that is no assignment; a byte-order mark is one by itself.
    Prose(Prose<'t>),
}

impl<'t> Entry<'t> {
    /// The whole entry as written, line endings included.
    #[must_use]
    pub fn text(&self) -> &'t str {
        match self {
            Self::Variable(variable) => variable.text(),
            Self::Prose(prose) => prose.text(),
        }
    }

    /// The left half: through the `=` of a variable, empty for prose.
    #[must_use]
    pub fn left(&self) -> &'t str {
        match self {
            Self::Variable(variable) => variable.left(),
            Self::Prose(_) => "",
        }
    }

    /// The right half: after the `=` of a variable, all of a prose entry.
    #[must_use]
    pub fn right(&self) -> &'t str {
        match self {
            Self::Variable(variable) => variable.right(),
            Self::Prose(prose) => prose.text(),
        }
    }

    /// The name of a variable; `None` for prose.
    #[must_use]
    pub fn name(&self) -> Option<&'t str> {
        self.as_variable().map(Variable::name)
    }

    /// The variable, if the entry is one.
    #[must_use]
    pub fn as_variable(&self) -> Option<&Variable<'t>> {
        match self {
            Self::Variable(variable) => Some(variable),
            Self::Prose(_) => None,
        }
    }

    /// Where the entry stands in the text, in bytes.
    #[must_use]
    pub fn span(&self) -> Range<usize> {
        let start = match self {
            Self::Variable(variable) => variable.start,
            Self::Prose(prose) => prose.start,
        };
        start..start + self.text().len()
    }
}

/// A name and its value, as written.
#[derive(Clone, Copy)]
pub struct Variable<'t> {
    pub(crate) text: &'t str,
    pub(crate) start: usize,
    pub(crate) assignment: Assignment<'t>,
    pub(crate) form: Form,
}

impl<'t> Variable<'t> {
    /// The whole entry as written.
    #[must_use]
    pub fn text(&self) -> &'t str {
        self.text
    }

    /// The text through the `=`.
    #[must_use]
    pub fn left(&self) -> &'t str {
        self.assignment.left()
    }

    /// The text after the `=`: value, quotes, inline comment and line ending.
    #[must_use]
    pub fn right(&self) -> &'t str {
        &self.text[self.left().len()..]
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &'t str {
        self.assignment.name()
    }

    /// Whether `export` stands before the name.
    #[must_use]
    pub fn is_exported(&self) -> bool {
        self.assignment.is_exported()
    }

    /// The right half in its parts.
    #[must_use]
    pub fn right_half(&self) -> RightHalf<'t> {
        RightHalf::parse(self.right())
    }

    /// The value of this entry as Node's dotenv reads it.
    ///
    /// A loader reads whole files, so that where its idea of an entry differs from the cut,
    /// [`node::variables`] is what a program will see.
    #[must_use]
    pub fn value(&self) -> String {
        node::value(self.right())
    }

    /// Where the entry stands in the text, in bytes.
    #[must_use]
    pub fn span(&self) -> Range<usize> {
        self.start..self.start + self.text.len()
    }
}

/// Text that holds no variable.
#[derive(Clone, Copy)]
pub struct Prose<'t> {
    pub(crate) text: &'t str,
    pub(crate) start: usize,
}

impl<'t> Prose<'t> {
    /// The text as written.
    #[must_use]
    pub fn text(&self) -> &'t str {
        self.text
    }

    /// Where the entry stands in the text, in bytes.
    #[must_use]
    pub fn span(&self) -> Range<usize> {
        self.start..self.start + self.text.len()
    }
}

impl fmt::Debug for Document<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.entries).finish()
    }
}

impl fmt::Debug for Variable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Variable")
            .field("name", &self.name())
            .field("span", &self.span())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Prose<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prose").field("span", &self.span()).finish_non_exhaustive()
    }
}
