//! The program as whoever starts it sees it, as far as no vault is needed: its words, its documents, its
//! exit statuses. What it does with a vault is tested with the whole system.
#![expect(clippy::unwrap_used, reason = "a test that cannot start or read the program should stop there")]

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// The program with a home and a keychain of its own, in a folder that is thrown away.
fn twinlock(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_twinlock"));
    command
        .env("TWINLOCK_HOME", home)
        .env("TWINLOCK_KEYCHAIN", "file")
        .env("TWINLOCK_PASSPHRASE", "correct horse battery staple")
        .stdin(Stdio::null());
    command
}

fn run(command: &mut Command) -> (i32, String, String) {
    told(command.output().unwrap())
}

fn run_with(command: &mut Command, input: &str) -> (i32, String, String) {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    told(child.wait_with_output().unwrap())
}

fn told(output: Output) -> (i32, String, String) {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn text_files_say_what_is_printed() {
    trycmd::TestCases::new().case("tests/cmd/*.trycmd").env("TWINLOCK_HOME", "no-home").run();
}

#[test]
fn what_lint_mends_is_read_alike_by_all_and_nothing_else_moves() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(".env");
    let text = "# kept  \r\nNAME=two words\nPLAIN=1";
    std::fs::write(&file, text).unwrap();
    let lint = |more: &[&str]| run(twinlock(folder.path()).args(["dotenv", "lint"]).arg(&file).args(more));
    let (status, told, _) = lint(&["--dialect", "node"]);
    assert_eq!((status, told.contains("reads-differently")), (0, true), "{told}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text, "looking changes nothing");
    let (status, told, _) = lint(&["--dialect", "node", "--fix"]);
    assert_eq!((status, told.contains("mended")), (0, true), "{told}");
    let mended = std::fs::read_to_string(&file).unwrap();
    assert_eq!(mended, text.replace("two words", "\"two words\""));
    for dialect in ["node", "compose", "python", "bash", "ruby", "go"] {
        let (_, parsed, _) =
            run(twinlock(folder.path()).args(["dotenv", "parse", "--dialect", dialect]).arg(&file));
        assert!(parsed.contains(r#""NAME":"two words""#), "{dialect}: {parsed}");
    }
}

#[test]
fn a_file_is_changed_by_the_smallest_span() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(".env");
    let text = "# c\r\nexport  A = 'one'   # why\r\nB=2\r\n\r\nLAST=\"x\"";
    let edit = |words: &[&str], value: &str| {
        std::fs::write(&file, text).unwrap();
        let mut command = twinlock(folder.path());
        command.arg("dotenv").arg(words[0]).arg(&file).args(&words[1..]).args(["--dialect", "node"]);
        let (status, _, told) = run_with(&mut command, value);
        (status, std::fs::read_to_string(&file).unwrap(), told)
    };
    let check = |words: &[&str], value: &str, from: &str, to: &str| {
        let (status, after, told) = edit(words, value);
        assert_eq!((status, after), (0, text.replace(from, to)), "{words:?} {told}");
    };
    check(&["set", "A", "-"], "two # three", "'one'", "'two # three'");
    check(&["set", "A", "-"], "one", "", "");
    check(&["set", "B", "-"], "two words", "B=2", "B=\"two words\"");
    check(&["unset", "B"], "", "B=2\r\n", "");
    check(&["rename", "A", "AAA"], "", "A =", "AAA =");
    check(&["comment", "B"], "", "B=2", "# B=2");
    check(
        &["move", "B", "--before", "A"],
        "",
        text,
        "# c\r\nB=2\r\nexport  A = 'one'   # why\r\n\r\nLAST=\"x\"",
    );
    check(&["set", "NEW", "-", "--after", "B"], "1", "B=2\r\n", "B=2\r\nNEW=1\r\n");
    let (status, after, told) = edit(&["set", "A", "-"], "all of `, ', \" and\nmore\\n");
    assert_eq!((status, after.as_str()), (1, text), "no spelling: nothing is written");
    assert!(told.contains("npm dotenv") && !told.contains("all of"), "{told}");
    assert_eq!(edit(&["unset", "C"], "").0, 1);
}

#[test]
fn parsing_a_dotenv_file_makes_no_home() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let file = folder.path().join(".env");
    std::fs::write(&file, "A=1\n").unwrap();
    // Not even a keychain is asked for.
    let mut command = twinlock(&home);
    command.env("TWINLOCK_KEYCHAIN", "paper").args(["dotenv", "parse"]).arg(&file);
    let (status, stdout, stderr) = run(&mut command);
    assert_eq!((status, stderr.as_str()), (0, ""));
    let line: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(line["variables"], serde_json::json!({"A": "1"}));
    assert_eq!(line["file"], file.to_str().unwrap());
    assert!(!home.exists());
}

#[test]
fn without_a_team_every_command_says_how_to_get_one() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    for arguments in [
        &["status"] as &[&str],
        &["team", "show"],
        &["invite"],
        &["push"],
        &["pull"],
        &["sync"],
        &["sync", "--watch"],
        &["link", "x.env", "api/development"],
        &["ls", "api/development"],
        &["get", "api/development", "A"],
        &["log", "api/development"],
    ] {
        let (status, stdout, stderr) = run(twinlock(&home).args(arguments));
        assert_eq!((status, stdout.as_str()), (1, ""), "{arguments:?}: {stderr}");
        assert!(stderr.contains("twinlock team create"), "{arguments:?}: {stderr}");

        let (status, stdout, _) = run(twinlock(&home).args(arguments).arg("--json"));
        let document: serde_json::Value = serde_json::from_str(&stdout).unwrap();
        assert_eq!((status, document["error"]["code"].as_str()), (1, Some("no-team")), "{arguments:?}");
    }
}

