//! Go's `godotenv`, and the walk over statements that Compose's reader shares with it.
//!
//! `godotenv` looks at a name byte by byte, each byte taken for the character of that number.

use super::fuel::Fuel;
use super::ruby::drop_backslashes;
use super::store::Store;
use super::{Reading, Refused};

/// `godotenv`: only capital letters, digits and `_` are a name in a reference, and only what the
/// file has set so far is seen.
pub(super) fn read(text: &str) -> Result<Vec<Reading>, Refused> {
    let text = text.replace("\r\n", "\n");
    let mut fuel = Fuel::of(text.len());
    let mut store = Store::default();
    let mut at = 0;
    while let Some(start) = statement(&text, at) {
        let refused = |at: usize| Refused::Syntax { line: 1 + text[..at].matches('\n').count() };
        let start = skip_export(&text, start);
        let (name, value) = name(&text, start, NameKind::Plain).ok_or_else(|| refused(start))?;
        let value_start = skip_blanks(&text, value);
        let rest = &text[value_start..];
        if let Some(quote @ ('"' | '\'')) = rest.chars().next() {
            let close = closing_quote(rest, quote).ok_or_else(|| refused(value_start))?;
            let inside = rest[..close].trim_matches(quote);
            if quote == '"' {
                let unescaped = drop_backslashes(&unescape_line_ends(inside));
                store.set(name, expand(&unescaped, &store, &mut fuel)?);
            } else {
                store.set(name, inside);
            }
            at = value_start + close + 1;
        } else {
            let line = rest.split(['\n', '\r']).next().unwrap_or(rest);
            store.set(name, expand(without_comment(line), &store, &mut fuel)?);
            at = value_start + line.len();
        }
    }
    Ok(store.into_readings())
}

/// Which characters may stand in a name besides letters, numbers, `_` and `.`, and what ends it.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum NameKind {
    /// Ends at `=` or `:`.
    Plain,
    /// `-`, `[` and `]` too; ends at a line's end as well.
    Compose,
}

/// Where the next statement starts: blanks and comments are skipped.
pub(super) fn statement(text: &str, from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        at = text.len() - text[at..].trim_start().len();
        if at == text.len() {
            return None;
        }
        if !text[at..].starts_with('#') {
            return Some(at);
        }
        at += text[at..].find('\n')?;
    }
}

fn skip_export(text: &str, at: usize) -> usize {
    let at = skip_blanks(text, at);
    match text[at..].strip_prefix("export") {
        Some(after) if after.starts_with(is_blank) => skip_blanks(text, at + 6),
        _ => at,
    }
}

/// The name at `start` and where its value starts. At the end of the text the name is empty, and
/// what was taken for it is its value: that is how these loaders do it.
pub(super) fn name(text: &str, start: usize, kind: NameKind) -> Option<(&str, usize)> {
    if start == text.len() {
        return None;
    }
    let characters: &mut dyn Iterator<Item = (usize, char)> = match kind {
        NameKind::Plain => &mut text[start..].bytes().map(char::from).enumerate(),
        NameKind::Compose => &mut text[start..].char_indices(),
    };
    for (at, c) in characters {
        let at = start + at;
        if is_blank(c) {
            continue;
        }
        match c {
            '=' | ':' => return Some((text[start..at].trim_end(), at + 1)),
            '\n' if kind == NameKind::Compose => return Some((text[start..at].trim_end(), at + 1)),
            '_' | '.' => {}
            '-' | '[' | ']' if kind == NameKind::Compose => {}
            _ if c.is_alphanumeric() => {}
            _ => return None,
        }
    }
    Some(("", start))
}

/// The first quote after the one at the start that no backslash precedes.
pub(super) fn closing_quote(text: &str, quote: char) -> Option<usize> {
    let found = text.match_indices(quote).skip(1).map(|(at, _)| at);
    found.into_iter().find(|at| text.as_bytes()[at - 1] != b'\\')
}

/// A comment starts at the last `#` that follows a blank.
fn without_comment(line: &str) -> &str {
    let starts_comment = |at: &usize| line[..*at].chars().next_back().is_some_and(is_blank);
    let comment = line.rmatch_indices('#').map(|(at, _)| at).find(starts_comment);
    comment.map_or(line, |at| &line[..at]).trim_matches(is_blank)
}

fn unescape_line_ends(inside: &str) -> String {
    let mut result = String::with_capacity(inside.len());
    let mut rest = inside.chars();
    while let Some(c) = rest.next() {
        result.push(c);
        if c != '\\' {
            continue;
        }
        match rest.next() {
            Some('n') => {
                result.pop();
                result.push('\n');
            }
            Some('r') => {
                result.pop();
                result.push('\r');
            }
            Some(next) => result.push(next),
            None => {}
        }
    }
    result
}

fn expand(text: &str, store: &Store, fuel: &mut Fuel) -> Result<String, Refused> {
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        let bytes = rest.as_bytes();
        let escaped = at > 0 && bytes[at - 1] == b'\\';
        let mut start = at + 1 + usize::from(bytes.get(at + 1) == Some(&b'('));
        start += usize::from(bytes.get(start) == Some(&b'{'));
        let is_name = |next: &&u8| next.is_ascii_uppercase() || next.is_ascii_digit() || **next == b'_';
        let length = bytes[start..].iter().take_while(is_name).count();
        let end = start + length + usize::from(bytes.get(start + length) == Some(&b'}'));
        if escaped {
            result.push_str(&rest[..at - 1]);
            result.push_str(&rest[at..end]);
        } else if length == 0 {
            result.push_str(&rest[..end]);
        } else {
            result.push_str(&rest[..at]);
            let new = store.text(&rest[start..start + length]).unwrap_or("");
            fuel.spend(new.len())?;
            result.push_str(new);
        }
        rest = &rest[end..];
    }
    result.push_str(rest);
    Ok(result)
}

pub(super) fn skip_blanks(text: &str, at: usize) -> usize {
    text.len() - text[at..].trim_start_matches(is_blank).len()
}

fn is_blank(c: char) -> bool {
    matches!(c, '\t' | '\u{b}' | '\u{c}' | '\r' | ' ' | '\u{85}' | '\u{a0}')
}
