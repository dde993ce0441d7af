//! The sweeper: values that no revision named within a day go, in three steps that a crash can interrupt
//! anywhere: mark dying, delete the value, forget the pointer.

use twinlock_protocol::Pointer;
use twinlock_protocol::limits::{PAGE, UNUSED_POINTER_SECONDS};

use super::Application;
use super::store::{PointerState, StoredPointer};
use super::vault_link::VaultLinkError;
use crate::database::StoreError;
use crate::keyring::KeyringError;

/// Why a sweep stopped. What it left is found again by the next.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// The application's database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The vault service.
    #[error(transparent)]
    Vault(#[from] VaultLinkError),
}

/// How many pointers were swept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Swept(pub usize);

/// Sweeps everything that is due at `now`.
pub(crate) async fn sweep(application: &Application, now: jiff::Timestamp) -> Result<Swept, SweepError> {
    let _alone = application.sweeping.lock().await;
    let before = now.as_second() - UNUSED_POINTER_SECONDS;
    let mut swept = 0;
    loop {
        let dying = application.store.write(move |writing| mark_dying(writing, before)).await?;
        if dying.is_empty() {
            return Ok(Swept(swept));
        }
        application.vault.delete(dying.clone()).await?;
        swept += dying.len();
        application
            .store
            .write(move |writing| dying.into_iter().try_for_each(|pointer| writing.forget_dying(pointer)))
            .await?;
    }
}

fn mark_dying(writing: &super::store::Writing<'_>, before: i64) -> Result<Vec<Pointer>, StoreError> {
    let mut dying = Vec::new();
    for pointer in writing.unused_pointers(before, PAGE)? {
        match writing.pointer(pointer) {
            Ok(Some(known)) => {
                writing.set_pointer(pointer, &StoredPointer { state: PointerState::Dying, ..known })?;
                dying.push(pointer);
            }
            Ok(None) => {}
            // Whether a history needs the value can't be told any more, so it stays.
            Err(StoreError::Field(KeyringError::Damaged)) => {
                tracing::error!(%pointer, "a pointer was changed from outside; it is not swept");
            }
            Err(other) => return Err(other),
        }
    }
    Ok(dying)
}
