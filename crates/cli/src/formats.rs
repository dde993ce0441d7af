//! `twinlock import`, `export` and `example`: environments and the files of other programs.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::Args;
use serde::Serialize;
use twinlock_client::dotenv::Dialect;
use twinlock_client::formats::Format;
use twinlock_client::{BroughtIn, Client, CreateMissing, Differing, HandedOut, Incoming};

use crate::dotenv::dialects;
use crate::failure::{Failure, Status};
use crate::output::Output;
use crate::pins::Held;
use crate::secret::SecretArgument;
use crate::text::count;
use crate::values::EnvironmentName;

/// Which file to bring into which environment.
#[derive(Args)]
pub(crate) struct ImportArguments {
    /// The file. It stays as it is, and is not linked.
    file: PathBuf,
    /// The environment.
    #[arg(value_name = "PROJECT/ENV")]
    environment: EnvironmentName,
    /// Creates the environment if there is none of that name.
    #[arg(long)]
    create: bool,
    /// Takes the file's values where the environment has others. Those stay in its history.
    #[arg(long)]
    replace: bool,
    /// The file's format: env, json, yaml, shell, docker, k8s, example or vault; else what the file looks like.
    #[arg(long, value_parser = Format::from_str)]
    format: Option<Format>,
    /// Takes from a .env file what this loader reads; else it comes as it is written.
    #[arg(long, value_parser = dialects(), hide_possible_values = true)]
    dialect: Option<Dialect>,
    /// The DOTENV_KEY of a .env.vault.
    #[arg(long, value_name = "-")]
    key: Option<SecretArgument>,
}

/// Which environment to hand out, and how.
#[derive(Args)]
pub(crate) struct ExportArguments {
    /// The environment.
    #[arg(value_name = "PROJECT/ENV")]
    environment: EnvironmentName,
    /// The format: env, json, yaml, shell, docker, k8s or example.
    #[arg(long, value_parser = Format::from_str, default_value = "env")]
    format: Format,
    /// The loader whose reading counts; with --format env, the loader to write for.
    #[arg(long, value_parser = dialects(), hide_possible_values = true)]
    dialect: Option<Dialect>,
    #[command(flatten)]
    held: Held,
}

/// Which environment to make an example of.
#[derive(Args)]
pub(crate) struct ExampleArguments {
    /// The environment.
    #[arg(value_name = "PROJECT/ENV")]
    environment: EnvironmentName,
}

#[derive(Serialize)]
struct ImportDocument<'a> {
    path: &'a Path,
    environment: String,
    #[serde(flatten)]
    brought: &'a BroughtIn,
}

#[derive(Serialize)]
struct ExportDocument<'a> {
    environment: String,
    format: &'static str,
    text: &'a str,
    left_out: &'a [String],
}

pub(crate) async fn import(
    arguments: ImportArguments,
    client: &Client,
    out: &mut Output,
) -> Result<Status, Failure> {
    let ImportArguments { file, environment, create, replace, format, dialect, key } = arguments;
    let name = environment.to_string();
    let incoming = Incoming {
        path: file.clone(),
        format,
        key: key.map(|key| key.line("DOTENV_KEY")).transpose()?,
        dialect,
        project: environment.project,
        environment: environment.environment,
        create: if create { CreateMissing::Yes } else { CreateMissing::No },
        differing: if replace { Differing::Replace } else { Differing::Ask },
    };
    let brought = client.bring_in(incoming).await?;
    out.answer(&ImportDocument { path: &file, environment: name.clone(), brought: &brought }, |_| {})?;
    out.note(&match brought.changed {
        0 => format!("{name} has all of {} already.", file.display()),
        changed => format!(
            "{}: {} brought into {name}, revision {}.",
            file.display(),
            count(changed, "change"),
            brought.revision
        ),
    });
    Ok(left_out(&brought.left_out, out))
}

pub(crate) async fn export(
    arguments: ExportArguments,
    client: &Client,
    out: &mut Output,
) -> Result<Status, Failure> {
    let ExportArguments { environment, format, dialect, held } = arguments;
    held.hold(client).await?;
    hand_out(&environment, format, dialect, client, out).await
}

pub(crate) async fn example(
    arguments: ExampleArguments,
    client: &Client,
    out: &mut Output,
) -> Result<Status, Failure> {
    hand_out(&arguments.environment, Format::Example, None, client, out).await
}

async fn hand_out(
    environment: &EnvironmentName,
    format: Format,
    dialect: Option<Dialect>,
    client: &Client,
    out: &mut Output,
) -> Result<Status, Failure> {
    let name = environment.to_string();
    let id = client.find_environment(&name).await?;
    let HandedOut { text, left_out: missing } = client.hand_out(id, format, dialect).await?;
    match out.format() {
        crate::output::Format::Json => out.json_line(&ExportDocument {
            environment: name,
            format: format.name(),
            text: text.expose(),
            left_out: &missing,
        })?,
        // Byte for byte: this is meant for a file.
        crate::output::Format::Text => out.write(text.expose().as_bytes())?,
    }
    Ok(left_out(&missing, out))
}

/// What could not be handed over is said, and the exit status tells it too.
fn left_out(sentences: &[String], out: &Output) -> Status {
    for sentence in sentences {
        out.problem(sentence);
    }
    if sentences.is_empty() { Status::Done } else { Status::Failed }
}
