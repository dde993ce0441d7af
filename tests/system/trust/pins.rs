//! What a vault that lies, or that was put back in time, can show to somebody who begins with nothing but a token
//! or a pin file: the past back to there, and no further. The real program against a real, lying server.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use serde_json::{Value, json};
use twinlock_client::ServiceToken;
use twinlock_tests::cast;
use twinlock_tests::copy_of;
use twinlock_tests::lying_proxy::{Asked, LyingProxy, Told};
use twinlock_tests::programs::{Machine, Ran, Server, program, run};

/// Ada with a team, an environment and a service that reads it, and where a job of CI runs with its token.
struct Setting {
    server: Server,
    ada: Machine,
    token: String,
    job: tempfile::TempDir,
}

const CREATE: [&str; 5] = ["service", "create", "ci", "--access", "api/development:read"];

impl Setting {
    fn new() -> Self {
        let server = Server::start();
        let ada = cast::ada(&server, "A=1\n");
        let token = ada.run(&CREATE).ok().out;
        Self { server, ada, token, job: tempfile::tempdir().unwrap() }
    }

    fn file(&self, name: &str) -> String {
        self.job.path().join(name).display().to_string()
    }

    fn job(&self, arguments: &[&str]) -> Ran {
        self.job_with(&self.token, arguments)
    }

    fn job_with(&self, token: &str, arguments: &[&str]) -> Ran {
        let mut command = Command::new(program("twinlock"));
        command
            .args(arguments)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("HOME", self.job.path())
            .env("TWINLOCK_TOKEN", token.trim())
            .current_dir(self.job.path());
        run(command, "")
    }

    /// What the vault and Ada's computer have on their disks now.
    fn copies(&mut self) -> [tempfile::TempDir; 2] {
        assert_eq!(self.server.process.stop(), Some(0));
        let copies = [copy_of(&self.server.data()), copy_of(&self.ada.home())];
        self.server.start_again();
        copies
    }

    /// The vault as it was, in the place of what it is now.
    fn put_back(&mut self, then: &Path) {
        assert_eq!(self.server.process.stop(), Some(0));
        replace(&self.server.data(), then);
        self.server.start_again();
    }
}

/// A folder with what another one holds, modes included.
fn replace(folder: &Path, with: &Path) {
    std::fs::remove_dir_all(folder).unwrap();
    std::fs::create_dir(folder).unwrap();
    let from = format!("{}/.", with.display());
    assert!(Command::new("cp").arg("-a").arg(from).arg(folder).status().unwrap().success());
}

fn refused(ran: Ran, code: &str) {
    let ran = ran.ended(4);
    assert!(ran.err.contains("Twinlock refused what the vault sent"), "{}", ran.err);
    assert!(ran.err.contains(&format!("({code})")), "{code}: {}", ran.err);
    assert_eq!(ran.out, "");
}

#[test]
fn a_vault_put_back_in_time_does_not_get_below_a_pin_file() {
    let mut setting = Setting::new();
    setting.ada.push("A=2\n");
    let [early, late, log] = ["early.json", "late.json", "log.json"].map(|name| setting.file(name));
    let _pinned = setting.job(&["pin", &early]).ok();
    let [vault, home] = setting.copies();
    setting.ada.push("A=3\n");
    // By a member as well as by a service; the second after an event of the log.
    let _pinned = setting.ada.run(&["pin", &late]).ok();
    let _renamed = setting.ada.run(&["member", "rename", "Adah"]).ok();
    let _pinned = setting.job(&["pin", &log]).ok();
    let get = |setting: &Setting, pin: &str| setting.job(&["get", "api/development", "A", "--pin", pin]);
    for pin in [&early, &late, &log] {
        assert_eq!(get(&setting, pin).ok().out, "3", "what is newer than a pin is taken");
    }
    let printed = setting.job(&["pin"]).ok().out;
    assert_eq!(printed, std::fs::read_to_string(&log).unwrap());

    setting.put_back(vault.path());
    // A token alone can be shown the past back to itself; a pin file ends that.
    assert_eq!(setting.job(&["get", "api/development", "A"]).ok().out, "2");
    assert_eq!(get(&setting, &early).ok().out, "2");
    let echo = ["--", "sh", "-c", "echo started"];
    for pin in [&late, &log] {
        let before = std::fs::read(pin).unwrap();
        for verb in [
            vec!["get", "api/development", "A", "--pin", pin],
            vec!["ls", "api/development", "--pin", pin],
            vec!["export", "api/development", "--pin", pin],
            [&["run", "--pin", pin], &echo[..]].concat(),
            vec!["pin", pin],
        ] {
            refused(setting.job(&verb), "rollback");
        }
        assert_eq!(std::fs::read(pin).unwrap(), before, "a pin file never goes back");
    }
    assert_eq!(setting.job(&[&["run", "--pin", &early], &echo[..]].concat()).ok().out, "started\n");
    refused(setting.ada.run(&["pull"]), "rollback");

    // Ada's computer, restored from the same day, goes on from there: another history than the pinned one.
    replace(&setting.ada.home(), home.path());
    setting.ada.push("A=4\n");
    assert_eq!(get(&setting, &early).ok().out, "4");
    refused(get(&setting, &late), "fork");
    refused(setting.job(&["pin", &late]), "fork");
    let _renamed = setting.ada.run(&["member", "rename", "Adele"]).ok();
    refused(get(&setting, &log), "fork");
}

