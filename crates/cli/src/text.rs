//! Text for people: inert lines, columns, times, counts. Pure.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use twinlock_client::{inert_line, is_inert};
use zeroize::Zeroizing;

/// What stands for a value that was not asked for.
pub(crate) const MASK: &str = "••••••••••";

/// Lines for a terminal. Wiped when dropped: a revealed value may be among them.
#[derive(Default)]
pub(crate) struct Text(Zeroizing<String>);

impl Text {
    /// Adds a line.
    pub(crate) fn line(&mut self, line: impl AsRef<str>) {
        self.0.push_str(Zeroizing::new(inert_line(line.as_ref())).trim_end());
        self.0.push('\n');
    }

    /// Adds rows whose columns stand below each other, indented by two.
    pub(crate) fn rows<const COLUMNS: usize>(&mut self, rows: &[[String; COLUMNS]]) {
        let mut widths = [0; COLUMNS];
        for row in rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        for row in rows {
            let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
            self.line(format!("  {}", cells.collect::<Vec<_>>().join("  ")));
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// JSON in which what acts or cannot be seen is escaped: it is one line for whoever reads lines, shows as it is on a
/// terminal, and reads back to the same.
pub(crate) fn inert_json(json: &str) -> String {
    let mut inert = String::with_capacity(json.len() + 1);
    let mut before = None;
    for c in json.chars() {
        // All of them stand inside strings: the serialiser writes none of its own.
        if is_inert(before, c) {
            inert.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                inert += &format!("\\u{unit:04x}");
            }
        }
        before = Some(c);
    }
    inert
}

/// A time for people, to the minute, in this computer's time zone.
pub(crate) fn time(milliseconds: u64) -> String {
    time_in(milliseconds, TimeZone::system())
}

fn time_in(milliseconds: u64, zone: TimeZone) -> String {
    let at = i64::try_from(milliseconds).ok().and_then(|at| Timestamp::from_millisecond(at).ok());
    at.map_or_else(|| "?".to_owned(), |at| at.to_zoned(zone).strftime("%Y-%m-%d %H:%M").to_string())
}

/// “1 change”, “2 changes”.
pub(crate) fn count(number: usize, word: &str) -> String {
    if number == 1 { format!("1 {word}") } else { format!("{number} {word}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_line_acts_on_a_terminal() {
        let mut text = Text::default();
        text.line("a\u{1b}[31mb\nc\u{9b}d\u{202e}e ");
        assert_eq!(text.as_str(), "a\u{fffd}[31mb\u{fffd}c\u{fffd}d\u{fffd}e\n");
    }

    #[test]
    fn json_is_one_line_that_reads_back_to_the_same() {
        let text = "a\u{1b}\u{7f}\u{85}\u{2028}\u{202e}\u{feff}\u{e0001}\n\"\\é😀";
        let json = inert_json(&serde_json::to_string(text).unwrap());
        assert_eq!(json, "\"a\\u001b\\u007f\\u0085\\u2028\\u202e\\ufeff\\udb40\\udc01\\n\\\"\\\\é😀\"");
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
    }

    #[test]
    fn columns_stand_below_each_other() {
        let mut text = Text::default();
        text.rows(&[["Zoë".to_owned(), "x".to_owned()], ["B".to_owned(), String::new()]]);
        assert_eq!(text.as_str(), "  Zoë  x\n  B\n");
    }

    #[test]
    fn times_and_counts() {
        assert_eq!(time_in(1_763_753_160_000, TimeZone::UTC), "2025-11-21 19:26");
        assert_eq!(time_in(u64::MAX, TimeZone::UTC), "?");
        assert_eq!(
            [count(0, "change"), count(1, "change"), count(2, "change")],
            ["0 changes", "1 change", "2 changes"]
        );
    }
}
