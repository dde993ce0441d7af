//! What links, kit lines and tokens have in common: a prefix that says what it is, and behind it, in base64, JSON with a
//! version. Nothing of a text that cannot be read is repeated: it may be something else, and secret.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use twinlock_protocol::encoding::{decode_open, decode_strict, from_base64url, to_base64url};
use zeroize::Zeroizing;

use crate::secret::SecretText;

/// The one version that there is.
pub(crate) const VERSION: u64 = 1;

/// One kind of such a text.
#[derive(Clone, Copy)]
pub(crate) struct Form {
    pub(crate) prefix: &'static str,
    /// The most bytes of JSON that such a text has.
    pub(crate) longest: usize,
}

/// Why a text is none of the form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FormError {
    Prefix,
    Body,
    NewerVersion,
}

impl Form {
    /// Writes a body, whose first field is the version `v`.
    pub(crate) fn write(self, body: &impl Serialize) -> SecretText {
        #[expect(clippy::expect_used, reason = "a struct of strings and integers: no map keys, no floats")]
        let json = Zeroizing::new(serde_json::to_vec(body).expect("a body is serialisable"));
        let encoded = Zeroizing::new(to_base64url(&json));
        SecretText::new([self.prefix, &encoded].concat())
    }

    /// Reads a body; blanks around the text are ignored.
    pub(crate) fn read<B: Serialize + DeserializeOwned>(self, text: &str) -> Result<B, FormError> {
        #[derive(Serialize, Deserialize)]
        struct Version {
            v: u64,
        }
        let body = text.trim().strip_prefix(self.prefix).ok_or(FormError::Prefix)?;
        let json = Zeroizing::new(from_base64url(body).ok_or(FormError::Body)?);
        // However long it is in another version.
        let version: Version = decode_open(&json, usize::MAX).map_err(|_| FormError::Body)?;
        if version.v != VERSION {
            return Err(FormError::NewerVersion);
        }
        decode_strict(&json, self.longest).map_err(|_| FormError::Body)
    }
}
