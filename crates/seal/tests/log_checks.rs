//! Checks of the team's log that no other test misses when they are gone: found by removing them, one at a time
//! (`docs/mutation.md`).

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use support::events::*;
use support::*;
use twinlock_protocol::envelope::Envelope;
use twinlock_protocol::event::*;
use twinlock_protocol::ids::*;
use twinlock_protocol::limits;
use twinlock_protocol::refusal::Refusal;
use twinlock_protocol::team::Team;
use twinlock_seal::{KeyScope, Keyholder, NameKey};

fn environment_with(label: &'static str) -> (World, Keyholder) {
    let mut world = World::new(label);
    world.with_environment();
    let ada = world.twin(world.founder.id());
    (world, ada)
}

fn code(world: &mut World, author: &Keyholder, event: Event) -> &'static str {
    world.by(author, event).unwrap_err().code()
}

/// A further environment of the project, its author's alone.
fn another(world: &mut World, author: &Keyholder, id: u8, access: Vec<MemberGrant>) -> Event {
    let commitments = Commitments { name: Commitment::new([1; 32]), value: Some(Commitment::new([2; 32])) };
    let (environment, project, label) = (EnvironmentId::new([id; 16]), world.project, world.label("e"));
    let created = EnvironmentCreated { environment, project, label, commitments, access };
    assert!(world.team.member_of(author.id()).is_ok());
    Event::EnvironmentCreated(created)
}

/// Renews the team's own name key, with every label.
fn renew_team(world: &mut World, author: &Keyholder) {
    let generation = world.team.generations().last().unwrap().number.next().unwrap();
    let scope = KeyScope { team: world.team.id(), environment: None, generation };
    world.team_key = NameKey::generate(scope, &mut world.rng);
    let subjects = world.team.labelled();
    let labels = subjects.into_iter().map(|subject| LabelChanged { subject, label: world.label("anew") });
    let labels = labels.collect();
    let commitments = Commitments { name: world.team_key.commitment(), value: None };
    let opened = GenerationOpened { environment: None, generation, commitments, head: None, labels };
    world.by(author, Event::GenerationOpened(opened)).unwrap();
}

#[test]
fn a_log_begins_in_one_form() {
    let mut world = World::new("begin");
    let founder = world.keyholder();
    let created = |keys: &twinlock_protocol::keyholder::PublicKeys| TeamEvent {
        author: keys.id(),
        team: None,
        sequence: 1,
        previous: None,
        created_at: NOW,
        event: Event::TeamCreated(TeamCreated { keys: keys.clone() }),
    };
    let honest = created(founder.public());
    assert!(Team::create(&founder.sign_event(&honest)).is_ok());
    for wrong in [
        TeamEvent { sequence: 2, ..honest.clone() },
        TeamEvent { team: Some(TeamId::new([1; 16])), ..honest.clone() },
        TeamEvent { previous: Some(StatementHash::new([1; 32])), ..honest.clone() },
    ] {
        assert_eq!(Team::create(&founder.sign_event(&wrong)).unwrap_err().code(), "malformed");
    }
    // Keys that nothing can be wrapped to, and keys that are not those of the author's id.
    let mut keys = founder.public().clone();
    keys.kem = [0xff; 1216];
    let mut statement = founder.sign_event(&created(&keys));
    statement.signatures[0].keyid = keys.id();
    assert_eq!(Team::create(&statement).unwrap_err(), Refusal::Keys { keyholder: keys.id() });
    let stranger = KeyholderId::new([7; 16]);
    let mut statement = founder.sign_event(&TeamEvent { author: stranger, ..honest });
    statement.signatures[0].keyid = stranger;
    assert_eq!(Team::create(&statement).unwrap_err(), Refusal::Keys { keyholder: stranger });
}

#[test]
fn an_event_is_for_this_team_and_the_next_one() {
    let (mut world, ada) = environment_with("chain");
    let (subject, label) = (Subject::Team, world.label("x"));
    let honest = world.event(ada.id(), Event::LabelChanged(LabelChanged { subject, label }));
    for (code, wrong) in [
        ("elsewhere", TeamEvent { team: None, ..honest.clone() }),
        ("elsewhere", TeamEvent { team: Some(TeamId::new([1; 16])), ..honest.clone() }),
        ("number", TeamEvent { sequence: honest.sequence + 1, ..honest.clone() }),
        ("number", TeamEvent { sequence: honest.sequence - 1, ..honest.clone() }),
        ("chain", TeamEvent { previous: world.team.hash_at(1), ..honest.clone() }),
        ("chain", TeamEvent { previous: None, ..honest.clone() }),
    ] {
        assert_eq!(world.append(ada.sign_event(&wrong)).unwrap_err().code(), code);
    }
    let statement = ada.sign_event(&honest);
    assert_eq!(world.team.accepted_at(statement.hash()), None);
    world.append(statement.clone()).unwrap();
    assert_eq!(world.team.accepted_at(statement.hash()), Some(honest.sequence));
}

