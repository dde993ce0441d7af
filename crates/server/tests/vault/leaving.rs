//! Who comes by other ways than an invite, and what becomes of those who are taken from a team.

use twinlock_protocol::api::{Appended, EventsPage, ProblemCode, QueryValues, RevisionsPage, Values, Wraps};
use twinlock_protocol::event::*;
use twinlock_protocol::revision::{Cause, Change};
use twinlock_protocol::{KeyholderId, TeamId};
use twinlock_seal::Keyholder;

use crate::news::Listener;
use crate::support::{Answer, Client, Signed, Vault, computer, now};

async fn ask(
    vault: &Vault,
    who: &Keyholder,
    team: TeamId,
    method: &str,
    path: &str,
    body: Vec<u8>,
) -> Answer {
    Signed::new(who, team, method, path, body, now()).send(vault).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_member_is_heard_no_more_and_hears_no_more() {
    let vault = Vault::start().await;
    let mut ada = Client::create(&vault).await;
    let mut writer = ada.create_environment(&vault, Vec::new()).await;
    let empty = writer.environment.head();
    ada.push_values(&vault, &mut writer, &["one\n"]).await;
    let ben = ada.let_join(&vault, &[(&writer, Level::Write)]).await;
    let mut news = Listener::of(&ben, &vault).await;
    assert!(news.next().await.is_some() && news.next().await.is_some());

    let member = ada.team.member_of(ben.id()).unwrap();
    let environment = writer.environment.id();
    let removed = |head| {
        let heads = vec![PinnedHead { environment, head }];
        Event::MemberRemoved(MemberRemoved { member, keep: Vec::new(), heads })
    };
    // The head recorded has to be the current one: the replay alone could not know that this one is old.
    let early = ada.sign(removed(empty));
    let problem = ada.append(&vault, vec![early], Vec::new()).await.refused(409, ProblemCode::HeadMoved);
    assert_eq!(problem.head, Some(writer.environment.head()));
    let removal = ada.event(removed(writer.environment.head()));
    ada.append(&vault, vec![removal], Vec::new()).await.ok::<Appended>();

    for path in [ben.events_path(), ben.wraps_path(), writer.path("revisions"), "/v1/events".to_owned()] {
        ben.get(&vault, &path).await.refused(403, ProblemCode::Revoked);
    }
    let (puts, _) = writer.seal(&["two\n"]);
    let changes = puts.into_iter().map(Change::Put).collect();
    let push = ben.revision(&writer, Cause::Push, changes);
    ben.push(&vault, &writer, &push).await.refused(403, ProblemCode::Revoked);
    assert_eq!(news.next().await, None, "the stream has ended");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_reads_what_it_was_given_until_it_is_closed() {
    let vault = Vault::start().await;
    let mut ada = Client::create(&vault).await;
    let mut writer = ada.create_environment(&vault, Vec::new()).await;
    let other = ada.create_environment(&vault, Vec::new()).await;
    let puts = ada.push_values(&vault, &mut writer, &["one\n"]).await;
    let service = computer();
    let created = Event::ServiceCreated(ServiceCreated {
        keys: service.public().clone(),
        label: ada.label("ci"),
        access: vec![Grant { environment: writer.environment.id(), level: Level::Read }],
        expires_at: None,
    });
    let statement = ada.sign(created.clone());
    ada.append(&vault, vec![statement], Vec::new()).await.refused(422, ProblemCode::Wraps);
    let wraps = ada.wraps_to(&service, &[(&writer, Level::Read)]);
    let statement = ada.sign(created.clone());
    ada.append(&vault, vec![statement], wraps.clone()).await.refused(422, ProblemCode::Wraps);
    // Without the team's own key, which no service gets.
    let statement = ada.event(created);
    ada.append(&vault, vec![statement], wraps[1..].to_vec()).await.ok::<Appended>();

    let team = ada.team.id();
    let query = serde_json::to_vec(&QueryValues { pointers: vec![puts[0].pointer] }).unwrap();
    let log: EventsPage = ask(&vault, &service, team, "GET", &ada.events_path(), Vec::new()).await.ok();
    assert_eq!(log.head, ada.team.head());
    let mine: Wraps = ask(&vault, &service, team, "GET", &ada.wraps_path(), Vec::new()).await.ok();
    assert_eq!(mine.wraps.len(), 2);
    let revisions = writer.path("revisions");
    let page: RevisionsPage = ask(&vault, &service, team, "GET", &revisions, Vec::new()).await.ok();
    assert_eq!(page.head, writer.environment.head());
    let values: Values = ask(&vault, &service, team, "POST", &writer.path("values/query"), query).await.ok();
    assert_eq!(values.values.len(), 1);
    let foreign = other.path("revisions");
    ask(&vault, &service, team, "GET", &foreign, Vec::new()).await.refused(404, ProblemCode::NotFound);
    let empty = serde_json::to_vec(&Values { values: Vec::new() }).unwrap();
    for (method, path, body) in [
        ("PUT", writer.path("values"), empty),
        ("POST", ada.wraps_path(), serde_json::to_vec(&Wraps { wraps: Vec::new() }).unwrap()),
        ("GET", "/v1/events".to_owned(), Vec::new()),
    ] {
        ask(&vault, &service, team, method, &path, body).await.refused(403, ProblemCode::Forbidden);
    }

    let closed = ada.event(Event::ServiceClosed(ServiceClosed { service: service.id() }));
    ada.append(&vault, vec![closed], Vec::new()).await.ok::<Appended>();
    ask(&vault, &service, team, "GET", &revisions, Vec::new()).await.refused(403, ProblemCode::Revoked);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_computer_comes_with_its_keys_and_goes_for_good() {
    let vault = Vault::start().await;
    let mut ada = Client::create(&vault).await;
    let writer = ada.create_environment(&vault, Vec::new()).await;
    let laptop = computer();
    let added = |kind| Event::KeyholderAdded(KeyholderAdded { keys: laptop.public().clone(), kind });
    let wraps = ada.wraps_to(&laptop, &[(&writer, Level::Write)]);
    let alone = ada.sign(added(KeyholderKind::Computer));
    let refusal = ada.append(&vault, vec![alone.clone()], wraps.clone()).await;
    refusal.refused(422, ProblemCode::Refused);
    let both = laptop.co_sign(alone);
    ada.append(&vault, vec![both.clone()], wraps[1..].to_vec()).await.refused(422, ProblemCode::Wraps);
    ada.append(&vault, vec![both.clone()], wraps).await.ok::<Appended>();
    ada.team.append(&both).unwrap();
    let team = ada.team.id();
    let mine: Wraps = ask(&vault, &laptop, team, "GET", &ada.wraps_path(), Vec::new()).await.ok();
    assert_eq!(mine.wraps.len(), 3);

    let revoked = |keyholder: KeyholderId, heads| {
        Event::KeyholderRevoked(KeyholderRevoked { keyholder, keep: Vec::new(), heads })
    };
    let head = PinnedHead { environment: writer.environment.id(), head: writer.environment.head() };
    let statement = ada.event(revoked(laptop.id(), vec![head]));
    ada.append(&vault, vec![statement], Vec::new()).await.ok::<Appended>();
    let path = ada.events_path();
    ask(&vault, &laptop, team, "GET", &path, Vec::new()).await.refused(403, ProblemCode::Revoked);
}
