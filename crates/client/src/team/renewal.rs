//! When an environment's keys are renewed without any cause. Pure: randomness and time are arguments.
//!
//! Each computer draws a moment of its own at each opening and tells nobody: no server and no log can know when keys
//! change next. The first one whose moment comes renews them, and all draw again.

use serde::{Deserialize, Serialize};
use twinlock_protocol::event::Renewal;
use twinlock_protocol::ids::Generation;
use twinlock_protocol::timestamp::Timestamp;

const MINUTE: u64 = 60 * 1000;
const DAY: u64 = 24 * 60 * MINUTE;

/// What was drawn for a generation.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Drawn {
    generation: Generation,
    /// When this computer first saw that generation, by its own clock.
    seen: Timestamp,
    /// Where between the bounds: the settings may change, and the draw stays.
    lot: u64,
}

impl Drawn {
    /// Draws for a generation that was seen just now. `lot` comes from the system's random source.
    pub(crate) fn new(generation: Generation, now: Timestamp, lot: u64) -> Self {
        Self { generation, seen: now, lot }
    }

    /// Whether this is for another generation, or of a clock that was wrong: then it is drawn anew.
    pub(crate) fn is_void(&self, generation: Generation, now: Timestamp) -> bool {
        self.generation != generation || self.seen > now
    }

    /// Whether the moment has come.
    pub(crate) fn has_come(&self, bounds: Renewal, now: Timestamp) -> bool {
        let least = u64::from(bounds.at_least_days) * DAY;
        let most = u64::from(bounds.at_most_days) * DAY;
        now.0 >= self.seen.0.saturating_add(between(least, most, self.lot))
    }
}

/// How long somebody who did not remove a member waits before renewing what they knew: not all at once.
pub(crate) fn patience(lot: u64) -> u64 {
    between(MINUTE, 10 * MINUTE, lot)
}

/// A point between two others, both possible. The product of two 64-bit numbers, shifted by 64 bits, fits again.
fn between(least: u64, most: u64, lot: u64) -> u64 {
    let span = u128::from(most.saturating_sub(least)) + 1;
    least.saturating_add(u64::try_from((u128::from(lot) * span) >> 64).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Renewal = Renewal { at_least_days: 7, at_most_days: 30 };

    fn comes(lot: u64) -> (bool, bool) {
        let seen = Timestamp(1_000);
        let drawn = Drawn::new(Generation::FIRST, seen, lot);
        let after = |days: u64| drawn.has_come(BOUNDS, Timestamp(seen.0 + days * DAY));
        (after(7), after(30))
    }

    #[test]
    fn never_before_the_least_and_always_by_the_most() {
        assert_eq!(comes(0), (true, true));
        for lot in [1 << 40, u64::MAX / 2, u64::MAX] {
            assert_eq!(comes(lot), (false, true), "{lot}");
        }
        let early = Drawn::new(Generation::FIRST, Timestamp(0), 0);
        assert!(!early.has_come(BOUNDS, Timestamp(7 * DAY - 1)));
        // Other bounds count for what was drawn before.
        let soon = Renewal { at_least_days: 1, at_most_days: 1 };
        assert!(Drawn::new(Generation::FIRST, Timestamp(0), u64::MAX).has_come(soon, Timestamp(DAY)));
    }

    #[test]
    fn the_draw_is_even_over_the_bounds() {
        let quarter = |n: u64| between(0, 99, n * (u64::MAX / 4 + 1));
        assert_eq!([quarter(0), quarter(1), quarter(2), quarter(3)], [0, 25, 50, 75]);
        assert_eq!(between(5, 5, u64::MAX), 5);
        assert_eq!((patience(0), patience(u64::MAX)), (MINUTE, 10 * MINUTE));
    }

    #[test]
    fn a_draw_is_for_one_generation_and_for_a_clock_that_goes_forward() {
        let drawn = Drawn::new(Generation(3), Timestamp(50), 1);
        assert!(!drawn.is_void(Generation(3), Timestamp(50)));
        assert!(drawn.is_void(Generation(4), Timestamp(50)));
        assert!(drawn.is_void(Generation(3), Timestamp(49)));
    }
}
