//! Two people, two computers, one vault, through the real programs alone: what the README promises, typed.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};
use twinlock_tests::lying_proxy::{LyingProxy, Told};
use twinlock_tests::programs::{KeptIn, Machine, Server, wait_until};

/// Ada with a team, and Ben who joined; each linked their own `api/.env`.
struct Setting {
    server: Server,
    ada: Machine,
    ben: Machine,
}

impl Setting {
    fn new(kept_in: KeptIn, mode: &str) -> Self {
        let server = Server::start();
        let ada = Machine::new(kept_in);
        ada.found(&server);
        Self::of_founder(server, ada, kept_in, mode)
    }

    fn of_founder(server: Server, ada: Machine, kept_in: KeptIn, mode: &str) -> Self {
        let ben = Machine::new(kept_in);
        ada.link(&["--create", "--mode", mode]);
        ben.join(&ada.invite(&[]), "Ben");
        ben.link(&["--mode", mode]);
        Self { server, ada, ben }
    }

    /// Ada's text on both sides.
    fn share(&self, text: &str) {
        self.ada.push(text);
        let _pulled = self.ben.run(&["pull"]).ok();
        assert_eq!(self.ben.text(), text);
    }

    fn is_in_step(&self) -> bool {
        [&self.ada, &self.ben].iter().all(|computer| state(computer) == "in-step")
    }
}

fn state(computer: &Machine) -> Value {
    computer.run(&["status", ".env", "--json"]).ok().json()["files"][0]["state"].take()
}

/// 300 lines with everything that real files have, and no newline at the end.
fn long_file() -> String {
    let mut text = String::from("# The settings of the API.\r\n\r\n");
    while text.lines().count() < 290 {
        let line = text.lines().count();
        text += &match line % 7 {
            0 => format!("# {line}: kept as it is\n"),
            1 => format!("PLAIN_{line}=value {line}\r\n"),
            2 => format!("export  QUOTED_{line} = \"a 'quoted' value\"   # why\n"),
            3 => format!(
                "CERT_{line}=\"-----BEGIN CERTIFICATE-----\nMIIB{line}+/abc\n-----END CERTIFICATE-----\"\n"
            ),
            4 => format!(
                "KEY_{line}=-----BEGIN PRIVATE KEY-----\r\nMC4CAQAwBQYDK2VwBCIEIA{line}\r\n-----END PRIVATE KEY-----\r\n"
            ),
            5 => "\n".to_owned(),
            _ => format!("EMPTY_{line}=\nÜNICODE is prose\n"),
        };
    }
    while text.lines().count() < 299 {
        text += "# filled up\r\n";
    }
    text + "LAST='no newline'"
}

#[test]
fn a_file_reaches_a_teammate_with_keys_in_sealed_files() {
    main_job(KeptIn::File);
}

#[test]
fn a_file_reaches_a_teammate_with_keys_in_two_keyrings() {
    main_job(KeptIn::OsKeychain);
}

fn main_job(kept_in: KeptIn) {
    let setting = Setting::new(kept_in, "ask");
    let Setting { ada, ben, .. } = &setting;
    for computer in [ada, ben] {
        let is_in_file = computer.home().join("keychain.json").exists();
        assert_eq!(is_in_file, kept_in == KeptIn::File, "{:?}", computer.home());
    }
    let text = long_file();
    assert_eq!(text.lines().count(), 300);
    ada.save(&text);
    assert_eq!(ada.run(&["diff", "--json"]).ok().json()["files"][0]["state"], "here");
    let pushed = ada.run(&["push", "--json"]).ok().json();
    assert!(pushed["files"][0]["pushed"].as_u64().unwrap() > 200, "{pushed}");
    assert_eq!(state(ben), "there");
    let pulled = ben.run(&["pull", "--json"]).ok().json();
    assert_eq!(pulled["files"][0]["pulled"], pushed["files"][0]["pushed"]);
    assert_eq!(std::fs::read(ben.env()).unwrap(), text.as_bytes());
    assert_eq!((state(ada), state(ben)), (json!("in-step"), json!("in-step")));
    shows_what_it_has(ada, ben);

    let other = text.replace("LAST='no newline'", "LAST='another value'\nNEW=1\n");
    ben.save(&other);
    let _pushed = ben.run(&["push", ".env"]).ok();
    let _pulled = ada.run(&["pull", ".env"]).ok();
    assert_eq!(ada.text(), other);

    let unlinked = ben.run(&["unlink", ".env", "--json"]).ok().json();
    assert_eq!(Path::new(unlinked["path"].as_str().unwrap()), ben.env());
    assert_eq!(ben.text(), other, "the file stays");
    assert_eq!(ben.run(&["status", "--json"]).ok().json()["files"], json!([]));
    let _refused = ben.run(&["push", ".env"]).ended(1);
}

