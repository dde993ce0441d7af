//! `twinlock dotenv set`, `unset`, `rename`, `move`, `comment` and `uncomment`: changing a file by the smallest
//! span. Every other byte stays, and the file's loader reads what was asked for, or nothing is written.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use twinlock_client::dotenv::edit::{self, Edited, NotEdited, Place, Which};
use twinlock_client::dotenv::{Dialect, Document};
use twinlock_client::files::{self, Expected};

use crate::dotenv::{dialects, sentence};
use crate::failure::{Failure, Status};
use crate::output::Output;
use crate::secret::SecretArgument;
use crate::text::count;

/// Which file, and who reads it.
#[derive(Args)]
struct Target {
    /// The file.
    file: PathBuf,
    /// The loader that the file is written for; else what the project around it tells, else node.
    #[arg(long, value_parser = dialects(), hide_possible_values = true)]
    dialect: Option<Dialect>,
}

/// Which variable gets which value.
#[derive(Args)]
pub(crate) struct SetArguments {
    #[command(flatten)]
    target: Target,
    /// The variable. One that is not there is added.
    name: String,
    /// The value: all of standard input, its last line ending too if it has one.
    #[arg(value_name = "-")]
    value: SecretArgument,
    /// Adds it after this variable; else at the end.
    #[arg(long, value_name = "NAME")]
    after: Option<String>,
}

/// Which variable is meant.
#[derive(Args)]
pub(crate) struct NameArguments {
    #[command(flatten)]
    target: Target,
    /// The variable; every one of that name.
    name: String,
}

/// Which variable gets which name.
#[derive(Args)]
pub(crate) struct RenameArguments {
    #[command(flatten)]
    target: Target,
    /// The variable.
    name: String,
    /// Its new name.
    new_name: String,
}

/// Which variable goes where.
#[derive(Args)]
pub(crate) struct MoveArguments {
    #[command(flatten)]
    target: Target,
    /// The variable.
    name: String,
    /// Behind this one; without any, to the end.
    #[arg(long, value_name = "NAME", conflicts_with = "before")]
    after: Option<String>,
    /// Before this one.
    #[arg(long, value_name = "NAME")]
    before: Option<String>,
}

#[derive(Serialize)]
struct EditDocument<'a> {
    file: &'a Path,
    dialect: &'static str,
    /// Places of the file that were written anew.
    edits: usize,
}

pub(crate) fn set(arguments: SetArguments, out: &mut Output) -> Result<Status, Failure> {
    let SetArguments { target, name, value, after } = arguments;
    let value = value.whole("Value")?;
    target.change(out, |document, dialect| match &after {
        Some(after) if document.variables().all(|variable| variable.name() != name) => {
            edit::add(document, dialect, &name, value.expose(), Place::After(after))
        }
        _ => edit::set(document, dialect, &name, value.expose()),
    })
}

pub(crate) fn unset(arguments: NameArguments, out: &mut Output) -> Result<Status, Failure> {
    let NameArguments { target, name } = arguments;
    target.change(out, |document, dialect| edit::remove(document, dialect, &name, Which::Every))
}

pub(crate) fn rename(arguments: RenameArguments, out: &mut Output) -> Result<Status, Failure> {
    let RenameArguments { target, name, new_name } = arguments;
    target.change(out, |document, dialect| edit::rename(document, dialect, &name, &new_name))
}

pub(crate) fn shift(arguments: MoveArguments, out: &mut Output) -> Result<Status, Failure> {
    let MoveArguments { target, name, after, before } = arguments;
    let place = match (&after, &before) {
        (Some(after), _) => Place::After(after),
        (None, Some(before)) => Place::Before(before),
        (None, None) => Place::End,
    };
    target.change(out, |document, dialect| edit::shift(document, dialect, &name, place))
}

pub(crate) fn comment_out(arguments: NameArguments, out: &mut Output) -> Result<Status, Failure> {
    let NameArguments { target, name } = arguments;
    target.change(out, |document, dialect| edit::comment_out(document, dialect, &name, Which::Every))
}

pub(crate) fn uncomment(arguments: NameArguments, out: &mut Output) -> Result<Status, Failure> {
    let NameArguments { target, name } = arguments;
    target.change(out, |document, dialect| edit::uncomment(document, dialect, &name))
}

impl Target {
    fn change(
        self,
        out: &mut Output,
        change: impl Fn(&Document<'_>, Dialect) -> Result<Edited, NotEdited>,
    ) -> Result<Status, Failure> {
        let Self { file, dialect } = self;
        let shown = file.display().to_string();
        let failed = |what: String| Failure::System(format!("{shown}: {what}"));
        let dialect = dialect.unwrap_or_else(|| files::dialect_or_node(&file));
        let read = files::read(&file).map_err(|problem| failed(sentence(&problem)))?;
        let edited =
            change(&Document::parse(read.as_str()), dialect).map_err(|error| failed(error.to_string()))?;
        if !edited.edits.is_empty() {
            files::write(&file, Expected::Content(read.hash()), &edited.text)
                .map_err(|problem| failed(problem.to_string()))?;
        }
        let edits = edited.edits.len();
        out.answer(&EditDocument { file: &file, dialect: dialect.name(), edits }, |_| {})?;
        out.note(&match edits {
            0 => format!("{shown} is so already."),
            edits => format!("{shown}: {} changed, the rest is as it was.", count(edits, "place")),
        });
        Ok(Status::Done)
    }
}
