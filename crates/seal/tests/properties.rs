//! Random sequences of signed events, honest ones and others: what holds whatever happens.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use support::events::*;
use support::*;
use twinlock_protocol::envelope::Envelope;
use twinlock_protocol::event::*;
use twinlock_protocol::ids::*;
use twinlock_protocol::team::{Checkpoint, Member, Team, replay};

/// One thing that somebody tries. The numbers choose among what there is at that moment.
#[derive(Clone, Debug)]
struct Attempt {
    kind: u8,
    who: usize,
    whom: usize,
    which: usize,
    level: Option<Level>,
    role: Role,
    /// Named as kept, if there is such a thing.
    keep: Option<usize>,
    /// Whether everything that the event has to record is filled in.
    honest: bool,
}

fn attempts(length: usize) -> impl Strategy<Value = Vec<Attempt>> {
    let level =
        prop_oneof![Just(None), Just(Some(Level::Names)), Just(Some(Level::Read)), Just(Some(Level::Write))];
    let role = prop_oneof![Just(Role::Member), Just(Role::Admin), Just(Role::Owner)];
    let keep = prop::option::weighted(0.2, any::<usize>());
    let one = (
        0..24u8,
        any::<usize>(),
        any::<usize>(),
        any::<usize>(),
        level,
        role,
        keep,
        prop::bool::weighted(0.9),
    );
    let one = one.prop_map(|(kind, who, whom, which, level, role, keep, honest)| Attempt {
        kind,
        who,
        whom,
        which,
        level,
        role,
        keep,
        honest,
    });
    prop::collection::vec(one, length)
}

fn pick<T: Copy>(all: impl IntoIterator<Item = T>, index: usize) -> Option<T> {
    let all: Vec<_> = all.into_iter().collect();
    (!all.is_empty()).then(|| all[index % all.len()])
}

/// A team with a few people of each role.
fn started() -> World {
    let mut world = World::new("properties");
    world.with_environment();
    let write = world.grant(Level::Write);
    world.join(Role::Owner, Vec::new());
    world.join(Role::Admin, write.clone());
    world.join(Role::Admin, Vec::new());
    world.join(Role::Member, write);
    let read = world.grant(Level::Read);
    world.join(Role::Member, read);
    world
}

