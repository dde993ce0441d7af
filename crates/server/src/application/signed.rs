//! Signed requests: who asks is known before a handler runs, and before more than the headers is read.
//!
//! A stranger and a team that does not exist look the same from outside.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody as _};
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, header};
use serde::Serialize;
use serde::de::DeserializeOwned;
use twinlock_protocol::api::ProblemCode;
use twinlock_protocol::encoding::decode_strict;
use twinlock_protocol::http_signature::{
    self, CONTENT_DIGEST_HEADER, NotSigned, SIGNATURE_HEADER, SIGNATURE_INPUT_HEADER, SignatureHeaders,
    SignedParts, TEAM_HEADER,
};
use twinlock_protocol::keyholder::PublicKeys;
use twinlock_protocol::{EnvironmentId, KeyholderId, TeamId, limits};

use super::Application;
use super::asker::{self, Asker, Standing};
use super::candidates::Vouched;
use super::plan;
use super::strangers;
use super::teams::{Slot, View};
use crate::problem::Problem;
use crate::shares::{Origin, Share};

/// How long a request's body may take.
const BODY_TIME: Duration = Duration::from_secs(60);
/// Whoever is not of the team makes the vault read no more than an offer.
pub(super) const CANDIDATE_BODY_BYTES: usize = 16 * 1024;

/// A request whose signature was checked with the keys that its team's log gives for its signer.
pub(crate) struct Signed {
    pub(crate) slot: Arc<Slot>,
    pub(crate) view: Arc<View>,
    pub(crate) asker: Asker,
    query: String,
    body: Bytes,
    /// Its body counts until the request is answered.
    _room: Share,
}

impl FromRequest<Application> for Signed {
    type Rejection = Problem;

    async fn from_request(request: Request, application: &Application) -> Result<Self, Problem> {
        let origin = strangers::origin(&request);
        let signed = Self::identify(request, application, origin).await;
        let signed = signed.map_err(|problem| application.strangers.answer(origin, problem))?;
        if signed.asker.standing == Standing::Revoked {
            return Err(revoked());
        }
        Ok(signed)
    }
}

impl Signed {
    /// Who asks; an error if that is nobody.
    async fn identify(request: Request, application: &Application, origin: Origin) -> Result<Self, Problem> {
        let claim = Claim::read(request.headers())?;
        let slot = application.teams.find(claim.team).ok_or_else(Problem::not_found)?;
        let view = slot.view()?;
        let at = super::as_timestamp(application.now());
        let candidate = application.candidates.known(claim.team, claim.keyholder, at);
        // Whoever is of the team is no candidate any more.
        let (keys, candidate) = match (asker::keys(&view.team, claim.keyholder), candidate) {
            (Some(keys), _) => (keys.clone(), None),
            (None, Some(known)) => (known.keys, Some(Standing::Candidate(known.vouched))),
            (None, None) => return Err(Problem::not_found()),
        };
        let limit = if candidate.is_some() { CANDIDATE_BODY_BYTES } else { limits::BODY_BYTES };
        let room = |bytes| application.strangers.room(origin, bytes);
        let request = Received::read(request, limit, room).await?;
        let now = application.now();
        let keyholder = request.verify(&claim, &keys, now.as_second())?;
        let standing = asker::standing(&view.team, keyholder, super::as_timestamp(now)).or(candidate);
        let asker = Asker { keyholder, standing: standing.ok_or_else(Problem::not_found)? };
        Ok(Self { slot, view, asker, query: request.query, body: request.body, _room: request.room })
    }

    /// The body, decoded strictly.
    pub(crate) fn json<T: Serialize + DeserializeOwned>(&self) -> Result<T, Problem> {
        json(&self.body)
    }

    /// That the path names the team for which the request is signed.
    pub(crate) fn check_team(&self, path: &str) -> Result<(), Problem> {
        if path.parse() == Ok(self.slot.id()) { Ok(()) } else { Err(Problem::not_found()) }
    }

    /// The environment in the path, if the asker may know of it.
    pub(crate) fn environment(&self, path: &str) -> Result<EnvironmentId, Problem> {
        if self.asker.standing != Standing::Service {
            self.check_member()?;
        }
        let environment = path.parse().map_err(|_| Problem::not_found())?;
        if self.asker.reads_statements(&self.view.team, environment)
            && self.view.team.environment(environment).is_ok()
        {
            Ok(environment)
        } else {
            Err(Problem::not_found())
        }
    }

    /// That a member asks.
    pub(crate) fn check_member(&self) -> Result<(), Problem> {
        match self.asker.standing {
            Standing::Computer(_) => Ok(()),
            Standing::ExpiredInvite => Err(plan::expired()),
            Standing::OpenInvite | Standing::UsedInvite => {
                Err(Problem::forbidden("An invite lets its holder join, and nothing else."))
            }
            Standing::Waiting => Err(Problem::forbidden("An admin of the team has to approve you first.")),
            Standing::Candidate(_) => {
                Err(Problem::forbidden("A computer that is to be added is not of the team yet."))
            }
            Standing::Service => Err(Problem::forbidden("A service reads, and nothing else.")),
            Standing::Revoked => Err(revoked()),
        }
    }

