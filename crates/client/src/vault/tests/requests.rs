//! What is sent to a vault, and that what comes back is looked at: towards a listener that answers what a test says.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum_server::Handle;
use axum_server::tls_rustls::RustlsConfig;
use rcgen::PublicKeyData as _;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::PrivatePkcs8KeyDer;
use sha2::{Digest as _, Sha256};
use twinlock_protocol::KeyholderId;
use twinlock_protocol::encoding::Bytes;
use twinlock_protocol::envelope::Envelope;
use twinlock_seal::Seed;

use super::*;

/// A request as it came: method, path with query, kind of its body, its body.
pub(crate) type Asked = (String, String, Option<String>, Vec<u8>);

/// A vault that answers what it is told to.
pub(crate) struct StandIn {
    pub(crate) vault: Vault,
    pub(crate) own: Keyholder,
    asked: Arc<Mutex<Vec<Asked>>>,
    handle: Handle<std::net::SocketAddr>,
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.handle.shutdown();
    }
}

impl StandIn {
    async fn answering(answer: fn() -> Response) -> Self {
        Self::of(TeamId::new([0xaa; 16]), move |_| answer()).await
    }

    pub(crate) async fn of(
        team: TeamId,
        answer: impl Fn(&Asked) -> Response + Clone + Send + Sync + 'static,
    ) -> Self {
        let rcgen::CertifiedKey { cert, signing_key } =
            rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let key = PrivatePkcs8KeyDer::from(signing_key.serialize_der());
        let settings = rustls::ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], key.into())
            .unwrap();
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let url = format!("https://{}", listener.local_addr().unwrap()).parse().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&asked);
        let hear = move |request: Request| async move {
            let (parts, body) = request.into_parts();
            let kind = parts.headers.get(header::CONTENT_TYPE).map(|kind| kind.to_str().unwrap().to_owned());
            let body = to_bytes(body, limits::BODY_BYTES).await.unwrap().to_vec();
            let asked = (parts.method.to_string(), parts.uri.to_string(), kind, body);
            let answer = answer(&asked);
            heard.lock().unwrap().push(asked);
            answer
        };
        let handle = Handle::new();
        let settings = RustlsConfig::from_config(Arc::new(settings));
        let server = axum_server::from_tcp_rustls(listener, settings).unwrap().handle(handle.clone());
        tokio::spawn(server.serve(axum::Router::new().fallback(hear).into_make_service()));
        let pin = Some(Pin(Sha256::digest(signing_key.subject_public_key_info()).into()));
        let vault = Vault::new(VaultLocation { url, pin }, team, None).unwrap();
        let own = Keyholder::from_seed(&Seed::generate(&mut rand::rng()));
        Self { vault, own, asked, handle }
    }

    /// What was asked since.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }

    /// Says everything that has no answer, each once.
    async fn say_all(&self) -> Vec<(&'static str, Result<(), VaultError>)> {
        let (vault, own) = (&self.vault, &self.own);
        let missing = vec![missing()];
        let hold = Hold { statement: statement() };
        vec![
            ("hold", vault.hold(own, &hold).await),
            ("wraps", vault.add_wraps(own, &wraps(1)).await),
            ("missing", vault.say_unopened(own, missing).await),
            ("values", vault.put_values(own, ENVIRONMENT, vec![blob(1)]).await),
            ("knock", vault.knock(own, OTHER).await),
            ("offer", vault.offer(own, OTHER, &statement()).await),
        ]
    }
}

const ENVIRONMENT: EnvironmentId = EnvironmentId::new([0xee; 16]);
const OTHER: KeyholderId = KeyholderId::new([0xcc; 16]);

fn statement() -> Envelope {
    Envelope { payload_type: "x".to_owned(), payload: Bytes(vec![1]), signatures: Vec::new() }
}

fn wraps(count: usize) -> Vec<Wrap> {
    let wrap = json!({
        "keyholder": OTHER, "generation": 1, "half": "name", "wrapper": OTHER, "encapsulated": "", "sealed": "",
    });
    vec![serde_json::from_value(wrap).unwrap(); count]
}

fn missing() -> MissingWrap {
    serde_json::from_value(json!({ "keyholder": OTHER, "generation": 1, "half": "name" })).unwrap()
}

fn blob(pointer: u8) -> ValueBlob {
    ValueBlob { pointer: Pointer::new([pointer; 16]), blob: Bytes(vec![pointer]) }
}

fn nothing() -> Response {
    StatusCode::NO_CONTENT.into_response()
}

pub(crate) fn as_json(answer: &Value) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], answer.to_string()).into_response()
}

/// What an answer is taken for, if not for one.
fn wrong<A>(answer: Result<A, VaultError>) -> Option<&'static str> {
    match answer {
        Ok(_) => None,
        Err(VaultError::Answered(answered)) => Some(answered.refusal.code()),
        Err(error) => panic!("{error:?}"),
    }
}

