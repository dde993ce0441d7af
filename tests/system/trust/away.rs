//! Answers that get lost, and a vault that is away: what a person is told then, and that nothing is left behind that
//! nobody knows of. Through the real programs alone.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use twinlock_tests::cast::DEVELOPMENT;
use twinlock_tests::kit;
use twinlock_tests::lying_proxy::{Asked, LyingProxy, Told};
use twinlock_tests::programs::{KeptIn, Machine, Server, run};

/// Ada with a team at a vault that she reaches by way of somebody.
struct Setting {
    _runtime: Runtime,
    proxy: LyingProxy,
    _server: Server,
    ada: Machine,
}

impl Setting {
    fn new() -> Self {
        let runtime = Runtime::new().unwrap();
        let server = Server::start();
        let proxy = runtime.block_on(LyingProxy::start(server.url.parse().unwrap()));
        let ada = Machine::new(KeptIn::File);
        ada.found_by_way_of(&proxy.location(), &server);
        ada.save("TOKEN=old\n");
        ada.link(&["--create"]);
        let _pushed = ada.run(&["push"]).ok();
        Self { _runtime: runtime, proxy, _server: server, ada }
    }

    /// The next events are taken, and the answer to them does not come back.
    fn loses_the_next_answer(&self) {
        let lost = AtomicBool::new(false);
        self.proxy.lie(Arc::new(move |asked: &Asked, answer: Value| {
            if appends(asked) && !lost.swap(true, Ordering::SeqCst) { away() } else { Told::Json(answer) }
        }));
    }
}

fn appends(asked: &Asked) -> bool {
    asked.method == "POST" && asked.path.ends_with("/events")
}

/// What stands between here and the vault says that nobody is behind it.
fn away() -> Told {
    Told::Answer(StatusCode::BAD_GATEWAY.into_response())
}

#[test]
fn what_was_taken_although_the_answer_got_lost_is_done() {
    let setting = Setting::new();
    let Setting { proxy, ada, .. } = &setting;
    setting.loses_the_next_answer();
    let invite = ada.invite(&[]);
    assert_eq!(proxy.be_honest(), 1);
    let listed = ada.run(&["invite", "list", "--json"]).ok().json();
    assert_eq!((&listed["invites"][0]["id"], &listed["invites"][1]), (&invite["id"], &Value::Null));
    let ben = Machine::new(KeptIn::File);
    ben.join(&invite, "Ben");
    ben.link_and_pull();

    setting.loses_the_next_answer();
    let token = ada.run(&["service", "create", "ci", "--access", "api/development:read", "--json"]).ok();
    assert_eq!(proxy.be_honest(), 1);
    let services = ada.run(&["service", "list", "--json"]).ok().json();
    assert_eq!(
        (&services["services"][0]["id"], &services["services"][1]),
        (&token.json()["id"], &Value::Null)
    );

    // Keys are renewed at once, as if the answer had come.
    setting.loses_the_next_answer();
    let removed = ada.run(&["member", "remove", "Ben", "--json"]).ok().json();
    assert_eq!(proxy.be_honest(), 1);
    assert_eq!(removed["keys"], json!({ "renewed": [DEVELOPMENT], "waiting": [] }));
    let environments = ada.run(&["environment", "list", "--json"]).ok().json();
    assert_eq!(environments["environments"][0]["stale"], false);
    drop(setting);
}

#[test]
fn what_nobody_took_is_said_to_be_unknown() {
    let setting = Setting::new();
    let Setting { proxy, ada, .. } = &setting;
    proxy.answer_in_place(Arc::new(|asked| appends(asked).then(away)));
    let ran = ada.run(&["invite"]).ended(5);
    assert!(ran.err.contains("Whether it took what was asked for is not known"), "{}", ran.err);
    assert_eq!(proxy.be_honest(), 1);
    assert_eq!(ada.run(&["invite", "list", "--json"]).ok().json(), json!({ "invites": [], "waiting": [] }));

    // Somebody else was first: then it was not taken, and is asked anew.
    let ben = ada.lets_join("Ben", &["--role", "admin"]);
    let renaming = Mutex::new(Some(ben.command(&["member", "rename", "Benno"])));
    proxy.answer_in_place(Arc::new(move |asked| {
        let renaming = if appends(asked) { renaming.lock().unwrap().take() } else { None };
        renaming.map(|renaming| {
            let _faster = tokio::task::block_in_place(|| run(renaming, "")).ok();
            away()
        })
    }));
    let invite = ada.invite(&[]);
    assert_eq!(proxy.be_honest(), 1);
    let listed = ada.run(&["invite", "list", "--json"]).ok().json();
    assert_eq!((&listed["invites"][0]["id"], &listed["invites"][1]), (&invite["id"], &Value::Null));
    assert!(ada.run(&["team", "show"]).ok().out.contains("Benno"));
    drop(setting);
}

