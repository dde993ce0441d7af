//! Pulling: writing what changed in the vault into the linked file.

use std::path::Path;

use twinlock_dotenv::{Danger, Document, Entry, RightHalf};
use twinlock_seal::SecretText;
use zeroize::Zeroizing;

use super::dangers::{Dangers, Taking, arriving_for, check, is_gone, whole};
use super::link::{Looked, absolute, shown, text_of};
use super::loader::dialect_of;
use super::{Client, Joined};
use crate::error::Error;
use crate::files::{self, Expected, FileProblem, WriteProblem};
use crate::store::LinkedFile;
use crate::sync::{Agreed, Halves, ItemState, Plan};

/// What a pull did.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct PullOutcome {
    /// Changes that were written.
    pub pulled: usize,
    /// Variables that both sides changed: they stay as they are until somebody decides.
    pub conflicts: Vec<String>,
    /// Changes of this computer that wait to be pushed.
    pub waiting: usize,
    /// The environment's revision that the file now has.
    pub revision: u64,
}

/// Whose value wins a conflict.
pub enum Resolution {
    /// The file's. It is pushed like any change.
    Mine,
    /// The vault's. It is written into the file.
    Theirs,
    /// Another one. It is written into the file and pushed like any change.
    Value(SecretText),
}

/// How often a file that somebody saves at the same moment is planned anew.
const ATTEMPTS: usize = 5;

impl Client {
    /// Pulls into a linked file whatever the vault has. What of it runs code is named by `status` and `changes`.
    pub async fn pull(&self, path: &Path) -> Result<PullOutcome, Error> {
        self.pull_taking(path, Taking::Everything).await
    }

    /// Pulls into a linked file, unless that would bring what runs code and nobody was shown it.
    pub async fn pull_taking(&self, path: &Path, taking: Taking) -> Result<PullOutcome, Error> {
        let _lock = self.lock().await?;
        let mut state = self.state().await;
        let joined = state.joined()?;
        let file = self.linked_file(&absolute(path)?)?;
        self.refresh(joined, file.environment).await?;
        let outcome = self.pull_file(joined, &file, taking)?;
        self.has_looked(&file)?;
        Ok(outcome)
    }

    /// Writes into the file what is known of the vault here.
    pub(super) fn pull_file(
        &self,
        joined: &mut Joined,
        file: &LinkedFile,
        taking: Taking,
    ) -> Result<PullOutcome, Error> {
        for _ in 0..ATTEMPTS {
            let looked = self.look(joined, file)?;
            let expected = match &looked.read {
                Ok(text) => Expected::Content(text.hash()),
                Err(FileProblem::Missing) => Expected::Missing,
                Err(problem) => {
                    return Err(Error::File { path: shown(&file.path), problem: problem.clone() });
                }
            };
            let revision =
                joined.session.environment(file.environment).map_or(0, |held| held.chain.head().number);
            check(&looked, taking, revision, || Dangers::of(&looked).sentences())?;
            let plan = if is_gone(&looked) { whole(&looked) } else { looked.plan.clone() };
            match self.write_file(&looked, expected, &plan.pulled_text(), &plan.base_after_pull()) {
                Err(Error::Write { problem: WriteProblem::ChangedMeanwhile, .. }) => continue,
                result => result?,
            }
            let conflicts = plan.conflicts().filter_map(|item| item.name().map(str::to_owned)).collect();
            return Ok(PullOutcome {
                pulled: plan.count_there(),
                conflicts,
                waiting: plan.count_here(),
                revision,
            });
        }
        Err(Error::Write { path: shown(&file.path), problem: WriteProblem::ChangedMeanwhile })
    }

    /// Writes a file and what is agreed on then. A crash in between is found at the next plan: both sides
    /// have the same text, so it is agreed.
    fn write_file(
        &self,
        looked: &Looked,
        expected: Expected,
        text: &Zeroizing<String>,
        base: &[Agreed],
    ) -> Result<(), Error> {
        let file = &looked.file;
        let before = text_of(&looked.read);
        if !before.is_empty() && before != *text {
            self.store().step(|step| {
                step.add_backup(file.id, &before, jiff::Timestamp::now()).map_err(Error::from)
            })?;
        }
        let hash = files::write(&file.path, expected, text)
            .map_err(|problem| Error::Write { path: shown(&file.path), problem })?;
        self.store().step(|step| {
            step.set_base(file.id, base)?;
            step.set_last_seen(file.id, &hash)?;
            step.set_problem(file.id, None).map_err(Error::from)
        })
    }

    /// Decides a conflict. Nothing is sent; what is to be pushed shows as a change of this computer.
    pub async fn resolve(&self, path: &Path, name: &str, resolution: Resolution) -> Result<(), Error> {
        self.resolve_taking(path, name, resolution, Taking::Everything).await
    }

