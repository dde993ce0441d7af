//! What a vault says of what it was given: acknowledgements, put-offs, and times.

use std::sync::Arc;

use serde_json::json;
use twinlock_client::store::Mode;
use twinlock_client::{Error, Level, Role, Selection};
use twinlock_protocol::Envelope;
use twinlock_protocol::timestamp::Timestamp;
use twinlock_tests::lying_proxy::{Asked, InPlace, Told};

use crate::lies::Expect;
use crate::setting::{Setting, check_error, kept, lie, shown};

/// Acknowledges revisions as an honest vault would, and forgets them.
fn acknowledged_and_forgotten() -> InPlace {
    Arc::new(|asked: &Asked| {
        if asked.method != "POST" || !asked.path.ends_with("/revisions") {
            return None;
        }
        let body: serde_json::Value = serde_json::from_slice(&asked.body).ok()?;
        let statement: Envelope = serde_json::from_value(body["statement"].clone()).ok()?;
        let payload: serde_json::Value = serde_json::from_slice(&statement.payload.0).ok()?;
        Some(Told::Json(json!({ "head": { "number": payload["number"], "hash": statement.hash() } })))
    })
}

/// The same with events.
fn events_acknowledged_and_forgotten() -> InPlace {
    Arc::new(|asked: &Asked| {
        if asked.method != "POST" || !asked.path.ends_with("/events") {
            return None;
        }
        let body: serde_json::Value = serde_json::from_slice(&asked.body).ok()?;
        let statement = body["statements"].as_array()?.last()?.clone();
        let statement: Envelope = serde_json::from_value(statement).ok()?;
        let payload: serde_json::Value = serde_json::from_slice(&statement.payload.0).ok()?;
        Some(Told::Json(json!({ "head": { "sequence": payload["sequence"], "hash": statement.hash() } })))
    })
}

