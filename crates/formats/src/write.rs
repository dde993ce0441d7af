//! Variables out, in the format that is asked for.

use twinlock_dotenv::Dialect;
use zeroize::Zeroizing;

use crate::error::WriteError;
use crate::kubernetes::SecretName;
use crate::variables::Variables;
use crate::{docker, env, json, kubernetes, shell, yaml};

/// The format to write, with what it needs to know.
#[derive(Clone, Copy, Debug)]
pub enum Target<'t> {
    /// A `.env` text that reads back in this dialect.
    Env(Dialect),
    /// A JSON object.
    Json,
    /// A YAML mapping.
    Yaml,
    /// Shell exports.
    Shell,
    /// Lines for Docker's `--env-file`.
    Docker,
    /// A Kubernetes Secret of this name.
    Kubernetes(&'t SecretName),
}

/// Writes the variables, in their order.
///
/// # Errors
///
/// [`WriteError`] with the names that the format cannot hold, or cannot hold the values of.
/// Nothing is left out silently and nothing is written approximately.
pub fn write(variables: &Variables, target: Target<'_>) -> Result<Zeroizing<String>, WriteError> {
    match target {
        Target::Env(dialect) => env::write(variables, dialect),
        Target::Json => Ok(json::write(variables)),
        Target::Yaml => Ok(yaml::write(variables)),
        Target::Shell => shell::write(variables),
        Target::Docker => docker::write(variables),
        Target::Kubernetes(name) => kubernetes::write(variables, name),
    }
}
