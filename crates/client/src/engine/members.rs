//! Teams and members: founding a team, inviting, joining, and who is in it.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use twinlock_protocol::api::{AppendEvents, CreateTeam, ProblemCode};
use twinlock_protocol::envelope::Envelope;
use twinlock_protocol::event::{Event as TeamLogEvent, Grant, Half, Invited, Level, MemberJoined, Role};
use twinlock_protocol::ids::KeyholderId;
use twinlock_protocol::team::{InviteState, replay};
use twinlock_protocol::timestamp::Timestamp;
use twinlock_protocol::{Refusal, Verified, limits};
use twinlock_seal::{InviteLink, Keyholder, Pin, SecretText, Seed};
use zeroize::Zeroizing;

use super::session::Session;
use super::{Client, Event, Joined, LOCAL, TeamPlace, join_blocking, now};
use crate::error::Error;
use crate::keychain::{Account, Secret};
use crate::refused::Refused;
use crate::store::{Scope, TeamRecord};
use crate::team::{Label, found, next_event, seal_label, wrap_environment};
use crate::vault::{Vault, VaultError, VaultLocation};
use crate::view::{AccessView, ComputerView, InviteView, MemberView, TeamView};

/// What to invite somebody to.
pub struct InviteOptions {
    /// Their role.
    pub role: Role,
    /// Their access.
    pub access: AccessRequest,
    /// How long the invite can be used.
    pub expires_in: Duration,
}

/// Which access an invite gives.
pub enum AccessRequest {
    /// Write access to everything that this member may grant.
    Everything,
    /// Exactly this, by `project/environment`.
    Only(Vec<(String, Level)>),
}

/// An invite that was made.
pub struct Invitation {
    /// The link. Whoever has it can join until it is used or expires.
    pub link: SecretText,
    /// The invite's id.
    pub id: KeyholderId,
    /// When the vault stops accepting it.
    pub expires_at: Timestamp,
    /// What it gives.
    pub access: Vec<AccessView>,
}

/// A founding whose answer may have got lost: it is sent again as it was.
#[derive(Serialize, Deserialize)]
struct Founding {
    team_name: String,
    member_name: String,
    request: CreateTeam,
}

/// Whose event became the next of the log.
pub(super) enum Turn {
    /// This computer's.
    Ours,
    /// Somebody else's: what was planned is to be looked at again.
    Theirs,
}

