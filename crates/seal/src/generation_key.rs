//! The keys of one generation: what they seal, what they are committed to, and how they are wrapped.
//!
//! A name key seals left halves, messages and labels; a value key seals right halves. They are different
//! types, so neither can be asked for the other's work.

use aes_gcm::aead::{Aead as _, Payload};
use aes_gcm::{Aes256Gcm, KeyInit as _, Nonce};
use hpke::aead::AesGcm256;
use hpke::kdf::HkdfSha256;
use hpke::kem::XWing;
use hpke::{Deserializable as _, Kem, OpModeR, OpModeS, Serializable as _};
use rand_core::CryptoRng;
use subtle::ConstantTimeEq as _;
use twinlock_memory::{Key, clean_stack};
use twinlock_protocol::api::Wrap;
use twinlock_protocol::encoding::{Bytes, Fields};
use twinlock_protocol::event::Half;
use twinlock_protocol::ids::{
    Commitment, EnvironmentId, Generation, KeyholderId, LabelId, MessageId, Pointer, TeamId,
};
use twinlock_protocol::keyholder::PublicKeys;
use twinlock_protocol::padding;
use zeroize::Zeroizing;

use crate::derive::derive;
use crate::keyholder::Keyholder;
use crate::secret::SecretText;

const BLOB_VERSION: u8 = 1;
const NONCE_BYTES: usize = 12;

/// What a key is for: bound into its commitment, its wraps and everything it seals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyScope {
    /// The team.
    pub team: TeamId,
    /// The environment; absent for the team's own name key.
    pub environment: Option<EnvironmentId>,
    /// The generation.
    pub generation: Generation,
}

impl KeyScope {
    fn add_to(&self, fields: Fields) -> Fields {
        let environment: &[u8] = self.environment.as_ref().map_or(&[], |id| id.as_bytes());
        fields.bytes(self.team.as_bytes()).bytes(environment).u32(self.generation.0)
    }
}

/// Why something sealed or wrapped does not open. What it held stays unknown; nothing of it is in the error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// It was sealed with another key, for another place, or changed since.
    #[error("it does not open with this key for this place")]
    Seal,
    /// It opens to padding or text that its author cannot have meant.
    #[error("it opens to something that is not text in the expected form")]
    Content,
    /// The key inside is not the one the team signed for.
    #[error("the key inside is not the one that the team signed for")]
    Commitment,
}

/// Seals left halves, messages and labels of one generation.
pub struct NameKey(GenerationKey);

/// Seals right halves of one generation.
pub struct ValueKey(GenerationKey);

struct GenerationKey {
    key: Key,
    scope: KeyScope,
    half: Half,
}

macro_rules! half_key {
    ($name:ident, $half:expr) => {
        impl $name {
            /// A new random key.
            #[must_use]
            pub fn generate(scope: KeyScope, rng: &mut impl CryptoRng) -> Self {
                Self(GenerationKey::generate(scope, $half, rng))
            }

            /// What the key is for.
            #[must_use]
            pub fn scope(&self) -> KeyScope {
                self.0.scope
            }

            /// What the team's log says of this key.
            #[must_use]
            pub fn commitment(&self) -> Commitment {
                self.0.commitment()
            }

            /// Wraps the key to a keyholder.
            #[must_use]
            pub fn wrap(
                &self,
                to: &PublicKeys,
                wrapper: KeyholderId,
                rng: &mut impl CryptoRng,
            ) -> Option<Wrap> {
                self.0.wrap(to, wrapper, rng)
            }

            /// Opens a wrap and checks the key inside against its commitment.
            pub fn open_wrap(
                keyholder: &Keyholder,
                wrap: &Wrap,
                scope: KeyScope,
                commitment: Commitment,
            ) -> Result<Self, OpenError> {
                GenerationKey::open_wrap(keyholder, wrap, scope, $half, commitment).map(Self)
            }
        }
    };
}

half_key!(NameKey, Half::Name);
half_key!(ValueKey, Half::Value);

impl NameKey {
    /// Seals a left half; empty for prose.
    #[must_use]
    pub fn seal_name(&self, pointer: Pointer, left: &str, rng: &mut impl CryptoRng) -> Bytes {
        self.0.seal("twinlock/v1/name", pointer.as_bytes(), left, rng)
    }

    /// Opens a left half.
    pub fn open_name(&self, pointer: Pointer, blob: &[u8]) -> Result<SecretText, OpenError> {
        self.0.open("twinlock/v1/name", pointer.as_bytes(), blob)
    }

    /// Seals a label. The key is the team's own.
    #[must_use]
    pub fn seal_label(&self, id: LabelId, label: &str, rng: &mut impl CryptoRng) -> Bytes {
        self.0.seal("twinlock/v1/label", id.as_bytes(), label, rng)
    }

    /// Opens a label.
    pub fn open_label(&self, id: LabelId, blob: &[u8]) -> Result<SecretText, OpenError> {
        self.0.open("twinlock/v1/label", id.as_bytes(), blob)
    }

    /// Seals a revision's message.
    #[must_use]
    pub fn seal_message(&self, id: MessageId, message: &str, rng: &mut impl CryptoRng) -> Bytes {
        self.0.seal("twinlock/v1/message", id.as_bytes(), message, rng)
    }

    /// Opens a revision's message.
    pub fn open_message(&self, id: MessageId, blob: &[u8]) -> Result<SecretText, OpenError> {
        self.0.open("twinlock/v1/message", id.as_bytes(), blob)
    }
}

impl ValueKey {
    /// Seals a right half.
    #[must_use]
    pub fn seal_value(&self, pointer: Pointer, right: &str, rng: &mut impl CryptoRng) -> Bytes {
        self.0.seal("twinlock/v1/value", pointer.as_bytes(), right, rng)
    }

