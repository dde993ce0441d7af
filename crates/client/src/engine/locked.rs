//! Locking: all keys of this home are put away, in every program that has them. What is locked and stays watched is
//! neither opened nor sent.

use super::{Client, Event, Joined, Keys, OpenOptions, State, join_blocking, load};
use crate::error::Error;
use crate::keychain::{Account, Chosen, KeychainChoice, Passphrase};

impl Client {
    /// Opens a home that is locked, and ends the lock once its keys were had. With the file keychain that takes the
    /// passphrase; the system's keychain gives them to whoever is signed in.
    pub async fn open_unlocking(options: OpenOptions) -> Result<Self, Error> {
        let client = Self::open_home(options, |_| Ok(())).await?;
        client.place()?.home.unlock()?;
        Ok(client)
    }

    /// Whether this program's keys are put away: this home was locked, and not unlocked here since.
    pub async fn is_locked(&self) -> bool {
        self.state().await.keys == Keys::PutAway
    }

    /// Locks this home: this program puts its keys away before it answers, every other one when it next looks.
    pub async fn lock_keys(&self) -> Result<(), Error> {
        self.place()?.home.lock()?;
        let mut state = self.inner.state.lock().await;
        self.put_keys_away(&mut state);
        Ok(())
    }

    /// Takes the keys again, and ends the lock of this home. If they are not to be had, it stays locked.
    pub async fn unlock_keys(&self, keychain: KeychainChoice) -> Result<(), Error> {
        let mut state = self.inner.state.lock().await;
        let client = self.clone();
        let take = move || {
            let (place, store) = (client.place()?, client.store());
            let taken = place.keychain.take_up(keychain, &place.home).map_err(Error::from).and_then(|()| {
                store.take_key(&place.home, &place.keychain.get(Account::Local)?)?;
                load(&place.keychain, store)
            });
            if taken.is_err() {
                place.keychain.put_away();
                store.forget_key();
            }
            taken
        };
        let session = match join_blocking(take).await {
            Ok(session) => session,
            Err(error) => {
                state.joined = None;
                state.keys = Keys::PutAway;
                return Err(error);
            }
        };
        self.place()?.home.unlock()?;
        let home = self.home()?;
        let joined = |session| Joined::new(session, state.local_vault.as_ref(), Some(home));
        state.joined = session.map(joined).transpose()?;
        state.keys = Keys::Here;
        // Kept for the watch if it is busy with something else.
        self.inner.unlocked.notify_one();
        self.emit(Event::Unlocked);
        Ok(())
    }

    /// Wipes all keys of this program.
    pub(super) fn put_keys_away(&self, state: &mut State) {
        if state.keys == Keys::PutAway {
            return;
        }
        state.keys = Keys::PutAway;
        state.joined = None;
        self.inner.store.forget_key();
        if let Some(place) = &self.inner.place {
            place.keychain.put_away();
        }
        self.emit(Event::Locked);
    }

    /// Whether the keys are here, after looking what other programs of this home did: keys are put away when one of
    /// them locked it, and taken again when one of them unlocked it, where that asks nobody anything.
    pub(super) async fn keys(&self) -> Keys {
        if !self.is_locked().await {
            return Keys::Here;
        }
        let Some(place) = &self.inner.place else { return Keys::PutAway };
        if place.home.is_locked() {
            return Keys::PutAway;
        }
        let choice = match place.keychain.chosen() {
            Chosen::Os => Some(KeychainChoice::Os),
            Chosen::File => Passphrase::from_environment().map(KeychainChoice::File),
        };
        let Some(choice) = choice else { return Keys::PutAway };
        match self.unlock_keys(choice).await {
            Ok(()) => Keys::Here,
            Err(error) => {
                tracing::debug!(%error, "the keys could not be taken again");
                Keys::PutAway
            }
        }
    }
}
