//! Locking: every program of a home puts its keys away, every command says so, files stay watched, and nothing is
//! opened or sent; through the real programs.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::io::Read as _;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sha2::Digest as _;
use tokio::runtime::Runtime;
use twinlock_client::home::Home;
use twinlock_client::keychain::{Account, Keychain, KeychainChoice, Passphrase};
use twinlock_protocol::encoding::Fields;
use twinlock_tests::lying_proxy::{LyingProxy, Told};
use twinlock_tests::memory::found_in_memory;
use twinlock_tests::programs::{KeptIn, Machine, Server, program, wait_until};

const FIRST: &str = "TOKEN=one\n";
const WHILE_LOCKED: &str = "TOKEN=saved while it was locked\n";

fn ada(server: &Server, kept_in: KeptIn) -> Machine {
    let ada = Machine::new(kept_in);
    ada.found(server);
    ada.link(&["--create", "--mode", "auto"]);
    ada
}

#[test]
fn every_command_says_locked_until_the_passphrase_is_given() {
    let server = Server::start();
    let ada = ada(&server, KeptIn::File);
    ada.save(FIRST);
    let _synced = ada.run(&["sync"]).ok();
    assert_eq!(ada.run(&["lock", "--json"]).ok().json(), serde_json::json!({ "locked": true }));
    for command in [
        &["status"][..],
        &["get", "api/development", "TOKEN"],
        &["ls", "api/development"],
        &["log", "api/development"],
        &["show", "api/development@1", "--reveal"],
        &["restore", "api/development@1"],
        &["purge", "api/development", "TOKEN"],
        &["push"],
        &["pull"],
        &["sync"],
        &["sync", "--watch"],
        &["team", "show"],
        &["invite"],
        &["export", "api/development"],
        &["activity"],
        &["doctor"],
    ] {
        let ran = ada.run(command).ended(6);
        assert!(ran.err.contains("Twinlock is locked") && ran.out.is_empty(), "{command:?}: {}", ran.err);
    }
    // What needs no key works.
    let _read = ada.run(&["dotenv", "parse", ".env"]).ok();
    let _again = ada.run(&["lock"]).ok();

    let mut wrong = ada.command(&["unlock"]);
    let wrong = wrong.env("TWINLOCK_PASSPHRASE", "another").output().unwrap();
    assert_eq!(wrong.status.code(), Some(6), "{}", String::from_utf8_lossy(&wrong.stderr));
    let mut none = ada.command(&["unlock"]);
    let none = none.env_remove("TWINLOCK_PASSPHRASE").stdin(std::process::Stdio::null()).output().unwrap();
    assert_eq!(none.status.code(), Some(6), "{}", String::from_utf8_lossy(&none.stderr));
    let _locked = ada.run(&["get", "api/development", "TOKEN"]).ended(6);

    let _unlocked = ada.run(&["unlock"]).ok();
    assert_eq!(ada.value("TOKEN"), "one");
}

#[test]
fn a_running_program_puts_its_keys_away_and_goes_on_watching() {
    for kept_in in [KeptIn::File, KeptIn::OsKeychain] {
        let server = Server::start();
        let ada = ada(&server, kept_in);
        let watching = ada.watch();
        ada.save(FIRST);
        wait_until("the first text is pushed", || {
            ada.run(&["ls", "api/development", "--quiet"]).ok().out == "TOKEN\n"
        });
        let _locked = ada.run(&["lock"]).ok();
        watching.until("locked");
        ada.save(WHILE_LOCKED);
        // Long enough for it to see what was saved: it hears of the file, and of the lock, each second.
        let events = watching.events().len();
        let _locked = ada.run(&["status"]).ended(6);
        assert!(watching.events()[events..].iter().all(|event| event["event"] == "locked"));

        let _unlocked = ada.run(&["unlock"]).ok();
        watching.until("unlocked");
        wait_until("what was saved meanwhile is pushed", || {
            ada.value("TOKEN") == "saved while it was locked"
        });
    }
}

