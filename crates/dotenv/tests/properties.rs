//! What must hold for every text: nothing is lost by cutting, reading, matching or merging.

use std::collections::HashSet;

use proptest::collection::vec;
use proptest::prelude::*;
use twinlock_dotenv::{
    Document, Entry, KnownEntry, RightHalf, Summary, diff, join_entries, match_entries, merge_prose,
    merge_right, node,
};

/// Pieces that a `.env` file is made of, and pieces that should not be in one.
fn piece() -> impl Strategy<Value = String> {
    let pieces = [
        "A",
        "B",
        "NAME",
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
        "#",
        " # ",
        "\n",
        "\n",
        "\r\n",
        "\r",
        " ",
        "\t",
        "x",
        "1",
        "$A",
        "${A}",
        "\u{feff}",
        "\u{2028}",
        "é",
        "A=1\n",
        "B='2'\n",
        "C=\"3\n",
        "# c\n",
        "-----BEGIN K-----",
        "-----END K-----",
        "MIIEow\n",
        "ab=\n",
        "K=-----BEGIN K-----\n",
        "{\"a\": 1}",
    ];
    proptest::sample::select(pieces.to_vec()).prop_map(str::to_owned)
}

fn dotenv_like() -> impl Strategy<Value = String> {
    vec(piece(), 0..40).prop_map(|pieces| pieces.concat())
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), dotenv_like()]
}

