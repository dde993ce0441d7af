//! Somebody who renews the keys, and takes the occasion: a patched client that changes, swaps, renames, moves or leaves out what
//! it seals anew. No server can see that; it is shown to everybody else as what it is, a change by whoever sealed it.

use twinlock_client::store::Mode;
use twinlock_client::view::RevisionKind;
use twinlock_client::{Cause, Event, Role, Selection};
use twinlock_protocol::revision::{Change, Purge, Remove, Revision};
use twinlock_tests::collusion::Collusion;

use crate::keys::rotation;
use crate::setting::{Setting, kept};

/// What is there before.
const TEXT: &str = "# the first\nA=1\nB=2\n";
const TEXTS: [(&str, &str); 3] = [("", "# the first\n"), ("A=", "1\n"), ("B=", "2\n")];

/// What a rotator does to the changes before they are signed.
type LayHands = fn(&mut Vec<Change>);

/// One trick: what is sealed, what is done to the changes, the file afterwards, and what the history says of it.
struct Trick {
    name: &'static str,
    texts: [(&'static str, &'static str); 3],
    lay_hands: LayHands,
    text: &'static str,
    says: &'static [(Option<&'static str>, RevisionKind)],
    by_the_rotator: &'static [&'static str],
}

const TRICKS: &[Trick] = &[
    Trick { name: "nothing", texts: TEXTS, lay_hands: |_| {}, text: TEXT, says: &[], by_the_rotator: &[] },
    Trick {
        name: "another value",
        texts: [("", "# the first\n"), ("A=", "1\n"), ("B=", "evil\n")],
        lay_hands: |_| {},
        text: "# the first\nA=1\nB=evil\n",
        says: &[(Some("B"), RevisionKind::Changed)],
        by_the_rotator: &["B"],
    },
    Trick {
        name: "two values swapped",
        texts: [("", "# the first\n"), ("A=", "2\n"), ("B=", "1\n")],
        lay_hands: |_| {},
        text: "# the first\nA=2\nB=1\n",
        says: &[(Some("A"), RevisionKind::Changed), (Some("B"), RevisionKind::Changed)],
        by_the_rotator: &["A", "B"],
    },
    Trick {
        name: "another name",
        texts: [("", "# the first\n"), ("A=", "1\n"), ("PATH=", "2\n")],
        lay_hands: |_| {},
        text: "# the first\nA=1\nPATH=2\n",
        says: &[(Some("PATH"), RevisionKind::Changed)],
        by_the_rotator: &["PATH"],
    },
    Trick {
        name: "another comment",
        texts: [("", "# see evil.example\n"), ("A=", "1\n"), ("B=", "2\n")],
        lay_hands: |_| {},
        text: "# see evil.example\nA=1\nB=2\n",
        says: &[(None, RevisionKind::Comment)],
        by_the_rotator: &[],
    },
    Trick {
        name: "another order",
        texts: TEXTS,
        lay_hands: |changes| {
            let [_, Change::Put(a), Change::Put(b)] = changes.as_mut_slice() else { panic!("three puts") };
            std::mem::swap(&mut a.position, &mut b.position);
        },
        text: "# the first\nB=2\nA=1\n",
        says: &[(Some("A"), RevisionKind::Moved), (Some("B"), RevisionKind::Moved)],
        by_the_rotator: &[],
    },
    Trick {
        name: "one left out",
        texts: TEXTS,
        lay_hands: |changes| {
            let Some(Change::Put(put)) = changes.pop() else { panic!("a put") };
            changes.push(Change::Remove(Remove { entry: put.entry }));
        },
        text: "# the first\nA=1\n",
        says: &[(Some("B"), RevisionKind::Removed)],
        by_the_rotator: &[],
    },
];

#[tokio::test(flavor = "multi_thread")]
async fn what_changes_while_keys_are_renewed_is_shown_as_a_change_by_whoever_renewed_them() {
    let setting = Setting::new(Mode::Ask).await;
    let (_, mut wanda, id) = setting.with_writer(Role::Admin).await;
    let mut news = setting.ben.client.events();
    for trick in TRICKS {
        let name = trick.name;
        setting.ada.save(TEXT);
        setting.ada.client.push(&setting.ada.env(), Selection::All).await.unwrap();
        setting.ben.client.pull(&setting.ben.env()).await.unwrap();
        setting.check_in_step().await;
        wanda.refresh().await;
        let (rotation, values) = rotation(&wanda, id, &trick.texts, trick.lay_hands, None);
        wanda.put_values(id, &values).await.ok();
        wanda.rotate(id, &rotation).await.ok();
        let _former = announced(&mut news);

        setting.ben.client.pull(&setting.ben.env()).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        let told = (!trick.says.is_empty()).then_some(trick.says.len());
        assert_eq!(announced(&mut news), told, "{name}");
        let rotator = rotation_by(&setting, name, trick).await;
        assert_eq!(setting.ben.text(), trick.text, "{name}");
        let variables = setting.ben.client.variables(id).await.unwrap();
        let theirs: Vec<_> = variables
            .iter()
            .filter(|variable| variable.by == rotator)
            .map(|variable| &variable.name)
            .collect();
        assert_eq!(theirs, trick.by_the_rotator, "{name}");
        setting.ada.client.pull(&setting.ada.env()).await.unwrap();
    }
}

