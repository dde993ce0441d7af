//! Three-way merging of prose, by lines. It never conflicts: where both sides changed the same
//! lines, both are kept, the vault's first, and lines that they share are kept once.

use similar::{Algorithm, DiffOp, MergeResolution, TextMerge, capture_diff_slices};

use crate::cut::line_body;
use crate::join::LineEnding;

/// Beyond so many lines two changed sides are kept whole, rather than compared at length.
const MOST_LINES: usize = 5_000;

/// Merges the prose of both sides.
#[must_use]
pub fn merge_prose(base: &str, mine: &str, theirs: &str) -> String {
    if mine == theirs || base == mine {
        return theirs.to_owned();
    }
    if base == theirs {
        return mine.to_owned();
    }
    let mut merged = Merged { text: String::new(), ending: LineEnding::prevailing([theirs, mine, base]) };
    if [base, mine, theirs].iter().any(|side| side.lines().count() > MOST_LINES) {
        merged.push(theirs);
        merged.push(mine);
        return merged.text;
    }
    let merge = TextMerge::from_lines(base, mine, theirs);
    let of_mine = |range: std::ops::Range<usize>| range.filter_map(|line| merge.ours_line(line));
    let of_theirs = |range: std::ops::Range<usize>| range.filter_map(|line| merge.theirs_line(line));
    for region in merge.regions() {
        match region.resolution() {
            MergeResolution::Theirs => of_theirs(region.theirs_range()).for_each(|line| merged.push(line)),
            MergeResolution::Conflict => {
                let theirs: Vec<&str> = of_theirs(region.theirs_range()).collect();
                let mine: Vec<&str> = of_mine(region.ours_range()).collect();
                merged.push_both(&theirs, &mine);
            }
            _ => of_mine(region.ours_range()).for_each(|line| merged.push(line)),
        }
    }
    merged.text
}

struct Merged {
    text: String,
    ending: LineEnding,
}

impl Merged {
    /// Adds a line, and a line ending before it where the last one has none.
    fn push(&mut self, line: &str) {
        if !line.is_empty() && !self.text.is_empty() && !self.text.ends_with(['\n', '\r']) {
            self.text.push_str(self.ending.as_str());
        }
        self.text.push_str(line);
    }

    fn push_both(&mut self, theirs: &[&str], mine: &[&str]) {
        let bodies = |lines: &[&str]| lines.iter().map(|line| line_body(line).to_owned()).collect::<Vec<_>>();
        for op in capture_diff_slices(Algorithm::Myers, &bodies(theirs), &bodies(mine)) {
            if let DiffOp::Equal { old_index, new_index, len } = op {
                for (theirs, mine) in theirs[old_index..old_index + len].iter().zip(&mine[new_index..]) {
                    self.push(if theirs.ends_with('\n') { theirs } else { mine });
                }
            } else {
                theirs[op.old_range()].iter().for_each(|line| self.push(line));
                mine[op.new_range()].iter().for_each(|line| self.push(line));
            }
        }
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
        check("# a", "# a\n# m\n", "# b", "# b\n# a\n# m\n");
        check("# a\r\n", "# m", "# t", "# t\r\n# m");
        check("# a\n", "# b", "# b\n", "# b\n");
    }

    #[test]
    fn keeps_both_sides_of_very_long_prose_whole() {
        let long = "#\n".repeat(MOST_LINES + 1);
        let (mine, theirs) = (format!("{long}# m\n"), format!("{long}# t"));
        assert_eq!(merge_prose(&long, &mine, &theirs), format!("{theirs}\n{mine}"));
    }
}
