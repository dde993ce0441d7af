//! What somebody did, as an event of the log says it, in sentences.

use std::collections::BTreeMap;

use twinlock_protocol::envelope::Envelope;
use twinlock_protocol::event::{
    Creating, Event, KeyholderKind, LabelChanged, Level, PinnedHead, Role, Subject, TeamEvent,
};
use twinlock_protocol::ids::{EnvironmentId, Generation, KeyholderId, MemberId, ProjectId};

use super::session::Session;

/// What things were called when they were spoken of: of what is gone, the log alone still knows.
pub(super) struct Told<'a> {
    session: &'a Session,
    names: BTreeMap<Thing, String>,
    /// What each label said last, as far as it opens; the team's is under none.
    labels: BTreeMap<Option<Thing>, String>,
    /// What the last event named otherwise without being about that, before and after.
    renamed: Vec<(String, String)>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Thing {
    Member(MemberId),
    Project(ProjectId),
    Environment(EnvironmentId),
    Service(KeyholderId),
}

impl<'a> Told<'a> {
    pub(super) fn new(session: &'a Session) -> Self {
        Self { session, names: BTreeMap::new(), labels: BTreeMap::new(), renamed: Vec::new() }
    }

    /// Takes in the names that an event gives.
    pub(super) fn learn(&mut self, event: &TeamEvent, statement: &Envelope) {
        self.renamed.clear();
        if let Event::LabelChanged(LabelChanged { subject: Subject::Team, label }) = &event.event {
            self.labels.extend(self.session.label(label).map(|name| (None, name)));
        }
        if let Event::GenerationOpened(opened) = &event.event {
            opened.labels.iter().for_each(|changed| self.compare(changed));
        }
        let named = match &event.event {
            Event::ProjectCreated(created) => Some((Thing::Project(created.project), &created.label)),
            Event::EnvironmentCreated(created) => {
                Some((Thing::Environment(created.environment), &created.label))
            }
            Event::ServiceCreated(created) => Some((Thing::Service(created.keys.id()), &created.label)),
            Event::MemberJoined(joined) => {
                let member = MemberId::new(statement.hash().first_half());
                joined.label.as_ref().map(|label| (Thing::Member(member), label))
            }
            Event::LabelChanged(changed) => thing(changed.subject).map(|thing| (thing, &changed.label)),
            _ => None,
        };
        if let Some((thing, label)) = named
            && let Some(mut name) = self.session.label(label)
        {
            self.labels.insert(Some(thing), name.clone());
            if let (Thing::Environment(_), Event::EnvironmentCreated(created)) = (thing, &event.event) {
                name = format!("{}/{name}", self.name(Thing::Project(created.project)));
            }
            self.names.insert(thing, name);
        }
    }

    /// A new key for the team's names seals every name anew and changes none. Where it does, somebody renamed in passing.
    fn compare(&mut self, changed: &LabelChanged) {
        let thing = thing(changed.subject);
        let Some(name) = self.session.label(&changed.label) else { return };
        let before = self.labels.insert(thing, name.clone());
        if let Some(before) = before.filter(|before| *before != name) {
            if let Some(thing) = thing {
                self.names.insert(thing, name.clone());
            }
            self.renamed.push((before, name));
        }
    }

    fn name(&self, thing: Thing) -> String {
        self.names.get(&thing).cloned().unwrap_or_else(|| match thing {
            Thing::Member(id) => self.session.member_name(id),
            Thing::Project(id) => self.session.project_name(id),
            Thing::Environment(id) => self.session.environment_name(id),
            Thing::Service(id) => short(id),
        })
    }

    pub(super) fn author(&self, event: &TeamEvent) -> String {
        match self.session.team.member_of(event.author) {
            Ok(member) => self.name(Thing::Member(member)),
            Err(_) => short(event.author),
        }
    }

