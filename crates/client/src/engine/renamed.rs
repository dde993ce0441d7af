//! Names that a renewal of the team's name key gave to other environments. A renewal seals every name anew and changes
//! none; it takes less than renaming does. So whoever knew the names before keeps to them: a name that stood for one
//! environment before a renewal and for another one after it is taken for none, until a person says that it is meant.

use std::collections::BTreeMap;

use twinlock_protocol::encoding::decode_strict;
use twinlock_protocol::envelope::Envelope;
use twinlock_protocol::event::{Event, TeamEvent};
use twinlock_protocol::ids::EnvironmentId;
use twinlock_protocol::limits;
use twinlock_protocol::team::Team;

use super::session::Session;
use super::{Client, Joined};
use crate::error::Error;
use crate::team::folded;

/// The note in which names wait that stood before a renewal whose key is not here yet; sealed.
const BEFORE: &str = "names before a renewal";

/// What environments were called.
pub(super) type Names = BTreeMap<EnvironmentId, String>;

impl Client {
    /// Keeps what environments were called before the key of the names was renewed: before anything else is believed of
    /// that renewal.
    pub(super) fn keep_names_before(&self, names: Names) -> Result<(), Error> {
        if names.is_empty() {
            return Ok(());
        }
        self.store().step(|step| {
            let mut kept: Names = read(step.note(BEFORE)?.as_deref().map(Vec::as_slice));
            for (id, name) in names {
                // Of several renewals, the names before the first.
                kept.entry(id).or_insert(name);
            }
            step.set_note(BEFORE, &written(&kept)?)?;
            Ok(())
        })
    }

    /// Compares them with the names of now, as far as these open. Of what is called otherwise the name of before is
    /// remembered, as if it had been used here.
    pub(super) fn compare_names(&self, joined: &Joined) -> Result<(), Error> {
        let (session, scope) = (&joined.session, joined.session.team.id());
        let kept: Names = read(self.store().read(|step| step.note(BEFORE))?.as_deref().map(Vec::as_slice));
        let mut waiting = Names::new();
        let mut moved = Vec::new();
        for (id, before) in &kept {
            match name(session, &session.team, *id) {
                None if session.team.environment(*id).is_ok() => {
                    waiting.insert(*id, before.clone());
                }
                Some(now) if now != *before => moved.push((folded(before), *id)),
                _ => {}
            }
        }
        if waiting == kept {
            return Ok(());
        }
        self.store().step(|step| {
            for (before, id) in &moved {
                if step.remembered_name(scope.as_bytes(), before)?.is_none() {
                    step.remember_name(scope.as_bytes(), before, id.as_bytes())?;
                }
            }
            step.set_note(BEFORE, &written(&waiting)?)?;
            Ok(())
        })
    }
}

/// Whether a statement renews the key of the team's names.
pub(super) fn renews_names(statement: &Envelope) -> bool {
    let event = decode_strict::<TeamEvent>(&statement.payload, limits::STATEMENT_BYTES);
    event.is_ok_and(
        |event| matches!(event.event, Event::GenerationOpened(opened) if opened.environment.is_none()),
    )
}

/// The environments of a team by `project/environment`, as far as both names open here.
pub(super) fn names(session: &Session, team: &Team) -> Names {
    team.environments().keys().filter_map(|id| Some((*id, name(session, team, *id)?))).collect()
}

fn name(session: &Session, team: &Team, id: EnvironmentId) -> Option<String> {
    let environment = team.environment(id).ok()?;
    let project = session.label(&team.projects().get(&environment.project)?.label)?;
    Some(format!("{project}/{}", session.label(&environment.label)?))
}

/// What is of another form says nothing.
fn read(note: Option<&[u8]>) -> Names {
    note.and_then(|note| serde_json::from_slice(note).ok()).unwrap_or_default()
}

fn written(names: &Names) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(names).map_err(|error| Error::Bug(error.to_string()))
}
