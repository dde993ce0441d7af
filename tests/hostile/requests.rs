//! Requests in other hands: sent again, sent elsewhere, or for somebody else's values.

use twinlock_client::store::Mode;
use twinlock_client::{CreateMissing, Level, Role};
use twinlock_protocol::api::ValueBlob;
use twinlock_protocol::event::Grant;
use twinlock_protocol::revision::{Cause, Change, Purge};
use twinlock_tests::forge::Forge;

use serde_json::json;

use crate::setting::Setting;

#[tokio::test(flavor = "multi_thread")]
async fn a_replayed_or_redirected_request_changes_nothing() {
    let setting = Setting::new(Mode::Ask).await;
    let (mut ada, wanda, environment) = setting.with_writer(Role::Member).await;

    // What Wanda really sent: values, a revision, an event of her own.
    let (statement, values) = wanda.variable(environment, ("W=", "1\n"));
    let put = format!("/v1/environments/{environment}/values");
    let push = format!("/v1/environments/{environment}/revisions");
    let events = format!("/v1/teams/{}/events", wanda.team().id());
    let put_body = serde_json::to_vec(&json!({ "values": values })).unwrap();
    let push_body = serde_json::to_vec(&json!({ "statement": statement })).unwrap();
    let label = twinlock_protocol::event::Event::LabelChanged(twinlock_protocol::event::LabelChanged {
        subject: twinlock_protocol::event::Subject::Member(wanda.member()),
        label: wanda.label("Wanda"),
    });
    let event_body = serde_json::to_vec(&json!({ "statements": [wanda.sign(label)], "wraps": [] })).unwrap();
    let now = jiff::Timestamp::now().as_second();
    let mut sent = Vec::new();
    for (method, path, body) in
        [("PUT", &put, &put_body), ("POST", &push, &push_body), ("POST", &events, &event_body)]
    {
        let headers = wanda.headers(method, path, body, now);
        wanda.send_with(method, path, body.clone(), &headers).await.ok();
        sent.push((method, path.clone(), body.clone(), headers));
    }
    // Somebody goes on; and then all of it comes again, in every order.
    setting.ada.client.pull(&setting.ada.env()).await.unwrap();
    setting.ada.save("A=later\n");
    setting.ada.client.push(&setting.ada.env(), twinlock_client::Selection::All).await.unwrap();
    ada.refresh().await;
    let before = (ada.team().head(), ada.chain(environment).head());
    for (method, path, body, headers) in sent.iter().chain(sent.iter().rev()) {
        let answer = wanda.send_with(method, path, body.clone(), headers).await;
        assert!(answer.status < 300 || answer.status == 409, "{path}: {answer:?}");
    }
    // Turned to another place, with another method, body, team or query, or kept until tomorrow.
    let other = setting.ada.client.find_environment("api/production").await.unwrap();
    let elsewhere = push.replace(&environment.to_string(), &other.to_string());
    let (_, _, body, headers) = &sent[1];
    for (what, method, path, body) in [
        ("another path", "POST", elsewhere.as_str(), body.clone()),
        ("another method", "PUT", push.as_str(), body.clone()),
        ("another body", "POST", push.as_str(), put_body.clone()),
        ("another query", "POST", &format!("{push}?after=1"), body.clone()),
    ] {
        let answer = wanda.send_with(method, path, body, headers).await;
        let elsewhere = [(401, "not-signed"), (404, "not-found")];
        assert!(elsewhere.contains(&(answer.status, answer.code())), "{what}: {answer:?}");
    }
    let mut other_team = headers.clone();
    other_team[0].1 = "00112233445566778899aabbccddeeff".to_owned();
    let answer = wanda.send_with("POST", &push, body.clone(), &other_team).await;
    assert!((400..500).contains(&answer.status), "{answer:?}");
    for at in [now - 301, now + 360] {
        let answer = wanda.send_at("POST", &push, body.clone(), at).await;
        assert_eq!((answer.status, answer.code()), (401, "signature-expired"), "{answer:?}");
    }
    // By somebody else's key under the same name; and under two names.
    let mut forged = wanda.stranger().headers("POST", &push, body, now);
    forged[2].1 = headers[2].1.clone();
    let answer = wanda.send_with("POST", &push, body.clone(), &forged).await;
    assert_eq!((answer.status, answer.code()), (401, "not-signed"), "{answer:?}");
    let doubled: Vec<_> = headers.iter().chain(headers).cloned().collect();
    let answer = wanda.send_with("POST", &push, body.clone(), &doubled).await;
    assert!((400..500).contains(&answer.status), "{answer:?}");
    ada.refresh().await;
    assert_eq!((ada.team().head(), ada.chain(environment).head()), before);
    setting.ben.client.pull(&setting.ben.env()).await.unwrap();
    setting.check_in_step().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn values_of_another_environment_are_out_of_reach() {
    let setting = Setting::new(Mode::Ask).await;
    let first = setting.environment().await;
    let path = setting.ada.root.path().join("second.env");
    setting.ada.link_to(path, ("api", "second"), CreateMissing::Yes, Mode::Ask).await;
    let second = setting.ada.client.find_environment("api/second").await.unwrap();
    let mut ada = Forge::of(&setting.ada, &setting.vault).await;
    // Admin and writer of the second one; nothing of the first.
    let mut dan =
        ada.lets_join(Role::Admin, vec![Grant { environment: second, level: Level::Write }], false).await;
    setting.renewed(second).await;
    ada.refresh().await;
    dan.refresh().await;
    let theirs = ada.chain(first).in_order().next().unwrap().1.pointer;
    let ask = |environment| format!("/v1/environments/{environment}/values/query");
    let wanted = serde_json::to_vec(&json!({ "pointers": [theirs] })).unwrap();

    // Queried through one's own, and directly.
    let served = dan.send("POST", &ask(second), wanted.clone()).await.ok();
    assert_eq!(served["values"], json!([]));
    let answer = dan.send("POST", &ask(first), wanted.clone()).await;
    assert!(matches!(answer.status, 403 | 404), "{answer:?}");
    // Put through one's own.
    let (_, own) = dan.seal(second, &[("X=", "1\n")]);
    let taken = ValueBlob { pointer: theirs, blob: own[0].blob.clone() };
    let answer = dan.put_values(second, &[taken]).await;
    assert_eq!((answer.status, answer.code()), (409, "pointer-taken"), "{answer:?}");
    let answer = dan.put_values(first, &own).await;
    assert!(matches!(answer.status, 403 | 404), "{answer:?}");
    // Named in a revision of one's own: with the right digest and a wrong one.
    let (mut changes, _) = dan.seal(second, &[("X=", "1\n")]);
    let digest = ada.chain(first).in_order().next().unwrap().1.digest;
    for right in [true, false] {
        if let Change::Put(put) = &mut changes[0] {
            put.pointer = theirs;
            if right {
                put.digest = digest;
            }
        }
        let statement = dan.sign_revision(&dan.revision(second, changes.clone()));
        let answer = dan.push(second, &statement).await;
        assert_eq!((answer.status, answer.code()), (409, "values-missing"), "{answer:?}");
        (changes, _) = dan.seal(second, &[("X=", "1\n")]);
    }
    // Purged through one's own.
    let mut purge = dan.revision(second, vec![Change::Purge(Purge { pointer: theirs })]);
    purge.cause = Cause::Purge;
    let answer = dan.push(second, &dan.sign_revision(&purge)).await;
    assert_eq!((answer.status, answer.refusal()), (422, "purge"), "{answer:?}");
    // It is all there for those who may.
    let served = ada.send("POST", &ask(first), wanted).await.ok();
    assert_eq!(served["values"].as_array().unwrap().len(), 1);
    setting.check_in_step().await;
}
