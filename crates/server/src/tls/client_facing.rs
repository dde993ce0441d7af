//! What clients meet: TLS 1.2 or 1.3 and a self-signed certificate that they know by its public key.
//!
//! The key is made once and outlives every certificate, so the pin in links, kits and tokens stays true.

use std::fmt;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use rcgen::{
    CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, KeyUsagePurpose, PublicKeyData as _, SanType,
};
use rustls::ServerConfig;
use sha2::{Digest as _, Sha256};

use super::{TlsError, key_file, provider, set_validity};

/// SHA-256 of a certificate's public key (SPKI): by this a client knows the server, whatever its name.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Pin([u8; 32]);

impl Pin {
    /// The raw hash.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&twinlock_protocol::encoding::to_base64url(&self.0))
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pin({self})")
    }
}

/// The listener's side towards clients.
pub(crate) struct ClientFacing {
    settings: Arc<ServerConfig>,
    pin: Pin,
}

impl ClientFacing {
    /// Loads or makes the key and issues a certificate for `localhost` and the address that clients use.
    pub(crate) fn load_or_make(
        folder: &Path,
        address: IpAddr,
        now: jiff::Timestamp,
    ) -> Result<Self, TlsError> {
        let key = key_file::load_or_make(&folder.join("public.key"))?;
        let mut params = CertificateParams::new(["localhost".to_owned()])?;
        params.subject_alt_names.push(SanType::IpAddress(address));
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, "Twinlock vault");
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        set_validity(&mut params, now);
        let certificate = params.self_signed(&key)?;
        let pin = Pin(Sha256::digest(key.subject_public_key_info()).into());
        let mut settings = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key_file::for_rustls(&key))?;
        settings.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self { settings: Arc::new(settings), pin })
    }

    /// How the client-facing listener speaks TLS.
    pub(crate) fn settings(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.settings)
    }

    /// What clients check.
    #[must_use]
    pub(crate) fn pin(&self) -> Pin {
        self.pin
    }
}
