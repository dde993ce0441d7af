//! The store on a real SQLite file: whole steps or none, two programs at once, nothing readable on disk.
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use jiff::Timestamp;
use twinlock_client::dotenv::Dialect;
use twinlock_client::files::{ContentHash, LinkedFileId};
use twinlock_client::home::Home;
use twinlock_client::keychain::Key;
use twinlock_client::store::{
    LinkedFile, Mode, Pin, RefusalRecord, Scope, Step, Store, StoreError, TeamRecord,
};
use twinlock_client::sync::{Agreed, Halves};
use twinlock_protocol::environment::digest;
use twinlock_protocol::event::Half;
use twinlock_protocol::{EntryId, EnvironmentId, Generation, MemberId, StatementHash, TeamId};

const KEY: u8 = 0xe7;
const TEAM: Scope = Scope::Team(TeamId::new([1; 16]));
const ENVIRONMENT: EnvironmentId = EnvironmentId::new([2; 16]);
const FILE: LinkedFileId = LinkedFileId::new([3; 16]);

fn key(byte: u8) -> Key {
    Key::fill(|place| *place = [byte; 32])
}

fn open(folder: &Path) -> Store {
    Store::open(&Home::open_or_create(folder).unwrap(), &key(KEY)).map_err(|error| error.to_string()).unwrap()
}

fn linked_file() -> LinkedFile {
    LinkedFile {
        id: FILE,
        path: "/home/ada/CANARY-path/api/.env".into(),
        environment: ENVIRONMENT,
        push: Mode::Ask,
        pull: Mode::Auto,
        dialect: Some(Dialect::Compose),
        problem: Some("CANARY-problem".into()),
        went_back_to: None,
    }
}

fn team() -> TeamRecord {
    TeamRecord {
        team: TeamId::new([1; 16]),
        member: MemberId::new([5; 16]),
        vault: "https://CANARY-vault.example:8443".into(),
        pin: Some([6; 32]),
        name: "CANARY-team".into(),
        member_name: "CANARY-member".into(),
    }
}

fn base() -> Vec<Agreed> {
    let entry = |byte, left: &str, right: &str| Agreed {
        id: EntryId::new([byte; 16]),
        halves: Halves::new(left, right),
        number: 7,
    };
    vec![entry(4, "CANARY_NAME=", "\"CANARY-value\\\n\"\r\n"), entry(5, "", "# CANARY-prose \u{1f512}\n")]
}

fn pin(number: u64, byte: u8) -> Pin {
    Pin { number, hash: StatementHash::new([byte; 32]) }
}

/// Every table with something in it.
fn fill(store: &Store) {
    store
        .step(|step| {
            step.set_team(&team())?;
            step.add_linked_file(&linked_file())?;
            step.set_last_seen(FILE, &ContentHash::of("CANARY-content"))?;
            step.set_base(FILE, &base())?;
            step.add_plan(FILE, b"CANARY-plan")?;
            step.add_backup(FILE, "CANARY-backup", Timestamp::UNIX_EPOCH)?;
            step.add_statement(&TEAM, 1, b"CANARY-statement")?;
            step.advance_pin(&TEAM, pin(1, 1))?;
            let history = Scope::Environment(ENVIRONMENT);
            step.add_statement(&history, 1, b"CANARY-given-up")?;
            step.advance_pin(&history, pin(1, 1))?;
            step.go_back(ENVIRONMENT, pin(0, 0), 1, Timestamp::UNIX_EPOCH)?;
            step.set_refusal(&RefusalRecord {
                scope: TEAM,
                code: "forged".into(),
                former: None,
                evidence: b"CANARY-evidence".to_vec().into(),
                at: Timestamp::UNIX_EPOCH,
                first: None,
            })?;
            step.remember_name(&[1; 16], "CANARY-label", &[2; 16])?;
            step.set_note("invite", b"CANARY-note")
        })
        .unwrap();
}

