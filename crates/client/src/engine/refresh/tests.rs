use super::super::session::tests::Kept;
use super::super::session::tests::support::World;
use super::*;

#[test]
fn a_vault_never_goes_back() {
    let (a, b) = (StatementHash::new([1; 32]), StatementHash::new([2; 32]));
    assert_eq!(check_head(4, a, 5, a), Err(Refusal::Rollback { served: 4, seen: 5 }));
    assert_eq!(check_head(5, b, 5, a), Err(Refusal::Fork { number: 5 }));
    assert_eq!(check_head(5, a, 5, a), Ok(()));
    assert_eq!(check_head(6, b, 5, a), Ok(()));
}

/// What is kept of a history: how many statements, and the number and hash that were seen.
fn kept(kept: &Kept, scope: Scope) -> (usize, Option<Pin>) {
    let read =
        |step: &Step<'_>| Ok::<_, StoreError>((step.statements_after(&scope, 0)?.len(), step.pin(&scope)?));
    kept.store.read(read).unwrap()
}

#[test]
fn what_is_kept_follows_what_is_kept_and_is_never_forgotten_again() {
    let mut world = World::new("keep");
    world.with_environment();
    let (scope, log) = (Scope::Team(world.team.id()), &world.log);
    let pin = |at: usize| Some(Pin { number: at as u64, hash: log[at - 1].hash() });
    let home = Kept::new();
    let keeps = |after: usize, statements: &[Envelope]| {
        home.store.step(|step| keep(step, scope, after as u64, statements))
    };
    keeps(0, &log[..2]).unwrap();
    assert_eq!(kept(&home, scope), (2, pin(2)));
    keeps(2, &log[2..]).unwrap();
    assert_eq!(kept(&home, scope), (log.len(), pin(log.len())));
    // Another program of the home was faster with the same.
    for again in [&log[..], &log[..2], &[]] {
        keeps(0, again).unwrap();
        assert_eq!(kept(&home, scope), (log.len(), pin(log.len())));
    }
    // Or with something else: under the same number, or before what is to be kept.
    let other = Envelope { payload: log[2].payload.clone(), ..log[1].clone() };
    for (after, statements) in [(1, &[other][..]), (log.len(), &log[2..3])] {
        let refused = keeps(after, statements);
        assert!(matches!(refused, Err(Error::Store(StoreError::OtherStatement))), "{refused:?}");
        assert_eq!(kept(&home, scope), (log.len(), pin(log.len())));
    }
}

#[test]
fn what_ends_below_a_pin_waits_for_the_rest_and_nothing_else_does() {
    let refused = |refusal| Refused::new(Scope::Team(World::new("pin").team.id()), String::new(), refusal);
    let held = |refusal| below_pins(Err(refused(refusal).into()));
    assert!(matches!(below_pins(Ok(())), Ok(false)));
    assert!(matches!(held(Refusal::Rollback { served: 1, seen: 2 }), Ok(true)));
    for refusal in [Refusal::Fork { number: 2 }, Refusal::State] {
        assert!(matches!(held(refusal), Err(Error::Refused(_))));
    }
    assert!(matches!(below_pins(Err(Error::TooBusy)), Err(Error::TooBusy)));
}

#[test]
fn evidence_is_kept_whole_up_to_its_bound() {
    let evidence = |bytes| Zeroizing::new(vec![7; bytes]);
    assert_eq!(bounded(evidence(EVIDENCE)), evidence(EVIDENCE));
    let kept = bounded(evidence(EVIDENCE + 1));
    assert!(kept.len() < EVIDENCE);
    let kept: serde_json::Value = serde_json::from_slice(&kept).unwrap();
    assert_eq!(kept["bytes"], EVIDENCE + 1);
    assert_eq!(kept["beginning"], to_base64url(&evidence(EVIDENCE / 2)));
}
