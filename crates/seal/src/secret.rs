//! Secrets that are wiped when dropped and cannot be printed, serialised or compared by accident.

use rand_core::CryptoRng;
use twinlock_memory::Key;
use zeroize::Zeroizing;

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
pub struct Seed(Key);

impl Seed {
    /// A new seed.
    #[must_use]
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        Self(Key::fill(|place| rng.fill_bytes(place)))
    }

    /// A seed from where it was kept.
    #[must_use]
    pub fn new(key: Key) -> Self {
        Self(key)
    }

    /// A seed of these bytes; the caller's copy of them stays the caller's to wipe.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Key::fill(|place| place.copy_from_slice(&bytes)))
    }

    /// The bytes, for the keychain or a link.
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        self.0.expose()
    }
}
