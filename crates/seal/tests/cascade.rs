//! What falls with what, case by case: removals, demotions, revocations, lost write access.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use support::events::*;
use support::*;
use twinlock_protocol::Refusal;
use twinlock_protocol::event::*;
use twinlock_protocol::team::{InviteState, MemberState};
use twinlock_seal::Keyholder;

/// An admin who may write, with two computers, of which the second is the first's doing.
struct Cast {
    world: World,
    ada: Keyholder,
    ben: Keyholder,
    laptop: Keyholder,
}

impl Cast {
    fn new(label: &'static str, role: Role) -> Self {
        let mut world = World::new(label);
        world.with_environment();
        let ada = world.twin(world.founder.id());
        let ben = world.join(role, world.grant(Level::Write));
        let laptop = world.adds(&ben, KeyholderKind::Computer).unwrap();
        world.renew(&ada);
        Self { world, ada, ben, laptop }
    }

    fn is_open(&self, invite: &Keyholder) -> bool {
        self.world.team.invites()[&invite.id()].state == InviteState::Open
    }

    fn serves(&self, service: &Keyholder) -> bool {
        self.world.team.services()[&service.id()].closed.is_none()
    }
}

#[test]
fn a_revoked_computer_takes_along_what_it_signed_and_so_on() {
    let mut cast = Cast::new("revoked", Role::Admin);
    let world = &mut cast.world;
    let phone = world.adds(&cast.laptop, KeyholderKind::Computer).unwrap();
    let kit = world.adds(&phone, KeyholderKind::Recovery).unwrap();
    let invite = world.invites(&cast.laptop, Role::Member, Vec::new(), false).unwrap();
    let deep = world.invites(&phone, Role::Member, Vec::new(), false).unwrap();
    let read = world.grant(Level::Read);
    let service = world.serves(&phone, read).unwrap();
    let own = world.invites(&cast.ben, Role::Member, Vec::new(), false).unwrap();

    let falls = world.team.consequences(cast.ben.id(), &revoked(&cast.laptop, &[])).unwrap();
    assert_eq!(falls.keyholders, [cast.laptop.id(), phone.id(), kit.id()].into());
    assert_eq!(falls.invites, [invite.id(), deep.id()].into());
    assert_eq!(falls.services, [service.id()].into());
    assert_eq!(falls.heads, [world.environment].into());

    assert!(!world.is_stale());
    world.does(&cast.ben, revoked(&cast.laptop, &[])).unwrap();
    for gone in [&cast.laptop, &phone, &kit] {
        assert!(!world.is_live(gone));
        let label = world.label("x");
        let subject = Subject::Member(world.member(&cast.ben));
        let rename = Event::LabelChanged(LabelChanged { subject, label });
        assert_eq!(world.by(gone, rename).unwrap_err(), Refusal::Revoked { keyholder: gone.id() });
    }
    assert!(world.is_stale() && world.team.name_key_due());
    assert!(world.is_live(&cast.ben));
    assert!(!cast.is_open(&invite) && !cast.is_open(&deep) && cast.is_open(&own));
    assert!(!cast.serves(&service));
    let (_, joined) = cast.world.joined(&deep);
    assert_eq!(cast.world.append(joined).unwrap_err(), Refusal::InviteNotOpen(deep.id()));
}

#[test]
fn what_is_kept_stops_the_cascade_and_stands_on_other_feet() {
    let mut cast = Cast::new("kept", Role::Admin);
    let world = &mut cast.world;
    let phone = world.adds(&cast.laptop, KeyholderKind::Computer).unwrap();
    let below = world.invites(&phone, Role::Member, Vec::new(), false).unwrap();
    let invite = world.invites(&cast.laptop, Role::Member, Vec::new(), false).unwrap();
    world.does(&cast.ben, revoked(&cast.laptop, &[&phone, &invite])).unwrap();
    assert!(world.is_live(&phone));
    assert!(!world.is_live(&cast.laptop));
    // The phone's own invite was never reached; the kept one is now the keeper's.
    assert_eq!(world.team.invites()[&invite.id()].author, cast.ben.id());
    assert_eq!(world.team.keyholders()[&phone.id()].added_by, None);
    assert!(cast.is_open(&below) && cast.is_open(&invite));
    let world = &mut cast.world;
    world.does(&phone, revoked(&cast.ben, &[])).unwrap();
    assert!(world.is_live(&phone));
    assert!(!cast.is_open(&invite) && cast.is_open(&below));
}

