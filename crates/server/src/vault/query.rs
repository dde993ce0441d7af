//! `POST /v1/values/query`: sealed values of the pointers asked for.

use axum::Json;
use axum::extract::State;

use super::VaultStore;
use super::wire::{Pointers, QueryAnswer};
use crate::problem::Problem;

pub(super) async fn query(
    State(store): State<VaultStore>,
    Json(asked): Json<Pointers>,
) -> Result<Json<QueryAnswer>, Problem> {
    Ok(Json(store.query(asked.pointers).await?))
}
