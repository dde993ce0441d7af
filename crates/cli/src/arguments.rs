//! The commands, as they are typed. Parsing only: what a command takes is beside what it does.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Parser, Subcommand};

use crate::output::{Format, Volume};
use crate::{
    activity, computers, diff, dotenv, environments, files, formats, history, invites, members, pins,
    projects, recovery, run, services, standing, sync, team, transfer,
};

/// Keeps a team's .env files in step, sealed on your own computer.
#[derive(Parser)]
#[command(
    name = "twinlock",
    version,
    arg_required_else_help = true,
    after_help = "Exit status: 0 done, 1 failed, 2 wrong usage, 3 conflict: decide, 4 refused: the vault served \
                  something that does not verify, 5 the vault cannot be reached, 6 locked or no keychain.\n\
                  TWINLOCK_HOME sets the folder Twinlock uses; TWINLOCK_KEYCHAIN=os|file sets the keychain.\n\
                  With a service token in TWINLOCK_TOKEN, run, get, ls, export, example and pin use neither."
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
    /// Prints one JSON document on standard output.
    #[arg(long, global = true)]
    json: bool,
    /// Leaves out messages that are no errors.
    #[arg(long, global = true)]
    quiet: bool,
}

/// What to do.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Founds a team, or shows the one that this computer belongs to.
    #[command(subcommand)]
    Team(team::TeamCommand),
    /// Makes a link with which somebody can join; lists and closes those that are open.
    Invite(invites::InviteArguments),
    /// Joins a team by its invite link.
    Join(invites::JoinArguments),
    /// Approves and removes members, or changes their role and access.
    #[command(subcommand)]
    Member(members::MemberCommand),
    /// Adds a further computer of yours, lists them, or takes one from the team.
    #[command(subcommand)]
    Computer(computers::ComputerCommand),
    /// Makes a recovery kit, or brings you back with one after everything else is lost.
    #[command(subcommand)]
    Recovery(recovery::RecoveryCommand),
    /// Makes tokens for programs that read, such as CI; lists and closes them.
    #[command(subcommand)]
    Service(services::ServiceCommand),
    /// Renames or removes a project.
    #[command(subcommand)]
    Project(projects::ProjectCommand),
    /// Lists, creates, renames and removes environments, or gives one new keys.
    #[command(subcommand)]
    Environment(standing::EnvironmentCommand),
    /// Ties a file to an environment. Changes nothing in the file and sends nothing of it.
    Link(files::LinkArguments),
    /// Unties a file. The file and the environment stay as they are.
    Unlink(files::UnlinkArguments),
    /// Shows how linked files stand.
    Status(files::StatusArguments),
    /// Shows what differs between linked files and the vault, variable by variable.
    Diff(diff::DiffArguments),
    /// Sends changes of linked files to the vault, sealed.
    Push(transfer::PushArguments),
    /// Writes changes of the vault into linked files.
    Pull(transfer::PullArguments),
    /// Decides about a variable that was changed here and in the vault.
    Resolve(transfer::ResolveArguments),
    /// Pushes and pulls what the modes of linked files allow.
    Sync(sync::SyncArguments),
    /// Lists the variables of an environment, without their values.
    Ls(environments::LsArguments),
    /// Prints one value.
    Get(environments::GetArguments),
    /// Gives variables of an environment their values; everything else in it stays as it is.
    Set(environments::SetArguments),
    /// Removes variables of an environment.
    Unset(environments::UnsetArguments),
    /// Shows who changed what in an environment, the latest first.
    Log(environments::LogArguments),
    /// Shows an environment as it was after a revision.
    Show(history::ShowArguments),
    /// Brings an environment, or one variable of it, back to what it was after a revision.
    Restore(history::RestoreArguments),
    /// Deletes former values of an environment for good.
    Purge(history::PurgeArguments),
    /// Brings the variables of a file into an environment: .env, JSON, YAML, shell, Docker, Kubernetes, .env.vault.
    Import(formats::ImportArguments),
    /// Prints an environment's variables, values too: .env, JSON, YAML, shell, Docker, Kubernetes.
    Export(formats::ExportArguments),
    /// Runs a program with the variables of an environment. Writes nothing to a disk.
    Run(run::RunArguments),
    /// Writes down where team and environments stand, so that nothing older is taken later.
    Pin(pins::PinArguments),
    /// Prints an environment's .env.example: names and comments, no values.
    Example(formats::ExampleArguments),
    /// Lists what was signed in the team, verifies all of it from the start, or writes it out.
    Activity(activity::ActivityArguments),
    /// Puts all keys of this computer away, in every Twinlock program that runs: nothing is opened or sent.
    Lock,
    /// Takes the keys again. With the file keychain that takes its passphrase.
    Unlock,
    /// Checks the home, the keychain, the vault and linked files.
    Doctor,
    /// Looks at .env files without a team or a home.
    #[command(subcommand)]
    Dotenv(dotenv::DotenvCommand),
}

