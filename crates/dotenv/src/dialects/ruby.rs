//! Ruby's `dotenv`, and direnv, whose line is an older form of the same expression.

use std::sync::LazyLock;

use regex::Regex;

use super::fuel::Fuel;
use super::store::Store;
use super::words::without_commands;
use super::{Reading, Refused, Surroundings, Value};

#[expect(clippy::unwrap_used, reason = "a constant expression; the tests compile it")]
static RUBY_LINE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r#"(?xm)
        ^ [\t\n\x0B\f\r\ ]*
        (?<export> export [\t\n\x0B\f\r\ ]+ )?
        (?<name> [A-Za-z0-9_.]+ )
        (?:
            (?: [\t\n\x0B\f\r\ ]* = [\t\n\x0B\f\r\ ]*? | : [\t\n\x0B\f\r\ ]+? )
            (?<value>
                [\t\n\x0B\f\r\ ]* ' (?: \\' | [^'] )* '
              | [\t\n\x0B\f\r\ ]* " (?: \\" | [^"] )* "
              | [^\#\n]+
            )?
        )?
        [\t\n\x0B\f\r\ ]* (?: \#.* )? $"#,
    )
    .unwrap()
});

/// Ruby's `dotenv`: names that are set around keep that value.
pub(super) fn ruby(text: &str, surroundings: &Surroundings) -> Result<Vec<Reading>, Refused> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut fuel = Fuel::of(text.len());
    let mut store = Store::default();
    for found in RUBY_LINE.captures_iter(&text) {
        let (Some(name), value) = (found.name("name"), found.name("value")) else { continue };
        if let Some(around) = surroundings.get(name.as_str()) {
            store.set(name.as_str(), around);
        } else if value.is_none() && found.name("export").is_some() {
            if !store.contains(name.as_str()) {
                return Err(Refused::Syntax { line: 1 + text[..name.start()].matches('\n').count() });
            }
        } else {
            let value =
                ruby_value(value.map_or("", |value| value.as_str()), surroundings, &store, &mut fuel)?;
            store.set(name.as_str(), value);
        }
    }
    Ok(store.into_readings())
}

fn ruby_value(raw: &str, around: &Surroundings, store: &Store, fuel: &mut Fuel) -> Result<Value, Refused> {
    let blank = |c| matches!(c, '\0' | '\t'..='\r' | ' ');
    let raw = raw.trim_matches(blank);
    let inside = |quote: char| raw.strip_prefix(quote).and_then(|raw| raw.strip_suffix(quote));
    if let Some(literal) = inside('\'') {
        return Ok(literal.into());
    }
    let double = inside('"');
    let legacy = store.text("DOTENV_LINEBREAK_MODE").or_else(|| around.get("DOTENV_LINEBREAK_MODE"));
    let value = match double {
        Some(double) if legacy == Some("legacy") => double.replace("\\n", "\n").replace("\\r", "\r"),
        Some(double) => double.replace("\\n", "\\\\n").replace("\\r", "\\\\r"),
        None => raw.to_owned(),
    };
    let shorn = without_commands(drop_backslashes(&value));
    let value = substitute(&shorn.text, around, store, fuel)?;
    Ok(value.filter(|_| !shorn.had_commands).map_or(Value::NeedsCommand, Value::Text))
}

/// A backslash goes, except before `$` or at the end.
pub(super) fn drop_backslashes(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match (c, rest.as_str().chars().next()) {
            ('\\', Some(next)) if next != '$' => {
                result.push(next);
                rest.next();
            }
            _ => result.push(c),
        }
    }
    result
}

