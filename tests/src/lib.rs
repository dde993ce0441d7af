//! What the tests of the whole system share: vaults, homes and waiting for a condition.
#![expect(clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

pub mod canary;
pub mod cast;
pub mod collusion;
pub mod forge;
pub mod forwarder;
pub mod hand;
pub mod kit;
pub mod lying_proxy;
#[cfg(target_os = "linux")]
pub mod memory;
pub mod processes;
pub mod programs;
pub mod recorder;
pub mod talk;

use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;
use twinlock_client::keychain::{KeychainChoice, Passphrase};
use twinlock_client::store::Mode;
use twinlock_client::{
    AccessRequest, Approval, Client, Clock, CreateMissing, InviteLink, InviteOptions, Label, LinkOptions,
    OpenOptions, ReadAs, Role, SecretText, TeamPlace, VaultLocation,
};
use twinlock_server::all::{self, AllOptions, Running, StartError};

/// What opens the file keychain of every [`Computer`].
pub const PASSPHRASE: &str = "correct horse";

/// A vault server of a test: both services, its folder kept over restarts.
pub struct TestVault {
    /// Its folder.
    pub data: TempDir,
    /// The running services; `None` while it is down.
    pub running: Option<Running>,
    location: VaultLocation,
    /// The code for its first team.
    pub setup_code: String,
}

impl TestVault {
    /// Starts a vault on a free port.
    pub async fn start() -> Self {
        Self::start_in(tempfile::tempdir().expect("a temporary folder")).await
    }

    /// Starts a vault with the data of another, on a port of its own.
    pub async fn start_in(data: TempDir) -> Self {
        let running = start_at(data.path(), 0).await;
        let location = VaultLocation {
            url: running.url.parse().expect("a URL"),
            pin: Some(running.pin.to_string().parse().expect("a pin")),
        };
        // Empty once there is a team.
        let setup_code = running.setup_code.as_ref().map_or("", |code| code.expose()).to_owned();
        Self { data, running: Some(running), location, setup_code }
    }

    /// Where it is.
    #[must_use]
    pub fn location(&self) -> VaultLocation {
        self.location.clone()
    }

    /// Takes it down; its data stays.
    pub async fn stop(&mut self) {
        if let Some(running) = self.running.take() {
            running.stop().await.expect("a clean stop");
        }
    }

    /// Starts it again where it was.
    pub async fn restart(&mut self) {
        self.try_restart().await.expect("the vault starts");
    }

    /// Starts it again where it was, if it can be started.
    pub async fn try_restart(&mut self) -> Result<(), StartError> {
        self.stop().await;
        let port = self.location.url.port().expect("a port");
        self.running = Some(try_start_at(self.data.path(), port).await?);
        Ok(())
    }
}

async fn start_at(data: &Path, port: u16) -> Running {
    try_start_at(data, port).await.expect("the vault starts")
}

async fn try_start_at(data: &Path, port: u16) -> Result<Running, StartError> {
    all::start(AllOptions { data: data.to_owned(), listen: ([127, 0, 0, 1], port).into() }).await
}

/// One member's computer: a home, a file keychain, a folder for `.env` files.
pub struct Computer {
    /// The home, and beside it the folder.
    pub root: TempDir,
    /// Its client.
    pub client: Client,
    clock: Clock,
}

impl Computer {
    /// A computer without a team.
    pub async fn new() -> Self {
        let root = tempfile::tempdir().expect("a temporary folder");
        std::fs::create_dir(root.path().join("api")).expect("a folder");
        Self::open_in(root).await
    }

    /// A computer with everything that a folder holds of it.
    pub async fn open_in(root: TempDir) -> Self {
        Self::open_at(root, Clock::default()).await
    }

    /// The same, with a clock of the test's own for what waits for days.
    pub async fn open_at(root: TempDir, clock: Clock) -> Self {
        let client = open(root.path(), clock.clone()).await;
        Self { root, client, clock }
    }

    /// As after a restart of the program.
    pub async fn reopen(&mut self) {
        self.client = open(self.root.path(), self.clock.clone()).await;
    }

