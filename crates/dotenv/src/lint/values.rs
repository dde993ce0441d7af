//! What is doubtful in a value as it is written: marks without quotes, curved quotes, blanks at
//! its end, placeholders, commands.

use std::collections::HashSet;

use super::alike::Fixes;
use super::fix::{Effect, Proposal};
use super::kind::{Dollar, FindingKind, Hash, Severity};
use super::{Context, Draft};
use crate::cut::Form;
use crate::dialects::{Dialect, Surroundings, Value};
use crate::document::{Document, Variable};
use crate::edit::Edit;
use crate::right_half::{Quote, RightHalf};

/// The longest value that is looked at beyond its ends; a longer one is a file in a variable.
const MAX_VALUE: usize = 64 * 1024;

/// References that are set around nearly every program, so that nobody need set them.
const USUAL: [&str; 12] =
    ["HOME", "PWD", "USER", "LOGNAME", "PATH", "HOSTNAME", "SHELL", "TMPDIR", "TEMP", "LANG", "UID", "PORT"];

/// The findings about values, at each variable that has one.
pub(super) fn findings(
    document: &Document<'_>,
    dialect: Dialect,
    context: &Context,
    fixes: &mut Fixes<'_>,
    drafts: &mut Vec<Draft>,
) {
    let names: HashSet<&str> = document.variables().map(Variable::name).collect();
    let is_set = |name: &str| {
        names.contains(name) || USUAL.contains(&name) || context.surroundings.get(name).is_some()
    };
    for variable in document.variables() {
        let half = variable.right_half();
        let mut found = Found { variable, half, fixes, drafts };
        found.trailing_blanks(dialect);
        found.placeholder();
        if half.written().len() > MAX_VALUE {
            continue;
        }
        found.hash(dialect);
        found.dollar(dialect, &is_set);
        found.smart_quotes();
        found.command(dialect, &context.surroundings);
    }
}

/// One variable, and where its findings go.
struct Found<'f, 't, 'c> {
    variable: &'f Variable<'t>,
    half: RightHalf<'t>,
    fixes: &'f mut Fixes<'c>,
    drafts: &'f mut Vec<Draft>,
}

