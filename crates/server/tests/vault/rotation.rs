//! New keys: due after a loss, and all or nothing.

use std::collections::BTreeSet;

use twinlock_protocol::api::{Appended, MissingWraps, ProblemCode, QueryValues, Rotate, Rotated, Values};
use twinlock_protocol::event::{Commitments, Event, GenerationOpened, Level, ProjectCreated};
use twinlock_protocol::revision::{Cause, Change, Put};
use twinlock_protocol::timestamp::Timestamp;
use twinlock_protocol::{Envelope, Generation, Pointer, ProjectId, environment};

use crate::support::{Client, Vault, Writer, environment_keys, in_a_day, now, random};

#[tokio::test(flavor = "multi_thread")]
async fn a_stale_environment_takes_nothing_new_until_its_keys_are_renewed() {
    let vault = Vault::start().await;
    let mut ada = Client::create(&vault).await;
    let mut writer = ada.create_environment(&vault, Vec::new()).await;
    let other = ada.create_environment(&vault, Vec::new()).await;
    ada.push_values(&vault, &mut writer, &["one\n", "two\n"]).await;
    let ben = ada.let_join(&vault, &[(&writer, Level::Write)]).await;

    let (puts, blobs) = writer.seal(&["three\n"]);
    ada.put_values(&vault, &writer, &blobs).await.done();
    let changes = puts.into_iter().map(Change::Put).collect();
    let statement = ada.revision(&writer, Cause::Push, changes);
    let problem = ada.push(&vault, &writer, &statement).await.refused(422, ProblemCode::Refused);
    assert_eq!(problem.refusal.as_deref(), Some("stale"));

    let (renewed, rotate) = renew(&mut ada, &vault, &writer).await;
    let few = Rotate { wraps: rotate.wraps[1..].to_vec(), ..rotate.clone() };
    let path = writer.path("rotations");
    ada.post(&vault, &path, &few).await.refused(422, ProblemCode::Wraps);
    let elsewhere = ada.post(&vault, &other.path("rotations"), &rotate).await;
    assert_eq!(elsewhere.refused(422, ProblemCode::Refused).refusal.as_deref(), Some("elsewhere"));
    let rotated: Rotated = ada.post(&vault, &path, &rotate).await.ok();
    assert_eq!((rotated.log, rotated.head), (ada.team.head(), renewed.environment.head()));
    let again: Rotated = ada.post(&vault, &path, &rotate).await.ok();
    assert_eq!(again, rotated);
    // Half of it again, with something else beside it, is no repetition.
    let changed = Rotate { revision: ada.revision(&renewed, Cause::Push, Vec::new()), ..rotate.clone() };
    ada.post(&vault, &path, &changed).await.refused(409, ProblemCode::LogMoved);
    let project = ProjectCreated { project: ProjectId::new(random()), label: ada.label("web") };
    let changed = Rotate { event: ada.sign(Event::ProjectCreated(project)), ..rotate };
    ada.post(&vault, &path, &changed).await.refused(422, ProblemCode::Refused);

    // Ben reads on, and pushes under the new keys.
    let mut ben = ben;
    ben.team = ada.team.clone();
    let mut renewed = renewed;
    ben.push_values(&vault, &mut renewed, &["four\n"]).await;
    let pointers: Vec<Pointer> = renewed.environment.in_order().map(|(_, entry)| entry.pointer).collect();
    let values: Values = ben.post(&vault, &writer.path("values/query"), &QueryValues { pointers }).await.ok();
    let texts: Vec<String> = values
        .values
        .iter()
        .map(|value| renewed.value_key.open_value(value.pointer, &value.blob).unwrap().expose().to_owned())
        .collect();
    assert_eq!(texts, ["one\n", "two\n", "four\n"]);
    let vault = vault.restart().await;
    ben.push_values(&vault, &mut renewed, &["five\n"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_half_of_a_rotation_is_taken_alone() {
    let vault = Vault::start().await;
    let mut ada = Client::create(&vault).await;
    let mut writer = ada.create_environment(&vault, Vec::new()).await;
    ada.push_values(&vault, &mut writer, &["one\n"]).await;
    let before = ada.team.clone();
    let (_, rotate) = renew(&mut ada, &vault, &writer).await;

    let problem = ada.append(&vault, vec![rotate.event.clone()], rotate.wraps.clone()).await;
    let problem = problem.refused(422, ProblemCode::Refused);
    assert_eq!(problem.refusal.as_deref(), Some("rotation-mismatch"));
    // The revision refers to a log that was never stored.
    ada.push(&vault, &writer, &rotate.revision).await.refused(409, ProblemCode::LogMoved);
    // An ordinary push in the middle: the rotation is no longer on the head.
    let after = std::mem::replace(&mut ada.team, before);
    ada.push_values(&vault, &mut writer, &["two\n"]).await;
    ada.team = after;
    let problem =
        ada.post(&vault, &writer.path("rotations"), &rotate).await.refused(409, ProblemCode::HeadMoved);
    assert_eq!(problem.head, Some(writer.environment.head()));
    // Nor is it with a revision that is.
    let revision = ada.revision(&writer, Cause::Rotate, Vec::new());
    let patched = Rotate { revision, ..rotate };
    let problem =
        ada.post(&vault, &writer.path("rotations"), &patched).await.refused(409, ProblemCode::HeadMoved);
    assert_eq!(problem.head, Some(writer.environment.head()));
}

/// Opens a new generation and seals everything anew; the values are put, nothing else is sent.
pub(crate) async fn renew(ada: &mut Client, vault: &Vault, writer: &Writer) -> (Writer, Rotate) {
    let id = writer.environment.id();
    let generation = Generation(writer.name_key.scope().generation.0 + 1);
    let (name_key, value_key) = environment_keys(ada.team.id(), id, generation);
    let event = ada.event(Event::GenerationOpened(GenerationOpened {
        environment: Some(id),
        generation,
        commitments: Commitments { name: name_key.commitment(), value: Some(value_key.commitment()) },
        head: Some(writer.environment.head()),
        labels: Vec::new(),
    }));
    let mut renewed = Writer { environment: writer.environment.clone(), name_key, value_key };
    let (mut puts, mut blobs) = (Vec::new(), Vec::new());
    for ((entry, before), text) in writer.environment.in_order().zip(["one\n", "two\n"]) {
        let pointer = Pointer::new(random());
        let blob = renewed.value_key.seal_value(pointer, text, &mut rand::rng());
        let name = renewed.name_key.seal_name(pointer, "NAME=", &mut rand::rng());
        let digest = environment::digest(&blob);
        puts.push(Change::Put(Put { entry, position: before.position.clone(), name, pointer, digest }));
        blobs.push(twinlock_protocol::api::ValueBlob { pointer, blob });
    }
    ada.put_values(vault, writer, &blobs).await.done();
    let revision: Envelope = ada.revision(&renewed, Cause::Rotate, puts);
    let wraps = ada.environment_wraps(&renewed);
    renewed.environment.append(&ada.team, &revision).unwrap();
    (renewed, Rotate { event, revision, wraps })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotate_revision_does_not_come_as_an_ordinary_push() {
    let vault = Vault::start().await;
    let mut ada = Client::create(&vault).await;
    let writer = ada.create_environment(&vault, Vec::new()).await;
    let (puts, blobs) = writer.seal(&["one\n"]);
    ada.put_values(&vault, &writer, &blobs).await.done();
    let statement = ada.revision(&writer, Cause::Rotate, puts.into_iter().map(Change::Put).collect());
    let problem = ada.push(&vault, &writer, &statement).await.refused(422, ProblemCode::Refused);
    assert_eq!(problem.refusal.as_deref(), Some("rotation-mismatch"));
    let pushed = ada.push_values(&vault, &mut { writer }, &["two\n"]).await;
    assert_eq!(pushed.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_teams_own_key_is_renewed_by_an_event_of_the_log() {
    let vault = Vault::start().await;
    let mut ada = Client::create(&vault).await;
    let ben = ada.let_join(&vault, &[]).await;
    assert!(ada.team.name_key_due());
    let renewed: Appended = ada.renew_team(&vault).await.ok();
    assert_eq!(renewed.head, ada.team.head());
    assert!(!ada.team.name_key_due());
    let wraps: twinlock_protocol::api::Wraps = ben.get(&vault, &ben.wraps_path()).await.ok();
    assert_eq!(wraps.wraps.iter().filter(|wrap| wrap.generation == Generation(2)).count(), 1);
}

/// Whose clock is a little ahead wraps nothing to what expires any moment; whose is behind may still do.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_past_its_time_is_due_no_keys() {
    let vault = Vault::start().await;
    let mut ada = Client::create(&vault).await;
    let mut writer = ada.create_environment(&vault, Vec::new()).await;
    ada.push_values(&vault, &mut writer, &["one\n"]).await;
    let access = [(&writer, Level::Read)];
    let in_a_minute = Timestamp(u64::try_from((now() + 60) * 1000).unwrap());
    let mut ended = Vec::new();
    for end in [Timestamp(1), in_a_minute] {
        let invite = ada.invite(&access, end);
        ended.push(invite.keyholder.id());
        ada.append(&vault, vec![invite.statement], invite.wraps).await.ok::<Appended>();
    }
    let open = ada.invite(&access, in_a_day());
    let waits = open.keyholder.id();
    ada.append(&vault, vec![open.statement], open.wraps).await.ok::<Appended>();

    let (_, rotate) = renew(&mut ada, &vault, &writer).await;
    let path = writer.path("rotations");
    let without = |id: &[twinlock_protocol::KeyholderId]| {
        let wraps = rotate.wraps.iter().filter(|wrap| !id.contains(&wrap.keyholder)).cloned().collect();
        Rotate { wraps, ..rotate.clone() }
    };
    ada.post(&vault, &path, &without(&[waits])).await.refused(422, ProblemCode::Wraps);
    ada.post(&vault, &path, &without(&ended)).await.ok::<Rotated>();
    // Nobody is asked to make up for it, but for the one that is not over yet.
    let missing: MissingWraps = ada.get(&vault, &format!("{}/missing", ada.wraps_path())).await.ok();
    let to: BTreeSet<_> = missing.missing.iter().map(|key| key.keyholder).collect();
    assert_eq!(to, [ended[1]].into());
}
