//! What owners and admins decide besides people: the team's settings, names, and what is no longer wanted.

use twinlock_protocol::StatementHash;
use twinlock_protocol::api::AppendEvents;
use twinlock_protocol::event::{
    Creating, EnvironmentDeleted, Event as TeamLogEvent, Head, LabelChanged, Level, PinnedHead,
    ProjectDeleted, Renewal, Subject,
};
use twinlock_protocol::ids::{EnvironmentId, MemberId, ProjectId};

use super::approval::check_approved;
use super::rights::{check_admin, in_words, no_wraps};
use super::session::Session;
use super::standing::member_by_name;
use super::{Client, Event, Joined, now};
use crate::error::Error;
use crate::team::{Label, folded, next_event, seal_label};
use crate::view::{EnvironmentStanding, SettingsView};

/// What to change of the settings; what is absent stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SettingsChange {
    /// Who creates projects and environments.
    pub creating: Option<Creating>,
    /// Between how many days keys are renewed by themselves.
    pub renewal: Option<Renewal>,
}

impl Client {
    /// The team's settings.
    pub async fn settings(&self) -> Result<SettingsView, Error> {
        let mut state = self.state().await;
        let joined = state.joined()?;
        self.try_refresh_log(joined).await?;
        Ok(view(&joined.session))
    }

    /// Changes the team's settings: owners do.
    pub async fn change_settings(&self, change: SettingsChange) -> Result<SettingsView, Error> {
        let _lock = self.lock().await?;
        let mut state = self.state().await;
        let joined = state.joined()?;
        self.refresh_log(joined).await?;
        check_approved(&joined.session)?;
        let planned = |joined: &Joined| {
            let mut settings = *joined.session.team.settings();
            settings.creating = change.creating.unwrap_or(settings.creating);
            settings.renewal = change.renewal.unwrap_or(settings.renewal);
            signed(&joined.session, TeamLogEvent::TeamSettings(settings))
        };
        self.append(joined, planned).await?;
        self.emit(Event::Team);
        Ok(view(&joined.session))
    }

    /// Gives the team another name: owners do.
    pub async fn rename_team(&self, name: &Label) -> Result<(), Error> {
        self.relabel(name, |_| Ok(Subject::Team)).await
    }

    /// Gives a member another name: themselves (`None`), or, as an admin, another.
    pub async fn rename_member(&self, who: Option<&str>, name: &Label) -> Result<(), Error> {
        self.relabel(name, |session| {
            let member = who.map_or_else(|| session.me(), |who| member_by_name(session, who))?;
            let taken = session
                .team
                .active_members()
                .any(|(id, _)| id != member && folded(&session.member_name(id)) == folded(name.as_str()));
            if taken { Err(TAKEN) } else { Ok(Subject::Member(member)) }
        })
        .await
    }

    /// Gives a project another name, by its name or id.
    pub async fn rename_project(&self, project: &str, name: &Label) -> Result<(), Error> {
        self.relabel(name, |session| {
            let id = project_named(session, project)?;
            let taken =
                session.team.projects().keys().any(|other| {
                    *other != id && folded(&session.project_name(*other)) == folded(name.as_str())
                });
            if taken { Err(TAKEN) } else { Ok(Subject::Project(id)) }
        })
        .await
    }

    /// Gives an environment another name within its project.
    pub async fn rename_environment(&self, id: EnvironmentId, name: &Label) -> Result<(), Error> {
        let full = |session: &Session| -> Result<String, Error> {
            let known = session.team.environment(id).map_err(|refusal| in_words(&refusal))?;
            Ok(format!("{}/{}", session.project_name(known.project), name.as_str()))
        };
        self.relabel(name, |session| {
            let full = folded(&full(session)?);
            let mut others = session.team.environments().keys().filter(|other| **other != id);
            let taken = others.any(|other| folded(&session.environment_name(*other)) == full);
            if taken { Err(TAKEN) } else { Ok(Subject::Environment(id)) }
        })
        .await?;
        // Here it was meant: the new name stands for this environment, whatever it stood for before.
        let mut state = self.state().await;
        let session = &state.joined()?.session;
        let (team, full) = (session.team.id(), folded(&full(session)?));
        self.store()
            .step(|step| step.remember_name(team.as_bytes(), &full, id.as_bytes()).map_err(Error::from))
    }

    /// Removes an environment for everybody: nobody has access to it any more. Linked files stay as they are.
    pub async fn remove_environment(&self, id: EnvironmentId) -> Result<(), Error> {
        let _lock = self.lock().await?;
        let mut state = self.state().await;
        let joined = state.joined()?;
        check_admin(&joined.session)?;
        let event = |heads: Vec<PinnedHead>| {
            // The first time it is only looked at, to learn which head is due.
            let nowhere = Head { number: 0, hash: StatementHash::new([0; 32]) };
            let head = heads.first().map_or(nowhere, |pinned| pinned.head);
            TeamLogEvent::EnvironmentDeleted(EnvironmentDeleted { environment: id, head })
        };
        self.change_rights(joined, event, no_wraps).await.map(drop)
    }

