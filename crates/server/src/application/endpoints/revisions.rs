//! `GET /v1/environments/{environment}/revisions`: an environment's history.

use axum::Json;
use axum::extract::{Path, State};
use twinlock_protocol::api::RevisionsPage;
use twinlock_protocol::limits;

use crate::application::Application;
use crate::application::signed::Signed;
use crate::database::StoreError;
use crate::problem::Problem;

/// A page of the history, checked against what was replayed: a row changed by hand is not served.
pub(super) async fn page(
    State(application): State<Application>,
    Path(environment): Path<String>,
    signed: Signed,
) -> Result<Json<RevisionsPage>, Problem> {
    let environment = signed.environment(&environment)?;
    let after = signed.after()?;
    let history = application.teams.history(&signed.slot, environment).await?;
    let statements = application
        .store
        .read(move |reading| reading.revisions(environment, after, limits::PAGE, limits::PAGE_BYTES))
        .await
        .map_err(|error: StoreError| Problem::from(error))?;
    let head = history.environment.head();
    let expected = (after + 1..=head.number).map_while(|number| history.hash_at(number));
    let mut checked = Vec::with_capacity(statements.len());
    for (statement, hash) in statements.into_iter().zip(expected) {
        if statement.hash() != hash {
            return Err(StoreError::Contradiction("a revision is not the one that was stored").into());
        }
        checked.push(statement);
    }
    if checked.is_empty() && after < head.number {
        return Err(StoreError::Contradiction("a revision is gone").into());
    }
    Ok(Json(RevisionsPage { statements: checked, head }))
}