#[test]
fn everything_comes_back_after_opening_again() {
    let folder = tempfile::tempdir().unwrap();
    fill(&open(folder.path()));
    let store = open(folder.path());
    store
        .read(|step| {
            assert_eq!(step.teams()?, [team()]);
            assert_eq!(step.linked_files()?, [linked_file()]);
            assert_eq!(step.linked_file_at(&linked_file().path)?, Some(linked_file()));
            assert!(step.is_last_seen(FILE, &ContentHash::of("CANARY-content"))?);
            assert!(!step.is_last_seen(FILE, &ContentHash::of("other"))?);
            assert!(step.base(FILE)?.unwrap() == base());
            assert_eq!(*step.outbox()?[0].plan, b"CANARY-plan");
            let backup = step.backups(FILE)?[0];
            assert_eq!(step.backup(FILE, backup.id)?.unwrap().as_str(), "CANARY-backup");
            assert_eq!(*step.statements_after(&TEAM, 0)?[0].1, b"CANARY-statement");
            assert_eq!(step.pin(&TEAM)?, Some(pin(1, 1)));
            assert_eq!(*step.refusals()?[0].evidence, b"CANARY-evidence");
            assert_eq!(step.remembered_name(&[1; 16], "CANARY-label")?, Some([2; 16]));
            assert_eq!(step.remembered_name(&[9; 16], "CANARY-label")?, None);
            assert_eq!(*step.note("invite")?.unwrap(), b"CANARY-note");
            Ok::<_, StoreError>(())
        })
        .unwrap();
}

#[test]
fn nothing_that_went_in_can_be_read_on_disk() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    fill(&store);
    let content_hash = *ContentHash::of("CANARY-content").as_bytes();
    let mut looked_at = 0;
    // While it is open (the write-ahead log holds the rows) and after it was closed (the database does).
    for still_open in [Some(store), None] {
        for file in std::fs::read_dir(folder.path()).unwrap() {
            let path = file.unwrap().path();
            let bytes = std::fs::read(&path).unwrap();
            let holds = |needle: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
            for needle in [&b"CANARY"[..], &content_hash, &[KEY; 32]] {
                assert!(!holds(needle), "{}", path.display());
            }
            #[cfg(unix)]
            {
                use std::os::unix::fs::PermissionsExt as _;
                let mode = std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
                assert_eq!(mode, 0o600, "{}", path.display());
            }
            looked_at += usize::from(!bytes.is_empty());
        }
        drop(still_open);
    }
    assert!(looked_at >= 4, "home.json, the database and its log, twice: {looked_at}");
}

#[test]
fn a_step_that_fails_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let failed = store.step(|step| {
        step.set_team(&team())?;
        step.add_linked_file(&linked_file())?;
        step.add_linked_file(&linked_file())
    });
    assert!(matches!(failed, Err(StoreError::AlreadyLinked)));
    store
        .read(|step| {
            assert_eq!(step.teams()?, []);
            assert_eq!(step.linked_files()?, []);
            Ok::<_, StoreError>(())
        })
        .unwrap();
}

const CHILD_HOME: &str = "STORE_TEST_CHILD_HOME";

/// The other half of the next test: begins a step and never ends it.
#[test]
fn child_that_is_killed_in_a_step() {
    let Some(home) = std::env::var_os(CHILD_HOME) else { return };
    let store = open(Path::new(&home));
    store
        .step(|step| {
            step.set_base(FILE, &[])?;
            for number in 2..500 {
                step.add_statement(&TEAM, number, &[0; 10_000])?;
            }
            println!("in the middle");
            loop {
                std::thread::park();
            }
            #[expect(unreachable_code, reason = "gives the closure its type")]
            Ok::<_, StoreError>(())
        })
        .unwrap();
}

#[test]
fn a_program_killed_in_a_step_leaves_the_state_before_it() {
    let folder = tempfile::tempdir().unwrap();
    fill(&open(folder.path()));
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--nocapture", "child_that_is_killed_in_a_step"])
        .env(CHILD_HOME, folder.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.map_while(Result::ok).any(|line| line.contains("in the middle")));
    child.kill().unwrap();
    child.wait().unwrap();

    let store = open(folder.path());
    store
        .read(|step| {
            assert!(step.base(FILE)?.unwrap() == base());
            assert_eq!(step.statements(&TEAM)?.len(), 1);
            Ok::<_, StoreError>(())
        })
        .unwrap();
}

#[test]
fn two_programs_write_at_once_and_see_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let (window, command_line) = (open(folder.path()), open(folder.path()));
    window.step(|step| step.add_linked_file(&linked_file())).unwrap();
    let before = command_line.others_version().unwrap();
    std::thread::scope(|scope| {
        for store in [&window, &command_line] {
            scope.spawn(move || {
                for _ in 0..25 {
                    store.step(|step| step.add_plan(FILE, b"plan")).unwrap();
                }
            });
        }
    });
    assert_eq!(window.read(|step| step.outbox()).unwrap().len(), 50);
    assert_eq!(command_line.read(|step| step.outbox()).unwrap().len(), 50);
    assert_ne!(command_line.others_version().unwrap(), before);
}

