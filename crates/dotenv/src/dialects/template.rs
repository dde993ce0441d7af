//! Docker Compose's reader of an `env_file`, and its templates: `$$`, `$NAME`, `${NAME}` with
//! `:-`, `-`, `:+`, `+`, `:?` and `?`.

use super::fuel::Fuel;
use super::go::{NameKind, name, skip_blanks, statement};
use super::store::Store;
use super::{Reading, Refused, Surroundings};

/// How deep a default may hold another; no honest file comes near.
const MAX_DEPTH: usize = 200;

/// Compose: what is around wins in a reference, and gives a name that stands alone its value.
pub(super) fn compose(text: &str, surroundings: &Surroundings) -> Result<Vec<Reading>, Refused> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut fuel = Fuel::of(text.len());
    let mut store = Store::default();
    let mut at = 0;
    while let Some(start) = statement(text, at) {
        let refused = |at: usize| Refused::Syntax { line: 1 + text[..at].matches('\n').count() };
        let start = skip_export(text, start);
        let (name, value) = name(text, start, NameKind::Compose).ok_or_else(|| refused(start))?;
        if name.contains(' ') {
            return Err(refused(start));
        }
        if value > start && text.as_bytes()[value - 1] == b'\n' {
            if let Some(around) = surroundings.get(name) {
                store.set(name, around);
            }
            at = skip_blanks(text, value);
            continue;
        }
        let value_start = skip_blanks(text, value);
        let rest = &text[value_start..];
        let look_up = |name: &str| surroundings.get(name).or_else(|| store.text(name));
        let mut template = Template { look_up, fuel: &mut fuel };
        let read = if let Some(quote @ ('"' | '\'')) = rest.chars().next() {
            let (inside, length) = quoted(rest, quote).ok_or_else(|| refused(value_start))?;
            at = value_start + length;
            if quote == '"' { template.fill(&unescape(&inside), 0)? } else { Some(inside) }
        } else {
            let line = rest.split('\n').next().unwrap_or(rest);
            at = (value_start + line.len() + 1).min(text.len());
            template.fill(line.split(" #").next().unwrap_or(line).trim_end(), 0)?
        };
        let read = read.ok_or_else(|| refused(value_start))?;
        store.set(name, read);
    }
    Ok(store.into_readings())
}

/// What stands between quotes, and the length with them; a backslash before the quote goes.
fn quoted(text: &str, quote: char) -> Option<(String, usize)> {
    let mut inside = String::new();
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        if escaped {
            escaped = false;
            if c != quote {
                inside.push('\\');
            }
            inside.push(c);
        } else if c == '\\' {
            escaped = true;
        } else if c == quote {
            return Some((inside, at + 1));
        } else {
            inside.push(c);
        }
    }
    None
}

fn skip_export(text: &str, at: usize) -> usize {
    match text[at..].strip_prefix("export") {
        Some(after) => {
            let blanks = after.len() - after.trim_start_matches(['\t', '\n', '\u{c}', '\r', ' ']).len();
            if blanks > 0 { skip_blanks(text, at + 6 + blanks) } else { skip_blanks(text, at) }
        }
        None => skip_blanks(text, at),
    }
}

/// The escapes of Compose in `"`: those of Go's characters, `\$` for `$`, octal after `\0`.
fn unescape(inside: &str) -> String {
    let mut result = String::with_capacity(inside.len());
    let mut rest = inside;
    while let Some(at) = rest.find('\\') {
        result.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        let (new, length) = match after.bytes().next() {
            Some(b'a') => ("\u{7}", 1),
            Some(b'b') => ("\u{8}", 1),
            Some(b'f') => ("\u{c}", 1),
            Some(b'n') => ("\n", 1),
            Some(b'r') => ("\r", 1),
            Some(b't') => ("\t", 1),
            Some(b'v') => ("\u{b}", 1),
            Some(b'$') => ("$$", 1),
            Some(b'"') => ("\"", 1),
            Some(b'\\') => ("\\", 1),
            Some(b'0') => {
                let digits = after[1..].bytes().take(3).take_while(u8::is_ascii_digit).count();
                let number =
                    u32::from_str_radix(&after[1..=digits], 8).ok().filter(|n| digits == 3 && *n < 256);
                result.extend(number.and_then(char::from_u32));
                if number.is_none() {
                    result.push('\\');
                    result.push_str(&after[..=digits]);
                }
                ("", 1 + digits)
            }
            _ => ("\\", 0),
        };
        result.push_str(new);
        rest = &after[length..];
    }
    result.push_str(rest);
    result
}

