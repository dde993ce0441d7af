//! An environment's variables and its revisions: names freely, values one at a time.

use std::collections::BTreeMap;

use twinlock_dotenv::{Assignment, RightHalf};
use twinlock_protocol::event::Level;
use twinlock_protocol::ids::{Digest, EntryId, EnvironmentId, Pointer};
use twinlock_protocol::position::Position;
use twinlock_protocol::revision::{Cause, Change as LogChange, Revision};
use twinlock_seal::SecretText;

use super::opened::Named;
use super::readings::{Read, notes, read};
use super::session::Held;
use super::versions::{Compared, Version, Versions, compare, entries_at};
use super::{Client, Joined};
use crate::error::{Error, ErrorCode};
use crate::store::Step;
use crate::sync::TheirText;
use crate::team::{inert, inert_message};
use crate::view::{RevisionChange, RevisionKind, RevisionView, VariableView};

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
        let held = joined
            .session
            .environment(environment)
            .ok_or_else(|| Error::Bug("an environment was not loaded".into()))?;
        let origins = self.origins(held, names.iter().map(|named| named.entry.pointer))?;
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
            let origin = origins.get(&entry.pointer);
            let by = joined.session.author_name(origin.map_or(entry.author, |origin| origin.author));
            let at = origin.map_or(entry.at, |origin| origin.at).0;
            let revision = origin.map_or(entry.number, |origin| origin.number);
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

    /// The revisions of an environment, the latest first; of one variable, if a name is given. Where keys were
    /// renewed, values are compared with those before: what differs was changed by whoever renewed them.
    pub async fn log(
        &self,
        environment: EnvironmentId,
        name: Option<&str>,
    ) -> Result<Vec<RevisionView>, Error> {
        let mut state = self.state().await;
        let joined = state.joined()?;
        self.try_refresh(joined, environment).await?;
        self.check_access(joined, environment, Level::Names)?;
        let versions = Versions::of(joined.session.held(environment)?.held);
        if joined.session.my_level(environment) >= Some(Level::Read) {
            let fetched = self.fetch_former(joined, environment, |held| rotated(held, &versions, 0)).await;
            // Without the vault, what is not here is not compared.
            if let Err(error) = fetched
                && error.code() != ErrorCode::Unreachable
            {
                return Err(error);
            }
        }
        let joined: &Joined = joined;
        let held = joined
            .session
            .environment(environment)
            .ok_or_else(|| Error::Bug("an environment was not loaded".into()))?;
        let mut names: BTreeMap<EntryId, Option<String>> = BTreeMap::new();
        let mut views = Vec::new();
        for revision in &held.revisions {
            let changes =
                self.store().read(|step| changes_of(held, step, revision, &versions, &mut names))?;
            views.push(view_of(joined, held, revision, changes));
        }
        if let Some(name) = name {
            let about = |change: &RevisionChange| change.name.as_deref() == Some(name);
            views.retain(|view| view.changes.iter().any(about));
        }
        views.reverse();
        Ok(views)
    }
}

/// What it takes to compare what was sealed anew above a revision with what was there before, as far as the keys of
/// both are here.
pub(super) fn rotated(held: &Held, versions: &Versions, above: u64) -> Vec<(Pointer, Digest)> {
    versions
        .rotated()
        .filter(|(before, after)| {
            after.entry.number > above
                && opens(held, before)
                && opens(held, after)
                && !held.chain.is_purged(before.entry.pointer)
        })
        .flat_map(|(before, after)| [&before.entry, &after.entry])
        .map(|entry| (entry.pointer, entry.digest))
        .collect()
}

/// Whether the key of a version's value is here.
fn opens(held: &Held, version: &Version) -> bool {
    held.value_key(version.entry.generation).is_some()
}

/// What a revision changed, and how much of it could not be told.
#[derive(Default)]
pub(super) struct Changes {
    pub(super) changes: Vec<RevisionChange>,
    pub(super) not_compared: usize,
    /// Of those not compared: how many could be, by this computer's keys, if what was there before still were.
    pub(super) gone: usize,
}

fn view_of(joined: &Joined, held: &Held, revision: &Revision, changes: Changes) -> RevisionView {
    RevisionView {
        number: revision.number,
        by: joined.session.author_name(revision.author),
        at: revision.created_at.0,
        cause: revision.cause,
        message: message_of(held, revision),
        changes: changes.changes,
        not_compared: changes.not_compared,
    }
}

/// Why a revision was made, if its author said so and it opens here.
pub(super) fn message_of(held: &Held, revision: &Revision) -> Option<String> {
    let message = revision.message.as_ref()?;
    let text = held.name_key(revision.generation)?.open_message(message.pointer, &message.text).ok()?;
    Some(inert_message(text.expose()))
}

/// What a revision changed, given the names before it; takes its own names in.
pub(super) fn changes_of(
    held: &Held,
    step: &Step<'_>,
    revision: &Revision,
    versions: &Versions,
    names: &mut BTreeMap<EntryId, Option<String>>,
) -> Result<Changes, Error> {
    let mut changes = Changes::default();
    let places: BTreeMap<EntryId, Position> = match revision.cause {
        Cause::Rotate => {
            let before = entries_at(held, revision.number.saturating_sub(1));
            before.into_iter().map(|(id, entry)| (id, entry.position)).collect()
        }
        _ => BTreeMap::new(),
    };
    for change in &revision.changes {
        let (name, kind, pointer) = match change {
            LogChange::Put(put) => {
                let Some(version) = versions.get(put.pointer) else { continue };
                let before = versions.before(version);
                names.insert(put.entry, version.name.clone());
                let kind = if version.entry.number != revision.number {
                    RevisionKind::Moved
                } else if version.named && version.name.is_none() {
                    RevisionKind::Comment
                } else if before.is_none() {
                    RevisionKind::New
                } else {
                    RevisionKind::Changed
                };
                if let (Cause::Rotate, Some(before)) = (revision.cause, before) {
                    let compared = compare(held, step, &before.entry, &version.entry)?;
                    // Names are compared by whoever sees no more than these.
                    let renamed = before.named && version.named && before.name != version.name;
                    if compared != Compared::Different && !renamed {
                        // Whoever seals anew changes no place either: of two of one name the last counts.
                        if places.get(&put.entry) != Some(&put.position) {
                            let (name, kind) = (version.name.clone(), RevisionKind::Moved);
                            changes.changes.push(RevisionChange { name, kind, purged: false });
                        } else if compared == Compared::Unknown {
                            changes.not_compared += 1;
                            changes.gone += usize::from(opens(held, before) && opens(held, version));
                        }
                        continue;
                    }
                }
                (version.name.clone(), kind, Some(put.pointer))
            }
            LogChange::Remove(remove) => {
                let name = names.remove(&remove.entry).flatten();
                let kind = if name.is_some() { RevisionKind::Removed } else { RevisionKind::Comment };
                (name, kind, None)
            }
            LogChange::Purge(purge) => {
                let name = versions.get(purge.pointer).and_then(|version| version.name.clone());
                (name, RevisionKind::Purged, None)
            }
        };
        let purged = pointer.is_some_and(|pointer| held.chain.is_purged(pointer));
        changes.changes.push(RevisionChange { name, kind, purged });
    }
    Ok(changes)
}
