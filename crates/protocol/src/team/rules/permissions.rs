//! The table of who may sign which event. What it says is all that rights decide; the rules of each event hold
//! the rest.

use super::*;
use crate::event::{AccessChanged, Creating, Grant};

/// Who signs an event, once it is clear that they may.
pub(super) struct Signer {
    pub(super) keyholder: KeyholderId,
    pub(super) member: MemberId,
    pub(super) role: Role,
    /// The log's head with this event.
    pub(super) at: LogHead,
}

/// One row of the table: what an event takes of its author.
struct Row {
    /// At least this role.
    role: Role,
    /// What to say where the role is too low.
    rule: &'static str,
    /// The highest role that it gives, takes or touches: never above the author's own.
    rank: Role,
    /// Write access to each of these.
    write: Vec<EnvironmentId>,
    /// Whether a recovery kit may sign it as well.
    signs: KeyholderKind,
}

impl Row {
    fn new(role: Role, rule: &'static str) -> Self {
        Self { role, rule, rank: Role::Member, write: Vec::new(), signs: KeyholderKind::Computer }
    }

    fn rank(self, rank: Role) -> Self {
        Self { rank, ..self }
    }

    fn write(self, environments: impl IntoIterator<Item = EnvironmentId>) -> Self {
        Self { write: environments.into_iter().collect(), ..self }
    }

    fn grants(self, access: &[Grant]) -> Self {
        self.write(access.iter().map(|grant| grant.environment))
    }
}

/// Whether the author may sign the event.
pub(super) fn authorise(
    team: &Team,
    author: KeyholderId,
    at: LogHead,
    event: &Event,
) -> Result<Signer, Refusal> {
    let held = team.keyholders.get(&author).ok_or(Refusal::UnknownKeyholder { keyholder: author })?;
    if !held.is_live() {
        return Err(Refusal::Revoked { keyholder: author });
    }
    let refuse = |rule| Err(Refusal::NotAllowed { author, rule });
    let member = team.members.get(&held.member).ok_or(Refusal::NoMember(held.member))?;
    if !member.is_active() {
        return refuse("whoever waits for approval has no rights yet");
    }
    let signer = Signer { keyholder: author, member: held.member, role: member.role, at };
    let row = row(team, &signer, event)?;
    if held.kind == KeyholderKind::Recovery && row.signs == KeyholderKind::Computer {
        return refuse("a recovery kit adds and revokes computers, and nothing else");
    }
    if signer.role < row.role {
        return refuse(row.rule);
    }
    if signer.role < row.rank {
        return refuse("nobody gives, takes or changes a role above their own");
    }
    for environment in row.write {
        team.environment(environment)?;
        if team.level(signer.member, environment) != Some(Level::Write) {
            return refuse("it takes write access to the environment");
        }
    }
    Ok(signer)
}

