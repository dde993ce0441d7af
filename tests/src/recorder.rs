//! The network between client and vault, as somebody on it sees it: every byte in both directions, kept.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Passes connections on to a port of this computer and keeps what went over them. Ends when it is dropped.
pub struct Recorder {
    port: u16,
    recorded: Arc<Mutex<Vec<Vec<u8>>>>,
    ended: Arc<AtomicBool>,
}

impl Recorder {
    /// Starts in front of a port.
    #[must_use]
    pub fn start(to: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let recorder = Self { port, recorded: Arc::default(), ended: Arc::default() };
        let (recorded, ended) = (Arc::clone(&recorder.recorded), Arc::clone(&recorder.ended));
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if ended.load(Ordering::SeqCst) {
                    return;
                }
                // Nobody answers there: the client finds its connection closed.
                let Ok(vault) = TcpStream::connect((Ipv4Addr::LOCALHOST, to)) else { continue };
                let (back_from, back_to) =
                    (vault.try_clone().expect("a socket"), client.try_clone().expect("a socket"));
                pass_on(client, vault, &recorded);
                pass_on(back_from, back_to, &recorded);
            }
        });
        recorder
    }

    /// Where it listens.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Everything so far: one piece for each direction of each connection.
    #[must_use]
    pub fn recorded(&self) -> Vec<Vec<u8>> {
        lock(&self.recorded).clone()
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
        // Wakes the listener, so that it sees that it is over. It may have ended by itself.
        let _ = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
    }
}

fn pass_on(mut from: TcpStream, mut to: TcpStream, recorded: &Arc<Mutex<Vec<Vec<u8>>>>) {
    let recorded = Arc::clone(recorded);
    let at = {
        let mut recorded = lock(&recorded);
        recorded.push(Vec::new());
        recorded.len() - 1
    };
    std::thread::spawn(move || {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(count @ 1..) = from.read(&mut buffer) {
            lock(&recorded)[at].extend_from_slice(&buffer[..count]);
            if to.write_all(&buffer[..count]).is_err() {
                break;
            }
        }
        // Whoever is gone already needs no word of it.
        let _ = to.shutdown(Shutdown::Write);
    });
}

fn lock(recorded: &Mutex<Vec<Vec<u8>>>) -> std::sync::MutexGuard<'_, Vec<Vec<u8>>> {
    recorded.lock().unwrap_or_else(PoisonError::into_inner)
}
