//! Labels, values and revisions, sealed under the keys that this keyholder has or makes up.

use twinlock_protocol::api::ValueBlob;
use twinlock_protocol::encoding::Bytes;
use twinlock_protocol::environment::digest;
use twinlock_protocol::event::{Commitments, Event, GenerationOpened, SealedLabel};
use twinlock_protocol::ids::StateHash;
use twinlock_protocol::revision::{Cause, Change, Put, Revision};
use twinlock_protocol::timestamp::Timestamp;
use twinlock_protocol::{EntryId, Envelope, EnvironmentId, Generation, LabelId, Pointer, position};
use twinlock_seal::{KeyScope, NameKey, ValueKey};

use super::{Forge, Keys, random};

impl Forge {
    pub(super) fn team_key(&self) -> Option<&NameKey> {
        self.team_keys.get(&self.team().generations().last()?.number)
    }

    pub(super) fn keys(&self, environment: EnvironmentId) -> Option<&Keys> {
        self.keys.get(&(environment, self.generation(environment)))
    }

    /// The generation of an environment's keys that is due.
    #[must_use]
    pub fn generation(&self, environment: EnvironmentId) -> Generation {
        self.team().environment(environment).expect("an environment").current().number
    }

    /// A label under the team's key; who does not have it makes one up.
    #[must_use]
    pub fn label(&self, text: &str) -> SealedLabel {
        let generation = self.team().generations().last().expect("a name key").number;
        let id = LabelId::new(random());
        let own = NameKey::generate(self.scope(None, generation), &mut rand::rng());
        let key = self.team_key().unwrap_or(&own);
        SealedLabel { id, generation, sealed: key.seal_label(id, text, &mut rand::rng()) }
    }

    /// What keys are bound to.
    #[must_use]
    pub fn scope(&self, environment: Option<EnvironmentId>, generation: Generation) -> KeyScope {
        KeyScope { team: self.team_id, environment, generation }
    }

    /// New entries behind the last one, and their values, sealed as an honest client seals them. Who has no key
    /// makes one up.
    #[must_use]
    pub fn seal(
        &self,
        environment: EnvironmentId,
        entries: &[(&str, &str)],
    ) -> (Vec<Change>, Vec<ValueBlob>) {
        self.seal_under(environment, self.generation(environment), entries)
    }

    /// The same, under the keys of another generation.
    #[must_use]
    pub fn seal_under(
        &self,
        environment: EnvironmentId,
        generation: Generation,
        entries: &[(&str, &str)],
    ) -> (Vec<Change>, Vec<ValueBlob>) {
        let last = self.chains.get(&environment).and_then(|chain| chain.in_order().last());
        let last = last.map(|(_, entry)| entry.position.clone());
        let places = position::spread(last.as_ref(), None, entries.len()).expect("places");
        let scope = self.scope(Some(environment), generation);
        let (own_name, own_value) =
            (NameKey::generate(scope, &mut rand::rng()), ValueKey::generate(scope, &mut rand::rng()));
        let keys = self.keys.get(&(environment, generation));
        let name_key = keys.map_or(&own_name, |keys| &keys.name);
        let value_key = keys.and_then(|keys| keys.value.as_ref()).unwrap_or(&own_value);
        let sealed = entries.iter().zip(places).map(|((left, right), position)| {
            let (pointer, rng) = (Pointer::new(random()), &mut rand::rng());
            let blob: Bytes = value_key.seal_value(pointer, right, rng);
            let name = name_key.seal_name(pointer, left, rng);
            let entry = EntryId::new(random());
            let put = Put { entry, position, name, pointer, digest: digest(&blob) };
            (Change::Put(put), ValueBlob { pointer, blob })
        });
        sealed.unzip()
    }

    /// The next revision of an environment as an honest author writes it, unsigned.
    #[must_use]
    pub fn revision(&self, environment: EnvironmentId, changes: Vec<Change>) -> Revision {
        let chain = self.chain(environment);
        let generation = self.generation(environment);
        Revision {
            team: self.team_id,
            environment,
            author: self.id(),
            number: chain.head().number + 1,
            previous: chain.head().hash,
            generation,
            team_head: self.team().head(),
            state: chain
                .state_after(&changes, self.id(), generation)
                .unwrap_or_else(|_| StateHash::new([0; 32])),
            changes,
            cause: Cause::Push,
            message: None,
            created_at: Timestamp(1),
        }
    }

    /// Signs a revision.
    #[must_use]
    pub fn sign_revision(&self, revision: &Revision) -> Envelope {
        self.keyholder.sign_revision(revision)
    }

    /// A signed revision with one new variable, and its value.
    #[must_use]
    pub fn variable(&self, environment: EnvironmentId, line: (&str, &str)) -> (Envelope, Vec<ValueBlob>) {
        let (changes, values) = self.seal(environment, &[line]);
        (self.sign_revision(&self.revision(environment, changes)), values)
    }

    /// Puts values and pushes changes to the vault, which takes them.
    pub async fn pushes(&mut self, environment: EnvironmentId, changes: Vec<Change>, values: &[ValueBlob]) {
        self.put_values(environment, values).await.ok();
        let statement = self.sign_revision(&self.revision(environment, changes));
        self.push(environment, &statement).await.ok();
        let team = self.team().clone();
        let chain = self.chains.get_mut(&environment).expect("an environment");
        chain.append(&team, &statement).expect("a revision that the rules allow");
    }

    /// The opening of the next generation of an environment's keys, and the keys.
    #[must_use]
    pub fn opening(&self, environment: EnvironmentId) -> (Event, NameKey, ValueKey) {
        let generation = self.generation(environment).next().expect("a next generation");
        let scope = self.scope(Some(environment), generation);
        let (name, value) =
            (NameKey::generate(scope, &mut rand::rng()), ValueKey::generate(scope, &mut rand::rng()));
        let opened = Event::GenerationOpened(GenerationOpened {
            environment: Some(environment),
            generation,
            commitments: Commitments { name: name.commitment(), value: Some(value.commitment()) },
            head: self.chains.get(&environment).map(|chain| chain.head()),
            labels: Vec::new(),
        });
        (opened, name, value)
    }
}
