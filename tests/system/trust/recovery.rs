//! Recovery through the real programs: a kit that somebody wrote down brings its member back on an empty computer, with
//! everything, and nothing else does.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use serde_json::{Value, json};
use twinlock_tests::cast;
use twinlock_tests::kit::{self, Sheet};
use twinlock_tests::programs::{KeptIn, Machine, Ran, Server};
use twinlock_tests::talk::Talk;

const TEXT: &str = "# settings\nTOKEN=old\nURL=x\n";

/// Ada with a team and a linked file.
struct Setting {
    _server: Server,
    ada: Machine,
}

impl Setting {
    fn new() -> Self {
        let server = Server::start();
        let ada = cast::ada(&server, TEXT);
        Self { _server: server, ada }
    }
}

fn kits(of: &Machine) -> Vec<Value> {
    let listed = of.run(&["recovery", "list", "--json"]).ok().json();
    listed["kits"].as_array().unwrap().clone()
}

#[test]
fn a_kit_brings_a_member_back_with_everything() {
    let Setting { ada, .. } = &Setting::new();
    let told = "only owner, on one computer and without a recovery kit";
    assert!(ada.run(&["team", "show"]).ok().err.contains(told));
    let doctor = ada.run(&["doctor", "--json"]).ok().json();
    let checks = doctor["checks"].as_array().unwrap();
    let recovery = checks.iter().find(|check| check["name"] == "recovery").unwrap();
    assert!(recovery["health"] == "warning" && recovery["sentence"].as_str().unwrap().contains(told));

    // Two generations of keys before the kit, and one after it.
    let _rotated = ada.run(&["environment", "rotate", "api/development"]).ok();
    let (sheet, ran) = kit::make(ada, str::to_owned);
    let ran = ran.ok();
    assert!(ran.err.contains("The kit counts from now on"), "{}", ran.err);
    assert!(sheet.words.iter().all(|word| !ran.err.lines().any(|line| line.trim() == word)));
    assert_eq!(kits(ada).len(), 1);
    assert_eq!(ada.run(&["team", "show", "--json"]).ok().json()["advice"], json!([]));
    ada.push(&TEXT.replace("old", "new"));
    let _rotated = ada.run(&["environment", "rotate", "api/development"]).ok();
    let invite = ada.invite(&[]);
    let lost = ada.run(&["computer", "list", "--json"]).ok().json()["computers"].take();
    let lost = lost.as_array().unwrap().iter().find(|one| one["this"] == true).unwrap().clone();

    let new = Machine::new(KeptIn::File);
    let restore = ["recovery", "restore", "--revoke-others", "--json"];
    let restored = new.run_with(&sheet.typed(), &restore).ok().json();
    assert_eq!(restored["team"]["name"], "Acme");
    assert_eq!(restored["others"][0]["id"], lost["id"]);
    let held = restored["team"]["members"][0]["computers"].as_array().unwrap();
    let mut kinds: Vec<&str> = held.iter().map(|one| one["kind"].as_str().unwrap()).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["computer", "recovery"]);
    assert_eq!(restored["revoked"]["revoked"], json!([lost["id"]]));
    assert_eq!(restored["revoked"]["kept"], json!([kits(&new)[0]["id"]]), "the kit would have fallen");
    assert_eq!(restored["revoked"]["closed"], json!([invite["id"]]));
    assert_eq!(restored["revoked"]["keys"]["renewed"], json!(["api/development"]));

    new.link_and_pull();
    assert_eq!(new.text(), TEXT.replace("old", "new"));
    let log = new.run(&["log", "api/development", "--json"]).ok().json();
    assert!(log.to_string().matches("\"TOKEN\"").count() >= 2, "history under every generation: {log}");
    new.push(&TEXT.replace("old", "newer"));
    let ran = ada.run(&["pull"]).ended(1);
    assert!(ran.err.contains("was taken from the team"), "{}", ran.err);

    // The kit is still one: it has the keys that were opened since, and brings back again.
    let again = Machine::new(KeptIn::File);
    let restored = again.run_with(&sheet.typed(), &["recovery", "restore", "--json"]).ok().json();
    assert_eq!((restored["others"].as_array().unwrap().len(), &restored["revoked"]), (1, &Value::Null));
    assert_eq!(again.value("TOKEN"), "newer");
    assert_eq!(new.value("TOKEN"), "newer");
    // Asked once more, as after an answer that got lost: what was to follow follows.
    let lost = restored["others"][0]["id"].clone();
    let restore = ["recovery", "restore", "--revoke-others", "--json"];
    let restored = again.run_with(&sheet.typed(), &restore).ok().json();
    assert_eq!(restored["revoked"]["revoked"], json!([lost]));
    // A home has one team.
    let other = Server::start();
    let eve = cast::ada(&other, TEXT);
    let ran = eve.run_with(&sheet.typed(), &["recovery", "restore"]).ended(1);
    assert!(ran.err.contains("already belongs to the team Acme"), "{}", ran.err);
}

