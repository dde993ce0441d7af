//! Secrets that are wiped when dropped and cannot be printed, serialised or compared by accident.

use rand_core::CryptoRng;
use zeroize::{Zeroize, Zeroizing};

/// Text that is nobody's business: a value, an invite link, a setup code.
#[derive(Clone)]
pub struct SecretText(Zeroizing<String>);

impl SecretText {
    /// Takes text over.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text itself. Say beside the call where it goes.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// The 32 bytes from which all keys of a keyholder are derived.
pub struct Seed(Zeroizing<[u8; 32]>);

impl Seed {
    /// A new seed.
    #[must_use]
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        let mut bytes = Zeroizing::new([0; 32]);
        rng.fill_bytes(bytes.as_mut());
        Self(bytes)
    }

    /// A seed from where it was kept.
    #[must_use]
    pub fn from_bytes(mut bytes: [u8; 32]) -> Self {
        let seed = Self(Zeroizing::new(bytes));
        bytes.zeroize();
        seed
    }

    /// The bytes, for the keychain or a link.
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}