impl Found<'_, '_, '_> {
    /// Where the value begins.
    fn value_start(&self) -> usize {
        self.variable.span().start + self.variable.left().len() + self.half.lead().len()
    }

    fn name(&self) -> String {
        self.variable.name().to_owned()
    }

    fn push(&mut self, at: usize, severity: Severity, kind: FindingKind, proposal: Option<Proposal>) {
        self.drafts.push(Draft { at, name: Some(self.name()), severity, kind, proposal });
    }

    fn trailing_blanks(&mut self, dialect: Dialect) {
        let trailing = self.half.trailing();
        if trailing.is_empty() || !trailing.bytes().all(|byte| matches!(byte, b' ' | b'\t')) {
            return;
        }
        let at = self.value_start() + self.half.written().len();
        let edits = vec![Edit { span: at..at + trailing.len(), text: String::new() }];
        let alone = alone(dialect, self.variable);
        let in_value =
            alone.as_ref().and_then(Value::as_text).is_some_and(|value| value.ends_with([' ', '\t']));
        let effect = if in_value { Effect::ChangesReading } else { Effect::KeepsReading };
        let proposal = Proposal { edits, effect, reads: None };
        self.push(at, Severity::Warning, FindingKind::TrailingBlanks { name: self.name() }, Some(proposal));
    }

    fn placeholder(&mut self) {
        if is_placeholder(self.half.inner()) {
            let (at, kind) = (self.value_start(), FindingKind::Placeholder { name: self.name() });
            self.push(at, Severity::Warning, kind, None);
        }
    }

    /// A `#` that touches what is before it, in a value without quotes.
    fn hash(&mut self, dialect: Dialect) {
        let written = self.half.written();
        let bare = self.half.quote().is_none() && self.variable.form == Form::OneLine;
        let Some(place) = written.find('#').filter(|_| bare) else { return };
        let alone = alone(dialect, self.variable);
        let kept = alone.as_ref().and_then(Value::as_text).is_some_and(|value| value.contains('#'));
        let (hash, effect) = match kept {
            true => (Hash::Kept, Effect::KeepsReading),
            // Quotes are there to bring the rest of the value back.
            false => (Hash::Comment, Effect::ChangesReading),
        };
        let kind = FindingKind::UnquotedHash { name: self.name(), dialect, hash };
        let proposal = self.respelled(written, effect);
        self.push(self.value_start() + place, Severity::Warning, kind, proposal);
    }

    /// A `$` before the name of something that is not set.
    fn dollar(&mut self, dialect: Dialect, is_set: &dyn Fn(&str) -> bool) {
        let literal = self.half.quote() == Some(Quote::Single);
        let inner = self.half.inner();
        let Some(place) = loose_reference(inner, is_set).filter(|_| !literal) else { return };
        let alone = alone(dialect, self.variable);
        let kept = alone.as_ref().and_then(Value::as_text).is_some_and(|value| value.contains('$'));
        let (dollar, severity, effect) = match kept {
            true => (Dollar::Kept, Severity::Notice, Effect::KeepsReading),
            // The spelling is there to bring the rest of the value back.
            false => (Dollar::Reference, Severity::Warning, Effect::ChangesReading),
        };
        let kind = FindingKind::UnquotedDollar { name: self.name(), dialect, dollar };
        let proposal = self.respelled(inner, effect);
        let opening = usize::from(self.half.quote().is_some());
        self.push(self.value_start() + opening + place, severity, kind, proposal);
    }

    fn smart_quotes(&mut self) {
        let written = self.half.written();
        if self.half.quote().is_some() || !written.starts_with(is_smart) {
            return;
        }
        let inner = written.trim_start_matches(is_smart).trim_end_matches(is_smart);
        let mended = ['"', '\''].into_iter().find(|quote| !inner.contains(*quote) && !inner.contains('\\'));
        let proposal = mended.filter(|_| written.ends_with(is_smart)).map(|quote| {
            let start = self.value_start();
            let end = start + written.len();
            let inner_start = start + written.len() - written.trim_start_matches(is_smart).len();
            let straight = |span| Edit { span, text: quote.to_string() };
            let edits = vec![straight(start..inner_start), straight(inner_start + inner.len()..end)];
            Proposal { edits, effect: Effect::ChangesReading, reads: None }
        });
        let kind = FindingKind::SmartQuotes { name: self.name() };
        self.push(self.value_start(), Severity::Warning, kind, proposal);
    }

    fn command(&mut self, dialect: Dialect, surroundings: &Surroundings) {
        let written = self.half.written();
        // Only these can make a loader run something; the rest need not be read once more.
        if !written.contains(['`', '~']) && !written.contains("$(") {
            return;
        }
        let found = dialect.read(self.variable.text(), surroundings).unwrap_or_default();
        let runs = |value: &Value| matches!(value, Value::NeedsCommand);
        if found.iter().any(|reading| reading.name == self.variable.name() && runs(&reading.value)) {
            let kind = FindingKind::RunsCommand { name: self.name(), dialect };
            self.push(self.value_start(), Severity::Notice, kind, None);
        }
    }

    /// The value as written, spelled so that it is read as it is written.
    fn respelled(&mut self, value: &str, effect: Effect) -> Option<Proposal> {
        // An escape may be meant as one.
        let written = self.fixes.spell(self.variable.name(), value).filter(|_| !value.contains('\\'))?;
        let start = self.value_start();
        let span = start..start + self.half.written().len();
        Some(Proposal { edits: vec![Edit { span, text: written }], effect, reads: None })
    }
}

/// What a dialect makes of a variable that is alone in a file.
fn alone(dialect: Dialect, variable: &Variable<'_>) -> Option<Value> {
    let found = dialect.read(variable.text(), &Surroundings::default()).ok()?;
    found.into_iter().find(|reading| reading.name == variable.name()).map(|reading| reading.value)
}

/// The place of the first `$` before the name of something that is not set, unless it says itself
/// what to do then.
fn loose_reference(value: &str, is_set: &dyn Fn(&str) -> bool) -> Option<usize> {
    let is_name = |character: char| character.is_ascii_alphanumeric() || character == '_';
    let escaped = |at: usize| value[..at].bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 1;
    value.match_indices('$').map(|(at, _)| at).find(|at| {
        let rest = &value[at + 1..];
        let (name, braces) = match rest.strip_prefix('{') {
            Some(rest) => (rest, true),
            None => (rest, false),
        };
        let length = name.find(|character| !is_name(character)).unwrap_or(name.len());
        let (name, after) = name.split_at(length);
        let begins = |character: char| character.is_ascii_alphabetic() || character == '_';
        let says = braces && !after.starts_with('}');
        name.starts_with(begins) && !says && !is_set(name) && !escaped(*at)
    })
}

fn is_smart(character: char) -> bool {
    matches!(character, '\u{2018}'..='\u{201f}' | '«' | '»' | '‹' | '›')
}

