//! A second computer of the same member through the real programs: a link without a secret, twelve words that a person
//! compares, and then everything that the first one has.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use serde_json::Value;
use twinlock_tests::cast;
use twinlock_tests::programs::{KeptIn, Machine, Server, Watching, wait_until};
use twinlock_tests::talk::Talk;

const TEXT: &str = "# settings\nTOKEN=old\nURL=x\n";

/// Ada with a team and an environment.
struct Setting {
    server: Server,
    ada: Machine,
}

impl Setting {
    fn new() -> Self {
        let server = Server::start();
        let ada = cast::ada(&server, TEXT);
        Self { server, ada }
    }
}

fn id(computer: &Value) -> &str {
    computer["id"].as_str().unwrap()
}

#[test]
fn a_second_computer_has_all_that_the_first_one_has() {
    let Setting { ada, .. } = &Setting::new();
    // Two generations of keys, and a revision under each.
    let _rotated = ada.run(&["environment", "rotate", "api/development"]).ok();
    ada.push(&TEXT.replace("old", "new"));
    let laptop = Machine::new(KeptIn::File);
    // The log goes on while two computers wait for a person.
    let computer = cast::add_computer(ada, &laptop, || {
        let _invite = ada.run(&["invite", "--json"]).ok();
    });
    assert_eq!(computer["kind"], "computer");

    laptop.link_and_pull();
    assert_eq!(laptop.text(), ada.text());
    // Names of the first revision are sealed under the first generation.
    let log = laptop.run(&["log", "api/development", "--json"]).ok().json();
    assert_eq!(log, ada.run(&["log", "api/development", "--json"]).ok().json());
    assert!(log.to_string().contains("\"TOKEN\""), "{log}");
    laptop.push(&laptop.text().replace("URL=x", "URL=laptop"));
    let _pulled = ada.run(&["pull"]).ok();
    assert_eq!(ada.text(), laptop.text());

    // The same member, who has two computers now.
    let (by_ada, by_laptop) =
        (ada.run(&["team", "show", "--json"]).ok(), laptop.run(&["team", "show", "--json"]).ok());
    assert_eq!(by_ada.json()["me"], by_laptop.json()["me"]);
    assert_eq!(by_ada.json()["members"][0]["computers"].as_array().unwrap().len(), 2);
    let ran = laptop.run(&["computer", "join", "twinlock:computer#eyJ2IjoxfQ"]);
    assert_eq!(ran.status, 2, "{}", ran.err);
}

#[test]
fn nothing_is_signed_for_other_words() {
    let Setting { server, ada } = &mut Setting::new();
    let before = ada.run(&["activity", "--json"]).ok().out;
    // Without a terminal there is nobody to say yes.
    let ran = ada.run_with("yes\n", &["computer", "add"]).ended(2);
    assert!(ran.err.contains("Nobody is at the terminal") && ran.out.is_empty(), "{}{}", ran.out, ran.err);

    let laptop = Machine::new(KeptIn::File);
    let mut adding = Talk::start(ada, &["computer", "add", "--words", "-"]);
    let link = adding.out_line("twinlock:computer#");
    let mut joining = Talk::start(&laptop, &["computer", "join", "-", "--json"]);
    joining.say(&link);
    let words = cast::spoken(&joining.event("words"));
    let (first, rest) = words.split_once(' ').unwrap();
    let other = if first == "abandon" { "ability" } else { "abandon" };
    adding.say(&format!("{other} {rest}"));
    let ran = adding.end().ended(4);
    assert!(ran.err.contains("other words") && ran.err.contains("Nothing was signed"), "{}", ran.err);
    assert!(joining.runs(), "it waits, and has nothing");
    drop(joining);
    assert_eq!(ada.run(&["activity", "--json"]).ok().out, before);
    let ran = laptop.run(&["status"]).ended(1);
    assert!(ran.err.contains("not part of a team yet"), "{}", ran.err);

    // Of a link whose computer waits no more nothing comes, and the vault tells a stranger nothing.
    assert_eq!(server.process.stop(), Some(0));
    server.start_again();
    let ran = laptop.run(&["computer", "join", &link]).ended(1);
    assert!(ran.err.contains("does not wait any more"), "{}", ran.err);
    // An invite link is none, and is not repeated.
    let ran = laptop.run(&["computer", "join", "twinlock:join#eyJ2IjoxfQ"]).ended(2);
    assert!(ran.err.contains("begins with twinlock:computer#") && !ran.err.contains("eyJ2"), "{}", ran.err);
    // Nobody comes: the waiting ends.
    let ran = Talk::start(ada, &["computer", "add", "--words", "-", "--wait", "2s"]).end().ended(1);
    assert!(ran.err.contains("No computer was added in time"), "{}", ran.err);
    // Whoever tried in vain comes in later, with the same key.
    let _computer = cast::add_computer(ada, &laptop, || {});
    assert_eq!(laptop.value("TOKEN"), "old");
}

/// Waits until a computer that is watching hears what became of another one.
fn news_of(watch: &Watching, keyholder: &str, change: &str) -> Value {
    let mut found = Value::Null;
    wait_until(&format!("the news that {keyholder} was {change}"), || {
        let mut all = watch.events().into_iter().filter(|event| event["event"] == "keyholder");
        let news =
            all.find(|event| event["news"]["keyholder"] == keyholder && event["news"]["change"] == change);
        news.is_some_and(|mut event| {
            found = event["news"].take();
            true
        })
    });
    found
}

