//! What is wrong or doubtful in a text, told by line and column in a sentence.
//!
//! A problem never stops anything and never quotes a value: the text is kept as it is, and the
//! person who wrote it decides.

use std::collections::HashMap;
use std::fmt;

use crate::assignment::{Assignment, MAX_NAME};
use crate::cut::{BYTE_ORDER_MARK, Form, KeyEnd, is_comment, line_body, lines};
use crate::document::{Document, Entry, Prose, Variable};
use crate::right_half::Quote;

/// One thing that is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The line, counted from 1.
    pub line: usize,
    /// The column in characters, counted from 1.
    pub column: usize,
    /// What it is.
    pub kind: ProblemKind,
}

/// What can be wrong. Its message is a sentence for people.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProblemKind {
    /// The quote that opens a value is never closed.
    #[error("The {quote} that opens the value of {name} is never closed, so the value ends with its line.")]
    UnclosedQuote {
        /// The variable.
        name: String,
        /// The quote.
        quote: Quote,
    },
    /// A quoted value runs over an assignment that opens with the same quote.
    #[error(
        "The value of {name} runs over the assignment on line {line}, because its {quote} closes only after that. Close it before, if that line is a variable of its own."
    )]
    SwallowedAssignment {
        /// The variable whose value runs on.
        name: String,
        /// The quote.
        quote: Quote,
        /// The line of the assignment inside the value.
        line: usize,
    },
    /// A line is neither an assignment nor a comment.
    #[error(
        "This line is no assignment. It is kept as text; write NAME=value, or # before it for a comment."
    )]
    NotAnAssignment,
    /// A line would be an assignment, if its name were shorter.
    #[error("This line is kept as text, because its name has more than {MAX_NAME} characters.")]
    NameTooLong,
    /// A name was assigned before.
    #[error(
        "{name} was already assigned on line {first_line}. Most loaders use one of the two and ignore the other."
    )]
    DuplicateName {
        /// The name.
        name: String,
        /// Where it was first assigned.
        first_line: usize,
    },
    /// A key has no last line.
    #[error("The key in {name} has no -----END line, so only the lines that look like a key belong to it.")]
    KeyWithoutEnd {
        /// The variable.
        name: String,
    },
    /// A key, or a line that looks like one, belongs to no variable.
    #[error(
        "This looks like part of a key, so it is kept as text. Write export before the name, if it is a variable."
    )]
    LooseKeyMaterial,
}

impl ProblemKind {
    /// The variable that it is about, if it is about one.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::UnclosedQuote { name, .. }
            | Self::SwallowedAssignment { name, .. }
            | Self::DuplicateName { name, .. }
            | Self::KeyWithoutEnd { name } => Some(name),
            Self::NotAnAssignment | Self::NameTooLong | Self::LooseKeyMaterial => None,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Line {}, column {}: {}", self.line, self.column, self.kind)
    }
}

impl fmt::Display for Quote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Double => f.write_str("double quote"),
            Self::Single => f.write_str("single quote"),
            Self::Backtick => f.write_str("backtick"),
        }
    }
}

/// All problems of a document, in the order of its lines.
pub(crate) fn problems(document: &Document<'_>) -> Vec<Problem> {
    let mut found = Vec::new();
    let mut first_lines = HashMap::new();
    let mut key_material = document.key_material().iter().peekable();
    let mut line = 1;
    for entry in document.entries() {
        match entry {
            Entry::Variable(variable) => {
                of_variable(variable, line, &mut found);
                let name = variable.name();
                let first_line = *first_lines.entry(name).or_insert(line);
                if first_line < line {
                    let kind = ProblemKind::DuplicateName { name: name.to_owned(), first_line };
                    found.push(Problem { line, column: 1 + variable.assignment.name_start(), kind });
                }
            }
            Entry::Prose(prose) => of_prose(prose, line, &mut key_material, &mut found),
        }
        line += entry.text().matches('\n').count();
    }
    found
}

fn of_variable(variable: &Variable<'_>, line: usize, found: &mut Vec<Problem>) {
    let name = variable.name().to_owned();
    let kind = match variable.form {
        Form::Unclosed(quote) => ProblemKind::UnclosedQuote { name, quote },
        Form::Key(KeyEnd::Missing) => ProblemKind::KeyWithoutEnd { name },
        Form::Quoted(quote) => match swallowed_assignment(variable) {
            Some(down) => ProblemKind::SwallowedAssignment { name, quote, line: line + down },
            None => return,
        },
        Form::OneLine | Form::Key(KeyEnd::Written) => return,
    };
    // All that stands before the value is ASCII, so that bytes are characters.
    let value = variable.left().len() + variable.right_half().lead().len();
    found.push(Problem { line, column: 1 + value, kind });
}

