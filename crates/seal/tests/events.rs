//! What each event asks for beyond the right to sign it: every refusal for its own reason.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use support::events::*;
use support::*;
use twinlock_protocol::Refusal;
use twinlock_protocol::event::*;
use twinlock_protocol::ids::*;
use twinlock_protocol::team::InviteState;
use twinlock_seal::Keyholder;

fn start(label: &'static str) -> (World, Keyholder) {
    let mut world = World::new(label);
    world.with_environment();
    let ada = world.twin(world.founder.id());
    (world, ada)
}

#[test]
fn the_last_owner_is_never_lost() {
    let (mut world, ada) = start("last owner");
    let id = world.founder_member();
    let second = world.join(Role::Admin, Vec::new());
    let admin = world.member(&second);
    for event in [removed(id, &[]), role_changed(id, Role::Admin, &[])] {
        assert_eq!(world.does(&ada, event).unwrap_err(), Refusal::LastOwner(id));
    }
    // Who waits to be an owner is none.
    let invite = world.invites(&ada, Role::Owner, Vec::new(), true).unwrap();
    let willa = world.waits(&invite);
    assert_eq!(world.does(&ada, removed(id, &[])).unwrap_err(), Refusal::LastOwner(id));
    world.does(&ada, removed(world.member(&willa), &[])).unwrap();
    world.does(&ada, role_changed(admin, Role::Owner, &[])).unwrap();
    world.does(&ada, role_changed(id, Role::Member, &[])).unwrap();
    assert_eq!(world.does(&second, removed(admin, &[])).unwrap_err(), Refusal::LastOwner(admin));
    world.does(&ada, removed(id, &[])).unwrap();
}

#[test]
fn who_waits_has_no_key_and_no_name_until_approved() {
    let (mut world, ada) = start("approval");
    let write = world.grant(Level::Write);
    let invite = world.invites(&ada, Role::Member, write, true).unwrap();
    assert!(world.team.keys_due_to(invite.id()).is_empty(), "nobody wraps for the invite");
    let (_, named) = world.joined(&invite);
    assert_eq!(world.append(named).unwrap_err().code(), "malformed", "it had no key to seal a name with");
    let willa = world.waits(&invite);
    let id = world.member(&willa);
    assert_eq!(world.team.level(id, world.environment), None);
    assert!(world.team.keys_due_to(willa.id()).is_empty());
    assert!(!world.is_stale() && !world.team.name_key_due());
    assert!(world.team.active_members().all(|(member, _)| member != id));

    let again = world.keyholder();
    let joined = MemberJoined { keys: again.public().clone(), invite: invite.id(), label: None };
    let event = world.event(again.id(), Event::MemberJoined(joined));
    let statement = invite.co_sign(again.sign_event(&event));
    assert_eq!(world.append(statement).unwrap_err(), Refusal::InviteNotOpen(invite.id()));

    let approve = Event::MemberApproved(MemberApproved { member: id });
    world.does(&ada, approve.clone()).unwrap();
    assert_eq!(world.team.level(id, world.environment), Some(Level::Write));
    assert_eq!(world.team.keys_due_to(willa.id()).len(), 3);
    assert!(matches!(world.team.invites()[&invite.id()].state, InviteState::Used { .. }));
    assert_eq!(world.does(&ada, approve).unwrap_err(), Refusal::NoChange);
    let label = world.label("Willa");
    world.does(&willa, Event::LabelChanged(LabelChanged { subject: Subject::Member(id), label })).unwrap();

    // Without approval a name is a must.
    let plain = world.invite(Role::Member, Vec::new());
    let nameless = world.keyholder();
    let joined = MemberJoined { keys: nameless.public().clone(), invite: plain.id(), label: None };
    let event = world.event(nameless.id(), Event::MemberJoined(joined));
    let statement = plain.co_sign(nameless.sign_event(&event));
    assert_eq!(world.append(statement).unwrap_err().code(), "malformed");
}

#[test]
fn closing_turns_away_who_waits_and_works_once() {
    let (mut world, ada) = start("closing");
    let invite = world.invites(&ada, Role::Member, Vec::new(), true).unwrap();
    let willa = world.waits(&invite);
    let close = Event::InviteClosed(InviteClosed { invite: invite.id() });
    world.does(&ada, close.clone()).unwrap();
    assert!(!world.is_live(&willa));
    let id = world.member(&willa);
    assert_eq!(world.does(&ada, close).unwrap_err(), Refusal::InviteNotOpen(invite.id()));
    let approve = Event::MemberApproved(MemberApproved { member: id });
    assert_eq!(world.does(&ada, approve).unwrap_err(), Refusal::NoMember(id));
    let used = world.invite(Role::Member, Vec::new());
    let (_, joined) = world.joined(&used);
    world.append(joined).unwrap();
    let close = Event::InviteClosed(InviteClosed { invite: used.id() });
    assert_eq!(world.does(&ada, close).unwrap_err(), Refusal::InviteNotOpen(used.id()));
}

