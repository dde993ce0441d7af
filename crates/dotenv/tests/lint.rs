//! What must hold of the findings on every text, and that ordinary files have none.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::*;
use twinlock_dotenv::edit::apply;
use twinlock_dotenv::lint::{Code, Context, Effect, Finding, FindingKind, Severity, lint, reads_differently};
use twinlock_dotenv::{Dialect, Document, Reading, Surroundings};

/// Files as people write them, with quotes where they are needed.
const ORDINARY: [&str; 5] = [
    "",
    "# Database\nDATABASE_URL=postgres://user:s3cret@localhost:5432/app\nDATABASE_POOL=10\n\n# Mail\nSMTP_HOST=smtp.example.com\nSMTP_PORT=587\nSMTP_FROM=\"The App <app@example.com>\"\n",
    "NODE_ENV=development\nPORT=3000\nAPI_KEY=sk_test_51H8xYz\nEMPTY=\nFEATURES=a,b,c\nGREETING='hello there'\nCOLOUR=\"#ff8800\"\nPUBLIC_URL=https://example.com/path\n",
    "AWS_ACCESS_KEY_ID=AKIAEXAMPLEEXAMPLE\r\nAWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG+bPxRfiCYEKEY\r\nAWS_REGION=eu-central-1\r\nTOKEN=eyJhbGciOiJIUzI1NiJ9.e30.ZRrHA1JJJW8opsbCGfG_HACGpVUMN_a9IV7pAx_Zmeo\r\n",
    "DEBUG=true\nALLOWED_HOSTS=localhost,127.0.0.1\nSECRET_KEY='j#8k2(x9!w'\nCONFIG='{\"retries\": 3, \"hosts\": [\"a\", \"b\"]}'\nCRON=\"*/5 * * * *\"\nB64=YWJjZA==\nNAME=\"Zoë\"",
];

fn found(text: &str, dialect: Dialect) -> Vec<Finding> {
    lint(text, dialect, &Context::default())
}

#[test]
fn ordinary_files_have_no_finding() {
    for text in ORDINARY {
        // To docker, quotes are part of a value, so that it has something to say of each.
        // To shells, so is the carriage return of a line ending.
        let crlf = text.contains('\r');
        let shell =
            |dialect| matches!(dialect, Dialect::Sh | Dialect::Bash | Dialect::Direnv | Dialect::Systemd);
        let silent = |dialect: &Dialect| *dialect != Dialect::Docker && !(crlf && shell(*dialect));
        for dialect in Dialect::ALL.into_iter().filter(silent) {
            let sentences: Vec<_> =
                found(text, dialect).iter().map(|finding| finding.kind.to_string()).collect();
            assert_eq!(sentences, <[String; 0]>::default(), "{dialect} {text}");
        }
    }
}

/// The findings of each text in `node`, as `line:column severity code`.
fn check(text: &str, expected: &[&str]) {
    let found: Vec<_> = found(text, Dialect::Node)
        .iter()
        .map(|finding| {
            format!("{}:{} {} {}", finding.line, finding.column, finding.severity, finding.kind.code())
        })
        .collect();
    assert_eq!(found, expected, "{text:?}");
}

#[test]
fn finds_by_line_and_column() {
    check("A=1 # c\n", &["1:1 notice reads-differently"]);
    check("\n A=a#b\n", &["2:2 warning reads-differently", "2:5 warning unquoted-hash"]);
    check("A=a b\n", &["1:1 notice refused-elsewhere", "1:1 notice reads-differently"]);
    check("A=a\nA=b\n", &["2:1 warning duplicate-name", "2:1 warning reads-differently"]);
    check("A=1 \n", &["1:1 notice reads-differently", "1:4 warning trailing-blanks"]);
    check("PATH=/a\n", &["1:1 warning dangerous-name"]);
    check("# é\u{202e}\nA=1\n", &["1:4 warning invisible-characters"]);
    check(
        "\nwhat\n",
        &["1:1 notice more-names", "2:1 notice refused-elsewhere", "2:1 warning not-an-assignment"],
    );
    check("A=changeme\n", &["1:3 warning placeholder"]);
}

#[test]
fn the_loader_that_counts_refusing_is_an_error() {
    let found = found("B=1\nA=a b\n", Dialect::Rust);
    let first: Vec<_> =
        found.iter().map(|finding| (finding.line, finding.severity, finding.kind.code())).collect();
    assert!(first.contains(&(2, Severity::Error, Code::Refused)), "{first:?}");
}

