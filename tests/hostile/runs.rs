//! H34 and H35, where a loader reads otherwise than the cut: entries by a writer of ill will, each of them one entry by
//! every rule of the protocol, that are a second variable or a command to one loader or another.

use twinlock_client::dotenv::Dialect;
use twinlock_client::store::Mode;
use twinlock_client::view::ChangeKind;
use twinlock_client::{Error, Resolution, Role, Selection, Taking};
use twinlock_tests::Computer;
use twinlock_tests::programs::{KeptIn, Machine};

use crate::setting::Setting;

/// What is pushed, and how what is said of it begins.
const RUNS: [(&str, &str, &str); 11] = [
    // A carriage return that npm's dotenv and Ruby's take for the end of the line.
    ("A1=", "1\rNODE_OPTIONS=--require /tmp/x.js\n", "NODE_OPTIONS is more than a setting"),
    ("", "# a comment\rNODE_OPTIONS=--require /tmp/x.js\n", "NODE_OPTIONS is more than a setting"),
    ("A2=", "1\rB=2\n", "A2 holds a carriage return"),
    // Prose to the cut, an assignment to them.
    ("", "NODE_OPTIONS: --require /tmp/x.js\n", "NODE_OPTIONS is more than a setting"),
    // Lines of one value that are variables of their own to Docker.
    ("A3=", "'\nLD_PRELOAD=/tmp/x.so\n'\n", "LD_PRELOAD is more than a setting"),
    // Commands, and what a shell makes one of.
    ("A4=", "$(touch pwned)\n", "The line of A4 can run a command"),
    ("A5=", "`touch pwned`\n", "The line of A5 can run a command"),
    ("A6=", "1 touch pwned\n", "The line of A6 can run a command"),
    ("A7=", "${HOME:+${NODE_OPTIONS:=--require /tmp/x.js}}\n", "The line of A7 can run a command"),
    ("", "touch pwned\n", "A line that is no assignment can run a command"),
    ("npm_config_script_shell=", "/tmp/x\n", "npm_config_script_shell is more than a setting"),
];

/// The file is one that a shell reads.
async fn read_by_bash(computer: &Computer) {
    let file = computer.client.status(Some(&computer.env())).await.unwrap().remove(0);
    computer.client.set_loader(file.id, Some(Dialect::Bash)).await.unwrap();
}

