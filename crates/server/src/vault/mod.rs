//! The vault service: sealed values by pointer, for the application alone.
//!
//! It never learns a team, environment, name, author or time, and never sees a value in the clear.

mod delete;
mod put;
mod query;
mod store;
pub(crate) mod wire;

pub(crate) use store::VaultStore;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::routing::{get, post, put};

/// The vault service's endpoints. Who may call them is decided by mutual TLS, before any request is read.
pub(crate) fn router(store: VaultStore) -> Router {
    Router::new()
        .route("/v1/health", get(async || StatusCode::NO_CONTENT))
        .route("/v1/values", put(put::put))
        .route("/v1/values/query", post(query::query))
        .route("/v1/values/delete", post(delete::delete))
        .layer(DefaultBodyLimit::max(twinlock_protocol::limits::BODY_BYTES))
        .with_state(store)
}

#[cfg(test)]
mod tests;
