//! What must hold of every text that is cut into entries.

use twinlock_dotenv::{Document, Entry, RightHalf, join_entries, merge_prose, merge_right, node};

/// Cuts the text, and checks that nothing is lost, moved or told of a place that is not there.
pub(crate) fn check(text: &str) {
    let document = Document::parse(text);
    let mut at = 0;
    for entry in document.entries() {
        assert_eq!(entry.span(), at..at + entry.text().len());
        assert!(!entry.text().is_empty() && &text[entry.span()] == entry.text());
        assert!([entry.left(), entry.right()].concat() == entry.text());
        at = entry.span().end;
    }
    assert_eq!(at, text.len());
    let pieces: Vec<&str> = document.entries().iter().map(Entry::text).collect();
    let joined = join_entries(&pieces);
    assert!(joined.text == text && joined.ended.is_empty());

    for variable in document.variables() {
        let half = variable.right_half();
        let parts = [half.lead(), half.written(), half.trailing(), half.ending()];
        assert!(parts.concat() == variable.right());
        assert!(half.same_value(&RightHalf::parse(variable.right())));
        let alone = Document::parse(variable.text());
        assert!(matches!(alone.entries(), [Entry::Variable(same)] if same.left() == variable.left()));
        let right = variable.right();
        assert!(merge_right(Some(right), right, "1\n").is_ok_and(|merged| merged == "1\n"));
    }
    let lines: Vec<&str> = text.split('\n').collect();
    for problem in document.problems() {
        let line = lines[problem.line - 1].trim_start_matches('\u{feff}');
        assert!((1..=line.chars().count() + 1).contains(&problem.column), "{problem}");
    }
    let names: Vec<String> = node::variables(text).into_iter().map(|found| found.name).collect();
    let mut unique = names.clone();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), names.len());
    assert!(merge_prose("", text, text) == text && merge_prose(text, text, "").is_empty());
}
