//! What taking somebody or something from the team would do: said before anybody is asked whether to.

use std::collections::BTreeMap;

use twinlock_protocol::Refusal;
use twinlock_protocol::event::{
    Event as TeamLogEvent, Half, KeyholderKind, KeyholderRevoked, Level, MemberRemoved, Role, RoleChanged,
};
use twinlock_protocol::ids::{EnvironmentId, KeyholderId, ProjectId};
use twinlock_protocol::team::{Consequences, Team};

use super::administer::project_named;
use super::computers::{Keep, kept};
use super::members::invite_view;
use super::rights::{NOT_ALLOWED, check_admin, in_words};
use super::services::service_view;
use super::session::Session;
use super::standing::member_by_name;
use super::{Client, Joined, now};
use crate::error::Error;
use crate::team::next_event;
use crate::view::{
    FallsView, GoneEnvironment, GoneView, NewRoleView, RekeyedView, RemovalView, RevocationView,
};

impl Client {
    /// What would fall with a member, by name or id, but for what is named as kept, and which environments would get
    /// new keys. Changes nothing.
    pub async fn removal(&self, name: &str, keep: &[KeyholderId]) -> Result<RemovalView, Error> {
        let mut state = self.state().await;
        let joined = state.joined()?;
        self.try_refresh_log(joined).await?;
        let member = member_by_name(&joined.session, name)?;
        let me = member == joined.session.me()?;
        if !me {
            check_admin(&joined.session)?;
        }
        let event =
            TeamLogEvent::MemberRemoved(MemberRemoved { member, keep: keep.to_vec(), heads: Vec::new() });
        let falls = self.falls(joined, &event, me).await?;
        Ok(RemovalView { member, name: joined.session.member_name(member), me, falls })
    }

    /// What would fall if a member, by name or id, had another role: at a lower one what they signed for, but for
    /// what is named as kept. Changes nothing.
    pub async fn new_role(&self, name: &str, role: Role, keep: &[KeyholderId]) -> Result<NewRoleView, Error> {
        let mut state = self.state().await;
        let joined = state.joined()?;
        self.try_refresh_log(joined).await?;
        let session = &joined.session;
        let member = member_by_name(session, name)?;
        let me = member == session.me()?;
        if !me {
            check_admin(session)?;
        }
        let from = session.team.active_member(member).map_err(|refusal| in_words(&refusal))?.role;
        let event =
            TeamLogEvent::RoleChanged(RoleChanged { member, role, keep: keep.to_vec(), heads: Vec::new() });
        let falls = self.falls(joined, &event, false).await?;
        Ok(NewRoleView { member, name: joined.session.member_name(member), me, from, to: role, falls })
    }

    /// What would fall with one of this member's computers or kits, but for what is to be kept. Changes nothing.
    pub async fn revocation(&self, keyholder: KeyholderId, keep: &Keep) -> Result<RevocationView, Error> {
        let mut state = self.state().await;
        let joined = state.joined()?;
        self.try_refresh_log(joined).await?;
        let session = &joined.session;
        let (held, me) = (session.team.keyholders().get(&keyholder), session.me()?);
        if held.is_some_and(|held| held.member != me) {
            return Err(NOT_ALLOWED);
        }
        // Of one that was never there, or is gone, the rules say what is to be said.
        let kind = held.map_or(KeyholderKind::Computer, |held| held.kind);
        let this = keyholder == session.keyholder.id();
        let keep = kept(session, keyholder, keep)?;
        let event = TeamLogEvent::KeyholderRevoked(KeyholderRevoked { keyholder, keep, heads: Vec::new() });
        let falls = self.falls(joined, &event, this).await?;
        Ok(RevocationView { keyholder, kind, this, falls })
    }

    /// What would be gone with an environment, and for whom. Changes nothing.
    pub async fn environment_removal(&self, id: EnvironmentId) -> Result<GoneView, Error> {
        let mut state = self.state().await;
        let joined = state.joined()?;
        self.try_refresh_log(joined).await?;
        check_admin(&joined.session)?;
        joined.session.team.environment(id).map_err(|refusal| in_words(&refusal))?;
        let name = joined.session.environment_name(id);
        Ok(GoneView { name, environments: vec![self.gone(joined, id).await?] })
    }

    /// What would be gone with a project, by name or id, and for whom. Changes nothing.
    pub async fn project_removal(&self, project: &str) -> Result<GoneView, Error> {
        let mut state = self.state().await;
        let joined = state.joined()?;
        self.try_refresh_log(joined).await?;
        check_admin(&joined.session)?;
        let id: ProjectId = project_named(&joined.session, project)?;
        let all = joined.session.team.projects().get(&id).into_iter();
        let all: Vec<EnvironmentId> = all.flat_map(|project| project.environments()).copied().collect();
        let mut environments = Vec::new();
        for environment in all {
            environments.push(self.gone(joined, environment).await?);
        }
        environments.sort_by(|a, b| (&a.name, a.id).cmp(&(&b.name, b.id)));
        Ok(GoneView { name: joined.session.project_name(id), environments })
    }

