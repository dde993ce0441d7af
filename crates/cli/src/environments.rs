//! `twinlock ls`, `get`, `set`, `unset` and `log`: what is in an environment, and how it came to be.

use std::convert::Infallible;
use std::io::IsTerminal as _;
use std::str::FromStr;

use clap::Args;
use serde::Serialize;
use twinlock_client::view::{RevisionKind, RevisionView, VariableView};
use twinlock_client::{Cause, Client, SecretText, WriteOutcome};

use crate::failure::{Failure, Status};
use crate::output::{Format, Output, Volume};
use crate::pins::Held;
use crate::secret::SecretArgument;
use crate::text::{Text, count, time};
use crate::values::EnvironmentName;

/// Which environment to list.
#[derive(Args)]
pub(crate) struct LsArguments {
    /// The environment.
    #[arg(value_name = "PROJECT/ENV")]
    environment: EnvironmentName,
    #[command(flatten)]
    held: Held,
}

/// Which value to print.
#[derive(Args)]
pub(crate) struct GetArguments {
    /// The environment.
    #[arg(value_name = "PROJECT/ENV")]
    environment: EnvironmentName,
    /// The variable.
    name: String,
    #[command(flatten)]
    held: Held,
}

/// Which variables get which values.
#[derive(Args)]
#[command(override_usage = "twinlock set PROJECT/ENV -")]
pub(crate) struct SetArguments {
    /// The environment.
    #[arg(value_name = "PROJECT/ENV")]
    environment: EnvironmentName,
    /// Lines NAME=VALUE on standard input, as the environment's loader reads them.
    #[arg(required = true, value_name = "-")]
    values: Vec<NewValue>,
}

/// Which variables to remove.
#[derive(Args)]
pub(crate) struct UnsetArguments {
    /// The environment.
    #[arg(value_name = "PROJECT/ENV")]
    environment: EnvironmentName,
    /// The variables.
    #[arg(required = true, value_name = "NAME")]
    names: Vec<String>,
}

/// `-`, or `NAME=VALUE` on the command line itself, where other programs of this computer can see it.
#[derive(Clone)]
enum NewValue {
    StandardInput,
    Given(String, SecretText),
    /// Neither. It may be a secret in the wrong place, so nobody repeats it.
    Neither,
}

impl FromStr for NewValue {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text.split_once('=') {
            _ if text == "-" => Self::StandardInput,
            Some((name, value)) => Self::Given(name.to_owned(), SecretText::new(value.to_owned())),
            None => Self::Neither,
        })
    }
}

#[derive(Serialize)]
struct WriteDocument<'a> {
    environment: &'a str,
    #[serde(flatten)]
    outcome: &'a WriteOutcome,
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

pub(crate) async fn set(
    arguments: SetArguments,
    client: &Client,
    out: &mut Output,
) -> Result<Status, Failure> {
    let name = arguments.environment.to_string();
    let id = client.find_environment(&name).await?;
    let outcome = match <[NewValue; 1]>::try_from(arguments.values) {
        Ok([NewValue::StandardInput]) => {
            let text = SecretArgument::StandardInput.whole("NAME=VALUE")?;
            client.set_from_text(id, &text).await?
        }
        Ok([value]) => client.set(id, &[given(value)?]).await?,
        Err(values) => {
            let values = values.into_iter().map(given).collect::<Result<Vec<_>, _>>()?;
            client.set(id, &values).await?
        }
    };
    written(&name, &outcome, out)
}

fn given(value: NewValue) -> Result<(String, SecretText), Failure> {
    match value {
        NewValue::Given(name, value) => Ok((name, value)),
        NewValue::StandardInput | NewValue::Neither => Err(Failure::Usage(
            "New values are written NAME=VALUE, or come all on standard input: twinlock set PROJECT/ENV -"
                .to_owned(),
        )),
    }
}

pub(crate) async fn unset(
    arguments: UnsetArguments,
    client: &Client,
    out: &mut Output,
) -> Result<Status, Failure> {
    let name = arguments.environment.to_string();
    let id = client.find_environment(&name).await?;
    written(&name, &client.unset(id, &arguments.names).await?, out)
}

fn written(environment: &str, outcome: &WriteOutcome, out: &mut Output) -> Result<Status, Failure> {
    out.answer(&WriteDocument { environment, outcome }, |_| {})?;
    out.note(&match outcome.changed {
        0 => format!("{environment} is so already."),
        changed => format!("{environment}: {}, revision {}.", count(changed, "change"), outcome.revision),
    });
    Ok(Status::Done)
}

pub(crate) async fn ls(arguments: LsArguments, client: &Client, out: &mut Output) -> Result<Status, Failure> {
    arguments.held.hold(client).await?;
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
    arguments.held.hold(client).await?;
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
        let cause = cause_word(revision.cause);
        text.line(format!("{}  {cause} by {}, {}", revision.number, revision.by, time(revision.at)));
        if let Some(message) = &revision.message {
            text.line(format!("  “{message}”"));
        }
        for change in &revision.changes {
            let purged = if change.purged { " (purged)" } else { "" };
            text.line(match &change.name {
                Some(name) => format!("  {:8} {name}{purged}", kind_word(change.kind)),
                None => format!("  {}{purged}", kind_word(change.kind)),
            });
        }
        if revision.not_compared > 0 {
            text.line(format!(
                "  {} could not be compared with what was there before",
                count(revision.not_compared, "value")
            ));
        }
    }
}

fn kind_word(kind: RevisionKind) -> &'static str {
    match kind {
        RevisionKind::New => "new",
        RevisionKind::Changed => "changed",
        RevisionKind::Removed => "removed",
        RevisionKind::Comment => "comments",
        RevisionKind::Moved => "moved",
        RevisionKind::Purged => "purged",
    }
}

pub(crate) fn cause_word(cause: Cause) -> &'static str {
    match cause {
        Cause::Push => "pushed",
        Cause::Import => "imported",
        Cause::Restore => "restored",
        Cause::Rotate => "sealed anew",
        Cause::Purge => "purged",
    }
}

#[cfg(test)]
mod tests {
    use twinlock_client::view::RevisionChange;

    use super::*;

    #[test]
    fn a_revision_lists_what_it_changed_and_what_became_of_it() {
        let change = |kind, purged| RevisionChange { name: Some("A".to_owned()), kind, purged };
        let revision = |number, cause, changes, not_compared| RevisionView {
            number,
            by: "Ada".to_owned(),
            at: u64::MAX,
            cause,
            message: None,
            changes,
            not_compared,
        };
        let mut text = Text::default();
        let revisions = [
            revision(3, Cause::Purge, vec![change(RevisionKind::Purged, false)], 0),
            revision(2, Cause::Rotate, Vec::new(), 1),
            revision(1, Cause::Push, vec![change(RevisionKind::New, true)], 0),
        ];
        show_revisions(&revisions, &mut text);
        assert_eq!(
            text.as_str(),
            "3  purged by Ada, ?\n  purged   A\n2  sealed anew by Ada, ?\n  1 value could not be compared with \
             what was there before\n1  pushed by Ada, ?\n  new      A (purged)\n"
        );
    }
}
