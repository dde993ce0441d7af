//! Whoever stands on the network, and a vault that answers without end, without a beginning, or one byte at a time.

use std::convert::Infallible;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use futures::{StreamExt as _, stream};
use serde_json::{Value, json};
use twinlock_client::store::Mode;
use twinlock_client::view::FileState;
use twinlock_client::{CreateMissing, ErrorCode, Patience, Selection, VaultLocation};
use twinlock_tests::forwarder::Forwarder;
use twinlock_tests::lying_proxy::{Asked, InPlace, LyingProxy, Told};
use twinlock_tests::programs::{Ending, wait_until};
use twinlock_tests::{Computer, TestVault, until};

use crate::lies::Expect;
use crate::setting::{Setting, check_error, check_in_step, kept, lie, shown};

const SHORT: Patience = Patience {
    answer: Duration::from_millis(800),
    verb: Duration::from_millis(1500),
    silence: Duration::from_millis(800),
};

/// An answer in pieces, one every so often.
fn in_pieces(pieces: Vec<Bytes>, every: Duration) -> Response {
    let body = stream::iter(pieces).then(move |piece| async move {
        tokio::time::sleep(every).await;
        Ok::<_, Infallible>(piece)
    });
    ([(header::CONTENT_TYPE, "application/json")], Body::from_stream(body)).into_response()
}

fn news(body: Body) -> Told {
    Told::Answer(([(header::CONTENT_TYPE, "text/event-stream")], body).into_response())
}