/// The table.
fn row(team: &Team, signer: &Signer, event: &Event) -> Result<Row, Refusal> {
    let creating = match team.settings.creating {
        Creating::Members => Role::Member,
        Creating::Admins => Role::Admin,
    };
    Ok(match event {
        Event::TeamCreated(_) | Event::MemberJoined(_) => {
            return Err(malformed("it is signed by somebody who is not in the team yet"));
        }

        Event::TeamSettings(_) => Row::new(Role::Owner, "only an owner changes the settings"),
        Event::VaultMoved(_) => Row::new(Role::Owner, "only an owner moves the vault"),
        Event::HistoryAccepted(_) => Row::new(Role::Owner, "only an owner gives up lost history"),

        Event::Invited(invited) => {
            Row::new(Role::Admin, "only admins invite").rank(invited.role).grants(&invited.access)
        }
        Event::InviteClosed(closed) => {
            let rank = team.invites.get(&closed.invite).map_or(Role::Member, |invite| invite.role);
            Row::new(Role::Admin, "only admins close invites").rank(rank)
        }
        Event::MemberApproved(approved) => {
            Row::new(Role::Admin, "only admins approve").rank(present_role(team, approved.member)?)
        }
        Event::RoleChanged(changed) => {
            let now = team.active_member(changed.member)?.role;
            let row = Row::new(Role::Admin, "only admins change roles").rank(now.max(changed.role));
            if changed.member == signer.member && changed.role < now {
                Row::new(Role::Member, "")
            } else if makes_granter(team, changed.member, now, changed.role) {
                let rule = "only an owner promotes somebody who writes where nobody else may grant";
                Row { role: Role::Owner, rule, ..row }
            } else {
                row
            }
        }
        Event::MemberRemoved(removed) => {
            let role = present_role(team, removed.member)?;
            if removed.member == signer.member {
                Row::new(Role::Member, "")
            } else {
                Row::new(Role::Admin, "only admins remove others").rank(role)
            }
        }

        Event::ServiceCreated(created) => {
            Row::new(Role::Admin, "only admins create services").grants(&created.access)
        }
        Event::ServiceClosed(_) => Row::new(Role::Admin, "only admins close services"),

        Event::KeyholderAdded(_) => Row { signs: KeyholderKind::Recovery, ..Row::new(Role::Member, "") },
        Event::KeyholderRevoked(revoked) => {
            let keyholder = revoked.keyholder;
            let held = team.keyholders.get(&keyholder).ok_or(Refusal::UnknownKeyholder { keyholder })?;
            if held.member != signer.member {
                let rule = "everybody revokes their own computers and kits, and nobody else's";
                return Err(Refusal::NotAllowed { author: signer.keyholder, rule });
            }
            Row { signs: KeyholderKind::Recovery, ..Row::new(Role::Member, "") }
        }

        Event::ProjectCreated(_) => Row::new(creating, "the settings let only admins create projects"),
        Event::EnvironmentCreated(created) if created.access.is_empty() => {
            Row::new(creating, "the settings let only admins create environments")
        }
        Event::EnvironmentCreated(_) => Row::new(Role::Admin, "only admins give others access"),
        Event::ProjectDeleted(deleted) => Row::new(Role::Admin, "only admins delete a project")
            .write(deletable(team, signer, project(team, deleted.project)?.environments.iter().copied())),
        Event::EnvironmentDeleted(deleted) => {
            team.environment(deleted.environment)?;
            Row::new(Role::Admin, "only admins delete an environment").write(deletable(
                team,
                signer,
                [deleted.environment],
            ))
        }
        Event::AccessChanged(AccessChanged { environment, .. }) => {
            Row::new(Role::Admin, "only admins give and take access").write([*environment])
        }

        Event::GenerationOpened(opened) => match opened.environment {
            Some(environment) => Row::new(Role::Member, "").write([environment]),
            None => Row::new(Role::Admin, "only admins renew the team's name key"),
        },

        Event::LabelChanged(change) => match change.subject {
            Subject::Team => Row::new(Role::Owner, "only an owner names the team"),
            Subject::Member(member) if member == signer.member => Row::new(Role::Member, ""),
            Subject::Member(_) => Row::new(Role::Admin, "only admins rename other members"),
            Subject::Service(_) => Row::new(Role::Admin, "only admins rename a service"),
            Subject::Project(id) => Row::new(Role::Admin, "only admins rename a project")
                .write(project(team, id)?.environments.iter().copied()),
            Subject::Environment(id) => {
                Row::new(Role::Admin, "only admins rename an environment").write([id])
            }
        },
    })
}

fn project(team: &Team, id: ProjectId) -> Result<&Project, Refusal> {
    team.projects.get(&id).ok_or(Refusal::NoProject(id))
}

/// The role of somebody who is in the team or waits to be.
fn present_role(team: &Team, id: MemberId) -> Result<Role, Refusal> {
    let member = team.members.get(&id).filter(|member| !matches!(member.state, MemberState::Removed { .. }));
    Ok(member.ok_or(Refusal::NoMember(id))?.role)
}

/// Those that take write access to be deleted: an owner deletes orphaned ones without.
fn deletable(
    team: &Team,
    signer: &Signer,
    environments: impl IntoIterator<Item = EnvironmentId>,
) -> Vec<EnvironmentId> {
    let free = |id: &EnvironmentId| {
        signer.role == Role::Owner
            && team.environments.get(id).is_some_and(|environment| team.is_orphaned(environment))
    };
    environments.into_iter().filter(|id| !free(id)).collect()
}

/// Whether a promotion gives an orphaned environment somebody who may grant.
fn makes_granter(team: &Team, member: MemberId, now: Role, then: Role) -> bool {
    let mut written = team.access_of(member).filter(|(_, level)| *level == Level::Write);
    now < Role::Admin
        && then >= Role::Admin
        && written.any(|(id, _)| team.environments.get(&id).is_some_and(|known| team.is_orphaned(known)))
}
