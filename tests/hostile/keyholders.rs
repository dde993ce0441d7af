//! A vault that lies while a member adds a computer or comes back with a kit: it shows other keys, offers what nobody
//! offered, serves a log older than the link or the kit. Nothing is signed, nothing is joined, it is said plainly.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use twinlock_client::{
    ComparedComputer, ComputerLink, Error, ErrorCode, KitLine, ProvenKit, RecoveryWords, Role,
};
use twinlock_protocol::event::{Event, KeyholderAdded, KeyholderKind, LogHead, TeamEvent};
use twinlock_protocol::timestamp::Timestamp;
use twinlock_seal::{Keyholder, Seed};
use twinlock_tests::lying_proxy::{Asked, LyingProxy, Told};
use twinlock_tests::{Computer, TestVault};

const PATIENCE: Duration = Duration::from_secs(60);

/// Ada, who reaches her vault by way of the proxy.
struct Setting {
    _vault: TestVault,
    proxy: LyingProxy,
    ada: Computer,
}

impl Setting {
    async fn new() -> Self {
        let vault = TestVault::start().await;
        let proxy = LyingProxy::start(vault.location().url).await;
        let ada = Computer::new().await;
        ada.found_by_way_of(proxy.location(), &vault).await;
        Self { _vault: vault, proxy, ada }
    }

    async fn link(&self) -> ComputerLink {
        let link = self.ada.client.computer_link().await.unwrap();
        let _door_is_open = self.ada.client.knocking_computers().await.unwrap();
        link
    }

    /// The only computer at Ada's door, as if a person had compared its words.
    async fn compared(&self) -> ComparedComputer {
        let mut there = self.ada.client.knocking_computers().await.unwrap();
        assert_eq!(there.len(), 1);
        there.remove(0).compared()
    }

    fn lie(&self, about: &'static str, lie: impl Fn(&Asked, Value) -> Value + Send + Sync + 'static) {
        self.proxy.lie(Arc::new(move |asked, honest| {
            Told::Json(if asked.path.contains(about) { lie(asked, honest) } else { honest })
        }));
    }

    async fn computers(&self) -> usize {
        self.ada.client.computers().await.unwrap().len()
    }
}

fn keyholder() -> Keyholder {
    Keyholder::from_seed(&Seed::generate(&mut rand::rng()))
}

