//! What is kept of a lie, and until when it stands: what was served and refused, not what stood beside it; the first lie and
//! the last; and a refusal ends with what it was about, and with nothing else.

use serde_json::{Value, json};
use twinlock_client::store::Mode;
use twinlock_client::view::FileState;
use twinlock_client::{Error, Event, Selection, ToPurge};
use twinlock_protocol::encoding::from_base64url;
use twinlock_tests::Computer;
use twinlock_tests::lying_proxy::{Lie, Told};

use crate::setting::{Setting, lie, shown};

/// The lines of refusals in what a computer exports, by their code.
pub(crate) async fn evidence(of: &Computer, code: &str) -> Vec<Value> {
    let export = of.client.export_activity().await.unwrap();
    let lines = export.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines
        .filter(|line| line["line"] == "refusal" && line["code"] == code)
        .map(|mut line| line["evidence"].take())
        .collect()
}

/// Tells Ben a lie at a pull, which he refuses with this code.
async fn told(setting: &Setting, lie: Lie, code: &str) {
    setting.proxy.lie(lie);
    let error = setting.ben.client.pull(&setting.ben.env()).await.map(|outcome| outcome.pulled).unwrap_err();
    assert!(setting.proxy.be_honest() > 0);
    assert!(error.to_string().contains(&format!("({code})")), "{error}");
}

fn stripped(which: usize) -> Lie {
    lie(move |asked, mut answer| {
        if asked.path.ends_with("/revisions") && answer["statements"].get(which).is_some() {
            answer["statements"][which]["signatures"] = json!([]);
        }
        Told::Json(answer)
    })
}

