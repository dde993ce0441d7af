//! Merging whole texts: tables of what comes out, and what must hold of every merge and every
//! difference.

mod laws {
    pub(crate) mod diff;
    pub(crate) mod merge;
}

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use twinlock_dotenv::{Conflict, ConflictKind, Decision, Document, Entangled, Side, merge};

#[track_caller]
fn merges(base: &str, mine: &str, theirs: &str, expected: &str) {
    let (base, mine, theirs) = (Document::parse(base), Document::parse(mine), Document::parse(theirs));
    let merged = merge(&base, &mine, &theirs);
    assert!(merged.conflicts().is_empty(), "{:?}", merged.conflicts());
    assert_eq!(merged.text(), expected);
}

#[test]
fn changes_of_different_variables_go_together() {
    merges("A=1\nB=2\n", "A=9\nB=2\n", "A=1\nB=8\n", "A=9\nB=8\n");
    merges("A=1\nB=2\n", "A=9\nB=2\n", "A=1\n", "A=9\n");
    merges("A=1\n", "A=1\nB=2\n", "C=3\nA=1\n", "C=3\nA=1\nB=2\n");
    merges("A=1\n", "A=1\nM=1\n", "A=1\nT=1\n", "A=1\nT=1\nM=1\n");
    merges("", "A=1\nB=1\n", "B=1\nA=1\n", "B=1\nA=1\n");
}

#[test]
fn changes_of_one_variable_go_together_where_only_one_is_of_the_value() {
    merges("A=1\n", "A=2\n", "export A=1 # c\n", "export A=2 # c\n");
    merges("A=1\n", "A=1 # m\n", "A=1 # t\n", "A=1 # t # m\n");
    merges("A=1\n", "A='1'\n", "A=2\n", "A=2\n");
    merges("A=1\n", "A=1\r\n", "A=2\n", "A=2\r\n");
    // Layout goes with the variable.
    merges("A=1\nB=2\n", "export A = '1'\nB=2\n", "B=2\n", "B=2\n");
}

#[test]
fn renames_go_together_with_what_is_not_the_value() {
    merges("A=1\nB=s\n", "A=1\nBB=s\n", "A=1\nB=s # c\n", "A=1\nBB=s # c\n");
    merges("A=1\nB=s\n", "A=1\nB='s'\n", "A=1\nBB=s\n", "A=1\nBB='s'\n");
    merges("A=1\nB=s\n", "A=1\nBB=s\n", "B=s\nA=1\n", "BB=s\nA=1\n");
    merges("A=1\nB=s\n", "A=1\nBB=s\n", "A=1\nBB=s\n", "A=1\nBB=s\n");
    // Of another variable of the new name there are not two.
    merges("A=1\nB=s\n", "A=1\nBB=s\n", "A=1\nB=s\nBB=s\n", "A=1\nBB=s\n");
}

#[test]
fn order_never_conflicts() {
    merges("A=1\nB=2\nC=3\n", "C=3\nA=1\nB=2\n", "A=1\nB=9\nC=3\n", "C=3\nA=1\nB=9\n");
    merges("A=1\nB=2\nC=3\n", "C=3\nA=1\nB=2\n", "B=2\nC=3\nA=1\n", "B=2\nC=3\nA=1\n");
    merges("A=1\nB=2\nC=3\n", "B=2\nA=1\nC=3\n", "A=1\nC=3\n", "A=1\nC=3\n");
}

#[test]
fn prose_never_conflicts() {
    merges("# a\nA=1\n", "# m\nA=1\n", "# t\nA=1\n", "# t\n# m\nA=1\n");
    merges("# a\nA=1\n", "# m\nA=1\n", "A=1\n", "# m\nA=1\n");
    merges("A=1\n", "\n# new\nX=1\nA=1\n", "\n# new\nY=1\nA=1\n", "\n# new\nY=1\nX=1\nA=1\n");
    // A variable goes from between two comments, one of which changes.
    merges("# a\nA=1\n# b\nB=2\n", "# a\nA=1\n# c\nB=2\n", "# a\n# b\nB=2\n", "# a\n# c\nB=2\n");
    merges("A=1\nfoo\n", "A=1\nbar\n", "A=2\nfoo\n", "A=2\nbar\n");
}

