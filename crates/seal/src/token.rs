//! Service tokens: `twinlock:token#…`. What a program without a home needs to read what a service was given,
//! the service's seed included.

use serde::{Deserialize, Serialize};
use twinlock_memory::clean_stack;
use twinlock_protocol::encoding::base64_array;
use twinlock_protocol::event::LogHead;
use twinlock_protocol::ids::{EnvironmentId, TeamId};
use zeroize::Zeroize as _;

use crate::form::{Form, FormError, VERSION};
use crate::link::Pin;
use crate::secret::{SecretText, Seed};

/// As long as with 32 environments of the longest names there are.
const TOKEN: Form = Form { prefix: "twinlock:token#", longest: 32 * 1024 };

/// Why a token cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It does not begin like a token.
    #[error("a service token begins with twinlock:token#")]
    Prefix,
    /// It was cut short or changed on the way.
    #[error("the service token is incomplete: copy the whole of it, from twinlock: to its last character")]
    Body,
    /// It is of a later version.
    #[error("the service token was made by a newer version of Twinlock: update this one")]
    NewerVersion,
}

/// An environment that a service reads, by the name that it had when the token was made: a service has no key
/// to the team's names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenEnvironment {
    /// Which.
    pub id: EnvironmentId,
    /// `project/environment`
    pub name: String,
}

/// What a token holds.
pub struct ServiceToken {
    /// The team.
    pub team: TeamId,
    /// Where the vault is.
    pub address: String,
    /// The vault's certificate, where no public authority vouches for it.
    pub pin: Option<Pin>,
    /// The log's head when the token was made, with the service in it: its holder sees a history at least that
    /// fresh.
    pub head: LogHead,
    /// The service's seed.
    pub seed: Seed,
    /// What it reads.
    pub environments: Vec<TokenEnvironment>,
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
    environments: Vec<TokenEnvironment>,
}

impl Drop for Body {
    fn drop(&mut self) {
        self.seed.zeroize();
    }
}

impl From<FormError> for TokenError {
    fn from(error: FormError) -> Self {
        match error {
            FormError::Prefix => Self::Prefix,
            FormError::Body => Self::Body,
            FormError::NewerVersion => Self::NewerVersion,
        }
    }
}

impl ServiceToken {
    /// The token as text.
    #[must_use]
    pub fn to_text(&self) -> SecretText {
        let Self { team, address, pin, head, seed, environments } = self;
        clean_stack(|| {
            TOKEN.write(&Body {
                v: VERSION,
                team: *team,
                address: address.clone(),
                pin: *pin,
                head: *head,
                seed: *seed.expose(),
                environments: environments.clone(),
            })
        })
    }

    /// Reads a token; blanks around it are ignored.
    pub fn parse(text: &str) -> Result<Self, TokenError> {
        clean_stack(|| {
            let body: Body = TOKEN.read(text)?;
            let ids: std::collections::BTreeSet<_> = body.environments.iter().map(|one| one.id).collect();
            if ids.is_empty() || ids.len() != body.environments.len() {
                return Err(TokenError::Body);
            }
            Ok(Self {
                team: body.team,
                address: body.address.clone(),
                pin: body.pin,
                head: body.head,
                seed: Seed::from_bytes(body.seed),
                environments: body.environments.clone(),
            })
        })
    }
}
