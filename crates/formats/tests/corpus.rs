//! The committed corpus of the fuzz target, replayed without a fuzzer.

#![expect(clippy::disallowed_methods, reason = "the corpus is files")]

mod laws;

use std::fs;
use std::path::Path;

#[test]
fn texts_come_in_or_are_refused() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/formats");
    let mut count = 0;
    for file in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = file.unwrap_or_else(|error| panic!("{error}")).path();
        let data = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        laws::input(&data);
        count += 1;
    }
    assert!(count > 20, "the corpus is not there");
}
