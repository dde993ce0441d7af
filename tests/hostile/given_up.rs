//! A computer that saw more than an owner accepted (H96, H97): it goes back, by an event of its own log alone; its files stay
//! as they are, what they have of it shows as changes of its own, and those wait for its user.

use twinlock_client::store::Mode;
use twinlock_client::view::FileState;
use twinlock_client::{Client, CreateMissing, Role, Selection};
use twinlock_protocol::Envelope;
use twinlock_protocol::api::ValueBlob;
use twinlock_protocol::event::{Head, KeyholderKind};
use twinlock_protocol::ids::EnvironmentId;
use twinlock_tests::Computer;
use twinlock_tests::collusion::Collusion;
use twinlock_tests::forge::Forge;
use twinlock_tests::hand::Hand;

use crate::setting::{Setting, check_in_step, kept, shown};

/// Ada and Ben, Wanda who signs what she is told, and Cleo whose files keep themselves in step.
struct Scene {
    setting: Setting,
    wanda: Forge,
    cleo: Computer,
    environment: EnvironmentId,
}

impl Scene {
    async fn new() -> Self {
        let setting = Setting::new(Mode::Ask).await;
        let cleo = setting.joins("Cleo").await;
        let (_, wanda, environment) = setting.with_writer(Role::Member).await;
        cleo.link(CreateMissing::No, Mode::Auto).await;
        cleo.client.sync().await.unwrap();
        check_in_step(&cleo, &setting.ada).await;
        Self { setting, wanda, cleo, environment }
    }

    /// A revision of Wanda's that is shown to Cleo alone.
    async fn shown_to_cleo(&mut self, line: (&str, &str)) -> (Envelope, Vec<ValueBlob>) {
        self.wanda.refresh().await;
        let (revision, values) = self.wanda.variable(self.environment, line);
        let lie = Collusion::revisions(self.environment, [revision.clone()]).and_values(values.clone()).lie();
        self.setting.proxy.lie(lie);
        self.cleo.client.sync().await.unwrap();
        self.setting.proxy.be_honest();
        (revision, values)
    }

    async fn given_up(&self) {
        let lost = self.setting.ada.client.lost_history(&[self.environment]).await.unwrap();
        self.setting.ada.client.give_up_history(&lost).await.unwrap();
    }
}

/// How the linked file stands.
async fn stands(client: &Client, computer: &Computer) -> (FileState, usize, Option<String>) {
    let view = client.status(Some(&computer.env())).await.unwrap().remove(0);
    (view.state, view.here, view.problem)
}

