//! Projects and environments: finding them by name, creating them, and the overview of all.

use twinlock_protocol::api::AppendEvents;
use twinlock_protocol::event::{
    EnvironmentCreated, Event as TeamLogEvent, Level, MemberGrant, ProjectCreated, Role,
};
use twinlock_protocol::ids::{EnvironmentId, Generation, MemberId, ProjectId};

use super::administer::TAKEN;
use super::approval::check_approved;
use super::opened::lacks_keys;
use super::rights::in_words;
use super::session::Session;
use super::{Client, Joined, LOCAL, now, random_id};
use crate::error::Error;
use crate::refused::{Evidence, words};
use crate::store::{RefusalRecord, Scope};
use crate::team::{EnvironmentKeys, Label, folded, next_event, seal_label};
use crate::view::{Connection, EnvironmentView, Overview, ProjectView, RefusalView, TeamSummary};

impl Client {
    /// Everything a sidebar shows, from what is on this computer. Asks no vault.
    pub async fn overview(&self) -> Result<Overview, Error> {
        let mut state = self.current_state().await?;
        let Some(joined) = &mut state.joined else {
            return Ok(Overview { team: None, projects: Vec::new(), connection: Connection::NoVault });
        };
        self.catch_up(joined)?;
        let files = self.status_of_all(joined).await?;
        let refusals = self.store().read(|step| step.refusals().map_err(Error::from))?;
        let session = &joined.session;
        let mut projects: Vec<ProjectView> = session
            .team
            .projects()
            .keys()
            .map(|id| ProjectView { id: *id, name: session.project_name(*id), environments: Vec::new() })
            .collect();
        for (id, environment) in session.team.environments() {
            let Some(level) = session.my_level(*id) else { continue };
            let name = session.environment_name(*id);
            let view = EnvironmentView {
                id: *id,
                project: environment.project,
                name: name.split_once('/').map_or(name.clone(), |(_, own)| own.to_owned()),
                level,
                revision: session.environment(*id).map_or(0, |held| held.chain.head().number),
                keys_missing: session.environment(*id).is_some_and(|held| lacks_keys(held, level)),
                refusal: refusal_of(&refusals, Scope::Environment(*id), &name).or_else(|| {
                    refusal_of(&refusals, Scope::Team(session.record.team), &session.record.name)
                }),
                files: files.iter().filter(|file| file.environment_id == *id).cloned().collect(),
            };
            if let Some(project) = projects.iter_mut().find(|project| project.id == environment.project) {
                project.environments.push(view);
            }
        }
        projects.sort_by(|a, b| a.name.cmp(&b.name));
        for project in &mut projects {
            project.environments.sort_by(|a, b| a.name.cmp(&b.name));
        }
        let team = TeamSummary {
            id: session.team.id(),
            name: session.team_name(),
            me: session.member_name(session.me()?),
            local: session.record.vault == LOCAL,
        };
        Ok(Overview { team: Some(team), projects, connection: joined.connection })
    }

    /// How the vault was when it was last asked.
    pub async fn connection(&self) -> Connection {
        self.state().await.joined.as_ref().map_or(Connection::NoVault, |joined| joined.connection)
    }

    /// Finds an environment by `project/environment`.
    pub async fn find_environment(&self, name: &str) -> Result<EnvironmentId, Error> {
        let mut state = self.state().await;
        let joined = state.joined()?;
        // Offline, what is known here is enough.
        self.try_refresh_log(joined).await?;
        self.environment_by_name(joined, name)
    }

    /// Brings the log up to date if the vault can be reached; only its absence is no error.
    pub(super) async fn try_refresh_log(&self, joined: &mut Joined) -> Result<(), Error> {
        match self.refresh_log(joined).await {
            Err(error) if error.code() == crate::error::ErrorCode::Unreachable => {
                self.go_on_offline(joined, None, error)
            }
            result => result,
        }
    }

    /// The same for an environment.
    pub(super) async fn try_refresh(&self, joined: &mut Joined, id: EnvironmentId) -> Result<(), Error> {
        let refreshed = self.refresh(joined, id).await;
        self.or_offline(joined, id, refreshed)
    }

    /// The same for its revisions alone.
    pub(super) async fn try_refresh_history(
        &self,
        joined: &mut Joined,
        id: EnvironmentId,
    ) -> Result<(), Error> {
        let refreshed = self.refresh_history(joined, id).await.map(drop);
        self.or_offline(joined, id, refreshed)
    }

