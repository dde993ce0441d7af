//! The commands that change variables. Every other is passed over.

use super::declare::declare;
use super::expand::Field;
use super::parse::is_name;
use super::variables::ReadOnly;
use super::{Kind, Shell, Status, Stop, arithmetic, test};
use crate::dialects::Value;

/// How deep `eval` may stand in `eval`.
const MAX_EVALS: usize = 5;

/// Whether a fault in the command ends dash.
pub(super) fn is_special(name: &str) -> bool {
    matches!(
        name,
        ":" | "."
            | "break"
            | "continue"
            | "eval"
            | "exec"
            | "exit"
            | "export"
            | "readonly"
            | "return"
            | "set"
            | "shift"
            | "times"
            | "trap"
            | "unset"
    )
}

/// Whether the shell itself is the program.
pub(super) fn is_builtin(name: &str) -> bool {
    is_special(name)
        || matches!(
            name,
            "[" | "alias"
                | "bg"
                | "bind"
                | "builtin"
                | "caller"
                | "cd"
                | "command"
                | "compgen"
                | "complete"
                | "compopt"
                | "declare"
                | "dirs"
                | "disown"
                | "echo"
                | "enable"
                | "false"
                | "fc"
                | "fg"
                | "getopts"
                | "hash"
                | "help"
                | "history"
                | "jobs"
                | "kill"
                | "let"
                | "local"
                | "logout"
                | "mapfile"
                | "popd"
                | "printf"
                | "pushd"
                | "pwd"
                | "read"
                | "readarray"
                | "shopt"
                | "source"
                | "suspend"
                | "test"
                | "true"
                | "type"
                | "typeset"
                | "ulimit"
                | "umask"
                | "unalias"
                | "wait"
        )
}

/// Runs a command by its name; answers its status.
pub(super) fn run(shell: &mut Shell<'_>, name: &str, words: &[Field]) -> Result<Status, Stop> {
    let bash = shell.kind == Kind::Bash;
    match name {
        ":" | "true" | "echo" | "times" => Ok(Status::ZERO),
        "false" => Ok(Status::Known(1)),
        "test" | "[" => Ok(test::run(name, words)),
        "export" | "readonly" => declare(shell, name, words),
        "declare" | "typeset" if bash => declare(shell, name, words),
        "local" if shell.calls > 0 => declare(shell, name, words),
        "local" => shell.complaint(1),
        "unset" => unset(shell, words),
        "set" => set(shell, words),
        "shift" => shift(shell, words),
        "return" => match words.first() {
            Some(word) if !bash && word.known && word.text.parse::<u32>().is_err() => Err(shell.refused()),
            _ => Err(Stop::Return),
        },
        "exit" => Err(shell.refused()),
        "exec" if words.is_empty() => Ok(Status::ZERO),
        "exec" => Err(shell.refused()),
        "break" | "continue" => {
            let count = match words.first() {
                Some(word) => word.text.parse::<usize>().ok(),
                None => Some(1),
            };
            let Some(count) = count else { return shell.complaint(1) };
            match count.max(1).min(shell.loops) {
                0 => Ok(Status::ZERO),
                count if name == "break" => Err(Stop::Break(count)),
                count => Err(Stop::Continue(count)),
            }
        }
        "eval" => {
            let texts: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
            if words.iter().all(|word| word.known) {
                shell.fuel.spend(texts.iter().map(|text| text.len()).sum())?;
                shell.status = Status::ZERO;
                shell.evals += 1;
                if shell.evals > MAX_EVALS {
                    return Err(Stop::Shell(crate::dialects::Refused::Endless));
                }
                shell.read(&texts.join(" "))?;
                shell.evals -= 1;
                return Ok(shell.status);
            }
            Ok(Status::Unknown)
        }
        // No program has such a name; it is an assignment that went wrong.
        _ if name.contains('=') => Ok(Status::Known(127)),
        "command" | "builtin" if !words.is_empty() && (bash || name == "command") => match words[0].whole() {
            Some(name) if !name.starts_with('-') => run(shell, name, &words[1..]),
            _ => Ok(Status::Unknown),
        },
        "." if words.is_empty() => Ok(Status::Known(2)),
        // Another file is taken to be missing.
        "." => shell.complaint(1),
        "source" if bash => Ok(Status::Known(1)),
        "let" if bash => {
            let mut last = 0;
            for word in words {
                let Some(text) = word.whole() else { return Ok(Status::Unknown) };
                match arithmetic::evaluate(shell, text) {
                    Ok(number) => last = number,
                    Err(arithmetic::Fault::Error) => return Ok(Status::Known(1)),
                    Err(arithmetic::Fault::Unknown) => return Ok(Status::Unknown),
                }
            }
            Ok(Status::Known(u8::from(last == 0)))
        }
        "read" | "getopts" | "mapfile" | "readarray" | "printf" => {
            let given = words.iter().filter_map(Field::whole);
            let names: Vec<&str> = match name {
                "getopts" => given.skip(1).take(1).chain(["OPTIND"]).collect(),
                "printf" => given.skip_while(|word| *word != "-v").skip(1).take(1).collect(),
                _ => given.filter(|word| !word.starts_with('-')).collect(),
            };
            for name in names.into_iter().filter(|name| is_name(name)) {
                shell.set(name, Value::NeedsCommand)?;
            }
            Ok(Status::Unknown)
        }
        _ => Ok(Status::Unknown),
    }
}

