//! The order of entries, merged. Order never conflicts: who changed it wins, and the vault where both did.

use std::collections::{BTreeMap, BTreeSet};

/// Whose order the merged one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderState {
    /// Nobody moved anything.
    InStep,
    /// Moved on this computer alone.
    Here,
    /// Moved in the vault.
    There,
}

/// Merges three orders of entries. The result holds every entry of `mine` and `theirs` once.
pub(super) fn merge_order<K: Ord + Copy>(base: &[K], mine: &[K], theirs: &[K]) -> (Vec<K>, OrderState) {
    let here = moved(base, mine);
    // Entries that both sides added may stand in two orders without anybody having moved anything.
    let there = moved(base, theirs) || (!here && moved(mine, theirs));
    match (here, there) {
        (false, false) => (weave(mine, theirs), OrderState::InStep),
        (true, false) => (weave(mine, theirs), OrderState::Here),
        (_, true) => (weave(theirs, mine), OrderState::There),
    }
}

/// Whether what both have stands in another order.
fn moved<K: Ord + Copy>(before: &[K], after: &[K]) -> bool {
    let kept: BTreeSet<K> = before.iter().copied().collect();
    let left: BTreeSet<K> = after.iter().copied().collect();
    let before = before.iter().filter(|key| left.contains(key));
    let after = after.iter().filter(|key| kept.contains(key));
    !before.eq(after)
}

/// `main` with what only `other` has put in behind the entry that it follows there.
pub(crate) fn weave<K: Ord + Copy>(main: &[K], other: &[K]) -> Vec<K> {
    let known: BTreeSet<K> = main.iter().copied().collect();
    let mut behind: BTreeMap<Option<K>, Vec<K>> = BTreeMap::new();
    let mut last_known = None;
    for key in other {
        if known.contains(key) {
            last_known = Some(*key);
        } else {
            behind.entry(last_known).or_default().push(*key);
        }
    }
    let mut woven = behind.remove(&None).unwrap_or_default();
    for key in main {
        woven.push(*key);
        woven.extend(behind.remove(&Some(*key)).unwrap_or_default());
    }
    woven
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders() {
        for (base, mine, theirs, expect, state) in [
            ("abc", "abc", "abc", "abc", OrderState::InStep),
            ("abc", "axbc", "abcy", "axbcy", OrderState::InStep),
            ("abc", "xabc", "yabc", "yxabc", OrderState::InStep),
            ("abc", "bac", "abc", "bac", OrderState::Here),
            ("abc", "abc", "cab", "cab", OrderState::There),
            ("abc", "bac", "cab", "cab", OrderState::There),
            ("abc", "ac", "cab", "cab", OrderState::There),
            ("", "xab", "bay", "xbay", OrderState::There),
            ("", "", "ab", "ab", OrderState::InStep),
            ("", "ab", "", "ab", OrderState::InStep),
        ] {
            let keys = |text: &str| text.chars().collect::<Vec<_>>();
            let (merged, found) = merge_order(&keys(base), &keys(mine), &keys(theirs));
            let merged: String = merged.into_iter().collect();
            assert_eq!((merged.as_str(), found), (expect, state), "{base} {mine} {theirs}");
        }
    }
}
