//! `twinlock invite` and `twinlock join`.

use std::time::Duration;

use clap::{Args, Subcommand};
use serde::Serialize;
use twinlock_client::ids::KeyholderId;
use twinlock_client::view::{AccessView, ApplicantView, InviteView, TeamView};
use twinlock_client::{AccessRequest, Approval, Client, Error, InviteLink, InviteOptions, Label, Role};

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
    /// Whoever uses the link waits until an admin has compared the words of their computer and approves.
    #[arg(long)]
    approve: bool,
}

#[derive(Subcommand)]
enum InviteCommand {
    /// Lists the invites that can still be used, and who joined by one and waits for approval.
    List,
    /// Closes an invite, so that its link works no more; who joined by it and waits is turned away.
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
    approve: bool,
}

#[derive(Serialize)]
struct InvitesDocument<'a> {
    invites: &'a [InviteView],
    waiting: &'a [ApplicantView],
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
    let InviteArguments { command, role, access, expires, approve } = arguments;
    match command {
        Some(InviteCommand::List) => {
            let team = client.team().await?;
            let document = InvitesDocument { invites: &team.invites, waiting: &team.waiting };
            out.answer(&document, |text| {
                team::invites(&team, text);
                team::waiting(&team, text);
            })?;
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
    let approval = if approve { Approval::Needed } else { Approval::NotNeeded };
    let invitation = client.invite(InviteOptions { role, access, expires_in: expires, approval }).await?;
    let document = InviteDocument {
        // To standard output and nowhere else: making it is what this command is for.
        link: invitation.link.expose(),
        id: invitation.id.to_string(),
        expires_at: invitation.expires_at.0,
        role,
        access: &invitation.access,
        approve,
    };
    out.answer(&document, |text| text.line(document.link))?;
    for sentence in allows(approval, &time(document.expires_at), &document.id) {
        out.note(&sentence);
    }
    Ok(Status::Done)
}

/// What the link allows to whoever has it, and for how long: said where it is made.
fn allows(approval: Approval, until: &str, id: &str) -> [String; 2] {
    let first = match approval {
        Approval::NotNeeded => format!(
            "The link works once, until {until}. Until it is used, whoever has it can join in that person's place and read what it gives: send it only to the person it is for, as you would send the values themselves."
        ),
        Approval::Needed => format!(
            "The link works once, until {until}. Whoever has it can ask to join, and gets no key and no right before an admin has compared the words of their computer: twinlock member approve."
        ),
    };
    [first, format!("If it went astray: twinlock invite close {id}")]
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
    out.note(&match own_words(&team) {
        Some(words) => format!(
            "You wait for an admin of the team to approve you. Read them the words of this computer: {words}. Once they have, twinlock sync fetches what you were given."
        ),
        None => format!("You are a member of {}. Next: twinlock link FILE PROJECT/ENV", team.name),
    });
    Ok(Status::Done)
}

/// The words of this computer, while whoever it belongs to waits for approval.
fn own_words(team: &TeamView) -> Option<String> {
    team.waiting.iter().find(|one| one.me).map(|one| one.words.join(" "))
}

#[cfg(test)]
mod tests {
    use twinlock_client::Level;
    use twinlock_client::ids::EnvironmentId;

    use super::*;

    #[test]
    fn a_link_says_what_it_allows_and_how_to_end_that() {
        let [first, last] = allows(Approval::NotNeeded, "noon", "00ff");
        assert!(first.contains("until noon") && first.contains("read what it gives"), "{first}");
        assert_eq!(last, "If it went astray: twinlock invite close 00ff");
        let [first, _] = allows(Approval::Needed, "noon", "00ff");
        assert!(first.contains("no key and no right before an admin"), "{first}");
    }

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
