//! Symfony's `Dotenv`: a value is a row of quoted and bare parts; what is around wins in a
//! reference; blanks around `=` and bare blanks inside a value are refused.

use super::fuel::Fuel;
use super::store::Store;
use super::words::{Shorn, without_commands};
use super::{Reading, Refused, Surroundings, Value};

pub(super) fn read(text: &str, surroundings: &Surroundings) -> Result<Vec<Reading>, Refused> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut reader = Reader {
        text: &text,
        at: 0,
        around: surroundings,
        store: Store::default(),
        fuel: Fuel::of(text.len()),
    };
    reader.skip_empty_lines();
    while reader.at < text.len() {
        let name = reader.name()?;
        let value = if reader.at < text.len() { reader.value()? } else { Value::Text(String::new()) };
        reader.store.set(name, value);
    }
    Ok(reader.store.into_readings())
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    around: &'a Surroundings,
    store: Store,
    fuel: Fuel,
}

impl<'a> Reader<'a> {
    fn refused<T>(&self) -> Result<T, Refused> {
        let end = self.at.min(self.text.len());
        Err(Refused::Syntax {
            line: 1 + self.text.as_bytes()[..end].iter().filter(|byte| **byte == b'\n').count(),
        })
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn skip_empty_lines(&mut self) {
        loop {
            let rest = self.rest().trim_start_matches(is_space);
            self.at = self.text.len() - rest.len();
            if !rest.starts_with('#') {
                return;
            }
            self.at += rest.find('\n').unwrap_or(rest.len());
        }
    }

    fn name(&mut self) -> Result<&'a str, Refused> {
        let mut rest = self.rest();
        if let Some(after) = rest.strip_prefix("export")
            && after.starts_with([' ', '\t'])
            && name_length(after.trim_start_matches([' ', '\t'])) > 0
        {
            rest = after.trim_start_matches([' ', '\t']);
        }
        let length = name_length(rest);
        if length == 0 || !rest[length..].starts_with('=') {
            return self.refused();
        }
        self.at = self.text.len() - rest.len() + length + 1;
        Ok(&rest[..length])
    }

    fn value(&mut self) -> Result<Value, Refused> {
        let line = self.rest().split('\n').next().unwrap_or("");
        let bare = line.trim_start_matches([' ', '\t']);
        if bare.is_empty() || bare.starts_with('#') {
            self.at += line.len();
            self.skip_empty_lines();
            return Ok(String::new().into());
        }
        if bare.len() < line.len() {
            return self.refused();
        }
        let mut whole = Value::Text(String::new());
        loop {
            let part = match self.rest().chars().next() {
                None | Some('\n') => break,
                Some('\'') => Value::from(self.single()?),
                Some('"') => self.double()?,
                Some(_) => {
                    let part = self.bare()?;
                    if self.rest().starts_with('#') {
                        append(&mut whole, part);
                        break;
                    }
                    part
                }
            };
            append(&mut whole, part);
        }
        self.skip_empty_lines();
        Ok(whole)
    }

    fn single(&mut self) -> Result<String, Refused> {
        let inside = &self.rest()[1..];
        let Some(close) = inside.find('\'') else {
            self.at = self.text.len();
            return self.refused();
        };
        self.at += close + 2;
        Ok(inside[..close].to_owned())
    }

    fn double(&mut self) -> Result<Value, Refused> {
        let bytes = self.text.as_bytes();
        let start = self.at + 1;
        let escaped =
            |at: usize| bytes[at - 1] == b'\\' && at.checked_sub(2).is_some_and(|at| bytes[at] != b'\\');
        let Some(close) = (start..bytes.len()).find(|at| bytes[*at] == b'"' && !escaped(*at)) else {
            self.at = self.text.len();
            return self.refused();
        };
        let inside = self.text[start..close].replace("\\\"", "\"").replace("\\r", "\r").replace("\\n", "\n");
        self.at = close + 1;
        self.resolve(inside)
    }

    fn bare(&mut self) -> Result<Value, Refused> {
        let bytes = self.text.as_bytes();
        let mut value: Vec<u8> = Vec::new();
        let mut before = bytes[self.at - 1];
        while let Some(&byte) = bytes.get(self.at) {
            if matches!(byte, b'\n' | b'"' | b'\'') || (byte == b'#' && matches!(before, b' ' | b'\t')) {
                break;
            }
            if byte == b'\\' && matches!(bytes.get(self.at + 1), Some(b'"' | b'\'')) {
                self.at += 1;
            }
            before = bytes[self.at];
            value.push(before);
            if before == b'$' && bytes.get(self.at + 1) == Some(&b'(') {
                let start = self.at + 1;
                self.at = self.closing_parenthesis(start)?;
                value.extend(&bytes[start..=self.at]);
            }
            self.at += 1;
        }
        let value = String::from_utf8_lossy(&value);
        let value = value.trim_end_matches([' ', '\t', '\n', '\r', '\0', '\u{b}']);
        let resolved = self.resolve(value.to_owned())?;
        if resolved.as_text() == Some(value) && value.contains(is_space) {
            return self.refused();
        }
        Ok(resolved)
    }

