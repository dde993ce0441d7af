//! Files that a person dropped or chose. The page is given an id of no other use and never a path to hand
//! back, so it can have nothing read, linked or sent that no person offered.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

/// The offers that were neither taken nor declined.
#[derive(Default)]
pub(crate) struct Offers(Mutex<HashMap<String, PathBuf>>);

impl Offers {
    /// Offers a file under an id that nobody can guess.
    pub(crate) fn add(&self, path: PathBuf) -> String {
        let id = format!("{:032x}", rand::random::<u128>());
        self.held().insert(id.clone(), path);
        id
    }

    /// The file, while it is on offer.
    pub(crate) fn path(&self, id: &str) -> Option<PathBuf> {
        self.held().get(id).cloned()
    }

    /// Ends an offer: it was taken or declined.
    pub(crate) fn end(&self, id: &str) {
        self.held().remove(id);
    }

    fn held(&self) -> std::sync::MutexGuard<'_, HashMap<String, PathBuf>> {
        // A map of paths is whole whatever a panicking thread was doing.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offer_names_its_file_until_it_ends() {
        let offers = Offers::default();
        let (first, second) = (offers.add("/a/.env".into()), offers.add("/b/.env".into()));
        assert_ne!(first, second);
        assert_eq!(offers.path(&first), Some(PathBuf::from("/a/.env")));
        offers.end(&first);
        assert_eq!(offers.path(&first), None);
        assert_eq!(offers.path(&second), Some(PathBuf::from("/b/.env")));
        assert_eq!(offers.path("/a/.env"), None);
    }
}
