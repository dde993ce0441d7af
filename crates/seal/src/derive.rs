//! Key derivation: HKDF-SHA-256, empty salt, a field list as `info`, 32 bytes out.

use hkdf::Hkdf;
use sha2::Sha256;
use twinlock_protocol::encoding::Fields;
use zeroize::Zeroizing;

/// Derives 32 bytes from a key or seed.
pub(crate) fn derive(key: &[u8; 32], info: &Fields) -> Zeroizing<[u8; 32]> {
    let mut out = Zeroizing::new([0; 32]);
    #[expect(clippy::expect_used, reason = "HKDF-SHA-256 gives up to 255 * 32 bytes; 32 cannot be too many")]
    Hkdf::<Sha256>::new(None, key)
        .expand(info.as_bytes(), out.as_mut())
        .expect("32 bytes are within HKDF's limit");
    out
}
