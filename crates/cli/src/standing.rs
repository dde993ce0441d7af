//! `twinlock environment`: all environments of the team and how their keys stand, and new keys for one.

use clap::Subcommand;
use serde::Serialize;
use twinlock_client::Client;
use twinlock_client::view::EnvironmentStanding;

use crate::failure::{Failure, Status};
use crate::output::Output;
use crate::text::Text;
use crate::values::{EnvironmentName, level_word};

/// What to do with environments.
#[derive(Subcommand)]
pub(crate) enum EnvironmentCommand {
    /// Lists all environments of the team, with your access and how their keys stand.
    List,
    /// Gives an environment new keys and seals everything in it anew.
    Rotate {
        /// The environment.
        #[arg(value_name = "PROJECT/ENV")]
        environment: EnvironmentName,
    },
}

#[derive(Serialize)]
struct EnvironmentsDocument<'a> {
    environments: &'a [EnvironmentStanding],
}

pub(crate) async fn run(
    command: EnvironmentCommand,
    client: &Client,
    out: &mut Output,
) -> Result<Status, Failure> {
    match command {
        EnvironmentCommand::List => {
            let environments = client.environments().await?;
            let document = EnvironmentsDocument { environments: &environments };
            out.answer(&document, |text| show_environments(&environments, text))?;
        }
        EnvironmentCommand::Rotate { environment } => {
            let id = client.find_environment(&environment.to_string()).await?;
            let environment = client.rotate_environment(id).await?;
            out.answer(&environment, |_| {})?;
            let EnvironmentStanding { name, generation, .. } = &environment;
            out.note(&format!(
                "{name} has new keys, generation {generation}; everything in it is sealed anew."
            ));
        }
    }
    Ok(Status::Done)
}

fn show_environments(environments: &[EnvironmentStanding], text: &mut Text) {
    let rows = environments.iter().map(|environment| {
        let badges = [
            (environment.stale, "new keys with the next push"),
            (environment.orphaned, "nobody is left who may grant access"),
        ];
        let badges: Vec<&str> = badges.into_iter().filter_map(|(is, word)| is.then_some(word)).collect();
        [
            environment.name.clone(),
            environment.level.map_or("no access", level_word).to_owned(),
            format!("keys {}", environment.generation),
            badges.join(", "),
        ]
    });
    text.rows(&rows.collect::<Vec<_>>());
}
