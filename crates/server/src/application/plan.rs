//! Whether statements are accepted, and what is stored if they are. Pure: nothing here touches a database.

use std::collections::BTreeSet;

use twinlock_protocol::api::{AppendEvents, ProblemCode, Rotate, Wrap};
use twinlock_protocol::encoding::decode_strict;
use twinlock_protocol::environment::Environment;
use twinlock_protocol::event::{Event, Head, LogHead, PinnedHead, TeamEvent};
use twinlock_protocol::revision::{Change, Revision};
use twinlock_protocol::team::Team;
use twinlock_protocol::timestamp::Timestamp;
use twinlock_protocol::{Digest, Envelope, EnvironmentId, KeyholderId, Pointer, Refusal, Verified, limits};

use super::asker::{Asker, Standing};
use super::daily;
use super::due_wraps;
use super::teams::History;
use crate::problem::Problem;

/// Events to store, and what the team is then.
pub(crate) struct PlannedEvents {
    pub(crate) team: Verified<Team>,
    pub(crate) events: Vec<(u64, Envelope)>,
    pub(crate) wraps: Vec<Wrap>,
    /// Environments that begin with these events.
    pub(crate) environments: Vec<(EnvironmentId, Head)>,
    /// Heads that the events record, and that have to be the current ones when they are stored.
    pub(crate) recorded: Vec<PinnedHead>,
    /// How many of them count for their author's day.
    pub(crate) counted: usize,
}

/// A revision to store, and what the environment is then.
pub(crate) struct PlannedRevision {
    pub(crate) environment: Verified<Environment>,
    pub(crate) statement: Envelope,
    /// Pointers that the environment's entries had before.
    pub(crate) before: Vec<Pointer>,
    /// Pointers that the revision uses for the first time.
    pub(crate) pointers: Vec<(Pointer, Digest)>,
    /// Pointers whose values it deletes.
    pub(crate) purged: Vec<Pointer>,
}

/// Judges the statements of a new team.
pub(crate) fn create_team(
    team: Verified<Team>,
    founder: KeyholderId,
    statements: Vec<Envelope>,
    wraps: Vec<Wrap>,
    now: Timestamp,
) -> Result<PlannedEvents, Problem> {
    let mut statements = statements.into_iter();
    let first = statements.next().ok_or_else(|| Problem::bad_request("A team begins with statements."))?;
    let (mut team, mut events, mut due) = (team, vec![(1, first)], BTreeSet::new());
    for statement in statements {
        let event = team.append(&statement)?;
        if !matches!(event.event, Event::GenerationOpened(_) | Event::LabelChanged(_)) {
            return Err(Problem::bad_request(
                "A new team has a name key and two labels, and nothing else yet.",
            ));
        }
        due.extend(due_wraps::due(&team, &event, now));
        events.push((event.sequence, statement));
    }
    let founder_is_named = team.members().values().all(|member| member.label.is_some());
    if team.generations().is_empty() || team.label().is_none() || !founder_is_named {
        return Err(Problem::bad_request(
            "A new team needs a name key, and labels for itself and its founder.",
        ));
    }
    due_wraps::check(&team, &wraps, &due, &[founder])?;
    Ok(PlannedEvents { team, events, wraps, environments: Vec::new(), recorded: Vec::new(), counted: 0 })
}

/// Judges events for the end of a log. `None` if all of them are there already.
pub(crate) fn append(
    before: &Verified<Team>,
    asker: &Asker,
    request: AppendEvents,
    now: Timestamp,
) -> Result<Option<PlannedEvents>, Problem> {
    let mut team = before.clone();
    let (mut events, mut environments, mut due) = (Vec::new(), Vec::new(), BTreeSet::new());
    let mut recorded = Vec::new();
    let mut wrappers = vec![asker.keyholder];
    check_appender(asker, &request.statements)?;
    let mut counted = 0;
    for statement in request.statements {
        if knows(before, &statement) {
            continue;
        }
        let event = append_one(&mut team, asker, &statement, before.head())?;
        if let Event::GenerationOpened(opened) = &event.event
            && opened.environment.is_some()
        {
            return Err(Refusal::RotationMismatch.into());
        }
        if let Event::EnvironmentCreated(created) = &event.event {
            let start = Head { number: 0, hash: statement.hash() };
            environments.push((created.environment, start));
        }
        if let Ok(author) = team.member_of(event.author)
            && let Some(role) = team.members().get(&author).map(|member| member.role)
        {
            counted += usize::from(daily::is_counted(&event.event, author, role));
        }
        recorded.extend(event.event.recorded_heads());
        wrappers.push(event.author);
        due.extend(due_wraps::due(&team, &event, now));
        events.push((event.sequence, statement));
    }
    if events.is_empty() {
        return Ok(None);
    }
    due_wraps::check(&team, &request.wraps, &due, &wrappers)?;
    Ok(Some(PlannedEvents { team, events, wraps: request.wraps, environments, recorded, counted }))
}

/// Judges a revision. `None` if it is there already.
pub(crate) fn push(
    team: &Verified<Team>,
    history: &History,
    asker: &Asker,
    statement: Envelope,
) -> Result<Option<PlannedRevision>, Problem> {
    if history.knows(&statement) {
        return Ok(None);
    }
    let (planned, revision) = revise(team, history, asker, statement)?;
    if revision.team_head != team.head() {
        return Err(Problem::log_moved(team.head()));
    }
    Ok(Some(planned))
}

