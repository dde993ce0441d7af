//! Keys that are none: wraps of other keys, to other people, or of other generations. A key counts only if it fits the
//! commitment in the signed log; what does not fit is passed over, seals nothing, and shuts nobody out.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use twinlock_client::ids::{EnvironmentId, KeyholderId, Pointer};
use twinlock_client::store::Mode;
use twinlock_client::{
    AccessRequest, Approval, CreateMissing, Error, InviteOptions, Level, Role, SecretText, Selection,
};
use twinlock_protocol::api::{Rotate, ValueBlob, Wrap};
use twinlock_protocol::encoding::{Bytes, from_base64url};
use twinlock_protocol::environment::digest;
use twinlock_protocol::event::{AccessChanged, Event, Grant, Half};
use twinlock_protocol::revision::{Cause, Change, Put};
use twinlock_protocol::team::Team;
use twinlock_seal::{NameKey, ValueKey};
use twinlock_tests::Computer;
use twinlock_tests::forge::{Forge, random};
use twinlock_tests::lying_proxy::{Asked, Lie, Told};

use crate::lies::Expect;
use crate::setting::{Setting, check_error, kept, lie};

/// An environment with one variable, whose keys Ben has not been given yet.
async fn new_environment(setting: &Setting, name: &str) -> EnvironmentId {
    let path = setting.ada.root.path().join(format!("{name}.env"));
    setting.ada.link_to(path.clone(), ("keys", name), CreateMissing::Yes, Mode::Ask).await;
    std::fs::write(&path, "S=1\n").unwrap();
    setting.ada.client.push(&path, Selection::All).await.unwrap();
    setting.ada.client.find_environment(&format!("keys/{name}")).await.unwrap()
}

fn wraps(change: impl Fn(&mut Vec<Value>) + Send + Sync + 'static) -> Lie {
    lie(move |asked, mut answer| {
        if asked.path.ends_with("/wraps")
            && let Some(wraps) = answer["wraps"].as_array_mut()
        {
            change(wraps);
        }
        Told::Json(answer)
    })
}

/// How often somebody says which keys do not open, from now on until the vault is honest again.
fn asks_for_keys(setting: &Setting) -> Arc<AtomicUsize> {
    let asks = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asks);
    setting.proxy.answer_in_place(Arc::new(move |asked| {
        if asked.method == "PUT" && asked.path.ends_with("/wraps/missing") {
            counted.fetch_add(1, Ordering::SeqCst);
        }
        None
    }));
    asks
}

/// Neither reads nor writes: without the team's keys nothing is shown, and nothing sealed.
async fn has_no_keys(what: &str, computer: &Computer, environment: EnvironmentId) {
    let read = computer.client.get(environment, "S").await.map(drop);
    let value = [("X".to_owned(), SecretText::new("1".to_owned()))];
    let written = computer.client.set(environment, &value).await.map(drop);
    for answer in [read, written] {
        match answer {
            Ok(()) => panic!("{what}: it went on"),
            Err(error) => {
                check_error(&Expect::NoKeys, &error).unwrap_or_else(|said| panic!("{what}: {said}"))
            }
        }
    }
}

async fn reads(what: &str, computer: &Computer, environment: EnvironmentId) {
    let read: Result<SecretText, Error> = computer.client.get(environment, "S").await;
    assert_eq!(read.unwrap_or_else(|error| panic!("{what}: {error}")).expose(), "1", "{what}");
}

