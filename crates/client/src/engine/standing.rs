//! Members: removing them, and changing their role and their access.

use twinlock_dotenv::Assignment;
use twinlock_protocol::api::Wrap;
use twinlock_protocol::event::{
    AccessChanged, Event as TeamLogEvent, Half, Level, MemberRemoved, Role, RoleChanged,
};
use twinlock_protocol::ids::{EnvironmentId, KeyholderId, MemberId};
use twinlock_protocol::team::{Consequences, MemberState};

use super::rights::{check_admin, no_wraps};
use super::session::Session;
use super::{Client, Joined};
use crate::error::Error;
use crate::team::folded;
use crate::view::{MemberChangeView, MemberRemovedView, ReadableView, RenewalView};

impl Client {
    /// Removes a member, by name or id. Environments that they knew keys of get new ones at once, as far as this
    /// computer can; what they could read is listed, for it has to be changed where it came from.
    pub async fn remove_member(&self, name: &str) -> Result<MemberRemovedView, Error> {
        self.remove_member_keeping(name, &[]).await
    }

    /// The same, but for invites and services of theirs: those named go on, in this member's name.
    pub async fn remove_member_keeping(
        &self,
        name: &str,
        keep: &[KeyholderId],
    ) -> Result<MemberRemovedView, Error> {
        let _lock = self.lock().await?;
        let mut state = self.state().await;
        let joined = state.joined()?;
        self.refresh_log(joined).await?;
        let member = member_by_name(&joined.session, name)?;
        let leaves = member == joined.session.me()?;
        if !leaves {
            check_admin(&joined.session)?;
        }
        let name = joined.session.member_name(member);
        let access: Vec<_> = joined.session.team.access_of(member).collect();
        let readable = access.into_iter().filter(|(_, level)| level.includes(Half::Value)).map(|(id, _)| id);
        let readable: Vec<_> = readable.collect();
        // Whoever leaves is served nothing afterwards.
        self.look_at(joined, &readable).await;
        let event = |heads| TeamLogEvent::MemberRemoved(MemberRemoved { member, keep: keep.to_vec(), heads });
        let falls = self.change_rights(joined, event, no_wraps).await?;
        let mut could_read: Vec<_> = readable.into_iter().map(|id| self.readable(joined, id)).collect();
        could_read.sort_by(|a, b| a.environment.cmp(&b.environment));
        // Whoever left has no say in the team any more.
        let keys = if leaves { RenewalView::default() } else { self.renew_after(joined).await };
        Ok(MemberRemovedView { member, name, closed: closed(&falls), could_read, keys })
    }

    /// Changes a member's role.
    pub async fn set_role(&self, name: &str, role: Role) -> Result<MemberChangeView, Error> {
        self.set_role_keeping(name, role, &[]).await
    }

    /// The same, but for invites and services of theirs: those named go on, in this member's name.
    pub async fn set_role_keeping(
        &self,
        name: &str,
        role: Role,
        keep: &[KeyholderId],
    ) -> Result<MemberChangeView, Error> {
        let _lock = self.lock().await?;
        let mut state = self.state().await;
        let joined = state.joined()?;
        self.refresh_log(joined).await?;
        let member = member_by_name(&joined.session, name)?;
        if member != joined.session.me()? {
            check_admin(&joined.session)?;
        }
        let event =
            |heads| TeamLogEvent::RoleChanged(RoleChanged { member, role, keep: keep.to_vec(), heads });
        let falls = self.change_rights(joined, event, no_wraps).await?;
        self.member_change(joined, member, &falls).await
    }

    /// Changes a member's access to an environment; `None` takes it away.
    pub async fn set_access(
        &self,
        name: &str,
        environment: EnvironmentId,
        level: Option<Level>,
    ) -> Result<MemberChangeView, Error> {
        let _lock = self.lock().await?;
        let mut state = self.state().await;
        let joined = state.joined()?;
        self.refresh_log(joined).await?;
        let member = member_by_name(&joined.session, name)?;
        check_admin(&joined.session)?;
        self.check_access(joined, environment, Level::Write)?;
        let event = |heads: Vec<twinlock_protocol::event::PinnedHead>| {
            let head = heads.first().map(|pinned| pinned.head);
            TeamLogEvent::AccessChanged(AccessChanged { environment, member, level, head })
        };
        let wraps = |session: &Session| gained(session, member, environment, level);
        let falls = self.change_rights(joined, event, wraps).await?;
        self.member_change(joined, member, &falls).await
    }