const FOUNDING: &str = "founding";
/// How often an event is planned anew because others appended one at the same moment.
const ATTEMPTS: usize = 8;

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
        let mut state = self.state().await;
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
        let vault = Vault::new(location.clone(), team.id())?;
        vault.create_team(&keyholder, &founding.request).await?;

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
        let mut joined = Joined::new(session, Some(&location))?;
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

    async fn seed(&self, account: Account) -> Result<Seed, Error> {
        let client = self.clone();
        join_blocking(move || {
            let secret = client.inner.keychain.get(account)?;
            Ok(Seed::from_bytes(*secret.expose()))
        })
        .await
    }

    async fn keep_seed(&self, account: Account, seed: &Seed) -> Result<(), Error> {
        let client = self.clone();
        let secret = Secret::new(Zeroizing::new(*seed.expose()));
        join_blocking(move || Ok(client.inner.keychain.set(account, &secret)?)).await
    }

    /// Keeps a team's record, its log and this computer's wraps, and opens every environment.
    fn keep_team(
        &self,
        joined: &mut Joined,
        statements: &[Envelope],
        wraps: &[twinlock_protocol::api::Wrap],
    ) -> Result<(), Error> {
        self.keep_statements(Scope::Team(joined.session.record.team), 0, statements)?;
        let mine = joined.session.keyholder.id();
        for wrap in wraps.iter().filter(|wrap| wrap.keyholder == mine) {
            self.keep_wrap(joined, wrap)?;
        }
        for id in joined.session.team.environments().keys().copied().collect::<Vec<_>>() {
            joined.session.held(id)?;
        }
        self.store().step(|step| step.set_team(&joined.session.record).map_err(Error::from))
    }

    /// Plans events on top of the current log and appends them; again where others were faster.
    pub(super) async fn append<T>(
        &self,
        joined: &mut Joined,
        planned: impl Fn(&Joined) -> Result<(AppendEvents, T), Error>,
    ) -> Result<(AppendEvents, T), Error> {
        for _ in 0..ATTEMPTS {
            let (request, rest) = planned(joined)?;
            match self.append_once(joined, &request).await? {
                Turn::Ours => return Ok((request, rest)),
                Turn::Theirs => self.refresh_log(joined).await?,
            }
        }
        Err(Error::TooBusy)
    }

    /// Appends events that were planned on top of the current log, unless others were faster.
    pub(super) async fn append_once(
        &self,
        joined: &mut Joined,
        request: &AppendEvents,
    ) -> Result<Turn, Error> {
        match joined.vault()?.append(&joined.session.keyholder, request).await {
            Ok(_) => {}
            Err(error) if error.is(ProblemCode::LogMoved) || error.is(ProblemCode::Wraps) => {
                return Ok(Turn::Theirs);
            }
            Err(error) => return self.note_outcome(joined, Err(error.into())),
        }
        let after = joined.session.log_head().sequence;
        let mut team: Verified<_> = joined.session.team.clone();
        for statement in &request.statements {
            team.append(statement).map_err(|refusal| Error::Bug(refusal.to_string()))?;
        }
        joined.session.team = team;
        self.keep_statements(Scope::Team(joined.session.record.team), after, &request.statements)?;
        Ok(Turn::Ours)
    }

    /// Invites somebody: a link that works once, until it expires.
    pub async fn invite(&self, options: InviteOptions) -> Result<Invitation, Error> {
        let _lock = self.lock().await?;
        let mut state = self.state().await;
        let joined = state.joined()?;
        if joined.session.record.vault == LOCAL {
            return Err(Error::LocalVault);
        }
        if joined.session.my_role() < Some(Role::Admin) {
            return Err(Error::Role { needed: "admin" });
        }
        self.refresh_log(joined).await?;
        let access = self.grants(joined, &options.access)?;
        let expires_in = u64::try_from(options.expires_in.as_millis()).unwrap_or(u64::MAX);
        let expires_at = Timestamp(now().0.saturating_add(expires_in));
        let seed = Seed::generate(&mut rand::rng());
        let invite = Keyholder::from_seed(&seed);
        let planned = |joined: &Joined| plan_invite(joined, &invite, options.role, &access, expires_at);
        self.append(joined, planned).await?;

        let location = joined.vault()?.location().clone();
        let link = InviteLink {
            team: joined.session.team.id(),
            address: location.url.to_string(),
            pin: location.pin,
            head: joined.session.log_head(),
            seed,
        };
        self.emit(Event::Team);
        Ok(Invitation {
            link: link.to_text(),
            id: invite.id(),
            expires_at,
            access: access
                .iter()
                .map(|grant| access_view(&joined.session, grant.environment, grant.level))
                .collect(),
        })
    }

    /// What an invite would give, before it is made.
    pub async fn invite_access(&self, access: &AccessRequest) -> Result<Vec<AccessView>, Error> {
        let mut state = self.state().await;
        let joined = state.joined()?;
        self.refresh_log(joined).await?;
        let grants = self.grants(joined, access)?;
        Ok(grants.iter().map(|grant| access_view(&joined.session, grant.environment, grant.level)).collect())
    }

    fn grants(&self, joined: &Joined, access: &AccessRequest) -> Result<Vec<Grant>, Error> {
        let session = &joined.session;
        match access {
            AccessRequest::Everything => {
                let mine = session.team.environments().keys().copied();
                let writable = mine.filter(|id| session.my_level(*id) == Some(Level::Write));
                Ok(writable.map(|environment| Grant { environment, level: Level::Write }).collect())
            }
            AccessRequest::Only(named) => named
                .iter()
                .map(|(name, level)| {
                    let environment = self.environment_by_name(joined, name)?;
                    self.check_access(joined, environment, Level::Write)?;
                    Ok(Grant { environment, level: *level })
                })
                .collect(),
        }
    }

    /// Joins a team by its invite link. Nobody else has to be online.
    pub async fn join(&self, link: InviteLink, member_name: Label) -> Result<TeamView, Error> {
        let _lock = self.lock().await?;
        let mut state = self.state().await;
        if let Some(joined) = &state.joined {
            return Err(Error::HasTeam(joined.session.team_name()));
        }
        let InviteLink { team, address, pin, head, seed } = link;
        let url = url::Url::parse(&address).map_err(|_| VaultError::Address(address.clone()))?;
        let location = VaultLocation { url, pin };
        let vault = Vault::new(location.clone(), team)?;
        let invite = Keyholder::from_seed(&seed);
        // Kept before it is used: if the answer gets lost, the same computer joins with the same key.
        let own = match self.seed(Account::Team(team)).await {
            Ok(seed) => seed,
            Err(Error::Keychain(crate::keychain::KeychainError::NoEntry { .. })) => {
                let seed = Seed::generate(&mut rand::rng());
                self.keep_seed(Account::Team(team), &seed).await?;
                seed
            }
            Err(error) => return Err(error),
        };
        let refused = |refusal: Refusal| -> Error {
            Refused { scope: Scope::Team(team), place: "the team".to_owned(), refusal }.into()
        };

        for _ in 0..ATTEMPTS {
            let keyholder = Keyholder::from_seed(&own);
            let log = match whole_log(&vault, &invite).await {
                // The invite is used: by this computer, if it may read the log now.
                Err(error) if error.is(ProblemCode::Forbidden) => match whole_log(&vault, &keyholder).await {
                    Err(error) if error.is(ProblemCode::NotSigned) => return Err(used_up()),
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
                let request = plan_join(&session, &invite, &member_name)?;
                match vault.append(&invite, &request).await {
                    // Read again: what the vault accepted is what it serves.
                    Ok(_) => {}
                    Err(error) if error.is(ProblemCode::LogMoved) => {}
                    Err(error) => return Err(error.into()),
                }
                continue;
            }
            let name = session.team_name();
            session.record.name = name;
            let mut joined = Joined::new(session, None)?;
            self.keep_team(&mut joined, &log, &[])?;
            self.refresh_log(&mut joined).await?;
            joined.session.record.name = joined.session.team_name();
            self.store().step(|step| step.set_team(&joined.session.record).map_err(Error::from))?;
            let view = self.team_view(&joined)?;
            state.joined = Some(joined);
            self.emit(Event::Team);
            return Ok(view);
        }
        Err(Error::TooBusy)
    }

    /// The team in full.
    pub async fn team(&self) -> Result<TeamView, Error> {
        let mut state = self.state().await;
        let joined = state.joined()?;
        self.try_refresh_log(joined).await?;
        self.team_view(joined)
    }

    fn team_view(&self, joined: &Joined) -> Result<TeamView, Error> {
        let session = &joined.session;
        let team = &session.team;
        let me = session.me()?;
        let this = session.keyholder.id();
        let members = team.members().iter().map(|(id, member)| {
            let computers = team.keyholders().iter().filter(|(_, computer)| computer.member == *id);
            let access = team.environments().keys().filter_map(|environment| {
                let level = team.level(*id, *environment)?;
                Some(access_view(session, *environment, level))
            });
            MemberView {
                id: *id,
                name: session.member_name(*id),
                role: member.role,
                me: *id == me,
                computers: computers.map(|(id, _)| ComputerView { id: *id, this: *id == this }).collect(),
                access: access.collect(),
            }
        });
        let mut members: Vec<MemberView> = members.collect();
        members.sort_by(|a, b| a.name.cmp(&b.name));
        let open = team.invites().iter().filter(|(_, invite)| invite.state == InviteState::Open);
        let invites = open.map(|(id, invite)| InviteView {
            id: *id,
            role: invite.role,
            by: session.author_name(invite.author),
            expires_at: invite.expires_at.0,
        });
        Ok(TeamView {
            id: team.id(),
            name: session.team_name(),
            me,
            members,
            invites: invites.collect(),
            vault: joined
                .vault
                .as_ref()
                .map_or_else(|| session.record.vault.clone(), |vault| vault.location().url.to_string()),
            local: session.record.vault == LOCAL,
            events: session.log_head().sequence,
        })
    }
}

