//! The loaders around npm's `dotenv`: the same cut into names and values, three ways to expand.
//!
//! Each expansion rewrites a text until no reference is left, always replacing the first place
//! where the reference is written, as JavaScript's `replace` does.

use std::collections::HashMap;

use super::fuel::Fuel;
use super::inherited::Inherited;
use super::store::Store;
use super::{Reading, Refused, Surroundings, Value};
use crate::node;

/// npm `dotenv`: no expansion.
pub(super) fn node(text: &str) -> Vec<Reading> {
    let found = node::variables(text);
    found.into_iter().map(|found| Reading { name: found.name, value: found.value.into() }).collect()
}

/// npm `dotenv-expand` over npm `dotenv`: a reference sees what is around, then values already
/// expanded, then those still to come as they are written.
pub(super) fn node_expand(text: &str, surroundings: &Surroundings) -> Result<Vec<Reading>, Refused> {
    let written = object_order(node::variables(text));
    let originals: HashMap<&str, &str> =
        written.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let mut fuel = Fuel::of(text.len());
    let mut done = Store::default();
    for (name, value) in &written {
        let around = surroundings.get(name).filter(|around| !around.is_empty() && around != value);
        let read = if let Some(around) = around {
            Value::from(unescape_dollars(around))
        } else {
            let look_up = |wanted: &str| {
                let around = surroundings.get(wanted).or_else(|| originals.get(wanted).copied());
                match done.get(wanted) {
                    Some(running) if around == originals.get(wanted).copied() => Looked::from(running),
                    _ => around.map_or(Looked::Unset, Looked::Set),
                }
            };
            if value.starts_with("encrypted:")
                && let Looked::Set(key) = look_up("DOTENV_PRIVATE_KEY")
                && !key.is_empty()
                && !is_private_key(key)
            {
                return Err(line_of(text, value));
            }
            match expand(value, text, look_up, |_| false, &mut fuel)? {
                Some(expanded) if !has_command(&expanded) => unescape_dollars(&expanded).into(),
                _ => Value::NeedsCommand,
            }
        };
        done.set(name, read);
    }
    Ok(done.into_readings())
}

/// Whether a key is one by its length; another makes the loader stop at an encrypted value.
fn is_private_key(key: &str) -> bool {
    key.bytes().take_while(u8::is_ascii_hexdigit).count() / 2 == 32
}

/// `dotenvx`: each line in its turn; `'` keeps its value as it is; commands come before references.
pub(super) fn dotenvx(text: &str, surroundings: &Surroundings) -> Result<Vec<Reading>, Refused> {
    let text = node::unify_line_ends(text);
    // Where it fails it loads nothing, and tells so without an error.
    if node::assignments(&text).any(|(name, _)| Inherited::find(name).is_some()) {
        return Ok(Vec::new());
    }
    match dotenvx_lines(&text, surroundings) {
        Err(Refused::Syntax { .. }) => Ok(Vec::new()),
        read => read,
    }
}

fn dotenvx_lines(text: &str, surroundings: &Surroundings) -> Result<Vec<Reading>, Refused> {
    let mut fuel = Fuel::of(text.len());
    let mut done = Store::default();
    let mut literals: HashMap<String, bool> = HashMap::new();
    for (name, raw) in node::assignments(text) {
        let quote = raw.chars().next().filter(|first| matches!(first, '"' | '\'' | '`'));
        let around = surroundings.get(name);
        let value = around.map_or_else(|| decode_dotenvx(raw), str::to_owned);
        let literal = quote == Some('\'') || value.starts_with("encrypted:");
        let read = if literal {
            value.clone().into()
        } else if has_command(&value) {
            Value::NeedsCommand
        } else if around.is_some_and(|around| !around.is_empty()) {
            value.clone().into()
        } else {
            let look_up = |wanted: &str| match surroundings.get(wanted) {
                Some(around) => Looked::Set(around),
                None => done.get(wanted).map_or(Looked::Unset, Looked::from),
            };
            let stops = |wanted: &str| literals.get(wanted).is_some_and(|refers| *refers);
            expand(&value, text, look_up, stops, &mut fuel)?
                .map_or(Value::NeedsCommand, |expanded| unescape_dollars(&expanded).into())
        };
        if quote == Some('\'') {
            literals.insert(name.to_owned(), refers(&value));
        }
        done.set(name, read);
    }
    Ok(done.into_readings())
}

