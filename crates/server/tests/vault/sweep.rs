//! What no revision names goes after a day; what one names stays.

use jiff::ToSpan as _;
use rusqlite::Connection;
use twinlock_protocol::api::{ProblemCode, Pushed, QueryValues, Values};
use twinlock_protocol::revision::{Cause, Change, Purge, Put, Remove};
use twinlock_server::Swept;

use crate::support::{Client, Vault, Writer, data};

fn count(vault: &Vault, database: &str, table: &str) -> i64 {
    let connection = Connection::open(data(&vault.folder).join(database)).unwrap();
    connection.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn unused_values_are_swept_after_a_day_and_used_ones_never() {
    let vault = Vault::start().await;
    let mut ada = Client::create(&vault).await;
    let mut writer = ada.create_environment(&vault, Vec::new()).await;
    let used = ada.push_values(&vault, &mut writer, &["used\n"]).await;
    let (puts, blobs) = writer.seal(&["unused\n"]);
    ada.put_values(&vault, &writer, &blobs).await.done();
    assert_eq!(
        (count(&vault, "application.db", "pointers"), count(&vault, "vault.db", "sealed_values")),
        (2, 2)
    );

    let now = jiff::Timestamp::now();
    assert_eq!(vault.running.sweep(now + 23.hours()).await.unwrap(), Swept(0));
    assert_eq!(vault.running.sweep(now + 25.hours()).await.unwrap(), Swept(1));
    assert_eq!(vault.running.sweep(now + 1000.hours()).await.unwrap(), Swept(0));
    assert_eq!(
        (count(&vault, "application.db", "pointers"), count(&vault, "vault.db", "sealed_values")),
        (1, 1)
    );

    let statement = ada.revision(&writer, Cause::Push, vec![Change::Put(puts[0].clone())]);
    let problem = ada.push(&vault, &writer, &statement).await.refused(409, ProblemCode::ValuesMissing);
    assert_eq!(problem.pointers, [puts[0].pointer]);
    let query = QueryValues { pointers: vec![used[0].pointer, puts[0].pointer] };
    let values: Values = ada.post(&vault, &writer.path("values/query"), &query).await.ok();
    assert_eq!(values.values.iter().map(|value| value.pointer).collect::<Vec<_>>(), [used[0].pointer]);
}

/// Pushes a revision, and remembers it.
async fn push(ada: &Client, vault: &Vault, writer: &mut Writer, cause: Cause, change: Change) {
    let statement = ada.revision(writer, cause, vec![change]);
    ada.push(vault, writer, &statement).await.ok::<Pushed>();
    writer.environment.append(&ada.team, &statement).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purged_value_is_gone_at_once_and_from_both_databases() {
    let vault = Vault::start().await;
    let mut ada = Client::create(&vault).await;
    let mut writer = ada.create_environment(&vault, Vec::new()).await;
    let puts: Vec<Put> = ada.push_values(&vault, &mut writer, &["kept\n", "purged\n"]).await;
    let Put { entry, pointer, .. } = puts[1];
    push(&ada, &vault, &mut writer, Cause::Push, Change::Remove(Remove { entry })).await;
    let both = || (count(&vault, "application.db", "pointers"), count(&vault, "vault.db", "sealed_values"));
    assert_eq!(both(), (2, 2), "what was removed can be brought back");
    push(&ada, &vault, &mut writer, Cause::Purge, Change::Purge(Purge { pointer })).await;
    assert_eq!(both(), (1, 1));
    let query = QueryValues { pointers: vec![puts[0].pointer, pointer] };
    let values: Values = ada.post(&vault, &writer.path("values/query"), &query).await.ok();
    assert_eq!(values.values.iter().map(|value| value.pointer).collect::<Vec<_>>(), [puts[0].pointer]);
}
