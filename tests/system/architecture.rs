//! Who may use whom: the table of `docs/architecture.md`, held against what `cargo metadata` says. Each rule is a pure
//! function over a list of edges, and is shown something forbidden as well, so that it is known to be able to fail.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot read its own repository should stop there"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand};

/// What each of our packages may link, directly.
const MAY_USE: &[(&str, &[&str])] = &[
    ("twinlock-desktop", &["twinlock-client", "twinlock-memory", "twinlock-server"]),
    ("twinlock-cli", &["twinlock-client", "twinlock-memory", "twinlock-server"]),
    ("twinlock-memory", &[]),
    (
        "twinlock-client",
        &["twinlock-dotenv", "twinlock-formats", "twinlock-memory", "twinlock-protocol", "twinlock-seal"],
    ),
    ("twinlock-server", &["twinlock-memory", "twinlock-protocol"]),
    ("twinlock-seal", &["twinlock-memory", "twinlock-protocol"]),
    ("twinlock-protocol", &[]),
    ("twinlock-formats", &["twinlock-dotenv"]),
    ("twinlock-dotenv", &[]),
    // Nothing is built from it, so it may use them all; that nothing uses it is held by its absence above.
    (
        "twinlock-tests",
        &[
            "twinlock-client",
            "twinlock-dotenv",
            "twinlock-formats",
            "twinlock-protocol",
            "twinlock-seal",
            "twinlock-server",
        ],
    ),
];

/// What a package's own tests may use beyond that. Nothing here is linked into a program.
const TESTS_MAY_ALSO_USE: &[(&str, &[&str])] = &[
    // The server is tested with statements that only a client's keys can sign.
    ("twinlock-server", &["twinlock-seal"]),
    // The client is tested against a real vault.
    ("twinlock-client", &["twinlock-server"]),
];

/// What must not be reachable from a package over any number of normal and build dependencies, and why.
const MUST_NOT_REACH: &[(&str, &[&str], &str)] = &[
    (
        "twinlock-server",
        &["twinlock-seal", "hpke"],
        "a server cannot open a seal: the code is not linked into it",
    ),
    (
        "twinlock-protocol",
        &["hpke", "reqwest", "rusqlite", "tokio"],
        "the protocol does no I/O and holds no secret",
    ),
    ("twinlock-dotenv", &["reqwest", "rusqlite", "serde", "tokio"], "the text knows text only"),
    ("twinlock-formats", &["reqwest", "rusqlite", "tokio"], "a format is text to text"),
];

/// One package using another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Edge {
    from: String,
    to: String,
    used_by: UsedBy,
}

/// Whether the dependency is linked into what is built (or builds it), or serves tests only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum UsedBy {
    Program,
    Tests,
}

/// The edges between our own packages that the tables do not allow.
fn forbidden(edges: &[Edge]) -> Vec<String> {
    let listed = |table: &[(&str, &[&str])], edge: &Edge| {
        table.iter().any(|(from, to)| *from == edge.from && to.contains(&edge.to.as_str()))
    };
    edges
        .iter()
        .filter(|edge| !listed(MAY_USE, edge))
        .filter(|edge| edge.used_by == UsedBy::Program || !listed(TESTS_MAY_ALSO_USE, edge))
        .map(|edge| match edge.used_by {
            UsedBy::Program => format!("{} uses {}", edge.from, edge.to),
            UsedBy::Tests => format!("the tests of {} use {}", edge.from, edge.to),
        })
        .collect()
}

/// Everything that `start` links, directly or through others.
fn reachable(start: &str, edges: &[Edge]) -> BTreeSet<String> {
    let mut uses: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for edge in edges.iter().filter(|edge| edge.used_by == UsedBy::Program) {
        uses.entry(&edge.from).or_default().push(&edge.to);
    }
    let mut seen = BTreeSet::new();
    let mut waiting = vec![start];
    while let Some(package) = waiting.pop() {
        for next in uses.get(package).into_iter().flatten() {
            if seen.insert((*next).to_owned()) {
                waiting.push(next);
            }
        }
    }
    seen
}

