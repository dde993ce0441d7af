//! Joining a team by an invite link.

use twinlock_protocol::api::{AppendEvents, ProblemCode};
use twinlock_protocol::envelope::Envelope;
use twinlock_protocol::event::{Event as TeamLogEvent, MemberJoined};
use twinlock_protocol::team::{Team, replay};
use twinlock_protocol::{MemberId, Refusal, TeamId, Verified};
use twinlock_seal::{InviteLink, Keyholder, Pin, Seed};

use super::members::{ATTEMPTS, wraps_to};
use super::session::Session;
use super::wraps::ask_for_keys_of_invite;
use super::{Client, Event, Joined, State, now};
use crate::error::Error;
use crate::keychain::{Account, KeychainError};
use crate::refused::Refused;
use crate::store::{Scope, TeamRecord};
use crate::team::{Label, folded, next_event, seal_label};
use crate::vault::{Vault, VaultError, VaultLocation};
use crate::view::TeamView;

impl Client {
    /// Joins a team by its invite link. Nobody else has to be online.
    pub async fn join(&self, link: InviteLink, member_name: Label) -> Result<TeamView, Error> {
        self.note_first_contact(self.join_team(link, member_name).await)
    }

    async fn join_team(&self, link: InviteLink, member_name: Label) -> Result<TeamView, Error> {
        let _lock = self.lock().await?;
        let mut state = self.current_state().await?;
        if let Some(joined) = &state.joined {
            return Err(Error::HasTeam(joined.session.team_name()));
        }
        let InviteLink { team, address, pin, head, seed } = link;
        let url = url::Url::parse(&address).map_err(|_| VaultError::Address(address.clone()))?;
        let location = VaultLocation { url, pin };
        let vault = Vault::new(location.clone(), team, self.home().ok())?;
        let invite = Keyholder::from_seed(&seed);
        let own = self.own_seed(team).await?;
        let refused = |refusal: Refusal| -> Error {
            Refused::new(Scope::Team(team), "the team".to_owned(), refusal).into()
        };

        for _ in 0..ATTEMPTS {
            let keyholder = Keyholder::from_seed(&own);
            let log = match whole_log(&vault, &invite).await {
                // The invite is used: by this computer, if it may read the log now.
                Err(error) if error.is(ProblemCode::Forbidden) => match whole_log(&vault, &keyholder).await {
                    // A keyholder that the team does not know is not told that there is one.
                    Err(error) if error.is(ProblemCode::NotFound) => return Err(used_up()),
                    log => log?,
                },
                log => log?,
            };
            let verified = replay(&log).map_err(refused)?;
            if verified.id() != team {
                return Err(refused(Refusal::Elsewhere));
            }
            verified.extends(head).map_err(refused)?;
            let record = record(&verified, &keyholder, &location, member_name.as_str());
            let mut session = Session::new(record, keyholder, verified, None);
            if session.team.member_of(session.keyholder.id()).is_err() {
                session.team.open_invite(invite.id()).map_err(|_| used_up())?;
                for wrap in vault.wraps(&invite).await? {
                    session.take_wrap(&wrap, Some(&invite));
                }
                check_free(&session, &member_name)?;
                let request = match plan_join(&session, &invite, &member_name) {
                    // Nobody made this wrap, or what was made does not open: others hear of it.
                    Err(error @ Error::KeysMissing { .. }) => {
                        ask_for_keys_of_invite(&vault, &invite, &session).await;
                        return Err(error);
                    }
                    planned => planned?,
                };
                match vault.append(&invite, &request).await {
                    // Read again: what the vault accepted is what it serves.
                    Ok(_) => {}
                    Err(error) if error.is(ProblemCode::LogMoved) => {}
                    Err(error) => return Err(error.into()),
                }
                continue;
            }
            return self.enter(&mut state, session, &log).await;
        }
        Err(Error::TooBusy)
    }

