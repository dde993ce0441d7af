//! Everything that was ever signed in the team, as far as this computer has it: in plain sentences, replayed from the
//! start, or written out for somebody else to check. Asks no vault: what was kept here is what is looked at.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use twinlock_protocol::encoding::{decode_strict, to_base64url};
use twinlock_protocol::envelope::Envelope;
use twinlock_protocol::environment::Environment;
use twinlock_protocol::event::{
    Creating, Event, Head, KeyholderKind, Level, LogHead, Role, Subject, TeamEvent,
};
use twinlock_protocol::ids::{EnvironmentId, Generation, KeyholderId, MemberId, ProjectId, TeamId};
use twinlock_protocol::limits;
use twinlock_protocol::revision::{Cause, Revision};
use twinlock_protocol::team::replay;

use super::session::{Session, damaged, stored};
use super::{Client, Joined};
use crate::error::Error;
use crate::store::{Scope, Step, StoreError};
use crate::view::{ActivityView, ReplayedEnvironment, ReplayedView};

/// The form of [`Client::export_activity`].
const EXPORT: &str = "twinlock/export/v1";

/// One line of an export. Everything in it is signed or sealed: it holds no name and no value.
#[derive(Serialize)]
#[serde(tag = "line", rename_all = "kebab-case")]
enum Line<'a> {
    /// The first: where everything stands.
    Export {
        form: &'static str,
        team: TeamId,
        log: LogHead,
        environments: Vec<EnvironmentHead>,
    },
    Event {
        sequence: u64,
        statement: &'a Envelope,
    },
    Revision {
        environment: EnvironmentId,
        number: u64,
        statement: &'a Envelope,
    },
    /// Something that a vault served and that was refused. Believed by nobody.
    Refusal {
        about: Value,
        code: &'a str,
        at: i64,
        evidence: Value,
    },
}

#[derive(Serialize)]
struct EnvironmentHead {
    environment: EnvironmentId,
    head: Head,
}

impl Client {
    /// What was signed, in sentences: the log's events, then each environment's revisions, oldest first.
    pub async fn activity(&self) -> Result<Vec<ActivityView>, Error> {
        let mut state = self.current_state().await?;
        let joined = state.joined()?;
        self.store().read(|step| joined.session.catch_up(step))?;
        self.store().read(|step| sentences(joined, step))
    }

    /// Replays the log and every environment from their first statements, as if they had just been served, and
    /// holds them against what this computer has seen. Believes nothing that was verified before.
    pub async fn replay_activity(&self) -> Result<ReplayedView, Error> {
        let mut state = self.current_state().await?;
        let joined = state.joined()?;
        self.store().read(|step| joined.session.catch_up(step))?;
        self.store().read(|step| replayed(&joined.session, step))
    }

    /// The statements and the evidence of refusals, one JSON document to a line.
    pub async fn export_activity(&self) -> Result<String, Error> {
        let mut state = self.current_state().await?;
        let joined = state.joined()?;
        self.store().read(|step| joined.session.catch_up(step))?;
        self.store().read(|step| exported(&joined.session, step))
    }
}

fn replayed(session: &Session, step: &Step<'_>) -> Result<ReplayedView, Error> {
    let scope = Scope::Team(session.record.team);
    let log = stored(step, &scope, 0)?;
    let team = replay(&log).map_err(|refusal| damaged(&refusal))?;
    if team.id() != session.record.team {
        return Err(damaged(&twinlock_protocol::Refusal::Elsewhere));
    }
    if let Some(pin) = step.pin(&scope)? {
        team.extends(LogHead { sequence: pin.number, hash: pin.hash })
            .map_err(|refusal| damaged(&refusal))?;
    }
    let mut environments = Vec::new();
    for id in team.environments().keys() {
        let scope = Scope::Environment(*id);
        let mut chain = Environment::start(&team, *id).map_err(|refusal| damaged(&refusal))?;
        let revisions = stored(step, &scope, 0)?;
        // One by one: so that each one's state is computed, not the last one's alone.
        for revision in &revisions {
            chain.extend(&team, [revision]).map_err(|refusal| session.refused(scope, refusal))?;
        }
        let head = chain.head();
        if let Some(pin) = step.pin(&scope)?
            && (pin.number, pin.hash) != (head.number, head.hash)
        {
            return Err(damaged(&twinlock_protocol::Refusal::Rollback {
                served: head.number,
                seen: pin.number,
            }));
        }
        let mut values = 0;
        for entry in chain.entries().values() {
            values += usize::from(step.blob(entry.digest)?.is_some());
        }
        environments.push(ReplayedEnvironment {
            environment: session.environment_name(*id),
            environment_id: *id,
            revisions: head.number,
            head: head.hash,
            values,
        });
    }
    Ok(ReplayedView { team: team.id(), events: team.head().sequence, head: team.head().hash, environments })
}

