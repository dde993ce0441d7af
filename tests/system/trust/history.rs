//! What an environment was: shown, brought back, and let go for good, across renewed keys, through the real programs.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use rusqlite::Connection;
use serde_json::{Value, json};
use twinlock_tests::cast::DEVELOPMENT;
use twinlock_tests::lying_proxy::{LyingProxy, Told};
use twinlock_tests::programs::{KeptIn, Machine, Server};

/// Ada with a team, and Ben who joined; each linked their own `api/.env`.
struct Setting {
    server: Server,
    ada: Machine,
    ben: Machine,
    proxy: LyingProxy,
    _runtime: tokio::runtime::Runtime,
}

impl Setting {
    /// Three revisions by Ada, and keys that are renewed by Ben's, because his invite had them.
    fn new() -> Self {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let server = Server::start();
        let proxy = runtime.block_on(LyingProxy::start(server.url.parse().unwrap()));
        let ada = Machine::new(KeptIn::File);
        ada.found_by_way_of(&proxy.location(), &server);
        ada.link(&["--create"]);
        for text in
            ["# one\nTOKEN=first\nURL=x\n", "# two\nTOKEN=second\nURL=x\n", "# two\nTOKEN=third\nURL=x\n"]
        {
            ada.push(text);
        }
        let ben = ada.lets_join("Ben", &[]);
        ben.link_and_pull();
        ben.save("# two\nTOKEN=fourth\nURL=x\n");
        let _pushed = ben.run_with("It leaked.\n", &["push", "--message", "-"]).ok();
        Self { server, ada, ben, proxy, _runtime: runtime }
    }

    fn log(machine: &Machine) -> Vec<Value> {
        let mut log = machine.run(&["log", DEVELOPMENT, "--json"]).ok().json()["revisions"].take();
        log.as_array_mut().unwrap().reverse();
        log.as_array().unwrap().clone()
    }
}

fn changes(revision: &Value) -> Vec<(String, String, bool)> {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let changes = revision["changes"].as_array().unwrap().iter();
    changes
        .map(|change| (text(&change["kind"]), text(&change["name"]), change["purged"].as_bool().unwrap()))
        .collect()
}

fn shown(machine: &Machine, number: u64) -> String {
    let revision = format!("{DEVELOPMENT}@{number}");
    let document = machine.run(&["show", &revision, "--reveal", "--json"]).ok().json();
    let variables = document["variables"].as_array().unwrap().iter();
    let variables = variables.map(|variable| {
        let value = document["values"].get(variable["entry"].as_str().unwrap());
        let value = value.or(variable.get("value")).unwrap();
        format!("{}={}", variable["name"].as_str().unwrap_or("?"), value.as_str().unwrap())
    });
    variables.collect::<Vec<_>>().join(" ")
}

fn change(kind: &str, name: &str, purged: bool) -> (String, String, bool) {
    (kind.to_owned(), name.to_owned(), purged)
}

