//! Further computers, and recovery kits that are being made.

use serde::Serialize;
use specta::Type;

/// A kit that is being made: the line to keep beside its words, and which words are asked for. None of it is secret.
#[derive(Debug, Serialize, Type)]
pub(crate) struct Kit {
    pub(crate) line: String,
    pub(crate) asked: Vec<usize>,
}

/// A computer that stands at another's door, and the words to compare.
#[derive(Debug, Serialize, Type)]
pub(crate) struct Knocking {
    pub(crate) id: String,
    pub(crate) words: Vec<String>,
}
