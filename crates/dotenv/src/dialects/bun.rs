//! Bun: cut as npm's `dotenv` is, with escapes only in `"`, expanded once each value is known.

use super::fuel::Fuel;
use super::store::Store;
use super::{Reading, Refused, Surroundings};

const BLANKS: [u8; 6] = [b'\t', 0x0B, 0x0C, b' ', b'\n', b'\r'];

pub(super) fn read(text: &str, surroundings: &Surroundings) -> Result<Vec<Reading>, Refused> {
    let bytes = text.strip_prefix('\u{feff}').unwrap_or(text).as_bytes();
    let mut store = Store::default();
    let mut at = 0;
    let mut closed = [true; 3];
    while at < bytes.len() {
        let Some((name, value)) = name(bytes, at) else {
            at = line_end(bytes, skip_blanks(bytes, at)) + 1;
            continue;
        };
        let (value, end) = value_at(bytes, value, &mut closed);
        at = end;
        store.set(&String::from_utf8_lossy(name), String::from_utf8_lossy(&value).into_owned());
    }
    let mut fuel = Fuel::of(text.len());
    let names: Vec<String> = store.readings().iter().map(|reading| reading.name.clone()).collect();
    for name in &names {
        let read = match surroundings.get(name) {
            Some(around) => around.to_owned(),
            None => expand(store.text(name).unwrap_or(""), surroundings, &store, &mut fuel)?,
        };
        store.set(name, read);
    }
    // An environment holds a value up to its first zero byte.
    for name in &names {
        if let Some(cut) =
            store.text(name).and_then(|value| value.split_once('\0')).map(|(cut, _)| cut.to_owned())
        {
            store.set(name, cut);
        }
    }
    Ok(store.into_readings())
}

fn name(bytes: &[u8], at: usize) -> Option<(&[u8], usize)> {
    let start = skip_blanks(bytes, at);
    let named = |from: usize| {
        let is_name = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(**byte, b'_' | b'-' | b'.');
        from + bytes[from..].iter().take_while(is_name).count()
    };
    let separated = |start: usize, end: usize| {
        let next = skip_blanks(bytes, end);
        match bytes.get(next)? {
            b'=' if end > start => Some((&bytes[start..end], next + 1)),
            b':' if end > start && bytes.get(next + 1).is_some_and(|blank| BLANKS.contains(blank)) => {
                Some((&bytes[start..end], next + 2))
            }
            _ => None,
        }
    };
    let end = named(start);
    let next = skip_blanks(bytes, end);
    if next > end && bytes[start..end] == *b"export" {
        let second = separated(next, named(next));
        if second.is_some() {
            return second;
        }
    }
    separated(start, end)
}

/// The value and where the loader goes on: what follows a closing quote on its line is dropped.
fn value_at(bytes: &[u8], at: usize, closed: &mut [bool; 3]) -> (Vec<u8>, usize) {
    let start = skip_blanks(bytes, at);
    let Some(quote) = bytes.get(start) else { return (Vec::new(), bytes.len()) };
    if let Some(kind) = [b'"', b'\'', b'`'].iter().position(|kind| kind == quote)
        && closed[kind]
    {
        match closing_quote(bytes, start) {
            Some(close) => return (decode(&bytes[start + 1..close], *quote), line_end(bytes, close + 1)),
            // Where no quote closes this one none will close a later one, unless a backslash
            // hides or shows one.
            None => closed[kind] = bytes[start..].contains(&b'\\'),
        }
    }
    let end = at + bytes[at..].iter().take_while(|byte| !matches!(byte, b'#' | b'\r' | b'\n')).count();
    (trim(&bytes[at..end]).to_vec(), end)
}

/// The next quote that no backslash hides.
fn closing_quote(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = start + 1;
    while let Some(byte) = bytes.get(at) {
        if *byte == bytes[start] {
            return Some(at);
        }
        at += if *byte == b'\\' { 2 } else { 1 };
    }
    None
}

