//! The parser built into Node, Deno's copy of it, and Vite, which adds expansion to it.
//!
//! Blanks are space, tab and line feed; a carriage return is dropped wherever it stands. A quote
//! that is never closed makes its line a value as it is written.

use std::collections::HashSet;

use super::fuel::Fuel;
use super::inherited::Inherited;
use super::javascript::{
    first_reference, line_of, object_order, replace_first, split_operator, unescape_dollars,
};
use super::store::Store;
use super::{Reading, Refused, Surroundings};
use crate::node;

/// How the end of a quoted value is found.
#[derive(Clone, Copy)]
enum Closing {
    /// At the next quote.
    Next,
    /// At the next quote that ends its line, or else the last of that line.
    EndOfLine,
}

/// Whether references in a value are followed.
#[derive(Clone, Copy, PartialEq)]
enum References {
    Followed,
    Kept,
}

/// Node's own reading: no expansion.
pub(super) fn node_builtin(text: &str) -> Vec<Reading> {
    let mut store = Store::default();
    each(text, Closing::Next, |name, value, _| store.set(name, value));
    store.into_readings()
}

/// Vite: Node's reading, expanded name by name in the order of the alphabet.
pub(super) fn vite(text: &str, surroundings: &Surroundings) -> Result<Vec<Reading>, Refused> {
    let mut store = Store::default();
    let mut written: Vec<_> = node_builtin(text)
        .into_iter()
        .filter_map(|reading| {
            Some(node::Reading { value: reading.value.as_text()?.to_owned(), name: reading.name })
        })
        .collect();
    written.sort_by(|left, right| left.name.cmp(&right.name));
    let written = object_order(written);
    if let Some((name, _)) = written.iter().find(|(name, _)| Inherited::find(name).is_some()) {
        return Err(line_of(text, name));
    }
    for (name, value) in &written {
        store.set(name, value.as_str());
    }
    let mut fuel = Fuel::of(text.len());
    for (name, value) in &written {
        let around = surroundings.get(name);
        let read = match around.filter(|around| !around.is_empty() && around != value) {
            Some(around) => around.to_owned(),
            None => expand_for_vite(value, text, surroundings, &store, &mut fuel)?,
        };
        store.set(name, unescape_dollars(&read));
    }
    // What is around wins in the end, and Vite puts two names there as they are written.
    for (name, value) in &written {
        let own = matches!(name.as_str(), "BROWSER" | "BROWSER_ARGS") && !value.is_empty();
        if let Some(around) = surroundings.get(name).or(own.then_some(value)) {
            store.set(name, around);
        }
    }
    Ok(store.into_readings())
}

fn expand_for_vite(
    value: &str,
    text: &str,
    surroundings: &Surroundings,
    store: &Store,
    fuel: &mut Fuel,
) -> Result<String, Refused> {
    let mut result = value.to_owned();
    let mut seen = HashSet::new();
    while let Some((whole, inside)) = first_reference(&result) {
        fuel.spend(result.len())?;
        let (name, operator, word) = split_operator(inside);
        let known = surroundings.get(name).or_else(|| store.text(name));
        let looked = known.filter(|looked| !looked.is_empty());
        let inherited = Inherited::find(name).filter(|_| known.is_none());
        seen.insert(result.clone());
        let new = match (operator, looked) {
            (":+" | "+", Some(_)) => word,
            (":+" | "+", None) => inherited.map_or("", |_| word),
            (_, Some(looked)) if !seen.contains(looked) => looked,
            (_, Some(_)) => word,
            (_, None) => inherited.map_or(Ok(word), |inherited| inherited.put_in(|| line_of(text, whole)))?,
        };
        let next = replace_first(&result, whole, new);
        let settled = store.text(name) == Some(&next);
        result = next;
        if settled {
            break;
        }
    }
    Ok(result)
}

/// Deno: a name that is already set, around or by a line before, stays as it is.
pub(super) fn deno(text: &str, surroundings: &Surroundings) -> Result<Vec<Reading>, Refused> {
    let mut fuel = Fuel::of(text.len());
    let mut known = Store::default();
    let mut set = Store::default();
    let mut outcome = Ok(Flow::On);
    each(text, Closing::EndOfLine, |name, value, references| {
        if outcome != Ok(Flow::On) {
            return;
        }
        let read = if references == References::Followed {
            substitute_for_deno(&value, surroundings, &known, &mut fuel)
        } else {
            Ok(value)
        };
        match read {
            // An assignment without a name makes it panic.
            Ok(_) if name.is_empty() => outcome = Err(Refused::Syntax { line: 1 }),
            // The loader puts up with nothing that no environment can hold: it stops there.
            Ok(read) if read.contains('\0') || name.contains('\0') => outcome = Ok(Flow::Stopped),
            Ok(read) => {
                known.set(name, read.as_str());
                if !set.contains(name) {
                    set.set(name, surroundings.get(name).map_or(read, str::to_owned));
                }
            }
            Err(refused) => outcome = Err(refused),
        }
    });
    outcome.map(|_| set.into_readings())
}

