//! `twinlock run`: a program with the variables of an environment. Nothing is written to a disk, and where the
//! system can do it the program takes this one's place, so that signals and exit status are its own.

use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::process::Command;

use clap::Args;
use twinlock_client::dotenv::Dialect;
use twinlock_client::keychain::SECRET_VARIABLES;
use twinlock_client::view::DangerView;
use twinlock_client::{Client, ToRun};

use crate::dotenv::dialects;
use crate::failure::{Failure, Status};
use crate::output::{Answer, Output};
use crate::pins::Held;
use crate::values::EnvironmentName;

/// What to run with what.
#[derive(Args)]
#[command(
    override_usage = "twinlock run [-e PROJECT/ENV] [--pin FILE] -- COMMAND...",
    after_help = "Exit status: the program's own; 127 if there is no such program, 126 if it cannot be started; \
                  before it is started those of every command, see twinlock --help.\n\
                  The environment's variables take the place of others of the same name. Those that can run code \
                  (PATH, LD_PRELOAD, NODE_OPTIONS, ...) are asked about first, and again when their value is \
                  another; --allow lets them be whatever they are.\n\
                  With a service token in TWINLOCK_TOKEN no home is used. The program does not get the token."
)]
pub(crate) struct RunArguments {
    /// The environment; else that of the files linked in this folder, or the only one of a service token.
    #[arg(short, long, value_name = "PROJECT/ENV")]
    environment: Option<EnvironmentName>,
    #[command(flatten)]
    held: Held,
    /// Lets the program have a variable that is more than a setting, as often as needed.
    #[arg(long, value_name = "NAME")]
    allow: Vec<String>,
    /// The loader whose reading counts; else that of the linked files.
    #[arg(long, value_parser = dialects(), hide_possible_values = true)]
    dialect: Option<Dialect>,
    /// The program and its arguments.
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

/// Fetches, verifies and asks. The program it gives is not started yet.
pub(crate) async fn prepare(
    arguments: RunArguments,
    client: &Client,
    out: &mut Output,
) -> Result<Command, Failure> {
    let RunArguments { environment, held, allow, dialect, command } = arguments;
    held.hold(client).await?;
    let id = match environment {
        Some(name) => client.find_environment(&name.to_string()).await?,
        None => client.environment_to_run(Path::new(".")).await?,
    };
    let to_run = client.to_run(id, dialect).await?;
    for name in &to_run.damaged {
        out.problem(&format!("{name} of {} does not open: the program runs without it.", to_run.name));
    }
    let asked = to_run.dangers.iter().filter(|danger| !allow.contains(&danger.name)).collect::<Vec<_>>();
    ask(&asked, &to_run, client, out)?;
    let mut words = command.into_iter();
    let program = words.next().ok_or_else(|| Failure::Usage("Say what to run.".to_owned()))?;
    let mut command = Command::new(program);
    command.args(words);
    // Secrets of ours that no program asked for; what the environment itself has comes after.
    for name in SECRET_VARIABLES {
        command.env_remove(name);
    }
    command.envs(to_run.variables.iter().map(|variable| (variable.name(), variable.value())));
    Ok(command)
}

/// Asks about variables that are more than settings. Without a person to ask they are refused.
fn ask(dangers: &[&DangerView], to_run: &ToRun, client: &Client, out: &mut Output) -> Result<(), Failure> {
    if dangers.is_empty() {
        return Ok(());
    }
    if !Output::can_ask() {
        let what: Vec<_> = dangers.iter().map(|danger| described(danger)).collect();
        let allow: Vec<_> = dangers.iter().map(|danger| format!("--allow {}", danger.name)).collect();
        return Err(Failure::Decide(format!(
            "{} Nothing was started. If {} is to have {} all the same: {}",
            what.join(" "),
            "the program",
            if dangers.len() == 1 { "it" } else { "them" },
            allow.join(" ")
        )));
    }
    for danger in dangers {
        match out.ask(&format!("{} Run with it?", described(danger)))? {
            Answer::Yes => client.allow_to_run(to_run, &danger.name)?,
            Answer::No => {
                let look = format!("twinlock get {} {}", to_run.name, danger.name);
                return Err(Failure::Decide(format!("Nothing was started. “{look}” shows the value.")));
            }
        }
    }
    Ok(())
}

/// “NODE_OPTIONS is more than a setting: it can load code into every Node.js program. Ben gave it its value.”
fn described(danger: &DangerView) -> String {
    let DangerView { name, effect, by, changed } = danger;
    let by = by.as_ref().map(|by| format!(" {by} gave it its value.")).unwrap_or_default();
    let changed = if *changed { " The value is another than the one that was allowed." } else { "" };
    format!("{name} is more than a setting: it {effect}.{by}{changed}")
}

/// Starts the program in this one's place. Comes back only if that cannot be done.
#[cfg(unix)]
pub(crate) async fn start(mut command: Command, out: &mut Output) -> Status {
    use std::os::unix::process::CommandExt as _;
    let error = command.exec();
    not_started(&command, &error, out)
}

/// Starts the program, waits for its end, and ends with its status. The console tells both of Ctrl-C: it is the
/// program's to act on.
#[cfg(not(unix))]
pub(crate) async fn start(command: Command, out: &mut Output) -> Status {
    let mut command = tokio::process::Command::from(command);
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => return not_started(command.as_std(), &error, out),
    };
    loop {
        tokio::select! {
            ended = child.wait() => match ended {
                Ok(status) => std::process::exit(status.code().unwrap_or(1)),
                Err(error) => return not_started(command.as_std(), &error, out),
            },
            _ = tokio::signal::ctrl_c() => {}
        }
    }
}

fn not_started(command: &Command, error: &io::Error, out: &mut Output) -> Status {
    let program = command.get_program().to_string_lossy();
    let said = out.failure(&Failure::System(format!("{program} could not be started: {error}.")));
    match error.kind() {
        io::ErrorKind::NotFound => Status::NoProgram,
        io::ErrorKind::PermissionDenied => Status::NotStarted,
        _ => said,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_danger_is_described_without_its_value() {
        let danger = DangerView {
            name: "NODE_OPTIONS".to_owned(),
            effect: "can load code into every Node.js program",
            by: Some("Ben".to_owned()),
            changed: true,
        };
        assert_eq!(
            described(&danger),
            "NODE_OPTIONS is more than a setting: it can load code into every Node.js program. Ben gave it its value. The value is another than the one that was allowed."
        );
    }
}
