//! `twinlock diff`: what differs between linked files and the vault. Values stay masked unless `--reveal`
//! asks for them, and then go to standard output only.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use twinlock_client::view::{ChangeKind, ChangeView, FileState, LinkedFileView, Side};
use twinlock_client::{Client, SecretText};
use zeroize::Zeroizing;

use crate::failure::{Failure, Status};
use crate::output::Output;
use crate::text::{MASK, Text, time};

/// Which file to compare.
#[derive(Args)]
pub(crate) struct DiffArguments {
    /// A linked file; else all of them.
    file: Option<PathBuf>,
    /// Shows both sides of each change in the clear.
    #[arg(long)]
    reveal: bool,
}

#[derive(Serialize)]
struct DiffDocument<'a> {
    files: &'a [FileDiff],
}

#[derive(Serialize)]
struct FileDiff {
    path: PathBuf,
    environment: String,
    state: FileState,
    problem: Option<String>,
    conflicts: Vec<Difference>,
    here: Vec<Difference>,
    there: Vec<Difference>,
    /// What runs code, or decides which runs, by several changes together.
    dangers: Vec<String>,
}

/// A change, with both sides where they were asked for.
#[derive(Serialize)]
struct Difference {
    #[serde(flatten)]
    change: ChangeView,
    #[serde(skip_serializing_if = "Option::is_none")]
    revealed: Option<Sides>,
}

#[derive(Serialize)]
struct Sides {
    mine: Option<Zeroed>,
    theirs: Option<Zeroed>,
}

/// A value on its way to standard output, because its owner asked for it there.
struct Zeroed(Zeroizing<String>);

impl Serialize for Zeroed {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

pub(crate) async fn diff(
    arguments: DiffArguments,
    client: &Client,
    out: &mut Output,
) -> Result<Status, Failure> {
    let mut files = Vec::new();
    // `status` asks the vault first.
    for file in client.status(arguments.file.as_deref()).await? {
        let mut reveal = Reveal { client, file: &file, wanted: arguments.reveal };
        let changes = client.changes(file.id).await?;
        let conflicts = reveal.all(changes.conflicts).await?;
        let here = reveal.all(changes.here).await?;
        let there = reveal.all(changes.there).await?;
        let LinkedFileView { path, environment, state, problem, .. } = file;
        let dangers = changes.dangers;
        files.push(FileDiff { path, environment, state, problem, conflicts, here, there, dangers });
    }
    out.answer(&DiffDocument { files: &files }, |text| show_diff(&files, text))?;
    Ok(Status::Done)
}

/// Opens both sides of a file's changes, if that was asked for.
struct Reveal<'a> {
    client: &'a Client,
    file: &'a LinkedFileView,
    wanted: bool,
}

impl Reveal<'_> {
    async fn all(&mut self, changes: Vec<ChangeView>) -> Result<Vec<Difference>, Failure> {
        let mut differences = Vec::with_capacity(changes.len());
        for change in changes {
            // An order has no sides, and what does not open cannot be shown.
            let has_sides = !matches!(change.kind, ChangeKind::Moved | ChangeKind::Damaged);
            let revealed = if self.wanted && has_sides {
                Some(Sides {
                    mine: self.side(change.key, Side::Mine).await?,
                    theirs: self.side(change.key, Side::Theirs).await?,
                })
            } else {
                None
            };
            differences.push(Difference { change, revealed });
        }
        Ok(differences)
    }

    async fn side(&self, key: usize, side: Side) -> Result<Option<Zeroed>, Failure> {
        let value = self.client.reveal_change(self.file.id, key, side).await?;
        // To standard output only: `--reveal` asks for it.
        Ok(value.as_ref().map(SecretText::expose).map(|value| Zeroed(Zeroizing::new(value.to_owned()))))
    }
}

