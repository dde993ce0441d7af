//! Whoever seals values and pushes them.

use twinlock_protocol::api::{PushRevision, Pushed, ValueBlob, Values};
use twinlock_protocol::encoding::Bytes;
use twinlock_protocol::environment::{Environment, digest};
use twinlock_protocol::revision::{Cause, Change, Put, Revision};
use twinlock_protocol::timestamp::Timestamp;
use twinlock_protocol::{EntryId, Envelope, EnvironmentId, Generation, Pointer, TeamId, Verified};
use twinlock_seal::{KeyScope, NameKey, ValueKey};

use super::{Answer, Client, Vault, random};

/// An environment as one of its writers knows it.
pub(crate) struct Writer {
    pub(crate) environment: Verified<Environment>,
    pub(crate) name_key: NameKey,
    pub(crate) value_key: ValueKey,
}

pub(crate) fn environment_keys(
    team: TeamId,
    environment: EnvironmentId,
    generation: Generation,
) -> (NameKey, ValueKey) {
    let scope = KeyScope { team, environment: Some(environment), generation };
    (NameKey::generate(scope, &mut rand::rng()), ValueKey::generate(scope, &mut rand::rng()))
}

impl Writer {
    pub(crate) fn path(&self, resource: &str) -> String {
        format!("/v1/environments/{}/{resource}", self.environment.id())
    }

    /// Sealed entries after the last one, and their values' blobs.
    pub(crate) fn seal(&self, values: &[&str]) -> (Vec<Put>, Vec<ValueBlob>) {
        let last = self.environment.in_order().last().map(|(_, entry)| entry.position.clone());
        let positions = twinlock_protocol::position::spread(last.as_ref(), None, values.len()).unwrap();
        let sealed = values.iter().zip(positions).map(|(value, position)| {
            let (pointer, rng) = (Pointer::new(random()), &mut rand::rng());
            let blob: Bytes = self.value_key.seal_value(pointer, value, rng);
            let name = self.name_key.seal_name(pointer, "NAME=", rng);
            let put = Put { entry: EntryId::new(random()), position, name, pointer, digest: digest(&blob) };
            (put, ValueBlob { pointer, blob })
        });
        sealed.unzip()
    }
}

impl Client {
    /// Puts a value for each pointer.
    pub(crate) async fn put_values(&self, vault: &Vault, writer: &Writer, values: &[ValueBlob]) -> Answer {
        self.send(vault, "PUT", &writer.path("values"), &Values { values: values.to_vec() }).await
    }

    /// A revision on top of what the writer knows, signed; nothing is stored or remembered yet.
    pub(crate) fn revision(&self, writer: &Writer, cause: Cause, changes: Vec<Change>) -> Envelope {
        let environment = &writer.environment;
        let (author, generation) = (self.id(), writer.name_key.scope().generation);
        self.computer.sign_revision(&Revision {
            team: self.team.id(),
            environment: environment.id(),
            author,
            number: environment.head().number + 1,
            previous: environment.head().hash,
            generation,
            team_head: self.team.head(),
            state: environment.state_after(&changes, author, generation).unwrap(),
            changes,
            cause,
            message: None,
            created_at: Timestamp(0),
        })
    }

    pub(crate) async fn push(&self, vault: &Vault, writer: &Writer, statement: &Envelope) -> Answer {
        let body = PushRevision { statement: statement.clone() };
        self.post(vault, &writer.path("revisions"), &body).await
    }

    /// Seals, puts and pushes one new entry for each value.
    pub(crate) async fn push_values(&self, vault: &Vault, writer: &mut Writer, values: &[&str]) -> Vec<Put> {
        let (puts, blobs) = writer.seal(values);
        self.put_values(vault, writer, &blobs).await.done();
        let changes = puts.iter().cloned().map(Change::Put).collect();
        let statement = self.revision(writer, Cause::Push, changes);
        let pushed: Pushed = self.push(vault, writer, &statement).await.ok();
        writer.environment.append(&self.team, &statement).unwrap();
        assert_eq!(pushed.head, writer.environment.head());
        puts
    }
}
