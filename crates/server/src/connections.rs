//! How many connections there may be: of all, and of one address. One too many is closed before it is spoken to.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;

use axum::Extension;
use axum::middleware::AddExtension;
use axum_server::accept::Accept;
use tokio::net::TcpStream;
use tower_layer::Layer as _;

use crate::shares::{Share, Shares};

/// Connections of everybody, and of one address.
const ALL: usize = 1_024;
const OF_ONE: usize = 128;

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
    type Stream = A::Stream;
    type Service = A::Service;
    type Future = Pin<Box<dyn Future<Output = io::Result<(Self::Stream, Self::Service)>> + Send>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let share = stream
            .peer_addr()
            .and_then(|peer| self.connections.take(peer.ip().into(), 1).map_err(io::Error::other));
        let inner = self.inner.clone();
        Box::pin(async move {
            // The connection's service holds its share; both end together.
            inner.accept(stream, Extension(Arc::new(share?)).layer(service)).await
        })
    }
}
