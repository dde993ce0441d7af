//! The first contact: somebody with a link, and a vault that lies to them. The link names the team by the hash of its
//! first event and the log's head when it was made; nothing else is taken for granted.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use twinlock_client::store::Mode;
use twinlock_client::{AccessRequest, Approval, Error, InviteLink, InviteOptions, Role, SecretText};
use twinlock_protocol::Envelope;
use twinlock_protocol::api::ProblemCode;
use twinlock_protocol::event::{
    Commitments, Event, GenerationOpened, LabelChanged, LogHead, Subject, TeamCreated, TeamEvent,
};
use twinlock_protocol::ids::{Commitment, Generation};
use twinlock_protocol::team::Team;
use twinlock_protocol::timestamp::Timestamp;
use twinlock_tests::collusion::Collusion;
use twinlock_tests::forge::Forge;
use twinlock_tests::lying_proxy::{Lie, Told};
use twinlock_tests::{Computer, TestVault, label};

use serde_json::{Value, json};

use crate::lies::Expect;
use crate::setting::{Setting, check_error, lie};

/// Joins, and expects that it is refused and that nothing of the team is kept.
async fn refused(setting: &Setting, name: &str, link: &SecretText, lie: Lie, expect: &Expect) {
    let computer = Computer::new().await;
    let mut events = computer.client.events();
    setting.proxy.lie(lie);
    let parsed = InviteLink::parse(link.expose()).unwrap();
    let joined = computer.client.join(parsed, label("Cleo")).await.map(|view| view.name);
    let told = setting.proxy.be_honest();
    assert!(told > 0, "{name}: no answer was a lie");
    match joined {
        Ok(team) => panic!("{name}: it joined {team}"),
        Err(error) => check_error(expect, &error).unwrap_or_else(|what| panic!("{name}: {what}")),
    }
    let store = rusqlite::Connection::open(computer.client.home().unwrap().database()).unwrap();
    let kept: i64 = store
        .query_row("SELECT (SELECT count(*) FROM teams) + (SELECT count(*) FROM statements)", [], |row| {
            row.get(0)
        })
        .unwrap();
    assert_eq!(kept, 0, "{name}");
    // Whoever listens hears of a lie, and what was served is kept.
    let refusals: i64 = store.query_row("SELECT count(*) FROM refusals", [], |row| row.get(0)).unwrap();
    let told = std::iter::from_fn(|| events.try_recv().ok());
    let told = told.filter(|event| matches!(event, twinlock_client::Event::Refused { .. })).count();
    let lies = usize::from(matches!(expect, Expect::Refused(_)));
    assert_eq!((usize::try_from(refusals).unwrap(), told), (lies, lies), "{name}");
    assert!(matches!(computer.client.team().await, Err(Error::NoTeam)), "{name}");
    // And the vault's log knows of nobody new.
    let team = setting.ada.client.team().await.unwrap();
    assert_eq!(team.members.len(), 2, "{name}");
}

/// The keys that somebody says are missing, from now on until the vault is honest again.
fn said_to_be_missing(setting: &Setting) -> Arc<Mutex<Vec<Value>>> {
    let said = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&said);
    setting.proxy.answer_in_place(Arc::new(move |asked| {
        if asked.method == "PUT" && asked.path.ends_with("/wraps/missing") {
            let body: Value = serde_json::from_slice(&asked.body).unwrap();
            heard.lock().unwrap().extend(body["missing"].as_array().unwrap().iter().cloned());
        }
        None
    }));
    said
}

/// The honest log, changed.
fn changed(change: impl Fn(&mut Vec<Value>) + Send + Sync + 'static) -> Lie {
    lie(move |asked, mut answer| {
        if asked.path.ends_with("/events")
            && let Some(statements) = answer["statements"].as_array_mut()
            && !statements.is_empty()
        {
            change(statements);
        }
        Told::Json(answer)
    })
}

/// Another log altogether.
fn instead(log: Vec<Envelope>, head: LogHead) -> Lie {
    lie(move |asked, answer| {
        if asked.path.ends_with("/events") && answer["statements"].is_array() {
            return Told::Json(json!({ "statements": log, "head": head }));
        }
        Told::Json(answer)
    })
}

