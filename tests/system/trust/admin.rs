//! What owners and admins decide: settings, names, environments and projects, what is kept when somebody goes. Through
//! the real programs alone.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use serde_json::{Value, json};
use twinlock_tests::cast;
use twinlock_tests::programs::{KeptIn, Machine, Server};

/// Ada with a team and a linked file, and Ben who joined.
struct Setting {
    _server: Server,
    ada: Machine,
    ben: Machine,
}

const TEXT: &str = "TOKEN=old\nURL=x\n";

impl Setting {
    fn new() -> Self {
        let server = Server::start();
        let ada = cast::ada(&server, TEXT);
        let ben = ada.lets_join("Ben", &[]);
        Self { _server: server, ada, ben }
    }
}

fn environments(machine: &Machine) -> Vec<String> {
    let listed = machine.run(&["environment", "list", "--json"]).ok().json();
    let names = listed["environments"].as_array().unwrap().iter();
    names.map(|one| one["name"].as_str().unwrap().to_owned()).collect()
}

fn member(machine: &Machine, name: &str) -> Value {
    let team = machine.run(&["team", "show", "--json"]).ok().json();
    let mut members = team["members"].as_array().unwrap().clone().into_iter();
    members.find(|member| member["name"] == name).unwrap()
}

#[test]
fn settings_are_the_owners() {
    let Setting { ada, ben, .. } = &Setting::new();
    let before = json!({ "creating": "members", "at_least_days": 7, "at_most_days": 30 });
    assert_eq!(ben.run(&["team", "settings", "--json"]).ok().json(), before);
    ben.fails(&["team", "settings", "--creating", "admins"], "The team's rules do not allow this");
    let change = ["team", "settings", "--creating", "admins", "--renewal", "3d-14d", "--json"];
    let after = json!({ "creating": "admins", "at_least_days": 3, "at_most_days": 14 });
    assert_eq!(ada.run(&change).ok().json(), after);
    assert_eq!(ben.run(&["team", "settings", "--json"]).ok().json(), after);
    ada.fails(&change, "so already");
    ben.fails(&["environment", "create", "own/notes"], "The team's rules do not allow this");
    assert!(ada.run(&["team", "settings"]).ok().out.contains("after 3 to 14 days"));
}

#[test]
fn names_change_and_what_is_linked_stays_linked() {
    let Setting { ada, ben, .. } = &Setting::new();
    ben.link_and_pull();
    ben.fails(&["team", "rename", "Ours"], "The team's rules do not allow this");
    let _renamed = ada.run(&["team", "rename", "Acme Ltd"]).ok();
    assert_eq!(ben.run(&["team", "show", "--json"]).ok().json()["name"], "Acme Ltd");
    let _renamed = ben.run(&["member", "rename", "Benjamin"]).ok();
    assert_eq!(member(ada, "Benjamin")["role"], "member");
    ben.fails(&["member", "rename", "Ada", "Eve"], "The team's rules do not allow this");
    ben.fails(&["member", "rename", "ada"], "There is one of this name already");
    let _renamed = ada.run(&["member", "rename", "Benjamin", "Ben"]).ok();
    assert_eq!(member(ben, "Ben")["me"], true);

    ben.fails(&["project", "rename", "api", "server"], "The team's rules do not allow this");
    let _renamed = ada.run(&["project", "rename", "api", "server"]).ok();
    let _renamed = ada.run(&["environment", "rename", "server/development", "staging"]).ok();
    assert_eq!(environments(ben), ["server/staging"]);
    ada.fails(&["project", "rename", "api", "x"], "There is no project called api");
    assert_eq!(ben.run(&["get", "server/staging", "TOKEN"]).ok().out, "old");
    ada.push("TOKEN=new\nURL=x\n");
    let _pulled = ben.run(&["pull"]).ok();
    assert_eq!(ben.text(), ada.text());
}

#[test]
fn a_name_that_stands_for_something_else_is_not_followed_by_itself() {
    let Setting { ada, ben, .. } = &Setting::new();
    assert_eq!(ben.value("TOKEN"), "old");
    let _created = ada.run(&["environment", "create", "api/staging"]).ok();
    ada.fails(&["environment", "create", "api/Staging"], "There is one of this name already");
    // The two change their names.
    for (from, to) in [("development", "old"), ("staging", "development"), ("old", "staging")] {
        let _renamed = ada.run(&["environment", "rename", &format!("api/{from}"), to]).ok();
    }
    ada.fails(&["environment", "rename", "api/staging", "development"], "There is one of this name already");
    let ran = ben.run(&["get", "api/development", "TOKEN"]).ended(2);
    assert!(ran.err.contains("another environment than it was on this computer before"), "{}", ran.err);
    let _followed = ben.run(&["environment", "follow", "api/development"]).ok();
    ben.fails(&["get", "api/development", "TOKEN"], "There is no variable");
    assert_eq!(ben.run(&["get", "api/staging", "TOKEN"]).ok().out, "old");
}

