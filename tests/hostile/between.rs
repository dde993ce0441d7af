//! Between two requests a vault may honestly have moved on: that is no lie, and does not stop anybody. What is told once is
//! a lie all the same, though the vault is honest when it is asked again.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use twinlock_client::store::Mode;
use twinlock_client::{Selection, ToPurge};
use twinlock_protocol::Envelope;
use twinlock_tests::lying_proxy::{Asked, Lie, Told};

use crate::lies::Expect;
use crate::setting::{Setting, check_error, kept, lie};

/// Answers otherwise the first so many times that this is asked for, and honestly from then on.
fn at_first(
    times: usize,
    path: &'static str,
    tell: impl Fn(&Asked, &mut Value) + Send + Sync + 'static,
) -> Lie {
    let left = AtomicUsize::new(times);
    lie(move |asked, mut answer| {
        let one_less = |left: usize| left.checked_sub(1);
        if asked.path.ends_with(path)
            && left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less).is_ok()
        {
            tell(asked, &mut answer);
        }
        Told::Json(answer)
    })
}

/// A history that ends at the first revision of a page; the next page has nothing more.
fn end_at_the_first(head: &Mutex<Option<Value>>, answer: &mut Value) {
    let statements = answer["statements"].as_array_mut().unwrap();
    let mut head = head.lock().unwrap();
    statements.truncate(usize::from(head.is_none()));
    if let Some(first) = statements.first() {
        let first: Envelope = serde_json::from_value(first.clone()).unwrap();
        let payload: Value = serde_json::from_slice(&first.payload.0).unwrap();
        *head = Some(json!({ "number": payload["number"], "hash": first.hash() }));
    }
    answer["head"] = head.clone().unwrap();
}

impl Setting {
    async fn ada_pushes(&self, text: &str) {
        self.ada.save(text);
        self.ada.client.push(&self.ada.env(), Selection::All).await.unwrap();
    }

    /// Ben goes on with it as with an honest vault.
    async fn ben_goes_on(&self, name: &str, lie: Lie) {
        self.proxy.lie(lie);
        let pulled = self.ben.client.pull(&self.ben.env()).await;
        pulled.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(self.proxy.be_honest() > 0, "{name}: nothing was answered otherwise");
        self.check_in_step().await;
    }

    async fn ben_refuses(&self, name: &str, lie: Lie, code: &'static str) {
        let text = self.ben.text();
        self.proxy.lie(lie);
        let error = self.ben.client.pull(&self.ben.env()).await.map(|outcome| outcome.pulled).unwrap_err();
        check_error(&Expect::Refused(code), &error).unwrap_or_else(|what| panic!("{name}: {what}"));
        assert!(self.proxy.be_honest() > 0, "{name}: nothing was a lie");
        assert_eq!(self.ben.text(), text, "{name}");
        self.ben.client.pull(&self.ben.env()).await.unwrap();
        self.check_in_step().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_moved_on_between_two_requests_is_fetched() {
    let mut setting = Setting::new(Mode::Ask).await;
    // The log as Ben has seen it, and then a revision that refers to what it has become.
    setting.ada_changes_things().await;
    let log_of_before = at_first(1, "/events", |asked, answer| {
        let seen = |(path, page): &&(String, Value)| {
            *path == asked.path && page["head"]["sequence"].as_u64() == Some(asked.after())
        };
        let head = asked.past.iter().rfind(seen).unwrap().1["head"].clone();
        *answer = json!({ "statements": [], "head": head });
    });
    setting.ben_goes_on("the log grew", log_of_before).await;

    // A revision whose values are replaced and purged before Ben asks for them.
    let environment = setting.environment().await;
    setting.ada_pushes("A=soon gone\n").await;
    let number = setting.ada.client.log(environment, None).await.unwrap()[0].number;
    setting.ada_pushes("A=this stays\n").await;
    let purged = setting.ada.client.purge(environment, &ToPurge::Revisions(BTreeSet::from([number]))).await;
    assert_eq!(purged.unwrap().purged, 1);
    let head: Mutex<Option<Value>> = Mutex::new(None);
    let head_of_before = at_first(2, "/revisions", move |_, answer| end_at_the_first(&head, answer));
    setting.ben_goes_on("a value was purged", head_of_before).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_told_once_is_a_lie() {
    let setting = Setting::new(Mode::Ask).await;
    setting.ada_pushes("A=2\nB=1\n").await;
    let stripped = at_first(1, "/revisions", |_, answer| {
        for statement in answer["statements"].as_array_mut().into_iter().flatten() {
            statement["signatures"] = json!([]);
        }
    });
    setting.ben_refuses("signatures stripped", stripped, "signers").await;

    // Of a head that is not the last one, another value: that there is more does not excuse it.
    let head: Mutex<Option<Value>> = Mutex::new(None);
    setting.ada_pushes("A=4\nB=2\n").await;
    setting.ada_pushes("A=5\nB=2\n").await;
    let other_value = at_first(1, "/values/query", |_, answer| {
        answer["values"][0]["blob"] = json!("AQIDBA");
    });
    let head_of_before = at_first(2, "/revisions", move |_, answer| end_at_the_first(&head, answer));
    let both = lie(move |asked, answer| match asked.path.ends_with("/revisions") {
        true => head_of_before(asked, answer),
        false => other_value(asked, answer),
    });
    setting.ben_refuses("another value of a head of before", both, "digest").await;

    // A value that is not there, and a history that is gone when it is looked at again.
    setting.ada_pushes("A=6\nB=2\n").await;
    let left_out = AtomicUsize::new(0);
    let gone = lie(move |asked, mut answer| {
        if asked.path.ends_with("/values/query") {
            answer["values"].as_array_mut().unwrap().clear();
            left_out.fetch_add(1, Ordering::SeqCst);
        } else if asked.path.ends_with("/revisions") && left_out.load(Ordering::SeqCst) > 0 {
            answer["head"]["number"] = json!(0);
        }
        Told::Json(answer)
    });
    setting.ben_refuses("a history that is gone", gone, "rollback").await;

    // Left out of a page, and once more when it is asked for alone.
    setting.ada_pushes("A=3\nB=3\n").await;
    let left_out = at_first(2, "/values/query", |_, answer| {
        answer["values"].as_array_mut().unwrap().pop();
    });
    setting.ben_refuses("a value left out", left_out, "value-missing").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_one_statement_add_up_to_the_whole() {
    let mut setting = Setting::new(Mode::Ask).await;
    for value in 3..6 {
        setting.ada_pushes(&format!("A={value}\nB=2\n")).await;
    }
    let _cleo = setting.joins("Cleo").await;
    let pages = lie(|_, mut answer| {
        if let Some(statements) = answer.get_mut("statements").and_then(Value::as_array_mut) {
            statements.truncate(1);
        }
        Told::Json(answer)
    });
    setting.ben_goes_on("pages of one", pages).await;
    setting.ada.client.team().await.unwrap();
    let ([events, revisions, ..], of_ada) = (kept(&setting.ben), kept(&setting.ada));
    assert_eq!([events, revisions], of_ada[..2]);
    // What was kept is whole, and goes on where it ended.
    setting.ben.reopen().await;
    setting.ada_pushes("A=6\nB=2\n").await;
    setting.ben.client.pull(&setting.ben.env()).await.unwrap();
    setting.check_in_step().await;
}