/// Everything that only looks, as documents with the fields that are promised.
fn shows_what_it_has(ada: &Machine, ben: &Machine) {
    let team = ben.run(&["team", "show", "--json"]).ok().json();
    assert_eq!((&team["name"], &team["local"]), (&json!("Acme"), &json!(false)));
    let names: Vec<&Value> =
        team["members"].as_array().unwrap().iter().map(|member| &member["name"]).collect();
    assert_eq!(names, ["Ada", "Ben"]);
    assert_eq!(team["members"][1]["me"], true);
    assert_eq!(team["members"][0]["role"], "owner");
    assert_eq!(team["members"][1]["access"][0]["environment"], "api/development");
    assert_eq!(team["invites"], json!([]), "it was used");

    let listed = ben.run(&["ls", "api/development", "--json"]).ok().json();
    let last = listed["variables"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((&last["name"], &last["by"], &last["empty"]), (&json!("LAST"), &json!("Ada"), &json!(false)));
    let plain = ben.run(&["ls", "api/development", "--quiet"]).ok().out;
    assert_eq!(plain.lines().count(), listed["variables"].as_array().unwrap().len());
    assert!(!plain.contains("no newline"));

    assert_eq!(ben.run(&["get", "api/development", "LAST"]).ok().out, "no newline");
    let got = ben.run(&["get", "api/development", "LAST", "--json"]).ok().json();
    assert_eq!(got, json!({ "environment": "api/development", "name": "LAST", "value": "no newline" }));
    let unknown = ben.run(&["get", "api/development", "NOT_THERE", "--json"]).ended(1);
    assert_eq!(unknown.json()["error"]["code"], "failed");
    assert!(unknown.err.contains("NOT_THERE"), "{}", unknown.err);

    let log = ada.run(&["log", "api/development", "--name", "LAST", "--json"]).ok().json();
    let revisions = log["revisions"].as_array().unwrap();
    assert!(revisions.iter().any(|revision| revision["by"] == "Ada" && revision["cause"] == "push"), "{log}");

    let diff = ben.run(&["diff", "--json"]).ok().json();
    assert_eq!((&diff["files"][0]["here"], &diff["files"][0]["there"]), (&json!([]), &json!([])));
    let checks = ben.run(&["doctor", "--json"]).ok().json();
    for check in checks["checks"].as_array().unwrap() {
        assert_eq!(check["health"], "good", "{check}");
    }
}

#[test]
fn what_an_editor_saves_arrives_by_itself() {
    let setting = Setting::new(KeptIn::File, "auto");
    let Setting { ada, ben, .. } = &setting;
    let mut watches = [ada.watch(), ben.watch()];
    ada.save("A=1\n");
    wait_until("Ben has what was written in place", || ben.env().exists() && ben.text() == "A=1\n");
    ada.save_by_rename("A=1\nB=renamed\n");
    wait_until("Ben has what was renamed into place", || ben.text() == "A=1\nB=renamed\n");
    ben.save_by_rename("A=from ben\nB=renamed\n");
    wait_until("Ada has what Ben renamed into place", || ada.text() == "A=from ben\nB=renamed\n");
    ada.save("A=from ben\nB=renamed\nC='and back'\n");
    wait_until("Ben has what came back", || ben.text() == ada.text());
    let arrived = watches[1].until("revision-arrived");
    assert_eq!((&arrived["environment"], &arrived["by"]), (&json!("api/development"), &json!("Ada")));
    for watch in &mut watches {
        assert_eq!(watch.process.stop(), Some(0));
    }
}

#[test]
fn in_mode_ask_nothing_moves_until_it_is_told_to() {
    let setting = Setting::new(KeptIn::File, "ask");
    setting.share("A=1\nB=1\n");
    let Setting { ada, ben, .. } = &setting;
    let revision = |computer: &Machine| {
        computer.run(&["log", "api/development", "--json"]).ok().json()["revisions"][0]["number"].take()
    };
    let before = revision(ada);
    let (adas, bens) = (ada.watch(), ben.watch());

    ada.save("A=2\nB=1\nC=new\n");
    let event = adas.until("file");
    assert_eq!(event["summary"]["changed"], 1);
    assert_eq!(event["summary"]["new"], 1);
    let synced = ada.run(&["sync", "--json"]).ok().json();
    assert_eq!((&synced["pushed"], &synced["waiting_here"]), (&json!(0), &json!(2)));
    assert_eq!(revision(ada), before, "nothing was sent");

    let _pushed = ada.run(&["push"]).ok();
    bens.until("revision-arrived");
    let synced = ben.run(&["sync", "--json"]).ok().json();
    assert_eq!((&synced["pulled"], &synced["waiting_there"]), (&json!(0), &json!(2)));
    assert_eq!(ben.text(), "A=1\nB=1\n", "nothing was written");
    let _pulled = ben.run(&["pull"]).ok();
    assert_eq!(ben.text(), "A=2\nB=1\nC=new\n");
}

#[test]
fn one_variable_changed_by_both_waits_for_a_decision() {
    let setting = Setting::new(KeptIn::File, "ask");
    let Setting { ada, ben, .. } = &setting;
    setting.share("A=1\nB=1\n");
    ada.save("A=ada\nB=1\n");
    let _pushed = ada.run(&["push"]).ok();
    ben.save("A=1\nB=ben\n");
    let _merged = ben.run(&["pull"]).ok();
    assert_eq!(ben.text(), "A=ada\nB=ben\n", "different variables go together");
    let _pushed = ben.run(&["push"]).ok();
    let _pulled = ada.run(&["pull"]).ok();

    let decisions: [(&[&str], &str, &str); 3] = [
        (&["--mine"], "", "A=ben's"),
        (&["--theirs"], "", "A=ada's"),
        (&["--value", "-"], "a third one", "A='a third one'"),
    ];
    for (words, input, expect) in decisions {
        ada.save("A=ada's\nB=ben\n");
        let _pushed = ada.run(&["push"]).ok();
        ben.save("A=ben's\nB=ben\n");
        for verb in ["pull", "push", "sync"] {
            let conflict = ben.run(&[verb, "--json"]).ended(3);
            let said = conflict.json();
            let names = if verb == "sync" { &said["conflicts"] } else { &said["files"][0]["conflicts"] };
            assert_eq!(names, &json!(["A"]), "{verb}");
            assert!(conflict.err.contains("resolve"), "{}", conflict.err);
            assert_eq!((ada.text().as_str(), ben.text().as_str()), ("A=ada's\nB=ben\n", "A=ben's\nB=ben\n"));
        }
        let diff = ben.run(&["diff", "--json"]).ok().json();
        assert_eq!(diff["files"][0]["conflicts"][0]["name"], "A");
        assert_eq!(diff["files"][0]["conflicts"][0]["by"], "Ada");
        let resolve = [&["resolve", ".env", "A"], words].concat();
        let _decided = ben.run_with(input, &resolve).ok();
        assert!(ben.text().contains(expect), "{}", ben.text());
        let _pushed = ben.run(&["push"]).ok();
        let _pulled = ada.run(&["pull"]).ok();
        assert_eq!(ada.text(), ben.text());
        assert!(setting.is_in_step());
        // The next decision starts from one text again.
        setting.share("A=agreed\nB=ben\n");
    }
}

#[test]
fn a_vault_that_is_killed_loses_nothing_and_both_catch_up() {
    let mut setting = Setting::new(KeptIn::File, "auto");
    setting.share("A=0\nB=0\n");
    let _watches = [setting.ada.watch(), setting.ben.watch()];
    for round in 1..=4 {
        setting.ada.save(&setting.ada.text().replace(&format!("A={}", round - 1), &format!("A={round}")));
        setting.server.process.kill();
        setting
            .ben
            .save_by_rename(&setting.ben.text().replace(&format!("B={}", round - 1), &format!("B={round}")));
        let away = setting.ben.run(&["pull", "--json"]).ended(5);
        assert_eq!(away.json()["files"][0]["error"]["code"], "unreachable");
        let _away = setting.ben.run(&["push"]).ended(5);
        let _looks = setting.ben.run(&["status"]).ok();
        setting.server.start_again();
        wait_until("both have what both saved", || {
            let expect = format!("A={round}\nB={round}\n");
            setting.ada.text() == expect && setting.ben.text() == expect
        });
    }
    assert!(setting.is_in_step());
}

#[test]
fn what_was_pushed_while_the_vault_was_away_is_sent_once_it_is_back() {
    let mut setting = Setting::new(KeptIn::File, "ask");
    setting.share("A=1\n");
    setting.server.process.kill();
    setting.ada.save("A=2\nB=1\n");
    let away = setting.ada.run(&["push"]).ended(5);
    assert!(away.err.contains("sync"), "{}", away.err);
    let status = setting.ada.run(&["status", "--json"]).ok().json();
    assert_eq!((&status["connection"], &status["waiting_for_vault"]), (&json!("offline"), &json!(2)));
    setting.server.start_again();
    assert_eq!(setting.ada.run(&["sync", "--json"]).ok().json()["pushed"], 2);
    let _pulled = setting.ben.run(&["pull"]).ok();
    assert_eq!(setting.ben.text(), "A=2\nB=1\n");
    assert!(setting.is_in_step());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_lying_vault_is_refused_with_a_status_of_its_own() {
    let server = Server::start();
    let proxy = LyingProxy::start(server.url.parse().unwrap()).await;
    let ada = Machine::new(KeptIn::File);
    ada.found_by_way_of(&proxy.location(), &server);
    let setting = Setting::of_founder(server, ada, KeptIn::File, "ask");
    let Setting { ada, ben, .. } = &setting;
    setting.share("A=1\nB=1\n");
    let yesterday = ben.text();
    let watching = ben.watch();

    proxy.lie(Arc::new(|_, mut answer| {
        if let Some(values) = answer.get_mut("values").and_then(Value::as_array_mut) {
            let first = values[0]["blob"].take();
            values[0]["blob"] = values[1]["blob"].take();
            values[1]["blob"] = first;
        }
        Told::Json(answer)
    }));
    ada.save("A=2\nB=2\n");
    let _pushed = ada.run(&["push"]).ok();
    let refusal = watching.until("refused")["refusal"].take();
    assert_eq!(
        (&refusal["code"], &refusal["kept_safe"]),
        (&json!("digest"), &json!("Your file is untouched."))
    );
    for words in [["pull", "--json"], ["push", "--json"], ["sync", "--json"], ["status", "--json"]] {
        let refused = ben.run(&words).ended(4);
        let said = refused.json();
        let file = said["files"].get(0).unwrap_or(&said);
        assert_eq!(file["error"]["code"], "refused", "{words:?}");
        let sentence = file["error"]["message"].as_str().unwrap();
        assert!(sentence.contains("not the one that its author signed for"), "{sentence}");
        assert!(sentence.contains("Your file is untouched."), "{sentence}");
        assert!(refused.err.contains(sentence), "{}", refused.err);
        assert_eq!(ben.text(), yesterday);
    }
    assert!(proxy.be_honest() >= 4);
    let _pulled = ben.run(&["pull"]).ok();
    assert!(setting.is_in_step());
}

#[test]
fn every_way_to_fail_has_its_exit_status() {
    let server = Server::start();
    let ada = Machine::new(KeptIn::File);
    let _wrong = ada.run(&["no-such-command"]).ended(2);
    let no_team = ada.run(&["team", "show", "--json"]).ended(1);
    assert_eq!(no_team.json()["error"]["code"], "no-team");
    let create =
        ["team", "create", "Acme", "--vault", &server.url, "--pin", &server.pin, "--setup-code", "-"];
    let refused = ada.run_with("wrong code", &create).ended(1);
    assert!(refused.err.contains("setup code"), "{}", refused.err);
    let mut another_pin = create;
    let other = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    another_pin[6] = other;
    let _certificate = ada.run_with(server.setup_code.as_ref().unwrap(), &another_pin).ended(4);
    let _team = ada.run_with(server.setup_code.as_ref().unwrap(), &create).ok();
    let _linked = ada.run(&["link", ".env", "api/development"]).ended(1);
    let _linked = ada.run(&["link", ".env", "api/development", "--create"]).ok();

    let with = |name: &str, value: &str| {
        let mut command = ada.command(&["status"]);
        command.env(name, value).output().unwrap().status.code()
    };
    assert_eq!(with("TWINLOCK_PASSPHRASE", "another"), Some(6), "the wrong passphrase");
    assert_eq!(
        with("TWINLOCK_KEYCHAIN", "os"),
        Some(6),
        "no bus, so no keychain, and never another one instead"
    );
    assert_eq!(with("TWINLOCK_KEYCHAIN", "none"), Some(2));
    let _fine = ada.run(&["status"]).ok();
}
