//! An owner gave up the end of a history: who is beside what was accepted, and what another program of the home that has
//! gone back already leaves to be taken up.

use jiff::Timestamp;
use twinlock_protocol::event::{HistoryAccepted, PinnedHead};

use super::*;

/// A team with an environment of two revisions, and another second one that no longer fits once the first is accepted.
struct Setting {
    world: World,
    keys: (NameKey, ValueKey),
    history: Vec<Envelope>,
}

impl Setting {
    fn new(label: &'static str) -> Self {
        let mut world = World::new(label);
        let (name, value, mut chain) = world.with_environment();
        let founder = world.twin(world.founder.id());
        let mut history = Vec::new();
        for (text, place) in ["A=", "B="].into_iter().zip(places(2)) {
            let change = world.put((&name, &value), text, "1\n", place);
            let statement = founder.sign_revision(&world.revision(founder.id(), &chain, vec![change]));
            chain.append(&world.team, &statement).unwrap();
            history.push(statement);
        }
        Self { world, keys: (name, value), history }
    }

    fn id(&self) -> EnvironmentId {
        self.world.environment
    }

    /// A revision on top of these, under the log of now.
    fn on_top_of(&mut self, history: &[Envelope]) -> Envelope {
        let mut chain = Environment::start(&self.world.team, self.id()).unwrap();
        chain.extend(&self.world.team, history).unwrap();
        let change = self.world.put((&self.keys.0, &self.keys.1), "C=", "1\n", places(9)[8].clone());
        let revision = self.world.revision(self.world.founder.id(), &chain, vec![change]);
        self.world.founder.sign_revision(&revision)
    }

    /// The owner accepts a head, and nothing above it.
    fn accepts(&mut self, number: u64, hash: StatementHash) {
        let (log, environment) = (self.world.team.head(), self.id());
        let heads = vec![PinnedHead { environment, head: Head { number, hash } }];
        let founder = self.world.twin(self.world.founder.id());
        self.world.by(&founder, Event::HistoryAccepted(HistoryAccepted { log, heads })).unwrap();
    }

    /// A home that saw all of the history, with its keys, and a program that has it in memory.
    fn home(&mut self) -> (Kept, Session) {
        let founder = self.world.twin(self.world.founder.id());
        let kept = Kept::with_log(&self.world.log, &self.world.team);
        kept.add(Scope::Environment(self.id()), 1, &self.history);
        kept.pin(Scope::Environment(self.id()), 2, self.history[1].hash());
        let wraps = wraps(&mut self.world, &self.keys.0, &self.keys.1, &founder);
        kept.keep_wraps(&self.world.team, &wraps);
        let session = kept.load(&self.world, founder.id()).unwrap();
        assert!(!session.is_beside_accepted(self.id()) && session.beside_accepted().is_empty());
        (kept, session)
    }

    /// The event comes, and another program of the home keeps it.
    fn log_goes_on(&self, kept: &Kept) {
        let last = self.world.log.len() - 1;
        kept.add(Scope::Team(self.world.team.id()), self.world.team.head().sequence, &self.world.log[last..]);
    }

    /// Another program of the home goes back to the first revision, and keeps what follows it now.
    fn another_program_goes_back(&mut self, kept: &Kept) -> Envelope {
        let (id, first) = (self.id(), self.history[0].clone());
        let (to, accepted) = (Pin { number: 1, hash: first.hash() }, self.world.team.head().sequence);
        let go_back = |step: &mut Step<'_>| step.go_back(id, to, accepted, Timestamp::UNIX_EPOCH);
        kept.store.step(go_back).unwrap();
        let next = self.on_top_of(&[first]);
        kept.add(Scope::Environment(id), 2, std::slice::from_ref(&next));
        next
    }
}

fn catch_up(kept: &Kept, session: &mut Session) {
    kept.store.read(|step| session.catch_up(step)).unwrap();
}

#[test]
fn what_another_program_went_back_from_is_let_go_of_here_too() {
    let mut setting = Setting::new("went back");
    let (kept, mut session) = setting.home();
    let (id, first) = (setting.id(), setting.history[0].hash());
    setting.accepts(1, first);
    setting.log_goes_on(&kept);
    let next = setting.another_program_goes_back(&kept);
    catch_up(&kept, &mut session);
    let held = session.held(id).unwrap().held;
    assert_eq!(held.chain.head(), Head { number: 2, hash: next.hash() });
    assert_eq!(held.revisions.len(), 2);
    assert!(held.name_key(Generation::FIRST).is_some() && held.value_key(Generation::FIRST).is_some());
    assert!(!session.is_beside_accepted(id));
}

#[test]
fn what_lies_above_what_was_accepted_is_refused_until_the_home_has_gone_back() {
    let mut setting = Setting::new("above");
    let (kept, mut session) = setting.home();
    let (id, first) = (setting.id(), setting.history[0].hash());
    setting.accepts(1, first);
    // In memory, before anything was read again.
    session.team = setting.world.team.clone();
    assert!(session.is_beside_accepted(id));
    assert_eq!(session.beside_accepted(), [id]);
    session = kept.load(&setting.world, setting.world.founder.id()).unwrap();
    setting.log_goes_on(&kept);
    catch_up(&kept, &mut session);
    assert!(matches!(session.held(id), Err(Error::Refused(_))));
    assert_eq!(session.environment(id).unwrap().chain.head().number, 1);
    assert!(session.is_beside_accepted(id), "a refused history is left as well");
    // Keys that come meanwhile count all the same: what was there before is read with them.
    let (name, value) = &setting.keys;
    let founder = setting.world.twin(setting.world.founder.id());
    for wrap in &wraps(&mut setting.world, name, value, &founder)[1..] {
        assert!(session.take_wrap(wrap, None) == Taken::Yes);
    }
    assert!(session.environment(id).unwrap().name_key(Generation::FIRST).is_some());

    let next = setting.another_program_goes_back(&kept);
    kept.store.read(|step| session.reload(step, id)).unwrap();
    let held = session.held(id).unwrap().held;
    assert_eq!(held.chain.head(), Head { number: 2, hash: next.hash() });
    assert!(held.name_key(Generation::FIRST).is_some() && held.value_key(Generation::FIRST).is_some());
    assert!(session.beside_accepted().is_empty());
}

#[test]
fn another_history_than_the_accepted_one_is_beside_it_and_the_same_one_is_not() {
    // What is in memory ends with the first revision: nothing is above what is accepted.
    for same in [true, false] {
        let mut setting = Setting::new("beside");
        let id = setting.id();
        let (first, other) = (setting.history[0].clone(), setting.on_top_of(&[]));
        let mut session = session(&setting.world, setting.world.founder.id());
        session.held(id).unwrap().extend(std::slice::from_ref(&first)).unwrap();
        setting.accepts(1, if same { first.hash() } else { other.hash() });
        session.team = setting.world.team.clone();
        assert_eq!(session.is_beside_accepted(id), !same);
        assert_eq!(session.beside_accepted().is_empty(), same);
        assert!(!session.is_beside_accepted(EnvironmentId::new([9; 16])));
    }
}
