//! `.env.example`: the names, comments and blank lines of a document, without a value.
//!
//! What is kept is written anew from the parts that are no secret, rather than secrets being cut
//! out of a copy: an assignment gives its left half and its inline comment, a comment gives what
//! [`comments`] leaves of it, and every other line gives nothing.

mod comments;

use std::collections::HashMap;

use twinlock_dotenv::{Dialect, Document, Entry, Prose, Surroundings, Value, Variable};

use comments::{Comments, KnownValues};

/// The text of a `.env.example` for a document whose project reads it in `dialect`.
///
/// Assignments stay with their name, `export` and inline comment, and without their value.
/// Comments stay; an assignment in one loses its value like any other, and so does what looks
/// like a secret. Lines that are neither, keys among them, are dropped.
///
/// A comment that tells a secret in words of its own, without an `=` and in fewer than twenty
/// characters, is the one thing that no rule can see: such a file is read before it is shared.
#[must_use]
pub fn example(document: &Document<'_>, dialect: Dialect) -> String {
    let readings = readings(document, dialect);
    let known = known_values(document, &readings);
    let mut writer =
        Writer { out: String::new(), comments: Comments::new(&known), readings, hidden: Hidden::Nothing };
    for entry in document.entries() {
        match entry {
            Entry::Variable(variable) => writer.variable(variable),
            Entry::Prose(prose) => writer.prose(prose),
        }
    }
    writer.out
}

/// What the loader makes of each name, as far as it is text.
fn readings(document: &Document<'_>, dialect: Dialect) -> HashMap<String, String> {
    let readings = dialect.read(document.text(), &Surroundings::default()).unwrap_or_default();
    let texts = readings.into_iter().filter_map(|reading| match reading.value {
        Value::Text(value) => Some((reading.name, value)),
        Value::None | Value::Bytes(_) | Value::NeedsCommand => None,
    });
    texts.collect()
}

fn known_values(document: &Document<'_>, readings: &HashMap<String, String>) -> KnownValues {
    let mut known = KnownValues::default();
    for variable in document.variables() {
        known.add_name(variable.name());
        known.add_value(variable.right_half().inner());
        known.add_value(&variable.value());
    }
    for value in readings.values() {
        known.add_value(value);
    }
    known
}

struct Writer<'k> {
    out: String,
    comments: Comments<'k>,
    readings: HashMap<String, String>,
    hidden: Hidden,
}

/// How much of what follows may belong to a value rather than stand beside it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Hidden {
    Nothing,
    /// The next line, because this one ends in a backslash.
    Line,
    /// Everything up to the next variable, because a quote is never closed.
    Prose,
}

impl Hidden {
    fn after(line: &str) -> Self {
        if line.trim_end_matches(['\r', '\n']).ends_with('\\') { Self::Line } else { Self::Nothing }
    }
}

