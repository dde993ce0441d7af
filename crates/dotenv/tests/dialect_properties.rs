//! What must hold of every dialect on every text: an answer, and one entry to a name.

use std::collections::HashSet;

use proptest::collection::vec;
use proptest::prelude::*;
use twinlock_dotenv::{Dialect, Refused, Surroundings};

/// Pieces that mean something to one loader or another.
const PIECES: [&str; 64] = [
    "A", "B", "X1", "_", "export ", "export", "=", "==", " = ", ":", ": ", ":=", "\"", "'", "`", "\\",
    "\\\\", "\\\"", "\\'", "\\n", "\\$", "#", " #", "\n", "\n", "\r\n", "\r", " ", "\t", "x", "7", "$", "$A",
    "${A}", "${", "}", "{", "${A:-", "${A-", "${B:+", "${A:?", "$(", ")", "(", "$((", "${#A}", "${A%",
    "${A//", "[", "]", ";", "&", "|", "<", "<<", ">", "\0", "\u{feff}", "\u{2028}", "\u{a0}", "\u{85}", "é",
    "日", "𝄞",
];

fn text() -> impl Strategy<Value = String> {
    let piece = proptest::sample::select(PIECES.to_vec());
    let pieces = vec(piece, 0..60).prop_map(|pieces| pieces.concat());
    prop_oneof![any::<String>(), pieces.clone(), pieces]
}

fn surroundings() -> Surroundings {
    [("HOST", "around"), ("X1", ""), ("_", "$A")].into_iter().collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_dialect_answers_every_text(text in text()) {
        for dialect in Dialect::ALL {
            if let Ok(readings) = dialect.read(&text, &surroundings()) {
                let names: HashSet<&str> = readings.iter().map(|reading| reading.name.as_str()).collect();
                prop_assert_eq!(names.len(), readings.len(), "{} {:?}", dialect.name(), text);
            }
        }
    }
}

#[test]
fn hostile_texts_come_to_an_end() {
    const MANY: usize = 20_000;
    let texts = [
        "A=${A}x\n".to_owned(),
        "A=${B}x\nB=${A}y\n".to_owned(),
        "A=x\n".to_owned() + &"A=${A}${A}\n".repeat(80),
        format!("A={}", "${".repeat(MANY)),
        format!("A={}", "${A:-".repeat(MANY)),
        format!("A={}{}", "${A:-".repeat(MANY), "}".repeat(MANY)),
        format!("A=\"{}", "$(".repeat(MANY)),
        format!("A={}{}", "$(".repeat(MANY), ")".repeat(MANY)),
        format!("A={}", "$((".repeat(MANY)),
        format!("A={}", "`\\`".repeat(MANY)),
        format!("A={}", "\"'".repeat(MANY)),
        format!("A={}", "\"".repeat(MANY)),
        format!("A={}", "'\\".repeat(MANY)),
        "A=\"\\\"\n".repeat(MANY),
        "A='x\n".repeat(MANY),
        format!("A=1\nB={}", "$A".repeat(MANY)),
        format!("A={}\nB={}", "x".repeat(MANY), "$A".repeat(MANY)),
        format!("A={}", "\\".repeat(MANY)),
        format!("A={}", " #".repeat(MANY)),
        format!("{}=1", " ".repeat(MANY)),
        "A \n".repeat(MANY),
        "\n".repeat(MANY) + "!",
        format!("A={}", "(".repeat(MANY)),
        "<<E\n".repeat(MANY),
        "A=${A%%*a*a*a*a*b}\n".to_owned() + &"a".repeat(MANY),
    ];
    for text in &texts {
        for dialect in Dialect::ALL {
            // An answer or a refusal, and in either case an end.
            let answer = dialect.read(text, &surroundings());
            let start: String = text.chars().take(20).collect();
            assert!(
                answer.is_ok()
                    || answer.is_err_and(|refused| !matches!(refused, Refused::Syntax { line: 0 })),
                "{} {start}",
                dialect.name()
            );
        }
    }
}
