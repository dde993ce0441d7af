//! What the log says about revisions: where a right to push ended, which heads it vouches for, what was purged,
//! what was given up.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use support::events::*;
use support::*;
use twinlock_protocol::envelope::Envelope;
use twinlock_protocol::environment::Environment;
use twinlock_protocol::event::*;
use twinlock_protocol::ids::*;
use twinlock_protocol::revision::*;
use twinlock_protocol::team::Team;
use twinlock_protocol::{Refusal, Verified};
use twinlock_seal::Keyholder;

/// An environment with two entries, written to by Ada and Ben.
struct Cast {
    world: World,
    ada: Keyholder,
    ben: Keyholder,
    state: Verified<Environment>,
    history: Vec<Envelope>,
}

impl Cast {
    fn new(label: &'static str, role: Role) -> Self {
        let mut world = World::new(label);
        let (name, value, state) = world.with_environment();
        let ada = world.twin(world.founder.id());
        let at = places(2);
        let changes = vec![
            world.put((&name, &value), "A=", "1\n", at[0].clone()),
            world.put((&name, &value), "B=", "2\n", at[1].clone()),
        ];
        let first = world.revision(ada.id(), &state, changes);
        let ben = twinlock_seal::Keyholder::from_seed(&twinlock_seal::Seed::generate(&mut world.rng));
        let mut cast = Self { world, ada, ben, state, history: Vec::new() };
        let first = cast.ada.sign_revision(&first);
        cast.push(first).unwrap();
        let write = cast.world.grant(Level::Write);
        cast.ben = cast.world.join(role, write);
        cast.rotate();
        cast
    }

    /// Ada renews the keys.
    fn rotate(&mut self) {
        let rotation = self.world.rotation(&self.ada, &self.state);
        self.push(rotation).unwrap();
    }

    fn push(&mut self, statement: Envelope) -> Result<(), Refusal> {
        self.state.append(&self.world.team, &statement)?;
        self.history.push(statement);
        self.world.heads.insert(self.world.environment, self.state.head());
        Ok(())
    }

    /// A move of the first entry, under the log's head now.
    fn moved(&self, author: &Keyholder, position: &str) -> Envelope {
        author.sign_revision(&self.moving(author, position))
    }

    fn moving(&self, author: &Keyholder, position: &str) -> Revision {
        self.world.moving(author.id(), &self.state, position)
    }

    fn replayed(
        &self,
        team: &Verified<Team>,
        history: &[Envelope],
    ) -> Result<Verified<Environment>, Refusal> {
        let mut environment = Environment::start(team, self.world.environment)?;
        environment.extend(team, history)?;
        environment.agrees_with(team)?;
        Ok(environment)
    }
}

/// The ways to lose the right to push.
fn losses(cast: &mut Cast) -> Vec<(&'static str, Keyholder, Event)> {
    let ben = cast.world.member(&cast.ben);
    let environment = cast.world.environment;
    let ada = || cast.world.twin(cast.ada.id());
    vec![
        ("removed", ada(), removed(ben, &[])),
        ("lowered", ada(), access(environment, ben, Some(Level::Read))),
        ("taken", ada(), access(environment, ben, None)),
        ("left", cast.world.twin(cast.ben.id()), removed(ben, &[])),
    ]
}

#[test]
fn above_the_recorded_head_nothing_counts_whatever_log_head_it_claims() {
    let mut cast = Cast::new("pins", Role::Member);
    let last = cast.moved(&cast.ben, "zz");
    cast.push(last).unwrap();
    for (what, author, event) in losses(&mut cast) {
        let late = cast.moved(&cast.ben, "zzz");
        let before = cast.world.team.clone();
        let mut seen_early = cast.state.clone();
        seen_early.append(&before, &late).unwrap();
        let statement =
            author.sign_event(&cast.world.event(author.id(), cast.world.filled(author.id(), event)));
        let mut team = before.clone();
        team.append(&statement).unwrap();

        let pin = cast.state.head().number;
        let refusal = Refusal::AbovePin { number: pin + 1, pin };
        assert_eq!(cast.state.clone().append(&team, &late).unwrap_err(), refusal, "{what}");
        let longer: Vec<_> = cast.history.iter().cloned().chain([late]).collect();
        assert_eq!(cast.replayed(&team, &longer).unwrap_err(), refusal, "{what}");
        // Whoever took it before the log arrived notices when it does.
        assert_eq!(seen_early.agrees_with(&team).unwrap_err(), refusal, "{what}");
        assert_eq!(seen_early.agrees_with(&before), Ok(()));
        // What came before is as good as ever.
        assert_eq!(cast.replayed(&team, &cast.history).unwrap(), cast.state, "{what}");
    }
}

