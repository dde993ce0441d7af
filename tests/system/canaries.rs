//! The whole job, watched from outside: nothing of a value is anywhere but in the two `.env` files, and nothing of a
//! name is with the vault or on the way to it. Raw bytes are searched, whatever they are said to be.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};
use twinlock_tests::canary::Canaries;
use twinlock_tests::processes::{Processes, Shown};
use twinlock_tests::programs::{KeptIn, Machine, Server, wait_until};
use twinlock_tests::recorder::Recorder;

/// In the file that everything begins with, then in changes of either side.
const VALUES: [&str; 8] = [
    "first-canary-3f9a",
    "quoted canary 77c1",
    "canaryinapem4b2d",
    "commentcanary81e0",
    "changed-canary-c55d",
    "bens-canary-0a9e",
    "lost-canary-6d2f",
    "decided-canary-e417",
];
const NAMES: [&str; 8] = [
    "CANARY_NAME_ONE",
    "CANARY_NAME_TWO",
    "CANARY_NAME_PEM",
    "CANARY_NAME_LATER",
    "canaryteam",
    "canaryada",
    "canaryben",
    "canaryproject",
];
const ENVIRONMENT: &str = "canaryproject/development";

const FIRST: &str = "# commentcanary81e0: an old password\nCANARY_NAME_ONE=first-canary-3f9a\r\n\
    export CANARY_NAME_TWO = \"quoted canary 77c1\"  # commentcanary81e0\n\
    CANARY_NAME_PEM=-----BEGIN PRIVATE KEY-----\ncanaryinapem4b2d\n-----END PRIVATE KEY-----\n";

/// What is left of the job.
struct Traces {
    server: Server,
    recorder: Recorder,
    ada: Machine,
    ben: Machine,
    processes: BTreeSet<Shown>,
    /// Invite links and setup codes.
    secrets: Vec<String>,
}

impl Traces {
    fn homes(&self) -> [PathBuf; 2] {
        [self.ada.home(), self.ben.home()]
    }

    /// The folder with everything of the server: databases, what belongs to them, keys, log.
    fn server_folder(&self) -> PathBuf {
        self.server.data().parent().unwrap().to_owned()
    }
}

/// Two people at work, a vault that crashes among them, and somebody on the wire.
fn whole_job() -> Traces {
    let watched = Processes::watch();
    let mut server = Server::start();
    let recorder = Recorder::start(server.port());
    let (ada, ben) = (Machine::new(KeptIn::File), Machine::new(KeptIn::File));
    let url = format!("https://127.0.0.1:{}", recorder.port());
    let code = server.setup_code.clone().unwrap();
    let create =
        ["team", "create", "canaryteam", "--member", "canaryada", "--vault", &url, "--pin", &server.pin];
    let _team = ada.run_with(&code, &[&create[..], &["--setup-code", "-"]].concat()).ok();
    let _linked = ada.run(&["link", ".env", ENVIRONMENT, "--create", "--mode", "auto"]).ok();
    let invite = ada.run(&["invite", "--json"]).ok().json();
    let link = invite["link"].as_str().unwrap().to_owned();
    let _joined = ben.run_with(&link, &["join", "-", "--member", "canaryben"]).ok();
    let _linked = ben.run(&["link", ".env", ENVIRONMENT, "--mode", "auto"]).ok();

    let watches = [ada.watch(), ben.watch()];
    ada.save(FIRST);
    wait_until("Ben has the first text", || ben.env().exists() && ben.text() == FIRST);
    server.process.kill();
    let second = FIRST.replace("first-canary-3f9a", "changed-canary-c55d");
    ada.save_by_rename(&second);
    server.start_again();
    wait_until("Ben has the change", || ben.text() == second);
    ben.save(&(second + "CANARY_NAME_LATER=bens-canary-0a9e\n"));
    wait_until("Ada has what Ben added", || ada.text() == ben.text());
    // Not killed: a crash right after the exchange of a file leaves its former content beside it for a minute, and the
    // agreement that goes with it is made by whoever comes next.
    for mut watch in watches {
        assert_eq!(watch.process.stop(), Some(0));
    }
    for machine in [&ada, &ben] {
        let _agreed = machine.run(&["pull"]).ok();
    }

    // A conflict, decided by a value on standard input.
    ada.save(&ada.text().replace("bens-canary-0a9e", "lost-canary-6d2f"));
    ben.save(&ben.text().replace("bens-canary-0a9e", "first-canary-3f9a"));
    let _pushed = ada.run(&["push"]).ok();
    let _conflict = ben.run(&["pull"]).ended(3);
    let decide = ["resolve", ".env", "CANARY_NAME_LATER", "--value", "-"];
    let _decided = ben.run_with("decided-canary-e417", &decide).ok();
    let _pushed = ben.run(&["push"]).ok();
    let _pulled = ada.run(&["pull"]).ok();
    assert_eq!(ada.text(), ben.text());

    // Everything that looks, and what fails.
    for words in [
        &["status"][..],
        &["diff"],
        &["diff", "--json"],
        &["ls", ENVIRONMENT],
        &["log", ENVIRONMENT, "--json"],
        &["team", "show"],
        &["doctor"],
        &["get", ENVIRONMENT, "CANARY_NAME_LATER"],
    ] {
        let _looked = ada.run(words).ok();
    }
    assert_eq!(ben.run(&["get", ENVIRONMENT, "CANARY_NAME_LATER"]).ok().out, "decided-canary-e417");
    let _used_up = Machine::new(KeptIn::File).run_with(&link, &["join", "-", "--member", "Eve"]).ended(1);
    server.process.kill();
    let _away = ada.run(&["pull"]).ended(5);

    // The body of the link, which has all that is secret of it.
    let secrets = vec![code, link.rsplit_once('#').unwrap().1.to_owned()];
    Traces { server, recorder, ada, ben, processes: watched.seen(), secrets }
}