#[derive(PartialEq)]
enum Flow {
    On,
    Stopped,
}

fn substitute_for_deno(
    value: &str,
    surroundings: &Surroundings,
    known: &Store,
    fuel: &mut Fuel,
) -> Result<String, Refused> {
    let mut result = String::with_capacity(value.len());
    let mut rest = value;
    while let Some(at) = rest.find(['$', '\\']) {
        result.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(after) = rest.strip_prefix('\\') {
            let escaped = after.strip_prefix('$');
            result.push(if escaped.is_some() { '$' } else { '\\' });
            rest = escaped.unwrap_or(after);
            continue;
        }
        let name;
        if let Some(inside) = rest.strip_prefix("${") {
            (name, rest) = inside.split_once('}').unwrap_or((inside, ""));
        } else {
            let length =
                rest[1..].bytes().take_while(|next| next.is_ascii_alphanumeric() || *next == b'_').count();
            (name, rest) = rest[1..].split_at(length);
        }
        let new = surroundings.get(name).or_else(|| known.text(name)).unwrap_or("");
        fuel.spend(new.len())?;
        result.push_str(new);
    }
    result.push_str(rest);
    Ok(result)
}

/// Hands every variable of a text on: its name, its value, and whether Deno follows references.
fn each(text: &str, closing: Closing, mut found: impl FnMut(&str, String, References)) {
    let text = text.replace('\r', "");
    let mut text = trim(&text);
    while let Some(first) = text.bytes().next() {
        if first == b'\n' || first == b'#' {
            text = after_line(text, 0);
            continue;
        }
        let Some(cut) = text.find(['=', '\n']) else { break };
        if text.as_bytes()[cut] == b'\n' {
            text = trim(&text[cut + 1..]);
            continue;
        }
        let mut name = trim(&text[..cut]);
        text = &text[cut + 1..];
        if text.is_empty() || text.starts_with('\n') {
            found(name, String::new(), References::Kept);
            continue;
        }
        text = trim(text);
        if name.is_empty() {
            continue;
        }
        if let Some(exported) = name.strip_prefix("export ") {
            name = trim(exported);
        }
        let Some(quote @ ('"' | '\'' | '`')) = text.chars().next() else {
            let line = text.split('\n').next().unwrap_or(text);
            let value = trim(line.split('#').next().unwrap_or(line));
            found(name, value.to_owned(), References::Followed);
            text = trim(after_line(text, 0));
            continue;
        };
        if let Some(close) = closing_quote(text, quote, closing) {
            let inside = &text[1..close];
            if quote == '"' {
                found(name, inside.replace("\\n", "\n"), References::Followed);
            } else {
                found(name, inside.to_owned(), References::Kept);
            }
            text = after_line(text, close + 1);
        } else {
            let line = text.split('\n').next().unwrap_or(text);
            found(name, line.to_owned(), References::Kept);
            text = trim(after_line(text, 0));
        }
    }
}

fn closing_quote(text: &str, quote: char, closing: Closing) -> Option<usize> {
    let first = 1 + text[1..].find(quote)?;
    if matches!(closing, Closing::Next) {
        return Some(first);
    }
    let line = text[first..].find('\n').map_or(text.len(), |found| first + found);
    let after = |at: usize| trim(&text[at + 1..line]);
    let comment = |at: usize| after(at).starts_with('#');
    if after(first).is_empty() || comment(first) {
        return Some(first);
    }
    let quotes = || text[first + 1..line].rmatch_indices(quote).map(|(at, _)| first + 1 + at);
    let with_comment =
        quotes().find(|at| text[at + 1..line].trim_start_matches([' ', '\t']).starts_with('#'));
    let at_end = quotes().next().filter(|at| after(*at).is_empty());
    Some(with_comment.or(at_end).unwrap_or(first))
}

/// The text after the line that holds `from`.
fn after_line(text: &str, from: usize) -> &str {
    text[from..].find('\n').map_or("", |found| &text[from + found + 1..])
}

fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t', '\n'])
}