#[track_caller]
fn is_refused(error: &Error, codes: &[&str]) {
    assert_eq!(error.code(), ErrorCode::Refused, "{error}");
    let told = error.to_string();
    assert!(codes.iter().any(|code| told.contains(&format!("({code})"))), "{told}");
    assert!(told.contains("untouched"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn other_keys_have_other_words() {
    let setting = Setting::new().await;
    let laptop = Computer::new().await;
    let candidacy = laptop.client.stand_for(setting.link().await).await.unwrap();
    let mallory = keyholder();
    let keys = serde_json::to_value(mallory.public()).unwrap();
    setting.lie("/candidates", move |_, mut honest| {
        honest["candidates"][0]["keys"] = keys.clone();
        honest
    });
    let there = setting.ada.client.knocking_computers().await.unwrap();
    assert_eq!(there[0].id(), mallory.id());
    assert_ne!(there[0].words(), candidacy.words(), "the person sees it");
    assert!(setting.proxy.be_honest() > 0);
    let there = setting.ada.client.knocking_computers().await.unwrap();
    assert_eq!((there[0].id(), there[0].words()), (candidacy.id(), candidacy.words()));
    assert_eq!(setting.computers().await, 1);

    // Swapped only after the person compared: the offer goes to whom they compared, or to nobody.
    let compared = setting.compared().await;
    let keys = serde_json::to_value(mallory.public()).unwrap();
    setting.lie("/candidates", move |_, mut honest| {
        if honest.get("candidates").is_some() {
            honest["candidates"] = json!([{ "keys": keys.clone() }]);
        }
        honest
    });
    let error = setting.ada.client.add_computer(compared, PATIENCE).await.unwrap_err();
    assert!(error.to_string().contains("does not wait any more"), "{error}");
    let _told = setting.proxy.be_honest();
    assert_eq!(setting.computers().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_signature_that_is_none_adds_nobody() {
    let setting = Setting::new().await;
    let laptop = Computer::new().await;
    let candidacy = laptop.client.stand_for(setting.link().await).await.unwrap();
    let compared = setting.compared().await;
    // The vault signs in the place of the new computer, with a key of its own.
    let mallory = keyholder();
    setting.lie("/candidates", move |_, mut honest| {
        if let Some(statement) = honest["candidates"][0].get("statement").cloned().filter(|it| !it.is_null())
        {
            let statement: twinlock_protocol::Envelope = serde_json::from_value(statement).unwrap();
            let mut forged = statement;
            forged.signatures.truncate(1);
            honest["candidates"][0]["statement"] = serde_json::to_value(mallory.co_sign(forged)).unwrap();
        }
        honest
    });
    let admission = tokio::spawn({
        let client = laptop.client.clone();
        async move { client.await_admission(candidacy, PATIENCE).await }
    });
    let error = setting.ada.client.add_computer(compared, PATIENCE).await.unwrap_err();
    is_refused(&error, &["signers", "signature"]);
    admission.abort();
    assert!(setting.proxy.be_honest() > 0);
    assert_eq!(setting.computers().await, 1);
}

/// A `keyholder-added` for these keys that continues a log, by somebody.
fn added(by: &Keyholder, keys: &Keyholder, link: &ComputerLink, team: twinlock_protocol::TeamId) -> Value {
    let LogHead { sequence, hash } = link.place.head;
    let event = TeamEvent {
        author: by.id(),
        team: Some(team),
        sequence: sequence + 1,
        previous: Some(hash),
        created_at: Timestamp(0),
        event: Event::KeyholderAdded(KeyholderAdded {
            keys: keys.public().clone(),
            kind: KeyholderKind::Computer,
        }),
    };
    serde_json::to_value(by.sign_event(&event)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_computer_of_the_link_adds_this_one() {
    for (what, codes) in [
        // What the vault could take from elsewhere, and what it can make itself.
        ("another team's event", &["elsewhere", "signers", "unknown-keyholder"][..]),
        ("a stranger's event", &["signers", "unknown-keyholder"]),
    ] {
        let setting = Setting::new().await;
        let link = setting.link().await;
        let mallory = keyholder();
        let team = match what {
            "another team's event" => Setting::new().await.link().await.place.team,
            _ => link.place.team,
        };
        let statement = added(&mallory, &mallory, &link, team);
        let laptop = Computer::new().await;
        let candidacy = laptop.client.stand_for(link).await.unwrap();
        // Honestly offered first, so that it may read the log; and then not what was offered.
        let compared = setting.compared().await;
        let offers = tokio::spawn({
            let client = setting.ada.client.clone();
            async move { client.add_computer(compared, PATIENCE).await }
        });
        let own = candidacy.id().to_string();
        setting.proxy.lie(Arc::new(move |asked, mut honest| {
            if asked.path.ends_with(&own) && honest.get("statement").is_some() {
                honest["statement"] = statement.clone();
            }
            Told::Json(honest)
        }));
        let error = laptop.client.await_admission(candidacy, PATIENCE).await.unwrap_err();
        offers.abort();
        let _stopped = offers.await;
        is_refused(&error, codes);
        assert!(setting.proxy.be_honest() > 0, "{what}");
        assert_eq!(setting.computers().await, 1, "{what}");
        let none = laptop.client.team().await.unwrap_err();
        assert!(matches!(none, Error::NoTeam), "{what}: {none}");
    }
}

/// The log as it was served before its last event was there.
fn yesterday(honest: &Value) -> Value {
    let mut older = honest.clone();
    let statements = older["statements"].as_array_mut().unwrap();
    statements.pop();
    let last: twinlock_protocol::Envelope =
        serde_json::from_value(statements.last().unwrap().clone()).unwrap();
    older["head"] = json!({ "sequence": statements.len(), "hash": last.hash() });
    older
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_older_than_the_link_is_refused() {
    let setting = Setting::new().await;
    let laptop = Computer::new().await;
    let candidacy = laptop.client.stand_for(setting.link().await).await.unwrap();
    let compared = setting.compared().await;
    let offers = tokio::spawn({
        let client = setting.ada.client.clone();
        async move { client.add_computer(compared, PATIENCE).await }
    });
    setting.lie("/events", |_, honest| {
        // Ada asks for what comes after her head, and is told the truth.
        let all = honest["statements"].as_array().is_some_and(|all| all.len() > 1);
        if all { yesterday(&honest) } else { honest }
    });
    let error = laptop.client.await_admission(candidacy, PATIENCE).await.unwrap_err();
    offers.abort();
    is_refused(&error, &["rollback"]);
    assert!(setting.proxy.be_honest() > 0);
    assert_eq!(setting.computers().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_older_than_the_kit_or_another_teams_is_refused() {
    let setting = Setting::new().await;
    let _invite = setting.ada.invite(Role::Member).await;
    let kit = setting.ada.client.new_kit().await.unwrap();
    let written: Vec<&str> = kit.words().expose().collect();
    let line: KitLine = kit.line().clone();
    let answers = kit.asked().map(|asked| written[asked - 1]);
    let proven: ProvenKit = kit.prove(answers).unwrap_or_else(|error| panic!("{error}"));
    setting.ada.client.add_kit(&proven).await.unwrap();
    let words = || RecoveryWords::parse(&written.join(" ")).unwrap_or_else(|error| panic!("{error}"));

    let new = Computer::new().await;
    setting.lie("/events", |_, honest| {
        // Without the kit, and without the event before it: the head that the kit's line names.
        yesterday(&yesterday(&honest))
    });
    let error = new.client.restore_member(line.clone(), &words()).await.unwrap_err();
    is_refused(&error, &["rollback"]);
    assert!(setting.proxy.be_honest() > 0);

    // A whole other team that knows the kit as well: its log is good, and of another team.
    let mut wrong = line.clone();
    wrong.place.head.hash = twinlock_protocol::StatementHash::new([7; 32]);
    let error = new.client.restore_member(wrong, &words()).await.unwrap_err();
    is_refused(&error, &["fork"]);
    assert_eq!(setting.computers().await, 2);
    let team = new.client.restore_member(line, &words()).await.unwrap();
    assert_eq!(team.name, "Acme");
    assert_eq!(setting.computers().await, 3);
}
