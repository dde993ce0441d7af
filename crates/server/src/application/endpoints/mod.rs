//! What clients can ask for: one endpoint, or one resource, to a file.

mod candidates;
mod create_team;
mod events;
mod health;
mod hold;
mod missing_wraps;
mod news;
mod push;
mod revisions;
mod rotate;
mod snapshot;
mod values;
mod wraps;

use axum::Router;
use axum::handler::Handler;
use axum::routing::{self, MethodRouter};

use super::Application;

/// A request that clients can make: its method, its path, and what answers it.
struct Route {
    method: &'static str,
    path: &'static str,
    answer: MethodRouter<Application>,
}

/// All of them. Who may ask for what is a row in `tests/vault/matrix.rs` for each: a new one without it fails.
fn all() -> Vec<Route> {
    vec![
        get("/v1/health", health::health),
        post("/v1/teams", create_team::create_team),
        get("/v1/teams/{team}/events", events::page),
        post("/v1/teams/{team}/events", events::append),
        post("/v1/teams/{team}/hold", hold::hold),
        get("/v1/teams/{team}/wraps", wraps::mine),
        post("/v1/teams/{team}/wraps", wraps::add),
        get("/v1/teams/{team}/wraps/missing", missing_wraps::list),
        put("/v1/teams/{team}/wraps/missing", missing_wraps::say),
        get("/v1/teams/{team}/candidates", candidates::look_out),
        post("/v1/teams/{team}/candidates", candidates::knock),
        get("/v1/teams/{team}/candidates/{id}", candidates::standing),
        put("/v1/teams/{team}/candidates/{id}", candidates::offer),
        put("/v1/environments/{environment}/values", values::put),
        post("/v1/environments/{environment}/values/query", values::query),
        get("/v1/environments/{environment}/revisions", revisions::page),
        post("/v1/environments/{environment}/revisions", push::push),
        get("/v1/environments/{environment}/snapshot", snapshot::snapshot),
        post("/v1/environments/{environment}/rotations", rotate::rotate),
        get("/v1/events", news::news),
    ]
}

pub(super) fn router() -> Router<Application> {
    all().into_iter().fold(Router::new(), |router, route| router.route(route.path, route.answer))
}

/// Method and path of every request that clients can make.
#[must_use]
pub fn routes() -> Vec<(&'static str, &'static str)> {
    all().into_iter().map(|route| (route.method, route.path)).collect()
}

fn get<T: 'static>(path: &'static str, handler: impl Handler<T, Application>) -> Route {
    Route { method: "GET", path, answer: routing::get(handler) }
}

fn post<T: 'static>(path: &'static str, handler: impl Handler<T, Application>) -> Route {
    Route { method: "POST", path, answer: routing::post(handler) }
}

fn put<T: 'static>(path: &'static str, handler: impl Handler<T, Application>) -> Route {
    Route { method: "PUT", path, answer: routing::put(handler) }
}
