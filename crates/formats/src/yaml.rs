//! A flat YAML mapping.
//!
//! Every value is written in double quotes, and a name wherever any reader could take it for
//! something else than a text: then YAML 1.1 and 1.2 read the same, without a list of what each of
//! them takes for a number, a date or a truth. What is read stays as it is written: `0123`, `1.10`
//! and `yes` are texts here.

mod events;

use std::fmt::Write as _;

use zeroize::Zeroizing;

pub(crate) use events::{Events, Node};

use crate::error::ReadError;
use crate::format::Format;
use crate::variables::{Variable, Variables};

/// The longest key that may stand before its colon without a mark of its own, in characters.
const MAX_SIMPLE_KEY: usize = 1_000;

/// Writes a line for each variable.
pub(crate) fn write(variables: &Variables) -> Zeroizing<String> {
    let mut out = Zeroizing::new(String::new());
    if variables.is_empty() {
        out.push_str("{}\n");
    }
    for variable in variables {
        pair(&mut out, "", variable.name(), variable.value());
    }
    out
}

/// Writes one line: a key and a text.
pub(crate) fn pair(out: &mut String, indent: &str, key: &str, value: &str) {
    out.push_str(indent);
    if is_plain(key) {
        out.push_str(key);
    } else {
        let start = out.len();
        quoted(out, key);
        if out[start..].chars().count() > MAX_SIMPLE_KEY {
            out.insert_str(start, "? ");
            out.push('\n');
            out.push_str(indent);
        }
    }
    out.push_str(": ");
    quoted(out, value);
    out.push('\n');
}

/// Writes a text in double quotes, with the escapes that YAML 1.1 and 1.2 share.
fn quoted(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            // Line ends to YAML 1.1, marks that are lost, and what is not to be printed.
            '\0'..='\u{1f}'
            | '\u{7f}'..='\u{a0}'
            | '\u{2028}'
            | '\u{2029}'
            | '\u{feff}'
            | '\u{fffe}'
            | '\u{ffff}' => escaped(out, c),
            c => out.push(c),
        }
    }
    out.push('"');
}

fn escaped(out: &mut String, c: char) {
    let written = write!(out, "\\u{:04X}", u32::from(c));
    debug_assert!(written.is_ok(), "writing to a String does not fail");
}

/// Whether no reader takes a key for anything else than a text: it is a word like a name, none of
/// those that stand for a truth or for nothing, and has a letter that is in no number (to some
/// readers `E4` is one).
fn is_plain(key: &str) -> bool {
    const WORDS: [&str; 10] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan"];
    let mut bytes = key.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && key.bytes().any(|byte| byte.is_ascii_alphabetic() && !matches!(byte, b'e' | b'E'))
        && key.len() <= MAX_SIMPLE_KEY
        && !WORDS.iter().any(|word| word.eq_ignore_ascii_case(key))
}

/// Reads one document that is a flat mapping, or nothing at all.
pub(crate) fn read(text: &str) -> Result<Variables, ReadError> {
    let mut events = Events::new(text, Format::Yaml);
    let list = match events.open()? {
        None => Vec::new(),
        Some(Node::Scalar(scalar)) if scalar.is_nothing() => Vec::new(),
        Some(Node::Mapping) => flat(&mut events)?,
        Some(_) => return Err(ReadError::NotAList { format: Format::Yaml }),
    };
    events.close()?;
    Ok(Variables::new(list)?)
}