fn show_diff(files: &[FileDiff], text: &mut Text) {
    for file in files {
        text.line(format!("{} · {}", file.path.display(), file.environment));
        if let Some(problem) = &file.problem {
            text.line(format!("  {problem}"));
        } else if file.conflicts.is_empty() && file.here.is_empty() && file.there.is_empty() {
            text.line("  in step");
        }
        for (title, differences) in [
            ("changed on both sides: decide with “twinlock resolve”", &file.conflicts),
            ("changed here", &file.here),
            ("changed in the vault", &file.there),
        ] {
            if !differences.is_empty() {
                text.line(format!("  {title}"));
            }
            for difference in differences {
                show_difference(difference, text);
            }
        }
        for danger in &file.dangers {
            text.line(format!("  careful: {danger}"));
        }
    }
}

fn show_difference(difference: &Difference, text: &mut Text) {
    let ChangeView { name, kind, by, at, danger, .. } = &difference.change;
    let word = kind_word(*kind);
    let what = match name {
        Some(name) if difference.revealed.is_none() => format!("{word:8} {name}={MASK}"),
        Some(name) => format!("{word:8} {name}"),
        None => word.to_owned(),
    };
    let who = match (by, at) {
        (Some(by), Some(at)) => format!("  ({by}, {})", time(*at)),
        (Some(by), None) => format!("  ({by})"),
        _ => String::new(),
    };
    text.line(format!("    {what}{who}"));
    if let Some(danger) = danger {
        text.line(format!("      careful: {danger}"));
    }
    if let Some(Sides { mine, theirs }) = &difference.revealed {
        for (side, value) in [("here ", mine), ("vault", theirs)] {
            let value = value.as_ref().map_or("", |value| value.0.as_str());
            // A value of several lines keeps them, each below the other.
            for (at, line) in value.split('\n').enumerate() {
                text.line(format!("      {} {line}", if at == 0 { side } else { "     " }));
            }
        }
    }
}

/// A kind of change as it is written.
pub(crate) fn kind_word(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::New => "new",
        ChangeKind::Changed => "changed",
        ChangeKind::Removed => "removed",
        ChangeKind::Comment => "comments",
        ChangeKind::Moved => "order",
        ChangeKind::Damaged => "does not open",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn difference(name: Option<&str>, kind: ChangeKind, revealed: Option<Sides>) -> Difference {
        let change =
            ChangeView { key: 0, name: name.map(str::to_owned), kind, by: None, at: None, danger: None };
        Difference { change, revealed }
    }

    fn shown(conflicts: Vec<Difference>, here: Vec<Difference>) -> String {
        let mut text = Text::default();
        let file = FileDiff {
            path: "/api/.env".into(),
            environment: "api/development".to_owned(),
            state: FileState::Both,
            problem: None,
            conflicts,
            here,
            there: Vec::new(),
            dangers: Vec::new(),
        };
        show_diff(&[file], &mut text);
        text.as_str().to_owned()
    }

    #[test]
    fn values_are_masked_unless_asked_for() {
        let masked = shown(
            vec![difference(Some("A"), ChangeKind::Changed, None)],
            vec![difference(None, ChangeKind::Comment, None)],
        );
        assert_eq!(
            masked,
            "/api/.env · api/development\n  changed on both sides: decide with “twinlock resolve”\n    \
             changed  A=••••••••••\n  changed here\n    comments\n"
        );
        let value = |text: &str| Some(Zeroed(Zeroizing::new(text.to_owned())));
        let sides = Sides { mine: value("one\ntwo\u{1b}[2J"), theirs: None };
        let revealed = shown(vec![difference(Some("A"), ChangeKind::Changed, Some(sides))], Vec::new());
        assert!(
            revealed.ends_with("changed  A\n      here  one\n            two\u{fffd}[2J\n      vault\n"),
            "{revealed}"
        );
    }

    #[test]
    fn a_file_without_changes_is_in_step() {
        assert_eq!(shown(Vec::new(), Vec::new()), "/api/.env · api/development\n  in step\n");
    }
}
