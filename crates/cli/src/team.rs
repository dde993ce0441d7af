//! `twinlock team`: founding a team, and showing it.

use clap::{Args, Subcommand};
use serde::Serialize;
use twinlock_client::view::{SafetyView, SafetyWith, ServiceView, TeamView};
use twinlock_client::{
    Creating, Error, KeyholderKind, Label, Pin, SecretText, SettingsChange, TeamPlace, VaultLocation,
};
use url::Url;

use crate::consequences::{GivingUp, ask_whether_lost};
use crate::failure::{Failure, Status};
use crate::opened::Opened;
use crate::output::Output;
use crate::secret::SecretArgument;
use crate::services;
use crate::text::{Text, time};
use crate::values::{CreatingArgument, RenewalBounds, level_word, role_word};

/// What to do with a team.
#[derive(Subcommand)]
pub(crate) enum TeamCommand {
    /// Founds a team, here or at a vault server.
    Create(Box<CreateArguments>),
    /// Shows members, roles, access, computers, open invites and services, and the words to compare.
    Show,
    /// Shows the team's settings, or changes them.
    Settings(SettingsArguments),
    /// Gives the team another name.
    Rename {
        /// The new name.
        name: Label,
    },
    /// Gives the team's names a new key and seals all of them anew.
    Rotate(GivingUp),
}

/// What to change of the settings.
#[derive(Args)]
pub(crate) struct SettingsArguments {
    /// Who creates projects and environments.
    #[arg(long, value_enum)]
    creating: Option<CreatingArgument>,
    /// Between how many days keys are renewed by themselves, at a moment that nobody knows.
    #[arg(long, value_name = "7d-30d")]
    renewal: Option<RenewalBounds>,
}

/// How to found a team.
#[derive(Args)]
#[command(override_usage = "twinlock team create NAME [--member NAME] --local\n       \
                      twinlock team create NAME [--member NAME] --vault URL --setup-code - [--pin PIN]")]
pub(crate) struct CreateArguments {
    /// The team's name.
    name: Label,
    /// Your name in the team; else your user name on this computer.
    #[arg(long, value_name = "NAME")]
    member: Option<Label>,
    #[command(flatten)]
    place: Place,
    /// The setup code that the vault printed, read from standard input.
    #[arg(long, value_name = "-", requires = "vault", conflicts_with = "local")]
    setup_code: Option<SecretArgument>,
    /// The pin that the vault printed, for a vault with a certificate of its own.
    // One pin in 64 begins with a hyphen.
    #[arg(long, requires = "vault", conflicts_with = "local", allow_hyphen_values = true)]
    pin: Option<Pin>,
}

#[derive(Args)]
#[group(required = true, multiple = false)]
struct Place {
    /// The team lives in a vault embedded in this computer.
    #[arg(long)]
    local: bool,
    /// The team lives at this vault server.
    #[arg(long, value_name = "URL", requires = "setup_code")]
    vault: Option<Url>,
}

pub(crate) async fn run(
    command: TeamCommand,
    opened: &mut Opened,
    out: &mut Output,
) -> Result<Status, Failure> {
    match command {
        TeamCommand::Create(arguments) => create(*arguments, opened, out).await,
        TeamCommand::Settings(SettingsArguments { creating, renewal }) => {
            let change = SettingsChange {
                creating: creating.map(Into::into),
                renewal: renewal.map(|RenewalBounds(bounds)| bounds),
            };
            let settings = match change == SettingsChange::default() {
                true => opened.client().settings().await?,
                false => opened.client().change_settings(change).await?,
            };
            out.answer(&settings, |text| {
                let who = match settings.creating {
                    Creating::Members => "every member",
                    Creating::Admins => "admins",
                };
                text.line(format!("Projects and environments are created by {who}."));
                text.line(format!(
                    "Keys are renewed by themselves after {} to {} days.",
                    settings.at_least_days, settings.at_most_days
                ));
            })?;
            Ok(Status::Done)
        }
        TeamCommand::Rename { name } => {
            opened.client().rename_team(&name).await?;
            out.answer(&RenamedDocument { name: name.as_str() }, |_| {})?;
            out.note(&format!("The team is called {} from now on.", name.as_str()));
            Ok(Status::Done)
        }
        TeamCommand::Rotate(GivingUp { give_up_lost, yes }) => {
            if give_up_lost {
                ask_whether_lost(&opened.client().names_lost_with_keys().await?, yes, out)?;
            }
            opened.client().renew_names(give_up_lost).await?;
            let name = opened.client().team().await?.name;
            out.answer(&RenamedDocument { name: &name }, |_| {})?;
            out.note("The team's names have a new key, and all of them are sealed anew.");
            Ok(Status::Done)
        }
        TeamCommand::Show => {
            let safety = opened.client().safety_words().await?;
            let team = opened.client().team().await?;
            let services = opened.client().services().await?;
            let advice = opened.client().advice().await?;
            let document =
                ShowDocument { team: &team, services: &services, safety: &safety, advice: &advice };
            out.answer(&document, |text| {
                show(&team, text);
                if !services.is_empty() {
                    text.line("Services");
                    services::show(&services, text);
                }
                show_safety(&safety, text);
            })?;
            for sentence in &advice {
                out.note(sentence);
            }
            Ok(Status::Done)
        }
    }
}

