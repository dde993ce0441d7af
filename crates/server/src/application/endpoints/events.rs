//! `GET` and `POST /v1/teams/{team}/events`: the team's log.

use axum::Json;
use axum::extract::{Path, State};
use twinlock_protocol::api::{AppendEvents, Appended, EventsPage, Moved};
use twinlock_protocol::limits;

use crate::application::asker::Standing;
use crate::application::plan::{self, PlannedEvents};
use crate::application::signed::Signed;
use crate::application::store::Writing;
use crate::application::teams::stored_head;
use crate::application::{Application, as_timestamp};
use crate::database::StoreError;
use crate::problem::Problem;

/// A page of the log, checked against what was replayed: a row changed by hand is not served.
pub(super) async fn page(
    State(application): State<Application>,
    Path(team): Path<String>,
    signed: Signed,
) -> Result<Json<EventsPage>, Problem> {
    signed.check_team(&team)?;
    signed.check_reader()?;
    let (team, after) = (signed.slot.id(), signed.after()?);
    let statements = application
        .store
        .read(move |reading| reading.events(team, after, limits::PAGE, limits::PAGE_BYTES))
        .await
        .map_err(|error: StoreError| Problem::from(error))?;
    // What others appended since the request came in is not in this view, and is left for the next page.
    let log = &signed.view.team;
    let expected = (after + 1..=log.head().sequence).map_while(|sequence| log.hash_at(sequence));
    let mut checked = Vec::with_capacity(statements.len());
    for (statement, hash) in statements.into_iter().zip(expected) {
        if statement.hash() != hash {
            return Err(StoreError::Contradiction("an event is not the one that was stored").into());
        }
        checked.push(statement);
    }
    if checked.is_empty() && after < log.head().sequence {
        return Err(StoreError::Contradiction("an event is gone").into());
    }
    Ok(Json(EventsPage { statements: checked, head: log.head() }))
}

pub(super) async fn append(
    State(application): State<Application>,
    Path(team): Path<String>,
    signed: Signed,
) -> Result<Json<Appended>, Problem> {
    signed.check_team(&team)?;
    let request: AppendEvents = signed.json()?;
    let turn = signed.slot.turn().await?;
    let asker = signed.asker.keyholder;
    application.holds.check_events(turn.team(), asker, &request.statements, application.now())?;
    let now = as_timestamp(application.now());
    let Some(planned) = plan::append(turn.team(), &signed.asker, request, now)? else {
        return Ok(Json(Appended { head: turn.team().head() }));
    };
    let (team, counted) = (planned.team.clone(), planned.counted);
    let took = !planned.recorded.is_empty();
    let member = match signed.asker.standing {
        Standing::Computer(member) => Some(member),
        _ => None,
    };
    if let Some(member) = member {
        application.daily.check(signed.slot.id(), member, counted, now)?;
    }
    application.store.write(move |writing| store(writing, &planned)).await?;
    if let Some(member) = member {
        application.daily.count(signed.slot.id(), member, counted, now);
    }
    let head = team.head();
    turn.publish(|view| view.team = team)?;
    application.holds.end(signed.slot.id(), asker, took);
    application.moves.tell(signed.slot.id(), Moved::Log { team: signed.slot.id(), sequence: head.sequence });
    Ok(Json(Appended { head }))
}

/// Stores events with their wraps and what begins with them. The log has to end where they begin, and every
/// environment whose head they record has to be at that head.
pub(super) fn store(writing: &Writing<'_>, planned: &PlannedEvents) -> Result<(), Problem> {
    let team = planned.team.id();
    let before = planned.events.first().map_or(0, |(sequence, _)| sequence - 1);
    let stored = writing.log_head(team)?.map_or(0, |head| head.sequence);
    if stored != before {
        return Err(StoreError::Contradiction("the stored log ends elsewhere than the one in memory").into());
    }
    for recorded in &planned.recorded {
        let head = stored_head(writing, recorded.environment)?;
        if head != recorded.head {
            return Err(Problem::head_moved(head));
        }
    }
    writing.set_log_head(team, planned.team.head())?;
    for (sequence, statement) in &planned.events {
        writing.insert_event(team, *sequence, statement)?;
    }
    for (environment, head) in &planned.environments {
        writing.set_environment_head(*environment, *head)?;
    }
    for wrap in &planned.wraps {
        writing.set_wrap(team, wrap)?;
    }
    Ok(())
}
