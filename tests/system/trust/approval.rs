//! Approval: whoever joins by such an invite waits, and gets nothing before an admin has compared the words of their
//! computer. Through the real programs alone.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use serde_json::{Value, json};
use twinlock_tests::cast;
use twinlock_tests::programs::{KeptIn, Machine, Ran, Server};

const TEXT: &str = "TOKEN=old\nURL=x\n";

fn founded() -> (Server, Machine) {
    let server = Server::start();
    let ada = cast::ada(&server, TEXT);
    (server, ada)
}

fn invite(ada: &Machine, more: &[&str]) -> Value {
    let ran = ada.run(&[&["invite", "--approve", "--json"], more].concat()).ok();
    assert!(ran.err.contains("api/development"), "it says what it gives: {}", ran.err);
    assert!(ran.err.contains("no key and no right before an admin"), "{}", ran.err);
    ran.json()
}

fn join(machine: &Machine, invite: &Value, name: &str) -> Ran {
    machine.run_with(invite["link"].as_str().unwrap(), &["join", "-", "--member", name, "--json"]).ok()
}

/// The only one who waits, as somebody sees it.
fn waiting(machine: &Machine) -> Value {
    let mut all = machine.run(&["team", "show", "--json"]).ok().json()["waiting"].take();
    assert_eq!(all.as_array().unwrap().len(), 1, "{all}");
    all[0].take()
}

fn words(of: &Value) -> String {
    let words = of["words"].as_array().unwrap().iter().map(|word| word.as_str().unwrap());
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn whoever_waits_gets_nothing_before_the_words_were_compared() {
    let (_server, ada) = founded();
    let ben = Machine::new(KeptIn::File);
    let joined = join(&ben, &invite(&ada, &[]), "Ben");
    let on_ben = waiting(&ben);
    assert_eq!(on_ben["me"], true);
    assert!(joined.err.contains(&words(&on_ben)), "{}", joined.err);

    // Nothing yet: no key, no name, no environment, and no member who says who they are.
    for command in [
        vec!["get", "api/development", "TOKEN"],
        vec!["ls", "api/development"],
        vec!["link", ".env", "api/development"],
        vec!["link", ".env", "own/notes", "--create"],
        vec!["invite"],
    ] {
        ben.fails(&command, "You wait for an admin");
    }
    let on_ada = waiting(&ada);
    assert_eq!(
        (&on_ada["me"], &on_ada["by"], &on_ada["role"]),
        (&json!(false), &json!("Ada"), &json!("member"))
    );
    assert_eq!(on_ada["words"], on_ben["words"]);
    assert_eq!(on_ada["access"][0]["environment"], "api/development");
    let listed = ada.run(&["invite", "list", "--json"]).ok().json();
    assert_eq!((&listed["invites"], &listed["waiting"][0]), (&json!([]), &on_ada));
    assert!(ada.run(&["team", "show"]).ok().out.contains(&words(&on_ben)));
    let members = ada.run(&["team", "show", "--json"]).ok().json()["members"].take();
    assert_eq!(members.as_array().unwrap().len(), 1);

    // Not by a name, which nobody can know; not with other words; not by who waits.
    let id = on_ada["member"].as_str().unwrap().to_owned();
    ada.fails(&["member", "approve", "Ben"], "no member who waits called Ben");
    for approve in [&["member", "approve", &id, "--words", "-"][..], &["member", "approve", "--words", "-"]] {
        ada.run_with("ability able", approve).failed(1, "not the words of a computer");
    }
    ben.fails(&["member", "approve", &id], "You wait for an admin");

    let read_out = format!("{}\n", words(&on_ben).to_uppercase());
    let approved = ada.run_with(&read_out, &["member", "approve", &id, "--words", "-", "--json"]).ok().json();
    assert_eq!(approved["id"], id);
    ada.fails(&["member", "approve", &id], "no member who waits");

    // The next thing that Ben does has it all, and says his name.
    assert_eq!(ben.value("TOKEN"), "old");
    let team = ada.run(&["team", "show", "--json"]).ok().json();
    let names: Vec<&str> =
        team["members"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!((names, &team["waiting"]), (vec!["Ada", "Ben"], &json!([])));
    ben.link_and_pull();
    assert_eq!(ben.text(), TEXT);
    ben.push("TOKEN=new\nURL=x\n");
    assert_eq!(ada.value("TOKEN"), "new");
}

#[test]
fn whoever_is_turned_away_had_nothing() {
    let (_server, ada) = founded();
    for turn_away in ["close", "remove"] {
        let mallory = Machine::new(KeptIn::File);
        let made = invite(&ada, &["--access", "api/development:read"]);
        let _joined = join(&mallory, &made, "Ben");
        let before = ada.run(&["environment", "list", "--json"]).ok().json();
        let one = waiting(&ada);
        let _away = match turn_away {
            "close" => ada.run(&["invite", "close", made["id"].as_str().unwrap()]).ok(),
            _ => ada.run(&["member", "remove", one["member"].as_str().unwrap()]).ok(),
        };
        assert_eq!(
            ada.run(&["invite", "list", "--json"]).ok().json(),
            json!({ "invites": [], "waiting": [] })
        );
        mallory.fails(&["get", "api/development", "TOKEN"], "was taken from the team");
        // Nobody had a key, so none is renewed.
        assert_eq!(ada.run(&["environment", "list", "--json"]).ok().json(), before);
    }
}

#[test]
fn the_approver_passes_on_what_they_have() {
    let (_server, ada) = founded();
    // An admin who sees the names in the environment that the invite grants, and no value.
    let cleo = ada.lets_join("Cleo", &["--role", "admin", "--access", "api/development:names"]);
    let ben = Machine::new(KeptIn::File);
    let _joined = join(&ben, &invite(&ada, &[]), "Ben");
    let id = waiting(&cleo)["computer"].as_str().unwrap().to_owned();
    let _approved = cleo.run(&["member", "approve", &id]).ok();
    let listed = ben.run(&["environment", "list", "--json"]).ok().json();
    assert_eq!(listed["environments"][0]["name"], "api/development", "the name key has arrived");
    // The values come from whoever has them, in passing.
    ben.fails(&["get", "api/development", "TOKEN"], "have not reached this computer yet");
    let _synced = ada.run(&["sync"]).ok();
    assert_eq!(ben.value("TOKEN"), "old");
}
