//! A text in, in the format that it is in.

use zeroize::Zeroizing;

use crate::error::ReadError;
use crate::variables::{LeftOut, Variables};
use crate::{MAX_INPUT, docker, json, kubernetes, shell, vault, yaml};

/// The format of a text, with what reading it takes.
#[derive(Clone, Copy)]
pub enum Source<'t> {
    /// A `.env` text, or a `.env.example`: it comes in as it is written.
    Env,
    /// A flat JSON object.
    Json,
    /// A flat YAML mapping.
    Yaml,
    /// Shell exports. No command is run.
    Shell,
    /// Lines for Docker's `--env-file`.
    Docker,
    /// A Kubernetes Secret, in YAML or JSON.
    Kubernetes,
    /// A `.env.vault` and its `DOTENV_KEY`, or several with commas between them.
    Vault {
        /// The key: a secret.
        key: &'t str,
    },
}

/// What a text gave.
#[derive(Clone)]
pub enum Imported {
    /// The text of a `.env` file, to be taken as it is written, comments and all.
    Text(Zeroizing<String>),
    /// Variables, to be written in the dialect of the project.
    Variables {
        /// The variables, in the order of the text.
        variables: Variables,
        /// The names that have no value to hand over.
        left_out: Vec<LeftOut>,
    },
}

/// Reads a text. Takes time in proportion to its length, whatever is written in it.
///
/// # Errors
///
/// [`ReadError`]: the text is too long, breaks the rules of its format, holds what no variable
/// can hold, or does not open.
pub fn read(text: &str, source: Source<'_>) -> Result<Imported, ReadError> {
    if text.len() > MAX_INPUT {
        return Err(ReadError::TooLarge);
    }
    let variables = |variables| Imported::Variables { variables, left_out: Vec::new() };
    let readings = |readings| {
        let (variables, left_out) = Variables::from_readings(readings);
        Imported::Variables { variables, left_out }
    };
    match source {
        Source::Env => Ok(Imported::Text(Zeroizing::new(text.to_owned()))),
        Source::Json => json::read(text).map(variables),
        Source::Yaml => yaml::read(text).map(variables),
        Source::Shell => Ok(readings(shell::read(text)?)),
        Source::Docker => Ok(readings(docker::read(text)?)),
        Source::Kubernetes => kubernetes::read(text).map(variables),
        Source::Vault { key } => Ok(Imported::Text(vault::open(text, key)?)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_too_long_is_refused_in_every_format() {
        let text = " ".repeat(MAX_INPUT + 1);
        let sources = [
            Source::Env,
            Source::Json,
            Source::Yaml,
            Source::Shell,
            Source::Docker,
            Source::Kubernetes,
            Source::Vault { key: "" },
        ];
        for source in sources {
            assert_eq!(read(&text, source).err(), Some(ReadError::TooLarge));
        }
    }
}