#[test]
fn a_service_reads_what_it_was_given_and_signs_nothing() {
    let (mut world, ada) = start("service");
    for (access, code) in [(Vec::new(), "malformed"), (world.grant(Level::Write), "malformed")] {
        assert_eq!(world.serves(&ada, access).err().unwrap().code(), code);
    }
    let doubled = [world.grant(Level::Read), world.grant(Level::Names)].concat();
    assert_eq!(world.serves(&ada, doubled).err().unwrap().code(), "malformed");
    let read = world.grant(Level::Read);
    let service = world.serves(&ada, read).unwrap();
    let environment = Some(world.environment);
    let keys = world.team.keys_due_to(service.id());
    assert_eq!(keys, [(environment, Half::Name), (environment, Half::Value)], "and not the team's own");
    for half in Half::BOTH {
        assert!(world.team.entitled(environment, half).iter().any(|(id, _)| *id == service.id()));
    }
    assert!(world.team.entitled(None, Half::Name).iter().all(|(id, _)| *id != service.id()));
    let close = Event::ServiceClosed(ServiceClosed { service: service.id() });
    world.does(&ada, close.clone()).unwrap();
    assert!(world.team.keys_due_to(service.id()).is_empty());
    assert_eq!(world.does(&ada, close).unwrap_err(), Refusal::ServiceNotOpen(service.id()));
    let label = world.label("x");
    let relabel = Event::LabelChanged(LabelChanged { subject: Subject::Service(service.id()), label });
    assert_eq!(world.does(&ada, relabel).unwrap_err(), Refusal::ServiceNotOpen(service.id()));
}

#[test]
fn a_keyholder_is_added_with_its_own_signature_under_a_new_id_and_at_most_sixteen() {
    let (mut world, ada) = start("keyholders");
    let laptop = world.keyholder();
    let mut unsigned = world.adding(&ada, &laptop, KeyholderKind::Computer);
    unsigned.signatures.truncate(1);
    assert_eq!(world.append(unsigned).unwrap_err(), Refusal::Signers);
    let stranger = world.keyholder();
    let mut by_another = world.adding(&ada, &laptop, KeyholderKind::Computer);
    by_another.signatures.truncate(1);
    assert_eq!(world.append(stranger.co_sign(by_another)).unwrap_err(), Refusal::Signers);
    let itself = world.twin(ada.id());
    let again = world.adding(&ada, &itself, KeyholderKind::Computer);
    assert_eq!(world.append(again).unwrap_err(), Refusal::Signers);
    let invite = world.invite(Role::Member, Vec::new());
    let read = world.grant(Level::Read);
    let service = world.serves(&ada, read).unwrap();
    for taken in [&invite, &service] {
        let statement = world.adding(&ada, taken, KeyholderKind::Computer);
        assert_eq!(world.append(statement).unwrap_err(), Refusal::IdTaken);
    }
    let mut held: Vec<_> = (0..15).map(|_| world.adds(&ada, KeyholderKind::Recovery).unwrap()).collect();
    assert_eq!(world.adds(&ada, KeyholderKind::Computer).err().unwrap().code(), "limit");
    let gone = held.pop().unwrap();
    world.does(&ada, revoked(&gone, &[])).unwrap();
    assert_eq!(world.does(&ada, revoked(&gone, &[])).unwrap_err(), Refusal::Revoked { keyholder: gone.id() });
    let back = world.adding(&ada, &gone, KeyholderKind::Recovery);
    assert_eq!(world.append(back).unwrap_err(), Refusal::IdTaken, "an id counts once");
    world.adds(&ada, KeyholderKind::Computer).unwrap();
}

