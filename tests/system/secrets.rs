//! Everything that is secret in Twinlock, in one run of the real programs, and looked for afterwards wherever it could have
//! been left: files, databases, logs, what programs said, `/proc`, and the traffic, as it is on the wire and as the
//! vault reads it.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use twinlock_client::{InviteLink, RecoveryWords};
use twinlock_seal::ServiceToken;
use twinlock_tests::canary::Canaries;
use twinlock_tests::kit::{self, Sheet};
use twinlock_tests::lying_proxy::LyingProxy;
use twinlock_tests::processes::{Processes, Shown};
use twinlock_tests::programs::{KeptIn, Machine, Ran, Server, program, run, wait_until};
use twinlock_tests::recorder::Recorder;
use twinlock_tests::talk::Talk;

const ENVIRONMENT: &str = "quietproject/development";
const OTHER: &str = "quietproject/production";
/// What one variable was, one after the other: the last is the one that stays.
const FORMER: [&str; 4] = ["former-of-all-71c3", "purged-later-9d40", "restored-0b2e", "set-by-hand-e6f1"];
const STAYS: &str = "stays-through-all-58aa";
const PRODUCTION: &str = "production-alone-33d7";
const NAMES: [&str; 5] = ["QUIET_NAME_ONE", "QUIET_NAME_TWO", "quietproject", "quietteam", "quietservice"];

/// What is secret, by what it is.
#[derive(Default)]
struct Secrets(Vec<(String, Vec<u8>)>);

impl Secrets {
    fn add(&mut self, name: &str, bytes: impl AsRef<[u8]>) {
        self.0.push((name.to_owned(), bytes.as_ref().to_vec()));
    }

    fn canaries(&self, but: &[&str]) -> Canaries {
        let wanted = self.0.iter().filter(|(name, _)| !but.contains(&name.as_str()));
        Canaries::named(wanted.cloned())
    }

    /// The words of a kit as texts, and the seed that they stand for. Three words in a row are as good as all.
    fn add_kit(&mut self, words: &[String]) {
        for between in [" ", "\n", "\", \""] {
            for three in words.windows(3) {
                self.add("kit", three.join(between));
            }
        }
        let Ok(words) = RecoveryWords::parse(&words.join(" ")) else { panic!("these are no words of a kit") };
        self.add("kit", words.seed().expose());
    }

    fn add_invite(&mut self, link: &str) {
        let parsed = InviteLink::parse(link).unwrap_or_else(|error| panic!("{error}"));
        self.add("invite", parsed.seed.expose());
        self.add("invite", link.rsplit_once('#').unwrap().1);
    }

    fn add_token(&mut self, token: &str) {
        let parsed = ServiceToken::parse(token).unwrap_or_else(|error| panic!("{error}"));
        self.add("token", parsed.seed.expose());
        self.add("token", token);
    }
}

/// A vault, somebody who reads everything that goes over the wire, and somebody who reads it without its TLS.
struct Road {
    server: Server,
    clear: LyingProxy,
    raw: Recorder,
    runtime: tokio::runtime::Runtime,
}

impl Road {
    fn new() -> Self {
        let server = Server::start();
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let clear = runtime.block_on(LyingProxy::start(server.url.parse().unwrap()));
        let raw = Recorder::start(clear.location().url.port().unwrap());
        Self { server, clear, raw, runtime }
    }

    fn place(&self) -> [String; 4] {
        let pin = self.clear.location().pin.unwrap().to_string();
        ["--vault".to_owned(), format!("https://127.0.0.1:{}", self.raw.port()), "--pin".to_owned(), pin]
    }
}

/// A computer with a passphrase that is found nowhere else, and all that its programs said and nobody asked for.
struct Watched {
    machine: Machine,
    said: Vec<u8>,
}

impl Watched {
    fn new(passphrase: &str) -> Self {
        let mut machine = Machine::new(KeptIn::File);
        machine.set("TWINLOCK_PASSPHRASE", passphrase);
        machine.set("RUST_BACKTRACE", "full");
        Self { machine, said: Vec::new() }
    }

