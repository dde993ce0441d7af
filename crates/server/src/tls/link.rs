//! The two ends of the link between application and vault: TLS 1.3, each end proving itself.
//!
//! The vault end has no meaning for "no certificate": a connection without the application's is refused in
//! the handshake, before any request is read.

use std::path::Path;
use std::sync::Arc;

use rcgen::ExtendedKeyUsagePurpose;
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, ServerConfig};

use super::{Authority, TlsError, key_file, provider};

/// The name under which the application knows the vault service. It exists in no name system.
pub(crate) const VAULT_NAME: &str = "vault.twinlock.internal";
/// The name that the application proves to the vault service.
const APPLICATION_NAME: &str = "application.twinlock.internal";

/// The vault service's end.
pub(crate) struct VaultIdentity {
    settings: Arc<ServerConfig>,
}

impl VaultIdentity {
    /// Loads or makes the vault service's key, and has it certified.
    pub(crate) fn load_or_make(folder: &Path, authority: &Authority) -> Result<Self, TlsError> {
        let key = key_file::load_or_make(&folder.join("vault.key"))?;
        let certificate = authority.issue(&key, VAULT_NAME, ExtendedKeyUsagePurpose::ServerAuth)?;
        let clients = WebPkiClientVerifier::builder_with_provider(authority.roots()?, provider()).build()?;
        let mut settings = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .with_client_cert_verifier(clients)
            .with_single_cert(vec![certificate], key_file::for_rustls(&key))?;
        settings.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self { settings: Arc::new(settings) })
    }

    /// How the vault service's listener speaks TLS.
    pub(crate) fn settings(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.settings)
    }
}

/// The application's end.
pub(crate) struct ApplicationIdentity {
    settings: ClientConfig,
}

impl ApplicationIdentity {
    /// Loads or makes the application's key, and has it certified.
    pub(crate) fn load_or_make(folder: &Path, authority: &Authority) -> Result<Self, TlsError> {
        let key = key_file::load_or_make(&folder.join("application.key"))?;
        let certificate = authority.issue(&key, APPLICATION_NAME, ExtendedKeyUsagePurpose::ClientAuth)?;
        let mut settings = ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .with_root_certificates(authority.roots()?)
            .with_client_auth_cert(vec![certificate], key_file::for_rustls(&key))?;
        settings.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self { settings })
    }

    /// How the application's connections to the vault service speak TLS.
    pub(crate) fn settings(&self) -> ClientConfig {
        self.settings.clone()
    }
}
