//! `POST /v1/environments/{environment}/rotations`: new keys, and everything sealed anew under them; all or
//! nothing.

use axum::Json;
use axum::extract::{Path, State};
use twinlock_protocol::api::{Moved, Rotate, Rotated};

use crate::application::plan;
use crate::application::signed::Signed;
use crate::application::{Application, as_timestamp};
use crate::problem::Problem;

pub(super) async fn rotate(
    State(application): State<Application>,
    Path(environment): Path<String>,
    signed: Signed,
) -> Result<Json<Rotated>, Problem> {
    let environment = signed.environment(&environment)?;
    signed.check_member()?;
    let request: Rotate = signed.json()?;
    let turn = signed.slot.turn().await?;
    application.holds.check(signed.slot.id(), signed.asker.keyholder, environment, application.now())?;
    let history = turn.history(&application.teams, environment).await?;
    let now = as_timestamp(application.now());
    let Some((events, revision)) = plan::rotate(turn.team(), &history, &signed.asker, request, now)? else {
        return Ok(Json(Rotated { log: turn.team().head(), head: history.environment.head() }));
    };
    let (team, after) = (events.team.clone(), history.after(revision.environment.clone()));
    application
        .store
        .write(move |writing| {
            super::events::store(writing, &events)?;
            super::push::store(writing, environment, &revision)
        })
        .await?;
    let (id, log, head) = (team.id(), team.head(), after.environment.head());
    turn.publish(|view| {
        view.team = team;
        view.set_history(after);
    })?;
    application.moves.tell(id, Moved::Log { team: id, sequence: log.sequence });
    application.moves.tell(id, Moved::Environment { environment, number: head.number });
    Ok(Json(Rotated { log, head }))
}
