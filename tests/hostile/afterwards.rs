//! What somebody signs after their right to it ended, with a vault that lets them: refused by the pins that the events
//! recorded, by generations, and because what ended counts no more.

use twinlock_client::store::Mode;
use twinlock_client::{Level, Role};
use twinlock_protocol::api::Wrap;
use twinlock_protocol::event::{
    AccessChanged, Event, Grant, KeyholderKind, KeyholderRevoked, MemberRemoved, RoleChanged,
};
use twinlock_protocol::revision::{Cause, Change, Purge, Put, Remove, Revision};
use twinlock_tests::collusion::Collusion;
use twinlock_tests::forge::{Answer, Forge};

use crate::setting::{Setting, kept, shown};

fn removed(who: &Forge) -> Event {
    Event::MemberRemoved(MemberRemoved { member: who.member(), keep: Vec::new(), heads: Vec::new() })
}

#[track_caller]
fn refused(answer: &Answer, status: u16, code: &str) {
    assert_eq!((answer.status, answer.code()), (status, code), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_member_pushes_on_with_the_vaults_help_and_nobody_takes_it() {
    let setting = Setting::new(Mode::Ask).await;
    let (mut ada, mut wanda, environment) = setting.with_writer(Role::Member).await;
    ada.does(removed(&wanda)).await;
    setting.ben.client.pull(&setting.ben.env()).await.unwrap();

    // With the log head of a time when she was a member.
    let (before, values) = wanda.variable(environment, ("EVIL=", "1\n"));
    refused(&wanda.push(environment, &before).await, 403, "revoked");
    let lie = Collusion::revisions(environment, [before.clone()]).and_values(values.clone()).lie();
    setting.refused("an old log head", &setting.ben, lie, "above-pin").await;

    // With today's: judged by today's rights.
    wanda.learn(&ada);
    let (today, values) = wanda.variable(environment, ("EVIL=", "1\n"));
    refused(&wanda.push(environment, &today).await, 403, "revoked");
    let lie = Collusion::revisions(environment, [today]).and_values(values).lie();
    setting.refused("today's log head", &setting.ben, lie, "not-allowed").await;

    // She cannot undo it either.
    let back = wanda.sign(Event::AccessChanged(AccessChanged {
        environment,
        member: wanda.member(),
        level: Some(Level::Write),
        head: None,
    }));
    refused(&wanda.append(vec![back.clone()], Vec::new()).await, 403, "revoked");
    setting.refused("rights given back", &setting.ben, Collusion::events([back]).lie(), "revoked").await;
    // Nor is anything served to her any more.
    let read = wanda.send("GET", &format!("/v1/environments/{environment}/revisions"), Vec::new()).await;
    refused(&read, 403, "revoked");

    // What anybody seals under keys that she had is taken by nobody.
    ada.refresh().await;
    let (stale, values) = ada.variable(environment, ("SECRET=", "for those who stayed\n"));
    ada.put_values(environment, &values).await.ok();
    let answer = ada.push(environment, &stale).await;
    assert_eq!((answer.status, answer.refusal()), (422, "stale"), "{answer:?}");
    let lie = Collusion::revisions(environment, [stale]).and_values(values).lie();
    setting.refused("keys that she had", &setting.ben, lie, "stale").await;

    // The next push renews the keys, and what is under the old ones comes too late.
    setting.ada.save("A=after the removal\n");
    setting.ada.client.push(&setting.ada.env(), twinlock_client::Selection::All).await.unwrap();
    setting.ben.client.pull(&setting.ben.env()).await.unwrap();
    setting.check_in_step().await;
    ada.refresh().await;
    let old = twinlock_client::ids::Generation::FIRST;
    let (changes, values) = ada.seal_under(environment, old, &[("SECRET=", "1\n")]);
    let mut revision = ada.revision(environment, changes);
    revision.generation = old;
    let late = ada.sign_revision(&revision);
    ada.put_values(environment, &values).await.ok();
    let answer = ada.push(environment, &late).await;
    assert_eq!((answer.status, answer.refusal()), (422, "wrong-generation"), "{answer:?}");
    let lie = Collusion::revisions(environment, [late]).and_values(values).lie();
    setting.refused("an old generation", &setting.ben, lie, "wrong-generation").await;
    setting.check_in_step().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vault_that_hides_a_removal_is_found_out_when_it_shows_it() {
    let setting = Setting::new(Mode::Ask).await;
    let cleo = setting.joins("Cleo").await;
    let (mut ada, wanda, environment) = setting.with_writer(Role::Member).await;
    let (before, values) = wanda.variable(environment, ("EVIL=", "1\n"));
    let hidden = ada.team().head().sequence;
    ada.does(removed(&wanda)).await;

    // Cleo is shown a log that ends before the removal, and what Wanda pushed on with.
    let lie = Collusion::revisions(environment, [before]).and_values(values);
    setting.proxy.lie(lie.clone().hiding_events_after(hidden, ada.team()).lie());
    cleo.client.pull(&cleo.env()).await.unwrap();
    assert!(cleo.text().contains("EVIL=1"), "nobody could know yet");
    // As soon as the removal is shown, what came above its pin is refused, though it was taken before.
    let (text, before) = (cleo.text(), kept(&cleo));
    setting.proxy.lie(lie.lie());
    let error = cleo.client.pull(&cleo.env()).await.map(|outcome| outcome.pulled).unwrap_err();
    assert!(error.to_string().contains("(above-pin)"), "{error}");
    assert_eq!(shown(&cleo).await.as_deref(), Some("above-pin"));
    setting.proxy.be_honest();
    // And whoever saw the removal can't be shown the time before it again.
    let error = cleo.client.pull(&cleo.env()).await.map(|outcome| outcome.pulled).unwrap_err();
    assert!(error.to_string().contains("(rollback)"), "{error}");
    assert_eq!((cleo.text(), kept(&cleo)[1..3].to_vec()), (text, before[1..3].to_vec()));
    // Ben, who was never lied to, goes on.
    setting.ben.client.pull(&setting.ben.env()).await.unwrap();
    setting.check_in_step().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_demoted_from_write_pushes_on_and_nobody_takes_it() {
    let setting = Setting::new(Mode::Ask).await;
    let (mut ada, mut wanda, environment) = setting.with_writer(Role::Member).await;
    let member = wanda.member();
    let (old, values) = wanda.variable(environment, ("EVIL=", "1\n"));
    ada.does(Event::AccessChanged(AccessChanged {
        environment,
        member,
        level: Some(Level::Read),
        head: None,
    }))
    .await;
    setting.ben.client.pull(&setting.ben.env()).await.unwrap();
    refused(&wanda.put_values(environment, &values).await, 403, "forbidden");
    let answer = wanda.push(environment, &old).await;
    assert!((400..500).contains(&answer.status), "{answer:?}");
    let lie = Collusion::revisions(environment, [old]).and_values(values).lie();
    setting.refused("an old log head", &setting.ben, lie, "above-pin").await;
    wanda.learn(&ada);
    let (new, values) = wanda.variable(environment, ("EVIL=", "1\n"));
    refused(&wanda.push(environment, &new).await, 403, "forbidden");
    let lie = Collusion::revisions(environment, [new]).and_values(values).lie();
    setting.refused("today's log head", &setting.ben, lie, "not-allowed").await;
    setting.check_in_step().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_demoted_from_admin_purges_on_and_nobody_takes_it() {
    let setting = Setting::new(Mode::Ask).await;
    let (mut ada, mut wanda, environment) = setting.with_writer(Role::Admin).await;
    let (changes, values) = wanda.seal(environment, &[("ONCE=", "1\n")]);
    let [Change::Put(Put { entry, pointer, .. })] = changes[..] else { panic!("one put") };
    wanda.pushes(environment, changes, &values).await;
    wanda.pushes(environment, vec![Change::Remove(Remove { entry })], &[]).await;
    setting.ben.client.pull(&setting.ben.env()).await.unwrap();
    let purge = |wanda: &Forge| {
        let revision = wanda.revision(environment, vec![Change::Purge(Purge { pointer })]);
        wanda.sign_revision(&Revision { cause: Cause::Purge, ..revision })
    };
    let old = purge(&wanda);
    ada.refresh().await;
    let member = wanda.member();
    let role = RoleChanged { member, role: Role::Member, keep: Vec::new(), heads: Vec::new() };
    ada.does(Event::RoleChanged(role)).await;
    setting.ben.client.pull(&setting.ben.env()).await.unwrap();

    // With the log head of a time when she was an admin.
    let answer = wanda.push(environment, &old).await;
    assert_eq!((answer.status, answer.refusal()), (422, "above-pin"), "{answer:?}");
    let lie = Collusion::revisions(environment, [old]).lie();
    setting.refused("an old log head", &setting.ben, lie, "above-pin").await;
    // With today's.
    wanda.learn(&ada);
    let new = purge(&wanda);
    refused(&wanda.push(environment, &new).await, 403, "forbidden");
    let lie = Collusion::revisions(environment, [new]).lie();
    setting.refused("today's log head", &setting.ben, lie, "not-allowed").await;
    // She writes on.
    let (push, values) = wanda.variable(environment, ("MORE=", "1\n"));
    wanda.put_values(environment, &values).await.ok();
    wanda.push(environment, &push).await.ok();
    setting.ada.client.pull(&setting.ada.env()).await.unwrap();
    setting.ben.client.pull(&setting.ben.env()).await.unwrap();
    setting.check_in_step().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_computer_signs_on_and_nobody_takes_it() {
    let setting = Setting::new(Mode::Ask).await;
    let environment = setting.environment().await;
    let mut ada = Forge::of(&setting.ada, &setting.vault).await;
    let mut lost = ada.adds(KeyholderKind::Computer).await;
    lost.refresh().await;
    setting.ben.client.pull(&setting.ben.env()).await.unwrap();
    let (old, values) = lost.variable(environment, ("EVIL=", "1\n"));
    ada.refresh().await;
    let revoked = KeyholderRevoked { keyholder: lost.id(), keep: Vec::new(), heads: Vec::new() };
    ada.does(Event::KeyholderRevoked(revoked)).await;
    setting.ben.client.pull(&setting.ben.env()).await.unwrap();

    refused(&lost.push(environment, &old).await, 403, "revoked");
    let lie = Collusion::revisions(environment, [old]).and_values(values).lie();
    setting.refused("served as active", &setting.ben, lie, "above-pin").await;
    lost.learn(&ada);
    let (new, values) = lost.variable(environment, ("EVIL=", "1\n"));
    let lie = Collusion::revisions(environment, [new]).and_values(values).lie();
    setting.refused("today's log head", &setting.ben, lie, "not-allowed").await;
    // It signs no event either: not a computer in its place, not an invite.
    for statement in
        [lost.adding(&lost.stranger(), KeyholderKind::Computer), lost.sign(lost.filled(removed(&ada)))]
    {
        refused(&lost.append(vec![statement.clone()], Vec::new()).await, 403, "revoked");
        setting.refused("an event", &setting.ben, Collusion::events([statement]).lie(), "revoked").await;
    }
    setting.check_in_step().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_removed_admin_left_behind_opens_nothing() {
    let setting = Setting::new(Mode::Ask).await;
    let environment = setting.environment().await;
    let mut ada = Forge::of(&setting.ada, &setting.vault).await;
    let access = vec![Grant { environment, level: Level::Read }];
    let writes = vec![Grant { environment, level: Level::Write }];
    let mut alan = ada.lets_join(Role::Admin, writes.clone(), false).await;
    alan.refresh().await;
    let invite = alan.invites(Role::Admin, access.clone(), false).await;
    let token = alan.serves(access).await;
    let mut second = alan.adds(KeyholderKind::Computer).await;
    second.refresh().await;
    setting.ben.client.pull(&setting.ben.env()).await.unwrap();
    ada.refresh().await;
    ada.does(removed(&alan)).await;

    // The invite that nobody used yet.
    let guest = ada.stranger();
    let joining = ada.joining(&guest, &invite, false);
    let answer = invite.append(vec![joining.clone()], Vec::new()).await;
    assert!((400..500).contains(&answer.status), "{answer:?}");
    let lie = Collusion::events([joining]).lie();
    setting.refused("the invite", &setting.ben, lie, "invite-not-open").await;
    // The token: it reads nothing, and lets nobody in.
    let path = format!("/v1/environments/{environment}/revisions");
    refused(&token.send("GET", &path, Vec::new()).await, 403, "revoked");
    let mut token = token;
    token.learn(&ada);
    let adding = token.adding(&guest, KeyholderKind::Computer);
    setting.refused("the token", &setting.ben, Collusion::events([adding]).lie(), "unknown-keyholder").await;
    // The second computer.
    second.learn(&ada);
    let adding = second.adding(&guest, KeyholderKind::Computer);
    refused(&second.append(vec![adding.clone()], Vec::new()).await, 403, "revoked");
    setting.refused("the computer", &setting.ben, Collusion::events([adding]).lie(), "revoked").await;
    // A demotion closes what is open as well.
    let mut ann = ada.lets_join(Role::Admin, writes, false).await;
    ann.refresh().await;
    let invite = ann.invites(Role::Member, Vec::new(), false).await;
    ada.refresh().await;
    let role = RoleChanged { member: ann.member(), role: Role::Member, keep: Vec::new(), heads: Vec::new() };
    ada.does(Event::RoleChanged(role)).await;
    let joining = ada.joining(&guest, &invite, false);
    let lie = Collusion::events([joining]).lie();
    setting.refused("a demoted admin's invite", &setting.ben, lie, "invite-not-open").await;
    setting.ben.client.pull(&setting.ben.env()).await.unwrap();
    setting.check_in_step().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_opening_and_its_rotation_come_together_or_not_at_all() {
    let setting = Setting::new(Mode::Ask).await;
    let cleo = setting.joins("Cleo").await;
    let (_, wanda, environment) = setting.with_writer(Role::Member).await;
    cleo.client.pull(&cleo.env()).await.unwrap();
    let (opened, name, value) = wanda.opening(environment);
    let opened = wanda.sign(opened);
    let mut after = wanda.team().clone();
    after.append(&opened).unwrap();
    // By the door for events it is not taken, with or without wraps.
    let wraps: Vec<Wrap> = after
        .entitled(Some(environment), twinlock_protocol::event::Half::Name)
        .into_iter()
        .filter_map(|(_, keys)| name.wrap(keys, wanda.id(), &mut rand::rng()))
        .collect();
    drop(value);
    let answer = wanda.append(vec![opened.clone()], wraps).await;
    assert_eq!((answer.status, answer.refusal()), (422, "rotation-mismatch"), "{answer:?}");
    // Served alone, the log vouches for a rotation that is not there.
    let (text, before) = (cleo.text(), kept(&cleo));
    setting.proxy.lie(Collusion::events([opened]).lie());
    let error = cleo.client.pull(&cleo.env()).await.map(|outcome| outcome.pulled).unwrap_err();
    assert!(error.to_string().contains("(cut-short)"), "{error}");
    setting.proxy.be_honest();
    assert_eq!((cleo.text(), kept(&cleo)[1..3].to_vec()), (text, before[1..3].to_vec()));
    // Wanda did sign it: from here on the honest vault is behind, and says so to Cleo alone.
    let error = cleo.client.pull(&cleo.env()).await.map(|outcome| outcome.pulled).unwrap_err();
    assert!(error.to_string().contains("(rollback)"), "{error}");
    setting.ben.client.pull(&setting.ben.env()).await.unwrap();
    setting.check_in_step().await;
}
