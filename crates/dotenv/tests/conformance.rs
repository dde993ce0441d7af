//! Node's reading against what the real loader answered, and the round trip of every input.
//!
//! The inputs are not part of the repository: they are looked for in a `shared/conformance` beside
//! one of the folders above this crate. Without them these tests say so and check nothing.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use twinlock_dotenv::{Document, node};

fn folder() -> Option<PathBuf> {
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let found = above.map(|folder| folder.join("shared/conformance")).find(|folder| folder.is_dir());
    if found.is_none() {
        println!("skipped: no shared/conformance beside a folder above this crate");
    }
    found
}

/// All inputs that are valid UTF-8, by name.
fn inputs(folder: &Path) -> BTreeMap<String, String> {
    let files = ["cases", "fixtures"].map(|part| fs::read_dir(folder.join(part)).unwrap());
    files
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "env"))
        .filter_map(|path| {
            let text = String::from_utf8(fs::read(&path).unwrap()).ok()?;
            Some((path.file_stem().unwrap().to_string_lossy().into_owned(), text))
        })
        .collect()
}

#[test]
fn node_reads_every_input_as_the_loader_did() {
    let Some(folder) = folder() else { return };
    let expected: Value =
        serde_json::from_str(&fs::read_to_string(folder.join("expected/node.json")).unwrap()).unwrap();
    let mut checked = 0;
    let mut wrong = Vec::new();
    for (name, text) in inputs(&folder) {
        let Some(answer) = expected.get(&name) else { continue };
        let found = node::variables(&text).into_iter().map(|found| (found.name, Value::String(found.value)));
        checked += 1;
        if answer.get("variables") != Some(&Value::Object(found.collect())) {
            wrong.push(name);
        }
    }
    assert!(checked > 250, "only {checked} inputs were found");
    assert_eq!(wrong, Vec::<String>::new(), "of {checked}");
}

#[test]
fn every_input_is_the_sum_of_its_entries() {
    let Some(folder) = folder() else { return };
    for (name, text) in inputs(&folder) {
        let document = Document::parse(&text);
        let whole: String = document.entries().iter().map(|entry| entry.text()).collect();
        assert_eq!(whole, text, "{name}");
    }
}
