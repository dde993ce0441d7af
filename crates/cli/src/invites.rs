//! `twinlock invite` and `twinlock join`.

use std::time::Duration;

use clap::{Args, Subcommand};
use serde::Serialize;
use twinlock_client::ids::KeyholderId;
use twinlock_client::view::{AccessView, InviteView};
use twinlock_client::{AccessRequest, Client, Error, InviteLink, InviteOptions, Label, Role};

use crate::failure::{Failure, Status};
use crate::output::Output;
use crate::secret::SecretArgument;
use crate::team;
use crate::text::{Text, count, time};
use crate::values::{Access, RoleArgument, duration, level_word, role_word};

/// Whom to invite to what.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct InviteArguments {
    #[command(subcommand)]
    command: Option<InviteCommand>,
    /// What the new member may do in the team.
    #[arg(long, value_enum, default_value = "member")]
    role: RoleArgument,
    /// Access to an environment, as often as needed. Without it: write access to all that you may grant.
    #[arg(long, value_name = "PROJECT/ENV:names|read|write")]
    access: Vec<Access>,
    /// How long the link works.
    #[arg(long, value_name = "TIME", default_value = "24h", value_parser = duration)]
    expires: Duration,
}

#[derive(Subcommand)]
enum InviteCommand {
    /// Lists the invites that can still be used.
    List,
    /// Closes an invite, so that its link works no more.
    Close {
        /// Its id, as “twinlock invite list” shows it.
        id: KeyholderId,
    },
}

/// How to join.
#[derive(Args)]
#[command(override_usage = "twinlock join - --member NAME")]
pub(crate) struct JoinArguments {
    /// The invite link, read from standard input.
    #[arg(value_name = "-")]
    link: SecretArgument,
    /// Your name in the team.
    #[arg(long, value_name = "NAME")]
    member: Label,
}

/// An invite that was made.
#[derive(Serialize)]
struct InviteDocument<'a> {
    link: &'a str,
    id: String,
    expires_at: u64,
    role: Role,
    access: &'a [AccessView],
}

#[derive(Serialize)]
struct InvitesDocument<'a> {
    invites: &'a [InviteView],
}

#[derive(Serialize)]
struct ClosedDocument {
    closed: String,
}

pub(crate) async fn invite(
    arguments: InviteArguments,
    client: &Client,
    out: &mut Output,
) -> Result<Status, Failure> {
    let InviteArguments { command, role, access, expires } = arguments;
    match command {
        Some(InviteCommand::List) => {
            let team = client.team().await?;
            out.answer(&InvitesDocument { invites: &team.invites }, |text| team::invites(&team, text))?;
            return Ok(Status::Done);
        }
        Some(InviteCommand::Close { id }) => {
            client.close_invite(id).await?;
            out.answer(&ClosedDocument { closed: id.to_string() }, |_| {})?;
            out.note("The invite is closed: its link lets nobody in any more.");
            return Ok(Status::Done);
        }
        None => {}
    }
    let role = Role::from(role);
    let access = if access.is_empty() {
        AccessRequest::Everything
    } else {
        let named = access.iter().map(|access| (access.environment.to_string(), access.level));
        AccessRequest::Only(named.collect())
    };
    for sentence in gives(role, &client.invite_access(&access).await?) {
        out.note(&sentence);
    }
    let invitation = client.invite(InviteOptions { role, access, expires_in: expires }).await?;
    let document = InviteDocument {
        // To standard output and nowhere else: making it is what this command is for.
        link: invitation.link.expose(),
        id: invitation.id.to_string(),
        expires_at: invitation.expires_at.0,
        role,
        access: &invitation.access,
    };
    out.answer(&document, |text| text.line(document.link))?;
    out.note(&format!(
        "The link works once, until {}. Whoever has it can join: send it only to the person it is for.",
        time(document.expires_at)
    ));
    Ok(Status::Done)
}

/// What an invite is going to give, line by line.
fn gives(role: Role, access: &[AccessView]) -> Vec<String> {
    let role = role_word(role);
    if access.is_empty() {
        return vec![format!("This invite gives the role {role} and access to no environment.")];
    }
    let first =
        format!("This invite gives the role {role} and access to {}:", count(access.len(), "environment"));
    let rest = access.iter().map(|access| format!("  {}  {}", access.environment, level_word(access.level)));
    std::iter::once(first).chain(rest).collect()
}

pub(crate) async fn join(
    arguments: JoinArguments,
    client: &Client,
    out: &mut Output,
) -> Result<Status, Failure> {
    let link = arguments.link.line("Invite link")?;
    let link = InviteLink::parse(link.expose()).map_err(Error::from)?;
    let team = client.join(link, arguments.member).await?;
    out.answer(&team, |text: &mut Text| team::show(&team, text))?;
    out.note(&format!("You are a member of {}. Next: twinlock link FILE PROJECT/ENV", team.name));
    Ok(Status::Done)
}

#[cfg(test)]
mod tests {
    use twinlock_client::Level;
    use twinlock_client::ids::EnvironmentId;

    use super::*;

    #[test]
    fn an_invite_says_what_it_gives() {
        let access = |environment: &str, level| AccessView {
            environment: environment.to_owned(),
            environment_id: EnvironmentId::new([1; 16]),
            level,
        };
        assert_eq!(
            gives(Role::Admin, &[]),
            ["This invite gives the role admin and access to no environment."]
        );
        let two = [access("api/development", Level::Write), access("api/production", Level::Names)];
        assert_eq!(
            gives(Role::Member, &two),
            [
                "This invite gives the role member and access to 2 environments:",
                "  api/development  write",
                "  api/production  names",
            ]
        );
    }
}
