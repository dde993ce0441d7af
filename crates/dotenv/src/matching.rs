//! Which entry of an earlier text each entry of a new one is, so that ids stay with their entries
//! from one push to the next.
//!
//! Variables go by name, prose by its text and its place between variables. The answer is the
//! same for the same texts, and takes about as long as sorting the entries.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

use crate::assignment::Assignment;
use crate::cut::BYTE_ORDER_MARK;
use crate::document::Entry;
use crate::right_half::RightHalf;

/// An entry as it was last agreed on.
#[derive(Clone, Copy)]
pub struct KnownEntry<'t> {
    /// Its left half; empty for prose.
    pub left: &'t str,
    /// Its right half.
    pub right: &'t str,
}

impl<'t> KnownEntry<'t> {
    fn name(self) -> Option<&'t str> {
        Assignment::at_start(self.left).map(|found| found.name())
    }
}

impl<'t> From<&Entry<'t>> for KnownEntry<'t> {
    fn from(entry: &Entry<'t>) -> Self {
        Self { left: entry.left(), right: entry.right() }
    }
}

/// For each entry of `mine` the place in `base` of the entry that it is, `None` where it is new.
///
/// No place comes twice; places that don't come are entries that were removed. Of a name that
/// occurs more than once those with the same text belong together, then the others in order. A
/// variable whose name is new is a renamed one, if it has the value of exactly one removed
/// variable between the same neighbours.
///
/// The entries need not come from one cut: prose entries side by side, left when the variable
/// between them went, are entries of their own here.
#[must_use]
pub fn match_entries(base: &[KnownEntry<'_>], mine: &[KnownEntry<'_>]) -> Vec<Option<usize>> {
    let mut pairs = Pairs::new(base, mine);
    pairs.pair(|entry, _| entry.name().map(|name| (name, entry.left, entry.right)));
    pairs.pair(|entry, _| entry.name());
    pairs.find_gaps();
    pairs.pair_unique(|entry, gap| {
        let value = RightHalf::parse(entry.right).written();
        (entry.name().is_some() && !value.is_empty()).then_some((gap, value))
    });
    pairs.find_gaps();
    pairs.pair(|entry, gap| entry.name().is_none().then_some((gap, entry.left, entry.right)));
    pairs.pair(|entry, _| entry.name().is_none().then_some((entry.left, entry.right)));
    pairs.pair(|entry, gap| (entry.name().is_none() && entry.right != BYTE_ORDER_MARK).then_some(gap));
    pairs.of_mine
}

/// Which of these places go up: a longest increasing run through them. The others have moved.
pub(crate) fn in_order(places: &[usize]) -> Vec<bool> {
    let mut ends: Vec<usize> = Vec::new();
    let mut before = vec![None; places.len()];
    for (index, place) in places.iter().enumerate() {
        let length = ends.partition_point(|end| places[*end] < *place);
        before[index] = length.checked_sub(1).map(|shorter| ends[shorter]);
        match ends.get_mut(length) {
            Some(end) => *end = index,
            None => ends.push(index),
        }
    }
    let mut kept = vec![false; places.len()];
    let mut next = ends.last().copied();
    while let Some(index) = next {
        kept[index] = true;
        next = before[index];
    }
    kept
}

struct Pairs<'e, 't> {
    base: &'e [KnownEntry<'t>],
    mine: &'e [KnownEntry<'t>],
    of_base: Vec<Option<usize>>,
    of_mine: Vec<Option<usize>>,
    /// How many variables that stayed in order stand before each entry.
    gaps_of_base: Vec<usize>,
    gaps_of_mine: Vec<usize>,
}