#[test]
fn line_endings_and_the_mark_merge() {
    merges("A=1\nB=2", "A=1\nB=2\nC=3", "A=1\nB=2\nD=4", "A=1\nB=2\nD=4\nC=3");
    merges("A=1\r\nB=2", "A=1\r\nB=9", "C=3\r\nA=1\r\nB=2", "C=3\r\nA=1\r\nB=9");
    merges("A=1\r\nB=2", "B=2\r\nA=1", "A=1\r\nB=3", "B=3\r\nA=1");
    merges("# a\n# b\nA=1\n", "# a\r\n# b\r\nA=1\r\n", "# a\n# c\nA=2\n", "# a\r\n# c\nA=2\r\n");
    // A return at the end of the text is part of the value, and stays part of it.
    merges("", "A=1\nB=2\r", "A=1\nC=3\n", "A=1\nC=3\nB=2\r");
    merges("", "A=1\nC=3\n", "A=1\nB=2\r", "A=1\nB=2\r\r\nC=3\n");
    merges("A=1\n", "\u{feff}A=1\n", "A=2\n", "\u{feff}A=2\n");
    merges("\u{feff}A=1\n", "A=1\n", "\u{feff}A=2\n", "A=2\n");
    merges("\u{feff}A=1\n", "\u{feff}# m\nA=1\n", "\u{feff}T=1\nA=1\n", "\u{feff}T=1\n# m\nA=1\n");
}

#[test]
fn keys_stay_whole() {
    let key = "K=-----BEGIN K-----\nMIIE\n-----END K-----\n";
    let other = key.replace("MIIE", "MIIF");
    merges(
        &format!("{key}A=1\n"),
        &format!("{other}A=1\n"),
        &format!("{key}A=2\n"),
        &format!("{other}A=2\n"),
    );
    // Either side changed the key in a comment; neither key is mixed with the other.
    let prose = |line: &str| format!("old\n-----BEGIN K-----\n{line}\nX=\n-----END K-----\nA=1\n");
    let [base, mine, theirs] = ["MIIE", "MIIF", "MIIG"].map(prose);
    let (mine_key, theirs_key) =
        (mine.replace("old\n", "").replace("A=1\n", ""), theirs.replace("A=1\n", ""));
    merges(&base, &mine, &theirs, &format!("{theirs_key}{mine_key}A=1\n"));
}

