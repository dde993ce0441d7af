//! An environment as it was after an earlier revision: looked at, and brought back.

use twinlock_dotenv::join_entries;
use twinlock_protocol::environment::Entry;
use twinlock_protocol::event::Level;
use twinlock_protocol::ids::{EntryId, EnvironmentId};
use twinlock_protocol::revision::Cause;
use twinlock_seal::SecretText;
use zeroize::Zeroizing;

use super::history::message_of;
use super::session::Held;
use super::versions::{Version, Versions, entries_at, opened};
use super::write::WriteOutcome;
use super::{Client, Joined, readings};
use crate::error::Error;
use crate::store::Step;
use crate::sync::{Halves, TheirText, Theirs};
use crate::view::{FormerState, FormerVariable, FormerView};

/// A former value that somebody asked to see.
pub struct FormerValue {
    /// Its entry.
    pub entry: EntryId,
    /// What the loader reads that the environment's files are written for.
    pub value: SecretText,
}

/// An entry as it was.
struct Former {
    id: EntryId,
    /// `None` for prose, and where it is not known.
    name: Option<String>,
    halves: Option<Halves>,
}

impl Client {
    /// An environment as it was after a revision, without values. Asks the vault if it can be reached.
    pub async fn former(&self, environment: EnvironmentId, number: u64) -> Result<FormerView, Error> {
        let mut state = self.state().await;
        let joined = state.joined()?;
        self.try_refresh(joined, environment).await?;
        self.check_access(joined, environment, Level::Names)?;
        joined.session.held(environment)?;
        let held = held(joined, environment)?;
        let revision = held
            .revisions
            .iter()
            .find(|revision| revision.number == number)
            .ok_or_else(|| no_revision(number))?;
        let versions = Versions::of(held);
        let entries = entries_at(held, number);
        let variables = self.store().read(|step| {
            let mut variables = Vec::new();
            for (entry, former) in &entries {
                let Some(version) = versions.get(former.pointer) else { continue };
                if version.named && version.name.is_none() {
                    continue;
                }
                let value = state_of(held, step, version)?;
                variables.push(FormerVariable { entry: *entry, name: version.name.clone(), value });
            }
            Ok::<_, Error>(variables)
        })?;
        Ok(FormerView {
            revision: number,
            by: joined.session.author_name(revision.author),
            at: revision.created_at.0,
            cause: revision.cause,
            message: message_of(held, revision),
            variables,
        })
    }

    /// The values of an environment as it was after a revision, as far as there still are any.
    pub async fn reveal_former(
        &self,
        environment: EnvironmentId,
        number: u64,
    ) -> Result<Vec<FormerValue>, Error> {
        let mut state = self.state().await;
        let joined = state.joined()?;
        self.try_refresh(joined, environment).await?;
        let former = self.open_former(joined, environment, number, None).await?;
        let texts: Vec<Zeroizing<String>> =
            former.iter().filter_map(|entry| entry.halves.as_ref()).map(Halves::text).collect();
        let texts: Vec<&str> = texts.iter().map(|text| text.as_str()).collect();
        let text = Zeroizing::new(join_entries(&texts).text);
        let read = readings::values(&text, self.first_dialect_of(environment)?);
        let value = |name: &str, halves: &Halves| {
            let own = || SecretText::new(twinlock_dotenv::node::value(&halves.right));
            read.get(name).cloned().unwrap_or_else(own)
        };
        let values = former.iter().filter_map(|entry| {
            let (name, halves) = (entry.name.as_deref()?, entry.halves.as_ref()?);
            Some(FormerValue { entry: entry.id, value: value(name, halves) })
        });
        Ok(values.collect())
    }

