//! A private key in a file of its own: made once, kept from then on.

use std::path::Path;

use rcgen::KeyPair;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use zeroize::Zeroize as _;

use super::TlsError;
use crate::private_file;

/// Reads the key, or makes one and keeps it.
pub(super) fn load_or_make(path: &Path) -> Result<KeyPair, TlsError> {
    if let Some(pem) = private_file::read(path)? {
        let not_a_key = || TlsError::NotAKey { path: path.display().to_string() };
        let pem = std::str::from_utf8(&pem).map_err(|_| not_a_key())?;
        return KeyPair::from_pem(pem).map_err(|_| not_a_key());
    }
    let key = KeyPair::generate()?;
    let mut pem = key.serialize_pem();
    let written = private_file::create(path, pem.as_bytes());
    pem.zeroize();
    written?;
    Ok(key)
}

/// The key in the form that rustls takes.
pub(super) fn for_rustls(key: &KeyPair) -> PrivateKeyDer<'static> {
    PrivatePkcs8KeyDer::from(key.serialize_der()).into()
}
