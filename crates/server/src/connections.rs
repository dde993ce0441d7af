//! How many connections there may be: of all, and of one address. One too many is closed before it is spoken to, and one
//! on which nothing comes is not kept.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Extension;
use axum::middleware::AddExtension;
use axum_server::accept::Accept;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;
use tower_layer::Layer as _;

use crate::shares::{Share, Shares};

/// Connections of everybody, and of one address.
const ALL: usize = 1_024;
const OF_ONE: usize = 128;
/// How long the first byte behind the handshake may take. Later ones have limits of their own, in `all`.
const FIRST_BYTE: Duration = Duration::from_secs(20);

/// Counts a connection from before its TLS handshake on until it has ended.
#[derive(Clone)]
pub(crate) struct Counted<A> {
    inner: A,
    connections: Shares,
}

impl<A> Counted<A> {
    pub(crate) fn new(inner: A) -> Self {
        Self { inner, connections: Shares::new(ALL, OF_ONE) }
    }
}

impl<A, S> Accept<TcpStream, S> for Counted<A>
where
    A: Accept<TcpStream, AddExtension<S, Arc<Share>>> + Clone + Send + Sync + 'static,
    A::Future: Send,
    S: Send + 'static,
{
    type Stream = Awaited<A::Stream>;
    type Service = A::Service;
    type Future = Pin<Box<dyn Future<Output = io::Result<(Self::Stream, Self::Service)>> + Send>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let share = stream
            .peer_addr()
            .and_then(|peer| self.connections.take(peer.ip().into(), 1).map_err(io::Error::other));
        let inner = self.inner.clone();
        Box::pin(async move {
            // A short answer is not held back until the other side confirms what came before it.
            stream.set_nodelay(true)?;
            // The connection's service holds its share; both end together.
            let (stream, service) = inner.accept(stream, Extension(Arc::new(share?)).layer(service)).await?;
            Ok((Awaited::new(stream), service))
        })
    }
}

/// A stream that fails unless its first bytes come in time: which version of HTTP is spoken shows only then, and before
/// that nothing else counts the seconds.
pub(crate) struct Awaited<S> {
    stream: S,
    until: Option<Pin<Box<Sleep>>>,
}

impl<S> Awaited<S> {
    fn new(stream: S) -> Self {
        Self { stream, until: Some(Box::pin(tokio::time::sleep(FIRST_BYTE))) }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Awaited<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if read.is_ready() {
            self.until = None;
        } else if let Some(until) = &mut self.until
            && until.as_mut().poll(context).is_ready()
        {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Awaited<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn silence_from_the_start_is_not_waited_for_and_later_silence_is() {
        let (stream, _other) = tokio::io::duplex(64);
        let error = Awaited::new(stream).read_u8().await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);

        let (stream, mut other) = tokio::io::duplex(64);
        let mut stream = Awaited::new(stream);
        other.write_u8(1).await.unwrap();
        assert_eq!(stream.read_u8().await.unwrap(), 1);
        let later = tokio::time::timeout(10 * FIRST_BYTE, stream.read_u8()).await;
        assert!(later.is_err(), "it waits on");
    }
}
