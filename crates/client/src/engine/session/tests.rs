//! What a session takes up from the store and which keys it takes, has and lacks: without a vault, over a team made of real
//! keys and signatures.

#[path = "../../../../seal/tests/support/mod.rs"]
pub(in crate::engine) mod support;

mod went_back;

use support::events::access;
use support::{World, places};
use twinlock_protocol::api::Wrap;
use twinlock_protocol::event::{
    EnvironmentDeleted, Event, Grant, Head, KeyholderKind, LabelChanged, ServiceClosed, Subject,
};
use twinlock_protocol::ids::{KeyholderId, StateHash, StatementHash};
use twinlock_protocol::revision::Put;
use zeroize::Zeroizing;

use super::super::refresh::first_refused;
use super::*;
use crate::home::Home;
use crate::keychain::Key;
use crate::store::{Pin, Step, Store, StoreError};

/// A store with nothing in it.
pub(in crate::engine) struct Kept {
    folder: tempfile::TempDir,
    pub(in crate::engine) store: Store,
}

impl Kept {
    pub(in crate::engine) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::open_or_create(folder.path()).unwrap();
        let store = Store::open(&home, &Key::fill(|place| *place = [1; 32]));
        Self { folder, store: store.map_err(|error| error.to_string()).unwrap() }
    }

    fn with_log(log: &[Envelope], team: &Team) -> Self {
        let kept = Self::new();
        kept.add(Scope::Team(team.id()), 1, log);
        kept
    }

    fn add(&self, scope: Scope, from: u64, statements: &[Envelope]) {
        let keep = |step: &mut Step<'_>| {
            (from..).zip(statements).try_for_each(|(number, statement)| {
                let json = Zeroizing::new(serde_json::to_vec(statement).unwrap());
                step.add_statement(&scope, number, &json)
            })
        };
        self.store.step(keep).unwrap();
    }

    fn pin(&self, scope: Scope, number: u64, hash: StatementHash) {
        self.store.step(|step| step.advance_pin(&scope, Pin { number, hash })).unwrap();
    }

    fn keep_wraps(&self, team: &Team, wraps: &[Wrap]) {
        for wrap in wraps {
            let scope = wrap.environment.map_or(Scope::Team(team.id()), Scope::Environment);
            let json = serde_json::to_vec(wrap).unwrap();
            self.store.step(|step| step.set_wrap(&scope, wrap.generation, wrap.half, &json)).unwrap();
        }
    }

    fn load(&self, world: &World, of: KeyholderId) -> Result<Session, Error> {
        Session::load(record(&world.team), world.twin(of), &self.store)
    }

    fn checkpoints(&self) -> i64 {
        let store = rusqlite::Connection::open(self.folder.path().join("home.db")).unwrap();
        store.query_row("SELECT count(*) FROM checkpoints", [], |row| row.get(0)).unwrap()
    }
}

pub(in crate::engine) fn record(team: &Team) -> TeamRecord {
    TeamRecord {
        team: team.id(),
        member: MemberId::new([0; 16]),
        vault: "https://vault.example".to_owned(),
        pin: None,
        name: "Acme".to_owned(),
        member_name: "Ada".to_owned(),
    }
}

pub(in crate::engine) fn session(world: &World, of: KeyholderId) -> Session {
    Session::new(record(&world.team), world.twin(of), world.team.clone(), None)
}

type Due = (Option<EnvironmentId>, Generation, Half);

const SECOND: Generation = Generation(2);

/// The keys of a team with one environment, wrapped to one keyholder: the team's own, the environment's name and value.
pub(in crate::engine) fn wraps(
    world: &mut World,
    name: &NameKey,
    value: &ValueKey,
    to: &Keyholder,
) -> [Wrap; 3] {
    let (to, by) = (to.public(), world.founder.id());
    [
        world.team_key.wrap(to, by, &mut world.rng).unwrap(),
        name.wrap(to, by, &mut world.rng).unwrap(),
        value.wrap(to, by, &mut world.rng).unwrap(),
    ]
}

