//! How long a vault is waited for. One that answers a byte a second, or a page of one statement a minute, holds up
//! nobody for longer than this.

use std::time::Duration;

use super::VaultError;

/// How long a vault is waited for, before it counts as out of reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// For one answer, whole.
    pub answer: Duration,
    /// For everything that is fetched in one go: any number of answers. What was verified until then is kept, and the
    /// next attempt goes on from there.
    pub fetch: Duration,
    /// For a sign of life of the stream of news.
    pub silence: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            answer: Duration::from_secs(60),
            fetch: Duration::from_secs(10 * 60),
            silence: Duration::from_secs(60),
        }
    }
}

impl Patience {
    /// Waits for one answer, whole.
    pub(super) async fn for_answer<T>(
        self,
        answer: impl Future<Output = Result<T, VaultError>>,
    ) -> Result<T, VaultError> {
        tokio::time::timeout(self.answer, answer).await.unwrap_or(Err(VaultError::Unreachable))
    }

    /// Waits for everything that is fetched in one go.
    pub(crate) async fn for_fetch<T, E: From<VaultError>>(
        self,
        fetch: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        tokio::time::timeout(self.fetch, fetch).await.unwrap_or_else(|_| Err(VaultError::Unreachable.into()))
    }
}
