//! Founding a team.

use serde::{Deserialize, Serialize};
use twinlock_protocol::api::CreateTeam;
use twinlock_protocol::team::replay;
use twinlock_seal::{Keyholder, SecretText, Seed};
use zeroize::Zeroizing;

use super::session::Session;
use super::{Client, Event, Joined, LOCAL, TeamPlace, now};
use crate::error::Error;
use crate::keychain::Account;
use crate::store::TeamRecord;
use crate::team::{Label, found};
use crate::vault::{Vault, VaultError};
use crate::view::TeamView;

/// A founding whose answer may have got lost: it is sent again as it was.
#[derive(Serialize, Deserialize)]
struct Founding {
    team_name: String,
    member_name: String,
    request: CreateTeam,
}

const FOUNDING: &str = "founding";

impl Client {
    /// Founds a team. This computer's member owns it.
    pub async fn create_team(
        &self,
        place: TeamPlace,
        setup_code: SecretText,
        team_name: Label,
        member_name: Label,
    ) -> Result<TeamView, Error> {
        let _lock = self.lock().await?;
        let mut state = self.current_state().await?;
        if let Some(joined) = &state.joined {
            return Err(Error::HasTeam(joined.session.team_name()));
        }
        let (vault_text, location) = match place {
            TeamPlace::Local => (LOCAL.to_owned(), state.local_vault.clone()),
            TeamPlace::Vault(location) => (location.url.to_string(), Some(location)),
        };
        let location = location.ok_or(Error::Vault(VaultError::Unreachable))?;
        let (founding, keyholder) = self.founding(&team_name, &member_name, &setup_code).await?;
        let team = replay(&founding.request.statements).map_err(|refusal| Error::Bug(refusal.to_string()))?;
        let vault = Vault::new(location.clone(), team.id(), self.home().ok())?;
        let created = vault.create_team(&keyholder, &founding.request).await;
        self.note_first_contact(created.map_err(Error::from))?;

        let member = team.member_of(keyholder.id()).map_err(|refusal| Error::Bug(refusal.to_string()))?;
        let record = TeamRecord {
            team: team.id(),
            member,
            pin: if vault_text == LOCAL { None } else { location.pin.map(|pin| pin.0) },
            vault: vault_text,
            name: founding.team_name.clone(),
            member_name: founding.member_name.clone(),
        };
        let mut session = Session::new(record, keyholder, team, None);
        for wrap in &founding.request.wraps {
            session.take_wrap(wrap, None);
        }
        let mut joined = Joined::new(session, Some(&location), self.home().ok())?;
        self.keep_team(&mut joined, &founding.request.statements, &founding.request.wraps)?;
        self.store().step(|step| step.set_note(FOUNDING, &[]).map_err(Error::from))?;
        let view = self.team_view(&joined)?;
        state.joined = Some(joined);
        self.emit(Event::Team);
        Ok(view)
    }

    /// A new founding, kept before it is sent; or the one that was sent before under these names.
    async fn founding(
        &self,
        team_name: &Label,
        member_name: &Label,
        setup_code: &SecretText,
    ) -> Result<(Founding, Keyholder), Error> {
        let kept = self.store().read(|step| step.note(FOUNDING).map_err(Error::from))?;
        let kept = kept.and_then(|kept| serde_json::from_slice::<Founding>(&kept).ok());
        if let Some(mut founding) = kept
            && founding.team_name == team_name.as_str()
            && founding.member_name == member_name.as_str()
            && let Ok(team) = replay(&founding.request.statements)
            && let Ok(seed) = self.seed(Account::Team(team.id())).await
        {
            founding.request.setup_code = setup_code.expose().to_owned();
            return Ok((founding, Keyholder::from_seed(&seed)));
        }
        let seed = Seed::generate(&mut rand::rng());
        let keyholder = Keyholder::from_seed(&seed);
        let founded = found(&keyholder, team_name, member_name, now(), &mut rand::rng())
            .map_err(|refusal| Error::Bug(refusal.to_string()))?;
        self.keep_seed(Account::Team(founded.team.id()), &seed).await?;
        let mut founding = Founding {
            team_name: team_name.as_str().to_owned(),
            member_name: member_name.as_str().to_owned(),
            request: CreateTeam {
                setup_code: String::new(),
                statements: founded.statements,
                wraps: founded.wraps,
            },
        };
        let json =
            Zeroizing::new(serde_json::to_vec(&founding).map_err(|error| Error::Bug(error.to_string()))?);
        self.store().step(|step| step.set_note(FOUNDING, &json).map_err(Error::from))?;
        founding.request.setup_code = setup_code.expose().to_owned();
        Ok((founding, keyholder))
    }
}
