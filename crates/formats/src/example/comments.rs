//! What of a comment may be shown to people who may not see a value.
//!
//! Comments hold old assignments, notes about tokens, addresses with a password. Each rule here
//! takes away more than it must rather than less; what it takes is three dots.

use std::collections::HashSet;

use aho_corasick::{AhoCorasick, MatchKind};
use twinlock_dotenv::{Assignment, RightHalf};

const DOTS: &str = "...";

/// Values that are shorter are words of any comment (`1`, `true`, `3000`).
const MIN_VALUE: usize = 6;

/// As much of a value is looked for; where that is found, the rest of the line goes with it.
const MAX_PATTERN: usize = 64;

/// A word of this length, with letters and digits, is taken for a token.
const MIN_TOKEN: usize = 20;

const BEGIN: &str = "-----BEGIN";
const END: &str = "-----END";

/// The names and values of the document, to be found again in its comments.
#[derive(Default)]
pub(super) struct KnownValues {
    names: HashSet<String>,
    values: HashSet<String>,
}

impl KnownValues {
    pub(super) fn add_name(&mut self, name: &str) {
        self.names.insert(name.to_owned());
    }

    /// Each line of a value by itself, as a comment has but one.
    pub(super) fn add_value(&mut self, value: &str) {
        for line in value.lines().map(str::trim).filter(|line| line.len() >= MIN_VALUE) {
            let pattern = &line[..line.floor_char_boundary(MAX_PATTERN)];
            if !self.values.contains(pattern) {
                self.values.insert(pattern.to_owned());
            }
        }
    }
}

/// Cleans the comments of one document, one after the other.
pub(super) struct Comments<'k> {
    known: &'k KnownValues,
    finder: Option<AhoCorasick>,
    running: Running,
}

/// What the comments of a block go on with.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Running {
    Nothing,
    /// A value that was opened with this quote.
    Quoted(char),
    /// A key.
    Key,
}

impl<'k> Comments<'k> {
    pub(super) fn new(known: &'k KnownValues) -> Self {
        let finder = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(&known.values).ok();
        Self { known, finder, running: Running::Nothing }
    }

    /// The line after this is no comment.
    pub(super) fn end_of_block(&mut self) {
        self.running = Running::Nothing;
    }

    /// What is left of a line that is a comment; `None` where it is all part of a value.
    pub(super) fn line(&mut self, comment: &str) -> Option<String> {
        match self.running {
            Running::Quoted(quote) => {
                if comment.contains(quote) {
                    self.running = Running::Nothing;
                }
                return None;
            }
            Running::Key => {
                if comment.contains(END) {
                    self.running = Running::Nothing;
                }
                return None;
            }
            Running::Nothing => {}
        }
        let content = comment.trim_start_matches(['#', ' ', '\t']);
        let mark = &comment[..comment.len() - content.len()];
        if let Some(found) = Assignment::at_start(content) {
            return Some(format!("{mark}{}", self.assignment(content, found.left())));
        }
        if opens_key(content) {
            self.running = Running::Key;
            return None;
        }
        if content.contains(BEGIN) {
            return None;
        }
        Some(format!("{mark}{}", self.words(content)))
    }

    /// What is left of a comment that stands after a value.
    pub(super) fn inline(&self, comment: &str) -> String {
        let content = comment.trim_start_matches(['#', ' ', '\t']);
        let mark = &comment[..comment.len() - content.len()];
        if content.contains(BEGIN) {
            return mark.trim_end().to_owned();
        }
        format!("{mark}{}", self.words(content))
    }

    /// An assignment that is commented out: its left half, and the comment after its value.
    fn assignment(&mut self, content: &str, left: &str) -> String {
        let right = RightHalf::parse(&content[left.len()..]);
        let value = right.written();
        if opens_key(value) {
            self.running = Running::Key;
        } else if right.quote().is_none() {
            let quote = value.chars().next().filter(|first| matches!(first, '"' | '\'' | '`'));
            self.running = quote.map_or(Running::Nothing, Running::Quoted);
        }
        let comment = right.trailing().trim_start_matches([' ', '\t']);
        if comment.starts_with('#') {
            format!("{} {}", left.trim_end(), self.inline(comment))
        } else {
            left.to_owned()
        }
    }

    /// The words of a comment without those that are, or may be, a secret.
    fn words(&self, content: &str) -> String {
        let Some(finder) = &self.finder else { return String::new() };
        let content = without_values(finder, content);
        let mut out = String::new();
        let mut hides_next = false;
        for (place, piece) in content.split_inclusive([' ', '\t']).enumerate() {
            let word = piece.trim_end_matches([' ', '\t']);
            let blank = &piece[word.len()..];
            if word.is_empty() {
                out.push_str(blank);
                continue;
            }
            let kept = if hides_next { Kept::nothing() } else { self.word(word, place == 0) };
            out.extend([kept.text, kept.dots]);
            match kept.then {
                Then::Goes => return out,
                Then::Hidden => hides_next = true,
                Then::Stays => hides_next = false,
            }
            out.push_str(blank);
        }
        out
    }

