//! A service at work: everything from its token, nothing kept. The store is in memory, there is no home, and
//! the whole log is replayed each time, through the head that the token names.

use twinlock_protocol::api::ProblemCode;
use twinlock_protocol::team::replay;
use twinlock_protocol::{MemberId, Refusal};
use twinlock_seal::{Keyholder, Pin, ServiceToken};

use super::join::whole_log;
use super::session::Session;
use super::{Client, Joined, Keys, State};
use crate::clock::Clock;
use crate::error::Error;
use crate::refused::{Evidence, Refused};
use crate::store::{Scope, Store, TeamRecord};
use crate::team::inert;
use crate::vault::{Vault, VaultError, VaultLocation};

impl Client {
    /// A client that reads what a service was given, and writes nothing anywhere.
    pub async fn with_token(token: ServiceToken) -> Result<Self, Error> {
        Self::of_token(token).await.map_err(|error| match error {
            Error::Refused(refused) => Refused { evidence: Evidence::NotKept, ..*refused }.into(),
            error => error,
        })
    }

    async fn of_token(token: ServiceToken) -> Result<Self, Error> {
        let ServiceToken { team, address, pin, head, seed, environments } = token;
        let url = url::Url::parse(&address).map_err(|_| VaultError::Address(inert(&address)))?;
        let vault = Vault::new(VaultLocation { url, pin }, team, None)?;
        let keyholder = Keyholder::from_seed(&seed);
        let log = whole_log(&vault, &keyholder).await.map_err(in_words)?;
        let refused = |refusal| Refused::new(Scope::Team(team), "the team".to_owned(), refusal);
        let verified = replay(&log).map_err(refused)?;
        if verified.id() != team {
            return Err(refused(Refusal::Elsewhere).into());
        }
        verified.extends(head).map_err(refused)?;
        let id = keyholder.id();
        let stranger = || refused(Refusal::UnknownKeyholder { keyholder: id });
        if verified.services().get(&id).ok_or_else(stranger)?.closed.is_some() {
            return Err(Error::Rule(
                "This service token was closed. Ask an admin of the team for a new one.",
            ));
        }
        let record = TeamRecord {
            team,
            // There is no member behind a service.
            member: MemberId::new([0; 16]),
            vault: address,
            pin: pin.map(|Pin(pin)| pin),
            name: "the team".to_owned(),
            member_name: String::new(),
        };
        let names = environments.into_iter().map(|one| (one.id, shown(&one.name)));
        let session = Session::of_service(record, keyholder, verified, names);
        let joined = Joined::new(session, None, None)?;
        let state = State { local_vault: None, joined: Some(joined), keys: Keys::Here };
        let client = Self::from_parts(None, Store::in_memory()?, state, Clock::default());
        client.keep_statements(Scope::Team(team), 0, &log)?;
        Ok(client)
    }
}

/// `project/environment`, fit to be shown.
fn shown(name: &str) -> String {
    name.split('/').map(inert).collect::<Vec<_>>().join("/")
}

/// What a vault's answer to a service means.
fn in_words(error: VaultError) -> Error {
    if error.is(ProblemCode::Revoked) { Error::TokenEnded } else { error.into() }
}
