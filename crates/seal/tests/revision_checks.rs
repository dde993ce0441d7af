//! Checks of revisions and of what falls with what that no other test misses when they are gone: found by removing
//! them, one at a time (`docs/mutation.md`).

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use support::events::*;
use support::*;
use twinlock_protocol::Verified;
use twinlock_protocol::envelope::Envelope;
use twinlock_protocol::environment::{Environment, SEAL_OVERHEAD, check_blob};
use twinlock_protocol::event::*;
use twinlock_protocol::ids::*;
use twinlock_protocol::refusal::Refusal;
use twinlock_protocol::revision::*;
use twinlock_protocol::team::InviteState;
use twinlock_protocol::{limits, padding};
use twinlock_seal::{Keyholder, NameKey, ValueKey};

/// An environment with two entries, its founder's alone.
struct Cast {
    world: World,
    ada: Keyholder,
    name: NameKey,
    value: ValueKey,
    empty: Verified<Environment>,
    state: Verified<Environment>,
    first: Envelope,
}

impl Cast {
    fn new(label: &'static str) -> Self {
        let mut world = World::new(label);
        let (name, value, empty) = world.with_environment();
        let ada = world.twin(world.founder.id());
        let at = places(2);
        let changes = vec![
            world.put((&name, &value), "A=", "1\n", at[0].clone()),
            world.put((&name, &value), "B=", "2\n", at[1].clone()),
        ];
        let first = ada.sign_revision(&world.revision(ada.id(), &empty, changes));
        let mut state = empty.clone();
        state.append(&world.team, &first).unwrap();
        world.heads.insert(world.environment, state.head());
        Self { world, ada, name, value, empty, state, first }
    }

    fn put_of_first(&self) -> Put {
        let (entry, old) = self.state.in_order().next().unwrap();
        let (name, pointer, digest) = (old.name.clone(), old.pointer, old.digest);
        Put { entry, position: "zz".parse().unwrap(), name, pointer, digest }
    }

    /// A move of the first entry, under the log's head now.
    fn moving(&self) -> Revision {
        let changes = vec![Change::Put(self.put_of_first())];
        self.world.revision(self.ada.id(), &self.state, changes)
    }

    fn code(&self, revision: &Revision) -> &'static str {
        self.code_of(&self.ada.sign_revision(revision))
    }

    fn code_of(&self, statement: &Envelope) -> &'static str {
        let mut state = self.state.clone();
        let code =
            state.append(&self.world.team, statement).map_or_else(|refusal| refusal.code(), |_| "accepted");
        assert!(code == "accepted" || state == self.state, "a refused revision changed the environment");
        code
    }

    fn changed(&self, changes: Vec<Change>) -> Revision {
        self.world.revision(self.ada.id(), &self.state, changes)
    }

    fn fresh(&mut self, text: &str, position: &str) -> Change {
        self.world.put((&self.name, &self.value), text, "1\n", position.parse().unwrap())
    }
}

#[test]
fn a_revision_is_one_and_signed_by_its_author() {
    let mut cast = Cast::new("signed");
    let honest = cast.moving();
    let statement = cast.ada.sign_revision(&honest);
    assert_eq!(cast.code_of(&statement), "accepted");
    let unsigned = Envelope { signatures: Vec::new(), ..statement.clone() };
    assert_eq!(cast.code_of(&unsigned), "signers");
    let eve = cast.world.keyholder();
    assert_eq!(cast.code_of(&eve.co_sign(unsigned.clone())), "signers");
    let mut forged = eve.co_sign(unsigned.clone());
    forged.signatures[0].keyid = cast.ada.id();
    assert_eq!(cast.code_of(&forged), "signature");
    assert_eq!(cast.code_of(&eve.co_sign(statement)), "signers");
    let misplaced = Envelope { payload_type: "twinlock/team-event/v1".into(), ..unsigned };
    assert_eq!(cast.code_of(&cast.ada.co_sign(misplaced)), "malformed");
}

#[test]
fn a_revision_refers_to_no_older_log_than_the_one_before_it() {
    let mut cast = Cast::new("older log");
    let older = cast.world.team.head();
    let label = cast.world.label("x");
    cast.world.by_founder(Event::LabelChanged(LabelChanged { subject: Subject::Team, label })).unwrap();
    let statement = cast.ada.sign_revision(&cast.moving());
    cast.state.append(&cast.world.team, &statement).unwrap();
    let put = Put { position: "zzz".parse().unwrap(), ..cast.put_of_first() };
    let next = cast.changed(vec![Change::Put(put)]);
    assert_eq!(cast.code(&Revision { team_head: older, ..next.clone() }), "other-log");
    assert_eq!(cast.code(&next), "accepted");
}

