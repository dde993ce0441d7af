//! Where an entry stands among the others: text that sorts, with room between any two.
//!
//! 1 to 64 bytes of `0-9a-z`, not ending in `0`, compared bytewise: the digits of a fraction in base 36.

use serde::{Deserialize, Deserializer, Serialize};

/// Longest position, in bytes.
pub const LONGEST: usize = 64;
const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
const BASE: u8 = 36;

/// A place in an environment's order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Position(String);

/// Text that is not a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a position is 1 to 64 digits of base 36 and does not end in 0")]
pub struct NotAPosition;

impl std::str::FromStr for Position {
    type Err = NotAPosition;
    fn from_str(text: &str) -> Result<Self, NotAPosition> {
        let fits = (1..=LONGEST).contains(&text.len());
        if fits && text.bytes().all(|b| DIGITS.contains(&b)) && !text.ends_with('0') {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotAPosition)
        }
    }
}

impl<'de> Deserialize<'de> for Position {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl Position {
    /// As it stands in field lists.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// `count` positions, in order, strictly between two neighbours (or the ends of the list).
///
/// `None` where `below` is not less than `above`, or where there is no room in [`LONGEST`] bytes: then all
/// entries are placed anew with `spread(None, None, all)`.
#[must_use]
pub fn spread(below: Option<&Position>, above: Option<&Position>, count: usize) -> Option<Vec<Position>> {
    if let (Some(below), Some(above)) = (below, above)
        && below >= above
    {
        return None;
    }
    let low = below.map_or(&[][..], |position| position.0.as_bytes());
    let high = above.map(|position| position.0.as_bytes());
    let mut positions = Vec::with_capacity(count);
    fill(low, high, count, &mut positions)?;
    Some(positions)
}

/// Places `count` by halving: the middle one first, so lengths stay logarithmic in `count`.
fn fill(low: &[u8], high: Option<&[u8]>, count: usize, out: &mut Vec<Position>) -> Option<()> {
    if count == 0 {
        return Some(());
    }
    let middle = between(low, high)?;
    let before = count / 2;
    fill(low, Some(&middle), before, out)?;
    out.push(Position(middle.iter().map(|&b| char::from(b)).collect()));
    fill(&middle, high, count - before - 1, out)
}

/// The digits of a fraction strictly between two others; `low` empty is zero, `high` absent is one.
fn between(low: &[u8], high: Option<&[u8]>) -> Option<Vec<u8>> {
    let value = |digit: u8| DIGITS.iter().position(|&d| d == digit).and_then(|at| u8::try_from(at).ok());
    let mut result = Vec::new();
    let mut bounded_above = high;
    for at in 0..LONGEST {
        let floor = low.get(at).map_or(Some(0), |&digit| value(digit))?;
        let ceiling = match bounded_above {
            Some(high) => high.get(at).map_or(Some(0), |&digit| value(digit))?,
            None => BASE,
        };
        if ceiling > floor + 1 {
            let middle = floor + (ceiling - floor) / 2;
            result.push(DIGITS[usize::from(middle)]);
            return Some(result);
        }
        result.push(DIGITS[usize::from(floor)]);
        if ceiling > floor {
            // One apart: keep the lower digit; everything longer that stays above `low` fits.
            bounded_above = None;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn position(text: &str) -> Position {
        text.parse().unwrap()
    }

    #[test]
    fn only_the_canonical_form_is_a_position() {
        for text in ["1", "i", "0001", "zz", &"z".repeat(64)] {
            assert!(text.parse::<Position>().is_ok(), "{text}");
        }
        for text in ["", "0", "10", "A", "a b", "é", &"z".repeat(65)] {
            assert!(text.parse::<Position>().is_err(), "{text}");
        }
    }

    #[test]
    fn there_is_room_between_neighbours() {
        for (low, high) in [
            (None, None),
            (None, Some("1")),
            (None, Some("0001")),
            (Some("z"), None),
            (Some("zz"), None),
            (Some("1"), Some("2")),
            (Some("1"), Some("11")),
            (Some("1z"), Some("2")),
            (Some("1zzz"), Some("2")),
            (Some("a"), Some("a0001")),
        ] {
            let (low, high) = (low.map(position), high.map(position));
            for count in [1, 2, 7, 500] {
                let made = spread(low.as_ref(), high.as_ref(), count).unwrap();
                assert_eq!(made.len(), count);
                let all: Vec<_> = low.iter().chain(&made).chain(&high).collect();
                assert!(all.is_sorted_by(|a, b| a < b), "{all:?}");
                assert!(made.iter().all(|p| p.as_str().parse::<Position>().is_ok()), "{made:?}");
            }
        }
    }

    #[test]
    fn a_full_environment_has_short_positions() {
        let made = spread(None, None, crate::limits::ENTRIES).unwrap();
        assert!(made.iter().all(|p| p.as_str().len() <= 16));
    }

    #[test]
    fn always_at_the_same_place_runs_out_and_says_so() {
        let mut below = position("i");
        let above = position("j");
        let mut steps = 0;
        while let Some(made) = spread(Some(&below), Some(&above), 1) {
            below = made.into_iter().next().unwrap();
            steps += 1;
        }
        assert!(steps > 100);
        assert_eq!(spread(Some(&above), Some(&below), 1), None);
    }
}