#[test]
fn docker_and_its_quotes_are_told_where_they_are_asked_for() {
    let text = "A=\"a b\"\n";
    assert!(found(text, Dialect::Node).is_empty());
    assert!(reads_differently(text, Dialect::Node, &Surroundings::default()).names.is_empty());
    let context = Context { also: vec![Dialect::Docker], ..Context::default() };
    let found = lint(text, Dialect::Node, &context);
    let sentences: Vec<_> =
        found.iter().map(|finding| (finding.severity, finding.kind.to_string())).collect();
    assert_eq!(sentences, [(Severity::Warning, "node reads A otherwise than docker.".to_owned())]);
}

#[test]
fn carriage_returns_are_told_once_and_where_they_count() {
    let text = "A=1\r\nB=\"b c\"\r\n";
    assert!(found(text, Dialect::Node).is_empty());
    let differences = reads_differently(text, Dialect::Node, &Surroundings::default());
    assert!(differences.names.is_empty());
    assert!(differences.carriage_returns.contains(&Dialect::Bash));
    let found = found(text, Dialect::Bash);
    let [finding] = found.as_slice() else { panic!("one finding: {found:?}") };
    assert_eq!((finding.line, finding.column, finding.kind.code()), (1, 4, Code::LineEndings));
    let fixed = finding.fix.as_ref().map(|fix| apply(text, &fix.edits).expect("sound edits"));
    assert_eq!(fixed.as_deref(), Some("A=1\nB=\"b c\"\n"));
}

#[test]
fn a_reference_that_is_followed_is_only_told() {
    let of = |dialect| -> Vec<_> {
        found("A=1\nB=${A}x\n", dialect)
            .iter()
            .map(|finding| (finding.severity, finding.kind.code()))
            .collect()
    };
    assert_eq!(of(Dialect::Next), [(Severity::Notice, Code::ReadsDifferently)]);
    assert_eq!(of(Dialect::Node), [(Severity::Warning, Code::ReadsDifferently)]);
}

#[test]
fn what_differs_comes_with_both_readings() {
    let found = reads_differently("A=a#b\nB=1\n", Dialect::Node, &Surroundings::default());
    let [difference] = found.names.as_slice() else { panic!("one name differs") };
    let text = |dialect: Dialect| {
        let group = difference.others.iter().find(|group| group.dialects.contains(&dialect));
        group.unwrap_or(&difference.own).outcome.as_text().map(str::to_owned)
    };
    assert_eq!(text(Dialect::Node), Some("a".to_owned()));
    assert_eq!(text(Dialect::Compose), Some("a#b".to_owned()));
    assert_eq!(difference.others.len(), 1);
    assert!(found.refused.is_empty() && found.more.is_empty());
}

#[test]
fn offers_a_spelling() {
    let check = |dialect: Dialect, text: &str, code: Code, expected: Option<(&str, Effect)>| {
        let found = found(text, dialect);
        let fixes = found.iter().filter(|finding| finding.kind.code() == code);
        let fix = fixes.map(|finding| finding.fix.as_ref()).next().expect("a finding");
        let fix = fix.map(|fix| (apply(text, &fix.edits).expect("sound edits"), fix.effect.clone()));
        let fix = fix.as_ref().map(|(text, effect)| (text.as_str(), effect.clone()));
        assert_eq!(fix, expected, "{dialect} {text:?}");
    };
    let differs = Code::ReadsDifferently;
    let all = || Effect::ReadAlike { but: vec![] };
    let all_but_docker = || Effect::ReadAlike { but: vec![Dialect::Docker] };
    check(Dialect::Node, "A=1 # c\n", differs, Some(("# c\nA=1\n", all())));
    check(Dialect::Node, "A = 1\n", differs, Some(("A=1\n", all())));
    check(Dialect::Node, "A=a b\n", differs, Some(("A=\"a b\"\n", all_but_docker())));
    check(Dialect::Node, "A=a&b=c\n", differs, Some(("A=\"a&b=c\"\n", all_but_docker())));
    check(Dialect::Python, "A=a#b\n", differs, Some(("A=\"a#b\"\n", all_but_docker())));
    check(Dialect::Node, "A=a#b\n", differs, None);
    check(Dialect::Node, "A=a#b\n", Code::UnquotedHash, Some(("A=\"a#b\"\n", Effect::ChangesReading)));
    check(Dialect::Next, "B=1\nA=${B}\n", differs, None);
    // The quotes would close the one above.
    check(Dialect::Node, "A=\"\nB=~\n", differs, None);
    check(Dialect::Node, "A=a\t\n", Code::TrailingBlanks, Some(("A=a\n", Effect::KeepsReading)));
    check(Dialect::Docker, "A=a \n", Code::TrailingBlanks, Some(("A=a\n", Effect::ChangesReading)));
    check(Dialect::Node, "A=“a b”\n", Code::SmartQuotes, Some(("A=\"a b\"\n", Effect::ChangesReading)));
    check(
        Dialect::Node,
        "A=a\u{a0}b\u{a0}\n",
        Code::InvisibleCharacters,
        Some(("A=a b \n", Effect::ChangesReading)),
    );
}

