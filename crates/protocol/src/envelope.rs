//! DSSE envelopes: a payload, its type, and the signatures over both.
//!
//! Dead Simple Signing Envelope v1.0.2: signatures cover the pre-authentication encoding of the exact
//! payload bytes, so nothing is re-serialised before it is checked.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::encoding::{Bytes, decode_open};
use crate::ids::{KeyholderId, StatementHash};
use crate::keyholder::PublicKeys;
use crate::limits;
use crate::refusal::Refusal;

/// The payload type of events of a team's log.
pub const TEAM_EVENT: &str = "twinlock/team-event/v1";
/// The payload type of revisions of an environment.
pub const REVISION: &str = "twinlock/revision/v1";

/// A statement as it is stored and sent. Nothing in it has been checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Envelope {
    /// One of [`TEAM_EVENT`] and [`REVISION`]; any other is refused.
    #[serde(rename = "payloadType")]
    pub payload_type: String,
    /// The exact bytes that were signed: JSON.
    pub payload: Bytes,
    /// One for each keyholder that has to sign, in no particular order.
    pub signatures: Vec<EnvelopeSignature>,
}

/// One signature of an envelope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnvelopeSignature {
    /// Who signed.
    pub keyid: KeyholderId,
    /// Ed25519 signature over [`pre_authentication_encoding`].
    pub sig: Bytes,
}

/// DSSE's PAE: `DSSEv1 <length> <type> <length> <payload>`.
#[must_use]
pub fn pre_authentication_encoding(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let mut encoding =
        format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len()).into_bytes();
    encoding.extend_from_slice(payload);
    encoding
}

impl Envelope {
    /// SHA-256 of the pre-authentication encoding: independent of the signatures beside it.
    #[must_use]
    pub fn hash(&self) -> StatementHash {
        let encoding = pre_authentication_encoding(&self.payload_type, &self.payload);
        StatementHash::new(Sha256::digest(encoding).into())
    }

    /// Refuses payload types other than the one expected here. What it says of a newer version is not to be
    /// repeated before [`Self::newer_or_forged`] has looked at it.
    pub(crate) fn expect_type(&self, expected: &str) -> Result<(), Refusal> {
        match self.payload_type.as_str() {
            found if found == expected => Ok(()),
            TEAM_EVENT | REVISION => {
                Err(Refusal::Malformed { reason: format!("{expected} is due here, and nothing else") })
            }
            unknown => Err(Refusal::NewerVersion { kind: crate::refusal::printable(unknown, 60) }),
        }
    }

    /// That a newer version wrote something is said only if its author signed it. Else whoever stands between
    /// could say it of anything, and send people to look for an update. Other refusals pass as they are.
    pub(crate) fn newer_or_forged<'k>(
        &self,
        refusal: Refusal,
        keys_of: impl FnOnce(KeyholderId) -> Option<&'k PublicKeys>,
    ) -> Refusal {
        #[derive(Serialize, Deserialize)]
        struct Authored {
            author: KeyholderId,
        }
        if !matches!(refusal, Refusal::NewerVersion { .. }) {
            return refusal;
        }
        let Ok(Authored { author }) = decode_open(&self.payload, limits::STATEMENT_BYTES) else {
            return Refusal::Malformed { reason: "it names no author".to_owned() };
        };
        let Some(keys) = keys_of(author) else {
            return Refusal::UnknownKeyholder { keyholder: author };
        };
        let Some(signature) = self.signatures.iter().find(|signature| signature.keyid == author) else {
            return Refusal::Signers;
        };
        let encoding = pre_authentication_encoding(&self.payload_type, &self.payload);
        match keys.verify(&encoding, &signature.sig) {
            Ok(()) => refusal,
            Err(_) => Refusal::Signature { signer: author },
        }
    }

    /// Checks that exactly these keyholders signed, each once, and that each signature verifies.
    pub(crate) fn verify_signers(&self, signers: &[(KeyholderId, &PublicKeys)]) -> Result<(), Refusal> {
        if self.signatures.len() != signers.len() {
            return Err(Refusal::Signers);
        }
        let encoding = pre_authentication_encoding(&self.payload_type, &self.payload);
        for (signer, keys) in signers {
            let mut found = self.signatures.iter().filter(|signature| signature.keyid == *signer);
            let (Some(signature), None) = (found.next(), found.next()) else {
                return Err(Refusal::Signers);
            };
            if keys.id() != *signer {
                return Err(Refusal::Keys { keyholder: *signer });
            }
            keys.verify(&encoding, &signature.sig).map_err(|_| Refusal::Signature { signer: *signer })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pae_is_that_of_the_dsse_specification() {
        // The example of the DSSE protocol document.
        let encoding = pre_authentication_encoding("http://example.com/HelloWorld", b"hello world");
        assert_eq!(encoding, b"DSSEv1 29 http://example.com/HelloWorld 11 hello world");
    }
}
