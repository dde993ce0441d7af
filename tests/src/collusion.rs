//! A vault that works together with somebody: it serves what the honest one has, and behind it what its friends
//! signed, as if it had been accepted.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};
use twinlock_protocol::api::ValueBlob;
use twinlock_protocol::event::LogHead;
use twinlock_protocol::team::Team;
use twinlock_protocol::{Envelope, EnvironmentId};

use crate::lying_proxy::{Asked, Lie, Told};

/// What is served beyond what the honest vault has.
#[derive(Clone, Default)]
pub struct Collusion {
    /// Behind the log.
    pub events: Vec<Envelope>,
    /// Behind environments' histories.
    pub revisions: BTreeMap<EnvironmentId, Vec<Envelope>>,
    /// Values that the honest vault never stored.
    pub values: Vec<ValueBlob>,
    /// Where the log seems to end.
    pub log_ends: Option<LogHead>,
}

impl Collusion {
    /// With these events behind the log.
    #[must_use]
    pub fn events(events: impl Into<Vec<Envelope>>) -> Self {
        Self { events: events.into(), ..Self::default() }
    }

    /// With these revisions behind an environment's history.
    #[must_use]
    pub fn revisions(environment: EnvironmentId, revisions: impl Into<Vec<Envelope>>) -> Self {
        Self { revisions: [(environment, revisions.into())].into(), ..Self::default() }
    }

    /// And with these events.
    #[must_use]
    pub fn and_events(mut self, events: impl Into<Vec<Envelope>>) -> Self {
        self.events = events.into();
        self
    }

    /// And with these values.
    #[must_use]
    pub fn and_values(mut self, values: impl Into<Vec<ValueBlob>>) -> Self {
        self.values = values.into();
        self
    }

    /// And with nothing of the log behind this event.
    #[must_use]
    pub fn hiding_events_after(mut self, sequence: u64, team: &Team) -> Self {
        self.log_ends = team.hash_at(sequence).map(|hash| LogHead { sequence, hash });
        self
    }

    /// As a lie for the proxy.
    #[must_use]
    pub fn lie(self) -> Lie {
        Arc::new(move |asked, answer| Told::Json(self.tell(asked, answer)))
    }

    fn tell(&self, asked: &Asked, mut answer: Value) -> Value {
        if asked.path.ends_with("/events") {
            if let (Some(end), Some(served)) = (self.log_ends, answer["statements"].as_array_mut()) {
                served.truncate(usize::try_from(end.sequence.saturating_sub(asked.after())).unwrap_or(0));
                answer["head"] = json!(end);
            }
            splice(asked, &mut answer, &self.events, "sequence");
        }
        for (environment, revisions) in &self.revisions {
            if asked.path == format!("/v1/environments/{environment}/revisions") {
                splice(asked, &mut answer, revisions, "number");
            }
        }
        if asked.path.ends_with("/values/query")
            && let Some(values) = answer["values"].as_array_mut()
            && let Ok(query) = serde_json::from_slice::<Value>(&asked.body)
        {
            let wanted = |value: &&ValueBlob| {
                query["pointers"].as_array().is_some_and(|all| all.contains(&json!(value.pointer)))
            };
            values.extend(self.values.iter().filter(wanted).map(|value| json!(value)));
        }
        answer
    }
}

/// Adds statements behind the last page of a history.
fn splice(asked: &Asked, answer: &mut Value, more: &[Envelope], counted: &str) {
    let (Some(last), Some(head)) = (more.last(), answer["head"][counted].as_u64()) else { return };
    let Some(served) = answer["statements"].as_array_mut() else { return };
    let reached = asked.after() + served.len() as u64;
    if reached < head {
        return;
    }
    let known = usize::try_from(reached - head).unwrap_or(usize::MAX);
    served.extend(more.iter().skip(known).map(|statement| json!(statement)));
    answer["head"] = json!({ counted: head + more.len() as u64, "hash": last.hash() });
}