#[tokio::test]
async fn what_is_said_to_a_vault_is_said_once_and_in_full() {
    let vault = StandIn::answering(nothing).await;
    for (what, said) in vault.say_all().await {
        assert!(said.is_ok(), "{what}: {said:?}");
    }
    let team = format!("/v1/teams/{}", vault.vault.team());
    let keys = vault.own.public();
    let expected = [
        ("POST", format!("{team}/hold"), json!({ "statement": statement() })),
        ("POST", format!("{team}/wraps"), json!({ "wraps": wraps(1) })),
        ("PUT", format!("{team}/wraps/missing"), json!({ "missing": [missing()] })),
        ("PUT", format!("/v1/environments/{ENVIRONMENT}/values"), json!({ "values": [blob(1)] })),
        ("POST", format!("{team}/candidates"), json!({ "computer": OTHER, "keys": keys })),
        ("PUT", format!("{team}/candidates/{OTHER}"), json!({ "statement": statement() })),
    ];
    let asked = vault.asked();
    assert_eq!(asked.len(), expected.len());
    for ((method, path, kind, body), expected) in asked.iter().zip(expected) {
        assert_eq!((method.as_str(), path.clone()), (expected.0, expected.1));
        assert_eq!(kind.as_deref(), Some("application/json"), "{path}");
        assert_eq!(serde_json::from_slice::<Value>(body).unwrap(), expected.2, "{path}");
    }
    // In as many pages as the limit asks for.
    vault.vault.add_wraps(&vault.own, &wraps(2 * limits::PAGE + 1)).await.unwrap();
    let pages = vault.asked().into_iter().map(|(.., body)| {
        let page: Wraps = serde_json::from_slice(&body).unwrap();
        page.wraps.len()
    });
    assert_eq!(pages.collect::<Vec<_>>(), [limits::PAGE, limits::PAGE, 1]);
    vault.vault.add_wraps(&vault.own, &[]).await.unwrap();
    vault.vault.put_values(&vault.own, ENVIRONMENT, Vec::new()).await.unwrap();
    assert_eq!(vault.asked(), []);
}

/// Where there is nothing to say, whoever says something is no vault; and what a vault refuses was not done.
#[tokio::test]
async fn what_was_said_and_not_taken_is_an_error() {
    let talkative = StandIn::answering(|| as_json(&json!({}))).await;
    for (what, said) in talkative.say_all().await {
        assert_eq!(wrong(said), Some("not-a-vault"), "{what}");
    }
    let refusing =
        StandIn::answering(|| (StatusCode::FORBIDDEN, problem().to_string()).into_response()).await;
    for (what, said) in refusing.say_all().await {
        assert!(said.is_err_and(|error| error.is(ProblemCode::Forbidden)), "{what}");
    }
    // Of several pages the first that is not taken is the last.
    refusing.asked();
    refusing.vault.add_wraps(&refusing.own, &wraps(limits::PAGE + 1)).await.unwrap_err();
    assert_eq!(refusing.asked().len(), 1);
}

#[tokio::test]
async fn a_question_has_a_query_and_no_body() {
    let vault = StandIn::answering(nothing).await;
    let (asking, own) = (&vault.vault, &vault.own);
    for answer in [
        wrong(asking.events(own, 7).await),
        wrong(asking.revisions(own, ENVIRONMENT, 9).await),
        wrong(asking.wraps(own).await),
        wrong(asking.missing_wraps(own).await),
        wrong(asking.look_out(own).await),
        wrong(asking.candidacy(own).await),
        wrong(asking.moved(own).await),
    ] {
        assert_eq!(answer, Some("not-a-vault"));
    }
    let (team, id) = (format!("/v1/teams/{}", asking.team()), own.id());
    let expected = [
        format!("{team}/events?after=7"),
        format!("/v1/environments/{ENVIRONMENT}/revisions?after=9"),
        format!("{team}/wraps"),
        format!("{team}/wraps/missing"),
        format!("{team}/candidates"),
        format!("{team}/candidates/{id}"),
        "/v1/events".to_owned(),
    ];
    let expected = expected.map(|path| ("GET".to_owned(), path, None, Vec::new()));
    assert_eq!(vault.asked(), expected);
}

#[tokio::test]
async fn values_are_those_that_were_asked_for_and_each_once() {
    fn values(values: &[u8]) -> Response {
        as_json(&json!({ "values": values.iter().map(|value| blob(*value)).collect::<Vec<_>>() }))
    }
    let asked = [Pointer::new([1; 16]), Pointer::new([2; 16])];
    let answers: [(fn() -> Response, _); 6] = [
        (|| values(&[]), None),
        (|| values(&[2]), None),
        (|| values(&[2, 1]), None),
        (|| values(&[1, 1]), Some("unasked")),
        (|| values(&[1, 2, 1]), Some("unasked")),
        (|| values(&[1, 3]), Some("unasked")),
    ];
    for (at, (answer, expected)) in answers.into_iter().enumerate() {
        let vault = StandIn::answering(answer).await;
        let given = vault.vault.values(&vault.own, ENVIRONMENT, &asked).await;
        assert_eq!(wrong(given), expected, "{at}");
    }
}

#[tokio::test]
async fn no_more_stand_at_a_door_than_a_vault_lets_stand_there() {
    fn candidates(count: usize) -> Response {
        let keys = Keyholder::from_seed(&Seed::generate(&mut rand::rng())).public().clone();
        as_json(&json!({ "candidates": vec![json!({ "keys": keys }); count] }))
    }
    let full = StandIn::answering(|| candidates(limits::CANDIDATES)).await;
    assert_eq!(full.vault.look_out(&full.own).await.unwrap().len(), limits::CANDIDATES);
    let crowd = StandIn::answering(|| candidates(limits::CANDIDATES + 1)).await;
    assert_eq!(wrong(crowd.vault.look_out(&crowd.own).await), Some("unasked"));
}

/// An answer is waited for as long as was asked for, and no longer.
#[tokio::test]
async fn patience_ends() {
    let mut vault = StandIn::answering(|| {
        let blanks = stream::pending::<Result<Vec<u8>, std::io::Error>>();
        Body::from_stream(blanks).into_response()
    })
    .await;
    let short = Patience { answer: Duration::from_millis(50), ..Patience::default() };
    vault.vault.set_patience(short);
    assert_eq!(vault.vault.patience, short);
    let answer = tokio::time::timeout(Duration::from_secs(30), vault.vault.wraps(&vault.own)).await;
    assert!(matches!(answer.unwrap(), Err(VaultError::Unreachable)));
}
