//! The rules of the two replays, tried with real keys: what an honest team does is accepted, and each step
//! aside is refused for its own reason, leaving the state as it was.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use support::*;
use twinlock_protocol::Refusal;
use twinlock_protocol::envelope::Envelope;
use twinlock_protocol::environment::Environment;
use twinlock_protocol::event::*;
use twinlock_protocol::ids::*;
use twinlock_protocol::revision::*;
use twinlock_protocol::team::replay;
use twinlock_seal::{Keyholder, Seed};

#[test]
fn an_honest_log_replays_to_the_same_team() {
    let mut world = World::new("honest");
    world.with_environment();
    let grant = Grant { environment: world.environment, level: Level::Write };
    let ben = world.join(Role::Member, vec![grant]);
    assert_eq!(replay(&world.log).unwrap(), world.team);
    let member = world.team.member_of(ben.id()).unwrap();
    assert_eq!(world.team.level(member, world.environment), Some(Level::Write));
    assert!(
        world.team.environment(world.environment).unwrap().is_stale(),
        "an invite was used: new keys are due"
    );
    assert!(world.team.name_key_due());
}

#[test]
fn a_log_that_is_changed_anywhere_does_not_replay() {
    let mut world = World::new("changed log");
    world.with_environment();
    let log = &world.log;
    for at in 0..log.len() {
        let mut cut = log.clone();
        cut.remove(at);
        if at + 1 < log.len() {
            assert!(replay(&cut).is_err(), "left out {at}");
        }
        let mut flipped = log.clone();
        let last = flipped[at].payload.0.len() - 3;
        flipped[at].payload.0[last] ^= 1;
        assert!(replay(&flipped).is_err(), "flipped {at}");
        let mut doubled = log.clone();
        doubled.insert(at, log[at].clone());
        assert!(replay(&doubled).is_err(), "doubled {at}");
        let mut unsigned = log.clone();
        unsigned[at].signatures.clear();
        assert_eq!(replay(&unsigned).unwrap_err(), Refusal::Signers);
    }
}

#[test]
fn signatures_are_exactly_those_of_the_named_keyholders() {
    let mut world = World::new("signatures");
    let stranger = Keyholder::from_seed(&Seed::generate(&mut world.rng));
    let label = world.label("Acme 2");
    let rename = Event::LabelChanged(LabelChanged { subject: Subject::Team, label });
    let event = world.event(world.founder.id(), rename.clone());
    let honest = world.founder.sign_event(&event);

    let extra = stranger.co_sign(honest.clone());
    let doubled = world.founder.co_sign(honest.clone());
    let by_another = stranger.sign_event(&event);
    let mut renamed = by_another.clone();
    renamed.signatures[0].keyid = world.founder.id();
    let unknown = stranger.sign_event(&world.event(stranger.id(), rename));
    for (statement, expect) in [
        (extra, Refusal::Signers),
        (doubled, Refusal::Signers),
        (by_another, Refusal::Signers),
        (renamed, Refusal::Signature { signer: world.founder.id() }),
        (unknown, Refusal::UnknownKeyholder { keyholder: stranger.id() }),
    ] {
        assert_eq!(world.append(statement).unwrap_err(), expect);
    }
    world.append(honest).unwrap();
}

