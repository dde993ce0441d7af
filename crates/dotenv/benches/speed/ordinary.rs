//! The texts that are read: ordinary lines, the same on every run.
//!
//! Every loader and every dialect reads all of its text without an error, so that none is timed
//! over less than the whole. That rules out what only some can read: names without a value,
//! blanks in values without quotes, lines with blanks in the middle of a value.

use std::fmt::Write as _;

/// Which lines a text may hold.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lines {
    /// All that is ordinary.
    All,
    /// Neither `export` nor values over several lines: what Docker and direnv read too.
    Plain,
}

/// Texts, and how many bytes they have together.
pub(crate) struct Texts {
    pub(crate) texts: Vec<String>,
    pub(crate) bytes: usize,
}

impl Texts {
    /// One text of at least so many bytes.
    pub(crate) fn large(bytes: usize, lines: Lines) -> Self {
        let mut text = String::new();
        for number in 0.. {
            if text.len() >= bytes {
                break;
            }
            section(&mut text, number, lines);
        }
        Self::of(vec![text])
    }

    /// So many texts of one to four sections each.
    pub(crate) fn small(count: usize, lines: Lines) -> Self {
        let texts = (0..count).map(|file| {
            let mut text = String::new();
            (0..=file % 4).for_each(|part| section(&mut text, 5 * file + part, lines));
            text
        });
        Self::of(texts.collect())
    }

    fn of(texts: Vec<String>) -> Self {
        let bytes = texts.iter().map(String::len).sum();
        Self { texts, bytes }
    }
}

/// About 900 bytes as somebody might write them.
fn section(text: &mut String, number: usize, lines: Lines) {
    let host = ["db.internal", "localhost", "10.0.4.17", "queue.eu-west-1.example.com"][number % 4];
    let digits = 0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(number as u64 + 1);
    let export = if lines == Lines::All { "export " } else { "" };
    let port = 3000 + number % 1000;
    let slot = number % 16;
    // Writing to a String cannot fail.
    let _ = write!(
        text,
        "\
# --- Service {number} ------------------------------------------------

APP_{number}_NAME=service-{number}
APP_{number}_ENV=production
{export}APP_{number}_PORT={port}
APP_{number}_DEBUG=false # never on in production
APP_{number}_EMPTY=
APP_{number}_TITLE=\"The service of number {number}\"
APP_{number}_GREETING='Good morning, everybody'   # shown on top

# Where the data is. Ask in the channel of the team before you change it.
DB_{number}_HOST={host}
DB_{number}_PORT=5432
DB_{number}_PASSWORD='{digits:016x}'
DB_{number}_URL=postgres://app:{digits:x}@{host}:5432/app_{number}?sslmode=require
STATUS_{number}_URL=\"https://${{DB_{number}_HOST}}/status\"
CACHE_{number}_URL=\"redis://{host}:6379/{slot}\"
{export}QUEUE_{number}_TOKEN={digits:016X}{digits:016x}

#FEATURE_{number}_BETA=true
FEATURE_{number}_LIST=search,export,audit
LOG_{number}_FORMAT=\"{{ time }} {{ level }} {{ message }}\"
"
    );
    if lines == Lines::All && number.is_multiple_of(4) {
        let _ = write!(text, "TLS_{number}_CERTIFICATE=\"");
        for line in 0..6_u32 {
            let part = digits.rotate_left(line);
            let _ = writeln!(text, "MIIB{part:016x}{part:016X}{:016x}{line:08x}AQ", part ^ digits);
        }
        text.push_str("\"\n");
    }
    text.push('\n');
}
