//! Who is there when a vault lies, and what is looked at afterwards.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use twinlock_client::ids::EnvironmentId;
use twinlock_client::store::Mode;
use twinlock_client::view::FileState;
use twinlock_client::{CreateMissing, Error, ErrorCode, Role, Selection};
use twinlock_protocol::event::{Grant, Level};
use twinlock_tests::forge::Forge;
use twinlock_tests::lying_proxy::{Lie, LyingProxy};
use twinlock_tests::{Computer, TestVault};

use crate::lies::Expect;

/// Ada, who owns the team, and Ben, who writes. Both reach the vault by way of the proxy, and are in step.
pub(crate) struct Setting {
    pub(crate) vault: TestVault,
    pub(crate) proxy: LyingProxy,
    pub(crate) ada: Computer,
    pub(crate) ben: Computer,
    rounds: usize,
}

impl Setting {
    /// Both with `api/development` and `api/production` linked.
    pub(crate) async fn new(mode: Mode) -> Self {
        let vault = TestVault::start().await;
        let proxy = LyingProxy::start(vault.location().url).await;
        let (ada, ben) = (Computer::new().await, Computer::new().await);
        ada.found_by_way_of(proxy.location(), &vault).await;
        ada.link(CreateMissing::Yes, mode).await;
        ada.link_to(other(&ada), ("api", "production"), CreateMissing::Yes, mode).await;
        ben.join(&ada.invite(Role::Member).await, "Ben").await;
        ben.link(CreateMissing::No, mode).await;
        ben.link_to(other(&ben), ("api", "production"), CreateMissing::No, mode).await;
        let setting = Self { vault, proxy, ada, ben, rounds: 0 };
        std::fs::write(other(&setting.ada), "P=1\nQ=1\n").unwrap();
        setting.ada.client.push(&other(&setting.ada), Selection::All).await.unwrap();
        setting.ben.client.pull(&other(&setting.ben)).await.unwrap();
        setting.ada.save("# the first\nA=1\nB=1\n");
        setting.ada.client.push(&setting.ada.env(), Selection::All).await.unwrap();
        setting.ben.client.pull(&setting.ben.env()).await.unwrap();
        setting.check_in_step().await;
        setting
    }

    /// The same with two rounds of changes, so that there is a yesterday.
    pub(crate) async fn with_a_past(mode: Mode) -> Self {
        let mut setting = Self::new(mode).await;
        for _ in 0..2 {
            setting.ada_changes_things().await;
            setting.ben.client.pull(&setting.ben.env()).await.unwrap();
        }
        setting.check_in_step().await;
        setting
    }

