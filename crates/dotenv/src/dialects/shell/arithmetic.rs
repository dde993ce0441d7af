//! Sums: `$((…))`, and wherever else the shells reckon with whole numbers.

use super::parse::{is_name, name_length};
use super::variables::Variable;
use super::{Kind, Shell, Stop};
use crate::dialects::Value;

/// Why there is no number.
pub(super) enum Fault {
    /// The shell finds fault with what is written.
    Error,
    /// Only a command would tell, or it is more than is followed here.
    Unknown,
}

const BLANKS: [char; 3] = [' ', '\t', '\n'];

/// How deep parentheses, and values that are sums themselves, may nest.
const MAX_DEPTH: usize = 100;

/// Operators of two sides, from the loosest to the tightest.
const LEVELS: [&[&str]; 11] = [
    &["||"],
    &["&&"],
    &["|"],
    &["^"],
    &["&"],
    &["==", "!="],
    &["<=", ">=", "<", ">"],
    &["<<", ">>"],
    &["+", "-"],
    &["*", "/", "%"],
    &["**"],
];

/// Every operator, the longest first, so that none is taken for the start of another.
const OPERATORS: [&str; 35] = [
    "<<=", ">>=", "**", "==", "!=", "<=", ">=", "&&", "||", "<<", ">>", "+=", "-=", "*=", "/=", "%=", "&=",
    "|=", "^=", "++", "--", "+", "-", "*", "/", "%", "<", ">", "&", "|", "^", "=", "!", "~", "?",
];

/// Where the `))` of a `((` starts, if its parentheses come out even.
pub(super) fn end(text: &str) -> Option<usize> {
    let mut open = 0_usize;
    let bytes = text.as_bytes();
    for (at, byte) in bytes.iter().enumerate().skip(2) {
        match byte {
            b'(' => open += 1,
            b')' if open > 0 => open -= 1,
            b')' => return (bytes.get(at + 1) == Some(&b')')).then_some(at),
            b'\'' | b'"' | b'`' | b'\n' => return None,
            _ => {}
        }
    }
    None
}

/// The number that a text comes to; names may be set on the way.
pub(super) fn evaluate(shell: &mut Shell<'_>, text: &str) -> Result<i64, Fault> {
    at_depth(shell, text, 0)
}

/// As `evaluate`, where a fault ends the line or the shell; `None` where it is not known.
pub(super) fn number(shell: &mut Shell<'_>, text: &str) -> Result<Option<i64>, Stop> {
    shell.fuel.spend(text.len())?;
    match evaluate(shell, text) {
        Ok(number) => Ok(Some(number)),
        Err(Fault::Unknown) => Ok(None),
        Err(Fault::Error) => Err(shell.fault()),
    }
}

fn at_depth(shell: &mut Shell<'_>, text: &str, depth: usize) -> Result<i64, Fault> {
    if text.trim_start_matches(BLANKS).is_empty() {
        return if shell.kind == Kind::Bash { Ok(0) } else { Err(Fault::Error) };
    }
    let mut sum = Sum { shell, rest: text.trim_start_matches(BLANKS), depth, live: true };
    let value = sum.all()?;
    if sum.rest.is_empty() { Ok(value) } else { Err(Fault::Error) }
}

struct Sum<'s, 'a, 't> {
    shell: &'s mut Shell<'a>,
    rest: &'t str,
    depth: usize,
    /// Whether what is read counts: the side of a choice that is not taken does not.
    live: bool,
}

