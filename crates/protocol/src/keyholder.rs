//! Public keys of keyholders, and the id that names exactly them.

use ed25519_dalek::VerifyingKey;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::encoding::{Fields, base64_array};
use crate::ids::KeyholderId;
use crate::refusal::Refusal;

/// Bytes of an Ed25519 public key.
pub const SIGNING_KEY_BYTES: usize = 32;
/// Bytes of an X-Wing public key (ML-KEM-768 and X25519).
pub const KEM_KEY_BYTES: usize = 1216;
/// Bytes of the ML-KEM-768 public key that an X-Wing public key begins with.
const ML_KEM_BYTES: usize = 1184;
/// Bytes of an X-Wing encapsulated key.
pub const ENCAPSULATED_KEY_BYTES: usize = 1120;

/// The two public keys of a keyholder.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublicKeys {
    /// Ed25519: checks what the keyholder signs.
    #[serde(with = "base64_array")]
    pub signing: [u8; SIGNING_KEY_BYTES],
    /// X-Wing: keys are wrapped to it.
    #[serde(with = "base64_array")]
    pub kem: [u8; KEM_KEY_BYTES],
}

impl PublicKeys {
    /// The id of whoever holds the secret halves of these keys.
    #[must_use]
    pub fn id(&self) -> KeyholderId {
        let fields = Fields::purpose("twinlock/v1/keyholder").bytes(&self.signing).bytes(&self.kem);
        let hash: [u8; 32] = Sha256::digest(fields.as_bytes()).into();
        let mut id = [0; KeyholderId::LENGTH];
        id.copy_from_slice(&hash[..KeyholderId::LENGTH]);
        KeyholderId::new(id)
    }

    /// Refuses keys that nothing could be wrapped to: whoever brought one in would stop every renewal of keys.
    /// X25519 takes any 32 bytes; ML-KEM has an input check (FIPS 203, section 7.2).
    pub(crate) fn check(&self) -> Result<(), Refusal> {
        use ml_kem::{EncapsulationKey768, TryKeyInit as _};
        let ml_kem = &self.kem[..ML_KEM_BYTES];
        match EncapsulationKey768::new_from_slice(ml_kem) {
            Ok(_) => Ok(()),
            Err(_) => Err(Refusal::Keys { keyholder: self.id() }),
        }
    }

    /// Checks a signature by Ed25519's strict rules (no small-order keys, canonical encodings).
    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), SignatureDoesNotVerify> {
        let signature =
            ed25519_dalek::Signature::from_slice(signature).map_err(|_| SignatureDoesNotVerify)?;
        VerifyingKey::from_bytes(&self.signing)
            .and_then(|key| key.verify_strict(message, &signature))
            .map_err(|_| SignatureDoesNotVerify)
    }
}

impl std::fmt::Debug for PublicKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PublicKeys({})", self.id())
    }
}

/// A signature that was not made by this key over this message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SignatureDoesNotVerify;
