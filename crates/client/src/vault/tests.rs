//! Addresses, and what comes back from a vault, without one: statuses, lengths, streams.

pub(crate) mod requests;

use futures::{StreamExt as _, stream};
use reqwest::Response;
use serde_json::{Value, json};

use super::answer::PROBLEM_BYTES;
use super::*;

fn response(status: u16, headers: &[(&str, &str)], body: impl Into<reqwest::Body>) -> Response {
    let mut response = http::Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    response.body(body.into()).unwrap().into()
}

/// JSON, and blanks behind it up to a length.
fn as_long_as(json: &Value, length: usize) -> Vec<u8> {
    let mut text = json.to_string().into_bytes();
    text.resize(length, b' ');
    text
}

fn problem() -> Value {
    json!({ "type": "about:blank", "title": "x", "status": 403, "detail": "x", "code": "forbidden" })
}

fn vault(address: &str) -> Result<Vault, VaultError> {
    let location = VaultLocation { url: address.parse().unwrap(), pin: Some(Pin([0; 32])) };
    Vault::new(location, TeamId::new([0; 16]), None)
}

#[test]
fn an_address_is_one_of_a_vault_or_nothing_is_sent() {
    for good in ["https://vault.example", "https://127.0.0.1:7443", "https://[::1]:7443/"] {
        assert!(vault(good).is_ok(), "{good}");
    }
    for bad in [
        "http://vault.example",
        "ftp://vault.example",
        "mailto:somebody@vault.example",
        "https://somebody@vault.example",
        "https://:secret@vault.example",
    ] {
        assert!(matches!(vault(bad), Err(VaultError::Address(_))), "{bad}");
    }
}

/// What is wrong with an answer, if it is none.
async fn wrong(response: Response) -> Option<Misanswer> {
    match Answer::read(response).await.err()? {
        Wrong::Answer(how, _) => Some(how),
        Wrong::Vault(_) | Wrong::Certificate => None,
    }
}

async fn said(response: Response) -> VaultError {
    let scope = Scope::Team(TeamId::new([0; 16]));
    match Answer::read(response).await {
        Ok(_) => panic!("a success"),
        Err(wrong) => wrong.about(scope, "GET /v1/x".to_owned(), true),
    }
}

#[tokio::test]
async fn a_status_says_what_an_answer_is() {
    for status in [200, 201, 204] {
        assert!(Answer::read(response(status, &[], "{}")).await.is_ok(), "{status}");
    }
    for encoding in ["gzip", "identity", ""] {
        let encoded = response(200, &[("content-encoding", encoding)], "{}");
        assert_eq!(wrong(encoded).await, Some(Misanswer::Compressed));
    }
    for elsewhere in [301, 304, 307] {
        let to = [("location", "https://elsewhere.example")];
        assert_eq!(wrong(response(elsewhere, &to, "{}")).await, Some(Misanswer::Redirect), "{elsewhere}");
    }
    for status in [400, 403, 409, 500, 503] {
        let said = said(response(status, &[], problem().to_string())).await;
        assert!(said.is(ProblemCode::Forbidden) && !said.is(ProblemCode::NotFound), "{status}: {said:?}");
    }
    // What stands before a vault that is away answers in words of its own, and so does what is no vault.
    for (status, away) in [(500, false), (501, false), (502, true), (503, true), (504, true), (505, false)] {
        let page = || response(status, &[], "<h1>Bad gateway</h1>");
        assert_eq!(matches!(said(page()).await, VaultError::Unreachable), away, "{status}");
        assert_eq!(wrong(page()).await, (!away).then_some(Misanswer::Foreign), "{status}");
    }
}

#[tokio::test]
async fn an_answer_is_json_of_its_form_and_of_one_kind() {
    const JSON: (&str, &str) = ("content-type", "application/json");
    let parsed = async |headers: &[(&str, &str)], body: &'static str| {
        let Ok(answer) = Answer::read(response(200, headers, body)).await else { panic!("no success") };
        match answer.parse::<Value>() {
            Ok(_) => None,
            Err(Wrong::Answer(how, _)) => Some(how),
            Err(_) => panic!("not an answer"),
        }
    };
    for kind in ["application/json", "Application/JSON; charset=utf-8"] {
        assert_eq!(parsed(&[("content-type", kind)], "{}").await, None, "{kind}");
    }
    for kind in ["text/html", "text/plain", "application/jsonp", "application/problem+json", "*/*", ""] {
        assert_eq!(parsed(&[("content-type", kind)], "{}").await, Some(Misanswer::Foreign), "{kind}");
    }
    assert_eq!(parsed(&[], "{}").await, Some(Misanswer::Foreign));
    // Of two nobody knows which counts.
    assert_eq!(parsed(&[JSON, ("content-type", "text/html")], "{}").await, Some(Misanswer::Foreign));
    assert_eq!(parsed(&[JSON, JSON], "{}").await, Some(Misanswer::Foreign));
    for body in ["", "{", "{}{}", "{\"a\":1,\"a\":2}"] {
        assert_eq!(parsed(&[JSON], body).await, Some(Misanswer::Form), "{body}");
    }
    // Where there is nothing to say, nothing is said.
    let done = async |body: &'static str| {
        let Ok(answer) = Answer::read(response(200, &[JSON], body)).await else { panic!("no success") };
        answer.done().is_ok()
    };
    assert!(done("").await && !done("{}").await && !done("<html>").await);
}