impl Writer<'_> {
    fn variable(&mut self, variable: &Variable<'_>) {
        let right = variable.right_half();
        self.comments.end_of_block();
        self.out.push_str(variable.left());
        let comment = right.trailing().trim_start_matches([' ', '\t']);
        let is_value =
            self.readings.get(variable.name()).is_some_and(|value| value.contains(comment.trim_end()));
        // `NAME= #text` may be meant as a value that begins with a `#`.
        let may_be_value =
            right.written().is_empty() && !comment.trim_start_matches('#').starts_with([' ', '\t']);
        if comment.starts_with('#') && !is_value && !may_be_value {
            let blanks = &right.trailing()[..right.trailing().len() - comment.len()];
            // A `#` right after the `=` would be a value.
            self.out.push_str(if blanks.is_empty() { " " } else { blanks });
            self.out.push_str(&self.comments.inline(comment));
        }
        self.out.push_str(right.ending());
        self.hidden = match right.quote() {
            None if right.written().starts_with(['"', '\'', '`']) => Hidden::Prose,
            _ => Hidden::after(variable.right()),
        };
    }

    fn prose(&mut self, prose: &Prose<'_>) {
        for line in prose.text().split_inclusive('\n') {
            let body = line.trim_end_matches('\n').trim_end_matches('\r');
            let content = body.trim_start_matches([' ', '\t', '\u{feff}']);
            let indent = &body[..body.len() - content.len()];
            let ending = &line[body.len()..];
            let hidden = self.hidden;
            if hidden != Hidden::Prose {
                self.hidden = Hidden::after(body);
            }
            if hidden == Hidden::Nothing && content.starts_with('#') {
                if let Some(comment) = self.comments.line(content) {
                    self.out.extend([indent, &comment, ending]);
                }
                continue;
            }
            self.comments.end_of_block();
            if hidden == Hidden::Nothing && content.is_empty() {
                self.out.extend([indent, ending]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> String {
        example(&Document::parse(text), Dialect::Node)
    }

    #[test]
    fn keeps_names_comments_and_blank_lines() {
        let check = |text: &str, expected: &str| assert_eq!(of(text), expected, "{text:?}");
        check("", "");
        check("A=1\n", "A=\n");
        check("A=1", "A=");
        check("\u{feff}A=1\r\n\r\nexport B = \"2\"\r\n", "\u{feff}A=\r\n\r\nexport B =\r\n");
        check(
            "# About\n\n  # the port\nPORT=3000  # of the web\n",
            "# About\n\n  # the port\nPORT=  # of the web\n",
        );
        check("A='x'# why\nB= # nothing\n", "A= # why\nB= # nothing\n");
        check("A=x#y\n", "A=\n");
        check("A=\"1\n# 2\n3\" # many\nB=1\n", "A= # many\nB=\n");
        check("A=1\nA=2\n", "A=\nA=\n");
    }

    #[test]
    fn drops_lines_that_are_neither() {
        let check = |text: &str, expected: &str| assert_eq!(of(text), expected, "{text:?}");
        check("canary\nA=1\n", "A=\n");
        check("-----BEGIN KEY-----\nMIIEcanary\n-----END KEY-----\nA=1\n", "A=\n");
        check("A=-----BEGIN KEY-----\nMIIEcanary\n-----END KEY-----\n", "A=\n");
        check("password: canary\n; note\n", "");
        // What may belong to a value, by one loader's rules or another's.
        check("A=\"canary\n# canary\n\nB=1\n# b\n", "A=\nB=\n# b\n");
        check("A=1\\\n# canary\n# b\n", "A=\n# b\n");
    }

    #[test]
    fn drops_a_comment_that_the_dialect_takes_for_the_value() {
        let document = Document::parse("A=1 # canary\n");
        assert_eq!(example(&document, Dialect::Docker), "A=\n");
        assert_eq!(example(&document, Dialect::Node), "A= # canary\n");
    }

    #[test]
    fn empties_assignments_in_comments() {
        let check = |text: &str, expected: &str| assert_eq!(of(text), expected, "{text:?}");
        check("#OLD=canary\n# export OLD = canary # why\n", "#OLD=\n# export OLD = # why\n");
        check("# OLD='canary canary'\n#A: canary\nA=1\n", "# OLD=\n#A:\nA=\n");
        check("A=1 # was A=canary before\n", "A= # was A=... before\n");
        check("# OLD=\"canary\n# canary\n# canary\"\n# kept\n", "# OLD=\n# kept\n");
        check("# OLD=-----BEGIN\n# canary\n# -----END\n# kept\n", "# OLD=\n# kept\n");
        check("# OLD=\"canary\n# canary\n\n# kept\n", "# OLD=\n\n# kept\n");
    }

    #[test]
    fn a_comment_that_repeats_a_value_loses_it() {
        let text = "# try canary, or canary-2\nA=canary\n";
        assert_eq!(of(text), "# try ..., or ...-2\nA=\n");
        let several = "# line canary here\nA=\"1\n  canary\"\n";
        assert_eq!(of(several), "# line ... here\nA=\n");
    }
}
