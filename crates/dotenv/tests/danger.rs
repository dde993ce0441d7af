//! What a text would bring that runs code is told, whichever loader reads it, and ordinary changes pass.

use proptest::collection::vec;
use proptest::prelude::*;
use twinlock_dotenv::lint::danger;
use twinlock_dotenv::{Danger, Dialect, Reading, Surroundings, Value, arriving};

const FILE: &str =
    "# mine\nPORT=8080\nexport NAME='two words'\nURL=http://h/?a=1&b=2\nQUOTED=\"it's $(not) `x`\"\n";

fn told(before: &str, after: &str) -> Vec<String> {
    arriving(before, after).iter().map(Danger::to_string).collect()
}

#[test]
fn ordinary_changes_pass() {
    for line in [
        "A=1\n",
        "export A=1\n",
        "A='$(touch x'\n",
        "A=\"two words\" # with a comment, isn't it\n",
        "A='two\nlines'\n",
        "# NODE_OPTIONS=--require x; $(touch x) `touch x`\n",
        "\n\n",
        "A=1\r\n\r\nB=2\r\n",
        "NODE_ENV=production\nENV=production\nDATABASE_PATH=/x\n",
        "A=${PORT}1\n",
        "KEY=\"-----BEGIN X-----\nYWJj\n-----END X-----\"\n",
        "PASSWORD='a;b|c&d>e<f'\n",
    ] {
        assert_eq!(told(FILE, &format!("{FILE}{line}")), Vec::<String>::new(), "{line:?}");
        assert_eq!(told(&format!("{FILE}{line}"), FILE), Vec::<String>::new(), "{line:?} goes");
    }
    // What is in the file already was somebody's own, whatever it is.
    let own = format!("{FILE}NODE_OPTIONS=--inspect\nA=$(git rev-parse HEAD)\ntouch x\nB=1\rC=2\n");
    for line in ["D=1\n", "# more\n"] {
        assert_eq!(told(&own, &format!("{own}{line}")), Vec::<String>::new(), "{line:?}");
        assert_eq!(told(&own, &format!("{line}{own}")), Vec::<String>::new(), "{line:?}");
        assert_eq!(told(&own, &own), Vec::<String>::new());
    }
}

#[test]
fn a_variable_that_runs_code_is_told_wherever_a_loader_finds_it() {
    let runs = "NODE_OPTIONS is more than a setting: it can load code into every Node.js program.";
    for (text, hidden) in [
        ("NODE_OPTIONS=--require /tmp/x.js\n", false),
        ("export NODE_OPTIONS=x\n", false),
        ("A=1\rNODE_OPTIONS=--require /tmp/x.js\n", true),
        ("NODE_OPTIONS: --require /tmp/x.js\n", true),
        ("A='\nNODE_OPTIONS=--require=/tmp/x.js\n'\n", true),
        ("A=\"\nNODE_OPTIONS=--require=/tmp/x.js\n\"\n", true),
        ("A=1; NODE_OPTIONS=x\n", true),
        ("A=${NODE_OPTIONS:=x}\n", true),
        ("NODE_\\\nOPTIONS=x\n", true),
        ("NODE_\0OPTIONS=x\n", true),
    ] {
        let told = told("", text);
        let found = told.iter().find(|sentence| sentence.starts_with(runs));
        assert!(
            found.is_some_and(|sentence| sentence.contains("no assignment of its own") == hidden),
            "{text:?}: {told:?}"
        );
        // Another value of what is known is another.
        let changed = text.replace("x.js", "y.js").replace("=x", "=y");
        assert!(
            changed == text || arriving(text, &changed).iter().any(|it| it.to_string().starts_with(runs)),
            "{text:?}"
        );
    }
    assert!(told(FILE, &format!("{FILE}path=/tmp\n"))[0].starts_with("path is more than a setting"));
    assert!(told("", "ENV=x\n")[0].starts_with("ENV is more"));
    // Of two of one name another may count: by order, and when one goes.
    let two = "PATH=/a\nPATH=/b\n";
    assert!(!told(two, "PATH=/b\nPATH=/a\n").is_empty() && !told(two, "PATH=/a\n").is_empty());
}

#[test]
fn a_name_that_is_shown_steers_no_terminal() {
    let told = told("", "BASH_FUNC_\u{1b}[2Jx%%=() { touch x; }\n");
    assert!(
        told.iter().any(|sentence| sentence.starts_with("BASH_FUNC_… is more than a setting")),
        "{told:?}"
    );
    assert!(!told.concat().contains('\u{1b}'));
}

#[test]
fn a_command_is_told() {
    for (line, name, dialects) in [
        ("A=$(curl x|sh)\n", Some("A"), "node-expand dotenvx ruby symfony sh bash"),
        ("A=`curl x|sh`\n", Some("A"), "sh bash"),
        ("A=${HOME:+$(touch x)}\n", Some("A"), "node-expand dotenvx ruby symfony sh bash"),
        ("A=1 sh x\n", Some("A"), "sh bash"),
        ("A=x;touch x\n", Some("A"), "sh bash"),
        ("touch x\n", None, "sh bash"),
        ("A: b\n", None, "sh bash"),
        ("export A=1 $(touch x)\n", Some("A"), "sh bash"),
        ("A='\ntouch x' sh x\n", Some("A"), "sh bash"),
        ("A=${B@P}\n", Some("A"), "bash"),
    ] {
        let found = arriving(FILE, &format!("{FILE}{line}"));
        let all = |danger: &Danger| match danger {
            Danger::Command { name: of, dialects: by } => {
                of.as_deref() == name && dialects.split(' ').all(|one| by.contains(&one.parse().unwrap()))
            }
            _ => false,
        };
        assert!(found.iter().any(all), "{line:?}: {found:?}");
        assert!(found.iter().all(|danger| !danger.to_string().contains("touch")), "no value is quoted");
    }
}

