//! Who is to have which key, from both sides: each keyholder's keys, and each key's keyholders. A wrap to anybody else
//! would be a key given away.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::collections::BTreeSet;

use support::events::*;
use support::*;
use twinlock_protocol::event::*;
use twinlock_protocol::ids::*;
use twinlock_protocol::team::{Checkpoint, Team};
use twinlock_protocol::timestamp::Timestamp;
use twinlock_seal::Keyholder;

type Key = (Option<EnvironmentId>, Half);

/// Both sides say the same, and this.
fn has(team: &Team, keyholder: &Keyholder, expected: &[Key], what: &str) {
    let due: BTreeSet<_> = team.keys_due_to(keyholder.id()).into_iter().collect();
    assert_eq!(due, expected.iter().copied().collect(), "{what}");
    let environments = team.environments().keys().copied().map(Some).chain([None]);
    let keys = environments.flat_map(|environment| Half::BOTH.map(|half| (environment, half)));
    let entitled = keys.filter(|(environment, half)| {
        team.entitled(*environment, *half).iter().any(|(id, keys)| *id == keyholder.id() && keys.id() == *id)
    });
    assert_eq!(entitled.collect::<BTreeSet<_>>(), due, "{what}");
}

#[test]
fn everybody_is_due_what_their_access_gives_and_nobody_anything_else() {
    let mut world = World::new("entitled");
    world.with_environment();
    let ada = world.twin(world.founder.id());
    let e = Some(world.environment);
    let grant = |world: &World, level| world.grant(level);
    let (names, read, write) =
        (grant(&world, Level::Names), grant(&world, Level::Read), grant(&world, Level::Write));
    let reader = world.join(Role::Member, read.clone());
    let namer = world.join(Role::Member, names.clone());
    let outside = world.join(Role::Admin, Vec::new());
    let kit = world.adds(&reader, KeyholderKind::Recovery).unwrap();
    let revoked_one = world.adds(&reader, KeyholderKind::Computer).unwrap();
    world.does(&reader, revoked(&revoked_one, &[])).unwrap();
    let gone = world.join(Role::Member, write.clone());
    let member = world.member(&gone);
    world.does(&ada, removed(member, &[])).unwrap();
    let open = world.invites(&ada, Role::Member, names.clone(), false).unwrap();
    let empty = world.invites(&ada, Role::Member, Vec::new(), false).unwrap();
    let asks = world.invites(&ada, Role::Member, write.clone(), true).unwrap();
    let asked = world.invites(&ada, Role::Member, write.clone(), true).unwrap();
    let waiting = world.waits(&asked);
    let used = world.invites(&ada, Role::Member, read.clone(), false).unwrap();
    let (_, joined) = world.joined(&used);
    world.append(joined).unwrap();
    let service = world.serves(&ada, read.clone()).unwrap();
    let service_of_names = world.serves(&ada, names).unwrap();
    let closed = world.serves(&ada, read).unwrap();
    world.does(&ada, Event::ServiceClosed(ServiceClosed { service: closed.id() })).unwrap();
    let stranger = world.keyholder();

    let own = (None, Half::Name);
    let (name, value) = ((e, Half::Name), (e, Half::Value));
    let all = [own, name, value];
    for (what, keyholder, expected) in [
        ("owner", &ada, &all[..]),
        ("reader", &reader, &all),
        ("their kit", &kit, &all),
        ("names only", &namer, &all[..2]),
        ("without access", &outside, &all[..1]),
        ("revoked", &revoked_one, &[]),
        ("removed", &gone, &[]),
        ("open invite", &open, &all[..2]),
        ("invite to nothing", &empty, &all[..1]),
        ("invite to wait", &asks, &[]),
        ("who waits", &waiting, &[]),
        ("used invite", &used, &[]),
        ("service", &service, &all[1..]),
        ("service of names", &service_of_names, &all[1..2]),
        ("closed service", &closed, &[]),
        ("stranger", &stranger, &[]),
    ] {
        has(&world.team, keyholder, expected, what);
    }
    // Once it is deleted nobody is due its keys, whatever invites and services still say.
    let environment = world.environment;
    let head = world.head_of(environment);
    let deleted = EnvironmentDeleted { environment, head };
    world.does(&ada, Event::EnvironmentDeleted(deleted)).unwrap();
    for (what, keyholder, expected) in
        [("owner", &ada, &all[..1]), ("open invite", &open, &all[..1]), ("service", &service, &[])]
    {
        has(&world.team, keyholder, expected, what);
        assert!(
            world.team.entitled(e, Half::Name).is_empty() && world.team.entitled(e, Half::Value).is_empty()
        );
    }
    assert!(!Level::Names.includes(Half::Value) && Level::Names.includes(Half::Name));
}

#[test]
fn a_checkpoint_is_whole_and_stands_for_one_head() {
    let mut world = World::new("checkpoint");
    world.with_environment();
    let kept = Checkpoint::of(&world.team).to_bytes().unwrap();
    let open = |bytes: &[u8], team, head| Checkpoint::from_own_store(bytes).unwrap().open(team, head);
    let (team, head) = (world.team.id(), world.team.head());
    assert_eq!(open(&kept, team, head).unwrap(), world.team);
    assert_eq!(open(&kept, TeamId::new([1; 16]), head).unwrap_err().code(), "elsewhere");
    let below = LogHead { sequence: 2, hash: world.team.hash_at(2).unwrap() };
    assert_eq!(open(&kept, team, below).unwrap_err().code(), "fork");
    let beside = LogHead { hash: below.hash, ..head };
    assert_eq!(open(&kept, team, beside).unwrap_err().code(), "fork");
    let beyond = LogHead { sequence: head.sequence + 1, ..head };
    assert_eq!(open(&kept, team, beyond).unwrap_err().code(), "rollback");

    let json: serde_json::Value = serde_json::from_slice(&kept).unwrap();
    let refused = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut json = json.clone();
        change(&mut json);
        Checkpoint::from_own_store(&serde_json::to_vec(&json).unwrap()).is_err()
    };
    assert!(!refused(&|_| {}));
    assert!(refused(&|json| json[0] = 3.into()));
    assert!(refused(&|json| json[1]["log"] = serde_json::json!([])));
    assert!(refused(&|json| {
        for environment in json[1]["environments"].as_object_mut().unwrap().values_mut() {
            environment["generations"] = serde_json::json!([]);
        }
    }));
}

#[test]
fn an_invite_or_a_service_is_past_its_time_after_its_last_millisecond() {
    let mut world = World::new("past");
    world.with_environment();
    let ada = world.twin(world.founder.id());
    let read = world.grant(Level::Read);
    let invite = world.invite(Role::Member, Vec::new());
    let service = world.serves(&ada, read).unwrap();
    let end = world.expires_at.0;
    // The service goes on for one more.
    for (keyholder, end) in [(&invite, end), (&service, end + 1)] {
        for (now, past) in [(0, false), (end - 1, false), (end, false), (end + 1, true), (u64::MAX, true)] {
            let is_past = world.team.is_past_its_time(keyholder.id(), Timestamp(now));
            assert_eq!(is_past, past, "{now} of {end}");
        }
    }
    // A computer has no end.
    assert!(!world.team.is_past_its_time(ada.id(), Timestamp(u64::MAX)));
}
