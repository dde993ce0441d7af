//! A file that one program of a home unlinks, and links to something else, while another one waits for it.

use std::time::Duration;

use twinlock_client::files::LinkedFileId;
use twinlock_client::keychain::{Account, Keychain, KeychainChoice, Passphrase};
use twinlock_client::store::{HomeLock, LinkedFile, Mode, Store};
use twinlock_client::{CreateMissing, Selection};
use twinlock_tests::{PASSPHRASE, TestVault, ada_and_ben, until};

#[tokio::test(flavor = "multi_thread")]
async fn what_a_file_was_linked_to_before_is_written_into_it_no_more() {
    let vault = TestVault::start().await;
    let (ada, ben) = ada_and_ben(&vault, Mode::Auto).await;
    let production = ada.root.path().join("api/.env.production");
    ada.link_to(production.clone(), ("api", "production"), CreateMissing::Yes, Mode::Ask).await;
    std::fs::write(&production, "P=1\n").unwrap();
    ada.client.push(&production, Selection::All).await.unwrap();
    ada.save("A=1\n");
    ada.client.push(&ada.env(), Selection::All).await.unwrap();
    ben.client.pull(&ben.env()).await.unwrap();
    let to = ada.client.find_environment("api/production").await.unwrap();
    ben.client.find_environment("api/production").await.unwrap();

    let watch = tokio::spawn({
        let client = ben.client.clone();
        async move { client.watch().await }
    });
    ada.save("A=1\nB=1\n");
    ada.client.push(&ada.env(), Selection::All).await.unwrap();
    until("the watch is at work", || ben.text() == ada.text()).await;

    // Another program of Ben's home is busy with it, and the watch waits with what it knew.
    let home = ben.client.home().unwrap();
    let choice = KeychainChoice::File(Passphrase::new(PASSPHRASE.into()));
    let keychain = Keychain::open(choice, home).unwrap();
    let store = Store::open(home, &keychain.get(Account::Local).unwrap()).unwrap();
    let lock = HomeLock::take(home, Duration::from_secs(10)).unwrap();
    ada.save("A=1\nB=1\nNEW=1\n");
    ada.client.push(&ada.env(), Selection::All).await.unwrap();
    let before = ben.client.linked_file(&ben.env()).unwrap();
    let after =
        LinkedFile { id: LinkedFileId::new([7; 16]), environment: to, push: Mode::Ask, ..before.clone() };
    store
        .step(|step| {
            step.remove_linked_file(before.id)?;
            step.add_linked_file(&after)
        })
        .unwrap();
    drop(lock);
    until("it follows the file to where it is linked now", || ben.text().contains("P=1")).await;
    assert!(!ben.text().contains("NEW"), "{}", ben.text());
    watch.abort();
}
