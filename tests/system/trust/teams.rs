//! Who may do what, and what becomes of it: invites closed, members removed, roles and access changed, keys
//! renewed, through the real programs alone.
#![cfg(target_os = "linux")]

use serde_json::{Value, json};
use twinlock_tests::cast;
use twinlock_tests::programs::{KeptIn, Machine, Server, wait_until};

/// Ada with a team, and Ben who joined; each linked their own `api/.env` to an environment with two variables.
struct Setting {
    _server: Server,
    ada: Machine,
    ben: Machine,
}

const TEXT: &str = "# settings\nTOKEN=old\nURL=x\n";

impl Setting {
    fn new() -> Self {
        let server = Server::start();
        let ada = cast::ada(&server, TEXT);
        let ben = ada.lets_join("Ben", &[]);
        ben.link_and_pull();
        assert_eq!(ben.text(), TEXT);
        Self { _server: server, ada, ben }
    }

    fn standing(&self) -> Value {
        self.ada.run(&["environment", "list", "--json"]).ok().json()["environments"][0].take()
    }
}

#[test]
fn a_closed_invite_lets_nobody_in() {
    let Setting { ada, ben, .. } = &Setting::new();
    let invite = ada.invite(&[]);
    let id = invite["id"].as_str().unwrap();
    ben.fails(&["invite", "close", id], "Only an admin");
    assert_eq!(ada.run(&["invite", "close", id, "--json"]).ok().json(), json!({ "closed": id }));
    assert_eq!(ada.run(&["invite", "list", "--json"]).ok().json()["invites"], json!([]));
    let cleo = Machine::new(KeptIn::File);
    let refused = cleo.try_join(&invite, "Cleo");
    assert_ne!(refused.status, 0);
    assert!(refused.err.contains("already used, or closed"), "{}", refused.err);
    ada.fails(&["invite", "close", id], "already used, or closed");
    ada.fails(&["invite", "close", &"0".repeat(32)], "There is no invite");
}

#[test]
fn an_expired_invite_is_closed_by_an_admin_who_pushes() {
    let Setting { ada, .. } = &Setting::new();
    let _invite = ada.run(&["invite", "--expires", "1s", "--json"]).ok().json();
    let mut pushes = 0;
    wait_until("the expired invite is closed", || {
        pushes += 1;
        ada.push(&format!("{TEXT}PUSH={pushes}\n"));
        ada.run(&["invite", "list", "--json"]).ok().json()["invites"] == json!([])
    });
}

#[test]
fn whoever_is_removed_keeps_their_files_and_nothing_else() {
    let setting = Setting::new();
    let Setting { ada, ben, .. } = &setting;
    ben.fails(&["member", "remove", "Ada"], "Only an admin");
    ada.fails(&["member", "remove", "Cleo"], "There is no member");
    ada.fails(&["member", "remove", "Ada"], "without an owner");
    // What Ben pushed last is what the removal records, and Ada has not seen it.
    ben.push("# settings\nTOKEN=ben\nURL=x\nNEW=1\n");
    let before = setting.standing();

    let removed = ada.run(&["member", "remove", "ben", "--json"]).ok().json();
    assert_eq!(removed["name"], "Ben");
    assert_eq!(
        removed["could_read"],
        json!([{ "environment": "api/development", "names": ["TOKEN", "URL", "NEW"] }])
    );
    assert_eq!(removed["keys"], json!({ "renewed": ["api/development"], "waiting": [] }));
    let after = setting.standing();
    assert_eq!(after["stale"], false);
    assert!(after["generation"].as_u64() > before["generation"].as_u64(), "{before} {after}");
    let names: Vec<Value> = ada.run(&["team", "show", "--json"]).ok().json()["members"]
        .as_array()
        .unwrap()
        .iter()
        .map(|member| member["name"].clone())
        .collect();
    assert_eq!(names, ["Ada"]);

    let text = ben.text();
    ben.save(&format!("{text}MORE=2\n"));
    for command in [["push"], ["pull"]] {
        ben.fails(&command, "was taken from the team");
    }
    assert_eq!(ben.text(), format!("{text}MORE=2\n"), "the file stays");
    let _pulled = ada.run(&["pull"]).ok();
    assert_eq!(ada.text(), text);
    ada.push(&text.replace("TOKEN=ben", "TOKEN=new"));
    ada.fails(&["member", "remove", "Ben"], "There is no member");
}

#[test]
fn an_id_names_a_member_as_well_and_the_list_is_a_checklist() {
    let setting = Setting::new();
    let Setting { ada, ben, .. } = &setting;
    let other = ada.lets_join("Benno", &[]);
    let me = ben.run(&["team", "show", "--json"]).ok().json()["me"].take();
    let ran = ada.run(&["member", "remove", me.as_str().unwrap()]).ok();
    assert!(ran.out.contains("[ ] api/development  TOKEN\n"), "{}", ran.out);
    assert!(ran.err.contains("New keys"), "{}", ran.err);
    assert_eq!(other.run(&["get", "api/development", "TOKEN"]).ok().out, "old");
    ben.fails(&["pull"], "was taken from the team");
}