    /// This home's seed in a team. Kept before it is used: if an answer gets lost, the same computer comes again with
    /// the same key.
    pub(super) async fn own_seed(&self, team: TeamId) -> Result<Seed, Error> {
        match self.seed(Account::Team(team)).await {
            Err(Error::Keychain(KeychainError::NoEntry { .. })) => {
                let seed = Seed::generate(&mut rand::rng());
                self.keep_seed(Account::Team(team), &seed).await?;
                Ok(seed)
            }
            seed => seed,
        }
    }

    /// This home belongs to a team from now on: its log is kept, its keys are fetched.
    pub(super) async fn enter(
        &self,
        state: &mut State,
        session: Session,
        log: &[Envelope],
    ) -> Result<TeamView, Error> {
        let mut joined = Joined::new(session, None, self.home().ok())?;
        self.keep_team(&mut joined, log, &[])?;
        self.refresh_log(&mut joined).await?;
        let view = self.team_view(&joined)?;
        state.joined = Some(joined);
        self.emit(Event::Team);
        Ok(view)
    }
}

pub(super) fn record(
    team: &Team,
    keyholder: &Keyholder,
    location: &VaultLocation,
    member_name: &str,
) -> TeamRecord {
    // Before the join there is no member of this keyholder yet; the record is only kept after it.
    let member = team.member_of(keyholder.id()).unwrap_or(MemberId::new([0; 16]));
    TeamRecord {
        team: team.id(),
        member,
        vault: location.url.to_string(),
        pin: location.pin.map(|Pin(pin)| pin),
        // As long as its name does not open.
        name: "the team".to_owned(),
        member_name: member_name.to_owned(),
    }
}

fn used_up() -> Error {
    Error::Rule("This invite was already used, or closed. Ask for a new one.")
}

/// The log of the vault's team as it serves it, up to the end or to the first page that does not verify: whoever replays it
/// finds the same. A vault that has no end is not waited for, and cannot fill this computer's memory with statements that
/// nobody signed.
pub(super) async fn whole_log(vault: &Vault, by: &Keyholder) -> Result<Vec<Envelope>, VaultError> {
    let mut log: Vec<Envelope> = Vec::new();
    let mut team: Option<Verified<Team>> = None;
    loop {
        let after = u64::try_from(log.len()).unwrap_or(u64::MAX);
        let page = vault.events(by, after).await?;
        let mut verifies = !page.statements.is_empty();
        for statement in page.statements {
            verifies = verifies
                && match &mut team {
                    Some(team) => team.append(&statement).is_ok(),
                    None => {
                        team = Team::create(&statement).ok().filter(|created| created.id() == vault.team());
                        team.is_some()
                    }
                };
            log.push(statement);
        }
        if !verifies || u64::try_from(log.len()).is_ok_and(|length| length >= page.head.sequence) {
            return Ok(log);
        }
    }
}

/// Two of one name could not be told apart, in what they did least of all. With an invite that waits for approval no name
/// is known yet; whoever approves compares words.
fn check_free(session: &Session, name: &Label) -> Result<(), Error> {
    let mut others = session.team.active_members().map(|(id, _)| folded(&session.member_name(id)));
    if others.any(|other| other == folded(name.as_str())) {
        return Err(Error::Usage(
            "Somebody of this name is in the team already. Nothing was sent, and the invite is as good as before: join by another name."
                .to_owned(),
        ));
    }
    Ok(())
}

fn plan_join(session: &Session, invite: &Keyholder, name: &Label) -> Result<AppendEvents, Error> {
    let own = &session.keyholder;
    let open = session.team.open_invite(invite.id()).map_err(|refusal| Error::Bug(refusal.to_string()))?;
    let access = open.access.clone();
    // Where somebody has to approve, there is no key yet: the name follows once there is.
    let label = match open.approve {
        true => None,
        false => Some(seal_label(session.team_key()?, name, &mut rand::rng())),
    };
    let joined = MemberJoined { keys: own.public().clone(), invite: invite.id(), label };
    let event = next_event(&session.team, own.id(), TeamLogEvent::MemberJoined(joined), now());
    let statement = invite.co_sign(own.sign_event(&event));
    let wraps = if open.approve { Vec::new() } else { wraps_to(session, own, &access, own.id())? };
    Ok(AppendEvents { statements: vec![statement], wraps })
}

#[cfg(test)]
mod tests;
