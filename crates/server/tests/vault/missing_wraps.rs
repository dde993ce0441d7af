//! Keys that somebody is to have and does not have: who says so, and who hears of it.

use twinlock_protocol::api::{Appended, MissingWrap, MissingWraps, ProblemCode, Wraps};
use twinlock_protocol::event::{AccessChanged, Event, Half, Level};
use twinlock_protocol::{Generation, KeyholderId, limits};

use crate::support::{Answer, Client, Vault, Writer};

fn path(client: &Client) -> String {
    format!("{}/missing", client.wraps_path())
}

async fn say(client: &Client, vault: &Vault, missing: Vec<MissingWrap>) -> Answer {
    client.send(vault, "PUT", &path(client), &MissingWraps { missing }).await
}

async fn hears(client: &Client, vault: &Vault) -> Vec<MissingWrap> {
    client.get(vault, &path(client)).await.ok::<MissingWraps>().missing
}

fn value_key(of: KeyholderId, writer: &Writer) -> MissingWrap {
    let environment = Some(writer.environment.id());
    MissingWrap { keyholder: of, environment, generation: Generation::FIRST, half: Half::Value }
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_says_for_themselves_what_does_not_open_and_the_others_hear_of_it() {
    let vault = Vault::start().await;
    let mut ada = Client::create(&vault).await;
    let writer = ada.create_environment(&vault, Vec::new()).await;
    let ben = ada.let_join(&vault, &[(&writer, Level::Read)]).await;
    assert_eq!(hears(&ada, &vault).await, []);

    let (his, hers) = (value_key(ben.id(), &writer), value_key(ada.id(), &writer));
    for not_his_alone in [vec![hers], vec![his, hers]] {
        say(&ben, &vault, not_his_alone).await.refused(403, ProblemCode::Forbidden);
    }
    say(&ben, &vault, vec![his; limits::PAGE + 1]).await.refused(413, ProblemCode::TooLarge);
    assert_eq!((hears(&ada, &vault).await, hears(&ben, &vault).await), (vec![], vec![]));
    say(&ben, &vault, vec![his; limits::PAGE]).await.done();
    assert_eq!((hears(&ada, &vault).await, hears(&ben, &vault).await), (vec![his], vec![]));
    // Until he says that it opens.
    say(&ben, &vault, Vec::new()).await.done();
    assert_eq!(hears(&ada, &vault).await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_owes_is_not_remembered() {
    let vault = Vault::start().await;
    let mut ada = Client::create(&vault).await;
    let writer = ada.create_environment(&vault, Vec::new()).await;
    let ben = ada.let_join(&vault, &[]).await;
    say(&ben, &vault, vec![value_key(ben.id(), &writer)]).await.done();
    // Later he is to have it, and gets it.
    let member = ada.team.member_of(ben.id()).unwrap();
    let environment = writer.environment.id();
    let given = AccessChanged { environment, member, level: Some(Level::Read), head: None };
    let given = ada.event(Event::AccessChanged(given));
    let wraps = ada.wraps_to(&ben.computer, &[(&writer, Level::Read)]).split_off(1);
    ada.append(&vault, vec![given], wraps).await.ok::<Appended>();
    assert_eq!(hears(&ada, &vault).await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrap_that_was_added_is_there_and_its_maker_is_not_asked_again() {
    let vault = Vault::start().await;
    let mut ada = Client::create(&vault).await;
    let writer = ada.create_environment(&vault, Vec::new()).await;
    let ben = ada.let_join(&vault, &[(&writer, Level::Read)]).await;
    let cleo = ada.let_join(&vault, &[(&writer, Level::Read)]).await;
    let his = value_key(ben.id(), &writer);
    say(&ben, &vault, vec![his]).await.done();

    let wrap = writer.value_key.wrap(ben.computer.public(), cleo.id(), &mut rand::rng()).unwrap();
    let add = async |wraps| cleo.post(&vault, &cleo.wraps_path(), &Wraps { wraps }).await;
    add(vec![wrap.clone(); limits::PAGE + 1]).await.refused(413, ProblemCode::TooLarge);
    assert_eq!(hears(&cleo, &vault).await, [his]);
    add(vec![wrap.clone(); limits::PAGE]).await.done();
    assert!(ben.get(&vault, &ben.wraps_path()).await.ok::<Wraps>().wraps.contains(&wrap));
    // It may be junk as well: everybody else is still asked.
    assert_eq!((hears(&cleo, &vault).await, hears(&ada, &vault).await), (vec![], vec![his]));
}
