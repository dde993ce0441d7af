//! Limits that take a while to reach.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use support::events::*;
use support::*;
use twinlock_protocol::event::*;
use twinlock_protocol::ids::*;
use twinlock_protocol::limits;
use twinlock_protocol::revision::*;

#[test]
fn a_team_has_a_thousand_members_and_who_waits_is_one_of_them() {
    let mut world = World::new("thousand");
    let ada = world.twin(world.founder.id());
    let joins = |world: &mut World, approve: bool| {
        // Not by way of the world, which compares the whole team each time.
        let invite = world.keyholder();
        let invited = Invited { approve, ..invited(&invite, Role::Member, Vec::new()) };
        let event = world.event(ada.id(), Event::Invited(invited));
        world.team.append(&ada.sign_event(&event)).unwrap();
        let joiner = world.keyholder();
        let label = (!approve).then(|| world.label("x"));
        let joined = MemberJoined { keys: joiner.public().clone(), invite: invite.id(), label };
        let event = world.event(joiner.id(), Event::MemberJoined(joined));
        world.team.append(&invite.co_sign(joiner.sign_event(&event))).map(|_| joiner)
    };
    for _ in 1..limits::MEMBERS - 1 {
        joins(&mut world, false).unwrap();
    }
    let waiting = joins(&mut world, true).unwrap();
    assert_eq!(joins(&mut world, false).err().unwrap().code(), "limit");
    // Turned away, they make room for one.
    let member = world.member(&waiting);
    world.does(&ada, removed(member, &[])).unwrap();
    assert!(world.team.members()[&member].keyholders().is_empty());
    let last = joins(&mut world, false).unwrap();
    assert_eq!(joins(&mut world, false).err().unwrap().code(), "limit");
    let member = world.member(&last);
    world.does(&ada, removed(member, &[])).unwrap();
    joins(&mut world, false).unwrap();
    assert_eq!(joins(&mut world, false).err().unwrap().code(), "limit");
}

#[test]
fn an_environment_has_ten_thousand_entries() {
    let mut world = World::new("ten thousand");
    let (name, value, empty) = world.with_environment();
    let Change::Put(one) = world.put((&name, &value), "A=", "1\n", "x".parse().unwrap()) else { panic!() };
    let puts = |count: usize| -> Vec<Change> {
        let places = places(count).into_iter().zip(1_u128..);
        let put = |(position, at): (_, u128)| {
            let (entry, pointer) = (EntryId::new(at.to_be_bytes()), Pointer::new(at.to_be_bytes()));
            Change::Put(Put { entry, position, pointer, ..one.clone() })
        };
        places.map(put).collect()
    };
    for (count, expected) in [(limits::ENTRIES, Ok(())), (limits::ENTRIES + 1, Err("limit"))] {
        let revision = world.revision(world.founder.id(), &empty, puts(count));
        let statement = world.founder.sign_revision(&revision);
        let result = empty.clone().append(&world.team, &statement);
        assert_eq!(result.map(drop).map_err(|refusal| refusal.code()), expected);
    }
}
