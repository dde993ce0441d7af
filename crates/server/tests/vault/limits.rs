//! What strangers, and one address, get of a vault's time and memory. Other addresses are not the worse for it.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpSocket, TcpStream};
use twinlock_protocol::api::{Appended, CreateTeam, EventsPage, ProblemCode};
use twinlock_protocol::limits;

use crate::support::{Answer, Client, Signed, Vault, computer, http_from, new_team, now};

/// Another address of this computer.
const ELSEWHERE: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));
const DEADLINE: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread")]
async fn setup_codes_are_guessed_ten_times_and_the_owner_is_not_locked_out() {
    let vault = Vault::start().await;
    let (ada, statements, wraps) = new_team(computer());
    let with = |setup_code: &str| {
        let (statements, wraps) = (statements.clone(), wraps.clone());
        let body = CreateTeam { setup_code: setup_code.to_owned(), statements, wraps };
        let body = serde_json::to_vec(&body).unwrap();
        Signed::new(&ada.computer, ada.team.id(), "POST", "/v1/teams", body, now())
    };
    for _ in 0..10 {
        with("00000-00000-00000-00000-00000").send(&vault).await.refused(403, ProblemCode::SetupCode);
    }
    // Not even the right one counts now, else guessing would go on.
    let code = vault.setup_code();
    with(&code).send(&vault).await.refused(429, ProblemCode::TooMany);
    let elsewhere = with(&code).response_from(&http_from(ELSEWHERE), &vault.running.url).await;
    Answer::of(elsewhere).await.ok::<Appended>();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_forgets_who_guessed() {
    let vault = Vault::start().await;
    let (ada, statements, wraps) = new_team(computer());
    let mut body = CreateTeam { setup_code: String::new(), statements, wraps };
    for _ in 0..10 {
        ada.post(&vault, "/v1/teams", &body).await.refused(403, ProblemCode::SetupCode);
    }
    ada.post(&vault, "/v1/teams", &body).await.refused(429, ProblemCode::TooMany);
    let vault = vault.restart().await;
    body.setup_code = vault.setup_code();
    ada.post(&vault, "/v1/teams", &body).await.ok::<Appended>();
}

/// A whole office behind one address: what has no body takes none of its room.
#[tokio::test(flavor = "multi_thread")]
async fn many_questions_at_once_from_one_address_are_all_answered() {
    let vault = Vault::start().await;
    let ada = Client::create(&vault).await;
    let path = ada.events_path();
    let mut asked: FuturesUnordered<_> = (0..50).map(|_| ada.get(&vault, &path)).collect();
    while let Some(answer) = asked.next().await {
        answer.ok::<EventsPage>();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_without_a_good_signature_are_counted_and_others_are_heard_all_the_same() {
    let vault = Vault::start().await;
    let ada = Client::create(&vault).await;
    let unsigned = async |http: &reqwest::Client| {
        let url = format!("{}{}", vault.running.url, ada.events_path());
        Answer::of(http.get(url).send().await.unwrap()).await
    };
    let mut heard = 0;
    while unsigned(&vault.http).await.status == 401 {
        heard += 1;
        assert!(heard < 2_000, "there is no end of them");
    }
    assert!(heard >= 590, "{heard}");
    unsigned(&vault.http).await.refused(429, ProblemCode::TooMany);
    // Strangers who sign get the same; a member from the same address, and a stranger from another, do not notice.
    let stranger = Signed::new(&computer(), ada.team.id(), "GET", &ada.events_path(), Vec::new(), now());
    stranger.send(&vault).await.refused(429, ProblemCode::TooMany);
    ada.get(&vault, &ada.events_path()).await.ok::<EventsPage>();
    unsigned(&http_from(ELSEWHERE)).await.refused(401, ProblemCode::NotSigned);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_megabyte_of_headers_is_not_read() {
    let vault = Vault::start().await;
    let ada = Client::create(&vault).await;
    let mut request = Signed::new(&ada.computer, ada.team.id(), "GET", &ada.events_path(), Vec::new(), now());
    request.headers.push(("x-long", "x".repeat(1 << 20)));
    let mut sent = vault.http.get(format!("{}{}", vault.running.url, request.path_and_query));
    for (name, value) in request.headers {
        sent = sent.header(name, value);
    }
    // Over HTTP/2 the stream is reset or answered 431, whichever is first.
    if let Ok(answer) = sent.send().await {
        assert_eq!(answer.status(), 431);
    }
    ada.get(&vault, &ada.events_path()).await.ok::<EventsPage>();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_is_plain_and_within_the_limit_before_it_is_read() {
    let vault = Vault::start().await;
    let ada = Client::create(&vault).await;
    for (name, value, status, code) in [
        ("content-encoding", "gzip".to_owned(), 400, ProblemCode::BadRequest),
        ("content-length", (limits::BODY_BYTES + 1).to_string(), 413, ProblemCode::TooLarge),
    ] {
        let signed = Signed::new(&ada.computer, ada.team.id(), "POST", &ada.events_path(), Vec::new(), now());
        let mut request = vault.http.post(format!("{}{}", vault.running.url, ada.events_path()));
        for (name, value) in signed.headers {
            request = request.header(name, value);
        }
        let never = futures::stream::pending::<Result<Vec<u8>, std::io::Error>>();
        let request = request.header(name, value).body(reqwest::Body::wrap_stream(never)).send();
        let answer = tokio::time::timeout(DEADLINE, request).await.expect("nothing is waited for").unwrap();
        Answer::of(answer).await.refused(status, code);
    }
    let path = format!("{}?after=9223372036854775808", ada.events_path());
    ada.get(&vault, &path).await.refused(400, ProblemCode::BadRequest);
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_on_their_way_are_bounded_for_each_address() {
    let vault = Vault::start().await;
    let ada = Client::create(&vault).await;
    let large = || {
        let signed = Signed::new(&ada.computer, ada.team.id(), "POST", &ada.events_path(), Vec::new(), now());
        let mut request = vault.http.post(format!("{}{}", vault.running.url, ada.events_path()));
        for (name, value) in signed.headers {
            request = request.header(name, value);
        }
        // As large as a body may be, and it never comes.
        let never = futures::stream::pending::<Result<Vec<u8>, std::io::Error>>();
        request.header("content-length", limits::BODY_BYTES).body(reqwest::Body::wrap_stream(never)).send()
    };
    let mut requests: FuturesUnordered<_> = (0..3).map(|_| large()).collect();
    let first = tokio::time::timeout(DEADLINE, requests.next()).await.unwrap().unwrap().unwrap();
    Answer::of(first).await.refused(429, ProblemCode::TooMany);
    let elsewhere = Signed::new(&ada.computer, ada.team.id(), "GET", &ada.events_path(), Vec::new(), now());
    let elsewhere = elsewhere.response_from(&http_from(ELSEWHERE), &vault.running.url).await;
    Answer::of(elsewhere).await.ok::<EventsPage>();
    drop(requests);
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_are_bounded_for_each_address() {
    let vault = Vault::start().await;
    let ada = Client::create(&vault).await;
    let address = vault.running.address;
    // They say nothing. Those over the bound are closed at once, the others wait for a handshake.
    let mut open = Vec::new();
    for _ in 0..160 {
        open.push(TcpStream::connect(address).await.unwrap());
    }
    let mut closed: FuturesUnordered<_> = open.iter_mut().map(|stream| stream.read_u8()).collect();
    for _ in 0..32 {
        let end = tokio::time::timeout(Duration::from_secs(8), closed.next()).await;
        assert!(end.expect("closed before any handshake times out").unwrap().is_err());
    }
    drop(closed);
    let elsewhere = TcpSocket::new_v4().unwrap();
    elsewhere.bind((ELSEWHERE, 0).into()).unwrap();
    drop(elsewhere.connect(address).await.unwrap());
    let request = Signed::new(&ada.computer, ada.team.id(), "GET", &ada.events_path(), Vec::new(), now());
    let answer = request.response_from(&http_from(ELSEWHERE), &vault.running.url).await;
    Answer::of(answer).await.ok::<EventsPage>();
    // Once they hang up there is room again.
    drop(open);
    let url = format!("{}/v1/health", vault.running.url);
    let fresh = async || while http_from(LOCAL).get(&url).send().await.is_err() {};
    tokio::time::timeout(DEADLINE, fresh()).await.expect("there is room again");
}

const LOCAL: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
