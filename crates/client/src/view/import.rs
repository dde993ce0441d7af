//! What an import would bring in.

use std::path::PathBuf;

use serde::Serialize;

/// What dropping or importing a file would do, before anything happens.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ImportPreview {
    /// The file.
    pub path: PathBuf,
    /// A project's name guessed from its folder.
    pub project: String,
    /// An environment's name guessed from its own.
    pub environment: String,
    /// What was found.
    pub variables: Vec<FoundVariable>,
    /// Lines of comments and other text.
    pub prose_lines: usize,
    /// What is odd, by line.
    pub problems: Vec<FoundProblem>,
}

/// A variable that was found in a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FoundVariable {
    /// Its name.
    pub name: String,
    /// Whether the value is empty.
    pub empty: bool,
    /// Whether the name occurs more than once.
    pub duplicate: bool,
}

/// Something odd about a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FoundProblem {
    /// The line, counted from 1.
    pub line: usize,
    /// What, in a sentence.
    pub what: String,
}