#[test]
fn a_log_that_was_seen_is_continued_and_nothing_else() {
    let (world, _) = environment_with("extends");
    let head = world.team.head();
    assert_eq!(world.team.extends(head), Ok(()));
    let second = LogHead { sequence: 2, hash: world.team.hash_at(2).unwrap() };
    assert_eq!(world.team.extends(second), Ok(()));
    let other = LogHead { hash: head.hash, ..second };
    assert_eq!(world.team.extends(other), Err(Refusal::Fork { number: 2 }));
    let later = LogHead { sequence: head.sequence + 1, ..head };
    assert_eq!(world.team.extends(later).unwrap_err().code(), "rollback");
}

#[test]
fn a_revoked_computer_announces_no_newer_version() {
    let (mut world, ada) = environment_with("newer, revoked");
    let laptop = world.adds(&ada, KeyholderKind::Computer).unwrap();
    world.does(&ada, revoked(&laptop, &[])).unwrap();
    let (subject, label) = (Subject::Team, world.label("x"));
    let event = world.event(laptop.id(), Event::LabelChanged(LabelChanged { subject, label }));
    let mut json = serde_json::to_value(&event).unwrap();
    json["event"] = serde_json::json!({ "type": "member-praised" });
    let mut statement = laptop.sign_event(&event);
    statement.payload.0 = serde_json::to_vec(&json).unwrap();
    let statement = laptop.co_sign(Envelope { signatures: Vec::new(), ..statement });
    let unknown = Refusal::UnknownKeyholder { keyholder: laptop.id() };
    assert_eq!(world.append(statement).unwrap_err(), unknown);
}

#[test]
fn who_joins_brings_new_keys_that_are_their_own() {
    let (mut world, _) = environment_with("joining");
    let ben = world.join(Role::Member, Vec::new());
    let invite = world.invite(Role::Member, Vec::new());
    let label = world.label("Eve");
    let joining = |world: &World, author, keys: &twinlock_protocol::keyholder::PublicKeys| {
        let (keys, label) = (keys.clone(), Some(label.clone()));
        world.event(author, Event::MemberJoined(MemberJoined { keys, invite: invite.id(), label }))
    };
    let again = invite.co_sign(ben.sign_event(&joining(&world, ben.id(), ben.public())));
    assert_eq!(world.append(again).unwrap_err(), Refusal::IdTaken);
    // In somebody else's name.
    let eve = world.keyholder();
    let stolen = KeyholderId::new([7; 16]);
    let mut statement = eve.sign_event(&joining(&world, stolen, eve.public()));
    statement.signatures[0].keyid = stolen;
    let refusal = world.append(invite.co_sign(statement)).unwrap_err();
    assert_eq!(refusal, Refusal::Keys { keyholder: stolen });
}

#[test]
fn labels_are_sealed_under_the_key_that_is_due_wherever_they_come_in() {
    let (mut world, ada) = environment_with("labels");
    let wrong = SealedLabel { generation: Generation(2), ..world.label("x") };
    let (project, environment) = (world.project, world.environment);
    let keys = world.keyholder().public().clone();
    let Event::EnvironmentCreated(created) = another(&mut world, &ada, 8, Vec::new()) else { panic!() };
    let access = vec![Grant { environment, level: Level::Read }];
    let service = |label| Event::ServiceCreated(ServiceCreated { keys, label, access, expires_at: None });
    for event in [
        Event::LabelChanged(LabelChanged { subject: Subject::Team, label: wrong.clone() }),
        Event::ProjectCreated(ProjectCreated { project: ProjectId::new([9; 16]), label: wrong.clone() }),
        Event::EnvironmentCreated(EnvironmentCreated { label: wrong.clone(), ..created }),
        service(wrong.clone()),
    ] {
        assert_eq!(code(&mut world, &ada, event), "wrong-generation");
    }
    // As long as a label may be, and what it says is what counts.
    let longest = world.label(&"x".repeat(4 * limits::LABEL_CHARACTERS));
    for subject in [Subject::Team, Subject::Project(project), Subject::Environment(environment)] {
        let label = longest.clone();
        world.by(&ada, Event::LabelChanged(LabelChanged { subject, label })).unwrap();
    }
    assert_eq!(world.team.label(), Some(&longest));
    assert_eq!(world.team.projects()[&project].label, longest);
    assert_eq!(world.team.environments()[&environment].label, longest);
}