#[test]
fn names_only_shows_names_and_no_value() {
    let setting = Setting::new();
    let Setting { ada, ben, .. } = &setting;
    let access = |level: &str| format!("api/development:{level}");
    ben.fails(&["member", "access", "Ada", &access("read")], "Only an admin");
    let changed = ada.run(&["member", "access", "Ben", &access("names"), "--json"]).ok().json();
    assert_eq!(changed["member"]["access"][0]["level"], "names");
    assert_eq!(changed["keys"]["renewed"], json!(["api/development"]));
    ada.push(&TEXT.replace("TOKEN=old", "TOKEN=secret\nLATER=1"));

    let listed = ben.run(&["ls", "api/development", "--quiet"]).ok().out;
    assert_eq!(listed, "TOKEN\nLATER\nURL\n");
    for command in [vec!["get", "api/development", "TOKEN"], vec!["pull"]] {
        ben.fails(&command, "You can see the names in api/development but not its values");
    }
    ben.save("# settings\nTOKEN=mine\nURL=x\n");
    ben.fails(&["push"], "You can see the names");
    let status = ben.run(&["status", "--json"]).ok().json();
    assert_eq!(status["files"][0]["state"], "unreadable", "{status}");

    ada.fails(&["member", "access", "Ben", &access("names")], "so already");
    let _changed = ada.run(&["member", "access", "Ben", &access("read")]).ok();
    assert_eq!(ben.value("TOKEN"), "secret");
    ben.fails(&["push"], "You can read api/development but not change it");
    let _changed = ada.run(&["member", "access", "Ben", &access("none")]).ok();
    for command in [vec!["ls", "api/development"], vec!["get", "api/development", "TOKEN"], vec!["pull"]] {
        ben.fails(&command, "You have no access to api/development");
    }
    let _changed = ada.run(&["member", "access", "Ben", &access("write")]).ok();
    assert_eq!(ben.value("TOKEN"), "secret");
    ben.push(&ada.text().replace("URL=x", "URL=y"));
    let _pulled = ada.run(&["pull"]).ok();
    assert_eq!(ada.text(), ben.text());
}

#[test]
fn roles_change_and_the_last_owner_stays() {
    let Setting { ada, ben, .. } = &Setting::new();
    ada.fails(&["member", "role", "Ada", "member"], "without an owner");
    ben.fails(&["member", "role", "Ben", "admin"], "The team's rules do not allow this");
    let changed = ada.run(&["member", "role", "Ben", "admin", "--json"]).ok().json();
    assert_eq!(changed["member"]["role"], "admin");
    ada.fails(&["member", "role", "Ben", "admin"], "so already");
    ben.fails(&["member", "remove", "Ada"], "The team's rules do not allow this");
    // What an admin signed for falls with the role.
    let invite = ben.invite(&[]);
    // Neither more nor less than what falls is said before.
    let kept = ben.invite(&[]);
    let id = |invite: &Value| invite["id"].as_str().unwrap().to_owned();
    let ran = ada.run(&["member", "role", "Ben", "member", "--keep", &id(&kept), "--json"]).ok();
    assert!(ran.err.contains(&format!("With Ben's role falls the invite {}", id(&invite))), "{}", ran.err);
    assert!(!ran.err.contains(&id(&kept)), "{}", ran.err);
    assert!(ran.err.contains("api/development gets new keys at once; 2 values could be read"), "{}", ran.err);
    assert_eq!(ran.json()["closed"], json!([invite["id"]]));
    let _closed = ada.run(&["invite", "close", &id(&kept)]).ok();
    assert_eq!(ada.run(&["invite", "list", "--json"]).ok().json()["invites"], json!([]));
    ben.fails(&["invite"], "Only an admin");
}

#[test]
fn computers_and_keys_on_demand() {
    let setting = Setting::new();
    let Setting { ada, ben, .. } = &setting;
    let computers = ben.run(&["computer", "list", "--json"]).ok().json()["computers"].take();
    assert_eq!(computers.as_array().unwrap().len(), 1);
    assert_eq!((&computers[0]["kind"], &computers[0]["this"]), (&json!("computer"), &json!(true)));
    let id = computers[0]["id"].as_str().unwrap();
    ben.fails(&["computer", "revoke", id], "only computer of its member");
    ada.fails(&["computer", "revoke", id], "The team's rules do not allow this");
    ada.fails(&["computer", "revoke", &"0".repeat(32)], "no such computer");

    let before = setting.standing();
    assert_eq!(before["name"], "api/development");
    let rotated = ben.run(&["environment", "rotate", "api/development", "--json"]).ok().json();
    assert_eq!(rotated["generation"].as_u64(), before["generation"].as_u64().map(|before| before + 1));
    assert_eq!(setting.standing()["generation"], rotated["generation"]);
    assert_eq!(ada.value("TOKEN"), "old");
    assert_eq!(ada.run(&["pull", "--json"]).ok().json()["files"][0]["pulled"], 0);
    assert_eq!(ada.text(), TEXT);
    let _changed = ada.run(&["member", "access", "Ben", "api/development:read"]).ok();
    ben.fails(&["environment", "rotate", "api/development"], "You can read api/development");
}
