//! What a panic says, in a process of its own: where it was, and not the text that it stumbled over.

use std::process::Command;

const SECRET: &str = "quoted-by-a-panic";
const CHILD: &str = "TWINLOCK_TEST_PANICS";

#[test]
fn a_panic_says_where_and_not_what() {
    for trace in ["0", "full"] {
        let ended = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "--nocapture", "--include-ignored", "child_panics"])
            .env(CHILD, "1")
            .env("RUST_BACKTRACE", trace)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&[ended.stdout, ended.stderr].concat()).into_owned();
        assert!(!ended.status.success(), "{said}");
        assert!(said.contains("Twinlock made a mistake of its own at "), "{said}");
        assert!(said.contains("panic.rs:"), "{said}");
        assert!(!said.contains("quoted-by"), "{said}");
        assert_eq!(
            said.contains("say_where"),
            trace == "full",
            "the trace is there if it is asked for: {said}"
        );
    }
}

#[test]
#[ignore = "run by the test above"]
fn child_panics() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    twinlock_memory::keep_to_ourselves().unwrap();
    // As those of the standard library do, where a text is cut in the middle of a character.
    panic!("byte index 3 is not a character boundary of `{SECRET}`");
}
