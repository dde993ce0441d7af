//! Listening sockets: which address may be used for what.

use std::net::{IpAddr, Ipv6Addr, SocketAddr, TcpListener};

/// Why a socket could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// The vault service was told to listen where everybody could reach it.
    #[error(
        "the vault service refuses to bind a public address ({0}); \
         only the application may reach it: give a loopback or private address"
    )]
    Public(SocketAddr),
    /// The system refused.
    #[error("{address} can't be listened on: {source}")]
    Io {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
}

/// Opens a socket for clients, on any address.
pub(crate) fn for_clients(address: SocketAddr) -> Result<TcpListener, ListenError> {
    bind(address)
}

/// Opens a socket for the application: on this computer or in a private network, else refused.
pub(crate) fn for_the_application(address: SocketAddr) -> Result<TcpListener, ListenError> {
    if !is_private(address.ip()) {
        return Err(ListenError::Public(address));
    }
    bind(address)
}

fn bind(address: SocketAddr) -> Result<TcpListener, ListenError> {
    let io = |source| ListenError::Io { address, source };
    let listener = TcpListener::bind(address).map_err(io)?;
    // The async runtime takes over a socket only if it does not block.
    listener.set_nonblocking(true).map_err(io)?;
    Ok(listener)
}

/// Loopback, RFC 1918 and unique local addresses. "Every address" (0.0.0.0, ::) is not private.
fn is_private(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.is_loopback() || v4.is_private(),
        IpAddr::V6(v6) => v6 == Ipv6Addr::LOCALHOST || v6.is_unique_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vault_service_refuses_to_bind_a_public_address() {
        for address in
            ["0.0.0.0:0", "[::]:0", "8.8.8.8:0", "[2001:db8::1]:0", "[::ffff:8.8.8.8]:0", "172.32.0.1:0"]
        {
            let refused = for_the_application(address.parse().unwrap());
            assert!(matches!(refused, Err(ListenError::Public(_))), "{address}");
        }
    }

    #[test]
    fn the_vault_service_binds_loopback() {
        let listener = for_the_application("127.0.0.1:0".parse().unwrap()).unwrap();
        assert!(listener.local_addr().unwrap().ip().is_loopback());
    }

    #[test]
    fn private_networks_are_told_from_public_ones() {
        for private in
            ["127.9.9.9", "10.0.0.1", "172.16.0.1", "192.168.1.1", "::1", "fd00::1", "::ffff:10.0.0.1"]
        {
            assert!(is_private(private.parse().unwrap()), "{private}");
        }
        for public in ["1.1.1.1", "0.0.0.0", "::", "2001:db8::1", "fe80::1", "169.254.0.1"] {
            assert!(!is_private(public.parse().unwrap()), "{public}");
        }
    }
}