fn refused<T>(result: Result<T, twinlock_client::Error>, code: &str) {
    let error = result.map(drop).unwrap_err();
    assert!(error.to_string().contains(&format!("({code})")), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_computer_alone_saw_becomes_its_own_change_and_asks() {
    let mut scene = Scene::new().await;
    let before = scene.setting.ada.text();
    scene.shown_to_cleo(("SEEN=", "1\n")).await;
    let text = scene.cleo.text();
    assert_eq!(text, format!("{before}SEEN=1\n"));
    refused(scene.cleo.client.pull(&scene.cleo.env()).await, "rollback");
    // Less is served, and nobody says that it is to be so: that is a lie as ever.
    refused(scene.cleo.client.sync().await, "rollback");
    let revisions = kept(&scene.cleo)[1];

    scene.given_up().await;
    scene.cleo.client.sync().await.unwrap();
    assert_eq!(scene.cleo.text(), text, "no file is written");
    assert_eq!(shown(&scene.cleo).await, None);
    let (state, here, problem) = stands(&scene.cleo.client, &scene.cleo).await;
    assert_eq!((state, here), (FileState::Here, 1));
    let problem = problem.unwrap();
    assert!(problem.contains("api/development went back to revision"), "{problem}");
    assert!(kept(&scene.cleo)[1] < revisions, "it left the history");
    // Nothing goes by itself, whatever is saved meanwhile, and whoever restarts.
    scene.cleo.reopen().await;
    scene.cleo.save(&format!("{text}MORE=1\n"));
    scene.cleo.client.sync().await.unwrap();
    scene.setting.check_in_step().await;
    assert_eq!(scene.setting.ada.text(), before);
    scene.setting.ada.client.pull(&scene.setting.ada.env()).await.unwrap();
    assert_eq!(scene.setting.ada.text(), before);

    // Until its user pushes; then everything goes by itself again.
    scene.cleo.client.push(&scene.cleo.env(), Selection::All).await.unwrap();
    assert_eq!(stands(&scene.cleo.client, &scene.cleo).await, (FileState::InStep, 0, None));
    scene.cleo.save(&format!("{text}MORE=2\n"));
    scene.cleo.client.sync().await.unwrap();
    for computer in [&scene.setting.ada, &scene.setting.ben] {
        computer.client.pull(&computer.env()).await.unwrap();
        assert_eq!(computer.text(), format!("{text}MORE=2\n"));
    }
    scene.cleo.client.replay_activity().await.unwrap();
    // What it had seen is kept as evidence.
    let export = scene.cleo.client.export_activity().await.unwrap();
    assert!(export.lines().any(|line| line.contains("\"given-up\"")));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_history_than_the_accepted_one_is_left_at_the_last_revision_of_both() {
    let mut scene = Scene::new().await;
    // Cleo has a change that only she was shown, and one that she pushed herself to a vault that forgot it.
    scene.shown_to_cleo(("SEEN=", "1\n")).await;
    let ada = &scene.setting.ada;
    ada.save(&format!("{}THERE=1\n", ada.text().replace("B=1", "B=2")));
    ada.client.push(&ada.env(), Selection::All).await.unwrap();
    ada.save(&format!("{}THERE_TOO=1\n", ada.text()));
    ada.client.push(&ada.env(), Selection::All).await.unwrap();
    let text = scene.cleo.text();
    let code = scene.cleo.client.pull(&scene.cleo.env()).await.map(drop).unwrap_err().to_string();
    assert!(code.contains("(chain)") || code.contains("(fork)"), "{code}");

    scene.given_up().await;
    let another = scene.cleo.another_program().await;
    scene.cleo.client.sync().await.unwrap();
    assert_eq!(scene.cleo.text(), text, "no file is written");
    // Another program of the same home goes back with it.
    let view = another.status(Some(&scene.cleo.env())).await.unwrap().remove(0);
    assert_eq!((view.state, view.here, view.there > 0), (FileState::Both, 1, true));
    scene.cleo.client.pull(&scene.cleo.env()).await.unwrap();
    let merged = scene.cleo.text();
    for line in ["B=2\n", "THERE=1\n", "THERE_TOO=1\n", "SEEN=1\n"] {
        assert!(merged.contains(line), "{line} is not in {merged}");
    }
    scene.cleo.client.push(&scene.cleo.env(), Selection::All).await.unwrap();
    let ada = &scene.setting.ada;
    ada.client.pull(&ada.env()).await.unwrap();
    assert_eq!(ada.text(), scene.cleo.text());
    scene.cleo.client.replay_activity().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_vault_lost_while_its_log_is_whole_goes_on_from_what_it_has() {
    let mut scene = Scene::new().await;
    let environment = scene.environment;
    scene.wanda.refresh().await;
    let there = scene.wanda.chain(environment).head();
    let before = scene.setting.ada.text();
    // Ada pushes, and Cleo has it; then the log says how far it is, and the vault loses it.
    let ada = &scene.setting.ada;
    ada.save(&format!("{}C=1\n", before.replace("A=1", "A=9")));
    ada.client.push(&ada.env(), Selection::All).await.unwrap();
    scene.cleo.client.sync().await.unwrap();
    scene.wanda.refresh().await;
    let laptop = scene.wanda.adds(KeyholderKind::Computer).await;
    let revoked = twinlock_protocol::event::KeyholderRevoked {
        keyholder: laptop.id(),
        keep: Vec::new(),
        heads: Vec::new(),
    };
    scene.wanda.does(twinlock_protocol::event::Event::KeyholderRevoked(revoked)).await;
    scene.setting.vault.stop().await;
    Hand::on(scene.setting.vault.data.path()).cut(environment, there);
    scene.setting.vault.restart().await;

    let (ada, ben, cleo) = (&scene.setting.ada, &scene.setting.ben, &scene.cleo);
    refused(ada.client.pull(&ada.env()).await, "rollback");
    refused(cleo.client.sync().await, "rollback");
    // Ben never saw it, and knows from the log that there was more.
    refused(ben.client.pull(&ben.env()).await, "cut-short");
    let lost = ada.client.lost_history(&[environment]).await.unwrap();
    assert_eq!(
        (lost[0].number, lost[0].here.len(), lost[0].recorded.len()),
        (there.number, 1, 1),
        "{lost:?}"
    );
    assert_eq!((lost[0].here[0].by.as_str(), lost[0].here[0].changes), ("Ada", 2));
    assert_eq!((lost[0].recorded[0].by.as_str(), lost[0].recorded[0].number), ("Somebody", there.number + 1));
    let text = ada.text();
    let done = ada.client.give_up_history(&lost).await.unwrap();
    assert!(done.keys.renewed.contains(&"api/development".to_owned()), "{:?}", done.keys);

    cleo.client.sync().await.unwrap();
    for computer in [ada, cleo] {
        assert_eq!(computer.text(), text);
        let (state, here, problem) = stands(&computer.client, computer).await;
        assert_eq!((state, here, problem.is_some()), (FileState::Here, 2, true));
    }
    ben.client.pull(&ben.env()).await.unwrap();
    assert_eq!(ben.text(), before);
    cleo.client.push(&cleo.env(), Selection::All).await.unwrap();
    // Ada has the same already, and so has nothing to decide.
    ada.client.pull(&ada.env()).await.unwrap();
    ben.client.pull(&ben.env()).await.unwrap();
    assert_eq!(ben.text(), text);
    scene.setting.check_in_step().await;
    check_in_step(cleo, ada).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_former_value_that_nobody_has_any_more_leaves_a_decision() {
    let mut scene = Scene::new().await;
    let environment = scene.environment;
    // A was 1 here; Cleo is shown another A, and what she kept of the old one is gone.
    scene.wanda.refresh().await;
    let there: Head = scene.wanda.chain(environment).head();
    let ada = &scene.setting.ada;
    ada.save(&ada.text().replace("A=1", "A=9"));
    ada.client.push(&ada.env(), Selection::All).await.unwrap();
    scene.cleo.client.sync().await.unwrap();
    scene.setting.vault.stop().await;
    Hand::on(scene.setting.vault.data.path()).cut(environment, there);
    scene.setting.vault.restart().await;
    scene.given_up().await;
    let store = rusqlite::Connection::open(scene.cleo.client.home().unwrap().database()).unwrap();
    store.execute("DELETE FROM blobs", ()).unwrap();
    let lie = crate::setting::lie(|asked, answer| {
        use twinlock_tests::lying_proxy::Told;
        if asked.path.ends_with("/values/query") {
            return Told::Json(serde_json::json!({ "values": [] }));
        }
        Told::Json(answer)
    });
    scene.setting.proxy.lie(lie);
    let text = scene.cleo.text();
    scene.cleo.client.sync().await.map(drop).unwrap_err();
    scene.setting.proxy.be_honest();
    scene.cleo.client.sync().await.unwrap();
    assert_eq!(scene.cleo.text(), text);
    let view = scene.cleo.client.status(Some(&scene.cleo.env())).await.unwrap().remove(0);
    assert_eq!((view.state, view.conflicts), (FileState::Conflict, 1));
}