#[test]
fn a_key_is_missing_to_whoever_is_to_have_it_until_it_is_here() {
    let mut world = World::new("missing");
    let (name, value, _) = world.with_environment();
    let environment = Some(world.environment);
    let all: [Due; 3] = [
        (None, Generation::FIRST, Half::Name),
        (environment, Generation::FIRST, Half::Name),
        (environment, Generation::FIRST, Half::Value),
    ];
    for (level, due) in [(None, 1), (Some(Level::Names), 2), (Some(Level::Read), 3), (Some(Level::Write), 3)]
    {
        let grant = level.map(|level| Grant { environment: world.environment, level });
        let ben = world.join(Role::Member, grant.into_iter().collect());
        let wraps = wraps(&mut world, &name, &value, &ben);
        let mut session = session(&world, ben.id());
        assert_eq!(session.my_level(world.environment), level);
        for (at, wrap) in wraps.iter().enumerate().take(due) {
            assert_eq!(session.missing_keys(), all[at..due], "{level:?}");
            let (place, _, half) = all[at];
            assert!(!session.has_key(wrap) && !session.has_current(place, half), "{level:?} {at}");
            assert!(session.take_wrap(wrap, None) == Taken::Yes, "{level:?} {at}");
            assert!(session.has_key(wrap) && session.has_current(place, half), "{level:?} {at}");
        }
        assert_eq!(session.missing_keys(), []);
    }
    // A service has no use for the team's own key, and a stranger for none.
    let read = world.grant(Level::Read);
    let founder = world.twin(world.founder.id());
    let service = world.serves(&founder, read).unwrap();
    assert_eq!(session(&world, service.id()).missing_keys(), all[1..]);
    let stranger = world.keyholder();
    assert_eq!(session(&world, stranger.id()).missing_keys(), []);
}

#[test]
fn a_key_of_before_is_not_the_one_of_now() {
    let mut world = World::new("renewed");
    let (name, value, empty) = world.with_environment();
    let founder = world.twin(world.founder.id());
    let mut early = wraps(&mut world, &name, &value, &founder).to_vec();
    let (name, value) = world.open_generation(&founder, empty.head());
    let late = wraps(&mut world, &name, &value, &founder);
    let mut session = session(&world, founder.id());
    let environment = Some(world.environment);
    for wrap in &early {
        assert!(session.take_wrap(wrap, None) == Taken::Yes);
    }
    for (wrap, half) in late[1..].iter().zip(Half::BOTH) {
        assert!(!session.has_key(wrap) && !session.has_current(environment, half), "{half:?}");
        session.take_wrap(wrap, None);
        assert!(session.has_key(wrap) && session.has_current(environment, half), "{half:?}");
    }
    // Both are taken up again from the store, and the team's own.
    let kept = Kept::with_log(&world.log, &world.team);
    early.extend_from_slice(&late[1..]);
    kept.keep_wraps(&world.team, &early);
    let again = kept.load(&world, founder.id()).unwrap();
    assert!(early.iter().all(|wrap| again.has_key(wrap)));
    assert_eq!(again.missing_keys(), []);
    assert_eq!(again.team_name(), "Acme");
    assert!(again.team_key_of(Generation::FIRST).is_some() && again.team_key_of(SECOND).is_none());
    let held = again.environment(world.environment).unwrap();
    for generation in [Generation::FIRST, SECOND] {
        assert!(held.name_key(generation).is_some() && held.value_key(generation).is_some());
    }
    // Of an environment that is gone nothing is current, and nobody is let into it.
    let environment = world.environment;
    world.heads.insert(environment, Head { number: 1, hash: StatementHash::new([7; 32]) });
    let deleted = EnvironmentDeleted { environment, head: empty.head() };
    let service = world.serves(&founder, world.grant(Level::Read)).unwrap();
    world.does(&founder, Event::EnvironmentDeleted(deleted)).unwrap();
    session.team = world.team.clone();
    assert!(!session.has_current(Some(environment), Half::Name));
    assert!(matches!(session.held(environment), Err(Error::EnvironmentGone)));
    assert_eq!(session.my_level(environment), None);
    let mut of_service = Session::new(record(&world.team), service, world.team.clone(), None);
    assert_eq!(of_service.my_level(environment), None);
    assert!(matches!(of_service.held(environment), Err(Error::EnvironmentGone)));
}