#[test]
fn a_revoked_computer_pushes_no_more_and_its_members_other_one_does() {
    let mut cast = Cast::new("revoked pushes", Role::Member);
    let laptop = cast.world.adds(&cast.ben, KeyholderKind::Computer).unwrap();
    let late = cast.moved(&laptop, "zz");
    let ben = cast.world.twin(cast.ben.id());
    cast.world.does(&ben, revoked(&laptop, &[])).unwrap();
    assert_eq!(cast.push(late).unwrap_err().code(), "above-pin");
    let now = cast.moved(&laptop, "zz");
    assert_eq!(cast.push(now).unwrap_err().code(), "not-allowed");
    cast.rotate();
    let other = cast.moved(&ben, "zz");
    cast.push(other).unwrap();
    let kit = cast.world.adds(&ben, KeyholderKind::Recovery).unwrap();
    let by_kit = cast.moved(&kit, "zzz");
    assert_eq!(cast.push(by_kit).unwrap_err().code(), "not-allowed");
}

#[test]
fn access_given_back_counts_from_then_on() {
    let mut cast = Cast::new("given back", Role::Member);
    let environment = cast.world.environment;
    let ada = cast.world.twin(cast.ada.id());
    let ben = cast.world.member(&cast.ben);
    let old = cast.moved(&cast.ben, "zz");
    cast.world.does(&ada, access(environment, ben, None)).unwrap();
    let meanwhile = cast.moved(&cast.ben, "zz");
    assert_eq!(cast.push(meanwhile).unwrap_err().code(), "not-allowed");
    cast.world.does(&ada, access(environment, ben, Some(Level::Write))).unwrap();
    assert_eq!(cast.push(old).unwrap_err().code(), "above-pin");
    let stale = cast.moved(&cast.ben, "zz");
    assert_eq!(cast.push(stale).unwrap_err(), Refusal::Stale);
    cast.rotate();
    let again = cast.moved(&cast.ben, "zz");
    cast.push(again).unwrap();
    assert_eq!(cast.replayed(&cast.world.team, &cast.history).unwrap(), cast.state);
}

#[test]
fn the_loss_of_a_name_key_alone_stops_pushing_under_the_old_ones() {
    let mut cast = Cast::new("names lost", Role::Member);
    let ada = cast.world.twin(cast.ada.id());
    let names = cast.world.grant(Level::Names);
    let reader = cast.world.join(Role::Member, names);
    cast.rotate();
    let member = cast.world.member(&reader);
    cast.world.does(&ada, removed(member, &[])).unwrap();
    let early = cast.moved(&ada, "zz");
    assert_eq!(cast.push(early).unwrap_err(), Refusal::Stale);
    cast.rotate();
    let after = cast.moved(&ada, "zz");
    cast.push(after).unwrap();
}

#[test]
fn a_history_beside_or_below_a_recorded_head_is_refused() {
    let mut cast = Cast::new("vouched", Role::Member);
    let ada = cast.world.twin(cast.ada.id());
    let other = cast.moved(&ada, "yy");
    let honest = cast.moved(&ada, "zz");
    let short = cast.history.clone();
    cast.push(honest).unwrap();
    let ben = cast.world.member(&cast.ben);
    cast.world.does(&ada, removed(ben, &[])).unwrap();
    let team = &cast.world.team;
    let number = cast.state.head().number;
    assert_eq!(
        cast.replayed(team, &short).unwrap_err(),
        Refusal::CutShort { served: number - 1, known: number }
    );
    // Noticed where it comes in, and not only when the whole is held against the log.
    let mut beside = Environment::start(team, cast.world.environment).unwrap();
    beside.extend(team, &short).unwrap();
    assert_eq!(beside.append(team, &other).unwrap_err(), Refusal::Fork { number });
    let forked: Vec<_> = short.iter().cloned().chain([other]).collect();
    assert_eq!(cast.replayed(team, &forked).unwrap_err(), Refusal::Fork { number });
    assert!(cast.replayed(team, &cast.history).is_ok());
}

