//! What a command says at its end, whatever it was asked for: it may be the only one who hears of it.

use tokio::sync::broadcast::{self, error::TryRecvError};
use twinlock_client::view::Connection;
use twinlock_client::{Client, Event};

use crate::arguments::Command;
use crate::failure::Failure;
use crate::output::Output;
use crate::{computers, services, standing, team};

/// Says who joined, and which computers and kits came or went.
pub(crate) fn tell(news: &mut broadcast::Receiver<Event>, out: &Output) {
    loop {
        match news.try_recv() {
            Ok(Event::Keyholder(news)) => out.problem(&news.to_string()),
            Ok(Event::Joined(news)) => out.note(&news.to_string()),
            Ok(_) | Err(TryRecvError::Lagged(_)) => {}
            Err(TryRecvError::Empty | TryRecvError::Closed) => return,
        }
    }
}

/// Whether a command shows how things stand, and changes nothing.
pub(crate) fn only_shows(command: &Command) -> bool {
    matches!(
        command,
        Command::Status(_)
            | Command::Diff(_)
            | Command::Ls(_)
            | Command::Get(_)
            | Command::Log(_)
            | Command::Show(_)
            | Command::Export(_)
            | Command::Example(_)
            | Command::Pin(_)
            | Command::Activity(_)
            | Command::Team(team::TeamCommand::Show)
            | Command::Computer(computers::ComputerCommand::List)
            | Command::Service(services::ServiceCommand::List)
            | Command::Environment(standing::EnvironmentCommand::List)
    )
}

/// Without the vault things are shown as they stood when it was there: said with every answer, and with what it served
/// last, if that was refused.
pub(crate) async fn tell_of_absence(client: &Client, out: &Output) -> Result<(), Failure> {
    if client.connection().await != Connection::Offline {
        return Ok(());
    }
    out.note("The vault cannot be reached. This is how things stood when it was.");
    for refused in client.refusals().await? {
        out.note(&format!("What it served last was refused. {}", refused.refusal.what_happened));
    }
    Ok(())
}
