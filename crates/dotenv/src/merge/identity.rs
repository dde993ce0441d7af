//! Which variable of one side is which of the other: by way of the base, else by its name.

use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::Hash;

use crate::document::{Document, Variable};
use crate::matching::{KnownEntry, match_entries};

/// One variable, as each of the three texts has it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Trio<'t> {
    pub(crate) base: Option<Variable<'t>>,
    pub(crate) mine: Option<Variable<'t>>,
    pub(crate) theirs: Option<Variable<'t>>,
}

/// All variables of three texts.
pub(crate) struct Identities<'t> {
    pub(crate) trios: Vec<Trio<'t>>,
    /// For each variable of a text, in its order, its place among the trios.
    pub(crate) of_base: Vec<usize>,
    pub(crate) of_mine: Vec<usize>,
    pub(crate) of_theirs: Vec<usize>,
}

/// Finds out which variables are the same. What is a rename is guessed from an equal value, as
/// [`match_entries`] does; where the other side has another variable of the new name, the guess
/// would make two of them, and the variable is one removed and one added instead.
pub(crate) fn identify<'t>(
    base: &Document<'t>,
    mine: &Document<'t>,
    theirs: &Document<'t>,
) -> Identities<'t> {
    let [base, mine, theirs] = [base, mine, theirs].map(|side| side.variables().copied().collect::<Vec<_>>());
    let (mut in_mine, mut in_theirs) = (partners(&base, &mine), partners(&base, &theirs));
    let taken_mine = taken(&base, &mine, &in_mine, &theirs, &in_theirs);
    let taken_theirs = taken(&base, &theirs, &in_theirs, &mine, &in_mine);
    taken_mine.into_iter().for_each(|at| in_mine[at] = None);
    taken_theirs.into_iter().for_each(|at| in_theirs[at] = None);

    let mut trios: Vec<Trio<'t>> =
        base.iter().map(|variable| Trio { base: Some(*variable), ..Trio::default() }).collect();
    let (mut of_mine, mut of_theirs) = (in_mine.clone(), in_theirs.clone());
    for (added_mine, added_theirs) in added_alike(&mine, &in_mine, &theirs, &in_theirs) {
        of_mine[added_mine] = Some(trios.len());
        of_theirs[added_theirs] = Some(trios.len());
        trios.push(Trio::default());
    }
    let mut fill =
        |side: &[Variable<'t>], known: Vec<Option<usize>>, set: fn(&mut Trio<'t>, Variable<'t>)| {
            let mut places = Vec::with_capacity(side.len());
            for (variable, place) in side.iter().zip(known) {
                let place = place.unwrap_or_else(|| {
                    trios.push(Trio::default());
                    trios.len() - 1
                });
                set(&mut trios[place], *variable);
                places.push(place);
            }
            places
        };
    let of_mine = fill(&mine, of_mine, |trio, variable| trio.mine = Some(variable));
    let of_theirs = fill(&theirs, of_theirs, |trio, variable| trio.theirs = Some(variable));
    Identities { trios, of_base: (0..base.len()).collect(), of_mine, of_theirs }
}

fn partners(base: &[Variable<'_>], side: &[Variable<'_>]) -> Vec<Option<usize>> {
    match_entries(&known(base), &known(side))
}

fn known<'t>(side: &[Variable<'t>]) -> Vec<KnownEntry<'t>> {
    side.iter().map(|variable| KnownEntry { left: variable.left(), right: variable.right() }).collect()
}

/// The variables of a side that were renamed to a name which the other side has for another one.
fn taken(
    base: &[Variable<'_>],
    side: &[Variable<'_>],
    in_side: &[Option<usize>],
    other: &[Variable<'_>],
    in_other: &[Option<usize>],
) -> Vec<usize> {
    let mut named: HashMap<&str, HashSet<Option<usize>>> = HashMap::new();
    for (variable, partner) in other.iter().zip(in_other) {
        named.entry(variable.name()).or_default().insert(*partner);
    }
    let is_taken = |at: &usize| {
        in_side[*at].is_some_and(|partner| {
            let name = side[*at].name();
            base[partner].name() != name
                && named.get(name).is_some_and(|found| found.iter().any(|found| *found != Some(partner)))
        })
    };
    (0..side.len()).filter(is_taken).collect()
}

/// Pairs of variables that both sides added: those with the same text, then those of a name in
/// their order.
fn added_alike(
    mine: &[Variable<'_>],
    in_mine: &[Option<usize>],
    theirs: &[Variable<'_>],
    in_theirs: &[Option<usize>],
) -> Vec<(usize, usize)> {
    let added = |partners: &[Option<usize>]| -> Vec<usize> {
        (0..partners.len()).filter(|at| partners[*at].is_none()).collect()
    };
    let (mut of_mine, mut of_theirs) = (added(in_mine), added(in_theirs));
    let mut pairs = Vec::new();
    pair(&mut of_mine, &mut of_theirs, &mut pairs, |at| mine[at].text(), |at| theirs[at].text());
    pair(&mut of_mine, &mut of_theirs, &mut pairs, |at| mine[at].name(), |at| theirs[at].name());
    pairs
}

/// Pairs what has the same key, in order, and takes it out of both lists.
fn pair<K: Eq + Hash>(
    mine: &mut Vec<usize>,
    theirs: &mut Vec<usize>,
    pairs: &mut Vec<(usize, usize)>,
    key_of_mine: impl Fn(usize) -> K,
    key_of_theirs: impl Fn(usize) -> K,
) {
    let mut waiting: HashMap<K, VecDeque<usize>> = HashMap::new();
    for at in theirs.iter() {
        waiting.entry(key_of_theirs(*at)).or_default().push_back(*at);
    }
    let mut paired = HashSet::new();
    mine.retain(|at| {
        let Some(found) = waiting.get_mut(&key_of_mine(*at)).and_then(VecDeque::pop_front) else {
            return true;
        };
        pairs.push((*at, found));
        paired.insert(found);
        false
    });
    theirs.retain(|at| !paired.contains(at));
}
