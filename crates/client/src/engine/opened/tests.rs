//! Who may open what, which keys that takes, and what counts as one entry: without a vault, over a team made of real keys.

use twinlock_protocol::Generation;
use twinlock_protocol::encoding::Bytes;
use twinlock_protocol::environment::digest;
use twinlock_protocol::event::{Grant, Role};
use twinlock_protocol::ids::Pointer;
use twinlock_protocol::revision::{Change, Put};
use twinlock_seal::Keyholder;

use super::super::session::tests::support::{World, places};
use super::super::session::tests::{Kept, record, session, wraps};
use super::*;

/// A team with an environment of two variables.
struct Setting {
    world: World,
    keys: (twinlock_seal::NameKey, twinlock_seal::ValueKey),
    revision: twinlock_protocol::Envelope,
    values: Vec<Bytes>,
}

impl Setting {
    fn new(label: &'static str) -> Self {
        let mut world = World::new(label);
        let (name, value, chain) = world.with_environment();
        let (mut changes, mut values) = (Vec::new(), Vec::new());
        for (left, position) in ["A=", "B="].into_iter().zip(places(2)) {
            let pointer = Pointer::new([left.as_bytes()[0]; 16]);
            let sealed = name.seal_name(pointer, left, &mut world.rng);
            let blob = value.seal_value(pointer, "1\n", &mut world.rng);
            let entry = EntryId::new([left.as_bytes()[0]; 16]);
            changes.push(Change::Put(Put { entry, position, name: sealed, pointer, digest: digest(&blob) }));
            values.push(blob);
        }
        let revision = world.founder.sign_revision(&world.revision(world.founder.id(), &chain, changes));
        Self { world, keys: (name, value), revision, values }
    }

    /// A member with this access, who fetched the environment and has as many of the keys: of names, then of values.
    fn session_of(&mut self, who: &Keyholder, keys: usize) -> Session {
        let wraps = wraps(&mut self.world, &self.keys.0, &self.keys.1, who);
        let mut session = session(&self.world, who.id());
        for wrap in &wraps[1..=keys] {
            let _taken = session.take_wrap(wrap, None);
        }
        session.held(self.world.environment).unwrap().extend(std::slice::from_ref(&self.revision)).unwrap();
        session
    }

    fn member(&mut self, level: Option<Level>) -> Keyholder {
        let grant = level.map(|level| Grant { environment: self.world.environment, level });
        self.world.join(Role::Member, grant.into_iter().collect())
    }
}

const LEVELS: [Level; 3] = [Level::Names, Level::Read, Level::Write];

#[test]
fn nobody_has_more_access_than_the_log_gives() {
    let mut setting = Setting::new("access");
    let id = setting.world.environment;
    for level in [None, Some(Level::Names), Some(Level::Read), Some(Level::Write)] {
        let ben = setting.member(level);
        let session = session(&setting.world, ben.id());
        for needed in LEVELS {
            match check_access(&session, id, needed) {
                Ok(()) => assert!(level >= Some(needed), "{level:?} {needed:?}"),
                Err(Error::Access { have, needed: said, .. }) => {
                    assert!(level < Some(needed), "{level:?} {needed:?}");
                    assert_eq!((have, said), (level, needed));
                }
                Err(other) => panic!("{other}"),
            }
        }
    }
    let founder = session(&setting.world, setting.world.founder.id());
    let gone = EnvironmentId::new([9; 16]);
    assert!(matches!(check_access(&founder, gone, Level::Names), Err(Error::EnvironmentGone)));

    let by = setting.world.twin(setting.world.founder.id());
    let read = setting.world.grant(Level::Read);
    let service = setting.world.serves(&by, read).unwrap();
    let (team, names) = (setting.world.team.clone(), [(id, "api/production".to_owned())]);
    let service = Session::of_service(record(&team), service, team, names);
    check_access(&service, id, Level::Read).unwrap();
    let refused = check_access(&service, id, Level::Write);
    assert!(matches!(refused, Err(Error::ServiceAccess { have: Some(Level::Read), .. })));
}

