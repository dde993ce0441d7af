//! A home after a lie: it opens, says what was refused, and everything else in it works.

use std::sync::Arc;

use twinlock_client::ids::ProjectId;
use twinlock_client::store::Mode;
use twinlock_client::{CreateMissing, Error, Role, Selection};
use twinlock_protocol::environment::digest;
use twinlock_protocol::event::{Event, KeyholderKind, ProjectCreated};
use twinlock_protocol::revision::Change;
use twinlock_tests::collusion::Collusion;
use twinlock_tests::forge::{Forge, random};
use twinlock_tests::lying_proxy::Told;
use twinlock_tests::{TestVault, copy_of};

use crate::setting::{Setting, kept, other, shown};

#[tokio::test(flavor = "multi_thread")]
async fn a_home_that_was_led_down_another_history_opens_and_refuses_that_alone() {
    let mut setting = Setting::with_a_past(Mode::Ask).await;
    let environment = setting.environment().await;
    let mut wanda = setting.joins("Wanda").await;
    setting.ada.client.rotate_environment(environment).await.unwrap();
    for computer in [&setting.ben, &wanda] {
        computer.client.pull(&computer.env()).await.unwrap();
    }
    // What Wanda pushes is shown to Ben. Ada never hears of it, and renews the keys on what came before.
    let elsewhere = TestVault::start_in(copy_of(setting.vault.data.path())).await;
    wanda.save("A=wanda's\n");
    wanda.client.push(&wanda.env(), Selection::All).await.unwrap();
    setting.ben.client.pull(&setting.ben.env()).await.unwrap();
    setting.proxy.turn_to(elsewhere.location().url);
    setting.ada.client.rotate_environment(environment).await.unwrap();

    for (project, computer) in [("of ben", &mut setting.ben), ("of wanda", &mut wanda)] {
        let refused = computer.client.pull(&computer.env()).await.unwrap_err();
        assert!(matches!(refused, Error::Refused(_)), "{refused}");
        let (text, before) = (computer.text(), kept(computer));
        computer.reopen().await;
        // Refused as it was, whatever is tried; and nothing of it changed.
        assert!(shown(computer).await.is_some());
        for again in [
            computer.client.pull(&computer.env()).await.map(|_| ()),
            computer.client.push(&computer.env(), Selection::All).await.map(|_| ()),
            computer.client.rotate_environment(environment).await.map(|_| ()),
        ] {
            assert!(matches!(again, Err(Error::Refused(_))), "{again:?}");
        }
        assert_eq!((computer.text(), kept(computer)), (text, before));
        // Everything else goes on.
        computer.client.team().await.unwrap();
        computer.client.refusals().await.unwrap();
        assert!(!computer.client.export_activity().await.unwrap().is_empty());
        let file = computer.root.path().join("another.env");
        computer.link_to(file.clone(), (project, "development"), CreateMissing::Yes, Mode::Ask).await;
        std::fs::write(&file, "X=1\n").unwrap();
        assert!(computer.client.push(&file, Selection::All).await.unwrap().pushed > 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_of_another_environment_never_stands_in_for_the_one_that_was_signed() {
    let setting = Setting::new(Mode::Ask).await;
    let (_, wanda, development) = setting.with_writer(Role::Member).await;
    let production = setting.ada.client.find_environment("api/production").await.unwrap();
    // Ada changes a value of production; the vault tells Wanda its pointer, and she signs something of her own under it.
    std::fs::write(other(&setting.ada), "P=two\nQ=1\n").unwrap();
    setting.ada.client.push(&other(&setting.ada), Selection::All).await.unwrap();
    let mut ada = Forge::of(&setting.ada, &setting.vault).await;
    ada.refresh().await;
    let pointer = ada.chain(production).in_order().next().unwrap().1.pointer;
    let (mut changes, mut values) = wanda.seal(development, &[("EVIL=", "1\n")]);
    let Change::Put(put) = &mut changes[0] else { panic!("a put") };
    (put.pointer, values[0].pointer) = (pointer, pointer);
    put.digest = digest(&values[0].blob);
    let statement = wanda.sign_revision(&wanda.revision(development, changes));
    let lie = Collusion::revisions(development, [statement]).and_values(values).lie();
    setting.proxy.lie(lie);
    // Ben takes in hers first.
    setting.ben.client.pull(&setting.ben.env()).await.unwrap();
    setting.proxy.be_honest();

    setting.ben.client.pull(&other(&setting.ben)).await.unwrap();
    assert_eq!(std::fs::read_to_string(other(&setting.ben)).unwrap(), "P=two\nQ=1\n");
    setting.ben.client.rotate_environment(production).await.unwrap();
    setting.ada.client.pull(&other(&setting.ada)).await.unwrap();
    assert_eq!(std::fs::read_to_string(other(&setting.ada)).unwrap(), "P=two\nQ=1\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_programs_of_a_home_that_are_told_two_things_keep_one_and_refuse_the_other() {
    let mut setting = Setting::new(Mode::Ask).await;
    let (_, mut wanda, environment) = setting.with_writer(Role::Member).await;
    let other = setting.ben.another_program().await;
    other.sync().await.unwrap();

    // The vault lets the other program's question lie, and tells it something that Wanda signed for this lie alone.
    for kind in ["/events", "/revisions"] {
        wanda.refresh().await;
        let told = if kind == "/events" {
            let (project, label) = (ProjectId::new(random()), wanda.label("x"));
            let false_event = wanda.sign(Event::ProjectCreated(ProjectCreated { project, label }));
            Collusion::events([false_event]).lie()
        } else {
            let (revision, values) = wanda.variable(environment, ("EVIL=", "1\n"));
            Collusion::revisions(environment, [revision]).and_values(values).lie()
        };
        let (asked, is_asked) = std::sync::mpsc::channel();
        let (go_on, waits) = std::sync::mpsc::channel::<()>();
        let (first, waits) = (std::sync::Once::new(), std::sync::Mutex::new(waits));
        setting.proxy.lie(Arc::new(move |question, honest| {
            let mut lies = false;
            if question.path.ends_with(kind) {
                first.call_once(|| lies = true);
            }
            if !lies {
                return Told::Json(honest);
            }
            asked.send(()).unwrap();
            tokio::task::block_in_place(|| waits.lock().unwrap().recv()).unwrap();
            told(question, honest)
        }));
        // A question that changes nothing takes no turns with the other program.
        let asks = other.clone();
        let asking = tokio::spawn(async move { asks.variables(environment).await.map(|views| views.len()) });
        tokio::task::spawn_blocking(move || is_asked.recv()).await.unwrap().unwrap();
        setting.ada_changes_things().await;
        setting.ben.client.pull(&setting.ben.env()).await.unwrap();
        go_on.send(()).unwrap();
        let outcome = asking.await.unwrap();
        let Err(Error::Refused(refused)) = outcome else { panic!("{kind}: {outcome:?}") };
        assert_eq!(refused.view().code, "fork", "{kind}");
        setting.proxy.be_honest();

        // Both go on with what is kept, and so does whatever is started next.
        other.sync().await.unwrap();
        setting.ada_changes_things().await;
        other.pull(&setting.ben.env()).await.unwrap();
        setting.ben.reopen().await;
        setting.ben.client.pull(&setting.ben.env()).await.unwrap();
        setting.check_in_step().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_program_of_the_home_fetched_is_news_to_this_one_all_the_same() {
    let setting = Setting::new(Mode::Ask).await;
    let (_, mut wanda, _) = setting.with_writer(Role::Member).await;
    let window = setting.ada.another_program().await;
    let mut news = window.events();
    let mut own_news = setting.ada.client.events();
    let added = wanda.adds(KeyholderKind::Computer).await;
    setting.ada.client.sync().await.unwrap();
    window.overview().await.unwrap();
    for news in [&mut own_news, &mut news] {
        let heard = std::iter::from_fn(|| news.try_recv().ok()).filter_map(|event| match event {
            twinlock_client::Event::Keyholder(news) => Some(news.keyholder),
            _ => None,
        });
        assert_eq!(heard.collect::<Vec<_>>(), [added.id()]);
    }
}
