//! A team made of real keys and signatures, from a repeatable random source.

#![expect(dead_code, reason = "each test file uses a part of this")]

pub(crate) mod events;
pub(crate) mod forms;
pub(crate) mod table;
pub(crate) mod vectors;

use std::collections::BTreeMap;
use std::convert::Infallible;

use rand_core::{Rng as _, TryCryptoRng, TryRng};
use sha2::{Digest as _, Sha256};
use twinlock_protocol::envelope::Envelope;
use twinlock_protocol::environment::{Environment, digest};
use twinlock_protocol::event::*;
use twinlock_protocol::ids::*;
use twinlock_protocol::position::Position;
use twinlock_protocol::refusal::Refusal;
use twinlock_protocol::revision::*;
use twinlock_protocol::team::Team;
use twinlock_protocol::timestamp::Timestamp;
use twinlock_protocol::{Verified, position};
use twinlock_seal::{KeyScope, Keyholder, NameKey, Seed, ValueKey};

/// SHA-256 in counter mode: the same bytes on every machine and with every version of every crate.
pub(crate) struct Repeatable {
    label: &'static str,
    counter: u64,
}

impl Repeatable {
    pub(crate) fn new(label: &'static str) -> Self {
        Self { label, counter: 0 }
    }
    /// What the next call of `bytes` will give.
    pub(crate) fn peek<const N: usize>(&self) -> [u8; N] {
        Self { label: self.label, counter: self.counter }.bytes()
    }
    pub(crate) fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill_bytes(&mut bytes);
        bytes
    }
}

impl TryRng for Repeatable {
    type Error = Infallible;
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(u32::from_be_bytes(self.bytes()))
    }
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(u64::from_be_bytes(self.bytes()))
    }
    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        for chunk in out.chunks_mut(32) {
            let block = Sha256::digest(format!("{} {}", self.label, self.counter));
            self.counter += 1;
            chunk.copy_from_slice(&block[..chunk.len()]);
        }
        Ok(())
    }
}

impl TryCryptoRng for Repeatable {}

pub(crate) const NOW: Timestamp = Timestamp(1_795_000_000_000);

/// A team with one environment, everybody's keys at hand.
pub(crate) struct World {
    pub(crate) rng: Repeatable,
    pub(crate) log: Vec<Envelope>,
    pub(crate) team: Verified<Team>,
    pub(crate) founder: Keyholder,
    pub(crate) team_key: NameKey,
    pub(crate) environment: EnvironmentId,
    pub(crate) project: ProjectId,
    /// Heads of environments that have revisions.
    pub(crate) heads: BTreeMap<EnvironmentId, Head>,
    /// The seed of every keyholder that was made here.
    pub(crate) seeds: BTreeMap<KeyholderId, [u8; 32]>,
    /// When invites end, and just after it services: only a server's clock judges that.
    pub(crate) expires_at: Timestamp,
}

impl World {
    pub(crate) fn new(label: &'static str) -> Self {
        let mut rng = Repeatable::new(label);
        let seed = Seed::generate(&mut rng);
        let founder = Keyholder::from_seed(&seed);
        let seeds = BTreeMap::from([(founder.id(), *seed.expose())]);
        let created = TeamEvent {
            author: founder.id(),
            team: None,
            sequence: 1,
            previous: None,
            created_at: NOW,
            event: Event::TeamCreated(TeamCreated { keys: founder.public().clone() }),
        };
        let first = founder.sign_event(&created);
        let team = Team::create(&first).unwrap();
        let scope = KeyScope { team: team.id(), environment: None, generation: Generation::FIRST };
        let team_key = NameKey::generate(scope, &mut rng);
        let environment = EnvironmentId::new(rng.bytes());
        let project = ProjectId::new(rng.bytes());
        let heads = BTreeMap::new();
        let (log, expires_at) = (vec![first], NOW);
        let mut world =
            Self { rng, log, team, founder, team_key, environment, project, heads, seeds, expires_at };
        let commitments = Commitments { name: world.team_key.commitment(), value: None };
        world
            .by_founder(Event::GenerationOpened(GenerationOpened {
                environment: None,
                generation: Generation::FIRST,
                commitments,
                head: None,
                labels: Vec::new(),
            }))
            .unwrap();
        let label = world.label("Acme");
        world.by_founder(Event::LabelChanged(LabelChanged { subject: Subject::Team, label })).unwrap();
        world
    }

