//! Words to texts: parameters, their operators, and small sums.

use super::glob::{self, Glyph};
use super::parse::{Operation, Part, Quoting, Word};
use super::{Kind, Shell, Status, Stop, Variable};

/// The text of a word; `None` where only a command would tell.
pub(super) fn text(shell: &mut Shell<'_>, word: &Word) -> Result<Option<String>, Stop> {
    let glyphs = glyphs(shell, word)?;
    Ok(glyphs.map(|glyphs| glyphs.into_iter().map(|(c, _)| c).collect()))
}

/// The characters of a word, each with its quoting.
fn glyphs(shell: &mut Shell<'_>, word: &Word) -> Result<Option<Vec<Glyph>>, Stop> {
    let mut result: Option<Vec<Glyph>> = Some(Vec::new());
    for part in word {
        let part = part_glyphs(shell, part)?;
        match (&mut result, part) {
            (Some(result), Some(part)) => result.extend(part),
            _ => result = None,
        }
    }
    Ok(result)
}

fn part_glyphs(shell: &mut Shell<'_>, part: &Part) -> Result<Option<Vec<Glyph>>, Stop> {
    let spread = |text: &str, quoting: Quoting| Some(text.chars().map(|c| (c, quoting)).collect());
    match part {
        Part::Text(text, quoting) => Ok(spread(text, *quoting)),
        Part::Command => Ok(None),
        Part::Bad => Err(Stop::Line),
        Part::Home(name) if name.is_empty() => Ok(match shell.variable("HOME") {
            Variable::Set(home) => spread(&home, Quoting::Quoted),
            // The system would tell; a shell without `HOME` is a rare thing.
            Variable::Unset | Variable::Unknown => None,
        }),
        Part::Home(_) => Ok(None),
        Part::Arithmetic(word) => {
            let Some(written) = text(shell, word)? else { return Ok(None) };
            shell.fuel.spend(written.len())?;
            let sum = sum(shell, &written);
            Ok(sum.and_then(|sum| spread(&sum.to_string(), Quoting::Quoted)))
        }
        Part::Parameter { name, operation, quoting } => {
            let looked = parameter(shell, name);
            if let Variable::Set(text) = &looked {
                shell.fuel.spend(text.len())?;
            }
            operate(shell, name, looked, operation, *quoting)
        }
    }
}

/// The value of a variable or of one of the shell's own parameters.
fn parameter(shell: &Shell<'_>, name: &str) -> Variable {
    let first = name.bytes().next().unwrap_or(b'0');
    match first {
        b'0' if name == "0" => Variable::Unknown,
        b'0'..=b'9' => {
            let place = name.parse::<usize>().ok().and_then(|place| place.checked_sub(1));
            let argument = place.and_then(|place| shell.arguments.get(place));
            argument.map_or(Variable::Unset, |argument| Variable::Set(argument.clone()))
        }
        b'@' | b'*' if shell.arguments.is_empty() => Variable::Unset,
        b'@' | b'*' => Variable::Set(shell.arguments.join(" ")),
        b'#' => Variable::Set(shell.arguments.len().to_string()),
        b'?' if shell.status == Status::Zero => Variable::Set("0".to_owned()),
        b'?' | b'$' => Variable::Unknown,
        b'!' => Variable::Unset,
        b'-' => Variable::Set(if shell.kind == Kind::Dash { "a" } else { "ahBc" }.to_owned()),
        _ => shell.variable(name),
    }
}

fn operate(
    shell: &mut Shell<'_>,
    name: &str,
    looked: Variable,
    operation: &Operation,
    quoting: Quoting,
) -> Result<Option<Vec<Glyph>>, Stop> {
    let spread = |text: &str| Some(text.chars().map(|c| (c, quoting)).collect::<Vec<_>>());
    let found = match looked {
        Variable::Unknown => return Ok(None),
        Variable::Set(text) => Some(text),
        Variable::Unset => None,
    };
    match operation {
        Operation::Plain => Ok(spread(&found.unwrap_or_default())),
        Operation::Length => {
            let found = found.unwrap_or_default();
            // bash counts characters only in a locale that has them; here both count bytes.
            Ok(spread(&found.len().to_string()))
        }
        Operation::Choice { operator, colon, word } => {
            let present = found.clone().filter(|found| !*colon || !found.is_empty());
            match (operator, present) {
                (b'+', None) => Ok(spread("")),
                (b'+', Some(_)) | (b'-', None) => glyphs(shell, word),
                (b'=', None) => {
                    let Some(new) = text(shell, word)? else { return Ok(None) };
                    if !super::parse::is_name(name) {
                        return Err(Stop::Line);
                    }
                    shell.set(name, new.as_str());
                    Ok(spread(&new))
                }
                (_, Some(found)) => Ok(spread(&found)),
                (_, None) => Err(shell.refused()),
            }
        }
        Operation::Trim { operator, longest, pattern } => {
            let Some(pattern) = glyphs(shell, pattern)? else { return Ok(None) };
            let chars: Vec<char> = found.unwrap_or_default().chars().collect();
            let count = chars.len();
            let suffix = *operator == b'%';
            // From the shortest piece to the longest, or the other way round.
            for step in 0..=count {
                let length = if *longest { count - step } else { step };
                shell.fuel.spend(length.saturating_mul(pattern.len() + 1))?;
                let (piece, kept) = if suffix {
                    (&chars[count - length..], &chars[..count - length])
                } else {
                    (&chars[..length], &chars[length..])
                };
                if glob::matches(&pattern, piece) {
                    return Ok(Some(kept.iter().map(|c| (*c, quoting)).collect()));
                }
            }
            Ok(Some(chars.into_iter().map(|c| (c, quoting)).collect()))
        }
        Operation::Slice(bounds) => {
            let Some(bounds) = text(shell, bounds)? else { return Ok(None) };
            let (offset, length) =
                bounds.split_once(':').map_or((bounds.as_str(), None), |(o, l)| (o, Some(l)));
            let Some(offset) = sum(shell, offset) else { return Ok(None) };
            let length = length.map(|length| sum(shell, length));
            Ok(slice(&found.unwrap_or_default(), offset, length).and_then(spread))
        }
        Operation::Case { operator, whole } => {
            let found = found.unwrap_or_default();
            let change =
                |c: char| if *operator == b'^' { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() };
            let changed: String = found
                .chars()
                .enumerate()
                .map(|(at, c)| if *whole || at == 0 { change(c) } else { c })
                .collect();
            // Beyond ASCII the locale decides.
            Ok(if found.is_ascii() { spread(&changed) } else { None })
        }
        Operation::Unknown => Ok(None),
    }
}