    /// The parenthesis that closes the one at `start`, on the same line.
    fn closing_parenthesis(&self, start: usize) -> Result<usize, Refused> {
        let mut open = 0_usize;
        for (at, byte) in self.text.bytes().enumerate().skip(start) {
            match byte {
                b'\n' => return self.refused(),
                b'(' => open += 1,
                b')' if open == 1 => return Ok(at),
                b')' => open -= 1,
                _ => {}
            }
        }
        // At the very end the loader misses the end and never comes back.
        if self.text.len() == start + 1 { Err(Refused::Endless) } else { self.refused() }
    }

    fn resolve(&mut self, text: String) -> Result<Value, Refused> {
        let Shorn { text, had_commands } = without_commands(text);
        let mut known = !had_commands;
        let mut result = String::with_capacity(text.len());
        let mut rest = text.as_str();
        while let Some(at) = rest.find('$') {
            let before = &rest[..at];
            if rest[at + 1..].starts_with('(') {
                result.push_str(&rest[..=at]);
                rest = &rest[at + 1..];
                continue;
            }
            let slashes = before.len() - before.trim_end_matches('\\').len();
            let reference = Reference::at(&rest[at + 1..]);
            let end = at + 1 + reference.length;
            if slashes % 2 == 1 {
                result.push_str(&rest[..at - slashes]);
                result.push_str(&rest[at - slashes + 1..end]);
            } else if !reference.names() {
                result.push_str(&rest[..end]);
            } else {
                if reference.opened && !reference.closed {
                    return self.refused();
                }
                result.push_str(before);
                let new = self.look_up(&reference)?;
                known &= new.is_some();
                let new = new.unwrap_or_default();
                self.fuel.spend(new.len())?;
                result.push_str(&new);
                if reference.closed && !reference.opened {
                    result.push('}');
                }
            }
            rest = &rest[end..];
        }
        result.push_str(rest);
        // What is not known is read to its end all the same: it may be refused, or set a default.
        Ok(if known { result.replace("\\\\", "\\").into() } else { Value::NeedsCommand })
    }

    /// The value of a reference; `None` where only a command would tell.
    fn look_up(&mut self, reference: &Reference<'_>) -> Result<Option<String>, Refused> {
        let around = self.around.get(reference.name);
        let unknown = matches!(self.store.get(reference.name), Some(Value::NeedsCommand));
        if unknown && around.is_none() {
            return Ok(None);
        }
        let seen = around.filter(|_| !reference.name.starts_with("HTTP_"));
        let found = seen.or_else(|| self.store.text(reference.name)).or(around).unwrap_or("").to_owned();
        let Some(default) = reference.default.filter(|_| found.is_empty()) else { return Ok(Some(found)) };
        if default.contains(['\'', '"', '{', '$']) {
            return self.refused();
        }
        let (operator, word) = default.split_at(2);
        if operator == ":=" {
            self.store.set(reference.name, word);
        }
        Ok(Some(word.to_owned()))
    }
}

fn append(whole: &mut Value, part: Value) {
    match (&mut *whole, part) {
        (Value::Text(whole), Value::Text(part)) => whole.push_str(&part),
        _ => *whole = Value::NeedsCommand,
    }
}

/// What follows a `$`: an optional brace, name, default and brace.
struct Reference<'a> {
    opened: bool,
    name: &'a str,
    default: Option<&'a str>,
    closed: bool,
    length: usize,
}

impl<'a> Reference<'a> {
    fn at(text: &'a str) -> Self {
        let opened = text.starts_with('{');
        let mut at = usize::from(opened);
        let name = &text[at..at + name_length(&text[at..])];
        at += name.len();
        let mut default = None;
        if text[at..].starts_with(":-") || text[at..].starts_with(":=") {
            let word = &text[at..at + text[at..].find('}').unwrap_or(text.len() - at)];
            at += word.len();
            default = Some(word);
        }
        let closed = text[at..].starts_with('}');
        Self { opened, name, default, closed, length: at + usize::from(closed) }
    }

    /// Whether the loader takes it for a reference; it may well have no name.
    fn names(&self) -> bool {
        !self.name.is_empty() || self.default.is_some() || self.closed
    }
}

/// How much of a text is a name: one `_` at most, a letter, then letters, digits and `_`.
fn name_length(text: &str) -> usize {
    let start = usize::from(text.starts_with('_'));
    let letter = text.as_bytes().get(start).is_some_and(u8::is_ascii_alphabetic);
    if !letter {
        return 0;
    }
    text.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count()
}

fn is_space(c: char) -> bool {
    matches!(c, '\t'..='\r' | ' ')
}
