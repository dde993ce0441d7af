//! Teams and their logs.

use rusqlite::OptionalExtension as _;
use twinlock_protocol::event::LogHead;
use twinlock_protocol::{Envelope, TeamId};

use super::{Reading, Writing, as_integer, heads};
use crate::database::StoreError;

impl Reading<'_> {
    /// All teams.
    pub(crate) fn teams(&self) -> Result<Vec<TeamId>, StoreError> {
        let mut statement = self.transaction.prepare_cached("SELECT team FROM teams")?;
        let rows = statement.query_map([], |row| row.get::<_, Vec<u8>>(0))?;
        rows.map(|row| {
            TeamId::try_from(row?.as_slice())
                .map_err(|_| StoreError::Contradiction("a team's id has another size"))
        })
        .collect()
    }

    /// Where a team's log ends, as it was noted apart from the log.
    pub(crate) fn log_head(&self, team: TeamId) -> Result<Option<LogHead>, StoreError> {
        let field: Option<Vec<u8>> = self
            .transaction
            .prepare_cached("SELECT head FROM teams WHERE team = ?1")?
            .query_row([team.as_bytes()], |row| row.get(0))
            .optional()?;
        let Some(field) = field else { return Ok(None) };
        let (sequence, hash) = heads::from_bytes(&self.open("teams", "head", team.as_bytes(), &field)?)?;
        Ok(Some(LogHead { sequence, hash }))
    }

    /// At most `limit` events after a sequence, and no more once they exceed `bytes`.
    pub(crate) fn events(
        &self,
        team: TeamId,
        after: u64,
        limit: usize,
        bytes: usize,
    ) -> Result<Vec<Envelope>, StoreError> {
        let mut statement = self.transaction.prepare_cached(
            "SELECT sequence, statement FROM events WHERE team = ?1 AND sequence > ?2 ORDER BY sequence LIMIT ?3",
        )?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let mut rows = statement.query((team.as_bytes(), as_integer(after)?, limit))?;
        let (mut events, mut size) = (Vec::new(), 0);
        while let Some(row) = rows.next()? {
            let (sequence, field): (i64, Vec<u8>) = (row.get(0)?, row.get(1)?);
            size += field.len();
            if size > bytes && !events.is_empty() {
                break;
            }
            let json = self.open("events", "statement", &row_key(team, sequence), &field)?;
            events.push(envelope(&json)?);
        }
        Ok(events)
    }
}

impl Writing<'_> {
    /// Appends one event; the head is set by [`Self::set_log_head`] in the same transaction.
    pub(crate) fn insert_event(
        &self,
        team: TeamId,
        sequence: u64,
        statement: &Envelope,
    ) -> Result<(), StoreError> {
        let sequence = as_integer(sequence)?;
        let field = self.seal("events", "statement", &row_key(team, sequence), &json(statement)?)?;
        self.transaction
            .prepare_cached("INSERT INTO events (team, sequence, statement) VALUES (?1, ?2, ?3)")?
            .execute((team.as_bytes(), sequence, field))?;
        Ok(())
    }

    /// Notes where the log ends, for a team known or new.
    pub(crate) fn set_log_head(&self, team: TeamId, head: LogHead) -> Result<(), StoreError> {
        let head = heads::to_bytes(head.sequence, head.hash);
        let field = self.seal("teams", "head", team.as_bytes(), &head)?;
        self.transaction
            .prepare_cached(
                "INSERT INTO teams (team, head) VALUES (?1, ?2) ON CONFLICT (team) DO UPDATE SET head = excluded.head",
            )?
            .execute((team.as_bytes(), field))?;
        Ok(())
    }
}

fn row_key(team: TeamId, sequence: i64) -> Vec<u8> {
    [team.as_bytes().as_slice(), &sequence.to_be_bytes()].concat()
}

pub(super) fn json(statement: &Envelope) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec(statement)
        .map_err(|_| StoreError::Contradiction("a statement can't be written as JSON"))
}

pub(super) fn envelope(json: &[u8]) -> Result<Envelope, StoreError> {
    serde_json::from_slice(json).map_err(|_| StoreError::Contradiction("a stored statement is not one"))
}
