//! The cut, case by case: which text is a variable, where its halves part, and what is prose.

use twinlock_dotenv::{Document, Entry, MAX_NAME};

/// An entry as a test writes it.
#[derive(Debug, PartialEq, Eq)]
enum Cut<'t> {
    /// Left and right half.
    V(&'t str, &'t str),
    /// Prose.
    P(&'t str),
}
use Cut::{P, V};

fn cut(text: &str) -> Vec<Cut<'_>> {
    let document = Document::parse(text);
    let entry = |entry: &Entry<'_>| &text[entry.span()] == entry.text();
    assert!(document.entries().iter().all(entry), "the spans of {text:?}");
    let entries = document.entries().iter().map(|entry| match entry {
        Entry::Variable(variable) => {
            let (left, right) = variable.text().split_at(variable.left().len());
            assert_eq!((left, right), (variable.left(), variable.right()), "{text:?}");
            let in_text = variable.span().start;
            V(&text[in_text..in_text + left.len()], &text[in_text + left.len()..variable.span().end])
        }
        Entry::Prose(prose) => P(&text[prose.span()]),
    });
    entries.collect()
}

fn check(text: &str, expected: &[Cut<'_>]) {
    assert_eq!(cut(text), expected, "{text:?}");
    let whole: String = Document::parse(text).entries().iter().map(|entry| entry.text()).collect();
    assert_eq!(whole, text);
}

#[test]
fn lines() {
    check("", &[]);
    check("A=1", &[V("A=", "1")]);
    check("A=1\nB=2\n", &[V("A=", "1\n"), V("B=", "2\n")]);
    check("A=1\r\nB=2\r\n", &[V("A=", "1\r\n"), V("B=", "2\r\n")]);
    check("A=1\rB=2\n", &[V("A=", "1\rB=2\n")]);
    check("A=\n", &[V("A=", "\n")]);
    check("A=", &[V("A=", "")]);
    check("A=a=b\n", &[V("A=", "a=b\n")]);
    check("\n", &[P("\n")]);
    check("# a\n\n# b\nA=1\n \n", &[P("# a\n\n# b\n"), V("A=", "1\n"), P(" \n")]);
    check("  export\tA \t= \"1\"  # c\r\n", &[V("  export\tA \t=", " \"1\"  # c\r\n")]);
    check("A: 1\nA\nexport A\n=1\n1A=1\n", &[P("A: 1\nA\nexport A\n=1\n1A=1\n")]);
    check("#A=1\n", &[P("#A=1\n")]);
    check("A=1 B=2\n", &[V("A=", "1 B=2\n")]);
    check("A\u{85}=1\n\u{2028}B=1\n", &[P("A\u{85}=1\n\u{2028}B=1\n")]);
    let (name, long) = ("n".repeat(MAX_NAME) + "=", "n".repeat(MAX_NAME + 1) + "=");
    check(&name, &[V(&name, "")]);
    check(&long, &[P(&long)]);
}

#[test]
fn byte_order_mark() {
    check("\u{feff}", &[P("\u{feff}")]);
    check("\u{feff}A=1\n", &[P("\u{feff}"), V("A=", "1\n")]);
    check("\u{feff}# c\nA=1\n", &[P("\u{feff}"), P("# c\n"), V("A=", "1\n")]);
    check("\u{feff}\u{feff}A=1\n", &[P("\u{feff}"), P("\u{feff}A=1\n")]);
    check("A=1\n\u{feff}B=1\n", &[V("A=", "1\n"), P("\u{feff}B=1\n")]);
}

#[test]
fn quotes() {
    for quote in ['"', '\'', '`'] {
        let in_quotes = |text: &str| text.replace('Q', &quote.to_string());
        let check = |text: &str, expected: &[(&str, &str)]| {
            let (text, expected) = (
                in_quotes(text),
                expected.iter().map(|(left, right)| (in_quotes(left), in_quotes(right))).collect::<Vec<_>>(),
            );
            let expected: Vec<_> = expected.iter().map(|(left, right)| V(left, right)).collect();
            check(&text, &expected);
        };
        check("A=QxQ\nB=1\n", &[("A=", "QxQ\n"), ("B=", "1\n")]);
        check("A=Qx\ny=1\nQ # c\nB=1\n", &[("A=", "Qx\ny=1\nQ # c\n"), ("B=", "1\n")]);
        check("A= \tQx\r\ny\r\nQ\t\r\nB=1\n", &[("A=", " \tQx\r\ny\r\nQ\t\r\n"), ("B=", "1\n")]);
        check("A=Qx\nyQ#c", &[("A=", "Qx\nyQ#c")]);
        // No closing quote: one line.
        check("A=Qx\nB=1\n", &[("A=", "Qx\n"), ("B=", "1\n")]);
        check("A=Q\nB=1\n", &[("A=", "Q\n"), ("B=", "1\n")]);
        check("A=QxQy\nB=1\n", &[("A=", "QxQy\n"), ("B=", "1\n")]);
        // A quote with something behind it closes nothing.
        check("A=Q{QaQ: 1}Q\nB=1\n", &[("A=", "Q{QaQ: 1}Q\n"), ("B=", "1\n")]);
        check("A=Qx\nQyQ z\nQ\nB=1\n", &[("A=", "Qx\nQyQ z\nQ\n"), ("B=", "1\n")]);
        check("A=Qx\nB=QyQ\nC=1\n", &[("A=", "Qx\nB=QyQ\n"), ("C=", "1\n")]);
        check("A=Q\n\n\nQ", &[("A=", "Q\n\n\nQ")]);
        // A quote inside a value opens nothing.
        check("A=xQ\nB=1Q\n", &[("A=", "xQ\n"), ("B=", "1Q\n")]);
        check("A=QQ\nB=QQ\n", &[("A=", "QQ\n"), ("B=", "QQ\n")]);
    }
    // A backslash escapes in double quotes only.
    check("A=\"x\\\"\ny\"\nB=1\n", &[V("A=", "\"x\\\"\ny\"\n"), V("B=", "1\n")]);
    check("A=\"x\\\\\"\ny\"\n", &[V("A=", "\"x\\\\\"\n"), P("y\"\n")]);
    check("A=\"\\\"\nB=1\n", &[V("A=", "\"\\\"\n"), V("B=", "1\n")]);
    check("A='x\\'\nB='1'\n", &[V("A=", "'x\\'\n"), V("B=", "'1'\n")]);
    check("A=\"x' \n'\n\"\n", &[V("A=", "\"x' \n'\n\"\n")]);
    check("A='x\"\n\"\nB=1\n", &[V("A=", "'x\"\n"), P("\"\n"), V("B=", "1\n")]);
}

#[test]
fn a_key_as_an_unquoted_value() {
    let key = "-----BEGIN A KEY-----\nProc-Type: 4,ENCRYPTED\n\nMIIE+w==\nx=1\n-----END A KEY-----\n";
    check(&format!("K={key}B=1\n"), &[V("K=", key), V("B=", "1\n")]);
    check(&format!("export K = {key}B=1\n"), &[V("export K =", &format!(" {key}")), V("B=", "1\n")]);
    let windows = key.replace('\n', "\r\n");
    check(&format!("K={windows}B=1\r\n"), &[V("K=", &windows), V("B=", "1\r\n")]);
    check(&format!("K={}", key.trim_end()), &[V("K=", key.trim_end())]);
    // All on one line.
    let line = "-----BEGIN A-----\\nab\\n-----END A-----\n";
    check(&format!("K={line}B=1\n-----END\n"), &[V("K=", line), V("B=", "1\n"), P("-----END\n")]);
    // A second key after the first is prose; a certificate chain, say.
    let text = format!("K={key}{key}B=1\n");
    check(&text, &[V("K=", key), P(key), V("B=", "1\n")]);
}

#[test]
fn a_key_without_an_end() {
    check("K=-----BEGIN A\nab\nB=1\n", &[V("K=", "-----BEGIN A\nab\n"), V("B=", "1\n")]);
    check("K=-----BEGIN A\nB=1\n", &[V("K=", "-----BEGIN A\n"), V("B=", "1\n")]);
    check("K=-----BEGIN A", &[V("K=", "-----BEGIN A")]);
    check(
        "K=-----BEGIN A\nVersion: 1\nab\ncd==\nB=1\n",
        &[V("K=", "-----BEGIN A\nVersion: 1\nab\ncd==\n"), V("B=", "1\n")],
    );
    // Padding is where base64 ends.
    check("K=-----BEGIN A\nabcd=\nB=\n", &[V("K=", "-----BEGIN A\nabcd=\n"), V("B=", "\n")]);
    check("K=-----BEGIN A\nab\n\ncd\nB=1\n", &[V("K=", "-----BEGIN A\nab\n"), P("\ncd\n"), V("B=", "1\n")]);
    // The END of another variable's key is not its own.
    check(
        "K=-----BEGIN A\nab\nB=1\nL=-----BEGIN A\ncd\n-----END A\nC=1\n",
        &[
            V("K=", "-----BEGIN A\nab\n"),
            V("B=", "1\n"),
            V("L=", "-----BEGIN A\ncd\n-----END A\n"),
            V("C=", "1\n"),
        ],
    );
    check(
        "K=-----BEGIN A\nab\nB=1\nL='-----BEGIN A\ncd\n-----END A'\n",
        &[V("K=", "-----BEGIN A\nab\n"), V("B=", "1\n"), V("L=", "'-----BEGIN A\ncd\n-----END A'\n")],
    );
}

#[test]
fn a_key_in_quotes() {
    let text = "K=\"-----BEGIN A\nab=\n-----END A\"\nB=1\n";
    check(text, &[V("K=", "\"-----BEGIN A\nab=\n-----END A\"\n"), V("B=", "1\n")]);
    // Never closed: the value is one line, and the rest of the key is prose.
    let text = "K=\"-----BEGIN A\nx=1\nab=\n-----END A\nB=1\n";
    check(text, &[V("K=", "\"-----BEGIN A\n"), P("x=1\nab=\n-----END A\n"), V("B=", "1\n")]);
    check("K=\"-----BEGIN A\nab=\nB=1\n", &[V("K=", "\"-----BEGIN A\n"), P("ab=\n"), V("B=", "1\n")]);
    // Closed on its line, it opens nothing.
    check(
        "K=\"-----BEGIN A\"\nB=1\n-----END\n",
        &[V("K=", "\"-----BEGIN A\"\n"), V("B=", "1\n"), P("-----END\n")],
    );
}

#[test]
fn a_key_in_prose() {
    let key = "-----BEGIN A\nName=x\nab==\n-----END A\n";
    check(&format!("{key}B=1\n"), &[P(key), V("B=", "1\n")]);
    check(&format!("# c\n  {key}\nB=1\n"), &[P(&format!("# c\n  {key}\n")), V("B=", "1\n")]);
    check(&format!("KEY: {key}B=1\n"), &[P(&format!("KEY: {key}")), V("B=", "1\n")]);
    check("-----BEGIN A\nB: c\nab\nB=1\n", &[P("-----BEGIN A\nB: c\nab\n"), V("B=", "1\n")]);
    check("-----BEGIN A\nab=\nB=1\n", &[P("-----BEGIN A\nab=\n"), V("B=", "1\n")]);
    check("-----BEGIN A x -----END A\nB=1\n", &[P("-----BEGIN A x -----END A\n"), V("B=", "1\n")]);
    check(
        "-----BEGIN A\nab\nL=-----BEGIN A\ncd\n-----END A\n",
        &[P("-----BEGIN A\nab\n"), V("L=", "-----BEGIN A\ncd\n-----END A\n")],
    );
    // A comment opens no block; a body of one line below it is still no variable.
    check("# -----BEGIN A\nB=1\n-----END A\n", &[P("# -----BEGIN A\n"), V("B=", "1\n"), P("-----END A\n")]);
    check(
        "#K=-----BEGIN A KEY-----\nab=\n-----END A KEY-----\n",
        &[P("#K=-----BEGIN A KEY-----\nab=\n-----END A KEY-----\n")],
    );
}

#[test]
fn base64_between_lines() {
    check("MIIE\nabc=\nB=1\n", &[P("MIIE\nabc=\n"), V("B=", "1\n")]);
    check("MIIE\r\n abc== \r\nB=1\r\n", &[P("MIIE\r\n abc== \r\n"), V("B=", "1\r\n")]);
    check("abc=\nMIIE\n", &[P("abc=\nMIIE\n")]);
    check("MIIE\nexport abc=\n", &[P("MIIE\n"), V("export abc=", "\n")]);
    check("MIIE\nabc=d\n", &[P("MIIE\n"), V("abc=", "d\n")]);
    check("MIIE\nab_c=\n", &[P("MIIE\n"), V("ab_c=", "\n")]);
    check("MIIE\n\nabc=\n", &[P("MIIE\n\n"), V("abc=", "\n")]);
    check("abc=\n", &[V("abc=", "\n")]);
    check("\u{feff}abc=\n", &[P("\u{feff}"), V("abc=", "\n")]);
    check("\u{feff}MIIE\nabc=", &[P("\u{feff}"), P("MIIE\nabc=")]);
    // Variables without a value are no key.
    check("USER=\nPASSWORD=\nkey=\n", &[V("USER=", "\n"), V("PASSWORD=", "\n"), V("key=", "\n")]);
    // Two secrets below each other are no variables.
    check("dGhpcyBpcyA=\nc2VjcmV0IGU=\n", &[P("dGhpcyBpcyA=\nc2VjcmV0IGU=\n")]);
}

/// Text that makes a careless cut quadratic. The test ends at once, or never.
#[test]
fn hostile_text_costs_no_more() {
    const LONG: usize = 1 << 19;
    let repeat = |piece: &str| piece.repeat(LONG / piece.len());
    for text in [
        repeat("x"),
        format!("A={}", repeat("x")),
        format!("A=\"{}", repeat("\" x")),
        format!("A=\"{}", repeat("\\")),
        repeat(" "),
        repeat("\n"),
        repeat("\""),
        format!("A={}", repeat("\"")),
        format!("A=\"{}", repeat("\\\" ")),
        repeat("A=\"x\n"),
        repeat("A='x\nB=\"y\nC=`z\n"),
        repeat("A=\"\\\"\n"),
        repeat("K=-----BEGIN A\n"),
        repeat("-----BEGIN A\n"),
        format!("{}-----END\n", repeat("K=-----BEGIN A\nx y\n")),
        repeat("-----BEGIN A\nA=1\n"),
        repeat("K=\"-----BEGIN A\n"),
        repeat("-----BEGIN -----END "),
        repeat("ab=\n"),
        repeat("ab=\nab\n"),
        repeat("# -----BEGIN A-----\n"),
        repeat("A=#\"# '# `# "),
        repeat("A=${"),
        repeat("A\n"),
        repeat("A=\n  "),
        repeat("\u{2028}A=\"\u{2028}"),
        repeat("\r"),
    ] {
        let document = Document::parse(&text);
        let length: usize = document.entries().iter().map(|entry| entry.text().len()).sum();
        assert_eq!(length, text.len());
        assert!(document.problems().is_sorted_by_key(|problem| problem.line));
        assert!(twinlock_dotenv::node::variables(&text).iter().all(|found| !found.name.is_empty()));
    }
}
