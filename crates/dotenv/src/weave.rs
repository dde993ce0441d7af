//! Three-way merging of a sequence: lines of prose, and variables among them.
//!
//! It never conflicts. What one side took out is out, what a side put in is in, at its place; where
//! both put something in at the same place, both are kept, and what they share is kept once. It
//! takes about as long as sorting the elements.

use std::collections::HashMap;
use std::hash::Hash;
use std::iter;
use std::ops::Range;

use similar::{Algorithm, DiffOp, capture_diff_slices};

use crate::matching::in_order;

/// Longer sequences are first cut at what comes once in both; what is still longer than this
/// between two cuts counts as different, rather than being compared at length.
const MOST_COMPARED: usize = 20_000;

/// One element of the merged sequence, by its place in the sequences that were merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Woven {
    /// Both sides have it.
    Both {
        /// Where in the base, if it was there.
        base: Option<usize>,
        /// Where on this side.
        mine: usize,
        /// Where on the other.
        theirs: usize,
    },
    /// Only this side has it: it put it in.
    Mine(usize),
    /// Only the other side has it.
    Theirs(usize),
    /// The base has it, and one side or both took it out here.
    Gone(usize),
}

/// Whose comes first where both sides put something in at the same place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum First {
    /// What the other side put in.
    Theirs,
    /// What this side put in.
    Mine,
}

/// Merges three sequences of numbers; the same number is the same element. Every element that a side put in comes, and every element of the base:
/// kept, or gone.
pub(crate) fn weave(base: &[u32], mine: &[u32], theirs: &[u32], first: First) -> Vec<Woven> {
    let weaver =
        Weaver { mine, theirs, of_mine: partners(base, mine), of_theirs: partners(base, theirs), first };
    let mut woven = Vec::with_capacity(base.len().max(mine.len()).max(theirs.len()));
    let (mut from, mut from_mine, mut from_theirs) = (0, 0, 0);
    for (place, partners) in iter::zip(&weaver.of_mine, &weaver.of_theirs).enumerate() {
        if let (Some(mine), Some(theirs)) = partners {
            weaver.changed(from..place, from_mine..*mine, from_theirs..*theirs, &mut woven);
            woven.push(Woven::Both { base: Some(place), mine: *mine, theirs: *theirs });
            (from, from_mine, from_theirs) = (place + 1, mine + 1, theirs + 1);
        }
    }
    weaver.changed(from..base.len(), from_mine..mine.len(), from_theirs..theirs.len(), &mut woven);
    woven
}

struct Weaver<'s> {
    mine: &'s [u32],
    theirs: &'s [u32],
    /// Where each element of the base is on either side.
    of_mine: Vec<Option<usize>>,
    of_theirs: Vec<Option<usize>>,
    first: First,
}

/// An element that a side put in, and how much of the base stands before it.
#[derive(Clone, Copy)]
struct PutIn {
    at: usize,
    gap: usize,
}

impl Weaver<'_> {
    /// Merges a stretch of which no element was kept by both sides.
    fn changed(&self, base: Range<usize>, mine: Range<usize>, theirs: Range<usize>, woven: &mut Vec<Woven>) {
        let mine = put_in(&self.of_mine, base.clone(), mine);
        let theirs = put_in(&self.of_theirs, base.clone(), theirs);
        let elements =
            |side: &[u32], put_in: &[PutIn]| put_in.iter().map(|put_in| side[put_in.at]).collect::<Vec<_>>();
        let mut gone = base;
        let mut add = |gap: usize, element| {
            while gone.start < gap.min(gone.end) {
                woven.push(Woven::Gone(gone.start));
                gone.start += 1;
            }
            woven.extend(element);
        };
        let (mut from_mine, mut from_theirs) = (0, 0);
        let shared = common(&elements(self.mine, &mine), &elements(self.theirs, &theirs));
        for (to_mine, to_theirs) in shared.into_iter().chain([(mine.len(), theirs.len())]) {
            let (mut left, mut right) = (&mine[from_mine..to_mine], &theirs[from_theirs..to_theirs]);
            loop {
                let (of_mine, of_theirs) = (left.first(), right.first());
                match (of_mine, of_theirs) {
                    (Some(of_mine), of_theirs)
                        if of_theirs.is_none_or(|of_theirs| self.is_first(of_mine, of_theirs)) =>
                    {
                        add(of_mine.gap, Some(Woven::Mine(of_mine.at)));
                        left = &left[1..];
                    }
                    (_, Some(of_theirs)) => {
                        add(of_theirs.gap, Some(Woven::Theirs(of_theirs.at)));
                        right = &right[1..];
                    }
                    (_, None) => break,
                }
            }
            if let (Some(mine), Some(theirs)) = (mine.get(to_mine), theirs.get(to_theirs)) {
                let gap = mine.gap.min(theirs.gap);
                add(gap, Some(Woven::Both { base: None, mine: mine.at, theirs: theirs.at }));
            }
            (from_mine, from_theirs) = (to_mine + 1, to_theirs + 1);
        }
        add(usize::MAX, None);
    }

    fn is_first(&self, mine: &PutIn, theirs: &PutIn) -> bool {
        mine.gap < theirs.gap || (mine.gap == theirs.gap && self.first == First::Mine)
    }
}

