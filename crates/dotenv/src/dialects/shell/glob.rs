//! Patterns of the shells: `*`, `?`, `[…]`; a character in quotes is itself.

/// One character of a pattern, and whether quotes take its meaning from it.
pub(super) type Glyph = (char, super::parse::Quoting);

use super::parse::Quoting;

/// Whether a pattern matches the whole of a text, in time of the one times the other.
pub(super) fn matches(pattern: &[Glyph], text: &[char]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        let step = pattern.get(p).map(|glyph| match glyph {
            ('*', Quoting::Bare) => Step::Star,
            ('?', Quoting::Bare) => Step::One(1),
            ('[', Quoting::Bare) => match class(&pattern[p..], text[t]) {
                Some((true, length)) => Step::One(length),
                Some((false, _)) => Step::Fail,
                None if text[t] == '[' => Step::One(1),
                None => Step::Fail,
            },
            (c, _) if *c == text[t] => Step::One(1),
            _ => Step::Fail,
        });
        match (step, star) {
            (Some(Step::Star), _) => {
                star = Some((p, t));
                p += 1;
            }
            (Some(Step::One(length)), _) => {
                p += length;
                t += 1;
            }
            (_, Some((place, from))) => {
                star = Some((place, from + 1));
                p = place + 1;
                t = from + 1;
            }
            (_, None) => return false,
        }
    }
    pattern[p..].iter().all(|glyph| *glyph == ('*', Quoting::Bare))
}

enum Step {
    Star,
    One(usize),
    Fail,
}

/// Whether a `[…]` holds a character, and its length; `None` where it is not closed.
fn class(pattern: &[Glyph], wanted: char) -> Option<(bool, usize)> {
    let negated = matches!(pattern.get(1), Some(('!' | '^', Quoting::Bare)));
    let first = if negated { 2 } else { 1 };
    let mut at = first;
    let mut held = false;
    loop {
        let (c, quoting) = *pattern.get(at)?;
        if c == ']' && quoting == Quoting::Bare && at > first {
            return Some((held != negated, at + 1));
        }
        match (pattern.get(at + 1), pattern.get(at + 2)) {
            (Some(('-', Quoting::Bare)), Some((end, _))) if *end != ']' => {
                held |= (c..=*end).contains(&wanted);
                at += 3;
            }
            _ => {
                held |= c == wanted;
                at += 1;
            }
        }
    }
}
