//! Transport security of the vault: whom each listener lets in, and what each side proves.
//!
//! Clients come over TLS 1.2 or 1.3 to a certificate whose key never changes (its pin is in every invite
//! link). The application reaches the vault service over TLS 1.3 alone, each proving itself to the other
//! under a private authority made at first start. Never trusts the system's certificates.

mod authority;
mod client_facing;
mod key_file;
mod link;

pub(crate) use authority::Authority;
pub(crate) use client_facing::ClientFacing;
pub use client_facing::Pin;
pub(crate) use link::{ApplicationIdentity, VAULT_NAME, VaultIdentity};

use std::sync::Arc;

use rustls::crypto::CryptoProvider;

use crate::private_file::PrivateFileError;

/// Why certificates or TLS settings could not be made.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A key file could not be used.
    #[error(transparent)]
    File(#[from] PrivateFileError),
    /// A key file holds something else.
    #[error("{path} does not hold a private key in PEM form; it was left as it is")]
    NotAKey {
        /// The file.
        path: String,
    },
    /// A certificate could not be made.
    #[error("a certificate could not be made: {0}")]
    Certificate(#[from] rcgen::Error),
    /// TLS settings were not accepted.
    #[error("TLS could not be set up: {0}")]
    Settings(#[from] rustls::Error),
    /// The check of client certificates could not be set up.
    #[error("the check of client certificates could not be set up: {0}")]
    ClientCheck(#[from] rustls::server::VerifierBuilderError),
}

/// Certificates are issued anew at each start, from kept keys, for this many years.
const YEARS_VALID: i16 = 5;

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

/// The first and last day of a certificate that is issued at this moment. It starts a day early, so that a
/// peer whose clock is a little behind accepts it too.
fn set_validity(params: &mut rcgen::CertificateParams, now: jiff::Timestamp) {
    use jiff::ToSpan as _;
    let today = now.to_zoned(jiff::tz::TimeZone::UTC).date();
    let as_rcgen = |date: jiff::civil::Date| {
        // jiff's months and days are 1 to 12 and 1 to 31, so neither loses anything as u8.
        rcgen::date_time_ymd(i32::from(date.year()), date.month().unsigned_abs(), date.day().unsigned_abs())
    };
    params.not_before = as_rcgen(today.saturating_sub(1.day()));
    params.not_after = as_rcgen(today.saturating_add(YEARS_VALID.years()));
}
