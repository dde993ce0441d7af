//! Setting and removing variables of an environment, without a linked file. What is not named stays to the byte.

use twinlock_dotenv::edit::{self, Which};
use twinlock_dotenv::{Document, Surroundings, Value};
use twinlock_protocol::ids::EnvironmentId;
use twinlock_protocol::revision::Cause;
use twinlock_seal::SecretText;
use zeroize::Zeroizing;

use super::Client;
use super::write::WriteOutcome;
use crate::error::Error;

impl Client {
    /// Gives variables their values, each written so that the environment's loader reads it back.
    pub async fn set(
        &self,
        environment: EnvironmentId,
        values: &[(String, SecretText)],
    ) -> Result<WriteOutcome, Error> {
        let _lock = self.lock().await?;
        let mut state = self.state().await;
        let joined = state.joined()?;
        let dialect = self.first_dialect_of(environment)?;
        self.rewrite(joined, environment, Cause::Push, |before| {
            values.iter().try_fold(Zeroizing::new(before.to_owned()), |text, (name, value)| {
                Ok(Zeroizing::new(edit::set(&Document::parse(&text), dialect, name, value.expose())?.text))
            })
        })
        .await
    }

    /// The same with the variables of a `.env` text, as the environment's loader reads it.
    pub async fn set_from_text(
        &self,
        environment: EnvironmentId,
        text: &SecretText,
    ) -> Result<WriteOutcome, Error> {
        let dialect = self.first_dialect_of(environment)?;
        let readings = dialect.read(text.expose(), &Surroundings::default()).map_err(|refused| {
            Error::Usage(format!("Read as {}: {refused}. Nothing was changed.", dialect.name()))
        })?;
        let mut values = Vec::new();
        for reading in readings {
            let Value::Text(value) = reading.value else {
                let sentence = format!("{} has no value that is a text. Nothing was changed.", reading.name);
                return Err(Error::Usage(sentence));
            };
            values.push((reading.name, SecretText::new(value)));
        }
        self.set(environment, &values).await
    }

    /// Removes variables, every one of each name.
    pub async fn unset(&self, environment: EnvironmentId, names: &[String]) -> Result<WriteOutcome, Error> {
        let _lock = self.lock().await?;
        let mut state = self.state().await;
        let joined = state.joined()?;
        let dialect = self.first_dialect_of(environment)?;
        self.rewrite(joined, environment, Cause::Push, |before| {
            names.iter().try_fold(Zeroizing::new(before.to_owned()), |text, name| {
                let edited = edit::remove(&Document::parse(&text), dialect, name, Which::Every)?;
                Ok(Zeroizing::new(edited.text))
            })
        })
        .await
    }
}
