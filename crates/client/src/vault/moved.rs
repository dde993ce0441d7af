//! The vault's stream of what moved (server-sent events). A hint only: what moved is fetched and verified.

use std::time::Duration;

use futures::stream::BoxStream;
use futures::{StreamExt as _, TryStreamExt as _};
use reqwest::Response;
use sse_stream::SseByteStream;
use twinlock_protocol::api::Moved;
use twinlock_protocol::encoding::decode_strict;

use super::VaultError;

/// Bytes after which a stream is ended and opened anew: an honest vault sends far less in an hour.
const WHOLE_STREAM: usize = 4 * 1024 * 1024;
const MESSAGE: usize = 1024;

/// What moves in a vault, one message at a time.
pub(crate) struct MovedStream(BoxStream<'static, Result<Moved, VaultError>>);

impl MovedStream {
    /// Nothing at all for as long as `silence`, not even a comment: the connection is dead.
    pub(super) fn new(response: Response, silence: Duration) -> Result<Self, VaultError> {
        let mut total = 0;
        let bytes = response.bytes_stream().map_err(|_| VaultError::Unreachable).and_then(move |chunk| {
            total += chunk.len();
            let fits = total <= WHOLE_STREAM;
            // Whatever is wrong with it, it is a hint that is of no use: another one is asked for.
            async move { if fits { Ok(chunk) } else { Err(VaultError::Unreachable) } }
        });
        // A silent connection is an unreachable vault: nobody else would notice.
        let bytes = tokio_stream::StreamExt::timeout(bytes, silence)
            .map(|item| item.unwrap_or(Err(VaultError::Unreachable)));
        let messages = SseByteStream::new(Box::pin(bytes)).filter_map(|message| async move {
            match message {
                Ok(message) => message
                    .data
                    .map(|data| decode_strict(data.as_bytes(), MESSAGE).map_err(|_| VaultError::Unreachable)),
                Err(_) => Some(Err(VaultError::Unreachable)),
            }
        });
        Ok(Self(messages.boxed()))
    }

    /// The next message; `None` when the vault ended the stream, as it does every hour.
    pub(crate) async fn next(&mut self) -> Option<Result<Moved, VaultError>> {
        self.0.next().await
    }
}
