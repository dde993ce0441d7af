//! `twinlock recovery`: making a kit, and coming back with one.

use std::io;

use clap::{Args, Subcommand};
use serde::Serialize;
use twinlock_client::view::{KeyholderView, RevokedView, TeamView};
use twinlock_client::{
    Client, Error, Keep, KeyholderKind, KitLine, NewKit, RECOVERY_WORDS, RecoveryWords, SecretText,
};
use zeroize::Zeroizing;

use crate::ask::{is_yes, prompt, read_line, somebody_is_here};
use crate::computers::{KeepArgument, keep, say_revoked};
use crate::failure::{Failure, Status};
use crate::output::{Format, Output};
use crate::secret::SecretArgument;
use crate::team;
use crate::text::Text;

/// What to do with recovery kits.
#[derive(Subcommand)]
pub(crate) enum RecoveryCommand {
    /// Makes a recovery kit: 24 words that are shown once, and a line to keep beside them.
    #[command(
        after_help = "Write words and line down on paper; whoever has both is you. Some of the words are asked for right away, \
                      at the terminal or line by line on standard input; only then the kit counts.\n\
                      The words go to standard output, as text; with --json to standard error, and never into the document."
    )]
    Create,
    /// Brings you back with a recovery kit, on a computer that belongs to no team.
    #[command(
        after_help = "Reads the kit's line, and then its 24 words, from the terminal or from standard input. Without a kit, \
                      and without any computer of yours, nobody can bring you back, whoever runs the vault included: \
                      if others are in the team, an admin can invite you again; if you were alone, start a new team.\n\
                      For a Twinlock folder whose keychain entry is gone: choose a new folder with TWINLOCK_HOME, and restore there."
    )]
    Restore(RestoreArguments),
    /// Lists your recovery kits. “twinlock computer revoke” takes one from the team.
    List,
}

/// How to come back.
#[derive(Args)]
pub(crate) struct RestoreArguments {
    /// Takes all your other computers from the team: they are lost, or in somebody else's hands.
    #[arg(long)]
    revoke_others: bool,
    /// What the lost computers signed for and is to stay: invites, services and kits. Without it all of it falls, but
    /// for the kit that is used.
    #[arg(long, value_name = "ID|all|none", requires = "revoke_others")]
    keep: Vec<KeepArgument>,
}

#[derive(Serialize)]
struct CreatedDocument<'a> {
    kit: &'a str,
    #[serde(flatten)]
    keyholder: &'a KeyholderView,
}

#[derive(Serialize)]
struct RestoredDocument<'a> {
    team: &'a TeamView,
    /// The member's other computers, which still count unless they were revoked.
    others: &'a [KeyholderView],
    #[serde(skip_serializing_if = "Option::is_none")]
    revoked: Option<&'a RevokedView>,
}

#[derive(Serialize)]
struct KitsDocument<'a> {
    kits: &'a [KeyholderView],
}

pub(crate) async fn run(
    command: RecoveryCommand,
    client: &Client,
    out: &mut Output,
) -> Result<Status, Failure> {
    match command {
        RecoveryCommand::Create => create(client, out).await,
        RecoveryCommand::Restore(arguments) => restore(arguments, client, out).await,
        RecoveryCommand::List => {
            let all = client.computers().await?;
            let kits: Vec<_> = all.into_iter().filter(|one| one.kind == KeyholderKind::Recovery).collect();
            out.answer(&KitsDocument { kits: &kits }, |text| {
                text.rows(&kits.iter().map(|kit| [kit.id.to_string()]).collect::<Vec<_>>());
            })?;
            Ok(Status::Done)
        }
    }
}

async fn create(client: &Client, out: &mut Output) -> Result<Status, Failure> {
    let kit = client.new_kit().await?;
    let line = kit.line().to_text();
    show_sheet(&kit, &line, out)?;
    out.problem(
        "Write down all 24 words and the line. They are shown this once. Now read from what you wrote:",
    );
    let mut answers = Vec::with_capacity(kit.asked().len());
    for asked in kit.asked() {
        let question = format!("Word {asked}");
        if !somebody_is_here() {
            out.problem(&format!("{question}:"));
        }
        answers.push(SecretArgument::StandardInput.line(&question)?);
    }
    let [first, second, third] = answers.as_slice() else {
        return Err(Error::Bug("a kit asks for three words".into()).into());
    };
    let proven = kit.prove([first.expose(), second.expose(), third.expose()]).map_err(Failure::Word)?;
    let keyholder = client.add_kit(&proven).await?;
    out.answer(&CreatedDocument { kit: &line, keyholder: &keyholder }, |_| {})?;
    out.note(&format!(
        "The kit counts from now on: {}. Keep it where you would keep a spare key, and not on a computer.",
        keyholder.id
    ));
    Ok(Status::Done)
}

