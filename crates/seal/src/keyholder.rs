//! A keyholder's secret half: what a computer, an invite or a kit signs and opens with.

use ed25519_dalek::{Signer as _, SigningKey};
use hpke::kem::XWing;
use hpke::{Deserializable as _, Kem, Serializable as _};
use serde::Serialize;
use twinlock_memory::{Key, clean_stack};
use twinlock_protocol::encoding::{Bytes, Fields};
use twinlock_protocol::envelope::{
    Envelope, EnvelopeSignature, REVISION, TEAM_EVENT, pre_authentication_encoding,
};
use twinlock_protocol::event::TeamEvent;
use twinlock_protocol::http_signature::{
    SignatureParameters, SignedParts, content_digest, signature_base, signature_header, signature_input,
};
use twinlock_protocol::ids::KeyholderId;
use twinlock_protocol::keyholder::{KEM_KEY_BYTES, PublicKeys};
use twinlock_protocol::revision::Revision;

use crate::derive::derive;
use crate::secret::Seed;

type KemSecret = <XWing as Kem>::PrivateKey;

/// The keys that a seed gives. Only the seed is kept; a secret half is derived for each use, and nothing of it stays.
pub struct Keyholder {
    id: KeyholderId,
    public: PublicKeys,
    seed: Seed,
}

/// The headers that make a request a signed one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedHeaders {
    /// `Content-Digest`.
    pub content_digest: String,
    /// `Signature-Input`.
    pub signature_input: String,
    /// `Signature`.
    pub signature: String,
}

impl Keyholder {
    /// Derives both key pairs. The X-Wing secret is used as X-Wing's own 32-byte decapsulation key, not passed
    /// through HPKE's `DeriveKeyPair`, whose labels still belong to a draft.
    #[must_use]
    pub fn from_seed(seed: &Seed) -> Self {
        let seed = Seed::new(Key::fill(|place| place.copy_from_slice(seed.expose())));
        let public = clean_stack(|| {
            let mut kem = [0; KEM_KEY_BYTES];
            kem.copy_from_slice(&XWing::sk_to_pk(&kem_secret(&seed)).to_bytes());
            PublicKeys { signing: signing_key(&seed).verifying_key().to_bytes(), kem }
        });
        Self { id: public.id(), public, seed }
    }

    /// The keyholder's id.
    #[must_use]
    pub fn id(&self) -> KeyholderId {
        self.id
    }

    /// The public keys that the id names.
    #[must_use]
    pub fn public(&self) -> &PublicKeys {
        &self.public
    }

    /// Does something with the secret that opens what was wrapped to this keyholder. Only what is no secret may be given
    /// back, or a [`Key`] in its place.
    pub(crate) fn with_kem_secret<T>(&self, work: impl FnOnce(&KemSecret) -> T) -> T {
        clean_stack(|| work(&kem_secret(&self.seed)))
    }

    fn signature(&self, message: &[u8]) -> [u8; 64] {
        clean_stack(|| signing_key(&self.seed).sign(message).to_bytes())
    }

    /// Signs an event of the team's log.
    #[must_use]
    pub fn sign_event(&self, event: &TeamEvent) -> Envelope {
        self.sign(TEAM_EVENT, event)
    }

    /// Signs a revision.
    #[must_use]
    pub fn sign_revision(&self, revision: &Revision) -> Envelope {
        self.sign(REVISION, revision)
    }

    fn sign(&self, payload_type: &str, payload: &impl Serialize) -> Envelope {
        #[expect(
            clippy::expect_used,
            reason = "payloads are structs of strings and integers: no map keys, no floats"
        )]
        let payload = serde_json::to_vec(payload).expect("a payload is serialisable");
        let unsigned = Envelope {
            payload_type: payload_type.to_owned(),
            payload: Bytes(payload),
            signatures: Vec::new(),
        };
        self.co_sign(unsigned)
    }

    /// Adds this keyholder's signature to a statement that needs a second one.
    #[must_use]
    pub fn co_sign(&self, mut statement: Envelope) -> Envelope {
        let encoding = pre_authentication_encoding(&statement.payload_type, &statement.payload);
        let sig = Bytes(self.signature(&encoding).to_vec());
        statement.signatures.push(EnvelopeSignature { keyid: self.id, sig });
        statement
    }

    /// Signs a request (RFC 9421). `created` is in seconds since 1970.
    #[must_use]
    pub fn sign_request(&self, parts: &SignedParts<'_>, created: i64) -> SignedHeaders {
        let parameters = SignatureParameters { created, keyholder: self.id };
        let base = signature_base(parts, &parameters);
        SignedHeaders {
            content_digest: content_digest(parts.body),
            signature_input: signature_input(&parameters),
            signature: signature_header(&self.signature(base.as_bytes())),
        }
    }
}

/// To be called where the stack is wiped.
fn signing_key(seed: &Seed) -> SigningKey {
    SigningKey::from_bytes(&derive(seed.expose(), &Fields::purpose("twinlock/v1/keyholder-signing")))
}

/// To be called where the stack is wiped.
fn kem_secret(seed: &Seed) -> KemSecret {
    let secret = derive(seed.expose(), &Fields::purpose("twinlock/v1/keyholder-kem"));
    #[expect(
        clippy::expect_used,
        reason = "X-Wing takes any 32 bytes as its secret; only a length can be wrong"
    )]
    KemSecret::from_bytes(secret.as_ref()).expect("32 bytes are a decapsulation key")
}
