//! The `twinlock` program: arguments in, a verb of the client called, its answer out. Knows no rule of
//! its own.

mod activity;
mod adding;
mod arguments;
mod ask;
mod computers;
mod consequences;
mod diff;
mod doctor;
mod dotenv;
mod edit;
mod environments;
mod failure;
mod files;
mod formats;
mod history;
mod history_lost;
mod invites;
mod lint;
mod lock;
mod members;
mod news;
mod opened;
mod output;
mod pins;
mod projects;
mod recovery;
mod run;
mod secret;
mod services;
mod standing;
mod sync;
mod team;
mod text;
mod token;
mod transfer;
mod values;

use std::process::ExitCode;

use arguments::Command;
use failure::{Failure, Status};
use opened::Opened;
use output::Output;

/// Nothing of what was in memory is given back unwiped.
#[global_allocator]
static ALLOCATOR: twinlock_memory::WipingAllocator = twinlock_memory::WIPING;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = match arguments::parse(std::env::args_os()) {
        Ok(arguments) => arguments,
        Err(error) => {
            // Nobody is left to tell if the terminal is gone.
            let _ = error.print();
            return if error.use_stderr() { Status::Usage } else { Status::Done }.into();
        }
    };
    let mut out = Output::new(arguments.format(), arguments.volume());
    if let Err(error) = twinlock_memory::keep_to_ourselves() {
        return out.failure(&Failure::CoreFiles(error)).into();
    }
    let status = match run(arguments.command, &mut out).await {
        Ok(status) => status,
        Err(failure) => out.failure(&failure),
    };
    status.into()
}

async fn run(command: Command, out: &mut Output) -> Result<Status, Failure> {
    // Reads files and nothing else: needs no home, and must not make one.
    if let Command::Dotenv(command) = command {
        return dotenv::run(command, out);
    }
    match command {
        Command::Lock => return lock::lock(out),
        Command::Unlock => return lock::unlock(out).await,
        _ => {}
    }
    let mut opened = match token::from_environment()? {
        Some(token) => {
            token::check(&command)?;
            Opened::with_token(token).await?
        }
        None => Opened::open().await?,
    };
    // What a watch prints line by line, any other command says at its end: it may be the only one who hears of it.
    let mut news = opened.client().events();
    let watches = matches!(&command, Command::Sync(arguments) if arguments.watch);
    let shows = news::only_shows(&command);
    // A program takes the place of this one, so that everything is closed before it starts.
    if let Command::Run(arguments) = command {
        let prepared = run::prepare(arguments, opened.client(), out).await;
        news::tell(&mut news, out);
        let told = match &prepared {
            Ok(_) => news::tell_of_absence(opened.client(), out).await,
            Err(_) => Ok(()),
        };
        let closed = opened.close().await;
        let program = prepared?;
        told.and(closed)?;
        return Ok(run::start(program, out).await);
    }
    let result = run_opened(command, &mut opened, out).await;
    if !watches {
        news::tell(&mut news, out);
    }
    let told = match &result {
        Ok(_) if shows => news::tell_of_absence(opened.client(), out).await,
        _ => Ok(()),
    };
    for sentence in opened.client().undone().await {
        out.problem(&sentence);
    }
    let closed = opened.close().await;
    let status = result?;
    told.and(closed)?;
    Ok(status)
}

async fn run_opened(command: Command, opened: &mut Opened, out: &mut Output) -> Result<Status, Failure> {
    match command {
        Command::Team(command) => team::run(command, opened, out).await,
        Command::Invite(arguments) => invites::invite(arguments, opened.client(), out).await,
        Command::Member(command) => members::run(command, opened.client(), out).await,
        Command::Computer(command) => computers::run(command, opened.client(), out).await,
        Command::Recovery(command) => recovery::run(command, opened.client(), out).await,
        Command::Service(command) => services::run(command, opened.client(), out).await,
        Command::Project(command) => projects::run(command, opened.client(), out).await,
        Command::Environment(command) => standing::run(command, opened.client(), out).await,
        Command::Join(arguments) => invites::join(arguments, opened.client(), out).await,
        Command::Link(arguments) => files::link(arguments, opened.client(), out).await,
        Command::Unlink(arguments) => files::unlink(arguments, opened.client(), out).await,
        Command::Status(arguments) => files::status(arguments, opened.client(), out).await,
        Command::Diff(arguments) => diff::diff(arguments, opened.client(), out).await,
        Command::Push(arguments) => transfer::push(arguments, opened.client(), out).await,
        Command::Pull(arguments) => transfer::pull(arguments, opened.client(), out).await,
        Command::Resolve(arguments) => transfer::resolve(arguments, opened.client(), out).await,
        Command::Sync(arguments) => sync::run(arguments, opened, out).await,
        Command::Ls(arguments) => environments::ls(arguments, opened.client(), out).await,
        Command::Get(arguments) => environments::get(arguments, opened.client(), out).await,
        Command::Set(arguments) => environments::set(arguments, opened.client(), out).await,
        Command::Unset(arguments) => environments::unset(arguments, opened.client(), out).await,
        Command::Log(arguments) => environments::log(arguments, opened.client(), out).await,
        Command::Show(arguments) => history::show(arguments, opened.client(), out).await,
        Command::Restore(arguments) => history::restore(arguments, opened.client(), out).await,
        Command::Purge(arguments) => history::purge(arguments, opened.client(), out).await,
        Command::Import(arguments) => formats::import(arguments, opened.client(), out).await,
        Command::Export(arguments) => formats::export(arguments, opened.client(), out).await,
        Command::Example(arguments) => formats::example(arguments, opened.client(), out).await,
        Command::Pin(arguments) => pins::pin(arguments, opened.client(), out).await,
        Command::Activity(arguments) => activity::run(arguments, opened.client(), out).await,
        Command::Doctor => doctor::run(opened.client(), out).await,
        // Answered before this.
        Command::Lock => lock::lock(out),
        Command::Unlock => lock::unlock(out).await,
        Command::Dotenv(command) => dotenv::run(command, out),
        Command::Run(arguments) => {
            let program = run::prepare(arguments, opened.client(), out).await?;
            Ok(run::start(program, out).await)
        }
    }
}
