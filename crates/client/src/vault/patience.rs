//! How long a vault is waited for. One that answers a byte a second, or a page of one statement a minute, holds up
//! nobody for longer than this.

use std::time::Duration;

use tokio::time::Instant;

use super::VaultError;

/// How long a vault is waited for, before it counts as out of reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// For one answer, whole.
    pub answer: Duration,
    /// For all that one verb asks and sends: any number of answers. What was verified until then is kept, and the next
    /// attempt goes on from there.
    pub verb: Duration,
    /// For a sign of life of the stream of news.
    pub silence: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            answer: Duration::from_secs(60),
            verb: Duration::from_secs(10 * 60),
            silence: Duration::from_secs(60),
        }
    }
}

impl Patience {
    /// Waits for one answer, whole, and for no longer than the go lasts that it is part of.
    pub(super) async fn for_answer<T>(
        self,
        go: Go,
        answer: impl Future<Output = Result<T, VaultError>>,
    ) -> Result<T, VaultError> {
        let end = (Instant::now() + self.answer).min(go.0 + self.verb);
        tokio::time::timeout_at(end, answer).await.unwrap_or(Err(VaultError::Unreachable))
    }
}

/// When something began that a vault is asked for in one go, however many requests that takes.
#[derive(Clone, Copy)]
pub(super) struct Go(Instant);

impl Go {
    /// Begins now.
    pub(super) fn begin() -> Self {
        Self(Instant::now())
    }
}
