//! The committed corpus of the fuzz targets, replayed without a fuzzer.

#![expect(clippy::disallowed_methods, reason = "the corpus is files")]

mod laws;

use std::fs;
use std::path::Path;

use laws::input;

#[track_caller]
fn replay(target: &str, law: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let mut count = 0;
    for file in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = file.unwrap_or_else(|error| panic!("{error}")).path();
        let data = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        law(&data);
        count += 1;
    }
    assert!(count > 20, "the corpus of {target} is not there");
}

#[test]
fn texts_are_cut() {
    replay("parse", input::parse);
}

#[test]
fn edits_hold() {
    replay("edit", input::edit);
}

#[test]
fn texts_merge() {
    replay("merge", input::merge);
}

#[test]
fn dialects_answer() {
    replay("dialect", input::dialect);
}