#[test]
fn a_home_whose_keychain_lost_its_key_says_so_and_makes_no_other() {
    let server = Server::start();
    let ada = ada(&server, KeptIn::File);
    ada.save(FIRST);
    let _synced = ada.run(&["sync"]).ok();
    let keychain = ada.home().join("keychain.json");
    let kept = std::fs::read(&keychain).unwrap();
    std::fs::remove_file(&keychain).unwrap();
    // The second time as the first: no new key was made in the place of the lost one.
    for command in [&["status"][..], &["pull", "--json"], &["get", "api/development", "TOKEN"], &["doctor"]] {
        let ran = ada.run(command).ended(6);
        for said in ["holds no key for the store", "TWINLOCK_KEYCHAIN", "twinlock recovery restore"] {
            assert!(ran.err.contains(said), "{command:?}: {}", ran.err);
        }
    }
    // A keychain that holds the key of another home.
    let other = Machine::new(KeptIn::File);
    let _team = other.run(&["team", "create", "Other", "--local"]).ok();
    std::fs::copy(other.home().join("keychain.json"), &keychain).unwrap();
    let _refused = ada.run(&["status"]).ended(6);
    std::fs::write(&keychain, kept).unwrap();
    assert_eq!(ada.value("TOKEN"), "one");
}

/// Where the half of the test below that opens the keychain finds the home and the team, and writes the keys to.
const CHILD: [&str; 3] = ["TWINLOCK_TEST_HOME", "TWINLOCK_TEST_TEAM", "TWINLOCK_TEST_KEYS"];

#[test]
#[ignore = "the other half of the test below, which starts it with the session bus of its computer"]
fn child_copies_the_keys() {
    let [home, team, out] = CHILD.map(|name| std::env::var(name).unwrap());
    let choice = Passphrase::from_environment().map_or(KeychainChoice::Os, KeychainChoice::File);
    let keychain = Keychain::open(choice, &Home::open_or_create(home.as_ref()).unwrap()).unwrap();
    let team = Account::Team(team.parse().unwrap());
    let keys = [Account::Local, team].map(|account| *keychain.get(account).unwrap().expose());
    std::fs::write(out, keys.concat()).unwrap();
}

/// Keys of a computer, and what is derived from them on the way to a signature or an opened value.
fn keys_of(ada: &Machine) -> Vec<(&'static str, Vec<u8>)> {
    let shown = ada.run(&["team", "show", "--json"]).ok().json();
    let out = ada.folder().join("keys");
    let child = ["trust::lock::child_copies_the_keys", "--exact", "--include-ignored"];
    let mut child = ada.command_of(&std::env::current_exe().unwrap(), &child);
    let [home, team, copied] = CHILD;
    child.env(home, ada.home()).env(team, shown["id"].as_str().unwrap()).env(copied, &out);
    let ended = child.output().unwrap();
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stdout));
    let keys = std::fs::read(&out).unwrap();
    std::fs::remove_file(&out).unwrap();
    let (local, seed) = keys.split_at(32);
    let derived = |key: &[u8], purpose: &str| {
        let mut out = [0; 32];
        let info = Fields::purpose(purpose);
        hkdf::Hkdf::<sha2::Sha256>::new(None, key).expand(info.as_bytes(), &mut out).unwrap();
        out
    };
    let signing = derived(seed, "twinlock/v1/keyholder-signing");
    vec![
        ("the store's key", local.to_vec()),
        ("what seals the store", derived(local, "twinlock/v1/store/seal").to_vec()),
        ("the seed", seed.to_vec()),
        ("the signing key", signing.to_vec()),
        ("the signing key, expanded", sha2::Sha512::digest(signing)[32..].to_vec()),
        ("the opening key", derived(seed, "twinlock/v1/keyholder-kem").to_vec()),
    ]
}