#[test]
fn a_purge_names_former_values_and_is_an_admins() {
    let mut cast = Cast::new("purge", Role::Admin);
    let ada = cast.world.twin(cast.ada.id());
    let former: Vec<_> = cast.state.former_pointers().collect();
    assert_eq!(former.len(), 2, "the rotation left two behind");
    let in_use = cast.state.in_order().next().unwrap().1.pointer;
    let purge = |cast: &Cast, author: &Keyholder, pointers: &[Pointer], cause| {
        let changes = pointers.iter().map(|&pointer| Change::Purge(Purge { pointer })).collect();
        let revision = Revision { cause, ..cast.world.revision(author.id(), &cast.state, changes) };
        let state = cast.state.state();
        author.sign_revision(&Revision { state, ..revision })
    };
    let ben = cast.world.twin(cast.ben.id());
    for (pointers, cause, expected) in [
        (vec![in_use], Cause::Purge, Refusal::Purge(in_use)),
        (vec![Pointer::new([9; 16])], Cause::Purge, Refusal::Purge(Pointer::new([9; 16]))),
        (vec![former[0], former[0]], Cause::Purge, Refusal::Purge(former[0])),
        (vec![], Cause::Purge, Refusal::NoChange),
    ] {
        let statement = purge(&cast, &ben, &pointers, cause);
        assert_eq!(cast.push(statement).unwrap_err(), expected);
    }
    for cause in [Cause::Push, Cause::Restore] {
        let statement = purge(&cast, &ben, &former, cause);
        assert_eq!(cast.push(statement).unwrap_err().code(), "malformed");
    }
    let mixed = Revision { cause: Cause::Purge, ..cast.moving(&ben, "zz") };
    assert_eq!(cast.push(ben.sign_revision(&mixed)).unwrap_err().code(), "malformed");
    let statement = purge(&cast, &ben, &former[..1], Cause::Purge);
    cast.push(statement).unwrap();
    assert!(cast.state.is_purged(former[0]) && !cast.state.is_purged(former[1]));
    let again = purge(&cast, &ada, &former[..1], Cause::Purge);
    assert_eq!(cast.push(again).unwrap_err(), Refusal::Purge(former[0]));

    let id = cast.world.member(&ben);
    let before = purge(&cast, &ben, &former[1..], Cause::Purge);
    cast.world.does(&ada, role_changed(id, Role::Member, &[])).unwrap();
    assert_eq!(cast.push(before).unwrap_err().code(), "above-pin", "the log as it was when he was an admin");
    let demoted = purge(&cast, &ben, &former[1..], Cause::Purge);
    assert_eq!(cast.push(demoted).unwrap_err().code(), "not-allowed");
    let push = cast.moved(&ben, "zz");
    cast.push(push).unwrap();
    assert_eq!(cast.replayed(&cast.world.team, &cast.history).unwrap(), cast.state);
}

#[test]
fn what_a_vault_lost_is_given_up_by_an_owner_and_comes_back_from_nowhere() {
    let mut cast = Cast::new("accepted", Role::Member);
    let ada = cast.world.twin(cast.ada.id());
    let kept = cast.state.clone();
    let lost = cast.moved(&cast.ben, "zz");
    cast.push(lost.clone()).unwrap();
    // The log vouches for what is lost afterwards.
    let reader = cast.world.join(Role::Member, Vec::new());
    let write = Some(Level::Write);
    let reader = cast.world.member(&reader);
    let environment = cast.world.environment;
    cast.world.does(&ada, access(environment, reader, write)).unwrap();
    cast.world.does(&ada, access(environment, reader, None)).unwrap();
    assert_eq!(kept.agrees_with(&cast.world.team).unwrap_err().code(), "cut-short");

    cast.history.pop();
    cast.state = kept;
    cast.world.heads.insert(environment, cast.state.head());
    let accepted = |log, heads| Event::HistoryAccepted(HistoryAccepted { log, heads });
    let log = cast.world.team.head();
    let older = LogHead { sequence: 1, hash: cast.world.team.hash_at(1).unwrap() };
    let pinned = PinnedHead { environment, head: cast.state.head() };
    for (log, heads) in [(older, vec![pinned]), (log, Vec::new())] {
        assert_eq!(cast.world.by(&ada, accepted(log, heads)).unwrap_err(), Refusal::Heads);
    }
    cast.world.does(&ada, accepted(log, Vec::new())).unwrap();
    assert_eq!(cast.world.team.accepted_histories().len(), 1);
    assert_eq!(cast.state.agrees_with(&cast.world.team), Ok(()));
    assert_eq!(cast.state.clone().append(&cast.world.team, &lost).unwrap_err().code(), "above-pin");
    // Keys may have been renewed by what is lost: they are due again.
    let early = cast.moved(&ada, "zz");
    assert_eq!(cast.push(early).unwrap_err(), Refusal::Stale);
    cast.rotate();
    let after = cast.moved(&cast.ben, "zz");
    cast.push(after).unwrap();
    assert_eq!(cast.replayed(&cast.world.team, &cast.history).unwrap(), cast.state);
}

