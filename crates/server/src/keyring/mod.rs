//! A service's own keyring: every field it stores is sealed once more, by data keys that a root key wraps.
//!
//! A sealed field is tied to its table, column and row: a copy moved by hand to another place does not
//! open. Each names its data key, so that keys can be changed row by row. It opens nothing that a client
//! sealed: what goes in is sealed already.

mod root;

pub(crate) use root::RootKey;
pub use root::RootKeyError;

use std::collections::HashMap;

use aes_gcm::aead::{Aead as _, KeyInit as _, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use rand::TryRng as _;
use rand::rngs::SysRng;
use twinlock_protocol::encoding::Fields;
use zeroize::{Zeroize as _, Zeroizing};

const FORMAT: u8 = 1;
const KEY_BYTES: usize = 32;
const ID_BYTES: usize = 8;
const NONCE_BYTES: usize = 12;

/// Which service a keyring belongs to. Neither can open what the other sealed, even with the same root key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// The application service.
    Application,
    /// The vault service.
    Vault,
}

impl Owner {
    const fn label(self) -> &'static str {
        match self {
            Self::Application => "application",
            Self::Vault => "vault",
        }
    }
}

/// The place of a field in a database.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    /// The table.
    pub(crate) table: &'static str,
    /// The column.
    pub(crate) column: &'static str,
    /// What identifies the row, and whatever else of the row must not be changed by hand.
    pub(crate) row: &'a [u8],
}

/// Names a data key. Random, so that it tells nothing about when the key was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct DataKeyId([u8; ID_BYTES]);

impl DataKeyId {
    /// The raw bytes, as stored.
    #[must_use]
    pub(crate) const fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl TryFrom<&[u8]> for DataKeyId {
    type Error = KeyringError;
    fn try_from(bytes: &[u8]) -> Result<Self, KeyringError> {
        bytes.try_into().map(Self).map_err(|_| KeyringError::Damaged)
    }
}

/// A data key as the database keeps it.
pub(crate) struct WrappedDataKey {
    /// Its name.
    pub(crate) id: DataKeyId,
    /// The key, sealed by the root key.
    pub(crate) wrapped: Vec<u8>,
}

/// Why a field or a data key could not be sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    /// It was changed, moved, or sealed by a key that is not this keyring's.
    #[error("a stored field does not open: it was changed, moved or sealed by another key")]
    Damaged,
    /// The root key is not the one that wrapped the data keys.
    #[error("the root key does not open this database's data keys; put the right key file back")]
    WrongRootKey,
    /// The system gave no random bytes, or the field is beyond the cipher's limit.
    #[error("a field could not be sealed")]
    NotSealed,
}

/// The data keys of one service, in memory.
pub(crate) struct Keyring {
    owner: Owner,
    current: DataKeyId,
    keys: HashMap<DataKeyId, Aes256Gcm>,
}

impl Keyring {
    /// Makes a first data key, and gives it wrapped, to be stored.
    pub(crate) fn make_first(owner: Owner, root: &RootKey) -> Result<(Self, WrappedDataKey), KeyringError> {
        let id = DataKeyId(random()?);
        let key: Zeroizing<[u8; KEY_BYTES]> = Zeroizing::new(random()?);
        let wrapped = seal(&cipher(root.expose()), &wrap_context(owner, id), key.as_slice())?;
        let keys = HashMap::from([(id, cipher(&key))]);
        Ok((Self { owner, current: id, keys }, WrappedDataKey { id, wrapped }))
    }

    /// Unwraps stored data keys; new fields are sealed by `current`.
    pub(crate) fn unwrap(
        owner: Owner,
        root: &RootKey,
        current: DataKeyId,
        stored: &[WrappedDataKey],
    ) -> Result<Self, KeyringError> {
        let root = cipher(root.expose());
        let mut keys = HashMap::new();
        for WrappedDataKey { id, wrapped } in stored {
            let key = Zeroizing::new(
                open(&root, &wrap_context(owner, *id), wrapped).map_err(|_| KeyringError::WrongRootKey)?,
            );
            let mut exact = [0; KEY_BYTES];
            if key.len() != KEY_BYTES {
                return Err(KeyringError::Damaged);
            }
            exact.copy_from_slice(&key);
            keys.insert(*id, cipher(&exact));
            exact.zeroize();
        }
        if !keys.contains_key(&current) {
            return Err(KeyringError::Damaged);
        }
        Ok(Self { owner, current, keys })
    }

    /// Seals a field for its place.
    pub(crate) fn seal_field(&self, place: Place<'_>, content: &[u8]) -> Result<Vec<u8>, KeyringError> {
        let key = self.keys.get(&self.current).ok_or(KeyringError::NotSealed)?;
        let sealed = seal(key, &self.field_context(self.current, place), content)?;
        let mut field = Vec::with_capacity(1 + ID_BYTES + sealed.len());
        field.push(FORMAT);
        field.extend_from_slice(&self.current.0);
        field.extend_from_slice(&sealed);
        Ok(field)
    }