impl<'t> Sum<'_, '_, 't> {
    fn operator(&self) -> Option<&'static str> {
        let dash = self.shell.kind == Kind::Dash;
        let known = |operator: &&&str| {
            self.rest.starts_with(**operator) && !(dash && matches!(**operator, "**" | "++" | "--"))
        };
        OPERATORS.iter().find(known).copied()
    }

    fn take(&mut self, token: &str) -> bool {
        let found = self.rest.starts_with(token);
        if found {
            self.rest = self.rest[token.len()..].trim_start_matches(BLANKS);
        }
        found
    }

    fn deeper(&mut self, step: impl FnOnce(&mut Self) -> Result<i64, Fault>) -> Result<i64, Fault> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Fault::Unknown);
        }
        let value = step(self)?;
        self.depth -= 1;
        Ok(value)
    }

    fn all(&mut self) -> Result<i64, Fault> {
        let mut value = self.assignment()?;
        while self.shell.kind == Kind::Bash && self.take(",") {
            value = self.assignment()?;
        }
        Ok(value)
    }

    fn assignment(&mut self) -> Result<i64, Fault> {
        self.deeper(|sum| {
            let length = name_length(sum.rest);
            let start = sum.rest;
            let name = &start[..length];
            sum.rest = start[length..].trim_start_matches(BLANKS);
            let operator = sum.operator().filter(|operator| {
                length > 0 && operator.ends_with('=') && !matches!(*operator, "==" | "!=" | "<=" | ">=")
            });
            let Some(operator) = operator else {
                sum.rest = start;
                return sum.choice();
            };
            sum.take(operator);
            let before = if operator == "=" { 0 } else { sum.variable(name)? };
            let right = sum.assignment()?;
            let value = match operator {
                "=" => right,
                _ => sum.apply(&operator[..operator.len() - 1], before, right)?,
            };
            sum.set(name, value)?;
            Ok(value)
        })
    }

    fn choice(&mut self) -> Result<i64, Fault> {
        let condition = self.level(0)?;
        if !self.take("?") {
            return Ok(condition);
        }
        let live = self.live;
        self.live = live && condition != 0;
        let yes = self.assignment()?;
        if !self.take(":") {
            return Err(Fault::Error);
        }
        self.live = live && condition == 0;
        let no = self.assignment()?;
        self.live = live;
        Ok(if condition != 0 { yes } else { no })
    }

    fn level(&mut self, level: usize) -> Result<i64, Fault> {
        let Some(operators) = LEVELS.get(level) else { return self.unary() };
        let mut left = self.level(level + 1)?;
        while let Some(operator) = self.operator().filter(|operator| operators.contains(operator)) {
            self.take(operator);
            let live = self.live;
            self.live = live && !matches!((operator, left != 0), ("||", true) | ("&&", false));
            // Powers are taken from the right.
            let right = self.level(if operator == "**" { level } else { level + 1 })?;
            left = self.apply(operator, left, right)?;
            self.live = live;
        }
        Ok(left)
    }

    fn apply(&self, operator: &str, left: i64, right: i64) -> Result<i64, Fault> {
        let truth = |truth: bool| Ok(i64::from(truth));
        let shift = u32::try_from(right & 63).unwrap_or(0);
        match operator {
            "||" => truth(left != 0 || right != 0),
            "&&" => truth(left != 0 && right != 0),
            "|" => Ok(left | right),
            "^" => Ok(left ^ right),
            "&" => Ok(left & right),
            "==" => truth(left == right),
            "!=" => truth(left != right),
            "<=" => truth(left <= right),
            ">=" => truth(left >= right),
            "<" => truth(left < right),
            ">" => truth(left > right),
            "<<" => Ok(left.wrapping_shl(shift)),
            ">>" => Ok(left.wrapping_shr(shift)),
            "+" => Ok(left.wrapping_add(right)),
            "-" => Ok(left.wrapping_sub(right)),
            "*" => Ok(left.wrapping_mul(right)),
            "/" | "%" if right == 0 => {
                if self.live {
                    Err(Fault::Error)
                } else {
                    Ok(0)
                }
            }
            "/" => Ok(left.wrapping_div(right)),
            "%" => Ok(left.wrapping_rem(right)),
            "**" if right < 0 => Err(Fault::Error),
            "**" => {
                let (mut power, mut base, mut left_over) = (1_i64, left, right);
                while left_over > 0 {
                    if left_over & 1 == 1 {
                        power = power.wrapping_mul(base);
                    }
                    base = base.wrapping_mul(base);
                    left_over >>= 1;
                }
                Ok(power)
            }
            _ => Err(Fault::Error),
        }
    }

    fn unary(&mut self) -> Result<i64, Fault> {
        self.deeper(|sum| {
            let Some(operator) = sum.operator() else { return sum.primary() };
            if matches!(operator, "++" | "--") {
                let start = sum.rest;
                sum.take(operator);
                let length = name_length(sum.rest);
                if length > 0 {
                    let name = &sum.rest[..length];
                    sum.rest = sum.rest[length..].trim_start_matches(BLANKS);
                    let step = if operator == "++" { 1 } else { -1 };
                    let value = sum.variable(name)?.wrapping_add(step);
                    sum.set(name, value)?;
                    return Ok(value);
                }
                sum.rest = start;
                sum.take(&operator[..1]);
                let value = sum.unary()?;
                return Ok(if operator == "--" { value.wrapping_neg() } else { value });
            }
            if !matches!(operator, "!" | "~" | "+" | "-") {
                return Err(Fault::Error);
            }
            sum.take(operator);
            let value = sum.unary()?;
            Ok(match operator {
                "!" => i64::from(value == 0),
                "~" => !value,
                "-" => value.wrapping_neg(),
                _ => value,
            })
        })
    }

    fn primary(&mut self) -> Result<i64, Fault> {
        if self.take("(") {
            let value = self.all()?;
            return if self.take(")") { Ok(value) } else { Err(Fault::Error) };
        }
        let bash = self.shell.kind == Kind::Bash;
        let ends = |c: char| !(c.is_ascii_alphanumeric() || c == '_' || (bash && matches!(c, '#' | '@')));
        let (token, rest) = self.rest.split_at(self.rest.find(ends).unwrap_or(self.rest.len()));
        let name = name_length(token);
        if name > 0 {
            self.rest = self.rest[name..].trim_start_matches(BLANKS);
            if bash && self.rest.starts_with('[') {
                return Err(Fault::Unknown);
            }
            let name = &token[..name];
            let value = self.variable(name)?;
            if let Some(operator @ ("++" | "--")) = self.operator() {
                self.take(operator);
                self.set(name, value.wrapping_add(if operator == "++" { 1 } else { -1 }))?;
            }
            return Ok(value);
        }
        self.rest = rest.trim_start_matches(BLANKS);
        constant(token, self.shell.kind).ok_or(Fault::Error)
    }

    fn variable(&mut self, name: &str) -> Result<i64, Fault> {
        if !self.live {
            return Ok(0);
        }
        match self.shell.variables.get(name) {
            Variable::Unset if self.shell.refuses_unset => Err(Fault::Error),
            Variable::Unset => Ok(0),
            Variable::Unknown => Err(Fault::Unknown),
            Variable::Set(text) if text.is_empty() => Ok(0),
            Variable::Set(text) if self.shell.kind == Kind::Dash => {
                let digits = text.trim_start();
                let (sign, digits) = match digits.strip_prefix('-') {
                    Some(digits) => (-1, digits),
                    None => (1, digits.strip_prefix('+').unwrap_or(digits)),
                };
                Ok(sign * constant(digits.trim_end(), Kind::Dash).ok_or(Fault::Error)?)
            }
            Variable::Set(text) => {
                let depth = self.depth + 1;
                if depth > MAX_DEPTH || self.shell.fuel.spend(text.len()).is_err() {
                    return Err(Fault::Error);
                }
                at_depth(self.shell, &text, depth)
            }
        }
    }

    fn set(&mut self, name: &str, value: i64) -> Result<(), Fault> {
        if !self.live || !is_name(name) {
            return Ok(());
        }
        let value = if self.shell.doubtful { Value::NeedsCommand } else { value.to_string().into() };
        self.shell.variables.set(name, value).map_err(|_| Fault::Error)
    }
}

