//! Services: a token reads what it was given and nothing else, until it ends; `twinlock run` gives a program the
//! variables of an environment and leaves nothing behind. Through the real programs alone.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use twinlock_tests::cast;
use twinlock_tests::programs::{Machine, Ran, Server, program, run, wait_until};

/// Ada with a team and two environments, and what she gave to services.
struct Setting {
    _server: Server,
    ada: Machine,
}

const TEXT: &str = "# settings\nTOKEN='canary-7f3a two words'\nURL=\"a\\nb\" # why\n";
const CANARY: &str = "canary-7f3a";
const READ: &str = "api/development:read";

impl Setting {
    fn new() -> Self {
        let server = Server::start();
        let ada = cast::ada(&server, TEXT);
        let other = ada.folder().join("other.env");
        std::fs::write(&other, "SECRET=other\n").unwrap();
        let _brought = ada.run(&["import", other.to_str().unwrap(), "api/production", "--create"]).ok();
        Self { _server: server, ada }
    }

    fn service(&self, name: &str, access: &[&str]) -> (Runner, Value) {
        let access: Vec<&str> = access.iter().flat_map(|access| ["--access", access]).collect();
        let arguments = [&["service", "create", name, "--json"], access.as_slice()].concat();
        let made = self.ada.run(&arguments).ok().json();
        (Runner::new(made["token"].as_str().unwrap()), made)
    }

    fn services(&self) -> Value {
        self.ada.run(&["service", "list", "--json"]).ok().json()["services"].take()
    }
}

/// Where a job of CI runs: an empty home folder, a token in the environment, and nothing of ours.
struct Runner {
    folder: tempfile::TempDir,
    token: String,
}

impl Runner {
    fn new(token: &str) -> Self {
        Self { folder: tempfile::tempdir().unwrap(), token: token.to_owned() }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(program("twinlock"));
        command
            .args(arguments)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("HOME", self.folder.path())
            .env("TMPDIR", self.folder.path())
            .env("TWINLOCK_TOKEN", &self.token)
            .env("RUST_LOG", "trace")
            .current_dir(self.folder.path());
        command
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        let ran = run(self.command(arguments), "");
        assert!(!ran.err.contains(CANARY) && !ran.err.contains(&self.token), "{}", ran.err);
        ran
    }

    /// That a command failed with a plain sentence that says so, and left nothing behind.
    fn fails(&self, status: i32, arguments: &[&str], says: &str) {
        let ran = self.run(arguments);
        assert!(ran.out.is_empty(), "{arguments:?}: {}", ran.out);
        ran.failed(status, says);
        self.is_untouched();
    }

    fn is_untouched(&self) {
        let left: Vec<_> = std::fs::read_dir(self.folder.path()).unwrap().collect();
        assert!(left.is_empty(), "{left:?}");
    }
}

/// The name-value pairs that a program was given.
fn given(ran: &Ran) -> Vec<(&str, &str)> {
    ran.out.split_terminator('\0').filter_map(|pair| pair.split_once('=')).collect()
}

const PRINT: [&str; 3] = ["--", "env", "-0"];

fn running<'a>(before: &[&'a str]) -> Vec<&'a str> {
    [&["run"], before, PRINT.as_slice()].concat()
}