fn exported(session: &Session, step: &Step<'_>) -> Result<String, Error> {
    let mut lines = String::new();
    let mut add = |line: &Line<'_>| -> Result<(), Error> {
        lines += &serde_json::to_string(line).map_err(|error| Error::Bug(error.to_string()))?;
        lines.push('\n');
        Ok(())
    };
    let ids: Vec<EnvironmentId> = session.team.environments().keys().copied().collect();
    let heads = ids.iter().filter_map(|id| {
        Some(EnvironmentHead { environment: *id, head: session.environment(*id)?.chain.head() })
    });
    add(&Line::Export {
        form: EXPORT,
        team: session.team.id(),
        log: session.log_head(),
        environments: heads.collect(),
    })?;
    for (sequence, statement) in (1..).zip(&stored(step, &Scope::Team(session.record.team), 0)?) {
        add(&Line::Event { sequence, statement })?;
    }
    for environment in ids {
        for (number, statement) in (1..).zip(&stored(step, &Scope::Environment(environment), 0)?) {
            add(&Line::Revision { environment, number, statement })?;
        }
    }
    for refusal in step.all_refusals()? {
        let about = match refusal.scope {
            Scope::Team(team) => serde_json::json!({ "team": team }),
            Scope::Environment(environment) => serde_json::json!({ "environment": environment }),
        };
        let read = |evidence: &[u8]| {
            serde_json::from_slice(evidence).unwrap_or_else(|_| Value::String(to_base64url(evidence)))
        };
        if let Some((at, first)) = &refusal.first {
            let (about, evidence) = (about.clone(), read(first));
            add(&Line::Refusal { about, code: &refusal.code, at: at.as_millisecond(), evidence })?;
        }
        let evidence = read(&refusal.evidence);
        add(&Line::Refusal { about, code: &refusal.code, at: refusal.at.as_millisecond(), evidence })?;
    }
    Ok(lines)
}

fn sentences(joined: &Joined, step: &Step<'_>) -> Result<Vec<ActivityView>, Error> {
    let session = &joined.session;
    let mut told = Told { session, names: BTreeMap::new() };
    let mut all = Vec::new();
    for statement in stored(step, &Scope::Team(session.record.team), 0)? {
        let event: TeamEvent = decoded(&statement)?;
        told.learn(&event, &statement);
        all.push(ActivityView {
            environment: None,
            number: event.sequence,
            by: told.author(&event),
            at: event.created_at.0,
            what: told.sentence(&event.event),
            hash: statement.hash(),
        });
    }
    for id in session.team.environments().keys() {
        for statement in stored(step, &Scope::Environment(*id), 0)? {
            let revision: Revision = decoded(&statement)?;
            all.push(ActivityView {
                environment: Some(session.environment_name(*id)),
                number: revision.number,
                by: session.author_name(revision.author),
                at: revision.created_at.0,
                what: revised(&revision),
                hash: statement.hash(),
            });
        }
    }
    Ok(all)
}

/// It was verified before it was stored.
fn decoded<T: serde::de::DeserializeOwned>(statement: &Envelope) -> Result<T, Error> {
    decode_strict(&statement.payload, limits::STATEMENT_BYTES)
        .map_err(|_| StoreError::Damaged { place: "statements".to_owned() }.into())
}

fn revised(revision: &Revision) -> String {
    let number = revision.changes.len();
    let entries = if number == 1 { "1 entry".to_owned() } else { format!("{number} entries") };
    match revision.cause {
        Cause::Push => format!("pushed changes of {entries}"),
        Cause::Import => format!("imported a file with changes of {entries}"),
        Cause::Restore => format!("restored {entries}"),
        Cause::Rotate => format!("sealed {entries} anew under new keys"),
        Cause::Purge => format!("deleted former values of {entries} for good"),
    }
}

/// What things were called when they were spoken of: of what is gone, the log alone still knows.
struct Told<'a> {
    session: &'a Session,
    names: BTreeMap<Thing, String>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Thing {
    Member(MemberId),
    Project(ProjectId),
    Environment(EnvironmentId),
    Service(KeyholderId),
}

impl Told<'_> {
    /// Takes in the names that an event gives.
    fn learn(&mut self, event: &TeamEvent, statement: &Envelope) {
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
            if let (Thing::Environment(_), Event::EnvironmentCreated(created)) = (thing, &event.event) {
                name = format!("{}/{name}", self.name(Thing::Project(created.project)));
            }
            self.names.insert(thing, name);
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

    fn author(&self, event: &TeamEvent) -> String {
        match self.session.team.member_of(event.author) {
            Ok(member) => self.name(Thing::Member(member)),
            Err(_) => short(event.author),
        }
    }

    /// What somebody did, to follow their name.
    fn sentence(&self, event: &Event) -> String {
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
                None => format!("renewed the key of the team's names (generation {})", opened.generation.0),
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
            Event::HistoryAccepted(_) => "accepted that the vault lost a part of the history".to_owned(),
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
