//! `GET /v1/environments/{environment}/snapshot`: the entries at the head, names sealed, values by pointer.

use axum::Json;
use axum::extract::{Path, State};
use twinlock_protocol::api::{Snapshot, SnapshotEntry};

use crate::application::Application;
use crate::application::signed::Signed;
use crate::problem::Problem;

pub(super) async fn snapshot(
    State(application): State<Application>,
    Path(environment): Path<String>,
    signed: Signed,
) -> Result<Json<Snapshot>, Problem> {
    let environment = signed.environment(&environment)?;
    let history = application.teams.history(&signed.slot, environment).await?;
    let entries = history.environment.in_order().map(|(id, entry)| SnapshotEntry {
        entry: id,
        position: entry.position.clone(),
        name: entry.name.clone(),
        pointer: entry.pointer,
        digest: entry.digest,
    });
    Ok(Json(Snapshot { head: history.environment.head(), entries: entries.collect() }))
}
