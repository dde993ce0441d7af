//! Scripts as dash 0.5.12 and bash 5.2 read them: what each answered to `set -a; . ./file`.

use twinlock_dotenv::{Dialect, Surroundings, Value};

type Answer = Option<&'static [(&'static str, &'static str)]>;

const REFUSED: Answer = None;

fn check(dialect: Dialect, text: &str, expected: Answer) {
    let around =
        [("HOST_VAR", "from_host"), ("HOST_SET", "host_value"), ("HOST_EMPTY", ""), ("HOME", "/home/u")];
    let surroundings: Surroundings = around.into_iter().collect();
    let found = dialect.read(text, &surroundings).ok().map(|readings| {
        let mut found: Vec<(String, String)> = readings
            .into_iter()
            .map(|reading| match reading.value {
                Value::Text(text) => (reading.name, text),
                Value::None | Value::Bytes(_) | Value::NeedsCommand => (reading.name, "(unknown)".into()),
            })
            // The environment of a program does not tell what was set to what it was.
            .filter(|(name, value)| !around.contains(&(name.as_str(), value.as_str())))
            .collect();
        found.sort();
        found
    });
    let expected = expected.map(|expected| {
        expected.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect::<Vec<_>>()
    });
    assert_eq!(found, expected, "{} {text:?}", dialect.name());
}

fn both(text: &str, dash: Answer, bash: Answer) {
    check(Dialect::Sh, text, dash);
    check(Dialect::Bash, text, bash);
}

fn alike(text: &str, answer: Answer) {
    both(text, answer, answer);
}

#[test]
fn what_is_read_only_stays() {
    both("readonly A=1\nA=2\nB=2", REFUSED, Some(&[("A", "1"), ("B", "2")]));
    both("readonly A=1\nA=2; B=3\nC=2", REFUSED, Some(&[("A", "1"), ("C", "2")]));
    both("readonly A=1\nexport A=2; B=3\nC=2", REFUSED, Some(&[("A", "1"), ("B", "3"), ("C", "2")]));
    both("readonly A=1\nunset A\nB=2", REFUSED, Some(&[("A", "1"), ("B", "2")]));
    both("readonly A; A=1\nB=2", REFUSED, Some(&[("B", "2")]));
}

#[test]
fn references_outside_of_quotes_are_split() {
    alike("X=\"C=1 D=2\"\nexport $X\nB=2", Some(&[("B", "2"), ("C", "1"), ("D", "2"), ("X", "C=1 D=2")]));
    alike("X=\"1 2\"\nexport A=$X\nB=2", Some(&[("A", "1 2"), ("B", "2"), ("X", "1 2")]));
    both("X=\"1 2\"\nexport A$Y=$X\nB=2", REFUSED, Some(&[("A", "1"), ("B", "2"), ("X", "1 2")]));
    both(
        "X=\"1 2\"\n\"export\" A=$X\nB=2",
        Some(&[("A", "1 2"), ("B", "2"), ("X", "1 2")]),
        Some(&[("A", "1"), ("B", "2"), ("X", "1 2")]),
    );
    both(
        "X=\"1 2\"\ncommand export A=$X\nB=2",
        Some(&[("A", "1 2"), ("B", "2"), ("X", "1 2")]),
        Some(&[("A", "1"), ("B", "2"), ("X", "1 2")]),
    );
    alike("set -- \"a b\" c; A=\"$@\" B=$# C=$*", Some(&[("A", "a b c"), ("B", "2"), ("C", "a b c")]));
    alike("export \"$@\"\nA=1", Some(&[("A", "1")]));
    alike("export ${N:-A=1 B=2}\nC=3", Some(&[("A", "1"), ("B", "2"), ("C", "3")]));
}

#[test]
fn bash_expands_braces_where_there_are_words() {
    both("export A={1,2}\nB=2", Some(&[("A", "{1,2}"), ("B", "2")]), Some(&[("A", "2"), ("B", "2")]));
    both("export X{1,2}=5\nA=1", REFUSED, Some(&[("A", "1"), ("X1", "5"), ("X2", "5")]));
    both(
        "export A={1..3} B={a..c} C={3..1} D={1..5..2} E={01..3} F={a..1}",
        Some(&[
            ("A", "{1..3}"),
            ("B", "{a..c}"),
            ("C", "{3..1}"),
            ("D", "{1..5..2}"),
            ("E", "{01..3}"),
            ("F", "{a..1}"),
        ]),
        Some(&[("A", "3"), ("B", "c"), ("C", "1"), ("D", "5"), ("E", "03"), ("F", "{a..1}")]),
    );
    both(
        "export A={x} B={} C={,} D=a{,b} E={a,{b,c}}",
        Some(&[("A", "{x}"), ("B", "{}"), ("C", "{,}"), ("D", "a{,b}"), ("E", "{a,{b,c}}")]),
        Some(&[("A", "{x}"), ("B", "{}"), ("C", ""), ("D", "ab"), ("E", "c")]),
    );
    both(
        "export A=\\{1,2} B=\"{1,2}\" C=${D}{1,2}",
        Some(&[("A", "{1,2}"), ("B", "{1,2}"), ("C", "{1,2}")]),
        Some(&[("A", "{1,2}"), ("B", "{1,2}"), ("C", "2")]),
    );
    alike("A=a{b,c}d\nB={x,y", Some(&[("A", "a{b,c}d"), ("B", "{x,y")]));
}