#[test]
fn values_are_in_the_two_files_and_nowhere_else() {
    let mut traces = whole_job();
    let canaries = Canaries::new(VALUES);
    let in_the_files: Vec<(&Path, String)> = VALUES
        .iter()
        .filter(|value| traces.ada.text().contains(**value))
        .map(|value| (Path::new("api/.env"), (*value).to_owned()))
        .collect();
    assert!(in_the_files.len() > 4, "{in_the_files:?}");
    for machine in [&traces.ada, &traces.ben] {
        let found = canaries.found_below(machine.folder());
        let found: BTreeSet<(&Path, String)> = found
            .iter()
            .map(|(path, text)| (path.strip_prefix(machine.folder()).unwrap(), text.clone()))
            .collect();
        assert_eq!(found, in_the_files.iter().cloned().collect());
    }
    let secret = Canaries::new(VALUES.into_iter().map(str::to_owned).chain(traces.secrets.clone()));
    assert_nowhere(&secret, &traces);
    for home in traces.homes() {
        assert_eq!(Canaries::new(&traces.secrets).found_below(&home), []);
    }
    for said in [traces.ada.said(), traces.ben.said()] {
        assert!(said.len() > 1000, "programs said something");
        assert_eq!(secret.found_in(&said), [""; 0]);
    }
    let shown = |place: &str, text: &str| {
        let all = traces.processes.iter().filter(|shown| shown.place == place);
        all.filter(|shown| !Canaries::new([text]).found_in(&shown.bytes).is_empty()).count()
    };
    for text in ["twinlock-server", "sync\0--watch"] {
        assert_ne!(shown("cmdline", text), 0, "{text} is seen");
    }
    for shown in &traces.processes {
        assert_eq!(secret.found_in(&shown.bytes), [""; 0], "{} of {}", shown.place, shown.program);
    }

    // Names: not with the vault, not on the way, not readable in a home.
    let names = Canaries::new(NAMES);
    assert_nowhere(&names, &traces);
    for home in traces.homes() {
        assert_eq!(names.found_below(&home), []);
    }
    neither_database_ties_values_to_names(&traces);

    // Once more as a clean stop leaves the databases, and not a crash.
    traces.server.start_again();
    assert_eq!(traces.server.process.stop(), Some(0));
    assert_nowhere(&secret, &traces);
    assert_nowhere(&names, &traces);
    neither_database_ties_values_to_names(&traces);
}

/// Neither the server nor the network has any of these.
fn assert_nowhere(canaries: &Canaries, traces: &Traces) {
    for name in ["application.db", "vault.db"] {
        let size = |ending: &str| {
            std::fs::metadata(traces.server.data().join(format!("{name}{ending}")))
                .map_or(0, |file| file.len())
        };
        assert!(size("") + size("-wal") > 16 * 1024, "{name} is searched as well");
    }
    // A server that has nothing to complain about logs next to nothing, at any level.
    assert!(traces.server_folder().join("log").is_file(), "the log is searched as well");
    assert_eq!(canaries.found_below(&traces.server_folder()), []);
    let recorded = traces.recorder.recorded();
    assert!(recorded.iter().map(Vec::len).sum::<usize>() > 50_000, "the traffic went by the recorder");
    for piece in &recorded {
        assert_eq!(canaries.found_in(piece), [""; 0]);
    }
}

