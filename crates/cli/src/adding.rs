//! `twinlock computer add` on the computer that is there, `twinlock computer join` on the one that comes: no secret
//! passes between them, a person compares twelve words.

use std::time::Duration;

use clap::Args;
use serde::Serialize;
use tokio::time::{Instant, MissedTickBehavior, interval};
use twinlock_client::view::{KeyholderView, TeamView};
use twinlock_client::{Client, ComparedComputer, ComputerLink, Error, KnockingComputer};

use crate::ask::{Lines, is_yes, prompt, somebody_is_here};
use crate::failure::{Failure, Status};
use crate::output::{Format, Output};
use crate::secret::SecretArgument;
use crate::team;
use crate::text::Text;
use crate::values::duration;

/// How often the vault is asked who is there.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Where the words of the other computer come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Words {
    OnStandardInput,
}

/// How to add a computer.
#[derive(Args)]
#[command(
    override_usage = "twinlock computer add [--wait TIME]\n       twinlock computer add --words -",
    after_help = "Shows a link without any secret. On the other computer: twinlock computer join, with that link. It shows 12 \
                  words; compare them with those shown here, and say yes only if all of them are the same.\n\
                  With --words - the words that the other computer shows are read from standard input, in one line, \
                  and nothing is signed for any other computer.\n\
                  With --json each step is a line of its own: link, knocking, added."
)]
pub(crate) struct AddArguments {
    /// Reads the words that the other computer shows from standard input.
    #[arg(long, value_name = "-", value_parser = words)]
    words: Option<Words>,
    /// How long to wait for the other computer.
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = duration)]
    wait: Duration,
}

/// How to be added.
#[derive(Args)]
#[command(
    after_help = "With --json each step is a line of its own: words, joined. Nothing has happened until the other computer \
                  signs; Ctrl-C ends the waiting."
)]
pub(crate) struct JoinArguments {
    /// What “twinlock computer add” shows on the other computer; or - for standard input.
    #[arg(value_name = "COMPUTER-LINK")]
    link: SecretArgument,
    /// How long to wait for the other computer.
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = duration)]
    wait: Duration,
}

fn words(text: &str) -> Result<Words, &'static str> {
    if text == "-" {
        Ok(Words::OnStandardInput)
    } else {
        Err("the words are read from standard input: --words -")
    }
}

/// A step, as one line of JSON. The field names are stable.
#[derive(Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
enum StepLine<'a> {
    Link { link: &'a str },
    Knocking { id: String, words: &'a [&'static str] },
    Added { computer: &'a KeyholderView },
    Words { id: String, words: &'a [&'static str] },
    Joined { team: &'a TeamView },
}

pub(crate) async fn add(
    arguments: AddArguments,
    client: &Client,
    out: &mut Output,
) -> Result<Status, Failure> {
    let AddArguments { words, wait } = arguments;
    if words.is_none() && !somebody_is_here() {
        return Err(Failure::Usage(
            "Nobody is at the terminal to compare words. Give those that the other computer shows on standard input: --words -. Nothing was changed."
                .to_owned(),
        ));
    }
    let end = Instant::now() + wait;
    let link = client.computer_link().await?.to_text();
    out.answer(&StepLine::Link { link: &link }, |text| text.line(&link))?;
    out.note(
        "On the other computer: twinlock computer join, with this link. There is no secret in it. Waiting…",
    );
    let mut lines = Lines::start();
    let compared = match words {
        Some(Words::OnStandardInput) => with_given_words(client, &mut lines, end, out).await?,
        None => with_a_person(client, &mut lines, end, out).await?,
    };
    let computer = client.add_computer(compared, end.saturating_duration_since(Instant::now())).await?;
    out.answer(&StepLine::Added { computer: &computer }, |_| {})?;
    out.note(&format!(
        "The other computer is yours now, with everything that you may read: {}.",
        computer.id
    ));
    Ok(Status::Done)
}