#[test]
fn bash_changes_values_in_braces() {
    both(
        "A=x\nB=${A/x/y}z C=${A//x/} D=${A/#x/q} E=${A/%x/q}",
        REFUSED,
        Some(&[("A", "x"), ("B", "yz"), ("C", ""), ("D", "q"), ("E", "q")]),
    );
    both("A=xyx\nB=${A/[xy]/\\}} C=${A/y}", REFUSED, Some(&[("A", "xyx"), ("B", "}yx"), ("C", "xx")]));
    both(
        "A=\"a b\"\nB=${A/ /_} C=\"${A/ /\"q\"}\" D=\"${A/ /'q'}\"",
        REFUSED,
        Some(&[("A", "a b"), ("B", "a_b"), ("C", "aqb"), ("D", "aqb")]),
    );
    both(
        "A=aBc\nB=${A^} C=${A^^} D=${A,} E=${A,,} F=${A~~} G=${A^^[a]}",
        REFUSED,
        Some(&[
            ("A", "aBc"),
            ("B", "ABc"),
            ("C", "ABC"),
            ("D", "aBc"),
            ("E", "abc"),
            ("F", "AbC"),
            ("G", "ABc"),
        ]),
    );
    both("A=B\nB=2\nC=${!A}", REFUSED, Some(&[("A", "B"), ("B", "2"), ("C", "2")]));
    both("A=${!B}\nC=1", REFUSED, Some(&[("C", "1")]));
    both(
        "AB=1 AC=2\nX=\"${!A*}\" Y=\"${!A@}\"",
        REFUSED,
        Some(&[("AB", "1"), ("AC", "2"), ("X", "AB AC"), ("Y", "AB AC")]),
    );
    both(
        "A=xyz\nB=${A:1} C=${A:1:1} D=${A: -1} E=${A:0:-1} F=${A:1:-5}\nG=1",
        REFUSED,
        Some(&[("A", "xyz"), ("B", "yz"), ("C", "y"), ("D", "z"), ("E", "xy"), ("G", "1")]),
    );
    both("A=xyz\nB=${A:} C=1\nD=1", REFUSED, Some(&[("A", "xyz"), ("D", "1")]));
    both(
        "A=\"it's\"\nB=${A@Q} C=${A@U} D=\"${N@Q}\"",
        REFUSED,
        Some(&[("A", "it's"), ("B", "'it'\\''s'"), ("C", "IT'S"), ("D", "")]),
    );
    alike("A=x\nB=${A@x}\nC=1", REFUSED);
    alike(
        "A=${HOST_VAR%host} B=${HOST_VAR#*_} C=${HOST_VAR##*o} D=${HOST_VAR%%o*}",
        Some(&[("A", "from_"), ("B", "host"), ("C", "st"), ("D", "fr")]),
    );
    alike(
        "A=${HOST_VAR%[a-z]} B=${HOST_VAR%[[:alpha:]]} C=${HOST_VAR%\"*\"} D=${HOST_VAR%\\*}",
        Some(&[("A", "from_hos"), ("B", "from_hos"), ("C", "from_host"), ("D", "from_host")]),
    );
}

#[test]
fn a_quote_in_braces_inside_of_quotes_is_a_quote_to_bash() {
    both("A=\"${N:-it's}\"\nB=1", Some(&[("A", "it's"), ("B", "1")]), Some(&[]));
    both("A=\"${N:-'}'}\"\nB=1", Some(&[("A", "''}"), ("B", "1")]), Some(&[("A", "'}'"), ("B", "1")]));
    both(
        "B=\"${A-$'x\\ny'}\"\nC=1",
        Some(&[("B", "$'x\\ny'"), ("C", "1")]),
        Some(&[("B", "x\ny"), ("C", "1")]),
    );
    alike("A=\"${N:-}}\"\nB=1", Some(&[("A", "}"), ("B", "1")]));
}