/// A number as it is written: `0x` and `0` before it count, in bash any base before a `#`.
fn constant(token: &str, kind: Kind) -> Option<i64> {
    let lower = token.to_ascii_lowercase();
    let (radix, digits) = if let Some((base, digits)) = token.split_once('#') {
        let base: u32 = base.parse().ok().filter(|base| (2..=64).contains(base))?;
        (base, digits)
    } else if lower.starts_with("0x") {
        (16, &token[2..])
    } else if lower.len() > 1 && lower.starts_with('0') {
        (8, &token[1..])
    } else {
        (10, token)
    };
    if digits.is_empty() {
        return (kind == Kind::Bash && radix == 16 && !token.contains('#')).then_some(0);
    }
    let mut value = 0_i64;
    for c in digits.chars() {
        let digit = match c {
            '0'..='9' => u32::from(c) - u32::from('0'),
            'a'..='z' => u32::from(c) - u32::from('a') + 10,
            'A'..='Z' if radix <= 36 => u32::from(c) - u32::from('A') + 10,
            'A'..='Z' => u32::from(c) - u32::from('A') + 36,
            '@' => 62,
            '_' => 63,
            _ => return None,
        };
        if digit >= radix {
            return None;
        }
        let (radix, digit) = (i64::from(radix), i64::from(digit));
        value = match kind {
            // dash stops at the greatest number, bash goes round.
            Kind::Dash => value.saturating_mul(radix).saturating_add(digit),
            Kind::Bash => value.wrapping_mul(radix).wrapping_add(digit),
        };
    }
    Some(value)
}
