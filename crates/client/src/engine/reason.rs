//! Why a revision is made: in a word that everybody sees, and in its author's own words, sealed.

use twinlock_protocol::ids::{EnvironmentId, MessageId};
use twinlock_protocol::limits;
use twinlock_protocol::revision::{Cause, SealedMessage};
use twinlock_seal::SecretText;

use super::{Joined, random_id};
use crate::error::Error;

/// What a revision came from, and why.
pub(super) struct Reason {
    pub(super) cause: Cause,
    pub(super) message: Option<Message>,
}

/// Why, for those who may see the environment's names. One line or several, without blanks at either end.
#[derive(Clone)]
pub struct Message(SecretText);

impl Message {
    /// Takes what somebody wrote; nothing is no message.
    pub fn new(text: &SecretText) -> Result<Option<Self>, Error> {
        let text = text.expose().trim();
        if text.chars().count() > limits::MESSAGE_CHARACTERS {
            return Err(Error::Limit { what: "A message has at most 500 characters.".to_owned() });
        }
        Ok((!text.is_empty()).then(|| Self(SecretText::new(text.to_owned()))))
    }

    pub(super) fn seal(&self, joined: &Joined, environment: EnvironmentId) -> Result<SealedMessage, Error> {
        let session = &joined.session;
        let missing = || Error::KeysMissing { environment: session.environment_name(environment) };
        let generation = session.team.environment(environment).map_err(|_| missing())?.current().number;
        let held = session.environment(environment).ok_or_else(missing)?;
        let pointer = MessageId::new(random_id());
        let key = held.name_key(generation).ok_or_else(missing)?;
        Ok(SealedMessage { pointer, text: key.seal_message(pointer, self.0.expose(), &mut rand::rng()) })
    }
}

impl From<Cause> for Reason {
    fn from(cause: Cause) -> Self {
        Self { cause, message: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_has_its_limit_in_characters() {
        let message = |text: String| Message::new(&SecretText::new(text)).map(|message| message.is_some());
        assert!(message("é".repeat(500)).unwrap());
        assert!(message(format!(" {}\n", "é".repeat(500))).unwrap());
        assert!(!message(" \n".to_owned()).unwrap());
        assert!(message("é".repeat(501)).is_err());
    }
}