#[test]
fn a_member_cannot_do_what_takes_an_admin() {
    let mut world = World::new("roles");
    let (name, value, _) = world.with_environment();
    let (environment, project) = (world.environment, world.project);
    let write = Grant { environment, level: Level::Write };
    let ben = world.join(Role::Member, vec![write]);
    let ada = world.founder_member();
    let invite = Keyholder::from_seed(&Seed::generate(&mut world.rng));
    let commitments = Commitments { name: name.commitment(), value: Some(value.commitment()) };
    let label = world.label("x");
    let relabel = |subject| Event::LabelChanged(LabelChanged { subject, label: label.clone() });
    let forbidden = [
        Event::Invited(invited(&invite, Role::Member, Vec::new())),
        relabel(Subject::Team),
        relabel(Subject::Member(ada)),
        relabel(Subject::Project(project)),
        relabel(Subject::Environment(environment)),
        Event::EnvironmentCreated(EnvironmentCreated {
            environment: EnvironmentId::new([9; 16]),
            project,
            label: label.clone(),
            commitments: commitments.clone(),
            access: vec![MemberGrant { member: ada, level: Level::Read }],
        }),
        Event::GenerationOpened(GenerationOpened {
            environment: None,
            generation: Generation(2),
            commitments: Commitments { value: None, ..commitments },
            head: None,
            labels: Vec::new(),
        }),
    ];
    for event in forbidden {
        let refusal = world.by(&ben, event.clone()).unwrap_err();
        assert!(matches!(refusal, Refusal::NotAllowed { .. }), "{event:?}: {refusal}");
    }
    let own = world.team.member_of(ben.id()).unwrap();
    world.by(&ben, relabel(Subject::Member(own))).unwrap();
}

#[test]
fn nobody_gives_more_than_they_have() {
    let mut world = World::new("escalation");
    world.with_environment();
    let environment = world.environment;
    let admin = world.join(Role::Admin, vec![Grant { environment, level: Level::Read }]);
    let invite = Keyholder::from_seed(&Seed::generate(&mut world.rng));
    for event in [
        invited(&invite, Role::Owner, Vec::new()),
        invited(&invite, Role::Member, vec![Grant { environment, level: Level::Names }]),
    ] {
        let refusal = world.by(&admin, Event::Invited(event)).unwrap_err();
        assert!(matches!(refusal, Refusal::NotAllowed { .. }), "{refusal}");
    }
    world.by(&admin, Event::Invited(invited(&invite, Role::Admin, Vec::new()))).unwrap();
}

#[test]
fn an_invite_works_once_and_only_with_its_own_signature() {
    let mut world = World::new("invite");
    let invite = world.invite(Role::Member, Vec::new());
    let (_, used) = world.joined(&invite);
    let (joiner, mut without) = world.joined(&invite);
    without.signatures.retain(|signature| signature.keyid == joiner.id());
    assert_eq!(world.append(without).unwrap_err(), Refusal::Signers);
    let stranger = Keyholder::from_seed(&Seed::generate(&mut world.rng));
    let (_, by_stranger) = world.joined(&stranger);
    assert_eq!(world.append(by_stranger).unwrap_err(), Refusal::InviteNotOpen(stranger.id()));
    world.append(used).unwrap();
    let (_, again) = world.joined(&invite);
    assert_eq!(world.append(again).unwrap_err(), Refusal::InviteNotOpen(invite.id()));
}