    pub(crate) fn label(&mut self, text: &str) -> SealedLabel {
        let id = LabelId::new(self.rng.bytes());
        let sealed = self.team_key.seal_label(id, text, &mut self.rng);
        SealedLabel { id, generation: self.team_key.scope().generation, sealed }
    }

    /// The next event of the log, unsigned.
    pub(crate) fn event(&self, author: KeyholderId, event: Event) -> TeamEvent {
        let head = self.team.head();
        TeamEvent {
            author,
            team: Some(self.team.id()),
            sequence: head.sequence + 1,
            previous: Some(head.hash),
            created_at: NOW,
            event,
        }
    }

    pub(crate) fn append(&mut self, statement: Envelope) -> Result<Verified<TeamEvent>, Refusal> {
        let before = self.team.clone();
        let result = self.team.append(&statement);
        match &result {
            Ok(_) => self.log.push(statement),
            Err(_) => assert_eq!(before, self.team, "a refused event changed the team"),
        }
        result
    }

    pub(crate) fn by(&mut self, author: &Keyholder, event: Event) -> Result<Verified<TeamEvent>, Refusal> {
        let statement = author.sign_event(&self.event(author.id(), event));
        self.append(statement)
    }

    pub(crate) fn by_founder(&mut self, event: Event) -> Result<Verified<TeamEvent>, Refusal> {
        let statement = self.founder.sign_event(&self.event(self.founder.id(), event));
        self.append(statement)
    }

    pub(crate) fn founder_member(&self) -> MemberId {
        self.team.member_of(self.founder.id()).unwrap()
    }

    /// Keys of a generation of the environment.
    pub(crate) fn keys(&mut self, generation: Generation) -> (NameKey, ValueKey) {
        let scope = KeyScope { team: self.team.id(), environment: Some(self.environment), generation };
        (NameKey::generate(scope, &mut self.rng), ValueKey::generate(scope, &mut self.rng))
    }

    /// Creates the project and the environment; gives its keys and its empty state.
    pub(crate) fn with_environment(&mut self) -> (NameKey, ValueKey, Verified<Environment>) {
        let (name, value) = self.keys(Generation::FIRST);
        let label = self.label("api");
        self.by_founder(Event::ProjectCreated(ProjectCreated { project: self.project, label })).unwrap();
        let created = EnvironmentCreated {
            environment: self.environment,
            project: self.project,
            label: self.label("production"),
            commitments: Commitments { name: name.commitment(), value: Some(value.commitment()) },
            access: Vec::new(),
        };
        self.by_founder(Event::EnvironmentCreated(created)).unwrap();
        let empty = Environment::start(&self.team, self.environment).unwrap();
        (name, value, empty)
    }

    /// Invites somebody and lets them join.
    pub(crate) fn join(&mut self, role: Role, access: Vec<Grant>) -> Keyholder {
        let invite = self.invite(role, access);
        let (joiner, statement) = self.joined(&invite);
        self.append(statement).unwrap();
        joiner
    }

    pub(crate) fn invite(&mut self, role: Role, access: Vec<Grant>) -> Keyholder {
        let invite = self.keyholder();
        let invited = Invited { expires_at: self.expires_at, ..invited(&invite, role, access) };
        self.by_founder(Event::Invited(invited)).unwrap();
        invite
    }

