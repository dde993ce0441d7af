//! `twinlock dotenv`: what a loader makes of a file. Needs no team, no vault and no home, and makes none.

use std::path::PathBuf;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use clap::{Args, Subcommand};
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use twinlock_client::dotenv::{Dialect, Document, Entry, Reading, Surroundings, Value};
use twinlock_client::files::{self, FileProblem};

use crate::failure::{Failure, Status};
use crate::output::Output;
use crate::{edit, lint};

/// What to do with a file.
#[derive(Subcommand)]
pub(crate) enum DotenvCommand {
    /// Prints one line of JSON for each file: its variables, entries and problems.
    Parse(ParseArguments),
    /// Shows where loaders would disagree, and what else deserves a second look, by line.
    Lint(lint::LintArguments),
    /// Gives a variable of a file a value; no other byte changes.
    Set(edit::SetArguments),
    /// Removes a variable of a file; no other byte changes.
    Unset(edit::NameArguments),
    /// Gives a variable of a file another name.
    Rename(edit::RenameArguments),
    /// Moves a variable of a file to another place.
    Move(edit::MoveArguments),
    /// Turns a variable of a file into a comment.
    Comment(edit::NameArguments),
    /// Turns such a comment into a variable again.
    Uncomment(edit::NameArguments),
    /// Lists the loaders whose reading of a file is known.
    Dialects,
}

/// What to parse, and how.
#[derive(Args)]
pub(crate) struct ParseArguments {
    /// The files.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The loader to read as; `twinlock dotenv dialects` lists them.
    #[arg(long, value_parser = dialects(), default_value = "node", hide_possible_values = true)]
    dialect: Dialect,
    /// A surrounding variable that interpolation may see, as often as needed.
    #[arg(long = "env", value_name = "NAME=VALUE")]
    surroundings: Vec<Surrounding>,
}

/// Reads a dialect's name.
pub(crate) fn dialects() -> impl clap::builder::TypedValueParser<Value = Dialect> {
    PossibleValuesParser::new(Dialect::ALL.map(Dialect::name)).try_map(|name| Dialect::from_str(&name))
}

/// `NAME=VALUE`.
#[derive(Clone)]
pub(crate) struct Surrounding {
    name: String,
    value: String,
}

impl Surrounding {
    pub(crate) fn into_pair(self) -> (String, String) {
        (self.name, self.value)
    }
}

impl FromStr for Surrounding {
    type Err = NotASurrounding;

    fn from_str(text: &str) -> Result<Self, NotASurrounding> {
        match text.split_once('=') {
            Some((name, value)) if !name.is_empty() => {
                Ok(Self { name: name.to_owned(), value: value.to_owned() })
            }
            _ => Err(NotASurrounding),
        }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("a surrounding variable is written NAME=VALUE")]
pub(crate) struct NotASurrounding;

/// What is in a file.
#[derive(Serialize)]
struct Parsed<'t> {
    file: String,
    #[serde(serialize_with = "as_object")]
    variables: Vec<Reading>,
    entries: Vec<ParsedEntry<'t>>,
    problems: Vec<ParsedProblem>,
}

/// An entry: `left` and `right` of all of them, one after the other, are the file.
#[derive(Debug, PartialEq, Serialize)]
struct ParsedEntry<'t> {
    kind: &'static str,
    line: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'t str>,
    left: &'t str,
    right: &'t str,
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

#[derive(Serialize)]
struct DialectDocument {
    name: &'static str,
    stands_for: &'static str,
}

fn as_object<S: Serializer>(variables: &[Reading], serializer: S) -> Result<S::Ok, S::Error> {
    let mut object = serializer.serialize_map(Some(variables.len()))?;
    for Reading { name, value } in variables {
        match value {
            Value::Text(text) => object.serialize_entry(name, text)?,
            Value::None => object.serialize_entry(name, &())?,
            Value::Bytes(bytes) => object.serialize_entry(name, &NoText::Base64(STANDARD.encode(bytes)))?,
            Value::NeedsCommand => object.serialize_entry(name, &NoText::NeedsCommand(true))?,
        }
    }
    object.end()
}

