//! Editing by the smallest span: what is asked for is changed, every other byte stays.
//!
//! Each operation answers [`Edited`]: edits that were tried before they were given out. The new
//! text has exactly the variables it should have, and the loader reads from it, as a whole, what
//! was asked for; it reads every other variable as before, but those that refer to the one
//! that was changed. Where that cannot be had, the answer is [`NotEdited`], a sentence.

mod apply;
mod check;
mod comment;
mod place;
mod remove;
mod rename;
mod set;
mod shift;

use std::fmt;

use thiserror::Error;

use crate::assignment::{Assignment, MAX_NAME};
use crate::dialects::{Dialect, Refused};
use crate::document::{Document, Variable};
use crate::spelling::NoSpelling;
pub use apply::{Edit, UnsoundEdits, apply};
pub use comment::{comment_out, uncomment};
pub use remove::remove;
pub use rename::rename;
pub use set::{add, set};
pub use shift::shift;

/// What an operation came to.
#[derive(Clone, PartialEq, Eq)]
pub struct Edited {
    /// What to change, in the order of the text; nothing where all is as it was asked for.
    pub edits: Vec<Edit>,
    /// The text with these edits made.
    pub text: String,
    /// What the promise rests on.
    pub proof: Proof,
    /// Variables that the loader did not come to see, for what stood before them, and sees now.
    pub newly_read: Vec<String>,
}

/// What was tried before edits were given out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// The loader reads the whole new text, and as it should.
    WholeText,
    /// The loader refuses the text, before and after, so only the line itself was tried.
    Alone(Refused),
}

/// Where a variable goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place<'n> {
    /// At the end of the text.
    End,
    /// After the variable of this name, the last one if there are several.
    After(&'n str),
    /// Before the variable of this name, the first one if there are several.
    Before(&'n str),
}

/// Which of the variables of one name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// Every one.
    Every,
    /// This one of them, counted from 0.
    One(usize),
}

/// Why nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NotEdited {
    /// The name is not there.
    #[error("There is no variable {name} in this file. Nothing was changed.")]
    NoVariable {
        /// The name.
        name: String,
    },
    /// No line that assigns to the name is commented out.
    #[error("No line that sets {name} is commented out in this file. Nothing was changed.")]
    NoComment {
        /// The name.
        name: String,
    },
    /// A text that cannot stand before the `=`.
    #[error(
        "This cannot be the name of a variable. A name has at most {MAX_NAME} letters, digits, underscores, dots and hyphens, and begins with a letter or an underscore. Nothing was changed."
    )]
    NotAName,
    /// The name is there already.
    #[error("There is already a variable {name} in this file. Nothing was changed.")]
    NameTaken {
        /// The name.
        name: String,
    },
    /// The loader cannot be given this name or value.
    #[error("{0} Nothing was changed.")]
    NoSpelling(#[from] NoSpelling),
    /// A spelling that works by itself does not work in this file.
    #[error(
        "{} would not read {name} from this file as it should, however it is written, because of how it reads other lines. Look for a quote that is not closed. Nothing was changed.",
        dialect.stands_for()
    )]
    NotRead {
        /// The loader's dialect.
        dialect: Dialect,
        /// The variable.
        name: String,
    },
    /// The loader would read other variables otherwise than it does.
    #[error(
        "This would change how {} reads {} too. Nothing was changed.",
        dialect.stands_for(),
        names.join(", ")
    )]
    ChangesOthers {
        /// The loader's dialect.
        dialect: Dialect,
        /// The first few of them.
        names: Vec<String>,
    },
    /// The loader would refuse the whole file.
    #[error("After this {} would refuse the file. Nothing was changed.", dialect.stands_for())]
    WouldRefuse {
        /// The loader's dialect.
        dialect: Dialect,
    },
    /// Lines that were text would become variables, or the other way round.
    #[error(
        "This would change where other entries of the file begin or end. Look for a quote that is not closed. Nothing was changed."
    )]
    ChangesEntries,
}

impl fmt::Debug for Edited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Edited")
            .field("edits", &self.edits)
            .field("proof", &self.proof)
            .field("newly_read", &self.newly_read)
            .finish_non_exhaustive()
    }
}

/// Whether a text can stand on the left of a `=`.
fn is_name(name: &str) -> bool {
    Assignment::at_start(&format!("{name}=")).is_some_and(|found| found.name() == name)
}

/// The places, among the variables, of those of one name that are meant.
fn occurrences(variables: &[Variable<'_>], name: &str, which: Which) -> Result<Vec<usize>, NotEdited> {
    let all = variables.iter().enumerate().filter(|(_, variable)| variable.name() == name);
    let places: Vec<usize> = match which {
        Which::Every => all.map(|(place, _)| place).collect(),
        Which::One(wanted) => all.skip(wanted).take(1).map(|(place, _)| place).collect(),
    };
    if places.is_empty() {
        return Err(NotEdited::NoVariable { name: name.to_owned() });
    }
    Ok(places)
}

fn variables<'t>(document: &Document<'t>) -> Vec<Variable<'t>> {
    document.variables().copied().collect()
}
