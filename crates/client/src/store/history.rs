//! What was received and verified: statements (only ever added), how far each history was seen, sealed
//! blobs, and wrapped keys. Kept so that this computer can work offline and give back to a vault what
//! the vault has lost.

use jiff::Timestamp;
use twinlock_protocol::envelope::Envelope;
use twinlock_protocol::environment::digest;
use twinlock_protocol::event::Half;
use twinlock_protocol::ids::{Digest, EnvironmentId};
use twinlock_protocol::{Generation, StatementHash};

use super::sealed::Place;
use super::{Opened, Scope, Step, StoreError, count, number};

/// How far a history was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pin {
    /// The number of the last statement seen: a sequence in a team's log, a revision of an environment.
    pub number: u64,
    /// Its hash.
    pub hash: StatementHash,
}

/// A revision that was seen here and is given up. Has no `Debug`: it was sealed.
pub struct GivenUp {
    /// The environment.
    pub environment: EnvironmentId,
    /// The sequence of the event by which an owner gave it up.
    pub accepted: u64,
    /// Its number.
    pub number: u64,
    /// When this computer went back.
    pub at: Timestamp,
    /// Its statement.
    pub envelope: Opened,
}

impl Step<'_> {
    /// How far this history was seen, if at all.
    pub fn pin(&self, scope: &Scope) -> Result<Option<Pin>, StoreError> {
        let row: Option<(i64, Vec<u8>)> = self.optional(
            "SELECT number, hash FROM pins WHERE scope_kind = ?1 AND scope = ?2",
            (scope.kind(), scope.bytes()),
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        row.map(|(number, hash)| {
            Ok(Pin { number: count(number, "pins.number")?, hash: super::id(&hash, "pins.hash")? })
        })
        .transpose()
    }

    /// Notes that a history was seen up to here. It never goes back, nor sideways; see [`Self::go_back`].
    pub fn advance_pin(&mut self, scope: &Scope, to: Pin) -> Result<(), StoreError> {
        match self.pin(scope)? {
            Some(pin) if pin == to => return Ok(()),
            Some(pin) if pin.number >= to.number => return Err(StoreError::PinGoesBack),
            _ => {}
        }
        self.write(
            "INSERT OR REPLACE INTO pins (scope_kind, scope, number, hash) VALUES (?1, ?2, ?3, ?4)",
            (scope.kind(), scope.bytes(), number(to.number)?, to.hash.as_bytes()),
        )?;
        Ok(())
    }

    /// Takes an environment's history back to a statement of its own, because an owner gave up what came after: the one
    /// way in which a pin ever goes back. What came after is kept apart from it, as evidence. `accepted` is the sequence
    /// of the event that says so.
    pub fn go_back(
        &mut self,
        environment: EnvironmentId,
        to: Pin,
        accepted: u64,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let scope = Scope::Environment(environment);
        match self.pin(&scope)? {
            Some(pin) if pin.number > to.number => {}
            _ => return Err(StoreError::NothingToGiveUp),
        }
        for (at, envelope) in self.statements_after(&scope, to.number)? {
            let (key, at_key) = (accepted.to_be_bytes(), at.to_be_bytes());
            let row: &[&[u8]] = &[environment.as_bytes(), &key, &at_key];
            let sealed = self.seal.seal(given_up_place(row), &envelope)?;
            self.write(
                "INSERT OR REPLACE INTO given_up (environment, accepted, number, given_up_at, sealed_envelope)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
                (environment.as_bytes(), number(accepted)?, number(at)?, now.as_millisecond(), sealed),
            )?;
        }
        self.write(
            "DELETE FROM statements WHERE scope_kind = ?1 AND scope = ?2 AND number > ?3",
            (scope.kind(), scope.bytes(), number(to.number)?),
        )?;
        self.write(
            "UPDATE pins SET number = ?3, hash = ?4 WHERE scope_kind = ?1 AND scope = ?2",
            (scope.kind(), scope.bytes(), number(to.number)?, to.hash.as_bytes()),
        )?;
        Ok(())
    }

    /// What was given up of all environments, oldest first.
    pub fn given_up(&self) -> Result<Vec<GivenUp>, StoreError> {
        type Row = (Vec<u8>, i64, i64, i64, Vec<u8>);
        let rows: Vec<Row> = self.all(
            "SELECT environment, accepted, number, given_up_at, sealed_envelope FROM given_up
             ORDER BY accepted, environment, number",
            (),
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?)),
        )?;
        rows.into_iter()
            .map(|(environment, accepted, at, given_up_at, sealed)| {
                let (accepted, number) =
                    (count(accepted, "given_up.accepted")?, count(at, "given_up.number")?);
                let (key, at_key) = (accepted.to_be_bytes(), number.to_be_bytes());
                let row: &[&[u8]] = &[&environment, &key, &at_key];
                let envelope = self.seal.open(given_up_place(row), &sealed)?;
                let environment = super::id(&environment, "given_up.environment")?;
                let damaged = |_| StoreError::Damaged { place: "given_up.given_up_at".into() };
                let at = Timestamp::from_millisecond(given_up_at).map_err(damaged)?;
                Ok(GivenUp { environment, accepted, number, at, envelope })
            })
            .collect()
    }

    /// Keeps a verified statement. Keeping it again changes nothing, in whatever order its signatures come; another one
    /// under its number is an error.
    pub fn add_statement(&mut self, scope: &Scope, at: u64, envelope: &[u8]) -> Result<(), StoreError> {
        if let Some(kept) = self.statement(scope, at)? {
            return if same_statement(&kept, envelope) { Ok(()) } else { Err(StoreError::OtherStatement) };
        }
        let sealed = self.seal.seal(envelope_place(&statement_row(scope, &at.to_be_bytes())), envelope)?;
        self.write(
            "INSERT INTO statements (scope_kind, scope, number, sealed_envelope) VALUES (?1, ?2, ?3, ?4)",
            (scope.kind(), scope.bytes(), number(at)?, sealed),
        )?;
        Ok(())
    }

    /// One statement's envelope.
    pub fn statement(&self, scope: &Scope, at: u64) -> Result<Option<Opened>, StoreError> {
        let sealed: Option<Vec<u8>> = self.optional(
            "SELECT sealed_envelope FROM statements WHERE scope_kind = ?1 AND scope = ?2 AND number = ?3",
            (scope.kind(), scope.bytes(), number(at)?),
            |row| row.get(0),
        )?;
        sealed
            .map(|sealed| self.seal.open(envelope_place(&statement_row(scope, &at.to_be_bytes())), &sealed))
            .transpose()
    }

    /// The envelopes of all statements with a number above `after`, in order.
    pub fn statements_after(&self, scope: &Scope, after: u64) -> Result<Vec<(u64, Opened)>, StoreError> {
        self.statements_where("number > ?3", scope, after)
    }

    /// The envelopes of all statements of this history, in order, from its very first (whose number may be 0).
    pub fn statements(&self, scope: &Scope) -> Result<Vec<(u64, Opened)>, StoreError> {
        self.statements_where("number >= ?3", scope, 0)
    }

    fn statements_where(
        &self,
        which: &'static str,
        scope: &Scope,
        bound: u64,
    ) -> Result<Vec<(u64, Opened)>, StoreError> {
        let rows: Vec<(i64, Vec<u8>)> = self.all(
            &format!(
                "SELECT number, sealed_envelope FROM statements
                 WHERE scope_kind = ?1 AND scope = ?2 AND {which} ORDER BY number"
            ),
            (scope.kind(), scope.bytes(), number(bound)?),
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        rows.into_iter()
            .map(|(at, sealed)| {
                let at = count(at, "statements.number")?;
                let row = statement_row(scope, &at.to_be_bytes()).map(<[u8]>::to_vec);
                let row = [&*row[0], &*row[1], &*row[2]];
                Ok((at, self.seal.open(envelope_place(&row), &sealed)?))
            })
            .collect()
    }

    /// Keeps a sealed blob of an environment as it came from the vault (or went there), by the digest that its author
    /// signed: what one environment was served never stands in for what belongs to another, nor goes with it.
    pub fn add_blob(&mut self, of: EnvironmentId, blob: &[u8]) -> Result<(), StoreError> {
        self.write(
            "INSERT OR REPLACE INTO blobs (environment, digest, blob) VALUES (?1, ?2, ?3)",
            (of.as_bytes(), digest(blob).as_bytes(), blob),
        )?;
        Ok(())
    }

    /// A blob, still sealed. One that was damaged here is as good as none.
    pub fn blob(&self, of: EnvironmentId, signed: Digest) -> Result<Option<Vec<u8>>, StoreError> {
        let kept: Option<Vec<u8>> = self.optional(
            "SELECT blob FROM blobs WHERE environment = ?1 AND digest = ?2",
            (of.as_bytes(), signed.as_bytes()),
            |row| row.get(0),
        )?;
        Ok(kept.filter(|blob| digest(blob) == signed))
    }

    /// Forgets a blob of an environment: it was purged there.
    pub fn forget_blob(&mut self, of: EnvironmentId, signed: Digest) -> Result<(), StoreError> {
        self.write(
            "DELETE FROM blobs WHERE environment = ?1 AND digest = ?2",
            (of.as_bytes(), signed.as_bytes()),
        )?;
        Ok(())
    }

    /// Keeps a wrapped key that opened and matched its commitment.
    pub fn set_wrap(
        &mut self,
        scope: &Scope,
        generation: Generation,
        half: Half,
        wrap: &[u8],
    ) -> Result<(), StoreError> {
        self.write(
            "INSERT OR REPLACE INTO wraps (scope_kind, scope, generation, half, wrap) VALUES (?1, ?2, ?3, ?4, ?5)",
            (scope.kind(), scope.bytes(), generation.0, half.as_str(), wrap),
        )?;
        Ok(())
    }

    /// A wrapped key.
    pub fn wrap(
        &self,
        scope: &Scope,
        generation: Generation,
        half: Half,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        self.optional(
            "SELECT wrap FROM wraps WHERE scope_kind = ?1 AND scope = ?2 AND generation = ?3 AND half = ?4",
            (scope.kind(), scope.bytes(), generation.0, half.as_str()),
            |row| row.get(0),
        )
    }
}

/// Whether two envelopes hold one statement: its hash is over what is signed, and not over who signed first.
fn same_statement(kept: &[u8], other: &[u8]) -> bool {
    let hash = |json| serde_json::from_slice::<Envelope>(json).map(|envelope| envelope.hash()).ok();
    kept == other || hash(kept).is_some_and(|kept| hash(other) == Some(kept))
}

fn statement_row<'a>(scope: &'a Scope, number: &'a [u8; 8]) -> [&'a [u8]; 3] {
    [scope.kind().as_bytes(), scope.bytes(), number]
}

fn envelope_place<'a>(row: &'a [&'a [u8]]) -> Place<'a> {
    Place { table: "statements", column: "envelope", row }
}

fn given_up_place<'a>(row: &'a [&'a [u8]]) -> Place<'a> {
    Place { table: "given_up", column: "envelope", row }
}
