//! What things are called, as far as their names open.

use std::collections::{BTreeMap, BTreeSet};

use twinlock_protocol::event::{SealedLabel, Subject};
use twinlock_protocol::ids::{EnvironmentId, KeyholderId, MemberId, ProjectId};

use super::Session;
use crate::team::inert;

impl Session {
    /// What a token calls its environments, in order of their ids.
    pub(crate) fn given_names(&self) -> &BTreeMap<EnvironmentId, String> {
        &self.given_names
    }

    /// The names of what a token gives, for a sentence.
    pub(crate) fn what_is_given(&self) -> String {
        let names: BTreeSet<&str> = self.given_names.values().map(String::as_str).collect();
        names.into_iter().collect::<Vec<_>>().join(", ")
    }

    /// A label in the clear, fit to be shown.
    pub(crate) fn label(&self, label: &SealedLabel) -> Option<String> {
        let key = self.team_keys.get(&label.generation)?;
        let text = key.open_label(label.id, &label.sealed).ok()?;
        Some(inert(text.expose()))
    }

    /// Everything that has a name now, with its name; `None` if a key for one of them is not here. A name that
    /// does not open with its key was sealed wrongly by its author, and gets a stand-in.
    pub(crate) fn labelled(&self) -> Option<Vec<(Subject, String)>> {
        let team = &self.team;
        let team_label = team.label().map(|label| (Subject::Team, label));
        let members = team
            .members()
            .iter()
            .filter_map(|(id, member)| member.label.as_ref().map(|label| (Subject::Member(*id), label)));
        let projects = team.projects().iter().map(|(id, project)| (Subject::Project(*id), &project.label));
        let environments = team
            .environments()
            .iter()
            .map(|(id, environment)| (Subject::Environment(*id), &environment.label));
        let open = team.services().iter().filter(|(_, service)| service.closed.is_none());
        let services = open.map(|(id, service)| (Subject::Service(*id), &service.label));
        let all = team_label.into_iter().chain(members).chain(projects).chain(environments).chain(services);
        let name = |label: &SealedLabel| {
            self.team_keys
                .contains_key(&label.generation)
                .then(|| self.label(label).unwrap_or_else(|| unnamed(label.id)))
        };
        all.map(|(subject, label)| Some((subject, name(label)?))).collect()
    }

    /// The sealed name of something that has one.
    pub(crate) fn label_of(&self, subject: Subject) -> Option<&SealedLabel> {
        let team = &self.team;
        match subject {
            Subject::Team => team.label(),
            Subject::Member(id) => team.members().get(&id)?.label.as_ref(),
            Subject::Project(id) => team.projects().get(&id).map(|project| &project.label),
            Subject::Environment(id) => team.environments().get(&id).map(|environment| &environment.label),
            Subject::Service(id) => team.services().get(&id).map(|service| &service.label),
        }
    }

    /// What something is called whose name does not open.
    pub(crate) fn stand_in(&self, subject: Subject) -> String {
        match subject {
            Subject::Team => unnamed(self.team.id()),
            Subject::Member(id) => unnamed(id),
            Subject::Project(id) => unnamed(id),
            Subject::Environment(id) => unnamed(id),
            Subject::Service(id) => unnamed(id),
        }
    }

    pub(crate) fn team_name(&self) -> String {
        self.team.label().and_then(|label| self.label(label)).unwrap_or_else(|| unnamed(self.team.id()))
    }

    pub(crate) fn member_name(&self, id: MemberId) -> String {
        let label = self.team.members().get(&id).and_then(|member| member.label.as_ref());
        label.and_then(|label| self.label(label)).unwrap_or_else(|| unnamed(id))
    }

    pub(crate) fn author_name(&self, keyholder: KeyholderId) -> String {
        self.team.member_of(keyholder).map_or_else(|_| unnamed(keyholder), |member| self.member_name(member))
    }

    pub(crate) fn project_name(&self, id: ProjectId) -> String {
        let label = self.team.projects().get(&id).map(|project| &project.label);
        label.and_then(|label| self.label(label)).unwrap_or_else(|| unnamed(id))
    }

    /// `project/environment`
    pub(crate) fn environment_name(&self, id: EnvironmentId) -> String {
        if let Some(name) = self.given_names.get(&id) {
            return name.clone();
        }
        match self.team.environment(id) {
            Ok(environment) => {
                let own = self.label(&environment.label).unwrap_or_else(|| unnamed(id));
                format!("{}/{own}", self.project_name(environment.project))
            }
            Err(_) => unnamed(id),
        }
    }
}

fn unnamed(id: impl std::fmt::Display) -> String {
    let id = id.to_string();
    format!("(unnamed {})", &id[..8])
}
