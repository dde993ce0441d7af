//! What is written in a format reads back as it was: by this crate, for any names that the format
//! allows and any values, and by the shells of this computer.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test stops where it cannot go on, and the real readers are programs"
)]

use std::collections::BTreeMap;
use std::process::Command;

use proptest::collection::btree_map;
use proptest::prelude::*;
use twinlock_dotenv::{Dialect, Surroundings};
use twinlock_formats::{Imported, SecretName, Source, Target, Variable, Variables, WriteError, read, write};

/// Texts of any characters, with those often among them that some format gives a meaning to.
fn any_text() -> impl Strategy<Value = String> {
    let special = prop::sample::select(vec![
        "\"", "'", "`", "\\", "$", "#", "\n", "\r", "\r\n", "\t", " ", "=", ":", "- ", "~", "null", "yes",
        "0x1F", "1e3", "1:20", "${A}", "$(id)", "\u{85}", "\u{a0}", "\u{2028}", "\u{feff}", "\u{0}",
        "\u{7f}", "\u{1}", "é", "😀", "%", "{{", "!", "&", "*", "|", ">", "?", "@", ",", "[", "]", "{", "}",
        "---", "...", "\u{fffe}",
    ]);
    let piece = prop_oneof![3 => special.prop_map(str::to_owned), 1 => any::<char>().prop_map(String::from), 1 => "[a-z0-9]{1,5}"];
    prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

fn variables(
    names: impl Strategy<Value = String>,
    values: impl Strategy<Value = String>,
) -> impl Strategy<Value = Variables> {
    btree_map(names, values, 0..6).prop_map(|map| {
        Variables::new(map.into_iter().rev().map(|(name, value)| Variable::new(name, value)).collect())
            .unwrap()
    })
}

fn read_back(text: &str, source: Source<'_>) -> Variables {
    match read(text, source) {
        Ok(Imported::Variables { variables, left_out }) => {
            assert_eq!(left_out, []);
            variables
        }
        Ok(Imported::Text(_)) => panic!("variables are read"),
        Err(error) => panic!("{error}: {text:?}"),
    }
}

fn by_name(variables: &Variables) -> BTreeMap<&str, &str> {
    variables.iter().map(|variable| (variable.name(), variable.value())).collect()
}

/// What a shell has in its environment after it ran the script.
fn in_shell(shell: &str, script: &str, variables: &Variables) -> Vec<Option<String>> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("exports.sh");
    std::fs::write(&path, script).unwrap();
    let output = Command::new(shell)
        .env_clear()
        .args(["-c", ". \"$0\" && exec /usr/bin/env -0"])
        .arg(&path)
        .output()
        .unwrap_or_else(|error| panic!("{shell} is needed for this test: {error}"));
    let found = String::from_utf8(output.stdout).unwrap();
    let find = |name: &str| {
        found.split('\0').find_map(|line| line.strip_prefix(name)?.strip_prefix('=').map(str::to_owned))
    };
    variables.iter().map(|variable| find(variable.name())).collect()
}

const SHELL_NAME: &str = "(T_|[a-z_])[A-Za-z0-9_]{1,8}";

