//! The application's connections to the vault service: mutual TLS 1.3, to one address, under one name.
//!
//! Whatever the vault answers is judged by whoever asked: digests are compared before a value is served.

use std::net::SocketAddr;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use twinlock_protocol::Pointer;

use crate::problem::Problem;
use crate::tls::{ApplicationIdentity, VAULT_NAME};
use crate::vault::wire::{Pointers, Put, PutAnswer, QueryAnswer, SealedValue};

/// A client of the vault service.
#[derive(Clone)]
pub(crate) struct VaultLink {
    client: reqwest::Client,
    base: String,
}

/// The vault service did not do what was asked, or could not be reached.
#[derive(Debug, thiserror::Error)]
#[error("the vault service did not answer as it should: {0}")]
pub struct VaultLinkError(#[from] reqwest::Error);

impl VaultLink {
    pub(crate) fn new(identity: &ApplicationIdentity, vault: SocketAddr) -> Result<Self, VaultLinkError> {
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(identity.settings())
            .resolve(VAULT_NAME, vault)
            .https_only(true)
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(5))
            .timeout(Duration::from_secs(60))
            .build()?;
        Ok(Self { client, base: format!("https://{VAULT_NAME}:{}", vault.port()) })
    }

    /// Keeps values; gives the pointers back that hold other values already.
    pub(crate) async fn put(&self, values: Vec<SealedValue>) -> Result<Vec<Pointer>, VaultLinkError> {
        let request = self.client.put(format!("{}/v1/values", self.base));
        Ok(answer::<PutAnswer>(request, &Put { values }).await?.taken)
    }

    /// Fetches values.
    pub(crate) async fn query(&self, pointers: Vec<Pointer>) -> Result<QueryAnswer, VaultLinkError> {
        let request = self.client.post(format!("{}/v1/values/query", self.base));
        answer(request, &Pointers { pointers }).await
    }

    /// Deletes values.
    pub(crate) async fn delete(&self, pointers: Vec<Pointer>) -> Result<(), VaultLinkError> {
        let request =
            self.client.post(format!("{}/v1/values/delete", self.base)).json(&Pointers { pointers });
        request.send().await?.error_for_status()?;
        Ok(())
    }

    /// Whether the vault service answers.
    pub(crate) async fn check(&self) -> Result<(), VaultLinkError> {
        self.client.get(format!("{}/v1/health", self.base)).send().await?.error_for_status()?;
        Ok(())
    }
}

async fn answer<T: DeserializeOwned>(
    request: reqwest::RequestBuilder,
    body: &impl Serialize,
) -> Result<T, VaultLinkError> {
    Ok(request.json(body).send().await?.error_for_status()?.json().await?)
}

impl From<VaultLinkError> for Problem {
    fn from(error: VaultLinkError) -> Self {
        // The error names the loopback address and the status, never a body.
        tracing::error!(%error, "the vault service can't be used");
        Self::unavailable()
    }
}