/// Somebody who writes there records what is not so, about a computer of their own or with new keys. `true` is where
/// the history stands.
fn damages(cast: &mut Cast) -> Vec<(&'static str, &'static str, Event)> {
    let laptop = cast.world.adds(&cast.world.twin(cast.ben.id()), KeyholderKind::Computer).unwrap();
    // Two revisions by the computer that is revoked afterwards.
    for place in ["zx", "zy"] {
        let moved = cast.moved(&laptop, place);
        cast.push(moved).unwrap();
    }
    let environment = cast.world.environment;
    let truth = cast.state.head();
    let junk = StatementHash::new([7; 32]);
    let furthest = (1 << 53) - 1;
    let low = Head { number: truth.number - 1, hash: cast.state.hash_at(truth.number - 1).unwrap() };
    let revoked = |head: Head| {
        let heads = vec![PinnedHead { environment, head }];
        Event::KeyholderRevoked(KeyholderRevoked { keyholder: laptop.id(), keep: Vec::new(), heads })
    };
    let next = cast.world.team.environments()[&environment].current().number.next().unwrap();
    let (name, value) = (Commitment::new([1; 32]), Some(Commitment::new([2; 32])));
    let opened = |head: Head| {
        let commitments = Commitments { name, value };
        let (environment, labels, head) = (Some(environment), Vec::new(), Some(head));
        Event::GenerationOpened(GenerationOpened { environment, generation: next, commitments, head, labels })
    };
    vec![
        ("a number that nothing reaches", "cut-short", revoked(Head { number: furthest, hash: junk })),
        ("one more than there is", "cut-short", revoked(Head { number: truth.number + 1, hash: junk })),
        ("another revision at the end", "fork", revoked(Head { hash: junk, ..truth })),
        ("another revision before the end", "fork", revoked(Head { hash: junk, ..low })),
        ("a pin below one's own revision", "above-pin", revoked(low)),
        (
            "keys from a number that nothing reaches",
            "cut-short",
            opened(Head { number: furthest, hash: junk }),
        ),
        ("keys from the end, of another revision", "fork", opened(Head { hash: junk, ..truth })),
        ("keys from before the end", "wrong-generation", opened(low)),
    ]
}

/// Those that put a computer's pin below what it pushed.
const BELOW_ONES_OWN: [&str; 2] = ["another revision before the end", "a pin below one's own revision"];

/// An owner accepts the heads that this world knows.
fn accepted(cast: &Cast) -> Event {
    let (log, heads) = (cast.world.team.head(), Vec::new());
    cast.world.filled(cast.ada.id(), Event::HistoryAccepted(HistoryAccepted { log, heads }))
}

#[test]
fn whatever_a_writer_recorded_falsely_an_owner_mends_by_what_is_there() {
    let mut cast = Cast::new("false heads", Role::Member);
    let environment = cast.world.environment;
    let damages = damages(&mut cast);
    let (sound, state, history) = (cast.world.team.clone(), cast.state.clone(), cast.history.clone());
    for (what, code, event) in damages {
        cast.world.team = sound.clone();
        (cast.state, cast.history) = (state.clone(), history.clone());
        cast.world.heads.insert(environment, state.head());
        let (ada, ben) = (cast.world.twin(cast.ada.id()), cast.world.twin(cast.ben.id()));
        cast.world.by(&ben, event).unwrap();
        assert_eq!(cast.replayed(&cast.world.team, &history).unwrap_err().code(), code, "{what}");
        // What there is can be shown all the same, to whoever decides about it.
        let shown = Environment::as_it_is(&cast.world.team, environment, &history, state.head());
        assert_eq!(shown.unwrap(), state, "{what}");

        if BELOW_ONES_OWN.contains(&what) {
            // A pin is never given up: it may as well be that of a computer that was stolen.
            cast.world.by(&ada, accepted(&cast)).unwrap();
            assert_eq!(cast.replayed(&cast.world.team, &history).unwrap_err().code(), "above-pin", "{what}");
            continue;
        }
        // Nobody but an owner.
        assert_eq!(cast.world.by(&ben, accepted(&cast)).unwrap_err().code(), "not-allowed", "{what}");
        cast.world.by(&ada, accepted(&cast)).unwrap();
        let accepted = cast.world.team.environments()[&environment].accepted().unwrap();
        assert_eq!((accepted.sequence, accepted.head), (cast.world.team.head().sequence, state.head()));
        assert_eq!(cast.replayed(&cast.world.team, &history).unwrap(), state, "{what}");
        assert_eq!(state.agrees_with(&cast.world.team), Ok(()), "{what}");
        // Less than what was accepted is less than what there is, as ever.
        let short = &history[..history.len() - 1];
        assert_eq!(cast.replayed(&cast.world.team, short).unwrap_err().code(), "cut-short", "{what}");

        // New keys, then everything goes on; also the removal of whoever did it, who comes back by no old log.
        cast.rotate();
        let next = cast.moved(&ada, "zz");
        cast.push(next).unwrap();
        let late = cast.moved(&ben, "zzz");
        let member = cast.world.member(&ben);
        cast.world.does(&ada, removed(member, &[])).unwrap();
        assert_eq!(cast.push(late).unwrap_err().code(), "above-pin", "{what}");
        cast.rotate();
        let last = cast.moved(&ada, "zzz");
        cast.push(last).unwrap();
        assert_eq!(cast.replayed(&cast.world.team, &cast.history).unwrap(), cast.state, "{what}");
    }
}

