//! The form of the file keychain: what stands in the clear, how the passphrase becomes a key, and what is sealed.

use std::collections::BTreeMap;

use aes_gcm::Aes256Gcm;
use aes_gcm::aead::KeyInit as _;
use argon2::{Algorithm, Argon2, Params, Version};
use hkdf::Hkdf;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use twinlock_memory::clean_stack;
use twinlock_protocol::encoding::{Bytes, Fields, base64_array, to_base64url};
use zeroize::{Zeroize as _, Zeroizing};

use super::{Key, Passphrase};
use crate::home::HomeId;

const SALT: usize = 16;
const NONCE: usize = 12;

/// The file: in the clear what is needed to open it, and the sealed rest.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sealed {
    pub(super) version: u32,
    pub(super) derivation: Derivation,
    /// Tells a wrong passphrase from a damaged file. It is derived, and gives nothing away that trying to
    /// open the rest would not.
    #[serde(with = "base64_array")]
    pub(super) check: [u8; 32],
    #[serde(with = "base64_array")]
    pub(super) nonce: [u8; NONCE],
    pub(super) content: Bytes,
}

#[derive(Deserialize)]
pub(super) struct AnyVersion {
    pub(super) version: u32,
}

impl Sealed {
    /// Everything that stands in the clear, to be authenticated, and the home it belongs to.
    pub(super) fn clear_part(&self, home: HomeId) -> Vec<u8> {
        let Derivation { memory_kib, passes, lanes, salt } = self.derivation;
        Fields::purpose("twinlock/v1/file-keychain")
            .u32(self.version)
            .bytes(home.as_bytes())
            .u32(memory_kib)
            .u32(passes)
            .u32(lanes)
            .bytes(&salt)
            .bytes(&self.check)
            .as_bytes()
            .to_vec()
    }
}

/// How the passphrase becomes a key.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Derivation {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
    #[serde(with = "base64_array")]
    salt: [u8; SALT],
}

impl Derivation {
    /// The second choice of RFC 9106, on one lane: half a second and 64 MiB for each guess.
    pub(super) fn make() -> Self {
        Self { memory_kib: 64 * 1024, passes: 3, lanes: 1, salt: rand::random() }
    }

    /// Below: too cheap to try passphrases. Above: a file that only wants to stop the computer.
    fn within_bounds(&self) -> bool {
        (19 * 1024..=1024 * 1024).contains(&self.memory_kib)
            && (2..=16).contains(&self.passes)
            && (1..=8).contains(&self.lanes)
    }

    pub(super) fn keys(&self, passphrase: &Passphrase) -> Option<Keys> {
        if !self.within_bounds() {
            return None;
        }
        let params = Params::new(self.memory_kib, self.passes, self.lanes, Some(32)).ok()?;
        clean_stack(|| {
            let mut root = Zeroizing::new([0; 32]);
            Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
                .hash_password_into(passphrase.as_bytes(), &self.salt, &mut *root)
                .ok()?;
            let root = Hkdf::<Sha256>::new(None, &*root);
            let mut check = [0; 32];
            root.expand(Fields::purpose("twinlock/v1/file-keychain/check").as_bytes(), &mut check).ok()?;
            let purpose = Fields::purpose("twinlock/v1/file-keychain/seal");
            let seal = Key::try_fill(|place| root.expand(purpose.as_bytes(), place)).ok()?;
            Some(Keys { check, seal })
        })
    }
}

pub(super) struct Keys {
    pub(super) check: [u8; 32],
    seal: Key,
}

impl Keys {
    /// To be called where the stack is wiped.
    pub(super) fn cipher(&self) -> Aes256Gcm {
        Aes256Gcm::new(self.seal.expose().into())
    }
}

/// What is sealed: keys by their account's name.
#[derive(Default, Deserialize)]
#[serde(transparent)]
pub(super) struct Content {
    pub(super) entries: BTreeMap<String, Entry>,
}

#[derive(Deserialize)]
pub(super) struct Entry(pub(super) Bytes);

impl Drop for Entry {
    fn drop(&mut self) {
        self.0.0.zeroize();
    }
}

impl Content {
    /// JSON, built in a buffer that does not move and leave copies behind. Names are hexadecimal and `/`.
    pub(super) fn encode(&self) -> Zeroizing<Vec<u8>> {
        let size =
            self.entries.iter().map(|(name, entry)| name.len() + 2 * entry.0.len() + 8).sum::<usize>() + 2;
        let mut text = Zeroizing::new(Vec::with_capacity(size));
        text.push(b'{');
        for (name, entry) in &self.entries {
            if text.len() > 1 {
                text.push(b',');
            }
            let value = Zeroizing::new(to_base64url(&entry.0));
            for part in ["\"", name, "\":\"", &value, "\""] {
                text.extend_from_slice(part.as_bytes());
            }
        }
        text.push(b'}');
        text
    }
}
