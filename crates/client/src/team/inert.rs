//! Text by others: as it may be shown anywhere, and which of it a person would take for the same. Pure.

use icu_properties::CodePointSetData;
use icu_properties::props::{DefaultIgnorableCodePoint, Emoji};
use twinlock_protocol::limits;
use unicode_normalization::UnicodeNormalization as _;

/// What asks for the coloured form of the character before it.
const COLOURED: char = '\u{fe0f}';

/// A teammate's text as it may be shown anywhere: nothing that a terminal or a window acts on, nothing that turns the
/// direction of text or cannot be seen, and no more of it than a name may have.
#[must_use]
pub(crate) fn inert(text: &str) -> String {
    inert_line(text).chars().take(limits::LABEL_CHARACTERS).collect()
}

/// The same of a message.
#[must_use]
pub(crate) fn inert_message(text: &str) -> String {
    inert_line(text).chars().take(limits::MESSAGE_CHARACTERS).collect()
}

/// The same of any length: a whole line that such text is part of.
#[must_use]
pub fn inert_line(text: &str) -> String {
    with_before(text).map(|(before, c)| if is_inert(before, c) { c } else { '\u{fffd}' }).collect()
}

/// Whether anything in it would be replaced.
pub(super) fn deceives(text: &str) -> bool {
    with_before(text).any(|(before, c)| !is_inert(before, c))
}

/// What two names have in common that a person would take for the same: composed alike, in lower case, with ordinary
/// blanks and without what cannot be seen.
#[must_use]
pub(crate) fn folded(name: &str) -> String {
    let seen = name.nfc().filter(|c| !is_unseen(*c)).map(|c| if c.is_whitespace() { ' ' } else { c });
    seen.flat_map(char::to_lowercase).nfc().collect()
}

/// Whether a character is one to be seen, and does nothing but that, behind this one.
#[must_use]
pub fn is_inert(before: Option<char>, c: char) -> bool {
    let colours = |before| CodePointSetData::new::<Emoji>().contains(before);
    match c {
        COLOURED => before.is_some_and(colours),
        '\u{2028}' | '\u{2029}' => false,
        _ => !c.is_control() && !is_unseen(c),
    }
}

/// Whether nothing of it is seen: what Unicode says is to be ignored where it is not known (it holds all that turns the
/// direction of text), and three that are drawn as nothing without being called a blank.
fn is_unseen(c: char) -> bool {
    CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
        || matches!(c, '\u{2800}' | '\u{fff9}'..='\u{fffb}' | '\u{1d159}')
}

fn with_before(text: &str) -> impl Iterator<Item = (Option<char>, char)> {
    let before = std::iter::once(None).chain(text.chars().map(Some));
    before.zip(text.chars())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_or_cannot_be_seen_is_replaced() {
        assert_eq!(inert("a\u{1b}[31m\u{202e}b"), "a\u{fffd}[31m\u{fffd}b");
        let unseen = "\u{ad}\u{34f}\u{61c}\u{115f}\u{17b4}\u{180e}\u{200b}\u{2028}\u{2066}\u{2800}\u{3164}\u{fe00}\u{feff}\u{ffa0}\u{fff9}\u{e0001}\u{e01ef}";
        assert!(inert(unseen).chars().all(|c| c == '\u{fffd}'));
        for text in ["Zoë's API", "Бюро", "事務所", "❤\u{fe0f}", "a\u{a0}b"] {
            assert_eq!(inert(text), text);
        }
        assert_eq!(inert("a\u{fe0f}"), "a\u{fffd}");
        let long = "x".repeat(501);
        assert_eq!((inert(&long).len(), inert_message(&long).len()), (100, 500));
    }

    #[test]
    fn names_that_look_the_same_are_the_same() {
        let name = folded("api/Zoë 1");
        for alike in [
            "API/Zoe\u{308} 1",
            "api/Zo\u{ad}ë 1",
            "api/Zoë\u{a0}1",
            "api\u{3164}/Zoë 1",
            "api/Zoë 1\u{fe0f}",
        ] {
            assert_eq!(folded(alike), name, "{alike:?}");
        }
        assert_ne!(folded("api/Zoë 2"), name);
    }
}
