//! What falls with what: closing and revoking, transitively, and what follows for keys and heads.

use super::*;
use crate::event::{Grant, PinnedHead};

/// What an event closes and revokes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Consequences {
    /// Computers and kits that count no more.
    pub keyholders: BTreeSet<KeyholderId>,
    /// Invites that are closed; whoever used one and still waits is turned away.
    pub invites: BTreeSet<KeyholderId>,
    /// Services that are closed.
    pub services: BTreeSet<KeyholderId>,
    /// Environments whose heads the event has to record.
    pub heads: BTreeSet<EnvironmentId>,
    /// What the event keeps.
    kept: BTreeSet<Issued>,
}

/// What an event closes and revokes, whoever may sign it.
pub(in super::super) fn consequences(
    team: &Team,
    author: KeyholderId,
    event: &Event,
) -> Result<Consequences, Refusal> {
    let mut falls = Consequences::default();
    match event {
        Event::InviteClosed(closed) => {
            falls.invites.insert(closed.invite);
        }
        Event::ServiceClosed(closed) => {
            falls.services.insert(closed.service);
        }
        Event::KeyholderRevoked(revoked) => {
            let keyholder = revoked.keyholder;
            let held = team.keyholders.get(&keyholder).ok_or(Refusal::UnknownKeyholder { keyholder })?;
            if !held.is_live() {
                return Err(Refusal::Revoked { keyholder });
            }
            falls.keyholders.insert(keyholder);
            falls.walk(team, vec![keyholder], author, &revoked.keep)?;
            falls.heads = written_by(team, &falls.keyholders);
        }
        Event::RoleChanged(changed) => {
            let member = team.active_member(changed.member)?;
            if changed.role < member.role {
                let roots = member.keyholders.iter().copied().collect();
                falls.walk(team, roots, author, &changed.keep)?;
                falls.heads = if ends_duties(member.role, changed.role) {
                    written(team, changed.member).collect()
                } else {
                    written_by(team, &falls.keyholders)
                };
            } else if let Some(kept) = changed.keep.first() {
                return Err(Refusal::Kept(*kept));
            }
        }
        Event::MemberRemoved(removed) => {
            let member = team.members.get(&removed.member).ok_or(Refusal::NoMember(removed.member))?;
            if let MemberState::Waiting { invite } = member.state {
                falls.invites.insert(invite);
                return removed.keep.first().map_or(Ok(falls), |kept| Err(Refusal::Kept(*kept)));
            }
            falls.keyholders.clone_from(&member.keyholders);
            falls.walk(team, member.keyholders.iter().copied().collect(), author, &removed.keep)?;
            falls.heads = written(team, removed.member).collect();
        }
        Event::AccessChanged(changed) => {
            let before = team.level(changed.member, changed.environment);
            if before == Some(Level::Write) && changed.level != Some(Level::Write) {
                falls.heads.insert(changed.environment);
                falls.lose_granting(team, changed.member, changed.environment);
            }
        }
        Event::EnvironmentDeleted(deleted) => {
            falls.heads.insert(deleted.environment);
        }
        Event::ProjectDeleted(deleted) => {
            let project = team.projects.get(&deleted.project).ok_or(Refusal::NoProject(deleted.project))?;
            falls.heads.clone_from(&project.environments);
        }
        _ => {}
    }
    Ok(falls)
}

impl Consequences {
    /// Everything that hangs from `roots`, but for what is kept, and never the author.
    fn walk(
        &mut self,
        team: &Team,
        mut roots: Vec<KeyholderId>,
        author: KeyholderId,
        keep: &[KeyholderId],
    ) -> Result<(), Refusal> {
        no_doubles(keep)?;
        let keep: BTreeSet<_> = keep.iter().copied().collect();
        while let Some(root) = roots.pop() {
            let Some(held) = team.keyholders.get(&root) else { continue };
            for issued in &held.issued {
                if *issued == Issued::Keyholder(author) {
                    continue;
                }
                if keep.contains(&issued.id()) {
                    self.kept.insert(*issued);
                    continue;
                }
                match *issued {
                    Issued::Invite(id) => {
                        self.invites.insert(id);
                    }
                    Issued::Service(id) => {
                        self.services.insert(id);
                    }
                    Issued::Keyholder(id) => {
                        if self.keyholders.insert(id) {
                            roots.push(id);
                        }
                    }
                }
            }
        }
        // What falls all the same, on another way or as what the event is about, is not kept.
        let kept = |id: &KeyholderId| {
            self.kept.iter().any(|issued| issued.id() == *id) && !self.keyholders.contains(id)
        };
        keep.iter().find(|id| !kept(id)).map_or(Ok(()), |id| Err(Refusal::Kept(*id)))
    }

