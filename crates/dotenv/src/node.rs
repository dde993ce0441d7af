//! What Node's dotenv (npm `dotenv` 18, `parse`) makes of a text.
//!
//! The loader applies one regular expression to the whole file. This is the same matching written
//! out, in one pass: where the expression would go back and try again, the possible places are
//! judged on the way. Nothing is interpolated and no command is run, as in the loader.

use std::borrow::Cow;
use std::collections::HashMap;

/// One variable as a program will see it.
#[derive(Clone, PartialEq, Eq)]
pub struct Reading {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// The variables that the loader finds in a whole text, in the order in which each name first
/// appears. Of a name that appears again the last value counts.
#[must_use]
pub fn variables(text: &str) -> Vec<Reading> {
    let text = unify_line_ends(text);
    let mut places: HashMap<&str, usize> = HashMap::new();
    let mut found: Vec<Reading> = Vec::new();
    for (name, raw) in assignments(&text) {
        // The loader assigns to an object, on which this one name is not a variable.
        if name == "__proto__" {
            continue;
        }
        let value = decode(raw);
        match places.get(name) {
            Some(place) => found[*place].value = value,
            None => {
                places.insert(name, found.len());
                found.push(Reading { name: name.to_owned(), value });
            }
        }
    }
    found
}

/// Every assignment of a text whose line ends are one: its name, and its value as it is written
/// but for the blanks around it.
pub(crate) fn assignments(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut at = Some(0);
    std::iter::from_fn(move || {
        while let Some(line) = at {
            let start = skip_spaces(text, line);
            let Some((name, value)) = assignment(text, start) else {
                at = next_line(text, start);
                continue;
            };
            let (raw, end) = raw_value(text, value);
            at = next_line(text, end);
            return Some((name, raw));
        }
        None
    })
}

/// The value that the loader reads from the right half of one variable.
#[must_use]
pub fn value(right: &str) -> String {
    decode(raw_value(&unify_line_ends(right), 0).0)
}

pub(crate) fn unify_line_ends(text: &str) -> Cow<'_, str> {
    if text.contains('\r') {
        Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n"))
    } else {
        Cow::Borrowed(text)
    }
}

/// Reads a name and its separator; answers the name and where its value may start.
fn assignment(text: &str, at: usize) -> Option<(&str, usize)> {
    let bytes = text.as_bytes();
    let name_end = |from: usize| from + bytes[from..].iter().take_while(|byte| is_name(**byte)).count();
    let mut start = at;
    let mut end = name_end(at);
    if text[start..end] == *"export" {
        let second = skip_spaces(text, end);
        let second_end = name_end(second);
        if second > end && second_end > second {
            // Should no separator follow, `export` is no name either: a name follows it.
            (start, end) = (second, second_end);
        }
    }
    if start == end {
        return None;
    }
    let separator = skip_spaces(text, end);
    if bytes.get(separator) == Some(&b'=') {
        return Some((&text[start..end], separator + 1));
    }
    let after = text[end..].strip_prefix(':')?;
    let blank = after.chars().next().filter(|first| is_space(*first))?;
    Some((&text[start..end], end + 1 + blank.len_utf8()))
}

/// Finds the value at `at`; answers it as it is written, and where the loader goes on.
fn raw_value(text: &str, at: usize) -> (&str, usize) {
    let start = skip_spaces(text, at);
    let quoted = match text[start..].chars().next() {
        Some(quote @ ('"' | '\'' | '`')) => closing_quote(text, quote, start + 1),
        _ => None,
    };
    let end = quoted
        .map(|close| close + 1)
        .unwrap_or_else(|| text[at..].find(['#', '\n']).map_or(text.len(), |found| at + found));
    (text[at..end].trim_matches(is_space), skip_rest(text, end))
}

/// The closing quote: of those before and including the first that no backslash precedes, the
/// last that only blanks or a comment follow.
fn closing_quote(text: &str, quote: char, from: usize) -> Option<usize> {
    let mut last = None;
    let mut at = from;
    while let Some(found) = text[at..].find(quote) {
        let close = at + found;
        if ends_line(text, close + 1) {
            last = Some(close);
        }
        if text.as_bytes()[close - 1] != b'\\' {
            break;
        }
        at = close + 1;
    }
    last
}

fn ends_line(text: &str, at: usize) -> bool {
    let rest = text[at..].trim_start_matches(|next| is_space(next) && !is_line_end(next));
    rest.chars().next().is_none_or(|next| next == '#' || is_line_end(next))
}

/// Skips what may follow a value: blanks, also over several lines, and one comment.
fn skip_rest(text: &str, at: usize) -> usize {
    let next = skip_spaces(text, at);
    match text[next..].chars().next() {
        None => next,
        Some('#') => text[next..].find(is_line_end).map_or(text.len(), |found| next + found),
        Some(_) => text[at..next].rfind(is_line_end).map_or(at, |found| at + found),
    }
}

/// Takes off the quotes, and in `"` turns `\n` and `\r` into what they stand for.
fn decode(written: &str) -> String {
    let value = strip_quotes(written);
    if written.starts_with('"') {
        value.replace("\\n", "\n").replace("\\r", "\r")
    } else {
        value.into_owned()
    }
}