#[test]
fn the_author_never_falls_by_their_own_event() {
    let mut cast = Cast::new("author", Role::Admin);
    let world = &mut cast.world;
    let invite = world.invites(&cast.laptop, Role::Member, Vec::new(), false).unwrap();
    // The laptop was added by the computer that it revokes.
    world.does(&cast.laptop, revoked(&cast.ben, &[])).unwrap();
    assert!(world.is_live(&cast.laptop) && !world.is_live(&cast.ben));
    assert!(cast.is_open(&invite));
    // But it may revoke itself while another is left, and not as the last.
    let world = &mut cast.world;
    let member = world.member(&cast.laptop);
    let alone = world.does(&cast.laptop, revoked(&cast.laptop, &[]));
    assert_eq!(alone.unwrap_err(), Refusal::NoKeyholderLeft(member));
    let kit = world.adds(&cast.laptop, KeyholderKind::Recovery).unwrap();
    let both = world.does(&cast.laptop, revoked(&cast.laptop, &[]));
    assert_eq!(both.unwrap_err(), Refusal::NoKeyholderLeft(member), "the kit would fall as well");
    world.does(&cast.laptop, revoked(&cast.laptop, &[&kit])).unwrap();
    assert!(world.is_live(&kit) && !world.is_live(&cast.laptop));
}

#[test]
fn what_would_not_fall_or_cannot_be_stood_in_for_is_not_kept() {
    let mut cast = Cast::new("not kept", Role::Admin);
    let world = &mut cast.world;
    let own = world.invites(&cast.ben, Role::Member, Vec::new(), false).unwrap();
    let read = world.grant(Level::Read);
    let granting = world.invites(&cast.laptop, Role::Member, read.clone(), false).unwrap();
    let outside = world.join(Role::Admin, Vec::new());
    let ben = world.member(&cast.ben);
    for (author, event, kept) in [
        (&cast.ben, revoked(&cast.laptop, &[&own]), own.id()),
        (&cast.ben, revoked(&cast.laptop, &[&cast.laptop]), cast.laptop.id()),
        // Who revokes oneself is not there any more to stand in.
        (&cast.laptop, revoked(&cast.laptop, &[&granting]), granting.id()),
        // An admin without write access could not have given it.
        (&outside, removed(ben, &[&granting]), granting.id()),
        // A removed member keeps no computer.
        (&cast.ada, removed(ben, &[&cast.laptop]), cast.laptop.id()),
        // Nor does anybody leave something behind.
        (&cast.ben, removed(ben, &[&own]), own.id()),
        (&cast.ada, role_changed(ben, Role::Owner, &[&own]), own.id()),
        // A former admin stands in for no invite.
        (&cast.ben, role_changed(ben, Role::Member, &[&own, &cast.laptop]), own.id()),
    ] {
        let refusal = world.does(author, event.clone()).unwrap_err();
        assert_eq!(refusal, Refusal::Kept(kept), "{event:?}");
    }
    let doubled = world.does(&cast.ben, revoked(&cast.laptop, &[&granting, &granting]));
    assert_eq!(doubled.unwrap_err().code(), "malformed");
    world.does(&cast.ada, removed(ben, &[&own, &granting])).unwrap();
    assert!(cast.is_open(&own) && cast.is_open(&granting));
    assert_eq!(cast.world.team.invites()[&own.id()].author, cast.ada.id());
}

