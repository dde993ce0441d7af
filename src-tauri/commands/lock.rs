//! Locking and unlocking. What happens when it locks is the same whichever program did: `announcements` sees to it.

use tauri::State;
use twinlock_client::keychain::Passphrase;

use super::Answer;
use crate::core::Core;
use crate::dto::Unlocking;

/// Puts all keys of this home away, in every program that has them.
#[tauri::command]
#[specta::specta]
pub(crate) async fn lock(core: State<'_, Core>) -> Answer<()> {
    core.lock().await
}

/// What a person has to do to unlock.
#[tauri::command]
#[specta::specta]
pub(crate) fn unlocking() -> Answer<Unlocking> {
    Core::unlocking()
}

#[tauri::command]
#[specta::specta]
pub(crate) async fn unlock(core: State<'_, Core>, passphrase: Option<String>) -> Answer<()> {
    core.unlock(passphrase.map(Passphrase::new)).await
}
