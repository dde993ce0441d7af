//! What this computer remembers against a vault that lies: refusals with their evidence, and which id a
//! name stood for.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use twinlock_protocol::encoding::Bytes;
use twinlock_protocol::{EnvironmentId, Pointer, TeamId};
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
    /// The value that it is about, where that is one which the environment has no more.
    pub former: Option<Pointer>,
    /// What was served last, for whoever looks into it.
    pub evidence: Zeroizing<Vec<u8>>,
    /// When it was refused last.
    pub at: Timestamp,
    /// What was served when it was refused the first time, if it was more than once.
    pub first: Option<(Timestamp, Zeroizing<Vec<u8>>)>,
}

/// Evidence as it is sealed: the last, and the first where there was more than one.
#[derive(Serialize, Deserialize)]
struct KeptEvidence {
    last: Bytes,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    first: Option<(i64, Bytes)>,
}

impl Step<'_> {
    /// Keeps a refusal: the first and the last for each code in each scope, so that neither a vault can fill the disk nor
    /// a second lie takes the place of the first.
    pub fn set_refusal(&mut self, refusal: &RefusalRecord) -> Result<(), StoreError> {
        let RefusalRecord { scope, code, former, evidence, at, .. } = refusal;
        let kind = kind_of(code, *former);
        let before = self
            .all_refusals()?
            .into_iter()
            .find(|known| known.scope == *scope && known.code == *code && known.former == *former);
        let first = before.map(|before| before.first.unwrap_or((before.at, before.evidence)));
        let kept = KeptEvidence {
            last: Bytes(evidence.to_vec()),
            first: first.map(|(at, evidence)| (at.as_millisecond(), Bytes(evidence.to_vec()))),
        };
        let kept = Zeroizing::new(serde_json::to_vec(&kept).map_err(|_| StoreError::TooLarge)?);
        let sealed = self.seal.seal(evidence_place(&refusal_row(scope, &kind)), &kept)?;
        self.write(
            "INSERT OR REPLACE INTO refusals (scope_kind, scope, code, refused_at, sealed_evidence, ended) \
             VALUES (?1, ?2, ?3, ?4, ?5, 0)",
            (scope.kind(), scope.bytes(), kind, at.as_millisecond(), sealed),
        )?;
        Ok(())
    }

    /// The refusals that stand, the latest first.
    pub fn refusals(&self) -> Result<Vec<RefusalRecord>, StoreError> {
        self.refusals_where("ended = 0")
    }

    /// All refusals, also those that are over: of each kind the first and the last, the latest first.
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
                let kept = self.seal.open(evidence_place(&refusal_row(&scope, &code)), &sealed)?;
                // Before there was a first and a last, the evidence was kept as it is.
                let kept = serde_json::from_slice(&kept)
                    .unwrap_or_else(|_| KeptEvidence { last: Bytes(kept.to_vec()), first: None });
                let first = match kept.first {
                    Some((at, Bytes(first))) => Some((refused_at(at)?, Zeroizing::new(first))),
                    None => None,
                };
                let (code, former) = read_kind(&code)?;
                let evidence = Zeroizing::new(kept.last.0);
                let at = refused_at(at)?;
                Ok(RefusalRecord { scope, code, former, evidence, at, first })
            })
            .collect()
    }

    /// Ends the refusals of a scope: what is served now verifies. The evidence stays, or a vault could make it go away
    /// by being honest once. Says whether there were any. Those about former values stay: nobody looked at these.
    pub fn end_refusals(&mut self, scope: &Scope) -> Result<bool, StoreError> {
        let ended = self.write(
            "UPDATE refusals SET ended = 1 WHERE scope_kind = ?1 AND scope = ?2 AND ended = 0 AND instr(code, '/') = 0",
            (scope.kind(), scope.bytes()),
        )?;
        Ok(ended > 0)
    }

    /// Ends the refusals about former values: they were served now, and verify, or are to be missed by nobody.
    pub fn end_refusals_of(
        &mut self,
        scope: &Scope,
        values: impl IntoIterator<Item = Pointer>,
    ) -> Result<bool, StoreError> {
        let mut any = false;
        for value in values {
            let ended = self.write(
                "UPDATE refusals SET ended = 1 WHERE scope_kind = ?1 AND scope = ?2 AND ended = 0 \
                 AND code LIKE '%/' || ?3",
                (scope.kind(), scope.bytes(), value.to_string()),
            )?;
            any |= ended > 0;
        }
        Ok(any)
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

/// A refusal's code, and behind a slash the former value that it is about, if it is about one.
fn kind_of(code: &str, former: Option<Pointer>) -> String {
    former.map_or_else(|| code.to_owned(), |value| format!("{code}/{value}"))
}

fn read_kind(kind: &str) -> Result<(String, Option<Pointer>), StoreError> {
    let Some((code, value)) = kind.split_once('/') else { return Ok((kind.to_owned(), None)) };
    let value = value.parse().map_err(|_| StoreError::Damaged { place: "refusals.code".into() })?;
    Ok((code.to_owned(), Some(value)))
}

fn refused_at(at: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_millisecond(at).map_err(|_| StoreError::Damaged { place: "refusals.refused_at".into() })
}

fn refusal_row<'a>(scope: &'a Scope, code: &'a str) -> [&'a [u8]; 3] {
    [scope.kind().as_bytes(), scope.bytes(), code.as_bytes()]
}

fn evidence_place<'a>(row: &'a [&'a [u8]]) -> Place<'a> {
    Place { table: "refusals", column: "evidence", row }
}
