//! What a fuzzer gives, cut into the arguments of a law. Texts are apart by a zero byte; what is no
//! UTF-8 is passed over.

use std::str;

use twinlock_dotenv::{Dialect, Surroundings};

use super::{dialect, diff, edit, merge, parse};

/// One text.
pub(crate) fn parse(data: &[u8]) {
    if let Ok(text) = str::from_utf8(data) {
        parse::check(text);
    }
}

/// Which dialect, which operation; then text, name and value.
pub(crate) fn edit(data: &[u8]) {
    if let [of, operation, rest @ ..] = data
        && let Ok(rest) = str::from_utf8(rest)
    {
        let [text, name, value] = texts(rest);
        edit::check(text, dialect_of(*of), *operation, name, value);
    }
}

/// Three texts: base, mine, theirs.
pub(crate) fn merge(data: &[u8]) {
    if let Ok(data) = str::from_utf8(data) {
        let [base, mine, theirs] = texts(data);
        merge::check(base, mine, theirs);
        diff::check(mine, theirs);
    }
}

/// Which dialect; then the text, and the value of a variable around it.
pub(crate) fn dialect(data: &[u8]) {
    if let [of, rest @ ..] = data
        && let Ok(rest) = str::from_utf8(rest)
    {
        let [text, value, other] = texts(rest);
        let surroundings: Surroundings =
            [("A", value), ("B", other), ("HOME", "/home/ada")].into_iter().collect();
        dialect::check(text, dialect_of(*of), &surroundings);
    }
}

fn dialect_of(byte: u8) -> Dialect {
    Dialect::ALL[usize::from(byte) % Dialect::ALL.len()]
}

fn texts(data: &str) -> [&str; 3] {
    let mut texts = data.splitn(3, '\0');
    [(); 3].map(|()| texts.next().unwrap_or_default())
}