#[test]
fn a_token_reads_what_it_was_given_and_nothing_else() {
    let setting = Setting::new();
    let (runner, made) = setting.service("ci", &[READ]);
    assert_eq!(made["expires_at"], Value::Null);
    assert_eq!(made["access"][0]["level"], "read");
    assert_eq!(setting.services()[0]["id"], made["id"]);
    assert_eq!(setting.services()[0]["name"], "ci");
    assert_eq!(setting.services()[0]["by"], "Ada");
    let shown = setting.ada.run(&["team", "show", "--json"]).ok().json();
    assert_eq!(shown["services"], setting.services());
    let shown = setting.ada.run(&["team", "show"]).ok().out;
    assert!(shown.contains("Services\n") && shown.contains("api/development:read"), "{shown}");

    assert_eq!(runner.run(&["get", "api/development", "TOKEN"]).ok().out, "canary-7f3a two words");
    assert_eq!(runner.run(&["ls", "API/development", "--quiet"]).ok().out, "TOKEN\nURL\n");
    assert_eq!(runner.run(&["export", "api/development"]).ok().out, TEXT);
    let example = runner.run(&["example", "api/development"]).ok().out;
    assert!(example.contains("TOKEN=") && !example.contains(CANARY), "{example}");
    // Without a name, and with it.
    for before in [&[][..], &["-e", "api/development"]] {
        let ran = runner.run(&running(before)).ok();
        let variables = given(&ran);
        assert!(variables.contains(&("TOKEN", "canary-7f3a two words")), "{variables:?}");
        assert!(variables.contains(&("URL", "a\nb")), "{variables:?}");
        assert!(!variables.iter().any(|(name, _)| name.starts_with("TWINLOCK")), "{variables:?}");
    }
    runner.is_untouched();

    runner.fails(1, &["get", "api/production", "SECRET"], "This service token reads api/development");
    runner.fails(1, &running(&["-e", "api/production"]), "This service token reads api/development");
    runner.fails(1, &["get", "api/development", "NONE"], "no variable called NONE");
    let member = ["A service token reads what it was given", "set", "unset", "push", "invite", "team"];
    for verb in [
        vec!["set", "api/development", "A=1"],
        vec!["push"],
        vec!["invite"],
        vec!["team", "show"],
        vec!["service", "list"],
        vec!["environment", "rotate", "api/development"],
        vec!["log", "api/development"],
        vec!["doctor"],
    ] {
        runner.fails(2, &verb, member[0]);
    }
    for broken in ["", "  ", "nonsense", "twinlock:token#abc", &runner.token[..80]] {
        let other = Runner::new(broken);
        let ran = run(other.command(&["ls", "api/development"]), "").ended(2);
        assert!(ran.err.contains("token"), "{}", ran.err);
        assert!(broken.len() < 10 || !ran.err.contains(broken), "{}", ran.err);
        other.is_untouched();
    }
}

#[test]
fn names_are_shown_and_no_value() {
    let setting = Setting::new();
    let (runner, _) = setting.service("names", &["api/development:names", "api/production:read"]);
    let listed = runner.run(&["ls", "api/development", "--json"]).ok();
    assert!(listed.out.contains("TOKEN") && !listed.out.contains(CANARY), "{}", listed.out);
    for verb in [
        vec!["get", "api/development", "TOKEN"],
        vec!["export", "api/development"],
        running(&["-e", "api/development"]),
    ] {
        runner.fails(1, &verb, "shows the names in api/development but not its values");
    }
    runner.fails(2, &running(&[]), "reads api/development, api/production");
    assert!(given(&runner.run(&running(&["-e", "api/production"])).ok()).contains(&("SECRET", "other")));
}

#[test]
fn making_one_takes_an_admin_who_says_what_it_reads() {
    let setting = Setting::new();
    let Setting { ada, .. } = &setting;
    let ben = ada.lets_join("Ben", &["--role", "member"]);
    let create = ["service", "create", "ci", "--access"];
    let of = |access: &'static str| [&create[..], &[access]].concat();
    ben.fails(&of(READ), "Only an admin");
    ben.fails(&["service", "close", "ci"], "Only an admin");
    ada.run(&of("api/development:write")).failed(2, "A service reads and changes nothing");
    ada.fails(&of("api/none:read"), "no environment called api/none");
    let twice = [&of(READ)[..], &["--access", "api/development:names"]].concat();
    ada.run(&twice).failed(2, "named twice");
    ada.fails(&["service", "close", "ci"], "no service called ci");
    assert_eq!(setting.services(), json!([]));

    let (_, first) = setting.service("ci", &[READ]);
    // Two of one name could not be told apart.
    ada.fails(&["service", "create", "CI", "--access", READ], "one of this name already");
    let (_, second) = setting.service("deploy", &[READ]);
    assert_eq!(ben.run(&["service", "list", "--json"]).ok().json()["services"], setting.services());
    let id = first["id"].as_str().unwrap();
    let closed = ada.run(&["service", "close", id, "--json"]).ok().json();
    // What Ben's invite had left to be renewed is renewed in passing.
    assert!(closed["keys"]["renewed"].as_array().unwrap().contains(&json!("api/development")), "{closed}");
    assert_eq!(closed["keys"]["waiting"], json!([]));
    let left: Vec<_> = setting.services().as_array().unwrap().iter().map(|one| one["id"].clone()).collect();
    assert_eq!(left, [second["id"].clone()]);
    ada.fails(&["service", "close", id], "no service called");
}