fn right_half() -> impl Strategy<Value = String> {
    let (lead, value) =
        (["", "", " "], ["", "1", "2", "'1'", "\"1\"", "a b", "\"x\ny\"", "a#b", "\"open", "$A"]);
    let (comment, ending) =
        (["", "", " ", " # a", " # b", "# c", " # a # b", " # \"q\""], ["", "\n", "\r\n"]);
    let select = |from: &[&'static str]| proptest::sample::select(from.to_vec());
    (select(&lead), select(&value), select(&comment), select(&ending))
        .prop_map(|(lead, value, comment, ending)| [lead, value, comment, ending].concat())
}

fn prose() -> impl Strategy<Value = String> {
    let lines = proptest::sample::select(vec!["# a\n", "# b\n", "# c\n", "\n", "# d\r\n", "text\n", "# e\r"]);
    let last = proptest::sample::select(vec!["", "", "# last"]);
    (vec(lines, 0..8), last).prop_map(|(lines, last)| lines.concat() + last)
}

fn lines(text: &str) -> Vec<&str> {
    text.split(['\n', '\r']).filter(|line| !line.is_empty()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn joining_what_was_cut_gives_the_text(text in any_text()) {
        let document = Document::parse(&text);
        let pieces: Vec<&str> = document.entries().iter().map(Entry::text).collect();
        prop_assert_eq!(&pieces.concat(), &text);
        for entry in document.entries() {
            prop_assert!(!entry.text().is_empty());
            prop_assert_eq!(&text[entry.span()], entry.text());
            prop_assert_eq!([entry.left(), entry.right()].concat(), entry.text());
        }
        let joined = join_entries(&pieces);
        prop_assert_eq!((joined.text, joined.ended), (text, vec![]));
    }

    #[test]
    fn a_variable_alone_is_the_same_variable(text in any_text()) {
        for variable in Document::parse(&text).variables() {
            let alone = Document::parse(variable.text());
            prop_assert!(
                matches!(alone.entries(), [Entry::Variable(same)] if same.left() == variable.left()),
                "{:?}", variable.text()
            );
        }
    }

    #[test]
    fn problems_are_where_the_text_is(text in any_text()) {
        let document = Document::parse(&text);
        let lines: Vec<&str> = text.split('\n').collect();
        for problem in document.problems() {
            let line = lines[problem.line - 1].trim_start_matches('\u{feff}');
            prop_assert!((1..=line.chars().count() + 1).contains(&problem.column), "{problem}");
        }
    }

    #[test]
    fn right_halves_lose_nothing(text in any_text()) {
        let half = RightHalf::parse(&text);
        prop_assert_eq!([half.lead(), half.written(), half.trailing(), half.ending()].concat(), text.as_str());
        prop_assert!(half.same_value(&half));
    }

    #[test]
    fn node_reads_any_text(text in any_text()) {
        let names: Vec<String> = node::variables(&text).into_iter().map(|found| found.name).collect();
        prop_assert_eq!(names.iter().collect::<HashSet<_>>().len(), names.len());
    }

    #[test]
    fn one_sided_changes_merge(base in right_half(), other in right_half()) {
        prop_assert_eq!(merge_right(Some(&base), &other, &base), Ok(other.clone()));
        prop_assert_eq!(merge_right(Some(&base), &base, &other), Ok(other.clone()));
        prop_assert_eq!(merge_right(Some(&base), &other, &other), Ok(other.clone()));
        prop_assert_eq!(merge_right(None, &other, &other), Ok(other));
    }

    #[test]
    fn merged_right_halves_have_a_value_of_one_side(
        base in right_half(), mine in right_half(), theirs in right_half(),
    ) {
        let (ours, other) = (RightHalf::parse(&mine), RightHalf::parse(&theirs));
        match merge_right(Some(&base), &mine, &theirs) {
            Ok(text) => {
                let merged = RightHalf::parse(&text);
                prop_assert!(merged.written() == ours.written() || merged.written() == other.written());
                let whole = |right: &str| {
                    matches!(Document::parse(&format!("A={right}")).entries(), [Entry::Variable(_)])
                };
                prop_assert!(!whole(&mine) || !whole(&theirs) || whole(&text));
                prop_assert!(merged.ending() == ours.ending() || merged.ending() == other.ending());
                let base = RightHalf::parse(&base);
                if !ours.same_value(&base) {
                    prop_assert!(merged.same_value(&ours));
                }
                if !other.same_value(&base) {
                    prop_assert!(merged.same_value(&other));
                }
                for side in [ours, other] {
                    if side.has_comment() && side.trailing() != base.trailing() {
                        prop_assert!(merged.trailing().contains(side.trailing()));
                    }
                }
            }
            Err(_) => prop_assert_ne!(ours.written(), other.written()),
        }
    }

    #[test]
    fn conflicts_do_not_depend_on_the_side(base in right_half(), mine in right_half(), theirs in right_half()) {
        let there = merge_right(Some(&base), &mine, &theirs);
        let back = merge_right(Some(&base), &theirs, &mine);
        prop_assert_eq!(there.is_err(), back.is_err());
    }

    #[test]
    fn prose_merges_without_loss(base in prose(), mine in prose(), theirs in prose()) {
        let merged = merge_prose(&base, &mine, &theirs);
        let (of_base, of_merged) = (lines(&base), lines(&merged));
        for line in lines(&mine).into_iter().chain(lines(&theirs)) {
            prop_assert!(of_base.contains(&line) || of_merged.contains(&line), "{line:?} is lost");
        }
        for line in of_merged {
            prop_assert!([&base, &mine, &theirs].iter().any(|side| lines(side).contains(&line)), "{line:?} is new");
        }
        prop_assert_eq!(merge_prose(&base, &mine, &base), mine.clone());
        prop_assert_eq!(merge_prose(&base, &base, &mine), mine.clone());
        prop_assert_eq!(merge_prose(&base, &mine, &mine), mine);
    }

    #[test]
    fn joining_adds_line_endings_only(entries in vec(dotenv_like(), 0..8)) {
        let entries: Vec<&str> = entries.iter().map(String::as_str).collect();
        let joined = join_entries(&entries);
        let without: String = joined.text.split(['\n', '\r']).collect();
        prop_assert_eq!(without, entries.concat().split(['\n', '\r']).collect::<String>());
        prop_assert!(joined.ended.iter().all(|place| !entries[*place].ends_with('\n')));
        let added = joined.text.matches('\n').count() - entries.concat().matches('\n').count();
        prop_assert_eq!(added, joined.ended.len());
    }

    #[test]
    fn matches_are_pairs(base in dotenv_like(), mine in dotenv_like()) {
        let (before, after) = (Document::parse(&base), Document::parse(&mine));
        let known: Vec<KnownEntry<'_>> = before.entries().iter().map(KnownEntry::from).collect();
        let entries: Vec<KnownEntry<'_>> = after.entries().iter().map(KnownEntry::from).collect();
        let matches = match_entries(&known, &entries);
        prop_assert_eq!(matches.len(), after.entries().len());
        let partners: Vec<usize> = matches.iter().flatten().copied().collect();
        prop_assert_eq!(partners.iter().collect::<HashSet<_>>().len(), partners.len());
        for (entry, partner) in after.entries().iter().zip(&matches) {
            let Some(partner) = partner else { continue };
            prop_assert_eq!(before.entries()[*partner].name().is_some(), entry.name().is_some());
        }
        let itself: Vec<_> = (0..known.len()).map(Some).collect();
        prop_assert_eq!(match_entries(&known, &known), itself);
    }

    #[test]
    fn equal_texts_differ_in_nothing(text in dotenv_like(), other in dotenv_like()) {
        let (document, changed) = (Document::parse(&text), Document::parse(&other));
        prop_assert!(diff(&document, &document).is_empty());
        let counts = Summary::of(&diff(&document, &changed));
        let (before, after) = (document.variables().count(), changed.variables().count());
        prop_assert_eq!(before + counts.new, after + counts.removed);
    }
}