/// The rules of `MUST_NOT_REACH` that the edges break.
fn reached_but_forbidden(edges: &[Edge]) -> Vec<String> {
    let mut broken = Vec::new();
    for (from, never, why) in MUST_NOT_REACH {
        let reached = reachable(from, edges);
        for package in never.iter().filter(|package| reached.contains(**package)) {
            broken.push(format!("{from} reaches {package}, but {why}"));
        }
    }
    broken
}

/// Which of `packages` reach a crate of Tauri's family.
fn reaching_tauri(packages: &[String], edges: &[Edge]) -> Vec<String> {
    let of_tauri =
        |name: &String| name == "tauri" || name.starts_with("tauri-") || name == "wry" || name == "tao";
    // What notify-rust uses on Windows bears Tauri's name and is no part of it.
    let is_part = |name: &String| of_tauri(name) && name != "tauri-winrt-notification";
    packages.iter().filter(|package| reachable(package, edges).iter().any(is_part)).cloned().collect()
}

#[test]
fn our_packages_use_each_other_as_the_map_says() {
    let metadata = metadata();
    let edges = edges_between_ours(&metadata);
    assert!(edges.len() >= 8, "too few edges were read for this to mean anything: {edges:?}");
    assert_eq!(forbidden(&edges), Vec::<String>::new());
}

#[test]
fn every_package_of_ours_is_in_the_table() {
    let listed: BTreeSet<&str> = MAY_USE.iter().map(|(from, _)| *from).collect();
    let metadata = metadata();
    let ours: BTreeSet<&str> =
        metadata.workspace_packages().iter().map(|package| package.name.as_str()).collect();
    assert_eq!(ours, listed);
}

#[test]
fn nothing_reaches_what_it_must_not() {
    let edges = resolved_edges(&metadata());
    for (from, _, _) in MUST_NOT_REACH {
        assert!(!reachable(from, &edges).is_empty(), "{from} uses nothing at all: was the graph read?");
    }
    assert_eq!(reached_but_forbidden(&edges), Vec::<String>::new());
}

#[test]
fn no_crate_under_crates_knows_tauri() {
    let metadata = metadata();
    let edges = resolved_edges(&metadata);
    let crates = root().join("crates");
    let packages: Vec<String> = metadata
        .workspace_packages()
        .iter()
        .filter(|package| package.manifest_path.as_std_path().starts_with(&crates))
        .map(|package| package.name.to_string())
        .collect();
    assert_eq!(packages.len(), 8, "{packages:?}");
    assert_eq!(reaching_tauri(&packages, &edges), Vec::<String>::new());
    assert_eq!(reaching_tauri(&["twinlock-desktop".to_owned()], &edges), ["twinlock-desktop"]);
}

#[test]
fn names_that_say_nothing_are_not_used() {
    let mut found = Vec::new();
    for path in rust_files(&root()) {
        let text = std::fs::read_to_string(&path).unwrap();
        found.extend(empty_names(&text).into_iter().map(|name| format!("{}: {name}", path.display())));
    }
    assert_eq!(found, Vec::<String>::new());
}

mod each_rule_can_fail {
    use super::*;

    fn edge(from: &str, to: &str, used_by: UsedBy) -> Edge {
        Edge { from: from.to_owned(), to: to.to_owned(), used_by }
    }

    #[test]
    fn a_server_that_can_open_seals() {
        let edges = [edge("twinlock-server", "twinlock-seal", UsedBy::Program)];
        assert_eq!(forbidden(&edges), ["twinlock-server uses twinlock-seal"]);
        assert_eq!(
            forbidden(&[edge("twinlock-server", "twinlock-seal", UsedBy::Tests)]),
            Vec::<String>::new()
        );
    }

    #[test]
    fn a_server_that_can_open_seals_through_something_else() {
        let edges =
            [edge("twinlock-server", "between", UsedBy::Program), edge("between", "hpke", UsedBy::Program)];
        assert_eq!(
            reached_but_forbidden(&edges),
            ["twinlock-server reaches hpke, but a server cannot open a seal: the code is not linked into it"]
        );
        let tests_only =
            [edge("twinlock-server", "between", UsedBy::Tests), edge("between", "hpke", UsedBy::Program)];
        assert_eq!(reached_but_forbidden(&tests_only), Vec::<String>::new());
    }