/// `$NAME` and `${NAME}`, where either brace may be missing; `\$` stands for `$`.
fn substitute(
    text: &str,
    around: &Surroundings,
    store: &Store,
    fuel: &mut Fuel,
) -> Result<Option<String>, Refused> {
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        let bytes = rest.as_bytes();
        let escaped = at > 0 && bytes[at - 1] == b'\\';
        if bytes.get(at + 1) == Some(&b'(') {
            result.push_str(&rest[..=at]);
            rest = &rest[at + 1..];
            continue;
        }
        let start = at + 1 + usize::from(bytes.get(at + 1) == Some(&b'{'));
        let length =
            bytes[start..].iter().take_while(|next| next.is_ascii_alphanumeric() || **next == b'_').count();
        let end = start + length + usize::from(bytes.get(start + length) == Some(&b'}'));
        let name = &rest[start..start + length];
        if escaped {
            result.push_str(&rest[..at - 1]);
            result.push_str(&rest[at..end]);
        } else if name.is_empty() {
            result.push_str(&rest[..end]);
        } else {
            result.push_str(&rest[..at]);
            let new = match store.get(name) {
                Some(Value::Text(text)) => text,
                Some(_) => return Ok(None),
                None => around.get(name).unwrap_or(""),
            };
            fuel.spend(new.len())?;
            result.push_str(new);
        }
        rest = &rest[end..];
    }
    result.push_str(rest);
    Ok(Some(result))
}

#[expect(clippy::unwrap_used, reason = "a constant expression; the tests compile it")]
static DIRENV_LINE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r#"(?x)
        \A [\t\n\f\r\ ]*
        (?: | \#.* |
            (?: export [\t\n\f\r\ ]+ )?
            ( [A-Za-z0-9_.]+ )
            (?: [\t\n\f\r\ ]* = [\t\n\f\r\ ]* | : [\t\n\f\r\ ]+? )
            ( '(?: ' | [^'] )*' | "(?: " | [^"] )*" | [^\t\n\f\r\ \#]+ )?
            [\t\n\f\r\ ]* (?: \#.* )?
        )
        \z"#,
    )
    .unwrap()
});

/// direnv: one line, one value; a line that is neither is refused.
pub(super) fn direnv(text: &str, surroundings: &Surroundings) -> Result<Vec<Reading>, Refused> {
    let mut fuel = Fuel::of(text.len());
    let mut store = Store::default();
    for (number, line) in text.split(['\n', '\r']).enumerate() {
        let found = DIRENV_LINE.captures(line).ok_or(Refused::Syntax { line: number + 1 })?;
        let Some(name) = found.get(1) else { continue };
        let raw = found.get(2).map_or("", |value| value.as_str());
        let inside = |quote| raw.strip_prefix(quote).and_then(|raw: &str| raw.strip_suffix(quote));
        let value = if raw.len() < 2 {
            raw.to_owned()
        } else if let Some(literal) = inside('\'') {
            literal.to_owned()
        } else if let Some(double) = inside('"') {
            let double = double.replace("\\n", "\n").replace("\\r", "\r");
            expand_for_direnv(&drop_backslashes(&double), surroundings, &store, &mut fuel)?
        } else {
            expand_for_direnv(raw, surroundings, &store, &mut fuel)?
        };
        store.set(name.as_str(), value);
    }
    Ok(store.into_readings())
}

/// Go's `os.Expand`, with `:-` for a value that is missing or, around, empty.
fn expand_for_direnv(
    text: &str,
    around: &Surroundings,
    store: &Store,
    fuel: &mut Fuel,
) -> Result<String, Refused> {
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    // Where there is no `}` ahead there is none later.
    let mut closed = true;
    while let Some(at) = rest.find('$').filter(|at| at + 1 < rest.len()) {
        result.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        let (name, length) = if let Some(inside) = after.strip_prefix('{') {
            let end = if closed { inside.find('}') } else { None };
            closed = end.is_some();
            end.map_or(("", 1), |end| (&inside[..end], end + 2))
        } else if after
            .starts_with(|c: char| matches!(c, '*' | '#' | '$' | '@' | '!' | '?' | '-' | '0'..='9'))
        {
            (&after[..1], 1)
        } else {
            let length =
                after.bytes().take_while(|next| next.is_ascii_alphanumeric() || *next == b'_').count();
            (&after[..length], length)
        };
        if length == 0 {
            result.push('$');
        } else if !name.is_empty() {
            let (wanted, default) = name.split_once(":-").unwrap_or((name, ""));
            let known = store.text(wanted);
            let new =
                known.or_else(|| around.get(wanted).filter(|value| !value.is_empty())).unwrap_or(default);
            fuel.spend(new.len())?;
            result.push_str(new);
        }
        rest = &after[length..];
    }
    result.push_str(rest);
    Ok(result)
}