    /// That somebody asks who reads the log: a member, who is about to become one, or a service.
    pub(crate) fn check_reader(&self) -> Result<(), Problem> {
        match self.asker.standing {
            Standing::OpenInvite
            | Standing::Waiting
            | Standing::Service
            | Standing::Candidate(Vouched::ByAMember) => Ok(()),
            _ => self.check_member(),
        }
    }

    /// `?after=NUMBER`, or 0 without it.
    pub(crate) fn after(&self) -> Result<u64, Problem> {
        if self.query.is_empty() {
            return Ok(0);
        }
        let after = self.query.strip_prefix("after=").and_then(|number| number.parse().ok());
        after
            .filter(|after| i64::try_from(*after).is_ok())
            .ok_or_else(|| Problem::bad_request("The query is to be after=NUMBER."))
    }
}

/// Decodes a body strictly.
pub(crate) fn json<T: Serialize + DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    decode_strict(body, limits::BODY_BYTES)
        .map_err(|_| Problem::bad_request("The body is not JSON of the form that this endpoint takes."))
}

/// What the headers of a request claim.
pub(crate) struct Claim {
    pub(crate) team: TeamId,
    pub(crate) keyholder: KeyholderId,
    content_digest: String,
    signature_input: String,
    signature: String,
}

impl Claim {
    /// Reads the headers; each has to be there exactly once.
    pub(crate) fn read(headers: &HeaderMap) -> Result<Self, Problem> {
        let one = |name: &str| {
            let mut values = headers.get_all(name).iter();
            match (values.next().map(|value| value.to_str()), values.next()) {
                (Some(Ok(value)), None) => Ok(value.to_owned()),
                _ => Err(not_signed(NotSigned::Form)),
            }
        };
        let signature_input = one(SIGNATURE_INPUT_HEADER)?;
        let parameters = http_signature::parse_signature_input(&signature_input).map_err(not_signed)?;
        Ok(Self {
            team: one(TEAM_HEADER)?.parse().map_err(|_| not_signed(NotSigned::Form))?,
            keyholder: parameters.keyholder,
            content_digest: one(CONTENT_DIGEST_HEADER)?,
            signature_input,
            signature: one(SIGNATURE_HEADER)?,
        })
    }
}

/// A request read whole.
pub(crate) struct Received {
    method: String,
    path: String,
    query: String,
    pub(crate) body: Bytes,
    room: Share,
}

impl Received {
    /// Reads the body, if it is within the limit and there is `room` for it.
    pub(crate) async fn read(
        request: Request,
        limit: usize,
        room: impl FnOnce(usize) -> Result<Share, Problem>,
    ) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let room = room(body_bytes(&parts.headers, &body, limit)?)?;
        Ok(Self {
            method: parts.method.as_str().to_owned(),
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().unwrap_or_default().to_owned(),
            body: read_body(body, limit).await?,
            room,
        })
    }

    /// Checks the signature with the keys of the claimed signer.
    pub(crate) fn verify(&self, claim: &Claim, keys: &PublicKeys, now: i64) -> Result<KeyholderId, Problem> {
        let parts = SignedParts {
            method: &self.method,
            path: &self.path,
            query: &self.query,
            body: &self.body,
            team: claim.team,
        };
        let headers = SignatureHeaders {
            content_digest: &claim.content_digest,
            signature_input: &claim.signature_input,
            signature: &claim.signature,
        };
        http_signature::verify(&parts, &headers, keys, now)
            .map(twinlock_protocol::Verified::into_inner)
            .map_err(not_signed)
    }
}

/// How much a body can be: nothing where there is none, what the headers say, or the limit where they say nothing.
fn body_bytes(headers: &HeaderMap, body: &Body, limit: usize) -> Result<usize, Problem> {
    if headers.contains_key(header::CONTENT_ENCODING) {
        return Err(Problem::bad_request("Bodies are taken without a content encoding."));
    }
    let length = body.size_hint().upper().map_or(limit, |most| usize::try_from(most).unwrap_or(usize::MAX));
    match length {
        length if length > limit => Err(Problem::too_large("The body is over the limit.")),
        length => Ok(length),
    }
}

async fn read_body(body: Body, limit: usize) -> Result<Bytes, Problem> {
    match tokio::time::timeout(BODY_TIME, axum::body::to_bytes(body, limit)).await {
        Ok(Ok(body)) => Ok(body),
        Ok(Err(_)) => Err(Problem::bad_request("The body broke off, or is over the limit.")),
        Err(_) => Err(Problem::bad_request("The body took too long.")),
    }
}

fn revoked() -> Problem {
    Problem::new(ProblemCode::Revoked, "This computer, kit or service was taken from the team.")
}

fn not_signed(error: NotSigned) -> Problem {
    let code = match error {
        NotSigned::Expired => ProblemCode::SignatureExpired,
        NotSigned::Form | NotSigned::Digest | NotSigned::Signature => ProblemCode::NotSigned,
    };
    Problem::new(code, format!("The request was not accepted: {error}."))
}