    /// Opens a right half.
    pub fn open_value(&self, pointer: Pointer, blob: &[u8]) -> Result<SecretText, OpenError> {
        self.0.open("twinlock/v1/value", pointer.as_bytes(), blob)
    }
}

impl GenerationKey {
    fn generate(scope: KeyScope, half: Half, rng: &mut impl CryptoRng) -> Self {
        Self { key: Key::fill(|place| rng.fill_bytes(place)), scope, half }
    }

    fn commitment(&self) -> Commitment {
        let info = self.scope.add_to(Fields::purpose("twinlock/v1/commitment").text(self.half.as_str()));
        clean_stack(|| Commitment::new(*derive(self.key.expose(), &info)))
    }

    /// To be called where the stack is wiped.
    fn cipher(&self, purpose: &str, pointer: &[u8; 16]) -> Aes256Gcm {
        let key = derive(self.key.expose(), &Fields::purpose(purpose).bytes(pointer));
        Aes256Gcm::new(&(*key).into())
    }

    fn associated_data(&self, purpose: &str, pointer: &[u8; 16]) -> Fields {
        self.scope.add_to(Fields::purpose(purpose)).bytes(pointer)
    }

    fn seal(&self, purpose: &str, pointer: &[u8; 16], text: &str, rng: &mut impl CryptoRng) -> Bytes {
        let mut nonce = [0; NONCE_BYTES];
        rng.fill_bytes(&mut nonce);
        let padded = Zeroizing::new(padding::pad(text.as_bytes()));
        let aad = self.associated_data(purpose, pointer);
        #[expect(
            clippy::expect_used,
            reason = "AES-GCM refuses more than 2^36 bytes; `limits` keep texts below 2^23"
        )]
        let sealed = clean_stack(|| {
            self.cipher(purpose, pointer)
                .encrypt(&Nonce::from(nonce), Payload { msg: &padded, aad: aad.as_bytes() })
                .expect("the text is within AES-GCM's limit")
        });
        let mut blob = Vec::with_capacity(1 + NONCE_BYTES + sealed.len());
        blob.push(BLOB_VERSION);
        blob.extend_from_slice(&nonce);
        blob.extend_from_slice(&sealed);
        Bytes(blob)
    }

    fn open(&self, purpose: &str, pointer: &[u8; 16], blob: &[u8]) -> Result<SecretText, OpenError> {
        let Some((&BLOB_VERSION, rest)) = blob.split_first() else { return Err(OpenError::Seal) };
        let (nonce, sealed) = rest.split_first_chunk::<NONCE_BYTES>().ok_or(OpenError::Seal)?;
        let aad = self.associated_data(purpose, pointer);
        let payload = Payload { msg: sealed, aad: aad.as_bytes() };
        let padded = clean_stack(|| self.cipher(purpose, pointer).decrypt(&Nonce::from(*nonce), payload))
            .map(Zeroizing::new)
            .map_err(|_| OpenError::Seal)?;
        let text = padding::unpad(&padded).map_err(|_| OpenError::Content)?;
        let text = std::str::from_utf8(text).map_err(|_| OpenError::Content)?;
        Ok(SecretText::new(text.to_owned()))
    }

    /// `None` if the public key is not one: then nobody could open a wrap to it.
    fn wrap(&self, to: &PublicKeys, wrapper: KeyholderId, rng: &mut impl CryptoRng) -> Option<Wrap> {
        let keyholder = to.id();
        let public = <XWing as Kem>::PublicKey::from_bytes(&to.kem).ok()?;
        let info = wrap_info(self.half, self.scope, keyholder);
        let (encapsulated, sealed) = clean_stack(|| {
            hpke::single_shot_seal_with_rng::<AesGcm256, HkdfSha256, XWing>(
                &OpModeS::Base,
                &public,
                info.as_bytes(),
                self.key.expose(),
                &[],
                rng,
            )
        })
        .ok()?;
        Some(Wrap {
            keyholder,
            environment: self.scope.environment,
            generation: self.scope.generation,
            half: self.half,
            wrapper,
            encapsulated: Bytes(encapsulated.to_bytes().to_vec()),
            sealed: Bytes(sealed),
        })
    }

    fn open_wrap(
        keyholder: &Keyholder,
        wrap: &Wrap,
        scope: KeyScope,
        half: Half,
        commitment: Commitment,
    ) -> Result<Self, OpenError> {
        let info = wrap_info(half, scope, keyholder.id());
        let encapsulated =
            <XWing as Kem>::EncappedKey::from_bytes(&wrap.encapsulated).map_err(|_| OpenError::Seal)?;
        let opened = keyholder
            .with_kem_secret(|secret| {
                hpke::single_shot_open::<AesGcm256, HkdfSha256, XWing>(
                    &OpModeR::Base,
                    secret,
                    &encapsulated,
                    info.as_bytes(),
                    &wrap.sealed,
                    &[],
                )
            })
            .map(Zeroizing::new)
            .map_err(|_| OpenError::Seal)?;
        let key = Self { key: Key::copy_of(&opened).ok_or(OpenError::Content)?, scope, half };
        let matches: bool = key.commitment().as_bytes().ct_eq(commitment.as_bytes()).into();
        if matches { Ok(key) } else { Err(OpenError::Commitment) }
    }
}

fn wrap_info(half: Half, scope: KeyScope, keyholder: KeyholderId) -> Fields {
    scope.add_to(Fields::purpose("twinlock/v1/wrap").text(half.as_str())).bytes(keyholder.as_bytes())
}