/// Next.js: the last reference of a value first; only names that are not set around are kept.
pub(super) fn next(text: &str, surroundings: &Surroundings) -> Result<Vec<Reading>, Refused> {
    let mut fuel = Fuel::of(text.len());
    let mut done = Store::default();
    let written = object_order(node::variables(text));
    for (name, value) in &written {
        done.set(name, value.as_str());
    }
    for (name, value) in &written {
        let mut value = surroundings.get(name).unwrap_or(value).to_owned();
        let mut steps = 0;
        while let Some((whole, wanted, default)) = last_reference(&value) {
            // The loader calls itself for each reference, and stops in error when it is too deep.
            steps += 1;
            if steps > MAX_DEPTH {
                return Err(Refused::Endless);
            }
            fuel.spend(value.len())?;
            let full = |text: &&str| !text.is_empty();
            let around = surroundings.get(wanted);
            let new = match Inherited::find_in_environment(wanted).filter(|_| around.is_none()) {
                Some(inherited) => inherited.put_in(|| line_of(text, whole))?,
                None => around
                    .filter(full)
                    .or_else(|| Some(default).filter(full))
                    .or_else(|| done.text(wanted))
                    .unwrap_or(""),
            };
            value = replace_first(&value, whole, new);
        }
        done.set(name, unescape_dollars(&value));
    }
    let taken = |name: &str| surroundings.get(name).is_some() || Inherited::find(name).is_some();
    Ok(done.into_readings().into_iter().filter(|reading| !taken(&reading.name)).collect())
}

/// How deep V8 lets the loader's expansion go.
const MAX_DEPTH: usize = 9_000;

/// What a look-up finds.
pub(super) enum Looked<'a> {
    Set(&'a str),
    Unset,
    /// Only a command would tell.
    Unknown,
}

impl<'a> From<&'a Value> for Looked<'a> {
    fn from(value: &'a Value) -> Self {
        value.as_text().map_or(Self::Unknown, Self::Set)
    }
}

/// An object's own order: names that are whole numbers first, by size; the others as they came.
pub(super) fn object_order(found: Vec<node::Reading>) -> Vec<(String, String)> {
    let index = |name: &str| name.parse::<u32>().ok().filter(|n| *n < u32::MAX && n.to_string() == name);
    let mut found: Vec<_> = found.into_iter().map(|found| (found.name, found.value)).collect();
    found.sort_by_key(|(name, _)| index(name).map_or((1, 0), |index| (0, index)));
    found
}

/// Expands `$NAME` and `${NAME…}` with the operators `:-`, `-`, `:+`, `+` until none is left.
/// `None` where a value is needed that only a command would tell.
fn expand<'a>(
    value: &str,
    text: &str,
    look_up: impl Fn(&str) -> Looked<'a>,
    stops: impl Fn(&str) -> bool,
    fuel: &mut Fuel,
) -> Result<Option<String>, Refused> {
    let mut result = value.to_owned();
    while let Some((whole, inside)) = first_reference(&result) {
        let (name, operator, word) = split_operator(inside);
        let looked = match look_up(name) {
            Looked::Unknown => return Ok(None),
            Looked::Set(found) => Some(found),
            Looked::Unset => None,
        };
        let full = looked.filter(|found| !found.is_empty());
        let inherited = Inherited::find(name).filter(|_| looked.is_none());
        let new = match (operator, inherited) {
            (":-" | "", Some(inherited)) => inherited.put_in(|| line_of(text, whole))?,
            (":-", None) => full.unwrap_or(word),
            ("-", _) => looked.unwrap_or(word),
            (":+", None) => full.map_or("", |_| word),
            (":+", Some(_)) => word,
            ("+", _) => looked.map_or("", |_| word),
            _ => full.unwrap_or(""),
        };
        fuel.spend(result.len() + new.len())?;
        let stop = stops(name);
        let next = replace_first(&result, whole, new);
        let settled = looked == Some(next.as_str());
        result = next;
        if settled || stop {
            break;
        }
    }
    Ok(Some(result))
}

/// The first reference that no backslash precedes: all of it, and what it refers to.
pub(super) fn first_reference(text: &str) -> Option<(&str, &str)> {
    let bytes = text.as_bytes();
    let mut brace: Option<(usize, usize)> = None;
    for (at, _) in text.match_indices('$') {
        if at > 0 && bytes[at - 1] == b'\\' {
            continue;
        }
        if bytes.get(at + 1) == Some(&b'{') {
            // One search serves all `${` before the same brace.
            let found = brace.filter(|(from, end)| (*from..=*end).contains(&(at + 2)));
            let end = match found {
                Some((_, end)) => end,
                None => text[at + 2..].find(['{', '}']).map_or(text.len(), |found| at + 2 + found),
            };
            brace = Some((at + 2, end));
            if end > at + 2 && bytes.get(end) == Some(&b'}') {
                return Some((&text[at..=end], &text[at + 2..end]));
            }
        } else if bytes.get(at + 1).is_some_and(|next| next.is_ascii_alphabetic() || *next == b'_') {
            let name = &bytes[at + 1..];
            let length =
                name.iter().take_while(|next| next.is_ascii_alphanumeric() || **next == b'_').count();
            return Some((&text[at..=at + length], &text[at + 1..=at + length]));
        }
    }
    None
}