    /// Runs a command that answers with nothing secret.
    fn run(&mut self, input: &str, arguments: &[&str]) -> Ran {
        let ran = run(self.machine.command(arguments), input);
        self.said.extend_from_slice(ran.out.as_bytes());
        self.said.extend_from_slice(ran.err.as_bytes());
        ran
    }

    /// Runs a command whose answer is secret, and what it is for.
    fn ask(&mut self, input: &str, arguments: &[&str]) -> Ran {
        let ran = run(self.machine.command(arguments), input);
        self.said.extend_from_slice(ran.err.as_bytes());
        ran
    }
}

/// A child of `twinlock run` that says when it is there, and waits to be ended.
fn started(mut command: Command) -> Child {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    let _read = BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "there\n", "the program was started");
    child
}

const WAITS: [&str; 4] = ["--", "sh", "-c", "echo there; read until"];

fn ended(mut child: Child) {
    // It reads the end of its input.
    drop(child.stdin.take());
    let _status = child.wait().unwrap();
}

/// What is left of it all.
struct Traces {
    road: Road,
    secrets: Secrets,
    computers: BTreeMap<&'static str, Watched>,
    runner: tempfile::TempDir,
    runner_said: Vec<u8>,
    processes: BTreeSet<Shown>,
}

#[expect(clippy::too_many_lines, reason = "one after the other, as it happens")]
fn everything() -> Traces {
    let watched = Processes::watch();
    let mut secrets = Secrets::default();
    for value in FORMER.into_iter().chain([STAYS, PRODUCTION]) {
        secrets.add(value, value);
    }
    let road = Road::new();
    let [mut ada, mut ben, mut laptop, mut phoenix] = ["ada", "ben", "laptop", "phoenix"].map(|name| {
        let passphrase = format!("passphrase of {name} 4e1d");
        secrets.add("passphrase", &passphrase);
        Watched::new(&passphrase)
    });
    let code = road.server.setup_code.clone().unwrap();
    secrets.add("setup code", &code);

    // Values of before and after: pushed, purged, restored, sealed anew.
    let place = road.place();
    let create = ["team", "create", "quietteam", "--member", "quietada", "--setup-code", "-"];
    let create: Vec<&str> = create.into_iter().chain(place.iter().map(String::as_str)).collect();
    let _team = ada.run(&code, &create).ok();
    let text = |value: &str| format!("# {STAYS}\nQUIET_NAME_ONE={value}\nQUIET_NAME_TWO='{STAYS}'\n");
    ada.machine.save(&text(FORMER[2]));
    let _linked = ada.run("", &["link", ".env", ENVIRONMENT, "--create"]).ok();
    let _pushed = ada.run("", &["push"]).ok();
    for value in [FORMER[0], FORMER[1]] {
        ada.machine.save(&text(value));
        let _pushed = ada.run("", &["push"]).ok();
    }
    let _restored = ada.run("", &["restore", &format!("{ENVIRONMENT}@1"), "QUIET_NAME_ONE"]).ok();
    let _pulled = ada.run("", &["pull"]).ok();
    let _purged = ada.run("", &["purge", ENVIRONMENT, "--revision", "3"]).ok();
    let _rotated = ada.run("", &["environment", "rotate", ENVIRONMENT]).ok();
    let _set = ada.run(&format!("QUIET_NAME_ONE={}\n", FORMER[3]), &["set", ENVIRONMENT, "-"]).ok();
    let _pulled = ada.run("", &["pull"]).ok();
    assert_eq!(ada.machine.text(), text(FORMER[3]));
    let production = ada.machine.folder().join("api/production.env");
    std::fs::write(&production, format!("QUIET_NAME_ONE={PRODUCTION}\n")).unwrap();
    let _brought = ada.run("", &["import", "production.env", OTHER, "--create"]).ok();
    std::fs::remove_file(production).unwrap();

    // Whoever comes: by an invite, as a further computer, with a kit, with a token.
    let link = ada.ask("", &["invite", "--json"]).ok().json()["link"].as_str().unwrap().to_owned();
    secrets.add_invite(&link);
    let _joined = ben.run(&link, &["join", "-", "--member", "quietben"]).ok();
    let unused = ada.ask("", &["invite", "--json"]).ok().json()["link"].as_str().unwrap().to_owned();
    secrets.add_invite(&unused);
    let mut adding = Talk::start(&ada.machine, &["computer", "add", "--words", "-", "--json"]);
    let computer_link = adding.event("link")["link"].as_str().unwrap().to_owned();
    assert!(InviteLink::parse(&computer_link).is_err(), "there is no seed in it");
    let mut joining = Talk::start(&laptop.machine, &["computer", "join", &computer_link, "--json"]);
    let words = joining.event("words");
    let words: Vec<&str> = words["words"].as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect();
    adding.say(&words.join(" "));
    for (computer, talk) in [(&mut ada, adding), (&mut laptop, joining)] {
        let ran = talk.end().ok();
        computer.said.extend_from_slice(ran.out.as_bytes());
        computer.said.extend_from_slice(ran.err.as_bytes());
    }
    assert_eq!(laptop.ask("", &["get", ENVIRONMENT, "QUIET_NAME_ONE"]).ok().out, FORMER[3]);
    let (Sheet { words, line }, made) = kit::make(&ada.machine, str::to_owned);
    ada.said.extend_from_slice(made.ok().err.as_bytes());
    secrets.add_kit(&words);
    let typed = format!("{line}\n{}\n{}\n", words[..12].join(" "), words[12..].join("  "));
    let _wrong = phoenix.run(&typed.replace(&words[3], "zoo"), &["recovery", "restore"]);
    let _back = phoenix.run(&typed, &["recovery", "restore"]).ok();
    assert_eq!(phoenix.ask("", &["get", OTHER, "QUIET_NAME_ONE"]).ok().out, PRODUCTION);
    let access = format!("{ENVIRONMENT}:read");
    let made = ada.ask("", &["service", "create", "quietservice", "--access", &access, "--json"]).ok().json();
    let token = made["token"].as_str().unwrap().to_owned();
    secrets.add_token(&token);

    // Programs that are given values, while everything is looked at.
    let runner = tempfile::tempdir().unwrap();
    let mut runner_said = Vec::new();
    let by_token = |arguments: &[&str]| {
        let mut command = Command::new(program("twinlock"));
        command.args(arguments).env_clear().env("PATH", std::env::var_os("PATH").unwrap());
        command.env("HOME", runner.path()).env("TMPDIR", runner.path()).env("TWINLOCK_TOKEN", &token);
        command.env("RUST_LOG", "trace").env("RUST_BACKTRACE", "full").current_dir(runner.path());
        command
    };
    let arguments = |environment| [&["run", "-e", environment][..], &WAITS].concat();
    let child = started(by_token(&arguments(ENVIRONMENT)));
    watched.look_now();
    ended(child);
    let child = started(ada.machine.command(&arguments(OTHER)));
    watched.look_now();
    ended(child);
    for (status, arguments) in
        [(0, vec!["get", ENVIRONMENT, "QUIET_NAME_TWO"]), (1, vec!["run", "-e", OTHER, "--", "true"])]
    {
        let ran = run(by_token(&arguments), "").ended(status);
        runner_said.extend_from_slice(ran.err.as_bytes());
    }

    // Everything that looks, hands on, puts away, and fails.
    let _asked = ada.ask("", &["show", &format!("{ENVIRONMENT}@1"), "--reveal"]).ok();
    let _asked = ada.ask("", &["export", ENVIRONMENT, "--format", "json"]).ok();
    let _asked = ada.ask("", &["diff", "--reveal"]).ok();
    for arguments in [
        &["pin", "pins.json"][..],
        &["show", &format!("{ENVIRONMENT}@2")],
        &["log", ENVIRONMENT, "--json"],
        &["example", ENVIRONMENT],
        &["status", "--json"],
        &["team", "show", "--json"],
        &["invite", "list"],
        &["service", "list", "--json"],
        &["recovery", "list"],
        &["activity", "--verify", "--json"],
        &["activity", "--export", "activity.jsonl"],
        &["member", "remove", "quietben"],
        &["member", "checklist"],
        &["doctor", "--json"],
    ] {
        let _looked = ada.run("", arguments).ok();
    }
    let _removed = ben.run("", &["get", ENVIRONMENT, "QUIET_NAME_ONE"]).ended(1);
    let _locked = ada.run("", &["lock"]).ok();
    let _no_keys = ada.run("", &["get", ENVIRONMENT, "QUIET_NAME_ONE"]).ended(6);
    let mut wrong = ada.machine.command(&["unlock"]);
    wrong.env("TWINLOCK_PASSPHRASE", "not the passphrase of anybody");
    let wrong = run(wrong, "").ended(6);
    ada.said.extend_from_slice(wrong.err.as_bytes());
    let _unlocked = ada.run("", &["unlock"]).ok();
    let _used_up = Watched::new("nobody's passphrase").run(&link, &["join", "-", "--member", "Eve"]).ended(1);
    let _nonsense = ada.run(&format!("{unused}x"), &["join", "-", "--member", "Eve"]);

    let computers = BTreeMap::from([("ada", ada), ("ben", ben), ("laptop", laptop), ("phoenix", phoenix)]);
    Traces { road, secrets, computers, runner, runner_said, processes: watched.seen() }
}

