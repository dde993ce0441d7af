//! The merged text in pieces: their order, and putting them together so that it reads as it must.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::identity::Identities;
use super::judge::Outcome;
use crate::cut::{BYTE_ORDER_MARK, line_body, lines};
use crate::document::{Document, Entry};
use crate::join::join_entries;
use crate::key_material::base64;
use crate::prose::merge_line;
use crate::weave::{First, Numbers, Woven, weave};

/// All pieces of a merged text, in an order that it can have.
pub(crate) type Arrangement<'t> = Vec<Piece<'t>>;

/// A piece of the merged text.
#[derive(Clone)]
pub(crate) enum Piece<'t> {
    /// Text without a variable.
    Prose(&'t str),
    /// A variable, merged.
    Variable(Cow<'t, str>),
    /// A variable to decide about, by its number.
    Conflict(usize),
}

/// The three texts in rows, ready to be put in order.
pub(crate) struct Rows<'t> {
    base: Vec<Row<'t>>,
    mine: Vec<Row<'t>>,
    theirs: Vec<Row<'t>>,
    numbers: [Vec<u32>; 3],
    mark: Option<&'t str>,
}

/// A variable, by its place among all, or a line of prose. Lines that hold a key are one row.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Row<'t> {
    Variable(usize),
    Prose(&'t str),
}

impl<'t> Rows<'t> {
    pub(crate) fn new(
        base: &Document<'t>,
        mine: &Document<'t>,
        theirs: &Document<'t>,
        identities: &Identities<'t>,
    ) -> Self {
        let [has_base, has_mine, has_theirs] =
            [base, mine, theirs].map(|side| side.text().starts_with(BYTE_ORDER_MARK));
        let has_mark = if has_base == has_mine { has_theirs } else { has_mine };
        let moved = |side: &[usize]| {
            let known: Vec<usize> =
                side.iter().copied().filter(|at| *at < identities.of_base.len()).collect();
            !known.is_sorted()
        };
        let both_moved = moved(&identities.of_mine) && moved(&identities.of_theirs);
        let base = rows(base, &identities.of_base);
        let mine = rows(mine, &identities.of_mine);
        let theirs = rows(theirs, &identities.of_theirs);
        let mut numbers = Numbers::new();
        // A line is the same line whatever its line ending.
        let mut number = |rows: &[Row<'t>]| -> Vec<u32> {
            let key = |row: &Row<'t>| match *row {
                Row::Variable(place) => Row::Variable(place),
                Row::Prose(text) => Row::Prose(line_body(text)),
            };
            rows.iter().map(|row| numbers.of(key(row))).collect()
        };
        let mut numbers = [number(&base), number(&mine), number(&theirs)];
        let mut base = base;
        if both_moved {
            // Where both moved something, the order is the vault's.
            let order = order_like(&base, &numbers[0], &mine, &numbers[1]);
            base = order.iter().map(|at| base[*at]).collect();
            numbers[0] = order.iter().map(|at| numbers[0][*at]).collect();
        }
        Self { base, mine, theirs, numbers, mark: has_mark.then_some(BYTE_ORDER_MARK) }
    }
}

/// The rows of the base in the order to which a side moved them.
fn order_like(base: &[Row<'_>], of_base: &[u32], side: &[Row<'_>], of_side: &[u32]) -> Vec<usize> {
    let places = |rows: &[Row<'_>]| -> HashMap<usize, usize> {
        let variable = |(at, row): (usize, &Row<'_>)| match row {
            Row::Variable(place) => Some((*place, at)),
            Row::Prose(_) => None,
        };
        rows.iter().enumerate().filter_map(variable).collect()
    };
    let in_base = places(base);
    let woven = weave(of_base, of_side, of_base, First::Theirs);
    let moved: HashSet<usize> = woven
        .iter()
        .filter_map(|found| match found {
            Woven::Mine(at) => match side[*at] {
                Row::Variable(place) => in_base.get(&place).copied(),
                Row::Prose(_) => None,
            },
            _ => None,
        })
        .collect();
    woven
        .into_iter()
        .filter_map(|found| match found {
            Woven::Both { theirs: at, .. } | Woven::Theirs(at) => Some(at),
            Woven::Gone(at) => (!moved.contains(&at)).then_some(at),
            Woven::Mine(at) => match side[at] {
                Row::Variable(place) => in_base.get(&place).copied(),
                Row::Prose(_) => None,
            },
        })
        .collect()
}

fn rows<'t>(document: &Document<'t>, identities: &[usize]) -> Vec<Row<'t>> {
    let mut rows = Vec::new();
    let mut identities = identities.iter();
    let mut keys = document.key_material();
    let mark = document.text().starts_with(BYTE_ORDER_MARK);
    for entry in document.entries().iter().skip(usize::from(mark)) {
        match entry {
            Entry::Variable(_) => rows.extend(identities.next().copied().map(Row::Variable)),
            Entry::Prose(prose) => prose_rows(document.text(), prose.span(), &mut keys, &mut rows),
        }
    }
    rows
}

