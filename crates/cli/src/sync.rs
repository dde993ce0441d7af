//! `twinlock sync`: keeping linked files in step, once or until it is stopped.

use clap::Args;
use serde::Serialize;
use tokio::sync::broadcast::error::RecvError;
use tokio::task::JoinSet;
use twinlock_client::files::LinkedFileId;
use twinlock_client::view::{ChangeSummary, Connection, JoinedNews, KeyholderNews, RefusalView};
use twinlock_client::{Client, Error, Event, SyncOutcome};
use twinlock_server::stop_signal;

use crate::failure::{Failure, Status};
use crate::opened::Opened;
use crate::output::{Format, Output, Volume};
use crate::text::{Text, count};

/// How to keep in step.
#[derive(Args)]
pub(crate) struct SyncArguments {
    /// Goes on until it is stopped, and prints what happens.
    #[arg(long)]
    pub(crate) watch: bool,
}

pub(crate) async fn run(
    arguments: SyncArguments,
    opened: &mut Opened,
    out: &mut Output,
) -> Result<Status, Failure> {
    if arguments.watch { watch(opened, out).await } else { once(opened.client(), out).await }
}

async fn once(client: &Client, out: &mut Output) -> Result<Status, Failure> {
    let outcome = client.sync().await?;
    out.answer(&outcome, |_| {})?;
    out.note(&synced(&outcome));
    if outcome.conflicts.is_empty() {
        return Ok(Status::Done);
    }
    out.problem(&format!(
        "{} changed here and in the vault. Both stay as they are; “twinlock diff” shows where, “twinlock resolve” decides.",
        outcome.conflicts.join(", ")
    ));
    Ok(Status::Conflict)
}

fn synced(outcome: &SyncOutcome) -> String {
    let SyncOutcome { pushed, pulled, waiting_here, waiting_there, dangers, .. } = outcome;
    let mut sentence = format!("Pushed {}, pulled {}.", count(*pushed, "change"), count(*pulled, "change"));
    if waiting_here + waiting_there > 0 {
        sentence += &format!(" {waiting_here} to push and {waiting_there} to pull wait for your word.");
    }
    for danger in dangers {
        sentence += &format!(
            " {danger} It comes from the vault, and is not taken by itself: “twinlock diff” shows it, “twinlock pull” takes it."
        );
    }
    sentence
}

/// An event as one line of JSON. The field names are stable.
#[derive(Debug, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
enum EventLine {
    Watching { files: usize },
    Team,
    Environment { environment_id: String },
    RevisionArrived { environment: String, environment_id: String, by: String, changes: usize },
    File { path: Option<String>, summary: ChangeSummary },
    FileProblem { path: Option<String>, problem: Option<String> },
    Conflict { path: Option<String>, environment: String, names: Vec<String> },
    Keyholder { news: KeyholderNews },
    Joined { news: JoinedNews },
    Refused { refusal: RefusalView },
    Locked,
    Unlocked,
    Connection { connection: Connection },
    Undone { sentence: String },
    Trouble { path: Option<String>, sentence: String },
    Missed { events: u64 },
}

impl EventLine {
    /// `path` says where a linked file is; none once it was unlinked.
    fn new(event: Event, path: impl Fn(LinkedFileId) -> Option<String>) -> Self {
        match event {
            Event::Team => Self::Team,
            Event::Environment(id) => Self::Environment { environment_id: id.to_string() },
            Event::RevisionArrived { environment, name, by, changes } => Self::RevisionArrived {
                environment: name,
                environment_id: environment.to_string(),
                by,
                changes,
            },
            Event::File { file, summary } => Self::File { path: path(file), summary },
            Event::FileProblem { file, problem } => Self::FileProblem { path: path(file), problem },
            Event::Conflict { file, environment, names } => {
                Self::Conflict { path: path(file), environment, names }
            }
            Event::Keyholder(news) => Self::Keyholder { news },
            Event::Joined(news) => Self::Joined { news },
            Event::Refused { refusal } => Self::Refused { refusal },
            Event::Locked => Self::Locked,
            Event::Unlocked => Self::Unlocked,
            Event::Connection(connection) => Self::Connection { connection },
            Event::Undone { sentence } => Self::Undone { sentence },
            Event::Trouble { file, sentence } => Self::Trouble { path: path(file), sentence },
        }
    }

