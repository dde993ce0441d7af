//! Everything that was ever signed in the team, as far as this computer has it: in plain sentences, replayed from the
//! start, or written out for somebody else to check. What was kept here is what is looked at; fetching is asked for apart.

use serde::Serialize;
use serde_json::Value;
use twinlock_protocol::encoding::{decode_strict, to_base64url};
use twinlock_protocol::envelope::Envelope;
use twinlock_protocol::environment::Environment;
use twinlock_protocol::event::{Head, LogHead, TeamEvent};
use twinlock_protocol::ids::{EnvironmentId, TeamId};
use twinlock_protocol::limits;
use twinlock_protocol::revision::{Cause, Revision};
use twinlock_protocol::team::replay;

use super::session::{Session, damaged, stored};
use super::told::Told;
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
    /// Fetches what was signed since, as far as the vault can be reached: the log, and the revisions of what this member
    /// has access to.
    pub async fn fetch_activity(&self) -> Result<(), Error> {
        let mut state = self.state().await;
        let joined = state.joined()?;
        self.try_refresh_log(joined).await?;
        let all: Vec<_> = joined.session.team.environments().keys().copied().collect();
        for id in all.into_iter().filter(|id| joined.session.my_level(*id).is_some()).collect::<Vec<_>>() {
            self.try_refresh_history(joined, id).await?;
        }
        Ok(())
    }

    /// What was signed, in sentences: the log's events, then each environment's revisions, oldest first.
    pub async fn activity(&self) -> Result<Vec<ActivityView>, Error> {
        let mut state = self.current_state().await?;
        let joined = state.joined()?;
        self.catch_up(joined)?;
        self.store().read(|step| sentences(joined, step))
    }

    /// Replays the log and every environment from their first statements, as if they had just been served, and
    /// holds them against what this computer has seen. Believes nothing that was verified before.
    pub async fn replay_activity(&self) -> Result<ReplayedView, Error> {
        let mut state = self.current_state().await?;
        let joined = state.joined()?;
        self.catch_up(joined)?;
        self.store().read(|step| replayed(&joined.session, step))
    }

    /// The statements and the evidence of refusals, one JSON document to a line.
    pub async fn export_activity(&self) -> Result<String, Error> {
        let mut state = self.current_state().await?;
        let joined = state.joined()?;
        self.catch_up(joined)?;
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
            values += usize::from(step.blob(*id, entry.digest)?.is_some());
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
    for given_up in step.given_up()? {
        let statement: Value = serde_json::from_slice(&given_up.envelope).unwrap_or_default();
        let about = serde_json::json!({ "environment": given_up.environment });
        let evidence = serde_json::json!({
            "accepted": given_up.accepted, "number": given_up.number, "statement": statement,
        });
        add(&Line::Refusal { about, code: "given-up", at: given_up.at.as_millisecond(), evidence })?;
    }
    Ok(lines)
}

fn sentences(joined: &Joined, step: &Step<'_>) -> Result<Vec<ActivityView>, Error> {
    let session = &joined.session;
    let mut told = Told::new(session);
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
pub(super) fn decoded<T: Serialize + serde::de::DeserializeOwned>(statement: &Envelope) -> Result<T, Error> {
    decode_strict(&statement.payload, limits::STATEMENT_BYTES)
        .map_err(|_| StoreError::Damaged { place: "statements".to_owned() }.into())
}

fn revised(revision: &Revision) -> String {
    let number = revision.changes.len();
    let changes = if number == 1 { "1 change".to_owned() } else { format!("{number} changes") };
    match revision.cause {
        Cause::Push => format!("pushed {changes}"),
        Cause::Import => format!("imported a file: {changes}"),
        Cause::Restore => format!("restored what was: {changes}"),
        Cause::Rotate => "sealed everything anew under new keys".to_owned(),
        Cause::Purge => format!("deleted former values for good: {changes}"),
    }
}
