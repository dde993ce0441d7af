//! Shell exports: `export NAME='…'`, as every POSIX shell reads them.

use twinlock_dotenv::{Dialect, Reading, Refused, Surroundings};
use zeroize::Zeroizing;

use crate::error::WriteError;
use crate::format::Format;
use crate::variables::Variables;

/// Names that bash or dash keeps for itself: assigning one is an error, ends the script, or is
/// forgotten.
const KEPT: [&str; 26] = [
    "BASHOPTS",
    "BASHPID",
    "BASH_ALIASES",
    "BASH_ARGC",
    "BASH_ARGV",
    "BASH_CMDS",
    "BASH_COMMAND",
    "BASH_LINENO",
    "BASH_SOURCE",
    "BASH_SUBSHELL",
    "BASH_VERSINFO",
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
];

/// Writes an `export` for each variable, the value in single quotes.
pub(crate) fn write(variables: &Variables) -> Result<Zeroizing<String>, WriteError> {
    let names = variables.names_unless(|variable| is_name(variable.name()));
    if !names.is_empty() {
        let reason = "a name there is letters, digits and _, does not begin with a digit, and is none that shells set themselves";
        return Err(WriteError::Names { format: Format::Shell, names, reason });
    }
    let names = variables.names_unless(|variable| !variable.value().contains('\0'));
    if !names.is_empty() {
        let reason = "no environment can hold a NUL character";
        return Err(WriteError::Values { format: Format::Shell, names, reason });
    }
    let mut out = Zeroizing::new(String::new());
    for variable in variables {
        out.push_str("export ");
        out.push_str(variable.name());
        out.push_str("='");
        for (place, part) in variable.value().split('\'').enumerate() {
            if place > 0 {
                out.push_str("'\\''");
            }
            out.push_str(part);
        }
        out.push_str("'\n");
    }
    Ok(out)
}

fn is_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        // The shell sets it to a word of the last command.
        && name != "_"
        && !KEPT.contains(&name)
}

/// Reads what a shell would have in its variables after running the text; no command is run.
///
/// That is a POSIX shell, unless the text is written as only bash writes: `declare -x` as its
/// `export -p` prints, or `$'…'`.
pub(crate) fn read(text: &str) -> Result<Vec<Reading>, Refused> {
    let is_bash = text.lines().any(|line| {
        let line = line.trim_start();
        line.starts_with("declare -") || line.contains("=$'")
    });
    let dialect = if is_bash { Dialect::Bash } else { Dialect::Sh };
    dialect.read(text, &Surroundings::default())
}

#[cfg(test)]
mod tests {
    use twinlock_dotenv::Value;

    use super::*;
    use crate::variables::Variable;

    #[test]
    fn quotes_values() {
        let check = |value: &str, expected: &str| {
            let variables = Variables::new(vec![Variable::new("A", value)]).unwrap();
            assert_eq!(*write(&variables).unwrap(), format!("export A={expected}\n"), "{value:?}");
        };
        check("", "''");
        check("a b", "'a b'");
        check("$(x) `y` \"z\" \\", "'$(x) `y` \"z\" \\'");
        check("it's", "'it'\\''s'");
        check("''", "''\\'''\\'''");
        check("a\nb", "'a\nb'");
    }

    #[test]
    fn tells_names_and_values_that_no_shell_can_hold() {
        let list = ["A", "a.b", "UID", "B-C", "9", "", "É", "_", "_1"].map(|name| Variable::new(name, ""));
        match write(&Variables::new(list.to_vec()).unwrap()) {
            Err(WriteError::Names { names, .. }) => {
                assert_eq!(names, ["a.b", "UID", "B-C", "9", "", "É", "_"]);
            }
            other => panic!("{other:?}"),
        }
        match write(&Variables::new(vec![Variable::new("A", "canary\0")]).unwrap()) {
            Err(WriteError::Values { names, .. }) => assert_eq!(names, ["A"]),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn reads_what_shells_print() {
        let check = |text: &str, expected: &[(&str, &str)]| {
            let readings = read(text).unwrap();
            let found: Vec<_> = readings
                .iter()
                .map(|reading| match &reading.value {
                    Value::Text(value) => (reading.name.as_str(), value.as_str()),
                    _ => (reading.name.as_str(), "?"),
                })
                .collect();
            assert_eq!(found, expected, "{text:?}");
        };
        check("export A='1'\nB=2; export B\n", &[("A", "1"), ("B", "2")]);
        check("#!/bin/sh\nexport A=\"x\\$y\"\n", &[("A", "x$y")]);
        check("export A=$(id)\n", &[("A", "?")]);
        check("declare -x A=\"x y\"\ndeclare -x B=$'a\\nb'\n", &[("A", "x y"), ("B", "a\nb")]);
    }
}