/// Splits at the first operator. Without one the loaders split at the word `null`, by mistake, and
/// Vite takes what follows for a default.
pub(super) fn split_operator(inside: &str) -> (&str, &str, &str) {
    let Some(at) = inside.find(['+', '-']) else {
        let (name, rest) = inside.split_once("null").unwrap_or((inside, ""));
        return (name, "", rest);
    };
    let start = if inside[..at].ends_with(':') { at - 1 } else { at };
    (&inside[..start], &inside[start..=at], &inside[at + 1..])
}

/// Next's reference: the last `$` that no backslash precedes, if a name follows it. All of it, the
/// name, and the default after `:-`.
fn last_reference(text: &str) -> Option<(&str, &str, &str)> {
    let bytes = text.as_bytes();
    let found = text.rmatch_indices('$').find(|(at, _)| *at == 0 || bytes[at - 1] != b'\\');
    let (at, _) = found?;
    let name = if bytes.get(at + 1) == Some(&b'{') { at + 2 } else { at + 1 };
    let length =
        bytes[name..].iter().take_while(|next| next.is_ascii_alphanumeric() || **next == b'_').count();
    if length == 0 {
        return None;
    }
    let mut end = name + length;
    let mut default = "";
    if let Some(word) = text[end..].strip_prefix(":-") {
        default = &word[..word.find(['}', '\\']).unwrap_or(word.len())];
        end += 2 + default.len();
    }
    end += usize::from(bytes.get(end) == Some(&b'}'));
    Some((&text[at..end], &text[name..name + length], default))
}

/// JavaScript's `text.replace(from, to)`: the first place, and `$` patterns in what is put there.
pub(super) fn replace_first(text: &str, from: &str, to: &str) -> String {
    let Some(at) = text.find(from) else { return text.to_owned() };
    let (before, after) = (&text[..at], &text[at + from.len()..]);
    let mut result = String::with_capacity(text.len() + to.len());
    result.push_str(before);
    let mut rest = to;
    while let Some(dollar) = rest.find('$') {
        result.push_str(&rest[..dollar]);
        let (new, length) = match rest.as_bytes().get(dollar + 1) {
            Some(b'$') => ("$", 2),
            Some(b'&') => (from, 2),
            Some(b'`') => (before, 2),
            Some(b'\'') => (after, 2),
            _ => ("$", 1),
        };
        result.push_str(new);
        rest = &rest[dollar + length..];
    }
    result.push_str(rest);
    result.push_str(after);
    result
}

/// The refusal for what is first written in this line.
pub(super) fn line_of(text: &str, written: &str) -> Refused {
    let before = text.find(written).map_or("", |at| &text[..at]);
    Refused::Syntax { line: 1 + before.matches('\n').count() }
}

pub(super) fn unescape_dollars(text: &str) -> String {
    text.replace("\\$", "$")
}

/// Whether a literal value looks like a reference to `dotenvx`.
fn refers(text: &str) -> bool {
    let named =
        |at: usize| text.as_bytes().get(at).is_some_and(|next| next.is_ascii_alphabetic() || *next == b'_');
    let last_close = text.rfind('}');
    text.match_indices('$').any(|(at, _)| {
        let braced = text[at + 1..].starts_with('{') && !text[at + 2..].starts_with('}');
        named(at + 1) || (braced && last_close.is_some_and(|close| close > at + 2))
    })
}

/// Whether `dotenvx` would find a command to run: `$(` with its `)`.
fn has_command(text: &str) -> bool {
    // A command that ends at all starts at the first `$(` or at one inside an unfinished one; the
    // rare unfinished one costs a second look, which a bound keeps short.
    text.match_indices("$(").take(64).any(|(at, _)| command_ends(&text.as_bytes()[at + 2..]))
}

fn command_ends(text: &[u8]) -> bool {
    let mut open: Vec<Option<u8>> = vec![None];
    let mut at = 0;
    while let (Some(&byte), Some(quote)) = (text.get(at), open.last_mut()) {
        at += 1;
        match (*quote, byte) {
            (Some(b'\''), b'\'') => *quote = None,
            (Some(b'\''), _) => {}
            (_, b'\\') => at += 1,
            (Some(end), _) if byte == end => *quote = None,
            (Some(_), b'$') if text.get(at) == Some(&b'(') => {
                open.push(None);
                at += 1;
            }
            (Some(_), _) => {}
            (None, b'\'' | b'"' | b'`') => *quote = Some(byte),
            (None, b'(') => open.push(None),
            (None, b')') => {
                open.pop();
                if open.is_empty() {
                    return true;
                }
            }
            (None, _) => {}
        }
    }
    false
}

/// Takes off the quotes as `dotenvx` does.
fn decode_dotenvx(raw: &str) -> String {
    let value = node::strip_quotes(raw);
    match raw.as_bytes().first() {
        Some(b'\'') => value.replace("\\'", "'"),
        Some(b'"') => value.replace("\\n", "\n").replace("\\r", "\r").replace("\\t", "\t"),
        _ => value.into_owned(),
    }
}
