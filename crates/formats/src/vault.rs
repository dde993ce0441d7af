//! `.env.vault`, the sealed file of dotenv-vault, opened with its `DOTENV_KEY`.
//!
//! The file is a `.env` text with a variable `DOTENV_VAULT_<ENVIRONMENT>` for each environment:
//! base64 of a nonce of 12 bytes, the text sealed with AES-256-GCM, and a tag of 16 bytes. The key
//! is an address whose password ends in the 64 hexadecimal digits of the key, and whose query
//! names the environment. Several keys may stand with commas between them, for the time in which
//! one replaces another; the first that opens the file counts.

use aes_gcm::aead::Aead as _;
use aes_gcm::{Aes256Gcm, KeyInit as _, Nonce};
use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use twinlock_dotenv::node;
use url::Url;
use zeroize::Zeroizing;

use crate::error::VaultError;

const PREFIX: &str = "DOTENV_VAULT_";
const KEY_DIGITS: usize = 64;
const NONCE: usize = 12;
const TAG: usize = 16;

/// Each key may cost an opening of the whole file.
const MAX_KEYS: usize = 16;

/// Base64 as the loaders take it: padded or not.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// The environments that a `.env.vault` holds, in its order and as it spells them: `PRODUCTION`.
#[must_use]
pub fn environments(text: &str) -> Vec<String> {
    named(&node::variables(text))
}

fn named(readings: &[node::Reading]) -> Vec<String> {
    readings.iter().filter_map(|reading| reading.name.strip_prefix(PREFIX).map(str::to_owned)).collect()
}

/// The `.env` text that is sealed in `text` for the environment that the key names. Of several
/// keys the last one's error is told.
pub(crate) fn open(text: &str, keys: &str) -> Result<Zeroizing<String>, VaultError> {
    if keys.split(',').count() > MAX_KEYS {
        return Err(VaultError::TooManyKeys);
    }
    let readings = node::variables(text);
    let mut failed = VaultError::NotAKey;
    for key in keys.split(',') {
        let opened = Instructions::parse(key.trim()).and_then(|wanted| {
            match readings.iter().find(|reading| reading.name == wanted.variable) {
                Some(sealed) if !sealed.value.is_empty() => wanted.open(&sealed.value),
                _ => Err(VaultError::NotInFile { name: wanted.variable, found: named(&readings) }),
            }
        });
        match opened {
            Ok(opened) => return Ok(opened),
            Err(error) => failed = error,
        }
    }
    Err(failed)
}

/// What one key says.
struct Instructions {
    key: Zeroizing<[u8; 32]>,
    /// The name under which the file has the environment.
    variable: String,
}

impl Instructions {
    fn parse(address: &str) -> Result<Self, VaultError> {
        let address = Url::parse(address).map_err(|_| VaultError::NotAKey)?;
        let password = address.password().ok_or(VaultError::NotAKey)?;
        let digits = password.len().checked_sub(KEY_DIGITS).and_then(|start| password.get(start..));
        let mut key = Zeroizing::new([0; 32]);
        let digits = digits.ok_or(VaultError::IncompleteKey)?;
        hex::decode_to_slice(digits, key.as_mut_slice()).map_err(|_| VaultError::IncompleteKey)?;
        let environment = address.query_pairs().find(|(name, _)| name == "environment");
        match environment {
            Some((_, environment)) if !environment.is_empty() => {
                Ok(Self { key, variable: format!("{PREFIX}{}", environment.to_uppercase()) })
            }
            _ => Err(VaultError::NoEnvironment),
        }
    }

    fn open(self, sealed: &str) -> Result<Zeroizing<String>, VaultError> {
        let name = self.variable;
        let compact: String = sealed.chars().filter(|c| !c.is_ascii_whitespace()).collect();
        let Some((nonce, sealed)) =
            BASE64.decode(compact).ok().filter(|bytes| bytes.len() >= NONCE + TAG).and_then(|bytes| {
                Some((<[u8; NONCE]>::try_from(bytes.get(..NONCE)?).ok()?, bytes.get(NONCE..)?.to_vec()))
            })
        else {
            return Err(VaultError::Damaged { name });
        };
        let cipher = Aes256Gcm::new((&*self.key).into());
        // Tag last, as the cipher takes it.
        let Ok(opened) = cipher.decrypt(&Nonce::from(nonce), sealed.as_slice()) else {
            return Err(VaultError::WrongKey { name });
        };
        match String::from_utf8(opened) {
            Ok(text) => Ok(Zeroizing::new(text)),
            Err(refused) => {
                drop(Zeroizing::new(refused.into_bytes()));
                Err(VaultError::NotText { name })
            }
        }
    }
}
