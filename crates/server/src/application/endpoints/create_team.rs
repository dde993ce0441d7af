//! `POST /v1/teams`: the first team of this vault, with the setup code.
//!
//! It is signed by the founder, whose keys its first statement introduces.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use twinlock_protocol::api::{Appended, CreateTeam, ProblemCode};
use twinlock_protocol::team::Team;

use crate::application::plan::{self, PlannedEvents};
use crate::application::signed::{Claim, Received, json};
use crate::application::store::Writing;
use crate::application::{Application, as_timestamp, setup_code, strangers};
use crate::problem::Problem;
use crate::shares::Origin;

/// A new team is a few statements: strangers can't make the vault read more than this.
const BODY_BYTES: usize = 256 * 1024;

pub(super) async fn create_team(
    State(application): State<Application>,
    request: Request,
) -> Result<Json<Appended>, Problem> {
    let origin = strangers::origin(&request);
    let strangers = Arc::clone(&application.strangers);
    created(application, request, origin).await.map_err(|problem| strangers.answer(origin, problem))
}

async fn created(
    application: Application,
    request: Request,
    origin: Origin,
) -> Result<Json<Appended>, Problem> {
    let claim = Claim::read(request.headers())?;
    let room = |bytes| application.strangers.room(origin, bytes);
    let received = Received::read(request, BODY_BYTES, room).await?;
    let CreateTeam { setup_code, statements, wraps } = json(&received.body)?;
    let first = statements.first().ok_or_else(|| Problem::bad_request("A team begins with statements."))?;
    let team = Team::create(first)?;
    let founder = team.keyholders().get(&claim.keyholder).ok_or_else(Problem::not_found)?;
    if team.id() != claim.team {
        return Err(Problem::not_found());
    }
    let founder = received.verify(&claim, &founder.keys, application.now().as_second())?;
    if let Some(slot) = application.teams.find(team.id()) {
        // The answer to an earlier request was lost.
        return Ok(Json(Appended { head: slot.view()?.team.head() }));
    }
    application.strangers.may_try_a_code(origin)?;
    let planned = plan::create_team(team, founder, statements, wraps, as_timestamp(application.now()))?;
    let team = planned.team.clone();
    application.store.write(move |writing| store(writing, &setup_code, &planned)).await?;
    // Nobody hears of it: nobody could listen to a team before there was one.
    let head = team.head();
    application.teams.add(team);
    Ok(Json(Appended { head }))
}

fn store(writing: &Writing<'_>, setup_code: &str, planned: &PlannedEvents) -> Result<(), Problem> {
    let wrong = || {
        Problem::new(
            ProblemCode::SetupCode,
            "The setup code is wrong or no longer valid. The vault shows it at its start, until there is a team.",
        )
    };
    let kept = writing.setup_code()?.ok_or_else(wrong)?;
    setup_code::check(setup_code, &kept).map_err(|_| wrong())?;
    if !writing.teams()?.is_empty() {
        return Err(wrong());
    }
    super::events::store(writing, planned)?;
    writing.forget_setup_code()?;
    Ok(())
}