    async fn member_change(
        &self,
        joined: &mut Joined,
        member: MemberId,
        falls: &Consequences,
    ) -> Result<MemberChangeView, Error> {
        let keys = self.renew_after(joined).await;
        let views = self.team_view(joined)?.members;
        let member = views
            .into_iter()
            .find(|view| view.id == member)
            .ok_or_else(|| Error::Bug("a member vanished".into()))?;
        Ok(MemberChangeView { member, closed: closed(falls), keys })
    }

    pub(super) async fn renew_after(&self, joined: &mut Joined) -> RenewalView {
        let mut keys = self.renew_all_stale(joined).await;
        if let Err(error) = self.renew_name_key_if_due(joined).await {
            let environment = joined.session.team_name();
            keys.waiting.push(crate::view::WaitingView { environment, why: error.to_string() });
        }
        keys
    }

    /// Fetches what is to be listed of these environments, as far as it can be had: nobody stays in a team because a
    /// list would be incomplete.
    async fn look_at(&self, joined: &mut Joined, environments: &[EnvironmentId]) {
        for id in environments {
            if let Err(error) = self.refresh_history(joined, *id).await {
                tracing::debug!(%error, "what a member could read is listed as it was seen last");
            }
        }
    }

    /// The variables of an environment by name, as far as it was fetched and this computer can open them.
    pub(super) fn readable(&self, joined: &Joined, id: EnvironmentId) -> ReadableView {
        let environment = joined.session.environment_name(id);
        // Without access of one's own there are no names to give; the environment itself still is.
        let Ok(entries) = self.open_names(joined, id) else {
            return ReadableView { environment, names: None };
        };
        let mut names = Vec::new();
        for entry in entries {
            let left = entry.left.as_ref();
            let name = left.and_then(|left| Assignment::at_start(left)).map(|found| found.name().to_owned());
            if let Some(name) = name.filter(|name| !names.contains(name)) {
                names.push(name);
            }
        }
        ReadableView { environment, names: Some(names) }
    }
}

/// Finds whoever is in the team, or waits to be, by id or by name. An id is exact: nobody gets in its way by
/// calling themselves like it.
pub(super) fn member_by_name(session: &Session, name: &str) -> Result<MemberId, Error> {
    let members = session.team.members();
    let present = members.iter().filter(|(_, member)| !matches!(member.state, MemberState::Removed { .. }));
    let present: Vec<MemberId> = present.map(|(id, _)| *id).collect();
    if let Some(id) = present.iter().find(|id| id.to_string() == name) {
        return Ok(*id);
    }
    let named: Vec<MemberId> =
        present.into_iter().filter(|id| folded(&session.member_name(*id)) == folded(name)).collect();
    match named.as_slice() {
        [one] => Ok(*one),
        [] => Err(Error::Unknown {
            kind: "member",
            name: crate::team::inert(name),
            hint: "“twinlock team show” lists everybody.".to_owned(),
        }),
        several => Err(Error::SeveralCalled {
            kind: "member",
            name: crate::team::inert(name),
            ids: several.iter().map(ToString::to_string).collect(),
        }),
    }
}

/// The keys that a level brings and the one before did not, wrapped to every keyholder of a member.
fn gained(
    session: &Session,
    member: MemberId,
    environment: EnvironmentId,
    level: Option<Level>,
) -> Result<Vec<Wrap>, Error> {
    let before = session.team.level(member, environment);
    let gains = |half| {
        level.is_some_and(|level| level.includes(half)) && !before.is_some_and(|level| level.includes(half))
    };
    let missing = || Error::KeysMissing { environment: session.environment_name(environment) };
    let known = session.team.environment(environment).map_err(|_| missing())?;
    let generation = known.current().number;
    let held = session.environment(environment).ok_or_else(missing)?;
    let wrapper = session.keyholder.id();
    let mut rng = rand::rng();
    let mut wraps = Vec::new();
    let keyholders = session.team.members().get(&member).into_iter().flat_map(|member| member.keyholders());
    for keys in keyholders.filter_map(|id| session.team.keys_of(*id)) {
        if gains(Half::Name) {
            wraps.extend(held.name_key(generation).ok_or_else(missing)?.wrap(keys, wrapper, &mut rng));
        }
        if gains(Half::Value) {
            wraps.extend(held.value_key(generation).ok_or_else(missing)?.wrap(keys, wrapper, &mut rng));
        }
    }
    Ok(wraps)
}

fn closed(falls: &Consequences) -> Vec<KeyholderId> {
    falls.invites.iter().chain(&falls.services).copied().collect()
}
