//! The left half of a variable: `export`, a name, blanks and the `=`, as written.
//!
//! The rule is one for all loaders and part of the protocol: only a name may stand on the left,
//! so that no other text is ever treated as one. This module never looks at what follows the `=`.

use std::ops::Range;

/// The most characters that a name may have.
pub const MAX_NAME: usize = 128;

/// The start of a line that is an assignment: everything through its `=`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Assignment<'t> {
    left: &'t str,
    name: (usize, usize),
    export: Export,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Export {
    Written,
    Absent,
}

impl<'t> Assignment<'t> {
    /// Reads the left half at the start of `line`; `None` where the line is no assignment.
    ///
    /// A left half that came from somewhere else is sound when this gives it back whole:
    /// `Assignment::at_start(left).is_some_and(|a| a.left() == left)`.
    #[must_use]
    pub fn at_start(line: &'t str) -> Option<Self> {
        Self::with_any_name(line).filter(|found| found.name().len() <= MAX_NAME)
    }

    /// The same without the limit on the name, to tell a name that is too long from no name.
    pub(crate) fn with_any_name(line: &'t str) -> Option<Self> {
        let bytes = line.as_bytes();
        let first = skip_name(bytes, skip_blanks(bytes, 0))?;
        let second = skip_name(bytes, skip_blanks(bytes, first.end));
        let (name, export) = match second {
            Some(second) if line[first.clone()] == *"export" && second.start > first.end => {
                (second, Export::Written)
            }
            _ => (first, Export::Absent),
        };
        let equals = skip_blanks(bytes, name.end);
        (bytes.get(equals) == Some(&b'=')).then(|| Self {
            left: &line[..=equals],
            name: (name.start, name.end),
            export,
        })
    }

    /// The text through the `=`, as written.
    #[must_use]
    pub fn left(&self) -> &'t str {
        self.left
    }

    /// The name alone.
    #[must_use]
    pub fn name(&self) -> &'t str {
        &self.left[self.name.0..self.name.1]
    }

    /// Whether `export` stands before the name.
    #[must_use]
    pub fn is_exported(&self) -> bool {
        self.export == Export::Written
    }

    /// Where the name starts in the left half.
    pub(crate) fn name_start(&self) -> usize {
        self.name.0
    }
}

/// The position of the first byte at or after `at` that is neither space nor tab.
pub(crate) fn skip_blanks(bytes: &[u8], at: usize) -> usize {
    at + bytes[at..].iter().take_while(|byte| is_blank(**byte)).count()
}

pub(crate) fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

fn skip_name(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let first = *bytes.get(at)?;
    (first.is_ascii_alphabetic() || first == b'_').then(|| {
        let length = bytes[at..]
            .iter()
            .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-'))
            .count();
        at..at + length
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_left_halves() {
        fn check(line: &str, expected: Option<(&str, &str)>) {
            let found = Assignment::at_start(line).map(|found| (found.left(), found.name()));
            assert_eq!(found, expected, "{line:?}");
        }
        check("A=1", Some(("A=", "A")));
        check("A==1", Some(("A=", "A")));
        check(" \tA \t= 1", Some((" \tA \t=", "A")));
        check("_a.b-C9=", Some(("_a.b-C9=", "_a.b-C9")));
        check("export A=1", Some(("export A=", "A")));
        check("  export\t A =1", Some(("  export\t A =", "A")));
        check("export=1", Some(("export=", "export")));
        check("export =1", Some(("export =", "export")));
        check("export export=1", Some(("export export=", "export")));
        check("exportA=1", Some(("exportA=", "exportA")));
        check("Export A=1", None);
        check("export", None);
        check("export A", None);
        check("A", None);
        check("A: 1", None);
        check("A:=1", None);
        check("A B=1", None);
        check("9A=1", None);
        check("-A=1", None);
        check("=1", None);
        check("", None);
        check("#A=1", None);
        check("É=1", None);
        check("A\u{a0}=1", None);
        check("A\r=1", None);
        check("\u{feff}A=1", None);
        let name = "N".repeat(MAX_NAME);
        let (left, long) = (format!("{name}="), format!("{name}N="));
        check(&left, Some((&left, &name)));
        check(&long, None);
    }

    #[test]
    fn tells_export() {
        for (line, exported) in [("export A=1", true), ("export=1", false), ("A=1", false)] {
            let found = Assignment::at_start(line).map(|found| found.is_exported());
            assert_eq!(found, Some(exported), "{line:?}");
        }
    }
}
