//! The first contact: somebody with a link, and a vault that lies to them. The link names the team by the hash of its
//! first event and the log's head when it was made; nothing else is taken for granted.

use twinlock_client::store::Mode;
use twinlock_client::{AccessRequest, Approval, Error, InviteLink, InviteOptions, Role, SecretText};
use twinlock_protocol::Envelope;
use twinlock_protocol::event::{
    Commitments, Event, GenerationOpened, LabelChanged, LogHead, Subject, TeamCreated, TeamEvent,
};
use twinlock_protocol::ids::{Commitment, Generation};
use twinlock_protocol::team::Team;
use twinlock_protocol::timestamp::Timestamp;
use twinlock_tests::collusion::Collusion;
use twinlock_tests::forge::Forge;
use twinlock_tests::lying_proxy::{Lie, Told};
use twinlock_tests::{Computer, label};

use serde_json::{Value, json};

use crate::lies::Expect;
use crate::setting::{Setting, check_error, lie};

/// Joins, and expects that it is refused and that nothing of the team is kept.
async fn refused(setting: &Setting, name: &str, link: &SecretText, lie: Lie, expect: &Expect) {
    let computer = Computer::new().await;
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
    assert!(matches!(computer.client.team().await, Err(Error::NoTeam)), "{name}");
    // And the vault's log knows of nobody new.
    let team = setting.ada.client.team().await.unwrap();
    assert_eq!(team.members.len(), 2, "{name}");
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
    let none = crate::setting::lie(|asked, mut answer| {
        if asked.path.ends_with("/wraps") {
            answer["wraps"] = json!([]);
        }
        Told::Json(answer)
    });
    refused(&setting, "no keys", &link, none, &Expect::NoKeys).await;

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
