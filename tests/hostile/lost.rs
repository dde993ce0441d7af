//! Keys that nobody has: somebody who may renew them renews them for nobody, to shut everybody out for good.

use twinlock_client::store::Mode;
use twinlock_client::{Error, ErrorCode, Role, Selection};
use twinlock_protocol::event::{Event, MemberRemoved};
use twinlock_tests::forge::Forge;

use crate::keys::{TEXTS, rotation};
use crate::setting::Setting;

/// H64, an environment: one writer is enough.
#[tokio::test(flavor = "multi_thread")]
async fn an_environment_whose_keys_nobody_has_is_brought_back_on_a_persons_word() {
    let setting = Setting::new(Mode::Ask).await;
    let (mut ada, mut wanda, environment) = setting.with_writer(Role::Member).await;
    setting.ada.save("# the first\nA=2\nB=1\n");
    setting.ada.client.push(&setting.ada.env(), Selection::All).await.unwrap();
    setting.ben.client.pull(&setting.ben.env()).await.unwrap();
    let good = setting.ben.text();
    wanda.refresh().await;
    let texts = [TEXTS[0], ("A=", "2\n"), TEXTS[2]];
    let (mut brick, values) = rotation(&wanda, environment, &texts, |_| {}, None);
    brick.wraps.iter_mut().for_each(|wrap| wrap.sealed.0[0] ^= 1);
    wanda.put_values(environment, &values).await.ok();
    wanda.rotate(environment, &brick).await.ok();
    // Something new under the same keys: no version of it ever opened.
    wanda.refresh().await;
    let (changes, values) = wanda.seal(environment, &[("EVIL=", "1\n")]);
    wanda.pushes(environment, changes, &values).await;
    ada.refresh().await;
    let member = wanda.member();
    ada.does(Event::MemberRemoved(MemberRemoved { member, keep: Vec::new(), heads: Vec::new() })).await;

    // By itself nobody gives anything up: somebody might have the keys.
    assert!(!keys_missing(&setting).await);
    setting.ada.save("# the first\nA=3\nB=1\n");
    let pushed = setting.ada.client.push(&setting.ada.env(), Selection::All).await.map(|out| out.pushed);
    assert!(matches!(pushed, Err(Error::KeysMissing { .. })), "{pushed:?}");
    setting.ada.client.sync().await.map(drop).unwrap_err();
    let renewed = setting.ada.client.rotate_environment(environment).await.map(drop);
    assert!(matches!(renewed, Err(Error::KeysMissing { .. })), "{renewed:?}");

    assert!(keys_missing(&setting).await);
    let lost = setting.ada.client.lost_with_keys(environment).await.unwrap();
    assert_eq!(lost.earlier, ["a comment", "A", "B"]);
    assert_eq!((lost.kept, lost.gone.len(), lost.gone_unnamed), (0, 0, 1));
    setting.ada.client.rotate_giving_up(environment).await.unwrap();
    assert!(!keys_missing(&setting).await);
    assert!(setting.ada.client.lost_with_keys(environment).await.unwrap().is_nothing());
    setting.ben.client.pull(&setting.ben.env()).await.unwrap();
    assert_eq!(setting.ben.text(), good);
    setting.ada.client.push(&setting.ada.env(), Selection::All).await.unwrap();
    setting.ben.client.pull(&setting.ben.env()).await.unwrap();
    setting.check_in_step().await;
}

/// Whether Ada is told of an environment whose keys are not on her computer.
async fn keys_missing(setting: &Setting) -> bool {
    let projects = setting.ada.client.overview().await.unwrap().projects;
    projects.iter().flat_map(|project| &project.environments).any(|environment| environment.keys_missing)
}

/// H64, the team's names: one admin is enough.
#[tokio::test(flavor = "multi_thread")]
async fn names_whose_key_nobody_has_are_brought_back_on_an_admins_word() {
    let setting = Setting::new(Mode::Ask).await;
    let mut ada = Forge::of(&setting.ada, &setting.vault).await;
    let environment = setting.environment().await;
    let mut mallory = ada.lets_join(Role::Admin, Vec::new(), false).await;
    setting.renewed(environment).await;
    mallory.refresh().await;
    mallory.renews_names(|_, _| None, false).await;
    ada.refresh().await;
    let member = mallory.member();
    ada.does(Event::MemberRemoved(MemberRemoved { member, keep: Vec::new(), heads: Vec::new() })).await;

    // What is linked goes on, and everybody is told; by itself nobody gives a name up.
    setting.ada.save("A=3\nB=1\n");
    setting.ada.client.push(&setting.ada.env(), Selection::All).await.unwrap();
    let undone = setting.ada.client.undone().await;
    assert!(undone.iter().any(|sentence| sentence.contains("The key of the team's names")), "{undone:?}");
    let named = setting.ada.client.find_environment("api/development").await.unwrap_err();
    assert_ne!(named.code(), ErrorCode::Refused, "{named}");
    let renewed = setting.ada.client.renew_names(false).await;
    assert!(matches!(renewed, Err(Error::KeysMissing { .. })), "{renewed:?}");

    assert!(setting.ada.client.team().await.unwrap().names_missing);
    let lost = setting.ada.client.names_lost_with_keys().await.unwrap();
    assert!(lost.earlier.iter().any(|name| name == "development"), "{lost:?}");
    assert_eq!(lost.gone_unnamed, 0);
    setting.ada.client.renew_names(true).await.unwrap();
    setting.ada.client.sync().await.unwrap();
    assert!(!setting.ada.client.team().await.unwrap().names_missing);
    assert_eq!(setting.ada.client.undone().await, Vec::<String>::new());
    for computer in [&setting.ada, &setting.ben] {
        assert_eq!(computer.client.find_environment("api/development").await.unwrap(), environment);
    }
    let members = setting.ben.client.team().await.unwrap().members;
    assert!(members.iter().all(|member| !member.name.contains("unnamed")), "{members:?}");
    setting.ben.client.pull(&setting.ben.env()).await.unwrap();
    setting.check_in_step().await;
}
