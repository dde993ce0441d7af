//! That everything on the list of [`crate::cases`] is held, and that lists and documentation name what is there.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::cases::{CASES, Case};
use crate::forgeries::FORGERIES;
use crate::lies::LIES;

/// How many cases the threat model names, and the numbers that are ours.
const OF_THE_MODEL: usize = 48;

#[test]
fn every_case_is_held_by_a_test_that_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let known: BTreeMap<&str, &str> = CASES.iter().map(|Case(id, what, _)| (*id, *what)).collect();
    assert_eq!(known.len(), CASES.len(), "a case is there twice");
    for number in 1..=OF_THE_MODEL {
        assert!(known.contains_key(format!("H{number:02}").as_str()), "H{number:02} is not in the list");
    }
    let lies = LIES.iter().map(|lie| (lie.cases, lie.name));
    let forgeries = FORGERIES.iter().map(|forgery| (forgery.cases, forgery.name));
    let mut held = BTreeSet::new();
    for (cases, name) in lies.chain(forgeries) {
        for case in cases.split(' ') {
            assert!(known.contains_key(case), "{name} holds {case}, which is not in the list");
            held.insert(case);
        }
    }
    for Case(id, what, tests) in CASES {
        for test in *tests {
            let (file, function) = test.split_once(": ").unwrap();
            let text = std::fs::read_to_string(root.join(file)).unwrap_or_default();
            assert!(text.contains(&format!("fn {function}(")), "{id}: there is no {test}");
            held.insert(*id);
        }
        assert!(held.contains(id), "nothing holds {id}: {what}");
    }
}

#[test]
fn names_of_lies_and_forgeries_are_their_own() {
    let names = LIES.iter().map(|lie| lie.name).chain(FORGERIES.iter().map(|forgery| forgery.name));
    let mut seen = BTreeSet::new();
    for name in names {
        assert!(seen.insert(name), "{name} is there twice");
    }
}

/// `docs/security.md` names tests; each of them exists.
#[test]
fn the_tests_that_the_documentation_names_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let page = std::fs::read_to_string(root.join("docs/security.md")).unwrap();
    let sources = sources(root);
    for quoted in page.split('`').skip(1).step_by(2) {
        let file = quoted.split_once(": ").map_or(quoted, |(file, _)| file);
        if file.ends_with(".rs") && file.contains('/') {
            assert!(root.join(file).exists(), "there is no {file}");
        }
        let function = quoted.rsplit(": ").next().unwrap_or(quoted);
        let is_name = function.matches('_').count() > 2
            && function.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        if is_name {
            let there = sources.iter().any(|text| text.contains(&format!("fn {function}(")));
            assert!(there, "there is no test {function}");
        }
    }
    let lies: BTreeSet<&str> =
        LIES.iter().map(|lie| lie.name).chain(FORGERIES.iter().map(|one| one.name)).collect();
    let table = page.lines().filter(|line| line.starts_with('|')).collect::<Vec<_>>().join("\n");
    for named in table.split(" *").skip(1).filter_map(|rest| rest.split_once('*')).map(|(name, _)| name) {
        assert!(lies.contains(named), "there is no lie and no forgery called {named}");
    }
}

/// Every Rust file of the repository that holds tests.
fn sources(root: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![root.join("tests"), root.join("crates"), root.join("src-tauri")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                found.push(std::fs::read_to_string(path).unwrap());
            }
        }
    }
    found
}
