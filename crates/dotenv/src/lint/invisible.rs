//! Characters that are not seen, or not what they seem: they come with text that was copied from
//! elsewhere, and a value with one of them is another value.

use super::Draft;
use super::fix::{Effect, Proposal};
use super::kind::{FindingKind, Severity};
use crate::cut::{BYTE_ORDER_MARK, is_comment, line_body, lines};
use crate::document::{Document, Entry};
use crate::edit::Edit;

/// What a character is that is not seen, or not what it seems.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Invisible {
    /// It takes no room: a zero-width blank, a joiner, a byte-order mark in the middle, a soft hyphen.
    ZeroWidth,
    /// It looks like a blank and is none to a loader.
    UnusualBlank,
    /// It turns the direction in which the text is shown, so that it reads otherwise than it is.
    Direction,
    /// A control character.
    Control,
    /// A line or paragraph separator that is no line ending to most loaders.
    LineSeparator,
    /// A carriage return without a line feed.
    CarriageReturn,
}

impl Invisible {
    const ALL: [Self; 6] = [
        Self::ZeroWidth,
        Self::UnusualBlank,
        Self::Direction,
        Self::Control,
        Self::LineSeparator,
        Self::CarriageReturn,
    ];

    const fn of(character: char) -> Option<Self> {
        match character {
            '\u{ad}' | '\u{180e}' | '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2064}' | '\u{feff}' => {
                Some(Self::ZeroWidth)
            }
            '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => {
                Some(Self::UnusualBlank)
            }
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                Some(Self::Direction)
            }
            '\u{2028}' | '\u{2029}' | '\u{85}' | '\u{b}' | '\u{c}' => Some(Self::LineSeparator),
            '\t' | '\n' => None,
            '\r' => Some(Self::CarriageReturn),
            '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' => Some(Self::Control),
            _ => None,
        }
    }

    /// What stands instead of it once it is mended.
    const fn instead(self) -> &'static str {
        match self {
            Self::UnusualBlank => " ",
            Self::ZeroWidth
            | Self::Direction
            | Self::Control
            | Self::LineSeparator
            | Self::CarriageReturn => "",
        }
    }

    pub(super) const fn noun(self, count: usize) -> &'static str {
        match (self, count) {
            (Self::ZeroWidth, 1) => "character without width",
            (Self::ZeroWidth, _) => "characters without width",
            (Self::UnusualBlank, 1) => "blank that no loader takes for one",
            (Self::UnusualBlank, _) => "blanks that no loader takes for one",
            (Self::Direction, 1) => "character that turns the direction of the text",
            (Self::Direction, _) => "characters that turn the direction of the text",
            (Self::Control, 1) => "control character",
            (Self::Control, _) => "control characters",
            (Self::LineSeparator, 1) => "line separator that few loaders know",
            (Self::LineSeparator, _) => "line separators that few loaders know",
            (Self::CarriageReturn, 1) => "carriage return without a line feed",
            (Self::CarriageReturn, _) => "carriage returns without a line feed",
        }
    }

    pub(super) fn advice(self, them: &str) -> String {
        match self {
            Self::UnusualBlank => format!("Write an ordinary blank for {them}."),
            Self::LineSeparator | Self::CarriageReturn => {
                format!("End lines with a line feed, and remove {them}.")
            }
            Self::ZeroWidth | Self::Direction | Self::Control => format!("Remove {them}."),
        }
    }
}

/// The findings: one for each sort in each variable, and in each line of prose.
pub(super) fn findings(document: &Document<'_>, drafts: &mut Vec<Draft>) {
    for entry in document.entries() {
        match entry {
            Entry::Variable(variable) => {
                in_text(variable.text(), variable.span().start, &Invisible::ALL, |mut draft| {
                    draft.name = Some(variable.name().to_owned());
                    drafts.push(draft);
                });
            }
            Entry::Prose(prose) if prose.text() == BYTE_ORDER_MARK => {}
            Entry::Prose(prose) => {
                for (at, line) in lines(prose.text(), 0) {
                    // A comment may be written as people write; it must only be what it seems.
                    let sought: &[Invisible] = if is_comment(line_body(line)) {
                        &[Invisible::Direction, Invisible::Control]
                    } else {
                        &Invisible::ALL
                    };
                    in_text(line, prose.span().start + at, sought, |draft| drafts.push(draft));
                }
            }
        }
    }
}

