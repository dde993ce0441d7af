//! `POST /v1/values/delete`: forget sealed values that the application swept.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;

use super::VaultStore;
use super::wire::Pointers;
use crate::problem::Problem;

pub(super) async fn delete(
    State(store): State<VaultStore>,
    Json(asked): Json<Pointers>,
) -> Result<StatusCode, Problem> {
    store.delete(asked.pointers).await?;
    Ok(StatusCode::NO_CONTENT)
}
