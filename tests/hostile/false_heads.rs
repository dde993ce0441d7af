//! A writer who records in the log where an environment stands, falsely, and a vault that once stores what no honest one
//! would (H95). From then on everybody refuses the environment, with an honest vault too, until an owner says that it goes
//! on from what is there.

use twinlock_client::store::Mode;
use twinlock_client::view::LostHistory;
use twinlock_client::{Error, ErrorCode, Role, Selection};
use twinlock_protocol::StatementHash;
use twinlock_protocol::event::{Event, GenerationOpened, Head, KeyholderKind, KeyholderRevoked, PinnedHead};
use twinlock_protocol::ids::EnvironmentId;
use twinlock_tests::forge::Forge;
use twinlock_tests::hand::Hand;

use crate::setting::{Setting, shown};

const JUNK: StatementHash = StatementHash::new([7; 32]);
const FURTHEST: u64 = (1 << 53) - 1;

/// Wanda's event about a second computer of hers that records this head.
async fn revoking(wanda: &mut Forge, environment: EnvironmentId, head: Head) -> Event {
    let laptop = wanda.adds(KeyholderKind::Computer).await;
    let heads = vec![PinnedHead { environment, head }];
    Event::KeyholderRevoked(KeyholderRevoked { keyholder: laptop.id(), keep: Vec::new(), heads })
}

/// Wanda's opening of keys at this head.
fn opening(wanda: &Forge, environment: EnvironmentId, head: Head) -> Event {
    let (Event::GenerationOpened(opened), _, _) = wanda.opening(environment) else { panic!("an opening") };
    Event::GenerationOpened(GenerationOpened { head: Some(head), ..opened })
}

/// The vault stores an event that it would refuse, and is honest again.
async fn planted(setting: &mut Setting, wanda: &mut Forge, event: Event) {
    let statement = wanda.sign(event);
    let answer = wanda.append(vec![statement.clone()], Vec::new()).await;
    assert!((400..500).contains(&answer.status), "an honest vault refuses it: {answer:?}");
    setting.vault.stop().await;
    let sequence = wanda.team().head().sequence + 1;
    Hand::on(setting.vault.data.path()).plant(wanda.team().id(), sequence, &statement);
    setting.vault.restart().await;
    wanda.refresh_log_alone().await;
}

async fn lost(setting: &Setting, environment: EnvironmentId) -> Vec<LostHistory> {
    setting.ada.client.lost_history(&[environment]).await.unwrap()
}

