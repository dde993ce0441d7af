//! `twinlock ls`, `get` and `log`: what is in an environment, and how it came to be.

use std::io::IsTerminal as _;

use clap::Args;
use serde::Serialize;
use twinlock_client::view::{RevisionView, VariableView};
use twinlock_client::{Cause, Client};

use crate::diff::kind_word;
use crate::failure::{Failure, Status};
use crate::output::{Format, Output, Volume};
use crate::text::{Text, time};
use crate::values::EnvironmentName;

/// Which environment to list.
#[derive(Args)]
pub(crate) struct LsArguments {
    /// The environment.
    #[arg(value_name = "PROJECT/ENV")]
    environment: EnvironmentName,
}

/// Which value to print.
#[derive(Args)]
pub(crate) struct GetArguments {
    /// The environment.
    #[arg(value_name = "PROJECT/ENV")]
    environment: EnvironmentName,
    /// The variable.
    name: String,
}

/// Which history to show.
#[derive(Args)]
pub(crate) struct LogArguments {
    /// The environment.
    #[arg(value_name = "PROJECT/ENV")]
    environment: EnvironmentName,
    /// Only revisions that changed this variable.
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
}

#[derive(Serialize)]
struct LsDocument<'a> {
    environment: &'a str,
    variables: &'a [VariableView],
}

#[derive(Serialize)]
struct GetDocument<'a> {
    environment: &'a str,
    name: &'a str,
    value: &'a str,
}

#[derive(Serialize)]
struct LogDocument<'a> {
    environment: &'a str,
    revisions: &'a [RevisionView],
}

pub(crate) async fn ls(arguments: LsArguments, client: &Client, out: &mut Output) -> Result<Status, Failure> {
    let environment = arguments.environment.to_string();
    let id = client.find_environment(&environment).await?;
    let variables = client.variables(id).await?;
    let volume = out.volume();
    let document = LsDocument { environment: &environment, variables: &variables };
    out.answer(&document, |text| show_variables(&variables, volume, text))?;
    Ok(Status::Done)
}

/// Names with who and when; quietly, names alone.
fn show_variables(variables: &[VariableView], volume: Volume, text: &mut Text) {
    if volume == Volume::Quiet {
        for variable in variables {
            text.line(&variable.name);
        }
        return;
    }
    let rows = variables.iter().map(|variable| {
        [variable.name.clone(), variable.by.clone(), time(variable.at), badges(variable).join(", ")]
    });
    text.rows(&rows.collect::<Vec<_>>());
}

fn badges(variable: &VariableView) -> Vec<&'static str> {
    [
        (variable.empty == Some(true), "empty"),
        (variable.duplicate, "more than once"),
        (variable.damaged, "does not open"),
    ]
    .into_iter()
    .filter_map(|(is, word)| is.then_some(word))
    .collect()
}

pub(crate) async fn get(
    arguments: GetArguments,
    client: &Client,
    out: &mut Output,
) -> Result<Status, Failure> {
    let environment = arguments.environment.to_string();
    let id = client.find_environment(&environment).await?;
    let value = client.get(id, &arguments.name).await?;
    match out.format() {
        Format::Json => out.json_line(&GetDocument {
            environment: &environment,
            name: &arguments.name,
            // To standard output and nowhere else: printing it is what this command is for.
            value: value.expose(),
        })?,
        Format::Text => {
            // The exact value, so that a program gets what a loader would; control characters included.
            out.write(value.expose().as_bytes())?;
            if std::io::stdout().is_terminal() {
                out.write(b"\n")?;
            }
        }
    }
    Ok(Status::Done)
}

pub(crate) async fn log(
    arguments: LogArguments,
    client: &Client,
    out: &mut Output,
) -> Result<Status, Failure> {
    let environment = arguments.environment.to_string();
    let id = client.find_environment(&environment).await?;
    let revisions = client.log(id, arguments.name.as_deref()).await?;
    let document = LogDocument { environment: &environment, revisions: &revisions };
    out.answer(&document, |text| show_revisions(&revisions, text))?;
    Ok(Status::Done)
}

fn show_revisions(revisions: &[RevisionView], text: &mut Text) {
    for revision in revisions {
        let cause = match revision.cause {
            Cause::Push => "pushed",
            Cause::Import => "imported",
            Cause::Restore => "restored",
            Cause::Rotate => "sealed anew",
            Cause::Purge => "purged",
        };
        text.line(format!("{}  {cause} by {}, {}", revision.number, revision.by, time(revision.at)));
        if let Some(message) = &revision.message {
            text.line(format!("  “{message}”"));
        }
        // A rotation seals every entry again and changes none: naming them all would say nothing.
        if revision.cause == Cause::Rotate {
            continue;
        }
        for change in &revision.changes {
            text.line(match &change.name {
                Some(name) => format!("  {:8} {name}", kind_word(change.kind)),
                None => format!("  {}", kind_word(change.kind)),
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use twinlock_client::view::{ChangeKind, RevisionChange};

    use super::*;

    #[test]
    fn a_rotation_lists_no_entries() {
        let change = RevisionChange { name: Some("A".to_owned()), kind: ChangeKind::Changed };
        let revision = |number, cause| RevisionView {
            number,
            by: "Ada".to_owned(),
            at: u64::MAX,
            cause,
            message: None,
            changes: vec![change.clone()],
        };
        let mut text = Text::default();
        show_revisions(&[revision(2, Cause::Rotate), revision(1, Cause::Push)], &mut text);
        assert_eq!(text.as_str(), "2  sealed anew by Ada, ?\n1  pushed by Ada, ?\n  changed  A\n");
    }
}
