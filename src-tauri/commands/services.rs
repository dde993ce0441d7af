//! Services: tokens with which programs read what they are given.

use std::time::Duration;

use tauri::State;
use twinlock_client::ServiceOptions;

use super::{Answer, label};
use crate::core::Core;
use crate::dto::{Access, NewToken, Renewal, Service};
use crate::handed::Handed;

#[tauri::command]
#[specta::specta]
pub(crate) async fn services(core: State<'_, Core>) -> Answer<Vec<Service>> {
    let all = core.client().await?.services().await?;
    Ok(all.into_iter().map(Service::from).collect())
}

/// Makes a service and keeps its token here until the page says that nobody looks at it any more.
#[tauri::command]
#[specta::specta]
pub(crate) async fn create_service(
    core: State<'_, Core>,
    handed: State<'_, Handed>,
    name: String,
    access: Vec<Access>,
    days: Option<u32>,
) -> Answer<NewToken> {
    let options = ServiceOptions {
        name: label(&name)?,
        access: access.into_iter().map(|one| (one.environment, one.level.into())).collect(),
        expires_in: days.map(|days| Duration::from_secs(u64::from(days) * 24 * 60 * 60)),
    };
    let made = core.client().await?.create_service(options).await?;
    Ok(NewToken { handed: handed.keep(made.token), expires_at: made.expires_at.map(|end| end.0) })
}

/// Closes a service: its token reads nothing any more.
#[tauri::command]
#[specta::specta]
pub(crate) async fn close_service(core: State<'_, Core>, service: String) -> Answer<Renewal> {
    Ok(core.client().await?.close_service(&service).await?.keys.into())
}
