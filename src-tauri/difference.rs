//! Cuts two texts where they differ, for showing them one above the other or side by side. Pure.

use similar::{ChangeTag, TextDiff};

use crate::dto::{Difference, Segment};

/// Two texts, either of which may not be there. A text without a counterpart differs as a whole, which says
/// nothing, so it is not marked.
pub(crate) fn difference(before: Option<&str>, after: Option<&str>) -> Difference {
    match (before, after) {
        (Some(before), Some(after)) => {
            let diff = TextDiff::from_chars(before, after);
            let side = |own: ChangeTag| {
                let changes = diff
                    .iter_all_changes()
                    .filter(|change| change.tag() == ChangeTag::Equal || change.tag() == own);
                join(changes.map(|change| (change.value(), change.tag() == own)))
            };
            Difference { before: Some(side(ChangeTag::Delete)), after: Some(side(ChangeTag::Insert)) }
        }
        (before, after) => Difference { before: before.map(whole), after: after.map(whole) },
    }
}

fn whole(text: &str) -> Vec<Segment> {
    vec![Segment { text: text.to_owned(), differs: false }]
}

fn join<'a>(pieces: impl Iterator<Item = (&'a str, bool)>) -> Vec<Segment> {
    let mut segments: Vec<Segment> = Vec::new();
    for (text, differs) in pieces {
        match segments.last_mut() {
            Some(last) if last.differs == differs => last.text.push_str(text),
            _ => segments.push(Segment { text: text.to_owned(), differs }),
        }
    }
    segments
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `[…]` around what differs.
    fn marked(segments: Option<Vec<Segment>>) -> Option<String> {
        let mark = |segment: &Segment| {
            if segment.differs { format!("[{}]", segment.text) } else { segment.text.clone() }
        };
        segments.map(|segments| segments.iter().map(mark).collect())
    }

    #[test]
    fn what_differs_is_marked_by_character() {
        for (before, after, left, right) in [
            (Some("db-1.internal"), Some("db-2.internal"), Some("db-[1].internal"), Some("db-[2].internal")),
            (Some("same"), Some("same"), Some("same"), Some("same")),
            (Some("grün"), Some("grau"), Some("gr[ün]"), Some("gr[au]")),
            (None, Some("new"), None, Some("new")),
            (Some("gone"), None, Some("gone"), None),
            (None, None, None, None),
        ] {
            let found = difference(before, after);
            assert_eq!((marked(found.before).as_deref(), marked(found.after).as_deref()), (left, right));
        }
    }
}