#[test]
fn keys_that_were_made_here_are_here() {
    let mut world = World::new("made");
    world.with_environment();
    let mut session = session(&world, world.founder.id());
    let held = session.held(world.environment).unwrap().held;
    assert!(Half::BOTH.iter().all(|half| !held.has(SECOND, *half)));
    held.add_keys(EnvironmentKeys::generate(&world.team, world.environment, SECOND, &mut world.rng));
    assert!(Half::BOTH.iter().all(|half| held.has(SECOND, *half)));
}

#[test]
fn a_wrap_gives_the_key_that_it_says_or_none() {
    let mut world = World::new("junk");
    let (name, value, _) = world.with_environment();
    let founder = world.twin(world.founder.id());
    let good = wraps(&mut world, &name, &value, &founder);
    let (other_name, other_value) = world.keys(Generation::FIRST);
    let false_keys = wraps(&mut world, &other_name, &other_value, &founder);
    let stranger = world.keyholder();
    let to_another = wraps(&mut world, &name, &value, &stranger);
    let other = |half| if half == Half::Name { Half::Value } else { Half::Name };
    let mut junk = [&false_keys[1..], to_another.as_slice()].concat();
    for wrap in &good {
        junk.push(Wrap { half: other(wrap.half), ..wrap.clone() });
        junk.push(Wrap { generation: SECOND, ..wrap.clone() });
        junk.push(Wrap { environment: Some(EnvironmentId::new([9; 16])), ..wrap.clone() });
    }
    let mut session = session(&world, founder.id());
    let missing = session.missing_keys();
    assert_eq!(missing.len(), 3);
    for (at, wrap) in junk.iter().enumerate() {
        assert!(session.take_wrap(wrap, None) == Taken::No, "{at}");
    }
    assert_eq!(session.missing_keys(), missing);
    // What was wrapped to an invite is opened with the invite's key.
    assert!(to_another.iter().all(|wrap| session.take_wrap(wrap, Some(&stranger)) == Taken::Yes));
    assert_eq!(session.missing_keys(), []);
}

/// An environment with a history of two revisions, and the key of its names.
fn with_history(label: &'static str) -> (World, Vec<Envelope>, Vec<Put>) {
    let mut world = World::new(label);
    let (name, value, mut chain) = world.with_environment();
    let founder = world.twin(world.founder.id());
    let (mut history, mut puts) = (Vec::new(), Vec::new());
    for (text, place) in ["A=", "B="].into_iter().zip(places(2)) {
        let change = world.put((&name, &value), text, "1\n", place);
        if let Change::Put(put) = &change {
            puts.push(put.clone());
        }
        let statement = founder.sign_revision(&world.revision(founder.id(), &chain, vec![change]));
        chain.append(&world.team, &statement).unwrap();
        history.push(statement);
    }
    (world, history, puts)
}

#[test]
fn a_history_is_taken_up_as_it_was_kept() {
    let (mut world, history, puts) = with_history("history");
    let (id, environment) = (world.founder.id(), world.environment);
    let kept = Kept::with_log(&world.log, &world.team);
    kept.add(Scope::Environment(environment), 1, &history);
    let mut session = kept.load(&world, id).unwrap();
    let held = session.held(environment).unwrap().held;
    assert_eq!((held.chain.head().number, held.revisions.len()), (2, 2));
    for put in &puts {
        assert_eq!(held.digest_of(put.pointer), Some(put.digest));
    }
    assert_eq!(held.digest_of(Pointer::new([9; 16])), None);
    // What is let go of is taken from the store again.
    session.forget(environment);
    assert!(session.environment(environment).is_none());
    assert!(kept.store.read(|step| session.catch_up(step)).unwrap().is_empty());
    assert_eq!(session.held(environment).unwrap().held.chain.head().number, 2);

    // What another program of the home kept meanwhile: events, a revision, keys.
    let team_head = world.team.head().sequence;
    let founder = world.twin(id);
    let laptop = world.adds(&founder, KeyholderKind::Computer).unwrap();
    let moved = Change::Put(Put { position: "zz".parse().unwrap(), ..puts[0].clone() });
    let mut chain = session.held(environment).unwrap().held.chain.clone();
    let revision = founder.sign_revision(&world.revision(id, &chain, vec![moved]));
    chain.append(&world.team, &revision).unwrap();
    let team_key = world.team_key.wrap(founder.public(), id, &mut world.rng).unwrap();
    let after = usize::try_from(team_head).unwrap();
    kept.add(Scope::Team(world.team.id()), team_head + 1, &world.log[after..]);
    kept.add(Scope::Environment(environment), 3, std::slice::from_ref(&revision));
    kept.keep_wraps(&world.team, std::slice::from_ref(&team_key));
    let heard = kept.store.read(|step| session.catch_up(step)).unwrap();
    assert_eq!(heard.len(), 1, "a computer came");
    assert!(session.team.member_of(laptop.id()).is_ok());
    assert_eq!(session.held(environment).unwrap().held.chain.head(), chain.head());
    assert!(session.has_key(&team_key));
}