#[test]
fn what_a_newer_version_wrote_is_named_as_such() {
    let mut world = World::new("newer");
    let label = world.label("x");
    let event =
        world.event(world.founder.id(), Event::LabelChanged(LabelChanged { subject: Subject::Team, label }));
    let mut json = serde_json::to_value(&event).unwrap();
    json["event"] = serde_json::json!({ "type": "member-praised", "member": "00" });
    let mut statement = world.founder.sign_event(&event);
    statement.payload.0 = serde_json::to_vec(&json).unwrap();
    let stranger = Keyholder::from_seed(&Seed::generate(&mut world.rng));
    for (kind, payload_type) in
        [("member-praised", "twinlock/team-event/v1"), ("twinlock/team-event/v2", "twinlock/team-event/v2")]
    {
        statement.payload_type = payload_type.into();
        let signed_by = |keyholder: &Keyholder| {
            keyholder.co_sign(Envelope { signatures: Vec::new(), ..statement.clone() })
        };
        // Told of what a member signed, and of nothing that a vault can make alone.
        let by_founder = signed_by(&world.founder);
        let newer = Refusal::NewerVersion { kind: kind.into() };
        assert_eq!(world.append(by_founder).unwrap_err(), newer);
        let founder = world.founder.id();
        assert_eq!(world.append(statement.clone()).unwrap_err(), Refusal::Signature { signer: founder });
        assert_eq!(world.append(signed_by(&stranger)).unwrap_err(), Refusal::Signers);
    }
    let mut by_stranger = json.clone();
    by_stranger["author"] = serde_json::json!(stranger.id());
    statement.payload.0 = serde_json::to_vec(&by_stranger).unwrap();
    let unknown = Refusal::UnknownKeyholder { keyholder: stranger.id() };
    assert_eq!(world.append(stranger.co_sign(statement)).unwrap_err(), unknown);
    // A statement of a known kind in another's place is no news of a newer version.
    let mut misplaced = world.founder.sign_event(&event);
    misplaced.payload_type = "twinlock/revision/v1".into();
    misplaced.signatures.clear();
    assert_eq!(world.append(world.founder.co_sign(misplaced)).unwrap_err().code(), "malformed");
    let mut unknown_field = serde_json::to_value(&event).unwrap();
    unknown_field["more"] = serde_json::json!(1);
    let mut statement = world.founder.sign_event(&event);
    statement.payload.0 = serde_json::to_vec(&unknown_field).unwrap();
    assert_eq!(world.append(statement).unwrap_err().code(), "malformed");
}

fn two_entries(world: &mut World) -> (twinlock_protocol::Verified<Environment>, Vec<Envelope>) {
    let (name, value, mut state) = world.with_environment();
    let at = places(2);
    let changes = vec![
        world.put((&name, &value), "A=", "1\n", at[0].clone()),
        world.put((&name, &value), "B=", "2\n", at[1].clone()),
    ];
    let first = world.founder.sign_revision(&world.revision(world.founder.id(), &state, changes));
    state.append(&world.team, &first).unwrap();
    (state, vec![first])
}

#[test]
fn revisions_continue_their_chain_and_state_what_they_lead_to() {
    let mut world = World::new("revisions");
    let (state, _) = two_entries(&mut world);
    let (keep, gone) = (state.in_order().next().unwrap().0, state.in_order().nth(1).unwrap().0);
    let author = world.founder.id();
    let kept = state.entries()[&keep].clone();
    let honest = world.revision(author, &state, vec![Change::Remove(Remove { entry: gone })]);

    type Step = Box<dyn Fn(&mut Revision)>;
    let steps: Vec<(&str, Step)> = vec![
        ("number", Box::new(|r| r.number += 1)),
        ("chain", Box::new(|r| r.previous = StatementHash::new([1; 32]))),
        ("elsewhere", Box::new(|r| r.environment = EnvironmentId::new([1; 16]))),
        ("elsewhere", Box::new(|r| r.team = TeamId::new([1; 16]))),
        ("state", Box::new(|r| r.state = StateHash::new([1; 32]))),
        ("wrong-generation", Box::new(|r| r.generation = Generation(2))),
        ("log-behind", Box::new(|r| r.team_head.sequence += 1)),
        ("other-log", Box::new(|r| r.team_head.hash = StatementHash::new([1; 32]))),
        ("other-log", Box::new(|r| r.team_head.sequence -= 1)),
        ("no-change", Box::new(|r| r.changes.clear())),
        ("rotation-mismatch", Box::new(|r| r.cause = Cause::Rotate)),
        ("entry", Box::new(|r| r.changes = vec![r.changes[0].clone(), r.changes[0].clone()])),
        ("entry", Box::new(|r| r.changes = vec![Change::Remove(Remove { entry: EntryId::new([7; 16]) })])),
    ];
    for (code, step) in steps {
        let mut changed = honest.clone();
        step(&mut changed);
        let mut after = state.clone();
        let refusal = after.append(&world.team, &world.founder.sign_revision(&changed)).unwrap_err();
        assert_eq!((refusal.code(), &after), (code, &state));
    }

    let put = |pointer, name: &[u8], position| {
        let (name, digest) = (name.to_vec().into(), kept.digest);
        vec![Change::Put(Put { entry: EntryId::new([5; 16]), position, name, pointer, digest })]
    };
    let fresh = Pointer::new([3; 16]);
    for (code, changes) in [
        ("pointer-reused", put(kept.pointer, &kept.name, places(3)[0].clone())),
        ("position-taken", put(fresh, &kept.name, kept.position.clone())),
        ("malformed", put(fresh, b"not a seal", places(7)[0].clone())),
    ] {
        let statement = world.founder.sign_revision(&world.revision(author, &state, changes));
        assert_eq!(state.clone().append(&world.team, &statement).unwrap_err().code(), code);
    }

    let mut after = state.clone();
    after.append(&world.team, &world.founder.sign_revision(&honest)).unwrap();
    assert_eq!(after.entries().len(), 1);
}