    /// For people; none for what only says that something should be asked again.
    fn sentence(&self) -> Option<String> {
        let place = |path: &Option<String>| path.clone().unwrap_or_else(|| "A file".to_owned());
        match self {
            Self::Watching { files } => {
                Some(format!("Watching {}. Stop with Ctrl-C.", count(*files, "linked file")))
            }
            Self::Team | Self::Environment { .. } | Self::FileProblem { problem: None, .. } => None,
            Self::RevisionArrived { environment, by, changes, .. } => {
                Some(format!("{by} pushed {} to {environment}.", count(*changes, "change")))
            }
            Self::File { summary, .. } => Some(summary.to_string()),
            Self::FileProblem { path, problem: Some(problem) } => Some(format!("{}: {problem}", place(path))),
            Self::Conflict { environment, names, .. } => {
                Some(format!("Conflict in {environment}: {}. “twinlock resolve” decides.", names.join(", ")))
            }
            Self::Keyholder { news } => Some(news.to_string()),
            Self::Joined { news } => Some(news.to_string()),
            Self::Refused { refusal } => Some(format!(
                "Twinlock refused what the vault sent. {} {} {}",
                refusal.what_happened, refusal.kept_safe, refusal.what_to_do
            )),
            Self::Locked => Some(
                "Twinlock is locked: the keys are put away, and nothing is opened or sent. Files stay watched."
                    .to_owned(),
            ),
            Self::Unlocked => Some("Twinlock is unlocked.".to_owned()),
            Self::Connection { connection: Connection::Online } => {
                Some("The vault can be reached.".to_owned())
            }
            Self::Connection { .. } => {
                Some("The vault cannot be reached. Changes wait here until it can.".to_owned())
            }
            Self::Undone { sentence } => Some(sentence.clone()),
            Self::Trouble { path, sentence } => Some(format!("{}: {sentence}", place(path))),
            Self::Missed { events } => {
                Some(format!("Events came too fast to print; {events} were left out."))
            }
        }
    }
}

async fn watch(opened: &mut Opened, out: &mut Output) -> Result<Status, Failure> {
    // Asked for before anything is watched: from then on a signal ends it cleanly.
    let stop =
        stop_signal().map_err(|error| Failure::System(format!("Signals cannot be awaited: {error}.")))?;
    tokio::pin!(stop);
    let client = opened.client().clone();
    let mut events = client.events();
    // Not from the vault, which may be away or lying: the watch tells of that and goes on with the rest.
    if client.overview().await?.team.is_none() {
        return Err(Error::NoTeam.into());
    }
    let files = client.linked_files()?.len();
    print(&EventLine::Watching { files }, out)?;
    // On its own, so that it goes on while an event is answered here. Ends with the set.
    let mut watch = JoinSet::new();
    watch.spawn({
        let client = client.clone();
        async move { client.watch().await }
    });
    while !out.reader_is_gone() {
        tokio::select! {
            () = &mut stop => return Ok(Status::Done),
            Some(ended) = watch.join_next() => match ended {
                Ok(Ok(never)) => match never {},
                Ok(Err(error)) => return Err(error.into()),
                // Without what a panic said, which may quote what it stumbled over.
                Err(error) => {
                    let error = std::io::Error::from(error);
                    return Err(Failure::System(format!("Watching ended: {error}.")));
                }
            },
            event = events.recv() => match event {
                Ok(event) => {
                    let offline = event == Event::Connection(Connection::Offline);
                    print(&EventLine::new(event, |file| path_of(&client, file)), out)?;
                    // The program that hosted the embedded vault has ended: take over.
                    if offline && opened.vault_is_elsewhere() {
                        opened.start_vault().await?;
                    }
                }
                Err(RecvError::Lagged(events)) => print(&EventLine::Missed { events }, out)?,
                // The client is held here, so its events do not end.
                Err(RecvError::Closed) => return Ok(Status::Done),
            },
        }
    }
    Ok(Status::Done)
}

fn path_of(client: &Client, file: LinkedFileId) -> Option<String> {
    client.linked_file_by_id(file).ok().map(|file| file.path.display().to_string())
}

fn print(line: &EventLine, out: &mut Output) -> Result<(), Failure> {
    match (out.format(), line.sentence()) {
        (Format::Json, _) => out.json_line(line),
        (Format::Text, Some(sentence)) if out.volume() == Volume::Normal => {
            let mut text = Text::default();
            text.line(sentence);
            out.write(text.as_str().as_bytes())
        }
        (Format::Text, _) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use twinlock_client::ids::EnvironmentId;

    use super::*;

    #[test]
    fn every_event_is_a_line() {
        let file = LinkedFileId::new([7; 16]);
        let environment = EnvironmentId::new([1; 16]);
        let id = "01010101010101010101010101010101";
        let summary =
            ChangeSummary { file: "api/.env".to_owned(), changed: 2, new: 1, removed: 0, comments: 0 };
        let arrived = Event::RevisionArrived {
            environment,
            name: "api/development".to_owned(),
            by: "Ben".to_owned(),
            changes: 1,
        };
        for (event, json, sentence) in [
            (Event::Team, serde_json::json!({"event": "team"}), None),
            (
                Event::Environment(environment),
                serde_json::json!({"event": "environment", "environment_id": id}),
                None,
            ),
            (
                arrived,
                serde_json::json!({
                    "event": "revision-arrived", "environment": "api/development", "environment_id": id,
                    "by": "Ben", "changes": 1
                }),
                Some("Ben pushed 1 change to api/development."),
            ),
            (
                Event::File { file, summary },
                serde_json::json!({
                    "event": "file", "path": "/api/.env",
                    "summary": {"file": "api/.env", "changed": 2, "new": 1, "removed": 0, "comments": 0}
                }),
                Some("api/.env changed: 2 changed, 1 new"),
            ),
            (
                Event::Connection(Connection::Offline),
                serde_json::json!({"event": "connection", "connection": "offline"}),
                Some("The vault cannot be reached. Changes wait here until it can."),
            ),
        ] {
            let line = EventLine::new(event, |_| Some("/api/.env".to_owned()));
            assert_eq!(serde_json::to_value(&line).unwrap(), json);
            assert_eq!(line.sentence().as_deref(), sentence);
        }
    }
}