/// Who did what is told by names: nobody joins by one that somebody has.
#[test]
fn nobody_joins_by_the_name_of_another() {
    let Setting { ada, .. } = &Setting::new();
    let invite = ada.invite(&[]);
    let cleo = Machine::new(KeptIn::File);
    for taken in ["Ben", "BEN", "B\u{ad}en"] {
        let ran = cleo.try_join(&invite, taken).ended(2);
        assert!(ran.err.contains("name"), "{taken:?}: {}", ran.err);
    }
    cleo.join(&invite, "Cleo");
}

#[test]
fn environments_are_shared_as_said_and_go_for_everybody() {
    let Setting { ada, ben, .. } = &Setting::new();
    let _created = ada.run(&["environment", "create", "api/production", "--access", "Ben:names"]).ok();
    let levels: Vec<Value> = member(ada, "Ben")["access"]
        .as_array()
        .unwrap()
        .iter()
        .map(|access| json!([access["environment"], access["level"]]))
        .collect();
    assert!(levels.contains(&json!(["api/production", "names"])), "{levels:?}");
    ada.fails(&["environment", "create", "api/x", "--access", "Cleo:read"], "There is no member called Cleo");
    // Names alone are shown, in every form that there is.
    let _set = ada.run_with("SECRET=hunter2\n", &["set", "api/production", "-"]).ok();
    for command in [vec!["ls", "api/production", "--json"], vec!["log", "api/production", "--json"]] {
        let shown = ben.run(&command).ok().out;
        assert!(shown.contains("SECRET") && !shown.contains("hunter2"), "{shown}");
    }
    for command in [vec!["get", "api/production", "SECRET"], vec!["export", "api/production"]] {
        ben.fails(&command, "You can see the names in api/production but not its values");
    }
    ben.fails(&["environment", "create", "own/notes", "--access", "Ada:read"], "Only an admin");
    let _own = ben.run(&["environment", "create", "own/notes"]).ok();

    ben.fails(&["environment", "remove", "api/development"], "Only an admin");
    // Nobody is there to be asked: what would go, and for whom, is said, and nothing happens.
    let _service = ada.run(&["service", "create", "ci", "--access", "api/development:read"]).ok();
    let ran = ada.run(&["environment", "remove", "api/development", "--json"]).ended(3);
    for said in
        ["goes for everybody", "2 variables", "also used by Ben", "service ci", "api/.env stays", "--yes"]
    {
        assert!(ran.err.contains(said), "{said}: {}", ran.err);
    }
    assert_eq!(environments(ada), ["api/development", "api/production", "own/notes"]);
    let ran = ada.run(&["environment", "remove", "api/development", "--yes", "--json"]).ok();
    assert!(ran.err.contains("also used by Ben"), "{}", ran.err);
    assert!(ran.json()["removed"].is_string());
    assert_eq!(environments(ada), ["api/production", "own/notes"]);
    assert_eq!(ada.text(), TEXT, "the file stays");
    assert_ne!(ben.run(&["get", "api/development", "TOKEN"]).status, 0);
    // Whoever is no admin of the team removes nothing; an owner also what no admin could give access to any more.
    ben.fails(&["project", "remove", "own"], "Only an admin");
    let ran = ada.run_with("yes\n", &["project", "remove", "api"]).ended(3);
    for said in ["with 1 environment", "api/production: 1 variable; also used by Ben", "--yes"] {
        assert!(ran.err.contains(said), "{said}: {}", ran.err);
    }
    let _removed = ada.run(&["project", "remove", "api", "--yes"]).ok();
    assert_eq!(environments(ada), ["own/notes"]);
    let _removed = ada.run(&["project", "remove", "own", "--yes"]).ok();
    assert_eq!(environments(ada), Vec::<String>::new());
}