#[test]
fn what_is_accepted_is_above_no_pin_and_what_comes_after_is() {
    let mut cast = Cast::new("accepted pins", Role::Member);
    let (ada, ben) = (cast.world.twin(cast.ada.id()), cast.world.twin(cast.ben.id()));
    let early = cast.moved(&ben, "zz");
    cast.world.by(&ada, accepted(&cast)).unwrap();
    assert_eq!(cast.push(early).unwrap_err().code(), "above-pin");
    let known = cast.moved(&ben, "zz");
    cast.push(known).unwrap();
    // Accepted a second time, with what came since.
    let between = cast.moved(&ben, "zzz");
    cast.world.by(&ada, accepted(&cast)).unwrap();
    assert_eq!(cast.push(between).unwrap_err().code(), "above-pin");
    assert_eq!(cast.replayed(&cast.world.team, &cast.history).unwrap(), cast.state);
}

#[test]
fn what_was_accepted_opens_no_door_to_keys_of_before() {
    let mut cast = Cast::new("accepted keys", Role::Member);
    let (ada, ben) = (cast.world.twin(cast.ada.id()), cast.world.twin(cast.ben.id()));
    cast.world.by(&ada, accepted(&cast)).unwrap();
    let (before, early) = (cast.state.clone(), cast.moved(&ben, "zz"));
    assert!(before.clone().append(&cast.world.team, &early).is_ok());
    cast.rotate();
    let refused = before.clone().append(&cast.world.team, &early).unwrap_err();
    assert_eq!(refused.code(), "wrong-generation");
}

#[test]
fn an_accepted_head_before_the_first_revision_is_the_environments_own() {
    let mut cast = Cast::new("accepted start", Role::Member);
    let environment = cast.world.environment;
    let start = cast.world.team.environments()[&environment].start();
    for (hash, expected) in [(StatementHash::new([7; 32]), Err("heads")), (start.hash, Ok(()))] {
        cast.world.heads.insert(environment, Head { number: 0, hash });
        let ada = cast.world.twin(cast.ada.id());
        let result = cast.world.by(&ada, accepted(&cast)).map(drop).map_err(|refusal| refusal.code());
        assert_eq!(result, expected);
    }
    assert_eq!(cast.state.agrees_with(&cast.world.team).unwrap_err().code(), "above-pin");
}

#[test]
fn a_head_recorded_falsely_keeps_no_environment_from_going() {
    let mut cast = Cast::new("false heads go", Role::Member);
    let (environment, project) = (cast.world.environment, cast.world.project);
    let damages = damages(&mut cast);
    let (sound, head) = (cast.world.team.clone(), cast.state.head());
    for (what, code, event) in damages {
        cast.world.team = sound.clone();
        let (ada, ben) = (cast.world.twin(cast.ada.id()), cast.world.twin(cast.ben.id()));
        cast.world.by(&ben, event).unwrap();
        if code == "cut-short" {
            // What takes a right there waits until an owner has mended it.
            let member = cast.world.member(&ben);
            assert_eq!(cast.world.does(&ada, removed(member, &[])).unwrap_err(), Refusal::Heads, "{what}");
        }
        let damaged = cast.world.team.clone();
        cast.world.by(&ada, Event::EnvironmentDeleted(EnvironmentDeleted { environment, head })).unwrap();
        cast.world.team = damaged;
        let heads = vec![PinnedHead { environment, head }];
        cast.world.by(&ada, Event::ProjectDeleted(ProjectDeleted { project, heads })).unwrap();
        assert!(cast.world.team.environments().is_empty(), "{what}");
    }
}
