//! What the loaders of the JavaScript world answered to texts that are written to catch them out.
//!
//! Found by comparing each dialect with its loader over very many generated texts; the tables keep
//! one text for each kind of difference there was.

use twinlock_dotenv::{Dialect, Refused, Surroundings, Value};

/// What a loader does with a text.
enum Answer<'a> {
    Loads(&'a [(&'a str, &'a str)]),
    StopsAt(usize),
    NeverEnds,
}

use Answer::{Loads, NeverEnds, StopsAt};

fn check(dialect: Dialect, text: &str, expected: &Answer<'_>) {
    let surroundings: Surroundings = [("HOST_VAR", "from_host")].into_iter().collect();
    let read = dialect.read(text, &surroundings);
    let name = dialect.name();
    match expected {
        Loads(expected) => {
            let Ok(found) = read else { panic!("{name} refuses {text:?}") };
            let found: Vec<_> = found
                .iter()
                .map(|found| (found.name.as_str(), found.value.as_text().unwrap_or("not a text")))
                .collect();
            assert_eq!(found, *expected, "{name} {text:?}");
        }
        StopsAt(line) => {
            assert_eq!(read.err(), Some(Refused::Syntax { line: *line }), "{name} {text:?}");
        }
        NeverEnds => assert_eq!(read.err(), Some(Refused::Endless), "{name} {text:?}"),
    }
}

// dotenv-expand 1000.0.0
#[test]
fn node_expand_finds_what_every_object_has() {
    let check = |text, expected| check(Dialect::NodeExpand, text, &expected);
    check("A=$toString\n", Loads(&[("A", "[object Undefined]")]));
    check("A=<${__proto__}>\n", Loads(&[("A", "<[object Object]>")]));
    check("A=${isPrototypeOf:-x}\n", Loads(&[("A", "false")]));
    check("A=${toString-x}\nB=${valueOf:+x}\nC=${valueOf+x}\n", Loads(&[("A", "x"), ("B", "x"), ("C", "")]));
    check("A=1\nB=$valueOf\n", StopsAt(2));
    check("A=${constructor}\n", NeverEnds);
    check("toString=1\nA=$toString\n", Loads(&[("toString", "1"), ("A", "1")]));
    check("DOTENV_PRIVATE_KEY=x\nA=encrypted:abc\n", StopsAt(2));
    check(
        "DOTENV_PRIVATE_KEY=\nA=encrypted:abc\n",
        Loads(&[("DOTENV_PRIVATE_KEY", ""), ("A", "encrypted:abc")]),
    );
}

// @dotenvx/dotenvx 2.38.2
#[test]
fn dotenvx_loads_nothing_where_it_trips() {
    let check = |text, expected| check(Dialect::Dotenvx, text, &expected);
    check("A=1\nB=$toString\n", Loads(&[("A", "1"), ("B", "[object Undefined]")]));
    check("A=1\nB=$valueOf\n", Loads(&[]));
    check("A=1\ntoString=2\n", Loads(&[]));
    check("B=$constructor\nconstructor=1\n", Loads(&[]));
    check("A='$valueOf'\n", Loads(&[("A", "$valueOf")]));
}

// @next/env 16.4.6
#[test]
fn next_keeps_no_name_that_every_object_has() {
    let check = |text, expected| check(Dialect::Next, text, &expected);
    check("A=$toString\nB=$constructor\n", Loads(&[("A", "[object Undefined]"), ("B", "[object global]")]));
    check("toString=1\nA=$toString\n", Loads(&[("A", "[object Undefined]")]));
    check("A=1\nB=${valueOf:-x}\n", StopsAt(2));
}

// Vite 8.3.8
#[test]
fn vite_has_rules_of_its_own() {
    let check = |text, expected| check(Dialect::Vite, text, &expected);
    check("A=1\ntoString=2\n", StopsAt(2));
    check("A=${isPrototypeOf}\nB=${valueOf:+x}\n", Loads(&[("A", "false"), ("B", "x")]));
    check("A=$constructor\n", NeverEnds);
    check("A=${anullb}\n", Loads(&[("A", "b")]));
    check("A=1\nBROWSER=$A\nC=$BROWSER\n", Loads(&[("A", "1"), ("BROWSER", "$A"), ("C", "1")]));
}

// Bun 1.4.5
#[test]
fn bun_takes_the_default_of_no_name() {
    let check = |text, expected| check(Dialect::Bun, text, &expected);
    check(
        "A=${:-x}\nB=${:x}\nC=${:-${HOST_VAR}}\n",
        Loads(&[("A", "x"), ("B", "${:x}"), ("C", "from_host")]),
    );
}

// Docker Compose 2.40.3
#[test]
fn compose_reads_the_word_that_it_does_not_take() {
    let check = |text, expected| check(Dialect::Compose, text, &expected);
    check("A=1\nB=${A:-${}\n", StopsAt(2));
    check("A=1\nB=${NOPE:+${A}\n", StopsAt(2));
    check("A=1\nB=${A:-${NOPE:?x}}\n", StopsAt(2));
    check("A=1\nB=${A:-${NOPE}}\nC=${NOPE:+$A}\n", Loads(&[("A", "1"), ("B", "1"), ("C", "")]));
}

/// A value that only a command would tell.
#[test]
fn commands_are_found_and_never_run() {
    for dialect in [Dialect::NodeExpand, Dialect::Dotenvx] {
        let read = dialect.read("A=$(echo 1)\nB=2\n", &Surroundings::default()).unwrap_or_default();
        assert!(matches!(read.first().map(|first| &first.value), Some(Value::NeedsCommand)));
        assert_eq!(read.len(), 2);
    }
}
