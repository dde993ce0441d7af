//! Lies of each kind, told to the built `twinlock`: how the command ends, what it says, and what it leaves as it was.

use twinlock_client::Role;
use twinlock_client::store::Mode;
use twinlock_protocol::event::{Grant, Level};
use twinlock_tests::collusion::Collusion;
use twinlock_tests::forge::Forge;
use twinlock_tests::lying_proxy::Lie;
use twinlock_tests::programs::{KeptIn, Machine, Ran};

use crate::lies::LIES;
use crate::setting::{Setting, lie, values_in};

/// The statements, sealed values and keys that a home keeps, as they are on the disk.
fn kept(machine: &Machine) -> Vec<(String, i64)> {
    let store = rusqlite::Connection::open(machine.home().join("home.db")).unwrap();
    ["statements", "blobs", "wraps", "pins"]
        .into_iter()
        .map(|table| {
            let sum = match table {
                "pins" => "coalesce(sum(number), 0)",
                _ => "count(*)",
            };
            let sql = format!("SELECT {sum} FROM {table}");
            (table.to_owned(), store.query_row(&sql, [], |row| row.get(0)).unwrap())
        })
        .collect()
}

fn run(machine: &Machine, arguments: &[&str]) -> Ran {
    tokio::task::block_in_place(|| machine.run(arguments))
}

fn is_plain(sentence: &str) -> bool {
    !sentence.chars().any(|c| (c.is_control() && c != '\n') || c == '<')
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_ends_with_status_4_and_changes_nothing() {
    let mut setting = Setting::with_a_past(Mode::Ask).await;
    let machine = Machine::new(KeptIn::File);
    let link = setting.ada.invite(Role::Member).await;
    tokio::task::block_in_place(|| {
        drop(machine.run_with(link.expose(), &["join", "-", "--member", "Cleo"]).ok());
        drop(machine.run(&["link", ".env", "api/development"]).ok());
        drop(machine.run(&["link", "../api/.env.production", "api/production"]).ok());
        drop(machine.run(&["pull"]).ok());
    });
    let mut ada = Forge::of(&setting.ada, &setting.vault).await;
    let environment = setting.environment().await;
    let writes = vec![Grant { environment, level: Level::Write }];
    let mut wanda = ada.lets_join(Role::Member, writes, false).await;
    for name in [
        "two values swapped",
        "a value left out",
        "a bit flipped",
        "yesterday's revisions",
        "a revision left out of the middle",
        "a revision without its signature",
        "two names swapped",
        "another environment's whole history",
        "yesterday's log",
        "an event with another content",
        "an event of a kind that is not known",
        "a redirect",
        "an endless body",
        "a page for a browser",
        "an endless error",
        "an answer nested without end",
    ] {
        setting.ada_changes_things().await;
        let told = LIES.iter().find(|lie| lie.name == name).unwrap();
        refused(&setting, &machine, name, lie(told.tell), told.code()).await;
    }
    // And with somebody's help.
    wanda.refresh().await;
    let (statement, values) = wanda.variable(environment, ("EVIL=", "1\n"));
    let mut unsigned = statement;
    unsigned.signatures[0].keyid = ada.id();
    let lie = Collusion::revisions(environment, [unsigned]).and_values(values).lie();
    refused(&setting, &machine, "a revision in another's name", lie, Some("signers")).await;
}

async fn refused(setting: &Setting, machine: &Machine, name: &str, lie: Lie, code: Option<&str>) {
    let (text, before) = (machine.text(), kept(machine));
    setting.proxy.lie(lie);
    let pulled = run(machine, &["pull"]);
    let as_json = run(machine, &["pull", "--json"]);
    let status = run(machine, &["status"]);
    let told = setting.proxy.be_honest();
    assert!(told > 0, "{name}: no answer was a lie");
    for ran in [&pulled, &as_json, &status] {
        assert_eq!(ran.status, 4, "{name}: {}{}", ran.out, ran.err);
        assert!(is_plain(&ran.err), "{name}: {:?}", ran.err);
    }
    assert_eq!(pulled.out, "", "{name}");
    if let Some(code) = code {
        assert!(pulled.err.contains(&format!("({code})")), "{name}: {}", pulled.err);
        assert!(pulled.err.contains("Your file is untouched."), "{name}: {}", pulled.err);
        let said = as_json.json();
        let error = said["files"].get(0).unwrap_or(&said)["error"].clone();
        assert_eq!(error["code"], "refused", "{name}: {said}");
        assert!(error["message"].as_str().unwrap().contains(&format!("({code})")), "{name}: {said}");
    }
    assert_eq!(machine.text(), text, "{name}: the file was written");
    let after = kept(machine);
    // What came before the lie, and was signed, may stay: Ada has it too.
    let own = values_in(machine.home().join("home.db"));
    let honest = values_in(setting.ada.client.home().unwrap().database());
    assert!(after[1] == before[1] || own.is_subset(&honest), "{name}: values were kept");
    let pulled = run(machine, &["pull"]);
    assert_eq!(pulled.status, 0, "after {name}: {}", pulled.err);
    assert_eq!(machine.text(), setting.ada.text(), "after {name}");
}
