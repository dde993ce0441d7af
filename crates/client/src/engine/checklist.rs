//! The list of what a removed member could read, until all of it was changed. It follows from the team's log and the
//! histories of its environments, so every admin's computer comes to the same one, as far as it can read them. What was changed
//! elsewhere a person says; that is remembered on this computer alone, sealed.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use twinlock_protocol::event::Role;
use twinlock_protocol::ids::{EntryId, EnvironmentId, Generation, MemberId};
use twinlock_protocol::revision::Cause;
use zeroize::Zeroizing;

use super::session::Held;
use super::versions::{Compared, Version, Versions, compare_values, entries_at, value_of};
use super::{Client, Joined};
use crate::error::Error;
use crate::store::{Step, StoreError};
use crate::team::gone::{Gone, gone};
use crate::view::{ChecklistItem, ChecklistPlace, ChecklistState, ChecklistView};

/// The note in which it is kept what a person did to the lists, sealed.
const CHECKLISTS: &str = "checklists";

/// What a person did to the lists on this computer.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Ticks {
    /// What they changed where it came from.
    done: BTreeSet<Place>,
    /// Whose list had something open once: it is shown until they put it away.
    seen: BTreeSet<MemberId>,
    /// Whose list they put away.
    away: BTreeSet<MemberId>,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Place {
    member: MemberId,
    environment: EnvironmentId,
    /// Absent where this computer sees no names of the environment.
    name: Option<String>,
}

/// An item of a list.
struct Item {
    place: Place,
    called: String,
    state: ChecklistState,
}

impl Client {
    /// All lists, as far as this computer can tell; asks the vault if it can be reached. Admins have them.
    pub async fn checklists(&self) -> Result<Vec<ChecklistView>, Error> {
        self.reviewed(|_, _| Ok(()), |_| true).await
    }

    /// Ticks off what a person changed where it came from: by the variable's name, or the environment's. Gives all
    /// lists; those without anything left are shown once more, and put away.
    pub async fn tick(&self, done: &[String]) -> Result<Vec<ChecklistView>, Error> {
        let tick = |items: &[Item], ticks: &mut Ticks| {
            for name in done {
                let named = items
                    .iter()
                    .filter(|item| item.place.name.as_deref() == Some(name) || item.called == *name);
                let before: Vec<_> = named.map(|item| item.place.clone()).collect();
                if before.is_empty() {
                    return Err(unknown(name));
                }
                ticks.done.extend(before);
            }
            Ok(())
        };
        self.reviewed(tick, has_open).await
    }

    /// Ticks off one item of one list, or opens it again. Gives all lists.
    pub async fn set_ticked(&self, item: &ChecklistPlace, done: bool) -> Result<Vec<ChecklistView>, Error> {
        let tick = |items: &[Item], ticks: &mut Ticks| {
            let ChecklistPlace { member, environment, name } = item;
            let mut of_list = items.iter().filter(|item| item.place.member == *member);
            let found = of_list.find(|item| item.called == *environment && item.place.name == *name);
            let place = &found.ok_or_else(|| unknown(name.as_ref().unwrap_or(environment)))?.place;
            if done {
                ticks.done.insert(place.clone());
            } else {
                ticks.done.remove(place);
            }
            Ok(())
        };
        self.reviewed(tick, |_| true).await
    }

    /// Puts the list for one who was removed away, if nothing on it is open any more. Gives the others.
    pub async fn put_checklist_away(&self, member: MemberId) -> Result<Vec<ChecklistView>, Error> {
        let stays = |view: &ChecklistView| view.member != member || has_open(view);
        let mut views = self.reviewed(|_, _| Ok(()), stays).await?;
        views.retain(stays);
        Ok(views)
    }

    /// Looks at the lists, changes what a person may, and puts away those that are not to stay.
    async fn reviewed(
        &self,
        change: impl FnOnce(&[Item], &mut Ticks) -> Result<(), Error>,
        stays: impl Fn(&ChecklistView) -> bool,
    ) -> Result<Vec<ChecklistView>, Error> {
        let _lock = self.lock().await?;
        let mut state = self.state().await;
        let joined = state.joined()?;
        self.try_refresh_log(joined).await?;
        let before = self.store().read(ticks)?;
        let mut ticks = before.clone();
        let mut all = if joined.session.my_role() >= Some(Role::Admin) {
            gone(&joined.session.team)
        } else {
            Vec::new()
        };
        all.retain(|gone| !ticks.away.contains(&gone.member));
        let known = all.iter().flat_map(|gone| &gone.environments).map(|(environment, _)| *environment);
        for environment in known.collect::<BTreeSet<_>>() {
            self.try_refresh(joined, environment).await?;
        }
        let mut items = self.items(joined, &all, &ticks)?;
        change(&items, &mut ticks)?;
        items = self.items(joined, &all, &ticks)?;
        let open = items.iter().filter(|item| item.state == ChecklistState::Open);
        ticks.seen.extend(open.map(|item| item.place.member));
        let shown = all.iter().filter(|gone| ticks.seen.contains(&gone.member));
        let views: Vec<_> = shown.map(|gone| view_of(joined, gone.member, &items)).collect();
        ticks.away.extend(views.iter().filter(|view| !stays(view)).map(|view| view.member));
        // Whatever is written is news to the other programs of this home.
        if ticks != before {
            self.store().step(|step| keep(step, &ticks))?;
        }
        Ok(views)
    }

