//! Clients that hang up, and a vault service that fails half way: nothing acknowledged is lost, nothing sticks.

use std::time::Duration;

use jiff::ToSpan as _;
use rusqlite::Connection;
use twinlock_protocol::ProjectId;
use twinlock_protocol::api::{Appended, EventsPage, ProblemCode, QueryValues, Values};
use twinlock_protocol::event::{Event, ProjectCreated};
use twinlock_protocol::revision::{Cause, Change};

use crate::support::{Client, Vault, data, random};

/// Reads on, until this client knows all that was stored.
async fn catch_up(client: &mut Client, vault: &Vault) {
    let after = client.team.head().sequence;
    let page: EventsPage = client.get(vault, &format!("{}?after={after}", client.events_path())).await.ok();
    for statement in &page.statements {
        client.team.append(statement).unwrap();
    }
    assert_eq!(client.team.head(), page.head);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_hangs_up_at_any_moment_leaves_the_vault_well() {
    let vault = Vault::start().await;
    let mut ada = Client::create(&vault).await;
    let start = ada.team.head().sequence;
    for round in 0..60 {
        let project = ProjectCreated { project: ProjectId::new(random()), label: ada.label("p") };
        let statement = ada.sign(Event::ProjectCreated(project));
        // Cut off ever later: before the request, while it is stored, after the answer.
        let sent = ada.append(&vault, vec![statement], Vec::new());
        let _ = tokio::time::timeout(Duration::from_micros(round * 250), sent).await;
        catch_up(&mut ada, &vault).await;
    }
    let project = ProjectCreated { project: ProjectId::new(random()), label: ada.label("last") };
    // What was cut off may still be on its way to the log, so this one may have to be signed again.
    let mut stored = None;
    for _ in 0..60 {
        let statement = ada.sign(Event::ProjectCreated(project.clone()));
        let answer = ada.append(&vault, vec![statement], Vec::new()).await;
        if answer.status == 409 {
            answer.refused(409, ProblemCode::LogMoved);
            catch_up(&mut ada, &vault).await;
            continue;
        }
        stored = Some(answer.ok::<Appended>());
        break;
    }
    assert!(stored.is_some_and(|appended| appended.head.sequence > start));
    let vault = vault.restart().await;
    catch_up(&mut ada, &vault).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_vault_service_did_not_take_is_put_again_and_what_it_did_not_delete_is_swept_again() {
    let vault = Vault::start().await;
    let mut ada = Client::create(&vault).await;
    let mut writer = ada.create_environment(&vault, Vec::new()).await;
    let (_, swept) = writer.seal(&["to be swept\n"]);
    ada.put_values(&vault, &writer, &swept).await.done();
    let (puts, blobs) = writer.seal(&["to be kept\n"]);

    // Somebody else holds the vault's database, so the vault service fails.
    let mut connection = Connection::open(data(&vault.folder).join("vault.db")).unwrap();
    let hold = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).unwrap();
    let later = jiff::Timestamp::now() + 25.hours();
    assert!(vault.running.sweep(later).await.is_err());
    ada.put_values(&vault, &writer, &blobs).await.refused(503, ProblemCode::Unavailable);
    // Marked dying, so nobody may rely on it any more; the other is noted, and not good for a revision yet.
    ada.put_values(&vault, &writer, &swept).await.refused(409, ProblemCode::PointerTaken);
    let statement = ada.revision(&writer, Cause::Push, vec![Change::Put(puts[0].clone())]);
    ada.push(&vault, &writer, &statement).await.refused(409, ProblemCode::ValuesMissing);
    let query = QueryValues { pointers: vec![swept[0].pointer, blobs[0].pointer] };
    let path = writer.path("values/query");
    assert_eq!(ada.post(&vault, &path, &query).await.ok::<Values>().values, []);
    drop(hold);

    let vault = vault.restart().await;
    ada.put_values(&vault, &writer, &blobs).await.done();
    // A vault sweeps by itself when it starts; this waits for it, and goes on where it stopped.
    vault.running.sweep(jiff::Timestamp::now()).await.unwrap();
    ada.push(&vault, &writer, &statement).await.ok::<twinlock_protocol::api::Pushed>();
    writer.environment.append(&ada.team, &statement).unwrap();
    assert_eq!(ada.post(&vault, &path, &query).await.ok::<Values>().values, blobs);
    // The pointer is forgotten whole, so it is free again.
    ada.put_values(&vault, &writer, &swept).await.done();
}
