//! Every operation on texts that show what it leaves alone.

use twinlock_dotenv::edit::{
    Edited, NotEdited, Place, Proof, Which, add, apply, comment_out, remove, rename, set, shift, uncomment,
};
use twinlock_dotenv::{Dialect, Document, Surroundings};

/// The new text, after looking at what must hold of every answer.
fn text_of(old: &str, edited: Result<Edited, NotEdited>) -> Result<String, NotEdited> {
    let edited = edited?;
    assert_eq!(apply(old, &edited.edits).as_deref(), Ok(edited.text.as_str()));
    assert_eq!(edited.edits.is_empty(), edited.text == old);
    Ok(edited.text)
}

#[test]
fn sets_a_value() {
    fn check(dialect: Dialect, text: &str, value: &str, expected: &str) {
        let edited = set(&Document::parse(text), dialect, "A", value);
        assert_eq!(text_of(text, edited).as_deref(), Ok(expected), "{dialect} {text:?}");
    }
    let node = |text, value, expected| check(Dialect::Node, text, value, expected);
    node("A=1", "2", "A=2");
    node("A=1\n", "2", "A=2\n");
    node(
        "\u{feff}# c\r\n\r\n  export A\t= 'x'\t# c\r\nB=1",
        "y",
        "\u{feff}# c\r\n\r\n  export A\t= 'y'\t# c\r\nB=1",
    );
    node("A=\"1\" # c\n", "2", "A=\"2\" # c\n");
    node("A=1 # c\n", "two words", "A=\"two words\" # c\n");
    node("A=1 # c\n", "", "A= # c\n");
    node("A= # c\n", "1", "A=1 # c\n");
    node("A=1#c\n", "2", "A=2#c\n");
    node("A='a\nb'\nB=1\n", "c", "A='c'\nB=1\n");
    node("A=1\nA=2\n", "3", "A=1\nA=3\n");
    node("A=-----BEGIN K-----\nab\n-----END K-----\nB=1\n", "x", "A=x\nB=1\n");
    node("A=1\nB=$A\n", "2", "A=2\nB=$A\n");
    // The closing quote of a later value would close what is open here.
    node("B=\"x\nA=1\n", "two words", "B=\"x\nA='two words'\n");
    check(Dialect::Rust, "A=1\nA=2\n", "3", "A=3\nA=2\n");
    check(Dialect::NodeExpand, "A=1\nB=$A\n", "$C", "A=\"\\$C\"\nB=$A\n");
    // To these loaders it is part of the value.
    check(Dialect::Docker, "A=1 # c\nB=2\n", "3", "A=3\nB=2\n");
    check(Dialect::Docker, "A= 1\n", "3", "A=3\n");
    check(Dialect::Sh, "A=1\r\nB=2\r\n", "3", "A=3\nB=2\r\n");
    // They take no blanks around the `=`.
    check(Dialect::Sh, "export A = 1 # c\n", "3", "export A=3 # c\n");
}

#[test]
fn a_value_that_is_read_already_stays_as_it_is() {
    fn check(dialect: Dialect, text: &str, value: &str) {
        let edited = set(&Document::parse(text), dialect, "A", value);
        assert_eq!(edited.map(|edited| edited.edits), Ok(vec![]), "{dialect} {text:?}");
    }
    check(Dialect::Node, "A='1'\n", "1");
    check(Dialect::Node, "A=2\nA='1'\n", "1");
    check(Dialect::Rust, "A=1\nA=2\n", "1");
    check(Dialect::Node, "A=\n", "");
    check(Dialect::Compose, "B=1\nA=$B\n", "1");
}

