//! Two at once: the second one hears where things stand, and nothing of what it sent is stored.

use twinlock_protocol::api::{Appended, EventsPage, ProblemCode, Pushed, RevisionsPage};
use twinlock_protocol::event::{Event, ProjectCreated};
use twinlock_protocol::revision::{Cause, Change};
use twinlock_protocol::{Envelope, ProjectId};

use crate::support::{Client, Vault, random};

fn project(ada: &Client) -> Envelope {
    let event = ProjectCreated { project: ProjectId::new(random()), label: ada.label("p") };
    ada.sign(Event::ProjectCreated(event))
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_events_at_one_place_the_second_hears_the_new_head() {
    let vault = Vault::start().await;
    let mut ada = Client::create(&vault).await;
    let (first, second) = (project(&ada), project(&ada));
    let appended: Appended = ada.append(&vault, vec![first.clone()], Vec::new()).await.ok();
    let problem = ada.append(&vault, vec![second], Vec::new()).await.refused(409, ProblemCode::LogMoved);
    assert_eq!(problem.log, Some(appended.head));
    // The first one again: its answer was lost.
    let again: Appended = ada.append(&vault, vec![first.clone()], Vec::new()).await.ok();
    assert_eq!(again, appended);
    ada.team.append(&first).unwrap();
    assert_eq!(ada.team.head(), appended.head);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_events_at_one_place_leave_one() {
    let vault = Vault::start().await;
    let ada = Client::create(&vault).await;
    let before = ada.team.head().sequence;
    let appends = (0..8).map(|_| ada.append(&vault, vec![project(&ada)], Vec::new()));
    let answers = futures::future::join_all(appends).await;
    let accepted = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(accepted, 1);
    for answer in answers.iter().filter(|answer| answer.status != 200) {
        answer.refused(409, ProblemCode::LogMoved);
    }
    let page: EventsPage = ada.get(&vault, &ada.events_path()).await.ok();
    assert_eq!(page.head.sequence, before + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_revisions_on_one_head_the_second_hears_the_new_head() {
    let vault = Vault::start().await;
    let mut ada = Client::create(&vault).await;
    let writer = ada.create_environment(&vault, Vec::new()).await;
    let mut statements = Vec::new();
    for value in ["one\n", "two\n"] {
        let (puts, blobs) = writer.seal(&[value]);
        ada.put_values(&vault, &writer, &blobs).await.done();
        let changes = puts.into_iter().map(Change::Put).collect();
        statements.push(ada.revision(&writer, Cause::Push, changes));
    }
    let first: Pushed = ada.push(&vault, &writer, &statements[0]).await.ok();
    let problem = ada.push(&vault, &writer, &statements[1]).await.refused(409, ProblemCode::HeadMoved);
    assert_eq!(problem.head, Some(first.head));
    let again: Pushed = ada.push(&vault, &writer, &statements[0]).await.ok();
    assert_eq!(again, first);
    let page: RevisionsPage = ada.get(&vault, &writer.path("revisions")).await.ok();
    assert_eq!((page.statements, page.head), (vec![statements[0].clone()], first.head));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revision_signed_at_an_older_log_is_signed_again() {
    let vault = Vault::start().await;
    let mut ada = Client::create(&vault).await;
    let writer = ada.create_environment(&vault, Vec::new()).await;
    let (puts, blobs) = writer.seal(&["one\n"]);
    ada.put_values(&vault, &writer, &blobs).await.done();
    let changes: Vec<Change> = puts.into_iter().map(Change::Put).collect();
    let old = ada.revision(&writer, Cause::Push, changes.clone());
    let statement = project(&ada);
    ada.append(&vault, vec![statement.clone()], Vec::new()).await.ok::<Appended>();
    ada.team.append(&statement).unwrap();

    let problem = ada.push(&vault, &writer, &old).await.refused(409, ProblemCode::LogMoved);
    assert_eq!(problem.log, Some(ada.team.head()));
    let again = ada.revision(&writer, Cause::Push, changes);
    let pushed: Pushed = ada.push(&vault, &writer, &again).await.ok();
    assert_eq!(pushed.head.number, 1);
}