/// A piece of a text, by bash's rules: what is negative counts from the end. `None` where bash
/// finds fault with the numbers, or the locale decides what a character is.
fn slice(text: &str, offset: i64, length: Option<Option<i64>>) -> Option<&str> {
    let count = i64::try_from(text.len()).ok().filter(|_| text.is_ascii())?;
    let start = if offset < 0 { offset.checked_add(count)? } else { offset };
    if start < 0 || start > count {
        return Some("");
    }
    let end = match length {
        None => count,
        Some(length) => {
            let length = length?;
            if length < 0 { count.checked_add(length)? } else { start.saturating_add(length).min(count) }
        }
    };
    text.get(usize::try_from(start).ok()?..usize::try_from(end).ok()?)
}

/// Where the `))` of a `((` starts, if its parentheses come out even.
pub(super) fn arithmetic_end(text: &str) -> Option<usize> {
    let mut open = 0_usize;
    let bytes = text.as_bytes();
    for (at, byte) in bytes.iter().enumerate().skip(2) {
        match byte {
            b'(' => open += 1,
            b')' if open > 0 => open -= 1,
            b')' => return (bytes.get(at + 1) == Some(&b')')).then_some(at),
            b'\'' | b'"' | b'`' | b'\n' | b'{' => return None,
            _ => {}
        }
    }
    None
}

/// A sum of whole numbers with `+ - * / %` and parentheses; anything else is not known.
fn sum(shell: &Shell<'_>, written: &str) -> Option<i64> {
    if written.trim().is_empty() {
        return Some(0);
    }
    let mut sum = Sum { shell, rest: written.trim(), depth: 0 };
    let value = sum.terms()?;
    sum.rest.is_empty().then_some(value)
}

struct Sum<'s, 'a> {
    shell: &'s Shell<'a>,
    rest: &'s str,
    depth: usize,
}

impl Sum<'_, '_> {
    fn eat(&mut self, operators: &[char]) -> Option<char> {
        let first = self.rest.chars().next().filter(|first| operators.contains(first))?;
        // Two of a kind are another operator.
        if self.rest[1..].starts_with(['=', first]) && first != '(' && first != ')' {
            return None;
        }
        self.rest = self.rest[1..].trim_start();
        Some(first)
    }

    fn terms(&mut self) -> Option<i64> {
        let mut value = self.factors()?;
        while let Some(operator) = self.eat(&['+', '-']) {
            let next = self.factors()?;
            value = if operator == '+' { value.wrapping_add(next) } else { value.wrapping_sub(next) };
        }
        Some(value)
    }

    fn factors(&mut self) -> Option<i64> {
        let mut value = self.factor()?;
        while let Some(operator) = self.eat(&['*', '/', '%']) {
            let next = self.factor()?;
            value = match operator {
                '*' => value.wrapping_mul(next),
                '/' => value.checked_div(next)?,
                _ => value.checked_rem(next)?,
            };
        }
        Some(value)
    }

    fn factor(&mut self) -> Option<i64> {
        self.depth += 1;
        if self.depth > 100 {
            return None;
        }
        let value = if let Some(sign) = self.eat(&['-', '+']) {
            let value = self.factor()?;
            if sign == '-' { value.wrapping_neg() } else { value }
        } else if self.eat(&['(']).is_some() {
            let value = self.terms()?;
            self.eat(&[')'])?;
            value
        } else {
            let ends = |c: char| !(c.is_ascii_alphanumeric() || c == '_');
            let (token, rest) = self.rest.split_at(self.rest.find(ends).unwrap_or(self.rest.len()));
            self.rest = rest.trim_start();
            if super::parse::is_name(token) {
                match self.shell.variable(token) {
                    Variable::Set(text) if text.is_empty() => 0,
                    Variable::Set(text) => text.trim().parse().ok()?,
                    Variable::Unset => 0,
                    Variable::Unknown => return None,
                }
            } else if token.len() > 1 && token.starts_with('0') {
                return None;
            } else {
                token.parse().ok()?
            }
        };
        self.depth -= 1;
        Some(value)
    }
}
