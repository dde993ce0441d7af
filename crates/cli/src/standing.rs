//! `twinlock environment`: all environments of the team and how their keys stand, and new keys for one.

use clap::Subcommand;
use serde::Serialize;
use twinlock_client::view::EnvironmentStanding;
use twinlock_client::{Client, Label};

use crate::consequences::{GivingUp, ask_whether_gone, ask_whether_lost};
use crate::failure::{Failure, Status};
use crate::history_lost::{ask_whether_given_up, of_given_up};
use crate::output::Output;
use crate::text::Text;
use crate::values::{EnvironmentName, MemberAccess, environment_or_id, level_word};

/// What to do with environments.
#[derive(Subcommand)]
pub(crate) enum EnvironmentCommand {
    /// Lists all environments of the team, with your access and how their keys stand.
    List,
    /// Creates an environment, and its project if there is none of that name.
    Create {
        /// The environment.
        #[arg(value_name = "PROJECT/ENV")]
        environment: EnvironmentName,
        /// Who else has access, as often as needed. Without it: everybody in the team, if you are an admin.
        #[arg(long, value_name = "MEMBER:names|read|write")]
        access: Vec<MemberAccess>,
    },
    /// Gives an environment another name within its project.
    Rename {
        /// The environment, or its id.
        #[arg(value_name = "PROJECT/ENV")]
        environment: String,
        /// Its new name, without the project.
        name: Label,
    },
    /// Takes what a name stands for now, where it stood for another environment when you last used it.
    Follow {
        /// The environment.
        #[arg(value_name = "PROJECT/ENV")]
        environment: EnvironmentName,
    },
    /// Removes an environment for everybody. Linked files stay as they are.
    Remove {
        /// The environment, or its id.
        #[arg(value_name = "PROJECT/ENV")]
        environment: String,
        /// Does not ask.
        #[arg(long)]
        yes: bool,
    },
    /// Gives an environment new keys and seals everything in it anew.
    Rotate {
        /// The environment, or its id.
        #[arg(value_name = "PROJECT/ENV", value_parser = environment_or_id)]
        environment: String,
        #[command(flatten)]
        giving_up: GivingUp,
    },
    /// For owners: lets the team go on from what the vault has, where it lost the end of a history or somebody recorded what was never there.
    GiveUpHistory {
        /// The environments, or their ids.
        #[arg(value_name = "PROJECT/ENV", required = true, value_parser = environment_or_id)]
        environments: Vec<String>,
        /// Does not ask.
        #[arg(long)]
        yes: bool,
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
        EnvironmentCommand::Create { environment, access } => {
            let EnvironmentName { project, environment } = environment;
            let access: Vec<_> = access.into_iter().map(|one| (one.member, one.level)).collect();
            let access = (!access.is_empty()).then_some(access);
            let created = client.new_environment(&project, &environment, access.as_deref()).await?;
            out.answer(&created, |_| {})?;
            out.note(&format!("{} is there, and empty.", created.name));
        }
        EnvironmentCommand::Rename { environment, name } => {
            let id = client.find_environment(&environment).await?;
            client.rename_environment(id, &name).await?;
            out.answer(&NamedDocument { id: id.to_string(), name: name.as_str() }, |_| {})?;
            out.note(&format!(
                "The environment is called {} from now on. Linked files stay linked.",
                name.as_str()
            ));
        }
        EnvironmentCommand::Follow { environment } => {
            let name = environment.to_string();
            let id = client.follow_environment_name(&name).await?;
            out.answer(&NamedDocument { id: id.to_string(), name: &name }, |_| {})?;
            out.note(&format!("{name} stands for {id} from now on, on this computer."));
        }
        EnvironmentCommand::Remove { environment, yes } => {
            let id = client.find_environment(&environment).await?;
            ask_whether_gone(&client.environment_removal(id).await?, yes, out)?;
            client.remove_environment(id).await?;
            out.answer(&RemovedDocument { removed: id.to_string() }, |_| {})?;
            out.note("The environment is gone for everybody. Files that were linked to it stay as they are.");
        }
        EnvironmentCommand::Rotate { environment, giving_up } => {
            let id = client.find_environment(&environment).await?;
            let environment = if giving_up.give_up_lost {
                ask_whether_lost(&client.lost_with_keys(id).await?, giving_up.yes, out)?;
                client.rotate_giving_up(id).await?
            } else {
                client.rotate_environment(id).await?
            };
            out.answer(&environment, |_| {})?;
            let EnvironmentStanding { name, generation, .. } = &environment;
            out.note(&format!(
                "{name} has new keys, generation {generation}; everything in it is sealed anew."
            ));
        }
        EnvironmentCommand::GiveUpHistory { environments, yes } => {
            let mut ids = Vec::new();
            for environment in &environments {
                let id = client.find_environment(environment).await?;
                if !ids.contains(&id) {
                    ids.push(id);
                }
            }
            let lost = client.lost_history(&ids).await?;
            ask_whether_given_up(&lost, yes, out)?;
            let given_up = client.give_up_history(&lost).await?;
            out.answer(&given_up, |_| {})?;
            of_given_up(&given_up).iter().for_each(|sentence| out.note(sentence));
        }
    }
    Ok(Status::Done)
}

#[derive(Serialize)]
pub(crate) struct NamedDocument<'a> {
    pub(crate) id: String,
    pub(crate) name: &'a str,
}

#[derive(Serialize)]
pub(crate) struct RemovedDocument {
    pub(crate) removed: String,
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