    /// The same, unless the vault's side would bring what runs code and nobody was shown it.
    pub async fn resolve_taking(
        &self,
        path: &Path,
        name: &str,
        resolution: Resolution,
        taking: Taking,
    ) -> Result<(), Error> {
        let _lock = self.lock().await?;
        let mut state = self.state().await;
        let joined = state.joined()?;
        let file = self.linked_file(&absolute(path)?)?;
        self.try_refresh(joined, file.environment).await?;
        for _ in 0..ATTEMPTS {
            let looked = self.look(joined, &file)?;
            let Some(at) = looked
                .plan
                .items
                .iter()
                .position(|item| item.state == ItemState::Conflict && item.name() == Some(name))
            else {
                return Err(Error::Unknown {
                    kind: "conflict",
                    name: name.to_owned(),
                    hint: "“twinlock status” lists what waits.".to_owned(),
                });
            };
            let expected = match &looked.read {
                Ok(text) => Expected::Content(text.hash()),
                Err(problem) => {
                    return Err(Error::File { path: shown(&file.path), problem: problem.clone() });
                }
            };
            let decided = decide(&looked.plan, at, &resolution)?;
            if matches!(resolution, Resolution::Theirs) {
                let revision =
                    joined.session.environment(file.environment).map_or(0, |held| held.chain.head().number);
                let loader = dialect_of(&looked.file);
                let dangers = || arriving_for(loader, &text_of(&looked.read), &decided.text);
                let dangers = || dangers().iter().map(Danger::to_string).collect();
                check(&looked, taking, revision, dangers)?;
            }
            match self.write_file(&looked, expected, &decided.text, &decided.base) {
                Err(Error::Write { problem: WriteProblem::ChangedMeanwhile, .. }) => {}
                result => {
                    self.emit(super::Event::Environment(file.environment));
                    return result;
                }
            }
        }
        Err(Error::Write { path: shown(&file.path), problem: WriteProblem::ChangedMeanwhile })
    }
}

struct Decided {
    text: Zeroizing<String>,
    base: Vec<Agreed>,
}

/// The file and the base after a decision: the vault's side of this one entry is agreed on, the file has the
/// chosen text, and nothing else moves.
fn decide(plan: &Plan, at: usize, resolution: &Resolution) -> Result<Decided, Error> {
    let mut plan = plan.clone();
    let item = &mut plan.items[at];
    match resolution {
        Resolution::Mine => {}
        Resolution::Theirs => item.mine = item.theirs.clone(),
        Resolution::Value(value) => {
            let model = item.mine.as_ref().or(item.theirs.as_ref());
            let halves = model.ok_or_else(|| Error::Bug("a conflict without a side".into()))?;
            item.mine = Some(with_value(halves, value.expose())?);
        }
    }
    // With the vault's side as base, the entry is in step or a change of this computer alone.
    item.base = item.theirs.clone();
    let text = plan.local_text();
    let base = plan.base();
    Ok(Decided { text, base })
}

/// The same line with another value, its comment and line ending kept.
fn with_value(halves: &Halves, value: &str) -> Result<Halves, Error> {
    let right = RightHalf::parse(&halves.right);
    let written = write_value(value).ok_or_else(|| {
        Error::Usage(
            "No way of quoting keeps this value as it is in a .env file. Nothing was changed; edit the file."
                .to_owned(),
        )
    })?;
    let right = Zeroizing::new([right.lead(), &written, right.trailing(), right.ending()].concat());
    Ok(Halves::new(&halves.left, &right))
}

/// A spelling that reads back as exactly this value; `None` where there is none.
fn write_value(value: &str) -> Option<Zeroizing<String>> {
    let bare = value.chars().all(|c| c.is_ascii_alphanumeric() || "_-./:@%+,=".contains(c));
    let spellings = ["", "'", "\"", "`"].map(|quote| Zeroizing::new([quote, value, quote].concat()));
    let usable = spellings.into_iter().skip(usize::from(!bare));
    // Inside its own quotes a quote is read differently by nearly every loader.
    let usable = usable.filter(|spelling| bare || !spelling.starts_with(|quote| value.contains(quote)));
    usable.into_iter().find(|spelling| {
        let line = Zeroizing::new(format!("A={}\n", spelling.as_str()));
        let document = Document::parse(&line);
        matches!(document.entries(), [Entry::Variable(only)] if only.value() == value)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_put_in_the_place_of_another() {
        for (right, value, expect) in [
            ("old  # why\n", "new", "new  # why\n"),
            (" \"old\"\r\n", "two words", " 'two words'\r\n"),
            ("old", "it's", "\"it's\""),
            ("old", "", ""),
        ] {
            let changed =
                with_value(&Halves::new("A=", right), value).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(changed.right.as_str(), expect);
        }
        assert!(with_value(&Halves::new("A=", "x"), "all three: '\"`").is_err());
    }
}
