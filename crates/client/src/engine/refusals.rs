//! What the vault served and was refused, for whoever has to do something about it.

use serde_json::Value;

use super::Client;
use crate::error::Error;
use crate::refused::{Evidence, words};
use crate::store::Scope;
use crate::view::RefusedView;

impl Client {
    /// All refusals that stand, the latest first. One stands until the vault serves a history that verifies. Asks no
    /// vault.
    pub async fn refusals(&self) -> Result<Vec<RefusedView>, Error> {
        let mut state = self.current_state().await?;
        let Some(joined) = &mut state.joined else { return Ok(Vec::new()) };
        self.catch_up(joined)?;
        let records = self.store().read(|step| step.refusals().map_err(Error::from))?;
        let session = &joined.session;
        let vault = match &joined.vault {
            Some(vault) => vault.location().url.to_string(),
            None => session.record.vault.clone(),
        };
        let view = |record: crate::store::RefusalRecord| {
            let (environment, place) = match record.scope {
                Scope::Team(_) => (None, session.record.name.clone()),
                Scope::Environment(id) => (Some(id), session.environment_name(id)),
            };
            RefusedView {
                environment,
                refusal: words(&record.code, &place, Evidence::Kept),
                at: u64::try_from(record.at.as_millisecond()).unwrap_or(0),
                vault: vault.clone(),
                // The check's own sentence. Whatever else is there, the vault sent it: not for reading.
                found: found(&record.evidence),
            }
        };
        Ok(records.into_iter().map(view).collect())
    }
}

fn found(evidence: &[u8]) -> Option<String> {
    match serde_json::from_slice(evidence).ok()? {
        Value::String(found) => Some(found),
        evidence => evidence.get("found")?.as_str().map(str::to_owned),
    }
}
