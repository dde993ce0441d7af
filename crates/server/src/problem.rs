//! Errors as clients get them: `application/problem+json` (RFC 9457) with a stable code.
//!
//! Nothing of a request's body, no key and no internal detail is put into one.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use twinlock_protocol::api::{self, ProblemCode};
use twinlock_protocol::event::{Head, LogHead};
use twinlock_protocol::{Pointer, Refusal};

use crate::database::StoreError;

/// An error answer.
#[derive(Debug)]
pub(crate) struct Problem(Box<api::Problem>);

impl Problem {
    pub(crate) fn new(code: ProblemCode, detail: impl Into<String>) -> Self {
        let status = status(code);
        Self(Box::new(api::Problem {
            r#type: "about:blank".to_owned(),
            title: title(code).to_owned(),
            status: status.as_u16(),
            detail: detail.into(),
            code,
            head: None,
            log: None,
            pointers: Vec::new(),
            refusal: None,
        }))
    }

    #[cfg(test)]
    pub(crate) fn code(&self) -> ProblemCode {
        self.0.code
    }

    /// Somebody else appended to the log first.
    pub(crate) fn log_moved(head: LogHead) -> Self {
        let mut problem = Self::new(
            ProblemCode::LogMoved,
            "The team's log has moved on. Nothing was stored. Read it again, then sign anew.",
        );
        problem.0.log = Some(head);
        problem
    }

    /// Somebody is about to take the asker's right to push.
    pub(crate) fn held() -> Self {
        Self::new(
            ProblemCode::Held,
            "Somebody is changing your rights in the team right now. Nothing was stored. Try again in a minute.",
        )
    }

    /// Somebody else pushed first.
    pub(crate) fn head_moved(head: Head) -> Self {
        let mut problem = Self::new(
            ProblemCode::HeadMoved,
            "The environment has a newer revision. Nothing was stored. Pull it, then push again.",
        );
        problem.0.head = Some(head);
        problem
    }

    /// Pointers that hold, or held, something else.
    pub(crate) fn pointer_taken(pointers: Vec<Pointer>) -> Self {
        let mut problem = Self::new(
            ProblemCode::PointerTaken,
            "Some pointers are taken or being swept. Seal these values afresh under new ones.",
        );
        problem.0.pointers = pointers;
        problem
    }

    /// A revision names values that are not here.
    pub(crate) fn values_missing(pointers: Vec<Pointer>) -> Self {
        let mut problem = Self::new(
            ProblemCode::ValuesMissing,
            "The revision names values that are not stored. Nothing was stored. Put them, then push again.",
        );
        problem.0.pointers = pointers;
        problem
    }

    pub(crate) fn not_found() -> Self {
        Self::new(ProblemCode::NotFound, "There is nothing here that you have access to.")
    }

    pub(crate) fn forbidden(detail: &str) -> Self {
        Self::new(ProblemCode::Forbidden, detail)
    }

    /// With the rule that a statement breaks.
    pub(crate) fn because(mut self, refusal: &Refusal) -> Self {
        self.0.refusal = Some(refusal.code().to_owned());
        self
    }

    pub(crate) fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(ProblemCode::BadRequest, detail)
    }

    pub(crate) fn too_large(detail: &str) -> Self {
        Self::new(ProblemCode::TooLarge, detail)
    }

    /// What is stored does not verify. The log says where; the client is told only that.
    pub(crate) fn damaged() -> Self {
        Self::new(
            ProblemCode::Damaged,
            "What this vault has stored does not verify: it was damaged or changed from outside. It is not served.",
        )
    }

    /// As [`Self::damaged`], for these values.
    pub(crate) fn damaged_values(pointers: Vec<Pointer>) -> Self {
        let mut problem = Self::damaged();
        problem.0.pointers = pointers;
        problem
    }

    pub(crate) fn internal() -> Self {
        Self::new(ProblemCode::Internal, "The vault could not do this. Nothing was stored. Its log says why.")
    }

    pub(crate) fn unavailable() -> Self {
        Self::new(
            ProblemCode::Unavailable,
            "A part of the vault can't be reached right now. Try again later.",
        )
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let code = match refusal {
            Refusal::NotAllowed { .. } | Refusal::Revoked { .. } => ProblemCode::Forbidden,
            Refusal::Limit(_) => ProblemCode::TooLarge,
            _ => ProblemCode::Refused,
        };
        Self::new(code, format!("The statement was not accepted: {refusal}.")).because(&refusal)
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Field(crate::keyring::KeyringError::Damaged) | StoreError::Contradiction(_) => {
                tracing::error!(%error, "stored data does not verify");
                Self::damaged()
            }
            StoreError::Sqlite(_) | StoreError::Field(_) | StoreError::Stopped => {
                tracing::error!(%error, "a transaction failed");
                Self::internal()
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = status(self.0.code);
        let mut response = (status, Json(self.0)).into_response();
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        response
    }
}

fn status(code: ProblemCode) -> StatusCode {
    match code {
        ProblemCode::BadRequest => StatusCode::BAD_REQUEST,
        ProblemCode::NotSigned | ProblemCode::SignatureExpired => StatusCode::UNAUTHORIZED,
        ProblemCode::Forbidden
        | ProblemCode::SetupCode
        | ProblemCode::InviteExpired
        | ProblemCode::Revoked => StatusCode::FORBIDDEN,
        ProblemCode::NotFound => StatusCode::NOT_FOUND,
        ProblemCode::LogMoved
        | ProblemCode::HeadMoved
        | ProblemCode::PointerTaken
        | ProblemCode::ValuesMissing => StatusCode::CONFLICT,
        ProblemCode::Refused | ProblemCode::Wraps => StatusCode::UNPROCESSABLE_ENTITY,
        ProblemCode::Held => StatusCode::LOCKED,
        ProblemCode::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ProblemCode::TooMany => StatusCode::TOO_MANY_REQUESTS,
        ProblemCode::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

fn title(code: ProblemCode) -> &'static str {
    match code {
        ProblemCode::BadRequest => "The request is not understood",
        ProblemCode::NotSigned => "The request is not signed",
        ProblemCode::SignatureExpired => "The signature is too old",
        ProblemCode::Forbidden => "Not allowed",
        ProblemCode::NotFound => "Not found",
        ProblemCode::SetupCode => "The setup code is not valid",
        ProblemCode::InviteExpired => "The invite has expired",
        ProblemCode::Revoked => "Taken from the team",
        ProblemCode::LogMoved => "The team's log has moved on",
        ProblemCode::HeadMoved => "The environment has moved on",
        ProblemCode::PointerTaken => "Pointers are taken",
        ProblemCode::ValuesMissing => "Values are missing",
        ProblemCode::Refused => "The statement was refused",
        ProblemCode::Wraps => "Keys are missing or not due",
        ProblemCode::Held => "Held for a minute",
        ProblemCode::TooLarge => "Too large",
        ProblemCode::TooMany => "Too many requests",
        ProblemCode::Damaged => "Stored data does not verify",
        ProblemCode::Unavailable => "The vault is not available",
        _ => "The vault could not do this",
    }
}
