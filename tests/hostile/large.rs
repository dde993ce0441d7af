//! Too much, too slowly, or not at all: what a writer and a vault can do to those who fetch. What came is kept, nobody waits
//! without end, and nobody keeps their rights because what they wrote cannot be had.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::header;
use axum::response::IntoResponse as _;
use futures::stream;
use serde_json::{Value, json};
use twinlock_client::store::Mode;
use twinlock_client::{Error, ErrorCode, Patience, Role};
use twinlock_protocol::limits::{ENVIRONMENT_BYTES, FILE_BYTES, VALUE_BYTES};
use twinlock_protocol::revision::{Cause, Change, Purge, Put, Remove, Revision};
use twinlock_tests::collusion::Collusion;
use twinlock_tests::forge::Forge;
use twinlock_tests::lying_proxy::{Lie, Told};

use crate::lies::Expect;
use crate::setting::{Setting, check_error, kept, lie, other};

const SHORT: Patience = Patience {
    answer: Duration::from_millis(800),
    verb: Duration::from_millis(1500),
    silence: Duration::from_millis(800),
};

/// One value to an answer, and each answer late.
fn one_by_one() -> Lie {
    lie(|_, mut answer| {
        let Some(values) = answer.get_mut("values").and_then(Value::as_array_mut) else {
            return Told::Json(answer);
        };
        values.truncate(1);
        let bytes = Bytes::from(answer.to_string());
        let late = stream::once(async move {
            tokio::time::sleep(Duration::from_millis(300)).await;
            Ok::<_, Infallible>(bytes)
        });
        Told::Answer(([(header::CONTENT_TYPE, "application/json")], Body::from_stream(late)).into_response())
    })
}

const TEN: [(&str, &str); 10] = [
    ("V0=", "0\n"),
    ("V1=", "1\n"),
    ("V2=", "2\n"),
    ("V3=", "3\n"),
    ("V4=", "4\n"),
    ("V5=", "5\n"),
    ("V6=", "6\n"),
    ("V7=", "7\n"),
    ("V8=", "8\n"),
    ("V9=", "9\n"),
];

