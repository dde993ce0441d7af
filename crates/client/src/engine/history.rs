//! An environment's variables and its revisions: names freely, values one at a time.

use std::collections::BTreeMap;

use twinlock_dotenv::{Assignment, RightHalf};
use twinlock_protocol::event::Level;
use twinlock_protocol::ids::{EntryId, EnvironmentId};
use twinlock_protocol::revision::{Change as LogChange, Revision};
use twinlock_seal::SecretText;

use super::opened::Named;
use super::readings::{Read, notes, read};
use super::session::Held;
use super::{Client, Joined};
use crate::error::Error;
use crate::sync::TheirText;
use crate::team::inert;
use crate::view::{ChangeKind, RevisionChange, RevisionView, VariableView};

/// A value that somebody asked to see.
pub struct Revealed {
    /// What the loader reads that the environment's files are written for.
    pub text: SecretText,
    /// In the order of the variable's readings: what each of them is, if it is a text.
    pub readings: Vec<Option<SecretText>>,
}

impl Client {
    /// The variables of an environment, in their order. Asks the vault if it can be reached.
    pub async fn variables(&self, environment: EnvironmentId) -> Result<Vec<VariableView>, Error> {
        let mut state = self.state().await;
        let joined = state.joined()?;
        self.try_refresh(joined, environment).await?;
        let opened = match joined.session.my_level(environment) {
            Some(Level::Names) | None => BTreeMap::new(),
            Some(_) => {
                let entries = self.open_entries(joined, environment)?;
                entries.into_iter().map(|entry| (entry.id, entry.text)).collect()
            }
        };
        let mut notes = if opened.is_empty() {
            BTreeMap::new()
        } else {
            notes(&self.environment_text(joined, environment)?, &self.dialects_of(environment)?)
        };
        let names = self.open_names(joined, environment)?;
        let mut views = Vec::new();
        for Named { id, entry, left } in names {
            let text = opened.get(&id);
            let name = left
                .as_ref()
                .and_then(|left| Assignment::at_start(left))
                .map(|found| found.name().to_owned());
            let damaged = left.is_none() || text.is_some_and(|text| matches!(text, TheirText::Damaged));
            let name = match (name, damaged) {
                (Some(name), _) => name,
                (None, true) => "(does not open)".to_owned(),
                (None, false) => continue,
            };
            let empty = match text {
                Some(TheirText::Open(halves)) => Some(RightHalf::parse(&halves.right).inner().is_empty()),
                _ => None,
            };
            let by = joined.session.author_name(entry.author);
            let (at, revision) = (entry.at.0, entry.number);
            let notes = notes.remove(&name).unwrap_or_default();
            views.push(VariableView {
                entry: id,
                name,
                by,
                at,
                revision,
                empty,
                duplicate: false,
                damaged,
                placeholder: notes.placeholder,
                danger: notes.danger,
                readings: notes.readings,
            });
        }
        let mut count: BTreeMap<String, usize> = BTreeMap::new();
        for view in &views {
            *count.entry(view.name.clone()).or_default() += 1;
        }
        for view in &mut views {
            view.duplicate = count.get(&view.name).is_some_and(|count| *count > 1);
        }
        Ok(views)
    }

    /// One value in the clear: what the loader that the environment's files are written for reads from all of
    /// it, and where loaders differ what each of the readings is.
    pub async fn reveal(&self, environment: EnvironmentId, entry: EntryId) -> Result<Revealed, Error> {
        let mut state = self.state().await;
        let joined = state.joined()?;
        joined.session.held(environment)?;
        let entries = self.open_entries(joined, environment)?;
        let found = entries.into_iter().find(|candidate| candidate.id == entry);
        match found.map(|entry| entry.text) {
            Some(TheirText::Open(halves)) => {
                let text = self.environment_text(joined, environment)?;
                let dialects = self.dialects_of(environment)?;
                let Read { text, readings } =
                    read(&text, &dialects, halves.name().unwrap_or_default(), &halves.right);
                Ok(Revealed { text, readings })
            }
            Some(TheirText::Damaged) => Err(Error::Usage(
                "This entry does not open: its author sealed it wrongly. Push it again to repair it."
                    .to_owned(),
            )),
            None => Err(Error::Unknown {
                kind: "variable",
                name: entry.to_string(),
                hint: "It may have been removed meanwhile.".to_owned(),
            }),
        }
    }

