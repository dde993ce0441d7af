//! `twinlock link`, `unlink` and `status`: linked files and how they stand.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use twinlock_client::files::git::GitState;
use twinlock_client::view::{Connection, FileState, LinkedFileView};
use twinlock_client::{Client, CreateMissing, LinkOptions, ReadAs};

use crate::failure::{Failure, Status};
use crate::output::Output;
use crate::text::{Text, count};
use crate::values::{EnvironmentName, ModeArgument, ReadAsArgument, mode_word};

/// Which file to link to what, and how.
#[derive(Args)]
pub(crate) struct LinkArguments {
    /// The file; it need not be there yet.
    file: PathBuf,
    /// The environment.
    #[arg(value_name = "PROJECT/ENV")]
    environment: EnvironmentName,
    /// Creates the environment if there is none of that name.
    #[arg(long)]
    create: bool,
    /// Whether changes made here are pushed by themselves.
    #[arg(long, value_enum, default_value = "ask")]
    push: ModeArgument,
    /// Whether changes made elsewhere are pulled by themselves.
    #[arg(long, value_enum, default_value = "ask")]
    pull: ModeArgument,
    /// Both at once.
    #[arg(long, value_enum, conflicts_with_all = ["push", "pull"])]
    mode: Option<ModeArgument>,
    /// The loader that the file is written for, or “project”: what the project around it tells.
    #[arg(long, value_name = "DIALECT|project")]
    dialect: Option<ReadAsArgument>,
}

/// Which file to unlink.
#[derive(Args)]
pub(crate) struct UnlinkArguments {
    /// The linked file.
    file: PathBuf,
}

/// Which file to look at.
#[derive(Args)]
pub(crate) struct StatusArguments {
    /// A linked file; else all of them.
    file: Option<PathBuf>,
}

#[derive(Serialize)]
struct UnlinkDocument<'a> {
    path: &'a Path,
}

#[derive(Serialize)]
struct StatusDocument<'a> {
    connection: Connection,
    /// Changes whose push was asked for while the vault was away.
    waiting_for_vault: usize,
    files: &'a [LinkedFileView],
}

pub(crate) async fn link(
    arguments: LinkArguments,
    client: &Client,
    out: &mut Output,
) -> Result<Status, Failure> {
    let LinkArguments { file, environment, create, push, pull, mode, dialect } = arguments;
    let options = LinkOptions {
        path: file,
        project: environment.project,
        environment: environment.environment,
        create: if create { CreateMissing::Yes } else { CreateMissing::No },
        push: mode.unwrap_or(push).into(),
        pull: mode.unwrap_or(pull).into(),
        read_as: dialect.map_or(ReadAs::Unchanged, |ReadAsArgument(read_as)| read_as),
    };
    let view = client.link(options).await?;
    out.answer(&view, |_| {})?;
    out.note(&format!("{} is linked to {}: {}", view.path.display(), view.environment, standing(&view)));
    for danger in &view.dangers {
        out.problem(&format!("careful, before you pull: {danger}"));
    }
    if let Some(sentence) = git_warning(&view) {
        out.problem(&sentence);
    }
    Ok(Status::Done)
}

fn git_warning(view: &LinkedFileView) -> Option<String> {
    let path = view.path.display();
    match view.git {
        Some(GitState::WouldBeCommitted) => Some(format!(
            "git would commit {path}. Its values would stay in the history; add it to .gitignore."
        )),
        Some(GitState::Tracked) => {
            Some(format!("{path} is in git, and so are its values. Take it out, and change them."))
        }
        _ => None,
    }
}

pub(crate) async fn unlink(
    arguments: UnlinkArguments,
    client: &Client,
    out: &mut Output,
) -> Result<Status, Failure> {
    let path = client.linked_file(&arguments.file)?.path;
    client.unlink(&path).await?;
    out.answer(&UnlinkDocument { path: &path }, |_| {})?;
    out.note(&format!("{} is no longer linked. The file is as it was.", path.display()));
    Ok(Status::Done)
}

pub(crate) async fn status(
    arguments: StatusArguments,
    client: &Client,
    out: &mut Output,
) -> Result<Status, Failure> {
    let files = client.status(arguments.file.as_deref()).await?;
    let connection = client.overview().await?.connection;
    let waiting = client.waiting()?;
    let document = StatusDocument { connection, waiting_for_vault: waiting, files: &files };
    out.answer(&document, |text| show_status(&files, text))?;
    if files.is_empty() {
        out.note("No file is linked yet: twinlock link FILE PROJECT/ENV");
    }
    if waiting > 0 {
        out.note(&format!("{} to push when the vault is back.", count(waiting, "change")));
    }
    Ok(Status::Done)
}

fn show_status(files: &[LinkedFileView], text: &mut Text) {
    for file in files {
        text.line(format!("{} · {}", file.path.display(), file.environment));
        text.line(format!(
            "  {} (push: {}, pull: {})",
            standing(file),
            mode_word(file.push),
            mode_word(file.pull)
        ));
        for danger in &file.dangers {
            text.line(format!("  careful, before you pull: {danger}"));
        }
        if let Some(sentence) = git_warning(file) {
            text.line(format!("  {sentence}"));
        }
    }
}

/// How a file stands, in words.
fn standing(file: &LinkedFileView) -> String {
    if let Some(problem) = &file.problem {
        return problem.clone();
    }
    let mut parts = Vec::new();
    if file.conflicts > 0 {
        parts.push(format!("{} to decide about (“twinlock diff”)", count(file.conflicts, "variable")));
    }
    if file.here > 0 {
        parts.push(format!("{} to push", count(file.here, "change")));
    }
    if file.there > 0 {
        parts.push(format!("{} to pull", count(file.there, "change")));
    }
    if file.state == FileState::Refused {
        parts.push("the vault served something that does not verify".to_owned());
    }
    if parts.is_empty() { "in step".to_owned() } else { parts.join(", ") }
}
