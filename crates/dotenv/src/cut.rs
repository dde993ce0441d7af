//! The cut: where one entry of a text ends and the next begins, as the protocol defines it.
//!
//! One pass from the front. Whatever has to be looked for further on (a closing quote, the end of
//! a key) is looked for once and remembered, so that hostile text costs no more than ordinary
//! text. This module decides spans only; it never reads a value.

use crate::assignment::{Assignment, is_blank, skip_blanks};
use crate::document::{Entry, Prose, Variable};
use crate::key_material::{BEGIN, Base64, END, assigns_block, base64, is_header, is_key_line, opens_block};
use crate::right_half::Quote;

pub(crate) const BYTE_ORDER_MARK: &str = "\u{feff}";

/// How the value of a variable was found to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// At the end of its line.
    OneLine,
    /// At a closing quote.
    Quoted(Quote),
    /// At the end of its line, because the quote that opens it is never closed.
    Unclosed(Quote),
    /// With the `-----END` of a key, or at the last line that can be part of it.
    Key(KeyEnd),
}

/// How a block of key material ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyEnd {
    Written,
    Missing,
}

/// What the cut found: the entries in order, and the spans of prose that are key material.
pub(crate) struct Cut<'t> {
    pub(crate) entries: Vec<Entry<'t>>,
    pub(crate) key_material: Vec<std::ops::Range<usize>>,
}

/// Cuts `text` into entries whose concatenation is `text`.
pub(crate) fn cut(text: &str) -> Cut<'_> {
    let start = if text.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
    let mut cutter = Cutter {
        text,
        start,
        prose: start,
        closing: [Sought::default(); 3],
        end: Sought::default(),
        assigned_block: Sought::default(),
        found: Cut { entries: Vec::new(), key_material: Vec::new() },
    };
    if start > 0 {
        cutter.found.entries.push(Entry::Prose(Prose { text: &text[..start], start: 0 }));
    }
    cutter.run();
    cutter.found
}

struct Cutter<'t> {
    text: &'t str,
    /// Where the first line starts.
    start: usize,
    /// Where the prose that is not yet an entry starts.
    prose: usize,
    closing: [Sought; 3],
    end: Sought,
    assigned_block: Sought,
    found: Cut<'t>,
}

impl<'t> Cutter<'t> {
    fn run(&mut self) {
        let mut at = self.start;
        while at < self.text.len() {
            let end = self.line_end(at);
            let body = line_body(&self.text[at..end]);
            at = match Assignment::at_start(body) {
                Some(_) if self.is_key_line(at, end, body) => self.key_material(at, end),
                Some(found) => self.variable(at, end, found),
                None if opens_block(body) && !is_comment(body) => {
                    let (_, stop) = self.block_end(end);
                    self.key_material(at, stop)
                }
                None => end,
            };
        }
        self.end_prose(at);
    }

    /// Adds the variable whose first line is `at..end`; answers where the next line starts.
    fn variable(&mut self, at: usize, end: usize, found: Assignment<'t>) -> usize {
        self.end_prose(at);
        let line = line_body(&self.text[at..end]);
        let value = at + skip_blanks(line.as_bytes(), found.left().len());
        let rest = &self.text[value..at + line.len()];
        let (form, stop) = match Quote::opening(rest) {
            Some(quote) => match self.closing_quote(quote, value + 1) {
                Some(close) => (Form::Quoted(quote), self.line_end(close)),
                None => (Form::Unclosed(quote), end),
            },
            None if rest.starts_with(BEGIN) && opens_block(rest) => {
                let (key_end, stop) = self.block_end(end);
                (Form::Key(key_end), stop)
            }
            None => (Form::OneLine, end),
        };
        self.found.entries.push(Entry::Variable(Variable {
            text: &self.text[at..stop],
            start: at,
            assignment: found,
            form,
        }));
        self.prose = stop;
        if matches!(form, Form::Unclosed(_)) && rest[1..].starts_with(BEGIN) && opens_block(rest) {
            let (_, block) = self.block_end(stop);
            return self.key_material(stop, block);
        }
        stop
    }

    /// Leaves `at..stop` in the prose and notes what it is; answers where the next line starts.
    fn key_material(&mut self, at: usize, stop: usize) -> usize {
        self.found.key_material.push(at..stop);
        stop
    }

