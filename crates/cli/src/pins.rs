//! `twinlock pin`, and `--pin FILE` of the commands that read.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use twinlock_client::{Client, Pins, write_pins};

use crate::failure::{Failure, Status};
use crate::output::{Format, Output};
use crate::text::count;

/// Where to write pins.
#[derive(Args)]
pub(crate) struct PinArguments {
    /// The file; else standard output. A pin file that is there already has to be on the way to what is written.
    file: Option<PathBuf>,
}

/// What to hold the vault to.
#[derive(Args)]
pub(crate) struct Held {
    /// Takes nothing older than this pin file, and no other history.
    #[arg(long = "pin", value_name = "FILE")]
    file: Option<PathBuf>,
}

#[derive(Serialize)]
struct PinDocument<'a> {
    file: Option<&'a Path>,
    pins: &'a Pins,
}

pub(crate) async fn pin(
    arguments: PinArguments,
    client: &Client,
    out: &mut Output,
) -> Result<Status, Failure> {
    let file = arguments.file.as_deref();
    let before = file.filter(|file| file.exists()).map(read).transpose()?;
    let pins = client.pins(before.as_ref()).await?;
    if let Some(file) = file {
        write_pins(file, &pins)?;
    }
    match (out.format(), file) {
        (Format::Json, _) => out.json_line(&PinDocument { file, pins: &pins })?,
        // Byte for byte: this is meant for a file.
        (Format::Text, None) => out.write(pins.to_text().as_bytes())?,
        (Format::Text, Some(_)) => {}
    }
    out.note(&format!(
        "Pinned: event {} of the team and {}.",
        pins.log().sequence,
        count(pins.environments().len(), "environment")
    ));
    Ok(Status::Done)
}

impl Held {
    /// Holds the client to the pin file, if there is one.
    pub(crate) async fn hold(&self, client: &Client) -> Result<(), Failure> {
        match &self.file {
            Some(file) => Ok(client.hold_to(read(file)?).await?),
            None => Ok(()),
        }
    }
}

fn read(file: &Path) -> Result<Pins, Failure> {
    let usage =
        |why: &dyn std::fmt::Display| Failure::Usage(format!("{}: {why}. Nothing was done.", file.display()));
    let text = std::fs::read(file).map_err(|error| usage(&error))?;
    Pins::parse(&text).map_err(|error| usage(&error))
}