/// Answers the stream of news alone, in the vault's place.
fn instead_of_news(answer: impl Fn() -> Told + Send + Sync + 'static) -> InPlace {
    Arc::new(move |asked: &Asked| (asked.path == "/v1/events").then(&answer))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vault_that_answers_without_end_is_not_waited_for() {
    let setting = Setting::new(Mode::Ask).await;
    setting.ben.client.set_patience(SHORT).await;
    let lies: [(&str, crate::setting::Tell); 3] = [
        ("a byte at a time", |_, answer| {
            let bytes = answer.to_string().into_bytes();
            let pieces = bytes.into_iter().map(|byte| Bytes::from(vec![byte])).collect();
            Told::Answer(in_pieces(pieces, Duration::from_millis(100)))
        }),
        ("blanks that never end", |_, _| {
            let blanks = stream::repeat_with(|| Ok::<_, Infallible>(Bytes::from_static(b" ")));
            let slowly = blanks.then(|blank| async move {
                tokio::time::sleep(Duration::from_millis(50)).await;
                blank
            });
            Told::Answer(Body::from_stream(slowly).into_response())
        }),
        ("nothing at all", |_, _| Told::Silence),
    ];
    for (name, tell) in lies {
        let began = Instant::now();
        setting.told(name, &setting.ben, lie(tell), &Expect::Unreachable).await;
        assert!(began.elapsed() < Duration::from_secs(10), "{name}: {:?}", began.elapsed());
    }
    setting.check_in_step().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_million_small_pages_are_not_waited_for() {
    let mut setting = Setting::with_a_past(Mode::Ask).await;
    for _ in 0..4 {
        setting.ada_changes_things().await;
    }
    let one_by_one = lie(|_, mut answer| {
        if let Some(statements) = answer.get_mut("statements").and_then(Value::as_array_mut) {
            statements.truncate(1);
            let bytes = Bytes::from(answer.to_string());
            return Told::Answer(in_pieces(vec![bytes], Duration::from_millis(300)));
        }
        if let Some(values) = answer.get_mut("values").and_then(Value::as_array_mut) {
            values.truncate(1);
        }
        Told::Json(answer)
    });
    // Each page is true, so what came is kept; but nobody waits for the rest for longer than for a fetch.
    setting.ben.client.set_patience(SHORT).await;
    let (text, before, began) = (setting.ben.text(), kept(&setting.ben), Instant::now());
    setting.proxy.lie(one_by_one.clone());
    let error = setting.ben.client.pull(&setting.ben.env()).await.map(|outcome| outcome.pulled).unwrap_err();
    assert_eq!(error.code(), ErrorCode::Unreachable, "{error}");
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    assert_eq!(setting.ben.text(), text);
    let after = kept(&setting.ben);
    assert!(after[0] > before[0], "what was verified is kept");
    // The next attempts go on from there, until there is nothing more to come.
    let mut attempts = 0;
    while let Err(error) = setting.ben.client.pull(&setting.ben.env()).await {
        attempts += 1;
        assert!(attempts < 40, "{error}");
    }
    setting.proxy.be_honest();
    setting.check_in_step().await;

    // Whoever joins is not fed with pages of things that nobody signed either: the first of them ends it.
    let link = setting.ada.invite(twinlock_client::Role::Member).await;
    setting.proxy.lie(lie(|asked, mut answer| {
        if asked.path.ends_with("/events")
            && let Some(statements) = answer["statements"].as_array_mut()
        {
            statements.truncate(1);
            if asked.after() > 0
                && let Some(one) = statements.first_mut()
            {
                one["signatures"] = json!([]);
            }
            answer["head"]["sequence"] = json!(1_000_000);
        }
        Told::Json(answer)
    }));
    let cleo = Computer::new().await;
    let before = setting.proxy.asked();
    let parsed = twinlock_client::InviteLink::parse(link.expose()).unwrap();
    let error =
        cleo.client.join(parsed, twinlock_tests::label("Cleo")).await.map(|view| view.name).unwrap_err();
    check_error(&Expect::Refused("signers"), &error).unwrap();
    assert_eq!(setting.proxy.asked() - before, 2);
    setting.proxy.be_honest();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_never_begins_holds_up_nothing() {
    let setting = Setting::new(Mode::Auto).await;
    setting.ben.client.set_patience(SHORT).await;
    let begins = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&begins);
    setting.proxy.answer_in_place(instead_of_news(move || {
        counted.fetch_add(1, Ordering::SeqCst);
        Told::Silence
    }));
    let watch = tokio::spawn({
        let client = setting.ben.client.clone();
        async move { client.watch().await }
    });
    until("the stream is asked for", || begins.load(Ordering::SeqCst) > 0).await;
    // The verbs of the same program go on.
    let file = setting.ben.env();
    let pulled = tokio::time::timeout(Duration::from_secs(10), setting.ben.client.pull(&file));
    pulled.await.unwrap().unwrap();
    // One that begins and falls silent is given up, and asked for again.
    let silences = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&silences);
    setting.proxy.answer_in_place(instead_of_news(move || {
        counted.fetch_add(1, Ordering::SeqCst);
        news(Body::from_stream(stream::pending::<Result<Bytes, Infallible>>()))
    }));
    until("a silent stream is asked for again", || silences.load(Ordering::SeqCst) > 1).await;
    setting.proxy.be_honest();
    setting.ada.save("A=2\nB=1\n");
    setting.ada.client.push(&setting.ada.env(), Selection::All).await.unwrap();
    until("Ben's file has what is honest", || setting.ben.text() == setting.ada.text()).await;
    watch.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn news_by_nobody_are_a_hint_at_most() {
    let setting = Setting::new(Mode::Auto).await;
    let environment = setting.environment().await;
    // Ada is an admin: she is served statements of what she has no access to.
    let foreign = "00112233445566778899aabbccddeeff";
    let mut told: Vec<String> = (0..50)
        .map(|at| {
            json!({ "moved": "environment", "environment": format!("{at:032x}"), "number": 1 }).to_string()
        })
        .collect();
    told.extend([
        json!({ "moved": "environment", "environment": environment, "number": 9_007_199_254_740_991_u64 })
            .to_string(),
        json!({ "moved": "environment", "environment": environment, "number": 0 }).to_string(),
        json!({ "moved": "log", "team": foreign, "sequence": 1_000_000 }).to_string(),
    ]);
    let text: String = told.into_iter().map(|message| format!("data: {message}\n\n")).collect();
    let begins = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&begins);
    setting.proxy.answer_in_place(instead_of_news(move || {
        counted.fetch_add(1, Ordering::SeqCst);
        let first = stream::iter([Ok::<_, Infallible>(Bytes::from(text.clone()))]);
        news(Body::from_stream(
            first.chain(stream::iter([Ok(Bytes::from_static(b"data: {\"moved\":\"us\"}\n\n"))])),
        ))
    }));
    let (text, before) = (setting.ada.text(), kept(&setting.ada));
    let watch = tokio::spawn({
        let client = setting.ada.client.clone();
        async move { client.watch().await }
    });
    until("the stream has ended and is asked for again", || begins.load(Ordering::SeqCst) > 1).await;
    watch.abort();
    setting.proxy.be_honest();
    assert_eq!((setting.ada.text(), kept(&setting.ada)), (text, before));
    assert_eq!(shown(&setting.ada).await, None);
    let export = setting.ada.client.export_activity().await.unwrap();
    assert!(!export.contains("\"refusal\""), "news are nothing to refuse: {export}");
    setting.check_in_step().await;
}

/// `openssl s_server`, which can still do what no server of ours does.
fn openssl_server(folder: &std::path::Path, version: &str) -> (Ending, u16) {
    let (key, certificate) = (folder.join("key.pem"), folder.join("certificate.pem"));
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-subj",
            "/CN=localhost",
            "-days",
            "2",
            "-keyout",
        ])
        .arg(&key)
        .arg("-out")
        .arg(&certificate)
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(made.success());
    let port = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
    let child = Command::new("openssl")
        .args(["s_server", version, "-cipher", "ALL:@SECLEVEL=0", "-quiet", "-www", "-accept"])
        .arg(format!("127.0.0.1:{port}"))
        .arg("-key")
        .arg(&key)
        .arg("-cert")
        .arg(&certificate)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let server = Ending::of(child);
    wait_until("openssl listens", || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok());
    (server, port)
}