#[test]
fn a_computer_pushes_from_when_it_was_added() {
    let mut cast = Cast::new("added later");
    let before = cast.world.team.head();
    let laptop = cast.world.adds(&cast.ada, KeyholderKind::Computer).unwrap();
    let by_laptop = Revision { author: laptop.id(), ..cast.moving() };
    let early = laptop.sign_revision(&Revision { team_head: before, ..by_laptop.clone() });
    assert_eq!(cast.code_of(&early), "not-allowed");
    assert_eq!(cast.code_of(&laptop.sign_revision(&by_laptop)), "accepted");
}

#[test]
fn a_generation_begins_where_the_log_says_with_all_anew() {
    let mut cast = Cast::new("begins");
    let head = cast.state.head();
    cast.world.open_generation(&cast.ada, head);
    let resealed = cast.world.resealed(&cast.state);
    let rotate = |cast: &Cast, changes| Revision { cause: Cause::Rotate, ..cast.changed(changes) };
    let honest = rotate(&cast, resealed.clone());
    // A pointer kept, which a move may.
    let mut kept = resealed;
    kept[0] = Change::Put(cast.put_of_first());
    assert_eq!(cast.code(&rotate(&cast, kept)), "rotation-incomplete");
    let label = cast.world.label("x");
    cast.world.by_founder(Event::LabelChanged(LabelChanged { subject: Subject::Team, label })).unwrap();
    assert_eq!(
        cast.code(&Revision { team_head: cast.world.team.head(), ..honest.clone() }),
        "rotation-mismatch"
    );
    assert_eq!(cast.code(&honest), "accepted");

    // Opened on another head than the history has.
    let mut cast = Cast::new("begins elsewhere");
    let beside = Head { hash: StatementHash::new([9; 32]), ..cast.state.head() };
    cast.world.open_generation(&cast.ada, beside);
    let resealed = cast.world.resealed(&cast.state);
    assert_eq!(cast.code(&rotate(&cast, resealed)), "rotation-mismatch");
    assert_eq!(cast.state.agrees_with(&cast.world.team).unwrap_err().code(), "cut-short");

    // Opened above: what is below is of the generation before, and cannot be under this log.
    let mut cast = Cast::new("begins above");
    let above = Head { number: 5, hash: StatementHash::new([9; 32]) };
    cast.world.open_generation(&cast.ada, above);
    assert_eq!(cast.code(&cast.moving()), "wrong-generation");
}

#[test]
fn changes_keep_their_bounds() {
    let mut cast = Cast::new("bounds");
    let (one, again) = (cast.fresh("C=", "x"), cast.fresh("C=", "y"));
    let (Change::Put(one), Change::Put(again)) = (one, again) else { panic!() };
    let again = Put { entry: one.entry, ..again };
    assert_eq!(cast.code(&cast.changed(vec![Change::Put(one), Change::Put(again)])), "entry");

    let renamed = cast.name.seal_name(Pointer::new([8; 16]), "OTHER=", &mut cast.world.rng);
    let moved = Put { name: renamed, ..cast.put_of_first() };
    assert_eq!(cast.code(&cast.changed(vec![Change::Put(moved)])), "pointer-reused");

    let longest = "x".repeat(limits::LEFT_HALF_BYTES);
    let named = cast.fresh(&longest, "x");
    assert_eq!(cast.code(&cast.changed(vec![named])), "accepted");
    let named = cast.fresh(&"x".repeat(2 * limits::LEFT_HALF_BYTES), "x");
    assert_eq!(cast.code(&cast.changed(vec![named])), "limit");

    let message = |cast: &mut Cast, length: usize| {
        let (pointer, text) = (MessageId::new([1; 16]), cast.world.label(&"x".repeat(length)).sealed);
        Revision { message: Some(SealedMessage { pointer, text }), ..cast.moving() }
    };
    let longest = message(&mut cast, 4 * limits::MESSAGE_CHARACTERS);
    assert_eq!(cast.code(&longest), "accepted");
    let clear = SealedMessage { pointer: MessageId::new([1; 16]), text: b"in the clear".as_slice().into() };
    assert_eq!(cast.code(&Revision { message: Some(clear), ..cast.moving() }), "malformed");
}