#[test]
fn a_removed_member_leaves_nothing_behind() {
    let mut cast = Cast::new("removed", Role::Admin);
    let world = &mut cast.world;
    let invite = world.invites(&cast.laptop, Role::Member, Vec::new(), false).unwrap();
    let read = world.grant(Level::Read);
    let service = world.serves(&cast.ben, read).unwrap();
    let waiting = world.invites(&cast.ben, Role::Member, Vec::new(), true).unwrap();
    let willa = world.waits(&waiting);
    let guest = world.join(Role::Member, Vec::new());
    let ben = world.member(&cast.ben);
    world.does(&cast.ada, removed(ben, &[])).unwrap();
    assert!(!world.is_live(&cast.ben) && !world.is_live(&cast.laptop) && !world.is_live(&willa));
    let state = world.team.members()[&world.member(&willa)].state;
    assert!(matches!(state, MemberState::Removed { .. }), "who waits was let in by nobody else");
    assert!(world.is_live(&guest), "who joined stays, whoever invited them");
    assert_eq!(world.team.level(ben, world.environment), None);
    assert!(world.is_stale() && world.team.name_key_due());
    let entitled = world.team.entitled(Some(world.environment), Half::Name);
    assert_eq!(entitled.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [cast.ada.id()]);
    assert!(!cast.is_open(&invite) && !cast.serves(&service));
    let again = cast.world.does(&cast.ada, removed(ben, &[]));
    assert_eq!(again.unwrap_err(), Refusal::NoMember(ben));
}

#[test]
fn a_demoted_member_keeps_the_first_computer_and_what_is_named() {
    let mut cast = Cast::new("demoted", Role::Admin);
    let world = &mut cast.world;
    let invite = world.invites(&cast.ben, Role::Admin, Vec::new(), false).unwrap();
    let read = world.grant(Level::Read);
    let kept = world.invites(&cast.laptop, Role::Member, read, false).unwrap();
    let ben = world.member(&cast.ben);
    world.does(&cast.ada, role_changed(ben, Role::Member, &[&kept])).unwrap();
    assert!(world.is_live(&cast.ben) && !world.is_live(&cast.laptop));
    assert_eq!(world.team.level(ben, world.environment), Some(Level::Write), "access is another matter");
    assert!(!cast.is_open(&invite) && cast.is_open(&kept));

    // Where the first one is gone, naming what stays is a must.
    let mut cast = Cast::new("demoted later", Role::Admin);
    let world = &mut cast.world;
    let ben = world.member(&cast.ben);
    let phone = world.adds(&cast.laptop, KeyholderKind::Computer).unwrap();
    world.does(&cast.laptop, revoked(&cast.ben, &[])).unwrap();
    // The laptop is nobody's doing any more only if it was kept: it is the author here, and hangs from the dead.
    world.does(&cast.ada, role_changed(ben, Role::Member, &[])).unwrap();
    assert!(world.is_live(&cast.laptop) && !world.is_live(&phone));
}

#[test]
fn a_promotion_closes_nothing() {
    let mut cast = Cast::new("promoted", Role::Admin);
    let world = &mut cast.world;
    let invite = world.invites(&cast.laptop, Role::Member, Vec::new(), false).unwrap();
    let ben = world.member(&cast.ben);
    world.does(&cast.ada, role_changed(ben, Role::Owner, &[])).unwrap();
    assert!(world.is_live(&cast.laptop) && !world.is_stale());
    assert!(cast.is_open(&invite));
}

#[test]
fn who_loses_write_access_has_nobody_else_let_in() {
    let mut cast = Cast::new("access lost", Role::Admin);
    let world = &mut cast.world;
    let (names, read) = (world.grant(Level::Names), world.grant(Level::Read));
    let granting = world.invites(&cast.laptop, Role::Member, names, false).unwrap();
    let plain = world.invites(&cast.laptop, Role::Member, Vec::new(), false).unwrap();
    let service = world.serves(&cast.ben, read.clone()).unwrap();
    let waiting = world.invites(&cast.ben, Role::Member, read, true).unwrap();
    let willa = world.waits(&waiting);
    let ben = world.member(&cast.ben);
    let environment = world.environment;
    world.does(&cast.ada, access(environment, ben, Some(Level::Read))).unwrap();
    assert!(world.is_live(&cast.laptop) && !world.is_live(&willa) && world.is_stale());
    assert!(!cast.is_open(&granting) && !cast.serves(&service) && cast.is_open(&plain));
}

