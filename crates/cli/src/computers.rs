//! `twinlock computer`: one's own computers and recovery kits.

use std::str::FromStr;

use clap::{Args, Subcommand};
use serde::Serialize;
use twinlock_client::ids::KeyholderId;
use twinlock_client::view::{KeyholderView, RevokedView};
use twinlock_client::{Client, Keep, KeyholderKind};

use crate::adding;
use crate::consequences::of_falling;
use crate::failure::{Failure, Status};
use crate::members::say_keys;
use crate::output::Output;

/// What to do with a computer.
#[derive(Subcommand)]
pub(crate) enum ComputerCommand {
    /// Adds a further computer of yours: shows a link for it, compares words, signs.
    Add(adding::AddArguments),
    /// Makes this computer a further one of yours, with the link that the other one shows.
    Join(adding::JoinArguments),
    /// Lists your computers and recovery kits.
    List,
    /// Takes one of your computers or kits from the team, and renews the keys it knew.
    Revoke(RevokeArguments),
}

#[derive(Args)]
pub(crate) struct RevokeArguments {
    /// Its id.
    id: KeyholderId,
    /// What it signed for and is to stay: computers and kits that it added, invites, services. Asked for where there is
    /// any; “all” is all that you may stand in for.
    #[arg(long, value_name = "ID|all|none")]
    keep: Vec<KeepArgument>,
}

/// One thing that stays; or all, or nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeepArgument {
    One(KeyholderId),
    All,
    Nothing,
}

impl FromStr for KeepArgument {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "all" => Ok(Self::All),
            "none" => Ok(Self::Nothing),
            id => id.parse().map(Self::One).map_err(|_| "an id, “all” or “none” is expected"),
        }
    }
}

/// What was said of what stays, if anything was.
pub(crate) fn keep(arguments: &[KeepArgument]) -> Option<Keep> {
    if arguments.is_empty() {
        return None;
    }
    if arguments.contains(&KeepArgument::All) {
        return Some(Keep::All);
    }
    let ids = arguments.iter().filter_map(|one| match one {
        KeepArgument::One(id) => Some(*id),
        KeepArgument::All | KeepArgument::Nothing => None,
    });
    let ids: Vec<_> = ids.collect();
    Some(if ids.is_empty() { Keep::Nothing } else { Keep::These(ids) })
}

#[derive(Serialize)]
struct ComputersDocument<'a> {
    computers: &'a [KeyholderView],
}

pub(crate) async fn run(
    command: ComputerCommand,
    client: &Client,
    out: &mut Output,
) -> Result<Status, Failure> {
    match command {
        ComputerCommand::Add(arguments) => return adding::add(arguments, client, out).await,
        ComputerCommand::Join(arguments) => return adding::join(arguments, client, out).await,
        ComputerCommand::List => {
            let computers = client.computers().await?;
            out.answer(&ComputersDocument { computers: &computers }, |text| {
                let rows = computers.iter().map(|computer| {
                    let kind = match computer.kind {
                        KeyholderKind::Computer => "computer",
                        KeyholderKind::Recovery => "recovery kit",
                    };
                    let this = if computer.this { "this one" } else { "" };
                    [computer.id.to_string(), kind.to_owned(), this.to_owned()]
                });
                text.rows(&rows.collect::<Vec<_>>());
            })?;
        }
        ComputerCommand::Revoke(RevokeArguments { id, keep: kept }) => {
            let kept = keep(&kept).unwrap_or(Keep::Decide);
            let falls = client.revocation(id, &kept).await?.falls;
            of_falling("it", Some(id), &falls).iter().for_each(|sentence| out.note(sentence));
            let revoked = client.revoke_keyholder(id, &kept).await?;
            out.answer(&revoked, |_| {})?;
            say_revoked(&revoked, out);
        }
    }
    Ok(Status::Done)
}

/// What was taken from the team, what went with it, and what stayed.
pub(crate) fn say_revoked(revoked: &RevokedView, out: &Output) {
    let listed = |ids: &[KeyholderId]| ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let (can, with) = if revoked.revoked.len() == 1 { ("It can", "it") } else { ("They can", "them") };
    out.note(&format!(
        "Taken from the team: {}. {can} do nothing there any more; files that are on a computer stay.",
        listed(&revoked.revoked)
    ));
    if !revoked.closed.is_empty() {
        out.note(&format!("Invites and services that were closed with {with}: {}", listed(&revoked.closed)));
    }
    if !revoked.kept.is_empty() {
        out.note(&format!("What would have fallen with {with} and stays: {}", listed(&revoked.kept)));
    }
    say_keys(&revoked.keys, out);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stays_is_said_in_one_way() {
        let id = KeyholderId::new([7; 16]);
        let parsed = |text: &str| text.parse::<KeepArgument>();
        assert_eq!(parsed("all"), Ok(KeepArgument::All));
        assert_eq!(parsed(&id.to_string()), Ok(KeepArgument::One(id)));
        assert!(parsed("laptop").is_err());
        assert_eq!(keep(&[]), None);
        assert_eq!(keep(&[KeepArgument::Nothing]), Some(Keep::Nothing));
        assert_eq!(keep(&[KeepArgument::One(id)]), Some(Keep::These(vec![id])));
        assert_eq!(keep(&[KeepArgument::One(id), KeepArgument::All]), Some(Keep::All));
    }
}
