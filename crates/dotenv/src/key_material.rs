//! How the lines of a key look, so that none of them is ever taken for a variable.
//!
//! These functions judge single lines, given without their line ending. Where a block starts and
//! ends in a text is decided by the cut.

use crate::assignment::Assignment;

pub(crate) const BEGIN: &str = "-----BEGIN";
pub(crate) const END: &str = "-----END";

/// Whether a block opens in `line` and does not end in it.
pub(crate) fn opens_block(line: &str) -> bool {
    line.find(BEGIN).is_some_and(|at| !line[at..].contains(END))
}

/// Whether `line` assigns a value that begins a block: `NAME=-----BEGIN…`, quoted or not.
pub(crate) fn assigns_block(line: &str) -> bool {
    Assignment::at_start(line).is_some_and(|found| {
        let value = line[found.left().len()..].trim_start_matches([' ', '\t']);
        value.strip_prefix(['"', '\'', '`']).unwrap_or(value).starts_with(BEGIN)
    })
}

/// What a line that holds only base64 characters and final `=` is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Base64<'t> {
    /// No `=` at its end.
    Unpadded,
    /// One or two `=` at its end: the last line of a key, or an assignment without a value.
    Padded(&'t str),
}

/// Reads `line` as a line of base64; blanks around it don't count.
pub(crate) fn base64(line: &str) -> Option<Base64<'_>> {
    let line = line.trim_matches([' ', '\t']);
    let characters = line.trim_end_matches('=');
    let sound = !characters.is_empty()
        && characters.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'));
    match line.len() - characters.len() {
        0 if sound => Some(Base64::Unpadded),
        1 | 2 if sound => Some(Base64::Padded(line)),
        _ => None,
    }
}

/// Whether a padded line is key material, judged by the lines above and below it.
///
/// A neighbour without `=` settles it, and so does the first or last line of a block. Two padded
/// neighbours may as well be two variables without a value (`USER=`, `PASSWORD=`).
pub(crate) fn is_key_line(line: &str, above: Option<&str>, below: Option<&str>) -> bool {
    let Some(Base64::Padded(line)) = base64(line) else { return false };
    let beside = |neighbour: &str| match base64(neighbour) {
        Some(Base64::Unpadded) => true,
        Some(Base64::Padded(neighbour)) => !(could_be_empty(line) && could_be_empty(neighbour)),
        None => false,
    };
    above.is_some_and(|above| beside(above) || is_first_line(above))
        || below.is_some_and(|below| beside(below) || is_last_line(below))
}

/// Whether a padded line could be a variable without a value rather than base64.
fn could_be_empty(padded: &str) -> bool {
    let name = padded.trim_end_matches('=');
    let well_formed = padded.len().is_multiple_of(4)
        && name.bytes().any(|byte| byte.is_ascii_lowercase())
        && name.bytes().any(|byte| byte.is_ascii_uppercase());
    !padded.ends_with("==")
        && !name.contains(['+', '/'])
        && !name.starts_with(char::is_numeric)
        && !well_formed
}

fn is_first_line(line: &str) -> bool {
    opens_block(line) && line.trim_end_matches([' ', '\t']).ends_with("-----")
}

fn is_last_line(line: &str) -> bool {
    line.trim_start_matches([' ', '\t']).starts_with(END)
}

/// Whether `line` is a header such as `Proc-Type: 4,ENCRYPTED`.
pub(crate) fn is_header(line: &str) -> bool {
    line.split_once(':').is_some_and(|(word, rest)| {
        word.starts_with(|first: char| first.is_ascii_alphabetic())
            && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && (rest.is_empty() || rest.starts_with([' ', '\t']))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_base64_lines() {
        let check = |line, expected| assert_eq!(base64(line), expected, "{line:?}");
        check("MIIEow+/09", Some(Base64::Unpadded));
        check("  MIIEow\t", Some(Base64::Unpadded));
        check("abc=", Some(Base64::Padded("abc=")));
        check(" ab== ", Some(Base64::Padded("ab==")));
        check("a===", None);
        check("=", None);
        check("", None);
        check("a=b", None);
        check("a_b", None);
        check("a b", None);
    }

    #[test]
    fn judges_padded_lines_by_their_neighbours() {
        let check = |above, line, below, expected| {
            assert_eq!(is_key_line(line, above, below), expected, "{above:?} {line:?} {below:?}");
        };
        check(None, "abcd=", None, false);
        check(Some("MIIEow"), "abcd=", None, true);
        check(None, "abcd=", Some("MIIEow"), true);
        check(Some("MIIEow"), "abcd", None, false);
        check(Some("MIIEow"), "ab_d=", None, false);
        check(Some("# note"), "abcd=", Some(""), false);
        check(Some("MIIEow"), "abcd=efgh", None, false);
        // Two variables without a value, in one case or the other.
        check(Some("USER="), "PASSWORD=", Some("HOST="), false);
        check(Some("KEY="), "URL=", None, false);
        check(Some("apiKey="), "dbHost=", None, false);
        // Two secrets below each other.
        check(Some("dGhpcyBpcyA="), "c2VjcmV0IGU=", None, true);
        check(Some("c2Vj+mV0="), "KEY=", None, true);
        check(Some("9Vjcmv0="), "KEY=", None, true);
        check(Some("KEY=="), "URL=", None, true);
        // A body of one line.
        check(Some("# -----BEGIN PUBLIC KEY-----"), "MCowBQYDK2Vw=", None, true);
        check(None, "MCowBQYDK2Vw=", Some("-----END PUBLIC KEY-----"), true);
        check(Some("# paste it, the -----BEGIN line too"), "KEY=", None, false);
        check(Some("K=-----BEGIN A-----x-----END A-----"), "KEY=", None, false);
        check(Some("-----END PUBLIC KEY-----"), "KEY=", None, false);
    }

    #[test]
    fn knows_headers() {
        let check = |line, expected| assert_eq!(is_header(line), expected, "{line:?}");
        check("Proc-Type: 4,ENCRYPTED", true);
        check("Comment:", true);
        check("Version:\t1", true);
        check("A:b", false);
        check("A_B: c", false);
        check(": c", false);
        check("two words: c", false);
        check("A=1", false);
    }

    #[test]
    fn knows_lines_that_open_a_block() {
        let check = |line, opens, assigns| {
            assert_eq!((opens_block(line), assigns_block(line)), (opens, assigns), "{line:?}");
        };
        check("-----BEGIN X-----", true, false);
        check("-----BEGIN X----- a -----END X-----", false, false);
        check("-----END X----- -----BEGIN Y-----", true, false);
        check("K=-----BEGIN X-----", true, true);
        check("K = \"-----BEGIN X-----", true, true);
        check("K=a -----BEGIN X-----", true, false);
    }
}