#[test]
fn what_a_removed_member_could_read_is_a_list_until_all_of_it_was_changed() {
    let Setting { ada, .. } = &Setting::new();
    ada.push("TOKEN=old-old-old\nURL=x\nKEY=k\n");
    assert_eq!(ada.run(&["member", "checklist", "--json"]).ok().json(), json!({ "checklists": [] }));
    let removed = ada.run(&["member", "remove", "Ben"]).ok();
    assert!(removed.err.contains("Every admin has the list"), "{}", removed.err);
    let list = || list_of(ada, "Ben");
    let item = |name: &str, state: &str| json!(["api/development", name, state]);
    // Sealing everything anew under new keys has changed no value.
    assert_eq!(list(), [item("TOKEN", "open"), item("URL", "open"), item("KEY", "open")]);
    // Nor has another way to write the same, nor the same under another name, nor that it is gone.
    for text in [
        "TOKEN='old-old-old' # changed, honestly\r\nURL=x\nKEY=k\n",
        "TOKEN=new\nOLD_TOKEN=old-old-old\nURL=x\nKEY=k\n",
        "URL=x\nKEY=k\n",
    ] {
        ada.push(text);
        assert_eq!(list(), [item("TOKEN", "open"), item("URL", "open"), item("KEY", "open")], "{text:?}");
    }
    ada.push("TOKEN=new\nURL=x\nKEY=k\n");
    assert_eq!(list(), [item("TOKEN", "changed"), item("URL", "open"), item("KEY", "open")]);
    ada.fails(
        &["member", "checklist", "--done", "NOTHING"],
        "There is no variable or environment on a checklist",
    );
    let ticked = ada.run(&["member", "checklist", "--done", "URL"]).ok().out;
    assert!(
        ticked.contains("[x] api/development  URL\n") && ticked.contains("[ ] api/development  KEY\n"),
        "{ticked}"
    );
    assert_eq!(list(), [item("TOKEN", "changed"), item("URL", "done"), item("KEY", "open")]);
    ada.push("TOKEN=new\nURL=x\n");
    assert_eq!(
        list()[2],
        item("KEY", "open"),
        "it is gone here; whether it goes on elsewhere nobody can tell"
    );
    let ticked = ada.run(&["member", "checklist", "--done", "KEY"]).ok().out;
    assert!(ticked.contains("[x] api/development  KEY\n"), "it is shown once more: {ticked}");
    assert_eq!(list(), Vec::<Value>::new());
}

/// What an admin has on the list for somebody who was removed.
fn list_of(machine: &Machine, name: &str) -> Vec<Value> {
    let shown = machine.run(&["member", "checklist", "--json"]).ok().json();
    let lists = shown["checklists"].as_array().unwrap();
    let list = lists.iter().find(|list| list["name"] == name);
    let items = list.into_iter().flat_map(|list| list["items"].as_array().unwrap());
    items.map(|item| json!([item["environment"], item["name"], item["state"]])).collect()
}

#[test]
fn every_admin_has_the_list_of_what_a_removed_member_could_read_and_nobody_else_has() {
    let Setting { ada, ben, .. } = &Setting::new();
    let (cleo, dan) = (Machine::new(KeptIn::File), Machine::new(KeptIn::File));
    for (machine, name, role) in [(&cleo, "Cleo", "admin"), (&dan, "Dan", "member")] {
        let invite = ada.run(&["invite", "--role", role, "--json"]).ok().json();
        let _joined =
            machine.run_with(invite["link"].as_str().unwrap(), &["join", "-", "--member", name]).ok();
    }
    // What Ben pushed is on it, what came under newer keys is not, what he lost before he left is as well.
    let _linked = ben.run(&["link", ".env", "api/development"]).ok();
    let _pulled = ben.run(&["pull"]).ok();
    ben.save("TOKEN=old\nURL=x\nKEY=k\n");
    let _pushed = ben.run(&["push"]).ok();
    let _created = ada
        .run(&["environment", "create", "api/production", "--access", "Ben:read", "--access", "Cleo:read"])
        .ok();
    let _set = ada.run_with("LIVE=1\n", &["set", "api/production", "-"]).ok();
    let _lost = ada.run(&["member", "access", "Ben", "api/production:none"]).ok();
    let _set = ada.run_with("LATER=1\n", &["set", "api/production", "-"]).ok();
    let _removed = cleo.run(&["member", "remove", "Ben"]).ok();

    let item =
        |environment: &str, name: &str, state: &str| json!([format!("api/{environment}"), name, state]);
    let all = |token: &str, url: &str| {
        let development = [
            item("development", "TOKEN", token),
            item("development", "URL", url),
            item("development", "KEY", "open"),
        ];
        development.into_iter().chain([item("production", "LIVE", "open")]).collect::<Vec<_>>()
    };
    for admin in [ada, &cleo] {
        assert_eq!(list_of(admin, "Ben"), all("open", "open"));
    }
    assert_eq!(list_of(&dan, "Ben"), Vec::<Value>::new());

    // Another value is seen by everybody, a tick by whoever made it; another comment is no other value.
    let _pulled = ada.run(&["pull"]).ok();
    ada.save("TOKEN=new\nURL=x\nKEY=k # still\n");
    let _pushed = ada.run(&["push"]).ok();
    let _ticked = cleo.run(&["member", "checklist", "--done", "URL"]).ok();
    assert_eq!(list_of(ada, "Ben"), all("changed", "open"));
    assert_eq!(list_of(&cleo, "Ben"), all("changed", "done"));
    // Brought back, it is what Ben knows again.
    ada.save("TOKEN=old\nURL=x\nKEY=k\n");
    let _pushed = ada.run(&["push"]).ok();
    for admin in [ada, &cleo] {
        assert_eq!(list_of(admin, "Ben")[0], item("development", "TOKEN", "open"));
    }
}