/// Both keys, of somebody's own making, wrapped to somebody.
fn own_keys(by: &Forge, to: &Forge, environment: EnvironmentId) -> Vec<Wrap> {
    let scope = by.scope(Some(environment), by.generation(environment));
    let rng = &mut rand::rng();
    let (name, value) = (NameKey::generate(scope, rng), ValueKey::generate(scope, rng));
    let to = to.keyholder().public();
    [name.wrap(to, by.id(), rng), value.wrap(to, by.id(), rng)].into_iter().flatten().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_the_log_does_not_name_is_no_key() {
    let setting = Setting::new(Mode::Ask).await;
    let mut ada = Forge::of(&setting.ada, &setting.vault).await;
    let ben = Forge::of(&setting.ben, &setting.vault).await;
    for what in ["own", "own name", "own value", "halves", "elsewhere", "to another", "many", "none"] {
        let id = new_environment(&setting, what).await;
        ada.refresh().await;
        let this = json!(id);
        let (asks, wraps_before) = (asks_for_keys(&setting), kept(&setting.ben)[3]);
        let lie = match what {
            "own" => {
                let own = own_keys(&ada, &ben, id);
                wraps(move |wraps| {
                    wraps.retain(|wrap| wrap["environment"] != this);
                    wraps.extend(own.iter().map(|wrap| json!(wrap)));
                })
            }
            "own name" | "own value" => {
                let half = if what == "own name" { Half::Name } else { Half::Value };
                let own = own_keys(&ada, &ben, id);
                wraps(move |wraps| {
                    wraps.retain(|wrap| wrap["environment"] != this || wrap["half"] != json!(half));
                    wraps.extend(own.iter().filter(|wrap| wrap.half == half).map(|wrap| json!(wrap)));
                })
            }
            "halves" => wraps(|wraps| {
                for wrap in wraps.iter_mut() {
                    wrap["half"] = json!(if wrap["half"] == "name" { "value" } else { "name" });
                }
            }),
            "elsewhere" => wraps(move |wraps| {
                let mut others = wraps.iter().filter(|wrap| !wrap["environment"].is_null());
                let other = others.find(|wrap| wrap["environment"] != this).cloned().unwrap();
                for wrap in wraps.iter_mut().filter(|wrap| wrap["environment"] == this) {
                    wrap["sealed"] = other["sealed"].clone();
                    wrap["encapsulated"] = other["encapsulated"].clone();
                }
            }),
            // What Ada's computer can open, served to Ben.
            "to another" => {
                let hers = ada.wraps_to(ada.team(), ada.id());
                wraps(move |wraps| *wraps = hers.iter().map(|wrap| json!(wrap)).collect())
            }
            "many" => wraps(move |wraps| {
                let mut junk = wraps.iter().find(|wrap| wrap["environment"] == this).cloned().unwrap();
                junk["sealed"] = json!("A".repeat(64));
                *wraps = vec![junk; 200];
            }),
            _ => wraps(Vec::clear),
        };
        setting.proxy.lie(lie);
        has_no_keys(what, &setting.ben, id).await;
        assert!(setting.proxy.be_honest() > 0, "{what}");
        // What does not open is asked for; where nobody wrapped anything, whoever can will find out without that.
        assert_eq!(asks.load(Ordering::SeqCst) > 0, what != "none", "{what}");
        let opened = i64::from(what.starts_with("own "));
        assert_eq!(kept(&setting.ben)[3], wraps_before + opened, "{what}: junk is not kept");
        reads(what, &setting.ben, id).await;
    }
    setting.check_in_step().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn junk_by_a_member_shuts_nobody_out() {
    let setting = Setting::new(Mode::Ask).await;
    let id = new_environment(&setting, "junk").await;
    let mut ada = Forge::of(&setting.ada, &setting.vault).await;
    let ben = Forge::of(&setting.ben, &setting.vault).await;
    let mut wanda =
        ada.lets_join(Role::Member, vec![Grant { environment: id, level: Level::Write }], false).await;
    wanda.refresh().await;
    setting.ada.client.set_access("Ben", id, None).await.unwrap();
    ada.refresh().await;
    // The server cannot look inside: keys of the right size are taken, whoever they are of.
    let given = ada.sign(Event::AccessChanged(AccessChanged {
        environment: id,
        member: ben.member(),
        level: Some(Level::Write),
        head: None,
    }));
    ada.append(vec![given], own_keys(&ada, &ben, id)).await.ok();
    has_no_keys("junk", &setting.ben, id).await;
    // Another member's wraps stand beside them, and more junk changes nothing about these.
    ada.refresh().await;
    wanda.refresh().await;
    let good: Vec<Wrap> = wanda
        .wraps_to(wanda.team(), ben.id())
        .into_iter()
        .filter(|wrap| wrap.environment == Some(id))
        .collect();
    wanda.add_wraps(good).await.ok();
    ada.add_wraps(own_keys(&ada, &ben, id)).await.ok();
    reads("good wraps beside junk", &setting.ben, id).await;
    // Junk in somebody else's name, and junk of another size, are not taken at all.
    let in_wandas_name: Vec<Wrap> =
        own_keys(&ada, &ben, id).into_iter().map(|wrap| Wrap { wrapper: wanda.id(), ..wrap }).collect();
    assert_eq!(ada.add_wraps(in_wandas_name).await.code(), "wraps");
    let short: Vec<Wrap> = own_keys(&ada, &ben, id)
        .into_iter()
        .map(|wrap| Wrap { sealed: Bytes(vec![0; 47]), ..wrap })
        .collect();
    assert_eq!(ada.add_wraps(short).await.code(), "wraps");
}

#[tokio::test(flavor = "multi_thread")]
async fn different_keys_for_different_members_are_junk_to_those_who_got_the_false_ones() {
    let setting = Setting::new(Mode::Ask).await;
    let ben = Forge::of(&setting.ben, &setting.vault).await;
    let (mut ada, wanda, id) = setting.with_writer(Role::Member).await;
    let text = setting.ben.text();

    // Wanda renews the keys; Ben is given others than everybody else. Some wraps left out are not even taken.
    let (rotation, values) = rotation(&wanda, id, &TEXTS, |_| {}, Some(ben.id()));
    wanda.put_values(id, &values).await.ok();
    let mut without = rotation.clone();
    without.wraps.retain(|wrap| wrap.keyholder != ben.id());
    let answer = wanda.rotate(id, &without).await;
    assert_eq!((answer.status, answer.code()), (422, "wraps"), "{answer:?}");
    wanda.rotate(id, &rotation).await.ok();

    let error = setting.ben.client.pull(&setting.ben.env()).await.map(|outcome| outcome.pulled).unwrap_err();
    check_error(&Expect::NoKeys, &error).unwrap();
    setting.ben.save(&format!("{text}MINE=1\n"));
    let error =
        setting.ben.client.push(&setting.ben.env(), Selection::All).await.map(|out| out.pushed).unwrap_err();
    check_error(&Expect::NoKeys, &error).unwrap();
    assert_eq!(setting.ben.text(), format!("{text}MINE=1\n"));
    // Everybody else goes on, and any of them can give Ben the right ones.
    setting.ada.client.pull(&setting.ada.env()).await.unwrap();
    setting.ada.save("A=2\nB=1\n");
    setting.ada.client.push(&setting.ada.env(), Selection::All).await.unwrap();
    ada.refresh().await;
    ada.add_wraps(ada.wraps_to(ada.team(), ben.id())).await.ok();
    setting.ben.save(&text);
    setting.ben.client.pull(&setting.ben.env()).await.unwrap();
    setting.check_in_step().await;
}

/// Keys are renewed by whoever comes first, and nobody is told of that: unless it brings something with it.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_renewal_of_keys_brings_with_it_is_announced_as_a_change_of_whoever_renewed() {
    let setting = Setting::new(Mode::Ask).await;
    let (_, mut wanda, id) = setting.with_writer(Role::Member).await;
    let mut news = setting.ben.client.events();
    for (texts, announced) in [(TEXTS, None), ([TEXTS[0], ("A=", "evil\n"), TEXTS[2]], Some(1))] {
        let (rotation, values) = rotation(&wanda, id, &texts, |_| {}, None);
        wanda.put_values(id, &values).await.ok();
        wanda.rotate(id, &rotation).await.ok();
        wanda.refresh().await;
        setting.ben.client.pull(&setting.ben.env()).await.unwrap();
        let mut changes = None;
        while let Ok(event) = news.try_recv() {
            if let twinlock_client::Event::RevisionArrived { changes: told, .. } = event {
                changes = Some(told);
            }
        }
        assert_eq!(changes, announced, "{texts:?}");
    }
    assert!(setting.ben.text().contains("A=evil\n"), "it is hers to write; and she is named");
}

/// What is in the environment at first.
pub(crate) const TEXTS: [(&str, &str); 3] = [("", "# the first\n"), ("A=", "1\n"), ("B=", "1\n")];

/// A rotation of an environment: each entry sealed anew with the text that is given for it, after somebody has laid hands on
/// the changes, and with false keys for one.
pub(crate) fn rotation(
    by: &Forge,
    id: EnvironmentId,
    texts: &[(&str, &str)],
    lay_hands: impl FnOnce(&mut Vec<Change>),
    cheated: Option<KeyholderId>,
) -> (Rotate, Vec<ValueBlob>) {
    let (opened, name, value) = by.opening(id);
    let event = by.sign(opened);
    let mut team: Team = (**by.team()).clone();
    let mut after = by.team().clone();
    after.append(&event).unwrap();
    team.clone_from(&after);
    let rng = &mut rand::rng();
    let mut values = Vec::new();
    let changes = by.chain(id).in_order().zip(texts).map(|((entry, old), (left, right))| {
        let pointer = Pointer::new(random());
        let blob = value.seal_value(pointer, right, &mut rand::rng());
        let name = name.seal_name(pointer, left, &mut rand::rng());
        let digest = digest(&blob);
        values.push(ValueBlob { pointer, blob });
        Change::Put(Put { entry, position: old.position.clone(), name, pointer, digest })
    });
    let mut changes: Vec<Change> = changes.collect();
    lay_hands(&mut changes);
    let mut revision = by.revision(id, changes);
    revision.generation = name.scope().generation;
    if let Ok(state) = by.chain(id).state_after(&revision.changes, by.id(), revision.generation) {
        revision.state = state;
    }
    revision.team_head = after.head();
    revision.cause = Cause::Rotate;
    let (false_name, false_value) =
        (NameKey::generate(name.scope(), rng), ValueKey::generate(name.scope(), rng));
    let mut wraps = Vec::new();
    for (to, keys) in team.entitled(Some(id), Half::Name) {
        let key = if Some(to) == cheated { &false_name } else { &name };
        wraps.extend(key.wrap(keys, by.id(), rng));
    }
    for (to, keys) in team.entitled(Some(id), Half::Value) {
        let key = if Some(to) == cheated { &false_value } else { &value };
        wraps.extend(key.wrap(keys, by.id(), rng));
    }
    (Rotate { event, revision: by.sign_revision(&revision), wraps }, values)
}

/// H61: the honest vault would have closed the invite and heard it no more. This one answers each closing event as if
/// others had been faster, and says that the invite lacks keys.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_past_its_time_gets_no_key_however_long_a_vault_keeps_it_open() {
    let setting = Setting::new(Mode::Ask).await;
    let environment = setting.environment().await;
    let options = InviteOptions {
        role: Role::Member,
        access: AccessRequest::Everything,
        expires_in: std::time::Duration::ZERO,
        approval: Approval::NotNeeded,
    };
    let invite = setting.ada.client.invite(options).await.unwrap().id;
    let made = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&made);
    setting.proxy.answer_in_place(Arc::new(move |asked: &Asked| {
        if asked.path.ends_with("/wraps/missing") && asked.method == "GET" {
            let key = |half| {
                json!({ "keyholder": invite, "environment": environment, "generation": 2, "half": half })
            };
            return Some(Told::Json(json!({ "missing": [key("name"), key("value")] })));
        }
        let body: Value = serde_json::from_slice(&asked.body).unwrap_or_default();
        let closes = |statement: &Value| {
            let payload = statement["payload"].as_str().and_then(from_base64url);
            String::from_utf8(payload.unwrap_or_default()).is_ok_and(|event| event.contains("invite-closed"))
        };
        if asked.method == "POST" && body["statements"].as_array().is_some_and(|all| all.iter().any(closes)) {
            let problem = json!({
                "type": "about:blank", "title": "x", "status": 409, "detail": "x", "code": "log-moved",
            });
            return Some(Told::Answer(axum::response::IntoResponse::into_response((
                axum::http::StatusCode::CONFLICT,
                [(axum::http::header::CONTENT_TYPE, "application/problem+json")],
                problem.to_string(),
            ))));
        }
        let to = body["wraps"].as_array().into_iter().flatten().map(|wrap| wrap["keyholder"].clone());
        seen.lock().unwrap().extend(to);
        None
    }));
    setting.ada.save("A=3\nB=1\n");
    setting.ada.client.push(&setting.ada.env(), Selection::All).await.unwrap();
    setting.ada.client.rotate_environment(environment).await.unwrap();
    setting.ada.client.sync().await.unwrap();
    let undone = setting.ada.client.undone().await;
    assert!(undone.iter().any(|sentence| sentence.contains("past its time")), "{undone:?}");
    assert!(setting.proxy.be_honest() > 0);
    let made = std::mem::take(&mut *made.lock().unwrap());
    assert!(made.len() >= 4, "new keys for both computers: {made:?}");
    assert!(!made.contains(&json!(invite)), "nothing is wrapped to what is past its time");

    // An honest vault takes the closing event, and the team is as if nothing had been.
    setting.ada.client.sync().await.unwrap();
    assert_eq!(setting.ada.client.undone().await, Vec::<String>::new());
    assert!(setting.ada.client.team().await.unwrap().invites.is_empty());
    setting.ben.client.pull(&setting.ben.env()).await.unwrap();
    setting.check_in_step().await;
}
