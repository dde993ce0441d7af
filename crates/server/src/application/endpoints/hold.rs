//! `POST /v1/teams/{team}/hold`: whoever is about to lose the right to push waits for a minute.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use twinlock_protocol::api::Hold;

use crate::application::Application;
use crate::application::signed::Signed;
use crate::problem::Problem;

pub(super) async fn hold(
    State(application): State<Application>,
    Path(team): Path<String>,
    signed: Signed,
) -> Result<StatusCode, Problem> {
    signed.check_team(&team)?;
    signed.check_member()?;
    let Hold { statement } = signed.json()?;
    let (asker, now) = (signed.asker.keyholder, application.now());
    let turn = signed.slot.turn().await?;
    // Whoever is held holds nobody, but for whoever holds them.
    application.holds.check_events(turn.team(), asker, std::slice::from_ref(&statement), now)?;
    application.holds.add(turn.team(), asker, &statement, now)?;
    Ok(StatusCode::NO_CONTENT)
}
