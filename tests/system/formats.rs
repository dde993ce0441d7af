//! Files of other programs into an environment and out of it, through the real programs, and read by those who read
//! such files: a shell, a JSON reader, the loaders' dialects.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::{Value, json};
use twinlock_tests::programs::{KeptIn, Machine, Server};

const TEXT: &str = "# where it listens\nPORT=8080 # not 80\n\nexport GREETING='it is \"fine\" $HOME # really'\r\nMULTI=\"one\ntwo\"\nEMPTY=\n# the end";

fn team(server: &Server) -> Machine {
    let ada = Machine::new(KeptIn::File);
    ada.found(server);
    ada
}

fn write(machine: &Machine, name: &str, text: &str) {
    std::fs::write(machine.env().with_file_name(name), text).unwrap();
}

fn export(machine: &Machine, format: &str) -> String {
    machine.run(&["export", "api/development", "--format", format]).ok().out
}

fn values() -> BTreeMap<&'static str, &'static str> {
    BTreeMap::from([
        ("PORT", "8080"),
        ("GREETING", "it is \"fine\" $HOME # really"),
        ("MULTI", "one\ntwo"),
        ("EMPTY", ""),
    ])
}

#[test]
fn an_environment_goes_out_as_what_other_programs_read() {
    let server = Server::start();
    let ada = team(&server);
    write(&ada, "api.env", TEXT);
    let brought = ada.run(&["import", "api.env", "api/development", "--create", "--json"]).ok().json();
    assert_eq!((&brought["format"], &brought["revision"]), (&json!("env"), &json!(1)));
    assert_eq!(export(&ada, "env"), TEXT, "byte for byte, comments and all");

    let as_json: BTreeMap<String, String> = serde_json::from_str(&export(&ada, "json")).unwrap();
    assert!(as_json.iter().map(|(name, value)| (name.as_str(), value.as_str())).eq(values()));

    let script = export(&ada, "shell") + "printf '%s|' \"$PORT\" \"$GREETING\" \"$MULTI\" \"$EMPTY\"";
    let told = Command::new("sh").args(["-c", &script]).env_clear().output().unwrap();
    assert_eq!(String::from_utf8(told.stdout).unwrap(), "8080|it is \"fine\" $HOME # really|one\ntwo||");

    let refused = ada.run(&["export", "api/development", "--format", "docker"]).ended(1);
    assert!(refused.err.contains("MULTI") && !refused.err.contains("two"), "{}", refused.err);
    assert!(export(&ada, "k8s").contains("kind: Secret"));
    for format in ["yaml", "k8s", "json"] {
        let name = format!("again.{format}");
        write(&ada, &name, &export(&ada, format));
        let target = format!("copy/{format}");
        let read_as = ["import", &name, &target, "--create", "--format", format];
        let _brought = ada.run(&read_as).ok();
        let copy = ada.run(&["export", &target, "--format", "json"]).ok().out;
        let copy: Value = serde_json::from_str(&copy).unwrap();
        let values: BTreeMap<&str, Value> =
            values().into_iter().map(|(name, value)| (name, json!(value))).collect();
        assert_eq!(copy, json!(values), "{format}");
    }

    let example = ada.run(&["example", "api/development"]).ok().out;
    assert!(example.contains("# where it listens") && example.contains("PORT="), "{example}");
    for value in ["8080", "fine", "one", "two"] {
        assert!(!example.contains(value), "{value}: {example}");
    }
}

#[test]
fn what_comes_in_never_replaces_what_is_there_unasked() {
    let server = Server::start();
    let ada = team(&server);
    write(&ada, "api.env", TEXT);
    let _brought = ada.run(&["import", "api.env", "api/development", "--create"]).ok();
    write(&ada, "more.json", r#"{"PORT": 9090, "EMPTY": "", "NEW": "a b"}"#);
    let conflict = ada.run(&["import", "more.json", "api/development"]).ended(3);
    assert!(conflict.err.contains("PORT") && conflict.err.contains("--replace"), "{}", conflict.err);
    assert_eq!(export(&ada, "env"), TEXT);
    let _brought = ada.run(&["import", "more.json", "api/development", "--replace"]).ok();
    let text = export(&ada, "env");
    assert!(text.starts_with(&TEXT.replace("8080", "9090")), "only that value: {text}");
    assert_eq!(ada.run(&["get", "api/development", "NEW"]).ok().out, "a b");
    let again = ada.run(&["import", "more.json", "api/development", "--json"]).ok().json();
    assert_eq!(again["changed"], 0);

    for (name, text) in [("a.json", "{\"A\": {\"B\": 1}}"), ("b.yaml", "- 1"), ("c.json", "{")] {
        write(&ada, name, text);
        let _refused = ada.run(&["import", name, "api/development"]).ended(1);
    }
    assert_eq!(export(&ada, "env"), text.as_str());
    let log = ada.run(&["log", "api/development", "--json"]).ok().json();
    let causes: Vec<&Value> = log["revisions"].as_array().unwrap().iter().map(|one| &one["cause"]).collect();
    assert_eq!(causes, ["import", "import"]);
}

#[test]
fn the_project_around_a_file_tells_its_loader_and_a_person_can_say_another() {
    let server = Server::start();
    let ada = team(&server);
    ada.save("A=1\n");
    write(&ada, "package.json", r#"{"dependencies": {"next": "16.0.0"}}"#);
    let loader = |machine: &Machine| {
        let status = machine.run(&["status", ".env", "--json"]).ok().json();
        (status["files"][0]["loader"]["dialect"].clone(), status["files"][0]["loader"]["set"].clone())
    };
    let _linked = ada.run(&["link", ".env", "api/development", "--create"]).ok();
    assert_eq!(loader(&ada), (json!("next"), json!(false)));
    let _linked = ada.run(&["link", ".env", "api/development", "--dialect", "compose"]).ok();
    assert_eq!(loader(&ada), (json!("compose"), json!(true)));
    let _linked = ada.run(&["link", ".env", "api/development", "--mode", "auto"]).ok();
    assert_eq!(loader(&ada), (json!("compose"), json!(true)), "it stays");
    let _linked = ada.run(&["link", ".env", "api/development", "--dialect", "project"]).ok();
    assert_eq!(loader(&ada), (json!("next"), json!(false)));
}

#[test]
fn one_value_changes_and_no_other_byte_does() {
    let server = Server::start();
    let ada = team(&server);
    write(&ada, "api.env", TEXT);
    let _brought = ada.run(&["import", "api.env", "api/development", "--create"]).ok();
    let _set = ada.run_with("PORT=9090\nNEW='a # b'\n", &["set", "api/development", "-"]).ok();
    let text = export(&ada, "env");
    assert!(text.starts_with(&TEXT.replace("8080", "9090")), "{text}");
    assert_eq!(ada.run(&["get", "api/development", "NEW"]).ok().out, "a # b");
    let _unset = ada.run(&["unset", "api/development", "NEW", "MULTI"]).ok();
    assert!(!export(&ada, "env").contains("MULTI"));
    let _missing = ada.run(&["unset", "api/development", "NOTHING"]).ended(1);
    let nonsense = ada.run(&["set", "api/development", "hunter2"]).ended(2);
    assert!(!nonsense.err.contains("hunter2"), "{}", nonsense.err);
}
