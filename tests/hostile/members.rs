//! Members of ill will, with a vault that is as honest as can be: names, values and addresses that they have every right to
//! sign, and that are made to deceive or to run.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use twinlock_client::dotenv::Dialect;
use twinlock_client::store::Mode;
use twinlock_client::{CreateMissing, Error, Role, Selection};
use twinlock_protocol::event::{
    Commitments, EnvironmentCreated, Event, LabelChanged, ProjectCreated, Subject, VaultMoved,
};
use twinlock_protocol::ids::{EnvironmentId, ProjectId};
use twinlock_tests::forge::{Forge, random};
use twinlock_tests::programs::{KeptIn, Machine};

use crate::setting::{Setting, other};

const HOSTILE_NAMES: [&str; 13] = [
    "../../.ssh/authorized_keys",
    "/etc/cron.d/evil",
    "C:\\Windows\\System32\\con",
    "con",
    "a\0b",
    "\u{202e}gnp.exe",
    "\u{1b}]0;owned\u{7}\u{1b}[2J\u{1b}[1;1Hroot#",
    "<img src=x onerror=alert(1)>",
    "\r\nInjected: header",
    "de\u{200b}velopment",
    "de\u{ad}v\u{3164}elopment\u{e0101}",
    "",
    "\u{feff}.",
];

/// What a person would be deceived by, wherever it stood.
fn is_inert(text: &str) -> bool {
    !text.chars().any(|c| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{ad}' | '\u{3164}' | '\u{e0101}')
    })
}

/// Every file below a folder.
fn files(folder: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.insert(path);
        }
    }
    found
}

/// Creates an environment of its own, with any keys (those of another one's next generation).
async fn creates_environment(wanda: &mut Forge, like: EnvironmentId, project: ProjectId, name: &str) {
    let (_, name_key, value_key) = wanda.opening(like);
    let created = EnvironmentCreated {
        environment: EnvironmentId::new(random()),
        project,
        label: wanda.label(name),
        commitments: Commitments { name: name_key.commitment(), value: Some(value_key.commitment()) },
        access: Vec::new(),
    };
    wanda.stores_with_any_keys(Event::EnvironmentCreated(created)).await;
}