#[test]
fn earlier_revisions_are_shown_and_brought_back_across_renewed_keys() {
    let Setting { ada, ben, proxy, .. } = &Setting::new();
    let log = Setting::log(ada);
    let causes: Vec<&str> = log.iter().map(|revision| revision["cause"].as_str().unwrap()).collect();
    assert_eq!(causes, ["push", "push", "push", "rotate", "push"]);
    assert_eq!(log[4]["message"], "It leaked.");
    assert_eq!(log[4]["by"], "Ben");
    // Everything was sealed anew, and nothing changed: whoever wrote it stays who wrote it.
    assert_eq!((changes(&log[3]), &log[3]["not_compared"]), (vec![], &json!(0)));
    let listed = ada.run(&["ls", DEVELOPMENT, "--json"]).ok().json()["variables"].take();
    assert_eq!((&listed[0]["by"], &listed[0]["revision"]), (&json!("Ben"), &json!(5)));
    assert_eq!((&listed[1]["by"], &listed[1]["revision"]), (&json!("Ada"), &json!(1)));

    assert_eq!(shown(ada, 1), "TOKEN=first URL=x");
    assert_eq!(shown(ada, 4), "TOKEN=third URL=x");
    let plain = ada.run(&["show", "api/development@2"]).ok().out;
    assert!(plain.contains("After revision 2, pushed by Ada") && plain.contains("  TOKEN\n"), "{plain}");
    assert!(!plain.contains("second"), "{plain}");
    // Ben has no key of the generation before he joined. He sees what it is called, and no value of it.
    assert_eq!(shown(ben, 4), "TOKEN=third URL=x");
    assert_eq!(ben.run(&["show", "api/development@9"]).ended(1).out, "");

    // A value of before is fetched where it is not here, and is the one that its author signed, or refused.
    let home = Connection::open(ada.home().join("home.db")).unwrap();
    assert!(home.execute("DELETE FROM blobs", ()).unwrap() > 5);
    drop(home);
    proxy.lie(Arc::new(|asked, mut answer: Value| {
        if asked.path.ends_with("/values/query") {
            let values = answer["values"].as_array_mut().unwrap();
            if values.len() > 1 {
                let other = values[0]["blob"].take();
                let first = values[1]["blob"].take();
                values[0]["blob"] = first;
                values[1]["blob"] = other;
            }
        }
        Told::Json(answer)
    }));
    let refused = ada.run(&["show", "api/development@1", "--reveal"]).ended(4);
    assert!(!refused.out.contains("first"), "{}", refused.out);
    proxy.be_honest();
    assert_eq!(shown(ada, 1), "TOKEN=first URL=x");

    // One variable, and then all of it.
    let restored = ada.run(&["restore", "api/development@1", "TOKEN", "--json"]).ok().json();
    assert_eq!((&restored["changed"], &restored["revision"]), (&json!(1), &json!(6)));
    assert_eq!(shown(ada, 6), "TOKEN=first URL=x");
    let log = Setting::log(ben);
    assert_eq!(
        (&log[5]["cause"], changes(&log[5])),
        (&json!("restore"), vec![change("changed", "TOKEN", false)])
    );
    let again = ada.run(&["restore", "api/development@1", "TOKEN"]).ok();
    assert!(again.err.contains("so already"), "{}", again.err);
    assert_eq!(ada.run(&["restore", "api/development@1", "NAME"]).ended(1).out, "");
    let _restored = ada.run(&["restore", "api/development@1"]).ok();
    for machine in [ada, ben] {
        let _pulled = machine.run(&["pull"]).ok();
        assert_eq!(machine.text(), "# one\nTOKEN=first\nURL=x\n");
    }
}