    /// Who can't write to an environment has nobody else let into it.
    fn lose_granting(&mut self, team: &Team, member: MemberId, environment: EnvironmentId) {
        let keyholders = team.members.get(&member).into_iter().flat_map(|member| &member.keyholders);
        let issued = keyholders.filter_map(|id| team.keyholders.get(id)).flat_map(|held| &held.issued);
        let grants = |access: &[Grant]| granted(access, environment).is_some();
        for issued in issued {
            match issued {
                Issued::Invite(id) if team.invites.get(id).is_some_and(|one| grants(&one.access)) => {
                    self.invites.insert(*id);
                }
                Issued::Service(id) if team.services.get(id).is_some_and(|one| grants(&one.access)) => {
                    self.services.insert(*id);
                }
                Issued::Invite(_) | Issued::Service(_) | Issued::Keyholder(_) => {}
            }
        }
    }
}

/// Checks the heads that an event records, and that its author can stand in for what it keeps. `role` is the
/// author's role after the event, or none if they are gone then.
pub(super) fn check(
    team: &Team,
    signer: &Signer,
    role: Option<Role>,
    falls: &Consequences,
    given: &[PinnedHead],
) -> Result<BTreeMap<EnvironmentId, Head>, Refusal> {
    for issued in &falls.kept {
        let (rank, access) = match issued {
            // A keyholder that is kept stands for itself from now on.
            Issued::Keyholder(_) => continue,
            Issued::Invite(id) => team.invites.get(id).map(|invite| (invite.role, &invite.access)),
            Issued::Service(id) => team.services.get(id).map(|service| (Role::Member, &service.access)),
        }
        .ok_or(Refusal::Kept(issued.id()))?;
        let writes = |grant: &Grant| {
            !team.environments.contains_key(&grant.environment)
                || team.level(signer.member, grant.environment) == Some(Level::Write)
        };
        let stands_in = role.is_some_and(|role| role >= Role::Admin && role >= rank)
            && !falls.keyholders.contains(&signer.keyholder)
            && access.iter().all(writes);
        if !stands_in {
            return Err(Refusal::Kept(issued.id()));
        }
    }
    heads::check(team, &falls.heads, given)
}

/// Closes and revokes. Everything was checked before.
pub(super) fn apply(
    team: &mut Team,
    signer: &Signer,
    falls: &Consequences,
    heads: &BTreeMap<EnvironmentId, Head>,
) {
    let sequence = signer.at.sequence;
    heads::vouch(team, heads);
    for issued in &falls.kept {
        keep(team, *issued, signer.keyholder);
    }
    for id in &falls.invites {
        invites::shut(team, *id, sequence);
    }
    for id in &falls.services {
        services::shut(team, *id, sequence);
    }
    for id in &falls.keyholders {
        keyholders::retire(team, *id, sequence, heads);
    }
}

/// What is kept hangs from who keeps it; a keyholder from nobody.
fn keep(team: &mut Team, issued: Issued, keeper: KeyholderId) {
    detach(team, issued);
    match issued {
        Issued::Keyholder(id) => {
            if let Some(held) = team.keyholders.get_mut(&id) {
                held.added_by = None;
            }
            return;
        }
        Issued::Invite(id) => {
            if let Some(invite) = team.invites.get_mut(&id) {
                invite.author = keeper;
            }
        }
        Issued::Service(id) => {
            if let Some(service) = team.services.get_mut(&id) {
                service.author = keeper;
            }
        }
    }
    attach(team, keeper, issued);
}

/// Something hangs from the keyholder that signed for it.
pub(super) fn attach(team: &mut Team, author: KeyholderId, issued: Issued) {
    if let Some(held) = team.keyholders.get_mut(&author) {
        held.issued.insert(issued);
    }
}

/// It hangs from nobody any more.
pub(super) fn detach(team: &mut Team, issued: Issued) {
    let author = match issued {
        Issued::Invite(id) => team.invites.get(&id).map(|invite| invite.author),
        Issued::Service(id) => team.services.get(&id).map(|service| service.author),
        Issued::Keyholder(id) => team.keyholders.get(&id).and_then(|held| held.added_by),
    };
    if let Some(held) = author.and_then(|author| team.keyholders.get_mut(&author)) {
        held.issued.remove(&issued);
    }
}

/// Somebody lost the keys that these grants gave.
pub(super) fn lose_keys(
    team: &mut Team,
    environments: impl IntoIterator<Item = EnvironmentId>,
    sequence: u64,
) {
    for id in environments {
        if let Some(environment) = team.environments.get_mut(&id) {
            environment.lose_key(sequence);
        }
    }
}

/// Whether a change of role takes what only admins may do with an environment's history.
pub(super) fn ends_duties(before: Role, after: Role) -> bool {
    before >= Role::Admin && after < Role::Admin
}

/// The environments that a member may write to.
fn written(team: &Team, member: MemberId) -> impl Iterator<Item = EnvironmentId> {
    team.access_of(member).filter(|(_, level)| *level == Level::Write).map(|(id, _)| id)
}

/// The environments that the computers among these keyholders may write to. Kits push nothing.
fn written_by(team: &Team, keyholders: &BTreeSet<KeyholderId>) -> BTreeSet<EnvironmentId> {
    let computers = keyholders.iter().filter_map(|id| team.keyholders.get(id));
    let members: BTreeSet<_> =
        computers.filter(|held| held.kind == KeyholderKind::Computer).map(|held| held.member).collect();
    members.into_iter().flat_map(|member| written(team, member)).collect()
}