/// Pieces of files, ordinary and not.
const PIECES: [&str; 60] = [
    "A",
    "B",
    "X1",
    "_",
    "export ",
    "=",
    "==",
    " = ",
    ": ",
    "\"",
    "'",
    "`",
    "\\",
    "\\\"",
    "\\n",
    "\\$",
    "#",
    " #",
    "\n",
    "\n",
    "\n",
    "\r\n",
    "\r",
    " ",
    "\t",
    "x",
    "7",
    "$",
    "$A",
    "${A}",
    "${",
    "}",
    "{",
    "${A:-",
    "$(",
    ")",
    "(",
    ";",
    "&",
    "<",
    ">",
    "\0",
    "\u{feff}",
    "\u{200b}",
    "\u{202e}",
    "\u{2028}",
    "\u{a0}",
    "é",
    "“",
    "”",
    "A=1\n",
    "B='2'\n",
    "C=\"3\n",
    "PATH=/x\n",
    "a.b=1\n",
    "K=changeme\n",
    "U=http://localhost/\n",
    "-----BEGIN K-----\n",
    "# c\n",
    "sk_live_x",
];

fn text() -> impl Strategy<Value = String> {
    let piece = proptest::sample::select(PIECES.to_vec());
    let pieces = vec(piece, 0..40).prop_map(|pieces| pieces.concat());
    prop_oneof![any::<String>(), pieces.clone(), pieces]
}

/// A value as it might be written on one line, and as it might be meant.
fn right_half() -> impl Strategy<Value = String> {
    let pieces = [
        "a", "b c", "#", " # c", " ", "\t", "&", ";", "$", "$X", "{", "}", "(", "!", "'", "\"", "\\", "\\n",
        "*", "~", "|", "<", "é", "=", ":", "/", ",", "`",
    ];
    let bare = vec(proptest::sample::select(pieces.to_vec()), 0..6).prop_map(|pieces| pieces.concat());
    let quote = proptest::sample::select(vec!["\"", "'", "", "", "`"]);
    (quote, bare).prop_map(|(quote, bare)| [quote, &bare, quote].concat())
}

fn dialect() -> impl Strategy<Value = Dialect> {
    proptest::sample::select(Dialect::ALL.to_vec())
}

fn environment() -> impl Strategy<Value = Option<&'static str>> {
    proptest::sample::select(vec![None, Some("production"), Some("dev")])
}

fn context(environment: Option<&str>) -> Context {
    Context {
        surroundings: [("X1", "around"), ("HOME", "/home")].into_iter().collect(),
        environment: environment.map(str::to_owned),
        also: vec![],
    }
}

fn read(dialect: Dialect, text: &str, surroundings: &Surroundings) -> Option<Vec<Reading>> {
    dialect.read(text, surroundings).ok()
}

fn value<'r>(readings: &'r [Reading], name: &str) -> Option<&'r twinlock_dotenv::Value> {
    readings.iter().find(|reading| reading.name == name).map(|reading| &reading.value)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn every_finding_is_in_the_text_and_every_fix_does_what_it_says(
        (text, dialect, environment) in (text(), dialect(), environment()),
    ) {
        let context = context(environment);
        let lines = 1 + text.matches('\n').count();
        let before = read(dialect, &text, &context.surroundings);
        let mut last = (1, 1);
        for finding in lint(&text, dialect, &context) {
            let place = (finding.line, finding.column);
            prop_assert!(last <= place && finding.line <= lines, "{:?}", finding);
            last = place;
            let Some(fix) = finding.fix else { continue };
            let fixed = apply(&text, &fix.edits).expect("sound edits");
            prop_assert_ne!(&fixed, &text);
            let after = read(dialect, &fixed, &context.surroundings);
            match fix.effect {
                Effect::KeepsReading | Effect::ReadAlike { .. } => prop_assert!(after == before, "{:?}", text),
                Effect::ChangesReading => {
                    let names = |readings: &Option<Vec<Reading>>| -> BTreeSet<String> {
                        readings.iter().flatten().map(|reading| reading.name.clone()).collect()
                    };
                    prop_assert!(names(&before).is_subset(&names(&after)), "{:?}", text);
                }
            }
        }
    }

    #[test]
    fn a_spelling_that_is_offered_makes_loaders_agree(
        (rights, dialect) in (vec(right_half(), 1..4), dialect()),
    ) {
        let text: String = rights.iter().zip(["A", "B", "C"]).map(|(right, name)| format!("{name}={right}\n")).collect();
        let around = Surroundings::default();
        for finding in found(&text, dialect) {
            let (Some(name), Some(fix)) = (&finding.name, finding.fix) else { continue };
            let Effect::ReadAlike { but } = fix.effect else { continue };
            let fixed = apply(&text, &fix.edits).expect("sound edits");
            let own = read(dialect, &fixed, &around).expect("read before and after");
            // The other lines may still be read in other ways, or refused: the line is judged alone.
            let document = Document::parse(&fixed);
            let line = document.variables().find(|variable| variable.name() == name).expect("the variable").text();
            for other in Dialect::ALL.into_iter().filter(|other| !but.contains(other)) {
                let found = read(other, line, &around).expect("a dialect that takes the name");
                prop_assert!(value(&found, name) == value(&own, name), "{} {} {:?}", dialect, other, fixed);
            }
        }
    }

    #[test]
    fn no_finding_shows_a_value(
        (before, after, dialect) in (right_half(), right_half(), dialect()),
    ) {
        let text = format!("A={before}hunter2{after}\nhunter2\n");
        for finding in found(&text, dialect) {
            let shown = format!("{} {finding:?}", finding.kind);
            prop_assert!(!shown.contains("hunter2"), "{}", shown);
        }
    }
}

