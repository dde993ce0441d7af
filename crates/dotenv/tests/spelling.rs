//! How values are written, and that they are read back.

use twinlock_dotenv::spelling::{NoSpelling, Obstacle, choose, everywhere, readings_of, takes};
use twinlock_dotenv::{Dialect, RightHalf, Value};

#[test]
fn the_plainest_spelling_that_most_loaders_read() {
    fn check(dialect: Dialect, old: Option<&str>, value: &str, expected: &str) {
        let old = old.map(RightHalf::parse);
        let found = choose("NAME", value, dialect, old.as_ref()).map(|found| found.written);
        assert_eq!(found.as_deref(), Ok(expected), "{dialect} {value:?}");
    }
    check(Dialect::Node, None, "plain", "plain");
    check(Dialect::Node, None, "", "");
    check(Dialect::Node, None, "two words", "\"two words\"");
    check(Dialect::Docker, None, "two words", "two words");
    check(Dialect::Node, None, "a#b", "\"a#b\"");
    check(Dialect::Node, None, "a$B", "'a$B'");
    check(Dialect::NodeExpand, None, "a$B", "\"a\\$B\"");
    check(Dialect::Node, None, "it's", "\"it's\"");
    check(Dialect::Node, None, "{\"a\": 1}", "'{\"a\": 1}'");
    check(Dialect::Node, None, "line\nline", "\"line\nline\"");
    check(Dialect::Go, None, " a\\", "\" a\\\"\"");
    check(Dialect::Docker, None, "a\r", "a\r\r");
    check(Dialect::Python, None, "${A}", "${:-${}A}");
    check(Dialect::Sh, None, "it's $5 `now`", "'it'\"'\"'s $5 `now`'");
    // The style stays where none is lost who read the old one.
    check(Dialect::Node, Some("\"old\"\n"), "new", "\"new\"");
    check(Dialect::Node, Some("'old' # c\n"), "new", "'new'");
    check(Dialect::Node, Some("old\n"), "new", "new");
    check(Dialect::Node, Some("\n"), "new", "new");
    check(Dialect::Node, Some("`old`\n"), "new", "`new`");
    check(Dialect::Node, Some("old\n"), "two words", "\"two words\"");
    check(Dialect::Node, Some("'old'\n"), "it's", "\"it's\"");
    check(Dialect::Docker, Some("\"old\"\n"), "new", "new");
}

#[test]
fn what_cannot_be_written_is_said() {
    fn check(dialect: Dialect, name: &str, value: &str, obstacle: Obstacle) {
        assert_eq!(choose(name, value, dialect, None), Err(NoSpelling { dialect, obstacle }), "{value:?}");
    }
    check(Dialect::Docker, "A", "a\nb", Obstacle::LineBreak);
    check(Dialect::Django, "A", "a\nb", Obstacle::LineBreak);
    check(Dialect::Sh, "a-b", "1", Obstacle::Name);
    check(Dialect::Just, "a.b", "1", Obstacle::Name);
    check(Dialect::Bash, "A", "a\0b", Obstacle::ZeroByte);
    check(Dialect::Docker, "A", &"x".repeat(70_000), Obstacle::Length);
}

#[test]
fn what_is_said_is_a_sentence_without_the_value() {
    let error = choose("A", "secret\nsecret", Dialect::Docker, None).map_err(|error| error.to_string());
    assert_eq!(
        error.err().as_deref(),
        Some(
            "docker run --env-file cannot be given a value with this line break in it, however it is written. Write the line break as the program's own escape, or keep the value as base64."
        )
    );
}

#[test]
fn a_spelling_for_all() {
    let check = |name: &str, value: &str, expected: Option<&str>| {
        assert_eq!(everywhere(name, value).as_deref(), expected, "{name} {value:?}");
    };
    check("A", "plain", Some("plain"));
    check("A", "https://example.com/a?b=c", Some("https://example.com/a?b=c"));
    check("A", "https://example.com/a?b=c&d=e", None);
    check("A", "two words", None);
    check("A", "", Some(""));
    // Where some loaders take no such name, the others decide.
    check("a.b", "plain", Some("plain"));
    check("a-b", "plain", Some("plain"));
    assert!(!takes(Dialect::Sh, "a-b"));
}

#[test]
fn every_reading_is_listed() {
    let found = readings_of("A", "'$B'");
    assert_eq!(found.len(), Dialect::ALL.len());
    let text = |dialect: Dialect| {
        let of = found.iter().find(|(other, _)| *other == dialect)?;
        of.1.as_ref().ok()?.as_ref().and_then(Value::as_text).map(str::to_owned)
    };
    assert_eq!(text(Dialect::Node).as_deref(), Some("$B"));
    assert_eq!(text(Dialect::Docker).as_deref(), Some("'$B'"));
    assert_eq!(text(Dialect::NodeExpand).as_deref(), Some(""));
}
