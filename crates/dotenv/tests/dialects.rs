//! What real loaders answered, beside what each dialect answers.
//!
//! The inputs are not part of the repository: see `conformance.rs`.

#![expect(clippy::disallowed_methods, reason = "reads what real loaders answered")]

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;
use twinlock_dotenv::{Dialect, Reading, Surroundings, Value};

#[expect(clippy::print_stdout, reason = "a test that checks nothing has to say so")]
fn folder() -> Option<PathBuf> {
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let found = above.map(|folder| folder.join("shared/conformance")).find(|folder| folder.is_dir());
    if found.is_none() {
        println!("skipped: no shared/conformance beside a folder above this crate");
    }
    found
}

fn surroundings() -> Surroundings {
    [("HOST_VAR", "from_host"), ("HOST_SET", "host_value"), ("HOST_EMPTY", "")].into_iter().collect()
}

/// Whether an answer is the loader's. A value that only a command would tell agrees with any.
fn agrees(found: &[Reading], expected: &Json) -> bool {
    let Some(expected) = expected.get("variables").and_then(Json::as_object) else { return false };
    let names: BTreeSet<&str> = found.iter().map(|reading| reading.name.as_str()).collect();
    names.len() == expected.len()
        && names.len() == found.len()
        && found.iter().all(|reading| match (&reading.value, expected.get(&reading.name)) {
            (Value::Text(text), Some(Json::String(expected))) => text == expected,
            (Value::None, Some(Json::Null)) | (Value::NeedsCommand, Some(_)) => true,
            _ => false,
        })
}

/// The names of the inputs where a dialect and its loader differ, and how many were compared.
fn differences(folder: &Path, dialect: Dialect) -> Result<(Vec<String>, usize), Box<dyn Error>> {
    let file = folder.join("expected").join(format!("{}.json", dialect.name()));
    let expected: BTreeMap<String, Json> = serde_json::from_str(&fs::read_to_string(file)?)?;
    let mut compared = 0;
    let mut different = Vec::new();
    for (name, expected) in expected {
        let path = ["cases", "fixtures"].map(|part| folder.join(part).join(format!("{name}.env")));
        let path = path.iter().find(|path| path.is_file()).ok_or("an answer without its input")?;
        let Ok(text) = String::from_utf8(fs::read(path)?) else { continue };
        compared += 1;
        let same = match dialect.read(&text, &surroundings()) {
            Ok(found) => agrees(&found, &expected),
            Err(_) => expected.get("error").is_some(),
        };
        if !same {
            different.push(name);
        }
    }
    Ok((different, compared))
}

/// `PATH` is one of these inputs' own names, and the loaders' answers were taken with one set.
const PATH_AROUND: &str = "fx-dotenvy-env-substitution";

macro_rules! reads_as_the_loader_did {
    ($($test:ident: $dialect:ident, [$($different:expr),*];)*) => {$(
        #[test]
        fn $test() -> Result<(), Box<dyn Error>> {
            let Some(folder) = folder() else { return Ok(()) };
            let (different, compared) = differences(&folder, Dialect::$dialect)?;
            assert!(compared > 250, "only {compared} inputs were found");
            let known: [&str; _] = [$($different),*];
            assert_eq!(different, known, "of {compared}; docs/dialects.md lists what stays different");
            Ok(())
        }
    )*};
}

reads_as_the_loader_did! {
    node: Node, [];
    node_expand: NodeExpand, [PATH_AROUND];
    dotenvx: Dotenvx, [PATH_AROUND];
    node_builtin: NodeBuiltin, [];
    next: Next, [PATH_AROUND];
    vite: Vite, [PATH_AROUND];
    bun: Bun, [PATH_AROUND];
    deno: Deno, [PATH_AROUND];
    python: Python, [];
    django: Django, [PATH_AROUND];
    ruby: Ruby, [PATH_AROUND];
    php: Php, [];
    symfony: Symfony, [PATH_AROUND];
    go: Go, [];
    rust: Rust, [];
    uv: Uv, [];
    compose: Compose, [PATH_AROUND];
    docker: Docker, [];
    systemd: Systemd, [];
    sh: Sh, [];
    bash: Bash, [];
    direnv: Direnv, [];
    just: Just, [];
}