#[test]
fn a_run_of_revisions_gives_each_and_ends_in_the_state_it_says() {
    let cast = Cast::new("run");
    let second = cast.ada.sign_revision(&cast.moving());
    let mut replayed = cast.empty.clone();
    let revisions = replayed.extend(&cast.world.team, [&cast.first, &second]).unwrap();
    assert_eq!(revisions.iter().map(|revision| revision.number).collect::<Vec<_>>(), [1, 2]);
    let hashes: Vec<_> = (0..4).map(|number| replayed.hash_at(number)).collect();
    assert_eq!(hashes, [Some(cast.empty.head().hash), Some(cast.first.hash()), Some(second.hash()), None]);
    let pointer = cast.put_of_first().pointer;
    assert!(replayed.knows(pointer) && !replayed.knows(Pointer::new([9; 16])));

    let lie = cast.ada.sign_revision(&Revision { state: StateHash::new([1; 32]), ..cast.moving() });
    let mut replayed = cast.empty.clone();
    let refusal = replayed.extend(&cast.world.team, [&cast.first, &lie]).unwrap_err();
    assert_eq!((refusal, replayed), (Refusal::State, cast.empty));
}

#[test]
fn a_blob_has_its_first_byte_and_a_size_of_one() {
    let sized = |padded: usize| vec![1; padded + SEAL_OVERHEAD];
    assert_eq!(check_blob(&sized(32)), Ok(()));
    let mut other = sized(32);
    other[0] = 2;
    for wrong in [other, sized(33), sized(0), sized(3), vec![1; SEAL_OVERHEAD - 1], Vec::new()] {
        assert_eq!(check_blob(&wrong).unwrap_err().code(), "malformed", "{}", wrong.len());
    }
    assert!(!padding::is_bucket(0) && !padding::is_bucket(3));
}

#[test]
fn what_the_log_vouches_for_is_held_against_what_was_accepted() {
    let mut cast = Cast::new("vouched");
    let environment = cast.world.environment;
    let ben = cast.world.join(Role::Member, Vec::new());
    let ben = cast.world.member(&ben);
    cast.world.does(&cast.ada, access(environment, ben, Some(Level::Write))).unwrap();
    // Ada goes on; the log then records the head before that, by which Ben's right ends, not hers.
    let one = cast.state.head();
    let statement = cast.ada.sign_revision(&cast.moving());
    cast.state.append(&cast.world.team, &statement).unwrap();
    cast.world.heads.insert(environment, one);
    cast.world.does(&cast.ada, access(environment, ben, None)).unwrap();
    assert_eq!(cast.state.agrees_with(&cast.world.team), Ok(()));
    // Below what is vouched for, nothing is recorded any more; beside it neither.
    cast.world.does(&cast.ada, access(environment, ben, Some(Level::Write))).unwrap();
    for wrong in [cast.empty.head(), Head { hash: StatementHash::new([3; 32]), ..one }] {
        cast.world.heads.insert(environment, wrong);
        assert_eq!(cast.world.does(&cast.ada, access(environment, ben, None)).unwrap_err(), Refusal::Heads);
    }
    cast.world.heads.insert(environment, Head { number: 2, hash: StatementHash::new([3; 32]) });
    cast.world.does(&cast.ada, access(environment, ben, None)).unwrap();
    assert_eq!(cast.state.agrees_with(&cast.world.team), Err(Refusal::Fork { number: 2 }));
}

#[test]
fn history_that_is_given_up_is_vouched_for_no_more() {
    let mut cast = Cast::new("given up");
    let environment = cast.world.environment;
    let accept = |cast: &mut Cast, head: Head| {
        cast.world.heads.insert(environment, head);
        let given_up = HistoryAccepted { log: cast.world.team.head(), heads: Vec::new() };
        cast.world.does(&cast.ada, Event::HistoryAccepted(given_up)).unwrap();
    };
    // At what the vault has, nothing is lost: keys stay, and what refers to this event counts.
    let one = cast.state.head();
    accept(&mut cast, one);
    assert!(!cast.world.is_stale());
    let known = &cast.world.team.environments()[&environment];
    assert_eq!((known.reach(), known.vouched(1)), (1, Some(one.hash)));
    let statement = cast.ada.sign_revision(&cast.moving());
    cast.state.append(&cast.world.team, &statement).unwrap();
    assert_eq!(cast.state.agrees_with(&cast.world.team), Ok(()));
    // Again at the same, and then below.
    accept(&mut cast, one);
    assert!(!cast.world.is_stale());
    let start = cast.empty.head();
    accept(&mut cast, start);
    assert!(cast.world.is_stale(), "keys that came with what is lost are due again");
    let known = &cast.world.team.environments()[&environment];
    assert_eq!((known.reach(), known.vouched(0), known.vouched(1)), (0, Some(start.hash), None));
}

