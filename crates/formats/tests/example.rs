//! `.env.example` never shows a value: values that can be told from everything else are put into
//! files of all kinds, and looked for in what comes out.

use proptest::prelude::*;
use twinlock_dotenv::{Dialect, Document};
use twinlock_formats::example;

/// What no name and no comment has.
const CANARY: &str = "QZcanaryQZ";

/// Lines with a canary in the place of a value, as people and tools write them.
fn line() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "A=§",
        "export A=§",
        "A = \"§\" # note",
        "A='§'",
        "A=`§`",
        "A=\"x\n§\ny\"",
        "A='x\n# §\n'",
        "A=\"§",
        "A='§ # §",
        "A=§ # note",
        "A=§#§",
        "A=x \\\n§",
        "A=x\\\n# §",
        "A=\"x\" \"§\"",
        "A='x'\"§\"'y'",
        "A=$(echo §)",
        "A=${B:-§}",
        "# A=§",
        "#A=§",
        "# export OLD = § # note",
        "# OLD=\"§\"",
        "# OLD=\"x\n# §\n# \"",
        "# OLD='x § y'",
        "#OLD=`§",
        "# see OLD=§ there",
        "# see OLD = § there",
        "# OLD: §\nOLD=1",
        "# it is §, or \"§\"\nA=§",
        "# https://u:§@host/x",
        "§",
        "; A=§",
        "A: §",
        "-----BEGIN §-----\n§\n-----END §-----",
        "A=-----BEGIN §-----\n§\n-----END §-----",
        "# -----BEGIN X-----\n# §\n# -----END X-----",
        "# OLD=-----BEGIN X-----\n# §\n# -----END X-----",
        "9A=§",
        "=§",
        "A B=§",
        "# note",
        "",
        "NAME=",
        "\u{feff}",
        "A=§ #",
        "A= #§",
        "A=\"§\"#note",
        "A=\"a\\\"§\"",
        "A=1=§",
        "export §",
    ])
    .prop_map(|line| line.replace('§', CANARY))
}

proptest! {
    #[test]
    fn no_value_is_shown(lines in prop::collection::vec(line(), 1..12), ending in prop::sample::select(vec!["\n", "\r\n"]), dialect in prop::sample::select(Dialect::ALL.to_vec())) {
        let text = lines.join("\n").replace('\n', ending);
        let shown = example(&Document::parse(&text), dialect);
        prop_assert!(!shown.contains(CANARY), "{:?}\n{:?}", text, shown);
    }

    #[test]
    fn every_name_is_kept(text in "([A-Z]{1,3}=[a-z'\" #]{0,5}\n|# [a-z ]{0,9}\n|[a-z]{0,3}\n){0,9}") {
        let document = Document::parse(&text);
        let shown = example(&document, Dialect::Node);
        let names = |document: &Document<'_>| document.variables().map(|found| found.left().to_owned()).collect::<Vec<_>>();
        prop_assert_eq!(names(&Document::parse(&shown)), names(&document));
    }

    #[test]
    fn every_value_is_empty(text in "([A-Z]{1,3} ?= ?['\"]?[a-z]{0,5}['\"]?( #[a-z]{0,3}|#x)?\n){0,9}") {
        let shown = example(&Document::parse(&text), Dialect::Node);
        for reading in twinlock_dotenv::node::variables(&shown) {
            prop_assert_eq!(reading.value, "", "{:?}", shown);
        }
    }
}
