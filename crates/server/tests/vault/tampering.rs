//! Rows changed by hand, in either database: noticed, and never served as good.

use rusqlite::Connection;
use twinlock_protocol::ProjectId;
use twinlock_protocol::api::{Appended, ProblemCode, QueryValues, Values};
use twinlock_protocol::event::{Event, ProjectCreated};
use twinlock_protocol::revision::{Cause, Change, Put};

use crate::support::{Client, Vault, Writer, data, random};

struct Setting {
    ada: Client,
    writer: Writer,
    puts: Vec<Put>,
}

/// A team with an environment and two revisions, and what somebody did to a database while the vault was off.
async fn tampered(database: &str, sql: &str) -> (Vault, Setting) {
    let vault = Vault::start().await;
    let mut ada = Client::create(&vault).await;
    let mut writer = ada.create_environment(&vault, Vec::new()).await;
    let mut puts = ada.push_values(&vault, &mut writer, &["one\n"]).await;
    puts.extend(ada.push_values(&vault, &mut writer, &["two\n"]).await);
    let folder = vault.stop().await;
    let connection = Connection::open(data(&folder).join(database)).unwrap();
    connection.execute_batch(sql).unwrap();
    assert!(connection.changes() > 0, "{sql}");
    drop(connection);
    (Vault::start_in(folder).await, Setting { ada, writer, puts })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_changed_by_hand_is_not_served() {
    for sql in [
        // Cut short; one left out; two swapped; one changed; another head noted.
        "DELETE FROM events WHERE sequence = (SELECT max(sequence) FROM events)",
        "DELETE FROM events WHERE sequence = 3",
        "UPDATE events SET sequence = 100 WHERE sequence = 5; UPDATE events SET sequence = 5 WHERE sequence = 6;
         UPDATE events SET sequence = 6 WHERE sequence = 100",
        "UPDATE events SET statement = (SELECT statement FROM events WHERE sequence = 3) WHERE sequence = 4",
        "UPDATE events SET statement = zeroblob(length(statement)) WHERE sequence = 2",
        "UPDATE teams SET head = zeroblob(length(head))",
    ] {
        let (vault, Setting { ada, .. }) = tampered("application.db", sql).await;
        ada.get(&vault, &ada.events_path()).await.refused(500, ProblemCode::Damaged);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_changed_by_hand_is_not_served() {
    for sql in [
        "DELETE FROM revisions WHERE number = 2",
        "DELETE FROM revisions",
        "UPDATE revisions SET number = number + 1 WHERE number = 2",
        "UPDATE revisions SET statement = (SELECT statement FROM revisions WHERE number = 1)",
        "PRAGMA foreign_keys = off; DELETE FROM environments",
    ] {
        let (vault, Setting { ada, writer, .. }) = tampered("application.db", sql).await;
        for resource in ["revisions", "snapshot"] {
            ada.get(&vault, &writer.path(resource)).await.refused(500, ProblemCode::Damaged);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_and_pointers_changed_by_hand_are_not_served() {
    let swap = "UPDATE wraps SET half = 'name', generation = 2 WHERE half = 'value'";
    let (vault, Setting { ada, .. }) = tampered("application.db", swap).await;
    ada.get(&vault, &ada.wraps_path()).await.refused(500, ProblemCode::Damaged);

    let state = "UPDATE pointers SET state = 'stored'";
    let (vault, Setting { ada, writer, puts }) = tampered("application.db", state).await;
    let query = QueryValues { pointers: vec![puts[0].pointer] };
    ada.post(&vault, &writer.path("values/query"), &query).await.refused(500, ProblemCode::Damaged);
}

#[tokio::test(flavor = "multi_thread")]
async fn values_changed_swapped_or_taken_away_by_hand_are_not_served() {
    for sql in [
        "CREATE TEMP TABLE copy AS SELECT * FROM sealed_values;
         UPDATE sealed_values SET sealed =
             (SELECT sealed FROM copy WHERE copy.pointer <> sealed_values.pointer)",
        "UPDATE sealed_values SET sealed = zeroblob(length(sealed))",
        "UPDATE sealed_values SET sealed = substr(sealed, 1, length(sealed) - 1)",
        "DELETE FROM sealed_values",
    ] {
        let (vault, Setting { ada, writer, puts }) = tampered("vault.db", sql).await;
        let query = QueryValues { pointers: puts.iter().map(|put| put.pointer).collect() };
        let answer = ada.post(&vault, &writer.path("values/query"), &query).await;
        let mut broken = answer.refused(500, ProblemCode::Damaged).pointers;
        let mut all = query.pointers;
        broken.sort_unstable();
        all.sort_unstable();
        assert_eq!(broken, all, "{sql}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_that_nobody_noted_is_not_written_over() {
    // The application forgot the pointers by hand; the vault service still has their values.
    let forget = "DELETE FROM pointers";
    let (vault, Setting { ada, writer, puts }) = tampered("application.db", forget).await;
    let (_, mut others) = writer.seal(&["other\n"]);
    others[0].pointer = puts[0].pointer;
    let problem = ada.put_values(&vault, &writer, &others).await.refused(409, ProblemCode::PointerTaken);
    assert_eq!(problem.pointers, [puts[0].pointer]);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_vaults_database_is_not_served() {
    // The whole of vault.db from another time or place, with its root key: digests tell.
    let (vault, Setting { ada, writer, puts }) = tampered(
        "application.db",
        "UPDATE setup SET code = code; CREATE TABLE x (y); INSERT INTO x VALUES (1)",
    )
    .await;
    let query = QueryValues { pointers: vec![puts[0].pointer] };
    let path = writer.path("values/query");
    assert_eq!(ada.post(&vault, &path, &query).await.ok::<Values>().values.len(), 1);
    let folder = vault.stop().await;
    let other = Vault::start().await.stop().await;
    for name in ["vault.db", "vault-root.key"] {
        std::fs::copy(data(&other).join(name), data(&folder).join(name)).unwrap();
    }
    let vault = Vault::start_in(folder).await;
    let problem = ada.post(&vault, &path, &query).await.refused(500, ProblemCode::Damaged);
    assert_eq!(problem.pointers, query.pointers);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_changed_while_the_vault_runs_is_noticed_too() {
    let vault = Vault::start().await;
    let mut ada = Client::create(&vault).await;
    let mut writer = ada.create_environment(&vault, Vec::new()).await;
    for value in ["one\n", "two\n", "three\n"] {
        ada.push_values(&vault, &mut writer, &[value]).await;
    }
    let connection = Connection::open(data(&vault.folder).join("application.db")).unwrap();
    let last = i64::try_from(ada.team.head().sequence).unwrap();
    for (sequence, after) in [(3, 0), (last, last - 1)] {
        connection.execute("DELETE FROM events WHERE sequence = ?1", [sequence]).unwrap();
        let path = format!("{}?after={after}", ada.events_path());
        ada.get(&vault, &path).await.refused(500, ProblemCode::Damaged);
    }
    for (number, after) in [(2, 0), (3, 2)] {
        connection.execute("DELETE FROM revisions WHERE number = ?1", [number]).unwrap();
        let path = format!("{}?after={after}", writer.path("revisions"));
        ada.get(&vault, &path).await.refused(500, ProblemCode::Damaged);
    }
    // A head changed by hand is not built upon.
    connection.execute("UPDATE teams SET head = zeroblob(length(head))", []).unwrap();
    let (puts, blobs) = writer.seal(&["four\n"]);
    ada.put_values(&vault, &writer, &blobs).await.done();
    let statement = ada.revision(&writer, Cause::Push, puts.into_iter().map(Change::Put).collect());
    ada.push(&vault, &writer, &statement).await.refused(500, ProblemCode::Damaged);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_or_history_rolled_back_under_a_running_vault_takes_nothing_more() {
    let vault = Vault::start().await;
    let mut ada = Client::create(&vault).await;
    let mut writer = ada.create_environment(&vault, Vec::new()).await;
    let database = Connection::open(data(&vault.folder).join("application.db")).unwrap();
    database
        .execute_batch(
            "CREATE TEMP TABLE kept_teams AS SELECT * FROM teams;
             CREATE TEMP TABLE kept_environments AS SELECT * FROM environments",
        )
        .unwrap();

    ada.push_values(&vault, &mut writer, &["one\n"]).await;
    database
        .execute_batch(
            "DELETE FROM revisions; UPDATE environments SET head = (SELECT head FROM kept_environments)",
        )
        .unwrap();
    let (puts, blobs) = writer.seal(&["two\n"]);
    ada.put_values(&vault, &writer, &blobs).await.done();
    let statement = ada.revision(&writer, Cause::Push, puts.into_iter().map(Change::Put).collect());
    ada.push(&vault, &writer, &statement).await.refused(500, ProblemCode::Damaged);

    let mut project = || {
        let event = ProjectCreated { project: ProjectId::new(random()), label: ada.label("p") };
        ada.event(Event::ProjectCreated(event))
    };
    let (first, second) = (project(), project());
    ada.append(&vault, vec![first], Vec::new()).await.ok::<Appended>();
    database
        .execute_batch(
            "DELETE FROM events WHERE sequence = (SELECT max(sequence) FROM events);
             UPDATE teams SET head = (SELECT head FROM kept_teams)",
        )
        .unwrap();
    ada.append(&vault, vec![second], Vec::new()).await.refused(500, ProblemCode::Damaged);
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_database_shows_statements_or_ties_values_to_anything() {
    let (vault, Setting { ada, writer, puts }) =
        tampered("vault.db", "CREATE TABLE x (y); INSERT INTO x VALUES (1)").await;
    let folder = vault.stop().await;
    let read = |name: &str| {
        let connection = Connection::open(data(&folder).join(name)).unwrap();
        connection.pragma_update(None, "wal_checkpoint", "TRUNCATE").unwrap();
        std::fs::read(data(&folder).join(name)).unwrap()
    };
    let contains = |bytes: &[u8], part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
    let (application, vault) = (read("application.db"), read("vault.db"));
    assert!(contains(&application, ada.team.id().as_bytes()), "the search finds what is there");
    for text in ["payloadType", "team-created", "twinlock/revision/v1", "NAME"] {
        assert!(!contains(&application, text.as_bytes()), "{text}");
    }
    assert!(!contains(&application, puts[0].digest.as_bytes()));
    assert!(contains(&vault, puts[0].pointer.as_bytes()), "the search finds what is there");
    for id in [ada.team.id().as_bytes(), writer.environment.id().as_bytes(), ada.id().as_bytes()] {
        assert!(!contains(&vault, id));
    }
}