fn access_view(session: &Session, environment: twinlock_protocol::EnvironmentId, level: Level) -> AccessView {
    AccessView { environment: session.environment_name(environment), environment_id: environment, level }
}

fn record(
    team: &twinlock_protocol::team::Team,
    keyholder: &Keyholder,
    location: &VaultLocation,
    member_name: &str,
) -> TeamRecord {
    // Before the join there is no member of this keyholder yet; the record is only kept after it.
    let member = team.member_of(keyholder.id()).unwrap_or(twinlock_protocol::MemberId::new([0; 16]));
    TeamRecord {
        team: team.id(),
        member,
        vault: location.url.to_string(),
        pin: location.pin.map(|Pin(pin)| pin),
        name: String::new(),
        member_name: member_name.to_owned(),
    }
}

fn used_up() -> Error {
    Error::Usage("This invite was already used, or closed. Ask for a new one.".to_owned())
}

async fn whole_log(vault: &Vault, by: &Keyholder) -> Result<Vec<Envelope>, VaultError> {
    let mut log: Vec<Envelope> = Vec::new();
    // Far more than a log of any team has: a vault that never comes to an end is not waited for.
    for _ in 0..1_000_000 / limits::PAGE {
        let after = u64::try_from(log.len()).unwrap_or(u64::MAX);
        let page = vault.events(by, after).await?;
        let done = page.statements.is_empty();
        log.extend(page.statements);
        if done || u64::try_from(log.len()).is_ok_and(|length| length >= page.head.sequence) {
            return Ok(log);
        }
    }
    Err(VaultError::Answer("its log has no end"))
}