#[test]
fn nothing_of_a_key_stays_in_the_memory_of_a_locked_program() {
    for kept_in in [KeptIn::File, KeptIn::OsKeychain] {
        let server = Server::start();
        let ada = ada(&server, kept_in);
        ada.save(FIRST);
        let watching = ada.watch();
        let keys = keys_of(&ada);
        let process = watching.process.id();
        // It signs and seals.
        for text in ["TOKEN=two\n", "TOKEN=three\n"] {
            ada.save(text);
            let value = text.trim().trim_start_matches("TOKEN=");
            wait_until("it is pushed", || ada.value("TOKEN") == value);
        }
        match found_in_memory(process, &keys) {
            Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
                println!(
                    "Skipped: the memory of our programs is closed to this user, as it should be. Root may look."
                );
                return;
            }
            found => assert!(
                found.unwrap().contains(&"the seed"),
                "at work it has its seed: or this looks in the wrong place"
            ),
        }
        let of_process = |what: &str| std::fs::read_to_string(format!("/proc/{process}/{what}")).unwrap();
        let (limits, status) = (of_process("limits"), of_process("status"));
        let limit = limits.lines().find_map(|line| line.strip_prefix("Max locked memory")).unwrap();
        if limit.trim_start().starts_with("0 ") {
            println!(
                "Not looked at: whether keys are kept out of swap. This system lets nobody lock memory."
            );
        } else {
            assert!(!status.contains("VmLck:\t       0 kB"), "keys are kept out of swap: {status}");
        }
        let _locked = ada.run(&["lock"]).ok();
        watching.until("locked");
        assert_eq!(found_in_memory(process, &keys).unwrap(), Vec::<&str>::new());
    }
}

/// Far less than the minute for which a vault that does not answer is waited for.
const AT_ONCE: Duration = Duration::from_secs(15);

/// Ada, whose team lives behind a proxy that can fall silent.
struct Hanging {
    _runtime: Runtime,
    proxy: LyingProxy,
    ada: Machine,
    _server: Server,
}

impl Hanging {
    fn new(kept_in: KeptIn) -> Self {
        let (server, runtime) = (Server::start(), Runtime::new().unwrap());
        let proxy = runtime.block_on(LyingProxy::start(server.url.parse().unwrap()));
        let (url, pin) = (proxy.location().url.to_string(), proxy.location().pin.unwrap().to_string());
        let ada = Machine::new(kept_in);
        let place = ["--vault", &url, "--pin", &pin, "--setup-code", "-"];
        let create = [&["team", "create", "Acme", "--member", "Ada"], place.as_slice()].concat();
        let _team = ada.run_with(server.setup_code.as_ref().unwrap(), &create).ok();
        let _linked = ada.run(&["link", ".env", "api/development", "--create", "--mode", "auto"]).ok();
        Self { _runtime: runtime, proxy, ada, _server: server }
    }

    /// What is asked of the vault from now on under one of these paths gets no answer, and nothing that ends the wait.
    fn falls_silent(&self, at: &'static str) {
        self.proxy.answer_in_place(Arc::new(move |asked| asked.path.contains(at).then_some(Told::Silence)));
    }

    /// Whether something waits for an answer since it fell silent.
    fn is_waited_for(&self) -> bool {
        self.proxy.told_so_far() > 0
    }
}

