//! Identifiers and hashes: one type for each meaning, so that none can stand in for another.
//!
//! All are fixed-size byte strings, written in JSON as lower-case hexadecimal and used raw in everything
//! that is hashed or authenticated.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Text that is not an identifier of the expected kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an identifier of {length} bytes in lower-case hexadecimal was expected")]
pub struct NotAnId {
    length: usize,
}

macro_rules! byte_id {
    ($(#[$doc:meta])* $name:ident, $length:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; $length]);

        impl $name {
            /// Size in bytes.
            pub const LENGTH: usize = $length;

            /// Wraps raw bytes.
            #[must_use]
            pub const fn new(bytes: [u8; $length]) -> Self {
                Self(bytes)
            }

            /// The raw bytes, as they enter field lists.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; $length] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex::encode(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl std::str::FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, NotAnId> {
                let wrong = NotAnId { length: $length };
                if text.bytes().any(|b| b.is_ascii_uppercase()) {
                    return Err(wrong);
                }
                let mut bytes = [0; $length];
                hex::decode_to_slice(text, &mut bytes).map_err(|_| wrong)?;
                Ok(Self(bytes))
            }
        }

        impl TryFrom<&[u8]> for $name {
            type Error = NotAnId;

            fn try_from(bytes: &[u8]) -> Result<Self, NotAnId> {
                bytes.try_into().map(Self).map_err(|_| NotAnId { length: $length })
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

byte_id!(
    /// A team: the first 16 bytes of the hash of its `team-created` statement, so it names its own history.
    TeamId, 16
);
byte_id!(
    /// A member: the first 16 bytes of the hash of the event that let them in.
    MemberId, 16
);
byte_id!(
    /// A keyholder: the first 16 bytes of a hash over its public keys. Nobody can serve other keys for it.
    KeyholderId, 16
);
byte_id!(
    /// A project: 16 random bytes chosen by its creator.
    ProjectId, 16
);
byte_id!(
    /// An environment: 16 random bytes chosen by its creator.
    EnvironmentId, 16
);
byte_id!(
    /// An entry of an environment: 16 random bytes chosen by its author, kept over all its changes.
    EntryId, 16
);
byte_id!(
    /// A sealed label: random, and the pointer under which it is sealed.
    LabelId, 16
);
byte_id!(
    /// A sealed message of a revision: random, and the pointer under which it is sealed.
    MessageId, 16
);
byte_id!(
    /// All that ties a sealed name to a sealed value: 128 random bits, never used for another value.
    Pointer, 16
);
byte_id!(
    /// SHA-256 of a sealed value blob.
    Digest, 32
);
byte_id!(
    /// SHA-256 of a statement's pre-authentication encoding.
    StatementHash, 32
);
byte_id!(
    /// SHA-256 over all entries of an environment after a revision.
    StateHash, 32
);
byte_id!(
    /// A value derived from a key that commits to it without telling it.
    Commitment, 32
);

/// SHA-256 of the public key (SPKI) of a vault's certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CertificatePin(#[serde(with = "crate::encoding::base64_array")] pub [u8; 32]);

impl StatementHash {
    /// The first 16 bytes, from which team and member ids are made.
    #[must_use]
    pub fn first_half(&self) -> [u8; 16] {
        let mut half = [0; 16];
        half.copy_from_slice(&self.0[..16]);
        half
    }
}

/// The number of a generation of keys; the first is 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Generation(pub u32);

impl Generation {
    /// The generation an environment starts with.
    pub const FIRST: Self = Self(1);

    /// The one that follows, unless numbers have run out.
    #[must_use]
    pub fn next(self) -> Option<Self> {
        self.0.checked_add(1).map(Self)
    }
}

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_written_and_read_as_lower_case_hex() {
        let id = TeamId::new([0xab; 16]);
        let text = serde_json::to_string(&id).unwrap();
        assert_eq!(text, format!("\"{}\"", "ab".repeat(16)));
        assert_eq!(serde_json::from_str::<TeamId>(&text).unwrap(), id);
    }

    #[test]
    fn other_spellings_are_refused() {
        for text in ["", "ab", &"AB".repeat(16), &"ab".repeat(17), &"zz".repeat(16)] {
            assert!(text.parse::<TeamId>().is_err(), "{text}");
        }
    }
}