fn plan_invite(
    joined: &Joined,
    invite: &Keyholder,
    role: Role,
    access: &[Grant],
    expires_at: Timestamp,
) -> Result<(AppendEvents, ()), Error> {
    let session = &joined.session;
    let author = &session.keyholder;
    let invited =
        Invited { keys: invite.public().clone(), role, access: access.to_vec(), expires_at, approve: false };
    let statement =
        author.sign_event(&next_event(&session.team, author.id(), TeamLogEvent::Invited(invited), now()));
    let wraps = wraps_to(session, invite, access, author.id())?;
    Ok((AppendEvents { statements: vec![statement], wraps }, ()))
}

fn plan_join(session: &Session, invite: &Keyholder, name: &Label) -> Result<AppendEvents, Error> {
    let own = &session.keyholder;
    let open = session.team.open_invite(invite.id()).map_err(|refusal| Error::Bug(refusal.to_string()))?;
    let access = open.access.clone();
    let label = seal_label(session.team_key()?, name, &mut rand::rng());
    let joined = MemberJoined { keys: own.public().clone(), invite: invite.id(), label };
    let event = next_event(&session.team, own.id(), TeamLogEvent::MemberJoined(joined), now());
    let statement = invite.co_sign(own.sign_event(&event));
    Ok(AppendEvents { statements: vec![statement], wraps: wraps_to(session, own, &access, own.id())? })
}

/// The team's name key and the keys of each granted environment, wrapped to one keyholder.
fn wraps_to(
    session: &Session,
    to: &Keyholder,
    access: &[Grant],
    wrapper: KeyholderId,
) -> Result<Vec<twinlock_protocol::api::Wrap>, Error> {
    let mut rng = rand::rng();
    let mut wraps: Vec<_> = session.team_key()?.wrap(to.public(), wrapper, &mut rng).into_iter().collect();
    for grant in access {
        let missing = || Error::KeysMissing { environment: session.environment_name(grant.environment) };
        let known = session.team.environment(grant.environment).map_err(|_| missing())?;
        let generation = known.current().number;
        let held = session.environment(grant.environment).ok_or_else(missing)?;
        let name = held.name_key(generation).ok_or_else(missing)?;
        let value = held.value_key(generation).filter(|_| grant.level.includes(Half::Value));
        if grant.level.includes(Half::Value) && value.is_none() {
            return Err(missing());
        }
        wraps.extend(wrap_environment(name, value, to.public(), wrapper, &mut rng));
    }
    Ok(wraps)
}
