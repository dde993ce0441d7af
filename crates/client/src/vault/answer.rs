//! Answers as they come: read within bounds, and told apart from what no vault says.

use futures::StreamExt as _;
use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap};
use reqwest::{Response, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use twinlock_protocol::api::Problem;
use twinlock_protocol::encoding::{decode_open, decode_strict, to_base64url};
use twinlock_protocol::refusal::Misanswer;
use twinlock_protocol::{Refusal, limits};

use super::VaultError;
use crate::store::Scope;
use crate::team::inert;

/// Bytes of an error answer that are read; the rest is of no use.
pub(super) const PROBLEM_BYTES: usize = 64 * 1024;
/// Bytes of an answer that are kept as evidence.
const EVIDENCE_BYTES: usize = 4 * 1024;

/// What came from a vault's address and is no answer of a vault; or from whom it did not come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// Whose history was asked for.
    pub scope: Scope,
    /// What is wrong with it.
    pub refusal: Refusal,
    /// What there is to show for it.
    pub served: Served,
}

/// An answer, for whoever looks into it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Served {
    /// What was asked: method and path.
    asked: String,
    /// The status; none if nothing was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_type: Option<String>,
    /// How much of its body was read.
    bytes: usize,
    /// The beginning of it.
    begins: String,
}

/// An answer as far as it was read.
pub(super) struct Answer {
    status: StatusCode,
    content_type: Option<String>,
    body: Vec<u8>,
}

/// Why there is no answer to go on with.
pub(super) enum Wrong {
    /// There is none, or a vault's own problem.
    Vault(VaultError),
    /// Somebody else answers.
    Certificate,
    /// It is none of a vault.
    Answer(Misanswer, Answer),
}

impl Answer {
    /// Reads a whole answer. A success alone is one.
    pub(super) async fn read(response: Response) -> Result<Self, Wrong> {
        let (answer, response) = Self::begun(response).await?;
        answer.go_on(response, limits::BODY_BYTES).await
    }

    /// Looks at the beginning of an answer; one that is no success is read to its end.
    pub(super) async fn begun(response: Response) -> Result<(Self, Response), Wrong> {
        let answer = Self {
            status: response.status(),
            content_type: content_type(response.headers()),
            body: Vec::new(),
        };
        if response.headers().contains_key(CONTENT_ENCODING) {
            return Err(Wrong::Answer(Misanswer::Compressed, answer));
        }
        let status = answer.status;
        if status.is_success() {
            return Ok((answer, response));
        }
        if !(status.is_client_error() || status.is_server_error()) {
            return Err(Wrong::Answer(Misanswer::Redirect, answer));
        }
        let answer = { answer }.go_on(response, PROBLEM_BYTES).await?;
        Err(match decode_open::<Problem>(&answer.body, PROBLEM_BYTES) {
            Ok(problem) => Wrong::Vault(VaultError::Problem(Box::new(problem))),
            // What stands before a vault that is away answers so.
            Err(_) if matches!(status.as_u16(), 502..=504) => Wrong::Vault(VaultError::Unreachable),
            Err(_) => Wrong::Answer(Misanswer::Foreign, answer),
        })
    }

    /// The beginning of a stream of news.
    pub(super) async fn stream(response: Response) -> Result<Response, Wrong> {
        let (answer, response) = Self::begun(response).await?;
        match answer.is("text/event-stream") {
            true => Ok(response),
            false => Err(Wrong::Answer(Misanswer::Foreign, answer)),
        }
    }

    pub(super) async fn go_on(mut self, response: Response, limit: usize) -> Result<Self, Wrong> {
        let mut chunks = response.bytes_stream();
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.map_err(|error| classify(&error))?;
            if self.body.len() + chunk.len() > limit {
                return Err(Wrong::Answer(Misanswer::Endless, self));
            }
            self.body.extend_from_slice(&chunk);
        }
        Ok(self)
    }

    /// What it says.
    pub(super) fn parse<A: Serialize + DeserializeOwned>(self) -> Result<A, Wrong> {
        if !self.is("application/json") {
            return Err(Wrong::Answer(Misanswer::Foreign, self));
        }
        decode_strict(&self.body, limits::BODY_BYTES).map_err(|_| Wrong::Answer(Misanswer::Form, self))
    }

    /// That it was done, and nothing more.
    pub(super) fn done(self) -> Result<(), Wrong> {
        if self.body.is_empty() { Ok(()) } else { Err(Wrong::Answer(Misanswer::Foreign, self)) }
    }

    /// An answer that was read and parsed, and is wrong all the same.
    pub(super) fn parsed() -> Self {
        Self { status: StatusCode::OK, content_type: None, body: Vec::new() }
    }

    fn is(&self, kind: &str) -> bool {
        let own = self.content_type.as_deref().unwrap_or_default();
        own.split(';').next().is_some_and(|own| own.trim().eq_ignore_ascii_case(kind))
    }
}

impl Wrong {
    /// What it means. Without a pin, a web page is most likely somebody's on the way: whoever is trusted by this
    /// computer may answer then, and not the vault alone.
    pub(super) fn about(self, scope: Scope, asked: String, pinned: bool) -> VaultError {
        let (refusal, answer) = match self {
            Self::Vault(error) => return error,
            Self::Answer(Misanswer::Foreign | Misanswer::Redirect, _) if !pinned => {
                return VaultError::InTheWay;
            }
            Self::Answer(wrong, answer) => (Refusal::Answer(wrong), Some(answer)),
            Self::Certificate => (Refusal::Certificate, None),
        };
        let (status, content_type, body) = match answer {
            Some(answer) => (Some(answer.status.as_u16()), answer.content_type, answer.body),
            None => (None, None, Vec::new()),
        };
        let begins = to_base64url(&body[..body.len().min(EVIDENCE_BYTES)]);
        let served = Served { asked, status, content_type, bytes: body.len(), begins };
        VaultError::Answered(Box::new(Answered { scope, refusal, served }))
    }
}

impl From<VaultError> for Wrong {
    fn from(error: VaultError) -> Self {
        Self::Vault(error)
    }
}

/// The one that there is: of two nobody knows which counts.
fn content_type(headers: &HeaderMap) -> Option<String> {
    let mut all = headers.get_all(CONTENT_TYPE).iter();
    let (Some(one), None) = (all.next(), all.next()) else { return None };
    let text = one.to_str().ok()?;
    Some(inert(&text.chars().take(100).collect::<String>()))
}

/// Tells a wrong certificate from a vault that is not there.
pub(super) fn classify(error: &reqwest::Error) -> Wrong {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if let Some(rustls::Error::InvalidCertificate(_)) = error.downcast_ref() {
            return Wrong::Certificate;
        }
        // What an input or output error wraps is not its source: its source is the source of that.
        let wrapped = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        cause = match wrapped {
            Some(wrapped) => Some(wrapped),
            None => error.source(),
        };
    }
    Wrong::Vault(VaultError::Unreachable)
}