#[test]
fn a_wrong_passphrase_is_status_6() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let (status, _, stderr) = run(twinlock(&home).arg("doctor"));
    assert_eq!(status, 0, "{stderr}");
    let mut command = twinlock(&home);
    command.env("TWINLOCK_PASSPHRASE", "another").args(["doctor", "--json"]);
    let (status, stdout, stderr) = run(&mut command);
    assert_eq!(status, 6, "{stderr}");
    let document: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(document["error"]["code"], "locked");
}

#[test]
fn a_vault_that_is_away_is_status_5() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    // A port that was free a moment ago, and that nobody is told of.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut command = twinlock(&home);
    command.args(["team", "create", "Acme", "--member", "Ada", "--vault", &format!("https://{free}")]);
    command.args(["--setup-code", "-"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"canary-code\n").unwrap();
    let (status, stdout, stderr) = told(child.wait_with_output().unwrap());
    assert_eq!((status, stdout.as_str()), (5, ""), "{stderr}");
    assert!(!stderr.contains("canary-code"), "{stderr}");
}

#[test]
fn a_link_that_is_none_is_wrong_usage_and_is_not_repeated() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    for link in ["twinlock:join#canary", "canary"] {
        let (status, stdout, stderr) = run(twinlock(&home).args(["join", link, "--member", "Ben"]));
        assert_eq!((status, stdout.as_str()), (2, ""), "{stderr}");
        assert!(!stderr.contains("canary"), "{stderr}");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.env");
    std::fs::write(&file, "A=1\n").unwrap();
    let mut command = twinlock(&folder.path().join("home"));
    command.args(["dotenv", "parse"]).args(std::iter::repeat_n(&file, 2000));
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let (status, _, stderr) = told(child.wait_with_output().unwrap());
    assert_eq!((status, stderr.as_str()), (0, ""));
}

/// A running `sync --watch --json`, and the events that it prints. Ended with the test.
#[cfg(unix)]
struct Watch {
    program: std::process::Child,
    events: std::sync::mpsc::Receiver<serde_json::Value>,
}

#[cfg(unix)]
impl Watch {
    fn start(home: &Path) -> Self {
        use std::io::BufRead as _;

        let mut command = twinlock(home);
        let mut program = command.args(["sync", "--watch", "--json"]).stdout(Stdio::piped()).spawn().unwrap();
        let lines = std::io::BufReader::new(program.stdout.take().unwrap()).lines();
        let (sender, events) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            for line in lines {
                // What is no JSON ends the thread, and with it the test's wait.
                if sender.send(serde_json::from_str(&line.unwrap()).unwrap()).is_err() {
                    return;
                }
            }
        });
        let watch = Self { program, events };
        watch.until(|event| event["event"] == "watching" && event["files"] == 1);
        watch
    }

    /// Waits for an event, as long as a busy machine may take.
    fn until(&self, wanted: impl Fn(&serde_json::Value) -> bool) {
        let end = std::time::Instant::now() + std::time::Duration::from_secs(60);
        while !wanted(&self.events.recv_timeout(end - std::time::Instant::now()).unwrap()) {}
    }

    fn interrupt(mut self) {
        assert!(
            Command::new("kill").args(["-INT", &self.program.id().to_string()]).status().unwrap().success()
        );
        assert_eq!(self.program.wait().unwrap().code(), Some(0));
    }
}

#[cfg(unix)]
impl Drop for Watch {
    fn drop(&mut self) {
        // Only a test that failed has left it running.
        if self.program.try_wait().unwrap().is_none() {
            self.program.kill().unwrap();
            self.program.wait().unwrap();
        }
    }
}