    fn word<'w>(&self, word: &'w str, is_first: bool) -> Kept<'w> {
        if let Some(name) = word.strip_suffix(':')
            && self.known.names.contains(name)
        {
            let then = if is_first { Then::Goes } else { Then::Hidden };
            return Kept { text: word, dots: "", then };
        }
        if let Some((left, right)) = word.split_once('=') {
            let text = &word[..=left.len()];
            return match right.chars().next() {
                None => Kept { text, dots: "", then: Then::Hidden },
                Some(quote @ ('"' | '\'' | '`')) if !right[1..].contains(quote) => {
                    Kept { text, dots: DOTS, then: Then::Goes }
                }
                Some(_) => Kept { text, dots: DOTS, then: Then::Stays },
            };
        }
        if let Some((scheme, rest)) = word.split_once("://")
            && rest.contains('@')
        {
            return Kept { text: &word[..scheme.len() + 3], dots: DOTS, then: Then::Stays };
        }
        if is_token(word) { Kept::nothing() } else { Kept { text: word, dots: "", then: Then::Stays } }
    }
}

/// What is left of a word, and what becomes of those after it.
struct Kept<'w> {
    text: &'w str,
    dots: &'static str,
    then: Then,
}

impl Kept<'_> {
    fn nothing() -> Self {
        Self { text: "", dots: DOTS, then: Then::Stays }
    }
}

enum Then {
    /// The next word is judged by itself.
    Stays,
    /// The next word is a value.
    Hidden,
    /// All that follows is a value.
    Goes,
}

/// The text with three dots for each value that is found in it.
fn without_values(finder: &AhoCorasick, content: &str) -> String {
    let mut out = String::new();
    let mut kept = 0;
    for found in finder.find_iter(content) {
        out.push_str(&content[kept..found.start()]);
        out.push_str(DOTS);
        kept = found.end();
        if found.len() + 4 > MAX_PATTERN {
            return out;
        }
    }
    out.push_str(&content[kept..]);
    out
}

fn opens_key(text: &str) -> bool {
    text.find(BEGIN).is_some_and(|at| !text[at..].contains(END))
}

/// Whether a word is written like a token: long, with letters and digits, and no name in capitals.
fn is_token(word: &str) -> bool {
    let word = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    let has = |of: fn(&u8) -> bool| word.as_bytes().iter().any(of);
    word.len() >= MIN_TOKEN
        && word.bytes().all(|byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'_' | b'-' | b'.' | b'=' | b':')
        })
        && !word.contains("://")
        && has(u8::is_ascii_alphabetic)
        && (has(u8::is_ascii_digit) || (word.len() >= 2 * MIN_TOKEN && !word.contains(['/', '.'])))
        && (!word.contains('_') || has(u8::is_ascii_lowercase))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_of_a_comment() {
        let mut known = KnownValues::default();
        known.add_name("DB");
        known.add_value("hunter22");
        known.add_value("short");
        known.add_value(&"é".repeat(40));
        let check = |comment: &str, expected: &str| {
            assert_eq!(Comments::new(&known).line(comment).unwrap(), expected, "{comment:?}");
        };
        check("# Where the web listens. Default: 3000", "# Where the web listens. Default: 3000");
        check("## Section ------------------------------", "## Section ------------------------------");
        check("# short it is", "# short it is");
        check("# it is hunter22!", "# it is ...!");
        check("# DB: other words", "# DB:");
        check("# the DB: other words", "# the DB: ... words");
        check("# formerly DB=a, now b", "# formerly DB=... now b");
        check("# formerly DB = a, now b", "# formerly DB = ... now b");
        check("# formerly DB=\"a b c", "# formerly DB=...");
        check("# at postgres://me:pw@host/db", "# at postgres://...");
        check(
            "# see https://example.com/docs/v2/setup#database-settings",
            "# see https://example.com/docs/v2/setup#database-settings",
        );
        check("# token sk_live_4eC39HqLyjWDarjtT1zdp7dc.", "# token ...");
        check("# uses AWS_S3_BUCKET_NAME_2_OF_THREE", "# uses AWS_S3_BUCKET_NAME_2_OF_THREE");
        check("# AKIAIOSFODNN7EXAMPLE", "# ...");
        check(&format!("# {}tail here", "é".repeat(40)), "# ...");
    }
}