#[test]
fn hostile_texts_come_to_an_end() {
    const MANY: usize = 1_500;
    let texts = [
        "A=${A}x\n".to_owned(),
        format!("A={}", "${".repeat(MANY)),
        format!("A=\"{}", "$(".repeat(MANY)),
        format!("A={}", "\"'".repeat(MANY)),
        "A=\"\\\"\n".repeat(MANY),
        "A='x\n".repeat(MANY),
        "A=a#b \n".repeat(MANY),
        (0..MANY).map(|number| format!("A{number} = a b # c\n")).collect(),
        format!("A={}", " #".repeat(MANY)),
        format!("A={}", "a\u{a0}\u{200b}".repeat(MANY)),
        format!("A=\"{}\"", "a\u{a0}\n".repeat(MANY)),
        "a\u{a0}\r".repeat(MANY),
        format!("A={}", "://".repeat(MANY)),
        format!("A={}", "<".repeat(MANY)),
        format!("A={}", "\\$".repeat(MANY)),
        "what\n".repeat(MANY),
    ];
    let context = Context { environment: Some("production".to_owned()), ..Context::default() };
    for text in &texts {
        let lines = 1 + text.matches('\n').count();
        for dialect in [Dialect::Node, Dialect::Bash] {
            assert!(lint(text, dialect, &context).iter().all(|finding| finding.line <= lines));
        }
    }
}

#[test]
fn the_documentation_lists_every_code() {
    let page = include_str!("../../../docs/lint.md");
    let listed = page.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    assert_eq!(listed.collect::<Vec<_>>(), Code::ALL.iter().map(|code| code.name()).collect::<Vec<_>>());
}

#[test]
fn every_kind_of_finding_can_be_made() {
    let context = Context { environment: Some("production".to_owned()), ..Context::default() };
    let long_name = format!("{}=1\n", "N".repeat(200));
    let texts = [
        (
            Dialect::Node,
            "A=a#b\nB=x$X\nC=“c”\nD=d \nE=\u{200b}e\nF=changeme\nG=sk_test_1\nPATH=/a\nh.h=1\nA=2\nwhat\n",
        ),
        (Dialect::Node, "A=\"i\n"),
        (Dialect::Node, "A='x\nB='y'\n"),
        (Dialect::Node, "A=-----BEGIN X-----\nab\n"),
        (Dialect::Node, "-----BEGIN X-----\nab\n-----END X-----\n"),
        (Dialect::Node, &long_name),
        (Dialect::Node, "A=${A}x\n"),
        (Dialect::Bash, "A=$(date)\n"),
        (Dialect::Bash, "A=1\r\n"),
        (Dialect::Rust, "A=a b\n"),
    ];
    let found = texts.iter().flat_map(|(dialect, text)| lint(text, *dialect, &context));
    let codes: BTreeSet<&str> = found.map(|finding| finding.kind.code().name()).collect();
    let all: BTreeSet<&str> = Code::ALL.iter().map(|code| code.name()).collect();
    assert_eq!(codes, all);
}

#[test]
fn speaks_in_sentences() {
    let sentences = |text: &str, dialect| -> Vec<String> {
        found(text, dialect)
            .iter()
            .filter(|finding| !matches!(finding.kind, FindingKind::MoreNames { .. }))
            .map(|finding| finding.kind.to_string())
            .collect()
    };
    assert_eq!(
        sentences("A=1 # c\n", Dialect::Node),
        ["node reads A otherwise than django, docker and systemd."]
    );
    assert_eq!(
        sentences("A-b=1\n", Dialect::Ruby)[2..],
        [
            "ruby reads A-b (not listed) otherwise than node, node-expand, dotenvx, node-builtin, next, vite, bun, deno, python, compose and docker."
        ]
    );
}