/// Waits for words on standard input, and takes the computer that has exactly these.
async fn with_given_words(
    client: &Client,
    lines: &mut Lines,
    end: Instant,
    out: &mut Output,
) -> Result<ComparedComputer, Failure> {
    let mut looks = looks();
    let given = loop {
        tokio::select! {
            line = lines.next() => match line? {
                Some(line) => break folded(&line),
                None => return Err(Failure::Usage(
                    "Standard input ended without the words of the other computer. Nothing was signed.".to_owned(),
                )),
            },
            // The door stays open meanwhile.
            _ = looks.tick() => { let _there = in_time(client, end).await?; }
        }
    };
    // Whoever has read its words knows that it is there: the vault must show it, and nothing else will do.
    let there = in_time(client, end).await?;
    let shown: Vec<String> = there.iter().map(|computer| computer.words().join(" ")).collect();
    match there.into_iter().find(|computer| computer.words().join(" ") == given) {
        Some(computer) => {
            knocking(&computer, out)?;
            Ok(computer.compared())
        }
        None if shown.is_empty() => {
            Err(Error::Rule("The vault shows no computer that wants to be added. Nothing was signed.").into())
        }
        None => Err(Failure::OtherWords { shown }),
    }
}

/// Waits for a computer, shows its words, and asks whether they are the same on it.
async fn with_a_person(
    client: &Client,
    lines: &mut Lines,
    end: Instant,
    out: &mut Output,
) -> Result<ComparedComputer, Failure> {
    let mut looks = looks();
    let mut declined = Vec::new();
    loop {
        looks.tick().await;
        let there = in_time(client, end).await?;
        let Some(computer) = there.into_iter().find(|computer| !declined.contains(&computer.id())) else {
            continue;
        };
        knocking(&computer, out)?;
        prompt("Does the other computer show exactly these words? Only then say yes. [yes/no]");
        let answer = loop {
            tokio::select! {
                line = lines.next() => break line?,
                _ = looks.tick() => { let _there = in_time(client, end).await?; }
            }
        };
        match answer {
            Some(answer) if is_yes(&answer) => return Ok(computer.compared()),
            Some(_) => {
                declined.push(computer.id());
                out.note("Nothing was signed for it. Waiting for another one; Ctrl-C ends that.");
            }
            None => return Err(Failure::Usage("Nobody answered. Nothing was signed.".to_owned())),
        }
    }
}

fn knocking(computer: &KnockingComputer, out: &mut Output) -> Result<(), Failure> {
    let words = computer.words();
    match out.format() {
        Format::Json => out.json_line(&StepLine::Knocking { id: computer.id().to_string(), words: &words }),
        Format::Text => {
            out.problem("A computer wants to be added. Its words:");
            for line in in_rows(&words) {
                out.problem(&line);
            }
            Ok(())
        }
    }
}

async fn in_time(client: &Client, end: Instant) -> Result<Vec<KnockingComputer>, Failure> {
    if Instant::now() >= end {
        return Err(Error::Rule("No computer was added in time.").into());
    }
    Ok(client.knocking_computers().await?)
}

fn looks() -> tokio::time::Interval {
    let mut looks = interval(LOOK_EVERY);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    looks
}

pub(crate) async fn join(
    arguments: JoinArguments,
    client: &Client,
    out: &mut Output,
) -> Result<Status, Failure> {
    let link = arguments.link.line("The link that the other computer shows")?;
    let link = ComputerLink::parse(link.expose()).map_err(Error::from)?;
    let candidacy = client.stand_for(link).await?;
    let words = candidacy.words();
    out.answer(&StepLine::Words { id: candidacy.id().to_string(), words: &words }, |text| {
        for line in in_rows(&words) {
            text.line(line);
        }
    })?;
    out.note("These are this computer's words. Compare them with those on the other one, and say yes there. Waiting…");
    let team = client.await_admission(candidacy, arguments.wait).await?;
    match out.format() {
        Format::Json => out.json_line(&StepLine::Joined { team: &team })?,
        Format::Text => {
            let mut text = Text::default();
            team::show(&team, &mut text);
            out.write(text.as_str().as_bytes())?;
        }
    }
    out.note(&format!("This computer belongs to {} now. Next: twinlock link FILE PROJECT/ENV", team.name));
    Ok(Status::Done)
}

/// Twelve words, as they are read to somebody.
fn in_rows(words: &[&'static str]) -> Vec<String> {
    words.chunks(4).map(|four| format!("    {}", four.join(" "))).collect()
}

/// Words as somebody typed them, as they are compared.
fn folded(line: &str) -> String {
    line.split_whitespace().map(str::to_lowercase).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_compared_however_they_were_typed() {
        assert_eq!(folded("  Cloud GOOSE\tmarch \r\n"), "cloud goose march");
        assert_eq!(in_rows(&["a", "b", "c", "d", "e"]), ["    a b c d", "    e"]);
    }
}
