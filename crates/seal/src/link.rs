//! Invite links: `twinlock:join#…`. The part after `#` holds everything a new member needs, the invite's
//! seed included; no server ever receives one.

use serde::{Deserialize, Serialize};
use twinlock_memory::clean_stack;
use twinlock_protocol::encoding::{base64_array, from_base64url, to_base64url};
use twinlock_protocol::event::LogHead;
use twinlock_protocol::ids::TeamId;
use zeroize::Zeroize as _;

use crate::form::{Form, FormError, VERSION};
use crate::secret::{SecretText, Seed};

const LINK: Form = Form { prefix: "twinlock:join#", longest: 4096 };

/// SHA-256 of a certificate's public key (SPKI): what a client trusts where no public authority vouches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Pin(#[serde(with = "base64_array")] pub [u8; 32]);

impl std::fmt::Display for Pin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&to_base64url(&self.0))
    }
}

impl std::str::FromStr for Pin {
    type Err = LinkError;
    fn from_str(text: &str) -> Result<Self, LinkError> {
        from_base64url(text).and_then(|bytes| bytes.try_into().ok()).map(Self).ok_or(LinkError::Pin)
    }
}

/// Why a link or a pin cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// It does not begin like an invite link.
    #[error("an invite link begins with twinlock:join#")]
    Prefix,
    /// It was cut short or changed on the way.
    #[error("the invite link is incomplete: copy the whole of it, from twinlock: to its last character")]
    Body,
    /// It is of a later version.
    #[error("the invite link was made by a newer version of Twinlock: update this one")]
    NewerVersion,
    /// Not a pin.
    #[error("a pin is 43 characters, as the vault printed it")]
    Pin,
}

/// What an invite link holds.
pub struct InviteLink {
    /// The team.
    pub team: TeamId,
    /// Where the vault is.
    pub address: String,
    /// The vault's certificate, where no public authority vouches for it.
    pub pin: Option<Pin>,
    /// The log's head when the link was made: the joiner sees a history at least that fresh.
    pub head: LogHead,
    /// The invite's seed.
    pub seed: Seed,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    v: u64,
    team: TeamId,
    address: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pin: Option<Pin>,
    head: LogHead,
    #[serde(with = "base64_array")]
    seed: [u8; 32],
}

impl Drop for Body {
    fn drop(&mut self) {
        self.seed.zeroize();
    }
}

impl From<FormError> for LinkError {
    fn from(error: FormError) -> Self {
        match error {
            FormError::Prefix => Self::Prefix,
            FormError::Body => Self::Body,
            FormError::NewerVersion => Self::NewerVersion,
        }
    }
}

impl InviteLink {
    /// The link as text.
    #[must_use]
    pub fn to_text(&self) -> SecretText {
        let Self { team, address, pin, head, seed } = self;
        clean_stack(|| {
            LINK.write(&Body {
                v: VERSION,
                team: *team,
                address: address.clone(),
                pin: *pin,
                head: *head,
                seed: *seed.expose(),
            })
        })
    }

    /// Reads a link; blanks around it are ignored.
    pub fn parse(text: &str) -> Result<Self, LinkError> {
        clean_stack(|| {
            let body: Body = LINK.read(text)?;
            Ok(Self {
                team: body.team,
                address: body.address.clone(),
                pin: body.pin,
                head: body.head,
                seed: Seed::from_bytes(body.seed),
            })
        })
    }
}
