//! New keys without those that nobody has: said first, done on a person's word. Without an environment it is about the
//! names of the team.

use tauri::State;

use super::{Answer, environment_id};
use crate::core::Core;
use crate::dto::Lost;

/// What new keys would not bring along. Changes nothing.
#[tauri::command]
#[specta::specta]
pub(crate) async fn lost_with_keys(core: State<'_, Core>, environment: Option<String>) -> Answer<Lost> {
    let client = core.client().await?;
    Ok(match environment {
        Some(id) => client.lost_with_keys(environment_id(&id)?).await?,
        None => client.names_lost_with_keys().await?,
    }
    .into())
}

/// Makes new keys and carries over what opens here.
#[tauri::command]
#[specta::specta]
pub(crate) async fn renew_giving_up(core: State<'_, Core>, environment: Option<String>) -> Answer<()> {
    let client = core.client().await?;
    match environment {
        Some(id) => client.rotate_giving_up(environment_id(&id)?).await.map(drop)?,
        None => client.renew_names(true).await?,
    }
    Ok(())
}