#[test]
fn what_is_purged_is_gone_from_the_vault_and_from_every_computer() {
    let setting = Setting::new();
    let Setting { ada, ben, server, .. } = &setting;
    // Both have what there is to have.
    for machine in [ada, ben] {
        let _log = Setting::log(machine);
    }
    assert_eq!(shown(ada, 2), "TOKEN=second URL=x");
    let refused = ben.run(&["purge", DEVELOPMENT, "TOKEN"]).ended(1);
    assert!(refused.err.contains("Only an admin"), "{}", refused.err);
    assert_eq!(ada.run(&["purge", DEVELOPMENT, "OTHER"]).ended(1).out, "");
    assert_eq!(ada.run(&["purge", DEVELOPMENT, "--revision", "77"]).ended(1).out, "");

    let (before, pointers_before) = (blobs(ada), pointers(server));
    assert!(
        pointers_before.iter().all(|pointer| in_vault(server, pointer)),
        "the search finds what is there"
    );
    let purged = ada.run(&["purge", DEVELOPMENT, "TOKEN", "--json"]).ok().json();
    // Three by Ada, and the third once more, as Ben's keys sealed it.
    assert_eq!((&purged["purged"], &purged["revision"]), (&json!(4), &json!(6)));
    let (after, pointers_after) = (blobs(ada), pointers(server));
    let gone: BTreeMap<_, _> = before.iter().filter(|(digest, _)| !after.contains_key(*digest)).collect();
    let gone_pointers: Vec<_> = pointers_before.difference(&pointers_after).collect();
    assert_eq!((gone.len(), gone_pointers.len()), (4, 4));
    for (pointer, blob) in gone_pointers.into_iter().zip(gone.values()) {
        assert!(!in_vault(server, pointer), "the vault has forgotten a purged value");
        assert!(!in_files(&ada.home(), "home.db", &blob[..32]), "and so has this computer");
    }
    assert!(pointers_after.iter().all(|pointer| in_vault(server, pointer)), "and no other");
    assert!(after.values().all(|blob| in_files(&ada.home(), "home.db", &blob[..32])), "and no other");

    // Ben hears of it, lets go of his copies, and misses nothing.
    let _pulled = ben.run(&["pull"]).ok();
    assert!(blobs(ben).keys().all(|digest| !gone.contains_key(digest)));
    assert_eq!(ben.value("TOKEN"), "fourth");
    for machine in [ada, ben] {
        let log = Setting::log(machine);
        assert_eq!(changes(&log[1]), [change("comment", "-", false), change("changed", "TOKEN", true)]);
        assert_eq!(changes(&log[4]), [change("changed", "TOKEN", false)]);
        assert_eq!(changes(&log[5]), vec![change("purged", "TOKEN", false); 4]);
        assert_eq!(shown(machine, 5), "TOKEN=fourth URL=x");
    }
    assert_eq!(shown(ada, 2), "TOKEN=purged URL=x");
    let refused = ada.run(&["restore", "api/development@2"]).ended(1);
    assert!(refused.err.contains("TOKEN of revision 2 cannot be restored"), "{}", refused.err);
    let _restored = ada.run(&["restore", "api/development@2", "URL"]).ok();

    // A second time there is nothing left of it; of a revision, comments go too.
    let again = ada.run(&["purge", DEVELOPMENT, "TOKEN", "--json"]).ok().json();
    assert_eq!((&again["purged"], &again["revision"]), (&json!(0), &json!(6)));
    let said = ada.run(&["purge", DEVELOPMENT, "--revision", "1"]).ok().err;
    for sentence in ["Purged 2 former values", "backups of the vault", "what people have read"] {
        assert!(said.contains(sentence), "{said}");
    }
    let _verified = ada.run(&["activity", "--verify"]).ok();
    let _verified = ben.run(&["activity", "--verify"]).ok();
    // The vault starts again with a history whose values are gone.
    let mut setting = setting;
    setting.server.process.kill();
    setting.server.start_again();
    let newcomer = setting.ada.lets_join("Cleo", &[]);
    assert_eq!(newcomer.value("TOKEN"), "fourth");
}

#[test]
fn keys_renewed_twice_leave_everybody_who_wrote_what_they_wrote() {
    let Setting { ada, ben, .. } = &Setting::new();
    let _rotated = ben.run(&["environment", "rotate", DEVELOPMENT]).ok();
    let log = Setting::log(ada);
    assert_eq!((&log[5]["cause"], changes(&log[5])), (&json!("rotate"), vec![]));
    let listed = ada.run(&["ls", DEVELOPMENT, "--json"]).ok().json()["variables"].take();
    assert_eq!((&listed[1]["by"], &listed[1]["revision"]), (&json!("Ada"), &json!(1)), "twice sealed anew");
}

/// The pointers under which a vault keeps values.
fn pointers(server: &Server) -> BTreeSet<Vec<u8>> {
    let connection = Connection::open(server.data().join("vault.db")).unwrap();
    let mut statement = connection.prepare("SELECT pointer FROM sealed_values").unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

/// The sealed values that a computer keeps, by digest.
fn blobs(machine: &Machine) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let connection = Connection::open(machine.home().join("home.db")).unwrap();
    let mut statement = connection.prepare("SELECT digest, blob FROM blobs").unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

/// Whether a pointer is anywhere in the files of the vault's own database.
fn in_vault(server: &Server, pointer: &[u8]) -> bool {
    in_files(&server.data(), "vault.db", pointer)
}

fn in_files(folder: &Path, database: &str, part: &[u8]) -> bool {
    ["", "-wal"].into_iter().any(|ending| {
        let bytes = std::fs::read(folder.join(format!("{database}{ending}"))).unwrap_or_default();
        bytes.windows(part.len()).any(|window| window == part)
    })
}