#[test]
fn adds_a_variable_in_the_style_around_it() {
    fn check(text: &str, place: Place<'_>, expected: &str) {
        let edited = add(&Document::parse(text), Dialect::Node, "NEW", "1", place);
        assert_eq!(text_of(text, edited).as_deref(), Ok(expected), "{text:?}");
    }
    check("", Place::End, "NEW=1\n");
    check("\u{feff}", Place::End, "\u{feff}NEW=1\n");
    check("A=1", Place::End, "A=1\nNEW=1");
    check("A=1\n", Place::End, "A=1\nNEW=1\n");
    check("A=1\r\nB=2", Place::End, "A=1\r\nB=2\r\nNEW=1");
    check("export A='x'\n", Place::End, "export A='x'\nexport NEW='1'\n");
    check("  A = x\n", Place::End, "  A = x\n  NEW = 1\n");
    check("A        = 1\nLONGNAME = 2\n", Place::End, "A        = 1\nLONGNAME = 2\nNEW      = 1\n");
    check("LONGNAME=1\nA       =2\n", Place::End, "LONGNAME=1\nA       =2\nNEW     =1\n");
    check("A=1\n# c\nB=\"2\"\n", Place::After("A"), "A=1\nNEW=1\n# c\nB=\"2\"\n");
    check("A=1\n# c\nB=\"2\"\n", Place::Before("B"), "A=1\n# c\nNEW=\"1\"\nB=\"2\"\n");
    check("A=1\nB=2", Place::After("B"), "A=1\nB=2\nNEW=1");
    check("A=1 # c\n", Place::End, "A=1 # c\nNEW=1\n");
}

#[test]
fn renames() {
    fn check(text: &str, expected: &str) {
        let edited = rename(&Document::parse(text), Dialect::Node, "A", "NEW");
        assert_eq!(text_of(text, edited).as_deref(), Ok(expected), "{text:?}");
    }
    check("A=1", "NEW=1");
    check("  export A\t= 'x' # A\r\nB=$A\r\n", "  export NEW\t= 'x' # A\r\nB=$A\r\n");
    check("A=1\nA=2\n", "NEW=1\nNEW=2\n");
}

#[test]
fn removes() {
    fn check(text: &str, which: Which, expected: &str) {
        let edited = remove(&Document::parse(text), Dialect::Node, "A", which);
        assert_eq!(text_of(text, edited).as_deref(), Ok(expected), "{text:?}");
    }
    check("A=1", Which::Every, "");
    check("# c\nA=1\nB=2\n", Which::Every, "# c\nB=2\n");
    check("A='1\n2' # c\r\nB=2\n", Which::Every, "B=2\n");
    check("B=2\nA=1", Which::Every, "B=2");
    check("B=2\r\n\r\nA=1", Which::Every, "B=2\r\n");
    check("A=1\nB=2\nA=3\n", Which::Every, "B=2\n");
    check("A=1\nB=2\nA=3\n", Which::One(0), "B=2\nA=3\n");
    check("A=1\nB=2\nA=3\n", Which::One(1), "A=1\nB=2\n");
    check("B=2\nA=1\nA=3", Which::Every, "B=2");
    check("A=1\nB=$A\n", Which::Every, "B=$A\n");
}

#[test]
fn moves() {
    fn check(text: &str, place: Place<'_>, expected: &str) {
        let edited = shift(&Document::parse(text), Dialect::Node, "A", place);
        assert_eq!(text_of(text, edited).as_deref(), Ok(expected), "{text:?}");
    }
    check("A=1 # a\nB=2\nC=3\n", Place::After("B"), "B=2\nA=1 # a\nC=3\n");
    check("A=1\nB=2\nC=3\n", Place::End, "B=2\nC=3\nA=1\n");
    check("A=1\nB=2", Place::End, "B=2\nA=1");
    check("B=2\nA=1", Place::Before("B"), "A=1\nB=2");
    check("B=2\r\nA=1\r\n", Place::Before("B"), "A=1\r\nB=2\r\n");
    check("A=1\nB=2\n", Place::Before("B"), "A=1\nB=2\n");
    check("A=1\nB=2\n", Place::After("A"), "A=1\nB=2\n");
}

#[test]
fn comments_out_and_in() {
    fn check(text: &str, commented: &str) {
        let out = comment_out(&Document::parse(text), Dialect::Node, "A", Which::Every);
        assert_eq!(text_of(text, out).as_deref(), Ok(commented), "{text:?}");
        let back = uncomment(&Document::parse(commented), Dialect::Node, "A");
        assert_eq!(text_of(commented, back).as_deref(), Ok(text), "{commented:?}");
    }
    check("A=1", "# A=1");
    check("#B=1\nA=1\n", "#B=1\n#A=1\n");
    check("# B=1\n  A=1 # c\r\n", "# B=1\n#   A=1 # c\r\n");
    check("A='1\n2'\nB=2\n", "# A='1\n# 2'\nB=2\n");
    check("# text\nA=1\n# text\n", "# text\n# A=1\n# text\n");
}

