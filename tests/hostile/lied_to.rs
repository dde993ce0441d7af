//! Ben is told each lie of the table in [`crate::lies`] at each of his commands.

use std::sync::Arc;
use std::time::Duration;

use twinlock_client::store::Mode;
use twinlock_client::{Event, Selection};
use twinlock_tests::{Computer, TestVault, copy_of, until};

use twinlock_client::CreateMissing;

use crate::lies::{Expect, Keeps, LIES, Lie};
use crate::setting::{Setting, check_error, kept, shown, values_in};

#[tokio::test(flavor = "multi_thread")]
async fn every_lie_is_refused_and_changes_nothing() {
    let mut setting = Setting::with_a_past(Mode::Ask).await;
    for lie in LIES {
        let name = lie.name;
        setting.ada_changes_things().await;
        told_to_ben(&setting, lie).await.unwrap_or_else(|what| panic!("{name}: {what}"));
        let pulled = setting.ben.client.pull(&setting.ben.env()).await;
        pulled.unwrap_or_else(|error| panic!("after {name}: {error}"));
        setting.check_in_step().await;
    }
}

/// Tells Ben one lie at each of his commands, and looks at what became of it.
async fn told_to_ben(setting: &Setting, lie: &'static Lie) -> Result<(), String> {
    let Setting { proxy, ben, .. } = setting;
    let (text, before) = (ben.text(), kept(ben));
    proxy.lie(Arc::new(lie.tell));
    let pulled = ben.client.pull(&ben.env()).await.map(|outcome| outcome.pulled);
    let synced = ben.client.sync().await.map(|outcome| outcome.pulled);
    let looked = ben.client.status(Some(&ben.env())).await.map(|files| files[0].there);
    ben.save(&format!("{text}MINE=1\n"));
    let pushed = ben.client.push(&ben.env(), Selection::All).await.map(|outcome| outcome.pushed);
    ben.save(&text);
    let told = proxy.be_honest();
    let shown = shown(ben).await;

    if told < 4 {
        return Err(format!("only {told} answers were lies"));
    }
    for (verb, result) in [("pull", pulled), ("sync", synced), ("status", looked), ("push", pushed)] {
        match result {
            Ok(count) => return Err(format!("{verb} went on, with {count} changes")),
            Err(error) => check_error(&lie.expect, &error).map_err(|what| format!("{verb}: {what}"))?,
        }
    }
    if let Expect::Refused(code) = lie.expect
        && shown.as_deref() != Some(code)
    {
        return Err(format!("the overview says {shown:?}"));
    }
    if ben.text() != text {
        return Err("the file was written".to_owned());
    }
    let mut after = kept(ben);
    // Values that came before the lie, and that their author signed, stay: others have them too.
    let values = |computer: &Computer| values_in(computer.client.home().unwrap().database());
    if values(ben).is_subset(&values(&setting.ada)) {
        after[2] = before[2];
    }
    let intact = match lie.keeps {
        Keeps::Nothing => after[..3] == before[..3],
        Keeps::Events => after[1..3] == before[1..3],
        Keeps::Statements => after[2] == before[2],
    };
    if intact { Ok(()) } else { Err(format!("it kept {after:?} where it had {before:?}")) }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_history_signed_by_a_member_is_a_fork() {
    let mut setting = Setting::with_a_past(Mode::Ask).await;
    setting.vault.stop().await;
    let (other_folder, other_ada) = (copy_of(setting.vault.data.path()), copy_of(setting.ada.root.path()));
    setting.vault.restart().await;
    for value in ["one", "two"] {
        setting.ada.save(&format!("A={value}\n"));
        setting.ada.client.push(&setting.ada.env(), Selection::All).await.unwrap();
    }
    setting.ben.client.pull(&setting.ben.env()).await.unwrap();
    setting.check_in_step().await;
    let (text, before) = (setting.ben.text(), kept(&setting.ben));

    // The same vault and the same Ada, as they were then, go another way.
    let other_vault = TestVault::start_in(other_folder).await;
    setting.proxy.turn_to(other_vault.location().url);
    let other_ada = Computer::open_in(other_ada).await;
    std::fs::remove_file(other_ada.env()).unwrap();
    other_ada.link(CreateMissing::No, Mode::Ask).await;
    other_ada.client.pull(&other_ada.env()).await.unwrap();
    for (revisions, code) in [(0, "rollback"), (1, "rollback"), (2, "fork"), (3, "chain")] {
        if revisions > 0 {
            other_ada.save(&format!("A=other {revisions}\n"));
            other_ada.client.push(&other_ada.env(), Selection::All).await.unwrap();
        }
        let error =
            setting.ben.client.pull(&setting.ben.env()).await.map(|outcome| outcome.pulled).unwrap_err();
        check_error(&Expect::Refused(code), &error).unwrap();
        assert_eq!(setting.ben.text(), text);
        assert_eq!(kept(&setting.ben), before);
    }
    setting.proxy.turn_to(setting.vault.location().url);
    setting.ben.client.pull(&setting.ben.env()).await.unwrap();
    setting.check_in_step().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_watches_is_told_of_a_lie_and_catches_up_once_the_vault_is_honest() {
    let setting = Setting::with_a_past(Mode::Auto).await;
    let client = setting.ben.client.clone();
    let mut events = client.events();
    let watch = tokio::spawn(async move { client.watch().await });
    setting.ada.save("A=before\n");
    setting.ada.client.push(&setting.ada.env(), Selection::All).await.unwrap();
    until("Ben's file has what is honest", || setting.ben.text() == setting.ada.text()).await;

    let swapped = LIES.iter().find(|lie| lie.name == "two values swapped").unwrap();
    let text = setting.ben.text();
    setting.proxy.lie(Arc::new(swapped.tell));
    setting.ada.save("A=during\nB=new\n");
    setting.ada.client.push(&setting.ada.env(), Selection::All).await.unwrap();
    let refusal = tokio::time::timeout(Duration::from_secs(30), async {
        loop {
            if let Event::Refused { refusal } = events.recv().await.unwrap() {
                return refusal;
            }
        }
    });
    assert_eq!(refusal.await.unwrap().code, "digest");
    assert_eq!(setting.ben.text(), text);

    assert!(setting.proxy.be_honest() > 0);
    setting.ada.save("A=after\nB=new\n");
    setting.ada.client.push(&setting.ada.env(), Selection::All).await.unwrap();
    until("Ben's file has what is honest", || setting.ben.text() == setting.ada.text()).await;
    watch.abort();
}