#[test]
fn a_verb_that_waits_for_a_vault_ends_when_the_home_is_locked_with_nothing_half_done() {
    let hanging = Hanging::new(KeptIn::File);
    let ada = &hanging.ada;
    ada.save(FIRST);
    let _synced = ada.run(&["sync"]).ok();
    ada.save(WHILE_LOCKED);
    for (verb, at) in [
        (&["push"][..], "/events"),
        (&["push"], "/values"),
        (&["push"], "/revisions"),
        (&["sync"], "/revisions"),
        (&["pull"], "/events"),
        (&["get", "api/development", "TOKEN"], "/events"),
        (&["invite"], "/events"),
        (&["team", "show"], "/events"),
    ] {
        hanging.falls_silent(at);
        let mut command = ada.command(verb);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let running = command.spawn().unwrap();
        wait_until(&format!("{verb:?} waits at {at}"), || hanging.is_waited_for());
        let locked = Instant::now();
        let _locked = ada.run(&["lock"]).ok();
        let ended = running.wait_with_output().unwrap();
        assert!(locked.elapsed() < AT_ONCE, "{verb:?} at {at}: {:?}", locked.elapsed());
        let said = String::from_utf8(ended.stderr).unwrap();
        assert_eq!(ended.status.code(), Some(6), "{verb:?} at {at}: {said}");
        assert!(said.contains("Twinlock is locked"), "{verb:?} at {at}: {said}");
        assert_eq!(ada.text(), WHILE_LOCKED, "{verb:?} at {at}");
        hanging.proxy.be_honest();
        let _unlocked = ada.run(&["unlock"]).ok();
        assert_eq!(ada.run(&["get", "api/development", "TOKEN"]).ok().out, "one", "{verb:?} at {at}");
    }
    let _pushed = ada.run(&["push"]).ok();
    assert_eq!(ada.run(&["get", "api/development", "TOKEN"]).ok().out, "saved while it was locked");
}

#[test]
fn a_command_that_asks_a_person_ends_when_the_home_is_locked() {
    let server = Server::start();
    let ada = ada(&server, KeptIn::File);
    ada.save(FIRST);
    let _synced = ada.run(&["sync"]).ok();
    // A terminal, at which nobody answers.
    let twinlock = program("twinlock").display().to_string();
    let remove = format!("{twinlock} environment remove api/development");
    let mut asking = ada.command_of(Path::new("script"), &["-qefc", &remove, "/dev/null"]);
    let mut asking = asking.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let (mut out, mut said) = (asking.stdout.take().unwrap(), String::new());
    while !said.contains("[yes/no]") {
        let mut piece = [0; 1024];
        let read = out.read(&mut piece).unwrap();
        assert_ne!(read, 0, "it ended: {said}");
        said += &String::from_utf8_lossy(&piece[..read]);
    }
    let _locked = ada.run(&["lock"]).ok();
    out.read_to_string(&mut said).unwrap();
    assert_eq!(asking.wait().unwrap().code(), Some(6), "{said}");
    assert!(said.contains("Twinlock is locked"), "{said}");
    let _unlocked = ada.run(&["unlock"]).ok();
    assert_eq!(ada.run(&["get", "api/development", "TOKEN"]).ok().out, "one");
}

#[test]
fn a_program_that_waits_for_a_vault_has_no_key_once_it_is_locked() {
    for kept_in in [KeptIn::File, KeptIn::OsKeychain] {
        let hanging = Hanging::new(kept_in);
        let ada = &hanging.ada;
        ada.save(FIRST);
        let _synced = ada.run(&["sync"]).ok();
        let watching = ada.watch();
        let (keys, process) = (keys_of(ada), watching.process.id());
        hanging.falls_silent("/");
        ada.save("TOKEN=two\n");
        wait_until("it waits for the vault", || hanging.is_waited_for());
        match found_in_memory(process, &keys) {
            Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
                println!("Skipped: only root may look into the memory of our programs.");
                return;
            }
            found => assert!(found.unwrap().contains(&"the seed"), "it has its seed while it waits"),
        }
        let locked = Instant::now();
        let _locked = ada.run(&["lock"]).ok();
        watching.until("locked");
        wait_until("no key is in its memory", || found_in_memory(process, &keys).unwrap().is_empty());
        assert!(locked.elapsed() < AT_ONCE, "{:?}", locked.elapsed());
        // And it goes on where it was.
        hanging.proxy.be_honest();
        let _unlocked = ada.run(&["unlock"]).ok();
        wait_until("what was saved is pushed", || {
            ada.run(&["get", "api/development", "TOKEN"]).ok().out == "two"
        });
    }
}
