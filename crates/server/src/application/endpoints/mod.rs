//! What clients can ask for: one endpoint, or one resource, to a file.

mod create_team;
mod events;
mod health;
mod news;
mod push;
mod revisions;
mod rotate;
mod snapshot;
mod values;
mod wraps;

use axum::Router;
use axum::routing::{get, post, put};

use super::Application;

pub(super) fn router() -> Router<Application> {
    Router::new()
        .route("/v1/health", get(health::health))
        .route("/v1/teams", post(create_team::create_team))
        .route("/v1/teams/{team}/events", get(events::page).post(events::append))
        .route("/v1/teams/{team}/wraps", get(wraps::mine).post(wraps::add))
        .route("/v1/environments/{environment}/values", put(values::put))
        .route("/v1/environments/{environment}/values/query", post(values::query))
        .route("/v1/environments/{environment}/revisions", get(revisions::page).post(push::push))
        .route("/v1/environments/{environment}/snapshot", get(snapshot::snapshot))
        .route("/v1/environments/{environment}/rotations", post(rotate::rotate))
        .route("/v1/events", get(news::news))
}