#[test]
fn what_a_pin_refuses_is_not_kept_by_a_home() {
    // The other way ends at the pin's number, or before it.
    for (log_too, shorter) in [(false, false), (true, false), (false, true), (true, true)] {
        let mut setting = Setting::new();
        let ben = setting.ada.lets_join("Ben", &[]);
        setting.ada.push("A=2\n");
        let get = ["get", "api/development", "A"];
        assert_eq!(ben.run(&get).ok().out, "2");
        let [vault, home] = setting.copies();
        let event = |setting: &Setting| {
            if log_too {
                let _renamed = setting.ada.run(&["member", "rename", "Adah"]).ok();
            }
        };
        event(&setting);
        if shorter {
            setting.ada.push("A=before\n");
            if log_too {
                let _renamed = setting.ada.run(&["member", "rename", "Ada"]).ok();
            }
        }
        setting.ada.push("A=3\n");
        let pin = setting.file("pin.json");
        let _pinned = setting.ada.run(&["pin", &pin]).ok();
        let [vault_then, home_then] = setting.copies();
        // The vault and whoever pushes there, restored from the same day, go another way.
        setting.put_back(vault.path());
        replace(&setting.ada.home(), home.path());
        event(&setting);
        setting.ada.push("A=4\n");
        let code = if shorter { "rollback" } else { "fork" };
        refused(ben.run(&[&get[..], &["--pin", &pin]].concat()), code);
        refused(ben.run(&["pin", &pin]), code);
        // Ben's computer has nothing of that way.
        setting.put_back(vault_then.path());
        replace(&setting.ada.home(), home_then.path());
        assert_eq!(ben.run(&[&get[..], &["--pin", &pin]].concat()).ok().out, "3");
        assert_eq!(ben.run(&get).ok().out, "3");
    }
}

#[test]
fn a_file_that_is_no_pin_file_of_this_team_is_wrong_usage() {
    let setting = Setting::new();
    let good = setting.file("good.json");
    let _pinned = setting.job(&["pin", &good]).ok();
    let text = std::fs::read_to_string(&good).unwrap();
    let json: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(json["form"], "twinlock/pins/v1");
    assert_eq!(json["environments"].as_array().unwrap().len(), 1);
    let id = json["environments"][0]["environment"].as_str().unwrap();
    let changed = |member: &str, value: Value| {
        let mut changed = json.clone();
        changed[member] = value;
        changed.to_string()
    };
    let other = setting.file("other.json");
    for (wrong, says) in [
        (String::new(), "not a pin file"),
        ("{}".to_owned(), "not a pin file"),
        (text[..text.len() / 2].to_owned(), "not a pin file"),
        (text.replace(id, &id.to_uppercase()), "not a pin file"),
        (changed("more", json!(1)), "not a pin file"),
        (changed("form", json!("twinlock/pins/v2")), "newer version"),
        (changed("team", json!("00".repeat(16))), "of another team"),
        (changed("environments", json!([])), "says nothing of api/development"),
    ] {
        std::fs::write(&other, &wrong).unwrap();
        for ran in [
            setting.job(&["run", "--pin", &other, "--", "echo", "started"]),
            setting.ada.run(&["get", "api/development", "A", "--pin", &other]),
        ] {
            let ran = ran.ended(2);
            assert!(ran.err.contains(says), "{wrong}: {}", ran.err);
            assert_eq!(ran.out, "");
        }
        if says == "says nothing of api/development" {
            continue;
        }
        let ran = setting.job(&["pin", &other]).ended(2);
        assert!(ran.err.contains(says), "{wrong}: {}", ran.err);
        assert_eq!(std::fs::read_to_string(&other).unwrap(), wrong, "it was left alone");
    }
    let ran = setting.job(&["run", "--pin", &setting.file("none.json"), "--", "true"]).ended(2);
    assert!(ran.err.contains("none.json"), "{}", ran.err);
}

