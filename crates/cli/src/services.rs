//! `twinlock service`: tokens for programs that read, such as CI.

use std::time::Duration;

use clap::{Args, Subcommand};
use serde::Serialize;
use twinlock_client::view::{AccessView, ServiceView};
use twinlock_client::{Client, Label, ServiceOptions};

use crate::failure::{Failure, Status};
use crate::members::say_keys;
use crate::output::Output;
use crate::text::{Text, time};
use crate::values::{Access, duration, level_word};

/// What to do with services.
#[derive(Subcommand)]
pub(crate) enum ServiceCommand {
    /// Makes a service and prints its token, once. Whoever has the token reads what the service was given.
    Create(CreateArguments),
    /// Lists the services that can still be used.
    List,
    /// Closes a service, so that its token reads nothing any more, and renews the keys it knew.
    Close(CloseArguments),
}

#[derive(Args)]
pub(crate) struct CreateArguments {
    /// What to call it.
    name: Label,
    /// What it reads, as often as needed.
    #[arg(long, value_name = "PROJECT/ENV:names|read", required = true)]
    access: Vec<Access>,
    /// How long the token works; else until it is closed.
    #[arg(long, value_name = "TIME", value_parser = duration)]
    expires: Option<Duration>,
}

#[derive(Args)]
pub(crate) struct CloseArguments {
    /// Its name, or its id.
    name: String,
}

/// A service that was made.
#[derive(Serialize)]
struct CreatedDocument<'a> {
    token: &'a str,
    id: String,
    expires_at: Option<u64>,
    access: &'a [AccessView],
}

#[derive(Serialize)]
struct ServicesDocument<'a> {
    services: &'a [ServiceView],
}

pub(crate) async fn run(
    command: ServiceCommand,
    client: &Client,
    out: &mut Output,
) -> Result<Status, Failure> {
    match command {
        ServiceCommand::Create(CreateArguments { name, access, expires }) => {
            let access = access.iter().map(|access| (access.environment.to_string(), access.level));
            let options = ServiceOptions { name, access: access.collect(), expires_in: expires };
            let made = client.create_service(options).await?;
            let document = CreatedDocument {
                // To standard output and nowhere else: making it is what this command is for.
                token: made.token.expose(),
                id: made.id.to_string(),
                expires_at: made.expires_at.map(|end| end.0),
                access: &made.access,
            };
            out.answer(&document, |text| text.line(document.token))?;
            for access in &made.access {
                out.note(&format!("It reads {}  {}", access.environment, level_word(access.level)));
            }
            let end = document.expires_at.map_or_else(|| "it is closed".to_owned(), time);
            out.note(&format!(
                "The token works until {end}, and is not shown again. Keep it as the secret TWINLOCK_TOKEN where it is used."
            ));
        }
        ServiceCommand::List => {
            let services = client.services().await?;
            out.answer(&ServicesDocument { services: &services }, |text| show(&services, text))?;
        }
        ServiceCommand::Close(CloseArguments { name }) => {
            let closed = client.close_service(&name).await?;
            out.answer(&closed, |_| {})?;
            out.note(&format!("{} is closed: its token reads nothing any more.", closed.name));
            say_keys(&closed.keys, out);
        }
    }
    Ok(Status::Done)
}

/// Services that can still be used, one to a line.
pub(crate) fn show(services: &[ServiceView], text: &mut Text) {
    text.rows(&services.iter().map(row).collect::<Vec<_>>());
}

fn row(service: &ServiceView) -> [String; 5] {
    let access: Vec<_> = service
        .access
        .iter()
        .map(|access| format!("{}:{}", access.environment, level_word(access.level)))
        .collect();
    let end =
        service.expires_at.map_or_else(|| "until closed".to_owned(), |end| format!("until {}", time(end)));
    [service.name.clone(), access.join(" "), end, format!("by {}", service.by), service.id.to_string()]
}