    /// Opens a field found at a place; only what was sealed for that very place opens.
    pub(crate) fn open_field(&self, place: Place<'_>, field: &[u8]) -> Result<Vec<u8>, KeyringError> {
        let (&format, rest) = field.split_first().ok_or(KeyringError::Damaged)?;
        let (id, sealed) = rest.split_at_checked(ID_BYTES).ok_or(KeyringError::Damaged)?;
        if format != FORMAT {
            return Err(KeyringError::Damaged);
        }
        let id = DataKeyId::try_from(id)?;
        let key = self.keys.get(&id).ok_or(KeyringError::Damaged)?;
        open(key, &self.field_context(id, place), sealed)
    }

    fn field_context(&self, key: DataKeyId, place: Place<'_>) -> Vec<u8> {
        Fields::purpose("twinlock/v1/server-field")
            .text(self.owner.label())
            .bytes(key.as_bytes())
            .text(place.table)
            .text(place.column)
            .bytes(place.row)
            .as_bytes()
            .to_vec()
    }
}

fn wrap_context(owner: Owner, id: DataKeyId) -> Vec<u8> {
    Fields::purpose("twinlock/v1/server-data-key")
        .text(owner.label())
        .bytes(id.as_bytes())
        .as_bytes()
        .to_vec()
}

fn cipher(key: &[u8; KEY_BYTES]) -> Aes256Gcm {
    Aes256Gcm::new(key.into())
}

fn random<const N: usize>() -> Result<[u8; N], KeyringError> {
    let mut bytes = [0; N];
    SysRng.try_fill_bytes(&mut bytes).map_err(|_| KeyringError::NotSealed)?;
    Ok(bytes)
}

fn seal(key: &Aes256Gcm, context: &[u8], content: &[u8]) -> Result<Vec<u8>, KeyringError> {
    let nonce: [u8; NONCE_BYTES] = random()?;
    let sealed = key
        .encrypt(&Nonce::from(nonce), Payload { msg: content, aad: context })
        .map_err(|_| KeyringError::NotSealed)?;
    Ok([nonce.as_slice(), &sealed].concat())
}

fn open(key: &Aes256Gcm, context: &[u8], sealed: &[u8]) -> Result<Vec<u8>, KeyringError> {
    let (nonce, sealed) = sealed.split_at_checked(NONCE_BYTES).ok_or(KeyringError::Damaged)?;
    let nonce = <[u8; NONCE_BYTES]>::try_from(nonce).map_err(|_| KeyringError::Damaged)?;
    key.decrypt(&Nonce::from(nonce), Payload { msg: sealed, aad: context }).map_err(|_| KeyringError::Damaged)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: Place<'static> = Place { table: "t", column: "c", row: b"row 1" };

    fn root() -> RootKey {
        RootKey::from_bytes([7; 32])
    }

    fn keyring() -> Keyring {
        Keyring::make_first(Owner::Vault, &root()).unwrap().0
    }

    #[test]
    fn a_field_opens_in_its_place() {
        let keyring = keyring();
        let field = keyring.seal_field(PLACE, b"content").unwrap();
        assert!(!field.windows(7).any(|w| w == b"content"));
        assert_eq!(keyring.open_field(PLACE, &field).unwrap(), b"content");
    }

    #[test]
    fn a_field_moved_to_another_place_does_not_open() {
        let keyring = keyring();
        let field = keyring.seal_field(PLACE, b"content").unwrap();
        for place in [
            Place { table: "u", ..PLACE },
            Place { column: "d", ..PLACE },
            Place { row: b"row 2", ..PLACE },
            Place { table: "tc", column: "", ..PLACE },
        ] {
            assert!(keyring.open_field(place, &field).is_err(), "{place:?}");
        }
    }

    #[test]
    fn every_changed_bit_and_every_shortening_is_noticed() {
        let keyring = keyring();
        let field = keyring.seal_field(PLACE, b"content").unwrap();
        for bit in 0..field.len() * 8 {
            let mut changed = field.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(keyring.open_field(PLACE, &changed).is_err(), "bit {bit}");
        }
        for length in 0..field.len() {
            assert!(keyring.open_field(PLACE, &field[..length]).is_err(), "length {length}");
        }
    }

    #[test]
    fn stored_data_keys_open_with_their_root_key_only() {
        let (keyring, wrapped) = Keyring::make_first(Owner::Vault, &root()).unwrap();
        let field = keyring.seal_field(PLACE, b"content").unwrap();
        let id = wrapped.id;
        let stored = [wrapped];
        let again = Keyring::unwrap(Owner::Vault, &root(), id, &stored).unwrap();
        assert_eq!(again.open_field(PLACE, &field).unwrap(), b"content");
        let wrong = RootKey::from_bytes([8; 32]);
        assert!(matches!(
            Keyring::unwrap(Owner::Vault, &wrong, id, &stored),
            Err(KeyringError::WrongRootKey)
        ));
        assert!(matches!(
            Keyring::unwrap(Owner::Application, &root(), id, &stored),
            Err(KeyringError::WrongRootKey)
        ));
    }
}
