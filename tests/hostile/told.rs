//! What whoever listens to a client hears: what arrived, from whom, and how it stands with the vault; each once.

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use serde_json::json;
use tokio::sync::broadcast::Receiver;
use twinlock_client::store::Mode;
use twinlock_client::view::Connection;
use twinlock_client::{AccessRequest, Approval, Error, Event, InviteOptions, Role, Selection, VaultError};
use twinlock_tests::Computer;
use twinlock_tests::lying_proxy::{InPlace, Told};

use crate::setting::{Setting, lie};

/// Everything that was said since.
fn said(events: &mut Receiver<Event>) -> Vec<Event> {
    std::iter::from_fn(|| events.try_recv().ok()).collect()
}

/// Who pushed what arrived, and how many entries changed.
fn arrived(said: &[Event]) -> Vec<(&str, &str, usize)> {
    let arrival = |event| match event {
        &Event::RevisionArrived { ref name, ref by, changes, .. } => {
            Some((name.as_str(), by.as_str(), changes))
        }
        _ => None,
    };
    said.iter().filter_map(arrival).collect()
}

fn connections(said: &[Event]) -> Vec<Connection> {
    let connection = |event: &Event| match event {
        Event::Connection(connection) => Some(*connection),
        _ => None,
    };
    said.iter().filter_map(connection).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_arrives_is_told_once_with_its_author_and_what_is_known_is_not_told() {
    let setting = Setting::new(Mode::Ask).await;
    let (ada, ben) = (&setting.ada, &setting.ben);
    let environment = setting.environment().await;
    let mut events = ben.client.events();
    let pull = async || ben.client.pull(&ben.env()).await.map(|outcome| outcome.pulled);
    pull().await.unwrap();
    assert_eq!(said(&mut events), [], "nothing moved");

    ada.save("# the first\nA=2\nB=1\n");
    ada.client.push(&ada.env(), Selection::All).await.unwrap();
    pull().await.unwrap();
    let heard = said(&mut events);
    assert_eq!(arrived(&heard), [("api/development", "Ada", 1)]);
    assert!(heard.contains(&Event::Environment(environment)), "{heard:?}");

    // One's own revision, though one hears of it from the vault: what acknowledged it told a lie.
    setting.proxy.lie(lie(|asked, mut answer| {
        if asked.method == "POST" && asked.path.ends_with("/revisions") {
            answer["head"]["hash"] = json!("00".repeat(32));
        }
        Told::Json(answer)
    }));
    ben.save("# the first\nA=3\nB=1\n");
    ben.client.push(&ben.env(), Selection::All).await.map(|outcome| outcome.pushed).unwrap_err();
    setting.proxy.be_honest();
    said(&mut events);
    pull().await.unwrap();
    assert_eq!(arrived(&said(&mut events)), []);
    // Nor keys that were renewed: nobody changed anything. A new project is news of the team.
    ada.client.pull(&ada.env()).await.unwrap();
    ada.client.rotate_environment(environment).await.unwrap();
    ada.client.rename_project("api", &twinlock_tests::label("interface")).await.unwrap();
    pull().await.unwrap();
    let heard = said(&mut events);
    assert_eq!(arrived(&heard), []);
    assert!(heard.contains(&Event::Team) && heard.contains(&Event::Environment(environment)), "{heard:?}");
}

fn half_away() -> InPlace {
    Arc::new(|_| {
        let problem = json!({ "type": "about:blank", "title": "x", "status": 503, "detail": "x", "code": "unavailable" });
        let kind = [(axum::http::header::CONTENT_TYPE, "application/problem+json")];
        Some(Told::Answer((StatusCode::SERVICE_UNAVAILABLE, kind, problem.to_string()).into_response()))
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_locks_while_nothing_answers_has_not_found_out_how_it_stands() {
    let setting = Setting::new(Mode::Ask).await;
    let mut events = setting.ben.client.events();
    setting.proxy.answer_in_place(half_away());
    let pull = || async { setting.ben.client.pull(&setting.ben.env()).await.map(|outcome| outcome.pulled) };
    pull().await.unwrap_err();
    assert_eq!(connections(&said(&mut events)), [Connection::Offline]);
    let home = setting.ben.client.home().unwrap().clone();
    setting.proxy.answer_in_place(Arc::new(move |_| {
        home.lock().unwrap();
        Some(Told::Silence)
    }));
    assert!(matches!(pull().await, Err(Error::Locked | Error::Vault(VaultError::Locked))));
    assert_eq!(connections(&said(&mut events)), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn how_it_stands_with_the_vault_is_told_when_it_changes() {
    let mut setting = Setting::new(Mode::Ask).await;
    let environment = setting.environment().await;
    let mut events = setting.ben.client.events();
    setting.vault.stop().await;
    for expected in [vec![Connection::Offline], vec![]] {
        setting.ben.client.pull(&setting.ben.env()).await.map(|outcome| outcome.pulled).unwrap_err();
        assert_eq!(connections(&said(&mut events)), expected);
    }
    setting.vault.restart().await;
    setting.proxy.turn_to(setting.vault.location().url);
    for expected in [vec![Connection::Online], vec![]] {
        setting.ben.client.pull(&setting.ben.env()).await.unwrap();
        assert_eq!(connections(&said(&mut events)), expected);
    }
    // A vault half of which is away is away.
    setting.proxy.answer_in_place(half_away());
    setting.ben.client.pull(&setting.ben.env()).await.map(|outcome| outcome.pulled).unwrap_err();
    assert_eq!(connections(&said(&mut events)), [Connection::Offline]);
    setting.proxy.be_honest();
    setting.ben.client.pull(&setting.ben.env()).await.unwrap();
    assert_eq!(connections(&said(&mut events)), [Connection::Online]);
    // A refusal is told, and that it is over.
    setting.proxy.lie(lie(|asked, mut answer| {
        if asked.path.ends_with("/revisions") {
            answer["head"]["number"] = json!(0);
        }
        Told::Json(answer)
    }));
    setting.ben.client.pull(&setting.ben.env()).await.map(|outcome| outcome.pulled).unwrap_err();
    setting.proxy.be_honest();
    let heard = said(&mut events);
    let refused = |event: &Event| matches!(event, Event::Refused { refusal } if refusal.code == "rollback");
    assert!(heard.iter().any(refused), "{heard:?}");
    setting.ben.client.pull(&setting.ben.env()).await.unwrap();
    assert_eq!(said(&mut events), [Event::Environment(environment)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_no_access_is_told_so_and_an_admin_without_it_removes_all_the_same() {
    let setting = Setting::new(Mode::Ask).await;
    let environment = setting.environment().await;
    let options = InviteOptions {
        role: Role::Admin,
        access: AccessRequest::Only(Vec::new()),
        expires_in: std::time::Duration::from_secs(60),
        approval: Approval::NotNeeded,
    };
    let cleo = Computer::new().await;
    cleo.join(&setting.ada.client.invite(options).await.unwrap().link, "Cleo").await;
    setting.ada.client.set_access("Ben", environment, None).await.unwrap();
    let read = setting.ben.client.get(environment, "A").await.map(drop);
    assert!(matches!(read, Err(Error::Access { .. })), "{read:?}");
    setting.ada.client.set_access("Ben", environment, Some(twinlock_client::Level::Write)).await.unwrap();
    let read = cleo.client.get(environment, "A").await.map(drop);
    assert!(matches!(read, Err(Error::Access { .. })), "{read:?}");
    cleo.client.remove_member("Ben").await.unwrap();
    assert!(setting.ben.client.pull(&setting.ben.env()).await.is_err());
}
