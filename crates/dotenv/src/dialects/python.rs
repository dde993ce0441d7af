//! The Python loaders: `python-dotenv` and `django-environ`.

use super::fuel::Fuel;
use super::store::Store;
use super::{Reading, Refused, Surroundings, Value};

/// `python-dotenv`: a line that it cannot read is left out, a name alone is listed without a value.
pub(super) fn python(text: &str, surroundings: &Surroundings) -> Result<Vec<Reading>, Refused> {
    // Python reads a file with every line end as one.
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let mut fuel = Fuel::of(text.len());
    let mut store = Store::default();
    let mut unclosed = [false; 2];
    let mut at = 0;
    while at < text.len() {
        let start = at + (text[at..].len() - text[at..].trim_start_matches(is_space).len());
        if start == text.len() {
            break;
        }
        let (binding, reached) = binding(text, start, &mut unclosed);
        match binding {
            Some((name, value)) => {
                let value = match value {
                    Some(value) => Value::Text(resolve(&value, surroundings, &store, &mut fuel)?),
                    None => Value::None,
                };
                if let Some(name) = name {
                    store.set(name, value);
                }
                at = reached;
            }
            None => at = text[reached..].find('\n').map_or(text.len(), |found| reached + found + 1),
        }
    }
    Ok(store.into_readings())
}

type Binding<'a> = (Option<&'a str>, Option<String>);

/// Reads one statement; answers it, if it can be read, and how far the loader came.
fn binding<'a>(text: &'a str, start: usize, unclosed: &mut [bool; 2]) -> (Option<Binding<'a>>, usize) {
    let mut at = start;
    if let Some(after) = text[at..].strip_prefix("export") {
        let blanks = after.len() - after.trim_start_matches(is_blank).len();
        at += if blanks > 0 { 6 + blanks } else { 0 };
    }
    let mut name = None;
    if text[at..].starts_with('\'') {
        let inside = &text[at + 1..];
        let Some(close) = inside.find('\'').filter(|close| *close > 0) else { return (None, at) };
        name = Some(&inside[..close]);
        at += close + 2;
    } else if !text[at..].starts_with('#') {
        let end = text[at..].find(|c| matches!(c, '=' | '#') || is_space(c)).unwrap_or(text.len() - at);
        if end == 0 {
            return (None, at);
        }
        name = Some(&text[at..at + end]);
        at += end;
    }
    at = skip_blanks(text, at);
    let mut value = None;
    if text[at..].starts_with('=') {
        let after = skip_blanks(text, at + 1);
        if after > at + 1 && text[after..].starts_with('#') {
            value = Some(String::new());
            at = after;
        } else {
            match read_value(text, after, unclosed) {
                Some((read, end)) => (value, at) = (Some(read), end),
                None => return (None, after),
            }
        }
    }
    let comment = skip_blanks(text, at);
    if text[comment..].starts_with('#') {
        at = text[comment..].find('\n').map_or(text.len(), |found| comment + found);
    }
    let end = skip_blanks(text, at);
    match text[end..].chars().next() {
        None => (Some((name, value)), end),
        Some('\n') => (Some((name, value)), end + 1),
        Some(_) => (None, at),
    }
}

fn read_value(text: &str, at: usize, unclosed: &mut [bool; 2]) -> Option<(String, usize)> {
    match text[at..].chars().next() {
        None | Some('\n') => Some((String::new(), at)),
        Some(quote @ ('"' | '\'')) => {
            let seen = &mut unclosed[usize::from(quote == '"')];
            if *seen {
                return None;
            }
            let Some(close) = closing_quote(&text[at + 1..], quote) else {
                // Without a backslash in sight, no later one will be closed either.
                *seen = !text[at..].contains('\\');
                return None;
            };
            Some((unescape(&text[at + 1..at + 1 + close], quote), at + close + 2))
        }
        Some(_) => {
            let line = text[at..].split('\n').next().unwrap_or("");
            let comment =
                line.char_indices().scan(' ', |before, (at, c)| Some((std::mem::replace(before, c), at, c)));
            let mut found = comment.filter(|(before, at, c)| *c == '#' && *at > 0 && is_space(*before));
            let kept = found.next().map_or(line, |(_, at, _)| &line[..at]);
            Some((kept.trim_end_matches(is_space).to_owned(), at + line.len()))
        }
    }
}

