//! The file keychain: all keys of a home in one file, sealed under a passphrase, for machines that have
//! no keychain of their own.
//!
//! Argon2id (its cost beside the salt, within bounds) gives the key, AES-256-GCM seals, and everything in
//! the clear is authenticated. The passphrase and the keys are never written anywhere else.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use aes_gcm::Nonce;
use aes_gcm::aead::{Aead as _, Generate as _, Payload};
use subtle::ConstantTimeEq as _;
use twinlock_memory::clean_stack;
use twinlock_protocol::encoding::Bytes;
use zeroize::Zeroizing;

use super::sealed::{AnyVersion, Content, Derivation, Entry, Keys, Sealed};
use super::{Account, Key, KeychainError, Passphrase, from_kept};
use crate::files::atomic::{self, Existing};
use crate::home::HomeId;
use crate::store::lock::private_file;

const VERSION: u32 = 1;

/// Far more than a home's keys need; a larger file is not one of ours.
const FILE_LIMIT: u64 = 1024 * 1024;

pub(super) struct FileKeychain {
    path: PathBuf,
    home: HomeId,
    passphrase: Passphrase,
    /// Deriving takes a good part of a second, so its result is kept with what it was derived from.
    derived: Mutex<Option<(Derivation, Keys)>>,
}

impl FileKeychain {
    /// Tries the passphrase on the file, if there is one. The file is made when a first key is kept.
    pub(super) fn open(path: PathBuf, home: HomeId, passphrase: Passphrase) -> Result<Self, KeychainError> {
        if passphrase.as_bytes().is_empty() {
            return Err(KeychainError::NoPassphrase);
        }
        let keychain = Self { path, home, passphrase, derived: Mutex::new(None) };
        keychain.load()?;
        Ok(keychain)
    }

    pub(super) fn get(&self, account: Account) -> Result<Key, KeychainError> {
        clean_stack(|| {
            let mut content = self.load()?;
            let entry =
                content.entries.remove(&account.name(self.home)).ok_or(KeychainError::NoEntry { account })?;
            from_kept(entry.0.to_vec()).ok_or(KeychainError::NotAKey { account })
        })
    }

    pub(super) fn set(&self, account: Account, key: &Key) -> Result<(), KeychainError> {
        self.change(|content| {
            content.entries.insert(account.name(self.home), Entry(key.expose().to_vec().into()));
            Ok(())
        })
    }

    pub(super) fn delete(&self, account: Account) -> Result<(), KeychainError> {
        self.change(|content| match content.entries.remove(&account.name(self.home)) {
            Some(_) => Ok(()),
            None => Err(KeychainError::NoEntry { account }),
        })
    }

    /// Reads, changes and writes under a lock that the window and the command line share.
    fn change(
        &self,
        change: impl FnOnce(&mut Content) -> Result<(), KeychainError>,
    ) -> Result<(), KeychainError> {
        clean_stack(|| self.change_under_lock(change))
    }

    fn change_under_lock(
        &self,
        change: impl FnOnce(&mut Content) -> Result<(), KeychainError>,
    ) -> Result<(), KeychainError> {
        let lock = private_file(&self.path.with_extension("lock")).map_err(|source| self.unusable(source))?;
        lock.lock().map_err(|source| self.unusable(source))?;
        let mut content = self.load()?;
        change(&mut content)?;
        self.save(&content)
    }

    fn load(&self) -> Result<Content, KeychainError> {
        let Some(text) = read_bounded(&self.path).map_err(|source| self.unusable(source))? else {
            return Ok(Content::default());
        };
        let tampered = || KeychainError::Tampered { path: self.path.clone() };
        let AnyVersion { version } = serde_json::from_slice(&text).map_err(|_| tampered())?;
        if version > VERSION {
            return Err(KeychainError::Newer { version });
        }
        let sealed: Sealed = serde_json::from_slice(&text).map_err(|_| tampered())?;
        let opened = self.with_keys(sealed.derivation, |keys| {
            if !bool::from(keys.check.ct_eq(&sealed.check)) {
                return Err(KeychainError::WrongPassphrase);
            }
            let payload = Payload { msg: &sealed.content, aad: &sealed.clear_part(self.home) };
            keys.cipher()
                .decrypt(&Nonce::from(sealed.nonce), payload)
                .map(Zeroizing::new)
                .map_err(|_| tampered())
        })?;
        serde_json::from_slice(&opened).map_err(|_| tampered())
    }