#[test]
fn a_command_is_another_when_what_it_refers_to_is() {
    for own in ["B=x\nA=$(echo $B)\n", "B=x\n. $B/y\n", "B=x\nC=$B\neval \"$C\"\n", "D=$\nB=(x)\nA=$D$B\n"] {
        let changed = own.replace('x', "y");
        assert!(!told(own, &changed).is_empty(), "{own:?}");
        assert_eq!(told(own, &format!("{own}Z=1\n")), Vec::<String>::new(), "{own:?}");
    }
    assert!(!told("A=$(x)\n", "A=$(y)\n").is_empty());
}

#[test]
fn a_quote_that_turns_the_rest_around_is_told() {
    let own = "NOTE='\ntouch x\n'\n";
    assert!(!told(own, &format!("A=it's\n{own}")).is_empty());
}

#[test]
fn a_carriage_return_inside_a_line_is_told() {
    let told = told("A=1\n", "A=1\rB=2\n# a\rb\n");
    let both = ["A holds", "A line that is no assignment holds"];
    let sentence =
        "a carriage return without a line feed: some loaders begin a new line there, others do not.";
    for start in both {
        assert!(told.contains(&format!("{start} {sentence}")), "{told:?}");
    }
}

#[test]
fn hostile_texts_come_to_an_end() {
    for piece in
        ["A='x\n", ")\n", "PATH=1\n", "BASH_FUNC_x", "A=$(", "A=${A:+$(", "$A\n", "A=1\rB=", "touch $A\n"]
    {
        let text = format!("PATH=/a\n{}", piece.repeat(20_000));
        assert!(!arriving("PATH=/b\n", &text).is_empty(), "{piece:?}");
    }
    // Each name of a long chain that begins with a change.
    let chain =
        |start| (0..5_000).fold(format!("A0={start}\n"), |text, at| format!("A{}=$A{at}\n{text}", at + 1));
    let command = |text: String| format!("{text}echo $A5000\n");
    assert_eq!(told(&command(chain(1)), &command(chain(2))).len(), 1);
}

/// Pieces that mean something to one loader or another, and names that do more.
const PIECES: [&str; 44] = [
    "A",
    "B",
    "PATH",
    "NODE_OPTIONS",
    "ENV",
    "LD_",
    "PRELOAD",
    "export ",
    "=",
    "=",
    "=",
    ": ",
    ":=",
    "\"",
    "'",
    "`",
    "\\",
    "#",
    "\n",
    "\n",
    "\n",
    "\r\n",
    "\r",
    " ",
    "x",
    "/",
    "$",
    "$A",
    "${A}",
    "${B:+",
    "${A:-",
    "}",
    "$(",
    ")",
    "(",
    ";",
    "&",
    "|",
    "<",
    ">",
    "\0",
    "\u{feff}",
    "é",
    "touch x",
];

fn text() -> impl Strategy<Value = String> {
    vec(proptest::sample::select(PIECES.to_vec()), 0..30).prop_map(|pieces| pieces.concat())
}

/// Two texts that have much in common.
fn texts() -> impl Strategy<Value = (String, String)> {
    (text(), text(), text())
        .prop_map(|(start, end, other)| (format!("{start}\n{end}"), format!("{start}\n{other}{end}")))
}

fn read(dialect: Dialect, text: &str) -> Vec<Reading> {
    dialect.read(text, &Surroundings::default()).unwrap_or_default()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn what_any_dialect_newly_reads_as_dangerous_is_told((before, after) in texts()) {
        let told = arriving(&before, &after);
        for dialect in Dialect::ALL {
            let known = read(dialect, &before);
            for reading in read(dialect, &after) {
                let Value::Text(value) = &reading.value else { continue };
                if danger(&reading.name, value).is_none() || known.contains(&reading) {
                    continue;
                }
                let about = |told: &Danger| matches!(told, Danger::Name { name, .. } if *name == reading.name
                    || reading.name.starts_with(name.trim_end_matches('…')));
                prop_assert!(told.iter().any(about), "{dialect} {} {before:?} {after:?}", reading.name);
            }
        }
    }

    #[test]
    fn what_any_dialect_newly_runs_a_command_for_is_told((before, after) in texts()) {
        let told = arriving(&before, &after);
        for dialect in [Dialect::NodeExpand, Dialect::Dotenvx, Dialect::Ruby, Dialect::Symfony] {
            let known = read(dialect, &before);
            for reading in read(dialect, &after) {
                if reading.value == Value::NeedsCommand && !known.contains(&reading) {
                    let about = |told: &Danger| matches!(told, Danger::Command { name, dialects }
                        if name.as_deref() == Some(&reading.name) && dialects.contains(&dialect));
                    prop_assert!(told.iter().any(about), "{dialect} {} {before:?} {after:?}", reading.name);
                }
            }
        }
    }

    #[test]
    fn the_same_text_brings_nothing(text in text()) {
        prop_assert!(arriving(&text, &text).is_empty());
    }

    #[test]
    fn lines_of_prose_that_shells_would_run_are_told(before in text()) {
        let before = before.replace(['\'', '"', '`', '\\', '(', '<'], "");
        let after = format!("{before}\nrun_this now\n");
        let told = arriving(&before, &after);
        prop_assert!(told.iter().any(|told| matches!(told, Danger::Command { .. })), "{before:?} {told:?}");
    }
}