#[test]
fn what_a_member_has_seen_less_of_than_a_pin_waits_for_the_vault() {
    let mut setting = Setting::new();
    let [_, home] = setting.copies();
    setting.ada.push("A=2\n");
    let pin = setting.file("pin.json");
    let _pinned = setting.ada.run(&["pin", &pin]).ok();
    replace(&setting.ada.home(), home.path());
    setting.server.process.kill();
    let get = ["get", "api/development", "A"];
    // Without the vault a member has what this computer saw last, and not where a pin says that there is more.
    assert_eq!(setting.ada.run(&get).ok().out, "1");
    let ran = setting.ada.run(&[&get[..], &["--pin", &pin]].concat()).ended(5);
    assert!(ran.err.contains("The vault cannot be reached"), "{}", ran.err);
    setting.server.start_again();
    assert_eq!(setting.ada.run(&[&get[..], &["--pin", &pin]].concat()).ok().out, "2");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_shown_nothing_from_before_itself_and_nothing_false() {
    let setting = Setting::new();
    setting.ada.push("A=2\nB=2\n");
    let proxy = LyingProxy::start(setting.server.url.parse().unwrap()).await;
    let mut token = ServiceToken::parse(&setting.token).unwrap_or_else(|error| panic!("{error}"));
    token.address = proxy.location().url.to_string();
    token.pin = proxy.location().pin;
    let by_proxy = token.to_text();
    let get = || setting.job_with(by_proxy.expose(), &["get", "api/development", "A"]);
    assert_eq!(get().ok().out, "2");

    type Lie = fn(&Asked, &mut Value);
    let lies: [(&str, &str, Lie); 5] = [
        ("the log ends before the token", "rollback", |asked, answer| {
            if asked.path.ends_with("/events") {
                cut_short(answer);
            }
        }),
        ("an event is left out", "number", |asked, answer| {
            if asked.path.ends_with("/events") {
                leave_out(answer, 2);
            }
        }),
        ("two values change places", "digest", |asked, answer| {
            if asked.path.ends_with("/values/query") {
                let blobs = [answer["values"][0]["blob"].take(), answer["values"][1]["blob"].take()];
                let [first, second] = blobs;
                answer["values"][0]["blob"] = second;
                answer["values"][1]["blob"] = first;
            }
        }),
        ("a value is left out", "value-missing", |asked, answer| {
            if asked.path.ends_with("/values/query") {
                answer["values"] = json!([]);
            }
        }),
        ("a revision is left out", "number", |asked, answer| {
            if asked.path.ends_with("/revisions") {
                leave_out(answer, 0);
            }
        }),
    ];
    for (name, code, lie) in lies {
        proxy.lie(Arc::new(move |asked, mut honest| {
            lie(asked, &mut honest);
            Told::Json(honest)
        }));
        let ran = get();
        assert!(proxy.be_honest() > 0, "{name} was never told");
        assert!(ran.err.contains(&format!("({code})")), "{name}: {}{}", ran.out, ran.err);
        refused(ran, code);
        assert_eq!(get().ok().out, "2", "after: {name}");
    }
    // Whoever else answers there is no vault of the token's.
    token.pin = setting.server.pin.parse().ok();
    let wrong = token.to_text();
    let ran = setting.job_with(wrong.expose(), &["ls", "api/development"]).ended(4);
    assert!(ran.err.contains("does not have the vault's certificate"), "{}", ran.err);
}

/// A page without one of its statements, if it has as many.
fn leave_out(page: &mut Value, at: usize) {
    let statements = page["statements"].as_array_mut().unwrap();
    if at < statements.len() {
        statements.remove(at);
    }
}

/// A page of the log as it was before its last event.
fn cut_short(page: &mut Value) {
    use twinlock_protocol::encoding::from_base64url;
    let Some(last) = page["statements"].as_array_mut().unwrap().pop() else { return };
    let payload = from_base64url(last["payload"].as_str().unwrap()).unwrap();
    let payload: Value = serde_json::from_slice(&payload).unwrap();
    page["head"] =
        json!({ "sequence": payload["sequence"].as_u64().unwrap() - 1, "hash": payload["previous"] });
}
