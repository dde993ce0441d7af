//! Keys kept in order in passing: those that somebody lacks are wrapped by whoever has them, whatever stands in the
//! way, and all are renewed by themselves at a moment that nobody knows.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::{Value, json};
use twinlock_client::ids::{EnvironmentId, KeyholderId};
use twinlock_client::store::Mode;
use twinlock_client::{
    AccessRequest, Approval, Clock, CreateMissing, Error, InviteLink, InviteOptions, Level, Role, Selection,
};
use twinlock_tests::lying_proxy::{LyingProxy, Told};
use twinlock_tests::{Computer, TestVault, ada_and_ben, label, until};

async fn development(computer: &Computer) -> EnvironmentId {
    computer.client.find_environment("api/development").await.unwrap()
}

async fn token(computer: &Computer) -> Result<String, Error> {
    let id = computer.client.find_environment("api/development").await?;
    computer.client.get(id, "TOKEN").await.map(|value| value.expose().to_owned())
}

async fn generation(computer: &Computer) -> u32 {
    computer.client.environments().await.unwrap()[0].generation
}

async fn own_id(computer: &Computer) -> KeyholderId {
    computer.client.computers().await.unwrap()[0].id
}

/// What Ada wrapped comes out as junk. A member who does that on purpose can do no more than this.
fn junk_by(ada: KeyholderId) -> impl Fn(&str, Value) -> Told {
    let ada = json!(ada);
    move |path, mut answer| {
        if path.ends_with("/wraps") {
            for wrap in answer["wraps"].as_array_mut().unwrap() {
                if wrap["wrapper"] == ada {
                    wrap["sealed"] = json!("A".repeat(64));
                }
            }
        }
        Told::Json(answer)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn junk_under_somebodys_name_shuts_nobody_out() {
    let vault = TestVault::start().await;
    let proxy = LyingProxy::start(vault.location().url).await;
    let (ada, cleo, ben) = (Computer::new().await, Computer::new().await, Computer::new().await);
    ada.found_by_way_of(proxy.location(), &vault).await;
    ada.link(CreateMissing::Yes, Mode::Ask).await;
    ada.save("TOKEN=one\n");
    ada.client.push(&ada.env(), Selection::All).await.unwrap();
    cleo.join(&ada.invite(Role::Member).await, "Cleo").await;
    assert_eq!(token(&cleo).await.unwrap(), "one");
    let link = ada.invite(Role::Member).await;

    // The invite opens nothing: whoever holds it says so, and joins once somebody else has wrapped its keys.
    let lie = junk_by(own_id(&ada).await);
    proxy.lie(Arc::new(move |asked, answer| lie(&asked.path, answer)));
    let join = || ben.client.join(InviteLink::parse(link.expose()).unwrap(), label("Ben"));
    let error = join().await.unwrap_err();
    assert!(matches!(error, Error::KeysMissing { .. }), "{error}");
    cleo.client.sync().await.unwrap();
    join().await.unwrap();
    assert_eq!(token(&ben).await.unwrap(), "one");

    // New keys by Ada, and again junk for Ben, who keeps what he could read and asks for the rest.
    ada.client.rotate_environment(development(&ada).await).await.unwrap();
    ada.save("TOKEN=two\n");
    ada.client.push(&ada.env(), Selection::All).await.unwrap();
    proxy.be_honest();
    assert_eq!(token(&cleo).await.unwrap(), "two");
    let lie = junk_by(own_id(&ada).await);
    proxy.lie(Arc::new(move |asked, answer| lie(&asked.path, answer)));
    let error = token(&ben).await.unwrap_err();
    assert!(matches!(error, Error::KeysMissing { .. }), "{error}");
    // Ada's own computer cannot know that what she made does not arrive, and tries once more; Cleo's helps.
    ada.client.sync().await.unwrap();
    assert!(token(&ben).await.is_err());
    cleo.client.sync().await.unwrap();
    assert_eq!(token(&ben).await.unwrap(), "two");
    assert!(proxy.be_honest() > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vault_that_asks_for_keys_gets_them_for_nobody_but_those_entitled() {
    let vault = TestVault::start().await;
    let proxy = LyingProxy::start(vault.location().url).await;
    let (ada, ben) = (Computer::new().await, Computer::new().await);
    ada.found_by_way_of(proxy.location(), &vault).await;
    ada.link(CreateMissing::Yes, Mode::Ask).await;
    ada.save("TOKEN=one\n");
    ada.client.push(&ada.env(), Selection::All).await.unwrap();
    let names = AccessRequest::Only(vec![("api/development".to_owned(), Level::Names)]);
    let options = InviteOptions {
        role: Role::Member,
        access: names,
        expires_in: Duration::from_secs(3600),
        approval: Approval::NotNeeded,
    };
    let link = ada.client.invite(options).await.unwrap().link;
    ben.join(&link, "Ben").await;
    // Ben sees names alone, and a stranger nothing; the vault would like both to have the value key.
    let (environment, ben_id) = (development(&ada).await, own_id(&ben).await);
    let generation = generation(&ada).await;
    proxy.lie(Arc::new(move |asked, answer| {
        if !asked.path.ends_with("/wraps/missing") {
            return Told::Json(answer);
        }
        let key = |keyholder: String| {
            json!({ "keyholder": keyholder, "environment": environment, "generation": generation, "half": "value" })
        };
        Told::Json(json!({ "missing": [key(ben_id.to_string()), key("0".repeat(32))] }))
    }));
    ada.client.sync().await.unwrap();
    assert!(proxy.be_honest() > 0, "it was asked");
    // The vault would have taken them from Ada only if she had made them: Ben has none.
    let error = token(&ben).await.unwrap_err();
    assert!(matches!(error, Error::Access { .. }), "{error}");
    assert_eq!(value_keys_of(&ben), 0);
    assert!(value_keys_of(&ada) > 0);
}

/// How many value keys a computer was given that open.
fn value_keys_of(computer: &Computer) -> i64 {
    let store = rusqlite::Connection::open(computer.client.home().unwrap().database()).unwrap();
    store.query_row("SELECT count(*) FROM wraps WHERE half = 'value'", [], |row| row.get(0)).unwrap()
}

const DAY: i64 = 24 * 60 * 60;

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_renewed_by_themselves_between_the_teams_bounds() {
    let vault = TestVault::start().await;
    let passed = Arc::new(AtomicI64::new(0));
    let clock = {
        let passed = Arc::clone(&passed);
        Clock::new(move || Timestamp::now() + jiff::SignedDuration::from_secs(passed.load(Ordering::SeqCst)))
    };
    let root = tempfile::tempdir().unwrap();
    std::fs::create_dir(root.path().join("api")).unwrap();
    let mut ada = Computer::open_at(root, clock).await;
    ada.found(&vault).await;
    ada.link(CreateMissing::Yes, Mode::Ask).await;
    ada.save("TOKEN=one\n");
    ada.client.push(&ada.env(), Selection::All).await.unwrap();

    for round in 1..4 {
        let before = generation(&ada).await;
        assert_eq!(before, round);
        ada.client.sync().await.unwrap();
        passed.fetch_add(7 * DAY - 60, Ordering::SeqCst);
        ada.client.sync().await.unwrap();
        assert_eq!(generation(&ada).await, before, "not before the least");
        // What was drawn outlives the program.
        ada.reopen().await;
        passed.fetch_add(23 * DAY + 120, Ordering::SeqCst);
        ada.client.sync().await.unwrap();
        assert_eq!(generation(&ada).await, before + 1, "by the most");
        ada.client.sync().await.unwrap();
        assert_eq!(generation(&ada).await, before + 1, "once");
    }
    assert_eq!(token(&ada).await.unwrap(), "one");
}

#[tokio::test(flavor = "multi_thread")]
async fn others_who_watch_renew_what_a_removed_member_knew() {
    let vault = TestVault::start().await;
    // Ada may remove, and Cleo alone writes to what Ben reads: so nobody renews at once.
    let passed = Arc::new(AtomicI64::new(0));
    let clock = {
        let passed = Arc::clone(&passed);
        Clock::new(move || Timestamp::now() + jiff::SignedDuration::from_secs(passed.load(Ordering::SeqCst)))
    };
    let (ada, ben) = ada_and_ben(&vault, Mode::Ask).await;
    let root = tempfile::tempdir().unwrap();
    std::fs::create_dir(root.path().join("api")).unwrap();
    let cleo = Computer::open_at(root, clock).await;
    cleo.join(&ada.invite(Role::Admin).await, "Cleo").await;
    let id = development(&cleo).await;
    cleo.client.rotate_environment(id).await.unwrap();
    cleo.client.set_access("Ada", id, Some(Level::Read)).await.unwrap();
    let before = generation(&cleo).await;
    let watching = {
        let client = cleo.client.clone();
        tokio::spawn(async move { client.watch().await.map(|_| ()) })
    };
    let removed = ada.client.remove_member("Ben").await.unwrap();
    assert_eq!(removed.keys.waiting.len(), 1, "{:?}", removed.keys);
    let stale = ada.client.environments().await.unwrap()[0].stale;
    assert!(stale);
    // Not at once, and eleven minutes after Cleo's program has seen it at the latest; what moves makes it look. One move at
    // a time, with time to renew before the next: whoever signs all the time is in the way of the renewal.
    assert_eq!(generation(&cleo).await, before);
    let until_when = Instant::now() + Duration::from_secs(120);
    let mut renewed = false;
    while !renewed && Instant::now() < until_when {
        passed.fetch_add(11 * 60, Ordering::SeqCst);
        let nothing = InviteOptions {
            role: Role::Member,
            access: AccessRequest::Only(Vec::new()),
            expires_in: Duration::from_secs(3600),
            approval: Approval::Needed,
        };
        ada.client.invite(nothing).await.unwrap();
        let renewing = async {
            while ada.client.environments().await.unwrap()[0].generation == before {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        renewed = tokio::time::timeout(Duration::from_secs(3), renewing).await.is_ok();
    }
    assert!(renewed, "Cleo's program renews the keys");
    watching.abort();
    drop(ben);
    until("the watch has ended", || watching.is_finished()).await;
}