    fn save(&self, content: &Content) -> Result<(), KeychainError> {
        let kept =
            self.derived.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(|(kept, _)| *kept);
        let derivation = kept.unwrap_or_else(Derivation::make);
        let opened = content.encode();
        let sealed = self.with_keys(derivation, |keys| {
            let nonce = Nonce::generate();
            let mut sealed = Sealed {
                version: VERSION,
                derivation,
                check: keys.check,
                nonce: nonce.into(),
                content: Bytes::default(),
            };
            let payload = Payload { msg: &opened, aad: &sealed.clear_part(self.home) };
            sealed.content = keys
                .cipher()
                .encrypt(&nonce, payload)
                .map_err(|_| KeychainError::Failed("the keys could not be sealed".into()))?
                .into();
            Ok(sealed)
        })?;
        let text =
            serde_json::to_vec_pretty(&sealed).map_err(|error| KeychainError::Failed(Box::new(error)))?;
        atomic::replace(&self.path, &text, Existing::Replaced).map_err(|source| self.unusable(source))
    }

    fn with_keys<T>(
        &self,
        derivation: Derivation,
        use_keys: impl FnOnce(&Keys) -> Result<T, KeychainError>,
    ) -> Result<T, KeychainError> {
        let mut derived = self.derived.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((from, keys)) = &*derived
            && *from == derivation
        {
            return use_keys(keys);
        }
        let bounds = || KeychainError::Bounds { path: self.path.clone() };
        let keys = derivation.keys(&self.passphrase).ok_or_else(bounds)?;
        let result = use_keys(&keys)?;
        *derived = Some((derivation, keys));
        Ok(result)
    }

    fn unusable(&self, source: io::Error) -> KeychainError {
        KeychainError::Unusable { path: self.path.clone(), source }
    }
}

