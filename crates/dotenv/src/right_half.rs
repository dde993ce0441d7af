//! The right half of a variable in its parts: blanks, value, trailing comment, line ending.
//!
//! The parts, one after the other, are the right half byte for byte; any text has such parts.
//! What counts as a comment here is what merging may keep twice without touching a value, so a
//! `#` right after other characters stays with the value, whatever a loader makes of it.

use std::fmt;

use crate::assignment::{is_blank, skip_blanks};
use crate::cut::{find_closing_quote, line_body};

/// A quote that can open a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quote {
    /// `"`
    Double,
    /// `'`
    Single,
    /// A backtick.
    Backtick,
}

impl Quote {
    /// The character itself.
    #[must_use]
    pub fn character(self) -> char {
        match self {
            Self::Double => '"',
            Self::Single => '\'',
            Self::Backtick => '`',
        }
    }

    pub(crate) fn opening(value: &str) -> Option<Self> {
        match value.as_bytes().first() {
            Some(b'"') => Some(Self::Double),
            Some(b'\'') => Some(Self::Single),
            Some(b'`') => Some(Self::Backtick),
            _ => None,
        }
    }
}

/// A right half, split without loss.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RightHalf<'t> {
    lead: &'t str,
    written: &'t str,
    trailing: &'t str,
    ending: &'t str,
    quote: Option<Quote>,
}

impl<'t> RightHalf<'t> {
    /// Splits the text after a separator.
    #[must_use]
    pub fn parse(right: &'t str) -> Self {
        let body = line_body(right);
        let ending = &right[body.len()..];
        let (lead, rest) = body.split_at(skip_blanks(body.as_bytes(), 0));
        let closed = Quote::opening(rest).and_then(|quote| {
            let close = find_closing_quote(right, quote, lead.len() + 1)?;
            // The comment of a closed value is the end of the text, or the text is no right half.
            (close < body.len() && !body[close..].contains('\n')).then_some((quote, close + 1 - lead.len()))
        });
        let (quote, length) = match closed {
            Some((quote, length)) => (Some(quote), length),
            None if Quote::opening(rest).is_some() || rest.contains('\n') => (None, rest.len()),
            None => (None, unquoted_length(lead, rest)),
        };
        if length == 0 {
            // Blanks before a comment belong to the comment when there is no value between them.
            return Self { lead: "", written: "", trailing: body, ending, quote };
        }
        let (written, trailing) = rest.split_at(length);
        Self { lead, written, trailing, ending, quote }
    }

    /// The blanks before the value.
    #[must_use]
    pub fn lead(&self) -> &'t str {
        self.lead
    }

    /// The value as written, with its quotes.
    #[must_use]
    pub fn written(&self) -> &'t str {
        self.written
    }

    /// The quote around the value, if it is quoted and closed.
    #[must_use]
    pub fn quote(&self) -> Option<Quote> {
        self.quote
    }

    /// The text between the quotes, or the value as written where there are none.
    #[must_use]
    pub fn inner(&self) -> &'t str {
        match self.quote {
            Some(_) => &self.written[1..self.written.len() - 1],
            None => self.written,
        }
    }

    /// What follows the value on its line: blanks and the inline comment.
    #[must_use]
    pub fn trailing(&self) -> &'t str {
        self.trailing
    }

    /// The line ending, empty at the end of a text that has none.
    #[must_use]
    pub fn ending(&self) -> &'t str {
        self.ending
    }

    /// Whether a comment follows the value.
    #[must_use]
    pub fn has_comment(&self) -> bool {
        self.trailing.contains('#')
    }

    /// Whether both surely have the same value: they are written alike, or differ in quotes only
    /// around a value that has no character with a meaning of its own.
    #[must_use]
    pub fn same_value(&self, other: &Self) -> bool {
        self.written == other.written
            || self.plain().is_some_and(|plain| other.plain().is_some_and(|other| plain == other))
    }

    fn plain(&self) -> Option<&'t str> {
        (!self.inner().contains(['"', '\'', '`', '\\', '$', '#', '\n', '\r'])).then(|| self.inner())
    }
}

/// The length of an unquoted value of one line: up to a `#` after a blank, without final blanks.
fn unquoted_length(lead: &str, rest: &str) -> usize {
    let bytes = rest.as_bytes();
    let starts_comment = |at: usize| match at.checked_sub(1) {
        Some(before) => is_blank(bytes[before]),
        None => !lead.is_empty(),
    };
    let value =
        rest.match_indices('#').map(|(at, _)| at).find(|at| starts_comment(*at)).unwrap_or(rest.len());
    rest[..value].trim_end_matches([' ', '\t']).len()
}

impl fmt::Debug for RightHalf<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RightHalf")
            .field("quote", &self.quote)
            .field("bytes", &self.written.len())
            .field("ending", &self.ending)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_into_parts() {
        fn check(right: &str, lead: &str, written: &str, trailing: &str, ending: &str) {
            let half = RightHalf::parse(right);
            let parts = [half.lead(), half.written(), half.trailing(), half.ending()];
            assert_eq!(parts, [lead, written, trailing, ending], "{right:?}");
        }
        check("", "", "", "", "");
        check("\n", "", "", "", "\n");
        check("\r\n", "", "", "", "\r\n");
        check("1\n", "", "1", "", "\n");
        check(" 1 \r\n", " ", "1", " ", "\r\n");
        check("1\r", "", "1\r", "", "");
        check("  \n", "", "", "  ", "\n");
        check("a b # c\n", "", "a b", " # c", "\n");
        check("a#b # c # d\n", "", "a#b", " # c # d", "\n");
        check("#a\n", "", "#a", "", "\n");
        check(" #a\n", "", "", " #a", "\n");
        check("\t# c\n", "", "", "\t# c", "\n");
        check("\"a # b\" # c\n", "", "\"a # b\"", " # c", "\n");
        check(" 'a'#c", " ", "'a'", "#c", "");
        check("`a`\n", "", "`a`", "", "\n");
        check("\"a\nb\" # c\n", "", "\"a\nb\"", " # c", "\n");
        check("\"a\\\" # b\" # c\n", "", "\"a\\\" # b\"", " # c", "\n");
        check("\"a # b\n", "", "\"a # b", "", "\n");
        check("\"a\" b # c\n", "", "\"a\" b # c", "", "\n");
        check(
            "-----BEGIN A-----\nab\n-----END A-----\n",
            "",
            "-----BEGIN A-----\nab\n-----END A-----",
            "",
            "\n",
        );
        // No right half of ours, and still nothing is lost.
        check("\"a\"\nB=1\n", "", "\"a\"\nB=1", "", "\n");
        check("\"\n", "", "\"", "", "\n");
    }

    #[test]
    fn gives_the_text_between_quotes() {
        let check = |right, inner, quote| {
            let half = RightHalf::parse(right);
            assert_eq!((half.inner(), half.quote()), (inner, quote), "{right:?}");
        };
        check("a\n", "a", None);
        check("'a' # b\n", "a", Some(Quote::Single));
        check("\"\"", "", Some(Quote::Double));
        check("\"a\n", "\"a", None);
    }

    #[test]
    fn compares_values() {
        let check = |a, b, same| {
            assert_eq!(RightHalf::parse(a).same_value(&RightHalf::parse(b)), same, "{a:?} {b:?}");
        };
        check("a\n", " \"a\" # c\r\n", true);
        check("'a b'", "`a b`", true);
        check("''", "\n", true);
        check("a", "b", false);
        check("a$b", "'a$b'", false);
        check("a#1", "a#2", false);
        check("\"a\\n\"", "'a\\n'", false);
    }
}