fn closing_quote(text: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    text.char_indices().find_map(|(at, c)| {
        let closes = !escaped && c == quote;
        escaped = !escaped && c == '\\';
        closes.then_some(at)
    })
}

fn unescape(inside: &str, quote: char) -> String {
    let mut value = String::with_capacity(inside.len());
    let mut rest = inside.chars();
    while let Some(c) = rest.next() {
        if c != '\\' {
            value.push(c);
            continue;
        }
        let mut ahead = rest.clone();
        let new = match ahead.next() {
            Some(next @ ('\\' | '\'')) => Some(next),
            Some(next) if quote == '"' => match next {
                '"' => Some('"'),
                'a' => Some('\u{7}'),
                'b' => Some('\u{8}'),
                'f' => Some('\u{c}'),
                'n' => Some('\n'),
                'r' => Some('\r'),
                't' => Some('\t'),
                'v' => Some('\u{b}'),
                _ => None,
            },
            _ => None,
        };
        match new {
            Some(new) => {
                value.push(new);
                rest = ahead;
            }
            None => value.push('\\'),
        }
    }
    value
}

/// `${NAME}` and `${NAME:-word}`; what the file has set wins over what is around.
fn resolve(value: &str, around: &Surroundings, store: &Store, fuel: &mut Fuel) -> Result<String, Refused> {
    let mut result = String::with_capacity(value.len());
    let mut rest = value;
    // Once there is no `}` ahead there never is one.
    while let Some(at) = rest.find("${") {
        let Some(length) = rest[at + 2..].find('}') else { break };
        let inside = &rest[at + 2..at + 2 + length];
        let (name, default) =
            inside.split_once(':').map_or((inside, Some("")), |(name, word)| (name, word.strip_prefix('-')));
        let Some(default) = default else {
            result.push_str(&rest[..at + 2]);
            rest = &rest[at + 2..];
            continue;
        };
        let new = match store.get(name) {
            Some(value) => value.as_text().unwrap_or(""),
            None => around.get(name).unwrap_or(default),
        };
        fuel.spend(new.len())?;
        result.push_str(&rest[..at]);
        result.push_str(new);
        rest = &rest[at + 3 + length..];
    }
    result.push_str(rest);
    Ok(result)
}

/// `django-environ`: one line, one value; a name that is set around stays as it is.
pub(super) fn django(text: &str, surroundings: &Surroundings) -> Result<Vec<Reading>, Refused> {
    let mut store = Store::default();
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    for line in text.split(ends_python_line) {
        let line = line.strip_prefix("export ").unwrap_or(line);
        let Some((name, value)) = line.split_once('=') else { continue };
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            continue;
        }
        let inside = |quote| value.strip_prefix(quote).and_then(|value: &str| value.strip_suffix(quote));
        let single = inside('\'').unwrap_or(value);
        let double = single.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
        store.set(name, double.map_or_else(|| single.to_owned(), unescape_for_django));
    }
    let names: Vec<String> = store.readings().iter().map(|reading| reading.name.clone()).collect();
    for name in names {
        if let Some(around) = surroundings.get(&name) {
            store.set(&name, around);
        } else if store.text(&name).is_some_and(|value| value.contains('\0')) {
            let line = text.find('\0').map_or(1, |at| 1 + text[..at].matches('\n').count());
            return Err(Refused::Syntax { line });
        }
    }
    Ok(store.into_readings())
}

/// A backslash goes, except before `r`, `n` and `t`.
fn unescape_for_django(inside: &str) -> String {
    let mut value = String::with_capacity(inside.len());
    let mut rest = inside.chars();
    while let Some(c) = rest.next() {
        match (c, rest.as_str().chars().next()) {
            ('\\', Some(next)) => {
                rest.next();
                if matches!(next, 'r' | 'n' | 't') {
                    value.push('\\');
                }
                value.push(next);
            }
            _ => value.push(c),
        }
    }
    value
}

/// What `str.splitlines` takes for a line's end, once `\r` is gone.
fn ends_python_line(c: char) -> bool {
    matches!(c, '\n' | '\u{b}' | '\u{c}' | '\u{1c}'..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Python's idea of white space: Unicode's, and the four separators.
fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}

fn is_blank(c: char) -> bool {
    is_space(c) && c != '\n'
}

fn skip_blanks(text: &str, at: usize) -> usize {
    text.len() - text[at..].trim_start_matches(is_blank).len()
}
