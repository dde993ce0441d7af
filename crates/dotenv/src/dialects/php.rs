//! PHP's `vlucas/phpdotenv`: lines joined where a `"` stays open, then a small machine per value.

use super::fuel::Fuel;
use super::store::Store;
use super::{Reading, Refused, Surroundings, Value};

/// Nothing around is seen: the loader's `parse` knows only the file.
pub(super) fn read(text: &str, _: &Surroundings) -> Result<Vec<Reading>, Refused> {
    let mut fuel = Fuel::of(text.len());
    let mut store = Store::default();
    let mut numbered: Vec<Reading> = Vec::new();
    for (number, entry) in entries(text) {
        let refused = Refused::Syntax { line: number };
        let (name, value) = match entry.split_once('=') {
            Some((name, value)) => (trim(name), Some(trim(value))),
            None => (entry.as_str(), None),
        };
        let name = bare_name(name).ok_or(refused)?;
        match value {
            None => store.set(name, Value::None),
            Some(value) => {
                let (value, places) = decode(value).ok_or(refused)?;
                store.set(name, resolve(value, &places, &store, &mut fuel)?);
            }
        }
        // The loader merges arrays, in which a name that is a whole number is given a new one.
        if is_index(name)
            && let Some(value) = store.get(name)
        {
            numbered.push(Reading { name: numbered.len().to_string(), value: value.clone() });
        }
    }
    numbered.extend(store.into_readings().into_iter().filter(|reading| !is_index(&reading.name)));
    Ok(numbered)
}

fn is_index(name: &str) -> bool {
    name.parse::<i64>().is_ok_and(|number| number.to_string() == name)
}

/// The entries: lines that are neither blank nor a comment, those of an open `"` joined; each with
/// the number of its last line. What stays open to the end is lost.
fn entries(text: &str) -> Vec<(usize, String)> {
    let text = text.replace("\r\n", "\n");
    let mut entries = Vec::new();
    let mut open: Option<String> = None;
    for (number, line) in text.split(['\n', '\r']).enumerate() {
        let starts = line.contains("=\"") && !stops(line, Expected::Two);
        let mut entry = match open.take() {
            None if !starts => {
                if !is_blank_or_comment(line) {
                    entries.push((number + 1, line.to_owned()));
                }
                continue;
            }
            None => String::new(),
            Some(mut before) => {
                before.push('\n');
                before
            }
        };
        entry.push_str(line);
        if !stops(line, if starts { Expected::Two } else { Expected::One }) {
            open = Some(entry);
        } else if !is_blank_or_comment(&entry) {
            entries.push((number + 1, entry));
        }
    }
    entries
}

/// How many quotes a line must hold to be the last of an entry.
#[derive(Clone, Copy, PartialEq)]
enum Expected {
    One,
    Two,
}

fn stops(line: &str, expected: Expected) -> bool {
    if line == "\"" {
        return true;
    }
    let line = line.replace("\\\\", "");
    let bytes = line.as_bytes();
    let quotes = (1..bytes.len()).filter(|at| bytes[*at] == b'"' && bytes[at - 1] != b'\\');
    quotes.take(2).count() >= if expected == Expected::Two { 2 } else { 1 }
}

fn is_blank_or_comment(line: &str) -> bool {
    let line = trim(line);
    line.is_empty() || line.starts_with('#')
}

/// Takes `export` and quotes from a name, and checks it.
fn bare_name(name: &str) -> Option<&str> {
    let mut name = name;
    if name.len() > 8
        && let Some(after) = name.strip_prefix("export")
        && after.starts_with(is_space)
    {
        name = after.trim_start_matches(is_trimmed);
    }
    if name.len() >= 3 {
        let inside = |quote| name.strip_prefix(quote).and_then(|name: &str| name.strip_suffix(quote));
        name = inside('"').or_else(|| inside('\'')).unwrap_or(name);
    }
    let sound = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.');
    (!name.is_empty() && name.bytes().all(sound)).then_some(name)
}

/// Where the machine stands in a value.
#[derive(Clone, Copy)]
enum State {
    Start,
    Bare,
    Single,
    Double,
    Escape,
    Blank,
    Comment,
}

/// The value, and where in it a `$` may start a reference.
fn decode(written: &str) -> Option<(String, Vec<usize>)> {
    let mut value = String::with_capacity(written.len());
    let mut places = Vec::new();
    let mut state = State::Start;
    // The loader takes blanks together: those that start a value are part of it.
    let leading = written.len() - written.trim_start_matches(is_blank).len();
    if leading > 0 {
        value.push_str(&written[..leading]);
        state = State::Bare;
    }
    for c in written[leading..].chars() {
        state = match state {
            State::Start if c == '\'' => State::Single,
            State::Start if c == '"' => State::Double,
            State::Start | State::Bare if c == '#' => State::Comment,
            State::Bare if is_space(c) => State::Blank,
            State::Single | State::Double
                if c == (if matches!(state, State::Single) { '\'' } else { '"' }) =>
            {
                State::Blank
            }
            State::Double if c == '\\' => State::Escape,
            State::Start | State::Bare | State::Single | State::Double => {
                if c == '$' && !matches!(state, State::Single) {
                    places.push(value.len());
                }
                value.push(c);
                if matches!(state, State::Start) { State::Bare } else { state }
            }
            State::Escape => {
                value.push(match c {
                    '"' | '\\' | '$' => c,
                    'f' => '\u{c}',
                    'n' => '\n',
                    'r' => '\r',
                    't' => '\t',
                    'v' => '\u{b}',
                    _ => return None,
                });
                State::Double
            }
            State::Blank if c == '#' => State::Comment,
            State::Blank if is_space(c) => State::Blank,
            State::Blank => return None,
            State::Comment => State::Comment,
        };
    }
    let open = matches!(state, State::Single | State::Double | State::Escape);
    (!open).then_some((value, places))
}

/// Resolves `${NAME}` from the last place to the first; one that is not known stays.
fn resolve(value: String, places: &[usize], store: &Store, fuel: &mut Fuel) -> Result<String, Refused> {
    let mut value = value;
    for at in places.iter().rev() {
        let Some(inside) = value[*at..].strip_prefix("${") else { continue };
        let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.');
        let length = inside.bytes().take_while(is_name).count();
        if length == 0 || inside.as_bytes().get(length) != Some(&b'}') {
            continue;
        }
        if let Some(new) = store.text(&inside[..length]) {
            fuel.spend(new.len() + value.len() - at)?;
            value.replace_range(*at..at + length + 3, new);
        }
    }
    Ok(value)
}

fn trim(text: &str) -> &str {
    text.trim_matches(is_trimmed)
}

fn is_trimmed(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\0' | '\u{b}')
}

fn is_space(c: char) -> bool {
    matches!(c, '\t'..='\r' | ' ')
}

fn is_blank(c: char) -> bool {
    is_space(c) && !matches!(c, '\n' | '\r')
}
