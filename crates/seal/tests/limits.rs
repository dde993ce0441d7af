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

/// All that a member may name without an admin, and as many members: sealed anew, it is one statement.
#[test]
fn a_team_has_a_thousand_projects_and_four_thousand_environments_and_its_names_are_renewed() {
    let mut world = World::new("projects");
    let ada = world.twin(world.founder.id());
    let longest = "\u{10ffff}".repeat(limits::LABEL_CHARACTERS);
    // Not by way of the world, which compares the whole team each time.
    let does = |world: &mut World, event: Event| {
        let statement = ada.sign_event(&world.event(ada.id(), event));
        world.team.append(&statement).map(drop).map_err(|refusal| refusal.code())
    };
    let project = |world: &mut World| {
        let project = ProjectId::new(world.rng.bytes());
        let label = world.label(&longest);
        (project, Event::ProjectCreated(ProjectCreated { project, label }))
    };
    let mut first = None;
    for _ in world.team.projects().len()..limits::PROJECTS {
        let (id, created) = project(&mut world);
        first = Some(id);
        does(&mut world, created).unwrap();
    }
    let (_, one_more) = project(&mut world);
    assert_eq!(does(&mut world, one_more.clone()), Err("limit"));
    let of = first.unwrap();
    let environment = |world: &mut World| {
        Event::EnvironmentCreated(EnvironmentCreated {
            environment: EnvironmentId::new(world.rng.bytes()),
            project: of,
            label: world.label(&longest),
            commitments: Commitments {
                name: Commitment::new([1; 32]),
                value: Some(Commitment::new([2; 32])),
            },
            access: Vec::new(),
        })
    };
    for _ in world.team.environments().len()..limits::ENVIRONMENTS {
        let created = environment(&mut world);
        does(&mut world, created).unwrap();
    }
    let created = environment(&mut world);
    assert_eq!(does(&mut world, created), Err("limit"));

    let generation = world.team.generations().last().unwrap().number.next().unwrap();
    let label = |world: &mut World, subject| {
        let label = SealedLabel { generation, ..world.label(&longest) };
        LabelChanged { subject, label }
    };
    let subjects = world.team.labelled();
    let labels: Vec<_> = subjects.into_iter().map(|subject| label(&mut world, subject)).collect();
    let opened = Event::GenerationOpened(GenerationOpened {
        environment: None,
        generation,
        commitments: Commitments { name: Commitment::new([3; 32]), value: None },
        head: None,
        labels,
    });
    let statement = ada.sign_event(&world.event(ada.id(), opened));
    assert!(statement.payload.len() < limits::STATEMENT_BYTES / 3, "{}", statement.payload.len());
    world.team.append(&statement).unwrap();

    // What is deleted makes room.
    let gone = ProjectDeleted {
        project: *world.team.projects().keys().find(|id| **id != of).unwrap(),
        heads: Vec::new(),
    };
    does(&mut world, Event::ProjectDeleted(gone)).unwrap();
    let Event::ProjectCreated(created) = one_more else { panic!("a project") };
    let label = SealedLabel { generation, ..created.label };
    does(&mut world, Event::ProjectCreated(ProjectCreated { label, ..created })).unwrap();
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