#[test]
fn bash_has_arrays_that_no_environment_holds() {
    both("A=(b)c\nB=2", REFUSED, Some(&[("A", "(b)c"), ("B", "2")]));
    both("A=(1   \"2\")x\nB=2", REFUSED, Some(&[("A", "(1 2)x"), ("B", "2")]));
    both("A[0]=2\nB=$A", Some(&[("B", "")]), Some(&[("B", "2")]));
    both("A[0]=1\nA=1", Some(&[("A", "1")]), Some(&[]));
    both(
        "A=(1 2 3)\nB=${A[1]} C=${A[@]} D=${#A[@]} E=${A[-1]} F=\"${A[*]}\" G=$A",
        REFUSED,
        Some(&[("B", "2"), ("C", "1 2 3"), ("D", "3"), ("E", "3"), ("F", "1 2 3"), ("G", "1")]),
    );
    both("A=(x y)\nA+=(z)\nB=\"${A[2]}\"", REFUSED, Some(&[("B", "z")]));
    both("A=x\nA[1]=y\nB=\"${A[@]}\"", REFUSED, Some(&[("B", "x y")]));
    both("MULT[I=bar\nM=foo", Some(&[("M", "foo")]), Some(&[]));
    both("declare -a A\nA=1\nB=2", Some(&[("A", "1"), ("B", "2")]), Some(&[("B", "2")]));
}

#[test]
fn sums_are_those_of_c() {
    alike(
        "A=$((1 + 2 * 3)) B=$((7/2)) C=$((-7%3)) D=$((1<<4)) E=$((5&3|8^1))",
        Some(&[("A", "7"), ("B", "3"), ("C", "-1"), ("D", "16"), ("E", "9")]),
    );
    alike(
        "A=$((1==1)) B=$((1!=1)) C=$((!0)) D=$((~0)) E=$((1&&0)) F=$((0||2))",
        Some(&[("A", "1"), ("B", "0"), ("C", "1"), ("D", "-1"), ("E", "0"), ("F", "1")]),
    );
    alike("A=$((0x10)) B=$((010)) C=$((3>2?1:0))", Some(&[("A", "16"), ("B", "8"), ("C", "1")]));
    both("A=$((2**3)) C=3", REFUSED, Some(&[("A", "8"), ("C", "3")]));
    both("A=$((16#ff)) B=1\nC=2", REFUSED, Some(&[("A", "255"), ("B", "1"), ("C", "2")]));
    alike("A=$((x=5)) C=$x", Some(&[("A", "5"), ("C", "5"), ("x", "5")]));
    alike("A=5\nB=$((A+=2)) C=$A", Some(&[("A", "7"), ("B", "7"), ("C", "7")]));
    both("A=5\nB=$((A++)) C=$((++A)) D=$A", REFUSED, Some(&[("A", "7"), ("B", "5"), ("C", "7"), ("D", "7")]));
    both("A=1+1\nB=$((A*2))\nC=1", REFUSED, Some(&[("A", "1+1"), ("B", "4"), ("C", "1")]));
    both("A=x\nB=$((A))\nC=1", REFUSED, Some(&[("A", "x"), ("B", "0"), ("C", "1")]));
    both("B=$((1/0))\nC=3", REFUSED, Some(&[("C", "3")]));
    both("A=$((1 2))\nB=1", REFUSED, Some(&[("B", "1")]));
    both(
        "A=$((99999999999999999999))",
        Some(&[("A", "9223372036854775807")]),
        Some(&[("A", "7766279631452241919")]),
    );
    both("A=$[1+2] B=\"$[1+2]\"", Some(&[("A", "$[1+2]"), ("B", "$[1+2]")]), Some(&[("A", "3"), ("B", "3")]));
}

#[test]
fn compound_commands_run() {
    alike("if true\nthen A=1\nelse B=1\nfi\nC=1", Some(&[("A", "1"), ("C", "1")]));
    alike("if false; then A=1; elif true; then B=1; fi\nC=1", Some(&[("B", "1"), ("C", "1")]));
    alike("for i in a b; do A=$A$i; done\nB=1", Some(&[("A", "ab"), ("B", "1"), ("i", "b")]));
    alike("while [ -z \"$A\" ]; do A=1; done\nB=1", Some(&[("A", "1"), ("B", "1")]));
    alike("case $HOST_VAR in from*) A=1;; *) A=2;; esac\nB=1", Some(&[("A", "1"), ("B", "1")]));
    alike("case x in a|x) A=1; esac\nB=1", Some(&[("A", "1"), ("B", "1")]));
    alike("{ A=1; B=2; } ; C=3", Some(&[("A", "1"), ("B", "2"), ("C", "3")]));
    alike("(A=1; B=2) ; C=3", Some(&[("C", "3")]));
    alike("[ a = a ] && A=1; [ a = b ] || B=1", Some(&[("A", "1"), ("B", "1")]));
    alike(
        "[ 1 -lt 2 ] && A=1; [ ! a ] || B=1; [ a -a b ] && C=1",
        Some(&[("A", "1"), ("B", "1"), ("C", "1")]),
    );
    alike("A=1 && B=2 || C=3", Some(&[("A", "1"), ("B", "2")]));
    alike("A=1 & B=2", Some(&[("B", "2")]));
}