/// What a side has in a stretch beyond what it kept of the base.
fn put_in(partners: &[Option<usize>], base: Range<usize>, side: Range<usize>) -> Vec<PutIn> {
    let (mut from, mut gap) = (side.start, base.start);
    let mut found = Vec::new();
    for place in base {
        if let Some(kept) = partners[place] {
            found.extend((from..kept).map(|at| PutIn { at, gap }));
            (from, gap) = (kept + 1, place + 1);
        }
    }
    found.extend((from..side.end).map(|at| PutIn { at, gap }));
    found
}

/// For each element of the base its place on a side that kept it.
fn partners(base: &[u32], side: &[u32]) -> Vec<Option<usize>> {
    let mut partners = vec![None; base.len()];
    for (place, at) in common(base, side) {
        partners[place] = Some(at);
    }
    partners
}

/// A long common subsequence, as pairs of places that rise on both sides.
pub(crate) fn common(a: &[u32], b: &[u32]) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    compare(a, 0..a.len(), b, 0..b.len(), &mut pairs, |a, in_a, b, in_b, pairs| {
        // Too long to compare: cut at what comes once in both.
        let cuts = cuts(&a[in_a.clone()], &b[in_b.clone()]);
        let (mut from_a, mut from_b) = (in_a.start, in_b.start);
        for (cut_a, cut_b) in cuts.into_iter().map(|(x, y)| (x + in_a.start, y + in_b.start)) {
            compare(a, from_a..cut_a, b, from_b..cut_b, pairs, |_, _, _, _, _| ());
            pairs.push((cut_a, cut_b));
            (from_a, from_b) = (cut_a + 1, cut_b + 1);
        }
        compare(a, from_a..in_a.end, b, from_b..in_b.end, pairs, |_, _, _, _, _| ());
    });
    pairs
}

/// Compares two stretches: what they begin and end with alike, then what is between, unless it is
/// too long.
fn compare(
    a: &[u32],
    in_a: Range<usize>,
    b: &[u32],
    in_b: Range<usize>,
    pairs: &mut Vec<(usize, usize)>,
    too_long: impl FnOnce(&[u32], Range<usize>, &[u32], Range<usize>, &mut Vec<(usize, usize)>),
) {
    let alike = |pair: &(&u32, &u32)| pair.0 == pair.1;
    let (left, right) = (&a[in_a.clone()], &b[in_b.clone()]);
    let head = iter::zip(left, right).take_while(alike).count();
    let tail = iter::zip(left[head..].iter().rev(), right[head..].iter().rev()).take_while(alike).count();
    pairs.extend((0..head).map(|at| (in_a.start + at, in_b.start + at)));
    let (in_a, in_b, ends) =
        (in_a.start + head..in_a.end - tail, in_b.start + head..in_b.end - tail, (in_a.end, in_b.end));
    if in_a.len().max(in_b.len()) > MOST_COMPARED {
        too_long(a, in_a, b, in_b, pairs);
    } else {
        for op in capture_diff_slices(Algorithm::Myers, &a[in_a.clone()], &b[in_b.clone()]) {
            if let DiffOp::Equal { old_index, new_index, len } = op {
                pairs.extend((0..len).map(|at| (in_a.start + old_index + at, in_b.start + new_index + at)));
            }
        }
    }
    pairs.extend((0..tail).rev().map(|at| (ends.0 - 1 - at, ends.1 - 1 - at)));
}

