//! What `${…}` makes of a text: pieces of it, other characters for some, quotes around it.

use super::expand::{self, Mark};
use super::glob::{Pattern, Wanted};
use super::parse::Word;
use super::variables::{Content, Nature};
use super::{Shell, Stop, arithmetic};

/// A pattern; `None` where only a command would tell.
fn pattern(shell: &mut Shell<'_>, word: &Word) -> Result<Option<Pattern>, Stop> {
    let glyphs = expand::glyphs(shell, word)?;
    Ok((!glyphs.contains(&expand::UNKNOWN)).then(|| Pattern::new(&glyphs)))
}

pub(super) fn trim(
    shell: &mut Shell<'_>,
    text: String,
    operator: u8,
    wanted: Wanted,
    word: &Word,
) -> Result<Option<String>, Stop> {
    let Some(pattern) = pattern(shell, word)? else { return Ok(None) };
    shell.fuel.spend(pattern.cost(text.len()))?;
    let mut chars: Vec<char> = text.chars().collect();
    if operator == b'%' {
        let length = pattern.reversed().start_of(chars.iter().rev().copied(), wanted).unwrap_or(0);
        chars.truncate(chars.len() - length);
    } else {
        let length = pattern.start_of(chars.iter().copied(), wanted).unwrap_or(0);
        chars.drain(..length);
    }
    Ok(Some(chars.into_iter().collect()))
}

pub(super) fn replace(
    shell: &mut Shell<'_>,
    text: &str,
    sign: u8,
    word: &Word,
    with: &Word,
) -> Result<Option<String>, Stop> {
    let with = expand::glyphs(shell, with)?;
    let Some(pattern) = pattern(shell, word)? else { return Ok(None) };
    if with.contains(&expand::UNKNOWN) {
        return Ok(None);
    }
    let mut result = String::with_capacity(text.len());
    let put = |result: &mut String, matched: &[char]| {
        for (c, mark) in &with {
            match mark {
                Mark::Empty | Mark::Break => {}
                // What was found stands for a `&` outside of quotes.
                Mark::Bare | Mark::Split if *c == '&' => result.extend(matched),
                _ => result.push(*c),
            }
        }
    };
    let chars: Vec<char> = text.chars().collect();
    if sign == b'%' {
        shell.fuel.spend(pattern.cost(chars.len()))?;
        let found = pattern.reversed().start_of(chars.iter().rev().copied(), Wanted::Longest);
        let start = chars.len() - found.unwrap_or(0);
        result.extend(&chars[..start]);
        if found.is_some() {
            put(&mut result, &chars[start..]);
        }
        return Ok(Some(result));
    }
    let mut at = 0;
    while at <= chars.len() {
        shell.fuel.spend(pattern.cost(chars.len() - at))?;
        let found = pattern.start_of(chars[at..].iter().copied(), Wanted::Longest);
        match found.filter(|length| *length > 0 || (sign == b'#' && at == 0)) {
            Some(length) => {
                put(&mut result, &chars[at..at + length]);
                at += length;
                if sign != b'/' {
                    break;
                }
            }
            None if sign == b'#' => break,
            None => {
                result.extend(chars.get(at));
                at += 1;
            }
        }
    }
    result.extend(chars.get(at..).unwrap_or_default());
    Ok(Some(result))
}

/// bash's `^`, `,` and `~`. Beyond ASCII the locale decides.
pub(super) fn case(
    shell: &mut Shell<'_>,
    text: &str,
    operator: u8,
    whole: bool,
    word: &Word,
) -> Result<Option<String>, Stop> {
    let Some(limit) = pattern(shell, word)? else { return Ok(None) };
    if !text.is_ascii() {
        return Ok(None);
    }
    shell.fuel.spend(limit.cost(text.len()))?;
    let changed = text.chars().enumerate().map(|(at, c)| {
        let meant = (whole || at == 0) && (word.is_empty() || limit.matches(c.encode_utf8(&mut [0; 4])));
        match operator {
            _ if !meant => c,
            b'^' => c.to_ascii_uppercase(),
            b',' => c.to_ascii_lowercase(),
            _ if c.is_ascii_uppercase() => c.to_ascii_lowercase(),
            _ => c.to_ascii_uppercase(),
        }
    });
    Ok(Some(changed.collect()))
}

/// A piece of a text, by bash's rules: what is negative counts from the end. `None` where the
/// locale decides what a character is, or only a command would tell.
pub(super) fn slice(shell: &mut Shell<'_>, text: &str, bounds: &Word) -> Result<Option<String>, Stop> {
    let Some(bounds) = expand::text(shell, bounds)? else { return Ok(None) };
    if bounds.is_empty() {
        return Err(shell.fault());
    }
    let (offset, length) = bounds.split_once(':').map_or((bounds.as_str(), None), |(o, l)| (o, Some(l)));
    let Some(offset) = arithmetic::number(shell, offset)? else { return Ok(None) };
    let length = match length {
        Some(length) => match arithmetic::number(shell, length)? {
            Some(length) => Some(length),
            None => return Ok(None),
        },
        None => None,
    };
    if !text.is_ascii() {
        return Ok(None);
    }
    let count = i64::try_from(text.len()).unwrap_or(i64::MAX);
    let start = if offset < 0 { count.saturating_add(offset) } else { offset };
    if start < 0 || start > count {
        return Ok(Some(String::new()));
    }
    let end = match length {
        None => count,
        Some(length) if length < 0 => count.saturating_add(length),
        Some(length) => start.saturating_add(length).min(count),
    };
    if end < start {
        return Err(shell.fault());
    }
    let range = usize::try_from(start).unwrap_or(0)..usize::try_from(end).unwrap_or(0);
    Ok(text.get(range).map(str::to_owned))
}

/// bash's `@Q` and its like; `None` where it is not followed here.
pub(super) fn transform(
    shell: &Shell<'_>,
    name: &str,
    found: Option<String>,
    letter: char,
) -> Option<String> {
    let entry = shell.variables.known(name);
    if letter == 'a' {
        let entry = entry?;
        let marks = [
            (matches!(entry.content, Content::Many(_)), 'a'),
            (entry.nature == Nature::Integer, 'i'),
            (entry.nature == Nature::Lower, 'l'),
            (entry.readonly, 'r'),
            (entry.nature == Nature::Upper, 'u'),
            (entry.exported, 'x'),
        ];
        let held = marks.into_iter().filter(|(held, _)| *held);
        return Some(held.map(|(_, letter)| letter).collect());
    }
    let Some(text) = found else { return Some(String::new()) };
    let change_first = |change: fn(&char) -> char| {
        let mut rest = text.chars();
        rest.next().map(|first| change(&first).to_string() + rest.as_str()).unwrap_or_default()
    };
    match letter {
        _ if !text.is_ascii() => None,
        'U' => Some(text.to_ascii_uppercase()),
        'L' => Some(text.to_ascii_lowercase()),
        'u' => Some(change_first(char::to_ascii_uppercase)),
        'E' | 'P' if !text.contains(['\\', '!', '$', '`']) => Some(text),
        'Q' | 'K' | 'k' if !text.contains(|c: char| c.is_ascii_control()) => {
            Some(format!("'{}'", text.replace('\'', "'\\''")))
        }
        _ => None,
    }
}
