//! Why a text could not be read, or variables could not be written. Names are told, values never.

use thiserror::Error;
use twinlock_dotenv::Refused;
use twinlock_dotenv::spelling::NoSpelling;

use crate::format::Format;
use crate::variables::DuplicateName;

/// Why variables cannot be written in a format.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum WriteError {
    /// The format has no way to write these names.
    #[error("{} cannot hold {}: {reason}.", capital(.format.title()), listed(.names))]
    Names {
        /// The format.
        format: Format,
        /// The names.
        names: Vec<String>,
        /// What the format asks of a name.
        reason: &'static str,
    },
    /// The format has no way to write the values of these names.
    #[error("{} cannot hold the value of {}: {reason}.", capital(.format.title()), listed(.names))]
    Values {
        /// The format.
        format: Format,
        /// The names.
        names: Vec<String>,
        /// What the format asks of a value.
        reason: &'static str,
    },
    /// No spelling of these values reads back in the dialect.
    #[error("{}", sentences(.0))]
    Unspelled(Vec<Unspelled>),
    /// All values together are more than the format can hold.
    #[error("{} can hold {limit} bytes of values, and these are more.", capital(.format.title()))]
    TooLarge {
        /// The format.
        format: Format,
        /// The most bytes.
        limit: usize,
    },
}

/// A variable that a loader cannot be given.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{name}: {why}")]
pub struct Unspelled {
    /// Its name.
    pub name: String,
    /// What stands in the way.
    pub why: NoSpelling,
}

/// Why a text gives no variables.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ReadError {
    /// The text is longer than [`crate::MAX_INPUT`].
    #[error("This text is longer than 4 MiB, so it is not read.")]
    TooLarge,
    /// The text breaks the rules of its format.
    #[error("This is not valid as {}: something is wrong at line {line}, column {column}.", .format.title())]
    Syntax {
        /// The format.
        format: Format,
        /// The line, counted from 1.
        line: usize,
        /// The column, counted from 1.
        column: usize,
    },
    /// The text is sound and is no list of names and values.
    #[error("This {} text is no list of names and values.", .format.title())]
    NotAList {
        /// The format.
        format: Format,
    },
    /// There is a second document in the text.
    #[error("This text holds more than one YAML document; import them one by one.")]
    SeveralDocuments,
    /// A value is a list or holds names of its own.
    #[error(
        "The value of {name} is a list or an object, and a variable can hold a text, a number, true or false."
    )]
    Nested {
        /// The name.
        name: String,
    },
    /// A name is no text.
    #[error("A name is a list or an object where a text belongs.")]
    NestedName,
    /// A value has a tag of YAML that says it is something else than a text or a number.
    #[error("The value of {name} has a YAML tag that makes it something else than a text.")]
    Tagged {
        /// The name.
        name: String,
    },
    /// Aliases of YAML would make the text longer than may be read.
    #[error("The aliases in this text repeat more than 4 MiB, so it is not read.")]
    Aliases,
    /// Mappings and lists stand in one another without measure.
    #[error("The mappings and lists in this text are nested too deep, so it is not read.")]
    TooDeep,
    /// A name came twice.
    #[error(transparent)]
    Duplicate(#[from] DuplicateName),
    /// A value is no text.
    #[error("The value of {name} is no text.")]
    NotText {
        /// The name.
        name: String,
    },
    /// A value that should be base64 is not.
    #[error("The value of {name} should be base64, and is not.")]
    NotBase64 {
        /// The name.
        name: String,
    },
    /// The text is no Secret of Kubernetes.
    #[error("This is no Kubernetes Secret: it does not say kind: Secret.")]
    NotASecret,
    /// The dialect refuses the text.
    #[error("This text gives no variables: {0}.")]
    Refused(#[from] Refused),
    /// The `.env.vault` does not open.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

/// Why a `.env.vault` does not open with a `DOTENV_KEY`.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum VaultError {
    /// The text given as the key is no address.
    #[error(
        "This is no DOTENV_KEY: one looks like dotenv://:key_…@dotenv.org/vault/.env.vault?environment=production."
    )]
    NotAKey,
    /// There are more keys than would be tried.
    #[error("This DOTENV_KEY holds more than 16 keys. Leave out those that were replaced.")]
    TooManyKeys,
    /// The address has no key in it, or one that is no 64 hexadecimal digits.
    #[error("The key in this DOTENV_KEY is incomplete: it ends in 64 hexadecimal digits (0-9, a-f).")]
    IncompleteKey,
    /// The address does not say for which environment it is.
    #[error("This DOTENV_KEY does not name its environment: it ends in ?environment= and a name.")]
    NoEnvironment,
    /// The environment of the key is not in the file.
    #[error("There is no {name} in this .env.vault{}.", others(.found))]
    NotInFile {
        /// The name that the file would have it under.
        name: String,
        /// The environments that are in the file.
        found: Vec<String>,
    },
    /// The sealed text is cut short or altered.
    #[error("The text of {name} is damaged: it is no base64, or too short.")]
    Damaged {
        /// The name in the file.
        name: String,
    },
    /// The key does not open it.
    #[error(
        "This DOTENV_KEY does not open {name}: the key belongs to another file or was replaced, or the text was altered."
    )]
    WrongKey {
        /// The name in the file.
        name: String,
    },
    /// It opens, and what is in it is not UTF-8.
    #[error("{name} opens, but what it holds is not UTF-8 text.")]
    NotText {
        /// The name in the file.
        name: String,
    },
}

/// Names for a sentence: the first twenty, and how many there are besides.
fn listed(names: &[String]) -> String {
    const SHOWN: usize = 20;
    let shown = names.iter().take(SHOWN).map(|name| printable(name)).collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// A name as it may stand in a sentence: control characters escaped.
fn printable(name: &str) -> String {
    if name.is_empty() {
        return "a name without a character".to_owned();
    }
    name.chars()
        .map(|c| if c.is_control() { c.escape_default().to_string() } else { c.to_string() })
        .collect()
}

/// One sentence to a line.
fn sentences(unspelled: &[Unspelled]) -> String {
    unspelled.iter().map(Unspelled::to_string).collect::<Vec<_>>().join("\n")
}

fn others(found: &[String]) -> String {
    match found {
        [] => ", nor any other environment".to_owned(),
        found => format!("; it has {}", listed(found)),
    }
}

fn capital(title: &str) -> String {
    let mut characters = title.chars();
    characters
        .next()
        .map_or_else(String::new, |first| format!("{}{}", first.to_uppercase(), characters.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_sentences() {
        let names = vec!["A.B".to_owned(), "9\n".to_owned(), String::new()];
        let error = WriteError::Names { format: Format::Shell, names, reason: "why" };
        assert_eq!(
            error.to_string(),
            "A shell script cannot hold A.B, 9\\n, a name without a character: why."
        );
        let names: Vec<String> = (0..23).map(|n| format!("N{n}")).collect();
        let error = WriteError::Values { format: Format::Docker, names, reason: "why" };
        assert!(error.to_string().ends_with("N18, N19 and 3 more: why."), "{error}");
        let error = VaultError::NotInFile { name: "DOTENV_VAULT_X".to_owned(), found: vec![] };
        assert_eq!(
            error.to_string(),
            "There is no DOTENV_VAULT_X in this .env.vault, nor any other environment."
        );
    }
}
