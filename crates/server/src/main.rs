//! The `twinlock-server` program: arguments in, a running vault out. Knows no rule of its own.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tracing_subscriber::filter::LevelFilter;
use twinlock_server::all::{self, AllOptions, Running, StartError};
use twinlock_server::stop_signal;

/// Keeps a team's sealed variables. It can withhold them, and never read them.
#[derive(Parser)]
#[command(name = "twinlock-server", version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs both services in one process, with SQLite and a certificate of its own.
    All {
        /// The folder for databases and keys; made at the first start.
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
        /// The address for clients. Port 0 lets the system choose.
        #[arg(long, value_name = "ADDR", default_value_t = all::DEFAULT_LISTEN)]
        listen: SocketAddr,
        /// Prints one line {"url", "pin", "setup_code"} once connections are accepted.
        #[arg(long)]
        json: bool,
        /// How much is logged on standard error: error, warn, info, debug or trace.
        #[arg(long, value_name = "LEVEL", env = "TWINLOCK_LOG", default_value_t = LevelFilter::INFO)]
        log: LevelFilter,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    if let Err(error) = twinlock_memory::keep_to_ourselves() {
        // Nobody is left to tell if standard error is gone too.
        let _ = writeln!(
            std::io::stderr(),
            "twinlock-server: core files cannot be switched off: {error}. Nothing was started."
        );
        return ExitCode::FAILURE;
    }
    let Arguments { command } = Arguments::parse();
    let Command::All { data, listen, json, log } = command;
    // A level for this program's own messages. What libraries would say at the finer levels was never checked
    // for secrets, so it can't be asked for.
    let filter = tracing_subscriber::EnvFilter::new(format!("warn,twinlock_server={log}"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(false).init();
    match run(AllOptions { data, listen }, json).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody is left to tell if standard error is gone too.
            let _ = writeln!(std::io::stderr(), "twinlock-server: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: AllOptions, json: bool) -> Result<(), StartError> {
    // Asked for before the vault says that it is up: from then on a signal stops it cleanly.
    let stop = stop_signal()?;
    let running = all::start(options).await?;
    announce(&running, json)?;
    stop.await;
    running.stop().await
}

/// The one place where the setup code is shown.
fn announce(running: &Running, json: bool) -> std::io::Result<()> {
    let code = running.setup_code.as_ref().map(twinlock_server::SetupCode::expose);
    let mut out = std::io::stdout().lock();
    if json {
        let mut line = serde_json::json!({ "url": running.url, "pin": running.pin.to_string() });
        if let Some(code) = code {
            line["setup_code"] = code.into();
        }
        writeln!(out, "{line}")?;
    } else {
        writeln!(out, "The vault is running.\n  URL         {}\n  Pin         {}", running.url, running.pin)?;
        if let Some(code) = code {
            writeln!(out, "  Setup code  {code}   (for the first team; valid until there is one)")?;
        }
        writeln!(out, "Stop it with Ctrl-C.")?;
    }
    out.flush()
}