    fn or_offline(
        &self,
        joined: &mut Joined,
        id: EnvironmentId,
        refreshed: Result<(), Error>,
    ) -> Result<(), Error> {
        match refreshed {
            Err(error) if error.code() == crate::error::ErrorCode::Unreachable => {
                joined.session.held(id)?;
                self.go_on_offline(joined, Some(id), error)
            }
            // Without access there is nothing to fetch; what needs access says so.
            Err(Error::Access { .. } | Error::EnvironmentGone) => Ok(()),
            result => result,
        }
    }

    /// Takes what a name stands for now, where it stood for something else when it was last used here.
    pub async fn follow_environment_name(&self, name: &str) -> Result<EnvironmentId, Error> {
        let _lock = self.lock().await?;
        let mut state = self.state().await;
        let joined = state.joined()?;
        self.refresh_log(joined).await?;
        let found = environment_called(&joined.session, name)?;
        let team = joined.session.team.id();
        self.store().step(|step| {
            step.remember_name(team.as_bytes(), &folded(name), found.as_bytes()).map_err(Error::from)
        })?;
        Ok(found)
    }

    pub(super) fn environment_by_name(&self, joined: &Joined, name: &str) -> Result<EnvironmentId, Error> {
        let session = &joined.session;
        check_approved(session)?;
        // An id is exact: it says which of two that are called alike.
        if let Some(id) = session.team.environments().keys().find(|id| id.to_string() == name) {
            return Ok(*id);
        }
        let found = environment_called(session, name)?;
        self.check_remembered(joined, name, found)
    }

    /// Whether a name stands for what it stood for when it was last used here: a label could have been moved since.
    fn check_remembered(
        &self,
        joined: &Joined,
        name: &str,
        found: EnvironmentId,
    ) -> Result<EnvironmentId, Error> {
        let session = &joined.session;
        let known = self.store().read(|step| {
            step.remembered_name(session.team.id().as_bytes(), &folded(name)).map_err(Error::from)
        })?;
        match known {
            Some(known) if known != *found.as_bytes() => Err(Error::Usage(format!(
                "{name} is another environment than it was on this computer before. Nothing was changed; look at “twinlock environment list” and ask who changed it. If it is meant: twinlock environment follow {name}"
            ))),
            Some(_) => Ok(found),
            None => {
                self.store().step(|step| {
                    step.remember_name(session.team.id().as_bytes(), &folded(name), found.as_bytes())
                        .map_err(Error::from)
                })?;
                Ok(found)
            }
        }
    }

    /// Creates an environment, and its project if there is none of that name. An admin shares it with the
    /// whole team, if nothing is said of access; a member keeps it to themselves.
    pub(super) async fn create_environment(
        &self,
        joined: &mut Joined,
        project: &Label,
        environment: &Label,
        access: Option<&[(MemberId, Level)]>,
    ) -> Result<EnvironmentId, Error> {
        let planned = |joined: &Joined| self.plan_environment(joined, project, environment, access);
        let (request, (id, keys)) = self.append(joined, planned).await?;
        joined.session.held(id)?.held.add_keys(keys);
        let mine = joined.session.keyholder.id();
        for wrap in request.wraps.iter().filter(|wrap| wrap.keyholder == mine) {
            self.keep_wrap(joined, wrap)?;
        }
        // Here it was meant: the name stands for this one, whatever it stood for before.
        let name = folded(&format!("{}/{}", project.as_str(), environment.as_str()));
        let team = joined.session.team.id();
        self.store()
            .step(|step| step.remember_name(team.as_bytes(), &name, id.as_bytes()).map_err(Error::from))?;
        self.emit(super::Event::Team);
        Ok(id)
    }

    /// Creates an environment that is not there yet. Where somebody else was faster with the same name, it is theirs.
    pub(super) async fn create_or_find(
        &self,
        joined: &mut Joined,
        project: &Label,
        environment: &Label,
    ) -> Result<EnvironmentId, Error> {
        match self.create_environment(joined, project, environment, None).await {
            Err(error @ Error::Rule(_)) => {
                let name = format!("{}/{}", project.as_str(), environment.as_str());
                self.environment_by_name(joined, &name).map_err(|_| error)
            }
            created => created,
        }
    }