#[tokio::test(flavor = "multi_thread")]
async fn another_certificate_is_sent_nothing() {
    let vault = TestVault::start().await;
    let own = vault.location().url.port().unwrap();
    let road = Forwarder::start(own).await;
    let (ada, ben) = (Computer::new().await, Computer::new().await);
    let way = VaultLocation { url: road.url(), pin: vault.location().pin };
    ada.found_by_way_of(way, &vault).await;
    ada.link(CreateMissing::Yes, Mode::Ask).await;
    ada.save("A=1\n");
    ada.client.push(&ada.env(), Selection::All).await.unwrap();
    ben.join(&ada.invite(twinlock_client::Role::Member).await, "Ben").await;
    ben.link(CreateMissing::No, Mode::Ask).await;
    ben.client.pull(&ben.env()).await.unwrap();
    ada.save("A=2\n");
    ada.client.push(&ada.env(), Selection::All).await.unwrap();
    let (text, before) = (ben.text(), kept(&ben));

    // Somebody in the middle, with a certificate of their own: they hear nothing, and learn nothing.
    let middle = LyingProxy::start(vault.location().url).await;
    road.turn_to(middle.location().url.port().unwrap());
    let mut ben = ben;
    ben.reopen().await;
    let error = ben.client.pull(&ben.env()).await.map(|outcome| outcome.pulled).unwrap_err();
    assert!(error.to_string().contains("does not have the vault's certificate"), "{error}");
    assert_eq!(error.code(), ErrorCode::Refused);
    assert_eq!(middle.asked(), 0, "something was sent");
    // A server that speaks TLS 1.1 alone, and one that speaks none.
    let folder = tempfile::tempdir().unwrap();
    let (_server, old) = openssl_server(folder.path(), "-tls1_1");
    let plain = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let plain_port = plain.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut stream in plain.incoming().flatten().take(4) {
            use std::io::Write as _;
            let _hung_up = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}");
        }
    });
    for port in [old, plain_port] {
        road.turn_to(port);
        ben.reopen().await;
        let error = ben.client.pull(&ben.env()).await.map(|outcome| outcome.pulled).unwrap_err();
        assert_eq!(error.code(), ErrorCode::Unreachable, "{error}");
    }
    assert_eq!((ben.text(), kept(&ben)), (text, before));
    road.turn_to(own);
    ben.reopen().await;
    ben.client.pull(&ben.env()).await.unwrap();
    check_in_step(&ben, &ada).await;
    assert_eq!(ben.client.status(Some(&ben.env())).await.unwrap()[0].state, FileState::InStep);
}