#[test]
fn every_loss_of_a_key_makes_stale_and_nothing_else_does() {
    let mut cast = Cast::new("losses", Role::Admin);
    let world = &mut cast.world;
    let ada = &cast.ada;
    let environment = world.environment;
    let names = world.grant(Level::Names);
    let reader = world.join(Role::Member, names.clone());
    let member = world.member(&reader);
    let spare = world.adds(&reader, KeyholderKind::Computer).unwrap();
    let invite = world.invites(ada, Role::Member, names.clone(), false).unwrap();
    let approved = world.invites(ada, Role::Member, names.clone(), true).unwrap();
    let service = world.serves(ada, names.clone()).unwrap();
    let unused = world.invites(ada, Role::Member, names, true).unwrap();
    let willa = world.waits(&approved);
    let ben = world.member(&cast.ben);
    let level = |member, level| access(environment, member, level);
    let close = |invite: &Keyholder| Event::InviteClosed(InviteClosed { invite: invite.id() });
    let steps = [
        ("approval", Event::MemberApproved(MemberApproved { member: world.member(&willa) }), false),
        ("an invite that nobody had keys for", close(&unused), false),
        ("more access", level(member, Some(Level::Read)), false),
        ("less access", level(member, Some(Level::Names)), true),
        ("no access", level(ben, Some(Level::Names)), true),
        ("a reader's spare", revoked(&spare, &[]), true),
        ("an invite", close(&invite), true),
        ("a service", Event::ServiceClosed(ServiceClosed { service: service.id() }), true),
        ("names alone", level(member, None), true),
    ];
    world.renew(ada);
    for (what, event, loses) in steps {
        let author = if what == "a reader's spare" { &reader } else { ada };
        world.does(author, event).unwrap();
        assert_eq!(world.is_stale(), loses, "{what}");
        if loses {
            world.renew(ada);
        }
    }
}

#[test]
fn an_event_records_exactly_the_heads_that_it_concerns() {
    let mut cast = Cast::new("heads", Role::Admin);
    let world = &mut cast.world;
    let ben = world.member(&cast.ben);
    let head = world.head_of(world.environment);
    let pinned = PinnedHead { environment: world.environment, head };
    let with =
        |heads: Vec<PinnedHead>| Event::MemberRemoved(MemberRemoved { member: ben, keep: Vec::new(), heads });
    let below = Head { number: 0, hash: head.hash };
    let foreign = twinlock_protocol::EnvironmentId::new([8; 16]);
    for heads in [
        Vec::new(),
        vec![pinned, pinned],
        vec![pinned, PinnedHead { environment: foreign, head }],
        vec![PinnedHead { environment: foreign, head }],
        vec![PinnedHead { head: below, ..pinned }],
    ] {
        assert_eq!(world.by(&cast.ada, with(heads)).unwrap_err(), Refusal::Heads);
    }
    // A reader has no right to push that could end.
    let reader = world.join(Role::Member, world.grant(Level::Read));
    let reader = world.member(&reader);
    let needless =
        Event::MemberRemoved(MemberRemoved { member: reader, keep: Vec::new(), heads: vec![pinned] });
    assert_eq!(world.by(&cast.ada, needless).unwrap_err(), Refusal::Heads);
    // Another head than one that the log vouches for at the same number.
    let kit = world.adds(&cast.ben, KeyholderKind::Recovery).unwrap();
    let no_heads = Event::KeyholderRevoked(KeyholderRevoked {
        keyholder: kit.id(),
        keep: Vec::new(),
        heads: Vec::new(),
    });
    world.by(&cast.ben, no_heads).unwrap();
    world.does(&cast.ben, revoked(&cast.laptop, &[])).unwrap();
    let other = Head { number: head.number, hash: twinlock_protocol::StatementHash::new([1; 32]) };
    assert_eq!(
        world.by(&cast.ada, with(vec![PinnedHead { head: other, ..pinned }])).unwrap_err(),
        Refusal::Heads
    );
    world.by(&cast.ada, with(vec![pinned])).unwrap();
}