#[test]
fn programs_that_open_a_new_home_at_once_share_it() {
    let folder = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        for n in 0..8 {
            let folder = folder.path();
            scope.spawn(move || {
                let scope = Scope::Environment(EnvironmentId::new([n; 16]));
                open(folder).step(|step| step.advance_pin(&scope, pin(0, n))).unwrap();
            });
        }
    });
    let store = open(folder.path());
    for n in 0..8 {
        let scope = Scope::Environment(EnvironmentId::new([n; 16]));
        assert_eq!(store.read(|step| step.pin(&scope)).unwrap(), Some(pin(0, n)));
    }
}

#[test]
fn another_key_or_home_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    fill(&open(folder.path()));
    let home = Home::open(folder.path()).unwrap().unwrap();
    assert!(matches!(Store::open(&home, &key(KEY + 1)).err(), Some(StoreError::WrongKey)));

    let elsewhere = tempfile::tempdir().unwrap();
    let other_home = Home::open_or_create(elsewhere.path()).unwrap();
    std::fs::copy(home.database(), other_home.database()).unwrap();
    assert!(matches!(Store::open(&other_home, &key(KEY)).err(), Some(StoreError::WrongKey)));
}

#[test]
fn a_newer_or_broken_database_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::open_or_create(folder.path()).unwrap();
    drop(open(folder.path()));
    rusqlite::Connection::open(home.database())
        .unwrap()
        .execute("INSERT INTO refinery_schema_history SELECT 9999, name, applied_on, checksum FROM refinery_schema_history WHERE version = 1", ())
        .unwrap();
    assert!(matches!(Store::open(&home, &key(KEY)).err(), Some(StoreError::Newer)));

    std::fs::write(home.database(), b"this is no database, but it is long enough to be looked at as one")
        .unwrap();
    assert!(matches!(Store::open(&home, &key(KEY)).err(), Some(StoreError::Damaged { .. })));
}

#[test]
fn a_value_moved_to_another_row_does_not_open() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    fill(&store);
    let other = LinkedFile { id: LinkedFileId::new([9; 16]), path: "/other/.env".into(), ..linked_file() };
    store.step(|step| step.add_linked_file(&other)).unwrap();
    rusqlite::Connection::open(folder.path().join("home.db"))
        .unwrap()
        .execute("UPDATE bases SET file = ?1", [other.id.as_bytes()])
        .unwrap();
    let moved = store.read(|step| step.base(other.id));
    assert!(matches!(moved, Err(StoreError::Damaged { place }) if place == "bases.entries"));
}

const PAYLOAD: &str = "e30A";

/// An envelope that these two signed.
fn envelope(by: [&str; 2]) -> String {
    let signature = |of: &str| format!(r#"{{"keyid":"{}","sig":"{}"}}"#, of.repeat(32), "A".repeat(86));
    let signatures = by.map(signature).join(",");
    format!(r#"{{"payloadType":"twinlock/team-event/v1","payload":"{PAYLOAD}","signatures":[{signatures}]}}"#)
}

#[test]
fn a_history_goes_back_by_one_step_and_what_came_after_is_kept_apart() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let history = Scope::Environment(ENVIRONMENT);
    store
        .step(|step| {
            for (number, byte) in (1..).zip(1..=4) {
                step.add_statement(&history, number, &[byte])?;
                step.advance_pin(&history, pin(number, byte))?;
            }
            step.go_back(ENVIRONMENT, pin(2, 2), 9, Timestamp::UNIX_EPOCH)?;
            assert_eq!(step.pin(&history)?, Some(pin(2, 2)));
            assert_eq!(step.statements(&history)?.len(), 2);
            // Nowhere but back.
            for to in [pin(2, 2), pin(3, 3)] {
                let again = step.go_back(ENVIRONMENT, to, 9, Timestamp::UNIX_EPOCH);
                assert!(matches!(again, Err(StoreError::NothingToGiveUp)));
            }
            // Another third one, given up with a later event: both are kept.
            step.add_statement(&history, 3, &[7])?;
            step.advance_pin(&history, pin(3, 7))?;
            step.go_back(ENVIRONMENT, pin(1, 1), 12, Timestamp::UNIX_EPOCH)
        })
        .unwrap();
    let given_up = open(folder.path()).read(|step| step.given_up()).unwrap();
    let given_up: Vec<_> =
        given_up.iter().map(|one| (one.accepted, one.number, one.envelope.as_slice())).collect();
    assert_eq!(
        given_up,
        [(9, 3, [3].as_slice()), (9, 4, [4].as_slice()), (12, 2, [2].as_slice()), (12, 3, [7].as_slice())]
    );
}

#[test]
fn histories_only_grow() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    store
        .step(|step| {
            step.advance_pin(&TEAM, pin(3, 3))?;
            step.advance_pin(&TEAM, pin(3, 3))?;
            step.advance_pin(&TEAM, pin(5, 5))?;
            for back in [pin(4, 4), pin(5, 6), pin(0, 0)] {
                assert!(matches!(step.advance_pin(&TEAM, back), Err(StoreError::PinGoesBack)));
            }
            step.add_statement(&TEAM, 1, b"one")?;
            step.add_statement(&TEAM, 1, b"one")?;
            assert!(matches!(step.add_statement(&TEAM, 1, b"other"), Err(StoreError::OtherStatement)));
            step.add_statement(&TEAM, 3, b"three")?;
            // The order of signatures is free, and no part of what they sign.
            let [same, turned, other] = [["a", "b"], ["b", "a"], ["a", "b"]].map(envelope);
            let other = other.replace(PAYLOAD, "e30B");
            step.add_statement(&TEAM, 4, same.as_bytes())?;
            step.add_statement(&TEAM, 4, turned.as_bytes())?;
            let another = step.add_statement(&TEAM, 4, other.as_bytes());
            assert!(matches!(another, Err(StoreError::OtherStatement)));
            step.add_statement(&TEAM, 2, b"two")?;
            let numbers: Vec<u64> =
                step.statements_after(&TEAM, 1)?.iter().map(|(number, _)| *number).collect();
            assert_eq!(numbers, [2, 3, 4]);
            Ok::<_, StoreError>(())
        })
        .unwrap();
}