#[test]
fn values_and_names_conflict() {
    #[track_caller]
    fn check(base: &str, mine: &str, theirs: &str, kind: ConflictKind, names: &[&str], with: [&str; 3]) {
        let (base, mine, theirs) = (Document::parse(base), Document::parse(mine), Document::parse(theirs));
        let merged = merge(&base, &mine, &theirs);
        let [conflict] = merged.conflicts() else { panic!("{:?}", merged.conflicts()) };
        assert_eq!((conflict.kind, conflict.names().as_slice()), (kind, names));
        assert_eq!(merged.clean(), None);
        assert_eq!(merged.text(), with[0]);
        let resolved = |decision| merged.resolve(|_| decision);
        assert_eq!(resolved(Decision::Keep(Side::Mine)).as_deref(), Ok(with[0]));
        assert_eq!(resolved(Decision::Keep(Side::Theirs)).as_deref(), Ok(with[1]));
        assert_eq!(resolved(Decision::Write("N=5\n")).as_deref(), Ok(with[2]));
    }
    use ConflictKind::{
        BothAdded, BothChanged, BothRenamed, RemovedAndChanged, RemovedAndRenamed, RenamedAndChanged,
    };
    use Side::{Mine, Theirs};
    check(
        "A=1\nB=2\n",
        "A=7\nB=2\n",
        "A=8\nB=9\n",
        BothChanged,
        &["A"],
        ["A=7\nB=9\n", "A=8\nB=9\n", "N=5\nB=9\n"],
    );
    check("B=2\n", "B=2\nA=7\n", "A=8\nB=2\n", BothAdded, &["A"], ["A=7\nB=2\n", "A=8\nB=2\n", "N=5\nB=2\n"]);
    check(
        "A=1\nB=2\n",
        "B=2\n",
        "A=8\nB=2\n",
        RemovedAndChanged { removed_by: Mine },
        &["A"],
        ["B=2\n", "A=8\nB=2\n", "N=5\nB=2\n"],
    );
    check(
        "A=1\nB=2\n",
        "A=1 # why\nB=2\n",
        "B=2\n",
        RemovedAndChanged { removed_by: Theirs },
        &["A"],
        ["A=1 # why\nB=2\n", "B=2\n", "N=5\nB=2\n"],
    );
    check(
        "A=s\nB=2\n",
        "C=s\nB=2\n",
        "B=2\n",
        RemovedAndRenamed { removed_by: Theirs },
        &["A", "C"],
        ["C=s\nB=2\n", "B=2\n", "N=5\nB=2\n"],
    );
    check(
        "A=s\nB=2\n",
        "C=s\nB=2\n",
        "D=s\nB=2\n",
        BothRenamed,
        &["A", "C", "D"],
        ["C=s\nB=2\n", "D=s\nB=2\n", "N=5\nB=2\n"],
    );
    check(
        "A=s\nB=2\n",
        "A=t\nB=2\n",
        "C=s\nB=2\n",
        RenamedAndChanged { renamed_by: Theirs },
        &["A", "C"],
        ["A=t\nB=2\n", "C=s\nB=2\n", "N=5\nB=2\n"],
    );
    // Renamed to a name that the other side gave to another value.
    check(
        "A=s\nB=2\n",
        "C=s\nB=2\n",
        "A=s\nB=2\nC=t\n",
        BothAdded,
        &["C"],
        ["B=2\nC=s\n", "B=2\nC=t\n", "B=2\nN=5\n"],
    );
    check(
        "A=s\nZ=2\nB=t\n",
        "C=s\nZ=2\nB=t\n",
        "A=s\nZ=2\nC=t\n",
        BothAdded,
        &["C"],
        ["Z=2\nC=s\n", "Z=2\nC=t\n", "Z=2\nN=5\n"],
    );
}

#[test]
fn a_quote_left_open_swallows_nothing() {
    // In the vault's order A would end at the quote of Y; in the other it doesn't.
    merges("", "A=\"open\n", "Y=1\"\n", "Y=1\"\nA=\"open\n");
    merges("", "Y=1\"\n", "A=\"open\n", "Y=1\"\nA=\"open\n");
    // No order helps.
    for (mine, theirs) in [("A=\"\n", "B=\"\n"), ("PASSWORD=\n", "MIIEow\n")] {
        let merged = [mine, theirs].map(Document::parse);
        let merged = merge(&Document::parse(""), &merged[0], &merged[1]);
        if let [conflict] = merged.conflicts() {
            assert_eq!(conflict.kind, ConflictKind::Entangled, "{mine:?}");
            assert_eq!(merged.text(), mine);
            assert_eq!(merged.resolve(|_| Decision::Keep(Side::Theirs)).as_deref(), Ok(theirs));
        } else {
            panic!("{mine:?} {theirs:?} {:?}", merged.text());
        }
    }
}

#[test]
fn what_is_written_instead_must_not_swallow_the_rest() {
    let texts = ["A=1\nB=2\"\n", "A=2\nB=2\"\n", "A=3\nB=2\"\n"].map(Document::parse);
    let merged = merge(&texts[0], &texts[1], &texts[2]);
    assert_eq!(merged.resolve(|_| Decision::Write("A=\"4\n")), Err(Entangled));
    assert_eq!(merged.resolve(|_| Decision::Write("A=4")).as_deref(), Ok("A=4\nB=2\"\n"));
}

