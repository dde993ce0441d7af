//! `GET /v1/health`: whether both services are up. Anybody may ask; the answer tells nothing else.

use axum::extract::State;
use axum::http::StatusCode;

use crate::application::Application;
use crate::problem::Problem;

pub(super) async fn health(State(application): State<Application>) -> Result<StatusCode, Problem> {
    application.vault.check().await?;
    Ok(StatusCode::NO_CONTENT)
}
