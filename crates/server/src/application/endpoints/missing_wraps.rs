//! `GET` and `PUT /v1/teams/{team}/wraps/missing`: which wraps somebody could make, and whose do not open.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use twinlock_protocol::api::MissingWraps;
use twinlock_protocol::limits;

use crate::application::signed::Signed;
use crate::application::{Application, as_timestamp, missing_wraps};
use crate::database::StoreError;
use crate::problem::Problem;

/// The wraps that whoever asks could make for others. A hint: whom they make one for, they take from the log.
pub(super) async fn list(
    State(application): State<Application>,
    Path(team): Path<String>,
    signed: Signed,
) -> Result<Json<MissingWraps>, Problem> {
    signed.check_team(&team)?;
    signed.check_member()?;
    let team = signed.slot.id();
    let there = application.store.read(move |reading| reading.wrapped_keys(team)).await;
    let there = there.map_err(|error: StoreError| Problem::from(error))?;
    let log = &signed.view.team;
    let (asker, now) = (signed.asker.keyholder, as_timestamp(application.now()));
    let missing = missing_wraps::missing(log, asker, &there, &application.unopened, now);
    Ok(Json(MissingWraps { missing }))
}

/// Whoever asks says which of their keys no wrap gives them.
pub(super) async fn say(
    State(application): State<Application>,
    Path(team): Path<String>,
    signed: Signed,
) -> Result<StatusCode, Problem> {
    signed.check_team(&team)?;
    signed.check_reader()?;
    let MissingWraps { missing } = signed.json()?;
    if missing.len() > limits::PAGE {
        return Err(Problem::too_large("At most 500 keys at a time."));
    }
    let keyholder = signed.asker.keyholder;
    if missing.iter().any(|key| key.keyholder != keyholder) {
        return Err(Problem::forbidden("Everybody says for themselves alone which keys they lack."));
    }
    // What is not due to them (any more) nobody would wrap anyway.
    let log = &signed.view.team;
    let due: Vec<_> = missing.into_iter().filter(|key| missing_wraps::is_due(log, key)).collect();
    application.unopened.say(signed.slot.id(), keyholder, &due);
    Ok(StatusCode::NO_CONTENT)
}