/// Signs what an attempt asks for, whether it is allowed or not. `who` are the keyholders who may be the author.
fn statement(world: &mut World, attempt: &Attempt, who: &[KeyholderId]) -> Option<Envelope> {
    let team = world.team.clone();
    let author = world.twin(pick(who.iter().copied(), attempt.who)?);
    let member = pick(team.members().keys().copied(), attempt.whom)?;
    let environment = pick(team.environments().keys().copied(), attempt.which);
    let project = pick(team.projects().keys().copied(), attempt.which);
    let keyholder = pick(team.keyholders().keys().copied(), attempt.whom)?;
    let access: Vec<_> = environment
        .zip(attempt.level)
        .map(|(environment, level)| Grant { environment, level })
        .into_iter()
        .collect();
    let everything = team.keyholders().keys().chain(team.invites().keys()).chain(team.services().keys());
    let everything: Vec<_> = everything.copied().collect();
    let keep: Vec<_> = attempt.keep.and_then(|keep| pick(everything, keep)).into_iter().collect();
    let heads = Vec::new();
    let id = |bytes: usize| [u8::try_from(bytes % 251).unwrap(); 16];
    let commitments = Commitments { name: Commitment::new([1; 32]), value: Some(Commitment::new([2; 32])) };
    let event = match attempt.kind {
        0..=2 => {
            let keys = world.keyholder().public().clone();
            let approve = attempt.kind == 2;
            Event::Invited(Invited { keys, role: attempt.role, access, expires_at: NOW, approve })
        }
        3 | 4 => {
            let held = world.seeds.keys().copied().collect::<BTreeSet<_>>();
            let invites = team.invites().keys().filter(|invite| held.contains(invite)).copied();
            let invite = world.twin(pick(invites, attempt.which)?);
            let approve = team.invites()[&invite.id()].approve;
            let label = (!approve).then(|| world.label("x"));
            let joiner = world.keyholder();
            let joined = MemberJoined { keys: joiner.public().clone(), invite: invite.id(), label };
            let event = world.event(joiner.id(), Event::MemberJoined(joined));
            return Some(invite.co_sign(joiner.sign_event(&event)));
        }
        5 | 6 => {
            let kind = if attempt.kind == 5 { KeyholderKind::Computer } else { KeyholderKind::Recovery };
            let added = world.keyholder();
            return Some(world.adding(&author, &added, kind));
        }
        7 | 8 => Event::KeyholderRevoked(KeyholderRevoked { keyholder, keep, heads }),
        9 => Event::MemberRemoved(MemberRemoved { member, keep, heads }),
        10 => {
            // Leaving.
            let member = team.member_of(author.id()).ok()?;
            Event::MemberRemoved(MemberRemoved { member, keep, heads })
        }
        11 | 12 => Event::RoleChanged(RoleChanged { member, role: attempt.role, keep, heads }),
        13 | 14 => support::events::access(environment?, member, attempt.level),
        15 => Event::MemberApproved(MemberApproved { member }),
        16 => {
            let invite = pick(team.invites().keys().copied(), attempt.which)?;
            Event::InviteClosed(InviteClosed { invite })
        }
        17 => {
            let keys = world.keyholder().public().clone();
            let label = world.label("ci");
            Event::ServiceCreated(ServiceCreated { keys, label, access, expires_at: None })
        }
        18 => {
            let service = pick(team.services().keys().copied(), attempt.which)?;
            Event::ServiceClosed(ServiceClosed { service })
        }
        19 => {
            let access = attempt.level.map(|level| MemberGrant { member, level });
            Event::EnvironmentCreated(EnvironmentCreated {
                environment: EnvironmentId::new(id(attempt.which)),
                project: project?,
                label: world.label("x"),
                commitments,
                access: access.into_iter().collect(),
            })
        }
        20 => {
            let environment = environment?;
            let head = Head { number: 0, hash: StatementHash::new([0; 32]) };
            // Not the one that the rest of the test is about.
            if environment == world.environment {
                let label = world.label("x");
                let project = ProjectId::new(id(attempt.which));
                Event::ProjectCreated(ProjectCreated { project, label })
            } else {
                Event::EnvironmentDeleted(EnvironmentDeleted { environment, head })
            }
        }
        21 => {
            let environment = environment?;
            let known = team.environment(environment).ok()?;
            let head = world.head_of(environment);
            world.heads.insert(
                environment,
                Head { number: head.number + 1, hash: StatementHash::new(double(&id(attempt.which))) },
            );
            let generation = known.current().number.next()?;
            let head = Some(Head { number: known.reach().max(head.number), ..head });
            Event::GenerationOpened(GenerationOpened {
                environment: Some(environment),
                generation,
                commitments,
                head: head.filter(|head| known.vouched(head.number).is_none_or(|hash| hash == head.hash)),
                labels: Vec::new(),
            })
        }
        22 => settings(
            if attempt.honest { Creating::Members } else { Creating::Admins },
            7,
            30 + u32::try_from(attempt.which % 100).unwrap(),
        ),
        _ => {
            let subject = pick([Subject::Team, Subject::Member(member)], attempt.which)?;
            Event::LabelChanged(LabelChanged { subject, label: world.label("x") })
        }
    };
    let event = if attempt.honest { world.filled(author.id(), event) } else { event };
    Some(author.sign_event(&world.event(author.id(), event)))
}

fn double(half: &[u8; 16]) -> [u8; 32] {
    let mut whole = [0; 32];
    whole[..16].copy_from_slice(half);
    whole[16..].copy_from_slice(half);
    whole
}

/// What must hold after every event of every log.
fn check_always(before: &Team, after: &Team, event: &TeamEvent) {
    let owners = after.active_members().filter(|(_, member)| member.role == Role::Owner).count();
    assert!(owners >= 1, "the last owner is lost");
    for (id, member) in after.active_members() {
        let live = after.keyholders().iter().filter(|(_, held)| held.member == id && held.is_live());
        let live: BTreeSet<_> = live.map(|(keyholder, _)| *keyholder).collect();
        assert!(!live.is_empty(), "{id} is locked out");
        assert!(live.len() <= 16);
        assert_eq!(member.keyholders(), &live);
    }
    // Nobody's revocation touches another member's keyholders.
    if let Event::KeyholderRevoked(_) = event.event {
        let author = before.member_of(event.author).unwrap();
        for (id, held) in before.keyholders() {
            // Who waits goes with the invite that a fallen keyholder made.
            let waits = !before.members()[&held.member].is_active();
            let touched = after.keyholders()[id].is_live() != held.is_live();
            assert!(!touched || held.member == author || waits, "{id} fell by another's revocation");
        }
    }
    // What is live hangs from nobody, or from something live, or from who revoked it.
    for (id, invite) in after.invites().iter().filter(|(id, _)| after.open_invite(**id).is_ok()) {
        assert!(after.keyholders()[&invite.author].is_live(), "invite {id} outlives its signer");
        for grant in &invite.access {
            let signer = after.member_of(invite.author).unwrap();
            let gone = after.environment(grant.environment).is_err();
            assert!(gone || after.level(signer, grant.environment) == Some(Level::Write));
        }
    }
    for (id, service) in after.services().iter().filter(|(_, one)| one.closed.is_none()) {
        assert!(after.keyholders()[&service.author].is_live(), "service {id} outlives its signer");
    }
}