fn of_prose<'a>(
    prose: &Prose<'_>,
    first_line: usize,
    key_material: &mut std::iter::Peekable<impl Iterator<Item = &'a std::ops::Range<usize>>>,
    found: &mut Vec<Problem>,
) {
    if prose.text() == BYTE_ORDER_MARK {
        return;
    }
    for (number, (at, line)) in lines(prose.text(), 0).enumerate() {
        let at = prose.span().start + at;
        while key_material.next_if(|span| span.end <= at).is_some() {}
        let body = line_body(line);
        let text = body.trim_matches([' ', '\t']);
        let kind = match key_material.peek() {
            Some(span) if span.start == at => ProblemKind::LooseKeyMaterial,
            Some(span) if span.contains(&at) => continue,
            _ if text.is_empty() || is_comment(text) => continue,
            _ if Assignment::with_any_name(body).is_some() => ProblemKind::NameTooLong,
            _ => ProblemKind::NotAnAssignment,
        };
        let column = 1 + body.len() - body.trim_start_matches([' ', '\t']).len();
        found.push(Problem { line: first_line + number, column, kind });
    }
}

/// How many lines down a quoted value holds an assignment that opens with the same quote: a sign
/// that the value's own closing quote is missing.
pub(crate) fn swallowed_assignment(variable: &Variable<'_>) -> Option<usize> {
    let Form::Quoted(quote) = variable.form else { return None };
    let inner = lines(variable.text(), 0).enumerate().skip(1);
    inner.map(|(down, (_, line))| (down, line)).find_map(|(down, line)| {
        let left = Assignment::at_start(line)?.left();
        let value = line[left.len()..].trim_start_matches([' ', '\t']);
        (Quote::opening(value) == Some(quote)).then_some(down)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[(usize, usize, ProblemKind)]) {
        let expected: Vec<_> = expected
            .iter()
            .map(|(line, column, kind)| Problem { line: *line, column: *column, kind: kind.clone() })
            .collect();
        assert_eq!(Document::parse(text).problems(), expected, "{text:?}");
    }

    #[test]
    fn finds_problems() {
        let name = |name: &str| name.to_owned();
        check("", &[]);
        check("# c\n\nA=1\n", &[]);
        check("\u{feff}A=1\n", &[]);
        check(
            "A=1\n  what\nB: 2\n",
            &[(2, 3, ProblemKind::NotAnAssignment), (3, 1, ProblemKind::NotAnAssignment)],
        );
        check(
            "A=1\nB=2\n A=3\nA=4\n",
            &[
                (3, 2, ProblemKind::DuplicateName { name: name("A"), first_line: 1 }),
                (4, 1, ProblemKind::DuplicateName { name: name("A"), first_line: 1 }),
            ],
        );
        check(
            "A=\"x\ny\"\nB= \"z\nC='1\n",
            &[
                (3, 4, ProblemKind::UnclosedQuote { name: name("B"), quote: Quote::Double }),
                (4, 3, ProblemKind::UnclosedQuote { name: name("C"), quote: Quote::Single }),
            ],
        );
        check(
            "Z=0\nA=\"x\nB=\"y\"\n",
            &[(2, 3, ProblemKind::SwallowedAssignment { name: name("A"), quote: Quote::Double, line: 3 })],
        );
        check("A='x\nB=\"y\"\n'\n", &[]);
        check("K=-----BEGIN X-----\nab\n", &[(1, 3, ProblemKind::KeyWithoutEnd { name: name("K") })]);
        check("K=-----BEGIN X-----\nab\n-----END X-----\n", &[]);
        check(
            "# c\n-----BEGIN X-----\nab\n-----END X-----\nwhat\n",
            &[(2, 1, ProblemKind::LooseKeyMaterial), (5, 1, ProblemKind::NotAnAssignment)],
        );
        check(
            "abcdef\nab=\n",
            &[(1, 1, ProblemKind::NotAnAssignment), (2, 1, ProblemKind::LooseKeyMaterial)],
        );
        check(&format!("{}=1\n", "N".repeat(MAX_NAME + 1)), &[(1, 1, ProblemKind::NameTooLong)]);
    }

    #[test]
    fn tells_an_unclosed_quote() {
        let check = |text, expected| {
            assert_eq!(Document::parse(text).has_unclosed_quote(), expected, "{text:?}");
        };
        check("A=\"1\"\n", false);
        check("A=\"1\n", true);
        check("A=`1\nB=2\n", true);
        check("A='1\nB=2\n'\n", false);
        check("A='1\nB='2'\n", true);
        check("A=it's\n", false);
        check("# it's\n", false);
        check("A=\"\\\"\n", true);
    }

    #[test]
    fn speaks_in_sentences() {
        let problems = Document::parse("A='hunter2\n").problems();
        let sentences: Vec<_> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(
            sentences,
            [
                "Line 1, column 3: The single quote that opens the value of A is never closed, so the value ends with its line.",
            ]
        );
    }
}
