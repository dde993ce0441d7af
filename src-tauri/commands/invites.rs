//! Invites, and whatever else is handed on: kept in the program, shown only when asked for, copied from here.

use std::time::Duration;

use tauri::State;
use twinlock_client::{AccessRequest, Applicant, Approval, InviteOptions};

use super::Answer;
use super::people::keyholder_id;
use crate::clipboard::Copied;
use crate::core::Core;
use crate::dto::{Access, CommandError, Invitation, Member, Role, Shown};
use crate::handed::Handed;
use crate::qr::qr;

/// Makes an invite link and keeps it here until the page says that nobody looks at it any more.
#[tauri::command]
#[specta::specta]
pub(crate) async fn invite(
    core: State<'_, Core>,
    handed: State<'_, Handed>,
    role: Role,
    access: Vec<Access>,
    hours: u32,
    approve: bool,
) -> Answer<Invitation> {
    let access =
        AccessRequest::Only(access.into_iter().map(|one| (one.environment, one.level.into())).collect());
    let expires_in = Duration::from_secs(u64::from(hours) * 60 * 60);
    let approval = if approve { Approval::Needed } else { Approval::NotNeeded };
    let options = InviteOptions { role: role.into(), access, expires_in, approval };
    let invitation = core.client().await?.invite(options).await?;
    Ok(Invitation {
        handed: handed.keep(invitation.link),
        expires_at: invitation.expires_at.0,
        access: invitation.access.into_iter().map(Access::from).collect(),
    })
}

#[tauri::command]
#[specta::specta]
pub(crate) async fn close_invite(core: State<'_, Core>, invite: String) -> Answer<()> {
    Ok(core.client().await?.close_invite(keyholder_id(&invite)?).await?)
}

/// Lets somebody in who waits, after a person has compared the words of their computer.
#[tauri::command]
#[specta::specta]
pub(crate) async fn approve_member(core: State<'_, Core>, member: String) -> Answer<Member> {
    Ok(core.client().await?.approve_member(Applicant::Id(&member)).await?.into())
}

/// One text that somebody asked to see, and its QR code.
#[tauri::command]
#[specta::specta]
pub(crate) fn show_handed(handed: State<'_, Handed>, id: String) -> Answer<Shown> {
    let text = handed.take_a_look(&id).ok_or_else(gone)?;
    // To the page, because a person asked to see this one.
    Ok(Shown { qr: qr(&text), text: text.to_string() })
}

/// Copies it from here: it does not cross to the page. The clipboard is cleared after a while.
#[tauri::command]
#[specta::specta]
pub(crate) fn copy_handed(handed: State<'_, Handed>, copied: State<'_, Copied>, id: String) -> Answer<()> {
    copied.copy(copied.turn(), handed.take_a_look(&id).ok_or_else(gone)?)
}

/// Nobody looks at it any more.
#[tauri::command]
#[specta::specta]
pub(crate) fn forget_handed(handed: State<'_, Handed>, id: String) {
    handed.forget(&id);
}

fn gone() -> CommandError {
    CommandError::failed("This was shown for the last time. Make a new one.")
}