#[test]
fn a_token_works_through_new_keys_and_ends_when_it_is_closed() {
    let setting = Setting::new();
    let Setting { ada, .. } = &setting;
    let (runner, _) = setting.service("ci", &[READ]);
    let (other, _) = setting.service("other", &[READ]);
    let reads = |runner: &Runner, value: &str| {
        assert_eq!(runner.run(&["get", "api/development", "TOKEN"]).ok().out, value);
    };
    let _rotated = ada.run(&["environment", "rotate", "api/development"]).ok();
    reads(&runner, "canary-7f3a two words");
    ada.push(&TEXT.replace(CANARY, "canary-7f3a new"));
    reads(&runner, "canary-7f3a new two words");
    let _renamed = ada.run(&["set", "api/development", "TOKEN=last"]).ok();
    reads(&runner, "last");

    let _closed = ada.run(&["service", "close", "ci"]).ok();
    for verb in [vec!["get", "api/development", "TOKEN"], vec!["ls", "api/development"], running(&[])] {
        runner.fails(1, &verb, "was closed, or has expired");
    }
    // The keys were renewed, and the other service has the new ones.
    assert_eq!(ada.run(&["environment", "list", "--json"]).ok().json()["environments"][0]["stale"], false);
    reads(&other, "last");
}

#[test]
fn a_token_ends_with_its_time_and_an_admin_who_pushes_closes_it() {
    let setting = Setting::new();
    let Setting { ada, .. } = &setting;
    let made = ada.run(&["service", "create", "ci", "--access", READ, "--expires", "1s", "--json"]).ok();
    let made = made.json();
    assert!(made["expires_at"].is_u64(), "{made}");
    let runner = Runner::new(made["token"].as_str().unwrap());
    let ended = "was closed, or has expired";
    wait_until("the token has expired", || runner.run(&["ls", "api/development"]).err.contains(ended));
    runner.fails(1, &running(&[]), ended);
    let mut pushes = 0;
    wait_until("the expired service is closed", || {
        pushes += 1;
        ada.push(&format!("{TEXT}PUSH={pushes}\n"));
        setting.services() == json!([])
    });
}

#[test]
fn a_token_ends_with_the_admin_who_made_it() {
    let setting = Setting::new();
    let ben = setting.ada.lets_join("Ben", &["--role", "admin"]);
    let made = ben.run(&["service", "create", "deploy", "--access", READ, "--json"]).ok().json();
    let runner = Runner::new(made["token"].as_str().unwrap());
    assert_eq!(runner.run(&["ls", "api/development", "--quiet"]).ok().out, "TOKEN\nURL\n");
    let removed = setting.ada.run(&["member", "remove", "Ben", "--json"]).ok().json();
    assert_eq!(removed["closed"], json!([made["id"]]));
    runner.fails(1, &running(&[]), "was closed, or has expired");
    assert_eq!(setting.services(), json!([]));
}

