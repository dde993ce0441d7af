//! Wrapped keys: one for each keyholder, key and wrapper.

use std::collections::BTreeSet;

use twinlock_protocol::api::{MissingWrap, Wrap};
use twinlock_protocol::encoding::{Bytes, Fields};
use twinlock_protocol::event::Half;
use twinlock_protocol::keyholder::ENCAPSULATED_KEY_BYTES;
use twinlock_protocol::{EnvironmentId, Generation, KeyholderId, TeamId};

use super::{Reading, Writing};
use crate::database::StoreError;

impl Reading<'_> {
    /// All wraps to one keyholder.
    pub(crate) fn wraps(&self, team: TeamId, keyholder: KeyholderId) -> Result<Vec<Wrap>, StoreError> {
        let mut statement = self.transaction.prepare_cached(
            "SELECT environment, generation, half, wrapper, wrap FROM wraps WHERE team = ?1 AND keyholder = ?2",
        )?;
        let mut rows = statement.query((team.as_bytes(), keyholder.as_bytes()))?;
        let mut wraps = Vec::new();
        while let Some(row) = rows.next()? {
            let (environment, generation, half): (Vec<u8>, u32, String) =
                (row.get(0)?, row.get(1)?, row.get(2)?);
            let (wrapper, field): (Vec<u8>, Vec<u8>) = (row.get(3)?, row.get(4)?);
            let mut wrap = Wrap {
                keyholder,
                environment: environment_from(&environment)?,
                generation: Generation(generation),
                half: half_from(&half)?,
                wrapper: KeyholderId::try_from(wrapper.as_slice()).map_err(|_| wrong())?,
                encapsulated: Bytes::default(),
                sealed: Bytes::default(),
            };
            let content = self.open("wraps", "wrap", &row_key(team, &wrap), &field)?;
            let (encapsulated, sealed) =
                content.split_at_checked(ENCAPSULATED_KEY_BYTES).ok_or_else(wrong)?;
            wrap.encapsulated = encapsulated.into();
            wrap.sealed = sealed.into();
            wraps.push(wrap);
        }
        Ok(wraps)
    }

    /// Which keys of a team are wrapped to whom, by whomever.
    pub(crate) fn wrapped_keys(&self, team: TeamId) -> Result<BTreeSet<MissingWrap>, StoreError> {
        let mut statement = self.transaction.prepare_cached(
            "SELECT DISTINCT keyholder, environment, generation, half FROM wraps WHERE team = ?1",
        )?;
        let mut rows = statement.query([team.as_bytes()])?;
        let mut keys = BTreeSet::new();
        while let Some(row) = rows.next()? {
            let (keyholder, environment): (Vec<u8>, Vec<u8>) = (row.get(0)?, row.get(1)?);
            let (generation, half): (u32, String) = (row.get(2)?, row.get(3)?);
            keys.insert(MissingWrap {
                keyholder: KeyholderId::try_from(keyholder.as_slice()).map_err(|_| wrong())?,
                environment: environment_from(&environment)?,
                generation: Generation(generation),
                half: half_from(&half)?,
            });
        }
        Ok(keys)
    }
}

impl Writing<'_> {
    /// Keeps a wrap, in place of one that the same wrapper made before.
    pub(crate) fn set_wrap(&self, team: TeamId, wrap: &Wrap) -> Result<(), StoreError> {
        let content = [wrap.encapsulated.0.as_slice(), &wrap.sealed].concat();
        let field = self.seal("wraps", "wrap", &row_key(team, wrap), &content)?;
        self.transaction
            .prepare_cached(
                "INSERT INTO wraps (team, keyholder, environment, generation, half, wrapper, wrap)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                 ON CONFLICT (team, keyholder, environment, generation, half, wrapper)
                 DO UPDATE SET wrap = excluded.wrap",
            )?
            .execute((
                team.as_bytes(),
                wrap.keyholder.as_bytes(),
                environment_bytes(wrap.environment.as_ref()),
                wrap.generation.0,
                wrap.half.as_str(),
                wrap.wrapper.as_bytes(),
                field,
            ))?;
        Ok(())
    }
}

fn wrong() -> StoreError {
    StoreError::Contradiction("a stored wrap has not the form of one")
}

fn environment_bytes(environment: Option<&EnvironmentId>) -> &[u8] {
    environment.map_or(&[], |environment| environment.as_bytes())
}

fn environment_from(bytes: &[u8]) -> Result<Option<EnvironmentId>, StoreError> {
    if bytes.is_empty() {
        return Ok(None);
    }
    EnvironmentId::try_from(bytes).map(Some).map_err(|_| wrong())
}

fn half_from(text: &str) -> Result<Half, StoreError> {
    Half::BOTH.into_iter().find(|half| half.as_str() == text).ok_or_else(wrong)
}

fn row_key(team: TeamId, wrap: &Wrap) -> Vec<u8> {
    Fields::default()
        .bytes(team.as_bytes())
        .bytes(wrap.keyholder.as_bytes())
        .bytes(environment_bytes(wrap.environment.as_ref()))
        .u32(wrap.generation.0)
        .text(wrap.half.as_str())
        .bytes(wrap.wrapper.as_bytes())
        .as_bytes()
        .to_vec()
}