/// The vault's database knows pointers and nothing else that anybody has a name for; the application's knows no
/// value, not even sealed.
fn neither_database_ties_values_to_names(traces: &Traces) {
    let read = |name: &str| {
        let wal = std::fs::read(traces.server.data().join(format!("{name}-wal"))).unwrap_or_default();
        [std::fs::read(traces.server.data().join(name)).unwrap(), wal].concat()
    };
    let (application, vault) = (read("application.db"), read("vault.db"));
    let contains = |bytes: &[u8], part: &[u8]| bytes.windows(part.len()).any(|window| window == part);

    let home = Connection::open(traces.ada.home().join("home.db")).unwrap();
    let rows_of = |database: &Connection, sql: &str| -> Vec<Vec<u8>> {
        let mut statement = database.prepare(sql).unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
    };
    let rows = |sql: &str| rows_of(&home, sql);
    let opened =
        Connection::open_with_flags(traces.server.data().join("vault.db"), OpenFlags::SQLITE_OPEN_READ_ONLY);
    let opened = opened.unwrap();
    let pointers = rows_of(&opened, "SELECT pointer FROM sealed_values");
    assert!(pointers.len() > 5);
    for pointer in &pointers {
        assert!(contains(&vault, pointer), "the search finds what is there");
    }
    let blobs = rows("SELECT blob FROM blobs");
    assert!(blobs.len() > 5);
    for blob in blobs {
        for (database, bytes) in [("application.db", &application), ("vault.db", &vault)] {
            assert!(!contains(bytes, &blob[..32]), "{database} has a value as its client sealed it");
        }
    }
    let scopes = rows("SELECT DISTINCT scope FROM statements");
    assert_eq!(scopes.len(), 2, "the team and its environment");
    // Both answer without the vault.
    let listed = traces.ada.run(&["ls", ENVIRONMENT, "--json"]).ok().json();
    let team = traces.ada.run(&["team", "show", "--json"]).ok().json();
    let entries = listed["variables"].as_array().unwrap().iter().map(|variable| &variable["entry"]);
    let members = team["members"].as_array().unwrap().iter();
    let people = members.flat_map(|member| [&member["id"], &member["computers"][0]["id"]]);
    let ids: Vec<Vec<u8>> = entries.chain(people).map(|id| from_hex(id.as_str().unwrap())).collect();
    assert_eq!(ids.len(), 4 + 2 * 2, "{listed}{team}");
    for id in scopes.iter().chain(&ids) {
        assert_eq!(id.len(), 16);
        let hex: String = id.iter().map(|byte| format!("{byte:02x}")).collect();
        assert!(!contains(&vault, id) && !contains(&vault, hex.as_bytes()), "vault.db has the id {hex}");
    }
    assert!(contains(&application, &scopes[0]), "the search finds what is there");

    let mut columns = opened
        .prepare(
            "SELECT m.name || '.' || c.name FROM sqlite_schema m, pragma_table_info(m.name) c \
             WHERE m.type = 'table' AND m.name NOT LIKE 'refinery%' ORDER BY 1",
        )
        .unwrap();
    let columns: Vec<String> =
        columns.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap();
    let known = [
        "data_keys.id",
        "data_keys.use",
        "data_keys.wrapped",
        "sealed_values.pointer",
        "sealed_values.sealed",
    ];
    assert_eq!(columns, known);
}

fn from_hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

#[test]
fn a_value_makes_the_vaults_database_grow_and_not_the_applications() {
    const LARGE: usize = 200 * 1024;
    let server = Server::start();
    let ada = Machine::new(KeptIn::File);
    ada.found(&server);
    ada.link(&["--create"]);
    let sizes = || {
        ["application.db", "vault.db"].map(|name| {
            let size = |ending: &str| {
                std::fs::metadata(server.data().join(format!("{name}{ending}"))).map_or(0, |file| file.len())
            };
            usize::try_from(size("") + size("-wal")).unwrap()
        })
    };
    let before = sizes();
    ada.push(&format!("LARGE={}\n", "x".repeat(LARGE)));
    let after = sizes();
    let grown = [after[0] - before[0], after[1] - before[1]];
    assert!(grown[0] < LARGE / 2 && grown[1] > LARGE, "{grown:?}");
}
