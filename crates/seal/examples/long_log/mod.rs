//! A long log of one team: people come, are given access, and go.

use std::rc::Rc;

use twinlock_protocol::envelope::Envelope;
use twinlock_protocol::event::*;
use twinlock_protocol::ids::*;
use twinlock_protocol::team::Team;
use twinlock_protocol::timestamp::Timestamp;
use twinlock_protocol::{EnvironmentId, Verified};
use twinlock_seal::{KeyScope, Keyholder, NameKey, Seed};

const NOW: Timestamp = Timestamp(1_795_000_000_000);

/// A founder who signs all of it. Clones sign for the same team, each a log of its own.
#[derive(Clone)]
pub(crate) struct Author {
    keyholder: Rc<Keyholder>,
    /// The team after the log.
    pub(crate) team: Verified<Team>,
    key: Rc<NameKey>,
    /// What was signed.
    pub(crate) log: Vec<Envelope>,
}

impl Author {
    fn start() -> Self {
        let rng = &mut rand::rng();
        let keyholder = Keyholder::from_seed(&Seed::generate(rng));
        let created = TeamEvent {
            author: keyholder.id(),
            team: None,
            sequence: 1,
            previous: None,
            created_at: NOW,
            event: Event::TeamCreated(TeamCreated { keys: keyholder.public().clone() }),
        };
        let first = keyholder.sign_event(&created);
        let team = Team::create(&first).unwrap();
        let scope = KeyScope { team: team.id(), environment: None, generation: Generation::FIRST };
        let key = NameKey::generate(scope, rng);
        let commitments = Commitments { name: key.commitment(), value: None };
        let (keyholder, key) = (Rc::new(keyholder), Rc::new(key));
        let mut author = Self { keyholder, team, key, log: vec![first] };
        author.append(Event::GenerationOpened(GenerationOpened {
            environment: None,
            generation: Generation::FIRST,
            commitments,
            head: None,
            labels: Vec::new(),
        }));
        author
    }

    fn label(&self) -> SealedLabel {
        let id = LabelId::new(rand::random());
        let sealed = self.key.seal_label(id, "a name", &mut rand::rng());
        SealedLabel { id, generation: Generation::FIRST, sealed }
    }

    fn unsigned(&self, author: KeyholderId, event: Event) -> TeamEvent {
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

    fn take(&mut self, statement: Envelope) {
        self.team.append(&statement).unwrap();
        self.log.push(statement);
    }

    fn append(&mut self, event: Event) {
        let statement = self.keyholder.sign_event(&self.unsigned(self.keyholder.id(), event));
        self.take(statement);
    }

    /// Invited, joined, given access, and removed again: the events that touch most of a team.
    fn come_and_go(&mut self, environment: EnvironmentId, stays: bool) {
        let rng = &mut rand::rng();
        let invite = Keyholder::from_seed(&Seed::generate(rng));
        self.append(Event::Invited(Invited {
            keys: invite.public().clone(),
            role: Role::Admin,
            access: Vec::new(),
            expires_at: NOW,
            approve: false,
        }));
        let joiner = Keyholder::from_seed(&Seed::generate(rng));
        let (keys, label) = (joiner.public().clone(), Some(self.label()));
        let joined = Event::MemberJoined(MemberJoined { keys, invite: invite.id(), label });
        let statement = invite.co_sign(joiner.sign_event(&self.unsigned(joiner.id(), joined)));
        self.take(statement);
        let member = self.team.member_of(joiner.id()).unwrap();
        let head = self.team.environment(environment).unwrap().start();
        let level = Some(Level::Write);
        self.append(Event::AccessChanged(AccessChanged { environment, member, level, head: None }));
        if stays {
            return;
        }
        let heads = vec![PinnedHead { environment, head }];
        self.append(Event::MemberRemoved(MemberRemoved { member, keep: Vec::new(), heads }));
    }

    /// A log of this many events. At most about a thousand members are there at the end.
    pub(crate) fn of_length(events: usize) -> Self {
        let mut author = Self::start();
        let project = ProjectId::new(rand::random());
        let label = author.label();
        author.append(Event::ProjectCreated(ProjectCreated { project, label }));
        let environment = EnvironmentId::new(rand::random());
        let commitment = Commitment::new([1; 32]);
        let label = author.label();
        author.append(Event::EnvironmentCreated(EnvironmentCreated {
            environment,
            project,
            label,
            commitments: Commitments { name: commitment, value: Some(commitment) },
            access: Vec::new(),
        }));
        let mut rounds = 0;
        while author.log.len() + 4 <= events {
            author.come_and_go(environment, rounds % 3 == 0 && author.team.active_members().count() < 990);
            rounds += 1;
        }
        while author.log.len() < events {
            author.rename();
        }
        author
    }

    /// One event more: the team gets another name.
    pub(crate) fn rename(&mut self) {
        let label = self.label();
        self.append(Event::LabelChanged(LabelChanged { subject: Subject::Team, label }));
    }
}