#[test]
fn duplicates_go_by_their_text_then_by_their_order() {
    merges("A=1\nA=2\n", "A=2\n", "A=1\nA=3\n", "A=3\n");
    merges("", "A=1\nA=2\n", "A=2\n", "A=1\nA=2\n");
    let names = |conflict: &Conflict<'_>| conflict.names().concat();
    let texts = ["A=1\nA=2\n", "A=1\nA=3\n", "A=4\nA=5\n"].map(Document::parse);
    let merged = merge(&texts[0], &texts[1], &texts[2]);
    assert_eq!(merged.conflicts().iter().map(names).collect::<Vec<_>>(), ["A"]);
    assert_eq!(merged.text(), "A=4\nA=3\n");
}

#[test]
fn large_and_hostile_texts_merge() {
    let many = 1_000;
    let numbered = |from: usize, step: usize, to: &str| -> String {
        (0..many).map(|at| format!("N{}={to}\n", (from + at * step) % many)).collect()
    };
    let texts = [
        numbered(0, 1, "1"),
        numbered(7, 1, "1"),
        numbered(0, many - 1, "1"),
        numbered(0, 1, "2"),
        "#\n".repeat(many),
        "# a\n# b\n".repeat(many / 2),
        "\n".repeat(many),
        "A=1\n".repeat(many),
        "A=\"\n".repeat(many),
        "-----BEGIN K-----\n".repeat(many / 4),
        "ab=\n".repeat(many),
        "A=".to_owned() + &"\"".repeat(many),
    ];
    for three in texts.windows(3) {
        laws::merge::check(&three[0], &three[1], &three[2]);
        laws::merge::check(&three[1], &three[0], &three[2]);
    }
}

/// A line or more of a file.
fn entry() -> impl Strategy<Value = String> {
    let value = select(vec![
        "1", "2", "s", "t", "", "'1'", "\"1\"", "a b", "\"x\ny\"", "a#b", "$A", "'q' # c", "1 # d",
    ]);
    let name = select(vec!["A", "B", "C", "D", "E", "F", "export G", "H "]);
    let prose = select(vec![
        "# a",
        "# b",
        "",
        "",
        "text",
        "A: 1",
        "# old A=1",
        "-----BEGIN K-----\nMIIE\nab=\n-----END K-----",
    ]);
    prop_oneof![
        5 => (name, value).prop_map(|(name, value)| format!("{name}={value}")),
        2 => prose.prop_map(str::to_owned),
    ]
}

/// Entries that do not go together with others.
fn unruly() -> impl Strategy<Value = String> {
    select(vec![
        "A=\"open",
        "B='",
        "C=x\"",
        "D=y'",
        "MIIEow",
        "ab=",
        "PASSWORD=",
        "-----BEGIN K-----",
        "-----END K-----",
        "K=-----BEGIN K-----\nMIIE\n-----END K-----",
        "L=-----BEGIN K-----",
        "# it's",
        "a\rb",
        "\u{feff}",
        "x\r",
    ])
    .prop_map(str::to_owned)
}

