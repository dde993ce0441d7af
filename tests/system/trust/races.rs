//! Two people at the same moment: one is first, the other looks again, and nobody reads an error that they could not
//! understand. Through the real programs alone.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::atomic::{AtomicBool, Ordering};

use twinlock_tests::cast;
use twinlock_tests::programs::{Machine, Ran, Server};

/// Ada, who is owner, and as many admins as names.
fn team(names: &[&str]) -> (Server, Machine, Vec<Machine>) {
    let server = Server::start();
    let ada = cast::ada(&server, "TOKEN=1\n");
    let others = names.iter().map(|name| ada.lets_join(name, &["--role", "admin"])).collect();
    (server, ada, others)
}

fn both<'a>(one: impl FnOnce() -> Ran + Send + 'a, other: impl FnOnce() -> Ran + Send + 'a) -> (Ran, Ran) {
    std::thread::scope(|scope| {
        let other = scope.spawn(other);
        (one(), other.join().unwrap())
    })
}

/// Done, or a plain sentence among these.
fn understood(ran: &Ran, sentences: &[&str]) {
    let plain = sentences.iter().any(|sentence| ran.err.contains(sentence));
    assert!(ran.status == 0 || plain, "{}: {}", ran.status, ran.err);
    assert!(!ran.err.contains("mistake of its own"), "{}", ran.err);
}

#[test]
fn two_admins_remove_the_same_member_or_renew_the_same_keys() {
    let (_server, ada, others) = team(&["Ben", "Cleo"]);
    let ben = &others[0];
    let (one, other) =
        both(|| ada.run(&["member", "remove", "Cleo"]), || ben.run(&["member", "remove", "Cleo"]));
    assert!(one.status == 0 || other.status == 0, "{}{}", one.err, other.err);
    for ran in [&one, &other] {
        understood(ran, &["There is no member", "not in the team any more"]);
    }
    let rotate = ["environment", "rotate", "api/development"];
    let (one, other) = both(|| ada.run(&rotate), || ben.run(&rotate));
    let (one, other) = (one.ok(), other.ok());
    drop((one, other));
    assert_eq!(ben.value("TOKEN"), "1");
    assert_eq!(ada.value("TOKEN"), "1");
}

#[test]
fn two_admins_remove_each_other_and_one_is_left() {
    let (_server, ada, others) = team(&["Ben", "Cleo"]);
    let (ben, cleo) = (&others[0], &others[1]);
    let (one, other) =
        both(|| ben.run(&["member", "remove", "Cleo"]), || cleo.run(&["member", "remove", "Ben"]));
    for ran in [&one, &other] {
        understood(ran, &["was taken from the team", "changing your rights", "does not allow this"]);
    }
    let team = ada.run(&["team", "show", "--json"]).ok().json();
    assert_eq!(team["members"].as_array().unwrap().len(), 2, "{}{}", one.err, other.err);
}

#[test]
fn whoever_pushes_all_the_time_is_removed_all_the_same() {
    let (_server, ada, others) = team(&["Ben"]);
    let ben = &others[0];
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for pusher in 0..2 {
            let stop = &stop;
            scope.spawn(move || {
                for round in 0.. {
                    let set = format!("P{pusher}={round}\n");
                    let ran = ben.run_with(&set, &["set", "api/development", "-"]);
                    if stop.load(Ordering::SeqCst) || ran.err.contains("was taken from the team") {
                        break;
                    }
                }
            });
        }
        let removed = ada.run(&["member", "remove", "Ben"]);
        stop.store(true, Ordering::SeqCst);
        assert_eq!(removed.status, 0, "{}", removed.err);
    });
    let team = ada.run(&["team", "show", "--json"]).ok().json();
    assert_eq!(team["members"].as_array().unwrap().len(), 1);
}

/// With `--create` each of two takes what the other made a moment before: never are there two of one name.
#[test]
fn two_create_the_same_environment_and_there_is_one() {
    let (_server, ada, others) = team(&["Ben"]);
    let ben = &others[0];
    for round in 0..4 {
        let (file, name) = (format!("{round}.env"), format!("new{round}/production"));
        for machine in [&ada, ben] {
            std::fs::write(machine.folder().join(&file), "A=1\n").unwrap();
        }
        let link = ["link", &file, &name, "--create"];
        let (one, other) = both(|| ada.run(&link), || ben.run(&link));
        let _linked = (one.ok(), other.ok());
        let listed = ada.run(&["environment", "list", "--json"]).ok().json();
        let of_name = listed["environments"].as_array().unwrap().iter().filter(|one| one["name"] == name);
        assert_eq!(of_name.count(), 1, "{listed}");
    }
}