#[tokio::test(flavor = "multi_thread")]
async fn whoever_wrote_what_cannot_be_had_is_removed_all_the_same() {
    let lies: [(&str, crate::setting::Tell); 3] = [
        ("a value is missing", |asked, answer| match asked.path.ends_with("/values/query") {
            true => Told::Json(json!({ "values": [] })),
            false => Told::Json(answer),
        }),
        ("a value is another", |asked, mut answer| {
            if asked.path.ends_with("/values/query")
                && let Some(first) = answer["values"].get_mut(0)
            {
                first["blob"] = json!("AQID");
            }
            Told::Json(answer)
        }),
        ("a value never comes", |asked, answer| match asked.path.ends_with("/values/query") {
            true => Told::Silence,
            false => Told::Json(answer),
        }),
    ];
    for (name, tell) in lies {
        let setting = Setting::new(Mode::Ask).await;
        let (_, mut wanda, environment) = setting.with_writer(Role::Member).await;
        let (changes, values) = wanda.seal(environment, &[("EVIL=", "1\n")]);
        wanda.pushes(environment, changes, &values).await;
        let (ada, id) = (&setting.ada.client, wanda.member().to_string());
        ada.set_patience(Patience { verb: Duration::from_secs(20), ..SHORT }).await;
        setting.proxy.lie(lie(tell));
        let seen = ada.removal(&id, &[]).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(seen.falls.environments.len(), 1, "{name}");
        let removed = ada.remove_member(&id).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(removed.keys.waiting.len(), 1, "{name}: the new keys wait for the value");
        assert!(setting.proxy.be_honest() > 0, "{name}");
        ada.rotate_environment(environment).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        setting.ben.client.pull(&setting.ben.env()).await.unwrap();
        setting.ada.client.pull(&setting.ada.env()).await.unwrap();
        setting.check_in_step().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_of_many_values_is_kept_and_the_next_attempt_goes_on() {
    let setting = Setting::new(Mode::Ask).await;
    let (_, mut wanda, environment) = setting.with_writer(Role::Member).await;
    let (changes, values) = wanda.seal(environment, &TEN);
    wanda.pushes(environment, changes, &values).await;
    setting.ben.client.set_patience(SHORT).await;
    let (text, before) = (setting.ben.text(), kept(&setting.ben)[2]);
    setting.proxy.lie(one_by_one());
    let mut attempts = 0;
    while let Err(error) = setting.ben.client.pull(&setting.ben.env()).await {
        assert_eq!(error.code(), ErrorCode::Unreachable, "{error}");
        assert_eq!(setting.ben.text(), text);
        attempts += 1;
        assert!(attempts < 20, "nothing was kept");
    }
    assert!(attempts > 0, "all of it came in time");
    assert_eq!(kept(&setting.ben)[2], before + 10);
    setting.proxy.be_honest();
    setting.ada.client.pull(&setting.ada.env()).await.unwrap();
    setting.check_in_step().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verb_waits_no_longer_for_many_answers_than_it_may() {
    let setting = Setting::new(Mode::Ask).await;
    let (_, mut wanda, environment) = setting.with_writer(Role::Member).await;
    let (changes, values) = wanda.seal(environment, &TEN);
    let removed = |change: &Change| Change::Remove(Remove { entry: change.entry().unwrap() });
    let removes = changes.iter().map(removed).collect();
    wanda.pushes(environment, changes, &values).await;
    let number = wanda.chain(environment).head().number;
    wanda.pushes(environment, removes, &[]).await;
    let late = |error: Error| assert_eq!(error.code(), ErrorCode::Unreachable, "{error}");

    // Values of the past, that this computer never had.
    let ben = &setting.ben.client;
    ben.pull(&setting.ben.env()).await.unwrap();
    ben.set_patience(SHORT).await;
    setting.proxy.lie(one_by_one());
    late(ben.reveal_former(environment, number).await.map(drop).unwrap_err());
    let mut attempts = 0;
    while let Err(error) = ben.reveal_former(environment, number).await {
        late(error);
        attempts += 1;
        assert!(attempts < 20, "nothing was kept");
    }
    setting.proxy.be_honest();

    // What was sent, on its way back.
    wanda.refresh().await;
    let (changes, values) = wanda.seal(environment, &TEN);
    wanda.pushes(environment, changes, &values).await;
    let ada = &setting.ada.client;
    ada.pull(&setting.ada.env()).await.unwrap();
    ada.set_patience(SHORT).await;
    setting.proxy.lie(one_by_one());
    late(ada.rotate_environment(environment).await.map(drop).unwrap_err());
    setting.proxy.be_honest();
    for client in [ada, ben] {
        client.set_patience(Patience::default()).await;
    }
    ada.rotate_environment(environment).await.unwrap();
    ben.pull(&setting.ben.env()).await.unwrap();
    setting.check_in_step().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_file_can_hold_is_written_into_none() {
    let setting = Setting::new(Mode::Auto).await;
    let (_, mut wanda, environment) = setting.with_writer(Role::Member).await;
    let value = format!("{}\n", "x".repeat(VALUE_BYTES - 1));
    let lefts: Vec<String> = (0..FILE_BYTES / VALUE_BYTES).map(|at| format!("W{at}=")).collect();
    let entries: Vec<(&str, &str)> = lefts.iter().map(|left| (left.as_str(), value.as_str())).collect();
    let (changes, values) = wanda.seal(environment, &entries);
    wanda.pushes(environment, changes, &values).await;
    let text = setting.ben.text();
    let ben = &setting.ben.client;
    for error in
        [ben.sync().await.map(drop).unwrap_err(), ben.pull(&setting.ben.env()).await.map(drop).unwrap_err()]
    {
        assert!(error.to_string().contains("larger than 4 MiB"), "{error}");
    }
    assert_eq!(setting.ben.text(), text);
    // Nobody adds to it; whoever takes away makes it better.
    let (ada, one) =
        (&setting.ada.client, ("ONE".to_owned(), twinlock_client::SecretText::new("1".to_owned())));
    let error = ada.set(environment, &[one]).await.map(drop).unwrap_err();
    assert!(matches!(error, Error::Limit { .. }), "{error}");
    let names: Vec<String> = (0..lefts.len()).map(|at| format!("W{at}")).collect();
    ada.unset(environment, &names[..1]).await.unwrap();
    ada.unset(environment, &names[1..]).await.unwrap();
    ben.pull(&setting.ben.env()).await.unwrap();
    ada.pull(&setting.ada.env()).await.unwrap();
    setting.check_in_step().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_an_environment_holds_is_fetched_by_nobody() {
    let setting = Setting::new(Mode::Ask).await;
    let (_, wanda, environment) = setting.with_writer(Role::Member).await;
    let value = "x".repeat(VALUE_BYTES);
    let lefts: Vec<String> = (0..=ENVIRONMENT_BYTES / VALUE_BYTES).map(|at| format!("W{at}=")).collect();
    let entries: Vec<(&str, &str)> = lefts.iter().map(|left| (left.as_str(), value.as_str())).collect();
    let (changes, values) = wanda.seal(environment, &entries);
    let statement = wanda.sign_revision(&wanda.revision(environment, changes));
    // An honest vault does not take it: this one works together with her.
    let (text, before) = (setting.ben.text(), kept(&setting.ben)[2]);
    setting.proxy.lie(Collusion::revisions(environment, [statement]).and_values(values).lie());
    let error = setting.ben.client.pull(&setting.ben.env()).await.map(drop).unwrap_err();
    check_error(&Expect::Refused("limit"), &error).unwrap();
    assert_eq!((setting.ben.text(), kept(&setting.ben)[2]), (text, before));
    // The rest goes on.
    setting.ben.client.pull(&other(&setting.ben)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purge_takes_nothing_from_another_environment() {
    let mut setting = Setting::new(Mode::Ask).await;
    let development = setting.environment().await;
    let production = setting.ada.client.find_environment("api/production").await.unwrap();
    // Whoever reads one and is admin of the other.
    let mut mallory = Forge::of(&setting.ada, &setting.vault).await;
    let pointers: Vec<_> = mallory.chain(production).entries().values().map(|entry| entry.pointer).collect();
    let query = serde_json::to_vec(&json!({ "pointers": pointers })).unwrap();
    let path = format!("/v1/environments/{production}/values/query");
    let served = mallory.send("POST", &path, query).await.ok();
    let theirs: twinlock_protocol::api::Values = serde_json::from_value(served).unwrap();
    let lines: Vec<(&str, &str)> = theirs.values.iter().map(|_| ("X=", "")).collect();
    let (changes, own) = mallory.seal(development, &lines);
    let mut values = theirs.values;
    for (value, own) in values.iter_mut().zip(own) {
        value.pointer = own.pointer;
    }
    let with_digests = changes.into_iter().zip(&values).map(|(change, value)| match change {
        Change::Put(put) => {
            Change::Put(Put { digest: twinlock_protocol::environment::digest(&value.blob), ..put })
        }
        other => other,
    });
    let changes: Vec<Change> = with_digests.collect();
    let removes = changes.iter().map(|change| Change::Remove(Remove { entry: change.entry().unwrap() }));
    let removes: Vec<Change> = removes.collect();
    mallory.pushes(development, changes, &values).await;
    setting.ben.client.variables(development).await.unwrap();
    mallory.pushes(development, removes, &[]).await;
    let purges = values.iter().map(|value| Change::Purge(Purge { pointer: value.pointer })).collect();
    let purge = Revision { cause: Cause::Purge, ..mallory.revision(development, purges) };
    mallory.push(development, &mallory.sign_revision(&purge)).await.ok();
    setting.ben.client.pull(&setting.ben.env()).await.unwrap();
    setting.vault.stop().await;
    assert_eq!(setting.ben.client.get(production, "P").await.unwrap().expose(), "1");
}