#[test]
fn blobs_and_wraps_are_kept_as_they_came() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    store
        .step(|step| {
            let [one, other] = [&b"sealed"[..], b"another"].map(digest);
            step.add_blob(ENVIRONMENT, b"sealed")?;
            step.add_blob(ENVIRONMENT, b"sealed")?;
            let blob = |step: &Step<'_>, signed| step.blob(ENVIRONMENT, signed);
            assert_eq!((blob(step, one)?.unwrap(), blob(step, other)?), (b"sealed".to_vec(), None));
            // What another environment has, or purges, is its own affair.
            let elsewhere = EnvironmentId::new([9; 16]);
            assert_eq!(step.blob(elsewhere, one)?, None);
            step.add_blob(elsewhere, b"sealed")?;
            step.forget_blob(elsewhere, one)?;
            assert_eq!((blob(step, one)?.unwrap(), step.blob(elsewhere, one)?), (b"sealed".to_vec(), None));
            step.forget_blob(ENVIRONMENT, one)?;
            assert_eq!(blob(step, one)?, None);
            let scope = Scope::Environment(ENVIRONMENT);
            step.set_wrap(&scope, Generation(1), Half::Name, b"name")?;
            step.set_wrap(&scope, Generation(1), Half::Value, b"old")?;
            step.set_wrap(&scope, Generation(1), Half::Value, b"value")?;
            assert_eq!(step.wrap(&scope, Generation(1), Half::Name)?.unwrap(), b"name");
            assert_eq!(step.wrap(&scope, Generation(1), Half::Value)?.unwrap(), b"value");
            assert_eq!(step.wrap(&scope, Generation(2), Half::Value)?, None);
            Ok::<_, StoreError>(())
        })
        .unwrap();
}

#[test]
fn the_last_twenty_contents_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let at = |second: i64| Timestamp::from_second(second).unwrap();
    store
        .step(|step| {
            step.add_linked_file(&linked_file())?;
            for n in 0..25 {
                step.add_backup(FILE, &n.to_string(), at(n))?;
                step.add_backup(FILE, &n.to_string(), at(n + 1000))?;
            }
            let backups = step.backups(FILE)?;
            assert_eq!(backups.len(), 20);
            assert_eq!(backups[0].taken_at, at(24));
            assert_eq!(step.backup(FILE, backups[0].id)?.unwrap().as_str(), "24");
            assert_eq!(step.backup(FILE, backups[19].id)?.unwrap().as_str(), "5");
            Ok::<_, StoreError>(())
        })
        .unwrap();
}

#[test]
fn unlinking_forgets_what_belonged_to_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    fill(&store);
    store
        .step(|step| {
            step.remove_linked_file(FILE)?;
            assert_eq!(step.linked_files()?, []);
            assert!(step.base(FILE)?.is_none());
            assert!(step.outbox()?.is_empty());
            assert!(step.backups(FILE)?.is_empty());
            step.add_linked_file(&linked_file())
        })
        .unwrap();
}
