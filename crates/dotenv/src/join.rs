//! Putting entries together again. An entry that has no line ending, because it once was the
//! last, gets the file's when another follows it; nothing else is added. After a carriage return
//! it gets one with a return, so that its own stays part of it.

use crate::cut::BYTE_ORDER_MARK;

/// How lines end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineEnding {
    /// `\n`
    LineFeed,
    /// `\r\n`
    CarriageReturnLineFeed,
}

impl LineEnding {
    /// The ending of most lines in these texts, `\n` where it is even.
    pub fn prevailing<'t>(texts: impl IntoIterator<Item = &'t str>) -> Self {
        let (mut all, mut with_return) = (0_usize, 0_usize);
        for text in texts {
            all += text.matches('\n').count();
            with_return += text.matches("\r\n").count();
        }
        if with_return > all - with_return { Self::CarriageReturnLineFeed } else { Self::LineFeed }
    }

    /// The characters.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LineFeed => "\n",
            Self::CarriageReturnLineFeed => "\r\n",
        }
    }
}

/// Entries as one text.
#[derive(Clone)]
pub struct Joined {
    /// The text.
    pub text: String,
    /// Where each entry starts in the text.
    pub starts: Vec<usize>,
    /// Which entries, by their place in the list, got the line ending that they lacked.
    pub ended: Vec<usize>,
}

/// Joins the texts of entries.
#[must_use]
pub fn join_entries(entries: &[&str]) -> Joined {
    let ending = LineEnding::prevailing(entries.iter().copied());
    let mut joined = Joined { text: String::new(), starts: Vec::new(), ended: Vec::new() };
    let mut open = None;
    for (place, entry) in entries.iter().enumerate() {
        if entry.is_empty() {
            joined.starts.push(joined.text.len());
            continue;
        }
        if let Some(open) = open.take() {
            let own = joined.text.ends_with('\r').then_some(LineEnding::CarriageReturnLineFeed);
            joined.text.push_str(own.unwrap_or(ending).as_str());
            joined.ended.push(open);
        }
        joined.starts.push(joined.text.len());
        let mark = joined.text.is_empty() && *entry == BYTE_ORDER_MARK;
        if !mark && !entry.ends_with('\n') {
            open = Some(place);
        }
        joined.text.push_str(entry);
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joins() {
        let check = |entries: &[&str], text: &str, ended: &[usize]| {
            let joined = join_entries(entries);
            assert_eq!((joined.text.as_str(), joined.ended.as_slice()), (text, ended), "{entries:?}");
        };
        check(&[], "", &[]);
        check(&["A=1"], "A=1", &[]);
        check(&["A=1\n", "B=2"], "A=1\nB=2", &[]);
        check(&["A=1", "B=2\n"], "A=1\nB=2\n", &[0]);
        check(&["A=1\r\n", "B=2", "", "C=3"], "A=1\r\nB=2\r\nC=3", &[1]);
        check(&["A=1\r\n", "B=2\n", "C=3", "D=4"], "A=1\r\nB=2\nC=3\nD=4", &[2]);
        check(&["A=1", ""], "A=1", &[]);
        check(&["A=1\r", "B=2\n"], "A=1\r\r\nB=2\n", &[0]);
        check(&["\u{feff}", "A=1"], "\u{feff}A=1", &[]);
        check(&["A=1\n", "\u{feff}", "B=1\n"], "A=1\n\u{feff}\nB=1\n", &[1]);
    }
}
