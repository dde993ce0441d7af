//! Names, sealed under the team's own key.

use super::*;
use crate::environment::{SEAL_OVERHEAD, check_blob};
use crate::event::LabelChanged;
use crate::{limits, padding};

pub(super) fn change(team: &mut Team, change: &LabelChanged) -> Result<(), Refusal> {
    check(team, &change.label)?;
    if let Subject::Member(member) = change.subject {
        team.active_member(member)?;
    }
    set(team, change)
}

pub(super) fn set(team: &mut Team, change: &LabelChanged) -> Result<(), Refusal> {
    let label = change.label.clone();
    match change.subject {
        Subject::Team => team.label = Some(label),
        Subject::Member(id) => team.members.get_mut(&id).ok_or(Refusal::NoMember(id))?.label = Some(label),
        Subject::Project(id) => team.projects.get_mut(&id).ok_or(Refusal::NoProject(id))?.label = label,
        Subject::Environment(id) => {
            team.environments.get_mut(&id).ok_or(Refusal::NoEnvironment(id))?.label = label;
        }
        Subject::Service(id) => {
            let service = team.services.get_mut(&id).filter(|service| service.closed.is_none());
            service.ok_or(Refusal::ServiceNotOpen(id))?.label = label;
        }
    }
    Ok(())
}

/// A label is sealed under the team's current name key, and has the size of a sealed label.
pub(super) fn check(team: &Team, label: &SealedLabel) -> Result<(), Refusal> {
    let due = team
        .generations
        .last()
        .map(|generation| generation.number)
        .ok_or(malformed("the team has no name key yet"))?;
    if label.generation != due {
        return Err(Refusal::WrongGeneration { due, found: label.generation });
    }
    check_size(label)
}

pub(super) fn check_size(label: &SealedLabel) -> Result<(), Refusal> {
    check_blob(&label.sealed)?;
    // At most 4 bytes a character.
    if label.sealed.len() > padding::padded_length(4 * limits::LABEL_CHARACTERS) + SEAL_OVERHEAD {
        return Err(Refusal::Limit("a label has at most 100 characters"));
    }
    Ok(())
}

/// Everything that has a label now, in order. Members who are gone keep theirs: history names them.
pub(in super::super) fn labelled(team: &Team) -> Vec<Subject> {
    let named = |member: &Member| member.label.is_some();
    let open = |service: &Service| service.closed.is_none();
    let members = team.members.iter().filter(|(_, member)| named(member)).map(|(id, _)| Subject::Member(*id));
    let services = team.services.iter().filter(|(_, one)| open(one)).map(|(id, _)| Subject::Service(*id));
    let mut subjects: Vec<Subject> = team.label.iter().map(|_| Subject::Team).collect();
    subjects.extend(members);
    subjects.extend(team.projects.keys().copied().map(Subject::Project));
    subjects.extend(team.environments.keys().copied().map(Subject::Environment));
    subjects.extend(services);
    subjects.sort_unstable();
    subjects
}
