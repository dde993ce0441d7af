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
    let (team, asker, now) = (signed.slot.id(), signed.asker.keyholder, application.now());
    // Whoever is held holds nobody.
    application.holds.check(team, asker, None, now)?;
    let turn = signed.slot.turn().await?;
    application.holds.add(turn.team(), asker, &statement, now)?;
    Ok(StatusCode::NO_CONTENT)
}