#[test]
fn a_program_has_its_own_exit_status_and_its_own_signals() {
    let setting = Setting::new();
    let (runner, _) = setting.service("ci", &[READ]);
    let script = |script: &'static str| ["run", "--", "sh", "-c", script];
    for (command, status) in [("exit 0", 0), ("exit 7", 7), ("exit 200", 200)] {
        let _ran = runner.run(&script(command)).ended(status);
    }
    assert_eq!(runner.run(&script("printf %s \"$TOKEN\"; echo aside >&2")).ok().out, "canary-7f3a two words");
    assert_eq!(run(runner.command(&["run", "--", "cat"]), "from outside").ok().out, "from outside");
    let none = runner.run(&["run", "--", "/no/such/program"]).ended(127);
    assert!(none.err.contains("could not be started"), "{}", none.err);
    let _not = runner.run(&["run", "--", "/"]).ended(126);

    // A signal to the process that was started reaches the program, and ends nothing that the program keeps on.
    for signal in ["TERM", "INT", "HUP"] {
        let trap =
            "trap 'echo caught; exit 42' TERM INT HUP; echo ready; while :; do read line || exit 9; done";
        let mut child = runner
            .command(&["run", "--", "sh", "-c", trap])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert_eq!(lines.next().unwrap().unwrap(), "ready");
        let sent = Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).status();
        assert!(sent.unwrap().success());
        // A shell that reads looks at its traps between two lines.
        let mut stdin = child.stdin.take().unwrap();
        let _written = writeln!(stdin);
        assert_eq!(lines.next().unwrap().unwrap(), "caught", "{signal}");
        assert_eq!(child.wait().unwrap().code(), Some(42), "{signal}");
    }
    runner.is_untouched();
}