#[test]
fn what_is_created_is_new_somewhere_and_for_members() {
    let (mut world, ada) = environment_with("created");
    let label = world.label("x");
    let project = world.project;
    let again = Event::ProjectCreated(ProjectCreated { project, label });
    assert_eq!(code(&mut world, &ada, again), "id-taken");
    let Event::EnvironmentCreated(honest) = another(&mut world, &ada, 8, Vec::new()) else { panic!() };
    let waiting = world.invites(&ada, Role::Member, Vec::new(), true).unwrap();
    let waiting = world.waits(&waiting);
    let tom = world.join(Role::Member, Vec::new());
    let grant = |member| MemberGrant { member, level: Level::Read };
    let (tom, waiting, own) = (world.member(&tom), world.member(&waiting), world.founder_member());
    let with = |access| EnvironmentCreated { access, ..honest.clone() };
    for (expected, created) in [
        ("id-taken", EnvironmentCreated { environment: world.environment, ..honest.clone() }),
        ("no-project", EnvironmentCreated { project: ProjectId::new([9; 16]), ..honest.clone() }),
        ("malformed", with(vec![grant(tom), grant(tom)])),
        ("malformed", with(vec![grant(own)])),
        ("no-member", with(vec![grant(waiting)])),
        ("no-member", with(vec![grant(MemberId::new([9; 16]))])),
    ] {
        assert_eq!(code(&mut world, &ada, Event::EnvironmentCreated(created)), expected);
    }
    let access = vec![Grant { environment: world.environment, level: Level::Read }; 2];
    let invite = world.keyholder();
    assert_eq!(code(&mut world, &ada, Event::Invited(invited(&invite, Role::Member, access))), "malformed");
    // A project goes with the heads of all that is in it.
    let deleted = ProjectDeleted { project: world.project, heads: Vec::new() };
    assert_eq!(code(&mut world, &ada, Event::ProjectDeleted(deleted)), "heads");
}

#[test]
fn generations_follow_one_another() {
    let (mut world, ada) = environment_with("generations");
    let (environment, start) = (Some(world.environment), world.head_of(world.environment));
    let name = Commitment::new([1; 32]);
    let opened = |generation, head| {
        let commitments = Commitments { name, value: Some(name) };
        let labels = Vec::new();
        Event::GenerationOpened(GenerationOpened { environment, generation, commitments, head, labels })
    };
    for wrong in [1, 3] {
        assert_eq!(code(&mut world, &ada, opened(Generation(wrong), Some(start))), "wrong-generation");
    }
    world.renew(&ada);
    let known = &world.team.environments()[&world.environment];
    assert_eq!(known.vouched(0), Some(start.hash));
    assert_eq!((known.reach(), known.generations().len()), (1, 2));
    assert_eq!(known.generation(Generation(2)), Some(known.current()));
    assert_eq!((known.generation(Generation(0)), known.generation(Generation(3))), (None, None));
    // The second one's `rotate` stands at 1: a third cannot begin below.
    assert_eq!(code(&mut world, &ada, opened(Generation(3), Some(start))), "rotation-mismatch");

    // The head that an opening records is vouched for.
    let head = Head { number: 5, hash: StatementHash::new([5; 32]) };
    world.by(&ada, opened(Generation(3), Some(head))).unwrap();
    assert_eq!(world.team.environments()[&world.environment].vouched(5), Some(head.hash));
}

#[test]
fn the_teams_own_generations_follow_one_another_with_labels_of_theirs() {
    let (mut world, ada) = environment_with("own generations");
    let name = Commitment::new([1; 32]);
    let label = SealedLabel { generation: Generation(2), ..world.label("x") };
    let anew: Vec<_> = world
        .team
        .labelled()
        .into_iter()
        .map(|subject| LabelChanged { subject, label: label.clone() })
        .collect();
    let honest = GenerationOpened {
        environment: None,
        generation: Generation(2),
        commitments: Commitments { name, value: None },
        head: None,
        labels: anew.clone(),
    };
    let long = SealedLabel { generation: Generation(2), ..world.label(&"x".repeat(1_000)) };
    let mut one_long = anew.clone();
    one_long[1].label = long;
    let mut one_old = anew.clone();
    one_old[1].label.generation = Generation::FIRST;
    let head = Some(world.head_of(world.environment));
    for (expected, wrong) in [
        ("wrong-generation", GenerationOpened { generation: Generation(3), ..honest.clone() }),
        ("wrong-generation", GenerationOpened { generation: Generation(1), ..honest.clone() }),
        ("malformed", GenerationOpened { head, ..honest.clone() }),
        ("malformed", GenerationOpened { labels: one_old, ..honest.clone() }),
        ("limit", GenerationOpened { labels: one_long, ..honest.clone() }),
    ] {
        assert_eq!(code(&mut world, &ada, Event::GenerationOpened(wrong)), expected);
    }
    world.by(&ada, Event::GenerationOpened(honest)).unwrap();
    assert_eq!(world.team.label(), Some(&label));

    // The first one is the first.
    let founder = world.keyholder();
    let created = Event::TeamCreated(TeamCreated { keys: founder.public().clone() });
    let (author, created_at) = (founder.id(), NOW);
    let first = TeamEvent { author, team: None, sequence: 1, previous: None, created_at, event: created };
    let mut team = Team::create(&founder.sign_event(&first)).unwrap();
    for (number, expected) in [(2, Err("wrong-generation")), (1, Ok(()))] {
        let (generation, labels) = (Generation(number), Vec::new());
        let commitments = Commitments { name, value: None };
        let opened = GenerationOpened { environment: None, generation, commitments, head: None, labels };
        let event = TeamEvent {
            team: Some(team.id()),
            sequence: 2,
            previous: Some(team.head().hash),
            event: Event::GenerationOpened(opened),
            ..first.clone()
        };
        let result = team.append(&founder.sign_event(&event));
        assert_eq!(result.map(drop).map_err(|refusal| refusal.code()), expected);
    }
}

