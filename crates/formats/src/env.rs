//! The text of a `.env` file: an assignment for each variable, spelled so that it reads back in
//! the dialect of the project and in as many others as possible.

use twinlock_dotenv::{Assignment, Dialect, Surroundings};
use zeroize::Zeroizing;

use crate::error::WriteError;
use crate::format::Format;
use crate::variables::{Variable, Variables};

/// Writes an assignment for each variable.
pub(crate) fn write(variables: &Variables, dialect: Dialect) -> Result<Zeroizing<String>, WriteError> {
    let names = variables.names_unless(|variable| is_name(variable.name()));
    if !names.is_empty() {
        let reason = "a name there is at most 128 letters, digits, _ . and -, and begins with a letter or _";
        return Err(WriteError::Names { format: Format::Env, names, reason });
    }
    let mut out = Zeroizing::new(String::new());
    let mut unspelled = Vec::new();
    for variable in variables {
        match spelled(variable, dialect) {
            Some(line) => out.push_str(&line),
            None => unspelled.push(variable.name().to_owned()),
        }
    }
    if unspelled.is_empty() {
        return Ok(out);
    }
    let reason = "the loader of this project would read every spelling of it as something else";
    Err(WriteError::Values { format: Format::Env, names: unspelled, reason })
}

fn is_name(name: &str) -> bool {
    let left = format!("{name}=");
    Assignment::at_start(&left).is_some_and(|found| found.name() == name)
}

/// The assignment in the spelling that most dialects read back, this one among them.
fn spelled(variable: &Variable, dialect: Dialect) -> Option<Zeroizing<String>> {
    let value = variable.value();
    let escaped = |specials: &[char]| {
        let mut out = String::new();
        for c in value.chars() {
            match c {
                '\n' => out.push_str("\\n"),
                '\r' => out.push_str("\\r"),
                c if specials.contains(&c) => out.extend(['\\', c]),
                c => out.push(c),
            }
        }
        out
    };
    let spellings = [
        value.to_owned(),
        format!("'{value}'"),
        format!("\"{value}\""),
        format!("`{value}`"),
        format!("\"{}\"", escaped(&[])),
        format!("\"{}\"", escaped(&['"', '\\', '$'])),
        format!("\"{}\"", escaped(&['"', '\\', '$', '`'])),
        format!("'{}'", value.replace('\'', "'\\''")),
    ];
    let mut best = None;
    for spelling in spellings {
        let line = Zeroizing::new(format!("{}={spelling}\n", variable.name()));
        if !reads_back(dialect, &line, variable) {
            continue;
        }
        let readers = Dialect::ALL.into_iter().filter(|other| reads_back(*other, &line, variable)).count();
        if best.as_ref().is_none_or(|(most, _)| readers > *most) {
            best = Some((readers, line));
        }
    }
    best.map(|(_, line)| line)
}

fn reads_back(dialect: Dialect, line: &str, variable: &Variable) -> bool {
    dialect.read(line, &Surroundings::default()).is_ok_and(|readings| {
        let (found, left_out) = Variables::from_readings(readings);
        left_out.is_empty() && found.iter().eq([variable])
    })
}