    fn plan_environment(
        &self,
        joined: &Joined,
        project: &Label,
        environment: &Label,
        access: Option<&[(MemberId, Level)]>,
    ) -> Result<(AppendEvents, (EnvironmentId, EnvironmentKeys)), Error> {
        let session = &joined.session;
        let keyholder = &session.keyholder;
        let key = session.team_key()?;
        // Looked at again each time: somebody else may have been faster with the same name.
        let full = format!("{}/{}", project.as_str(), environment.as_str());
        let mut mine = session.team.environments().keys().filter(|id| session.my_level(**id).is_some());
        if mine.any(|id| alike(&session.environment_name(*id), &full)) {
            return Err(TAKEN);
        }
        let mut rng = rand::rng();
        let mut team = session.team.clone();
        let mut statements = Vec::new();
        let project_id = match self.project_by_name(joined, project)? {
            Some(id) => id,
            None => {
                let id = ProjectId::new(random_id());
                let label = seal_label(key, project, &mut rng);
                let event = TeamLogEvent::ProjectCreated(ProjectCreated { project: id, label });
                let statement = keyholder.sign_event(&next_event(&team, keyholder.id(), event, now()));
                team.append(&statement).map_err(|refusal| in_words(&refusal))?;
                statements.push(statement);
                id
            }
        };
        let id = EnvironmentId::new(random_id());
        let keys = EnvironmentKeys::generate(&team, id, Generation::FIRST, &mut rng);
        let me = session.me()?;
        let access = if let Some(access) = access {
            access.iter().map(|(member, level)| MemberGrant { member: *member, level: *level }).collect()
        } else if session.my_role() >= Some(Role::Admin) {
            let others = team.active_members().map(|(id, _)| id).filter(|id| *id != me);
            others.map(|member| MemberGrant { member, level: Level::Write }).collect()
        } else {
            Vec::new()
        };
        let event = TeamLogEvent::EnvironmentCreated(EnvironmentCreated {
            environment: id,
            project: project_id,
            label: seal_label(key, environment, &mut rng),
            commitments: keys.commitments(),
            access,
        });
        let statement = keyholder.sign_event(&next_event(&team, keyholder.id(), event, now()));
        team.append(&statement).map_err(|refusal| in_words(&refusal))?;
        statements.push(statement);
        let wraps = keys.wrap_to_all(&team, keyholder.id(), now(), &mut rng);
        Ok((AppendEvents { statements, wraps }, (id, keys)))
    }

    /// Of several that are called alike, the one with an environment that this member has access to: whoever may create
    /// projects takes no name from anybody.
    fn project_by_name(&self, joined: &Joined, name: &Label) -> Result<Option<ProjectId>, Error> {
        let session = &joined.session;
        let all = session.team.projects().keys().copied();
        let named = all.filter(|id| alike(&session.project_name(*id), name.as_str())).collect();
        let mine = |project: &ProjectId| {
            let mut environments = session.team.environments().iter();
            environments.any(|(id, it)| it.project == *project && session.my_level(*id).is_some())
        };
        only("project", name.as_str(), named, mine)
    }
}

/// The one environment of a name, whatever that stood for before. Of several that are called alike, the one that this
/// member has access to: whoever may create environments takes no name from anybody.
fn environment_called(session: &Session, name: &str) -> Result<EnvironmentId, Error> {
    let all = session.team.environments().keys().copied();
    let named = all.filter(|id| alike(&session.environment_name(*id), name)).collect();
    let found = only("environment", name, named, |id| session.my_level(*id).is_some())?;
    found.ok_or_else(|| match session.team_key() {
        // Its name may be one of those that cannot be read yet. A service has no names but those it was told.
        Err(missing) if session.given_names().is_empty() => missing,
        _ => Error::Unknown {
            kind: "environment",
            name: name.to_owned(),
            hint: if session.given_names().is_empty() {
                "“twinlock link FILE PROJECT/ENV --create” makes one.".to_owned()
            } else {
                format!("This service token reads {}.", session.what_is_given())
            },
        },
    })
}

/// The only one of a name; of several, the only one that is preferred.
fn only<T>(
    kind: &'static str,
    name: &str,
    mut named: Vec<T>,
    preferred: impl Fn(&T) -> bool,
) -> Result<Option<T>, Error> {
    if named.len() > 1 {
        named.retain(preferred);
        if named.len() != 1 {
            return Err(Error::Ambiguous { kind, name: name.to_owned() });
        }
    }
    Ok(named.pop())
}

/// Names that a person would take for the same are the same.
fn alike(a: &str, b: &str) -> bool {
    folded(a) == folded(b)
}

fn refusal_of(refusals: &[RefusalRecord], scope: Scope, place: &str) -> Option<RefusalView> {
    refusals
        .iter()
        .find(|record| record.scope == scope)
        .map(|record| words(&record.code, place, Evidence::Kept))
}