/// Words and line, once. Making them readable to a person is what the command is for.
fn show_sheet(kit: &NewKit, line: &str, out: &mut Output) -> Result<(), Failure> {
    let words: Vec<&str> = kit.words().expose().collect();
    let mut text = Text::default();
    text.line("Recovery kit");
    let rows: Vec<[String; 4]> = (0..RECOVERY_WORDS / 4)
        .map(|row| {
            std::array::from_fn(|column| {
                let at = column * (RECOVERY_WORDS / 4) + row;
                format!("{:2}. {}", at + 1, words.get(at).copied().unwrap_or_default())
            })
        })
        .collect();
    text.rows(&rows);
    text.line(line);
    match out.format() {
        Format::Text => out.write(text.as_str().as_bytes()),
        Format::Json => {
            for line in text.as_str().lines() {
                out.problem(line);
            }
            Ok(())
        }
    }
}

async fn restore(arguments: RestoreArguments, client: &Client, out: &mut Output) -> Result<Status, Failure> {
    let line = kit_line()?;
    let line = KitLine::parse(&line).map_err(Error::from)?;
    let words = recovery_words(out)?;
    let team = client.restore_member(line, &words).await?;
    drop(words);
    let all = client.computers().await?;
    let others: Vec<_> =
        all.into_iter().filter(|one| one.kind == KeyholderKind::Computer && !one.this).collect();
    let revoke = !others.is_empty() && (arguments.revoke_others || wants_to_revoke(&others, out)?);
    let revoked = match revoke {
        true => Some(client.revoke_other_computers(&keep(&arguments.keep).unwrap_or(Keep::Nothing)).await?),
        false => None,
    };
    // As it is after all that.
    let team = if revoked.is_some() { client.team().await? } else { team };
    let document = RestoredDocument { team: &team, others: &others, revoked: revoked.as_ref() };
    out.answer(&document, |text| team::show(&team, text))?;
    out.note(&format!(
        "You are back in {}. The kit stays as it is. Next: twinlock link FILE PROJECT/ENV",
        team.name
    ));
    match &revoked {
        Some(revoked) => say_revoked(revoked, out),
        None => {
            for other in &others {
                out.note(&format!(
                    "This computer of yours still counts: {}. If it is lost: twinlock computer revoke {}",
                    other.id, other.id
                ));
            }
        }
    }
    Ok(Status::Done)
}

/// The line beside the words. It is no secret, and a line too long to be typed blindly.
fn kit_line() -> Result<Zeroizing<String>, Failure> {
    if somebody_is_here() {
        prompt("The kit's line (twinlock:kit#…):");
    }
    let line = read_line().map_err(Failure::Input)?;
    line.ok_or_else(|| {
        Failure::Usage("Standard input is empty. Give the kit's line, and then its 24 words.".to_owned())
    })
}

/// 24 words: six at a time at a terminal, unseen; else what comes on standard input.
fn recovery_words(out: &Output) -> Result<RecoveryWords, Failure> {
    let mut text = Zeroizing::new(String::with_capacity(4 * 1024));
    if somebody_is_here() {
        out.problem("Now the words, six at a time. They are not shown while you type.");
        for first in (1..=RECOVERY_WORDS).step_by(6) {
            let question = format!("Words {first} to {}", first + 5);
            text.push_str(SecretArgument::StandardInput.line(&question)?.expose());
            text.push(' ');
        }
    } else {
        while words_in(&text) < RECOVERY_WORDS
            && let Some(line) = read_line().map_err(Failure::Input)?
        {
            if text.len() + line.len() > 2 * 1024 {
                return Err(Failure::Usage(
                    "This is far more than 24 words. Nothing was changed.".to_owned(),
                ));
            }
            text.push_str(&line);
            text.push(' ');
        }
    }
    let text = SecretText::new(std::mem::take(&mut *text));
    Ok(RecoveryWords::parse(text.expose()).map_err(Error::from)?)
}

/// How many words there are so far; numbers beside them are none.
fn words_in(text: &str) -> usize {
    text.split_whitespace().filter(|word| !word.starts_with(|c: char| c.is_ascii_digit())).count()
}

fn wants_to_revoke(others: &[KeyholderView], out: &Output) -> Result<bool, Failure> {
    if !somebody_is_here() {
        return Ok(false);
    }
    out.problem("These computers of yours still count in the team:");
    for other in others {
        out.problem(&format!("    {}", other.id));
    }
    out.problem(
        "If they are lost or stolen, take them from the team now. Invites, services and other kits that they signed for fall with them; what fell is listed.",
    );
    prompt("Take them from the team? [yes/no]");
    let answer = read_line().map_err(|error: io::Error| Failure::Input(error))?;
    Ok(answer.is_some_and(|answer| is_yes(&answer)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_counted_without_their_numbers() {
        assert_eq!(words_in(""), 0);
        assert_eq!(words_in("1. able  2) about\n3 above acid"), 4);
    }
}
