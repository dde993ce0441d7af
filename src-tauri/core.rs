//! The client of this home, opened when it is first needed and again after it could not be, and the vault
//! embedded in this computer, hosted as long as the app runs.

use twinlock_client::home::Home;
use twinlock_client::keychain::{Chosen, KeychainChoice, KeychainError, Passphrase};
use twinlock_client::{Client, Clock, Error, OpenOptions, Pin, SecretText, VaultLocation};
use twinlock_server::embedded::{self, Embedded};

use crate::dto::{CommandError, Unlocking};

/// What the shell holds of the core.
#[derive(Default)]
pub(crate) struct Core {
    client: tokio::sync::OnceCell<Client>,
    vault: tokio::sync::Mutex<Option<Embedded>>,
    unlocked: tokio::sync::Notify,
}

impl Core {
    /// The client. The first caller opens it; if that fails, the next one tries again.
    pub(crate) async fn client(&self) -> Result<&Client, CommandError> {
        let client = self
            .client
            .get_or_try_init(async || Ok::<_, CommandError>(Client::open(options(keychain()?)).await?))
            .await?;
        if client.needs_local_vault().await && self.vault.lock().await.is_none() {
            self.host_vault(client).await?;
        }
        Ok(client)
    }

    /// Locks every program of this home. Waits for no verb that waits for a vault before it says so to the others.
    pub(crate) async fn lock(&self) -> Result<(), CommandError> {
        let client = match self.client.get() {
            Some(client) => client,
            None => self.client().await?,
        };
        Ok(client.lock_keys().await?)
    }

    /// Takes the keys, also those of a home that is locked, and ends the lock.
    pub(crate) async fn unlock(&self, typed: Option<Passphrase>) -> Result<(), CommandError> {
        let choice = match (kind()?, typed) {
            (Chosen::Os, _) => KeychainChoice::Os,
            (Chosen::File, Some(passphrase)) => KeychainChoice::File(passphrase),
            (Chosen::File, None) => return Err(Error::from(KeychainError::NoPassphrase).into()),
        };
        match self.client.get() {
            Some(client) => client.unlock_keys(choice).await?,
            None => {
                let open = async || Ok::<_, CommandError>(Client::open_unlocking(options(choice)).await?);
                self.client.get_or_try_init(open).await?;
            }
        }
        self.unlocked.notify_waiters();
        Ok(())
    }

    /// What a person has to do for that.
    pub(crate) fn unlocking() -> Result<Unlocking, CommandError> {
        Ok(match (kind()?, home()?) {
            (Chosen::Os, _) => Unlocking::Press,
            (Chosen::File, Some(home)) if home.keychain_file().exists() => Unlocking::Passphrase,
            (Chosen::File, _) => Unlocking::NewPassphrase,
        })
    }

    /// Waits until somebody unlocks in this app.
    pub(crate) async fn unlocked(&self) {
        self.unlocked.notified().await;
    }

    /// Whether this home is locked, by whichever program; not whether its keychain is out of reach.
    pub(crate) fn home_is_locked() -> bool {
        home().is_ok_and(|home| home.is_some_and(|home| home.is_locked()))
    }

    /// Hosts the embedded vault, or finds the program of this home that does, and tells the client where it
    /// listens. Asked again when it cannot be reached: that other program may have ended.
    pub(crate) async fn host_vault(&self, client: &Client) -> Result<Option<SecretText>, CommandError> {
        let mut held = self.vault.lock().await;
        if !matches!(*held, Some(Embedded::Here(..))) {
            let folder = client.home()?.vault();
            let vault = embedded::host_or_find(&folder).await.map_err(|error| {
                CommandError::failed(format!("The vault of this computer did not start: {error}"))
            })?;
            *held = Some(vault);
        }
        let Some(vault) = held.as_ref() else { return Ok(None) };
        let address = vault.address();
        let location = location(&address.url, Some(&address.pin))?;
        client.set_local_vault(location).await?;
        Ok(address.setup_code.as_ref().map(|code| SecretText::new(code.expose().to_owned())))
    }

    /// Stops the embedded vault, so that what it holds is closed in order.
    pub(crate) async fn stop(&self) {
        if let Some(vault) = self.vault.lock().await.take()
            && let Err(error) = vault.stop().await
        {
            eprintln_line(&format!("The vault of this computer did not stop in order: {error}"));
        }
    }

    /// The name by which a second start of the app finds this one: another home is another app.
    pub(crate) fn instance() -> Option<String> {
        std::env::var_os("TWINLOCK_HOME").filter(|home| !home.is_empty())?;
        let folder = Home::locate(None).ok()?;
        let bytes = folder.as_os_str().as_encoded_bytes();
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        Some(format!("dev.twinlock.desktop.home{}", &hex[hex.len().saturating_sub(160)..]))
    }
}

/// A vault's address as somebody typed it.
pub(crate) fn location(address: &str, pin: Option<&str>) -> Result<VaultLocation, CommandError> {
    let address = address.trim();
    let unusable = || {
        CommandError::failed(format!(
            "{address} is not a vault's address. It looks like https://vault.example.org."
        ))
    };
    let url = url::Url::parse(address).map_err(|_| unusable())?;
    let pin = pin
        .map(str::trim)
        .filter(|pin| !pin.is_empty())
        .map(str::parse::<Pin>)
        .transpose()
        .map_err(Error::from)?;
    Ok(VaultLocation { url, pin })
}

fn options(keychain: KeychainChoice) -> OpenOptions {
    OpenOptions { home: None, keychain, local_vault: None, clock: Clock::default() }
}

fn home() -> Result<Option<Home>, CommandError> {
    Ok(Home::open(&Home::locate(None).map_err(Error::from)?).map_err(Error::from)?)
}

/// The keychain, if it opens without asking a person for anything of ours.
fn keychain() -> Result<KeychainChoice, CommandError> {
    match kind()? {
        Chosen::Os => Ok(KeychainChoice::Os),
        Chosen::File => {
            let passphrase =
                Passphrase::from_environment().ok_or(Error::from(KeychainError::NoPassphrase))?;
            Ok(KeychainChoice::File(passphrase))
        }
    }
}

/// Which keychain the surroundings name.
fn kind() -> Result<Chosen, CommandError> {
    match std::env::var("TWINLOCK_KEYCHAIN").as_deref() {
        Err(_) | Ok("" | "os") => Ok(Chosen::Os),
        Ok("file") => Ok(Chosen::File),
        Ok(_) => Err(CommandError::failed(
            "TWINLOCK_KEYCHAIN is neither “os” nor “file”. Set it to one of them, or leave it out.",
        )),
    }
}

/// A line for whoever started the app from a terminal. Never holds a name or a value.
#[expect(
    clippy::print_stderr,
    reason = "the one place where the desktop app says something outside its window"
)]
pub(crate) fn eprintln_line(line: &str) {
    eprintln!("{line}");
}