#[test]
fn a_kit_brings_a_computer_back_and_does_nothing_else() {
    let (mut world, ada) = start("kit");
    let kit = world.adds(&ada, KeyholderKind::Recovery).unwrap();
    let (id, head) = (world.founder_member(), world.head_of(world.environment));
    let label = world.label("x");
    for event in [
        Event::LabelChanged(LabelChanged { subject: Subject::Member(id), label }),
        Event::GenerationOpened(GenerationOpened {
            environment: Some(world.environment),
            generation: Generation(2),
            commitments: Commitments {
                name: Commitment::new([1; 32]),
                value: Some(Commitment::new([1; 32])),
            },
            head: Some(head),
            labels: Vec::new(),
        }),
        removed(id, &[]),
    ] {
        assert_eq!(world.does(&kit, event).unwrap_err().code(), "not-allowed");
    }
    let computer = world.adds(&kit, KeyholderKind::Computer).unwrap();
    world.does(&kit, revoked(&ada, &[&kit])).unwrap_err();
    // The kit was added by the computer that is lost, and is its own author.
    world.does(&kit, revoked(&ada, &[])).unwrap();
    assert!(world.is_live(&kit) && world.is_live(&computer) && !world.is_live(&ada));
    assert_eq!(world.team.keys_due_to(computer.id()).len(), 3);
}

#[test]
fn settings_and_addresses_have_bounds() {
    let (mut world, ada) = start("settings");
    for (least, most) in [(0, 30), (31, 30), (7, 366)] {
        assert_eq!(world.does(&ada, settings(Creating::Members, least, most)).unwrap_err().code(), "limit");
    }
    assert_eq!(world.does(&ada, settings(Creating::Members, 7, 30)).unwrap_err(), Refusal::NoChange);
    world.does(&ada, settings(Creating::Admins, 1, 365)).unwrap();
    assert_eq!(world.team.settings().creating, Creating::Admins);

    let moved = |address: &str| Event::VaultMoved(VaultMoved { address: address.into(), pin: None });
    let long = format!("https://{}", "x".repeat(300));
    for (address, code) in [
        ("http://vault.example", "malformed"),
        ("https://", "malformed"),
        ("https://vault.example/\u{202e}", "malformed"),
        ("https://a b", "malformed"),
        (long.as_str(), "limit"),
    ] {
        assert_eq!(world.does(&ada, moved(address)).unwrap_err().code(), code, "{address}");
    }
    world.does(&ada, moved("https://vault.example:7443")).unwrap();
    assert_eq!(world.does(&ada, moved("https://vault.example:7443")).unwrap_err(), Refusal::NoChange);
    let pin = Some(CertificatePin([3; 32]));
    let pinned = VaultMoved { address: "https://vault.example:7443".into(), pin };
    world.does(&ada, Event::VaultMoved(pinned.clone())).unwrap();
    assert_eq!(world.team.vault(), Some(&pinned));
}

#[test]
fn what_changes_nothing_or_nobody_is_refused() {
    let (mut world, ada) = start("no change");
    let id = world.founder_member();
    let nobody = MemberId::new([9; 16]);
    let environment = world.environment;
    for (event, code) in [
        (role_changed(id, Role::Owner, &[]), "no-change"),
        (role_changed(nobody, Role::Admin, &[]), "no-member"),
        (removed(nobody, &[]), "no-member"),
        (access(environment, nobody, Some(Level::Read)), "no-member"),
        (access(environment, id, Some(Level::Write)), "no-change"),
        (access(EnvironmentId::new([9; 16]), id, None), "no-environment"),
        (Event::MemberApproved(MemberApproved { member: nobody }), "no-member"),
        (Event::InviteClosed(InviteClosed { invite: ada.id() }), "invite-not-open"),
        (Event::ServiceClosed(ServiceClosed { service: ada.id() }), "service-not-open"),
        (
            Event::ProjectDeleted(ProjectDeleted { project: ProjectId::new([9; 16]), heads: Vec::new() }),
            "no-project",
        ),
        (
            Event::EnvironmentDeleted(EnvironmentDeleted {
                environment: EnvironmentId::new([9; 16]),
                head: world.head_of(environment),
            }),
            "no-environment",
        ),
    ] {
        assert_eq!(world.does(&ada, event.clone()).unwrap_err().code(), code, "{event:?}");
    }
    let stranger = world.keyholder();
    assert_eq!(
        world.does(&ada, revoked(&stranger, &[])).unwrap_err(),
        Refusal::UnknownKeyholder { keyholder: stranger.id() }
    );
}

#[test]
fn who_waits_is_given_nothing_and_promoted_to_nothing() {
    let (mut world, ada) = start("waiting");
    let invite = world.invites(&ada, Role::Member, Vec::new(), true).unwrap();
    let willa = world.waits(&invite);
    let id = world.member(&willa);
    let label = world.label("x");
    for event in [
        access(world.environment, id, Some(Level::Read)),
        role_changed(id, Role::Admin, &[]),
        Event::LabelChanged(LabelChanged { subject: Subject::Member(id), label }),
    ] {
        assert_eq!(world.does(&ada, event).unwrap_err(), Refusal::NoMember(id));
    }
}