#[test]
fn what_is_sealed_under_keys_that_are_not_here_is_said_to_be() {
    let mut setting = Setting::new("keys");
    let id = setting.world.environment;
    let kept = Kept::new();
    for level in LEVELS {
        let ben = setting.member(Some(level));
        for keys in 0..=2 {
            let session = setting.session_of(&ben, keys);
            let held = session.environment(id).unwrap();
            assert_eq!(lacks_keys(held, Level::Names), keys < 1, "{level:?} {keys}");
            assert_eq!(lacks_keys(held, Level::Read), keys < 2, "{level:?} {keys}");
            match names(&session, id) {
                Ok(named) => {
                    assert!(keys >= 1);
                    let left = named.iter().map(|one| one.left.as_ref().map(|left| left.as_str()));
                    assert_eq!(left.collect::<Vec<_>>(), [Some("A="), Some("B=")]);
                }
                Err(error) => assert!(keys < 1 && matches!(error, Error::KeysMissing { .. }), "{error}"),
            }
            let refused = entries(&session, &kept.store, id).map(|found| found.len()).unwrap_err();
            match refused {
                Error::Access { .. } => assert!(level < Level::Read),
                Error::KeysMissing { .. } => assert!(level >= Level::Read && keys < 2),
                Error::ValuesMissing { .. } => assert!(level >= Level::Read && keys == 2),
                other => panic!("{other}"),
            }
        }
        let stranger = setting.member(None);
        let refused = names(&session(&setting.world, stranger.id()), id).map(|named| named.len());
        assert!(matches!(refused, Err(Error::Access { have: None, .. })));
    }
    // Values open without their names' key no more than names without theirs.
    let ben = setting.member(Some(Level::Read));
    let value = wraps(&mut setting.world, &setting.keys.0, &setting.keys.1, &ben)[2].clone();
    let mut session = setting.session_of(&ben, 0);
    let _taken = session.take_wrap(&value, None);
    let held = session.environment(id).unwrap();
    assert!(held.value_key(Generation::FIRST).is_some());
    assert!(lacks_keys(held, Level::Read) && lacks_keys(held, Level::Names));
}

#[test]
fn what_opens_is_read_and_what_does_not_is_damaged() {
    let mut setting = Setting::new("values");
    let id = setting.world.environment;
    let ben = setting.member(Some(Level::Read));
    let session = setting.session_of(&ben, 2);
    let kept = Kept::new();
    let texts = |kept: &Kept| {
        let found = entries(&session, &kept.store, id).unwrap();
        let text = |theirs: &Theirs| match &theirs.text {
            TheirText::Open(halves) => Some([halves.left.as_str(), halves.right.as_str()].concat()),
            TheirText::Damaged => None,
        };
        found.iter().map(text).collect::<Vec<_>>()
    };
    for blob in &setting.values {
        kept.store.step(|step| step.add_blob(id, blob)).unwrap();
    }
    assert_eq!(texts(&kept), [Some("A=1\n".to_owned()), Some("B=1\n".to_owned())]);
    // A value in the place of another opens there no more than anything else.
    let held = session.environment(id).unwrap();
    let [first, second] = [0, 1].map(|at| held.chain.in_order().nth(at).unwrap().1);
    assert!(
        open(held, first, &setting.values[0]).is_some() && open(held, second, &setting.values[1]).is_some()
    );
    assert!(
        open(held, first, &setting.values[1]).is_none() && open(held, second, &setting.values[0]).is_none()
    );
}

#[test]
fn an_entry_brings_no_other_with_it() {
    for (left, right) in [
        ("A=", "1\n"),
        ("export A =", " \"x\ny\"\n"),
        ("", "# c\n\n"),
        ("A=", ""),
        ("", "x: y\n"),
        ("", "\u{feff}B=2\n"),
        ("", ""),
    ] {
        assert!(is_one_entry(&Halves::new(left, right)), "{left}{right}");
    }
    for (left, right) in
        [("A=", "1\nLD_PRELOAD=x\n"), ("", "B=2\n"), ("A", "1\n"), ("A=1\nB=", "2"), ("# ", "x")]
    {
        assert!(!is_one_entry(&Halves::new(left, right)), "{left}{right}");
    }
}