    pub(crate) fn joined(&mut self, invite: &Keyholder) -> (Keyholder, Envelope) {
        let joiner = self.keyholder();
        let label = self.label("Ben");
        let joined = MemberJoined { keys: joiner.public().clone(), invite: invite.id(), label: Some(label) };
        let event = self.event(joiner.id(), Event::MemberJoined(joined));
        let statement = invite.co_sign(joiner.sign_event(&event));
        (joiner, statement)
    }

    /// A put of a new value, and its blob.
    pub(crate) fn put(
        &mut self,
        keys: (&NameKey, &ValueKey),
        left: &str,
        right: &str,
        position: Position,
    ) -> Change {
        let pointer = Pointer::new(self.rng.bytes());
        let blob = keys.1.seal_value(pointer, right, &mut self.rng);
        let name = keys.0.seal_name(pointer, left, &mut self.rng);
        let entry = EntryId::new(self.rng.bytes());
        Change::Put(Put { entry, position, name, pointer, digest: digest(&blob) })
    }

    /// The next revision of an environment, as an honest author writes it.
    pub(crate) fn revision(
        &self,
        author: KeyholderId,
        state: &Verified<Environment>,
        changes: Vec<Change>,
    ) -> Revision {
        let generation = self.team.environment(self.environment).unwrap().current().number;
        Revision {
            team: self.team.id(),
            environment: self.environment,
            author,
            number: state.head().number + 1,
            previous: state.head().hash,
            generation,
            team_head: self.team.head(),
            state: state.state_after(&changes, author, generation).unwrap_or(StateHash::new([0; 32])),
            changes,
            cause: Cause::Push,
            message: None,
            created_at: NOW,
        }
    }

    /// Opens the next generation at the environment's head.
    pub(crate) fn open_generation(&mut self, author: &Keyholder, head: Head) -> (NameKey, ValueKey) {
        let next = self.team.environment(self.environment).unwrap().current().number.next().unwrap();
        let (name, value) = self.keys(next);
        let opened = GenerationOpened {
            environment: Some(self.environment),
            generation: next,
            commitments: Commitments { name: name.commitment(), value: Some(value.commitment()) },
            head: Some(head),
            labels: Vec::new(),
        };
        self.by(author, Event::GenerationOpened(opened)).unwrap();
        (name, value)
    }

    /// A move of the first entry to another place.
    pub(crate) fn moving(
        &self,
        author: KeyholderId,
        state: &Verified<Environment>,
        position: &str,
    ) -> Revision {
        let (entry, old) = state.in_order().next().unwrap();
        let put = Put {
            entry,
            position: position.parse().unwrap(),
            name: old.name.clone(),
            pointer: old.pointer,
            digest: old.digest,
        };
        self.revision(author, state, vec![Change::Put(put)])
    }

    /// Somebody renews the keys: the rotation, for the generation that is opened by this.
    pub(crate) fn rotation(&mut self, author: &Keyholder, state: &Verified<Environment>) -> Envelope {
        self.open_generation(author, state.head());
        let resealed = self.resealed(state);
        author
            .sign_revision(&Revision { cause: Cause::Rotate, ..self.revision(author.id(), state, resealed) })
    }

    /// The changes of a rotation: everything put again under new pointers.
    pub(crate) fn resealed(&mut self, state: &Environment) -> Vec<Change> {
        let entries: Vec<_> = state.in_order().map(|(id, entry)| (id, entry.clone())).collect();
        entries
            .into_iter()
            .map(|(entry, old)| {
                Change::Put(Put {
                    entry,
                    position: old.position,
                    name: old.name,
                    pointer: Pointer::new(self.rng.bytes()),
                    digest: old.digest,
                })
            })
            .collect()
    }
}

pub(crate) fn invited(invite: &Keyholder, role: Role, access: Vec<Grant>) -> Invited {
    Invited { keys: invite.public().clone(), role, access, expires_at: NOW, approve: false }
}

pub(crate) fn places(count: usize) -> Vec<Position> {
    position::spread(None, None, count).unwrap()
}
