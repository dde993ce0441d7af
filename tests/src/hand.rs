//! Somebody with the root key of a vault's application service, and its database while it is down: who writes into it what
//! the service would never take, or takes away what it took.

use std::path::Path;

use aes_gcm::aead::{Aead as _, KeyInit as _, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use rusqlite::Connection;
use twinlock_protocol::encoding::Fields;
use twinlock_protocol::event::Head;
use twinlock_protocol::{Envelope, EnvironmentId, StatementHash, TeamId};

/// A hand in one database.
pub struct Hand {
    database: Connection,
    key: Aes256Gcm,
    key_id: Vec<u8>,
}

impl Hand {
    /// In the folder of a vault that does not run.
    #[must_use]
    pub fn on(data: &Path) -> Self {
        let database = Connection::open(data.join("application.db")).expect("a database");
        let root = std::fs::read(data.join("application-root.key")).expect("a root key");
        let root: [u8; 32] = root.try_into().expect("32 bytes");
        let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
        let (key_id, wrapped): (Vec<u8>, Vec<u8>) = database
            .query_row("SELECT id, wrapped FROM data_keys WHERE use = 'current'", [], read)
            .expect("a data key");
        let context = Fields::purpose("twinlock/v1/server-data-key").text("application").bytes(&key_id);
        let (nonce, sealed) = wrapped.split_first_chunk::<12>().expect("a nonce");
        let payload = Payload { msg: sealed, aad: context.as_bytes() };
        let key = Aes256Gcm::new(&root.into()).decrypt(&Nonce::from(*nonce), payload).expect("it unwraps");
        let key: [u8; 32] = key.try_into().expect("32 bytes");
        Self { database, key: Aes256Gcm::new(&key.into()), key_id }
    }

    fn sealed(&self, table: &str, column: &str, row: &[u8], content: &[u8]) -> Vec<u8> {
        let context = Fields::purpose("twinlock/v1/server-field")
            .text("application")
            .bytes(&self.key_id)
            .text(table)
            .text(column)
            .bytes(row);
        let nonce: [u8; 12] = rand::random();
        let payload = Payload { msg: content, aad: context.as_bytes() };
        let sealed = self.key.encrypt(&Nonce::from(nonce), payload).expect("it seals");
        [&[1], self.key_id.as_slice(), &nonce, &sealed].concat()
    }

    fn head(number: u64, hash: StatementHash) -> Vec<u8> {
        [number.to_be_bytes().as_slice(), hash.as_bytes()].concat()
    }

    /// Puts an event behind the end of a log, whatever it records.
    pub fn plant(&self, team: TeamId, sequence: u64, statement: &Envelope) {
        let number = i64::try_from(sequence).expect("a sequence");
        let row = [team.as_bytes().as_slice(), &number.to_be_bytes()].concat();
        let json = serde_json::to_vec(statement).expect("JSON");
        let event = self.sealed("events", "statement", &row, &json);
        let head = Self::head(sequence, statement.hash());
        let head = self.sealed("teams", "head", team.as_bytes(), &head);
        self.database
            .execute("INSERT INTO events VALUES (?1, ?2, ?3)", (team.as_bytes(), number, event))
            .expect("a row");
        self.database
            .execute("UPDATE teams SET head = ?2 WHERE team = ?1", (team.as_bytes(), head))
            .expect("a row");
    }

    /// Takes the end of a history away: it ends at this head, and nothing says that there was more.
    pub fn cut(&self, environment: EnvironmentId, to: Head) {
        let head = Self::head(to.number, to.hash);
        let head = self.sealed("environments", "head", environment.as_bytes(), &head);
        let number = i64::try_from(to.number).expect("a number");
        let gone = self
            .database
            .execute(
                "DELETE FROM revisions WHERE environment = ?1 AND number > ?2",
                (environment.as_bytes(), number),
            )
            .expect("rows");
        assert!(gone > 0, "there was nothing behind it");
        self.database
            .execute(
                "UPDATE environments SET head = ?2 WHERE environment = ?1",
                (environment.as_bytes(), head),
            )
            .expect("a row");
    }
}
