//! What an honest client takes, keeps and asks for, step by step: looked at on the way, so that a step that is left out is
//! missed here. Found by leaving them out, one at a time (`docs/mutation.md`).

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use twinlock_client::store::Mode;
use twinlock_client::view::Connection;
use twinlock_client::{
    AccessRequest, Approval, CreateMissing, Error, Event, InviteOptions, Level, Role, Selection, ToPurge,
    VaultLocation,
};
use twinlock_protocol::limits;
use twinlock_tests::forwarder::Forwarder;
use twinlock_tests::lying_proxy::LyingProxy;
use twinlock_tests::{Computer, TestVault, label};

use crate::setting::{Setting, kept, lie};
use twinlock_tests::lying_proxy::Told;

/// What the vault is asked from now on: method, path, body.
fn record(setting: &Setting) -> Arc<Mutex<Vec<(String, String, Value)>>> {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&asked);
    setting.proxy.answer_in_place(Arc::new(move |request| {
        let body = serde_json::from_slice(&request.body).unwrap_or_default();
        heard.lock().unwrap().push((request.method.to_string(), request.path.clone(), body));
        None
    }));
    asked
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_is_kept_and_not_asked_for_again() {
    let mut setting = Setting::new(Mode::Ask).await;
    let environment = setting.environment().await;
    setting.ada_changes_things().await;
    setting.ben.client.pull(&setting.ben.env()).await.unwrap();
    setting.ada.client.rotate_environment(environment).await.unwrap();
    // The keys of now, straight after they were made, and without a word to the vault.
    let asked = record(&setting);
    let shown = setting.ada.client.variables(environment).await.unwrap();
    asked.lock().unwrap().clear();
    let value = setting.ada.client.reveal(environment, shown[0].entry).await.unwrap();
    assert_eq!((value.text.expose(), asked.lock().unwrap().len()), ("2", 0));

    setting.ben.client.pull(&setting.ben.env()).await.unwrap();
    let ([of_ada, ..], [of_ben, ..]) = (kept(&setting.ada), kept(&setting.ben));
    assert_eq!(of_ada, of_ben);
    assert_eq!(kept(&setting.ada)[1], kept(&setting.ben)[1]);
    asked.lock().unwrap().clear();
    setting.ben.client.pull(&setting.ben.env()).await.unwrap();
    let again = std::mem::take(&mut *asked.lock().unwrap());
    let needless =
        |(_, path, _): &&(String, String, Value)| path.ends_with("/wraps") || path.ends_with("/query");
    assert_eq!(again.iter().find(needless), None);
    assert!(again.iter().any(|(_, path, _)| path.ends_with("/revisions")), "{again:?}");
    // Of what changed, what is new.
    let text = setting.ben.text().replace("A=2", "A=new");
    setting.ada.save(&text);
    setting.ada.client.push(&setting.ada.env(), Selection::All).await.unwrap();
    asked.lock().unwrap().clear();
    setting.ben.client.pull(&setting.ben.env()).await.unwrap();
    let again = std::mem::take(&mut *asked.lock().unwrap());
    let values = again.iter().filter(|(_, path, _)| path.ends_with("/query"));
    let values: Vec<_> = values.map(|(.., body)| body["pointers"].as_array().unwrap().len()).collect();
    assert_eq!(values, [1]);

    // Without the vault, as another program or after a restart, everything is there.
    let other = setting.ben.another_program().await;
    setting.vault.stop().await;
    assert_eq!(other.get(environment, "A").await.unwrap().expose(), "new");
    setting.ben.reopen().await;
    assert_eq!(setting.ben.client.get(environment, "A").await.unwrap().expose(), "new");
    assert_eq!(setting.ben.client.team().await.unwrap().name, "Acme");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_purged_is_let_go_of_and_nothing_else() {
    let setting = Setting::new(Mode::Ask).await;
    let environment = setting.environment().await;
    for text in ["A=soon gone\nB=1\n", "A=this stays\nB=1\n"] {
        setting.ada.save(text);
        setting.ada.client.push(&setting.ada.env(), Selection::All).await.unwrap();
        setting.ben.client.pull(&setting.ben.env()).await.unwrap();
    }
    let number = setting.ada.client.log(environment, None).await.unwrap()[1].number;
    let before = kept(&setting.ben)[2];
    let purged = setting.ada.client.purge(environment, &ToPurge::Revisions(BTreeSet::from([number]))).await;
    let purged = i64::try_from(purged.unwrap().purged).unwrap();
    setting.ben.client.pull(&setting.ben.env()).await.unwrap();
    assert_eq!(kept(&setting.ben)[2], before - purged);
    let asked = record(&setting);
    setting.ben.client.pull(&setting.ben.env()).await.unwrap();
    assert!(asked.lock().unwrap().iter().all(|(_, path, _)| !path.ends_with("/query")));
    setting.check_in_step().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_longest_value_that_there_can_be_is_taken() {
    let setting = Setting::new(Mode::Ask).await;
    // With its line's end.
    setting.ada.save(&format!("A={}\n", "x".repeat(limits::VALUE_BYTES - 1)));
    setting.ada.client.push(&setting.ada.env(), Selection::All).await.unwrap();
    setting.ben.client.pull(&setting.ben.env()).await.unwrap();
    setting.check_in_step().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_know_names_alone_is_told_so_and_who_may_read_reads() {
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
    let names = cleo.client.variables(environment).await.map(|views| views.len());
    assert!(matches!(names, Err(Error::Access { .. })), "{names:?}");

    setting.ada.client.set_access("Ben", environment, Some(Level::Names)).await.unwrap();
    setting.ada.save("A=new\nC=3\n");
    setting.ada.client.push(&setting.ada.env(), Selection::All).await.unwrap();
    let asked = record(&setting);
    let read = setting.ben.client.get(environment, "A").await.map(drop);
    assert!(matches!(read, Err(Error::Access { .. })), "{read:?}");
    let names = setting.ben.client.variables(environment).await.unwrap();
    assert_eq!(names.iter().map(|view| view.name.as_str()).collect::<Vec<_>>(), ["A", "C"]);
    assert!(asked.lock().unwrap().iter().all(|(_, path, _)| !path.ends_with("/query")));
    setting.ada.client.set_access("Ben", environment, Some(Level::Read)).await.unwrap();
    assert_eq!(setting.ben.client.get(environment, "A").await.unwrap().expose(), "new");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_its_owner_moved_on_from_is_free_and_the_teams_name_is_the_one_of_now() {
    let setting = Setting::new(Mode::Ask).await;
    let file = setting.ada.root.path().join("web.env");
    setting.ada.link_to(file, ("web", "a"), CreateMissing::Yes, Mode::Ask).await;
    setting.ben.client.sync().await.unwrap();
    let first = setting.ada.client.find_environment("web/a").await.unwrap();
    setting.ada.client.rename_environment(first, &label("b")).await.unwrap();
    setting.ben.client.sync().await.unwrap();
    let file = setting.ada.root.path().join("anew.env");
    setting.ada.link_to(file, ("web", "a"), CreateMissing::Yes, Mode::Ask).await;
    let found = setting.ben.client.find_environment("web/a").await.unwrap();
    assert_ne!(found, first);
    assert_eq!(setting.ben.client.find_environment("web/b").await.unwrap(), first);

    setting.ada.client.rename_team(&label("Apex")).await.unwrap();
    setting.ben.client.sync().await.unwrap();
    setting.proxy.lie(lie(|asked, mut answer| {
        if asked.path.ends_with("/events") {
            answer["head"]["sequence"] = 1.into();
        }
        Told::Json(answer)
    }));
    let error = setting.ben.client.sync().await.map(drop).unwrap_err();
    assert!(setting.proxy.be_honest() > 0);
    assert!(matches!(error, Error::Refused(_)) && error.to_string().contains("Apex"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_another_certificate_is_not_the_vault_and_the_vault_is_away() {
    let vault = TestVault::start().await;
    let road = Forwarder::start(vault.location().url.port().unwrap()).await;
    let mut ada = Computer::new().await;
    ada.found_by_way_of(VaultLocation { url: road.url(), pin: vault.location().pin }, &vault).await;
    let middle = LyingProxy::start(vault.location().url).await;
    road.turn_to(middle.location().url.port().unwrap());
    ada.reopen().await;
    let mut events = ada.client.events();
    let error = ada.client.sync().await.map(drop).unwrap_err();
    assert!(matches!(error, Error::Refused(_)), "{error}");
    let said: Vec<Event> = std::iter::from_fn(|| events.try_recv().ok()).collect();
    assert!(said.contains(&Event::Connection(Connection::Offline)), "{said:?}");
    assert_eq!(middle.asked(), 0);
}
