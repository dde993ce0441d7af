//! The operating system's keychain: Secret Service, Keychain Services, or Credential Manager.
//!
//! A connection is made for each use: a program in the tray outlives keychains that are restarted, and
//! may start before them.

use std::sync::Arc;

use keyring_core::{CredentialStore, Entry, Error};
use twinlock_memory::clean_stack;

use super::{Account, Key, KeychainError, from_kept};
use crate::home::HomeId;

const SERVICE: &str = "twinlock";

pub(super) struct OsKeychain {
    home: HomeId,
}

impl OsKeychain {
    pub(super) fn open(home: HomeId) -> Result<Self, KeychainError> {
        connect().map_err(|error| failure(error, Account::Local))?;
        Ok(Self { home })
    }

    pub(super) fn get(&self, account: Account) -> Result<Key, KeychainError> {
        clean_stack(|| {
            let kept = self.entry(account)?.get_secret().map_err(|error| failure(error, account))?;
            from_kept(kept).ok_or(KeychainError::NotAKey { account })
        })
    }

    pub(super) fn set(&self, account: Account, key: &Key) -> Result<(), KeychainError> {
        clean_stack(|| self.entry(account)?.set_secret(key.expose()).map_err(|error| failure(error, account)))
    }

    pub(super) fn delete(&self, account: Account) -> Result<(), KeychainError> {
        self.entry(account)?.delete_credential().map_err(|error| failure(error, account))
    }

    fn entry(&self, account: Account) -> Result<Entry, KeychainError> {
        connect()
            .and_then(|store| store.build(SERVICE, &account.name(self.home), None))
            .map_err(|error| failure(error, account))
    }
}

fn connect() -> keyring_core::Result<Arc<CredentialStore>> {
    #[cfg(target_os = "macos")]
    let store = apple_native_keyring_store::keychain::Store::new()?;
    #[cfg(windows)]
    let store = windows_native_keyring_store::Store::new()?;
    #[cfg(all(unix, not(target_os = "macos")))]
    let store = zbus_secret_service_keyring_store::Store::new()?;
    Ok(store)
}

fn failure(error: Error, account: Account) -> KeychainError {
    match error {
        Error::NoEntry => KeychainError::NoEntry { account },
        Error::NoStorageAccess(_) => KeychainError::Locked,
        Error::Ambiguous(_) | Error::BadDataFormat(..) => KeychainError::NotAKey { account },
        Error::PlatformFailure(source) => platform_failure(source),
        other => KeychainError::Failed(Box::new(other)),
    }
}

#[cfg(any(target_os = "macos", windows))]
fn platform_failure(source: Box<dyn std::error::Error + Send + Sync>) -> KeychainError {
    KeychainError::Failed(source)
}

/// Tells apart, for the user, what the Secret Service store reports as one.
#[cfg(all(unix, not(target_os = "macos")))]
fn platform_failure(source: Box<dyn std::error::Error + Send + Sync>) -> KeychainError {
    use secret_service::Error as Service;
    use zbus::Error as Bus;
    match source.downcast_ref::<Service>() {
        Some(Service::Unavailable) => KeychainError::NoBus,
        Some(Service::Locked | Service::Prompt | Service::PromptDisconnected) => KeychainError::Locked,
        Some(Service::Zbus(Bus::Connection(..) | Bus::Handshake(_) | Bus::InputOutput(_))) => {
            KeychainError::NoBus
        }
        Some(Service::Zbus(Bus::MethodError(name, ..))) => match name.as_str() {
            "org.freedesktop.DBus.Error.ServiceUnknown" | "org.freedesktop.DBus.Error.NameHasNoOwner" => {
                KeychainError::NoService
            }
            "org.freedesktop.Secret.Error.IsLocked" => KeychainError::Locked,
            _ => KeychainError::Failed(source),
        },
        _ => KeychainError::Failed(source),
    }
}
