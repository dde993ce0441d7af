//! Members, their rights, their computers.

use tauri::State;
use twinlock_client::Keep;
use twinlock_client::ids::KeyholderId;

use super::{Answer, environment_id, not_an_id};
use crate::core::Core;
use crate::dto::{
    EnvironmentRights, Level, MemberChange, NewRole, OwnKeyholder, Removal, Removed, Renewal, Revocation,
    Role,
};

#[tauri::command]
#[specta::specta]
pub(crate) async fn removal(core: State<'_, Core>, member: String) -> Answer<Removal> {
    Ok(core.client().await?.removal(&member, &[]).await?.into())
}

#[tauri::command]
#[specta::specta]
pub(crate) async fn remove_member(core: State<'_, Core>, member: String) -> Answer<Removed> {
    Ok(core.client().await?.remove_member(&member).await?.into())
}

/// What would fall if somebody had another role. Changes nothing.
#[tauri::command]
#[specta::specta]
pub(crate) async fn new_role(core: State<'_, Core>, member: String, role: Role) -> Answer<NewRole> {
    Ok(core.client().await?.new_role(&member, role.into(), &[]).await?.into())
}

#[tauri::command]
#[specta::specta]
pub(crate) async fn set_role(core: State<'_, Core>, member: String, role: Role) -> Answer<MemberChange> {
    Ok(core.client().await?.set_role(&member, role.into()).await?.into())
}

/// Changes a member's access; none takes it away.
#[tauri::command]
#[specta::specta]
pub(crate) async fn set_access(
    core: State<'_, Core>,
    member: String,
    environment: String,
    level: Option<Level>,
) -> Answer<MemberChange> {
    let environment = environment_id(&environment)?;
    Ok(core.client().await?.set_access(&member, environment, level.map(Into::into)).await?.into())
}

#[tauri::command]
#[specta::specta]
pub(crate) async fn environments(core: State<'_, Core>) -> Answer<Vec<EnvironmentRights>> {
    let all = core.client().await?.environments().await?;
    Ok(all.into_iter().map(EnvironmentRights::from).collect())
}

/// Gives an environment new keys.
#[tauri::command]
#[specta::specta]
pub(crate) async fn rotate_environment(
    core: State<'_, Core>,
    environment: String,
) -> Answer<EnvironmentRights> {
    Ok(core.client().await?.rotate_environment(environment_id(&environment)?).await?.into())
}

/// One's own computers and recovery kits.
#[tauri::command]
#[specta::specta]
pub(crate) async fn computers(core: State<'_, Core>) -> Answer<Vec<OwnKeyholder>> {
    let mine = core.client().await?.computers().await?;
    Ok(mine.into_iter().map(OwnKeyholder::from).collect())
}

/// What would fall with a computer or kit of one's own. Changes nothing.
#[tauri::command]
#[specta::specta]
pub(crate) async fn revocation(core: State<'_, Core>, computer: String, keep: bool) -> Answer<Revocation> {
    Ok(core.client().await?.revocation(keyholder_id(&computer)?, &kept(keep)).await?.into())
}

/// Takes a computer or kit of one's own from the team, with or without what was made with it.
#[tauri::command]
#[specta::specta]
pub(crate) async fn revoke_computer(core: State<'_, Core>, computer: String, keep: bool) -> Answer<Renewal> {
    let keep = kept(keep);
    let revoked = core.client().await?.revoke_keyholder(keyholder_id(&computer)?, &keep).await?;
    Ok(revoked.keys.into())
}

fn kept(all: bool) -> Keep {
    if all { Keep::All } else { Keep::Nothing }
}

/// A computer, a kit, an invite or a service.
pub(super) fn keyholder_id(text: &str) -> Answer<KeyholderId> {
    text.parse().map_err(|_| not_an_id("computer, kit or invite"))
}
