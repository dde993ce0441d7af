//! `twinlock activity`: what was signed in the team, replayed, or written out.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use twinlock_client::view::{ActivityView, ReplayedView};
use twinlock_client::{Client, Error};

use crate::failure::{Failure, Status};
use crate::output::Output;
use crate::text::{Text, count, time};

/// What to do with what was signed.
#[derive(Args)]
pub(crate) struct ActivityArguments {
    /// Replays everything that is kept here from the first statement on, instead of listing it.
    #[arg(long)]
    verify: bool,
    /// Writes statements and the evidence of refusals to a new file, one JSON document to a line.
    #[arg(long, value_name = "FILE")]
    export: Option<PathBuf>,
}

#[derive(Serialize)]
struct ActivityDocument<'a> {
    statements: &'a [ActivityView],
}

#[derive(Serialize)]
struct DoneDocument<'a> {
    verified: Option<&'a ReplayedView>,
    exported: Option<&'a Path>,
}

pub(crate) async fn run(
    arguments: ActivityArguments,
    client: &Client,
    out: &mut Output,
) -> Result<Status, Failure> {
    let ActivityArguments { verify, export } = arguments;
    match client.fetch_activity().await {
        // What verified before is there to be looked at, and this is when somebody looks.
        Err(error @ Error::Refused(_)) => out.problem(&error.to_string()),
        fetched => fetched?,
    }
    if !verify && export.is_none() {
        let statements = client.activity().await?;
        out.answer(&ActivityDocument { statements: &statements }, |text| show(&statements, text))?;
        return Ok(Status::Done);
    }
    let verified = if verify { Some(client.replay_activity().await?) } else { None };
    if let Some(path) = &export {
        let lines = client.export_activity().await?;
        write_new(path, lines.as_bytes()).map_err(|error| {
            Failure::System(format!(
                "{} could not be written: {error}. Nothing else was changed.",
                path.display()
            ))
        })?;
    }
    let document = DoneDocument { verified: verified.as_ref(), exported: export.as_deref() };
    out.answer(&document, |text| {
        if let Some(verified) = &verified {
            show_replayed(verified, text);
        }
        if let Some(path) = &export {
            text.line(format!("Written to {}.", path.display()));
        }
    })?;
    Ok(Status::Done)
}

fn show(statements: &[ActivityView], text: &mut Text) {
    for one in statements {
        let place = one.environment.as_deref().unwrap_or("team");
        text.line(format!("{}  {place} {}  {} {}", time(one.at), one.number, one.by, one.what));
    }
}

fn show_replayed(replayed: &ReplayedView, text: &mut Text) {
    let events = usize::try_from(replayed.events).unwrap_or(usize::MAX);
    text.line(format!(
        "The log verifies from its first event: {}, up to {}.",
        count(events, "event"),
        replayed.head
    ));
    for one in &replayed.environments {
        let revisions = usize::try_from(one.revisions).unwrap_or(usize::MAX);
        text.line(format!(
            "{} verifies: {}, {}, up to {}.",
            one.environment,
            count(revisions, "revision"),
            count(one.values, "sealed value"),
            one.head
        ));
    }
}

/// Who signed what and when is nobody else's business on this computer, and no file is lost to it.
fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}