    /// What somebody did, to follow their name.
    pub(super) fn sentence(&self, event: &Event) -> String {
        match event {
            Event::TeamCreated(_) => "founded the team".to_owned(),
            Event::LabelChanged(changed) => {
                match (thing(changed.subject), self.session.label(&changed.label)) {
                    (None, Some(name)) => format!("named the team {name}"),
                    (None, None) => "named the team".to_owned(),
                    (Some(thing), name) => {
                        format!("named {} {}", kind(thing), name.unwrap_or_else(|| self.name(thing)))
                    }
                }
            }
            Event::Invited(invited) => format!(
                "invited somebody as {}{} (invite {})",
                role(invited.role),
                if invited.approve { ", to wait for approval" } else { "" },
                short(invited.keys.id())
            ),
            Event::InviteClosed(closed) => format!("closed the invite {}", short(closed.invite)),
            Event::MemberJoined(joined) => format!("joined by the invite {}", short(joined.invite)),
            Event::MemberApproved(approved) => {
                format!("let {} in", self.name(Thing::Member(approved.member)))
            }
            Event::RoleChanged(changed) => {
                format!("made {} {}", self.name(Thing::Member(changed.member)), role(changed.role))
            }
            Event::MemberRemoved(removed) => {
                format!("removed {} from the team", self.name(Thing::Member(removed.member)))
            }
            Event::KeyholderAdded(added) => {
                let what = match added.kind {
                    KeyholderKind::Computer => "computer",
                    KeyholderKind::Recovery => "recovery kit",
                };
                format!("added a {what} ({})", short(added.keys.id()))
            }
            Event::KeyholderRevoked(revoked) => {
                format!("revoked the computer or kit {}", short(revoked.keyholder))
            }
            Event::ServiceCreated(created) => {
                format!("created the service {}", self.name(Thing::Service(created.keys.id())))
            }
            Event::ServiceClosed(closed) => {
                format!("closed the service {}", self.name(Thing::Service(closed.service)))
            }
            Event::ProjectCreated(created) => {
                format!("created the project {}", self.name(Thing::Project(created.project)))
            }
            Event::ProjectDeleted(deleted) => {
                format!("deleted the project {}", self.name(Thing::Project(deleted.project)))
            }
            Event::EnvironmentCreated(created) => {
                format!("created {}", self.name(Thing::Environment(created.environment)))
            }
            Event::EnvironmentDeleted(deleted) => {
                format!("deleted {}", self.name(Thing::Environment(deleted.environment)))
            }
            Event::AccessChanged(changed) => {
                let member = self.name(Thing::Member(changed.member));
                let environment = self.name(Thing::Environment(changed.environment));
                let level = match changed.level {
                    None => "no access",
                    Some(Level::Names) => "access to the names alone",
                    Some(Level::Read) => "read access",
                    Some(Level::Write) => "write access",
                };
                format!("gave {member} {level} to {environment}")
            }
            Event::GenerationOpened(opened) => match opened.environment {
                Some(id) => format!(
                    "renewed the keys of {} (generation {})",
                    self.name(Thing::Environment(id)),
                    opened.generation.0
                ),
                None if opened.generation == Generation::FIRST => {
                    "made the first key of the team's names".to_owned()
                }
                None => {
                    let renamed =
                        self.renamed.iter().map(|(old, new)| format!("; with it, {old} got the name {new}"));
                    let renamed: String = renamed.collect();
                    format!(
                        "renewed the key of the team's names (generation {}){renamed}",
                        opened.generation.0
                    )
                }
            },
            Event::TeamSettings(settings) => {
                let who = match settings.creating {
                    Creating::Members => "every member",
                    Creating::Admins => "admins alone",
                };
                let renewal = settings.renewal;
                format!(
                    "changed the settings: {who} may create projects, keys are renewed every {} to {} days",
                    renewal.at_least_days, renewal.at_most_days
                )
            }
            Event::VaultMoved(moved) => format!("moved the vault to {}", crate::team::inert(&moved.address)),
            Event::HistoryAccepted(accepted) => {
                let mut from: Vec<String> = accepted
                    .heads
                    .iter()
                    .map(|PinnedHead { environment, head }| {
                        format!(
                            "{} goes on from revision {}",
                            self.name(Thing::Environment(*environment)),
                            head.number
                        )
                    })
                    .collect();
                from.sort();
                format!("gave up whatever the vault does not have of the histories: {}", from.join(", "))
            }
        }
    }
}

fn thing(subject: Subject) -> Option<Thing> {
    match subject {
        Subject::Team => None,
        Subject::Member(id) => Some(Thing::Member(id)),
        Subject::Project(id) => Some(Thing::Project(id)),
        Subject::Environment(id) => Some(Thing::Environment(id)),
        Subject::Service(id) => Some(Thing::Service(id)),
    }
}

fn kind(thing: Thing) -> &'static str {
    match thing {
        Thing::Member(_) => "a member",
        Thing::Project(_) => "a project",
        Thing::Environment(_) => "an environment",
        Thing::Service(_) => "a service",
    }
}

fn role(role: Role) -> &'static str {
    match role {
        Role::Member => "a member",
        Role::Admin => "an admin",
        Role::Owner => "an owner",
    }
}

fn short(id: KeyholderId) -> String {
    id.to_string().chars().take(8).collect()
}
