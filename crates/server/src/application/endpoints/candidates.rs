//! `/v1/teams/{team}/candidates`: computers that want to be added, and what is offered to them.

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use twinlock_protocol::KeyholderId;
use twinlock_protocol::api::{BecomeCandidate, Candidacy, Candidates, Offer};

use crate::application::asker::Standing;
use crate::application::signed::{CANDIDATE_BODY_BYTES, Claim, Received, Signed, json};
use crate::application::{Application, as_timestamp, strangers};
use crate::problem::Problem;
use crate::shares::Origin;

/// Who stands at the asker's door, which is open for as long as this is asked.
pub(super) async fn look_out(
    State(application): State<Application>,
    Path(team): Path<String>,
    signed: Signed,
) -> Result<Json<Candidates>, Problem> {
    signed.check_team(&team)?;
    signed.check_member()?;
    let now = as_timestamp(application.now());
    let candidates = application.candidates.look_out(signed.slot.id(), signed.asker.keyholder, now);
    Ok(Json(Candidates { candidates }))
}

/// A stranger stands at a door. Signed with the keys that it brings.
pub(super) async fn knock(
    State(application): State<Application>,
    Path(team): Path<String>,
    request: Request,
) -> Result<StatusCode, Problem> {
    let origin = strangers::origin(&request);
    let knocked = knocks(&application, &team, request, origin).await;
    knocked.map_err(|problem| application.strangers.answer(origin, problem))
}

async fn knocks(
    application: &Application,
    team: &str,
    request: Request,
    origin: Origin,
) -> Result<StatusCode, Problem> {
    let claim = Claim::read(request.headers())?;
    let slot = application.teams.find(claim.team).ok_or_else(Problem::not_found)?;
    let room = |bytes| application.strangers.room(origin, bytes);
    let received = Received::read(request, CANDIDATE_BODY_BYTES, room).await?;
    let BecomeCandidate { computer, keys } = json(&received.body)?;
    if keys.id() != claim.keyholder {
        return Err(Problem::not_found());
    }
    let now = application.now();
    received.verify(&claim, &keys, now.as_second())?;
    // Whoever the team knew once stays what it was.
    if team.parse() != Ok(claim.team) || slot.view()?.team.keys_of(claim.keyholder).is_some() {
        return Err(Problem::not_found());
    }
    application.candidates.knock(claim.team, computer, keys, as_timestamp(now))?;
    Ok(StatusCode::NO_CONTENT)
}

/// How a candidate stands. It alone may ask.
pub(super) async fn standing(
    State(application): State<Application>,
    Path((team, id)): Path<(String, String)>,
    signed: Signed,
) -> Result<Json<Candidacy>, Problem> {
    signed.check_team(&team)?;
    let id = candidate(&id)?;
    if id != signed.asker.keyholder {
        return match signed.asker.standing {
            Standing::Candidate(_) => Err(Problem::not_found()),
            _ => signed.check_member().and(Err(Problem::not_found())),
        };
    }
    let statement = application.candidates.offer_to(signed.slot.id(), id, as_timestamp(application.now()))?;
    Ok(Json(Candidacy { statement }))
}

/// An offer, by whoever's door it is; or the same, signed by the candidate too.
pub(super) async fn offer(
    State(application): State<Application>,
    Path((team, id)): Path<(String, String)>,
    signed: Signed,
) -> Result<StatusCode, Problem> {
    signed.check_team(&team)?;
    let id = candidate(&id)?;
    let Offer { statement } = signed.json()?;
    let (team, asker) = (signed.slot.id(), signed.asker);
    let now = as_timestamp(application.now());
    match asker.standing {
        Standing::Candidate(_) if asker.keyholder == id => {
            application.candidates.accept(team, id, statement, now)?;
        }
        Standing::Candidate(_) => return Err(Problem::not_found()),
        _ => {
            signed.check_member()?;
            application.candidates.offer(team, asker.keyholder, id, statement, now)?;
        }
    }
    Ok(StatusCode::NO_CONTENT)
}

fn candidate(path: &str) -> Result<KeyholderId, Problem> {
    path.parse().map_err(|_| Problem::not_found())
}