#[cfg(unix)]
#[test]
fn a_watch_prints_a_line_for_each_event_and_takes_over_the_vault() {
    let folder = tempfile::tempdir().unwrap();
    let (home, file) = (folder.path().join("home"), folder.path().join(".env"));
    std::fs::write(&file, "A=1\n").unwrap();
    let name = file.to_str().unwrap();
    assert_eq!(run(twinlock(&home).args(["team", "create", "Acme", "--member", "Ada", "--local"])).0, 0);
    assert_eq!(
        run(twinlock(&home).args(["link", name, "api/development", "--create", "--mode", "auto"])).0,
        0
    );

    // The first hosts the vault, the second finds it, and hosts it once the first has ended.
    let first = Watch::start(&home);
    let second = Watch::start(&home);
    first.interrupt();
    second.until(|event| event["event"] == "connection" && event["connection"] == "offline");
    second.until(|event| event["event"] == "connection" && event["connection"] == "online");
    std::fs::write(&file, "A=1\nB=2\n").unwrap();
    // Pushed by itself, through the vault that the second hosts now: other commands find it there.
    let end = std::time::Instant::now() + std::time::Duration::from_secs(60);
    loop {
        let (status, names, stderr) = run(twinlock(&home).args(["ls", "api/development", "--quiet"]));
        assert_eq!(status, 0, "{stderr}");
        if names == "A\nB\n" {
            break;
        }
        assert!(std::time::Instant::now() < end, "{names}");
    }
    second.interrupt();
}

#[test]
fn a_team_on_this_computer_needs_no_server() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let (mine, other) = (folder.path().join("api.env"), folder.path().join("other.env"));
    let text = "# the web server\r\nPORT=8080 # not 80\nSECRET=\"canary\nof two lines\"";
    std::fs::write(&mine, text).unwrap();
    let json = |arguments: &[&str]| -> (i32, serde_json::Value) {
        let (status, stdout, stderr) = run(twinlock(&home).args(arguments).arg("--json"));
        assert!(!stderr.contains("canary"), "{stderr}");
        let document = serde_json::from_str(&stdout);
        (status, document.unwrap_or_else(|error| panic!("{arguments:?}: {error}: {stdout}{stderr}")))
    };
    let path = |path: &Path| path.to_str().unwrap().to_owned();

    let (status, team) = json(&["team", "create", "Acme", "--member", "Ada", "--local"]);
    assert_eq!((status, team["name"].as_str(), team["local"].as_bool()), (0, Some("Acme"), Some(true)));
    let (status, document) = json(&["team", "create", "Other", "--local"]);
    assert_eq!(status, 1);
    assert!(document["error"]["message"].as_str().unwrap().contains("already belongs to the team Acme"));
    let (status, file) = json(&["link", &path(&mine), "api/development", "--create"]);
    assert_eq!((status, file["environment"].as_str()), (0, Some("api/development")));
    let (status, diff) = json(&["diff", &path(&mine)]);
    assert_eq!((status, diff["files"][0]["here"][1]["name"].as_str()), (0, Some("PORT")));
    assert!(!diff.to_string().contains("canary"));
    let (_, diff) = json(&["diff", "--reveal"]);
    assert_eq!(diff["files"][0]["here"][1]["revealed"]["mine"], "8080 # not 80");

    let (status, pushed) = json(&["push"]);
    assert_eq!((status, pushed["files"][0]["pushed"].as_u64()), (0, Some(3)));
    let (_, names) = json(&["ls", "api/development"]);
    assert_eq!(names["variables"][1]["name"], "SECRET");
    let (status, stdout, stderr) = run(twinlock(&home).args(["get", "api/development", "SECRET"]));
    assert_eq!((status, stdout.as_str(), stderr.as_str()), (0, "canary\nof two lines", ""));
    let (_, log) = json(&["log", "api/development", "--name", "PORT"]);
    assert_eq!(log["revisions"][0]["by"], "Ada");

    assert_eq!(json(&["link", &path(&other), "api/development"]).0, 0);
    let (status, pulled) = json(&["pull", &path(&other)]);
    assert_eq!((status, pulled["files"][0]["pulled"].as_u64()), (0, Some(3)));
    assert_eq!(std::fs::read_to_string(&other).unwrap(), text);

    // The same variable on both sides: nothing is touched until somebody decides.
    let changed = |port: &str| text.replace("8080", port);
    std::fs::write(&mine, changed("1111")).unwrap();
    std::fs::write(&other, changed("2222")).unwrap();
    assert_eq!(json(&["push", &path(&mine)]).0, 0);
    for command in [&["pull", &path(&other)] as &[&str], &["push", &path(&other)], &["sync"]] {
        let (status, document) = json(command);
        assert_eq!(status, 3, "{command:?}");
        assert!(document.to_string().contains("PORT"), "{command:?}: {document}");
        assert_eq!(std::fs::read_to_string(&other).unwrap(), changed("2222"));
    }
    let (status, all) = json(&["status"]);
    let states: Vec<_> = all["files"].as_array().unwrap().iter().map(|file| &file["state"]).collect();
    assert_eq!(status, 0);
    assert!(states.contains(&&"conflict".into()) && states.contains(&&"in-step".into()), "{states:?}");
    assert_eq!(json(&["resolve", &path(&other), "PORT", "--theirs"]).0, 0);
    assert_eq!(std::fs::read_to_string(&other).unwrap(), changed("1111"));

    // Inviting needs a server.
    let (status, document) = json(&["invite"]);
    assert_eq!((status, document["error"]["code"].as_str()), (1, Some("failed")));
    let (status, _) = json(&["doctor"]);
    assert_eq!(status, 0);
    assert_eq!(json(&["unlink", &path(&other)]).0, 0);
    assert!(other.exists());
}
