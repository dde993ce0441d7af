//! The crate `dotenvy`, and the two programs that read with it: uv and just.

use super::fuel::Fuel;
use super::store::Store;
use super::{Reading, Refused, Surroundings};

/// `dotenvy::from_path`: what is set, around or by a line before, stays; one error refuses all.
pub(super) fn dotenvy(text: &str, surroundings: &Surroundings) -> Result<Vec<Reading>, Refused> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut set = Store::default();
    let mut fuel = Fuel::of(text.len());
    for line in logical_lines(text) {
        let (number, line) = line?;
        let look_up = |name: &str| surroundings.get(name).or_else(|| set.text(name)).map(str::to_owned);
        let read = assignment(&line, look_up, &mut fuel, number)?;
        if let Some((name, value)) = read
            && !set.contains(&name)
        {
            // What is set around is not set again, so its value may be anything.
            let around = surroundings.get(&name);
            if around.is_none() && value.contains('\0') {
                return Err(Refused::Syntax { line: number });
            }
            let value = around.map_or(value, str::to_owned);
            set.set(&name, value);
        }
    }
    Ok(set.into_readings())
}

/// uv: as `dotenvy`, but lines before an error count, and a reference sees the last value.
pub(super) fn uv(text: &str, surroundings: &Surroundings) -> Result<Vec<Reading>, Refused> {
    let mut set = Store::default();
    let mut known = Store::default();
    let mut fuel = Fuel::of(text.len());
    for line in logical_lines(text) {
        let Ok((number, line)) = line else { break };
        let look_up = |name: &str| surroundings.get(name).or_else(|| known.text(name)).map(str::to_owned);
        match assignment(&line, look_up, &mut fuel, number) {
            Ok(None) => {}
            Ok(Some((name, value))) => {
                known.set(&name, value.as_str());
                if !set.contains(&name) {
                    let around = surroundings.get(&name);
                    if around.is_none() && value.contains('\0') {
                        return Err(Refused::Syntax { line: number });
                    }
                    set.set(&name, around.map_or(value, str::to_owned));
                }
            }
            Err(Refused::Syntax { .. }) => break,
            Err(refused) => return Err(refused),
        }
    }
    Ok(set.into_readings())
}

/// just: what is around stays, of a name that comes again the last value counts.
pub(super) fn just(text: &str, surroundings: &Surroundings) -> Result<Vec<Reading>, Refused> {
    let mut known = Store::default();
    let mut fuel = Fuel::of(text.len());
    for line in logical_lines(text) {
        let (number, line) = line?;
        let look_up = |name: &str| surroundings.get(name).or_else(|| known.text(name)).map(str::to_owned);
        if let Some((name, value)) = assignment(&line, look_up, &mut fuel, number)? {
            known.set(&name, value);
        }
    }
    let names: Vec<String> = known.readings().iter().map(|reading| reading.name.clone()).collect();
    for name in names {
        if let Some(around) = surroundings.get(&name) {
            known.set(&name, around);
        } else if known.text(&name).is_some_and(|value| value.contains('\0')) {
            let line = text.find('\0').map_or(1, |at| 1 + text[..at].matches('\n').count());
            return Err(Refused::Syntax { line });
        }
    }
    // Recipes run in a shell, which holds no name with a dot in it.
    Ok(known.into_readings().into_iter().filter(|reading| !reading.name.contains('.')).collect())
}

/// What the lookahead over quotes is in the middle of.
#[derive(Clone, Copy, PartialEq)]
enum Ahead {
    Complete,
    Escape,
    Single,
    SingleEscape,
    Double,
    DoubleEscape,
    Blank,
}

/// Lines, joined while a quote or an escape is open; comments at their start left out.
fn logical_lines(text: &str) -> impl Iterator<Item = Result<(usize, String), Refused>> {
    let mut lines = text.split_inclusive('\n').enumerate();
    std::iter::from_fn(move || {
        let mut whole = String::new();
        let mut state = Ahead::Complete;
        let mut comment = true;
        loop {
            let Some((number, line)) = lines.next() else {
                let line = 1 + text.matches('\n').count();
                return (state != Ahead::Complete).then_some(Err(Refused::Syntax { line }));
            };
            // The loader asks this of all that it has gathered, which changes nothing: only the
            // first line that is not blank decides.
            if comment && !line.trim_start().is_empty() {
                comment = line.trim_start().starts_with('#');
            } else if comment && !whole.is_empty() {
                comment = whole.trim_start().starts_with('#') || whole.trim_start().is_empty();
            }
            let starts_comment = comment && line.trim_start().starts_with('#');
            if starts_comment {
                return Some(Ok((number + 1, String::new())));
            }
            comment = comment && line.trim_start().is_empty();
            let (end, next) = look_ahead(state, line);
            match next {
                None => {
                    whole.push_str(&line[..end]);
                    return Some(Ok((number + 1, whole)));
                }
                Some(Ahead::Complete) => {
                    let line =
                        line.strip_suffix('\n').map_or(line, |line| line.strip_suffix('\r').unwrap_or(line));
                    whole.push_str(line);
                    return Some(Ok((number + 1, whole)));
                }
                Some(next) => {
                    whole.push_str(line);
                    state = next;
                }
            }
        }
    })
}