#[test]
fn of_a_run_of_revisions_the_first_that_is_none_is_named_and_none_is_taken() {
    let (world, history, _) = with_history("runs");
    let mut session = session(&world, world.founder.id());
    let forged = Envelope { signatures: Vec::new(), ..history[1].clone() };
    let run = [history[0].clone(), forged.clone(), history[1].clone()];
    let held = session.held(world.environment).unwrap();
    assert_eq!(first_refused(&held.held.chain, held.team, &run), Some(&forged));
    assert_eq!(first_refused(&held.held.chain, held.team, &history), None);
    assert!(held.extend(&run).is_err());
    let held = session.held(world.environment).unwrap();
    assert_eq!((held.held.chain.head().number, held.held.revisions.len()), (0, 0));
    held.extend(&history).unwrap();
    assert_eq!(session.environment(world.environment).unwrap().revisions.len(), 2);
}

/// Of a run the state of the last is compared, which holds all that came before: so it is when what was taken as one run
/// is taken up again.
#[test]
fn what_was_taken_in_one_run_is_taken_up_in_one() {
    let (world, _, puts) = with_history("one run");
    let founder = world.twin(world.founder.id());
    let mut chain = Environment::start(&world.team, world.environment).unwrap();
    let first = Change::Put(puts[0].clone());
    let honest = world.revision(founder.id(), &chain, vec![first]);
    let wrong = Revision { state: StateHash::new([9; 32]), ..honest.clone() };
    chain.append(&world.team, &founder.sign_revision(&honest)).unwrap();
    let wrong = founder.sign_revision(&wrong);
    let second = world.revision(founder.id(), &chain, vec![Change::Put(puts[1].clone())]);
    let second = founder.sign_revision(&Revision { previous: wrong.hash(), ..second });
    let mut anew = Environment::start(&world.team, world.environment).unwrap();
    assert!(anew.extend(&world.team, [&wrong]).is_err());
    let kept = Kept::with_log(&world.log, &world.team);
    kept.add(Scope::Environment(world.environment), 1, &[wrong, second]);
    let mut session = kept.load(&world, founder.id()).unwrap();
    assert_eq!(session.held(world.environment).unwrap().held.chain.head().number, 2);
}

#[test]
fn a_history_that_the_log_does_not_bear_out_is_taken_as_far_as_it_does_and_refused() {
    let (mut world, history, puts) = with_history("led astray");
    let (founder, environment) = (world.twin(world.founder.id()), world.environment);
    let write = world.grant(Level::Write);
    let ben = world.join(Role::Member, write);
    // Ben pushed under a log that goes on without him.
    let mut chain = Environment::start(&world.team, environment).unwrap();
    chain.extend(&world.team, &history).unwrap();
    world.heads.insert(environment, chain.head());
    let moved = Change::Put(Put { position: "zz".parse().unwrap(), ..puts[0].clone() });
    let bens = ben.sign_revision(&world.revision(ben.id(), &chain, vec![moved]));
    let ben = world.member(&ben);
    world.does(&founder, access(environment, ben, None)).unwrap();
    let kept = Kept::with_log(&world.log, &world.team);
    kept.add(Scope::Environment(environment), 1, &[history.as_slice(), &[bens]].concat());
    let mut session = kept.load(&world, founder.id()).unwrap();
    assert!(matches!(session.held(environment), Err(Error::Refused(_))));
    assert_eq!(session.environment(environment).unwrap().chain.head().number, 2);
}