/// An admin with two computers, of which the second is the first's doing.
fn admin(cast: &mut Cast) -> (Keyholder, Keyholder) {
    let write = cast.world.grant(Level::Write);
    let ben = cast.world.join(Role::Admin, write);
    let laptop = cast.world.adds(&ben, KeyholderKind::Computer).unwrap();
    (ben, laptop)
}

#[test]
fn a_demotion_records_the_heads_of_what_a_fallen_computer_wrote_to() {
    let mut cast = Cast::new("demotion");
    let (ben, laptop) = admin(&mut cast);
    let member = cast.world.member(&ben);
    let same = cast.world.team.consequences(cast.ada.id(), &role_changed(member, Role::Admin, &[])).unwrap();
    assert!(same.keyholders.is_empty() && same.heads.is_empty());
    let demoted = role_changed(member, Role::Member, &[]);
    let falls = cast.world.team.consequences(cast.ada.id(), &demoted).unwrap();
    assert_eq!((falls.keyholders, falls.heads), ([laptop.id()].into(), [cast.world.environment].into()));
    assert_eq!(cast.world.by(&cast.ada, demoted.clone()).unwrap_err(), Refusal::Heads);
    cast.world.does(&cast.ada, demoted).unwrap();
    assert!(!cast.world.is_live(&laptop));
}

#[test]
fn a_demotion_from_admin_records_heads_though_nothing_falls() {
    let mut cast = Cast::new("demotion alone");
    let write = cast.world.grant(Level::Write);
    let ben = cast.world.join(Role::Owner, write);
    let member = cast.world.member(&ben);
    let heads = |cast: &Cast, role| {
        cast.world.team.consequences(cast.ada.id(), &role_changed(member, role, &[])).unwrap().heads
    };
    assert_eq!(heads(&cast, Role::Admin), [].into(), "an admin may do the same with a history");
    assert_eq!(heads(&cast, Role::Member), [cast.world.environment].into());
    assert_eq!(
        cast.world.by(&cast.ada, role_changed(member, Role::Member, &[])).unwrap_err(),
        Refusal::Heads
    );
    cast.world.does(&cast.ada, role_changed(member, Role::Member, &[])).unwrap();
    assert_eq!(heads(&cast, Role::Admin), [].into(), "nothing is taken");
}

#[test]
fn a_demoted_owner_who_stays_an_admin_pushes_on_from_where_they_were() {
    for (role, code) in [(Role::Admin, "accepted"), (Role::Member, "above-pin")] {
        let mut cast = Cast::new("demoted owner");
        let write = cast.world.grant(Level::Write);
        let invite = cast.world.invites(&cast.ada, Role::Owner, write, true).unwrap();
        // Let in by approval, which takes no keys from anybody.
        let ben = cast.world.waits(&invite);
        let approved = MemberApproved { member: cast.world.member(&ben) };
        cast.world.by(&cast.ada, Event::MemberApproved(approved)).unwrap();
        cast.world.adds(&ben, KeyholderKind::Computer).unwrap();
        let changes = vec![Change::Put(cast.put_of_first())];
        let before = ben.sign_revision(&cast.world.revision(ben.id(), &cast.state, changes));
        assert_eq!(cast.code_of(&before), "accepted");
        // The head is recorded either way: a computer of theirs falls.
        let demoted = role_changed(cast.world.member(&ben), role, &[]);
        assert_eq!(cast.world.by(&cast.ada, demoted.clone()).unwrap_err(), Refusal::Heads);
        cast.world.does(&cast.ada, demoted).unwrap();
        assert_eq!(cast.code_of(&before), code, "{role:?}");
    }
}

#[test]
fn what_has_ended_hangs_from_nobody() {
    let mut cast = Cast::new("ended");
    let (ben, laptop) = admin(&mut cast);
    let world = &mut cast.world;
    let phone = world.adds(&laptop, KeyholderKind::Computer).unwrap();
    let read = world.grant(Level::Read);
    let service = world.serves(&laptop, read).unwrap();
    let closed = world.invites(&laptop, Role::Member, Vec::new(), false).unwrap();
    let used = world.invites(&laptop, Role::Member, Vec::new(), false).unwrap();
    let (_, joined) = world.joined(&used);
    world.append(joined).unwrap();
    world.does(&cast.ada, Event::ServiceClosed(ServiceClosed { service: service.id() })).unwrap();
    world.does(&cast.ada, Event::InviteClosed(InviteClosed { invite: closed.id() })).unwrap();
    assert!(!world.team.labelled().contains(&Subject::Service(service.id())));
    world.does(&ben, revoked(&phone, &[])).unwrap();
    let falls = world.team.consequences(ben.id(), &revoked(&laptop, &[])).unwrap();
    assert_eq!(falls.keyholders, [laptop.id()].into());
    assert!(falls.invites.is_empty() && falls.services.is_empty());
}