#[test]
fn variables_that_run_code_are_asked_about_first() {
    let setting = Setting::new();
    let Setting { ada, .. } = &setting;
    let (runner, _) = setting.service("ci", &[READ]);
    let run = ["run", "--", "sh", "-c", "printf %s \"$NODE_OPTIONS\""];
    let with = |allow: &[&'static str]| [&run[..1], allow, &run[1..]].concat();
    ada.push(&format!("{TEXT}NODE_OPTIONS=--require=./a.js\n"));
    runner.fails(3, &run, "NODE_OPTIONS is more than a setting");
    runner.fails(3, &with(&["--allow", "PATH"]), "--allow NODE_OPTIONS");
    assert_eq!(runner.run(&with(&["--allow", "NODE_OPTIONS"])).ok().out, "--require=./a.js");
    let refused = ada.run(&run).ended(3);
    assert!(
        refused.err.contains("Ada gave it its value") && !refused.err.contains("a.js"),
        "{}",
        refused.err
    );
    assert_eq!(ada.run(&with(&["--allow", "NODE_OPTIONS"])).ok().out, "--require=./a.js");
    // What is said on the command line holds for it alone.
    let _refused = ada.run(&run).ended(3);

    // At a terminal a person is asked, and the answer is remembered for this value.
    let (status, said) = at_a_terminal(ada, &run, "n\n");
    assert!(status == 3 && said.contains("Nothing was started"), "{status} {said}");
    let (status, said) = at_a_terminal(ada, &run, "y\n");
    assert!(status == 0 && said.contains("Run with it? [y/N]") && said.contains("a.js"), "{status} {said}");
    assert_eq!(ada.run(&run).ok().out, "--require=./a.js");
    let _rotated = ada.run(&["environment", "rotate", "api/development"]).ok();
    let _pulled = ada.run(&["pull"]).ok();
    assert_eq!(ada.run(&run).ok().out, "--require=./a.js");
    ada.push(&format!("{TEXT}NODE_OPTIONS=--require=./b.js\n"));
    let refused = ada.run(&run).ended(3);
    assert!(refused.err.contains("another than the one that was allowed"), "{}", refused.err);

    // And ours are among them: nothing of an environment sends a program to another vault.
    ada.push(&format!("{TEXT}TWINLOCK_HOME=/tmp/elsewhere\n"));
    runner.fails(3, &run, "TWINLOCK_HOME is more than a setting");
}

/// A command at a terminal of its own, with what somebody types there: its status, and all that was shown.
fn at_a_terminal(machine: &Machine, arguments: &[&str], typed: &str) -> (i32, String) {
    let program = program("twinlock").display().to_string();
    let quoted = |word: &&str| format!("'{}'", word.replace('\'', "'\\''"));
    let words: Vec<String> = [program.as_str()].iter().chain(arguments).map(quoted).collect();
    let from = machine.command(&[]);
    let mut script = Command::new("script");
    script.args(["--quiet", "--return", "--command", &words.join(" "), "/dev/null"]).env_clear();
    for (name, value) in from.get_envs() {
        script.env(name, value.unwrap());
    }
    let ran = run_in(script, machine.folder().join("api").as_path(), typed);
    (ran.status, ran.out)
}

fn run_in(mut command: Command, folder: &Path, input: &str) -> Ran {
    command.current_dir(folder);
    run(command, input)
}

#[test]
fn a_member_runs_with_the_files_of_the_folder_also_without_the_vault() {
    let setting = Setting::new();
    let Setting { _server: server, ada } = setting;
    let ran = ada.run(&running(&[])).ok();
    assert!(given(&ran).contains(&("TOKEN", "canary-7f3a two words")));
    assert!(!given(&ran).iter().any(|(name, _)| *name == "TWINLOCK_PASSPHRASE"));
    let elsewhere = Command::new(program("twinlock")).args(["run", "--help"]).output().unwrap();
    assert!(String::from_utf8_lossy(&elsewhere.stdout).contains("The program does not get the token"));
    std::fs::create_dir(ada.folder().join("api/empty")).unwrap();
    let mut command = ada.command(&running(&[]));
    command.current_dir(ada.folder().join("api/empty"));
    let ran = run(command, "").ended(2);
    assert!(ran.err.contains("No file in api/empty is linked"), "{}", ran.err);
    let _linked = ada.run(&["link", ".env.production", "api/production"]).ok();
    let ran = ada.run(&running(&[])).ended(2);
    assert!(ran.err.contains("belong to api/"), "{}", ran.err);
    let token = ada.run(&["service", "create", "ci", "--access", READ]).ok().out;
    drop(server);
    let ran = ada.run(&running(&["-e", "api/development"])).ok();
    assert!(given(&ran).contains(&("TOKEN", "canary-7f3a two words")));
    Runner::new(&token).fails(5, &running(&[]), "The vault cannot be reached");
}

#[test]
fn values_are_in_the_program_alone() {
    let setting = Setting::new();
    let (runner, _) = setting.service("ci", &[READ]);
    // Every process that there is between the start and the program itself, looked at until the program runs.
    let mut child: Child = runner
        .command(&["run", "--", "sh", "-c", "echo ready; read line"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let proc_folder = std::path::PathBuf::from(format!("/proc/{}", child.id()));
    let twinlock = program("twinlock");
    let mut looked = 0;
    while std::fs::read_link(proc_folder.join("exe")).is_ok_and(|exe| exe == twinlock) {
        let environ = std::fs::read(proc_folder.join("environ")).unwrap_or_default();
        let cmdline = std::fs::read(proc_folder.join("cmdline")).unwrap_or_default();
        let still = std::fs::read_link(proc_folder.join("exe")).is_ok_and(|exe| exe == twinlock);
        if still {
            for bytes in [environ, cmdline] {
                assert!(!bytes.windows(CANARY.len()).any(|part| part == CANARY.as_bytes()));
            }
            looked += 1;
        }
    }
    assert!(looked > 0, "the program ran before anybody looked");
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "ready");
    let environ = std::fs::read(proc_folder.join("environ")).unwrap();
    assert!(environ.windows(CANARY.len()).any(|part| part == CANARY.as_bytes()), "the program has it");
    assert!(!environ.windows(14).any(|part| part == b"TWINLOCK_TOKEN"));
    drop(child.stdin.take());
    let _ended = child.wait().unwrap();
    runner.is_untouched();
}