/// Adds the lines of prose. A line of base64 beside a key may be what tells that the key is one,
/// so it stays with the key.
fn prose_rows<'t>(text: &'t str, prose: Range<usize>, keys: &mut &[Range<usize>], rows: &mut Vec<Row<'t>>) {
    let class = |(at, line): (usize, &str)| {
        while let [first, rest @ ..] = *keys
            && first.end <= at
        {
            *keys = rest;
        }
        let is_base64 = |line: &str| base64(line_body(line)).is_some();
        let class = match keys.first() {
            Some(key) if key.start < at || (key.start == at && !is_base64(line)) => Class::Block(key.start),
            Some(key) if key.start == at => Class::Padded,
            _ if is_base64(line) => Class::Base64,
            _ => Class::Plain,
        };
        (at..at + line.len(), class)
    };
    let lines: Vec<(Range<usize>, Class)> = lines(&text[..prose.end], prose.start).map(class).collect();
    for run in lines.chunk_by(|(_, above), (_, below)| above.holds(*below)) {
        match run {
            [(first, class), .., (last, _)]
                if matches!(class, Class::Block(_))
                    || run.iter().any(|(_, class)| *class == Class::Padded) =>
            {
                rows.push(Row::Prose(&text[first.start..last.end]));
            }
            lines => rows.extend(lines.iter().map(|(line, _)| Row::Prose(&text[line.clone()]))),
        }
    }
}

/// What a line of prose may be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Plain,
    /// Part of the block of a key that begins at this place.
    Block(usize),
    /// Part of a key, as the lines beside it tell.
    Padded,
    Base64,
}

impl Class {
    fn holds(self, below: Self) -> bool {
        match (self, below) {
            (Self::Block(above), Self::Block(below)) => above == below,
            (Self::Padded | Self::Base64, Self::Padded | Self::Base64) => true,
            _ => false,
        }
    }
}

/// Puts the pieces in order. A variable that both sides moved stands where the first one has it;
/// one that is to be decided about and gone from a side stands where it was.
pub(crate) fn arrange<'t>(rows: &Rows<'t>, outcomes: &[Outcome<'t>], first: First) -> Arrangement<'t> {
    let [base, mine, theirs] = &rows.numbers;
    let woven = weave(base, mine, theirs, first);
    let variable = |found: &Woven| match *found {
        Woven::Both { mine, .. } => rows.mine[mine],
        Woven::Mine(at) => rows.mine[at],
        Woven::Theirs(at) => rows.theirs[at],
        Woven::Gone(at) => rows.base[at],
    };
    let rank = |found: &Woven| match (found, first) {
        (Woven::Both { .. }, _) => 4,
        (Woven::Theirs(_), First::Theirs) | (Woven::Mine(_), First::Mine) => 3,
        (Woven::Theirs(_), First::Mine) | (Woven::Mine(_), First::Theirs) => 2,
        (Woven::Gone(_), _) => 1,
    };
    let mut best = vec![0; outcomes.len()];
    for found in &woven {
        if let Row::Variable(place) = variable(found) {
            best[place] = best[place].max(rank(found));
        }
    }
    let mut pieces: Vec<Piece<'t>> = rows.mark.map(Piece::Prose).into_iter().collect();
    for found in &woven {
        match (variable(found), *found) {
            (Row::Variable(place), _) if rank(found) < best[place] => {}
            (Row::Variable(place), _) => match &outcomes[place] {
                Outcome::Kept(text) => pieces.push(Piece::Variable(text.clone())),
                Outcome::Conflict(_) => pieces.push(Piece::Conflict(place)),
                Outcome::Removed => {}
            },
            (Row::Prose(_), Woven::Gone(_)) => {}
            (Row::Prose(in_mine), Woven::Both { base, theirs, .. }) => {
                // The three are the same but for the line ending, so none is a variable.
                let text = |row: Row<'t>| if let Row::Prose(text) = row { text } else { in_mine };
                let in_base = base.map(|at| text(rows.base[at]));
                pieces.push(Piece::Prose(merge_line(in_base, in_mine, text(rows.theirs[theirs]))));
            }
            (Row::Prose(text), _) => pieces.push(Piece::Prose(text)),
        }
    }
    pieces
}

/// A merged text, and where in it the variables to decide about stand.
pub(crate) struct Composed {
    pub(crate) text: String,
    pub(crate) places: Vec<Range<usize>>,
}

/// Joins the pieces, with a text for each that is to be decided about; `None` where the whole
/// would not read as its pieces do.
pub(crate) fn compose(pieces: &[Piece<'_>], decided: &[&str]) -> Option<Composed> {
    let texts: Vec<&str> = pieces
        .iter()
        .map(|piece| match piece {
            Piece::Prose(text) => text,
            Piece::Variable(text) => text.as_ref(),
            Piece::Conflict(number) => decided[*number],
        })
        .collect();
    let joined = join_entries(&texts);
    let mut places = vec![0..0; decided.len()];
    let ends = joined.starts.iter().skip(1).copied().chain([joined.text.len()]);
    let mut expected = Vec::new();
    for ((piece, text), (start, end)) in
        pieces.iter().zip(&texts).zip(joined.starts.iter().copied().zip(ends))
    {
        match piece {
            Piece::Prose(_) => {}
            Piece::Variable(text) => expected.push((start, text.as_ref())),
            Piece::Conflict(conflict) => {
                places[*conflict] = start..end;
                let alone = Document::parse(text);
                expected.extend(alone.variables().map(|found| (start + found.span().start, found.text())));
            }
        }
    }
    reads_as(&joined.text, &expected).then_some(Composed { text: joined.text, places })
}

/// Whether a text has exactly these variables at these places, but for a line ending.
fn reads_as(text: &str, expected: &[(usize, &str)]) -> bool {
    let document = Document::parse(text);
    let mut found = document.variables();
    let as_expected = |(start, text): &(usize, &str)| {
        found.next().is_some_and(|found| {
            found.span().start == *start && found.text().strip_prefix(text).is_some_and(is_line_ending)
        })
    };
    expected.iter().all(as_expected) && found.next().is_none()
}

fn is_line_ending(text: &str) -> bool {
    matches!(text, "" | "\n" | "\r\n")
}