#[test]
fn every_computer_of_the_member_and_every_admin_hears_of_it() {
    let Setting { ada, .. } = &Setting::new();
    let (ben, cleo) = (ada.lets_join("Ben", &[]), ada.lets_join("Cleo", &[]));
    let _admin = ada.run(&["member", "role", "Ben", "admin"]).ok();
    let (laptop, third) = (Machine::new(KeptIn::File), Machine::new(KeptIn::File));
    let _computer = cast::add_computer(ada, &laptop, || {});
    let (at_ada, at_ben, at_cleo, at_laptop) = (ada.watch(), ben.watch(), cleo.watch(), laptop.watch());
    let added = cast::add_computer(&laptop, &third, || {});
    for (watch, mine) in [(&at_ada, true), (&at_ben, false)] {
        let news = news_of(watch, id(&added), "added");
        assert_eq!(
            (&news["kind"], &news["name"], &news["mine"]),
            (&"computer".into(), &"Ada".into(), &mine.into())
        );
    }
    let _revoked = laptop.run(&["computer", "revoke", id(&added)]).ok();
    for watch in [&at_ada, &at_ben] {
        let _news = news_of(watch, id(&added), "revoked");
    }
    let ran = third.run(&["get", "api/development", "TOKEN"]).ended(1);
    assert!(ran.err.contains("was taken from the team"), "{}", ran.err);
    // A member hears of their own alone, and nobody of what they did themselves.
    let heard =
        |watch: &Watching| watch.events().iter().filter(|event| event["event"] == "keyholder").count();
    wait_until("Cleo's log has gone on", || at_cleo.events().iter().any(|event| event["event"] == "team"));
    assert_eq!((heard(&at_cleo), heard(&at_laptop)), (0, 0));
}

#[test]
fn what_hangs_from_a_computer_does_not_fall_unmentioned() {
    let Setting { ada, .. } = &Setting::new();
    let (laptop, third) = (Machine::new(KeptIn::File), Machine::new(KeptIn::File));
    let of_laptop = cast::add_computer(ada, &laptop, || {});
    let of_third = cast::add_computer(&laptop, &third, || {});
    let invite = laptop.invite(&[]);

    let ran = ada.run(&["computer", "revoke", id(&of_laptop)]).ended(3);
    let third_falls = format!("With it falls the computer {}", id(&of_third));
    let invite_falls = format!("With it falls the invite {}", invite["id"].as_str().unwrap());
    let rekeyed = "api/development gets new keys at once; 2 values could be read";
    for named in [&third_falls, &invite_falls, rekeyed, "Nothing was changed", "--keep"] {
        assert!(ran.err.contains(named), "{named}: {}", ran.err);
    }
    assert_eq!(laptop.value("TOKEN"), "old");

    let ran = ada.run(&["computer", "revoke", id(&of_laptop), "--keep", id(&of_third), "--json"]).ok();
    assert!(ran.err.contains(&invite_falls) && !ran.err.contains(&third_falls), "{}", ran.err);
    let revoked = ran.json();
    assert_eq!(revoked["revoked"], serde_json::json!([of_laptop["id"]]));
    assert_eq!(revoked["kept"], serde_json::json!([of_third["id"]]));
    assert_eq!(revoked["closed"], serde_json::json!([invite["id"]]));
    assert_eq!(revoked["keys"]["renewed"], serde_json::json!(["api/development"]));
    let ran = laptop.run(&["get", "api/development", "TOKEN"]);
    assert!(ran.status == 1 && ran.err.contains("was taken from the team"), "{}", ran.err);
    assert_eq!(third.value("TOKEN"), "old");

    // The other way round: all that may stay does.
    let invite = third.invite(&[]);
    let ran = ada.run(&["computer", "revoke", id(&of_third), "--keep", "all", "--json"]).ok();
    assert!(!ran.err.contains("With it falls"), "{}", ran.err);
    let revoked = ran.json();
    assert_eq!(revoked["kept"], serde_json::json!([invite["id"]]));
    let open = ada.run(&["invite", "list", "--json"]).ok().json();
    assert_eq!(open["invites"][0]["id"], invite["id"]);
    let last = ada.run(&["computer", "list", "--json"]).ok().json()["computers"].take();
    assert_eq!(last.as_array().unwrap().len(), 1);
}

/// Nobody watches: whichever command is the first to see it says so, once.
#[test]
fn whoever_runs_one_command_now_and_then_hears_of_it_too() {
    let Setting { ada, .. } = &Setting::new();
    let (ben, laptop) = (ada.lets_join("Ben", &[]), Machine::new(KeptIn::File));
    let _admin = ada.run(&["member", "role", "Ben", "admin"]).ok();
    let _synced = ben.run(&["sync"]).ok();
    let added = cast::add_computer(ada, &laptop, || {});
    let said = format!("A computer was added to Ada's membership: {}", id(&added));
    let told = ben.run(&["ls", "api/development", "--json", "--quiet"]).ok();
    assert!(told.err.contains(&said), "{}", told.err);
    assert!(!ben.run(&["ls", "api/development"]).ok().err.contains(&said));
    let _revoked = ada.run(&["computer", "revoke", id(&added)]).ok();
    let told = ben.run(&["get", "api/development", "TOKEN"]);
    assert!(told.err.contains("was taken from Ada's membership"), "{}", told.err);
}
