//! Which entry of the environment each entry of a file is.

use std::collections::{BTreeMap, BTreeSet};

use twinlock_dotenv::{Document, Entry, KnownEntry, join_entries, match_entries};
use twinlock_protocol::EntryId;
use zeroize::Zeroizing;

use super::plan::{Agreed, Halves, Theirs};
use crate::files::ContentHash;

/// The entries of the file. Prose that both sides know in several pieces is cut into the same pieces.
pub(super) fn split_like(base: &[Agreed], theirs: &[Theirs], mine: &Document<'_>) -> Vec<Halves> {
    let base = base.iter().map(|agreed| Some(&agreed.halves));
    let theirs = theirs.iter().map(|entry| entry.text.open());
    let mut pieces: BTreeMap<ContentHash, Vec<Halves>> = BTreeMap::new();
    let mut run: Vec<Halves> = Vec::new();
    for halves in base.chain([None]).chain(theirs).chain([None]) {
        match halves {
            Some(halves) if halves.left.is_empty() => run.push(halves.clone()),
            _ => {
                let texts: Vec<&str> = run.iter().map(|halves| halves.right.as_str()).collect();
                if run.len() > 1 {
                    let whole = Zeroizing::new(join_entries(&texts).text);
                    pieces.entry(ContentHash::of(&whole)).or_insert_with(|| run.clone());
                }
                run.clear();
            }
        }
    }
    let mut split = Vec::new();
    for entry in mine.entries() {
        let known = match entry {
            Entry::Prose(prose) => pieces.get(&ContentHash::of(prose.text())),
            Entry::Variable(_) => None,
        };
        match known {
            Some(pieces) => split.extend(pieces.iter().cloned()),
            None => split.push(Halves::new(entry.left(), entry.right())),
        }
    }
    split
}

/// Which known entry each entry of the file is: one of the base, else one that the vault has and the base
/// has not, if it is the same variable or the same prose.
pub(super) fn identify(base: &[Agreed], theirs: &[Theirs], mine: &[Halves]) -> Vec<Option<EntryId>> {
    let agreed: BTreeSet<EntryId> = base.iter().map(|agreed| agreed.id).collect();
    let added: Vec<(EntryId, &Halves)> = theirs
        .iter()
        .filter(|entry| !agreed.contains(&entry.id))
        .filter_map(|entry| Some((entry.id, entry.text.open()?)))
        .collect();
    let mine_known: Vec<KnownEntry<'_>> = mine.iter().map(Halves::known).collect();
    let base_known: Vec<KnownEntry<'_>> = base.iter().map(|agreed| agreed.halves.known()).collect();
    let mut ids: Vec<Option<EntryId>> =
        match_entries(&base_known, &mine_known).into_iter().map(|at| at.map(|at| base[at].id)).collect();

    unmatch_doubtful_renames(base, theirs, mine, &mut ids);

    let rest: Vec<usize> = (0..mine.len()).filter(|&at| ids[at].is_none()).collect();
    let rest_known: Vec<KnownEntry<'_>> = rest.iter().map(|&at| mine[at].known()).collect();
    let added_known: Vec<KnownEntry<'_>> = added.iter().map(|(_, halves)| halves.known()).collect();
    for (at, found) in rest.into_iter().zip(match_entries(&added_known, &rest_known)) {
        let Some((id, halves)) = found.map(|found| added[found]) else { continue };
        let same = match (mine[at].name(), halves.name()) {
            (Some(mine), Some(theirs)) => mine == theirs,
            (None, None) => mine[at] == *halves,
            _ => false,
        };
        if same {
            ids[at] = Some(id);
        }
    }
    ids
}

/// A rename is guessed from an equal value. Where the vault has changed the variable meanwhile, or has
/// another one of the new name, the guess is not good enough: the new name would get the wrong value.
fn unmatch_doubtful_renames(
    base: &[Agreed],
    theirs: &[Theirs],
    mine: &[Halves],
    ids: &mut [Option<EntryId>],
) {
    let base: BTreeMap<EntryId, &Halves> = base.iter().map(|agreed| (agreed.id, &agreed.halves)).collect();
    let unchanged: BTreeSet<EntryId> = theirs
        .iter()
        .filter(|entry| entry.text.open().is_some_and(|now| base.get(&entry.id) == Some(&now)))
        .map(|entry| entry.id)
        .collect();
    let taken: BTreeSet<&str> = theirs.iter().filter_map(|entry| entry.text.open()?.name()).collect();
    for (id, mine) in ids.iter_mut().zip(mine) {
        let renamed = id.and_then(|id| base.get(&id)).is_some_and(|base| base.name() != mine.name());
        let changed = id.is_some_and(|id| !unchanged.contains(&id));
        if renamed && (changed || mine.name().is_some_and(|name| taken.contains(name))) {
            *id = None;
        }
    }
}