/// Judges an opened generation together with its `rotate` revision. `None` if both are there already.
pub(crate) fn rotate(
    before: &Verified<Team>,
    history: &History,
    asker: &Asker,
    request: Rotate,
    now: Timestamp,
) -> Result<Option<(PlannedEvents, PlannedRevision)>, Problem> {
    if knows(before, &request.event) && history.knows(&request.revision) {
        return Ok(None);
    }
    let mut team = before.clone();
    let event = append_one(&mut team, asker, &request.event, before.head())?;
    let Event::GenerationOpened(opened) = &event.event else {
        return Err(Refusal::RotationMismatch.into());
    };
    if opened.environment != Some(history.environment.id()) {
        return Err(Refusal::Elsewhere.into());
    }
    if opened.head != Some(history.environment.head()) {
        return Err(Problem::head_moved(history.environment.head()));
    }
    let due = due_wraps::due(&team, &event, now);
    due_wraps::check(&team, &request.wraps, &due, &[asker.keyholder])?;
    let (revision, _) = revise(&team, history, asker, request.revision)?;
    let events = PlannedEvents {
        team,
        events: vec![(event.sequence, request.event)],
        wraps: request.wraps,
        environments: Vec::new(),
        recorded: event.event.recorded_heads(),
        counted: 0,
    };
    Ok(Some((events, revision)))
}

/// Whether an event is part of the log already.
fn knows(team: &Team, statement: &Envelope) -> bool {
    let hash = statement.hash();
    (1..=team.head().sequence).rev().any(|sequence| team.hash_at(sequence) == Some(hash))
}

/// Appends one event that the asker signed, or that its invite allows.
fn append_one(
    team: &mut Verified<Team>,
    asker: &Asker,
    statement: &Envelope,
    head: LogHead,
) -> Result<Verified<TeamEvent>, Problem> {
    let event = team.append(statement).map_err(|refusal| match refusal {
        Refusal::Number { .. } | Refusal::Chain { .. } => Problem::log_moved(head),
        Refusal::InviteNotOpen(_) if asker.standing == Standing::UsedInvite => {
            Problem::forbidden("The invite was used or closed.").because(&refusal)
        }
        other => other.into(),
    })?;
    match (&asker.standing, &event.event) {
        (Standing::Computer(_), _) if event.author == asker.keyholder => Ok(event),
        (Standing::OpenInvite, Event::MemberJoined(joined)) if joined.invite == asker.keyholder => Ok(event),
        _ => Err(Problem::forbidden("A request carries statements of whoever signs it, and of nobody else.")),
    }
}

/// Whether the asker appends anything at all: a member, or an invite its one joining, again if the answer was lost.
/// The answer tells where the log ends, so not even what is known already is taken from anybody else.
fn check_appender(asker: &Asker, statements: &[Envelope]) -> Result<(), Problem> {
    match (asker.standing, statements) {
        (Standing::Computer(_), _) => Ok(()),
        (Standing::ExpiredInvite, _) => Err(expired()),
        (Standing::OpenInvite | Standing::UsedInvite, [only]) if joins_with(asker.keyholder, only) => Ok(()),
        _ => Err(Problem::forbidden("It takes a member of the team, or the invite of whoever joins.")),
    }
}

/// Whether a statement says, checked or not, that somebody joins with this invite.
fn joins_with(invite: KeyholderId, statement: &Envelope) -> bool {
    let event = decode_strict::<TeamEvent>(&statement.payload, limits::STATEMENT_BYTES);
    event.is_ok_and(|event| matches!(event.event, Event::MemberJoined(joined) if joined.invite == invite))
}

/// An invite is past its time.
pub(crate) fn expired() -> Problem {
    Problem::new(ProblemCode::InviteExpired, "The invite has expired. Ask for a new one.")
}

fn revise(
    team: &Verified<Team>,
    history: &History,
    asker: &Asker,
    statement: Envelope,
) -> Result<(PlannedRevision, Verified<Revision>), Problem> {
    let mut environment = history.environment.clone();
    let revision = environment.append(team, &statement).map_err(|refusal| match refusal {
        Refusal::Number { .. } | Refusal::Chain { .. } => Problem::head_moved(history.environment.head()),
        Refusal::LogBehind { .. } | Refusal::OtherLog { .. } => Problem::log_moved(team.head()),
        other => other.into(),
    })?;
    if revision.author != asker.keyholder {
        return Err(Problem::forbidden(
            "A request carries statements of whoever signs it, and of nobody else.",
        ));
    }
    let pointers = revision.changes.iter().filter_map(|change| match change {
        Change::Put(put) if !history.environment.knows(put.pointer) => Some((put.pointer, put.digest)),
        Change::Put(_) | Change::Remove(_) | Change::Purge(_) => None,
    });
    let pointers = pointers.collect();
    let purged = revision.changes.iter().filter_map(|change| match change {
        Change::Purge(purge) => Some(purge.pointer),
        Change::Put(_) | Change::Remove(_) => None,
    });
    let purged = purged.collect();
    let before = history.environment.entries().values().map(|entry| entry.pointer).collect();
    Ok((PlannedRevision { environment, statement, before, pointers, purged }, revision))
}
