//! What the loaders answered where a dialect once read otherwise, one class to a test.

use twinlock_dotenv::{Dialect, Surroundings, Value};

type Answer = Option<&'static [(&'static str, &'static str)]>;

const REFUSED: Answer = None;
const UNKNOWN: &str = "(only a command would tell)";

fn check(dialect: Dialect, text: &str, expected: Answer) {
    let around = [("HOST_VAR", "from_host"), ("HOST_SET", "host_value"), ("HOST_EMPTY", "")];
    let surroundings: Surroundings = around.into_iter().collect();
    let found = dialect.read(text, &surroundings).ok().map(|readings| {
        readings
            .into_iter()
            .map(|reading| match reading.value {
                Value::Text(text) => (reading.name, text),
                Value::None | Value::Bytes(_) => (reading.name, String::new()),
                Value::NeedsCommand => (reading.name, UNKNOWN.to_owned()),
            })
            .collect::<Vec<_>>()
    });
    let expected = expected.map(|expected| {
        expected.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect::<Vec<_>>()
    });
    assert_eq!(found, expected, "{} {text:?}", dialect.name());
}

#[test]
fn a_zero_byte_matters_only_where_the_value_is_set() {
    for dialect in [Dialect::Rust, Dialect::Uv, Dialect::Just] {
        check(dialect, "A=a\0\nB=2\n", REFUSED);
        check(dialect, "HOST_SET=a\0\nB=2\n", Some(&[("HOST_SET", "host_value"), ("B", "2")]));
    }
    check(Dialect::Uv, "A=1\nA=a\0\nB=2\n", Some(&[("A", "1"), ("B", "2")]));
    check(Dialect::Just, "A=a\0\nA=1\n", Some(&[("A", "1")]));
}

#[test]
fn blanks_that_start_a_value_are_part_of_it_for_phpdotenv() {
    check(Dialect::Php, "A=\u{c} x y\n", REFUSED);
    check(Dialect::Php, "A=\u{c} #x\n", Some(&[("A", "\u{c} ")]));
    check(Dialect::Php, "A=\u{c} ,$B\n", Some(&[("A", "\u{c} ,$B")]));
}

#[test]
fn ruby_looks_for_commands_before_references() {
    check(Dialect::Ruby, "A='$(x)'\nB=$A\n", Some(&[("A", "$(x)"), ("B", "$(x)")]));
    check(Dialect::Ruby, "A=\\$(x)\nB=$(x)y\n", Some(&[("A", "$(x)"), ("B", UNKNOWN)]));
}

#[test]
fn symfony_reads_on_behind_a_command() {
    check(Dialect::Symfony, "A=\"$(x)${N:-'q'}\"\n", REFUSED);
    check(Dialect::Symfony, "A=\"$(x)${N:=q}\"\nB=$N\n", Some(&[("N", "q"), ("A", UNKNOWN), ("B", "q")]));
}
