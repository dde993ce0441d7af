//! Values on their way: put, named by a revision, asked for.

use twinlock_protocol::Pointer;
use twinlock_protocol::api::{ProblemCode, Pushed, QueryValues, RevisionsPage, Snapshot, ValueBlob, Values};
use twinlock_protocol::encoding::Bytes;
use twinlock_protocol::event::Level;
use twinlock_protocol::limits;
use twinlock_protocol::revision::{Cause, Change, Remove};

use crate::support::{Client, Vault, Writer, random};

async fn query(client: &Client, vault: &Vault, writer: &Writer, pointers: Vec<Pointer>) -> Vec<ValueBlob> {
    let answer = client.post(vault, &writer.path("values/query"), &QueryValues { pointers }).await;
    answer.ok::<Values>().values
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_pushed_is_served_byte_for_byte_also_after_a_restart() {
    let vault = Vault::start().await;
    let mut ada = Client::create(&vault).await;
    let mut writer = ada.create_environment(&vault, Vec::new()).await;
    let texts = ["\"postgres://…\"  # main\n", "", "'x'\r\n"];
    let puts = ada.push_values(&vault, &mut writer, &texts).await;
    ada.push_values(&vault, &mut writer, &["later\n"]).await;
    let vault = vault.restart().await;
    let served = query(&ada, &vault, &writer, puts.iter().map(|put| put.pointer).collect()).await;
    let opened: Vec<String> = served
        .iter()
        .map(|value| writer.value_key.open_value(value.pointer, &value.blob).unwrap().expose().to_owned())
        .collect();
    assert_eq!(opened, texts);
    // And the history goes on.
    ada.push_values(&vault, &mut writer, &["even later\n"]).await;
    assert_eq!(writer.environment.head().number, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pointer_keeps_its_first_value() {
    let vault = Vault::start().await;
    let mut ada = Client::create(&vault).await;
    let writer = ada.create_environment(&vault, Vec::new()).await;
    let other = ada.create_environment(&vault, Vec::new()).await;
    let (_, first) = writer.seal(&["one\n"]);
    let (_, second) = writer.seal(&["two\n"]);
    ada.put_values(&vault, &writer, &first).await.done();
    ada.put_values(&vault, &writer, &first).await.done();

    let mixed =
        vec![second[0].clone(), ValueBlob { pointer: first[0].pointer, blob: second[0].blob.clone() }];
    let problem = ada.put_values(&vault, &writer, &mixed).await.refused(409, ProblemCode::PointerTaken);
    assert_eq!(problem.pointers, [first[0].pointer]);
    ada.put_values(&vault, &other, &first).await.refused(409, ProblemCode::PointerTaken);
    // Of a request that is refused nothing is kept.
    let served = query(&ada, &vault, &writer, vec![first[0].pointer, second[0].pointer]).await;
    assert_eq!(served, first);
    assert_eq!(query(&ada, &vault, &other, vec![first[0].pointer]).await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revision_that_names_values_which_are_not_there_is_refused() {
    let vault = Vault::start().await;
    let mut ada = Client::create(&vault).await;
    let mut writer = ada.create_environment(&vault, Vec::new()).await;
    let other = ada.create_environment(&vault, Vec::new()).await;
    let (puts, blobs) = writer.seal(&["here\n", "missing\n", "elsewhere\n", "another\n"]);
    ada.put_values(&vault, &writer, &blobs[..1]).await.done();
    ada.put_values(&vault, &other, &blobs[2..3]).await.done();
    let (_, another) = writer.seal(&["not that\n"]);
    let another = ValueBlob { pointer: puts[3].pointer, blob: another[0].blob.clone() };
    ada.put_values(&vault, &writer, &[another]).await.done();

    let changes = puts.iter().cloned().map(Change::Put).collect();
    let statement = ada.revision(&writer, Cause::Push, changes);
    let problem = ada.push(&vault, &writer, &statement).await.refused(409, ProblemCode::ValuesMissing);
    assert_eq!(problem.pointers, [puts[1].pointer, puts[2].pointer, puts[3].pointer]);
    // Nothing of it was stored, and what was there can still be pushed.
    let statement = ada.revision(&writer, Cause::Push, vec![Change::Put(puts[0].clone())]);
    let pushed: Pushed = ada.push(&vault, &writer, &statement).await.ok();
    writer.environment.append(&ada.team, &statement).unwrap();
    assert_eq!(pushed.head, writer.environment.head());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_revision_names_yet_is_served_to_its_uploader_alone() {
    let vault = Vault::start().await;
    let mut ada = Client::create(&vault).await;
    let writer = ada.create_environment(&vault, Vec::new()).await;
    let ben = ada.let_join(&vault, &[(&writer, Level::Write)]).await;
    let (_, blobs) = writer.seal(&["draft\n"]);
    ada.put_values(&vault, &writer, &blobs).await.done();
    let pointers = vec![blobs[0].pointer];
    assert_eq!(query(&ada, &vault, &writer, pointers.clone()).await, blobs);
    assert_eq!(query(&ben, &vault, &writer, pointers).await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_and_forms_are_checked() {
    let vault = Vault::start().await;
    let mut ada = Client::create(&vault).await;
    let writer = ada.create_environment(&vault, Vec::new()).await;
    let (_, blobs) = writer.seal(&["one\n"]);
    let put = |values: Vec<ValueBlob>| {
        let (ada, vault, writer) = (&ada, &vault, &writer);
        async move { ada.put_values(vault, writer, &values).await }
    };
    put(vec![blobs[0].clone(), blobs[0].clone()]).await.refused(400, ProblemCode::BadRequest);
    let not_sealed = ValueBlob { pointer: Pointer::new(random()), blob: Bytes(b"in the clear".to_vec()) };
    put(vec![not_sealed]).await.refused(422, ProblemCode::Refused);
    let large = "x".repeat(2 * limits::VALUE_BYTES);
    put(writer.seal(&[large.as_str()]).1).await.refused(413, ProblemCode::TooLarge);
    let many: Vec<&str> = vec!["x"; limits::PAGE + 1];
    put(writer.seal(&many).1).await.refused(413, ProblemCode::TooLarge);
    // As large as a value may be; and many of these are too much together, though neither each nor their number is.
    let large = "x".repeat(limits::VALUE_BYTES);
    put(writer.seal(&[large.as_str()]).1).await.done();
    put(writer.seal(&[large.as_str(); 32]).1).await.refused(413, ProblemCode::TooLarge);
    put(a_full_page(&writer)).await.done();
    let mut pointers = vec![blobs[0].pointer; limits::PAGE + 1];
    let path = writer.path("values/query");
    let query = QueryValues { pointers: pointers.clone() };
    ada.post(&vault, &path, &query).await.refused(413, ProblemCode::TooLarge);
    pointers.pop();
    ada.post(&vault, &path, &QueryValues { pointers }).await.ok::<Values>();

    for body in ["", "[]", "{\"values\":[],\"values\":[]}", "{\"values\":[],\"more\":1}"] {
        let team = ada.team.id();
        let path = writer.path("values");
        let body = body.as_bytes().to_vec();
        let request =
            crate::support::Signed::new(&ada.computer, team, "PUT", &path, body, crate::support::now());
        request.send(&vault).await.refused(400, ProblemCode::BadRequest);
    }
}

/// Values that are together as large as a page may be, to the byte.
fn a_full_page(writer: &Writer) -> Vec<ValueBlob> {
    let kib_4 = 4096;
    let padded = [vec![33 * kib_4; 59], vec![50 * kib_4; 2], vec![2048, 128, 64]].concat();
    // A length field of four bytes is padded with the text.
    let texts: Vec<String> = padded.into_iter().map(|bytes| "x".repeat(bytes - 4)).collect();
    let (_, blobs) = writer.seal(&texts.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(blobs.iter().map(|value| value.blob.len()).sum::<usize>(), limits::PAGE_BYTES);
    blobs
}

#[tokio::test(flavor = "multi_thread")]
async fn large_values_come_in_pages() {
    let vault = Vault::start().await;
    let mut ada = Client::create(&vault).await;
    let mut writer = ada.create_environment(&vault, Vec::new()).await;
    let text = "x".repeat(limits::VALUE_BYTES - 10);
    let mut pointers = Vec::new();
    for _ in 0..2 {
        let puts = ada.push_values(&vault, &mut writer, &[text.as_str(); 20]).await;
        pointers.extend(puts.into_iter().map(|put| put.pointer));
    }
    let mut served = 0;
    let mut pages = 0;
    while served < pointers.len() {
        let page = query(&ada, &vault, &writer, pointers[served..].to_vec()).await;
        assert!(!page.is_empty());
        let size: usize = page.iter().map(|value| value.blob.len()).sum();
        assert!(size <= limits::PAGE_BYTES);
        served += page.len();
        pages += 1;
    }
    assert_eq!((served, pages), (40, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_values_of_an_environment_are_bounded_together() {
    let vault = Vault::start().await;
    let mut ada = Client::create(&vault).await;
    let mut writer = ada.create_environment(&vault, Vec::new()).await;
    let text = "x".repeat(limits::VALUE_BYTES);
    let mut all = Vec::new();
    for _ in 0..2 {
        all.extend(ada.push_values(&vault, &mut writer, &[text.as_str(); 31]).await);
    }
    let vault = vault.restart().await;
    let (puts, blobs) = writer.seal(&[text.as_str(); 2]);
    ada.put_values(&vault, &writer, &blobs).await.done();
    let one_more = ada.revision(&writer, Cause::Push, vec![Change::Put(puts[0].clone())]);
    let problem = ada.push(&vault, &writer, &one_more).await.refused(413, ProblemCode::TooLarge);
    assert_eq!(problem.refusal.as_deref(), Some("limit"));
    // Something in the place of something else is no more than there was.
    let gone = Change::Remove(Remove { entry: all[0].entry });
    let instead = ada.revision(&writer, Cause::Push, vec![gone, Change::Put(puts[0].clone())]);
    ada.push(&vault, &writer, &instead).await.ok::<Pushed>();
    writer.environment.append(&ada.team, &instead).unwrap();
    let one_more = ada.revision(&writer, Cause::Push, vec![Change::Put(puts[1].clone())]);
    ada.push(&vault, &writer, &one_more).await.refused(413, ProblemCode::TooLarge);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_environment_can_be_as_large_as_the_limit() {
    let vault = Vault::start().await;
    let mut ada = Client::create(&vault).await;
    let mut writer = ada.create_environment(&vault, Vec::new()).await;
    let (puts, blobs) = writer.seal(&vec!["value\n"; limits::ENTRIES]);
    for page in blobs.chunks(limits::PAGE) {
        ada.put_values(&vault, &writer, page).await.done();
    }
    let statement = ada.revision(&writer, Cause::Push, puts.into_iter().map(Change::Put).collect());
    ada.push(&vault, &writer, &statement).await.ok::<Pushed>();
    writer.environment.append(&ada.team, &statement).unwrap();
    let vault = vault.restart().await;
    let snapshot: Snapshot = ada.get(&vault, &writer.path("snapshot")).await.ok();
    assert_eq!((snapshot.entries.len(), snapshot.head), (limits::ENTRIES, writer.environment.head()));
    let page: RevisionsPage = ada.get(&vault, &writer.path("revisions")).await.ok();
    assert_eq!(page.statements, [statement]);
}