impl<'e, 't> Pairs<'e, 't> {
    fn new(base: &'e [KnownEntry<'t>], mine: &'e [KnownEntry<'t>]) -> Self {
        Self {
            base,
            mine,
            of_base: vec![None; base.len()],
            of_mine: vec![None; mine.len()],
            gaps_of_base: vec![0; base.len()],
            gaps_of_mine: vec![0; mine.len()],
        }
    }

    /// Pairs entries that have no partner yet and have the same key, in order.
    fn pair<K: Eq + Hash>(&mut self, key: impl Fn(KnownEntry<'t>, usize) -> Option<K>) {
        let mut waiting = self.waiting(&key);
        for mine in 0..self.mine.len() {
            if self.of_mine[mine].is_none()
                && let Some(key) = key(self.mine[mine], self.gaps_of_mine[mine])
                && let Some(base) = waiting.get_mut(&key).and_then(VecDeque::pop_front)
            {
                self.join(base, mine);
            }
        }
    }

    /// The same for keys that occur once on either side.
    fn pair_unique<K: Eq + Hash>(&mut self, key: impl Fn(KnownEntry<'t>, usize) -> Option<K>) {
        let waiting = self.waiting(&key);
        let mut places: HashMap<K, Vec<usize>> = HashMap::new();
        for mine in (0..self.mine.len()).filter(|mine| self.of_mine[*mine].is_none()) {
            if let Some(key) = key(self.mine[mine], self.gaps_of_mine[mine]) {
                places.entry(key).or_default().push(mine);
            }
        }
        for (key, mine) in places {
            if let (Some(base), [mine]) = (waiting.get(&key), mine.as_slice())
                && let (Some(first), 1) = (base.front(), base.len())
            {
                self.join(*first, *mine);
            }
        }
    }

    fn waiting<K: Eq + Hash>(
        &self,
        key: &impl Fn(KnownEntry<'t>, usize) -> Option<K>,
    ) -> HashMap<K, VecDeque<usize>> {
        let mut waiting: HashMap<K, VecDeque<usize>> = HashMap::new();
        for base in (0..self.base.len()).filter(|base| self.of_base[*base].is_none()) {
            if let Some(key) = key(self.base[base], self.gaps_of_base[base]) {
                waiting.entry(key).or_default().push_back(base);
            }
        }
        waiting
    }

    fn join(&mut self, base: usize, mine: usize) {
        self.of_base[base] = Some(mine);
        self.of_mine[mine] = Some(base);
    }

    fn find_gaps(&mut self) {
        let paired: Vec<(usize, usize)> =
            self.of_mine.iter().enumerate().filter_map(|(mine, base)| Some((mine, (*base)?))).collect();
        let places: Vec<usize> = paired.iter().map(|(_, base)| *base).collect();
        let kept = in_order(&places);
        let (mut in_base, mut in_mine) = (vec![0; self.base.len()], vec![0; self.mine.len()]);
        for ((mine, base), _) in paired.iter().zip(kept).filter(|(_, kept)| *kept) {
            in_base[*base] = 1;
            in_mine[*mine] = 1;
        }
        self.gaps_of_base = running_sum(in_base);
        self.gaps_of_mine = running_sum(in_mine);
    }
}

fn running_sum(mut counts: Vec<usize>) -> Vec<usize> {
    let mut sum = 0;
    for count in &mut counts {
        sum += *count;
        *count = sum;
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Document;

    fn check(base: &str, mine: &str, expected: &[Option<usize>]) {
        let document = Document::parse(base);
        let base: Vec<_> = document.entries().iter().map(KnownEntry::from).collect();
        let mine_document = Document::parse(mine);
        let entries: Vec<KnownEntry<'_>> = mine_document.entries().iter().map(KnownEntry::from).collect();
        assert_eq!(match_entries(&base, &entries), expected, "{mine:?}");
    }

    #[test]
    fn finds_the_longest_run() {
        let check =
            |places: &[usize], expected: &[bool]| assert_eq!(in_order(places), expected, "{places:?}");
        check(&[], &[]);
        check(&[0, 1, 2], &[true, true, true]);
        check(&[2, 0, 1], &[false, true, true]);
        check(&[0, 3, 1, 2, 4], &[true, false, true, true, true]);
        check(&[1, 2, 0], &[true, true, false]);
        check(&[2, 3, 0, 1, 4], &[false, false, true, true, true]);
    }

    #[test]
    fn matches_variables_by_name() {
        check("A=1\nB=2\n", "A=1\nB=2\n", &[Some(0), Some(1)]);
        check("A=1\nB=2\n", "B=9\nA=1\n", &[Some(1), Some(0)]);
        check("A=1\nB=2\n", "export A = 3\nC=4\n", &[Some(0), None]);
        check("A=1\n", "", &[]);
        check("", "A=1\n", &[None]);
    }

    #[test]
    fn matches_duplicates_by_text_then_in_order() {
        check("A=1\nA=2\n", "A=2\n", &[Some(1)]);
        check("A=1\nA=2\n", "A=1\nA=3\n", &[Some(0), Some(1)]);
        check("A=1\nA=2\n", "A=3\nA=4\nA=5\n", &[Some(0), Some(1), None]);
    }

    #[test]
    fn matches_a_renamed_variable_in_its_place() {
        check("A=1\nB=secret\nC=3\n", "A=1\nBB=secret\nC=3\n", &[Some(0), Some(1), Some(2)]);
        check("A=1\nB=secret\nC=3\n", "A=1\nC=3\nBB=secret\n", &[Some(0), Some(2), None]);
        check("A=1\nB=x\nC=x\n", "A=1\nD=x\n", &[Some(0), None]);
        check("A=1\nB=\n", "A=1\nC=\n", &[Some(0), None]);
    }

    #[test]
    fn matches_prose_by_text_then_by_place() {
        // Entries of the base: 0 prose, 1 A, 2 blank, 3 B, 4 blank, 5 C.
        let base = "# head\nA=1\n\nB=2\n\nC=3\n";
        check(base, base, &[Some(0), Some(1), Some(2), Some(3), Some(4), Some(5)]);
        let inserted = "# head\nA=1\n\nX=9\n\nB=2\n\nC=3\n";
        check(base, inserted, &[Some(0), Some(1), Some(2), None, None, Some(3), Some(4), Some(5)]);
        check(
            base,
            "# new head\nA=1\n# new\nB=2\n\nC=3\n",
            &[Some(0), Some(1), Some(2), Some(3), Some(4), Some(5)],
        );
        check(base, "A=1\n\nB=2\n\nC=3\n# head\n", &[Some(1), Some(2), Some(3), Some(4), Some(5), Some(0)]);
        check("\u{feff}A=1\n", "# c\nA=1\n", &[None, Some(1)]);
        check("\u{feff}# a\nA=1\n", "\u{feff}# b\nA=1\n", &[Some(0), Some(1), Some(2)]);
    }
}
