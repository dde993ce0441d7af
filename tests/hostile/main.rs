//! The hostile vault: a real client, honestly in step, is told each lie of the table in [`lies`] by a real
//! server. It refuses, says so in plain words, leaves its file as it is, and goes on once the vault is honest.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod lies;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use lies::{Expect, Keeps, LIES, Lie};
use twinlock_client::store::Mode;
use twinlock_client::view::FileState;
use twinlock_client::{CreateMissing, Error, ErrorCode, Event, Role, Selection};
use twinlock_tests::lying_proxy::LyingProxy;
use twinlock_tests::{Computer, TestVault, copy_of, until};

/// Ada and Ben, who both reach the vault by way of the proxy, and are in step.
struct Setting {
    vault: TestVault,
    proxy: LyingProxy,
    ada: Computer,
    ben: Computer,
    rounds: usize,
}

impl Setting {
    async fn new(mode: Mode) -> Self {
        let vault = TestVault::start().await;
        let proxy = LyingProxy::start(vault.location().url).await;
        let (ada, ben) = (Computer::new().await, Computer::new().await);
        ada.found_by_way_of(proxy.location(), &vault).await;
        ada.link(CreateMissing::Yes, mode).await;
        ada.link_to(other(&ada), ("api", "production"), CreateMissing::Yes, mode).await;
        ben.join(&ada.invite(Role::Member).await, "Ben").await;
        ben.link(CreateMissing::No, mode).await;
        ben.link_to(other(&ben), ("api", "production"), CreateMissing::No, mode).await;
        let mut setting = Self { vault, proxy, ada, ben, rounds: 0 };
        std::fs::write(other(&setting.ada), "P=1\nQ=1\n").unwrap();
        setting.ada.client.push(&other(&setting.ada), Selection::All).await.unwrap();
        setting.ben.client.pull(&other(&setting.ben)).await.unwrap();
        // Two rounds, so that there is a yesterday.
        for _ in 0..2 {
            setting.ada_changes_things().await;
            setting.ben.client.pull(&setting.ben.env()).await.unwrap();
        }
        setting.check_in_step().await;
        setting
    }

    /// Two events, and two revisions with several values each.
    async fn ada_changes_things(&mut self) {
        for _ in 0..2 {
            self.rounds += 1;
            let round = self.rounds;
            let another = self.ada.root.path().join(format!("{round}.env"));
            let (project, create) = (format!("project {round}"), CreateMissing::Yes);
            self.ada.link_to(another, (&project, "development"), create, Mode::Ask).await;
            self.ada.save(&format!("# {round}\nA={round}\nB=b{round}\nC=1\n"));
            self.ada.client.push(&self.ada.env(), Selection::All).await.unwrap();
        }
    }

    async fn check_in_step(&self) {
        assert_eq!(self.ben.text(), self.ada.text());
        assert_eq!(state(&self.ben).await, FileState::InStep);
        assert_eq!(refusal(&self.ben).await, None);
    }
}

fn other(computer: &Computer) -> PathBuf {
    computer.root.path().join("api/.env.production")
}

async fn state(computer: &Computer) -> FileState {
    computer.client.status(Some(&computer.env())).await.unwrap()[0].state
}

/// The refusal that is shown beside `api/development`.
async fn refusal(computer: &Computer) -> Option<String> {
    let overview = computer.client.overview().await.unwrap();
    let mut environments = overview.projects.into_iter().flat_map(|project| project.environments);
    let linked =
        environments.find(|environment| environment.files.iter().any(|file| file.path == computer.env()));
    linked.unwrap().refusal.map(|refusal| refusal.code)
}

/// How much a home keeps of what vaults served: events, revisions, values.
fn kept(computer: &Computer) -> [i64; 3] {
    let store = rusqlite::Connection::open(computer.client.home().unwrap().database()).unwrap();
    let count = |sql: &str| store.query_row(sql, [], |row| row.get(0)).unwrap();
    [
        count("SELECT count(*) FROM statements WHERE scope_kind = 'team'"),
        count("SELECT count(*) FROM statements WHERE scope_kind = 'environment'"),
        count("SELECT count(*) FROM blobs"),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn every_lie_is_refused_and_changes_nothing() {
    let mut setting = Setting::new(Mode::Ask).await;
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
    let shown = refusal(ben).await;

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
    let after = kept(ben);
    let intact = match lie.keeps {
        Keeps::Nothing => after == before,
        Keeps::Events => after[1..] == before[1..],
        Keeps::Statements => after[2] == before[2],
    };
    if intact { Ok(()) } else { Err(format!("it kept {after:?} where it had {before:?}")) }
}

fn check_error(expect: &Expect, error: &Error) -> Result<(), String> {
    let sentence = error.to_string();
    if sentence.chars().any(|c| c.is_control() || c == '<') || sentence.len() > 400 {
        return Err(format!("the sentence is not plain: {sentence:?}"));
    }
    match (expect, error) {
        (Expect::Refused(code), Error::Refused(refused)) => {
            let view = refused.view();
            if view.code != *code || error.code() != ErrorCode::Refused {
                return Err(format!("refused for another reason: {sentence}"));
            }
            let said = [&view.what_happened, &view.kept_safe, &view.what_to_do];
            if said.iter().any(|part| part.is_empty() || !sentence.contains(part.as_str())) {
                return Err(format!("a part is missing in: {sentence}"));
            }
            Ok(())
        }
        (Expect::NotUnderstood, Error::Vault(twinlock_client::VaultError::Answer(_))) => {
            if error.code() == ErrorCode::Refused {
                Ok(())
            } else {
                Err(format!("not a refusal: {sentence}"))
            }
        }
        (Expect::Problem(code), Error::Vault(error)) if error.is(*code) => Ok(()),
        _ => Err(format!("another error: {error:?}")),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_history_signed_by_a_member_is_a_fork() {
    let mut setting = Setting::new(Mode::Ask).await;
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
    let setting = Setting::new(Mode::Auto).await;
    let client = setting.ben.client.clone();
    let mut events = client.events();
    let watch = tokio::spawn(async move { client.watch().await });
    setting.ada.save("A=before the lie\n");
    setting.ada.client.push(&setting.ada.env(), Selection::All).await.unwrap();
    until("Ben's file has what is honest", || setting.ben.text() == setting.ada.text()).await;

    let swapped = LIES.iter().find(|lie| lie.name == "two values swapped").unwrap();
    let text = setting.ben.text();
    setting.proxy.lie(Arc::new(swapped.tell));
    setting.ada.save("A=during the lie\nB=also new\n");
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
    setting.ada.save("A=after the lie\nB=also new\n");
    setting.ada.client.push(&setting.ada.env(), Selection::All).await.unwrap();
    until("Ben's file has what is honest", || setting.ben.text() == setting.ada.text()).await;
    watch.abort();
}