#[test]
fn every_loss_of_the_teams_name_key_makes_a_new_one_due() {
    let (mut world, ada) = environment_with("due");
    let laptop = world.adds(&ada, KeyholderKind::Computer).unwrap();
    let invite = world.invite(Role::Member, Vec::new());
    assert!(!world.team.name_key_due());
    world.does(&ada, Event::InviteClosed(InviteClosed { invite: invite.id() })).unwrap();
    assert!(world.team.name_key_due());
    renew_team(&mut world, &ada);
    assert!(!world.team.name_key_due());
    world.does(&ada, revoked(&laptop, &[])).unwrap();
    assert!(world.team.name_key_due());
}

#[test]
fn bounds_are_where_they_are_said_to_be() {
    let (mut world, ada) = environment_with("bounds");
    world.by(&ada, settings(Creating::Admins, 9, 9)).unwrap();
    let moved = |length: usize| {
        let address = format!("https://{}", "x".repeat(length - 8));
        Event::VaultMoved(VaultMoved { address, pin: None })
    };
    assert_eq!(code(&mut world, &ada, moved(limits::ADDRESS_BYTES + 1)), "limit");
    world.by(&ada, moved(limits::ADDRESS_BYTES)).unwrap();
    let pinned = PinnedHead { environment: world.environment, head: world.head_of(world.environment) };
    let (log, heads) = (world.team.head(), vec![pinned, pinned]);
    let doubled = HistoryAccepted { log, heads };
    assert_eq!(code(&mut world, &ada, Event::HistoryAccepted(doubled)), "malformed");
}

#[test]
fn an_owner_who_was_approved_is_one_and_one_who_left_is_none() {
    let (mut world, ada) = environment_with("owners");
    let founder = world.founder_member();
    let invite = world.invites(&ada, Role::Owner, Vec::new(), true).unwrap();
    let eve = world.waits(&invite);
    let member = world.member(&eve);
    let waits_at = world.team.head().sequence;
    assert_eq!(world.does(&ada, removed(founder, &[])).unwrap_err(), Refusal::LastOwner(founder));
    world.does(&ada, Event::MemberApproved(MemberApproved { member })).unwrap();
    assert_eq!(world.team.members()[&member].role_at(waits_at), None);
    assert_eq!(world.team.members()[&member].role_at(waits_at + 1), Some(Role::Owner));
    world.does(&ada, removed(founder, &[])).unwrap();
    assert_eq!(world.team.members()[&founder].role_at(world.team.head().sequence), None);
    assert!(world.team.environments()[&world.environment].writers().is_empty());
    assert_eq!(world.does(&eve, removed(member, &[])).unwrap_err(), Refusal::LastOwner(member));
}

#[test]
fn only_writing_where_nobody_may_grant_keeps_a_promotion_for_owners() {
    let (mut world, ada) = environment_with("promotion");
    let write = world.grant(Level::Write);
    let admin = world.join(Role::Admin, Vec::new());
    let ben = world.join(Role::Member, write.clone());
    let read = world.grant(Level::Read);
    let tom = world.join(Role::Member, read);
    let member = |world: &World, who| world.member(who);
    // Ada, who may grant, writes too.
    let promoted = role_changed(member(&world, &ben), Role::Admin, &[]);
    world.does(&admin, promoted).unwrap();
    let demoted = role_changed(member(&world, &ben), Role::Member, &[]);
    world.does(&ada, demoted).unwrap();
    let (environment, founder) = (world.environment, world.founder_member());
    world.does(&ada, access(environment, founder, None)).unwrap();
    assert!(world.team.is_orphaned(&world.team.environments()[&environment]));
    let promoted = role_changed(member(&world, &ben), Role::Admin, &[]);
    assert_eq!(world.does(&admin, promoted).unwrap_err().code(), "not-allowed");
    let promoted = role_changed(member(&world, &tom), Role::Admin, &[]);
    world.does(&admin, promoted).unwrap();
}
