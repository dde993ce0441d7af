//! Node's reading against what the real loader answered, and the round trip of every input.
//!
//! The inputs are not part of the repository: they are looked for in a `shared/conformance` beside
//! one of the folders above this crate. Without them these tests say so and check nothing.

#![expect(clippy::disallowed_methods, reason = "reads what real loaders answered")]

use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::{fs, io};

use serde_json::Value;
use twinlock_dotenv::{Document, node};

#[expect(clippy::print_stdout, reason = "a test that checks nothing has to say so")]
fn folder() -> Option<PathBuf> {
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let found = above.map(|folder| folder.join("shared/conformance")).find(|folder| folder.is_dir());
    if found.is_none() {
        println!("skipped: no shared/conformance beside a folder above this crate");
    }
    found
}

/// All inputs that are valid UTF-8, by name.
fn inputs(folder: &Path) -> io::Result<BTreeMap<String, String>> {
    let mut inputs = BTreeMap::new();
    for part in ["cases", "fixtures"] {
        for entry in fs::read_dir(folder.join(part))? {
            let path = entry?.path();
            if let (Some(name), true) = (path.file_stem(), path.extension() == Some("env".as_ref()))
                && let Ok(text) = String::from_utf8(fs::read(&path)?)
            {
                inputs.insert(name.to_string_lossy().into_owned(), text);
            }
        }
    }
    Ok(inputs)
}

#[test]
fn node_reads_every_input_as_the_loader_did() -> Result<(), Box<dyn Error>> {
    let Some(folder) = folder() else { return Ok(()) };
    let expected: Value = serde_json::from_str(&fs::read_to_string(folder.join("expected/node.json"))?)?;
    let mut checked = 0;
    let mut wrong = Vec::new();
    for (name, text) in inputs(&folder)? {
        let Some(answer) = expected.get(&name) else { continue };
        let found = node::variables(&text).into_iter().map(|found| (found.name, Value::String(found.value)));
        checked += 1;
        if answer.get("variables") != Some(&Value::Object(found.collect())) {
            wrong.push(name);
        }
    }
    assert!(checked > 250, "only {checked} inputs were found");
    assert_eq!(wrong, Vec::<String>::new(), "of {checked}");
    Ok(())
}

#[test]
fn every_input_is_the_sum_of_its_entries() -> Result<(), Box<dyn Error>> {
    let Some(folder) = folder() else { return Ok(()) };
    for (name, text) in inputs(&folder)? {
        let document = Document::parse(&text);
        let whole: String = document.entries().iter().map(|entry| entry.text()).collect();
        assert_eq!(whole, text, "{name}");
    }
    Ok(())
}
