//! `twinlock show`, `restore` and `purge`: what an environment was, bringing it back, and letting it go for good.

use std::collections::{BTreeMap, BTreeSet};

use clap::Args;
use serde::Serialize;
use twinlock_client::ids::EntryId;
use twinlock_client::view::{FormerState, FormerView};
use twinlock_client::{Client, FormerValue, PurgeOutcome, SecretText, ToPurge, WriteOutcome};

use crate::environments::cause_word;
use crate::failure::{Failure, Status};
use crate::output::Output;
use crate::text::{Text, count, time};
use crate::values::{EnvironmentName, RevisionName};

/// Which revision to show.
#[derive(Args)]
pub(crate) struct ShowArguments {
    /// The environment, and the number of the revision after which it is shown.
    #[arg(value_name = "PROJECT/ENV@N")]
    revision: RevisionName,
    /// Shows the values too.
    #[arg(long)]
    reveal: bool,
}

/// What to bring back.
#[derive(Args)]
pub(crate) struct RestoreArguments {
    /// The environment, and the number of the revision after which it was as it is to be again.
    #[arg(value_name = "PROJECT/ENV@N")]
    revision: RevisionName,
    /// This variable alone; else the whole environment.
    name: Option<String>,
}

/// Which former values to delete.
#[derive(Args)]
#[command(
    override_usage = "twinlock purge PROJECT/ENV NAME\n       twinlock purge PROJECT/ENV --revision N",
    after_help = LIMITS
)]
pub(crate) struct PurgeArguments {
    /// The environment.
    #[arg(value_name = "PROJECT/ENV")]
    environment: EnvironmentName,
    #[command(flatten)]
    what: PurgeWhat,
}

#[derive(Args)]
#[group(required = true, multiple = false)]
struct PurgeWhat {
    /// All former values of this variable.
    name: Option<String>,
    /// All former values and comments that this revision brought; as often as needed.
    #[arg(long, value_name = "N")]
    revision: Vec<u64>,
}

/// What purging cannot do.
const LIMITS: &str = "A value that the environment has now stays: change it first. Purging cannot reach what people \
                      have read or copied, backups of the vault, linked files and what “undo” keeps of them. If a \
                      secret got out, change it where it came from.";

#[derive(Serialize)]
struct ShowDocument<'a> {
    environment: &'a str,
    #[serde(flatten)]
    view: &'a FormerView,
    /// By entry, with `--reveal`.
    #[serde(skip_serializing_if = "Option::is_none")]
    values: Option<BTreeMap<String, &'a str>>,
}

#[derive(Serialize)]
struct OutcomeDocument<'a, T> {
    environment: &'a str,
    #[serde(flatten)]
    outcome: &'a T,
}

pub(crate) async fn show(
    arguments: ShowArguments,
    client: &Client,
    out: &mut Output,
) -> Result<Status, Failure> {
    let RevisionName { environment, number } = arguments.revision;
    let environment = environment.to_string();
    let id = client.find_environment(&environment).await?;
    let view = client.former(id, number).await?;
    let values = if arguments.reveal { Some(client.reveal_former(id, number).await?) } else { None };
    let values: Option<BTreeMap<EntryId, SecretText>> =
        values.map(|values| values.into_iter().map(|FormerValue { entry, value }| (entry, value)).collect());
    // To standard output and nowhere else: printing them is what was asked for.
    let exposed = values
        .as_ref()
        .map(|values| values.iter().map(|(entry, value)| (entry.to_string(), value.expose())).collect());
    let document = ShowDocument { environment: &environment, view: &view, values: exposed };
    out.answer(&document, |text| show_former(&view, values.as_ref(), text))?;
    Ok(Status::Done)
}

fn show_former(view: &FormerView, values: Option<&BTreeMap<EntryId, SecretText>>, text: &mut Text) {
    text.line(format!(
        "After revision {}, {} by {}, {}",
        view.revision,
        cause_word(view.cause),
        view.by,
        time(view.at)
    ));
    if let Some(message) = &view.message {
        text.line(format!("  “{message}”"));
    }
    for variable in &view.variables {
        let name = variable.name.as_deref().unwrap_or("(sealed under keys of before)");
        let state = match variable.value {
            FormerState::Kept => "",
            FormerState::Purged => "  (purged)",
            FormerState::Damaged => "  (does not open)",
            FormerState::NoKey => "  (this computer has no key to it)",
        };
        match values.and_then(|values| values.get(&variable.entry)) {
            Some(value) => text.line(format!("  {name}={}", value.expose())),
            None => text.line(format!("  {name}{state}")),
        }
    }
}

pub(crate) async fn restore(
    arguments: RestoreArguments,
    client: &Client,
    out: &mut Output,
) -> Result<Status, Failure> {
    let RevisionName { environment, number } = arguments.revision;
    let environment = environment.to_string();
    let id = client.find_environment(&environment).await?;
    let outcome: WriteOutcome = client.restore(id, number, arguments.name.as_deref()).await?;
    out.answer(&OutcomeDocument { environment: &environment, outcome: &outcome }, |_| {})?;
    out.note(&match outcome.changed {
        0 => "It is so already. Nothing was changed.".to_owned(),
        changed => format!(
            "Restored revision {number}, {}, as revision {}. What it replaced stays in the history.",
            count(changed, "change"),
            outcome.revision
        ),
    });
    Ok(Status::Done)
}

pub(crate) async fn purge(
    arguments: PurgeArguments,
    client: &Client,
    out: &mut Output,
) -> Result<Status, Failure> {
    let environment = arguments.environment.to_string();
    let id = client.find_environment(&environment).await?;
    let what = match arguments.what {
        PurgeWhat { name: Some(name), .. } => ToPurge::Variable(name),
        PurgeWhat { name: None, revision } => ToPurge::Revisions(BTreeSet::from_iter(revision)),
    };
    let outcome: PurgeOutcome = client.purge(id, &what).await?;
    out.answer(&OutcomeDocument { environment: &environment, outcome: &outcome }, |_| {})?;
    if outcome.purged == 0 {
        out.note("There is no former value to purge. Nothing was changed.");
    } else {
        out.note(&format!(
            "Purged {} for good, as revision {}. {LIMITS}",
            count(outcome.purged, "former value"),
            outcome.revision
        ));
    }
    Ok(Status::Done)
}