fn refusal(error: &Error) -> String {
    match error {
        Error::Refused(refused) => refused.view().code,
        other => panic!("no refusal: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_and_is_not_there_is_a_rollback() {
    let setting = Setting::new(Mode::Ask).await;
    let cleo = setting.joins("Cleo").await;
    setting.proxy.answer_in_place(acknowledged_and_forgotten());
    cleo.save(&format!("{}MINE=1\n", cleo.text()));
    let pushed = cleo.client.push(&cleo.env(), Selection::All).await.unwrap();
    assert_eq!((pushed.pushed, setting.proxy.be_honest()), (1, 1));
    // What the vault forgot is remembered here: it is found out at the very next word from it.
    let (text, before) = (cleo.text(), kept(&cleo));
    let error = cleo.client.pull(&cleo.env()).await.map(|outcome| outcome.pulled).unwrap_err();
    assert_eq!(refusal(&error), "rollback");
    assert_eq!((cleo.text(), kept(&cleo)), (text, before));
    assert_eq!(shown(&cleo).await.as_deref(), Some("rollback"));

    // An invite that was acknowledged and is not in the log.
    setting.proxy.answer_in_place(events_acknowledged_and_forgotten());
    let options = twinlock_client::InviteOptions {
        role: Role::Member,
        access: twinlock_client::AccessRequest::Only(Vec::new()),
        expires_in: std::time::Duration::from_secs(60),
        approval: twinlock_client::Approval::NotNeeded,
    };
    setting.ada.client.invite(options).await.unwrap();
    assert!(setting.proxy.be_honest() > 0);
    let error = setting.ada.client.sync().await.map(|outcome| outcome.pulled).unwrap_err();
    assert_eq!(refusal(&error), "rollback");
    setting.ben.client.pull(&setting.ben.env()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_acknowledgement_of_something_else_is_refused() {
    let setting = Setting::new(Mode::Ask).await;
    let text = setting.ben.text();
    for (name, key, code) in [("another hash", "hash", "fork"), ("another number", "number", "rollback")] {
        let before = kept(&setting.ben);
        setting.proxy.lie(lie(move |asked, mut answer| {
            if asked.method == "POST" && asked.path.ends_with("/revisions") {
                answer["head"][key] = match key {
                    "hash" => json!("00".repeat(32)),
                    _ => json!(0),
                };
            }
            Told::Json(answer)
        }));
        setting.ben.save(&format!("{text}# {name}\nMINE={key}\n"));
        let error = setting.ben.client.push(&setting.ben.env(), Selection::All).await;
        let error = error.map(|outcome| outcome.pushed).unwrap_err();
        assert_eq!(setting.proxy.be_honest(), 1);
        check_error(&Expect::Refused(code), &error).unwrap_or_else(|what| panic!("{name}: {what}"));
        assert_eq!(kept(&setting.ben), before, "{name}");
        assert_eq!(shown(&setting.ben).await.as_deref(), Some(code), "{name}");
        // It was stored all the same: that comes to light once the vault is honest, and nothing is sent twice.
        let pulled = setting.ben.client.pull(&setting.ben.env()).await.unwrap();
        assert_eq!((pulled.pulled, pulled.waiting), (0, 0), "{name}");
        setting.ada.client.pull(&setting.ada.env()).await.unwrap();
        setting.check_in_step().await;
    }
    // The log's head likewise.
    let before = kept(&setting.ada);
    setting.proxy.lie(lie(|asked, mut answer| {
        if asked.method == "POST" && asked.path.ends_with("/events") {
            answer["head"]["hash"] = json!("00".repeat(32));
        }
        Told::Json(answer)
    }));
    let environment = setting.environment().await;
    let changed = setting.ada.client.set_access("Ben", environment, Some(Level::Read)).await;
    assert!(setting.proxy.be_honest() > 0);
    assert_eq!(refusal(&changed.map(drop).unwrap_err()), "fork");
    assert_eq!(kept(&setting.ada)[0], before[0]);
    setting.ada.client.pull(&setting.ada.env()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vault_that_always_says_try_again_is_not_obeyed_for_ever() {
    let setting = Setting::new(Mode::Ask).await;
    let (text, before) = (setting.ben.text(), kept(&setting.ben));
    for code in ["values-missing", "head-moved", "log-moved", "pointer-taken"] {
        setting.proxy.answer_in_place(Arc::new(move |asked: &Asked| {
            let problem = json!({
                "type": "about:blank", "title": "x", "status": 409, "detail": "x", "code": code,
            });
            let answer = axum::response::IntoResponse::into_response((
                axum::http::StatusCode::CONFLICT,
                [(axum::http::header::CONTENT_TYPE, "application/problem+json")],
                problem.to_string(),
            ));
            let posts = asked.method == "POST" && asked.path.ends_with("/revisions");
            posts.then_some(Told::Answer(answer))
        }));
        setting.ben.save(&format!("{text}MINE=1\n"));
        let pushed = setting.ben.client.push(&setting.ben.env(), Selection::All).await;
        assert!(matches!(pushed, Err(Error::TooBusy)), "{code}");
        let told = setting.proxy.be_honest();
        assert!((2..=16).contains(&told), "{code}: {told} attempts");
        assert_eq!(kept(&setting.ben), before, "{code}");
        setting.ben.save(&text);
    }
    setting.ben.client.pull(&setting.ben.env()).await.unwrap();
    setting.check_in_step().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_time_of_the_far_future_orders_nothing() {
    let setting = Setting::new(Mode::Ask).await;
    let (_, mut wanda, environment) = setting.with_writer(Role::Member).await;
    for (line, at) in [(("LATE=", "1\n"), (1 << 53) - 1), (("EARLY=", "1\n"), 0)] {
        wanda.refresh().await;
        let (changes, values) = wanda.seal(environment, &[line]);
        wanda.put_values(environment, &values).await.ok();
        let mut revision = wanda.revision(environment, changes);
        revision.created_at = Timestamp(at);
        wanda.push(environment, &wanda.sign_revision(&revision)).await.ok();
    }
    setting.ben.client.pull(&setting.ben.env()).await.unwrap();
    assert!(setting.ben.text().ends_with("LATE=1\nEARLY=1\n"), "{}", setting.ben.text());
    let numbers: Vec<u64> = setting
        .ben
        .client
        .log(environment, None)
        .await
        .unwrap()
        .into_iter()
        .map(|revision| revision.number)
        .collect();
    assert!(numbers.is_sorted_by(|a, b| a > b), "{numbers:?}");
    setting.ben.client.activity().await.unwrap();
    setting.ben.client.export_activity().await.unwrap();
}