#[test]
fn functions_run_with_their_arguments() {
    check(Dialect::Sh, "f() { A=$1; }; f z; B=1", Some(&[("A", "z"), ("B", "1")]));
    check(Dialect::Sh, "f() { local A=1; B=$A; }; f; C=$A", Some(&[("B", "1"), ("C", "")]));
}

#[test]
fn bash_declares_natures() {
    both("declare -i A=1+1\nB=2", Some(&[("B", "2")]), Some(&[("A", "2"), ("B", "2")]));
    both("declare -u A=abc\nB=2", Some(&[("B", "2")]), Some(&[("A", "ABC"), ("B", "2")]));
    both("declare -r A=1\nA=2\nB=2", Some(&[("A", "2"), ("B", "2")]), Some(&[("A", "1"), ("B", "2")]));
    both("local A=1\nB=2", REFUSED, Some(&[("B", "2")]));
    both("export -f A=1\nB=2", REFUSED, Some(&[("B", "2")]));
    both("export -x A=1\nB=2", REFUSED, Some(&[("B", "2")]));
    alike("A=1 export A\nB=2", Some(&[("A", "1"), ("B", "2")]));
    both(
        "A=1 B=2 eval 'C=$A'\nD=$A",
        Some(&[("A", "1"), ("B", "2"), ("C", "1"), ("D", "1")]),
        Some(&[("C", "1"), ("D", "")]),
    );
}

#[test]
fn options_and_arguments_are_followed() {
    alike("set -e\nfalse\nA=1", REFUSED);
    alike("set -u\nA=$NOPE\nB=1", REFUSED);
    alike("set +o allexport\nA=1", Some(&[]));
    alike("set foo bar; A=$1$2; shift; B=$1", Some(&[("A", "foobar"), ("B", "bar")]));
    both("shift\nA=1", REFUSED, Some(&[("A", "1")]));
    alike("! true\nA=$?", Some(&[("A", "1")]));
    both("unset A-B; C=1", REFUSED, Some(&[("C", "1")]));
    both("A=$(nope\nB=2", REFUSED, Some(&[]));
    alike("eval A=1\nB=2", Some(&[("A", "1"), ("B", "2")]));
    both(". ./nope\nB=2", REFUSED, Some(&[("B", "2")]));
}

#[test]
fn a_name_may_go_on_after_a_joined_line() {
    alike("TEST12\\\n3=tre\nFOO=$TEST\\\n123", Some(&[("FOO", "tre"), ("TEST123", "tre")]));
}

#[test]
fn a_bad_reference_counts_when_it_is_come_to() {
    both("A=${B!x}; D=1\nC=1", REFUSED, Some(&[("C", "1")]));
    alike("B=${NOPE:+alt${A }}\nC=1", Some(&[("B", ""), ("C", "1")]));
    alike("A=1\nB=${A:?must ${a.b} be}T\nC=1", Some(&[("A", "1"), ("B", "1T"), ("C", "1")]));
}

#[test]
fn bash_reads_escapes_after_a_dollar() {
    both(
        "B=$'\\x41\\101\\u41\\e\\cA\\0z'\nC=1",
        Some(&[("B", "$\\x41\\101\\u41\\e\\cA\\0z"), ("C", "1")]),
        Some(&[("B", "AAA\u{1b}\u{1}"), ("C", "1")]),
    );
}

#[test]
fn a_file_that_is_not_there_stops_a_command() {
    both("A=<x\nB=2", Some(&[("B", "2")]), Some(&[("A", ""), ("B", "2")]));
    both("export A=1 <x\nB=2", REFUSED, Some(&[("B", "2")]));
    both("A=x>\"\"\nB=2", Some(&[("B", "2")]), Some(&[("A", "x"), ("B", "2")]));
    alike("A=1 >/dev/null\nB=2", Some(&[("A", "1"), ("B", "2")]));
}
