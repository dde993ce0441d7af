//! `POST /v1/environments/{environment}/revisions`: a revision on top of the environment's head.

use axum::Json;
use axum::extract::{Path, State};
use twinlock_protocol::api::{Moved, PushRevision, Pushed};
use twinlock_protocol::event::LogHead;
use twinlock_protocol::{EnvironmentId, Pointer, Refusal, TeamId, limits};

use crate::application::plan::{self, PlannedRevision};
use crate::application::signed::Signed;
use crate::application::store::Writing;
use crate::application::teams::stored_head;
use crate::application::{Application, pointers, sweep};
use crate::database::StoreError;
use crate::keyring::KeyringError;
use crate::problem::Problem;

pub(super) async fn push(
    State(application): State<Application>,
    Path(environment): Path<String>,
    signed: Signed,
) -> Result<Json<Pushed>, Problem> {
    let environment = signed.environment(&environment)?;
    signed.check_member()?;
    let PushRevision { statement } = signed.json()?;
    let turn = signed.slot.turn().await?;
    application.holds.check(signed.slot.id(), signed.asker.keyholder, environment, application.now())?;
    let history = turn.history(&application.teams, environment).await?;
    let Some(planned) = plan::push(turn.team(), &history, &signed.asker, statement)? else {
        return Ok(Json(Pushed { head: history.environment.head() }));
    };
    let after = history.after(planned.environment.clone());
    let purges = !planned.purged.is_empty();
    let (team, log) = (signed.slot.id(), turn.team().head());
    application
        .store
        .write(move |writing| {
            check_log(writing, team, log)?;
            store(writing, environment, &planned)
        })
        .await?;
    let head = after.environment.head();
    turn.publish(|view| view.set_history(after))?;
    application.moves.tell(team, Moved::Environment { environment, number: head.number });
    if purges {
        // Purged values go at once. Should that fail, they are dying, and the next sweep goes on.
        if let Err(error) = sweep(&application, application.now()).await {
            tracing::warn!(%error, "purged values are still to be deleted");
        }
    }
    Ok(Json(Pushed { head }))
}

/// The log may not have moved under a revision that refers to its head.
fn check_log(writing: &Writing<'_>, team: TeamId, head: LogHead) -> Result<(), StoreError> {
    if writing.log_head(team)? == Some(head) {
        Ok(())
    } else {
        Err(StoreError::Contradiction("the stored log ends elsewhere than the one in memory"))
    }
}

/// What nobody could fetch, or write into a file, does not come to be. What there is may shrink, and be sealed anew.
fn check_size(writing: &Writing<'_>, planned: &PlannedRevision) -> Result<(), Problem> {
    if planned.pointers.is_empty() {
        return Ok(());
    }
    let now = planned.environment.entries().values().map(|entry| entry.pointer);
    let after = bytes(writing, now)?;
    let most = u64::try_from(limits::ENVIRONMENT_BYTES).unwrap_or(u64::MAX);
    if after > most && after > bytes(writing, planned.before.iter().copied())? {
        return Err(Refusal::Limit("the values of an environment have at most 16 MiB, sealed").into());
    }
    Ok(())
}

/// Bytes of the sealed values under these pointers.
fn bytes(writing: &Writing<'_>, pointers: impl Iterator<Item = Pointer>) -> Result<u64, StoreError> {
    let mut bytes = 0;
    for pointer in pointers {
        bytes += match writing.pointer(pointer) {
            Ok(known) => known.map_or(0, |known| u64::from(known.bytes)),
            // Changed from outside: that is told to whoever asks for it, and keeps nobody from going on.
            Err(StoreError::Field(KeyringError::Damaged)) => 0,
            Err(other) => return Err(other),
        };
    }
    Ok(bytes)
}

/// Stores a revision and takes its values into use. The history has to end where it begins.
pub(super) fn store(
    writing: &Writing<'_>,
    environment: EnvironmentId,
    planned: &PlannedRevision,
) -> Result<(), Problem> {
    let head = planned.environment.head();
    if stored_head(writing, environment)?.number + 1 != head.number {
        return Err(
            StoreError::Contradiction("the stored history ends elsewhere than the one in memory").into()
        );
    }
    for pointer in &planned.purged {
        // Whatever became of it before, the sweeper deletes the value of a dying pointer.
        if let Some(dying) = pointers::purge(writing.pointer(*pointer)?, environment) {
            writing.set_pointer(*pointer, &dying)?;
        }
    }
    let mut missing = Vec::new();
    for (pointer, digest) in &planned.pointers {
        match pointers::take_into_use(writing.pointer(*pointer)?, environment, *digest) {
            Some(used) => writing.set_pointer(*pointer, &used)?,
            None => missing.push(*pointer),
        }
    }
    if !missing.is_empty() {
        return Err(Problem::values_missing(missing));
    }
    check_size(writing, planned)?;
    writing.insert_revision(environment, head.number, &planned.statement)?;
    writing.set_environment_head(environment, head)?;
    Ok(())
}