impl Arguments {
    pub(crate) fn format(&self) -> Format {
        if self.json { Format::Json } else { Format::Text }
    }

    pub(crate) fn volume(&self) -> Volume {
        if self.quiet { Volume::Quiet } else { Volume::Normal }
    }
}

/// Reads the command line. The error's message repeats nothing that may be a secret in the wrong place.
pub(crate) fn parse(words: impl IntoIterator<Item = OsString>) -> Result<Arguments, clap::Error> {
    Arguments::try_parse_from(words).map_err(without_secrets)
}

fn without_secrets(mut error: clap::Error) -> clap::Error {
    let kind = match error.kind() {
        ErrorKind::UnknownArgument => ContextKind::InvalidArg,
        ErrorKind::InvalidSubcommand => ContextKind::InvalidSubcommand,
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => ContextKind::InvalidValue,
        _ => return error,
    };
    // An option's name is safe to repeat, and so is what looks like a command, or a value where a value
    // that is no secret belongs; a link is safe nowhere.
    let safe = |text: &str| match kind {
        ContextKind::InvalidArg => text.starts_with('-'),
        ContextKind::InvalidValue => !text.contains("twinlock:"),
        _ => text.len() <= 16 && text.chars().all(|c| c.is_ascii_lowercase() || c == '-'),
    };
    if let Some(ContextValue::String(text)) = error.get(kind)
        && !safe(text)
    {
        error.insert(kind, ContextValue::String("…".to_owned()));
        error.remove(ContextKind::Suggested);
    }
    error
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    fn parsed(line: &str) -> Result<Arguments, clap::Error> {
        parse(format!("twinlock {line}").split_whitespace().map(OsString::from))
    }

    #[test]
    fn the_definition_holds_together() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn what_is_usage_and_what_is_not() {
        let right = [
            "team create Acme --local",
            "team create Acme --member Ada --local --json",
            "team create Acme --vault https://localhost:7443 --setup-code -",
            "team create Acme --vault https://localhost:7443 --setup-code - --pin -AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "team show --quiet",
            "invite",
            "invite --role admin --expires 2h",
            "invite --access api/production:read --access api/development:write",
            "invite list --json",
            "invite close 4fadfdacaa42f7eb7cd52bd4b925d6b1",
            "invite --approve --expires 2h",
            "member approve 4fadfdacaa42f7eb7cd52bd4b925d6b1 --json",
            "member approve 4fadfdacaa42f7eb7cd52bd4b925d6b1 --words -",
            "member approve --words -",
            "member remove Ben --json",
            "member role Ben admin",
            "member access Ben api/production:names",
            "member access 4fadfdacaa42f7eb7cd52bd4b925d6b1 api/production:none",
            "computer list",
            "computer revoke 4fadfdacaa42f7eb7cd52bd4b925d6b1",
            "computer revoke 4fadfdacaa42f7eb7cd52bd4b925d6b1 --keep all",
            "computer revoke 4fadfdacaa42f7eb7cd52bd4b925d6b1 --keep 4fadfdacaa42f7eb7cd52bd4b925d6b1 --keep none",
            "computer add",
            "computer add --words - --wait 2m --json",
            "computer join twinlock:computer#eyJ2IjoxfQ",
            "computer join - --wait 1m",
            "recovery create",
            "recovery list --json",
            "recovery restore",
            "recovery restore --revoke-others --keep all",
            "environment list --json",
            "environment rotate api/production",
            "environment rotate 4fadfdacaa42f7eb7cd52bd4b925d6b1 --give-up-lost",
            "environment rotate api/production --give-up-lost --yes",
            "environment give-up-history api/production",
            "environment give-up-history api/production 4fadfdacaa42f7eb7cd52bd4b925d6b1 --yes --json",
            "team rotate",
            "team rotate --give-up-lost --yes",
            "environment create api/staging",
            "environment create api/staging --access Ben:read --access Cleo:write",
            "environment rename api/staging testing",
            "environment follow api/staging",
            "environment remove 4fadfdacaa42f7eb7cd52bd4b925d6b1",
            "project rename api server",
            "project remove api",
            "project remove api --yes",
            "environment remove api/staging --yes",
            "team settings",
            "team settings --creating admins --renewal 7d-30d --json",
            "team rename Acme",
            "member checklist --json",
            "member checklist --done TOKEN URL",
            "member rename Ada",
            "member rename Ben Benjamin",
            "member remove Ben --keep 4fadfdacaa42f7eb7cd52bd4b925d6b1",
            "member role Ben member --keep 4fadfdacaa42f7eb7cd52bd4b925d6b1",
            "join - --member Ben",
            "link .env api/development --create --push auto --pull ask",
            "link .env api/development --mode auto",
            "unlink .env",
            "status",
            "status .env --json",
            "diff",
            "diff .env --reveal",
            "push",
            "push .env --only A --only B",
            "pull .env",
            "sync",
            "sync --watch --json",
            "resolve .env A --mine",
            "resolve .env A --theirs",
            "resolve .env A --value -",
            "ls api/development",
            "get api/development A",
            "log api/development --name A",
            "show api/development@1",
            "show api/development@1 --reveal --json",
            "restore api/development@1",
            "restore api/development@1 A",
            "purge api/development A",
            "purge api/development --revision 1 --revision 2",
            "push .env --message -",
            "set api/development -",
            "set api/development A=1 B=",
            "unset api/development A B",
            "dotenv set .env A - --after B --dialect go",
            "dotenv unset .env A",
            "dotenv rename .env A B",
            "dotenv move .env A --before B",
            "dotenv comment .env A",
            "dotenv uncomment .env A",
            "import .env api/development",
            "import .env.vault api/production --create --replace --key -",
            "import x api/production --format k8s",
            "import .env api/production --dialect ruby",
            "export api/development",
            "export api/development --format k8s --dialect compose",
            "example api/development",
            "service create ci --access api/production:read --access api/development:names --expires 90d",
            "service list --json",
            "service close ci",
            "run -- env",
            "run -e api/production --pin pins.json --allow PATH --dialect compose --quiet -- npm start --json",
            "pin",
            "pin pins.json --json",
            "get api/development A --pin pins.json",
            "ls api/development --pin pins.json",
            "export api/development --pin pins.json",
            "activity",
            "activity --verify --json",
            "activity --verify --export all.jsonl",
            "lock",
            "unlock --json",
            "doctor",
            "dotenv parse a.env b.env --dialect compose --env A=1 --env B=",
            "dotenv dialects --json",
            "dotenv lint .env --strict --environment production",
            "dotenv lint a b --dialect php --fix",
            "link .env api/development --dialect next",
            "link .env api/development --dialect project",
        ];
        for line in right {
            if let Err(error) = parsed(line) {
                panic!("{line}: {error}");
            }
        }
        let wrong = [
            "",
            "team",
            "team create Acme",
            "team create Acme --local --vault https://localhost:7443 --setup-code -",
            "team create Acme --local --setup-code -",
            "team create Acme --vault https://localhost:7443",
            "team create Acme --vault nowhere --setup-code -",
            "team create Acme --vault https://localhost:7443 --setup-code - --pin short",
            "team create a/b --local",
            "invite --role king",
            "invite --expires 0h",
            "invite --expires -1h",
            "invite --expires soon",
            "invite --access api/production",
            "invite --access api:read",
            "invite --access api/production:all",
            "member approve",
            "invite close 00",
            "member",
            "member remove",
            "member role Ben",
            "member role Ben king",
            "member access Ben",
            "member access Ben api/production",
            "member access Ben api:none",
            "member access Ben api/production:all",
            "computer revoke laptop",
            "computer revoke 4fadfdacaa42f7eb7cd52bd4b925d6b1 --keep laptop",
            "computer add --words cloud",
            "computer add --yes",
            "computer join",
            "recovery",
            "recovery create abandon",
            "recovery restore twinlock:kit#eyJ2IjoxfQ",
            "recovery restore --keep all",
            "environment rotate",
            "environment rotate api",
            "environment rotate api/production --yes",
            "team rotate --yes",
            "service create ci",
            "service create ci --access api/production",
            "service create ci --access api/production:read --expires 0d",
            "service close",
            "run",
            "run env",
            "run -e api -- env",
            "run --pin -- env",
            "join -",
            "link .env",
            "link .env api",
            "link .env api/development --mode auto --push ask",
            "link .env api/development --mode always",
            "link .env api/development --dialect perl",
            "push --only",
            "resolve .env A",
            "resolve .env A --mine --theirs",
            "resolve .env A --mine --value -",
            "ls api",
            "get api/development",
            "set api/development",
            "unset api/development",
            "show api/development",
            "restore api/development@x",
            "purge api/development",
            "purge api/development A --revision 1",
            "dotenv set .env A",
            "dotenv move .env A --after B --before C",
            "import .env",
            "import .env api/development --format xml",
            "export api/development --format xml",
            "dotenv parse",
            "dotenv parse a.env --dialect perl",
            "dotenv parse a.env --env A",
            // Of later versions: not offered, so that nobody takes a stub for the thing.
            "member list",
            "service create ci",
            "environment create api",
            "environment create api/staging --access Ben",
            "environment rename api/staging a/b",
            "team settings --renewal 30d-7d",
            "team settings --renewal 0d-7d",
            "team settings --renewal 7-30",
            "team settings --creating nobody",
            "team rename a/b",
            "project rename api",
            "member rename",
            "member remove Ben --keep Cleo",
            "compare a b",
            "guard check",
            "vault copy",
            "activity --export",
            "dotenv lint",
        ];
        for line in wrong {
            match parsed(line) {
                Ok(_) => panic!("{line} was accepted"),
                Err(error) => assert_eq!(error.exit_code(), 2, "{line}"),
            }
        }
    }

    #[test]
    fn a_secret_in_the_wrong_place_is_not_repeated() {
        for line in [
            "twinlock:join#eyJ2IjoxfQ",
            "team twinlock:join#eyJ2IjoxfQ",
            "status .env twinlock:join#eyJ2IjoxfQ",
            "join - --member Ben twinlock:join#eyJ2IjoxfQ",
            "link .env twinlock:join#eyJ2IjoxfQ",
            "invite --role twinlock:join#eyJ2IjoxfQ",
            "resolve .env A --value one eyJ2IjoxfQ",
            "get api/development A eyJ2IjoxfQ",
            "recovery restore twinlock:kit#eyJ2IjoxfQ",
            "recovery restore eyJ2IjoxfQ",
        ] {
            let Err(error) = parsed(line) else { panic!("{line} was accepted") };
            let message = error.render().to_string();
            assert!(!message.contains("eyJ2IjoxfQ"), "{message}");
        }
        // What is safe is repeated, with what was meant.
        let Err(error) = parsed("statsu") else { panic!("accepted") };
        assert!(error.render().to_string().contains("status"));
    }

    #[test]
    fn help_shows_no_place_for_a_secret() {
        fn check(command: &mut clap::Command) {
            let help = command.render_long_help().to_string();
            for word in ["<LINK>", "<CODE>", "<SETUP", "<VALUE>", "<SECRET>", "<PASSPHRASE>", "<TOKEN>"] {
                assert!(!help.contains(word), "{help}");
            }
            for inner in command.get_subcommands_mut() {
                check(inner);
            }
        }
        let mut command = Arguments::command();
        command.build();
        check(&mut command);
    }
}