/// What is in most files: a shell would take it for commands, and no shell reads this one.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_ordinary_to_the_loader_of_the_file_goes_on_by_itself() {
    let setting = Setting::new(Mode::Auto).await;
    let (_, mut wanda, environment) = setting.with_writer(Role::Member).await;
    let ordinary =
        [("TITLE=", "Ada's Hello World\n"), ("", "settings of the api, by hand\n"), ("KEY=", "a;b|c&d\n")];
    let (changes, values) = wanda.seal(environment, &ordinary);
    wanda.pushes(environment, changes, &values).await;
    let outcome = setting.ben.client.sync().await.unwrap();
    assert_eq!((outcome.pulled, outcome.dangers.as_slice()), (ordinary.len(), [].as_slice()));
    // What other loaders run, or take for a name, counts whoever reads the file.
    for (left, right) in [("RUN=", "$(touch pwned)\n"), ("", "NODE_OPTIONS: --require /tmp/x.js\n")] {
        let (changes, values) = wanda.seal(environment, &[(left, right)]);
        wanda.pushes(environment, changes, &values).await;
        let outcome = setting.ben.client.sync().await.unwrap();
        assert!(outcome.pulled == 0 && !outcome.dangers.is_empty(), "{left}{right}: {:?}", outcome.dangers);
        setting.ben.client.pull(&setting.ben.env()).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_a_loader_sees_is_named_and_not_taken_by_itself() {
    for mode in [Mode::Auto, Mode::Ask] {
        let setting = Setting::new(mode).await;
        let (_, mut wanda, environment) = setting.with_writer(Role::Admin).await;
        let ben = &setting.ben;
        read_by_bash(ben).await;
        for (left, right, said) in RUNS {
            let (changes, values) = wanda.seal(environment, &[(left, right)]);
            wanda.pushes(environment, changes, &values).await;
            let text = ben.text();

            let outcome = ben.client.sync().await.unwrap();
            assert_eq!((outcome.pulled, outcome.waiting_there), (0, 1), "{left}{right}");
            let names = |sentences: &[String]| sentences.iter().any(|sentence| sentence.starts_with(said));
            assert_eq!(names(&outcome.dangers), mode == Mode::Auto, "{left}{right}: {:?}", outcome.dangers);
            let status = ben.client.status(Some(&ben.env())).await.unwrap();
            assert!(names(&status[0].dangers), "{left}{right}: {:?}", status[0].dangers);
            let changes = ben.client.changes(status[0].id).await.unwrap();
            let [change] = changes.there.as_slice() else { panic!("{left}{right}") };
            assert_eq!(change.kind == ChangeKind::Comment, left.is_empty());
            let danger = change.danger.as_deref().unwrap_or_default();
            assert!(danger.contains(said), "{left}{right}: {danger}");
            assert!(!danger.contains("pwned") && !danger.contains("/tmp"), "no value is quoted: {danger}");

            // Nobody was shown it, or only what was there before: it is not written.
            for taking in [Taking::Ordinary, Taking::Shown { revision: changes.revision - 1 }] {
                let refused = ben.client.pull_taking(&ben.env(), taking).await.unwrap_err();
                assert!(matches!(&refused, Error::Dangers { dangers, .. } if names(dangers)), "{refused}");
            }
            assert_eq!(ben.text(), text);
            // Whoever saw it may take it.
            let shown = Taking::Shown { revision: changes.revision };
            ben.client.pull_taking(&ben.env(), shown).await.unwrap();
            assert_eq!(ben.text(), format!("{text}{left}{right}"));
            assert!(
                ben.client.sync().await.unwrap().dangers.is_empty(),
                "it is there, and is not told again"
            );
        }
        // What is ordinary goes on by itself, whatever stands in the file.
        if mode == Mode::Auto {
            let ordinary = [("", "# a note\n"), ("NEW=", "1\n"), ("TEXT=", "'two words'\n")];
            let (changes, values) = wanda.seal(environment, &ordinary);
            wanda.pushes(environment, changes, &values).await;
            assert_eq!(ben.client.sync().await.unwrap().pulled, ordinary.len());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_two_entries_come_to_together_is_named_too() {
    let setting = Setting::new(Mode::Auto).await;
    let (_, mut wanda, environment) = setting.with_writer(Role::Admin).await;
    let ben = &setting.ben;
    read_by_bash(ben).await;
    // By itself one is a text and one a comment. A shell joins both lines, and the comment is none.
    let (changes, values) = wanda.seal(environment, &[("C=", "\\\n"), ("", "# touch pwned\n")]);
    wanda.pushes(environment, changes, &values).await;
    let text = ben.text();
    let outcome = ben.client.sync().await.unwrap();
    assert_eq!(outcome.pulled, 0);
    let said = ["The line of C can run a command where the file is read by sh and bash."];
    assert_eq!(outcome.dangers, said);
    let status = ben.client.status(Some(&ben.env())).await.unwrap();
    let changes = ben.client.changes(status[0].id).await.unwrap();
    assert!(changes.there.iter().all(|change| change.danger.is_none()));
    assert_eq!(changes.dangers, said);
    assert_eq!(ben.text(), text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_pull_and_a_decision_name_it_first() {
    let setting = Setting::new(Mode::Ask).await;
    let (_, mut wanda, environment) = setting.with_writer(Role::Admin).await;
    let (changes, values) = wanda.seal(environment, &[("RUN=", "$(touch pwned)\n")]);
    wanda.pushes(environment, changes, &values).await;
    let machine = Machine::new(KeptIn::File);
    let link = setting.ada.invite(Role::Member).await;
    tokio::task::block_in_place(|| {
        drop(machine.run_with(link.expose(), &["join", "-", "--member", "Cleo"]).ok());
        drop(machine.run(&["link", ".env", "api/development"]).ok());
        let status = machine.run(&["status"]).ok();
        assert!(
            status.out.contains("careful, before you pull: The line of RUN can run a command"),
            "{}",
            status.out
        );
        let pulled = machine.run(&["pull"]);
        assert_eq!(pulled.status, 3, "{}{}", pulled.out, pulled.err);
        assert!(pulled.err.contains("The line of RUN can run a command"), "{}", pulled.err);
        assert!(!machine.folder().join(".env").exists(), "nothing was written");
        drop(machine.run(&["pull", "--trust"]).ok());
        assert!(machine.text().contains("RUN=$(touch pwned)\n"));
    });
    // A conflict: the vault's side is taken by whoever saw what it does, and by nobody else.
    let ben = &setting.ben;
    read_by_bash(ben).await;
    ben.client.pull(&ben.env()).await.unwrap();
    let text = ben.text();
    ben.save(&text.replace("A=1", "A=mine"));
    setting.ada.client.pull(&setting.ada.env()).await.unwrap();
    setting.ada.save(&setting.ada.text().replace("A=1", "A=`touch pwned`"));
    setting.ada.client.push(&setting.ada.env(), Selection::All).await.unwrap();
    let file = ben.env();
    let resolve = |taking| ben.client.resolve_taking(&file, "A", Resolution::Theirs, taking);
    let refused = resolve(Taking::Ordinary).await.unwrap_err();
    let Error::Dangers { revision, .. } = refused else { panic!("{refused}") };
    assert!(ben.text().contains("A=mine"));
    resolve(Taking::Shown { revision }).await.unwrap();
    assert!(ben.text().contains("A=`touch pwned`"));
}

/// An old file of one's own, with carriage returns alone, survives byte for byte.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_with_carriage_returns_alone_stays_as_it_is() {
    let setting = Setting::new(Mode::Ask).await;
    let old = "A=1\rB=2\r# c\rC=3\r";
    setting.ada.save(old);
    setting.ada.client.push(&setting.ada.env(), Selection::All).await.unwrap();
    assert_eq!(setting.ada.text(), old);
    let status = setting.ben.client.status(Some(&setting.ben.env())).await.unwrap();
    assert!(status[0].dangers.iter().any(|said| said.contains("carriage return")), "{:?}", status[0].dangers);
    setting.ben.client.pull(&setting.ben.env()).await.unwrap();
    assert_eq!(setting.ben.text(), old);
    assert!(setting.ada.client.status(Some(&setting.ada.env())).await.unwrap()[0].dangers.is_empty());
}
