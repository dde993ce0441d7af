//! Trying a spelling: whether a loader reads back exactly the value, and whatever is around.

use crate::dialects::{Dialect, Reading, Refused, Surroundings, Value};
use crate::document::{Document, Entry};

/// What a name that is referred to holds while a spelling is tried. A value in which it turns up
/// was not taken literally.
const ELSEWHERE: &str = "another.value";

/// One name and value, and a text in which a literal `$` would be mistaken if it could be.
pub(crate) struct Trial<'v> {
    name: &'v str,
    value: &'v str,
    /// Every name that the value may seem to refer to, set around.
    around: Surroundings,
    /// The same names, set by lines before.
    before: String,
    /// A name that the value does not refer to.
    other_name: String,
}

impl<'v> Trial<'v> {
    pub(crate) fn new(name: &'v str, value: &'v str) -> Self {
        let names = referred(value);
        let mut other_name = name.to_owned();
        while names.contains(&other_name.as_str()) {
            other_name.push('1');
        }
        let before = names.iter().filter(|name| name.starts_with(|c: char| c.is_ascii_alphabetic()));
        let before = before.map(|name| format!("{name}={ELSEWHERE}\n")).collect();
        let around = names.iter().map(|name| (*name, ELSEWHERE)).collect();
        Self { name, value, around, before, other_name }
    }

    /// Whether the loader reads the value, alone and among all that it may seem to refer to.
    pub(crate) fn reads(&self, dialect: Dialect, written: &str) -> bool {
        let alone = read_alone(dialect, self.name, written);
        if !matches!(alone, Ok(Some(Value::Text(read))) if read == self.value) {
            return false;
        }
        if !written.contains('$') {
            return true;
        }
        let text = format!("{}{}={written}\n", self.before, self.other_name);
        let among = dialect.read(&text, &self.around);
        among.is_ok_and(|found| {
            found
                .into_iter()
                .any(|found| found.name == self.other_name && found.value.as_text() == Some(self.value))
        })
    }

    /// The surroundings that would show a reference to any other variable.
    pub(crate) fn around_it(&self) -> Surroundings {
        let names = referred(self.value).into_iter().filter(|name| *name != self.name);
        names.map(|name| (name, ELSEWHERE)).collect()
    }
}

/// What a loader makes of a file that holds this one variable. `None` where it sees no variable
/// of this name, or others besides.
pub(crate) fn read_alone(dialect: Dialect, name: &str, written: &str) -> Result<Option<Value>, Refused> {
    let found = dialect.read(&format!("{name}={written}\n"), &Surroundings::default())?;
    Ok(match <[Reading; 1]>::try_from(found) {
        Ok([found]) if found.name == name => Some(found.value),
        _ => None,
    })
}

/// Whether the cut takes `NAME=written` for this one variable and nothing else.
pub(crate) fn is_one_variable(name: &str, written: &str) -> bool {
    let text = format!("{name}={written}\n");
    match Document::parse(&text).entries() {
        [Entry::Variable(variable)] => variable.name() == name && variable.left().len() == name.len() + 1,
        _ => false,
    }
}

/// The names that a loader may take for references, each once: whatever follows a `$`, a brace or
/// a parenthesis between, as far as one idea of a name or another goes.
fn referred(value: &str) -> Vec<&str> {
    let mut names = Vec::new();
    for (at, _) in value.match_indices('$') {
        let rest = value[at + 1..].trim_start_matches(['{', '(', '!', '#']);
        let run = |is_name: fn(&u8) -> bool| &rest[..rest.bytes().take_while(is_name).count()];
        names.extend([
            run(|byte| byte.is_ascii_alphanumeric() || *byte == b'_'),
            run(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'_'),
            run(|byte| byte.is_ascii_alphanumeric()),
            run(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-')),
        ]);
    }
    names.retain(|name| !name.is_empty());
    names.sort_unstable();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_may_be_referred_to() {
        let check = |value, expected: &[&str]| assert_eq!(referred(value), expected, "{value:?}");
        check("a", &[]);
        check("$", &[]);
        check("$A$A", &["A"]);
        check("${A_b:-$C}", &["A", "A_", "A_b", "C"]);
        check("$a.b", &["a", "a.b"]);
        check("$(A)", &["A"]);
    }

    #[test]
    fn a_reference_that_happens_to_come_out_right_does_not_count() {
        // phpdotenv keeps a reference to what is not set.
        assert!(
            matches!(read_alone(Dialect::Php, "A", "${B}"), Ok(Some(Value::Text(read))) if read == "${B}")
        );
        assert!(!Trial::new("A", "${B}").reads(Dialect::Php, "${B}"));
        assert!(Trial::new("A", "${B}").reads(Dialect::Php, "'${B}'"));
        // dotenv-expand ends at a value that refers to itself.
        assert!(!Trial::new("A", "${A}").reads(Dialect::NodeExpand, "${A}"));
        assert!(Trial::new("A", "${A}").reads(Dialect::NodeExpand, "\\${A}"));
    }

    #[test]
    fn tells_one_variable() {
        let check = |written, one| assert_eq!(is_one_variable("A", written), one, "{written:?}");
        check("1", true);
        check("", true);
        check("'a\nB=1'", true);
        check("'a\nB=1", false);
        check("'a'\nB='1'", false);
        check("1\n", false);
    }
}