fn refused<T>(result: Result<T, Error>, code: &str) {
    let error = result.map(drop).unwrap_err();
    assert!(error.to_string().contains(&format!("({code})")), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_writer_recorded_falsely_an_owner_gives_up_and_the_writer_goes() {
    let mut setting = Setting::new(Mode::Ask).await;
    let (_, mut wanda, environment) = setting.with_writer(Role::Member).await;
    let first = wanda.chain(environment).head().number;
    for round in 0..5 {
        wanda.refresh().await;
        let truth = wanda.chain(environment).head();
        let (what, code, event) = match round {
            0 => ("a number that nothing reaches", "cut-short", {
                revoking(&mut wanda, environment, Head { number: FURTHEST, hash: JUNK }).await
            }),
            1 => ("keys from a number that nothing reaches", "cut-short", {
                opening(&wanda, environment, Head { number: FURTHEST, hash: JUNK })
            }),
            2 => ("another last revision", "fork", {
                revoking(&mut wanda, environment, Head { hash: JUNK, ..truth }).await
            }),
            3 => ("one more than there is", "cut-short", {
                revoking(&mut wanda, environment, Head { number: truth.number + 1, hash: JUNK }).await
            }),
            _ => ("keys from the end that never came", "cut-short", opening(&wanda, environment, truth)),
        };
        planted(&mut setting, &mut wanda, event).await;

        // Everybody refuses, also what would end it, and keeps what they have.
        let text = setting.ben.text();
        for computer in [&setting.ben, &setting.ada] {
            refused(computer.client.pull(&computer.env()).await, code);
            assert_eq!(shown(computer).await.as_deref(), Some(code), "{what}");
        }
        let member = wanda.member().to_string();
        assert_eq!(
            setting.ada.client.remove_member(&member).await.map(drop).unwrap_err().code(),
            ErrorCode::Refused
        );
        setting.ada.client.rotate_environment(environment).await.map(drop).unwrap_err();
        let asked = setting.ben.client.lost_history(&[environment]).await.map(drop);
        assert!(matches!(asked, Err(Error::Role { needed: "owner" })), "{asked:?}");

        let given_up = lost(&setting, environment).await;
        let [LostHistory { number, hash, recorded, here, .. }] = given_up.as_slice() else { panic!("one") };
        assert_eq!((*number, *hash), (truth.number, truth.hash), "{what}");
        assert_eq!((recorded.len(), here.len()), (1, 0), "{what}: {given_up:?}");
        assert_eq!(recorded[0].by, "Somebody", "{what}");
        let done = setting.ada.client.give_up_history(&given_up).await.unwrap();
        assert_eq!(done.keys.renewed, ["api/development"], "{what}: {:?}", done.keys.waiting);

        // It goes on for everybody, whoever was there and whoever restarts.
        for computer in [&setting.ben, &setting.ada] {
            computer.client.pull(&computer.env()).await.unwrap_or_else(|error| panic!("{what}: {error}"));
        }
        setting.ben.reopen().await;
        assert_eq!(setting.ben.text(), text, "{what}");
        setting.ben.save(&format!("# {round}\nA={round}\nB=1\n"));
        setting.ben.client.push(&setting.ben.env(), Selection::All).await.unwrap();
        setting.ada.client.pull(&setting.ada.env()).await.unwrap();
        setting.check_in_step().await;
    }
    let told = setting.ben.client.activity().await.unwrap();
    let told: Vec<_> = told.iter().filter(|one| one.what.contains("gave up")).collect();
    assert!(told.len() == 5 && told[0].what.contains("api/development goes on from revision"), "{told:?}");
    assert!(told[0].what.contains(&format!("revision {first}")), "{told:?}");

    // And whoever did it goes.
    setting.ada.client.remove_member(&wanda.member().to_string()).await.unwrap();
    setting.ben.client.pull(&setting.ben.env()).await.unwrap();
    setting.ben.client.replay_activity().await.unwrap();
    setting.check_in_step().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_recorded_falsely_keeps_no_environment_from_going() {
    let mut setting = Setting::new(Mode::Ask).await;
    let (_, mut wanda, environment) = setting.with_writer(Role::Member).await;
    let event = revoking(&mut wanda, environment, Head { number: FURTHEST, hash: JUNK }).await;
    planted(&mut setting, &mut wanda, event).await;
    refused(setting.ada.client.pull(&setting.ada.env()).await, "cut-short");
    let gone = setting.ada.client.environment_removal(environment).await.unwrap();
    assert_eq!(gone.environments[0].variables, Some(2));
    setting.ada.client.remove_environment(environment).await.unwrap();
    setting.ada.client.remove_member(&wanda.member().to_string()).await.unwrap();
    let gone = setting.ben.client.pull(&setting.ben.env()).await.map(drop).unwrap_err();
    assert!(matches!(gone, Error::EnvironmentGone), "{gone}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pin_recorded_falsely_is_never_given_up_and_the_environment_can_go() {
    let mut setting = Setting::new(Mode::Ask).await;
    let (_, mut wanda, environment) = setting.with_writer(Role::Member).await;
    let before = wanda.chain(environment).head();
    let mut laptop = wanda.adds(KeyholderKind::Computer).await;
    let (changes, values) = laptop.seal(environment, &[("MINE=", "1\n")]);
    laptop.pushes(environment, changes, &values).await;
    wanda.refresh().await;
    setting.ada.client.pull(&setting.ada.env()).await.unwrap();
    let heads = vec![PinnedHead { environment, head: before }];
    let revoked = KeyholderRevoked { keyholder: laptop.id(), keep: Vec::new(), heads };
    planted(&mut setting, &mut wanda, Event::KeyholderRevoked(revoked)).await;

    // It may as well be a computer that was stolen, and truly revoked.
    refused(setting.ada.client.pull(&setting.ada.env()).await, "above-pin");
    refused(setting.ada.client.lost_history(&[environment]).await, "above-pin");
    let text = setting.ada.text();
    setting.ada.client.remove_environment(environment).await.unwrap();
    setting.ada.client.remove_member(&wanda.member().to_string()).await.unwrap();
    assert_eq!(setting.ada.text(), text, "from which it is made anew");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_speaks_for_all_environments_speaks_for_none_that_is_refused() {
    let mut setting = Setting::new(Mode::Ask).await;
    let (_, mut wanda, environment) = setting.with_writer(Role::Member).await;
    let event = revoking(&mut wanda, environment, Head { number: FURTHEST, hash: JUNK }).await;
    planted(&mut setting, &mut wanda, event).await;
    let production = setting.ada.client.find_environment("api/production").await.unwrap();
    let error = setting.ada.client.lost_history(&[production]).await.map(drop).unwrap_err();
    assert!(error.to_string().contains("api/development is refused as well"), "{error}");
    let both = setting.ada.client.lost_history(&[production, environment]).await.unwrap();
    // What changed since it was shown is not given up unseen.
    let mut other = both.clone();
    other[0].number -= 1;
    assert!(matches!(setting.ada.client.give_up_history(&other).await, Err(Error::Rule(_))));
    setting.ada.client.give_up_history(&both).await.unwrap();
    setting.ben.client.pull(&setting.ben.env()).await.unwrap();
    setting.check_in_step().await;
}