fn read_bounded(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match std::fs::metadata(path) {
        Ok(metadata) if metadata.len() > FILE_LIMIT => Err(io::ErrorKind::FileTooLarge.into()),
        Ok(_) => std::fs::read(path).map(Some),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use twinlock_protocol::TeamId;

    const HOME: &str = "000102030405060708090a0b0c0d0e0f";
    const TEAM: Account = Account::Team(TeamId::new([7; 16]));

    struct Case {
        folder: tempfile::TempDir,
    }

    impl Case {
        fn new() -> Self {
            Self { folder: tempfile::tempdir().unwrap() }
        }

        fn path(&self) -> PathBuf {
            self.folder.path().join("keychain.json")
        }

        fn open(&self, passphrase: &str) -> Result<FileKeychain, KeychainError> {
            FileKeychain::open(self.path(), HOME.parse().unwrap(), Passphrase::new(passphrase.into()))
        }

        fn opened(&self, passphrase: &str) -> FileKeychain {
            self.open(passphrase).map_err(|error| error.to_string()).ok().unwrap()
        }

        /// Opening after the file was changed by hand.
        fn open_altered(&self, alter: impl FnOnce(&mut Value)) -> KeychainError {
            let good = std::fs::read(self.path()).unwrap();
            let mut file: Value = serde_json::from_slice(&good).unwrap();
            alter(&mut file);
            std::fs::write(self.path(), file.to_string()).unwrap();
            let error = self.open("right").err().unwrap();
            assert_eq!(std::fs::read_to_string(self.path()).unwrap(), file.to_string());
            std::fs::write(self.path(), good).unwrap();
            error
        }
    }

    fn secret(byte: u8) -> Key {
        Key::fill(|place| *place = [byte; 32])
    }

    #[test]
    fn keys_are_kept_read_again_and_forgotten() {
        let case = Case::new();
        let first = case.opened("right");
        assert!(!case.path().exists());
        assert!(matches!(first.get(TEAM), Err(KeychainError::NoEntry { account: TEAM })));
        first.set(TEAM, &secret(1)).unwrap();
        first.set(Account::Local, &secret(2)).unwrap();
        first.set(TEAM, &secret(3)).unwrap();

        let second = case.opened("right");
        assert_eq!(second.get(TEAM).ok().unwrap().expose(), &[3; 32]);
        assert_eq!(second.get(Account::Local).ok().unwrap().expose(), &[2; 32]);
        second.delete(TEAM).unwrap();
        assert!(matches!(first.get(TEAM), Err(KeychainError::NoEntry { .. })));
        assert!(matches!(first.delete(TEAM), Err(KeychainError::NoEntry { .. })));
        assert_eq!(first.get(Account::Local).ok().unwrap().expose(), &[2; 32]);
    }

    #[test]
    fn two_programs_lose_none_of_each_others_keys() {
        let case = Case::new();
        let teams: Vec<Account> = (0..6).map(|n| Account::Team(TeamId::new([n; 16]))).collect();
        std::thread::scope(|scope| {
            for (n, team) in (0_u8..).zip(&teams) {
                let case = &case;
                scope.spawn(move || case.opened("right").set(*team, &secret(n)).unwrap());
            }
        });
        let keychain = case.opened("right");
        for (n, team) in (0_u8..).zip(&teams) {
            assert_eq!(keychain.get(*team).ok().unwrap().expose(), &[n; 32]);
        }
    }

    #[test]
    fn a_wrong_passphrase_is_told_from_a_tampered_file() {
        let case = Case::new();
        case.opened("right").set(TEAM, &secret(1)).unwrap();
        assert!(matches!(case.open("wrong"), Err(KeychainError::WrongPassphrase)));
        assert!(matches!(case.open(""), Err(KeychainError::NoPassphrase)));

        let tampered = |error| matches!(error, KeychainError::Tampered { .. });
        assert!(tampered(case.open_altered(|file| {
            let content = file["content"].as_str().unwrap().to_owned();
            let flipped = if content.starts_with('A') { "B" } else { "A" };
            file["content"] = json!(format!("{flipped}{}", &content[1..]));
        })));
        assert!(tampered(case.open_altered(|file| file["nonce"] = json!("AAAAAAAAAAAAAAAA"))));
        assert!(tampered(case.open_altered(|file| file["version"] = json!(0))));
        assert!(tampered(case.open_altered(|file| file["more"] = json!(1))));
        assert!(tampered(case.open_altered(|file| *file = json!([]))));
        assert!(matches!(
            case.open_altered(|file| file["version"] = json!(2)),
            KeychainError::Newer { version: 2 }
        ));
        let elsewhere = FileKeychain::open(
            case.path(),
            "ff0102030405060708090a0b0c0d0e0f".parse().unwrap(),
            Passphrase::new("right".into()),
        );
        assert!(elsewhere.is_err_and(tampered));
    }

    #[test]
    fn a_derivation_out_of_bounds_is_refused_before_it_runs() {
        let case = Case::new();
        case.opened("right").set(TEAM, &secret(1)).unwrap();
        for (what, value) in [
            ("memory_kib", 8),
            ("memory_kib", 19 * 1024 - 1),
            ("memory_kib", u32::MAX),
            ("passes", 1),
            ("passes", u32::MAX),
            ("lanes", 0),
            ("lanes", 1000),
        ] {
            let error = case.open_altered(|file| file["derivation"][what] = json!(value));
            assert!(matches!(error, KeychainError::Bounds { .. }), "{what}={value}: {error}");
        }
        let cheaper = case.open_altered(|file| file["derivation"]["passes"] = json!(2));
        assert!(matches!(cheaper, KeychainError::WrongPassphrase), "{cheaper}");
    }

    #[test]
    fn neither_keys_nor_team_ids_are_in_the_file() {
        let case = Case::new();
        case.opened("a passphrase").set(TEAM, &secret(0xab)).unwrap();
        let raw = std::fs::read(case.path()).unwrap();
        for needle in [
            hex::encode([0xab; 32]).into_bytes(),
            hex::encode([7; 16]).into_bytes(),
            b"a passphrase".to_vec(),
        ] {
            assert!(!raw.windows(needle.len()).any(|window| window == needle));
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(std::fs::metadata(case.path()).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }
}
