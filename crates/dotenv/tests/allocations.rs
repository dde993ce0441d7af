//! How much memory reading asks for: so many times for a text and for a variable, whatever a text
//! holds; never for a line or a byte.

use allocation_counter::{AllocationInfo, measure};
use twinlock_dotenv::{Dialect, Document, Surroundings};

/// Variables, comments, quotes and inline comments, so many of each.
fn text(count: usize) -> String {
    let lines = |n| {
        format!(
            "# comment {n}\n\nPLAIN_{n}=value\nexport DOUBLE_{n}=\"a value\"\nSINGLE_{n}='a value' # comment\n"
        )
    };
    (0..count).map(lines).collect()
}

fn of_parsing(text: &str) -> AllocationInfo {
    measure(|| drop(Document::parse(text)))
}

#[test]
fn parsing_allocates_for_the_list_of_entries_alone() {
    let (few, many) = (of_parsing(&text(100)), of_parsing(&text(1_600)));
    // Sixteen times as many entries: the list doubles four times more.
    assert!(few.count_total <= 10, "{few:?}");
    assert!(many.count_total <= few.count_total + 4, "{many:?}");
    let text = text(1_600);
    assert!(many.bytes_max < 10 * text.len() as u64, "{} bytes of text, {many:?}", text.len());
}

#[test]
fn parsing_hostile_text_allocates_for_the_list_of_entries_alone() {
    const MANY: usize = 1 << 16;
    for piece in
        ["A=\"\n", "\"'`", "A=-----BEGIN A\n", "-----BEGIN A-----\n", "\\", "${", "\n", "export ", "\r"]
    {
        let found = of_parsing(&piece.repeat(MANY));
        assert!(found.count_total <= 32, "{piece:?} {found:?}");
    }
}

#[test]
fn every_dialect_allocates_a_few_times_for_a_variable() {
    const VARIABLES: u64 = 3 * 400;
    let text = text(400);
    let surroundings = Surroundings::default();
    let of = |dialect: Dialect| {
        // What a regular expression sets up, it sets up once.
        drop(dialect.read(&text, &surroundings));
        let found = measure(|| drop(dialect.read(&text, &surroundings)));
        (dialect.name(), found.count_total.div_ceil(VARIABLES), found.bytes_max / text.len() as u64)
    };
    let too_many: Vec<_> = Dialect::ALL
        .into_iter()
        .filter(|dialect| {
            let (_, each, bytes) = of(*dialect);
            each > most(*dialect) || bytes > 16
        })
        .map(of)
        .collect();
    assert_eq!(too_many, []);
}

/// A name, a value, and what is between the two. A shell's words have parts of their own.
fn most(dialect: Dialect) -> u64 {
    if matches!(dialect, Dialect::Sh | Dialect::Bash) { 24 } else { 12 }
}