/// Whoever this computer trusts may answer for a vault without a pin: a web page is most likely theirs.
#[tokio::test]
async fn without_a_pin_a_web_page_is_in_the_way_and_anything_else_is_a_lie() {
    let scope = Scope::Team(TeamId::new([0; 16]));
    let about =
        |how, pinned| Wrong::Answer(how, Answer::parsed()).about(scope, "GET /v1/x".to_owned(), pinned);
    for how in [Misanswer::Foreign, Misanswer::Redirect] {
        assert!(matches!(about(how, false), VaultError::InTheWay));
        assert!(matches!(about(how, true), VaultError::Answered(_)));
    }
    for how in [Misanswer::Form, Misanswer::Compressed, Misanswer::Endless, Misanswer::Unasked] {
        assert!(matches!(about(how, false), VaultError::Answered(_)));
    }
    let sentence = VaultError::InTheWay.to_string();
    assert!(sentence.contains("sign-in page") && sentence.ends_with("(in-the-way)"), "{sentence}");
}

#[tokio::test]
async fn an_answer_is_read_up_to_its_limit_and_no_further() {
    let fits = said(response(403, &[], as_long_as(&problem(), PROBLEM_BYTES))).await;
    assert!(fits.is(ProblemCode::Forbidden), "{fits:?}");
    let longer = response(403, &[], as_long_as(&problem(), PROBLEM_BYTES + 1));
    assert_eq!(wrong(longer).await, Some(Misanswer::Endless));

    let pieces = || stream::iter(["one, ", "two, ", "three"]).map(Ok::<_, std::io::Error>);
    let read = async |limit| {
        let body = response(200, &[], reqwest::Body::wrap_stream(pieces()));
        let Ok((begun, response)) = Answer::begun(body).await else { panic!("no success") };
        begun.go_on(response, limit).await.is_ok()
    };
    assert!(read(15).await && !read(14).await);
}

#[test]
fn a_request_is_within_the_limit_before_it_is_sent() {
    let text = "x".repeat(limits::BODY_BYTES - 2);
    // With its quotes.
    assert_eq!(json(&text).unwrap().len(), limits::BODY_BYTES);
    assert!(matches!(json(&(text + "x")), Err(VaultError::Request(_))));
}

/// A stream of news in pieces of these sizes, the last of which ends in a message.
fn news(sizes: &[usize]) -> MovedStream {
    let message = format!("\ndata: {}\n\n", moved());
    let last = sizes.len() - 1;
    let piece = |(at, size): (usize, &usize)| {
        let mut text = "x".repeat(*size);
        if at == last {
            text.replace_range(size - message.len().., &message);
        }
        // A comment.
        text.replace_range(..1, if at == 0 { ":" } else { "x" });
        Ok::<_, std::io::Error>(text)
    };
    let pieces: Vec<_> = sizes.iter().enumerate().map(piece).collect();
    let body = reqwest::Body::wrap_stream(stream::iter(pieces));
    MovedStream::new(response(200, &[], body), Duration::from_secs(30)).unwrap()
}

fn moved() -> Value {
    json!({ "moved": "log", "team": "00".repeat(16), "sequence": 7 })
}

#[tokio::test]
async fn a_stream_of_news_ends_where_no_honest_one_goes_on() {
    const MIB: usize = 1024 * 1024;
    let said = |message: Option<Result<_, VaultError>>| message.map(|said| said.map(|moved| json!(moved)));
    let mut all = news(&[MIB; 4]);
    assert_eq!(said(all.next().await).unwrap().unwrap(), moved());
    assert!(all.next().await.is_none());
    let mut longer = news(&[MIB, MIB, MIB, MIB + 1]);
    assert!(longer.next().await.unwrap().is_err());
}

#[tokio::test]
async fn a_silent_stream_of_news_is_a_vault_out_of_reach() {
    let silent = stream::pending::<Result<Vec<u8>, std::io::Error>>();
    let silent = response(200, &[], reqwest::Body::wrap_stream(silent));
    let mut silent = MovedStream::new(silent, Duration::from_millis(10)).unwrap();
    assert!(matches!(silent.next().await, Some(Err(VaultError::Unreachable))));
    let mut strange = MovedStream::new(response(200, &[], "data: {}\n\n"), Duration::from_secs(30)).unwrap();
    assert!(matches!(strange.next().await, Some(Err(VaultError::Unreachable))));
}