    /// Two events, and two revisions with several values each.
    pub(crate) async fn ada_changes_things(&mut self) {
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

    /// One more member with all access, who reaches the vault by way of the proxy too and is in step.
    pub(crate) async fn joins(&self, name: &str) -> Computer {
        let computer = Computer::new().await;
        computer.join(&self.ada.invite(Role::Member).await, name).await;
        computer.link(CreateMissing::No, Mode::Ask).await;
        computer.client.pull(&computer.env()).await.unwrap();
        computer
    }

    /// Ada's keyholder and a writer's whom she let in, both in hands that obey nobody. The keys that were lost with the
    /// writer's invite are renewed, and both computers are in step.
    pub(crate) async fn with_writer(&self, role: Role) -> (Forge, Forge, EnvironmentId) {
        let environment = self.environment().await;
        let mut ada = Forge::of(&self.ada, &self.vault).await;
        let writes = vec![Grant { environment, level: Level::Write }];
        let mut wanda = ada.lets_join(role, writes, false).await;
        self.renewed(environment).await;
        ada.refresh().await;
        wanda.refresh().await;
        (ada, wanda, environment)
    }

    /// Renews the keys, the team's own too, and brings both computers in step.
    pub(crate) async fn renewed(&self, environment: EnvironmentId) {
        self.ada.client.sync().await.unwrap();
        self.ada.client.rotate_environment(environment).await.unwrap();
        for computer in [&self.ada, &self.ben] {
            computer.client.pull(&computer.env()).await.unwrap();
        }
    }

    pub(crate) async fn environment(&self) -> EnvironmentId {
        self.ada.client.find_environment("api/development").await.unwrap()
    }

    pub(crate) async fn check_in_step(&self) {
        check_in_step(&self.ben, &self.ada).await;
    }

    /// Tells one computer a lie: it refuses with this code, its file and its store stay as they are. Afterwards the
    /// vault is honest, and the computer goes on.
    pub(crate) async fn refused(&self, name: &str, victim: &Computer, lie: Lie, code: &'static str) {
        self.told(name, victim, lie, &Expect::Refused(code)).await;
    }

    /// The same for any outcome.
    pub(crate) async fn told(&self, name: &str, victim: &Computer, lie: Lie, expect: &Expect) {
        self.try_told(victim, lie, expect).await.unwrap_or_else(|what| panic!("{name}: {what}"));
    }

    /// The same, and says what was not as it should be.
    pub(crate) async fn try_told(&self, victim: &Computer, lie: Lie, expect: &Expect) -> Result<(), String> {
        let (text, before) = (victim.text(), kept(victim));
        self.proxy.lie(lie);
        let pulled = victim.client.pull(&victim.env()).await.map(|outcome| outcome.pulled);
        let told = self.proxy.be_honest();
        match pulled {
            Ok(count) => return Err(format!("it went on, with {count} changes")),
            Err(error) => check_error(expect, &error)?,
        }
        let shown_then = shown(victim).await;
        let (text_then, mut after) = (victim.text(), kept(victim));
        // Values that came before the lie, and that their author signed, stay: others have them too.
        let honest = if victim.root.path() == self.ada.root.path() { &self.ben } else { &self.ada };
        let values = |computer: &Computer| values_in(computer.client.home().unwrap().database());
        if values(victim).is_subset(&values(honest)) {
            after[2] = before[2];
        }
        let again = victim.client.pull(&victim.env()).await.map(|outcome| outcome.pulled);
        match expect {
            _ if told == 0 => Err("no answer was a lie".to_owned()),
            _ if text_then != text => Err("the file was written".to_owned()),
            _ if after != before => Err(format!("it kept {after:?} where it had {before:?}")),
            Expect::Refused(code) if shown_then.as_deref() != Some(*code) => {
                Err(format!("the overview says {shown_then:?}"))
            }
            _ => match again {
                Err(error) => Err(format!("and once the vault was honest: {error}")),
                Ok(_) if shown(victim).await.is_some() => Err("the refusal stands for ever".to_owned()),
                Ok(_) => Ok(()),
            },
        }
    }
}

pub(crate) fn other(computer: &Computer) -> PathBuf {
    computer.root.path().join("api/.env.production")
}

pub(crate) async fn check_in_step(computer: &Computer, with: &Computer) {
    assert_eq!(computer.text(), with.text());
    assert_eq!(computer.client.status(Some(&computer.env())).await.unwrap()[0].state, FileState::InStep);
    assert_eq!(shown(computer).await, None);
}

/// The refusal that is shown beside the environment of the linked file, or beside the team.
pub(crate) async fn shown(computer: &Computer) -> Option<String> {
    let overview = computer.client.overview().await.unwrap();
    let mut environments = overview.projects.into_iter().flat_map(|project| project.environments);
    let linked =
        environments.find(|environment| environment.files.iter().any(|file| file.path == computer.env()));
    linked.unwrap().refusal.map(|refusal| refusal.code)
}

/// How much a home keeps of what vaults served: events, revisions, values, wrapped keys.
pub(crate) fn kept(computer: &Computer) -> [i64; 4] {
    let store = rusqlite::Connection::open(computer.client.home().unwrap().database()).unwrap();
    let count = |sql: &str| store.query_row(sql, [], |row| row.get(0)).unwrap();
    [
        count("SELECT count(*) FROM statements WHERE scope_kind = 'team'"),
        count("SELECT count(*) FROM statements WHERE scope_kind = 'environment'"),
        count("SELECT count(*) FROM blobs"),
        count("SELECT count(*) FROM wraps"),
    ]
}

/// The values that a home keeps, by digest.
pub(crate) fn values_in(database: PathBuf) -> BTreeSet<Vec<u8>> {
    let store = rusqlite::Connection::open(database).unwrap();
    let mut digests = store.prepare("SELECT digest FROM blobs").unwrap();
    digests.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
}

pub(crate) fn check_error(expect: &Expect, error: &Error) -> Result<(), String> {
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
        (Expect::Problem(code), Error::Vault(error)) if error.is(*code) => Ok(()),
        (Expect::Unreachable, error) if error.code() == ErrorCode::Unreachable => Ok(()),
        (Expect::NoKeys, Error::KeysMissing { .. }) => Ok(()),
        _ => Err(format!("another error: {error:?}")),
    }
}

/// How a lie is told.
pub(crate) type Tell =
    fn(&twinlock_tests::lying_proxy::Asked, serde_json::Value) -> twinlock_tests::lying_proxy::Told;

/// A lie as the proxy takes it.
pub(crate) fn lie<F>(tell: F) -> Lie
where
    F: Fn(&twinlock_tests::lying_proxy::Asked, serde_json::Value) -> twinlock_tests::lying_proxy::Told
        + Send
        + Sync
        + 'static,
{
    Arc::new(tell)
}
