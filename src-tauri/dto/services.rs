//! Services, and a token that was just made.

use serde::Serialize;
use specta::Type;
use twinlock_client::view;

use super::Access;

/// A program that reads environments.
#[derive(Debug, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Service {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) by: String,
    pub(crate) access: Vec<Access>,
    pub(crate) expires_at: Option<u64>,
}

/// A token that was just made. It stays in the program, under `handed`.
#[derive(Debug, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewToken {
    pub(crate) handed: String,
    pub(crate) expires_at: Option<u64>,
}

impl From<view::ServiceView> for Service {
    fn from(service: view::ServiceView) -> Self {
        let view::ServiceView { id, name, by, access, expires_at } = service;
        let access = access.into_iter().map(Access::from).collect();
        Self { id: id.to_string(), name, by, access, expires_at }
    }
}
