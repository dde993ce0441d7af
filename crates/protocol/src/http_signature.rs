//! Signed requests: HTTP Message Signatures (RFC 9421) in the one form that Twinlock uses.
//!
//! Covered are `@method`, `@path`, `@query`, `content-digest` (RFC 9530) and `twinlock-team`, with `created`
//! and `keyid`. Any other form is refused, so there is nothing to negotiate.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sfv::{BareItem, Dictionary, Item, ListEntry, Parser};
use sha2::{Digest as _, Sha256};

use crate::ids::{KeyholderId, TeamId};
use crate::keyholder::PublicKeys;
use crate::limits::REQUEST_AGE_SECONDS;
use crate::verified::Verified;

/// Header that names the team a request is about.
pub const TEAM_HEADER: &str = "twinlock-team";
/// Header with the digest of the body.
pub const CONTENT_DIGEST_HEADER: &str = "content-digest";
/// Header that says what is signed, when and by whom.
pub const SIGNATURE_INPUT_HEADER: &str = "signature-input";
/// Header with the signature.
pub const SIGNATURE_HEADER: &str = "signature";

const LABEL: &str = "twinlock";
const COMPONENTS: [&str; 5] = ["@method", "@path", "@query", CONTENT_DIGEST_HEADER, TEAM_HEADER];

/// What of a request is signed.
#[derive(Clone, Copy, Debug)]
pub struct SignedParts<'a> {
    /// `GET`, `POST`, `PUT`.
    pub method: &'a str,
    /// The path, as sent.
    pub path: &'a str,
    /// The query without its `?`; empty when there is none.
    pub query: &'a str,
    /// The body; empty when there is none.
    pub body: &'a [u8],
    /// The team named in [`TEAM_HEADER`].
    pub team: TeamId,
}

/// Who signed, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignatureParameters {
    /// Seconds since 1970 by the signer's clock.
    pub created: i64,
    /// The signer.
    pub keyholder: KeyholderId,
}

/// Why a request's signature is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotSigned {
    /// A header is missing or not of this form.
    #[error("the request is not signed in the expected form")]
    Form,
    /// `created` is too far from the server's clock.
    #[error("the request was signed more than 5 minutes ago or ahead: compare the clocks")]
    Expired,
    /// The body is not the one that was signed.
    #[error("the body does not match its digest")]
    Digest,
    /// The signature does not verify.
    #[error("the request's signature does not verify")]
    Signature,
}

/// The value of `Content-Digest` for a body.
#[must_use]
pub fn content_digest(body: &[u8]) -> String {
    format!("sha-256=:{}:", STANDARD.encode(Sha256::digest(body)))
}

/// The value of `Signature-Input`.
#[must_use]
pub fn signature_input(parameters: &SignatureParameters) -> String {
    format!("{LABEL}={}", inner_list(parameters))
}

/// The value of `Signature` for a signature made over [`signature_base`].
#[must_use]
pub fn signature_header(signature: &[u8; 64]) -> String {
    format!("{LABEL}=:{}:", STANDARD.encode(signature))
}

/// The text that is signed (RFC 9421, section 2.5).
#[must_use]
pub fn signature_base(parts: &SignedParts<'_>, parameters: &SignatureParameters) -> String {
    let SignedParts { method, path, query, body, team } = parts;
    let values = [
        (*method).to_owned(),
        (*path).to_owned(),
        format!("?{query}"),
        content_digest(body),
        team.to_string(),
    ];
    let mut base: String =
        COMPONENTS.iter().zip(values).map(|(name, value)| format!("\"{name}\": {value}\n")).collect();
    base.push_str(&format!("\"@signature-params\": {}", inner_list(parameters)));
    base
}

fn inner_list(parameters: &SignatureParameters) -> String {
    let components = COMPONENTS.map(|name| format!("\"{name}\"")).join(" ");
    format!("({components});created={};keyid=\"{}\"", parameters.created, parameters.keyholder)
}

