//! Content that a writer signed and that is none (`docs/protocol.md`, section 11): it is marked with its author, its line
//! in no file changes, and everything else goes on.

use twinlock_client::store::Mode;
use twinlock_client::view::ChangeKind;
use twinlock_client::{Role, Selection};
use twinlock_protocol::api::ValueBlob;
use twinlock_protocol::environment::digest;
use twinlock_protocol::revision::Change;

use crate::setting::{Setting, shown};

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_open_or_is_not_one_entry_stops_nothing_else() {
    let setting = Setting::new(Mode::Ask).await;
    let (_, mut wanda, environment) = setting.with_writer(Role::Member).await;

    // A good one; sealed under no key of the team; a value that brings a variable with it; a left half that is none.
    let stranger = wanda.stranger();
    let (mut changes, mut values) = wanda.seal(
        environment,
        &[
            ("GOOD=", "1\n"),
            ("LOST=", "1\n"),
            ("BRINGS=", "1\nLD_PRELOAD=/tmp/evil.so\n"),
            ("NOT A NAME", "1\n"),
            ("PATHS=", "\"closed\"\nBASH_ENV=/tmp/evil.sh\n"),
            ("NAMELESS=", "1\n"),
        ],
    );
    let (other, other_values) = stranger.seal(environment, &[("LOST=", "1\n"), ("NAMELESS=", "1\n")]);
    reseal_value(&mut changes[1], &mut values[1], &other_values[0]);
    if let (Change::Put(put), Change::Put(other)) = (&mut changes[5], &other[1]) {
        put.name.clone_from(&other.name);
    }
    // Ben's own A changes to something that does not open either.
    let (entry, position) = {
        let (id, entry) = wanda.chain(environment).in_order().nth(1).unwrap();
        (id, entry.position.clone())
    };
    let (mut broken, mut broken_values) = stranger.seal(environment, &[("A=", "2\n")]);
    if let Change::Put(put) = &mut broken[0] {
        put.entry = entry;
        put.position = position;
    }
    changes.append(&mut broken);
    values.append(&mut broken_values);
    wanda.pushes(environment, changes, &values).await;

    let text = setting.ben.text();
    let pulled = setting.ben.client.pull(&setting.ben.env()).await.unwrap();
    assert_eq!(pulled.pulled, 1, "{}", setting.ben.text());
    assert_eq!(setting.ben.text(), format!("{text}GOOD=1\n"));
    assert_eq!(shown(&setting.ben).await, None, "nobody lied but the author");
    let file = setting.ben.client.linked_file(&setting.ben.env()).unwrap().id;
    let changes = setting.ben.client.changes(file).await.unwrap();
    let damaged: Vec<_> = changes.there.iter().filter(|change| change.kind == ChangeKind::Damaged).collect();
    assert_eq!(damaged.len(), 6);
    assert!(damaged.iter().all(|change| change.by.as_deref() == Some("Somebody")), "{damaged:?}");

    // Ben goes on pushing and pulling beside it, and Ada's change of the broken line mends it.
    setting.ben.save(&format!("{text}GOOD=1\nMINE=1\n"));
    setting.ben.client.push(&setting.ben.env(), Selection::Names(["MINE".to_owned()].into())).await.unwrap();
    setting.ada.client.pull(&setting.ada.env()).await.unwrap();
    assert!(setting.ada.text().contains("MINE=1\n"), "{}", setting.ada.text());
    assert!(!setting.ada.text().contains("LD_PRELOAD"));
    // New keys leave behind what never opened.
    setting.ada.client.rotate_environment(environment).await.unwrap();
    setting.ben.client.pull(&setting.ben.env()).await.unwrap();
    setting.ada.client.pull(&setting.ada.env()).await.unwrap();
    let changes = setting.ben.client.changes(file).await.unwrap();
    assert!(changes.there.iter().all(|change| change.kind != ChangeKind::Damaged), "{:?}", changes.there);
    setting.check_in_step().await;
}

/// Puts another value's blob in the place of this one's, and signs for that.
fn reseal_value(change: &mut Change, value: &mut ValueBlob, other: &ValueBlob) {
    value.blob.clone_from(&other.blob);
    if let Change::Put(put) = change {
        put.digest = digest(&value.blob);
    }
}
