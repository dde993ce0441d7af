//! Two readers without interpolation: `docker run --env-file`, line by line, and systemd.

use super::store::Store;
use super::{Reading, Refused, Surroundings};

/// The longest line that Docker's scanner takes.
const DOCKER_LINE: usize = 65_536;

/// Docker: everything after the first `=` is the value, blanks and quotes too. A name alone is
/// taken from what is around.
pub(super) fn docker(text: &str, surroundings: &Surroundings) -> Result<Vec<Reading>, Refused> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut store = Store::default();
    for (number, line) in text.split('\n').enumerate() {
        let refused = Err(Refused::Syntax { line: number + 1 });
        if line.len() >= DOCKER_LINE {
            return refused;
        }
        let line = line.strip_suffix('\r').unwrap_or(line).trim_start();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (name, value) = match line.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (line, surroundings.get(line)),
        };
        if name.is_empty() || name.contains([' ', '\t']) {
            return refused;
        }
        if let Some(value) = value {
            store.set(name, value);
        }
    }
    Ok(store.into_readings())
}

const BLANKS: [char; 4] = [' ', '\t', '\n', '\r'];

/// Where systemd's reader stands.
#[derive(Clone, Copy, PartialEq)]
enum State {
    BeforeName,
    Name,
    BeforeValue,
    Value,
    ValueEscape,
    Single,
    Double,
    DoubleEscape,
    Comment,
    CommentEscape,
}

/// systemd: `'` and `"` may come several to a value, a backslash at a line's end joins lines.
pub(super) fn systemd(text: &str) -> Result<Vec<Reading>, Refused> {
    if let Some(at) = text.find('\0') {
        return Err(Refused::Syntax { line: 1 + text[..at].matches('\n').count() });
    }
    let mut store = Store::default();
    let (mut name, mut value) = (String::new(), String::new());
    // The value without its trailing blanks ends here.
    let mut kept = 0;
    let mut state = State::BeforeName;
    for c in text.chars() {
        let ends = c == '\n' || c == '\r';
        state = match state {
            State::BeforeName if c == '#' || c == ';' => State::Comment,
            State::BeforeName if BLANKS.contains(&c) => State::BeforeName,
            State::BeforeName => {
                name.push(c);
                State::Name
            }
            State::Name if ends => {
                name.clear();
                State::BeforeName
            }
            State::Name if c == '=' => State::BeforeValue,
            State::Name => {
                name.push(c);
                State::Name
            }
            State::BeforeValue | State::Value if ends => {
                if state == State::Value {
                    value.truncate(kept);
                }
                push(&mut store, &mut name, &mut value);
                kept = 0;
                State::BeforeName
            }
            State::BeforeValue if c == '\'' => State::Single,
            State::BeforeValue if c == '"' => State::Double,
            State::BeforeValue | State::Value if c == '\\' => State::ValueEscape,
            State::BeforeValue if BLANKS.contains(&c) => State::BeforeValue,
            State::BeforeValue | State::Value => {
                value.push(c);
                if !BLANKS.contains(&c) {
                    kept = value.len();
                }
                State::Value
            }
            State::ValueEscape => {
                if !ends {
                    value.push(c);
                }
                kept = value.len();
                State::Value
            }
            State::Single if c == '\'' => State::BeforeValue,
            State::Double if c == '"' => State::BeforeValue,
            State::Double if c == '\\' => State::DoubleEscape,
            State::Single | State::Double => {
                value.push(c);
                state
            }
            State::DoubleEscape => {
                if matches!(c, '"' | '\\' | '`' | '$') {
                    value.push(c);
                } else if c != '\n' {
                    value.extend(['\\', c]);
                }
                State::Double
            }
            State::Comment if c == '\\' => State::CommentEscape,
            State::Comment if ends => State::BeforeName,
            State::CommentEscape | State::Comment => State::Comment,
        };
    }
    if !matches!(state, State::BeforeName | State::Name | State::Comment | State::CommentEscape) {
        if state == State::Value {
            value.truncate(kept);
        }
        push(&mut store, &mut name, &mut value);
    }
    Ok(store.into_readings())
}

/// Keeps a variable, unless no environment could hold its name.
fn push(store: &mut Store, name: &mut String, value: &mut String) {
    let value = std::mem::take(value);
    let known = name.trim_end_matches(BLANKS);
    let sound = known.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if sound && known.starts_with(|c: char| !c.is_ascii_digit()) {
        store.set(known, value);
    }
    name.clear();
}