/// A value that is no text.
#[derive(Serialize)]
enum NoText {
    /// Bytes that are not UTF-8.
    #[serde(rename = "$b64")]
    Base64(String),
    /// Not known without running a command of the file, which is never done.
    #[serde(rename = "$needs_command")]
    NeedsCommand(bool),
}

pub(crate) fn run(command: DotenvCommand, out: &mut Output) -> Result<Status, Failure> {
    match command {
        DotenvCommand::Parse(arguments) => parse_files(arguments, out),
        DotenvCommand::Lint(arguments) => lint::run(arguments, out),
        DotenvCommand::Set(arguments) => edit::set(arguments, out),
        DotenvCommand::Unset(arguments) => edit::unset(arguments, out),
        DotenvCommand::Rename(arguments) => edit::rename(arguments, out),
        DotenvCommand::Move(arguments) => edit::shift(arguments, out),
        DotenvCommand::Comment(arguments) => edit::comment_out(arguments, out),
        DotenvCommand::Uncomment(arguments) => edit::uncomment(arguments, out),
        DotenvCommand::Dialects => list_dialects(out),
    }
}

fn list_dialects(out: &mut Output) -> Result<Status, Failure> {
    let document = Dialect::ALL
        .map(|dialect| DialectDocument { name: dialect.name(), stands_for: dialect.stands_for() });
    out.answer(&document, |text| {
        for DialectDocument { name, stands_for } in &document {
            text.line(format!("{name:<14}{stands_for}"));
        }
    })?;
    Ok(Status::Done)
}

fn parse_files(arguments: ParseArguments, out: &mut Output) -> Result<Status, Failure> {
    let ParseArguments { files, dialect, surroundings } = arguments;
    let surroundings: Surroundings = surroundings.into_iter().map(Surrounding::into_pair).collect();
    let mut status = Status::Done;
    for path in files {
        let file = path.to_string_lossy().into_owned();
        let text = match files::read(&path) {
            Ok(text) => text,
            Err(problem) => {
                status = Status::Failed;
                out.json_line(&NotParsed { file, error: sentence(&problem) })?;
                continue;
            }
        };
        match dialect.read(text.as_str(), &surroundings) {
            Ok(variables) => out.json_line(&parsed(file, text.as_str(), variables))?,
            Err(refused) => {
                status = Status::Failed;
                let error = format!("Read as {}: {refused}.", dialect.name());
                out.json_line(&NotParsed { file, error })?;
            }
        }
    }
    Ok(status)
}

/// What is wrong with a file that is linked to nothing.
pub(crate) fn sentence(problem: &FileProblem) -> String {
    match problem {
        FileProblem::Missing => "There is no such file.".to_owned(),
        problem => problem.to_string(),
    }
}

fn parsed(file: String, text: &str, variables: Vec<Reading>) -> Parsed<'_> {
    let document = Document::parse(text);
    let mut line = 1;
    let entries = document.entries().iter().map(|entry| {
        let kind = match entry {
            Entry::Variable(_) => "variable",
            Entry::Prose(_) => "prose",
        };
        let (left, right) = (entry.left(), entry.right());
        let parsed = ParsedEntry { kind, line, name: entry.name(), left, right };
        line += entry.text().matches('\n').count();
        parsed
    });
    let problems = document.problems().into_iter().map(|problem| ParsedProblem {
        line: problem.line,
        column: problem.column,
        what: problem.kind.to_string(),
    });
    Parsed { file, variables, entries: entries.collect(), problems: problems.collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_know_their_lines() {
        let parsed = parsed("x".to_owned(), "# c\n\nA=\"1\n2\"\nB=3", Vec::new());
        let entry = |kind, line, name, left, right| ParsedEntry { kind, line, name, left, right };
        assert_eq!(
            parsed.entries,
            [
                entry("prose", 1, None, "", "# c\n\n"),
                entry("variable", 3, Some("A"), "A=", "\"1\n2\"\n"),
                entry("variable", 5, Some("B"), "B=", "3")
            ]
        );
    }
}
