//! Whoever is being taken from a team cannot outrun it by pushing.

use twinlock_protocol::api::{Appended, Hold, ProblemCode};
use twinlock_protocol::event::*;
use twinlock_protocol::revision::{Cause, Change};
use twinlock_protocol::{Envelope, MemberId};

use crate::rotation::renew;
use crate::support::{Client, Vault, Writer};

fn removal(by: &Client, member: MemberId, writer: &Writer) -> Envelope {
    let heads = vec![PinnedHead { environment: writer.environment.id(), head: writer.environment.head() }];
    by.sign(Event::MemberRemoved(MemberRemoved { member, keep: Vec::new(), heads }))
}

async fn hold(by: &Client, vault: &Vault, statement: Envelope) -> crate::support::Answer {
    by.post(vault, &format!("/v1/teams/{}/hold", by.team.id()), &Hold { statement }).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_held_member_waits_and_everybody_else_goes_on() {
    let vault = Vault::start().await;
    let mut ada = Client::create(&vault).await;
    let mut writer = ada.create_environment(&vault, Vec::new()).await;
    ada.push_values(&vault, &mut writer, &["one\n"]).await;
    let everybody = [(&writer, Level::Write)];
    let (ben, cleo) = (ada.let_join(&vault, &everybody).await, ada.let_join(&vault, &everybody).await);
    let member = ada.team.member_of(ben.id()).unwrap();
    let (mut ben, mut cleo) = (ben, cleo);
    (ben.team, cleo.team) = (ada.team.clone(), ada.team.clone());

    // Not by somebody who may not remove, nor with somebody else's statement.
    let by_cleo = removal(&cleo, member, &writer);
    hold(&cleo, &vault, by_cleo.clone()).await.refused(403, ProblemCode::Forbidden);
    let by_ada = removal(&ada, member, &writer);
    hold(&cleo, &vault, by_ada.clone()).await.refused(403, ProblemCode::Forbidden);
    let settings = TeamSettings { creating: Creating::Admins, ..TeamSettings::default() };
    let harmless = ada.sign(Event::TeamSettings(settings));
    hold(&ada, &vault, harmless).await.done();

    hold(&ada, &vault, by_ada).await.done();
    let label = ben.sign(Event::LabelChanged(LabelChanged {
        subject: Subject::Member(member),
        label: ben.label("Benjamin"),
    }));
    ben.append(&vault, vec![label], Vec::new()).await.refused(423, ProblemCode::Held);
    let (puts, blobs) = writer.seal(&["two\n"]);
    ben.put_values(&vault, &writer, &blobs).await.done();
    let push = ben.revision(&writer, Cause::Push, puts.into_iter().map(Change::Put).collect());
    ben.push(&vault, &writer, &push).await.refused(423, ProblemCode::Held);
    let (_, rotate) = renew(&mut ben, &vault, &writer).await;
    ben.post(&vault, &writer.path("rotations"), &rotate).await.refused(423, ProblemCode::Held);
    ben.team = ada.team.clone();
    // Against whoever holds one is heard: here without the right to.
    let back = removal(&ben, ada.team.member_of(ada.id()).unwrap(), &writer);
    hold(&ben, &vault, back.clone()).await.refused(403, ProblemCode::Forbidden);
    ben.append(&vault, vec![back], Vec::new()).await.refused(403, ProblemCode::Forbidden);
    let another = removal(&ben, ada.team.member_of(cleo.id()).unwrap(), &writer);
    hold(&ben, &vault, another).await.refused(423, ProblemCode::Held);
    // Reading goes on, and so does everybody else's writing.
    assert_eq!(ben.get(&vault, &ben.events_path()).await.status, 200);
    let label = cleo.event(Event::LabelChanged(LabelChanged {
        subject: Subject::Member(cleo.team.member_of(cleo.id()).unwrap()),
        label: cleo.label("Cleopatra"),
    }));
    cleo.append(&vault, vec![label], Vec::new()).await.ok::<Appended>();

    // The removal, on the head that stays where it is.
    ada.team = cleo.team.clone();
    let removal = removal(&ada, member, &writer);
    ada.append(&vault, vec![removal], Vec::new()).await.ok::<Appended>();
    ben.push(&vault, &writer, &push).await.refused(403, ProblemCode::Revoked);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_ends_with_what_it_was_for() {
    let vault = Vault::start().await;
    let mut ada = Client::create(&vault).await;
    let writer = ada.create_environment(&vault, Vec::new()).await;
    let mut ben = ada.let_join(&vault, &[(&writer, Level::Write)]).await;
    let member = ada.team.member_of(ben.id()).unwrap();
    let environment = writer.environment.id();
    let head = writer.environment.head();
    // Deleting an environment holds up everybody's pushes to it but the deleter's.
    let deleted = ada.sign(Event::EnvironmentDeleted(EnvironmentDeleted { environment, head }));
    hold(&ada, &vault, deleted).await.done();
    ben.team = ada.team.clone();
    let push = ben.revision(&writer, Cause::Push, Vec::new());
    ben.push(&vault, &writer, &push).await.refused(423, ProblemCode::Held);

    // Another event by the holder, and it is over: an access that does not touch the right to push.
    let label = ada.event(Event::LabelChanged(LabelChanged {
        subject: Subject::Member(member),
        label: ada.label("Ben"),
    }));
    ada.append(&vault, vec![label], Vec::new()).await.ok::<Appended>();
    ben.team = ada.team.clone();
    let push = ben.revision(&writer, Cause::Push, Vec::new());
    let answer = ben.push(&vault, &writer, &push).await;
    assert_ne!(answer.status, 423, "{}", String::from_utf8_lossy(&answer.body));
}

/// H59: an admin who may take the owner's write to one environment does not keep the owner from removing them.
#[tokio::test(flavor = "multi_thread")]
async fn a_hold_does_not_stand_before_what_takes_rights_from_whoever_holds() {
    let vault = Vault::start().await;
    let mut ada = Client::create(&vault).await;
    let writer = ada.create_environment(&vault, Vec::new()).await;
    let mut mallory = ada.let_join_as(&vault, Role::Admin, &[(&writer, Level::Write)]).await;
    mallory.team = ada.team.clone();
    let (member, owner) = (ada.team.member_of(mallory.id()).unwrap(), ada.team.member_of(ada.id()).unwrap());
    let (environment, head) = (writer.environment.id(), writer.environment.head());
    let taken =
        |level| Event::AccessChanged(AccessChanged { environment, member: owner, level, head: Some(head) });
    hold(&mallory, &vault, mallory.sign(taken(None))).await.done();

    // Everything else of the owner waits, what gives and takes around a removal among it.
    let settings = TeamSettings { creating: Creating::Admins, ..TeamSettings::default() };
    let other = ada.sign(Event::TeamSettings(settings));
    ada.append(&vault, vec![other.clone()], Vec::new()).await.refused(423, ProblemCode::Held);
    let removed = removal(&ada, member, &writer);
    ada.append(&vault, vec![removed.clone(), other], Vec::new()).await.refused(423, ProblemCode::Held);
    let promoted = RoleChanged { member, role: Role::Owner, keep: Vec::new(), heads: Vec::new() };
    let promoted = ada.sign(Event::RoleChanged(promoted));
    ada.append(&vault, vec![promoted], Vec::new()).await.refused(423, ProblemCode::Held);

    hold(&ada, &vault, removed.clone()).await.done();
    ada.append(&vault, vec![removed], Vec::new()).await.ok::<Appended>();
}
