//! Seals what the store keeps, under the home's own key, each value bound to its table, column and row.
//!
//! Whoever has the database without the keychain sees ids, numbers and times. Whoever can write to it can
//! take values away, and cannot put one in another's place.

use aes_gcm::aead::{Aead as _, Generate as _, KeyInit as _, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use hkdf::Hkdf;
use sha2::Sha256;
use twinlock_memory::clean_stack;
use twinlock_protocol::encoding::Fields;
use zeroize::Zeroizing;

use super::StoreError;
use crate::keychain::Key;

const FORM: u8 = 1;
const NONCE: usize = 12;

/// Where a sealed value stands.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) table: &'static str,
    pub(super) column: &'static str,
    pub(super) row: &'a [&'a [u8]],
}

/// The keys of a store, derived from the home's own. Wiped when dropped.
///
/// One key seals every value under a random nonce: enough for four thousand million of them.
pub(super) struct LocalSeal {
    seal: Key,
    recognise: Key,
}

impl LocalSeal {
    pub(super) fn derive(local: &Key) -> Self {
        clean_stack(|| {
            let root = Hkdf::<Sha256>::new(None, local.expose());
            let part = |purpose| {
                let info = Fields::purpose(purpose);
                Key::fill(|place| derive(&root, &info, place))
            };
            Self { seal: part("twinlock/v1/store/seal"), recognise: part("twinlock/v1/store/recognise") }
        })
    }

    /// To be called where the stack is wiped.
    fn cipher(&self) -> Aes256Gcm {
        Aes256Gcm::new(self.seal.expose().into())
    }

    pub(super) fn seal(&self, place: Place<'_>, plain: &[u8]) -> Result<Vec<u8>, StoreError> {
        let nonce = Nonce::generate();
        let fields = place.fields();
        let payload = Payload { msg: plain, aad: fields.as_bytes() };
        let sealed =
            clean_stack(|| self.cipher().encrypt(&nonce, payload)).map_err(|_| StoreError::TooLarge)?;
        let mut bytes = Vec::with_capacity(1 + NONCE + sealed.len());
        bytes.push(FORM);
        bytes.extend_from_slice(&nonce);
        bytes.extend_from_slice(&sealed);
        Ok(bytes)
    }

    pub(super) fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        let damaged = || place.damaged();
        let (form, rest) = sealed.split_first().ok_or_else(damaged)?;
        let (nonce, message) = rest.split_first_chunk::<NONCE>().ok_or_else(damaged)?;
        if *form != FORM {
            return Err(damaged());
        }
        let fields = place.fields();
        let payload = Payload { msg: message, aad: fields.as_bytes() };
        clean_stack(|| self.cipher().decrypt(&Nonce::from(*nonce), payload))
            .map(Zeroizing::new)
            .map_err(|_| damaged())
    }

    /// A keyed hash, by which a value is found or recognised without being kept.
    pub(super) fn recognise(&self, purpose: &str, fields: &[&[u8]]) -> [u8; 32] {
        let info = fields.iter().fold(Fields::purpose(purpose), |list, field| list.bytes(field));
        clean_stack(|| {
            let mut out = [0; 32];
            derive(&Hkdf::new(None, self.recognise.expose()), &info, &mut out);
            out
        })
    }
}

impl Place<'_> {
    pub(super) fn damaged(&self) -> StoreError {
        StoreError::Damaged { place: format!("{}.{}", self.table, self.column) }
    }

    fn fields(&self) -> Fields {
        let list = Fields::purpose("twinlock/v1/store").text(self.table).text(self.column);
        self.row.iter().fold(list, |list, part| list.bytes(part))
    }
}

#[expect(clippy::expect_used, reason = "HKDF-SHA-256 gives up to 8160 bytes, and 32 are asked for")]
fn derive(key: &Hkdf<Sha256>, info: &Fields, out: &mut [u8; 32]) {
    key.expand(info.as_bytes(), out).expect("32 bytes can always be derived");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seal_of(byte: u8) -> LocalSeal {
        LocalSeal::derive(&Key::fill(|place| *place = [byte; 32]))
    }

    const PLACE: Place<'_> = Place { table: "teams", column: "details", row: &[b"a", b"b"] };

    #[test]
    fn what_is_sealed_opens_in_its_place_alone() {
        let seal = seal_of(1);
        let sealed = seal.seal(PLACE, b"text").unwrap();
        assert_eq!(*seal.open(PLACE, &sealed).unwrap(), b"text");
        for other in [
            Place { table: "bases", ..PLACE },
            Place { column: "other", ..PLACE },
            Place { row: &[b"a"], ..PLACE },
            Place { row: &[b"ab", b""], ..PLACE },
            Place { row: &[b"b", b"a"], ..PLACE },
        ] {
            assert!(matches!(seal.open(other, &sealed), Err(StoreError::Damaged { .. })));
        }
        assert!(seal_of(2).open(PLACE, &sealed).is_err());
    }

    #[test]
    fn any_change_is_noticed() {
        let seal = seal_of(1);
        let sealed = seal.seal(PLACE, b"text").unwrap();
        for position in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[position] ^= 1;
            assert!(seal.open(PLACE, &changed).is_err(), "{position}");
            assert!(seal.open(PLACE, &sealed[..position]).is_err(), "{position}");
        }
    }

    #[test]
    fn equal_values_do_not_look_equal_but_are_recognised() {
        let seal = seal_of(1);
        assert_ne!(seal.seal(PLACE, b"text").unwrap(), seal.seal(PLACE, b"text").unwrap());
        let known = seal.recognise("content", &[b"text"]);
        assert_eq!(known, seal.recognise("content", &[b"text"]));
        assert_ne!(known, seal.recognise("path", &[b"text"]));
        assert_ne!(known, seal_of(2).recognise("content", &[b"text"]));
    }
}