/// A vault could make a home large and slow for good: of what is longer than an honest statement a part is kept, its length
/// and its hash.
#[tokio::test(flavor = "multi_thread")]
async fn evidence_without_end_is_kept_in_part() {
    let mut setting = Setting::new(Mode::Ask).await;
    setting.ada_changes_things().await;
    let long = lie(|asked, mut answer| {
        if asked.path.ends_with("/revisions") && answer["statements"].get(0).is_some() {
            answer["statements"][0]["payload"] = json!("AAAA".repeat(1024 * 1024));
        }
        Told::Json(answer)
    });
    told(&setting, long, "malformed").await;
    let kept = evidence(&setting.ben, "malformed").await;
    let [kept] = kept.as_slice() else { panic!("{}", kept.len()) };
    assert!(kept["bytes"].as_u64().unwrap() > 4 * 1024 * 1024, "{}", kept["bytes"]);
    assert_eq!(kept["sha256"].as_str().unwrap().len(), 64);
    assert!(kept["beginning"].as_str().unwrap().len() < 512 * 1024);
    setting.ben.client.pull(&setting.ben.env()).await.unwrap();
    setting.check_in_step().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn evidence_is_what_was_refused_and_outlives_the_lie() {
    let mut setting = Setting::new(Mode::Ask).await;
    setting.ada_changes_things().await;
    // Two revisions, of which the second is the lie.
    told(&setting, stripped(1), "signers").await;
    let kept = evidence(&setting.ben, "signers").await;
    let [first] = kept.as_slice() else { panic!("{kept:?}") };
    assert_eq!(first["statement"]["signatures"], json!([]), "{first}");
    let payload = from_base64url(first["statement"]["payload"].as_str().unwrap()).unwrap();
    let payload: Value = serde_json::from_slice(&payload).unwrap();
    let head = &first["head"];
    assert_eq!(
        (&payload["number"], head["number"].as_u64()),
        (&head["number"], first["seen"]["number"].as_u64().map(|seen| seen + 2))
    );
    setting.ben.client.pull(&setting.ben.env()).await.unwrap();
    setting.check_in_step().await;

    // It is over, and still to be shown to whoever runs the vault; another lie of the kind does not take its place.
    setting.ada_changes_things().await;
    told(&setting, stripped(0), "signers").await;
    setting.ben.client.pull(&setting.ben.env()).await.unwrap();
    setting.ada_changes_things().await;
    told(&setting, stripped(0), "signers").await;
    let kept = evidence(&setting.ben, "signers").await;
    let [again, last] = kept.as_slice() else { panic!("{kept:?}") };
    assert_eq!(again, first, "the first is kept");
    assert!(last["seen"]["number"].as_u64() > first["head"]["number"].as_u64(), "and the last: {last}");
    assert_eq!(last["statement"]["signatures"], json!([]), "the one of the page that was refused: {last}");

    // Told again, it stands again; looking elsewhere does not make it go away.
    let back = lie(|asked, mut answer| {
        if asked.path.ends_with("/revisions") {
            answer["head"]["number"] = json!(0);
        }
        Told::Json(answer)
    });
    told(&setting, back, "rollback").await;
    let kept = evidence(&setting.ben, "rollback").await;
    assert_eq!((&kept[0]["head"]["number"], kept[0]["found"].is_string()), (&json!(0), true), "{kept:?}");
    for _ in 0..2 {
        assert_eq!(shown(&setting.ben).await.as_deref(), Some("rollback"));
        setting.ben.client.team().await.unwrap();
    }
    setting.ben.client.pull(&setting.ben.env()).await.unwrap();
    assert_eq!(shown(&setting.ben).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_answer_and_what_is_no_value_is_kept_too() {
    let setting = Setting::new(Mode::Ask).await;
    setting.ada.save("A=2\nB=1\n");
    setting.ada.client.push(&setting.ada.env(), Selection::All).await.unwrap();
    let page = lie(|asked, answer| match asked.path.ends_with("/revisions") {
        true => {
            Told::Answer(axum::response::IntoResponse::into_response(axum::response::Html("<h1>hello</h1>")))
        }
        false => Told::Json(answer),
    });
    told(&setting, page, "not-a-vault").await;
    let kept = evidence(&setting.ben, "not-a-vault").await;
    assert!(kept[0]["asked"].as_str().unwrap().starts_with("GET /v1/environments/"), "{kept:?}");
    assert_eq!((&kept[0]["status"], &kept[0]["bytes"]), (&json!(200), &json!(14)), "{kept:?}");
    assert_eq!(*from_base64url(kept[0]["begins"].as_str().unwrap()).unwrap(), *b"<h1>hello</h1>");
    // Bytes without end in the place of one value: as many are read as an answer has, and none of them is kept.
    let large = lie(|asked, mut answer| {
        if asked.path.ends_with("/values/query") {
            answer["values"][0]["blob"] = json!("A".repeat(8 * 1024 * 1024));
        }
        Told::Json(answer)
    });
    told(&setting, large, "limit").await;
    let kept = evidence(&setting.ben, "limit").await;
    assert_eq!(kept[0]["bytes"], json!(6 * 1024 * 1024), "{}", kept[0]["found"]);
    assert!(kept[0]["blob"].as_str().unwrap().len() < 400 * 1024);
    let other = lie(|asked, mut answer| {
        if asked.path.ends_with("/values/query") {
            answer["values"][0]["blob"] = json!("AQIDBA");
        }
        Told::Json(answer)
    });
    told(&setting, other, "digest").await;
    let kept = evidence(&setting.ben, "digest").await;
    assert_eq!(kept[0]["blob"], json!("AQIDBA"), "{kept:?}");
    setting.ben.client.pull(&setting.ben.env()).await.unwrap();
    setting.check_in_step().await;
}

/// The first values of an answer, each with another blob.
fn other_values() -> Lie {
    lie(|asked, mut answer| {
        if asked.path.ends_with("/values/query") {
            for value in answer["values"].as_array_mut().into_iter().flatten() {
                value["blob"] = json!("AQIDBA");
            }
        }
        Told::Json(answer)
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lie_about_a_former_value_stands_until_that_value_verifies() {
    let mut setting = Setting::new(Mode::Ask).await;
    for _ in 0..2 {
        setting.ada_changes_things().await;
    }
    // Ben has not seen the values in between.
    setting.ben.client.pull(&setting.ben.env()).await.unwrap();
    let environment = setting.environment().await;
    let between = setting.ben.client.log(environment, None).await.unwrap()[1].number;
    let look =
        async || setting.ben.client.reveal_former(environment, between).await.map(|values| values.len());
    setting.proxy.lie(other_values());
    let error = look().await.unwrap_err();
    assert!(setting.proxy.be_honest() > 0);
    assert!(matches!(&error, Error::Refused(refused) if refused.view().code == "digest"), "{error}");
    // What is served of today verifies, and says nothing of it.
    for _ in 0..2 {
        assert_eq!(shown(&setting.ben).await.as_deref(), Some("digest"));
        setting.ben.client.pull(&setting.ben.env()).await.unwrap();
    }
    assert_eq!(setting.ben.client.refusals().await.unwrap().len(), 1);
    assert!(look().await.unwrap() > 0);
    assert_eq!(shown(&setting.ben).await, None);

    // Or until nobody can ask for it any more.
    setting.ada.save("A=purged later\n");
    setting.ada.client.push(&setting.ada.env(), Selection::All).await.unwrap();
    setting.ada.save("A=now\n");
    setting.ada.client.push(&setting.ada.env(), Selection::All).await.unwrap();
    setting.ben.client.pull(&setting.ben.env()).await.unwrap();
    let last = setting.ben.client.log(environment, None).await.unwrap()[1].number;
    setting.proxy.lie(other_values());
    setting.ben.client.reveal_former(environment, last).await.map(|values| values.len()).unwrap_err();
    setting.proxy.be_honest();
    setting.ben.client.pull(&setting.ben.env()).await.unwrap();
    assert_eq!(shown(&setting.ben).await.as_deref(), Some("digest"));
    setting.ada.client.purge(environment, &ToPurge::Variable("A".to_owned())).await.unwrap();
    setting.ben.client.pull(&setting.ben.env()).await.unwrap();
    assert_eq!(shown(&setting.ben).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_happens_to_the_file_hides_a_refusal() {
    let setting = Setting::new(Mode::Ask).await;
    setting.ada.save("A=2\nB=1\n");
    setting.ada.client.push(&setting.ada.env(), Selection::All).await.unwrap();
    told(&setting, stripped(0), "signers").await;
    let text = setting.ben.text();
    let state = async || {
        // From what is here: the vault would be honest now.
        let overview = setting.ben.client.overview().await.unwrap();
        let files =
            overview.projects.into_iter().flat_map(|project| project.environments).flat_map(|it| it.files);
        files.into_iter().find(|file| file.path == setting.ben.env()).unwrap().state
    };
    assert_eq!(state().await, FileState::Refused);
    setting.ben.save("");
    assert_eq!(state().await, FileState::Refused);
    std::fs::remove_file(setting.ben.env()).unwrap();
    assert_eq!(state().await, FileState::Refused);
    std::fs::write(setting.ben.env(), b"\xff\xfe").unwrap();
    assert_eq!(state().await, FileState::Refused);
    setting.ben.save(&text);
    setting.ben.client.pull(&setting.ben.env()).await.unwrap();
    assert_eq!(state().await, FileState::InStep);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_read_back_before_keys_are_renewed_is_refused_aloud() {
    let setting = Setting::new(Mode::Ask).await;
    let environment = setting.environment().await;
    let before = setting.ada.client.environments().await.unwrap();
    let mut events = setting.ada.client.events();
    setting.proxy.lie(lie(|asked, mut answer| {
        if asked.path.ends_with("/values/query") {
            let first = answer["values"][0]["blob"].take();
            answer["values"][0]["blob"] = answer["values"][1]["blob"].take();
            answer["values"][1]["blob"] = first;
        }
        Told::Json(answer)
    }));
    let error = setting.ada.client.rotate_environment(environment).await.map(|it| it.generation).unwrap_err();
    assert!(setting.proxy.be_honest() > 0);
    assert!(matches!(&error, Error::Refused(refused) if refused.view().code == "digest"), "{error}");
    assert_eq!(shown(&setting.ada).await.as_deref(), Some("digest"));
    assert_eq!(evidence(&setting.ada, "digest").await.len(), 1);
    let mut told = Vec::new();
    while let Ok(event) = events.try_recv() {
        told.push(event);
    }
    assert!(told.iter().any(|event| matches!(event, Event::Refused { .. })), "{told:?}");
    assert_eq!(setting.ada.client.environments().await.unwrap(), before, "the keys are those of before");
    setting.ada.client.rotate_environment(environment).await.unwrap();
    assert_eq!(shown(&setting.ada).await, None);
}
