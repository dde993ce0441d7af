//! Who may ask for what: signatures, strangers, foreign teams and environments, levels, invites.

use twinlock_protocol::api::{
    AppendEvents, Appended, EventsPage, ProblemCode, Pushed, QueryValues, RevisionsPage, Snapshot, Values,
    Wraps,
};
use twinlock_protocol::event::{
    AccessChanged, Event, InviteClosed, Level, MemberApproved, MemberGrant, ProjectCreated, Role,
};
use twinlock_protocol::revision::{Cause, Change};
use twinlock_protocol::timestamp::Timestamp;
use twinlock_protocol::{EnvironmentId, Generation, ProjectId, TeamId};

use crate::cast::joining;
use crate::support::{Answer, Client, Signed, Vault, computer, in_a_day, now, random};

#[tokio::test(flavor = "multi_thread")]
async fn requests_without_a_good_signature_are_refused() {
    let vault = Vault::start().await;
    let ada = Client::create(&vault).await;
    let (team, path) = (ada.team.id(), ada.events_path());
    let signed = |at| Signed::new(&ada.computer, team, "GET", &path, Vec::new(), at);

    let unsigned = vault.http.get(format!("{}{path}", vault.running.url)).send().await.unwrap();
    Answer::of(unsigned).await.refused(401, ProblemCode::NotSigned);

    for missing in 0..4 {
        let mut request = signed(now());
        request.headers.remove(missing);
        request.send(&vault).await.refused(401, ProblemCode::NotSigned);
    }
    for late in [now() - 400, now() + 400] {
        signed(late).send(&vault).await.refused(401, ProblemCode::SignatureExpired);
    }
    let mut query = signed(now());
    query.path_and_query.push_str("?after=1");
    query.send(&vault).await.refused(401, ProblemCode::NotSigned);

    let mut method = Signed::new(&ada.computer, team, "GET", &ada.wraps_path(), Vec::new(), now());
    method.method = reqwest::Method::POST;
    method.send(&vault).await.refused(401, ProblemCode::NotSigned);

    let mut body = Signed::new(&ada.computer, team, "POST", &path, b"{}".to_vec(), now());
    body.body = b"{ }".to_vec();
    body.send(&vault).await.refused(401, ProblemCode::NotSigned);

    // Somebody else's signature under Ada's name.
    let mut forged = signed(now());
    let other = Signed::new(&computer(), team, "GET", &path, Vec::new(), now());
    forged.headers[3] = other.headers[3].clone();
    forged.send(&vault).await.refused(401, ProblemCode::NotSigned);

    let page: EventsPage = signed(now()).send(&vault).await.ok();
    assert_eq!(page.head, ada.team.head());
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_and_foreign_ids_find_nothing() {
    let vault = Vault::start().await;
    let mut ada = Client::create(&vault).await;
    ada.create_environment(&vault, Vec::new()).await;

    let stranger = computer();
    let path = ada.events_path();
    let request = Signed::new(&stranger, ada.team.id(), "GET", &path, Vec::new(), now());
    request.send(&vault).await.refused(404, ProblemCode::NotFound);
    let nowhere = TeamId::new(random());
    let request =
        Signed::new(&stranger, nowhere, "GET", &format!("/v1/teams/{nowhere}/events"), Vec::new(), now());
    request.send(&vault).await.refused(404, ProblemCode::NotFound);
    // A member of one team, asking through it for another.
    ada.get(&vault, &format!("/v1/teams/{nowhere}/events")).await.refused(404, ProblemCode::NotFound);

    let elsewhere = EnvironmentId::new(random());
    for resource in ["revisions", "snapshot"] {
        let path = format!("/v1/environments/{elsewhere}/{resource}");
        ada.get(&vault, &path).await.refused(404, ProblemCode::NotFound);
    }
    let path = format!("/v1/environments/{elsewhere}/values/query");
    ada.post(&vault, &path, &QueryValues { pointers: Vec::new() }).await.refused(404, ProblemCode::NotFound);
    let path = format!("/v1/environments/{elsewhere}/values");
    ada.send(&vault, "PUT", &path, &Values { values: Vec::new() }).await.refused(404, ProblemCode::NotFound);
    for path in ["/", "/v1/nothing", "/v1/environments/x/snapshot"] {
        ada.get(&vault, path).await.refused(404, ProblemCode::NotFound);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_without_access_finds_nothing_and_each_level_opens_its_own() {
    let vault = Vault::start().await;
    let mut ada = Client::create(&vault).await;
    let mut writer = ada.create_environment(&vault, Vec::new()).await;
    let puts = ada.push_values(&vault, &mut writer, &["\"one\"\n"]).await;
    let query = QueryValues { pointers: vec![puts[0].pointer] };
    let (new_puts, blobs) = writer.seal(&["two\n"]);
    let changes: Vec<Change> = new_puts.into_iter().map(Change::Put).collect();

    let none = ada.let_join(&vault, &[]).await;
    let names = ada.let_join(&vault, &[(&writer, Level::Names)]).await;
    let read = ada.let_join(&vault, &[(&writer, Level::Read)]).await;

    for resource in ["revisions", "snapshot"] {
        none.get(&vault, &writer.path(resource)).await.refused(404, ProblemCode::NotFound);
        assert_eq!(names.get(&vault, &writer.path(resource)).await.status, 200);
        assert_eq!(read.get(&vault, &writer.path(resource)).await.status, 200);
    }
    let path = writer.path("values/query");
    none.post(&vault, &path, &query).await.refused(404, ProblemCode::NotFound);
    names.post(&vault, &path, &query).await.refused(403, ProblemCode::Forbidden);
    let values: Values = read.post(&vault, &path, &query).await.ok();
    assert_eq!(values.values.len(), 1);
    assert_eq!(
        writer.value_key.open_value(puts[0].pointer, &values.values[0].blob).unwrap().expose(),
        "\"one\"\n"
    );

    none.put_values(&vault, &writer, &blobs).await.refused(404, ProblemCode::NotFound);
    // A reader's client that is patched to push anyway.
    let mut reader = read;
    reader.team = ada.team.clone();
    for client in [&names, &reader] {
        client.put_values(&vault, &writer, &blobs).await.refused(403, ProblemCode::Forbidden);
        let statement = client.revision(&writer, Cause::Push, changes.clone());
        let problem = client.push(&vault, &writer, &statement).await.refused(403, ProblemCode::Forbidden);
        assert_eq!(problem.refusal.as_deref(), Some("not-allowed"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invite_reads_the_log_and_its_keys_joins_once_and_no_more() {
    let vault = Vault::start().await;
    let mut ada = Client::create(&vault).await;
    let mut writer = ada.create_environment(&vault, Vec::new()).await;
    ada.push_values(&vault, &mut writer, &["one\n"]).await;
    let access = [(&writer, Level::Write)];
    let invite = ada.invite(&access, in_a_day());

    // Without its keys an invite is of no use, so it is not accepted.
    let few = invite.wraps[..2].to_vec();
    ada.append(&vault, vec![invite.statement.clone()], few).await.refused(422, ProblemCode::Wraps);
    ada.append(&vault, vec![invite.statement.clone()], invite.wraps.clone()).await.ok::<Appended>();

    let page: EventsPage = invite.get(&vault, &ada.team, &ada.events_path()).await.ok();
    assert_eq!(page.head, ada.team.head());
    let keys: Wraps = invite.get(&vault, &ada.team, &ada.wraps_path()).await.ok();
    assert_eq!(keys.wraps.len(), 3);
    for path in [writer.path("revisions"), writer.path("snapshot"), "/v1/events".to_owned()] {
        invite.get(&vault, &ada.team, &path).await.refused(403, ProblemCode::Forbidden);
    }
    // It signs nothing but a joining.
    let project = ProjectCreated { project: ProjectId::new(random()), label: ada.label("p") };
    let foreign =
        AppendEvents { statements: vec![ada.sign(Event::ProjectCreated(project))], wraps: Vec::new() };
    invite.post(&vault, &ada.team, &ada.events_path(), &foreign).await.refused(403, ProblemCode::Forbidden);

    let (ben, request) = ada.join(&invite, &access);
    let first: Appended = invite.post(&vault, &ada.team, &ada.events_path(), &request).await.ok();
    assert_eq!(first.head, ben.team.head());
    // The answer was lost.
    let again: Appended = invite.post(&vault, &ada.team, &ada.events_path(), &request).await.ok();
    assert_eq!(again, first);
    invite.get(&vault, &ada.team, &ada.events_path()).await.refused(403, ProblemCode::Forbidden);
    let (_, second) = ada.join(&invite, &access);
    let second = invite.post(&vault, &ada.team, &ada.events_path(), &second).await;
    let second = second.refused(403, ProblemCode::Forbidden);
    assert_eq!(second.refusal.as_deref(), Some("invite-not-open"));
    // What is known already is repeated by whoever joined with it, and by nobody else: the answer tells the head.
    let known = AppendEvents { statements: vec![invite.statement.clone()], wraps: Vec::new() };
    invite.post(&vault, &ada.team, &ada.events_path(), &known).await.refused(403, ProblemCode::Forbidden);
    // An admin may close invites; that this one is not open any more is another matter.
    ada.team = ben.team.clone();
    let closed = ada.sign(Event::InviteClosed(InviteClosed { invite: invite.keyholder.id() }));
    let problem = ada.append(&vault, vec![closed], Vec::new()).await.refused(422, ProblemCode::Refused);
    assert_eq!(problem.refusal.as_deref(), Some("invite-not-open"));

    let snapshot: Snapshot = ben.get(&vault, &writer.path("snapshot")).await.ok();
    assert_eq!((snapshot.head, snapshot.entries.len()), (writer.environment.head(), 1));
    let page: RevisionsPage = ben.get(&vault, &writer.path("revisions")).await.ok();
    assert_eq!(page.statements.len(), 1);
    let keys: Wraps = ben.get(&vault, &ben.wraps_path()).await.ok();
    assert_eq!(keys.wraps.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_approves_passes_on_what_they_have() {
    let vault = Vault::start().await;
    let mut ada = Client::create(&vault).await;
    let writer = ada.create_environment(&vault, Vec::new()).await;
    let mut admin = ada.let_join_as(&vault, Role::Admin, &[]).await;
    let invite = ada.invite_as(Role::Member, &[(&writer, Level::Read)], in_a_day(), true);
    ada.append(&vault, vec![invite.statement.clone()], Vec::new()).await.ok::<Appended>();
    let waiting = computer();
    let joined = invite.keyholder.co_sign(joining(&ada, &waiting, invite.keyholder.id(), None));
    let request = AppendEvents { statements: vec![joined.clone()], wraps: Vec::new() };
    invite.post(&vault, &ada.team, &ada.events_path(), &request).await.ok::<Appended>();
    ada.team.append(&joined).unwrap();
    admin.team = ada.team.clone();
    let member = ada.team.member_of(waiting.id()).unwrap();
    let approved = admin.event(Event::MemberApproved(MemberApproved { member }));
    admin.append(&vault, vec![approved.clone()], Vec::new()).await.refused(422, ProblemCode::Wraps);
    let own = admin.wraps_to(&waiting, &[]);
    admin.append(&vault, vec![approved], own).await.ok::<Appended>();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_higher_level_comes_with_the_keys_that_it_adds() {
    let vault = Vault::start().await;
    let mut ada = Client::create(&vault).await;
    let writer = ada.create_environment(&vault, Vec::new()).await;
    let other = ada.create_environment(&vault, Vec::new()).await;
    let ben = ada.let_join(&vault, &[(&writer, Level::Names), (&other, Level::Read)]).await;
    let member = ada.team.member_of(ben.id()).unwrap();
    let (environment, level) = (writer.environment.id(), Some(Level::Read));
    let raised = AccessChanged { environment, member, level, head: None };
    let raised = ada.event(Event::AccessChanged(raised));
    let keys = ada.wraps_to(&ben.computer, &[(&writer, Level::Read)]);
    let without = ada.append(&vault, vec![raised.clone()], keys[..2].to_vec()).await;
    without.refused(422, ProblemCode::Wraps);
    ada.append(&vault, vec![raised], keys[2..].to_vec()).await.ok::<Appended>();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invite_past_its_time_is_refused() {
    let vault = Vault::start().await;
    let mut ada = Client::create(&vault).await;
    let past = Timestamp(u64::try_from(now() - 10).unwrap() * 1000);
    let invite = ada.invite(&[], past);
    ada.append(&vault, vec![invite.statement.clone()], invite.wraps.clone()).await.ok::<Appended>();
    let (_, request) = ada.join(&invite, &[]);
    let answer = invite.post(&vault, &ada.team, &ada.events_path(), &request).await;
    answer.refused(403, ProblemCode::InviteExpired);
    invite.get(&vault, &ada.team, &ada.events_path()).await.refused(403, ProblemCode::InviteExpired);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_of_whoever_joins_are_wrapped_by_them_and_not_by_the_invite_that_is_used_up() {
    let vault = Vault::start().await;
    let mut ada = Client::create(&vault).await;
    let invite = ada.invite(&[], in_a_day());
    ada.append(&vault, vec![invite.statement.clone()], invite.wraps.clone()).await.ok::<Appended>();
    let (_, good) = ada.join(&invite, &[]);
    let mut by_the_invite = good.clone();
    by_the_invite.wraps.iter_mut().for_each(|wrap| wrap.wrapper = invite.keyholder.id());
    let path = ada.events_path();
    invite.post(&vault, &ada.team, &path, &by_the_invite).await.refused(422, ProblemCode::Wraps);
    invite.post(&vault, &ada.team, &path, &good).await.ok::<Appended>();
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_stores_another_members_statement_or_junk_keys() {
    let vault = Vault::start().await;
    let mut ada = Client::create(&vault).await;
    let writer = ada.create_environment(&vault, Vec::new()).await;
    let ben = ada.let_join(&vault, &[]).await;

    let project = ProjectCreated { project: ProjectId::new(random()), label: ada.label("p") };
    let statement = ada.sign(Event::ProjectCreated(project));
    ben.append(&vault, vec![statement], Vec::new()).await.refused(403, ProblemCode::Forbidden);

    let writer_too = ada.let_join(&vault, &[]).await;
    let shared = ada
        .create_environment(
            &vault,
            vec![MemberGrant { member: ada.team.member_of(writer_too.id()).unwrap(), level: Level::Write }],
        )
        .await;
    let (puts, blobs) = shared.seal(&["one\n"]);
    ada.put_values(&vault, &shared, &blobs).await.done();
    let revision = ada.revision(&shared, Cause::Push, puts.into_iter().map(Change::Put).collect());
    writer_too.push(&vault, &shared, &revision).await.refused(403, ProblemCode::Forbidden);
    ada.push(&vault, &shared, &revision).await.ok::<Pushed>();

    // A key for somebody without access; a key passed on by somebody without it; another maker's name.
    let to_ben = writer.name_key.wrap(ben.computer.public(), ada.id(), &mut rand::rng()).unwrap();
    let path = ada.wraps_path();
    ada.post(&vault, &path, &Wraps { wraps: vec![to_ben] }).await.refused(422, ProblemCode::Wraps);
    let to_ada = writer.name_key.wrap(ada.computer.public(), ben.id(), &mut rand::rng()).unwrap();
    let by_ben = Wraps { wraps: vec![to_ada.clone()] };
    ben.post(&vault, &path, &by_ben).await.refused(422, ProblemCode::Wraps);
    ada.post(&vault, &path, &by_ben).await.refused(422, ProblemCode::Wraps);

    // Also if whoever is named may have the key.
    let in_anothers_name =
        shared.name_key.wrap(ada.computer.public(), writer_too.id(), &mut rand::rng()).unwrap();
    let in_anothers_name = Wraps { wraps: vec![in_anothers_name] };
    ada.post(&vault, &path, &in_anothers_name).await.refused(422, ProblemCode::Wraps);
    writer_too.post(&vault, &path, &in_anothers_name).await.done();

    let mut good = to_ada;
    good.wrapper = ada.id();
    let mut never_opened = good.clone();
    never_opened.generation = Generation(2);
    ada.post(&vault, &path, &Wraps { wraps: vec![never_opened] }).await.refused(422, ProblemCode::Wraps);
    let mut of_team = ada.wraps_to(&ada.computer, &[]).remove(0);
    of_team.generation = Generation(9);
    ada.post(&vault, &path, &Wraps { wraps: vec![of_team] }).await.refused(422, ProblemCode::Wraps);
    let mut cut = good.clone();
    cut.encapsulated.0.pop();
    ada.post(&vault, &path, &Wraps { wraps: vec![cut] }).await.refused(422, ProblemCode::Wraps);
    let mut cut = good.clone();
    cut.sealed.0.pop();
    ada.post(&vault, &path, &Wraps { wraps: vec![cut] }).await.refused(422, ProblemCode::Wraps);
    ada.post(&vault, &path, &Wraps { wraps: vec![good] }).await.done();
}