#[test]
fn a_move_keeps_pointer_name_and_digest() {
    let mut world = World::new("move");
    let (mut state, _) = two_entries(&mut world);
    let (id, entry) = state.in_order().next().map(|(id, entry)| (id, entry.clone())).unwrap();
    let moved = Put {
        entry: id,
        position: "zz".parse().unwrap(),
        name: entry.name.clone(),
        pointer: entry.pointer,
        digest: entry.digest,
    };
    let swapped = Put { digest: Digest::new([1; 32]), ..moved.clone() };
    let author = world.founder.id();
    let lie = world.founder.sign_revision(&world.revision(author, &state, vec![Change::Put(swapped)]));
    assert_eq!(state.append(&world.team, &lie).unwrap_err(), Refusal::PointerReused(entry.pointer));
    let honest = world.founder.sign_revision(&world.revision(author, &state, vec![Change::Put(moved)]));
    state.append(&world.team, &honest).unwrap();
    assert_eq!(state.in_order().nth(1).unwrap().0, id);
}

#[test]
fn who_may_not_write_is_refused_however_honest_the_vault_looks() {
    let mut world = World::new("readers");
    let (state, _) = two_entries(&mut world);
    let environment = world.environment;
    let reader = world.join(Role::Member, vec![Grant { environment, level: Level::Read }]);
    let outsider = world.join(Role::Owner, Vec::new());
    let gone = state.in_order().next().unwrap().0;
    for author in [&reader, &outsider] {
        let revision = world.revision(author.id(), &state, vec![Change::Remove(Remove { entry: gone })]);
        let refusal = state.clone().append(&world.team, &author.sign_revision(&revision)).unwrap_err();
        assert!(matches!(refusal, Refusal::NotAllowed { .. }), "{refusal}");
    }
}

#[test]
fn after_somebody_joined_nothing_is_pushed_before_new_keys() {
    let mut world = World::new("stale");
    let (mut state, mut history) = two_entries(&mut world);
    let environment = world.environment;
    let ben = world.join(Role::Member, vec![Grant { environment, level: Level::Write }]);
    let gone = state.in_order().next().unwrap().0;
    let remove = vec![Change::Remove(Remove { entry: gone })];
    let early = ben.sign_revision(&world.revision(ben.id(), &state, remove.clone()));
    assert_eq!(state.append(&world.team, &early).unwrap_err(), Refusal::Stale);

    let before = world.team.clone();
    world.open_generation(&ben, state.head());
    assert_eq!(state.agrees_with(&before), Ok(()));
    assert_eq!(
        state.agrees_with(&world.team).unwrap_err(),
        Refusal::CutShort { served: 1, known: 2 },
        "an opened generation without its rotate revision"
    );
    let skipped = ben.sign_revision(&world.revision(ben.id(), &state, remove));
    assert_eq!(state.append(&world.team, &skipped).unwrap_err(), Refusal::RotationMismatch);

    let rotated = |world: &mut World, changes| Revision {
        cause: Cause::Rotate,
        ..world.revision(ben.id(), &state, changes)
    };
    let resealed = world.resealed(&state);
    let partial = rotated(&mut world, resealed[..1].to_vec());
    assert_eq!(
        state.clone().append(&world.team, &ben.sign_revision(&partial)).unwrap_err(),
        Refusal::RotationIncomplete
    );
    let honest = ben.sign_revision(&rotated(&mut world, resealed));
    state.append(&world.team, &honest).unwrap();
    assert_eq!(state.agrees_with(&world.team), Ok(()));
    assert!(!world.team.environment(environment).unwrap().is_stale());

    history.push(honest);
    let mut replayed = Environment::start(&world.team, environment).unwrap();
    replayed.extend(&world.team, &history).unwrap();
    assert_eq!(replayed, state);
}