#[test]
fn a_home_whose_history_ends_before_what_was_seen_is_damaged() {
    let (world, history, _) = with_history("pins");
    let (id, environment) = (world.founder.id(), world.environment);
    let (log, other) = (world.team.head(), StatementHash::new([7; 32]));
    let (team, history_of) = (Scope::Team(world.team.id()), Scope::Environment(environment));
    let loads = |pins: &[(Scope, u64, StatementHash)]| {
        let kept = Kept::with_log(&world.log, &world.team);
        kept.add(history_of, 1, &history);
        pins.iter().for_each(|(scope, number, hash)| kept.pin(*scope, *number, *hash));
        match kept.load(&world, id) {
            Ok(_) => true,
            Err(Error::Store(StoreError::Damaged { .. })) => false,
            Err(error) => panic!("{error}"),
        }
    };
    let second = history[1].hash();
    assert!(loads(&[]));
    assert!(loads(&[(team, log.sequence, log.hash), (history_of, 2, second)]));
    assert!(!loads(&[(team, log.sequence + 1, other)]));
    assert!(!loads(&[(team, log.sequence, other)]));
    assert!(!loads(&[(history_of, 3, other)]));
    assert!(!loads(&[(history_of, 2, other)]));
}

#[test]
fn a_long_log_is_replayed_once() {
    let mut world = World::new("long");
    let founder = world.twin(world.founder.id());
    for _ in 0..130 {
        let label = world.label("Acme");
        world.by(&founder, Event::LabelChanged(LabelChanged { subject: Subject::Team, label })).unwrap();
    }
    let kept = Kept::with_log(&world.log, &world.team);
    assert_eq!(kept.checkpoints(), 0);
    let session = kept.load(&world, founder.id()).unwrap();
    assert_eq!((session.log_head(), kept.checkpoints()), (world.team.head(), 1));
}

#[test]
fn everything_that_is_there_has_a_name_where_the_key_is() {
    let mut world = World::new("names");
    let (name, value, _) = world.with_environment();
    let founder = world.twin(world.founder.id());
    let read = world.grant(Level::Read);
    let open = world.serves(&founder, read.clone()).unwrap();
    let closed = world.serves(&founder, read).unwrap();
    let service = closed.id();
    world.does(&founder, Event::ServiceClosed(ServiceClosed { service })).unwrap();
    let ben = world.join(Role::Member, Vec::new());
    let ben = world.member(&ben);
    let wraps = wraps(&mut world, &name, &value, &founder);
    let mut session = session(&world, founder.id());
    assert_eq!(session.labelled(), None);
    session.take_wrap(&wraps[0], None);
    let mut expected = vec![
        (Subject::Team, "Acme"),
        (Subject::Member(ben), "Ben"),
        (Subject::Project(world.project), "api"),
        (Subject::Environment(world.environment), "production"),
        (Subject::Service(open.id()), "ci"),
    ];
    expected.sort_unstable();
    let mut labelled = session.labelled().unwrap();
    labelled.sort_unstable();
    let labelled: Vec<_> = labelled.iter().map(|(subject, name)| (*subject, name.as_str())).collect();
    assert_eq!(labelled, expected);
    for (subject, name) in expected {
        let label = session.label_of(subject).unwrap();
        assert_eq!(session.label(label).as_deref(), Some(name));
    }
    assert_eq!(session.environment_name(world.environment), "api/production");
}

#[test]
fn a_service_keeps_no_evidence_and_knows_its_environments_by_its_token() {
    let mut world = World::new("service");
    world.with_environment();
    let founder = world.twin(world.founder.id());
    let read = world.grant(Level::Read);
    let service = world.serves(&founder, read).unwrap();
    let (team, given) = (world.team.clone(), [(world.environment, "api/live".to_owned())]);
    let of_service = Session::of_service(record(&team), service, team.clone(), given);
    let of_founder = session(&world, founder.id());
    let refused = || Refused::new(Scope::Environment(world.environment), String::new(), Refusal::State);
    assert_eq!(of_service.my_level(world.environment), Some(Level::Read));
    let placed = of_service.placed(refused());
    assert_eq!((placed.place.as_str(), placed.evidence), ("api/live", Evidence::NotKept));
    assert_eq!(of_founder.placed(refused()).evidence, Evidence::Kept);
}
