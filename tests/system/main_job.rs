//! The main job, end to end: a saved `.env` reaches a teammate byte for byte, through a real vault over
//! real TLS.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test that cannot go on has failed, and says what it skipped"
)]

use std::collections::BTreeSet;

use twinlock_client::store::Mode;
use twinlock_client::view::FileState;
use twinlock_client::{Client, CreateMissing, ErrorCode, Resolution, Role, SecretText, Selection, TeamPlace};
use twinlock_tests::{Computer, TestVault, ada_and_ben, label, until};

async fn push(computer: &Computer) -> usize {
    computer.client.push(&computer.env(), Selection::All).await.unwrap().pushed
}

async fn pull(computer: &Computer) -> usize {
    computer.client.pull(&computer.env()).await.unwrap().pulled
}

async fn state(computer: &Computer) -> FileState {
    computer.client.status(Some(&computer.env())).await.unwrap()[0].state
}

#[tokio::test(flavor = "multi_thread")]
async fn a_saved_file_reaches_a_teammate_byte_for_byte() {
    let vault = TestVault::start().await;
    let (ada, ben) = ada_and_ben(&vault, Mode::Ask).await;
    let text = "# api\r\nA=1\r\nexport B = \"two\nlines\"  # why\n\nKEY=-----BEGIN X-----\nabc\n-----END X-----\nLAST=no newline";
    ada.save(text);
    assert!(push(&ada).await > 0);
    assert!(pull(&ben).await > 0);
    assert_eq!(ben.text(), text);
    assert_eq!((state(&ada).await, state(&ben).await), (FileState::InStep, FileState::InStep));

    ben.save(&text.replace("A=1", "A=2"));
    assert_eq!(push(&ben).await, 1);
    assert_eq!(pull(&ada).await, 1);
    assert_eq!(ada.text(), text.replace("A=1", "A=2"));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_file_of_real_loaders_survives_the_way() {
    let Some(files) = conformance_files() else { return };
    assert!(files.len() > 250, "{} files", files.len());
    let vault = TestVault::start().await;
    let (ada, ben) = ada_and_ben(&vault, Mode::Ask).await;
    for (name, text) in files {
        if text.is_empty() {
            // An emptied file asks; a new environment would be needed to show the obvious.
            continue;
        }
        ada.save(&text);
        ada.client.push(&ada.env(), Selection::All).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        ben.client.pull(&ben.env()).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(ben.text(), text, "{name}");
        assert_eq!(state(&ben).await, FileState::InStep, "{name}");
        assert_eq!(state(&ada).await, FileState::InStep, "{name}");
    }
}

/// Real loaders' inputs, where the folder beside the repository is there.
fn conformance_files() -> Option<Vec<(String, String)>> {
    let here = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let Some(folder) = here.ancestors().map(|at| at.join("shared/conformance")).find(|at| at.is_dir()) else {
        println!("skipped: shared/conformance is not beside this clone; the test above has cases of its own");
        return None;
    };
    let mut files = Vec::new();
    for kind in ["cases", "fixtures"] {
        for entry in std::fs::read_dir(folder.join(kind)).unwrap() {
            let path = entry.unwrap().path();
            let text = std::fs::read(&path).ok().and_then(|bytes| String::from_utf8(bytes).ok());
            if let Some(text) = text.filter(|_| path.extension().is_some_and(|e| e == "env")) {
                files.push((path.file_name().unwrap().to_string_lossy().into_owned(), text));
            }
        }
    }
    files.sort();
    Some(files)
}

#[tokio::test(flavor = "multi_thread")]
async fn different_variables_merge_and_the_same_one_asks() {
    let vault = TestVault::start().await;
    let (ada, ben) = ada_and_ben(&vault, Mode::Ask).await;
    ada.save("A=1\nB=1\nC=1\n");
    push(&ada).await;
    pull(&ben).await;

    ada.save("A=2\nB=1\nC=1\n");
    push(&ada).await;
    ben.save("A=1\nB=1\nC=3\nD=new\n");
    assert_eq!(state(&ben).await, FileState::Both);
    pull(&ben).await;
    assert_eq!(ben.text(), "A=2\nB=1\nC=3\nD=new\n");
    push(&ben).await;
    pull(&ada).await;
    assert_eq!(ada.text(), "A=2\nB=1\nC=3\nD=new\n");

    ada.save("A=2\nB=ada\nC=3\nD=new\n");
    push(&ada).await;
    ben.save("A=2\nB=ben\nC=3\nD=newer\n");
    let outcome = ben.client.pull(&ben.env()).await.unwrap();
    assert_eq!(outcome.conflicts, ["B"]);
    assert_eq!(ben.text(), "A=2\nB=ben\nC=3\nD=newer\n");
    assert_eq!(state(&ben).await, FileState::Conflict);
    // A conflict holds back its own variable only.
    let outcome = ben.client.push(&ben.env(), Selection::All).await.unwrap();
    assert_eq!((outcome.pushed, outcome.conflicts), (1, vec!["B".to_owned()]));
    pull(&ada).await;
    assert_eq!(ada.text(), "A=2\nB=ada\nC=3\nD=newer\n");

    for (resolution, bens, adas) in [
        (Resolution::Theirs, "B=ada", "B=ada"),
        (Resolution::Mine, "B=ben2", "B=ben2"),
        (Resolution::Value(SecretText::new("third one".into())), "B='third one'", "B='third one'"),
    ] {
        let with = |text: String, b: &str| {
            text.lines()
                .map(|line| if line.starts_with("B=") { b } else { line })
                .collect::<Vec<_>>()
                .join("\n")
                + "\n"
        };
        if !matches!(resolution, Resolution::Theirs) {
            ada.save(&with(ada.text(), &format!("{bens} of ada's")));
            push(&ada).await;
            ben.save(&with(
                ben.text(),
                if matches!(resolution, Resolution::Mine) { "B=ben2" } else { "B=ben3" },
            ));
            assert_eq!(state(&ben).await, FileState::Conflict);
        }
        ben.client.resolve(&ben.env(), "B", resolution).await.unwrap();
        assert!(ben.text().contains(bens), "{}", ben.text());
        ben.client.push(&ben.env(), Selection::All).await.unwrap();
        pull(&ada).await;
        assert!(ada.text().contains(adas), "{}", ada.text());
        assert_eq!((state(&ada).await, state(&ben).await), (FileState::InStep, FileState::InStep));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_variable_can_be_pushed_alone() {
    let vault = TestVault::start().await;
    let (ada, ben) = ada_and_ben(&vault, Mode::Ask).await;
    ada.save("A=1\nB=1\n");
    push(&ada).await;
    ada.save("A=2\nB=2\nC=2\n");
    let only = Selection::Names(BTreeSet::from(["C".to_owned()]));
    assert_eq!(ada.client.push(&ada.env(), only).await.unwrap().pushed, 1);
    pull(&ben).await;
    assert_eq!(ben.text(), "A=1\nB=1\nC=2\n");
    assert_eq!(state(&ada).await, FileState::Here);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emptied_or_deleted_file_removes_nothing() {
    let vault = TestVault::start().await;
    let (ada, _ben) = ada_and_ben(&vault, Mode::Ask).await;
    ada.save("A=1\nB=2\n");
    push(&ada).await;
    ada.save("");
    assert_eq!(state(&ada).await, FileState::Emptied);
    let error = ada.client.push(&ada.env(), Selection::All).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::Conflict);
    pull(&ada).await;
    assert_eq!(ada.text(), "A=1\nB=2\n");
    std::fs::remove_file(ada.env()).unwrap();
    assert_eq!(state(&ada).await, FileState::Missing);
    assert!(ada.client.push(&ada.env(), Selection::All).await.is_err());
    pull(&ada).await;
    assert_eq!(ada.text(), "A=1\nB=2\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_vault_may_be_away_and_nothing_is_lost() {
    let mut vault = TestVault::start().await;
    let (mut ada, ben) = ada_and_ben(&vault, Mode::Ask).await;
    ada.save("A=1\n");
    push(&ada).await;
    vault.stop().await;
    ada.save("A=2\nB=1\n");
    let error = ada.client.push(&ada.env(), Selection::All).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::Unreachable);
    assert_eq!(ada.client.waiting().unwrap(), 2);
    assert_eq!(state(&ada).await, FileState::Here, "status works offline");
    // What was changed after it was asked for does not go out by itself.
    ada.save("A=2\nB=changed since\n");
    ada.reopen().await;
    vault.restart().await;
    assert_eq!(ada.client.sync().await.unwrap().pushed, 1);
    assert_eq!(ada.client.waiting().unwrap(), 0);
    pull(&ben).await;
    assert_eq!(ben.text(), "A=2\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_member_means_new_keys_before_the_next_push() {
    let vault = TestVault::start().await;
    let (ada, ben) = ada_and_ben(&vault, Mode::Ask).await;
    ada.save("A=1\n");
    push(&ada).await;
    pull(&ben).await;
    let cleo = Computer::new().await;
    cleo.join(&ada.invite(Role::Admin).await, "Cleo").await;
    cleo.link(CreateMissing::No, Mode::Ask).await;
    pull(&cleo).await;
    assert_eq!(cleo.text(), "A=1\n");
    ben.save("A=1\nB=2\n");
    push(&ben).await;
    let environment = ada.client.find_environment("api/development").await.unwrap();
    let log = ben.client.log(environment, None).await.unwrap();
    let causes: Vec<String> =
        log.iter().map(|revision| format!("{:?} {}", revision.cause, revision.by)).collect();
    assert_eq!(causes, ["Push Ben", "Rotate Ben", "Push Ada", "Rotate Ada"]);
    pull(&ada).await;
    pull(&cleo).await;
    assert_eq!((ada.text(), cleo.text()), (ben.text(), ben.text()));
    // The team's own name key is due as well: the owner's client renews it in passing, once.
    let before = ada.client.team().await.unwrap().events;
    ada.client.sync().await.unwrap();
    ada.client.sync().await.unwrap();
    assert_eq!(ada.client.team().await.unwrap().events, before + 1);
    let team = cleo.client.team().await.unwrap();
    let names: Vec<&str> = team.members.iter().map(|member| member.name.as_str()).collect();
    assert_eq!(names, ["Ada", "Ben", "Cleo"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn saved_by_an_editor_it_arrives_by_itself() {
    let vault = TestVault::start().await;
    let (ada, ben) = ada_and_ben(&vault, Mode::Auto).await;
    let _watches = [watch(&ada.client), watch(&ben.client)];
    ada.save("A=1\n");
    until("Ben has the first text", || ben.env().exists() && ben.text() == "A=1\n").await;
    let temporary = ada.env().with_file_name(".env.tmp");
    std::fs::write(&temporary, "A=1\nB=renamed into place\n").unwrap();
    std::fs::rename(&temporary, ada.env()).unwrap();
    until("Ben has the second text", || ben.text() == "A=1\nB=renamed into place\n").await;
    ben.save("A=from ben\nB=renamed into place\n");
    until("Ada has Ben's change", || ada.text().contains("from ben")).await;
}

struct Watch(tokio::task::JoinHandle<()>);

impl Drop for Watch {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn watch(client: &Client) -> Watch {
    let client = client.clone();
    Watch(tokio::spawn(async move {
        let Err(error) = client.watch().await;
        panic!("the watch ended: {error}");
    }))
}

#[tokio::test(flavor = "multi_thread")]
async fn one_environment_that_fails_does_not_keep_the_others_back() {
    let vault = TestVault::start().await;
    let (ada, ben) = ada_and_ben(&vault, Mode::Auto).await;
    ada.save("A=1\n");
    push(&ada).await;
    ben.client.sync().await.unwrap();
    let other = ada.root.path().join("web.env");
    ada.link_to(other.clone(), ("web", "development"), CreateMissing::Yes, Mode::Auto).await;
    // A value over the limit: this file cannot be pushed, whichever of the two comes first.
    std::fs::write(&other, format!("TOO_LONG={}\n", "x".repeat(300 * 1024))).unwrap();
    ada.save("A=2\n");
    let error = ada.client.sync().await.unwrap_err();
    assert!(error.to_string().contains("TOO_LONG"), "{error}");
    pull(&ben).await;
    assert_eq!(ben.text(), "A=2\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_file_is_simply_empty() {
    let vault = TestVault::start().await;
    let (ada, ben) = (Computer::new().await, Computer::new().await);
    ada.found(&vault).await;
    ada.save("");
    ada.link(CreateMissing::Yes, Mode::Ask).await;
    assert_eq!(push(&ada).await, 0);
    ben.join(&ada.invite(Role::Member).await, "Ben").await;
    ben.link(CreateMissing::No, Mode::Ask).await;
    pull(&ben).await;
    assert_eq!(ben.text(), "");
    assert_eq!((state(&ada).await, state(&ben).await), (FileState::InStep, FileState::InStep));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_team_with_hundreds_of_environments_still_invites() {
    let vault = TestVault::start().await;
    let (ada, ben) = (Computer::new().await, Computer::new().await);
    ada.found(&vault).await;
    for number in 0..260 {
        let path = ada.root.path().join(format!("{number}.env"));
        let name = format!("environment {number}");
        ada.link_to(path, ("api", &name), CreateMissing::Yes, Mode::Ask).await;
    }
    let last = ada.root.path().join("259.env");
    std::fs::write(&last, "A=1\n").unwrap();
    ada.client.push(&last, Selection::All).await.unwrap();
    ben.join(&ada.invite(Role::Member).await, "Ben").await;
    ben.link_to(ben.env(), ("api", "environment 259"), CreateMissing::No, Mode::Ask).await;
    pull(&ben).await;
    assert_eq!(ben.text(), "A=1\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_that_is_open_learns_of_a_team_joined_in_a_terminal() {
    let vault = TestVault::start().await;
    let mut ada = Computer::new().await;
    let window = ada.client.clone();
    ada.reopen().await;
    ada.found(&vault).await;
    assert_eq!(window.overview().await.unwrap().team.map(|team| team.name), Some("Acme".to_owned()));
    // Asked before it has looked, it founds no second team over the first one.
    let mut ben = Computer::new().await;
    let window = ben.client.clone();
    ben.reopen().await;
    ben.join(&ada.invite(Role::Member).await, "Ben").await;
    let place = TeamPlace::Vault(vault.location());
    let second =
        window.create_team(place, SecretText::new(String::new()), label("Other"), label("Ben")).await;
    assert!(second.is_err_and(|error| error.to_string().contains("Acme")));
}
