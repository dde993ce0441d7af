//! Projects and environments: created and deleted.

use super::*;
use crate::event::{EnvironmentCreated, EnvironmentDeleted, MemberGrant, ProjectCreated, ProjectDeleted};
use crate::limits;

pub(super) fn create_project(team: &mut Team, created: &ProjectCreated) -> Result<(), Refusal> {
    labels::check(team, &created.label)?;
    if team.projects.contains_key(&created.project) || team.gone_projects.contains(&created.project) {
        return Err(Refusal::IdTaken);
    }
    if team.projects.len() >= limits::PROJECTS {
        return Err(Refusal::Limit("a team has at most 1,000 projects"));
    }
    let project = Project { label: created.label.clone(), environments: BTreeSet::new() };
    team.projects.insert(created.project, project);
    Ok(())
}

pub(super) fn create(team: &mut Team, signer: &Signer, created: &EnvironmentCreated) -> Result<(), Refusal> {
    let (id, at) = (created.environment, signer.at);
    labels::check(team, &created.label)?;
    if !team.projects.contains_key(&created.project) {
        return Err(Refusal::NoProject(created.project));
    }
    if team.environments.contains_key(&id) || team.gone_environments.contains(&id) {
        return Err(Refusal::IdTaken);
    }
    if team.environments.len() >= limits::ENVIRONMENTS {
        return Err(Refusal::Limit("a team has at most 4,000 environments"));
    }
    let Some(value) = created.commitments.value else {
        return Err(malformed("an environment has a value key"));
    };
    no_doubles(created.access.iter().map(|grant| grant.member).chain([signer.member]))?;
    for grant in &created.access {
        team.active_member(grant.member)?;
    }
    let generation = EnvironmentGeneration {
        number: Generation::FIRST,
        opened: at,
        head: Head { number: 0, hash: at.hash },
        name: created.commitments.name,
        value,
    };
    team.environments.insert(id, Environment::new(created.project, created.label.clone(), generation));
    if let Some(project) = team.projects.get_mut(&created.project) {
        project.environments.insert(id);
    }
    let author = MemberGrant { member: signer.member, level: Level::Write };
    for grant in created.access.iter().chain([&author]) {
        access::set(team, grant.member, id, Some(grant.level), at.sequence);
    }
    Ok(())
}

/// Whatever head is recorded: of an environment that goes nothing counts afterwards. That it is there was asked with
/// the right to delete it.
pub(super) fn delete(team: &mut Team, deleted: &EnvironmentDeleted) {
    forget(team, deleted.environment);
}

pub(super) fn delete_project(
    team: &mut Team,
    deleted: &ProjectDeleted,
    event: &Event,
    signer: &Signer,
) -> Result<(), Refusal> {
    let falls = consequences(team, signer.keyholder, event)?;
    heads::exactly(&falls.heads, &deleted.heads)?;
    for environment in &falls.heads {
        forget(team, *environment);
    }
    team.projects.remove(&deleted.project);
    team.gone_projects.insert(deleted.project);
    Ok(())
}

/// An environment is gone: nobody has access to it, and nothing of its history counts any more.
fn forget(team: &mut Team, id: EnvironmentId) {
    let Some(environment) = team.environments.remove(&id) else { return };
    team.gone_environments.insert(id);
    if let Some(project) = team.projects.get_mut(&environment.project) {
        project.environments.remove(&id);
    }
}