#[test]
fn what_is_deleted_is_gone_with_its_id_and_its_access() {
    let (mut world, ada) = start("deleted");
    let id = world.founder_member();
    let read = world.grant(Level::Read);
    let invite = world.invite(Role::Member, read.clone());
    let service = world.serves(&ada, read).unwrap();
    let (environment, project) = (world.environment, world.project);
    // Which head is recorded is for the server to look at: nothing of it counts afterwards.
    let head = Head { number: 0, hash: StatementHash::new([1; 32]) };
    let deleted = Event::EnvironmentDeleted(EnvironmentDeleted { environment, head });
    world.by(&ada, deleted).unwrap();
    assert_eq!(world.team.level(id, environment), None);
    assert!(world.team.environment(environment).is_err());
    assert!(world.team.keys_due_to(service.id()).is_empty());
    assert_eq!(world.team.keys_due_to(ada.id()), [(None, Half::Name)]);
    // An invite that gave access to it lets in all the same.
    let (joiner, joined) = world.joined(&invite);
    world.append(joined).unwrap();
    assert_eq!(world.team.access_of(world.member(&joiner)).count(), 0);
    let created = EnvironmentCreated {
        environment,
        project,
        label: world.label("again"),
        commitments: Commitments { name: Commitment::new([1; 32]), value: Some(Commitment::new([1; 32])) },
        access: Vec::new(),
    };
    assert_eq!(world.does(&ada, Event::EnvironmentCreated(created)).unwrap_err(), Refusal::IdTaken);
    let gone = Event::ProjectDeleted(ProjectDeleted { project, heads: Vec::new() });
    world.by(&ada, gone).unwrap();
    let label = world.label("again");
    let again = Event::ProjectCreated(ProjectCreated { project, label });
    assert_eq!(world.does(&ada, again).unwrap_err(), Refusal::IdTaken);
    assert!(world.team.labelled().iter().all(|subject| !matches!(subject, Subject::Project(_))));
}

#[test]
fn an_orphaned_environment_is_an_owners_to_give_back_or_to_delete() {
    let (mut world, ada) = start("orphan");
    let (environment, owner) = (world.environment, world.founder_member());
    let write = world.grant(Level::Write);
    let ben = world.join(Role::Member, write);
    let admin = world.join(Role::Admin, Vec::new());
    let ben_id = world.member(&ben);
    world.does(&ada, access(environment, owner, None)).unwrap();
    assert!(world.team.is_orphaned(world.team.environment(environment).unwrap()));
    for author in [&ada, &admin, &ben] {
        let give = access(environment, world.member(author), Some(Level::Write));
        assert!(world.does(author, give).is_err());
    }
    let promote = role_changed(ben_id, Role::Admin, &[]);
    assert_eq!(world.does(&admin, promote.clone()).unwrap_err().code(), "not-allowed");
    let deleted =
        Event::EnvironmentDeleted(EnvironmentDeleted { environment, head: world.head_of(environment) });
    assert_eq!(world.does(&admin, deleted.clone()).unwrap_err().code(), "not-allowed");
    let mut other = world.team.clone();
    other.append(&ada.sign_event(&world.event(ada.id(), deleted))).unwrap();
    world.does(&ada, promote).unwrap();
    assert!(!world.team.is_orphaned(world.team.environment(environment).unwrap()));
    world.does(&ben, access(environment, owner, Some(Level::Write))).unwrap();
}

#[test]
fn the_teams_name_key_is_renewed_with_services_and_those_who_left() {
    let (mut world, ada) = start("labels");
    let ben = world.join(Role::Member, Vec::new());
    let id = world.member(&ben);
    let read = world.grant(Level::Read);
    let service = world.serves(&ada, read).unwrap();
    world.does(&ada, removed(id, &[])).unwrap();
    let subjects = world.team.labelled();
    assert!(subjects.contains(&Subject::Service(service.id())) && subjects.contains(&Subject::Member(id)));
    let label = SealedLabel { generation: Generation(2), ..world.label("x") };
    let opened = |subjects: &[Subject]| {
        let labels = subjects.iter().map(|&subject| LabelChanged { subject, label: label.clone() });
        Event::GenerationOpened(GenerationOpened {
            environment: None,
            generation: Generation(2),
            commitments: Commitments { name: Commitment::new([1; 32]), value: None },
            head: None,
            labels: labels.collect(),
        })
    };
    assert_eq!(world.does(&ada, opened(&subjects[1..])).unwrap_err().code(), "malformed");
    world.does(&ada, opened(&subjects)).unwrap();
    assert!(!world.team.name_key_due());
}
