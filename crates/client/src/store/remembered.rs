//! What this computer remembers against a vault that lies: refusals with their evidence, and which id a
//! name stood for.

use jiff::Timestamp;
use twinlock_protocol::{EnvironmentId, TeamId};
use zeroize::Zeroizing;

use super::sealed::Place;
use super::{Step, StoreError};

/// Whose history, keys or refusal it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// A team: its log, its own name key.
    Team(TeamId),
    /// An environment: its revisions, its keys.
    Environment(EnvironmentId),
}

/// Something that the vault served and that does not verify.
#[derive(Clone, PartialEq, Eq)]
pub struct RefusalRecord {
    /// Whose history it concerns.
    pub scope: Scope,
    /// The refusal's code.
    pub code: String,
    /// What was served, for whoever looks into it.
    pub evidence: Zeroizing<Vec<u8>>,
    /// When it was refused last.
    pub at: Timestamp,
}

impl Step<'_> {
    /// Keeps a refusal: one for each code in each scope, the latest, so that a vault cannot fill the disk.
    pub fn set_refusal(&mut self, refusal: &RefusalRecord) -> Result<(), StoreError> {
        let RefusalRecord { scope, code, evidence, at } = refusal;
        let sealed = self.seal.seal(evidence_place(&refusal_row(scope, code)), evidence)?;
        self.write(
            "INSERT OR REPLACE INTO refusals (scope_kind, scope, code, refused_at, sealed_evidence, ended) \
             VALUES (?1, ?2, ?3, ?4, ?5, 0)",
            (scope.kind(), scope.bytes(), code, at.as_millisecond(), sealed),
        )?;
        Ok(())
    }

    /// The refusals that stand, the latest first.
    pub fn refusals(&self) -> Result<Vec<RefusalRecord>, StoreError> {
        self.refusals_where("ended = 0")
    }

    /// All refusals, also those that are over: of each kind the last, the latest first.
    pub fn all_refusals(&self) -> Result<Vec<RefusalRecord>, StoreError> {
        self.refusals_where("true")
    }

    fn refusals_where(&self, condition: &'static str) -> Result<Vec<RefusalRecord>, StoreError> {
        type Row = (String, Vec<u8>, String, i64, Vec<u8>);
        let rows: Vec<Row> = self.all(
            &format!(
                "SELECT scope_kind, scope, code, refused_at, sealed_evidence FROM refusals WHERE {condition} \
                 ORDER BY refused_at DESC"
            ),
            (),
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?)),
        )?;
        rows.into_iter()
            .map(|(kind, scope, code, at, sealed)| {
                let scope = Scope::read(&kind, &scope, "refusals.scope")?;
                let evidence = self.seal.open(evidence_place(&refusal_row(&scope, &code)), &sealed)?;
                let at = Timestamp::from_millisecond(at)
                    .map_err(|_| StoreError::Damaged { place: "refusals.refused_at".into() })?;
                Ok(RefusalRecord { scope, code, evidence, at })
            })
            .collect()
    }

    /// Ends the refusals of a scope: what is served now verifies. The evidence stays, or a vault could make it go away
    /// by being honest once. Says whether there were any.
    pub fn end_refusals(&mut self, scope: &Scope) -> Result<bool, StoreError> {
        let ended = self.write(
            "UPDATE refusals SET ended = 1 WHERE scope_kind = ?1 AND scope = ?2 AND ended = 0",
            (scope.kind(), scope.bytes()),
        )?;
        Ok(ended > 0)
    }

    /// Remembers which id a name stood for, within what contains it. The name itself is not kept.
    pub fn remember_name(&mut self, within: &[u8; 16], name: &str, id: &[u8; 16]) -> Result<(), StoreError> {
        let keyed = self.seal.recognise("name", &[within, name.as_bytes()]);
        self.write("INSERT OR REPLACE INTO remembered_names (keyed_name, id) VALUES (?1, ?2)", (keyed, id))?;
        Ok(())
    }

    /// The id a name stood for when it was last used.
    pub fn remembered_name(&self, within: &[u8; 16], name: &str) -> Result<Option<[u8; 16]>, StoreError> {
        let keyed = self.seal.recognise("name", &[within, name.as_bytes()]);
        self.optional("SELECT id FROM remembered_names WHERE keyed_name = ?1", [keyed], |row| row.get(0))
    }
}

fn refusal_row<'a>(scope: &'a Scope, code: &'a str) -> [&'a [u8]; 3] {
    [scope.kind().as_bytes(), scope.bytes(), code.as_bytes()]
}

fn evidence_place<'a>(row: &'a [&'a [u8]]) -> Place<'a> {
    Place { table: "refusals", column: "evidence", row }
}
