//! Lines and columns of a text, and back.

/// Where the lines of a text start.
pub(super) struct Places<'t> {
    text: &'t str,
    starts: Vec<usize>,
}

impl<'t> Places<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { text, starts }
    }

    /// Line and column of a byte, both from 1; the column in characters.
    pub(super) fn of(&self, at: usize) -> (usize, usize) {
        // The first line starts at 0, so that the partition point is 1 at least.
        let line = self.starts.partition_point(|start| *start <= at).max(1);
        let start = self.starts.get(line - 1).copied().unwrap_or_default();
        let column = self.text.get(start..at).map_or(1, |before| 1 + before.chars().count());
        (line, column)
    }

    /// The byte at a line and column; the nearest one where the text has no such place.
    pub(super) fn at(&self, line: usize, column: usize) -> usize {
        let start = self.line(line);
        let mut characters = self.text[start..].char_indices();
        characters.nth(column.saturating_sub(1)).map_or(self.text.len(), |(at, _)| start + at)
    }

    /// Where a line starts; the last one where there are fewer.
    pub(super) fn line(&self, line: usize) -> usize {
        let last = self.starts.last().copied().unwrap_or_default();
        self.starts.get(line.saturating_sub(1)).copied().unwrap_or(last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        let check = |text, at, line, column| {
            let places = Places::new(text);
            assert_eq!(places.of(at), (line, column), "{text:?} {at}");
            assert_eq!(places.at(line, column), at, "{text:?} {line}:{column}");
        };
        check("", 0, 1, 1);
        check("a", 1, 1, 2);
        check("a\nb", 2, 2, 1);
        check("a\n", 2, 2, 1);
        check("é\r\néb", 6, 2, 2);
    }

    #[test]
    fn a_line_that_is_not_there_is_the_last() {
        assert_eq!(Places::new("a\nb").line(9), 2);
        assert_eq!(Places::new("a\nb").at(9, 9), 3);
    }
}
