//! Positions for a new order of entries: as few entries as possible get another one.

use twinlock_protocol::position::{Position, spread};

/// Where an entry stands in the new order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Placed {
    /// Where it stood.
    Kept(Position),
    /// Somewhere else.
    At(Position),
}

impl Placed {
    pub(crate) fn position(&self) -> &Position {
        match self {
            Self::Kept(position) | Self::At(position) => position,
        }
    }
}

/// Positions for entries in their new order, given where each stands now (`None`: it is new).
pub(crate) fn place(now: &[Option<Position>]) -> Vec<Placed> {
    squeeze_in(now).unwrap_or_else(|| {
        // No room left between two of them: everything is placed anew.
        #[expect(
            clippy::expect_used,
            reason = "10,000 entries spread over the whole range need 3 digits each"
        )]
        let all = spread(None, None, now.len()).expect("an empty range has room");
        all.into_iter().map(Placed::At).collect()
    })
}

fn squeeze_in(now: &[Option<Position>]) -> Option<Vec<Placed>> {
    let kept = longest_rising(now);
    let mut placed = Vec::with_capacity(now.len());
    let mut below: Option<&Position> = None;
    let mut waiting = 0;
    for (at, position) in now.iter().enumerate() {
        match position {
            Some(position) if kept[at] => {
                placed.extend(spread(below, Some(position), waiting)?.into_iter().map(Placed::At));
                placed.push(Placed::Kept(position.clone()));
                (below, waiting) = (Some(position), 0);
            }
            _ => waiting += 1,
        }
    }
    placed.extend(spread(below, None, waiting)?.into_iter().map(Placed::At));
    Some(placed)
}

/// Which entries form a longest run of rising positions: those stay where they are.
fn longest_rising(now: &[Option<Position>]) -> Vec<bool> {
    let mut ends: Vec<usize> = Vec::new();
    let mut before = vec![None; now.len()];
    for (at, position) in now.iter().enumerate() {
        if position.is_none() {
            continue;
        }
        let length = ends.partition_point(|&end| now[end] < *position);
        before[at] = length.checked_sub(1).map(|shorter| ends[shorter]);
        match ends.get_mut(length) {
            Some(end) => *end = at,
            None => ends.push(at),
        }
    }
    let mut kept = vec![false; now.len()];
    let mut next = ends.last().copied();
    while let Some(at) = next {
        kept[at] = true;
        next = before[at];
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn positions(text: &str) -> Vec<Option<Position>> {
        text.split(' ').map(|part| part.parse().ok()).collect()
    }

    #[test]
    fn few_move_and_all_end_up_in_order() {
        for (now, kept) in
            [("1 2 3", 3), ("- - -", 0), ("1 - 2", 2), ("3 1 2", 2), ("1 - - 11 - 2 -", 3), ("z a b c -", 3)]
        {
            let placed = place(&positions(now));
            assert!(placed.is_sorted_by(|a, b| a.position() < b.position()), "{placed:?}");
            let stayed = placed.iter().filter(|placed| matches!(placed, Placed::Kept(_))).count();
            assert_eq!(stayed, kept, "{now}");
        }
    }

    #[test]
    fn without_room_everything_is_placed_anew() {
        let tight = format!("i -{} i{}1", "", "0".repeat(62));
        let placed = place(&positions(&tight));
        assert_eq!(placed.len(), 3);
        assert!(placed.iter().all(|placed| matches!(placed, Placed::At(_))), "{placed:?}");
    }
}