#[test]
fn a_kit_that_nobody_wrote_down_is_none() {
    let Setting { ada, .. } = &Setting::new();
    let before = ada.run(&["activity", "--json"]).ok().out;
    let (sheet, ran) =
        kit::make(ada, |word| if word == "abandon" { "ability".into() } else { "abandon".into() });
    let ran = ran.ended(1);
    assert!(ran.err.contains("Nothing was made: these words open nothing"), "{}", ran.err);
    assert!(kits(ada).is_empty());
    assert_eq!(ada.run(&["activity", "--json"]).ok().out, before);
    let new = Machine::new(KeptIn::File);
    let ran = new.run_with(&sheet.typed(), &["recovery", "restore"]).ended(1);
    for told in ["knows no recovery kit with these words", "nobody can bring you back", "invite you again"] {
        assert!(ran.err.contains(told), "{told}: {}", ran.err);
    }
    // Nobody answers at all.
    let ran = ada.run_with("", &["recovery", "create"]).ended(1);
    assert!(ran.err.contains("Nothing was made"), "{}", ran.err);
    assert!(kits(ada).is_empty());
}

#[test]
fn words_go_into_no_document_and_into_no_argument() {
    let Setting { ada, .. } = &Setting::new();
    let mut making = Talk::start(ada, &["recovery", "create", "--json"]);
    let _asks = making.err_line("Word ");
    let sheet = Sheet::read(&making.err_so_far());
    // As somebody types who holds the shift key.
    sheet.answer_all(&mut making, |word| format!(" {} ", word.to_uppercase()));
    let ran = making.end().ok();
    let document = ran.json();
    assert_eq!((&document["kit"], &document["kind"]), (&json!(sheet.line), &json!("recovery")));
    assert_eq!(document["id"], kits(ada)[0]["id"]);
    let told = document.to_string();
    assert!(!sheet.words.windows(2).any(|two| told.contains(&two.join(" "))), "{told}");
    let new = Machine::new(KeptIn::File);
    let ran = new.run(&["recovery", "restore", &sheet.words.join(" ")]).ended(2);
    assert!(!ran.err.contains(&sheet.words[3..5].join(" ")), "{}", ran.err);
    assert!(new.run(&["recovery", "restore", "--help"]).ok().out.contains("nobody can bring you back"));
}

#[test]
fn what_is_no_kit_or_none_any_more_is_told_apart() {
    let Setting { ada, .. } = &Setting::new();
    let (sheet, ran) = kit::make(ada, str::to_owned);
    let _made = ran.ok();
    let new = Machine::new(KeptIn::File);
    let restore = |input: &str| new.run_with(input, &["recovery", "restore"]);
    let says = |ran: Ran, status: i32, told: &str| {
        let ran = ran.ended(status);
        assert!(ran.err.contains(told), "{told}: {}", ran.err);
        for word in &sheet.words {
            assert!(!ran.err.contains(&format!(" {word} ")) || word.len() < 5, "{word}: {}", ran.err);
        }
    };
    says(restore(""), 2, "Standard input is empty");
    says(restore(&format!("{}\n", sheet.words.join(" "))), 2, "begins with twinlock:kit#");
    says(restore(&format!("{}\n{}\n", sheet.line, sheet.words[..23].join(" "))), 2, "these are 23");
    let mut wrong = sheet.words.clone();
    wrong[6] = "twinlock".to_owned();
    says(restore(&format!("{}\n{}\n", sheet.line, wrong.join(" "))), 2, "Word 7 is none");
    says(restore(&format!("{}\n{}\n", &sheet.line[..60], sheet.words.join(" "))), 2, "is incomplete");

    // A kit goes like a computer.
    let kit = kits(ada)[0]["id"].as_str().unwrap().to_owned();
    let revoked = ada.run(&["computer", "revoke", &kit, "--json"]).ok().json();
    assert_eq!(revoked["revoked"], json!([kit]));
    says(restore(&sheet.typed()), 1, "this recovery kit was revoked");
    assert!(kits(ada).is_empty());
}

#[test]
fn whoever_lost_everything_is_told_where_to_look() {
    let Setting { ada, .. } = &Setting::new();
    std::fs::remove_file(ada.home().join("keychain.json")).unwrap();
    let ran = ada.run(&["status"]);
    assert_ne!(ran.status, 0);
    assert!(
        ran.err.contains("twinlock recovery restore") && ran.err.contains("TWINLOCK_HOME"),
        "{}",
        ran.err
    );
    assert_eq!(ada.text(), TEXT, "the file stays");

    // A vault on this computer alone is no place to come back from.
    let alone = Machine::new(KeptIn::File);
    let _team = alone.run(&["team", "create", "Solo", "--member", "Ada", "--local"]).ok();
    for command in [vec!["recovery", "create"], vec!["computer", "add", "--words", "-"]] {
        let ran = alone.run(&command).ended(1);
        assert!(ran.err.contains("a vault on this computer alone"), "{}", ran.err);
    }
    assert!(alone.run(&["team", "show"]).ok().err.contains("on this computer alone"));
}
