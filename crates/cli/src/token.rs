//! `TWINLOCK_TOKEN`: the one secret that is taken from the environment, for that is how CI gives secrets. With
//! it the commands that read need no home, and nothing is written anywhere.

use twinlock_client::{Error, SecretText, ServiceToken};

use crate::arguments::Command;
use crate::failure::Failure;

/// The variable.
pub(crate) const TOKEN: &str = "TWINLOCK_TOKEN";

/// The token that the environment has, if it has one.
pub(crate) fn from_environment() -> Result<Option<ServiceToken>, Failure> {
    let Some(text) = std::env::var_os(TOKEN) else { return Ok(None) };
    let text = SecretText::new(text.into_string().unwrap_or_default());
    // Where a secret does not reach a job it is there and empty: nothing else is to be used in its place.
    if text.expose().trim().is_empty() {
        return Err(Failure::Usage(format!(
            "{TOKEN} is set and holds no token: the secret did not reach this program. Nothing was done."
        )));
    }
    Ok(Some(ServiceToken::parse(text.expose()).map_err(Error::from)?))
}

/// Refuses what a service cannot do, before anything is asked.
pub(crate) fn check(command: &Command) -> Result<(), Failure> {
    let reads = matches!(
        command,
        Command::Run(_)
            | Command::Get(_)
            | Command::Ls(_)
            | Command::Export(_)
            | Command::Example(_)
            | Command::Pin(_)
    );
    if reads { Ok(()) } else { Err(Error::Service.into()) }
}