/// What comes once in both, as far as it stands in the same order.
fn cuts(a: &[u32], b: &[u32]) -> Vec<(usize, usize)> {
    let (places_a, places_b) = (single_places(a), single_places(b));
    let pairs: Vec<(usize, usize)> = a
        .iter()
        .filter_map(|element| Some(((*places_a.get(element)?)?, (*places_b.get(element)?)?)))
        .collect();
    let kept = in_order(&pairs.iter().map(|(_, at)| *at).collect::<Vec<_>>());
    iter::zip(pairs, kept).filter_map(|(pair, kept)| kept.then_some(pair)).collect()
}

fn single_places(elements: &[u32]) -> HashMap<u32, Option<usize>> {
    let mut places = HashMap::new();
    for (place, element) in elements.iter().enumerate() {
        places.entry(*element).and_modify(|found| *found = None).or_insert(Some(place));
    }
    places
}

/// Gives the same number to the same thing.
pub(crate) struct Numbers<K> {
    known: HashMap<K, u32>,
}

impl<K: Eq + Hash> Numbers<K> {
    pub(crate) fn new() -> Self {
        Self { known: HashMap::new() }
    }

    pub(crate) fn of(&mut self, key: K) -> u32 {
        let next = u32::try_from(self.known.len()).unwrap_or(u32::MAX);
        *self.known.entry(key).or_insert(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> Vec<u32> {
        text.chars().map(u32::from).collect()
    }

    fn woven(base: &str, mine: &str, theirs: &str, first: First) -> String {
        let letter = |text: &str, at: usize| text.chars().nth(at).unwrap_or('?').to_string();
        weave(&tokens(base), &tokens(mine), &tokens(theirs), first)
            .into_iter()
            .map(|found| match found {
                Woven::Both { theirs: at, .. } | Woven::Theirs(at) => letter(theirs, at),
                Woven::Mine(at) => letter(mine, at),
                Woven::Gone(at) => format!("({})", letter(base, at)),
            })
            .collect()
    }

    #[test]
    fn weaves() {
        let check = |base, mine, theirs, expected: &str| {
            assert_eq!(woven(base, mine, theirs, First::Theirs), expected, "{base} {mine} {theirs}");
        };
        check("", "", "", "");
        check("abc", "abc", "abc", "abc");
        check("abc", "axbc", "abc", "axbc");
        check("abc", "abc", "axbc", "axbc");
        check("abc", "ac", "abc", "a(b)c");
        check("abc", "axc", "ayc", "ayx(b)c");
        check("abc", "abcm", "abct", "abctm");
        // Changes side by side.
        check("ab", "xb", "ay", "x(a)y(b)");
        check("ab", "b", "ax", "(a)x(b)");
        // What both put in is there once, though a neighbour went.
        check("ac", "xc", "axc", "x(a)c");
        check("", "smx", "stx", "stmx");
    }

    #[test]
    fn puts_either_side_first() {
        assert_eq!(woven("a", "am", "at", First::Theirs), "atm");
        assert_eq!(woven("a", "am", "at", First::Mine), "amt");
    }

    #[test]
    fn cuts_long_sequences_at_what_comes_once() {
        let many = u32::try_from(MOST_COMPARED).unwrap_or(u32::MAX) + 10;
        let a: Vec<u32> = (0..2 * many).collect();
        let b: Vec<u32> = a.iter().map(|at| if at % 3 == 1 { at + 9 * many } else { *at }).collect();
        assert_eq!(common(&a, &b).len(), a.iter().filter(|at| *at % 3 != 1).count());
        // Nothing comes once: only beginning and end are alike.
        let zeros = vec![0; 2 * MOST_COMPARED];
        let ones = [vec![0; 3], vec![1; 2 * MOST_COMPARED], vec![0; 5]].concat();
        assert_eq!(common(&zeros, &ones).len(), 8);
    }
}