/// A team of the vault's own making, with the invite in it that the link is for.
fn a_team_of_ones_own(mallory: &Forge) -> (Vec<Envelope>, LogHead) {
    let created = TeamEvent {
        author: mallory.id(),
        team: None,
        sequence: 1,
        previous: None,
        created_at: Timestamp(1),
        event: Event::TeamCreated(TeamCreated { keys: mallory.keyholder().public().clone() }),
    };
    let first = mallory.keyholder().sign_event(&created);
    let mut team = Team::create(&first).unwrap();
    let opened = Event::GenerationOpened(GenerationOpened {
        environment: None,
        generation: Generation::FIRST,
        commitments: Commitments { name: Commitment::new([1; 32]), value: None },
        head: None,
        labels: Vec::new(),
    });
    let head = team.head();
    let second = mallory.keyholder().sign_event(&TeamEvent {
        author: mallory.id(),
        team: Some(team.id()),
        sequence: 2,
        previous: Some(head.hash),
        created_at: Timestamp(1),
        event: opened,
    });
    team.append(&second).unwrap();
    (vec![first, second], team.head())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_joiner_is_shown_nothing_older_and_nothing_else_than_the_link_says() {
    let setting = Setting::new(Mode::Ask).await;
    let link = setting.ada.invite(Role::Member).await;
    let ada = Forge::of(&setting.ada, &setting.vault).await;
    let head = ada.team().head();

    // H45, H20: the past, up to just before the link; and less than it says itself.
    for back in [1, 3, head.sequence - 1] {
        let cut = Collusion::default().hiding_events_after(head.sequence - back, ada.team());
        refused(&setting, "a log from before the link", &link, cut.lie(), &Expect::Refused("rollback")).await;
    }
    let cut = changed(|statements| drop(statements.pop()));
    refused(&setting, "a log that ends before its head", &link, cut, &Expect::Refused("rollback")).await;
    let empty = changed(Vec::clear);
    refused(&setting, "a log without events", &link, empty, &Expect::Refused("rollback")).await;
    let hole = changed(|statements| drop(statements.remove(2)));
    refused(&setting, "a log with a hole", &link, hole, &Expect::Refused("number")).await;

    // H20, H16: another root.
    let mallory = ada.stranger();
    let (log, own_head) = a_team_of_ones_own(&mallory);
    let own = instead(log.clone(), own_head);
    refused(&setting, "another team", &link, own, &Expect::Refused("elsewhere")).await;
    let first = json!(log[0]);
    let rerooted = changed(move |statements| statements[0] = first.clone());
    refused(&setting, "another founder", &link, rerooted, &Expect::Refused("unknown-keyholder")).await;

    // H18: the invite's keys replaced on their way.
    let keys = json!(mallory.keyholder().public());
    let replaced = changed(move |statements| {
        let last = statements.last_mut().unwrap();
        crate::lies::change_payload(last, |payload| payload["event"]["keys"] = keys.clone());
    });
    refused(&setting, "other keys of the invite", &link, replaced, &Expect::Refused("signature")).await;

    // H10: a fork that a member signs, instead of the invite.
    let fork = ada.team().hash_at(head.sequence - 1).unwrap();
    let closed = Event::LabelChanged(LabelChanged { subject: Subject::Team, label: ada.label("Acme") });
    let before = LogHead { sequence: head.sequence - 1, hash: fork };
    let other = ada.keyholder().sign_event(&ada.event_after(before, closed));
    let lie = Collusion::events([other]).hiding_events_after(before.sequence, ada.team()).lie();
    refused(&setting, "another event in the invite's place", &link, lie, &Expect::Refused("fork")).await;

    // H21, H47: wraps that hold no key of this team, for somebody else, or none.
    let junk = crate::setting::lie(|asked, mut answer| {
        if asked.path.ends_with("/wraps") {
            for wrap in answer["wraps"].as_array_mut().into_iter().flatten() {
                wrap["sealed"] = json!("A".repeat(64));
            }
        }
        Told::Json(answer)
    });
    refused(&setting, "junk for keys", &link, junk, &Expect::NoKeys).await;
    // Which of them were no use is said, so that others wrap them: each by itself, and all of them.
    let due = |half: Option<&'static str>, environment: Option<&str>| {
        let environment = environment.map(str::to_owned);
        crate::setting::lie(move |_, mut answer| {
            if let Some(wraps) = answer.get_mut("wraps").and_then(Value::as_array_mut) {
                wraps.retain(|wrap| {
                    let this = half.is_none_or(|half| wrap["half"] == half);
                    !(this && wrap["environment"].as_str() == environment.as_deref())
                });
            }
            Told::Json(answer)
        })
    };
    let id = setting.environment().await.to_string();
    for (half, of) in [(None, None), (Some("name"), Some(id.as_str())), (Some("value"), Some(id.as_str()))] {
        let said = said_to_be_missing(&setting);
        refused(&setting, "a key is left out", &link, due(half, of), &Expect::NoKeys).await;
        let said = std::mem::take(&mut *said.lock().unwrap());
        assert_eq!(said.len(), 1, "{half:?} {of:?}: {said:?}");
        assert_eq!((said[0]["half"].as_str(), said[0]["environment"].as_str()), (half.or(Some("name")), of));
    }
    // The team's own under the name of another half.
    let other_half = crate::setting::lie(|_, mut answer| {
        for wrap in answer.get_mut("wraps").and_then(Value::as_array_mut).into_iter().flatten() {
            if wrap["environment"].is_null() {
                wrap["half"] = json!("value");
            }
        }
        Told::Json(answer)
    });
    refused(&setting, "another half", &link, other_half, &Expect::NoKeys).await;
    let none = crate::setting::lie(|asked, mut answer| {
        if asked.path.ends_with("/wraps") {
            answer["wraps"] = json!([]);
        }
        Told::Json(answer)
    });
    let said = said_to_be_missing(&setting);
    refused(&setting, "no keys", &link, none, &Expect::NoKeys).await;
    assert_eq!(said.lock().unwrap().len(), 5, "the team's names, and both halves of two environments");

    // Nothing of all this used the invite up.
    let cleo = Computer::new().await;
    cleo.join(&link, "Cleo").await;
    cleo.link(twinlock_client::CreateMissing::No, Mode::Ask).await;
    cleo.client.pull(&cleo.env()).await.unwrap();
    assert_eq!(cleo.text(), setting.ada.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invite_works_once_and_not_after_it_was_closed_or_has_expired() {
    let setting = Setting::new(Mode::Ask).await;
    let used = setting.ada.invite(Role::Member).await;
    Computer::new().await.join(&used, "Cleo").await;
    let options = |seconds| InviteOptions {
        role: Role::Member,
        access: AccessRequest::Everything,
        expires_in: std::time::Duration::from_secs(seconds),
        approval: Approval::NotNeeded,
    };
    let closed = setting.ada.client.invite(options(3600)).await.unwrap();
    setting.ada.client.close_invite(closed.id).await.unwrap();
    let expired = setting.ada.client.invite(options(0)).await.unwrap();
    for (name, link) in [("used", used), ("closed", closed.link), ("expired", expired.link)] {
        let computer = Computer::new().await;
        let parsed = InviteLink::parse(link.expose()).unwrap();
        let error = computer.client.join(parsed, label("Mallory")).await.map(|view| view.name).unwrap_err();
        let sentence = error.to_string();
        assert!(sentence.contains("invite"), "{name}: {sentence}");
        assert!(matches!(computer.client.team().await, Err(Error::NoTeam)), "{name}");
    }
    assert_eq!(setting.ada.client.team().await.unwrap().members.len(), 3);
}

/// A problem in the vault's place.
fn problem(status: StatusCode, code: &str) -> Told {
    let problem = json!({ "type": "about:blank", "title": "x", "status": status.as_u16(), "detail": "x", "code": code });
    Told::Answer((status, problem.to_string()).into_response())
}

#[tokio::test(flavor = "multi_thread")]
async fn who_joins_says_what_stood_in_the_way_and_goes_on_where_nothing_does() {
    let setting = Setting::new(Mode::Ask).await;
    let link = setting.ada.invite(Role::Member).await;
    let cleo = Computer::new().await;
    let join = async |link: &SecretText| {
        let parsed = InviteLink::parse(link.expose()).unwrap();
        cleo.client.join(parsed, label("Cleo")).await.map(|view| view.name)
    };
    // The n-th request of this kind has this answer, and those after it.
    let answers = |method: &'static str, from: usize, status: StatusCode, code: &'static str| {
        let asked = AtomicUsize::new(0);
        setting.proxy.answer_in_place(Arc::new(move |request| {
            let this = request.method == method && request.path.ends_with("/events");
            let due = this && asked.fetch_add(1, Ordering::SeqCst) >= from;
            due.then(|| problem(status, code))
        }));
    };
    // A vault that does not know the team, and one that does not take the event.
    let elsewhere = TestVault::start().await;
    let mut parsed = InviteLink::parse(link.expose()).unwrap();
    (parsed.address, parsed.pin) = (elsewhere.location().url.to_string(), elsewhere.location().pin);
    let error = cleo.client.join(parsed, label("Cleo")).await.map(|view| view.name).unwrap_err();
    assert!(matches!(&error, Error::Vault(error) if error.is(ProblemCode::NotFound)), "{error:?}");
    answers("POST", 0, StatusCode::TOO_MANY_REQUESTS, "too-many");
    let error = join(&link).await.unwrap_err();
    assert!(matches!(&error, Error::Vault(error) if error.is(ProblemCode::TooMany)), "{error:?}");
    assert_eq!(setting.proxy.be_honest(), 1);
    // An invite that was used, as the vault says before it falls silent.
    let used = setting.ada.invite(Role::Member).await;
    Computer::new().await.join(&used, "Dan").await;
    answers("GET", 1, StatusCode::TOO_MANY_REQUESTS, "too-many");
    let error = join(&used).await.unwrap_err();
    assert!(matches!(&error, Error::Vault(error) if error.is(ProblemCode::TooMany)), "{error:?}");
    assert_eq!(setting.proxy.be_honest(), 1);
    // An invite that was closed, though the vault serves it.
    let options = InviteOptions {
        role: Role::Member,
        access: AccessRequest::Everything,
        expires_in: std::time::Duration::from_secs(60),
        approval: Approval::NotNeeded,
    };
    let closed = setting.ada.client.invite(options).await.unwrap();
    setting.ada.client.close_invite(closed.id).await.unwrap();
    let ada = Forge::of(&setting.ada, &setting.vault).await;
    let page = ada.send("GET", &format!("/v1/teams/{}/events", ada.team().id()), Vec::new()).await.ok();
    setting.proxy.answer_in_place(Arc::new(move |request| {
        let asks = request.method == "GET" && request.path.ends_with("/events");
        asks.then(|| Told::Json(page.clone()))
    }));
    let error = join(&closed.link).await.unwrap_err();
    assert!(matches!(error, Error::Rule(_)) && error.to_string().contains("invite"), "{error:?}");
    setting.proxy.be_honest();

    // Others are faster, once.
    let asked = AtomicUsize::new(0);
    setting.proxy.answer_in_place(Arc::new(move |request| {
        let this = request.method == "POST" && request.path.ends_with("/events");
        let first = this && asked.fetch_add(1, Ordering::SeqCst) == 0;
        first.then(|| problem(StatusCode::CONFLICT, "log-moved"))
    }));
    let mut events = cleo.client.events();
    assert_eq!(join(&link).await.unwrap(), "Acme");
    assert_eq!(setting.proxy.be_honest(), 1);
    let told: Vec<_> = std::iter::from_fn(|| events.try_recv().ok()).collect();
    assert!(told.contains(&twinlock_client::Event::Team), "{told:?}");
    assert!(matches!(join(&link).await, Err(Error::HasTeam(_))));
}
