//! One team's month through the command line alone: three members, a second computer, a service, a kit; somebody leaves,
//! somebody loses a computer, two admins act at one moment. Each part has tests of its own; this one holds them together.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::process::Command;

use serde_json::Value;
use twinlock_tests::programs::{KeptIn, Machine, Ran, Server, wait_until};
use twinlock_tests::talk::Talk;

const TEXT: &str = "# settings\nTOKEN=first\nURL=x\n";
const DEVELOPMENT: &str = "api/development";

fn join(admin: &Machine, machine: &Machine, name: &str, options: &[&str]) {
    let invite = admin.run(&[&["invite", "--json"], options].concat()).ok().json();
    let _joined = machine.run_with(invite["link"].as_str().unwrap(), &["join", "-", "--member", name]).ok();
}

fn push(machine: &Machine, text: &str) {
    machine.save(text);
    let _pushed = machine.run(&["push"]).ok();
}

fn value(machine: &Machine) -> String {
    machine.run(&["get", DEVELOPMENT, "TOKEN"]).ok().out
}

/// What the service's job reads.
fn by_token(machine: &Machine, token: &str, arguments: &[&str]) -> Ran {
    let mut command: Command = machine.command(arguments);
    command.env("TWINLOCK_TOKEN", token);
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran { status: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
}

/// A second computer of the same member: link, words, signature.
fn add_computer(old: &Machine, new: &Machine) {
    let mut adding = Talk::start(old, &["computer", "add", "--words", "-", "--json"]);
    let link = adding.event("link")["link"].as_str().unwrap().to_owned();
    let mut joining = Talk::start(new, &["computer", "join", &link, "--json"]);
    let words = joining.event("words")["words"].take();
    let words: Vec<&str> = words.as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect();
    adding.say(&words.join(" "));
    let _added = adding.end().ok();
    let _joined = joining.end().ok();
}

/// Makes a recovery kit and answers what is asked; gives what was written down, as `recovery restore` reads it.
fn written_down(on: &Machine) -> String {
    let mut making = Talk::start(on, &["recovery", "create"]);
    let line = making.out_line("twinlock:kit#").trim().to_owned();
    let shown = making.out_so_far();
    let mut pieces = shown.lines().filter(|line| !line.contains('#')).flat_map(str::split_whitespace);
    let mut words = vec![""; 24];
    while let Some(piece) = pieces.next() {
        if let Some(number) = piece.strip_suffix('.').and_then(|number| number.parse::<usize>().ok()) {
            words[number - 1] = pieces.next().unwrap();
        }
    }
    for at in 0..3 {
        let asked = |said: &str| {
            let number = |line: &str| line.trim().strip_prefix("Word ")?.strip_suffix(':')?.parse().ok();
            said.lines().filter_map(number).nth(at)
        };
        let mut number: Option<usize> = None;
        wait_until("the next question", || {
            number = asked(&making.err_so_far());
            number.is_some()
        });
        making.say(words[number.unwrap() - 1]);
    }
    let _made = making.end().ok();
    format!("{line}\n{}\n", words.join(" "))
}

#[test]
fn a_team_of_three_and_a_service_through_all_that_happens_to_teams() {
    let server = Server::start();
    let [ada, ben, cleo] = [(); 3].map(|()| Machine::new(KeptIn::File));
    let place = ["--vault", &server.url, "--pin", &server.pin, "--setup-code", "-"];
    let create = [&["team", "create", "Acme", "--member", "Ada"], place.as_slice()].concat();
    let _team = ada.run_with(server.setup_code.as_ref().unwrap(), &create).ok();
    ada.save(TEXT);
    let _linked = ada.run(&["link", ".env", DEVELOPMENT, "--create"]).ok();
    let _pushed = ada.run(&["push"]).ok();
    let kit = written_down(&ada);
    join(&ada, &ben, "Ben", &["--role", "admin"]);
    join(&ben, &cleo, "Cleo", &["--access", "api/development:names"]);
    let service = ["service", "create", "ci", "--access", "api/development:read", "--json"];
    let token = ada.run(&service).ok().json()["token"].as_str().unwrap().to_owned();

    // Everybody has what they were given, and no more.
    assert_eq!(value(&ben), "first");
    assert_eq!(cleo.run(&["ls", DEVELOPMENT, "--quiet"]).ok().out, "TOKEN\nURL\n");
    let _no_value = cleo.run(&["get", DEVELOPMENT, "TOKEN"]).ended(1);
    let read = ["run", "-e", DEVELOPMENT, "--", "sh", "-c", "printf %s \"$TOKEN\""];
    assert_eq!(by_token(&cleo, &token, &read).ok().out, "first");

    // Ben's laptop, with keys of before and after it came.
    let laptop = Machine::new(KeptIn::File);
    add_computer(&ben, &laptop);
    let _rotated = laptop.run(&["environment", "rotate", DEVELOPMENT]).ok();
    push(&ada, &TEXT.replace("first", "second"));
    for machine in [&ben, &laptop] {
        assert_eq!(value(machine), "second");
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
    assert_eq!(value(&cleo), "second");

    // Ben goes, with both computers and what he signed for; Cleo, whom he invited, stays.
    let removed = ada.run(&["member", "remove", "Ben", "--json"]).ok().json();
    assert_eq!(removed["could_read"][0]["names"], serde_json::json!(["TOKEN", "URL"]));
    assert_eq!(removed["keys"]["renewed"], serde_json::json!([DEVELOPMENT]));
    push(&ada, &TEXT.replace("first", "third"));
    for machine in [&ben, &laptop] {
        let ran = machine.run(&["get", DEVELOPMENT, "TOKEN"]);
        assert_ne!(ran.status, 0, "{}{}", ran.out, ran.err);
        assert!(!ran.out.contains("third"));
    }
    assert_eq!(value(&cleo), "third");
    assert_eq!(by_token(&cleo, &token, &read).ok().out, "third");

    // Ada's computer is lost. Her kit brings her back, and takes the lost one from the team.
    let new = Machine::new(KeptIn::File);
    let restored =
        new.run_with(&kit, &["recovery", "restore", "--revoke-others", "--keep", "all", "--json"]).ok();
    assert_eq!(restored.json()["team"]["name"], "Acme");
    assert_eq!(value(&new), "third");
    let _dead = ada.run(&["pull"]).ended(1);
    let _set = new.run(&["set", DEVELOPMENT, "TOKEN=fourth"]).ok();
    assert_eq!(by_token(&cleo, &token, &read).ok().out, "fourth", "the service was kept");
    assert_eq!(value(&cleo), "fourth");

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