#[test]
fn nothing_secret_is_anywhere_but_where_it_belongs() {
    let mut traces = everything();
    let secret = traces.secrets.canaries(&[]);

    // The disks of computers: values of now in the linked file, and nothing else anywhere.
    let mut found = BTreeSet::new();
    for (name, computer) in &traces.computers {
        let folder = computer.machine.folder();
        let below = secret.found_below(folder).into_iter();
        found.extend(below.map(|(path, what)| (*name, path.strip_prefix(folder).unwrap().to_owned(), what)));
    }
    let linked = |what: &str| ("ada", PathBuf::from("api/.env"), what.to_owned());
    assert_eq!(found, BTreeSet::from([linked(FORMER[3]), linked(STAYS)]));
    for written in ["api/pins.json", "api/activity.jsonl"] {
        assert!(
            traces.computers["ada"].machine.folder().join(written).is_file(),
            "{written} is searched as well"
        );
    }
    assert_eq!(std::fs::read_dir(traces.runner.path()).unwrap().count(), 0, "a token leaves nothing");

    // What programs said without being asked for it.
    let said = traces.computers.iter().map(|(name, computer)| (*name, &computer.said));
    for (name, said) in said.chain([("runner", &traces.runner_said)]) {
        assert!(said.len() > 50, "{name} said something");
        assert_eq!(secret.found_in(said), [""; 0], "{name} said");
    }

    // The traffic. A setup code is for the vault, which it names to nobody else.
    for piece in traces.road.raw.recorded() {
        assert_eq!(secret.found_in(&piece), [""; 0]);
    }
    let (no_code, code) = (traces.secrets.canaries(&["setup code"]), traces.secrets.canaries(&[]));
    let names = Canaries::new(NAMES);
    let heard = traces.road.clear.heard();
    assert!(heard.len() > 100, "everything went by the proxy");
    let mut with_code = Vec::new();
    for piece in &heard {
        let begins = || String::from_utf8_lossy(&piece[..piece.len().min(200)]).into_owned();
        assert_eq!(no_code.found_in(piece), [""; 0], "{}", begins());
        assert_eq!(names.found_in(piece), [""; 0], "{}", begins());
        if !code.found_in(piece).is_empty() {
            with_code.push(begins());
        }
    }
    assert!(matches!(with_code.as_slice(), [one] if one.starts_with("POST /v1/teams\n")), "{with_code:?}");

    // The vault: databases, log, keys; as it runs, and as a clean stop leaves them.
    let server = traces.road.server.data().parent().unwrap().to_owned();
    for stopped in [false, true] {
        if stopped {
            assert_eq!(traces.road.server.process.stop(), Some(0));
        }
        assert_eq!(secret.found_below(&server), []);
        assert_eq!(names.found_below(&server), []);
    }
    in_proc(&traces);
}