fn decode(inside: &[u8], quote: u8) -> Vec<u8> {
    let mut value = Vec::with_capacity(inside.len());
    let mut at = 0;
    while let Some(byte) = inside.get(at) {
        at += 1;
        match (byte, inside.get(at)) {
            (b'\\', Some(next)) if quote == b'"' => {
                at += 1;
                match next {
                    b'n' => value.push(b'\n'),
                    b'r' => value.push(b'\r'),
                    _ => value.extend([b'\\', *next]),
                }
            }
            (b'\r', Some(b'\n')) => {}
            (b'\r', _) => value.push(b'\n'),
            _ => value.push(*byte),
        }
    }
    value
}

/// `$NAME`, `${NAME}` and `${NAME:-word}`, where a word may hold references itself. What is put
/// in is not looked at again.
fn expand(value: &str, around: &Surroundings, store: &Store, fuel: &mut Fuel) -> Result<String, Refused> {
    let mut result = String::with_capacity(value.len());
    let mut rest = value;
    // The ends of the words that are being read, innermost last; the text goes on behind their brace.
    let mut words: Vec<usize> = Vec::new();
    let closes = closing_braces(value);
    while !rest.is_empty() {
        let at = value.len() - rest.len();
        if words.last() == Some(&at) {
            words.pop();
            rest = &rest[1..];
            continue;
        }
        let stop = words.last().map_or(rest.len(), |end| end - at);
        let next = rest.find(['$', '\\']).unwrap_or(rest.len()).min(stop);
        result.push_str(&rest[..next]);
        rest = &rest[next..];
        if next == stop {
            continue;
        }
        let bytes = rest.as_bytes();
        if bytes.starts_with(b"\\") {
            let escaped = bytes.get(1) == Some(&b'$');
            result.push(if escaped { '$' } else { '\\' });
            rest = &rest[if escaped { 2 } else { 1 }..];
            continue;
        }
        let at = value.len() - rest.len();
        let braced = bytes.get(1) == Some(&b'{');
        let start = if braced { 2 } else { 1 };
        let is_name = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b'_';
        let end = start + bytes[start..].iter().take_while(is_name).count();
        let found = around.get(&rest[start..end]).or_else(|| store.text(&rest[start..end]));
        if let Some(found) = found {
            fuel.spend(found.len())?;
        }
        if !braced {
            result.push_str(if end == start { "$" } else { found.unwrap_or("") });
            rest = &rest[end..];
            continue;
        }
        // A brace that is never closed keeps the rest of the value as it is.
        let Some(close) = closes[at + 1] else {
            let stop = words.last().map_or(value.len(), |end| *end);
            result.push_str(&value[at..stop]);
            rest = &value[stop..];
            continue;
        };
        if close == at + end {
            result.push_str(found.unwrap_or(""));
        } else if rest[end..].starts_with(":-") {
            if let Some(found) = found {
                result.push_str(found);
            } else {
                words.push(close);
                rest = &rest[end + 2..];
                continue;
            }
        } else {
            result.push_str(&value[at..=close]);
        }
        rest = &value[close + 1..];
    }
    Ok(result)
}

/// For the `{` of each `${` the place of the `}` that closes it.
fn closing_braces(value: &str) -> Vec<Option<usize>> {
    let mut closes = vec![None; value.len()];
    let mut open = Vec::new();
    let bytes = value.as_bytes();
    let mut escaped = false;
    for (at, byte) in bytes.iter().enumerate() {
        let hidden = escaped;
        escaped = *byte == b'\\' && !hidden;
        if hidden {
            continue;
        }
        match byte {
            b'{' if at > 0 && bytes[at - 1] == b'$' => open.push(at),
            b'}' => {
                if let Some(start) = open.pop() {
                    closes[start] = Some(at);
                }
            }
            _ => {}
        }
    }
    closes
}

fn skip_blanks(bytes: &[u8], at: usize) -> usize {
    at + bytes[at.min(bytes.len())..].iter().take_while(|byte| BLANKS.contains(byte)).count()
}

fn line_end(bytes: &[u8], at: usize) -> usize {
    at + bytes[at..].iter().take_while(|byte| !matches!(byte, b'\n' | b'\r')).count()
}

fn trim(bytes: &[u8]) -> &[u8] {
    let start = skip_blanks(bytes, 0);
    let end = bytes.iter().rposition(|byte| !BLANKS.contains(byte)).map_or(start, |last| last + 1);
    &bytes[start..end]
}
