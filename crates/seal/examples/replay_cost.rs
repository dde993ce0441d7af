//! What it costs to replay a long log, and to open a checkpoint of it instead:
//! `cargo run --release -p twinlock-seal --example replay_cost`. Replay is to be linear: twice the events, about
//! twice the time.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a measurement, run by hand")]

use std::time::{Duration, Instant};

use twinlock_protocol::envelope::Envelope;
use twinlock_protocol::event::*;
use twinlock_protocol::ids::*;
use twinlock_protocol::team::{Checkpoint, Team, replay};
use twinlock_protocol::timestamp::Timestamp;
use twinlock_protocol::{EnvironmentId, Verified};
use twinlock_seal::{KeyScope, Keyholder, NameKey, Seed};

const NOW: Timestamp = Timestamp(1_795_000_000_000);

struct Author {
    keyholder: Keyholder,
    team: Verified<Team>,
    key: NameKey,
    log: Vec<Envelope>,
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
}

fn main() {
    let mut author = Author::start();
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
    // At the end there are a thousand members, and a log of ten thousand events.
    let mut rounds = 0;
    while author.log.len() < 10_000 {
        author.come_and_go(environment, rounds % 3 == 0 && author.team.active_members().count() < 990);
        rounds += 1;
    }
    let mut before: Option<Duration> = None;
    for events in [1_250, 2_500, 5_000, 10_000] {
        let start = Instant::now();
        replay(&author.log[..events]).unwrap();
        let took = start.elapsed();
        let ratio =
            before.map(|before| format!(", t(2n)/t(n) = {:.2}", took.as_secs_f64() / before.as_secs_f64()));
        println!("replay of {events} events: {took:?}{}", ratio.unwrap_or_default());
        before = Some(took);
    }
    let bytes = Checkpoint::of(&author.team).to_bytes().unwrap();
    let start = Instant::now();
    let opened =
        Checkpoint::from_own_store(&bytes).unwrap().open(author.team.id(), author.team.head()).unwrap();
    let took = start.elapsed();
    assert_eq!(opened, author.team);
    println!("checkpoint of {} events: {} KiB, opened in {took:?}", author.log.len(), bytes.len() / 1024);
}