fn unset(shell: &mut Shell<'_>, words: &[Field]) -> Result<Status, Stop> {
    let mut functions = false;
    let mut status = Status::ZERO;
    for word in words.iter().filter_map(Field::whole) {
        // dash looks no further than a `=`.
        let word = if shell.kind == Kind::Dash { word.split('=').next().unwrap_or(word) } else { word };
        match word {
            "-f" => functions = true,
            "-v" | "-n" | "--" => functions = false,
            _ if functions => {
                shell.functions.remove(word);
                let _ = shell.variables.unset(&format!("BASH_FUNC_{word}%%"));
            }
            _ if is_name(word) => {
                if let Err(ReadOnly) = shell.variables.unset(word) {
                    status = shell.complaint(1)?;
                } else if shell.doubtful {
                    shell.set(word, Value::NeedsCommand)?;
                }
            }
            _ if shell.kind == Kind::Dash => return Err(shell.refused()),
            _ => {
                let Some((array, index)) = word.strip_suffix(']').and_then(|word| word.split_once('['))
                else {
                    continue;
                };
                if is_name(array)
                    && let Some(at) = arithmetic::number(shell, index)?
                {
                    shell.variables.unset_element(array, at);
                }
            }
        }
    }
    Ok(status)
}

fn set(shell: &mut Shell<'_>, words: &[Field]) -> Result<Status, Stop> {
    let known: &str = match shell.kind {
        Kind::Dash => "aefnuvxIimbCVEsp",
        Kind::Bash => "abefhkmnptuvxBCEHPT",
    };
    let mut rest = words;
    while let [word, others @ ..] = rest {
        let text = word.text.as_str();
        if text == "--" {
            rest = others;
            shell.arguments = rest.iter().map(|word| word.text.clone()).collect();
            return Ok(Status::ZERO);
        }
        let Some(letters) = text.strip_prefix(['-', '+']).filter(|letters| !letters.is_empty()) else {
            break;
        };
        rest = others;
        shell.options_changed = true;
        let on = text.starts_with('-');
        for letter in letters.chars() {
            let option = match letter {
                'o' => {
                    let option = rest.first().map(|word| word.text.clone()).unwrap_or_default();
                    rest = rest.get(1..).unwrap_or_default();
                    option
                }
                _ if known.contains(letter) => letter.to_string(),
                _ => return shell.complaint(2),
            };
            match option.as_str() {
                _ if shell.doubtful => {}
                "a" | "allexport" => shell.variables.all_exported = on,
                "e" | "errexit" => shell.stops_at_failure = on,
                "u" | "nounset" => shell.refuses_unset = on,
                _ => {}
            }
        }
    }
    if !rest.is_empty() {
        shell.arguments = rest.iter().map(|word| word.text.clone()).collect();
    }
    Ok(Status::ZERO)
}

fn shift(shell: &mut Shell<'_>, words: &[Field]) -> Result<Status, Stop> {
    let count = words.first().map_or(Some(1), |word| word.text.parse::<usize>().ok());
    shell.fuel.spend(shell.arguments.len())?;
    match count.filter(|count| *count <= shell.arguments.len()) {
        Some(count) => {
            shell.arguments.drain(..count);
            Ok(Status::ZERO)
        }
        None => shell.complaint(1),
    }
}
