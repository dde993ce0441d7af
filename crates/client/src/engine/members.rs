//! What founding, inviting and joining share, and who is in the team.

use twinlock_protocol::Verified;
use twinlock_protocol::api::{AppendEvents, ProblemCode, Wrap};
use twinlock_protocol::envelope::Envelope;
use twinlock_protocol::event::{Grant, Half, Level};
use twinlock_protocol::ids::{EnvironmentId, KeyholderId};
use twinlock_protocol::team::{Invite, InviteState};
use twinlock_seal::{Keyholder, Seed};

use super::approval::applicants;
use super::refresh::check_head;
use super::session::Session;
use super::{Client, Joined, LOCAL, join_blocking};
use crate::error::{Error, ErrorCode};
use crate::keychain::{Account, Key};
use crate::store::Scope;
use crate::team::wrap_environment;
use crate::vault::VaultError;
use crate::view::{AccessView, ComputerView, InviteView, MemberView, TeamView};

/// Whose event became the next of the log.
pub(super) enum Turn {
    /// This computer's.
    Ours,
    /// Somebody else's: what was planned is to be looked at again.
    Theirs,
}

/// How often an event is planned anew because others appended one at the same moment.
pub(super) const ATTEMPTS: usize = 8;

impl Client {
    pub(super) async fn seed(&self, account: Account) -> Result<Seed, Error> {
        let client = self.clone();
        join_blocking(move || Ok(Seed::new(client.place()?.keychain.get(account)?))).await
    }

    pub(super) async fn keep_seed(&self, account: Account, seed: &Seed) -> Result<(), Error> {
        let client = self.clone();
        let key = Key::fill(|place| place.copy_from_slice(seed.expose()));
        join_blocking(move || Ok(client.place()?.keychain.set(account, &key)?)).await
    }

    /// Keeps a team's record, its log and this computer's wraps, and opens every environment.
    pub(super) fn keep_team(
        &self,
        joined: &mut Joined,
        statements: &[Envelope],
        wraps: &[Wrap],
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
        let acknowledged = match joined.vault()?.append(&joined.session.keyholder, request).await {
            Ok(appended) => appended.head,
            Err(error)
                if [ProblemCode::LogMoved, ProblemCode::HeadMoved, ProblemCode::Wraps]
                    .into_iter()
                    .any(|code| error.is(code)) =>
            {
                return Ok(Turn::Theirs);
            }
            Err(VaultError::Unreachable) => return self.learn_what_became_of_it(joined, request).await,
            Err(error) => return self.note_outcome(joined, Err(error.into())),
        };
        let after = joined.session.log_head().sequence;
        let mut team: Verified<_> = joined.session.team.clone();
        for statement in &request.statements {
            team.append(statement).map_err(|refusal| Error::Bug(refusal.to_string()))?;
        }
        let sent = team.head();
        let scope = Scope::Team(joined.session.record.team);
        let head = check_head(acknowledged.sequence, acknowledged.hash, sent.sequence, sent.hash)
            .map_err(|refusal| joined.session.refused(scope, refusal));
        self.note_outcome(joined, head)?;
        joined.session.team = team;
        self.keep_statements(scope, after, &request.statements)?;
        Ok(Turn::Ours)
    }

    /// The answer got lost. Whether events were taken is in the log, where that can be had. Where nothing came since,
    /// the vault may still be about to take them.
    async fn learn_what_became_of_it(
        &self,
        joined: &mut Joined,
        request: &AppendEvents,
    ) -> Result<Turn, Error> {
        let before = joined.session.log_head();
        let mut heard = Vec::new();
        let fetched = self.fetch_log(joined, &mut heard).await;
        self.tell_of_people(&joined.session, &heard);
        match self.note_outcome(joined, fetched) {
            Err(error) if error.code() == ErrorCode::Unreachable => return Err(Error::Unanswered),
            fetched => fetched?,
        }
        let team = &joined.session.team;
        if request.statements.iter().all(|statement| team.accepted_at(statement.hash()).is_some()) {
            Ok(Turn::Ours)
        } else if team.head() == before {
            Err(Error::Unanswered)
        } else {
            Ok(Turn::Theirs)
        }
    }

    /// The team in full.
    pub async fn team(&self) -> Result<TeamView, Error> {
        let mut state = self.state().await;
        let joined = state.joined()?;
        self.try_refresh_log(joined).await?;
        self.team_view(joined)
    }

    pub(super) fn team_view(&self, joined: &Joined) -> Result<TeamView, Error> {
        let session = &joined.session;
        let team = &session.team;
        let me = session.me()?;
        let this = session.keyholder.id();
        let members = team.active_members().map(|(id, member)| {
            let access =
                team.access_of(id).map(|(environment, level)| access_view(session, environment, level));
            let computer = |id: &KeyholderId| {
                let kind = team.keyholders().get(id)?.kind;
                Some(ComputerView { kind, id: *id, this: *id == this })
            };
            MemberView {
                id,
                name: session.member_name(id),
                role: member.role,
                me: id == me,
                computers: member.keyholders().iter().filter_map(computer).collect(),
                access: access.collect(),
            }
        });
        let mut members: Vec<MemberView> = members.collect();
        members.sort_by(|a, b| a.name.cmp(&b.name));
        let open = team.invites().iter().filter(|(_, invite)| invite.state == InviteState::Open);
        let invites = open.map(|(id, invite)| invite_view(session, *id, invite));
        Ok(TeamView {
            id: team.id(),
            name: session.team_name(),
            me,
            members,
            waiting: applicants(session),
            invites: invites.collect(),
            vault: joined
                .vault
                .as_ref()
                .map_or_else(|| session.record.vault.clone(), |vault| vault.location().url.to_string()),
            local: session.record.vault == LOCAL,
            names_missing: session.labelled().is_none(),
            events: session.log_head().sequence,
        })
    }
}

/// An invite, as it is shown.
pub(super) fn invite_view(session: &Session, id: KeyholderId, invite: &Invite) -> InviteView {
    InviteView {
        id,
        role: invite.role,
        by: session.author_name(invite.author),
        expires_at: invite.expires_at.0,
        approve: invite.approve,
        access: granted(session, &invite.access),
    }
}

fn granted(session: &Session, access: &[Grant]) -> Vec<AccessView> {
    let there = access.iter().filter(|grant| session.team.environment(grant.environment).is_ok());
    let views = there.map(|grant| access_view(session, grant.environment, grant.level));
    let mut views: Vec<_> = views.collect();
    views.sort_by(|a, b| a.environment.cmp(&b.environment));
    views
}

pub(super) fn access_view(session: &Session, environment: EnvironmentId, level: Level) -> AccessView {
    AccessView { environment: session.environment_name(environment), environment_id: environment, level }
}

/// The team's name key and the keys of each granted environment, wrapped to one keyholder.
pub(super) fn wraps_to(
    session: &Session,
    to: &Keyholder,
    access: &[Grant],
    wrapper: KeyholderId,
) -> Result<Vec<Wrap>, Error> {
    let team_key = session.team_key()?.wrap(to.public(), wrapper, &mut rand::rng());
    Ok(team_key.into_iter().chain(environment_wraps(session, to, access, wrapper)?).collect())
}

/// The keys of each granted environment, wrapped to one keyholder.
pub(super) fn environment_wraps(
    session: &Session,
    to: &Keyholder,
    access: &[Grant],
    wrapper: KeyholderId,
) -> Result<Vec<Wrap>, Error> {
    let mut rng = rand::rng();
    let mut wraps = Vec::new();
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