/// Where a line leaves the lookahead; `None` for a comment, with the place where it starts.
fn look_ahead(state: Ahead, line: &str) -> (usize, Option<Ahead>) {
    let mut state = state;
    for (at, c) in line.char_indices() {
        state = match (state, c) {
            (Ahead::Blank, '#') => return (at, None),
            (Ahead::Complete, c) if c.is_whitespace() && c != '\n' && c != '\r' => Ahead::Blank,
            (Ahead::Blank | Ahead::Complete, '\\') => Ahead::Escape,
            (Ahead::Blank | Ahead::Complete, '"') => Ahead::Double,
            (Ahead::Blank | Ahead::Complete, '\'') => Ahead::Single,
            (Ahead::Blank | Ahead::Complete | Ahead::Escape, _) => Ahead::Complete,
            (Ahead::Double, '\\') => Ahead::DoubleEscape,
            (Ahead::Double, '"') | (Ahead::Single, '\'') => Ahead::Complete,
            (Ahead::Double | Ahead::DoubleEscape, _) => Ahead::Double,
            (Ahead::Single, '\\') => Ahead::SingleEscape,
            (Ahead::Single | Ahead::SingleEscape, _) => Ahead::Single,
        };
    }
    (line.len(), Some(state))
}

/// Reads one logical line; `None` where it is blank or a comment.
fn assignment(
    line: &str,
    look_up: impl Fn(&str) -> Option<String>,
    fuel: &mut Fuel,
    number: usize,
) -> Result<Option<(String, String)>, Refused> {
    let refused = Refused::Syntax { line: number };
    let rest = line.trim();
    if rest.is_empty() || rest.starts_with('#') {
        return Ok(None);
    }
    let (mut name, rest) = split_name(rest).ok_or(refused)?;
    let mut rest = rest.trim_start();
    if name == "export" && !rest.starts_with('=') {
        (name, rest) = split_name(rest).ok_or(refused)?;
        rest = rest.trim_start();
    }
    let rest = rest.strip_prefix('=').ok_or(refused)?.trim_start();
    if rest.is_empty() || rest.starts_with('#') {
        return Ok(Some((name.to_owned(), String::new())));
    }
    let value = value(rest, look_up, fuel)?.ok_or(refused)?;
    Ok(Some((name.to_owned(), value)))
}

fn split_name(text: &str) -> Option<(&str, &str)> {
    let first = text.bytes().next()?;
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.');
    let length = text.bytes().take_while(is_name).count();
    (first.is_ascii_alphabetic() || first == b'_').then(|| text.split_at(length))
}

/// Where the reading of a value stands with a reference.
#[derive(Clone, Copy, PartialEq)]
enum Reference {
    None,
    Plain,
    Braced,
}

/// The value, or `None` where the loader finds fault with it.
fn value(
    written: &str,
    look_up: impl Fn(&str) -> Option<String>,
    fuel: &mut Fuel,
) -> Result<Option<String>, Refused> {
    let mut put = |output: &mut String, name: &mut String| {
        let new = look_up(name).unwrap_or_default();
        name.clear();
        fuel.spend(new.len())?;
        output.push_str(&new);
        Ok::<_, Refused>(())
    };
    let mut output = String::with_capacity(written.len());
    let mut name = String::new();
    let mut reference = Reference::None;
    let (mut single, mut double, mut escaped, mut ended) = (false, false, false, false);
    for c in written.chars() {
        if ended {
            match c {
                ' ' | '\t' => {}
                '#' => break,
                _ => return Ok(None),
            }
        } else if escaped {
            escaped = false;
            output.push(match c {
                '\\' | '\'' | '"' | '$' | ' ' => c,
                'n' => '\n',
                _ => return Ok(None),
            });
        } else if single {
            single = c != '\'';
            if single {
                output.push(c);
            }
        } else if reference != Reference::None && c.is_alphanumeric() {
            name.push(c);
        } else if reference == Reference::Plain {
            if c == '{' && name.is_empty() {
                reference = Reference::Braced;
                continue;
            }
            put(&mut output, &mut name)?;
            if c == '$' {
                continue;
            }
            // What ends the name is a character like any other, whatever it is.
            reference = Reference::None;
            output.push(c);
        } else if reference == Reference::Braced {
            if c == '}' {
                reference = Reference::None;
                put(&mut output, &mut name)?;
            } else {
                name.push(c);
            }
        } else {
            match c {
                '$' => reference = Reference::Plain,
                '\\' => escaped = true,
                '"' => double = !double,
                _ if double => output.push(c),
                '\'' => single = true,
                ' ' | '\t' => ended = true,
                _ => output.push(c),
            }
        }
    }
    if reference == Reference::Braced || single || double {
        return Ok(None);
    }
    put(&mut output, &mut name)?;
    Ok(Some(output))
}