#[derive(Serialize)]
struct RenamedDocument<'a> {
    name: &'a str,
}

/// The team, and beside it what to compare with others.
#[derive(Serialize)]
struct ShowDocument<'a> {
    #[serde(flatten)]
    team: &'a TeamView,
    services: &'a [ServiceView],
    safety: &'a SafetyView,
    /// What this member should do while it can be done.
    advice: &'a [String],
}

async fn create(
    arguments: CreateArguments,
    opened: &mut Opened,
    out: &mut Output,
) -> Result<Status, Failure> {
    let CreateArguments { name, member, place, setup_code, pin } = arguments;
    let member = match member {
        Some(member) => member,
        None => user_name()?,
    };
    let (place, setup_code) = match (place.vault, setup_code) {
        (Some(url), Some(setup_code)) => {
            (TeamPlace::Vault(VaultLocation { url, pin }), setup_code.line("Setup code")?)
        }
        _ => {
            // Asked before a vault is made for nothing.
            if let Some(team) = opened.client().overview().await?.team {
                return Err(Error::HasTeam(team.name).into());
            }
            // A vault that has a team has no code any more. If that team is the one whose founding was cut
            // short, founding it again needs none; any other the vault refuses.
            let setup_code = opened.start_vault().await?.unwrap_or_else(|| SecretText::new(String::new()));
            (TeamPlace::Local, setup_code)
        }
    };
    let team = opened.client().create_team(place, setup_code, name, member).await?;
    out.answer(&team, |_| {})?;
    let place = if team.local { "in a vault on this computer" } else { "at the vault" };
    out.note(&format!("The team {} lives {place}. Next: twinlock link FILE PROJECT/ENV --create", team.name));
    Ok(Status::Done)
}

fn user_name() -> Result<Label, Failure> {
    let unknown = || Failure::Usage("Say what to call you in the team: --member NAME.".to_owned());
    whoami::username().map_err(|_| unknown())?.parse().map_err(|_| unknown())
}

/// A team in full.
pub(crate) fn show(team: &TeamView, text: &mut Text) {
    let place = if team.local { "on this computer" } else { team.vault.as_str() };
    text.line(format!("{} · {place} · {} events", team.name, team.events));
    text.line("Members");
    let members = team.members.iter().map(|member| {
        let access: Vec<String> = member
            .access
            .iter()
            .map(|access| format!("{}:{}", access.environment, level_word(access.level)))
            .collect();
        let computers: Vec<String> = member
            .computers
            .iter()
            .map(|computer| match (computer.kind, computer.this) {
                (KeyholderKind::Recovery, _) => format!("{} (recovery kit)", computer.id),
                (KeyholderKind::Computer, true) => format!("{} (this one)", computer.id),
                (KeyholderKind::Computer, false) => computer.id.to_string(),
            })
            .collect();
        let name = if member.me { format!("{} (you)", member.name) } else { member.name.clone() };
        [name, role_word(member.role).to_owned(), access.join(" "), computers.join(" ")]
    });
    text.rows(&members.collect::<Vec<_>>());
    if !team.invites.is_empty() {
        text.line("Open invites");
        invites(team, text);
    }
    waiting(team, text);
}

/// What to compare with others, by voice.
fn show_safety(safety: &SafetyView, text: &mut Text) {
    if !safety.with.is_empty() {
        text.line("Safety words to compare with a member, in person or by phone");
        for with in &safety.with {
            text.line(format!("  {}  {}", with.name, with.words.join(" ")));
            text.line(format!("    for {}", numbers(with)));
        }
        text.line("  The same words: the vault shows you both the same. Other words at the same numbers: it does not.");
    }
    text.line("Safety words of computers");
    for of in &safety.computers {
        let this = if of.this { " (this one)" } else { "" };
        text.line(format!("  {} {}{this}  {}", of.name, of.computer, of.words.join(" ")));
    }
}

/// What the words stand for: “event 12, api/development 3”.
fn numbers(with: &SafetyWith) -> String {
    let environments = with.environments.iter().map(|one| format!("{} {}", one.environment, one.number));
    let all: Vec<String> = std::iter::once(format!("event {}", with.log)).chain(environments).collect();
    all.join(", ")
}

/// Who joined and waits for approval.
pub(crate) fn waiting(team: &TeamView, text: &mut Text) {
    if team.waiting.is_empty() {
        return;
    }
    text.line("Waiting for approval: compare the words with those on their computer, then: twinlock member approve ID");
    for one in &team.waiting {
        let (who, by) =
            if one.me { (" (you)", String::new()) } else { ("", format!(", invited by {}", one.by)) };
        text.line(format!("  {}{who}  {}{by}", one.member, role_word(one.role)));
        text.line(format!("    {}", one.words.join(" ")));
    }
}

/// Its open invites.
pub(crate) fn invites(team: &TeamView, text: &mut Text) {
    let invites = team.invites.iter().map(|invite| {
        [
            invite.id.to_string(),
            role_word(invite.role).to_owned(),
            format!("by {}", invite.by),
            format!("until {}", time(invite.expires_at)),
            if invite.approve { "asks for approval".to_owned() } else { String::new() },
        ]
    });
    text.rows(&invites.collect::<Vec<_>>());
}