/// Whoever may create projects and environments could call theirs as those of others are called.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_member_creates_takes_no_name_from_anybody() {
    let setting = Setting::new(Mode::Ask).await;
    let (_, mut wanda, development) = setting.with_writer(Role::Member).await;
    for (project_name, name) in
        [("api", "development"), ("API", "Deve\u{ad}lopment"), ("api\u{3164}", "development")]
    {
        let project = ProjectId::new(random());
        let label = wanda.label(project_name);
        wanda.does(Event::ProjectCreated(ProjectCreated { project, label })).await;
        creates_environment(&mut wanda, development, project, name).await;
        for client in [&setting.ada.client, &setting.ben.client] {
            assert_eq!(client.find_environment("api/development").await.unwrap(), development, "{name:?}");
        }
    }
    // Nor is it in the way of what is created in the project of that name.
    let path = setting.ada.root.path().join("new.env");
    std::fs::write(&path, "N=1\n").unwrap();
    setting.ada.link_to(path, ("api", "new"), CreateMissing::Yes, Mode::Ask).await;
    let projects = setting.ada.client.overview().await.unwrap().projects;
    let grown =
        projects.iter().find(|project| project.environments.iter().any(|it| it.name == "new")).unwrap();
    let names: Vec<_> = grown.environments.iter().map(|it| it.name.as_str()).collect();
    assert_eq!((grown.name.as_str(), names), ("api", vec!["development", "new", "production"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_names_are_shown_inert_and_are_never_paths() {
    let setting = Setting::new(Mode::Ask).await;
    let machine = Machine::new(KeptIn::File);
    let link = setting.ada.invite(Role::Member).await;
    let joined =
        tokio::task::block_in_place(|| machine.run_with(link.expose(), &["join", "-", "--member", "Cleo"]));
    assert_eq!(joined.status, 0, "{}", joined.err);
    let (_, mut wanda, environment) = setting.with_writer(Role::Admin).await;
    let before = (files(setting.ben.root.path()), files(machine.folder()));
    wanda.refresh().await;
    for name in HOSTILE_NAMES {
        let project = ProjectId::new(random());
        let label = wanda.label(name);
        wanda.does(Event::ProjectCreated(ProjectCreated { project, label })).await;
        let label = wanda.label(name);
        let subject = Subject::Member(wanda.member());
        wanda.does(Event::LabelChanged(LabelChanged { subject, label })).await;
        creates_environment(&mut wanda, environment, project, name).await;
        let (changes, values) = wanda.seal(environment, &[("N=", "1\n")]);
        wanda.pushes(environment, changes, &values).await;

        let shown = [
            serde_json::to_string(&setting.ben.client.team().await.unwrap()).unwrap(),
            serde_json::to_string(&setting.ben.client.overview().await.unwrap()).unwrap(),
            serde_json::to_string(&setting.ben.client.environments().await.unwrap()).unwrap(),
            serde_json::to_string(&setting.ben.client.activity().await.unwrap()).unwrap(),
            serde_json::to_string(&setting.ben.client.log(environment, None).await.unwrap()).unwrap(),
        ];
        for text in shown {
            assert!(is_inert(&text), "{name:?}: {text:?}");
            // JSON writes control characters as escapes: none of these stands there either.
            for escaped in ["\\u0000", "\\u001b", "\\u0007", "\\r", "\\n"] {
                assert!(!text.contains(escaped), "{name:?}: {text}");
            }
        }
        let ran = tokio::task::block_in_place(|| {
            [
                machine.run(&["team", "show"]),
                machine.run(&["environment", "list"]),
                machine.run(&["activity"]),
            ]
        });
        for ran in ran {
            assert_eq!(ran.status, 0, "{name:?}: {}", ran.err);
            assert!(is_inert(&ran.out) && is_inert(&ran.err), "{name:?}: {:?}{:?}", ran.out, ran.err);
        }
    }
    setting.ben.client.pull(&setting.ben.env()).await.unwrap();
    // Nothing was written but what is linked, and what the home keeps for itself.
    let after = (files(setting.ben.root.path()), files(machine.folder()));
    let own = |path: &&PathBuf| {
        !path.components().any(|part| part.as_os_str() == "home" || part.as_os_str() == "twinlock")
    };
    assert_eq!(after.0.difference(&before.0).filter(own).collect::<Vec<_>>(), Vec::<&PathBuf>::new());
    assert_eq!(after.1.difference(&before.1).filter(own).collect::<Vec<_>>(), Vec::<&PathBuf>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_by_name_goes_where_the_name_stood_or_nowhere() {
    let setting = Setting::new(Mode::Ask).await;
    let mut ada = Forge::of(&setting.ada, &setting.vault).await;
    let development = setting.environment().await;
    let production = setting.ada.client.find_environment("api/production").await.unwrap();
    assert_eq!(setting.ben.client.find_environment("api/development").await.unwrap(), development);
    assert_eq!(setting.ben.client.find_environment("api/production").await.unwrap(), production);
    let rename = |ada: &Forge, id, name: &str| {
        Event::LabelChanged(LabelChanged { subject: Subject::Environment(id), label: ada.label(name) })
    };

    // Swapped: by name nothing goes anywhere, and what is linked stays with what it was linked to.
    let event = rename(&ada, development, "production");
    ada.does(event).await;
    let doubled = setting.ben.client.find_environment("api/production").await.unwrap_err();
    assert!(matches!(doubled, Error::Ambiguous { .. }), "{doubled}");
    let event = rename(&ada, production, "development");
    ada.does(event).await;
    for name in ["api/development", "api/production"] {
        let found = setting.ben.client.find_environment(name).await;
        assert!(found.is_err(), "{name} is another one now: {found:?}");
    }
    setting.ben.save("A=secret of development\n");
    setting.ben.client.push(&setting.ben.env(), Selection::All).await.unwrap();
    ada.refresh().await;
    assert_eq!(ada.chain(development).entries().len(), 1);
    assert_eq!(ada.chain(production).entries().len(), 2, "the other one has what it had");
    // Alike but for how it is composed or written: not to be told apart, so neither is taken.
    for name in ["PRODUCTION", "produ\u{63}tion"] {
        let event = rename(&ada, production, name);
        ada.does(event).await;
        let found = setting.ben.client.find_environment("api/production").await;
        assert!(matches!(found, Err(Error::Ambiguous { .. })), "{name}: {found:?}");
    }
    // Named as they were, all is as it was.
    for (id, name) in [(development, "development"), (production, "production")] {
        let event = rename(&ada, id, name);
        ada.does(event).await;
    }
    assert_eq!(setting.ben.client.find_environment("api/development").await.unwrap(), development);
    setting.ada.client.pull(&setting.ada.env()).await.unwrap();
    setting.check_in_step().await;
    assert!(std::fs::read_to_string(other(&setting.ben)).unwrap().starts_with("P=1"));
}

/// H63: renaming takes write access, renewing the key of all names does not.
#[tokio::test(flavor = "multi_thread")]
async fn names_that_a_renewal_moved_are_told_and_stand_for_nothing() {
    let setting = Setting::new(Mode::Ask).await;
    // Cleo never used the name of production.
    let cleo = setting.joins("Cleo").await;
    let mut ada = Forge::of(&setting.ada, &setting.vault).await;
    let development = setting.environment().await;
    let production = setting.ada.client.find_environment("api/production").await.unwrap();
    let mut mallory = ada.lets_join(Role::Admin, Vec::new(), false).await;
    setting.renewed(development).await;
    cleo.client.sync().await.unwrap();
    mallory.refresh().await;
    let swap = |subject, name: &str| match (subject, name) {
        (Subject::Environment(_), "development") => Some("production".to_owned()),
        (Subject::Environment(_), "production") => Some("development".to_owned()),
        _ => None,
    };
    mallory.renews_names(swap, true).await;

    for (who, computer) in [("Ben", &setting.ben), ("Cleo", &cleo)] {
        computer.client.sync().await.unwrap();
        for name in ["api/development", "api/production"] {
            let found = computer.client.find_environment(name).await;
            assert!(found.is_err(), "{who}: {name} is another one now: {found:?}");
        }
        let activity = computer.client.activity().await.unwrap();
        let renewed =
            activity.iter().rfind(|line| line.what.starts_with("renewed the key of the team's names"));
        let renewed = renewed.unwrap();
        for moved in ["development got the name production", "production got the name development"] {
            assert!(renewed.what.contains(moved), "{who}: {}", renewed.what);
        }
        assert_eq!(renewed.by, "Somebody", "{who}: by its author");
    }
    // What is linked stays with what it was linked to.
    setting.ben.save("A=secret of development\n");
    setting.ben.client.push(&setting.ben.env(), Selection::All).await.unwrap();
    ada.refresh().await;
    assert_eq!(ada.chain(development).entries().len(), 1);
    // Sealed anew as they are, nothing is renamed; named as they were, all is as it was.
    mallory.refresh().await;
    mallory.renews_names(|_, _| None, true).await;
    cleo.client.sync().await.unwrap();
    let again = cleo.client.activity().await.unwrap();
    let renewed = again.iter().filter(|line| line.what.contains("got the name")).count();
    assert_eq!(renewed, 1, "{again:?}");
    mallory.refresh().await;
    mallory.renews_names(swap, true).await;
    assert_eq!(cleo.client.find_environment("api/production").await.unwrap(), production);
    assert_eq!(cleo.client.find_environment("api/development").await.unwrap(), development);
}

#[tokio::test(flavor = "multi_thread")]
async fn variables_that_run_code_are_flagged_before_they_are_pulled() {
    let setting = Setting::new(Mode::Auto).await;
    let (_, mut wanda, environment) = setting.with_writer(Role::Admin).await;
    let names = [
        "PATH",
        "LD_PRELOAD",
        "DYLD_INSERT_LIBRARIES",
        "NODE_OPTIONS",
        "BASH_ENV",
        "GIT_SSH_COMMAND",
        "PYTHONSTARTUP",
    ];
    let lines: Vec<(String, &str)> = names.iter().map(|name| (format!("{name}="), "/tmp/evil\n")).collect();
    let lines: Vec<(&str, &str)> = lines.iter().map(|(left, right)| (left.as_str(), *right)).collect();
    let (changes, values) = wanda.seal(environment, &lines);
    wanda.pushes(environment, changes, &values).await;

    // Mode auto does not take them, and says why.
    let text = setting.ben.text();
    let outcome = setting.ben.client.sync().await.unwrap();
    assert_eq!((outcome.pulled, outcome.waiting_there), (0, names.len()));
    for name in names {
        assert!(outcome.dangers.iter().any(|said| said.starts_with(&format!("{name} is more"))), "{name}");
    }
    assert_eq!(setting.ben.text(), text);
    let status = setting.ben.client.status(Some(&setting.ben.env())).await.unwrap();
    assert_eq!(status[0].dangers.len(), names.len());
    let changes = setting.ben.client.changes(status[0].id).await.unwrap();
    assert!(changes.there.iter().all(|change| change.danger.is_some()), "{:?}", changes.there);
    // A person may still say yes.
    setting.ben.client.pull(&setting.ben.env()).await.unwrap();
    assert_eq!(
        setting.ben.text(),
        format!("{text}{}", names.map(|name| format!("{name}=/tmp/evil\n")).concat())
    );
    let outcome = setting.ben.client.sync().await.unwrap();
    assert!(outcome.dangers.is_empty());
    // What is ordinary goes on by itself.
    setting.ada.client.pull(&setting.ada.env()).await.unwrap();
    setting.ada.save(&format!("{}NEW=1\n", setting.ada.text()));
    setting.ada.client.push(&setting.ada.env(), Selection::All).await.unwrap();
    assert_eq!(setting.ben.client.sync().await.unwrap().pulled, 1);
    // The program says it as well.
    let machine = Machine::new(KeptIn::File);
    let link = setting.ada.invite(Role::Member).await;
    tokio::task::block_in_place(|| {
        drop(machine.run_with(link.expose(), &["join", "-", "--member", "Cleo"]).ok());
        drop(machine.run(&["link", ".env", "api/development"]).ok());
        let status = machine.run(&["status"]).ok();
        assert!(
            status.out.contains("careful, before you pull: LD_PRELOAD is more than a setting"),
            "{}",
            status.out
        );
        let diff = machine.run(&["diff"]).ok();
        assert!(diff.out.contains("careful: NODE_OPTIONS is more than a setting"), "{}", diff.out);
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_is_written_as_its_author_wrote_it_and_brings_nothing_else() {
    let setting = Setting::new(Mode::Ask).await;
    let (_, mut wanda, environment) = setting.with_writer(Role::Admin).await;
    let marker = setting.ben.root.path().join("pwned");
    let run = format!("$(touch {0})`touch {0}`\n", marker.display());
    let quotes = format!("\"a\"; touch {0}; '\n", marker.display());
    let lines = [
        ("RUN=", run.as_str()),
        ("QUOTES=", quotes.as_str()),
        ("ESC=", "\u{1b}]0;owned\u{7}\u{202e}\n"),
        ("BACK=", "\\\n"),
        ("NUL=", "a\0b\n"),
    ];
    let (changes, values) = wanda.seal(environment, &lines);
    wanda.pushes(environment, changes, &values).await;
    let text = setting.ben.text();
    // What a loader would run is said first, of each that one would; what a shell would, where a shell reads the file.
    let file = setting.ben.client.status(Some(&setting.ben.env())).await.unwrap().remove(0);
    assert!(
        file.dangers.iter().any(|danger| danger.starts_with("The line of RUN can")),
        "{:?}",
        file.dangers
    );
    setting.ben.client.set_loader(file.id, Some(Dialect::Bash)).await.unwrap();
    let status = setting.ben.client.status(Some(&setting.ben.env())).await.unwrap();
    for name in ["RUN", "QUOTES"] {
        let said = format!("The line of {name} can run a command");
        assert!(status[0].dangers.iter().any(|danger| danger.starts_with(&said)), "{:?}", status[0].dangers);
    }
    setting.ben.client.pull(&setting.ben.env()).await.unwrap();
    let expected: String = lines.iter().map(|(left, right)| format!("{left}{right}")).collect();
    assert_eq!(setting.ben.text(), format!("{text}{expected}"), "byte for byte, one line each");
    assert!(!marker.exists());
    // Shown on a terminal, a value does not steer it.
    let machine = Machine::new(KeptIn::File);
    let link = setting.ada.invite(Role::Member).await;
    tokio::task::block_in_place(|| {
        drop(machine.run_with(link.expose(), &["join", "-", "--member", "Cleo"]).ok());
        drop(machine.run(&["link", ".env", "api/development"]).ok());
        let diff = machine.run(&["diff", "--reveal"]).ok();
        assert!(is_inert(&diff.out), "{:?}", diff.out);
        assert_eq!(machine.run(&["pull"]).status, 3, "a person has to say so");
        drop(machine.run(&["pull", "--trust"]).ok());
        assert_eq!(machine.text(), setting.ben.text());
    });
    assert!(!marker.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_moved_vault_is_not_followed_by_itself() {
    let setting = Setting::new(Mode::Ask).await;
    let mut ada = Forge::of(&setting.ada, &setting.vault).await;
    let elsewhere = twinlock_tests::TestVault::start().await;
    let address = elsewhere.location().url.to_string();
    let before = setting.ben.client.team().await.unwrap().vault;
    ada.does(Event::VaultMoved(VaultMoved { address, pin: None })).await;
    // Even an owner only offers it: where this computer goes is in its own store.
    setting.ada.save("A=here\n");
    setting.ada.client.push(&setting.ada.env(), Selection::All).await.unwrap();
    setting.ben.client.pull(&setting.ben.env()).await.unwrap();
    setting.check_in_step().await;
    assert_eq!(setting.ben.client.team().await.unwrap().vault, before);
    // And which file an environment is written to is said here alone: no path of ours comes from the team.
    let linked = setting.ben.client.linked_files().unwrap();
    assert_eq!(
        linked.iter().map(|file| file.path.clone()).collect::<BTreeSet<_>>(),
        [setting.ben.env(), other(&setting.ben)].into()
    );
}
