//! `twinlock computer`: one's own computers and recovery kits.

use clap::{Args, Subcommand};
use serde::Serialize;
use twinlock_client::ids::KeyholderId;
use twinlock_client::view::KeyholderView;
use twinlock_client::{Client, KeyholderKind};

use crate::failure::{Failure, Status};
use crate::members::say_keys;
use crate::output::Output;

/// What to do with a computer.
#[derive(Subcommand)]
pub(crate) enum ComputerCommand {
    /// Lists your computers and recovery kits.
    List,
    /// Takes one of your computers or kits from the team, and renews the keys it knew.
    Revoke(RevokeArguments),
}

#[derive(Args)]
pub(crate) struct RevokeArguments {
    /// Its id.
    id: KeyholderId,
    /// An invite, a service or a computer that it signed for and that goes on; as often as needed.
    #[arg(long, value_name = "ID")]
    keep: Vec<KeyholderId>,
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
        ComputerCommand::Revoke(RevokeArguments { id, keep }) => {
            let keys = client.revoke_computer_keeping(id, &keep).await?;
            out.answer(&keys, |_| {})?;
            out.note("This computer can do nothing in the team any more. Files that are on it stay.");
            say_keys(&keys, out);
        }
    }
    Ok(Status::Done)
}
