//! The way of a pointer: noted, stored, used, or dying. The rules, apart from how they are stored. Pure.

use twinlock_protocol::{Digest, EnvironmentId, KeyholderId};

use super::store::{PointerState, StoredPointer};

/// Somebody puts a value.
#[derive(Clone, Copy)]
pub(super) struct Announced {
    pub(super) environment: EnvironmentId,
    pub(super) uploader: KeyholderId,
    pub(super) digest: Digest,
    /// Of the sealed value.
    pub(super) bytes: u32,
    pub(super) now: i64,
}

/// The pointer holds, or held, something else. The value has to be sealed afresh.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Taken;

/// What is known of a pointer once a value was put under it.
pub(super) fn announce(known: Option<StoredPointer>, put: Announced) -> Result<StoredPointer, Taken> {
    let Announced { environment, uploader, digest, bytes, now } = put;
    match known {
        None => Ok(StoredPointer {
            state: PointerState::Noted,
            touched_at: now,
            environment,
            uploader,
            digest,
            bytes,
        }),
        Some(known) if known.environment != environment || known.digest != digest => Err(Taken),
        Some(known) => match known.state {
            PointerState::Dying => Err(Taken),
            PointerState::Noted | PointerState::Stored => Ok(StoredPointer { touched_at: now, ..known }),
            PointerState::Used => Ok(known),
        },
    }
}

/// What is known of a pointer once the vault acknowledged its value.
pub(super) fn acknowledge(known: StoredPointer) -> Result<StoredPointer, Taken> {
    match known.state {
        PointerState::Dying => Err(Taken),
        PointerState::Noted => Ok(StoredPointer { state: PointerState::Stored, ..known }),
        PointerState::Stored | PointerState::Used => Ok(known),
    }
}

/// What is known of a pointer once a revision named it; `None` if there is no such value to name.
pub(super) fn take_into_use(
    known: Option<StoredPointer>,
    environment: EnvironmentId,
    digest: Digest,
) -> Option<StoredPointer> {
    let known = known?;
    let named = known.environment == environment && known.digest == digest;
    (named && known.state == PointerState::Stored)
        .then_some(StoredPointer { state: PointerState::Used, ..known })
}

/// What is known of a pointer once its value was purged: the sweeper deletes it.
pub(super) fn purge(known: Option<StoredPointer>, environment: EnvironmentId) -> Option<StoredPointer> {
    known
        .filter(|known| known.environment == environment)
        .map(|known| StoredPointer { state: PointerState::Dying, ..known })
}

/// Whether a value may be asked for: once a revision names it, and before that by whoever put it.
pub(super) fn is_served(known: &StoredPointer, environment: EnvironmentId, asker: KeyholderId) -> bool {
    known.environment == environment
        && match known.state {
            PointerState::Used => true,
            PointerState::Stored => known.uploader == asker,
            PointerState::Noted | PointerState::Dying => false,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: EnvironmentId = EnvironmentId::new([1; 16]);
    const ELSEWHERE: EnvironmentId = EnvironmentId::new([2; 16]);
    const ADA: KeyholderId = KeyholderId::new([3; 16]);
    const BEN: KeyholderId = KeyholderId::new([4; 16]);
    const DIGEST: Digest = Digest::new([5; 32]);
    const OTHER: Digest = Digest::new([6; 32]);

    fn put(environment: EnvironmentId, digest: Digest) -> Announced {
        Announced { environment, uploader: ADA, digest, bytes: 61, now: 100 }
    }

    fn known(state: PointerState) -> StoredPointer {
        StoredPointer { state, touched_at: 50, environment: HERE, uploader: ADA, digest: DIGEST, bytes: 61 }
    }

    #[test]
    fn the_same_value_may_be_put_again_and_gets_its_time_renewed() {
        for state in [PointerState::Noted, PointerState::Stored] {
            let again = announce(Some(known(state)), put(HERE, DIGEST)).unwrap();
            assert_eq!(again, StoredPointer { touched_at: 100, ..known(state) });
        }
        assert_eq!(
            announce(Some(known(PointerState::Used)), put(HERE, DIGEST)),
            Ok(known(PointerState::Used))
        );
    }

    #[test]
    fn another_value_or_environment_or_a_dying_pointer_is_taken() {
        for state in [PointerState::Noted, PointerState::Stored, PointerState::Used, PointerState::Dying] {
            assert_eq!(announce(Some(known(state)), put(HERE, OTHER)), Err(Taken));
            assert_eq!(announce(Some(known(state)), put(ELSEWHERE, DIGEST)), Err(Taken));
        }
        assert_eq!(announce(Some(known(PointerState::Dying)), put(HERE, DIGEST)), Err(Taken));
        assert_eq!(acknowledge(known(PointerState::Dying)), Err(Taken));
    }

    #[test]
    fn only_a_stored_value_of_this_environment_and_digest_is_taken_into_use() {
        let stored = known(PointerState::Stored);
        assert_eq!(take_into_use(Some(stored), HERE, DIGEST), Some(known(PointerState::Used)));
        assert_eq!(take_into_use(Some(stored), ELSEWHERE, DIGEST), None);
        assert_eq!(take_into_use(Some(stored), HERE, OTHER), None);
        assert_eq!(take_into_use(None, HERE, DIGEST), None);
        for state in [PointerState::Noted, PointerState::Used, PointerState::Dying] {
            assert_eq!(take_into_use(Some(known(state)), HERE, DIGEST), None);
        }
    }

    #[test]
    fn a_purged_value_dies_in_its_own_environment() {
        assert_eq!(purge(Some(known(PointerState::Used)), HERE), Some(known(PointerState::Dying)));
        assert_eq!(purge(Some(known(PointerState::Used)), ELSEWHERE), None);
        assert_eq!(purge(None, HERE), None);
    }

    #[test]
    fn a_value_is_served_to_readers_once_used_and_before_to_its_uploader() {
        assert!(is_served(&known(PointerState::Used), HERE, BEN));
        assert!(is_served(&known(PointerState::Stored), HERE, ADA));
        assert!(!is_served(&known(PointerState::Stored), HERE, BEN));
        assert!(!is_served(&known(PointerState::Used), ELSEWHERE, ADA));
        assert!(!is_served(&known(PointerState::Noted), HERE, ADA));
        assert!(!is_served(&known(PointerState::Dying), HERE, ADA));
    }
}
