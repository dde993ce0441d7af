//! The client of this home, ready to be called: with its keychain, and with the embedded vault where the
//! team lives in it.

use std::io;

use twinlock_client::home::Home;
use twinlock_client::keychain::{KeychainChoice, KeychainError, Passphrase};
use twinlock_client::{
    Client, Clock, Error, OpenOptions, SecretText, ServiceToken, VaultError, VaultLocation,
};
use twinlock_server::embedded::{self, Address, Embedded};
use url::Url;

use crate::failure::Failure;

/// An open client, and the embedded vault as long as this program hosts it.
pub(crate) struct Opened {
    client: Client,
    vault: Option<Embedded>,
}

impl Opened {
    /// Opens the home that the environment names. A team of the embedded vault finds it running.
    pub(crate) async fn open() -> Result<Self, Failure> {
        // Asked before a passphrase is: of a locked home nobody wants one.
        let home = Home::open(&Home::locate(None).map_err(Error::from)?).map_err(Error::from)?;
        if home.is_some_and(|home| home.is_locked()) {
            return Err(Error::Locked.into());
        }
        let mut opened = Self { client: Client::open(options()?).await?, vault: None };
        if opened.client.needs_local_vault().await {
            opened.start_vault().await?;
        }
        Ok(opened)
    }

    /// A client of a service: no home, no keychain, nothing written.
    pub(crate) async fn with_token(token: ServiceToken) -> Result<Self, Failure> {
        Ok(Self { client: Client::with_token(token).await?, vault: None })
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// Hosts the embedded vault, or finds the program that does. Gives the setup code, if it has no team yet.
    pub(crate) async fn start_vault(&mut self) -> Result<Option<SecretText>, Failure> {
        let vault = embedded::host_or_find(&self.client.home()?.vault()).await?;
        self.client.set_local_vault(location(vault.address())?).await?;
        let setup_code =
            vault.address().setup_code.as_ref().map(|code| SecretText::new(code.expose().to_owned()));
        self.vault = Some(vault);
        Ok(setup_code)
    }

    /// Whether another program hosts the embedded vault that this home's team lives in.
    pub(crate) fn vault_is_elsewhere(&self) -> bool {
        matches!(self.vault, Some(Embedded::Elsewhere(_)))
    }

    /// Stops the embedded vault, if this program hosts it.
    pub(crate) async fn close(self) -> Result<(), Failure> {
        match self.vault {
            Some(vault) => Ok(vault.stop().await?),
            None => Ok(()),
        }
    }
}

fn location(address: &Address) -> Result<VaultLocation, Failure> {
    let url = Url::parse(&address.url).map_err(|_| Error::from(VaultError::Address(address.url.clone())))?;
    let pin = address.pin.parse().map_err(Error::from)?;
    Ok(VaultLocation { url, pin: Some(pin) })
}

/// The home and the keychain that the environment names.
pub(crate) fn options() -> Result<OpenOptions, Failure> {
    Ok(OpenOptions { home: None, keychain: keychain()?, local_vault: None, clock: Clock::default() })
}

/// The keychain that `TWINLOCK_KEYCHAIN` names; never another one.
fn keychain() -> Result<KeychainChoice, Failure> {
    match std::env::var_os("TWINLOCK_KEYCHAIN").as_deref().map(|name| name.to_str()) {
        None | Some(Some("os" | "")) => Ok(KeychainChoice::Os),
        Some(Some("file")) => Ok(KeychainChoice::File(passphrase()?)),
        Some(_) => Err(Failure::Usage(
            "TWINLOCK_KEYCHAIN is neither “os” nor “file”. Nothing was changed.".to_owned(),
        )),
    }
}

/// From `TWINLOCK_PASSPHRASE`, else typed; a new one is typed twice.
fn passphrase() -> Result<Passphrase, Failure> {
    if let Some(passphrase) = Passphrase::from_environment() {
        return Ok(passphrase);
    }
    let home = Home::open(&Home::locate(None).map_err(Error::from)?).map_err(Error::from)?;
    let known = home.is_some_and(|home| home.keychain_file().exists());
    let typed = ask(if known { "Passphrase: " } else { "New passphrase: " })?;
    if !known && *typed != *ask("The same again: ")? {
        return Err(Failure::Usage("The two passphrases differ. Nothing was changed.".to_owned()));
    }
    Ok(Passphrase::new(typed.to_string()))
}

fn ask(prompt: &str) -> Result<zeroize::Zeroizing<String>, Failure> {
    // Without a terminal there is nobody to ask, which is the same as no passphrase.
    let typed = rpassword::prompt_password(prompt).map_err(|error: io::Error| match error.kind() {
        io::ErrorKind::Interrupted => Failure::Input(error),
        _ => Error::from(KeychainError::NoPassphrase).into(),
    })?;
    Ok(zeroize::Zeroizing::new(typed))
}