    /// What an event would close and revoke. `leaves` says that this computer renews nothing afterwards.
    async fn falls(
        &self,
        joined: &mut Joined,
        event: &TeamLogEvent,
        leaves: bool,
    ) -> Result<FallsView, Error> {
        let session = &joined.session;
        let author = session.keyholder.id();
        let falls = session.team.consequences(author, event).map_err(|refusal| in_words(&refusal))?;
        // What the rules forbid is not first told of as if it could be done. Heads are recorded when it is.
        let planned = session.keyholder.sign_event(&next_event(&session.team, author, event.clone(), now()));
        match session.team.clone().append(&planned) {
            Ok(_) | Err(Refusal::Heads) => {}
            Err(refusal) => return Err(in_words(&refusal)),
        }
        let known = known_to(&joined.session.team, &falls);
        for id in
            known.keys().filter(|id| joined.session.my_level(**id).is_some()).copied().collect::<Vec<_>>()
        {
            self.try_refresh_history(joined, id).await?;
        }
        let mut environments: Vec<_> = known
            .into_iter()
            .map(|(id, level)| RekeyedView {
                environment: joined.session.environment_name(id),
                here: !leaves && joined.session.my_level(id) == Some(Level::Write),
                values: if level.includes(Half::Value) { self.count(joined, id) } else { Some(0) },
            })
            .collect();
        environments.sort_by(|a, b| a.environment.cmp(&b.environment));
        Ok(FallsView { environments, ..named(&joined.session, &falls) })
    }

    async fn gone(&self, joined: &mut Joined, id: EnvironmentId) -> Result<GoneEnvironment, Error> {
        if joined.session.my_level(id).is_some() {
            match self.try_refresh_history(joined, id).await {
                // It can go although it is refused: then what is known here is said of it.
                Err(Error::Refused(_)) => {}
                result => result?,
            }
        }
        let files = self.store().read(|step| step.linked_files())?;
        let files = files.into_iter().filter(|file| file.environment == id).map(|file| file.path).collect();
        let variables = self.count(joined, id);
        Ok(GoneEnvironment { variables, files, ..concerned(&joined.session, id)? })
    }

    /// How many variables this computer sees in an environment.
    fn count(&self, joined: &Joined, id: EnvironmentId) -> Option<usize> {
        joined.session.my_level(id)?;
        self.readable(joined, id).names.map(|names| names.len())
    }
}

/// The environments whose current keys somebody among those who fall is to have, and how far these reach.
fn known_to(team: &Team, falls: &Consequences) -> BTreeMap<EnvironmentId, Level> {
    let mut known = BTreeMap::new();
    for id in falls.keyholders.iter().chain(&falls.invites).chain(&falls.services) {
        for (environment, half) in team.keys_due_to(*id) {
            let Some(environment) = environment else { continue };
            let level = if half == Half::Value { Level::Read } else { Level::Names };
            let widest: &mut Level = known.entry(environment).or_insert(level);
            *widest = level.max(*widest);
        }
    }
    known
}

/// What falls, as it is shown.
fn named(session: &Session, falls: &Consequences) -> FallsView {
    let team = &session.team;
    let of_kind = |kind| {
        let is = |id: &&KeyholderId| team.keyholders().get(id).is_some_and(|held| held.kind == kind);
        falls.keyholders.iter().filter(is).copied().collect()
    };
    let invite = |id: &KeyholderId| team.invites().get(id).map(|invite| invite_view(session, *id, invite));
    let service =
        |id: &KeyholderId| team.services().get(id).map(|service| service_view(session, *id, service));
    FallsView {
        computers: of_kind(KeyholderKind::Computer),
        kits: of_kind(KeyholderKind::Recovery),
        invites: falls.invites.iter().filter_map(invite).collect(),
        services: falls.services.iter().filter_map(service).collect(),
        environments: Vec::new(),
    }
}

/// Whom an environment concerns besides this member.
fn concerned(session: &Session, id: EnvironmentId) -> Result<GoneEnvironment, Error> {
    let team = &session.team;
    let me = session.me()?;
    let members = team.active_members().filter(|(member, _)| *member != me);
    let mut members: Vec<String> = members
        .filter(|(member, _)| team.level(*member, id).is_some())
        .map(|(member, _)| session.member_name(member))
        .collect();
    members.sort();
    let services = team.services().iter().filter(|(_, service)| service.level(id).is_some());
    let mut services: Vec<String> =
        services.map(|(service, known)| service_view(session, *service, known).name).collect();
    services.sort();
    let gives = |(invite, known): &(&KeyholderId, &twinlock_protocol::team::Invite)| {
        team.open_invite(**invite).is_ok() && known.access.iter().any(|grant| grant.environment == id)
    };
    Ok(GoneEnvironment {
        id,
        name: session.environment_name(id),
        variables: None,
        members,
        services,
        invites: team.invites().iter().filter(gives).count(),
        files: Vec::new(),
    })
}
