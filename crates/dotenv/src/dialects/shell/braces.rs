//! bash's `{a,b}` and `{1..9}`: one word becomes several.

use super::expand::{Glyph, Mark};
use crate::dialects::Refused;
use crate::dialects::fuel::Fuel;

/// How deep braces may nest.
const MAX_DEPTH: usize = 100;

/// The words that a word stands for.
pub(super) fn expand(glyphs: Vec<Glyph>, fuel: &mut Fuel) -> Result<Vec<Vec<Glyph>>, Refused> {
    if !glyphs.contains(&('{', Mark::Bare)) {
        return Ok(vec![glyphs]);
    }
    let groups = groups(&glyphs);
    words(&glyphs, &groups, 0..glyphs.len(), 0, fuel)
}

/// For each `{` that is closed: the places of its commas, and of its `}`.
fn groups(glyphs: &[Glyph]) -> Vec<Option<Vec<usize>>> {
    let mut groups = vec![None; glyphs.len()];
    let mut open: Vec<Vec<usize>> = Vec::new();
    for (at, (c, mark)) in glyphs.iter().enumerate() {
        match (c, mark) {
            ('{', Mark::Bare) => open.push(vec![at]),
            (',', Mark::Bare) => {
                if let Some(group) = open.last_mut() {
                    group.push(at);
                }
            }
            ('}', Mark::Bare) => {
                if let Some(mut group) = open.pop() {
                    let start = group[0];
                    group.push(at);
                    groups[start] = Some(group);
                }
            }
            _ => {}
        }
    }
    groups
}

fn words(
    glyphs: &[Glyph],
    groups: &[Option<Vec<usize>>],
    range: std::ops::Range<usize>,
    depth: usize,
    fuel: &mut Fuel,
) -> Result<Vec<Vec<Glyph>>, Refused> {
    if depth > MAX_DEPTH {
        return Err(Refused::Endless);
    }
    let mut result = vec![Vec::new()];
    let mut at = range.start;
    while at < range.end {
        let parts = groups[at].as_deref().and_then(|group| match group {
            [start, end] => sequence(&glyphs[start + 1..*end], fuel).map(|parts| (parts, *end)),
            [.., end] => Some((Ok(Vec::new()), *end)),
            [] => None,
        });
        let Some((parts, end)) = parts else {
            fuel.spend(result.len())?;
            for word in &mut result {
                word.push(glyphs[at]);
            }
            at += 1;
            continue;
        };
        let mut parts = parts?;
        if parts.is_empty() {
            let group = groups[at].as_deref().unwrap_or_default();
            for ends in group.windows(2) {
                parts.extend(words(glyphs, groups, ends[0] + 1..ends[1], depth + 1, fuel)?);
            }
        }
        let mut product = Vec::new();
        for word in &result {
            for part in &parts {
                fuel.spend(word.len() + part.len())?;
                product.push([word.as_slice(), part.as_slice()].concat());
            }
        }
        result = product;
        at = end + 1;
    }
    Ok(result)
}

/// What `from..to` or `from..to..step` stands for; `None` where it is neither.
fn sequence(inside: &[Glyph], fuel: &mut Fuel) -> Option<Result<Vec<Vec<Glyph>>, Refused>> {
    if inside.len() > 64 || inside.iter().any(|(_, mark)| *mark != Mark::Bare) {
        return None;
    }
    let text: String = inside.iter().map(|(c, _)| c).collect();
    let mut pieces = text.split("..");
    let (from, to, step) = (pieces.next()?, pieces.next()?, pieces.next());
    if pieces.next().is_some() {
        return None;
    }
    let step = step.map_or(Some(1), |step| step.parse::<i64>().ok())?;
    let letter = |text: &str| text.parse::<char>().ok().filter(char::is_ascii_alphabetic);
    let letters = (letter(from), letter(to));
    let (first, last) = match letters {
        (Some(from), Some(to)) => (i64::from(u32::from(from)), i64::from(u32::from(to))),
        _ => (from.parse::<i64>().ok()?, to.parse::<i64>().ok()?),
    };
    let padded = |text: &str| {
        let digits = text.trim_start_matches('-');
        digits.len() > 1 && digits.starts_with('0')
    };
    let width = if padded(from) || padded(to) { from.len().max(to.len()) } else { 0 };
    let step = step.checked_abs().filter(|step| *step > 0).unwrap_or(1);
    let mut words = Vec::new();
    let mut number = first;
    loop {
        if let Err(refused) = fuel.spend(width + 1) {
            return Some(Err(refused));
        }
        let word = match (letters.0, u8::try_from(number)) {
            (Some(_), Ok(byte)) => char::from(byte).to_string(),
            _ => format!("{number:0width$}"),
        };
        words.push(word.chars().map(|c| (c, Mark::Quoted)).collect());
        let next = if first <= last { number.checked_add(step) } else { number.checked_sub(step) };
        match next.filter(|next| if first <= last { *next <= last } else { *next >= last }) {
            Some(next) => number = next,
            None => return Some(Ok(words)),
        }
    }
}
