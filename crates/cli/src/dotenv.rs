//! `twinlock dotenv`: what a loader makes of a file. Needs no team, no vault and no home, and makes none.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Subcommand, ValueEnum};
use serde::{Serialize, Serializer};
use twinlock_client::dotenv::node::{self, Reading};
use twinlock_client::dotenv::{Document, Entry};
use twinlock_client::files::{self, FileProblem};

use crate::failure::{Failure, Status};
use crate::output::Output;

/// What to do with a file.
#[derive(Subcommand)]
pub(crate) enum DotenvCommand {
    /// Prints one line of JSON for each file: its variables, entries and problems.
    Parse(ParseArguments),
}

/// What to parse, and how.
#[derive(Args)]
pub(crate) struct ParseArguments {
    /// The files.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The loader to read as.
    #[arg(long, value_enum, default_value = "node")]
    dialect: Dialect,
    /// A surrounding variable that interpolation may see, as often as needed.
    #[arg(long = "env", value_name = "NAME=VALUE")]
    surroundings: Vec<Surrounding>,
}

/// The loaders whose reading is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Dialect {
    /// Node's dotenv.
    Node,
}

/// `NAME=VALUE`.
#[derive(Clone)]
struct Surrounding;

impl FromStr for Surrounding {
    type Err = NotASurrounding;

    fn from_str(text: &str) -> Result<Self, NotASurrounding> {
        match text.split_once('=') {
            Some((name, _)) if !name.is_empty() => Ok(Self),
            _ => Err(NotASurrounding),
        }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("a surrounding variable is written NAME=VALUE")]
struct NotASurrounding;

/// What is in a file.
#[derive(Serialize)]
struct Parsed {
    file: String,
    #[serde(serialize_with = "as_object")]
    variables: Vec<Reading>,
    entries: Vec<ParsedEntry>,
    problems: Vec<ParsedProblem>,
}

#[derive(Debug, PartialEq, Serialize)]
struct ParsedEntry {
    kind: &'static str,
    line: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

#[derive(Serialize)]
struct ParsedProblem {
    line: usize,
    column: usize,
    what: String,
}

#[derive(Serialize)]
struct NotParsed {
    file: String,
    error: String,
}

fn as_object<S: Serializer>(variables: &[Reading], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(variables.iter().map(|variable| (&variable.name, &variable.value)))
}

pub(crate) fn run(command: DotenvCommand, out: &mut Output) -> Result<Status, Failure> {
    let DotenvCommand::Parse(ParseArguments { files, dialect, surroundings }) = command;
    // Node's dotenv interpolates nothing, so it sees nothing of its surroundings.
    let (Dialect::Node, _) = (dialect, surroundings);
    let mut status = Status::Done;
    for path in files {
        let file = path.to_string_lossy().into_owned();
        match files::read(&path) {
            Ok(text) => out.json_line(&parse(file, text.as_str()))?,
            Err(problem) => {
                status = Status::Failed;
                out.json_line(&NotParsed { file, error: sentence(&problem) })?;
            }
        }
    }
    Ok(status)
}

/// What is wrong with a file that is linked to nothing.
fn sentence(problem: &FileProblem) -> String {
    match problem {
        FileProblem::Missing => "There is no such file.".to_owned(),
        problem => problem.to_string(),
    }
}

fn parse(file: String, text: &str) -> Parsed {
    let document = Document::parse(text);
    let mut line = 1;
    let entries = document.entries().iter().map(|entry| {
        let kind = match entry {
            Entry::Variable(_) => "variable",
            Entry::Prose(_) => "prose",
        };
        let parsed = ParsedEntry { kind, line, name: entry.name().map(str::to_owned) };
        line += entry.text().matches('\n').count();
        parsed
    });
    let problems = document.problems().into_iter().map(|problem| ParsedProblem {
        line: problem.line,
        column: problem.column,
        what: problem.kind.to_string(),
    });
    Parsed {
        file,
        variables: node::variables(text),
        entries: entries.collect(),
        problems: problems.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_know_their_lines() {
        let parsed = parse("x".to_owned(), "# c\n\nA=\"1\n2\"\nB=3");
        let entry =
            |kind, line, name: Option<&str>| ParsedEntry { kind, line, name: name.map(str::to_owned) };
        assert_eq!(
            parsed.entries,
            [entry("prose", 1, None), entry("variable", 3, Some("A")), entry("variable", 5, Some("B"))]
        );
    }
}
