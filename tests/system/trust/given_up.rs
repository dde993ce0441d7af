//! A vault that lost the end of an environment's history, by command line alone: the owner gives it up, the computer that
//! saw it goes back and keeps its file, and everybody goes on. Three homes, one of them ahead.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use serde_json::Value;
use twinlock_protocol::event::Head;
use twinlock_tests::hand::Hand;
use twinlock_tests::programs::{KeptIn, Machine, Server};

/// Somebody who joins and has the file.
fn joins(ada: &Machine, name: &str, mode: &str) -> Machine {
    let machine = Machine::new(KeptIn::File);
    let invite = ada.run(&["invite", "--json"]).ok().json();
    let _joined = machine.run_with(invite["link"].as_str().unwrap(), &["join", "-", "--member", name]).ok();
    let _linked = machine.run(&["link", ".env", "api/development", "--push", mode, "--pull", mode]).ok();
    let _pulled = machine.run(&["pull"]).ok();
    machine
}

fn head(machine: &Machine) -> (String, Head) {
    let path = machine.folder().join("export");
    let _exported = machine.run(&["activity", "--export", path.to_str().unwrap()]).ok();
    let export = std::fs::read_to_string(path).unwrap();
    let first: Value = serde_json::from_str(export.lines().next().unwrap()).unwrap();
    let pinned = first["environments"][0].clone();
    let head = serde_json::from_value(pinned["head"].clone()).unwrap();
    (pinned["environment"].as_str().unwrap().to_owned(), head)
}

const GIVE_UP: [&str; 3] = ["environment", "give-up-history", "api/development"];

#[test]
fn what_the_vault_lost_is_given_up_and_whoever_saw_it_keeps_the_file() {
    let mut server = Server::start();
    let ada = Machine::new(KeptIn::File);
    let place = ["--vault", &server.url, "--pin", &server.pin, "--setup-code", "-"];
    let create = [&["team", "create", "Acme", "--member", "Ada"], place.as_slice()].concat();
    let _team = ada.run_with(server.setup_code.as_ref().unwrap(), &create).ok();
    ada.save("A=1\nB=1\n");
    let _linked = ada.run(&["link", ".env", "api/development", "--create"]).ok();
    let _pushed = ada.run(&["push"]).ok();
    let ben = joins(&ada, "Ben", "ask");
    let cleo = joins(&ada, "Cleo", "auto");
    for machine in [&ada, &ben, &cleo] {
        let _in_step = machine.run(&["sync"]).ok();
    }
    let _rotated = ada.run(&["environment", "rotate", "api/development"]).ok();
    for machine in [&ada, &ben, &cleo] {
        let _pulled = machine.run(&["pull"]).ok();
    }
    let (environment, there) = head(&ada);
    cleo.save("A=2\nB=1\nC=1\n");
    let _pushed = cleo.run(&["sync"]).ok();
    assert_eq!(server.process.stop(), Some(0));
    Hand::on(&server.data()).cut(environment.parse().unwrap(), there);
    server.start_again();

    let refused = cleo.run(&["sync"]).ended(4);
    assert!(refused.err.contains("(rollback)"), "{}", refused.err);
    assert!(
        refused.err.contains("an owner can give up: “twinlock environment give-up-history”"),
        "{}",
        refused.err
    );
    // Whoever is no owner is told so; an owner is shown what it is, and asked.
    let no_owner = ben.run(&GIVE_UP).ended(1);
    assert!(no_owner.err.contains("owner"), "{}", no_owner.err);
    let asked = ada.run(&GIVE_UP).ended(3);
    let sentence =
        format!("api/development goes on from revision {}, the last that the vault has.", there.number);
    assert!(asked.err.contains(&sentence) && asked.err.contains("--yes"), "{}", asked.err);
    let again = cleo.run(&["sync"]).ended(4);
    assert!(again.err.contains("(rollback)"), "nothing was changed by that: {}", again.err);
    let given_up = ada.run(&[GIVE_UP.as_slice(), &["--yes", "--json"]].concat()).ok().json();
    assert_eq!(given_up["given_up"][0]["number"], there.number);

    let _synced = cleo.run(&["sync"]).ok();
    assert_eq!(cleo.text(), "A=2\nB=1\nC=1\n");
    let status = cleo.run(&["status", "--json"]).ok().json();
    let said = status.to_string();
    assert!(said.contains("went back to revision"), "{said}");
    let _synced = ada.run(&["sync"]).ok();
    let _pulled = ada.run(&["pull"]).ok();
    assert_eq!(ada.text(), "A=1\nB=1\n", "nothing was pushed by itself");
    // What is told is what is here.
    let _fetched = ben.run(&["sync"]).ok();
    let told = ben.run(&["activity"]).ok().out;
    assert!(told.contains("gave up whatever the vault does not have"), "{told}");

    let _pushed = cleo.run(&["push"]).ok();
    for machine in [&ada, &ben] {
        let _pulled = machine.run(&["pull"]).ok();
        assert_eq!(machine.text(), "A=2\nB=1\nC=1\n");
    }
    for machine in [&ada, &ben, &cleo] {
        let _verified = machine.run(&["activity", "--verify"]).ok();
    }
    // And again by itself.
    cleo.save("A=3\nB=1\nC=1\n");
    let _synced = cleo.run(&["sync"]).ok();
    let _pulled = ben.run(&["pull"]).ok();
    assert_eq!(ben.text(), "A=3\nB=1\nC=1\n");
}