    /// Where the block that opened in the line before `from` ends.
    ///
    /// Its `-----END` is the next one, unless a later line assigns a block of its own first.
    fn block_end(&mut self, from: usize) -> (KeyEnd, usize) {
        let text = self.text;
        let end = self.end.at_or_after(from, |from| text[from..].find(END).map(|found| from + found));
        if let Some(end) = end {
            let other = self.assigned_block.at_or_after(from, |from| {
                lines(text, from).find(|(_, line)| assigns_block(line_body(line))).map(|(at, _)| at)
            });
            if other.is_none_or(|other| end < other) {
                return (KeyEnd::Written, self.line_end(end));
            }
        }
        let mut stop = from;
        for (at, line) in lines(text, from) {
            let body = line_body(line);
            match base64(body) {
                Some(Base64::Padded(_)) => return (KeyEnd::Missing, at + line.len()),
                Some(Base64::Unpadded) => stop = at + line.len(),
                None if is_header(body) => stop = at + line.len(),
                None => break,
            }
        }
        (KeyEnd::Missing, stop)
    }

    /// The next quote at or after `from` that may close a value.
    fn closing_quote(&mut self, quote: Quote, from: usize) -> Option<usize> {
        let text = self.text;
        self.closing[quote as usize].at_or_after(from, |from| find_closing_quote(text, quote, from))
    }

    fn is_key_line(&self, at: usize, end: usize, body: &str) -> bool {
        // `export` and the like hold a blank, so they are no base64.
        if !body.trim_end_matches([' ', '\t']).ends_with('=') {
            return false;
        }
        let above = (at > self.start).then(|| {
            let before = self.text[self.start..at - 1].rfind('\n').map_or(self.start, |n| self.start + n + 1);
            line_body(&self.text[before..at])
        });
        let below = (end < self.text.len()).then(|| line_body(&self.text[end..self.line_end(end)]));
        is_key_line(body, above, below)
    }

    fn line_end(&self, from: usize) -> usize {
        line_end(self.text, from)
    }

    fn end_prose(&mut self, at: usize) {
        if self.prose < at {
            let text = &self.text[self.prose..at];
            self.found.entries.push(Entry::Prose(Prose { text, start: self.prose }));
        }
        self.prose = at;
    }
}

/// The next place of something in a text, remembered until the reading position passes it.
#[derive(Clone, Copy, Default)]
enum Sought {
    #[default]
    NotYet,
    At(usize),
    Nowhere,
}

impl Sought {
    /// Positions asked for must never go back; then all searches together read the text once.
    fn at_or_after(&mut self, from: usize, search: impl FnOnce(usize) -> Option<usize>) -> Option<usize> {
        match *self {
            Self::At(at) if at >= from => Some(at),
            Self::Nowhere => None,
            Self::At(_) | Self::NotYet => {
                let found = search(from);
                *self = found.map_or(Self::Nowhere, Self::At);
                found
            }
        }
    }
}

/// The first quote at or after `from` that is followed only by blanks or a comment on its line.
///
/// `from` must stand right after the opening quote. Inside `"` a backslash escapes what follows it.
pub(crate) fn find_closing_quote(text: &str, quote: Quote, from: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = from;
    while let Some(found) = text[at..].find(quote.character()) {
        let close = at + found;
        let escapes = bytes[from..close].iter().rev().take_while(|byte| **byte == b'\\').count();
        let escaped = quote == Quote::Double && escapes % 2 == 1;
        if !escaped && ends_value(&text[close + 1..]) {
            return Some(close);
        }
        at = close + 1;
    }
    None
}

/// Whether only blanks or a comment follow on the line.
fn ends_value(rest: &str) -> bool {
    let bytes = rest.as_bytes();
    match &bytes[bytes.iter().take_while(|byte| is_blank(**byte)).count()..] {
        [] | [b'#' | b'\n', ..] | [b'\r', b'\n', ..] => true,
        [_, ..] => false,
    }
}

/// Whether a line is a comment.
pub(crate) fn is_comment(body: &str) -> bool {
    body.trim_start_matches([' ', '\t']).starts_with('#')
}

/// Where the line that holds `from` ends, its line ending included.
pub(crate) fn line_end(text: &str, from: usize) -> usize {
    text[from..].find('\n').map_or(text.len(), |found| from + found + 1)
}

/// The lines of `text` from `from` on, each with its place and its line ending.
pub(crate) fn lines(text: &str, from: usize) -> impl Iterator<Item = (usize, &str)> {
    let mut at = from;
    text[from..].split_inclusive('\n').map(move |line| {
        let start = at;
        at += line.len();
        (start, line)
    })
}

/// A line without its line ending.
pub(crate) fn line_body(line: &str) -> &str {
    match line.strip_suffix('\n') {
        Some(body) => body.strip_suffix('\r').unwrap_or(body),
        None => line,
    }
}
