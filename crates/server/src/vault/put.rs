//! `PUT /v1/values`: keep sealed values.

use axum::Json;
use axum::extract::State;

use super::VaultStore;
use super::wire::{Put, PutAnswer};
use crate::problem::Problem;

pub(super) async fn put(
    State(store): State<VaultStore>,
    Json(put): Json<Put>,
) -> Result<Json<PutAnswer>, Problem> {
    Ok(Json(PutAnswer { taken: store.put(put.values).await? }))
}