    /// Removes a project with all its environments, by name or id.
    pub async fn remove_project(&self, project: &str) -> Result<(), Error> {
        let _lock = self.lock().await?;
        let mut state = self.state().await;
        let joined = state.joined()?;
        self.refresh_log(joined).await?;
        check_admin(&joined.session)?;
        let project = project_named(&joined.session, project)?;
        let event = |heads| TeamLogEvent::ProjectDeleted(ProjectDeleted { project, heads });
        self.change_rights(joined, event, no_wraps).await.map(drop)
    }

    /// Creates an environment, and its project if there is none of that name. With `access`, exactly these members
    /// have some besides this one; without, everybody writes who is in the team, if an admin creates it.
    pub async fn new_environment(
        &self,
        project: &Label,
        environment: &Label,
        access: Option<&[(String, Level)]>,
    ) -> Result<EnvironmentStanding, Error> {
        let id = {
            let _lock = self.lock().await?;
            let mut state = self.state().await;
            let joined = state.joined()?;
            self.refresh_log(joined).await?;
            let name = format!("{}/{}", project.as_str(), environment.as_str());
            match self.environment_by_name(joined, &name) {
                Err(Error::Unknown { .. }) => {}
                Ok(_) | Err(Error::Ambiguous { .. }) => return Err(TAKEN),
                Err(error) => return Err(error),
            }
            let session = &joined.session;
            let access = match access {
                Some(access) => Some(members_of(session, access)?),
                None => None,
            };
            if access.as_ref().is_some_and(|access| !access.is_empty()) {
                check_admin(session)?;
            }
            self.create_environment(joined, project, environment, access.as_deref()).await?
        };
        let all = self.environments().await?;
        all.into_iter().find(|view| view.id == id).ok_or_else(|| Error::Bug("an environment vanished".into()))
    }

    async fn relabel(
        &self,
        name: &Label,
        subject: impl Fn(&Session) -> Result<Subject, Error>,
    ) -> Result<(), Error> {
        let _lock = self.lock().await?;
        let mut state = self.state().await;
        let joined = state.joined()?;
        self.refresh_log(joined).await?;
        check_approved(&joined.session)?;
        let planned = |joined: &Joined| {
            let session = &joined.session;
            let subject = subject(session)?;
            let label = seal_label(session.team_key()?, name, &mut rand::rng());
            signed(session, TeamLogEvent::LabelChanged(LabelChanged { subject, label }))
        };
        self.append(joined, planned).await?;
        self.note_names(joined)?;
        self.emit(Event::Team);
        Ok(())
    }
}

/// Who is named in an access.
fn members_of(session: &Session, access: &[(String, Level)]) -> Result<Vec<(MemberId, Level)>, Error> {
    access.iter().map(|(name, level)| Ok((member_by_name(session, name)?, *level))).collect()
}

/// Two of one name could not be told apart.
pub(super) const TAKEN: Error = Error::Rule("There is one of this name already.");

/// An event for the end of the log, signed, if the team's rules let this member sign it.
fn signed(session: &Session, event: TeamLogEvent) -> Result<(AppendEvents, ()), Error> {
    let author = &session.keyholder;
    let statement = author.sign_event(&next_event(&session.team, author.id(), event, now()));
    session.team.clone().append(&statement).map_err(|refusal| in_words(&refusal))?;
    Ok((AppendEvents { statements: vec![statement], wraps: Vec::new() }, ()))
}

fn view(session: &Session) -> SettingsView {
    let settings = session.team.settings();
    SettingsView {
        creating: settings.creating,
        at_least_days: settings.renewal.at_least_days,
        at_most_days: settings.renewal.at_most_days,
    }
}

/// Finds a project by id or by name. An id is exact: it says which of two that are called alike.
pub(super) fn project_named(session: &Session, name: &str) -> Result<ProjectId, Error> {
    let all: Vec<ProjectId> = session.team.projects().keys().copied().collect();
    if let Some(id) = all.iter().find(|id| id.to_string() == name) {
        return Ok(*id);
    }
    let named: Vec<ProjectId> =
        all.into_iter().filter(|id| folded(&session.project_name(*id)) == folded(name)).collect();
    match named.as_slice() {
        [one] => Ok(*one),
        [] => Err(Error::Unknown {
            kind: "project",
            name: crate::team::inert(name),
            hint: "“twinlock environment list” lists all environments with their projects.".to_owned(),
        }),
        several => Err(Error::SeveralCalled {
            kind: "project",
            name: crate::team::inert(name),
            ids: several.iter().map(ToString::to_string).collect(),
        }),
    }
}
