//! `twinlock push`, `pull` and `resolve`: what moves between linked files and the vault.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use twinlock_client::{
    Client, Error, ErrorCode, Message, PullOutcome, PushOutcome, Resolution, Selection, Taking,
};

use crate::failure::{Failure, Status};
use crate::output::{Answer, FailureBody, Output};
use crate::secret::SecretArgument;
use crate::text::count;

/// What to push.
#[derive(Args)]
pub(crate) struct PushArguments {
    /// A linked file; else all of them.
    file: Option<PathBuf>,
    /// Only this variable, as often as needed.
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
    /// Why, for those who may see the environment's names: on standard input.
    #[arg(long, visible_alias = "why", value_name = "-")]
    message: Option<SecretArgument>,
}

/// What to pull.
#[derive(Args)]
pub(crate) struct PullArguments {
    /// A linked file; else all of them.
    file: Option<PathBuf>,
    /// Takes what runs code, or decides which runs, without asking.
    #[arg(long)]
    trust: bool,
}

/// What to decide, and how.
#[derive(Args)]
#[command(override_usage = "twinlock resolve FILE NAME --mine\n       \
                            twinlock resolve FILE NAME --theirs\n       \
                            twinlock resolve FILE NAME --value -")]
pub(crate) struct ResolveArguments {
    /// The linked file.
    file: PathBuf,
    /// The variable.
    name: String,
    #[command(flatten)]
    decision: Decision,
    /// Takes what runs code, or decides which runs, without asking.
    #[arg(long)]
    trust: bool,
}

#[derive(Args)]
#[group(required = true, multiple = false)]
struct Decision {
    /// The file's value.
    #[arg(long)]
    mine: bool,
    /// The vault's value.
    #[arg(long)]
    theirs: bool,
    /// Another value: all of standard input, its last line ending too if it has one.
    #[arg(long, value_name = "-")]
    value: Option<SecretArgument>,
}

#[derive(Serialize)]
struct FilesDocument<T> {
    files: Vec<FileDocument<T>>,
}

/// What became of one file.
#[derive(Serialize)]
struct FileDocument<T> {
    path: PathBuf,
    #[serde(flatten)]
    result: FileResult<T>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum FileResult<T> {
    Done(T),
    Failed { error: FailureBody },
}

#[derive(Serialize)]
struct ResolveDocument<'a> {
    path: &'a Path,
    name: &'a str,
    decision: &'static str,
}

pub(crate) async fn push(
    arguments: PushArguments,
    client: &Client,
    out: &mut Output,
) -> Result<Status, Failure> {
    let selection = if arguments.only.is_empty() {
        Selection::All
    } else {
        Selection::Names(BTreeSet::from_iter(arguments.only))
    };
    let message = match arguments.message {
        Some(message) => Message::new(&message.whole("Why")?)?,
        None => None,
    };
    let mut report = Report::default();
    for path in paths(client, arguments.file.as_deref()).await? {
        let result = client.push_saying(&path, selection.clone(), message.clone()).await;
        if let Ok(outcome) = &result {
            out.note(&pushed(&path, outcome));
            report.conflicts(&path, &outcome.conflicts, out);
        }
        report.add(path, result, out);
    }
    let waiting = client.waiting()?;
    if waiting > 0 && report.first_failure == Some(ErrorCode::Unreachable) {
        out.note(&format!(
            "{} here {} for the vault. “twinlock sync” sends what waits when it is back.",
            count(waiting, "change"),
            if waiting == 1 { "waits" } else { "wait" }
        ));
    }
    report.finish(out)
}

pub(crate) async fn pull(
    arguments: PullArguments,
    client: &Client,
    out: &mut Output,
) -> Result<Status, Failure> {
    let mut report = Report::default();
    for path in paths(client, arguments.file.as_deref()).await? {
        let result = asking(arguments.trust, out, |taking| client.pull_taking(&path, taking)).await?;
        if let Ok(outcome) = &result {
            out.note(&pulled(&path, outcome));
            report.conflicts(&path, &outcome.conflicts, out);
        }
        report.add(path, result, out);
    }
    report.finish(out)
}

/// Does what a person may have to say yes to: what would bring code to run is named first, and then taken as it was
/// named. Without a person to ask it is refused.
async fn asking<T, F: Future<Output = Result<T, Error>>>(
    trust: bool,
    out: &Output,
    write: impl Fn(Taking) -> F,
) -> Result<Result<T, Error>, Failure> {
    if trust {
        return Ok(write(Taking::Everything).await);
    }
    let mut result = write(Taking::Ordinary).await;
    while let Err(Error::Dangers { path, dangers, revision }) = &result {
        let question = format!("{path}: {} Write it into the file?", dangers.join(" "));
        if !Output::can_ask() || out.ask(&question)? == Answer::No {
            break;
        }
        // Of another revision the question comes again.
        result = write(Taking::Shown { revision: *revision }).await;
    }
    Ok(result)
}

async fn paths(client: &Client, file: Option<&Path>) -> Result<Vec<PathBuf>, Failure> {
    let paths: Vec<PathBuf> = match file {
        Some(file) => vec![client.linked_file(file)?.path],
        None => client.linked_files()?.into_iter().map(|file| file.path).collect(),
    };
    if paths.is_empty() && client.overview().await?.team.is_none() {
        return Err(Error::NoTeam.into());
    }
    Ok(paths)
}