proptest! {
    #[test]
    fn json(variables in variables(any_text(), any_text())) {
        let text = write(&variables, Target::Json).unwrap();
        prop_assert_eq!(read_back(&text, Source::Json), variables);
    }

    #[test]
    fn yaml(variables in variables(any_text(), any_text())) {
        let text = write(&variables, Target::Yaml).unwrap();
        prop_assert_eq!(read_back(&text, Source::Yaml), variables);
    }

    #[test]
    fn kubernetes(variables in variables("[-_a-zA-Z0-9][-._a-zA-Z0-9]{0,9}", any_text()), environment in any_text()) {
        let name = SecretName::from_environment(&environment);
        let text = write(&variables, Target::Kubernetes(&name)).unwrap();
        prop_assert_eq!(read_back(&text, Source::Kubernetes), variables);
    }

    #[test]
    fn shell(variables in variables(SHELL_NAME, any_text())) {
        match write(&variables, Target::Shell) {
            Ok(text) => prop_assert_eq!(read_back(&text, Source::Shell), variables),
            Err(WriteError::Values { names, .. }) => {
                for variable in &variables {
                    prop_assert_eq!(names.iter().any(|name| name == variable.name()), variable.value().contains('\0'));
                }
            }
            Err(error) => prop_assert!(false, "{}", error),
        }
    }

    #[test]
    fn docker(variables in variables("[^\\s=#\\p{Cc}\u{feff}][^\\s=\\p{Cc}\u{feff}]{0,6}", any_text())) {
        match write(&variables, Target::Docker) {
            Ok(text) => prop_assert_eq!(read_back(&text, Source::Docker), variables),
            Err(WriteError::Values { names, .. }) => {
                for variable in &variables {
                    let value = variable.value();
                    let cannot = value.contains(['\n', '\0']) || value.ends_with('\r');
                    prop_assert_eq!(names.iter().any(|name| name == variable.name()), cannot);
                }
            }
            Err(error) => prop_assert!(false, "{}", error),
        }
    }

    #[test]
    fn env(variables in variables("[A-Za-z][A-Za-z0-9_]{0,6}", any_text()), dialect in prop::sample::select(Dialect::ALL.to_vec())) {
        match write(&variables, Target::Env(dialect)) {
            Ok(text) => {
                let (found, left_out) = Variables::from_readings(dialect.read(&text, &Surroundings::default()).unwrap());
                prop_assert_eq!(left_out, []);
                // Not every loader keeps the order.
                prop_assert_eq!(by_name(&found), by_name(&variables));
            }
            Err(WriteError::Unspelled(list)) => prop_assert!(!list.is_empty()),
            // Each alone can be written, and not both in one file: quotes that pair with one another.
            Err(WriteError::Values { names, .. }) => prop_assert!(!names.is_empty() && variables.len() > 1),
            Err(error) => prop_assert!(false, "{}", error),
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in any_text()) {
        for source in [Source::Json, Source::Yaml, Source::Shell, Source::Docker, Source::Kubernetes, Source::Vault { key: &text }] {
            if let Err(error) = read(&text, source) {
                prop_assert!(!error.to_string().is_empty());
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn shells_read_the_exports(variables in variables("T_[A-Za-z0-9_]{1,8}", any_text().prop_map(|value| value.replace('\0', "")))) {
        let text = write(&variables, Target::Shell).unwrap();
        let expected: Vec<_> = variables.iter().map(|variable| Some(variable.value().to_owned())).collect();
        for shell in ["sh", "bash"] {
            prop_assert_eq!(&in_shell(shell, &text, &variables), &expected, "{}", shell);
        }
    }
}

/// Each name that is refused as a shell's own is one that some shell does not hand on as it was set;
/// and names that merely have a meaning are not refused.
#[test]
fn the_names_that_shells_keep_are_kept() {
    const KEPT: [&str; 27] = [
        "BASHOPTS",
        "BASHPID",
        "BASH_ARGC",
        "BASH_ARGV",
        "BASH_ALIASES",
        "BASH_COMMAND",
        "BASH_LINENO",
        "BASH_SOURCE",
        "BASH_SUBSHELL",
        "BASH_VERSINFO",
        "BASH_CMDS",
        "DIRSTACK",
        "EPOCHREALTIME",
        "EPOCHSECONDS",
        "EUID",
        "FUNCNAME",
        "GROUPS",
        "HISTCMD",
        "LINENO",
        "OPTIND",
        "PPID",
        "RANDOM",
        "SECONDS",
        "SHELLOPTS",
        "SRANDOM",
        "UID",
        "_",
    ];
    let one = |name: &str| Variables::new(vec![Variable::new(name, "canary")]).unwrap();
    let mut handed_on = Vec::new();
    for name in KEPT {
        assert!(matches!(write(&one(name), Target::Shell), Err(WriteError::Names { .. })), "{name}");
        let script = format!("export {name}='canary'\n");
        if ["sh", "bash"]
            .iter()
            .all(|shell| in_shell(shell, &script, &one(name)) == [Some("canary".to_owned())])
        {
            handed_on.push(name);
        }
    }
    assert_eq!(handed_on, Vec::<&str>::new());
    for name in [
        "PATH",
        "HOME",
        "PS1",
        "IFS",
        "LANG",
        "OPTARG",
        "OPTERR",
        "BASH_ENV",
        "ENV",
        "MAIL",
        "TERM",
        "PWD",
        "BASH_ARGV0",
        "COMP_WORDBREAKS",
        "HISTSIZE",
        "BASH_VERSION",
        "HOSTNAME",
        "MACHTYPE",
        "POSIXLY_CORRECT",
        "LC_TIME",
        "COLUMNS",
        "BASH",
        "OLDPWD",
        "COMP_LINE",
        "REPLY",
        "SHELL",
    ] {
        let text = write(&one(name), Target::Shell).unwrap();
        for shell in ["sh", "bash"] {
            assert_eq!(in_shell(shell, &text, &one(name)), [Some("canary".to_owned())], "{shell} {name}");
        }
    }
}