#[test]
fn the_teams_name_key_is_renewed_with_every_label() {
    let mut world = World::new("team key");
    world.with_environment();
    world.join(Role::Member, Vec::new());
    let next = world.label("sealed anew");
    let labels = |subjects: &[Subject]| -> Vec<LabelChanged> {
        let label = SealedLabel { generation: Generation(2), ..next.clone() };
        subjects.iter().map(|&subject| LabelChanged { subject, label: label.clone() }).collect()
    };
    let mut subjects =
        vec![Subject::Team, Subject::Project(world.project), Subject::Environment(world.environment)];
    let opened = |labels| {
        Event::GenerationOpened(GenerationOpened {
            environment: None,
            generation: Generation(2),
            commitments: Commitments { name: Commitment::new([1; 32]), value: None },
            head: None,
            labels,
        })
    };
    let incomplete = opened(labels(&subjects));
    assert_eq!(world.by_founder(incomplete).unwrap_err().code(), "malformed");
    let joined = world.team.members().iter().find(|(_, member)| member.invited_by.is_some()).unwrap();
    subjects.push(Subject::Member(*joined.0));
    world.by_founder(opened(labels(&subjects))).unwrap();
    assert!(!world.team.name_key_due());
}

#[test]
fn keys_that_nothing_can_be_wrapped_to_are_refused() {
    let mut world = World::new("no key");
    let mut invite = world.invite(Role::Member, Vec::new()).public().clone();
    invite.kem = [0xff; 1216];
    let event = Event::Invited(Invited {
        keys: invite.clone(),
        role: Role::Member,
        access: Vec::new(),
        expires_at: NOW,
        approve: false,
    });
    assert_eq!(world.by_founder(event).unwrap_err(), Refusal::Keys { keyholder: invite.id() });
}

#[test]
fn labels_and_messages_have_the_form_and_size_of_a_seal() {
    let mut world = World::new("sizes");
    let (state, _) = two_entries(&mut world);
    let long = "x".repeat(1000);
    let label = world.label(&long);
    let event = Event::LabelChanged(LabelChanged { subject: Subject::Team, label: label.clone() });
    assert_eq!(world.by_founder(event).unwrap_err().code(), "limit");
    let clear = SealedLabel { sealed: b"Acme".as_slice().into(), ..label };
    let event = Event::LabelChanged(LabelChanged { subject: Subject::Team, label: clear });
    assert_eq!(world.by_founder(event).unwrap_err().code(), "malformed");

    let gone = state.in_order().next().unwrap().0;
    let author = world.founder.id();
    let honest = world.revision(author, &state, vec![Change::Remove(Remove { entry: gone })]);
    let text = world.label(&"x".repeat(3000)).sealed;
    let message = SealedMessage { pointer: MessageId::new([1; 16]), text };
    let statement = world.founder.sign_revision(&Revision { message: Some(message), ..honest });
    assert_eq!(state.clone().append(&world.team, &statement).unwrap_err().code(), "limit");
}