#[test]
fn without_the_vault_it_is_said_how_old_things_are() {
    let setting = Setting::new();
    let Setting { proxy, ada, .. } = &setting;
    let get = ["get", DEVELOPMENT, "TOKEN"];
    let printed = ["run", "--", "printenv", "TOKEN"];
    let online = ada.run(&get).ok();
    assert_eq!((online.out.trim_end(), online.err.as_str()), ("old", ""));

    let ben = ada.lets_join("Ben", &[]);
    ben.link_and_pull();
    ben.push("TOKEN=new\n");
    proxy.lie(Arc::new(|asked, mut answer: Value| {
        if asked.path.ends_with("/revisions") && answer["statements"][0].is_object() {
            answer["statements"][0]["signatures"] = json!([]);
        }
        Told::Json(answer)
    }));
    let _refused = ada.run(&get).ended(4);
    let _refused = ada.run(&printed).ended(4);
    proxy.answer_in_place(Arc::new(|_| Some(away())));
    for command in
        [get.as_slice(), &printed, &["ls", DEVELOPMENT], &["activity"], &["team", "show"], &["status"]]
    {
        let ran = ada.run(command).ok();
        assert!(ran.err.contains("The vault cannot be reached. This is how things stood"), "{}", ran.err);
        assert!(ran.err.contains("What it served last was refused."), "{}", ran.err);
        let quiet = ada.run(&[&["--quiet"], command].concat()).ok();
        assert_eq!(quiet.err, "");
    }
    proxy.be_honest();
    let ran = ada.run(&get).ok();
    assert_eq!((ran.out.trim_end(), ran.err.as_str()), ("new", ""));
    drop(setting);
}

#[test]
fn an_admin_hears_who_joined_once() {
    let setting = Setting::new();
    let ada = &setting.ada;
    let (_sheet, made) = kit::make(ada, str::to_owned);
    let _made = made.ok();
    let ben = ada.lets_join("Ben", &["--role", "admin"]);
    let said = |machine: &Machine| machine.run(&["team", "show"]).ok().err;
    assert_eq!(said(ada), "Ben joined the team by an invite.\n");
    assert_eq!((said(ada), said(&ben)), (String::new(), String::new()));
    let cleo = ben.lets_join("Cleo", &["--approve"]);
    for admin in [ada, &ben] {
        let said = said(admin);
        assert!(said.contains("Somebody joined by an invite and waits to be let in"), "{said}");
    }
    // Whoever is no admin hears nothing: they could do nothing about it.
    let dan = ada.lets_join("Dan", &[]);
    let _eve = ada.lets_join("Eve", &[]);
    assert_eq!(said(&dan), "");
    drop((cleo, setting));
}

#[test]
fn what_the_rules_forbid_is_not_told_of_as_if_it_could_be_done() {
    let setting = Setting::new();
    let ada = &setting.ada;
    let _kit_or_invite = ada.invite(&[]);
    let me = ada.run(&["computer", "list", "--json"]).ok().json()["computers"][0]["id"].take();
    for (command, why) in [
        (vec!["member", "remove", "Ada"], "without an owner"),
        (vec!["member", "role", "Ada", "admin"], "without an owner"),
        (vec!["computer", "revoke", me.as_str().unwrap()], "the only computer"),
    ] {
        let ran = ada.run(&command).ended(1);
        assert!(ran.err.contains(why) && !ran.err.contains("falls"), "{command:?}: {}", ran.err);
    }

    let create = ["service", "create", "ci", "--access", "api/development:read"];
    let _created = ada.run(&create).ok();
    let ran = ada.run(&create).ended(1);
    assert!(ran.err.contains("There is one of this name already"), "{}", ran.err);
    let _closed = ada.run(&["service", "close", "ci"]).ok();
    let _created = ada.run(&create).ok();
    drop(setting);
}