/// What somebody does to a file.
#[derive(Clone, Debug)]
enum Change {
    Set(Index, &'static str),
    Rename(Index, &'static str),
    Comment(Index, &'static str),
    Remove(Index),
    Move(Index, Index),
    Add(Index, String),
}

fn change(entry: impl Strategy<Value = String>) -> impl Strategy<Value = Change> {
    let values = select(vec!["1", "2", "3", "new", "'1'", "\"1\""]);
    prop_oneof![
        (any::<Index>(), values).prop_map(|(at, to)| Change::Set(at, to)),
        (any::<Index>(), select(vec!["A", "B", "X", "Y"])).prop_map(|(at, to)| Change::Rename(at, to)),
        (any::<Index>(), select(vec![" # m", " # n", "# o", " "]))
            .prop_map(|(at, to)| Change::Comment(at, to)),
        any::<Index>().prop_map(Change::Remove),
        (any::<Index>(), any::<Index>()).prop_map(|(from, to)| Change::Move(from, to)),
        (any::<Index>(), entry).prop_map(|(at, entry)| Change::Add(at, entry)),
    ]
}

fn changed(mut entries: Vec<String>, changes: Vec<Change>) -> Vec<String> {
    for change in changes {
        if entries.is_empty() {
            continue;
        }
        match change {
            Change::Set(at, to) => {
                let entry = at.get_mut(&mut entries);
                if let Some((left, _)) = entry.split_once('=') {
                    *entry = format!("{left}={to}");
                }
            }
            Change::Rename(at, to) => {
                let entry = at.get_mut(&mut entries);
                if let Some((_, right)) = entry.split_once('=') {
                    *entry = format!("{to}={right}");
                }
            }
            Change::Comment(at, to) => at.get_mut(&mut entries).push_str(to),
            Change::Remove(at) => {
                entries.remove(at.index(entries.len()));
            }
            Change::Move(from, to) => {
                let entry = entries.remove(from.index(entries.len()));
                entries.insert(to.index(entries.len() + 1), entry);
            }
            Change::Add(at, entry) => entries.insert(at.index(entries.len() + 1), entry),
        }
    }
    entries
}

/// How the lines of a file end.
#[derive(Clone, Copy, Debug)]
enum Written {
    Plain,
    Returns,
    Mixed,
    LastLineOpen,
    Marked,
}

fn text(entries: &[String], written: Written) -> String {
    let ending = |at: usize| match written {
        Written::Returns => "\r\n",
        Written::Mixed if at.is_multiple_of(2) => "\r\n",
        Written::LastLineOpen if at + 1 == entries.len() => "",
        _ => "\n",
    };
    let mark = if matches!(written, Written::Marked) { "\u{feff}" } else { "" };
    let lines =
        entries.iter().enumerate().map(|(at, entry)| entry.replace('\n', ending(at + 1)) + ending(at));
    mark.to_owned() + &lines.collect::<String>()
}

fn written() -> impl Strategy<Value = Written> {
    use Written::{LastLineOpen, Marked, Mixed, Plain, Returns};
    select(vec![Plain, Plain, Plain, Returns, Mixed, LastLineOpen, LastLineOpen, Marked])
}

/// A text, and what two people made of it.
fn three<E: Strategy<Value = String> + Clone + 'static>(entry: E) -> impl Strategy<Value = [String; 3]> {
    let side =
        || (vec(change(entry.clone()), 0..6), prop_oneof![3 => Just(None), 1 => written().prop_map(Some)]);
    (vec(entry.clone(), 0..12), written(), side(), side()).prop_map(|(entries, written, mine, theirs)| {
        let side = |(changes, own)| text(&changed(entries.clone(), changes), Option::unwrap_or(own, written));
        [text(&entries, written), side(mine), side(theirs)]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_two_people_made_of_a_file_merges([base, mine, theirs] in three(entry().boxed())) {
        laws::merge::check(&base, &mine, &theirs);
        laws::diff::check(&mine, &theirs);
    }

    #[test]
    fn unruly_texts_merge(
        [base, mine, theirs] in three(prop_oneof![2 => entry(), 1 => unruly()].boxed()),
    ) {
        laws::merge::check(&base, &mine, &theirs);
        laws::diff::check(&mine, &theirs);
    }

    #[test]
    fn texts_that_have_nothing_to_do_with_each_other_merge(
        base in ".{0,40}", mine in "([A-C]=?[\"'\n]?|\r?\n|# |-----BEGIN|-----END|ab=\n){0,20}", theirs in "([A-C]=?[\"'\n]?|\r?\n|# |ab\n){0,20}",
    ) {
        laws::merge::check(&base, &mine, &theirs);
        laws::merge::check(&mine, &base, &theirs);
        laws::diff::check(&mine, &theirs);
    }
}
