//! Addresses, and what comes back from a vault, without one: statuses, lengths, streams.

use futures::stream;
use serde_json::{Value, json};

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
    Vault::new(location, TeamId::new([0; 16]))
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

#[tokio::test]
async fn a_status_says_what_an_answer_is() {
    for status in [200, 201, 204] {
        assert!(check_status(response(status, &[], "{}")).await.is_ok(), "{status}");
    }
    let compressed = response(200, &[("content-encoding", "gzip")], "{}");
    assert!(matches!(check_status(compressed).await, Err(VaultError::Answer(_))));
    for elsewhere in [301, 304, 307] {
        let said =
            check_status(response(elsewhere, &[("location", "https://elsewhere.example")], "{}")).await;
        assert!(
            matches!(said, Err(VaultError::Answer(why)) if why.contains("somewhere else")),
            "{elsewhere}"
        );
    }
    for status in [400, 403, 409, 500, 503] {
        let said = check_status(response(status, &[], problem().to_string())).await.unwrap_err();
        assert!(said.is(ProblemCode::Forbidden) && !said.is(ProblemCode::NotFound), "{status}: {said:?}");
    }
    // What stands before a vault that is away answers in words of its own, and so does what is no vault.
    for (status, away) in [(500, false), (501, false), (502, true), (503, true), (504, true), (505, false)] {
        let said = check_status(response(status, &[], "<h1>Bad gateway</h1>")).await.unwrap_err();
        assert_eq!(matches!(said, VaultError::Unreachable), away, "{status}: {said:?}");
        assert_eq!(matches!(said, VaultError::Answer(_)), !away, "{status}: {said:?}");
    }
}

#[tokio::test]
async fn an_answer_is_read_up_to_its_limit_and_no_further() {
    let fits = check_status(response(403, &[], as_long_as(&problem(), PROBLEM_BYTES))).await.unwrap_err();
    assert!(fits.is(ProblemCode::Forbidden), "{fits:?}");
    let longer =
        check_status(response(403, &[], as_long_as(&problem(), PROBLEM_BYTES + 1))).await.unwrap_err();
    assert!(matches!(longer, VaultError::Answer(_)), "{longer:?}");

    let pieces = || stream::iter(["one, ", "two, ", "three"]).map(Ok::<_, std::io::Error>);
    let body = || response(200, &[], reqwest::Body::wrap_stream(pieces()));
    assert_eq!(read_bounded(body(), 15).await.unwrap(), b"one, two, three");
    assert!(matches!(read_bounded(body(), 14).await, Err(VaultError::Answer(_))));
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
    assert!(matches!(strange.next().await, Some(Err(VaultError::Answer(_)))));
}