/// Takes off every pair of quotes that starts at the start of a line and ends at the end of one.
pub(crate) fn strip_quotes(written: &str) -> Cow<'_, str> {
    let last = |quote: char| {
        written
            .rmatch_indices(quote)
            .map(|(at, _)| at)
            .find(|at| written[at + 1..].chars().next().is_none_or(is_line_end))
    };
    let ends = [('"', last('"')), ('\'', last('\'')), ('`', last('`'))];
    if ends.iter().all(|(_, end)| end.is_none()) {
        return Cow::Borrowed(written);
    }
    let mut stripped = String::with_capacity(written.len());
    let (mut kept, mut line) = (0, Some(0));
    while let Some(at) = line {
        let opened = ends.iter().find(|(quote, _)| written[at..].starts_with(*quote));
        let mut from = at;
        if let Some((_, Some(end))) = opened
            && *end > at
        {
            stripped.push_str(&written[kept..at]);
            stripped.push_str(&written[at + 1..*end]);
            kept = end + 1;
            from = kept;
        }
        line = next_line(written, from);
    }
    stripped.push_str(&written[kept..]);
    Cow::Owned(stripped)
}

/// Where the line after the one that holds `from` starts.
fn next_line(text: &str, from: usize) -> Option<usize> {
    let found = text[from..].char_indices().find(|(_, next)| is_line_end(*next));
    found.map(|(at, end)| from + at + end.len_utf8())
}

fn skip_spaces(text: &str, at: usize) -> usize {
    text.len() - text[at..].trim_start_matches(is_space).len()
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-')
}

/// JavaScript's idea of a line's end, once `\r` is gone.
fn is_line_end(character: char) -> bool {
    matches!(character, '\n' | '\u{2028}' | '\u{2029}')
}

/// JavaScript's idea of white space, which is not quite Unicode's.
fn is_space(character: char) -> bool {
    matches!(character, '\t'..='\r' | ' ' | '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}')
        || matches!(character, '\u{2028}' | '\u{2029}' | '\u{202f}' | '\u{205f}' | '\u{3000}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[(&str, &str)]) {
        let found = variables(text);
        let found: Vec<_> = found.iter().map(|found| (found.name.as_str(), found.value.as_str())).collect();
        assert_eq!(found, expected, "{text:?}");
    }

    // The expected values are what dotenv 18.0.10 answered.
    #[test]
    fn reads_lines() {
        check("", &[]);
        check("A=1", &[("A", "1")]);
        check("\u{feff}A = 1 \r\nB=2\rC=3\n", &[("A", "1"), ("B", "2"), ("C", "3")]);
        check("export A=1\nexport=2\nexport\tB: 3\n", &[("A", "1"), ("export", "2"), ("B", "3")]);
        check("A: 1\nB:2\nC :3\n", &[("A", "1")]);
        check("A:\nB=2\n", &[("A", "B=2")]);
        check("A\n=1\n", &[("A", "1")]);
        check("9.a-b=1\n", &[("9.a-b", "1")]);
        check("A=1\nB=2\nA=3\n", &[("A", "3"), ("B", "2")]);
        check("A B=1\nexport A B=1\n", &[]);
        check("A=1 # c\nB=#c\nC=a#c\nD=a b\n", &[("A", "1"), ("B", ""), ("C", "a"), ("D", "a b")]);
        check("A=\n\n  # c\n  B=1\n", &[("A", ""), ("B", "1")]);
        check("__proto__=1\nA=1\n", &[("A", "1")]);
        check("A=1\u{2028}B=2\n#\u{2028}C=3", &[("A", "1\u{2028}B=2"), ("C", "3")]);
        check("# A=1\nA=$B ${C}\n", &[("A", "$B ${C}")]);
    }

    #[test]
    fn reads_quotes() {
        check("A='1' # c\nB=\"2\"#c\nC=`3`\n", &[("A", "1"), ("B", "2"), ("C", "3")]);
        check(
            "A='a\\nb'\nB=\"a\\nb\\r\\t\"\nC=`a\\n`\n",
            &[("A", "a\\nb"), ("B", "a\nb\r\\t"), ("C", "a\\n")],
        );
        check("A=\"a\nb\"\nB='a\r\nb'\n", &[("A", "a\nb"), ("B", "a\nb")]);
        check("A=\n'x'\n", &[("A", "x")]);
        check("A='a\nB=1\n", &[("A", "'a"), ("B", "1")]);
        check("A='a'b\nB=1\n", &[("A", "'a'b"), ("B", "1")]);
        check("A=\"a\\\"b\"\nB=\"a\\\\\"\nC=\"1\"\n", &[("A", "a\\\"b"), ("B", "a\\\\"), ("C", "1")]);
        check("A=\"{\"a\": 1}\"\nB='it's'\n", &[("A", "{\"a\": 1}"), ("B", "it's")]);
        check("A=\"a # b\nB=1\n", &[("A", "\"a"), ("B", "1")]);
        check("A=\"a\\nb\n", &[("A", "\"a\nb")]);
        check("A=x\u{2028}'y'\u{2028}'\n", &[("A", "x\u{2028}y'\u{2028}")]);
        check("A='", &[("A", "'")]);
        check("A=''", &[("A", "")]);
    }

    #[test]
    fn reads_one_right_half() {
        let check = |right, expected| assert_eq!(value(right), expected, "{right:?}");
        check(" 1 # c\n", "1");
        check("\"a\nb\" # c\r\n", "a\nb");
        check("", "");
        check("-----BEGIN A\nab\n-----END A\n", "-----BEGIN A");
    }
}