    /// What each of them could read, and how it stands.
    fn items(&self, joined: &mut Joined, all: &[Gone], ticks: &Ticks) -> Result<Vec<Item>, Error> {
        let mut items = Vec::new();
        for Gone { member, environments } in all {
            for (environment, last) in environments {
                let names = match joined.session.my_level(*environment) {
                    // Without access of one's own there are no names to give; the environment itself still is.
                    None => vec![(None, true)],
                    Some(_) => {
                        let held = joined.session.held(*environment)?.held;
                        self.store().read(|step| readable(held, step, *last).map_err(Error::from))?
                    }
                };
                let called = joined.session.environment_name(*environment);
                items.extend(names.into_iter().map(|(name, open)| {
                    let place = Place { member: *member, environment: *environment, name };
                    let state = match open {
                        _ if ticks.done.contains(&place) => ChecklistState::Done,
                        true => ChecklistState::Open,
                        false => ChecklistState::Changed,
                    };
                    Item { place, called: called.clone(), state }
                }));
            }
        }
        Ok(items)
    }
}

/// The variables that were there under the keys up to a generation, in their order, each with whether its value of then
/// is its value now, or stands under another name. What cannot be told stays open, unless somebody pushed something else;
/// of a variable that is gone nobody can tell whether its value goes on where it came from.
fn readable(
    held: &Held,
    step: &Step<'_>,
    last: Generation,
) -> Result<Vec<(Option<String>, bool)>, StoreError> {
    let then = held.revisions.iter().take_while(|revision| revision.generation <= last).last();
    let Some(then) = then.map(|revision| revision.number) else { return Ok(Vec::new()) };
    let versions = Versions::of(held);
    let mut names: Vec<(String, BTreeSet<EntryId>)> = Vec::new();
    for (id, entry) in entries_at(held, then) {
        let Some(name) = versions.get(entry.pointer).and_then(|version| version.name.clone()) else {
            continue;
        };
        match names.iter_mut().find(|(known, _)| *known == name) {
            Some((_, ids)) => {
                ids.insert(id);
            }
            None => names.push((name, BTreeSet::from([id]))),
        }
    }
    let mut elsewhere = Vec::new();
    for (_, entry) in held.chain.in_order() {
        elsewhere.extend(value_of(held, step, entry)?.filter(|value| value.chars().count() >= SHORTEST));
    }
    elsewhere.sort_unstable_by(|a, b| a.as_str().cmp(b.as_str()));
    let is_elsewhere =
        |value: Zeroizing<String>| elsewhere.binary_search_by(|one| one.as_str().cmp(value.as_str())).is_ok();
    let mut found = Vec::with_capacity(names.len());
    for (name, ids) in names {
        let (mut there, mut open) = (false, false);
        for (id, entry) in held.chain.in_order() {
            let Some(version) = versions.get(entry.pointer) else { continue };
            if ids.contains(&id) || version.name.as_ref() == Some(&name) {
                there = true;
                open = open || is_of_then(held, step, &versions, version, &name, last)?;
            }
        }
        let mut of_then = versions_of_then(&versions, &name, last);
        while let (false, Some(version)) = (open, of_then.next()) {
            open = value_of(held, step, &version.entry)?.is_some_and(is_elsewhere);
        }
        drop(of_then);
        found.push((Some(name), open || !there));
    }
    Ok(found)
}

/// Whether a version of now has a value that was there under the keys up to a generation.
fn is_of_then(
    held: &Held,
    step: &Step<'_>,
    versions: &Versions,
    now: &Version,
    name: &str,
    last: Generation,
) -> Result<bool, StoreError> {
    let mut version = now;
    loop {
        if version.entry.generation <= last {
            return Ok(true);
        }
        let Some(before) = versions.before(version) else { break };
        match compare_values(held, step, &before.entry, &version.entry)? {
            Compared::Same => version = before,
            Compared::Unknown if version.cause == Cause::Rotate => version = before,
            Compared::Unknown | Compared::Different => break,
        }
    }
    // Somebody may have brought it back.
    for one in versions_of_then(versions, name, last) {
        if compare_values(held, step, &one.entry, &now.entry)? == Compared::Same {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Characters of a value that is looked for under other names: shorter ones (`true`, `3000`) stand everywhere.
const SHORTEST: usize = 8;

fn versions_of_then<'v>(
    versions: &'v Versions,
    name: &'v str,
    last: Generation,
) -> impl Iterator<Item = &'v Version> {
    versions.all().filter(move |one| one.entry.generation <= last && one.name.as_deref() == Some(name))
}

fn view_of(joined: &Joined, member: MemberId, items: &[Item]) -> ChecklistView {
    let of_list = items.iter().filter(|item| item.place.member == member);
    let items = of_list.map(|Item { place, called, state }| ChecklistItem {
        environment: called.clone(),
        name: place.name.clone(),
        state: *state,
    });
    let mut items: Vec<_> = items.collect();
    items.sort_by(|a, b| a.environment.cmp(&b.environment));
    ChecklistView { member, name: joined.session.member_name(member), items }
}

fn has_open(view: &ChecklistView) -> bool {
    view.items.iter().any(|item| item.state == ChecklistState::Open)
}

fn unknown(name: &str) -> Error {
    Error::Unknown {
        kind: "variable or environment on a checklist",
        name: crate::team::inert(name),
        hint: "“twinlock member checklist” shows what is on it.".to_owned(),
    }
}

fn ticks(step: &Step<'_>) -> Result<Ticks, Error> {
    let note = step.note(CHECKLISTS)?;
    // What is of an older form is ticked anew.
    Ok(note.and_then(|note| serde_json::from_slice(&note).ok()).unwrap_or_default())
}

fn keep(step: &mut Step<'_>, ticks: &Ticks) -> Result<(), Error> {
    let note = serde_json::to_vec(ticks).map_err(|error| Error::Bug(error.to_string()))?;
    step.set_note(CHECKLISTS, &note).map_err(Error::from)
}
