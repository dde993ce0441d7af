//! Three-way merging of prose, by lines. It never conflicts: where both sides changed the same
//! lines, both are kept, the vault's first, and lines that they share are kept once. A line is the
//! same line whatever its line ending, which is merged for itself.

use crate::cut::line_body;
use crate::join::LineEnding;
use crate::weave::{First, Numbers, Woven, weave};

/// Merges the prose of both sides. Takes about as long as sorting the lines.
#[must_use]
pub fn merge_prose(base: &str, mine: &str, theirs: &str) -> String {
    if mine == theirs || base == mine {
        return theirs.to_owned();
    }
    if base == theirs {
        return mine.to_owned();
    }
    let mut numbers = Numbers::new();
    let mut split = |text| {
        let lines: Vec<&str> = str::split_inclusive(text, '\n').collect();
        let bodies: Vec<u32> = lines.iter().map(|line| numbers.of(line_body(line))).collect();
        (lines, bodies)
    };
    let ((base_lines, of_base), (mine_lines, of_mine), (their_lines, of_theirs)) =
        (split(base), split(mine), split(theirs));
    let ending = LineEnding::prevailing([theirs, mine, base]);
    let mut merged = String::new();
    for found in weave(&of_base, &of_mine, &of_theirs, First::Theirs) {
        let line = match found {
            Woven::Both { base, mine, theirs } => {
                merge_line(base.map(|at| base_lines[at]), mine_lines[mine], their_lines[theirs])
            }
            Woven::Mine(at) => mine_lines[at],
            Woven::Theirs(at) => their_lines[at],
            Woven::Gone(_) => continue,
        };
        if !merged.is_empty() && !merged.ends_with(['\n', '\r']) {
            merged.push_str(ending.as_str());
        }
        merged.push_str(line);
    }
    merged
}

/// A line that both sides have: its line ending as the side that changed it has it.
pub(crate) fn merge_line<'t>(base: Option<&str>, mine: &'t str, theirs: &'t str) -> &'t str {
    match base {
        Some(base) if base == theirs => mine,
        None if !theirs.ends_with('\n') => mine,
        _ => theirs,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merges_by_lines() {
        let check = |base, mine, theirs, expected| {
            assert_eq!(merge_prose(base, mine, theirs), expected, "{base:?} {mine:?} {theirs:?}");
        };
        check("", "", "", "");
        check("# a\n", "# a\n", "# b\n", "# b\n");
        check("# a\n", "# m\n", "# a\n", "# m\n");
        check("# a\n# b\n# c\n", "# m\n# b\n# c\n", "# a\n# b\n# t\n", "# m\n# b\n# t\n");
        check("# a\n", "# m\n", "# t\n", "# t\n# m\n");
        check("", "# m\n", "# t\n", "# t\n# m\n");
        check("", "# s\n# m\n", "# s\n# t\n", "# s\n# t\n# m\n");
        check("# a\n", "", "# t\n", "# t\n");
        check("# a\n", "# a\n# m", "# a\n# t", "# a\n# t\n# m");
        check("# a", "# a\n# m\n", "# b", "# b\n# m\n");
        check("# a\r\n", "# m", "# t", "# t\r\n# m");
        check("# a\n", "# b", "# b\n", "# b\n");
    }

    #[test]
    fn merges_very_long_prose() {
        let long = "#\n".repeat(1_000_000);
        let (mine, theirs) = (format!("{long}# m\n"), format!("{long}# t"));
        assert!(merge_prose(&long, &mine, &theirs) == format!("{theirs}\n# m\n"));
    }
}
