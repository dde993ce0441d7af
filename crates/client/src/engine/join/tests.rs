//! A log as it is served to whoever joins: read to its end, or to the first page that does not verify, and no further.

use axum::response::Response;
use serde_json::json;
use twinlock_protocol::event::{Event as TeamLogEvent, Invited, Level, Role};

use super::super::session::tests::session;
use super::super::session::tests::support::{World, invited};
use super::*;
use crate::vault::tests::requests::{Asked, StandIn, as_json};

/// The number after which a page is asked for.
fn after(asked: &Asked) -> usize {
    asked.1.split_once("?after=").unwrap().1.parse().unwrap()
}

/// Serves a log in pages of this size, and says that it is so long.
fn in_pages(
    log: &[Envelope],
    size: usize,
    says: usize,
) -> impl Fn(&Asked) -> Response + Clone + Send + Sync + 'static {
    let log = log.to_vec();
    move |asked| {
        let page: Vec<_> = log.iter().skip(after(asked)).take(size).collect();
        as_json(&json!({ "statements": page, "head": { "sequence": says, "hash": "07".repeat(32) } }))
    }
}

/// What a joiner reads, and after which numbers it asked.
async fn read(team: TeamId, log: &[Envelope], size: usize, says: usize) -> (Vec<Envelope>, Vec<usize>) {
    let vault = StandIn::of(team, in_pages(log, size, says)).await;
    let read = whole_log(&vault.vault, &vault.own).await.unwrap();
    (read, vault.asked().iter().map(after).collect())
}

#[tokio::test]
async fn a_log_is_read_to_its_end_page_by_page() {
    let mut world = World::new("pages");
    world.with_environment();
    let (team, log) = (world.team.id(), world.log.clone());
    assert_eq!(log.len(), 5);
    let whole = log.clone();
    assert_eq!(read(team, &log, 500, 5).await, (whole.clone(), vec![0]));
    assert_eq!(read(team, &log, 5, 5).await, (whole.clone(), vec![0]));
    assert_eq!(read(team, &log, 2, 5).await, (whole.clone(), vec![0, 2, 4]));
    assert_eq!(read(team, &log, 1, 5).await, (whole.clone(), vec![0, 1, 2, 3, 4]));
    // A head to which no page leads.
    assert_eq!(read(team, &log, 500, 1_000_000).await, (whole, vec![0, 5]));
    assert_eq!(read(team, &[], 500, 1_000_000).await, (Vec::new(), vec![0]));
}

#[tokio::test]
async fn what_does_not_verify_is_the_last_that_is_read() {
    let world = World::new("forged");
    let (team, mut log) = (world.team.id(), world.log.clone());
    log[1].signatures.clear();
    assert_eq!(read(team, &log, 1, 1_000_000).await, (log[..2].to_vec(), vec![0, 1]));
    // Though what follows on the page would be good.
    assert_eq!(read(team, &log, 3, 1_000_000).await, (log.clone(), vec![0]));
    let between = [world.log[0].clone(), log[1].clone(), world.log[1].clone()];
    assert_eq!(read(team, &between, 3, 1_000_000).await, (between.to_vec(), vec![0]));
    // The log of another team.
    let other = TeamId::new([7; 16]);
    assert_eq!(read(other, &world.log, 1, 1_000_000).await, (world.log[..1].to_vec(), vec![0]));
}

/// An invite to this team, and a session of somebody who is about to use it.
fn joiner(world: &mut World, approve: bool) -> (Keyholder, Session) {
    let (invite, own) = (world.keyholder(), world.keyholder());
    let read = world.grant(Level::Read);
    let event = Invited { approve, expires_at: world.expires_at, ..invited(&invite, Role::Member, read) };
    let founder = world.twin(world.founder.id());
    world.by(&founder, TeamLogEvent::Invited(event)).unwrap();
    let session = session(world, own.id());
    (invite, session)
}

#[test]
fn whoever_is_to_be_approved_sends_no_name_and_no_keys() {
    let mut world = World::new("waits");
    let (names, values, _) = world.with_environment();
    let name: Label = "Cleo".parse().unwrap();
    for approve in [false, true] {
        let (invite, mut session) = joiner(&mut world, approve);
        if !approve {
            let without = plan_join(&session, &invite, &name).map(|request| request.wraps.len());
            assert!(matches!(without, Err(Error::KeysMissing { .. })), "nothing is sent without keys");
            let by = world.founder.id();
            for wrap in [
                world.team_key.wrap(invite.public(), by, &mut world.rng),
                names.wrap(invite.public(), by, &mut world.rng),
                values.wrap(invite.public(), by, &mut world.rng),
            ] {
                session.take_wrap(&wrap.unwrap(), Some(&invite));
            }
        }
        let request = plan_join(&session, &invite, &name).unwrap();
        assert_eq!(request.wraps.len(), if approve { 0 } else { 3 });
        let joined = world.team.clone().append(&request.statements[0]).unwrap();
        let TeamLogEvent::MemberJoined(MemberJoined { label, .. }) = &joined.event else {
            panic!("{:?}", joined.event);
        };
        assert_eq!(label.is_none(), approve);
    }
}

#[test]
fn nobody_joins_by_a_name_that_is_taken() {
    let mut world = World::new("taken");
    world.join(Role::Member, Vec::new());
    let founder = world.twin(world.founder.id());
    let mut session = session(&world, founder.id());
    let wrap = world.team_key.wrap(founder.public(), founder.id(), &mut world.rng).unwrap();
    session.take_wrap(&wrap, None);
    for (name, free) in [("Ben", false), ("bEN", false), ("Benno", true), ("Be", true)] {
        assert_eq!(check_free(&session, &name.parse().unwrap()).is_ok(), free, "{name}");
    }
}