    /// One value by its variable's name; of several of that name the last, as loaders do.
    pub async fn get(&self, environment: EnvironmentId, name: &str) -> Result<SecretText, Error> {
        let variables = self.variables(environment).await?;
        let found =
            variables.iter().rfind(|variable| variable.name == name).ok_or_else(|| Error::Unknown {
                kind: "variable",
                name: inert(name),
                hint: "“twinlock ls PROJECT/ENV” lists the names.".to_owned(),
            })?;
        Ok(self.reveal(environment, found.entry).await?.text)
    }

    /// The revisions of an environment, the latest first; of one variable, if a name is given.
    pub async fn log(
        &self,
        environment: EnvironmentId,
        name: Option<&str>,
    ) -> Result<Vec<RevisionView>, Error> {
        let mut state = self.state().await;
        let joined = state.joined()?;
        self.try_refresh(joined, environment).await?;
        self.check_access(joined, environment, Level::Names)?;
        let held = joined.session.held(environment)?.held;
        let mut names: BTreeMap<EntryId, Option<String>> = BTreeMap::new();
        let mut changes: Vec<(usize, Vec<RevisionChange>)> = Vec::new();
        for (at, revision) in held.revisions.iter().enumerate() {
            changes.push((at, changes_of(held, revision, &mut names)));
        }
        let wanted = |changes: &[RevisionChange]| match name {
            Some(name) => changes.iter().any(|change| change.name.as_deref() == Some(name)),
            None => true,
        };
        let joined: &Joined = joined;
        let held = joined
            .session
            .environment(environment)
            .ok_or_else(|| Error::Bug("an environment was not loaded".into()))?;
        Ok(changes
            .into_iter()
            .rev()
            .filter(|(_, changes)| wanted(changes))
            .map(|(at, changes)| view_of(joined, held, &held.revisions[at], changes))
            .collect())
    }
}

fn view_of(joined: &Joined, held: &Held, revision: &Revision, changes: Vec<RevisionChange>) -> RevisionView {
    let message = revision.message.as_ref().and_then(|message| {
        let text = held.name_key(revision.generation)?.open_message(message.pointer, &message.text).ok()?;
        Some(inert(text.expose()))
    });
    RevisionView {
        number: revision.number,
        by: joined.session.author_name(revision.author),
        at: revision.created_at.0,
        cause: revision.cause,
        message,
        changes,
    }
}

/// What a revision changed, given the names before it; takes its own names in.
fn changes_of(
    held: &Held,
    revision: &Revision,
    names: &mut BTreeMap<EntryId, Option<String>>,
) -> Vec<RevisionChange> {
    let mut changes = Vec::new();
    for change in &revision.changes {
        match change {
            LogChange::Put(put) => {
                let left = held
                    .name_key(revision.generation)
                    .and_then(|key| key.open_name(put.pointer, &put.name).ok());
                let opened =
                    left.map(|left| Assignment::at_start(left.expose()).map(|found| found.name().to_owned()));
                let known = names.get(&put.entry).cloned();
                // Older generations may be sealed to this computer: then the entry keeps the name it had.
                let name = opened.unwrap_or_else(|| known.clone().flatten());
                let kind = match (&known, &name) {
                    (_, None) => ChangeKind::Comment,
                    (None, _) => ChangeKind::New,
                    (Some(_), _) => ChangeKind::Changed,
                };
                names.insert(put.entry, name.clone());
                changes.push(RevisionChange { name, kind });
            }
            LogChange::Remove(remove) => {
                let name = names.remove(&remove.entry).flatten();
                let kind = if name.is_some() { ChangeKind::Removed } else { ChangeKind::Comment };
                changes.push(RevisionChange { name, kind });
            }
            // A value that no entry has any more: nothing that is listed changes.
            LogChange::Purge(_) => {}
        }
    }
    changes
}