#[test]
fn what_is_kept_does_not_fall_with_its_maker() {
    let Setting { ada, ben, .. } = &Setting::new();
    let _admin = ada.run(&["member", "role", "Ben", "admin"]).ok();
    let id = |invite: &Value| invite["id"].as_str().unwrap().to_owned();
    let (kept, falling) = (ben.invite(&[]), ben.invite(&[]));
    ada.fails(&["member", "remove", "Ben", "--keep", &"0".repeat(32)], "What is to be kept has to be");
    let ran = ada.run(&["member", "remove", "Ben", "--keep", &id(&kept), "--json"]).ok();
    assert!(ran.err.contains(&format!("With Ben falls the invite {}", id(&falling))), "{}", ran.err);
    assert_eq!(ran.json()["closed"], json!([id(&falling)]));
    let open = ada.run(&["invite", "list", "--json"]).ok().json()["invites"].take();
    assert_eq!(
        (&open[0]["id"], &open[0]["by"], open.as_array().unwrap().len()),
        (&kept["id"], &json!("Ada"), 1)
    );
    // The link goes on working, with the new keys.
    let cleo = Machine::new(KeptIn::File);
    cleo.join(&kept, "Cleo");
    assert_eq!(cleo.value("TOKEN"), "old");
}

#[test]
fn a_removed_environment_is_gone_and_no_lie_and_nothing_else_stops() {
    let Setting { ada, ben, .. } = &Setting::new();
    std::fs::write(ada.folder().join("api/.env.production"), "P=1\n").unwrap();
    let _linked = ada.run(&["link", ".env.production", "api/production", "--create"]).ok();
    let _pushed = ada.run(&["push"]).ok();
    for (file, environment) in [(".env", "api/development"), (".env.production", "api/production")] {
        let _linked = ben.run(&["link", file, environment]).ok();
    }
    let _pulled = ben.run(&["pull"]).ok();
    let _removed = ada.run(&["environment", "remove", "api/production", "--yes"]).ok();
    ada.save("TOKEN=new\nURL=x\n");
    let _pushed = ada.run(&["push", ".env"]).ok();

    // An admin and a member; each command is a program that was started anew.
    for machine in [ada, ben] {
        let _pulled = machine.run(&["pull", ".env"]).ok();
        assert_eq!(machine.text(), "TOKEN=new\nURL=x\n");
        let gone = machine.run(&["pull", ".env.production"]).ended(1);
        assert!(gone.err.contains("was removed from the team"), "{}", gone.err);
        let status = machine.run(&["status", "--json"]).ok().json();
        let files = status["files"].as_array().unwrap();
        let state = |file: &str| {
            let found = files.iter().find(|one| one["path"].as_str().unwrap().ends_with(file)).unwrap();
            (found["state"].as_str().unwrap().to_owned(), found["problem"].to_string())
        };
        assert_eq!(state("/.env").0, "in-step");
        let (state, problem) = state("/.env.production");
        assert_eq!(state, "unreadable");
        assert!(problem.contains("was removed from the team"), "{problem}");
        assert_eq!(std::fs::read_to_string(machine.folder().join("api/.env.production")).unwrap(), "P=1\n");
        let _unlinked = machine.run(&["unlink", ".env.production"]).ok();
        let _synced = machine.run(&["sync"]).ok();
    }
}
