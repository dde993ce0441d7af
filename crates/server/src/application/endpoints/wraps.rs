//! `GET` and `POST /v1/teams/{team}/wraps`: wrapped keys.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use twinlock_protocol::api::Wraps;
use twinlock_protocol::limits;

use crate::application::signed::Signed;
use crate::application::{Application, due_wraps};
use crate::database::StoreError;
use crate::problem::Problem;

/// Those made for whoever asks.
pub(super) async fn mine(
    State(application): State<Application>,
    Path(team): Path<String>,
    signed: Signed,
) -> Result<Json<Wraps>, Problem> {
    signed.check_team(&team)?;
    signed.check_reader()?;
    let (team, keyholder) = (signed.slot.id(), signed.asker.keyholder);
    let wraps = application.store.read(move |reading| reading.wraps(team, keyholder)).await;
    Ok(Json(Wraps { wraps: wraps.map_err(|error: StoreError| Problem::from(error))? }))
}

/// Adds wraps that were missing, by somebody who has the key.
pub(super) async fn add(
    State(application): State<Application>,
    Path(team): Path<String>,
    signed: Signed,
) -> Result<StatusCode, Problem> {
    signed.check_team(&team)?;
    signed.check_member()?;
    let Wraps { wraps } = signed.json()?;
    if wraps.len() > limits::PAGE {
        return Err(Problem::too_large("At most 500 wrapped keys at a time."));
    }
    // Nobody loses access between the check and the storing.
    let turn = signed.slot.turn().await?;
    due_wraps::check(turn.team(), &wraps, &BTreeSet::new(), &[signed.asker.keyholder])?;
    let team = signed.slot.id();
    let made = wraps.clone();
    application
        .store
        .write(move |writing| wraps.iter().try_for_each(|wrap| writing.set_wrap(team, wrap)))
        .await
        .map_err(|error: StoreError| Problem::from(error))?;
    application.unopened.wrapped(team, &made);
    Ok(StatusCode::NO_CONTENT)
}
