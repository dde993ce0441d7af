//! One team's month through the command line alone: three members, a second computer, a service, a kit; somebody leaves,
//! somebody loses a computer, two admins act at one moment. Each part has tests of its own; this one holds them together.
#![cfg(target_os = "linux")]

use serde_json::Value;
use twinlock_tests::cast::{self, DEVELOPMENT};
use twinlock_tests::kit;
use twinlock_tests::programs::{KeptIn, Machine, Ran, Server, run};

const TEXT: &str = "# settings\nTOKEN=first\nURL=x\n";

/// What the service's job reads.
fn by_token(machine: &Machine, token: &str, arguments: &[&str]) -> Ran {
    let mut command = machine.command(arguments);
    command.env("TWINLOCK_TOKEN", token);
    run(command, "")
}

#[test]
fn a_team_of_three_and_a_service_through_all_that_happens_to_teams() {
    let server = Server::start();
    let ada = cast::ada(&server, TEXT);
    let (kit, made) = kit::make(&ada, str::to_owned);
    let _made = made.ok();
    let ben = ada.lets_join("Ben", &["--role", "admin"]);
    let cleo = ben.lets_join("Cleo", &["--access", "api/development:names"]);
    let service = ["service", "create", "ci", "--access", "api/development:read", "--json"];
    let token = ada.run(&service).ok().json()["token"].as_str().unwrap().to_owned();

    // Everybody has what they were given, and no more.
    assert_eq!(ben.value("TOKEN"), "first");
    assert_eq!(cleo.run(&["ls", DEVELOPMENT, "--quiet"]).ok().out, "TOKEN\nURL\n");
    let _no_value = cleo.run(&["get", DEVELOPMENT, "TOKEN"]).ended(1);
    let read = ["run", "-e", DEVELOPMENT, "--", "sh", "-c", "printf %s \"$TOKEN\""];
    assert_eq!(by_token(&cleo, &token, &read).ok().out, "first");

    // Ben's laptop, with keys of before and after it came.
    let laptop = Machine::new(KeptIn::File);
    let _computer = cast::add_computer(&ben, &laptop, || {});
    let _rotated = laptop.run(&["environment", "rotate", DEVELOPMENT]).ok();
    ada.push(&TEXT.replace("first", "second"));
    for machine in [&ben, &laptop] {
        assert_eq!(machine.value("TOKEN"), "second");
    }
    assert_eq!(by_token(&cleo, &token, &read).ok().out, "second");
    let pins = ada.run(&["pin"]).ok().out;

    // Two admins at one moment: both sentences hold, or one of them says that it is so already.
    let raised = ["member", "access", "Cleo", "api/development:read"];
    let (first, second) = std::thread::scope(|scope| {
        let by_ada = scope.spawn(|| ada.run(&raised));
        let by_ben = scope.spawn(|| laptop.run(&raised));
        (by_ada.join().unwrap(), by_ben.join().unwrap())
    });
    let mut statuses = [first.status, second.status];
    statuses.sort_unstable();
    assert!(statuses == [0, 1] || statuses == [0, 0], "{}{}", first.err, second.err);
    assert!(statuses == [0, 0] || format!("{}{}", first.err, second.err).contains("so already"));
    assert_eq!(cleo.value("TOKEN"), "second");

    // Ben goes, with both computers and what he signed for; Cleo, whom he invited, stays.
    let removed = ada.run(&["member", "remove", "Ben", "--json"]).ok().json();
    assert_eq!(removed["could_read"][0]["names"], serde_json::json!(["TOKEN", "URL"]));
    assert_eq!(removed["keys"]["renewed"], serde_json::json!([DEVELOPMENT]));
    ada.push(&TEXT.replace("first", "third"));
    for machine in [&ben, &laptop] {
        let ran = machine.run(&["get", DEVELOPMENT, "TOKEN"]);
        assert_ne!(ran.status, 0, "{}{}", ran.out, ran.err);
        assert!(!ran.out.contains("third"));
    }
    assert_eq!(cleo.value("TOKEN"), "third");
    assert_eq!(by_token(&cleo, &token, &read).ok().out, "third");

    // Ada's computer is lost. Her kit brings her back, and takes the lost one from the team.
    let new = Machine::new(KeptIn::File);
    let restored = new
        .run_with(&kit.typed(), &["recovery", "restore", "--revoke-others", "--keep", "all", "--json"])
        .ok();
    assert_eq!(restored.json()["team"]["name"], "Acme");
    assert_eq!(new.value("TOKEN"), "third");
    let _dead = ada.run(&["pull"]).ended(1);
    let _set = new.run(&["set", DEVELOPMENT, "TOKEN=fourth"]).ok();
    assert_eq!(by_token(&cleo, &token, &read).ok().out, "fourth", "the service was kept");
    assert_eq!(cleo.value("TOKEN"), "fourth");

    // Pins of before still hold, the whole log verifies, and nothing of all this reached a database in the clear.
    std::fs::write(cleo.folder().join("api/pins.json"), pins).unwrap();
    let pinned = [&["run", "--pin", "pins.json"], &read[1..]].concat();
    assert_eq!(by_token(&cleo, &token, &pinned).ok().out, "fourth");
    for machine in [&new, &cleo] {
        let _verified = machine.run(&["activity", "--verify", "--json"]).ok();
    }
    let closed = new.run(&["service", "close", "ci", "--json"]).ok();
    assert_ne!(closed.json(), Value::Null);
    assert_ne!(by_token(&cleo, &token, &read).status, 0);
}