    #[test]
    fn a_program_that_skips_the_client() {
        assert_eq!(
            forbidden(&[edge("twinlock-cli", "twinlock-seal", UsedBy::Program)]),
            ["twinlock-cli uses twinlock-seal"]
        );
    }

    #[test]
    fn a_pure_crate_that_uses_another() {
        assert_eq!(
            forbidden(&[edge("twinlock-dotenv", "twinlock-protocol", UsedBy::Tests)]),
            ["the tests of twinlock-dotenv use twinlock-protocol"]
        );
    }

    #[test]
    fn a_package_that_uses_the_tests() {
        assert_eq!(
            forbidden(&[edge("twinlock-cli", "twinlock-tests", UsedBy::Tests)]),
            ["the tests of twinlock-cli use twinlock-tests"]
        );
    }

    #[test]
    fn a_core_that_knows_tauri() {
        let edges = [
            edge("twinlock-client", "some-plugin", UsedBy::Program),
            edge("some-plugin", "tauri", UsedBy::Program),
        ];
        assert_eq!(reaching_tauri(&["twinlock-client".to_owned()], &edges), ["twinlock-client"]);
    }

    #[test]
    fn a_name_that_says_nothing() {
        // In pieces, so that this file does not find itself.
        let source = concat!("pub struct Vault", "Manager<T> {\nenum Kept {\n trait Sync", "Helper: Send {");
        assert_eq!(empty_names(source), ["VaultManager", "SyncHelper"]);
    }
}

/// The types in a Rust source whose name is no noun of the domain.
fn empty_names(source: &str) -> Vec<String> {
    const SAY_NOTHING: [&str; 5] = ["Manager", "Helper", "Helpers", "Util", "Utils"];
    let words: Vec<&str> = source
        .split(|character: char| !(character.is_alphanumeric() || character == '_'))
        .filter(|word| !word.is_empty())
        .collect();
    words
        .windows(2)
        .filter(|pair| ["struct", "enum", "trait"].contains(&pair[0]))
        .filter(|pair| SAY_NOTHING.iter().any(|ending| pair[1].ends_with(ending)))
        .map(|pair| pair[1].to_owned())
        .collect()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn metadata() -> Metadata {
    MetadataCommand::new()
        .manifest_path(root().join("Cargo.toml"))
        .other_options(["--locked".to_owned()])
        .exec()
        .expect("cargo metadata answers")
}

/// What our packages declare of each other, on every system and with every feature.
fn edges_between_ours(metadata: &Metadata) -> Vec<Edge> {
    let packages = metadata.workspace_packages();
    let ours: BTreeSet<&str> = packages.iter().map(|package| package.name.as_str()).collect();
    let mut edges = Vec::new();
    for package in &packages {
        for dependency in
            package.dependencies.iter().filter(|dependency| ours.contains(dependency.name.as_str()))
        {
            edges.push(Edge {
                from: package.name.to_string(),
                to: dependency.name.clone(),
                used_by: used_by(dependency.kind),
            });
        }
    }
    edges
}

/// The whole graph as cargo resolved it, other people's crates included.
fn resolved_edges(metadata: &Metadata) -> Vec<Edge> {
    let names: BTreeMap<_, _> =
        metadata.packages.iter().map(|package| (&package.id, package.name.to_string())).collect();
    let mut edges = Vec::new();
    for node in &metadata.resolve.as_ref().expect("cargo metadata resolves").nodes {
        for dependency in &node.deps {
            for kind in &dependency.dep_kinds {
                edges.push(Edge {
                    from: names[&node.id].clone(),
                    to: names[&dependency.pkg].clone(),
                    used_by: used_by(kind.kind),
                });
            }
        }
    }
    edges
}

fn used_by(kind: DependencyKind) -> UsedBy {
    match kind {
        DependencyKind::Development => UsedBy::Tests,
        _ => UsedBy::Program,
    }
}

/// Every Rust source of ours.
fn rust_files(root: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders: Vec<PathBuf> =
        ["src-tauri", "crates", "tests"].iter().map(|folder| root.join(folder)).collect();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    assert!(files.len() > 10, "too few sources were found for this to mean anything");
    files
}
