//! Somebody on the network: takes connections for one server and carries them to another, without a look inside.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use url::Url;

/// A port that leads wherever it is turned to; it ends when this is dropped.
pub struct Forwarder {
    url: Url,
    to: Arc<Mutex<u16>>,
    task: JoinHandle<()>,
}

impl Forwarder {
    /// Leads to this port of this computer for now.
    pub async fn start(to: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let to = Arc::new(Mutex::new(to));
        let target = Arc::clone(&to);
        let task = tokio::spawn(async move {
            while let Ok((mut from, _)) = listener.accept().await {
                let port = *target.lock().unwrap_or_else(PoisonError::into_inner);
                tokio::spawn(async move {
                    let there = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
                    if let Ok(mut there) = TcpStream::connect(there).await {
                        // Either side hangs up when it likes.
                        let _ended = tokio::io::copy_bidirectional(&mut from, &mut there).await;
                    }
                });
            }
        });
        let url = format!("https://127.0.0.1:{port}").parse().expect("a URL");
        Self { url, to, task }
    }

    /// Where it is.
    #[must_use]
    pub fn url(&self) -> Url {
        self.url.clone()
    }

    /// Leads new connections elsewhere.
    pub fn turn_to(&self, port: u16) {
        *self.to.lock().unwrap_or_else(PoisonError::into_inner) = port;
    }
}

impl Drop for Forwarder {
    fn drop(&mut self) {
        self.task.abort();
    }
}