/// A template being filled in.
struct Template<'f, L> {
    look_up: L,
    fuel: &'f mut Fuel,
}

impl<'v, L: Fn(&str) -> Option<&'v str>> Template<'_, L> {
    /// The text with its references filled in; `None` where the template is wrong or a value that
    /// must be there is not.
    fn fill(&mut self, text: &str, depth: usize) -> Result<Option<String>, Refused> {
        if depth > MAX_DEPTH {
            return Err(Refused::Endless);
        }
        let mut result = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            result.push_str(&rest[..at]);
            let after = &rest[at + 1..];
            if let Some(next) = after.strip_prefix('$') {
                result.push('$');
                rest = next;
                continue;
            }
            let braced = after.strip_prefix('{');
            let from = braced.unwrap_or(after);
            let starts = from.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
            let length =
                from.bytes().take_while(|next| next.is_ascii_alphanumeric() || *next == b'_').count();
            let length = if starts { length } else { 0 };
            let name = &from[..length];
            if braced.is_none() {
                if length == 0 {
                    result.push('$');
                } else {
                    result.push_str(self.found(name)?.unwrap_or(""));
                }
                rest = &from[length..];
            } else if length == 0 {
                return Ok(None);
            } else if let Some(next) = from[length..].strip_prefix('}') {
                result.push_str(self.found(name)?.unwrap_or(""));
                rest = next;
            } else {
                let Some((operator, word, next)) = self.operation(&from[length..])? else { return Ok(None) };
                let Some(new) = self.apply(name, operator, word, depth)? else { return Ok(None) };
                result.push_str(&new);
                rest = next;
            }
        }
        result.push_str(rest);
        Ok(Some(result))
    }

    fn found(&mut self, name: &str) -> Result<Option<&'v str>, Refused> {
        let found = (self.look_up)(name);
        self.fuel.spend(found.map_or(0, str::len))?;
        Ok(found)
    }

    /// Splits what follows a name into its operator, its word, and the text after the brace.
    fn operation<'a>(&mut self, text: &'a str) -> Result<Option<(&'a str, &'a str, &'a str)>, Refused> {
        let colon = usize::from(text.starts_with(':'));
        if !text[colon..].starts_with(['-', '+', '?']) {
            return Ok(None);
        }
        let line = text.find('\n').unwrap_or(text.len());
        self.fuel.spend(line)?;
        // The expression takes all up to the last brace of the line; the braces that belong
        // together are counted in that, and the count passes over what follows a `{`.
        let Some(last) = text[..line].rfind('}') else { return Ok(None) };
        let mut open = 1;
        let mut at = colon + 1;
        let bytes = text.as_bytes();
        let close = loop {
            if at > last {
                break last;
            }
            match bytes[at] {
                b'}' => {
                    open -= 1;
                    if open == 0 {
                        break at;
                    }
                }
                b'{' => {
                    open += 1;
                    at += 1;
                }
                _ => {}
            }
            at += 1;
        };
        Ok(Some((&text[..=colon], &text[colon + 1..close], &text[close + 1..])))
    }

    fn apply(
        &mut self,
        name: &str,
        operator: &str,
        word: &str,
        depth: usize,
    ) -> Result<Option<String>, Refused> {
        // The word is filled in first, wanted or not: where it is wrong, all is.
        let Some(filled) = self.fill(word, depth + 1)? else { return Ok(None) };
        let looked = self.found(name)?;
        let present =
            if operator.starts_with(':') { looked.filter(|found| !found.is_empty()) } else { looked };
        match (operator.trim_start_matches(':'), present) {
            ("-", Some(found)) | ("?", Some(found)) => Ok(Some(found.to_owned())),
            ("?", None) => Ok(None),
            ("+", None) => Ok(Some(looked.unwrap_or("").to_owned())),
            _ => Ok(Some(filled)),
        }
    }
}