    /// Brings an environment back to what it was after a revision, or one of its variables: a new revision, sealed
    /// under the keys of now. Entries that came since are gone then, and stay in the history.
    pub async fn restore(
        &self,
        environment: EnvironmentId,
        number: u64,
        name: Option<&str>,
    ) -> Result<WriteOutcome, Error> {
        let _lock = self.lock().await?;
        let mut state = self.state().await;
        let joined = state.joined()?;
        self.refresh(joined, environment).await?;
        self.check_access(joined, environment, Level::Write)?;
        let former = self.open_former(joined, environment, number, name).await?;
        let concerned = |entry: &&Former| name.is_none() || entry.name.as_deref() == name;
        if let Some(name) = name
            && !former.iter().any(|entry| concerned(&entry))
        {
            return Err(Error::Unknown {
                kind: "variable",
                name: crate::team::inert(name),
                hint: format!("Revision {number} did not have it; “twinlock show” lists what it had."),
            });
        }
        let lost: Vec<String> = former
            .iter()
            .filter(concerned)
            .filter(|entry| entry.halves.is_none())
            .map(|entry| entry.name.clone().unwrap_or_else(|| "A comment".to_owned()))
            .collect();
        if !lost.is_empty() {
            return Err(Error::NotRestorable { revision: number, names: lost });
        }
        self.rewrite_entries(joined, environment, Cause::Restore, |theirs| {
            let entries = match name {
                None => former.iter().filter_map(|entry| entry.halves.clone()).collect(),
                Some(name) => with_variable(theirs, &former, name),
            };
            let texts: Vec<Zeroizing<String>> = entries.iter().map(Halves::text).collect();
            let texts: Vec<&str> = texts.iter().map(|text| text.as_str()).collect();
            Ok(Zeroizing::new(join_entries(&texts).text))
        })
        .await
    }

    /// The entries after a revision, opened as far as they can be. Values that are not here are fetched: all, or
    /// those of one variable.
    async fn open_former(
        &self,
        joined: &mut Joined,
        environment: EnvironmentId,
        number: u64,
        name: Option<&str>,
    ) -> Result<Vec<Former>, Error> {
        self.check_access(joined, environment, Level::Read)?;
        let here = joined.session.held(environment)?.held;
        if number == 0 || number > here.chain.head().number {
            return Err(no_revision(number));
        }
        let (versions, entries) = (Versions::of(here), entries_at(here, number));
        let name_of = |entry: &Entry| versions.get(entry.pointer).and_then(|version| version.name.clone());
        let wanted = |held: &Held| {
            let concerned = entries.iter().filter(|(_, entry)| {
                held.value_key(entry.generation).is_some()
                    && (name.is_none() || name_of(entry).as_deref() == name)
            });
            concerned.map(|(_, entry)| (entry.pointer, entry.digest)).collect()
        };
        self.fetch_former(joined, environment, wanted).await?;
        let held = held(joined, environment)?;
        self.store().read(|step| {
            entries
                .iter()
                .map(|(id, entry)| {
                    Ok(Former { id: *id, name: name_of(entry), halves: opened(held, step, entry)? })
                })
                .collect()
        })
    }
}

fn held(joined: &Joined, environment: EnvironmentId) -> Result<&Held, Error> {
    joined.session.environment(environment).ok_or_else(|| Error::Bug("an environment was not loaded".into()))
}

fn no_revision(number: u64) -> Error {
    Error::Unknown {
        kind: "revision",
        name: number.to_string(),
        hint: "“twinlock log” lists all of them.".to_owned(),
    }
}

fn state_of(held: &Held, step: &Step<'_>, version: &Version) -> Result<FormerState, Error> {
    let Version { entry, named, .. } = version;
    Ok(if held.chain.is_purged(entry.pointer) {
        FormerState::Purged
    } else if held.name_key(entry.generation).is_none() || held.value_key(entry.generation).is_none() {
        FormerState::NoKey
    } else if !named
        || (step.blob(held.chain.id(), entry.digest)?.is_some() && opened(held, step, entry)?.is_none())
    {
        FormerState::Damaged
    } else {
        FormerState::Kept
    })
}