/// Reads the rest of a mapping whose start was read: names and plain values.
pub(crate) fn flat(events: &mut Events<'_>) -> Result<Vec<Variable>, ReadError> {
    let mut list = Vec::new();
    while let Some(name) = events.key()? {
        match events.node()? {
            Node::Scalar(scalar) => match scalar.into_text() {
                Some(value) => list.push(Variable::new(name, value)),
                None => return Err(ReadError::Tagged { name }),
            },
            Node::Mapping | Node::Sequence => return Err(ReadError::Nested { name }),
        }
    }
    Ok(list)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(list: &[(&str, &str)]) -> Variables {
        Variables::new(list.iter().map(|(name, value)| Variable::new(*name, *value)).collect()).unwrap()
    }

    #[test]
    fn writes_values_that_nobody_takes_for_something_else() {
        let check = |name, value, expected: &str| {
            let written = write(&variables(&[(name, value)]));
            assert_eq!(*written, format!("{expected}\n"));
            assert_eq!(read(&written), Ok(variables(&[(name, value)])), "{name:?} {value:?}");
        };
        for value in [
            "yes",
            "on",
            "off",
            "y",
            "null",
            "~",
            "1e3",
            "0x1F",
            "0o17",
            "017",
            "1_000",
            "1:20",
            ".5",
            ".inf",
            "2001-12-14",
            "=",
            "<<",
            "",
            " ",
            "- a",
            "# a",
            "a: b",
            "a #b",
            "*a",
            "&a",
            "!a",
            "%a",
            "@a",
            "`a`",
            "'",
            "|",
            ">",
            "?",
            "[",
            "{",
            "---",
            "...",
        ] {
            check("A", value, &format!("A: \"{value}\""));
        }
        check("A", "a\"\\b", "A: \"a\\\"\\\\b\"");
        check("A", "a\n\r\tb", "A: \"a\\n\\r\\tb\"");
        check("A", "\0\u{1b}\u{7f}\u{85}\u{a0}", "A: \"\\u0000\\u001B\\u007F\\u0085\\u00A0\"");
        check("A", "\u{2028}\u{feff}\u{ffff}", "A: \"\\u2028\\uFEFF\\uFFFF\"");
        check("A", "é😀", "A: \"é😀\"");
        check("NO", "1", "\"NO\": \"1\"");
        check("y", "1", "\"y\": \"1\"");
        check("Null", "1", "\"Null\": \"1\"");
        check("a.b", "1", "\"a.b\": \"1\"");
        check("1e3", "1", "\"1e3\": \"1\"");
        check("E4", "1", "\"E4\": \"1\"");
        check("_1", "1", "\"_1\": \"1\"");
        check("", "1", "\"\": \"1\"");
        check("é", "1", "\"é\": \"1\"");
        let long = "N".repeat(1_001);
        check(&long, "1", &format!("? \"{long}\"\n: \"1\""));
        assert_eq!(*write(&Variables::default()), "{}\n");
    }

    #[test]
    fn reads_values_as_they_are_written() {
        let check =
            |text, expected: &[(&str, &str)]| assert_eq!(read(text), Ok(variables(expected)), "{text:?}");
        check("", &[]);
        check("# nothing\n", &[]);
        check("---\n...\n", &[]);
        check("{}", &[]);
        check(
            "A: 0123\nB: 1.10\nC: yes\nD: 0x1F\n",
            &[("A", "0123"), ("B", "1.10"), ("C", "yes"), ("D", "0x1F")],
        );
        check("A: 2001-12-14\nB: 1_000\nC: 1:20\n", &[("A", "2001-12-14"), ("B", "1_000"), ("C", "1:20")]);
        check(
            "A:\nB: ~\nC: null\nD: 'null'\nE: \"\"\n",
            &[("A", ""), ("B", ""), ("C", ""), ("D", "null"), ("E", "")],
        );
        check("A: !!str null\nB: !!int 07\nC: ! ~\n", &[("A", "null"), ("B", "07"), ("C", "~")]);
        check("A: |\n  a\n  b\nB: >-\n  a\n  b\n", &[("A", "a\nb\n"), ("B", "a b")]);
        check("\u{feff}A: a # c\r\nB: \"a # c\"\r\n", &[("A", "a"), ("B", "a # c")]);
        check("{A: 1, 'B C': '2'}", &[("A", "1"), ("B C", "2")]);
        check("A: &a secret\nB: *a\n", &[("A", "secret"), ("B", "secret")]);
        check("%YAML 1.1\n---\nNO: no\n", &[("NO", "no")]);
    }

    #[test]
    fn refuses_what_is_no_flat_mapping() {
        let check = |text, expected| assert_eq!(read(text), Err(expected), "{text:?}");
        let nested = |name: &str| ReadError::Nested { name: name.to_owned() };
        check("- A\n", ReadError::NotAList { format: Format::Yaml });
        check("A\n", ReadError::NotAList { format: Format::Yaml });
        check("A: [1]\n", nested("A"));
        check("A: 1\ndb:\n  host: x\n", nested("db"));
        check("? [a]\n: 1\n", ReadError::NestedName);
        check("<<: {A: 1}\n", nested("<<"));
        check("A: 1\n---\nB: 2\n", ReadError::SeveralDocuments);
        check("A: !!binary aGk=\n", ReadError::Tagged { name: "A".to_owned() });
        check("A: !vault x\n", ReadError::Tagged { name: "A".to_owned() });
        check("A: &a [1]\nB: *a\n", nested("A"));
        let twice = crate::DuplicateName { name: "A".to_owned() };
        check("A: 1\n\"A\": 2\n", ReadError::Duplicate(twice));
        for broken in ["A: \"x\n", "A: 'x\n", "A: [", "A: *b\n", "A: 1\n B: 2\n", "A: @x\n"] {
            assert!(
                matches!(read(broken), Err(ReadError::Syntax { .. } | ReadError::Nested { .. })),
                "{broken:?}"
            );
        }
    }

    #[test]
    fn hostile_texts_are_refused() {
        let deep = format!("A: {}", "[".repeat(1_000_000));
        assert_eq!(read(&deep), Err(ReadError::Nested { name: "A".to_owned() }));
        let deep = format!("{}1", "? ".repeat(500_000));
        assert!(read(&deep).is_err());
        let bomb: String = (0..1_000).map(|n| format!("B{n}: *a\n")).collect();
        let bomb = format!("A: &a {}\n{bomb}", "x".repeat(10_000));
        assert_eq!(read(&bomb), Err(ReadError::Aliases));
        let bomb: String = (1..40).map(|n| format!("B{n}: &b{n} [*b{m}, *b{m}]\n", m = n - 1)).collect();
        assert_eq!(read(&format!("B0: &b0 x\n{bomb}")), Err(ReadError::Nested { name: "B1".to_owned() }));
    }
}