#[test]
fn what_is_kept_hangs_from_who_keeps_it_alone() {
    let mut cast = Cast::new("kept");
    let (ben, _) = admin(&mut cast);
    let world = &mut cast.world;
    let read = world.grant(Level::Read);
    let invite = world.invites(&ben, Role::Admin, read.clone(), false).unwrap();
    let service = world.serves(&ben, read).unwrap();
    let member = world.member(&ben);
    world.does(&cast.ada, role_changed(member, Role::Member, &[&invite, &service])).unwrap();
    assert_eq!(world.team.services()[&service.id()].author, cast.ada.id());
    // Ben goes, and what was his does not.
    world.does(&cast.ada, removed(member, &[])).unwrap();
    assert_eq!(world.team.invites()[&invite.id()].state, InviteState::Open);
    assert_eq!(world.team.services()[&service.id()].closed, None);
}

#[test]
fn who_stands_in_for_an_invite_has_its_rank_afterwards() {
    let mut cast = Cast::new("rank");
    let world = &mut cast.world;
    let write = world.grant(Level::Write);
    let eve = world.join(Role::Owner, write);
    let of_owner = world.invites(&eve, Role::Owner, Vec::new(), false).unwrap();
    let of_admin = world.invites(&eve, Role::Admin, Vec::new(), false).unwrap();
    let member = world.member(&eve);
    let demoted = role_changed(member, Role::Admin, &[&of_owner, &of_admin]);
    assert_eq!(world.does(&eve, demoted).unwrap_err(), Refusal::Kept(of_owner.id()));
    world.does(&eve, role_changed(member, Role::Admin, &[&of_admin])).unwrap();
    assert_eq!(world.team.invites()[&of_admin.id()].state, InviteState::Open);
    assert!(matches!(world.team.invites()[&of_owner.id()].state, InviteState::Closed { .. }));
}

#[test]
fn a_deleted_environment_is_nothing_to_stand_in_for() {
    let mut cast = Cast::new("deleted");
    let (ben, _) = admin(&mut cast);
    let world = &mut cast.world;
    let write = world.grant(Level::Write);
    let invite = world.invites(&ben, Role::Member, write, false).unwrap();
    let (environment, head) = (world.environment, world.head_of(world.environment));
    world.does(&cast.ada, Event::EnvironmentDeleted(EnvironmentDeleted { environment, head })).unwrap();
    let member = world.member(&ben);
    world.does(&cast.ada, role_changed(member, Role::Member, &[&invite])).unwrap();
    assert_eq!(world.team.invites()[&invite.id()].author, cast.ada.id());
}

#[test]
fn who_is_turned_away_takes_the_invite_along() {
    let mut cast = Cast::new("turned away");
    let world = &mut cast.world;
    let invite = world.invites(&cast.ada, Role::Member, Vec::new(), true).unwrap();
    let waiting = world.waits(&invite);
    let member = world.member(&waiting);
    let falls = world.team.consequences(cast.ada.id(), &removed(member, &[])).unwrap();
    assert_eq!((falls.invites, falls.keyholders), ([invite.id()].into(), [].into()));
    world.does(&cast.ada, removed(member, &[])).unwrap();
    assert!(matches!(world.team.invites()[&invite.id()].state, InviteState::Closed { .. }));
    assert!(!world.is_live(&waiting));
}

#[test]
fn losing_one_environment_closes_no_service_of_another() {
    let mut cast = Cast::new("another");
    let (ben, _) = admin(&mut cast);
    let world = &mut cast.world;
    let commitments = Commitments { name: Commitment::new([1; 32]), value: Some(Commitment::new([2; 32])) };
    let (environment, project, label) = (EnvironmentId::new([8; 16]), world.project, world.label("other"));
    let created = EnvironmentCreated { environment, project, label, commitments, access: Vec::new() };
    world.by(&ben, Event::EnvironmentCreated(created)).unwrap();
    let elsewhere = world.serves(&ben, vec![Grant { environment, level: Level::Read }]).unwrap();
    let read = world.grant(Level::Read);
    let here = world.serves(&ben, read).unwrap();
    let member = world.member(&ben);
    let taken = access(world.environment, member, Some(Level::Read));
    let falls = world.team.consequences(cast.ada.id(), &taken).unwrap();
    assert_eq!(falls.services, [here.id()].into());
    world.does(&cast.ada, taken).unwrap();
    assert_eq!(world.team.services()[&elsewhere.id()].closed, None);
}