/// The entries of now with one variable as it was: in its place where it still is, else behind what stood before
/// it then. Whatever else bears that name now goes.
fn with_variable(theirs: &[Theirs], former: &[Former], name: &str) -> Vec<Halves> {
    let mut now: Vec<(EntryId, Option<Halves>)> = theirs
        .iter()
        .filter_map(|entry| match &entry.text {
            TheirText::Open(halves) => Some((entry.id, Some(halves.clone()))),
            TheirText::Damaged => None,
        })
        .collect();
    let bears_it =
        |halves: &Option<Halves>| halves.as_ref().is_some_and(|halves| halves.name() == Some(name));
    let is_it = |entry: &&Former| entry.name.as_deref() == Some(name);
    let mut free: Vec<EntryId> =
        now.iter().filter(|(_, halves)| bears_it(halves)).map(|(id, _)| *id).collect();
    for (at, entry) in former.iter().enumerate().filter(|(_, entry)| is_it(entry)) {
        // Its own entry, else one that no other needs.
        let needed = |id: &EntryId| former.iter().filter(is_it).any(|other| other.id == *id);
        let slot = free
            .iter()
            .position(|id| *id == entry.id)
            .or_else(|| free.iter().position(|id| !needed(id)))
            .map(|slot| free.remove(slot));
        if let Some((_, halves)) = slot.and_then(|slot| now.iter_mut().find(|(id, _)| *id == slot)) {
            halves.clone_from(&entry.halves);
            continue;
        }
        let mut before = former[..at].iter().rev();
        let behind = before.find_map(|other| now.iter().position(|(id, _)| *id == other.id));
        now.insert(behind.map_or(now.len(), |behind| behind + 1), (entry.id, entry.halves.clone()));
    }
    now.retain(|(id, _)| !free.contains(id));
    now.into_iter().filter_map(|(_, halves)| halves).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(byte: u8) -> EntryId {
        EntryId::new([byte; 16])
    }

    /// `1A=x` is the entry 1 with the line `A=x`.
    fn entries(text: &str) -> Vec<(EntryId, Halves)> {
        let entry = |text: &str| {
            let (byte, line) = text.split_at(1);
            let (left, right) = line.split_at(line.find('=').unwrap() + 1);
            (id(byte.parse().unwrap()), Halves::new(left, right))
        };
        text.split_whitespace().map(entry).collect()
    }

    #[test]
    fn one_variable_comes_back_and_the_others_stay() {
        for (now, then, expect) in [
            ("1A=2 2B=2", "1A=1 2B=1", "A=1 B=2"),
            // Removed since: behind what stood before it.
            ("2B=2 3C=2", "2B=1 1A=1 3C=1", "B=2 A=1 C=2"),
            ("2B=2", "1A=1 2B=1", "B=2 A=1"),
            // Removed and added again: as another entry.
            ("2B=2 9A=2", "1A=1 2B=1", "B=2 A=1"),
            // Renamed since: what it is called now stays.
            ("1N=2 2B=2", "1A=1 2B=1", "N=2 B=2 A=1"),
            // More or fewer of that name.
            ("1A=2 9A=3 2B=2", "1A=1", "A=1 B=2"),
            ("3A=9 2B=2", "1A=1 3A=3", "A=3 B=2 A=1"),
        ] {
            let theirs: Vec<Theirs> = entries(now)
                .into_iter()
                .map(|(id, halves)| Theirs { id, text: TheirText::Open(halves), number: 1 })
                .collect();
            let former: Vec<Former> = entries(then)
                .into_iter()
                .map(|(id, halves)| Former {
                    id,
                    name: halves.name().map(str::to_owned),
                    halves: Some(halves),
                })
                .collect();
            let lines: Vec<String> =
                with_variable(&theirs, &former, "A").iter().map(|halves| halves.text().to_string()).collect();
            assert_eq!(lines.join(" "), expect, "{now} from {then}");
        }
    }
}