    /// Another program of the same home, as the window is beside the command line.
    pub async fn another_program(&self) -> Client {
        open(self.root.path(), self.clock.clone()).await
    }

    /// The file that tests link.
    #[must_use]
    pub fn env(&self) -> PathBuf {
        self.root.path().join("api/.env")
    }

    /// Writes it in place, as some editors do.
    pub fn save(&self, text: &str) {
        std::fs::write(self.env(), text).expect("the file is written");
    }

    /// Its text.
    #[must_use]
    pub fn text(&self) -> String {
        std::fs::read_to_string(self.env()).expect("the file is there")
    }

    /// Founds a team at a vault.
    pub async fn found(&self, vault: &TestVault) {
        self.found_by_way_of(vault.location(), vault).await;
    }

    /// Founds a team at a vault that is reached at another address than its own.
    pub async fn found_by_way_of(&self, way: VaultLocation, vault: &TestVault) {
        let code = SecretText::new(vault.setup_code.clone());
        let place = TeamPlace::Vault(way);
        self.client.create_team(place, code, label("Acme"), label("Ada")).await.expect("a team");
    }

    /// Links the file to `api/development`.
    pub async fn link(&self, create: CreateMissing, mode: Mode) {
        self.link_to(self.env(), ("api", "development"), create, mode).await;
    }

    /// Links a file to an environment.
    pub async fn link_to(&self, path: PathBuf, to: (&str, &str), create: CreateMissing, mode: Mode) {
        let options = LinkOptions {
            path,
            project: label(to.0),
            environment: label(to.1),
            create,
            push: mode,
            pull: mode,
            read_as: ReadAs::Unchanged,
        };
        self.client.link(options).await.expect("the file is linked");
    }

    /// An invite link to everything.
    pub async fn invite(&self, role: Role) -> SecretText {
        let options = InviteOptions {
            role,
            access: AccessRequest::Everything,
            expires_in: Duration::from_secs(3600),
            approval: Approval::NotNeeded,
        };
        self.client.invite(options).await.expect("an invite").link
    }

    /// Joins as a member of this name.
    pub async fn join(&self, link: &SecretText, name: &str) {
        let link = InviteLink::parse(link.expose()).expect("a link");
        self.client.join(link, label(name)).await.expect("joined");
    }
}

async fn open(root: &Path, clock: Clock) -> Client {
    let options = OpenOptions {
        home: Some(root.join("home")),
        keychain: KeychainChoice::File(Passphrase::new(PASSPHRASE.into())),
        local_vault: None,
        clock,
    };
    Client::open(options).await.expect("the home opens")
}

/// A copy of a folder with all that is in it.
#[must_use]
pub fn copy_of(folder: &Path) -> TempDir {
    fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
        for entry in std::fs::read_dir(from)? {
            let entry = entry?;
            let to = to.join(entry.file_name());
            if entry.file_type()?.is_dir() {
                std::fs::create_dir(&to)?;
                copy(&entry.path(), &to)?;
            } else {
                std::fs::copy(entry.path(), to)?;
            }
        }
        Ok(())
    }
    let to = tempfile::tempdir().expect("a temporary folder");
    copy(folder, to.path()).expect("the folder is copied");
    to
}

/// A name.
#[must_use]
pub fn label(text: &str) -> Label {
    text.parse().expect("a name")
}

/// Ada with a team and a linked file, and Ben who joined and linked his own.
pub async fn ada_and_ben(vault: &TestVault, mode: Mode) -> (Computer, Computer) {
    let (ada, ben) = (Computer::new().await, Computer::new().await);
    ada.found(vault).await;
    ada.link(CreateMissing::Yes, mode).await;
    let link = ada.invite(Role::Member).await;
    ben.join(&link, "Ben").await;
    ben.link(CreateMissing::No, mode).await;
    (ada, ben)
}

/// Waits until a condition holds, at most half a minute.
pub async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let end = tokio::time::Instant::now() + Duration::from_secs(30);
    while !holds() {
        if tokio::time::Instant::now() > end {
            panic!("not within 30 seconds: {what}");
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