/// Whether somebody was to write something else here.
fn is_placeholder(value: &str) -> bool {
    const WHOLE: [&str; 11] = [
        "todo",
        "tbd",
        "fixme",
        "placeholder",
        "example",
        "replaceme",
        "dummy",
        "...",
        "…",
        "insert-here",
        "fill-me-in",
    ];
    const START: [&str; 12] = [
        "changeme",
        "change-me",
        "change-this",
        "change-it",
        "replace-me",
        "replace-with",
        "replace-this",
        "your-",
        "insert-your",
        "enter-your",
        "put-your",
        "todo:",
    ];
    const END: [&str; 3] = ["-here", "-goes-here", "xxxxxx"];
    /// A placeholder is a few words.
    const LONGEST: usize = 80;
    let value = value.trim();
    if value.len() > LONGEST {
        return false;
    }
    let words = value.to_ascii_lowercase().replace(['_', ' '], "-");
    let only = |characters: &[char]| words.len() > 2 && words.trim_start_matches(characters).is_empty();
    let between = |open: &str, close: &str| {
        let inner = value.strip_prefix(open).and_then(|rest| rest.strip_suffix(close));
        inner.is_some_and(|inner| !inner.is_empty() && !inner.contains(['<', '>', '{', '}']))
    };
    WHOLE.contains(&words.as_str())
        || START.iter().any(|start| words.starts_with(start))
        || END.iter().any(|end| words.ends_with(end))
        || (words.contains('x') && only(&['x', '-']))
        || only(&['*'])
        || between("<", ">")
        || between("{{", "}}")
        || (between("__", "__") && !value.contains(|c: char| c.is_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::kind::Code;

    fn check_in(dialect: Dialect, text: &str, expected: &[(usize, Code)]) {
        let mut drafts = Vec::new();
        let context = Context::default();
        let mut fixes = Fixes::new(dialect, &context);
        findings(&Document::parse(text), dialect, &context, &mut fixes, &mut drafts);
        let found: Vec<_> = drafts.iter().map(|draft| (draft.at, draft.kind.code())).collect();
        assert_eq!(found, expected, "{dialect} {text:?}");
    }

    fn check(text: &str, expected: &[(usize, Code)]) {
        check_in(Dialect::Node, text, expected);
    }

    #[test]
    fn ordinary_values_pass() {
        check("A=1\nB=\nC=\"a b\"\nD='a#b$c'\nE=\"a # b\" # c\nF=a # c\nG=${A}/x\nH=$HOME/x\n", &[]);
        check("A=https://u:p@host:1/x?y=z&w=%20\nB=YWJj==\nC='{\"a\": [1]}'\nD=me@example.com\n", &[]);
        check("A=${NOT_SET:-default}\nB=a$\nC=$5\nD=\\$X\n", &[]);
    }

    #[test]
    fn marks_without_quotes() {
        check("A=a#b\n", &[(3, Code::UnquotedHash)]);
        check("A=#b\n", &[(2, Code::UnquotedHash)]);
        check("A= #b\n", &[]);
        check("A=a$b\n", &[(3, Code::UnquotedDollar)]);
        check("A=\"a${b}\"\n", &[(4, Code::UnquotedDollar)]);
        check("A='a$b'\n", &[]);
    }

    #[test]
    fn blanks_and_quotes() {
        check("A=a \t\nB=\"x\"  \r\n", &[(3, Code::TrailingBlanks), (11, Code::TrailingBlanks)]);
        check("A=  \n", &[(2, Code::TrailingBlanks)]);
        check("A=“a b”\nB=‘x’\n", &[(2, Code::SmartQuotes), (14, Code::SmartQuotes)]);
        check("A=it’s\nB=\"“x”\"\n", &[]);
    }

    #[test]
    fn commands() {
        check_in(Dialect::Bash, "A=$(date)\nB=`date`\n", &[(2, Code::RunsCommand), (12, Code::RunsCommand)]);
        check_in(Dialect::Bash, "A='$(date)'\n", &[]);
        check("A=$(date)\n", &[]);
    }

    #[test]
    fn placeholders() {
        let check = |value, expected| assert_eq!(is_placeholder(value), expected, "{value}");
        for value in [
            "changeme",
            "CHANGE_ME",
            "change-me-in-production",
            "your-api-key-here",
            "your_secret",
            "Your API key",
            "<token>",
            "<your token>",
            "xxx",
            "XXXX-XXXX",
            "sk_test_xxxxxxxx",
            "TODO",
            "TODO: ask",
            "...",
            "****",
            "{{ token }}",
            "__TOKEN__",
            "key-goes-here",
            "REPLACE_WITH_KEY",
            "placeholder",
        ] {
            check(value, true);
        }
        for value in [
            "",
            "x",
            "1",
            "example.com",
            "me@example.com",
            "yours",
            "a<b>",
            "<a><b>",
            "secret",
            "password",
            "__init__",
            "there",
            "exchange",
            "{\"a\":1}",
            "-",
            "--",
        ] {
            check(value, false);
        }
    }
}