/// What `/proc` showed: values in the environment of the programs that were given them, what a person put into the
/// environment of `twinlock` itself, and nothing else.
fn in_proc(traces: &Traces) {
    let secret = traces.secrets.canaries(&[]);
    let mut found = BTreeSet::new();
    for shown in &traces.processes {
        let what = secret.found_in(&shown.bytes).into_iter();
        found.extend(what.map(|what| (shown.program.as_str(), shown.place, what.to_owned())));
    }
    for what in [FORMER[3], STAYS, PRODUCTION] {
        assert!(
            found.remove(&("sh", "environ", what.to_owned())),
            "{what} was not in the program that was run"
        );
    }
    // A file keychain's passphrase and a token are given that way; who may not look finds neither.
    for what in ["passphrase", "token"] {
        let _only_for_the_privileged = found.remove(&("twinlock", "environ", what.to_owned()));
    }
    assert_eq!(found, BTreeSet::new());
}

/// That the search finds what is there, in each kind of place.
#[test]
fn a_planted_canary_is_found_wherever_it_is_looked_for() {
    const PLANTED: &str = "planted-canary-6b07";
    let canaries = Canaries::new([PLANTED]);
    let watched = Processes::watch();
    let road = Road::new();
    let mut ada = Watched::new("a passphrase");
    let folder = ada.machine.folder().to_owned();

    // A file, its name, a database; and one that keeps a value in hexadecimal.
    let plant = |path: &Path, bytes: &[u8]| std::fs::write(path, bytes).unwrap();
    plant(&folder.join("tmp/plain"), PLANTED.as_bytes());
    plant(&folder.join(format!("tmp/{PLANTED}")), b"");
    plant(
        &folder.join("run/hex"),
        PLANTED.bytes().map(|b| format!("{b:02x}")).collect::<String>().as_bytes(),
    );
    let database = rusqlite::Connection::open(folder.join("home/some.db")).unwrap();
    database.execute_batch(&format!("CREATE TABLE t (x); INSERT INTO t VALUES ('{PLANTED}')")).unwrap();
    let files: BTreeSet<PathBuf> = canaries.found_below(&folder).into_iter().map(|(path, _)| path).collect();
    let named = ["tmp/plain", &format!("tmp/{PLANTED}"), "run/hex", "home/some.db"].map(|it| folder.join(it));
    assert_eq!(files, BTreeSet::from(named));

    // Arguments, and an environment.
    for place in ["cmdline", "environ"] {
        let mut command = Command::new("sh");
        command.args(WAITS[2..].iter().copied().chain(["sh"])).env_remove("PLANTED");
        match place {
            "cmdline" => command.arg(PLANTED),
            _ => command.env("PLANTED", PLANTED),
        };
        let child = started(command);
        watched.look_now();
        ended(child);
    }

    // What a program says.
    let said = ada.run("", &["dotenv", "lint", PLANTED]);
    assert_ne!(said.status, 0, "there is no such file");
    assert_eq!(canaries.found_in(&ada.said), [PLANTED]);

    // The wire, and what goes over it within TLS: what is not sealed is read there.
    assert_eq!(asked(&road, &format!("/v1/{PLANTED}")), 404);
    let raw: Vec<Vec<u8>> = road.raw.recorded();
    assert!(raw.iter().map(Vec::len).sum::<usize>() > 500, "it went by the recorder");
    assert!(raw.iter().all(|piece| canaries.found_in(piece).is_empty()), "TLS covers it");
    assert!(road.clear.heard().iter().any(|piece| canaries.found_in(piece) == [PLANTED]));
    let unprotected = Recorder::start(road.server.port());
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", unprotected.port())).unwrap();
    std::io::Write::write_all(&mut stream, PLANTED.as_bytes()).unwrap();
    wait_until("the recorder has it", || {
        unprotected.recorded().iter().any(|it| canaries.found_in(it) == [PLANTED])
    });

    let seen: BTreeSet<(String, &str)> = watched
        .seen()
        .into_iter()
        .filter(|shown| !canaries.found_in(&shown.bytes).is_empty())
        .map(|shown| (shown.program, shown.place))
        .collect();
    for place in ["cmdline", "environ"] {
        assert!(seen.contains(&("sh".to_owned(), place)), "{place}: {seen:?}");
    }
}

/// Asks the vault for a path, by way of whoever reads everything.
fn asked(road: &Road, path: &str) -> u16 {
    let [_, url, ..] = road.place();
    let http = reqwest::Client::builder().tls_danger_accept_invalid_certs(true).no_proxy().build().unwrap();
    road.runtime.block_on(http.get(format!("{url}{path}")).send()).unwrap().status().as_u16()
}
