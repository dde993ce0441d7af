//! What a patched client sends, and what it is answered.

use serde::Serialize;
use serde_json::Value;
use twinlock_protocol::api::{AppendEvents, PushRevision, Rotate, ValueBlob, Values, Wrap, Wraps};
use twinlock_protocol::http_signature::{
    CONTENT_DIGEST_HEADER, SIGNATURE_HEADER, SIGNATURE_INPUT_HEADER, SignedParts, TEAM_HEADER,
};
use twinlock_protocol::{Envelope, EnvironmentId};

use super::Forge;

/// What a vault answered.
#[derive(Debug)]
pub struct Answer {
    /// Its HTTP status.
    pub status: u16,
    /// Its JSON; null if there is none.
    pub body: Value,
}

impl Answer {
    /// The code of the problem that it names.
    #[must_use]
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    /// The code of the refusal that it names.
    #[must_use]
    pub fn refusal(&self) -> &str {
        self.body["refusal"].as_str().unwrap_or_default()
    }

    /// Expects that it was accepted.
    #[track_caller]
    pub fn ok(self) -> Value {
        assert!((200..300).contains(&self.status), "{self:?}");
        self.body
    }
}

impl Forge {
    /// Sends a request, signed by this keyholder now.
    pub async fn send(&self, method: &str, path_and_query: &str, body: Vec<u8>) -> Answer {
        self.send_at(method, path_and_query, body, jiff::Timestamp::now().as_second()).await
    }

    /// The same, as if it were another time.
    pub async fn send_at(&self, method: &str, path_and_query: &str, body: Vec<u8>, at: i64) -> Answer {
        let headers = self.headers(method, path_and_query, &body, at);
        self.send_with(method, path_and_query, body, &headers).await
    }

    /// The headers that sign a request.
    #[must_use]
    pub fn headers(
        &self,
        method: &str,
        path_and_query: &str,
        body: &[u8],
        at: i64,
    ) -> Vec<(&'static str, String)> {
        let (path, query) = path_and_query.split_once('?').unwrap_or((path_and_query, ""));
        let parts = SignedParts { method, path, query, body, team: self.team_id };
        let signed = self.keyholder.sign_request(&parts, at);
        vec![
            (TEAM_HEADER, self.team_id.to_string()),
            (CONTENT_DIGEST_HEADER, signed.content_digest),
            (SIGNATURE_INPUT_HEADER, signed.signature_input),
            (SIGNATURE_HEADER, signed.signature),
        ]
    }

    /// Sends a request with these headers, whatever they sign.
    pub async fn send_with(
        &self,
        method: &str,
        path_and_query: &str,
        body: Vec<u8>,
        headers: &[(&'static str, String)],
    ) -> Answer {
        let url = self.url.join(path_and_query).expect("a URL");
        let mut request = self.http.request(method.parse().expect("a method"), url).body(body);
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let response = request.send().await.expect("the vault answers");
        let status = response.status().as_u16();
        let bytes = response.bytes().await.expect("a whole answer");
        Answer { status, body: serde_json::from_slice(&bytes).unwrap_or(Value::Null) }
    }

    async fn post(&self, path: &str, body: &impl Serialize) -> Answer {
        self.send("POST", path, serde_json::to_vec(body).expect("JSON")).await
    }

    /// Offers events to the vault.
    pub async fn append(&self, statements: Vec<Envelope>, wraps: Vec<Wrap>) -> Answer {
        self.post(&format!("/v1/teams/{}/events", self.team_id), &AppendEvents { statements, wraps }).await
    }

    /// Offers wraps to the vault.
    pub async fn add_wraps(&self, wraps: Vec<Wrap>) -> Answer {
        self.post(&format!("/v1/teams/{}/wraps", self.team_id), &Wraps { wraps }).await
    }

    /// Offers a revision to the vault.
    pub async fn push(&self, environment: EnvironmentId, statement: &Envelope) -> Answer {
        let body = PushRevision { statement: statement.clone() };
        self.post(&format!("/v1/environments/{environment}/revisions"), &body).await
    }

    /// Offers a generation with its revision to the vault.
    pub async fn rotate(&self, environment: EnvironmentId, rotation: &Rotate) -> Answer {
        self.post(&format!("/v1/environments/{environment}/rotations"), rotation).await
    }

    /// Offers values to the vault.
    pub async fn put_values(&self, environment: EnvironmentId, values: &[ValueBlob]) -> Answer {
        let body = serde_json::to_vec(&Values { values: values.to_vec() }).expect("JSON");
        self.send("PUT", &format!("/v1/environments/{environment}/values"), body).await
    }
}
