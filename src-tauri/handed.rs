//! What is made to be handed on: an invite link, a service's token. Kept here while somebody looks at it, so that the
//! page holds it only where a person asked to see it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use twinlock_client::SecretText;
use zeroize::Zeroizing;

/// What was made and is still looked at.
#[derive(Default)]
pub(crate) struct Handed(Mutex<HashMap<String, SecretText>>);

impl Handed {
    /// Keeps a text, under an id that nobody can guess.
    pub(crate) fn keep(&self, text: SecretText) -> String {
        let id = format!("{:032x}", rand::random::<u128>());
        self.held().insert(id.clone(), text);
        id
    }

    /// The text, while it is kept.
    pub(crate) fn take_a_look(&self, id: &str) -> Option<Zeroizing<String>> {
        // For the page that shows it, or for the clipboard.
        self.held().get(id).map(|text| Zeroizing::new(text.expose().to_owned()))
    }

    /// Wipes it.
    pub(crate) fn forget(&self, id: &str) {
        self.held().remove(id);
    }

    /// Wipes all of it.
    pub(crate) fn forget_all(&self) {
        self.held().clear();
    }

    fn held(&self) -> std::sync::MutexGuard<'_, HashMap<String, SecretText>> {
        // A map of texts is whole whatever a panicking thread was doing.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_there_until_it_is_forgotten() {
        let handed = Handed::default();
        let id = handed.keep(SecretText::new("twinlock:join#abc".to_owned()));
        assert_eq!(handed.take_a_look(&id).unwrap().as_str(), "twinlock:join#abc");
        assert!(handed.take_a_look("another").is_none());
        handed.forget(&id);
        assert!(handed.take_a_look(&id).is_none());
    }
}