/// The highest role and, for the environment, the highest level that some members have between them, with what
/// they have made.
fn reach(team: &Team, who: &BTreeSet<MemberId>, environment: EnvironmentId) -> (Option<Role>, Option<Level>) {
    let members: Vec<(MemberId, &Member)> =
        team.active_members().filter(|(id, _)| who.contains(id)).collect();
    let role = members.iter().map(|(_, member)| member.role).max();
    let level = members.iter().filter_map(|(id, _)| team.level(*id, environment)).max();
    (role, level)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// No sequence of events loses the last owner, locks anybody out, or leaves a trace when it is refused; and
    /// however a log is taken in, it comes to the same.
    #[test]
    fn whatever_anybody_signs_the_team_holds(attempts in attempts(60), cut in any::<prop::sample::Index>()) {
        let mut world = started();
        for attempt in &attempts {
            let who: Vec<_> = world.seeds.keys().copied().collect();
            let Some(statement) = statement(&mut world, attempt, &who) else { continue };
            let before = world.team.clone();
            // `append` of the world checks that a refused event changes nothing.
            if let Ok(event) = world.append(statement) {
                check_always(&before, &world.team, &event);
            }
        }
        // At once, as a client does, and through JSON, as it comes from a vault.
        let json = serde_json::to_vec(&world.log).unwrap();
        let served: Vec<Envelope> = serde_json::from_slice(&json).unwrap();
        prop_assert_eq!(&replay(&served).unwrap(), &world.team);
        // Up to anywhere, kept, taken up again, and on to the end.
        let at = 1 + cut.index(world.log.len());
        let early = replay(&world.log[..at]).unwrap();
        let kept = Checkpoint::of(&early).to_bytes().unwrap();
        let mut late = Checkpoint::from_own_store(&kept).unwrap().open(early.id(), early.head()).unwrap();
        prop_assert_eq!(&late, &early);
        for statement in &world.log[at..] {
            late.append(statement).unwrap();
        }
        prop_assert_eq!(&late, &world.team);
    }

    /// Whatever those below owner sign between them, with everybody they let in, none of them comes to own the
    /// team, and together they come no further than the furthest of them was.
    #[test]
    fn nobody_below_owner_raises_their_own_rights(
        attempts in attempts(60),
        conspirators in prop::collection::btree_set(0..4usize, 1..=4),
    ) {
        let mut world = started();
        let below: Vec<_> =
            world.team.active_members().filter(|(_, member)| member.role < Role::Owner).map(|(id, _)| id).collect();
        let mut who: BTreeSet<_> = conspirators.iter().map(|index| below[*index]).collect();
        let others: BTreeMap<_, _> = world
            .team
            .active_members()
            .filter(|(id, _)| !who.contains(id))
            .map(|(id, member)| (id, member.role))
            .collect();
        let environment = world.environment;
        let (role, level) = reach(&world.team, &who, environment);
        let honest: BTreeSet<_> = world
            .team
            .keyholders()
            .iter()
            .filter(|(_, held)| !who.contains(&held.member))
            .map(|(id, _)| *id)
            .collect();
        for attempt in &attempts {
            let signers: Vec<_> = world.seeds.keys().filter(|id| !honest.contains(id)).copied().collect();
            let Some(statement) = statement(&mut world, attempt, &signers) else { continue };
            if let Ok(event) = world.append(statement)
                && let Event::MemberJoined(_) = event.event
            {
                who.insert(world.team.member_of(event.author).unwrap());
            }
            let (role_now, level_now) = reach(&world.team, &who, environment);
            prop_assert!(role_now <= role, "{:?} after {:?}", role_now, attempt);
            prop_assert!(level_now <= level, "{:?} after {:?}", level_now, attempt);
            for service in world.team.services().values() {
                prop_assert!(service.level(environment) <= level);
            }
            for (owner, _) in others.iter().filter(|(_, role)| **role == Role::Owner) {
                prop_assert!(world.team.active_member(*owner).is_ok(), "an owner was removed from below");
            }
        }
    }
}