fn in_text(text: &str, start: usize, sought: &[Invisible], mut found: impl FnMut(Draft)) {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\n' | b'\t')) {
        return;
    }
    let mut edits: [Vec<Edit>; 6] = Default::default();
    let mut before = None;
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        let after = characters.peek().map(|(_, character)| *character);
        if let Some(what) = Invisible::of(character).filter(|what| sought.contains(what))
            && !belongs(character, before, after)
        {
            let span = start + at..start + at + character.len_utf8();
            edits[what as usize].push(Edit { span, text: what.instead().to_owned() });
        }
        before = Some(character);
    }
    for (what, edits) in Invisible::ALL.into_iter().zip(edits) {
        let Some(first) = edits.first() else { continue };
        found(Draft {
            at: first.span.start,
            name: None,
            severity: Severity::Warning,
            kind: FindingKind::InvisibleCharacters { what, count: edits.len() },
            proposal: Some(Proposal { edits, effect: Effect::ChangesReading, reads: None }),
        });
    }
}

/// Whether a character stands where it should: a carriage return before a line feed, a joiner
/// between letters or signs that are written with joiners.
fn belongs(character: char, before: Option<char>, after: Option<char>) -> bool {
    match character {
        '\r' => after == Some('\n'),
        '\u{200c}' | '\u{200d}' => {
            let joins = |neighbour: Option<char>| {
                neighbour.is_some_and(|neighbour| !neighbour.is_ascii() && Invisible::of(neighbour).is_none())
            };
            joins(before) && joins(after)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_is_not_seen() {
        fn check(text: &str, expected: &[(usize, Invisible, usize)]) {
            let mut drafts = Vec::new();
            findings(&Document::parse(text), &mut drafts);
            let found: Vec<_> = drafts
                .iter()
                .map(|draft| match &draft.kind {
                    FindingKind::InvisibleCharacters { what, count } => (draft.at, *what, *count),
                    other => panic!("{other:?}"),
                })
                .collect();
            assert_eq!(found, expected, "{text:?}");
        }
        check("A=1\r\n\tB = \"2\"\n# c\n", &[]);
        check("\u{feff}A=1\n", &[]);
        check("A=é日𝄞\n", &[]);
        check("A=👩\u{200d}👧\n# a\u{200b}b\u{a0}\n", &[]);
        check(
            "A=a\u{200b}b\u{200b}\u{a0}\n",
            &[(3, Invisible::ZeroWidth, 2), (10, Invisible::UnusualBlank, 1)],
        );
        check("A=a\u{200d}b\n", &[(3, Invisible::ZeroWidth, 1)]);
        check("A=1\n\u{feff}B=2\n", &[(4, Invisible::ZeroWidth, 1)]);
        check("# \u{202e}c\nA\u{a0}=1\n", &[(2, Invisible::Direction, 1), (8, Invisible::UnusualBlank, 1)]);
        check("A=1\rB=2", &[(3, Invisible::CarriageReturn, 1)]);
        check("A=1\r\r\n", &[(3, Invisible::CarriageReturn, 1)]);
        check("A=\0\u{1b}\u{7f}\n", &[(2, Invisible::Control, 3)]);
        check("A=\u{2028}\n", &[(2, Invisible::LineSeparator, 1)]);
    }

    #[test]
    fn speaks_in_sentences() {
        let check = |what, count, expected: &str| {
            assert_eq!(FindingKind::InvisibleCharacters { what, count }.to_string(), expected);
        };
        check(Invisible::ZeroWidth, 1, "There is 1 character without width here. Remove it.");
        check(
            Invisible::UnusualBlank,
            2,
            "There are 2 blanks that no loader takes for one here. Write an ordinary blank for them.",
        );
    }
}