/// What became of several files: one that fails does not keep the others back.
struct Report<T> {
    files: Vec<FileDocument<T>>,
    first_failure: Option<ErrorCode>,
    any_conflict: bool,
}

impl<T> Default for Report<T> {
    fn default() -> Self {
        Self { files: Vec::new(), first_failure: None, any_conflict: false }
    }
}

impl<T: Serialize> Report<T> {
    fn add(&mut self, path: PathBuf, result: Result<T, Error>, out: &Output) {
        let result = match result {
            Ok(outcome) => FileResult::Done(outcome),
            Err(error) => {
                let failure = Failure::from(error);
                out.problem(&format!("twinlock: {failure}"));
                self.first_failure.get_or_insert(failure.code());
                FileResult::Failed { error: (&failure).into() }
            }
        };
        self.files.push(FileDocument { path, result });
    }

    fn conflicts(&mut self, path: &Path, names: &[String], out: &Output) {
        if !names.is_empty() {
            self.any_conflict = true;
            out.problem(&conflict(path, names));
        }
    }

    fn finish(self, out: &mut Output) -> Result<Status, Failure> {
        if self.files.is_empty() {
            out.note("No file is linked yet: twinlock link FILE PROJECT/ENV");
        }
        out.answer(&FilesDocument { files: self.files }, |_| {})?;
        Ok(match self.first_failure {
            Some(code) => code.into(),
            None if self.any_conflict => Status::Conflict,
            None => Status::Done,
        })
    }
}

fn pushed(path: &Path, outcome: &PushOutcome) -> String {
    let path = path.display();
    let done = match outcome.pushed {
        0 => format!("{path}: nothing to push."),
        some => format!("{path}: pushed {}, revision {}.", count(some, "change"), outcome.revision),
    };
    match outcome.waiting {
        0 => done,
        waiting => format!("{done} {} to pull.", count(waiting, "change")),
    }
}

fn pulled(path: &Path, outcome: &PullOutcome) -> String {
    let path = path.display();
    let done = match outcome.pulled {
        0 => format!("{path}: nothing to pull."),
        some => format!("{path}: pulled {}, revision {}.", count(some, "change"), outcome.revision),
    };
    match outcome.waiting {
        0 => done,
        waiting => format!("{done} {} to push.", count(waiting, "change")),
    }
}

/// A conflict, and how to decide it.
pub(crate) fn conflict(path: &Path, names: &[String]) -> String {
    let path = path.display();
    format!(
        "{path}: {} changed here and in the vault. Both stay as they are; decide with “twinlock resolve {path} NAME \
         --mine”, “--theirs” or “--value -”.",
        names.join(", ")
    )
}

pub(crate) async fn resolve(
    arguments: ResolveArguments,
    client: &Client,
    out: &mut Output,
) -> Result<Status, Failure> {
    let ResolveArguments { file, name, decision, trust } = arguments;
    let path = client.linked_file(&file)?.path;
    let word = match decision {
        Decision { value: Some(value), .. } => {
            client.resolve(&path, &name, Resolution::Value(value.whole("Value")?)).await?;
            "value"
        }
        Decision { theirs: true, .. } => {
            let theirs = |taking| client.resolve_taking(&path, &name, Resolution::Theirs, taking);
            asking(trust, out, theirs).await??;
            "theirs"
        }
        Decision { .. } => {
            client.resolve(&path, &name, Resolution::Mine).await?;
            "mine"
        }
    };
    out.answer(&ResolveDocument { path: &path, name: &name, decision: word }, |_| {})?;
    let next = if word == "theirs" { "" } else { " “twinlock push” sends it." };
    out.note(&format!("{}: {name} is decided.{next}", path.display()));
    Ok(Status::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_in_words() {
        let outcome = |pushed, waiting| PushOutcome { pushed, revision: 7, conflicts: Vec::new(), waiting };
        let path = Path::new("/api/.env");
        assert_eq!(pushed(path, &outcome(0, 0)), "/api/.env: nothing to push.");
        assert_eq!(pushed(path, &outcome(1, 0)), "/api/.env: pushed 1 change, revision 7.");
        assert_eq!(
            pushed(path, &outcome(3, 2)),
            "/api/.env: pushed 3 changes, revision 7. 2 changes to pull."
        );
    }

    #[test]
    fn a_document_says_for_each_file_what_became_of_it() {
        let mut report = Report::default();
        let out = Output::new(crate::output::Format::Json, crate::output::Volume::Quiet);
        let outcome = PullOutcome { pulled: 2, conflicts: vec!["A".to_owned()], waiting: 0, revision: 3 };
        report.add("/a".into(), Ok(outcome), &out);
        report.add("/b".into(), Err(Error::NoTeam), &out);
        let document = serde_json::to_value(FilesDocument { files: report.files }).unwrap();
        assert_eq!(
            document["files"][0],
            serde_json::json!({"path": "/a", "pulled": 2, "conflicts": ["A"], "waiting": 0, "revision": 3})
        );
        assert_eq!(document["files"][1]["error"]["code"], "no-team");
        assert_eq!(report.first_failure, Some(ErrorCode::NoTeam));
    }
}
