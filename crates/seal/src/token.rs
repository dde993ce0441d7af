//! Service tokens: `twinlock:token#…`. What a program without a home needs to read what a service was given,
//! the service's seed included.

use serde::{Deserialize, Serialize};
use twinlock_protocol::encoding::{base64_array, decode_strict, from_base64url, to_base64url};
use twinlock_protocol::event::LogHead;
use twinlock_protocol::ids::{EnvironmentId, TeamId};
use zeroize::{Zeroize as _, Zeroizing};

use crate::link::Pin;
use crate::secret::{SecretText, Seed};

const PREFIX: &str = "twinlock:token#";
/// Bytes of the JSON inside: 32 environments with the longest names there are.
const LONGEST: usize = 32 * 1024;

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

impl ServiceToken {
    /// The token as text.
    #[must_use]
    pub fn to_text(&self) -> SecretText {
        let Self { team, address, pin, head, seed, environments } = self;
        let body = Body {
            v: 1,
            team: *team,
            address: address.clone(),
            pin: *pin,
            head: *head,
            seed: *seed.expose(),
            environments: environments.clone(),
        };
        #[expect(clippy::expect_used, reason = "a struct of strings and integers: no map keys, no floats")]
        let json = Zeroizing::new(serde_json::to_vec(&body).expect("a token is serialisable"));
        let encoded = Zeroizing::new(to_base64url(&json));
        SecretText::new(format!("{PREFIX}{}", *encoded))
    }

    /// Reads a token; blanks around it are ignored.
    pub fn parse(text: &str) -> Result<Self, TokenError> {
        let body = text.trim().strip_prefix(PREFIX).ok_or(TokenError::Prefix)?;
        let json = Zeroizing::new(from_base64url(body).ok_or(TokenError::Body)?);
        #[derive(Deserialize)]
        struct Version {
            v: u64,
        }
        let version: Version = serde_json::from_slice(&json).map_err(|_| TokenError::Body)?;
        if version.v != 1 {
            return Err(TokenError::NewerVersion);
        }
        let body: Body = decode_strict(&json, LONGEST).map_err(|_| TokenError::Body)?;
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
    }
}
