//! A value over the length of a log: rights are judged as they were at an event, not as they are now.

use serde::{Deserialize, Serialize};

/// What held from which sequence on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timeline<T>(Vec<(u64, Option<T>)>);

impl<T> Default for Timeline<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Copy> Timeline<T> {
    /// A value that holds from `sequence` on.
    #[must_use]
    pub fn since(sequence: u64, value: T) -> Self {
        Self(vec![(sequence, Some(value))])
    }

    /// From `sequence` on, which is later than all before, another value holds, or none.
    pub fn set(&mut self, sequence: u64, value: Option<T>) {
        self.0.push((sequence, value));
    }

    /// What held right after `sequence`.
    #[must_use]
    pub fn at(&self, sequence: u64) -> Option<T> {
        let after = self.0.partition_point(|(since, _)| *since <= sequence);
        self.0.get(after.checked_sub(1)?).and_then(|(_, value)| *value)
    }

    /// The last sequence after which such a value held: the one before it ended, or the highest there is while it holds.
    pub fn last(&self, such: impl Fn(T) -> bool) -> Option<u64> {
        let ends = self.0.iter().skip(1).map(|(since, _)| since.saturating_sub(1)).chain([u64::MAX]);
        let held = self.0.iter().zip(ends).filter(|((_, value), _)| value.is_some_and(&such));
        held.last().map(|(_, end)| end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_change_up_to_a_sequence_counts() {
        let mut timeline = Timeline::since(5, 'a');
        timeline.set(9, None);
        timeline.set(12, Some('b'));
        let seen: Vec<_> = [4, 5, 8, 9, 11, 12, 99].map(|at| timeline.at(at)).into();
        assert_eq!(seen, [None, Some('a'), Some('a'), None, None, Some('b'), Some('b')]);
    }

    #[test]
    fn what_held_once_has_a_last_time() {
        let mut timeline = Timeline::since(5, 'a');
        assert_eq!((timeline.last(|it| it == 'a'), timeline.last(|it| it == 'b')), (Some(u64::MAX), None));
        timeline.set(9, None);
        timeline.set(12, Some('b'));
        assert_eq!((timeline.last(|it| it == 'a'), timeline.last(|it| it == 'b')), (Some(8), Some(u64::MAX)));
        timeline.set(14, Some('a'));
        timeline.set(20, None);
        assert_eq!((timeline.last(|it| it == 'a'), timeline.last(|it| it == 'b')), (Some(19), Some(13)));
    }
}