/// How many changes the last revision that was announced is said to have brought, if any was.
fn announced(news: &mut tokio::sync::broadcast::Receiver<Event>) -> Option<usize> {
    let mut changes = None;
    while let Ok(event) = news.try_recv() {
        if let Event::RevisionArrived { changes: told, .. } = event {
            changes = Some(told);
        }
    }
    changes
}

/// What was there before is destroyed right after it was changed, so that nobody can compare.
#[tokio::test(flavor = "multi_thread")]
async fn a_renewal_that_cannot_be_compared_any_more_is_announced() {
    let setting = Setting::new(Mode::Ask).await;
    let (_, mut wanda, id) = setting.with_writer(Role::Admin).await;
    setting.ada.save(TEXT);
    setting.ada.client.push(&setting.ada.env(), Selection::All).await.unwrap();
    setting.ben.client.pull(&setting.ben.env()).await.unwrap();
    wanda.refresh().await;
    let former: Vec<_> = wanda.chain(id).in_order().map(|(_, entry)| entry.pointer).collect();
    let texts = [("", "# the first\n"), ("A=", "1\n"), ("B=", "evil\n")];
    let (rotation, values) = rotation(&wanda, id, &texts, |_| {}, None);
    wanda.put_values(id, &values).await.ok();
    wanda.rotate(id, &rotation).await.ok();
    wanda.refresh().await;
    let purges = former.into_iter().map(|pointer| Change::Purge(Purge { pointer })).collect();
    let purge = Revision { cause: Cause::Purge, ..wanda.revision(id, purges) };
    wanda.push(id, &wanda.sign_revision(&purge)).await.ok();

    let mut news = setting.ben.client.events();
    setting.ben.client.pull(&setting.ben.env()).await.unwrap();
    let mut told = Vec::new();
    while let Ok(event) = news.try_recv() {
        if let Event::RevisionArrived { changes, .. } = event {
            told.push(changes);
        }
    }
    // The renewal, none of whose three texts can be compared, and the revision that purged.
    assert_eq!(told, [3, 3]);
    assert_eq!(setting.ben.text(), "# the first\nA=1\nB=evil\n", "it is hers to write; and she is named");
}

/// What the history says of the rotation, to Ben. Gives whose it says it is.
async fn rotation_by(setting: &Setting, name: &str, trick: &Trick) -> String {
    let id = setting.environment().await;
    let log = setting.ben.client.log(id, None).await.unwrap();
    let last = log.first().unwrap();
    assert_eq!((last.cause, last.not_compared), (Cause::Rotate, 0), "{name}");
    let said: Vec<_> = last.changes.iter().map(|change| (change.name.as_deref(), change.kind)).collect();
    assert_eq!(said, trick.says, "{name}");
    last.by.clone()
}

/// What is done to the changes of a renewal that is none: three ways to cover something else than what is there.
const INCOMPLETE: [(&str, LayHands); 3] = [
    ("one is not sealed anew", |changes| drop(changes.pop())),
    ("one is there twice", |changes| {
        let again = changes[1].clone();
        changes.push(again);
    }),
    ("one more than there was", |changes| {
        let Change::Put(mut put) = changes[1].clone() else { panic!("a put") };
        put.entry = twinlock_protocol::ids::EntryId::new([7; 16]);
        put.pointer = twinlock_protocol::ids::Pointer::new([7; 16]);
        put.position = "zz".parse().unwrap();
        changes.push(Change::Put(put));
    }),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_renewal_that_does_not_cover_exactly_what_is_there_is_refused_by_everybody() {
    let setting = Setting::new(Mode::Ask).await;
    // Each of them is lied to once: Wanda did sign the opening that comes with it, so whoever has seen it is led astray.
    let victims = [setting.joins("Cleo").await, setting.joins("Dan").await, setting.joins("Eve").await];
    let (_, wanda, id) = setting.with_writer(Role::Admin).await;
    for ((name, lay_hands), victim) in INCOMPLETE.into_iter().zip(&victims) {
        victim.client.pull(&victim.env()).await.unwrap();
        let (rotation, values) = rotation(&wanda, id, &crate::keys::TEXTS, lay_hands, None);
        wanda.put_values(id, &values).await.ok();
        let answer = wanda.rotate(id, &rotation).await;
        assert_eq!(answer.status, 422, "{name}: {answer:?}");
        let code = answer.refusal().to_owned();
        assert!(["rotation-incomplete", "entry"].contains(&code.as_str()), "{name}: {code}");
        let lie = Collusion::revisions(id, [rotation.revision])
            .and_events([rotation.event])
            .and_values(values)
            .lie();
        let (text, before) = (victim.text(), kept(victim));
        setting.proxy.lie(lie);
        let error = victim.client.pull(&victim.env()).await.map(|it| it.pulled).unwrap_err();
        setting.proxy.be_honest();
        assert!(error.to_string().contains(&format!("({code})")), "{name}: {error}");
        assert_eq!((victim.text(), &kept(victim)[1..3]), (text, &before[1..3]), "{name}");
    }
    setting.check_in_step().await;
}