#[test]
fn refuses_with_a_reason() {
    fn check(edited: Result<Edited, NotEdited>, expected: NotEdited) {
        assert_eq!(edited.map(|edited| edited.text), Err(expected));
    }
    let name = || "A".to_owned();
    let document = Document::parse("A=1\nB=2\n");
    let dialect = Dialect::Node;
    check(add(&document, dialect, "A", "1", Place::End), NotEdited::NameTaken { name: name() });
    check(add(&document, dialect, "a b", "1", Place::End), NotEdited::NotAName);
    check(add(&document, dialect, "", "1", Place::End), NotEdited::NotAName);
    check(add(&document, dialect, "export A", "1", Place::End), NotEdited::NotAName);
    check(add(&document, dialect, &"N".repeat(129), "1", Place::End), NotEdited::NotAName);
    check(rename(&document, dialect, "B", "A"), NotEdited::NameTaken { name: name() });
    let absent = || NotEdited::NoVariable { name: "C".to_owned() };
    check(rename(&document, dialect, "C", "D"), absent());
    check(remove(&document, dialect, "C", Which::Every), absent());
    check(remove(&document, dialect, "A", Which::One(1)), NotEdited::NoVariable { name: name() });
    check(shift(&document, dialect, "A", Place::After("C")), absent());
    check(add(&document, dialect, "D", "1", Place::Before("C")), absent());
    check(uncomment(&document, dialect, "C"), NotEdited::NoComment { name: "C".to_owned() });
    // The loader takes the first line to end at the quote in the second.
    let swallowed = Document::parse("B='x\nA=1 'y'\n");
    let edited = set(&swallowed, Dialect::Python, "A", "2");
    assert!(
        edited.is_ok() || matches!(edited, Err(NotEdited::NotRead { .. } | NotEdited::ChangesOthers { .. }))
    );
    // A value refers to what would come after it.
    let referring = Document::parse("A=1\nB=$A\n");
    let names = vec!["B".to_owned()];
    let moved = shift(&referring, Dialect::Bash, "A", Place::End);
    check(moved, NotEdited::ChangesOthers { dialect: Dialect::Bash, names });
}

#[test]
fn in_a_text_that_is_refused_anyway_the_line_alone_is_tried() {
    let text = "not an assignment\nA=1\n";
    let edited = set(&Document::parse(text), Dialect::Symfony, "A", "two words");
    let proof = edited.as_ref().map(|edited| matches!(edited.proof, Proof::Alone(_)));
    assert_eq!(proof, Ok(true));
    assert_eq!(text_of(text, edited).as_deref(), Ok("not an assignment\nA=\"two words\"\n"));
}

#[test]
fn large_texts_and_values_come_to_an_end() {
    let value = "a\\\"'` $B ${C}\n#".repeat(3_000);
    let json = format!("{{{}}}", "\"key\": \"it's $5\", ".repeat(5_000));
    let many: String = (0..5_000).map(|number| format!("NAME_{number}=\"value\" # comment\n")).collect();
    for (dialect, text, value) in [
        (Dialect::Node, "A=1\n", value.as_str()),
        (Dialect::Bash, "A=1\n", &value),
        (Dialect::Compose, "A=1\n", &json),
        (Dialect::Node, &format!("{many}A=1\n"), "two words"),
        (Dialect::Rust, &format!("{}A=1\n", "B='\n".repeat(5_000)), "two words"),
        (Dialect::Node, &"A=1\n".repeat(2_000), "two words"),
    ] {
        let edited = set(&Document::parse(text), dialect, "A", value);
        assert!(edited.is_ok_and(|edited| edited.edits.len() == 1), "{dialect} {:.20}", text);
    }
}

#[test]
fn a_name_that_is_empty_is_a_name_to_the_loader_too() {
    // Compose reads a variable without a name from a line of its own: none may come from an edit.
    let document = Document::parse("A=true new");
    let edited = set(&document, Dialect::Compose, "A", "").map(|edited| edited.text);
    let read =
        edited.map(|text| Dialect::Compose.read(&text, &Surroundings::default()).map(|read| read.len()));
    assert!(matches!(read, Ok(Ok(1)) | Err(_)), "{read:?}");
}