/// Reads who claims to have signed and when; nothing is checked yet.
pub fn parse_signature_input(header: &str) -> Result<SignatureParameters, NotSigned> {
    let dictionary: Dictionary = Parser::new(header).parse().map_err(|_| NotSigned::Form)?;
    let Some(ListEntry::InnerList(list)) = dictionary.get(LABEL) else { return Err(NotSigned::Form) };
    let created = list.params.get("created").and_then(BareItem::as_integer).ok_or(NotSigned::Form)?;
    let keyid = list.params.get("keyid").and_then(BareItem::as_string).ok_or(NotSigned::Form)?;
    let keyholder = keyid.as_str().parse().map_err(|_| NotSigned::Form)?;
    let parameters = SignatureParameters { created: created.into(), keyholder };
    // Exactly the form this crate writes: other components or parameters are not understood, so not accepted.
    if header == signature_input(&parameters) { Ok(parameters) } else { Err(NotSigned::Form) }
}

/// The three headers of a signed request, as received.
#[derive(Clone, Copy, Debug)]
pub struct SignatureHeaders<'a> {
    /// `Content-Digest`.
    pub content_digest: &'a str,
    /// `Signature-Input`.
    pub signature_input: &'a str,
    /// `Signature`.
    pub signature: &'a str,
}

/// Checks a request's signature with the keys of its claimed signer. `now` is in seconds since 1970.
pub fn verify(
    parts: &SignedParts<'_>,
    headers: &SignatureHeaders<'_>,
    keys: &PublicKeys,
    now: i64,
) -> Result<Verified<KeyholderId>, NotSigned> {
    let parameters = parse_signature_input(headers.signature_input)?;
    if keys.id() != parameters.keyholder {
        return Err(NotSigned::Signature);
    }
    if now.abs_diff(parameters.created) > REQUEST_AGE_SECONDS.unsigned_abs() {
        return Err(NotSigned::Expired);
    }
    if headers.content_digest != content_digest(parts.body) {
        return Err(NotSigned::Digest);
    }
    let dictionary: Dictionary = Parser::new(headers.signature).parse().map_err(|_| NotSigned::Form)?;
    let Some(ListEntry::Item(Item { bare_item, .. })) = dictionary.get(LABEL) else {
        return Err(NotSigned::Form);
    };
    let signature = bare_item.as_byte_sequence().ok_or(NotSigned::Form)?;
    keys.verify(signature_base(parts, &parameters).as_bytes(), signature)
        .map_err(|_| NotSigned::Signature)?;
    Ok(Verified::new(parameters.keyholder))
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::{Signer as _, SigningKey};

    use super::*;

    const NOW: i64 = 1_795_000_000;

    fn parts(body: &[u8]) -> SignedParts<'_> {
        SignedParts { method: "POST", path: "/x", query: "", body, team: TeamId::new([1; 16]) }
    }

    /// A request in this keyholder's name, signed with this key, with these headers but for what `change` does.
    fn verified(
        keyholder: Option<KeyholderId>,
        change: impl Fn(&mut [String; 3]),
    ) -> Result<KeyholderId, NotSigned> {
        let key = SigningKey::from_bytes(&[7; 32]);
        let keys = PublicKeys { signing: key.verifying_key().to_bytes(), kem: [0; 1216] };
        let parameters = SignatureParameters { created: NOW, keyholder: keyholder.unwrap_or(keys.id()) };
        let parts = parts(b"{}");
        let signature = key.sign(signature_base(&parts, &parameters).as_bytes()).to_bytes();
        let mut headers =
            [content_digest(parts.body), signature_input(&parameters), signature_header(&signature)];
        change(&mut headers);
        let [content_digest, signature_input, signature] = &headers;
        let headers = SignatureHeaders { content_digest, signature_input, signature };
        verify(&parts, &headers, &keys, NOW).map(Verified::into_inner)
    }

    #[test]
    fn a_request_is_signed_in_one_form_by_whom_it_names() {
        assert!(verified(None, |_| {}).is_ok());
        // Signed, but in another's name; or with a digest of something else beside the body.
        assert_eq!(verified(Some(KeyholderId::new([9; 16])), |_| {}), Err(NotSigned::Signature));
        let another = |headers: &mut [String; 3]| headers[0] = content_digest(b"{ }");
        assert_eq!(verified(None, another), Err(NotSigned::Digest));
        // Components and parameters that this form does not have.
        for more in [";alg=\"ed25519\"", ";expires=1"] {
            assert_eq!(verified(None, |headers| headers[1].push_str(more)), Err(NotSigned::Form));
        }
        let fewer = |headers: &mut [String; 3]| headers[1] = headers[1].replace(" \"@query\"", "");
        assert_eq!(verified(None, fewer), Err(NotSigned::Form));
    }
}
