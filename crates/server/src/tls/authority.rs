//! The private authority that vouches for the two ends of the link between application and vault.
//!
//! Its key is made at first start and kept. It signs for nobody else, and nobody else's word counts there.

use std::path::Path;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose,
};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;

use super::{TlsError, key_file, set_validity};

/// The name in the authority's own certificate.
pub(crate) const AUTHORITY_NAME: &str = "Twinlock private authority";

/// A private certificate authority with one purpose: the link between the two services.
pub(crate) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    issued_at: jiff::Timestamp,
}

impl Authority {
    /// Loads the authority's key from the folder, or makes one, and issues its certificate as of `now`.
    pub(crate) fn load_or_make(folder: &Path, now: jiff::Timestamp) -> Result<Self, TlsError> {
        let key = key_file::load_or_make(&folder.join("authority.key"))?;
        let mut params = CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, AUTHORITY_NAME);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        set_validity(&mut params, now);
        Ok(Self { issuer: CertifiedIssuer::self_signed(params, key)?, issued_at: now })
    }

    /// What both ends of the link trust, and all that they trust.
    pub(super) fn roots(&self) -> Result<Arc<RootCertStore>, TlsError> {
        let mut roots = RootCertStore::empty();
        roots.add(self.issuer.der().clone())?;
        Ok(Arc::new(roots))
    }

    /// Issues a certificate for a key, good for this name and this side of a connection only.
    pub(crate) fn issue(
        &self,
        key: &KeyPair,
        name: &str,
        side: ExtendedKeyUsagePurpose,
    ) -> Result<CertificateDer<'static>, TlsError> {
        let mut params = CertificateParams::new([name.to_owned()])?;
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![side];
        params.use_authority_key_identifier_extension = true;
        set_validity(&mut params, self.issued_at);
        Ok(params.signed_by(key, &self.issuer)?.der().clone())
    }
}
