//! Both services in one process: what `twinlock-server all` runs, and what a desktop embeds.
//!
//! Inside the process too, the application reaches the vault service over mutual TLS only, on loopback.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum_server::Handle;
use axum_server::tls_rustls::RustlsConfig;
use hyper_util::rt::TokioTimer;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::application::{
    Application, ApplicationStore, MakeSetupCodeError, SetupCode, SweepError, Swept, VaultLink,
    VaultLinkError, sweep,
};
use crate::connections::Counted;
use crate::database::{OpenError, StoreError};
use crate::listen::{self, ListenError};
use crate::private_file::{self, PrivateFileError};
use crate::tls::{ApplicationIdentity, Authority, ClientFacing, Pin, TlsError, VaultIdentity};
use crate::vault::{self, VaultStore};

/// Where clients reach the vault unless told otherwise: this computer only.
pub const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 7443);

/// How long requests that are being answered may take to end at a stop.
const GRACE: Duration = Duration::from_secs(5);
/// How long a connection may take to send a request's headers, or to answer a sign of life.
const HEADER_TIME: Duration = Duration::from_secs(20);
/// Requests that one connection may have on their way at the same time.
const STREAMS: u32 = 64;
const BETWEEN_SWEEPS: Duration = Duration::from_secs(60 * 60);

/// What to run.
#[derive(Clone, Debug)]
pub struct AllOptions {
    /// The folder with both databases, root keys and TLS keys; made if it is not there.
    pub data: PathBuf,
    /// The address for clients. Port 0 lets the system choose.
    pub listen: SocketAddr,
}

/// Why the vault could not be started. What was there before is as it was.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Another process uses the folder.
    #[error("{} is in use by another vault on this computer; stop that one first", data.display())]
    InUse {
        /// The folder.
        data: PathBuf,
    },
    /// A private file.
    #[error(transparent)]
    File(#[from] PrivateFileError),
    /// Certificates or TLS.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// A database.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A socket.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// The link between the services.
    #[error(transparent)]
    Link(#[from] VaultLinkError),
    /// Reading what is stored.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The setup code.
    #[error(transparent)]
    SetupCode(#[from] MakeSetupCodeError),
    /// The system.
    #[error("the vault could not be started: {0}")]
    Io(#[from] std::io::Error),
}

/// A running vault. Dropping it stops it at once; [`Running::stop`] lets requests end first.
pub struct Running {
    /// What clients are told to connect to.
    pub url: String,
    /// What clients know the server by.
    pub pin: Pin,
    /// Allows the first team; only while there is none.
    pub setup_code: Option<SetupCode>,
    /// The address that clients reach.
    pub address: SocketAddr,
    application: Application,
    clients: Server,
    vault: Server,
    sweeper: JoinHandle<()>,
    stop: watch::Sender<()>,
    _lock: std::fs::File,
}

/// Starts both services; they accept connections when this returns.
pub async fn start(options: AllOptions) -> Result<Running, StartError> {
    let data = options.data;
    private_file::create_folder(&data)?;
    let lock = lock(&data)?;
    let now = jiff::Timestamp::now();

    let tls = data.join("tls");
    private_file::create_folder(&tls)?;
    let authority = Authority::load_or_make(&tls, now)?;
    let vault_identity = VaultIdentity::load_or_make(&tls, &authority)?;
    let application_identity = ApplicationIdentity::load_or_make(&tls, &authority)?;
    let client_facing = ClientFacing::load_or_make(&tls, options.listen.ip(), now)?;

    let vault_store =
        blocking(&data, |data| VaultStore::open(&data.join("vault.db"), &data.join("vault-root.key")));
    let application_store = blocking(&data, |data| {
        ApplicationStore::open(&data.join("application.db"), &data.join("application-root.key"))
    });
    let (vault_store, application_store) = (vault_store.await??, application_store.await??);

    let loopback = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
    let vault_listener = listen::for_the_application(loopback)?;
    let vault_address = vault_listener.local_addr()?;
    let clients_listener = listen::for_clients(options.listen)?;
    let address = clients_listener.local_addr()?;

    let vault = Server::spawn(vault_listener, vault_identity.settings(), vault::router(vault_store))?;
    let link = VaultLink::new(&application_identity, vault_address)?;
    let (stop, stopped) = watch::channel(());
    let clock = Arc::new(jiff::Timestamp::now);
    let application = Application::load(application_store, link, clock, stopped.clone()).await?;
    let setup_code = application.make_setup_code().await?;
    let clients = Server::spawn(clients_listener, client_facing.settings(), application.clone().router())?;
    let sweeper = tokio::spawn(keep_sweeping(application.clone(), stopped));

    Ok(Running {
        url: url(address),
        pin: client_facing.pin(),
        setup_code,
        address,
        application,
        clients,
        vault,
        sweeper,
        stop,
        _lock: lock,
    })
}

impl Running {
    /// Stops both services, the client-facing one first; requests being answered get a few seconds.
    pub async fn stop(self) -> Result<(), StartError> {
        // Streams of news would never end by themselves.
        self.stop.send_replace(());
        self.clients.stop().await?;
        self.application.settle().await;
        self.vault.stop().await?;
        // It ends at the next wait, which is where it is almost always.
        self.sweeper.abort();
        Ok(())
    }

    /// Sweeps what no revision named within a day before `now`. A running vault does so every hour by itself.
    pub async fn sweep(&self, now: jiff::Timestamp) -> Result<Swept, SweepError> {
        sweep(&self.application, now).await
    }
}

/// A listener and the task that serves it. Dropping it ends both.
struct Server {
    handle: Handle<SocketAddr>,
    task: Option<JoinHandle<std::io::Result<()>>>,
}

impl Server {
    fn spawn(
        listener: TcpListener,
        settings: Arc<rustls::ServerConfig>,
        router: Router,
    ) -> Result<Self, std::io::Error> {
        let handle = Handle::new();
        let mut server =
            axum_server::from_tcp_rustls(listener, RustlsConfig::from_config(settings))?.map(Counted::new);
        // Whoever connects and then says nothing is not waited for.
        let http = server.http_builder();
        http.http1().timer(TokioTimer::new()).header_read_timeout(HEADER_TIME);
        http.http2()
            .timer(TokioTimer::new())
            .keep_alive_interval(HEADER_TIME)
            .keep_alive_timeout(HEADER_TIME)
            .max_concurrent_streams(STREAMS);
        // Who asks from where is known to what answers: what strangers may have is counted for each address.
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        let task = tokio::spawn(server.handle(handle.clone()).serve(service));
        Ok(Self { handle, task: Some(task) })
    }

    async fn stop(mut self) -> Result<(), std::io::Error> {
        self.handle.graceful_shutdown(Some(GRACE));
        match self.task.take() {
            Some(task) => task.await?,
            None => Ok(()),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.handle.shutdown();
    }
}

async fn keep_sweeping(application: Application, mut stopped: watch::Receiver<()>) {
    let mut ticks = tokio::time::interval(BETWEEN_SWEEPS);
    loop {
        tokio::select! {
            _ = stopped.changed() => return,
            _ = ticks.tick() => match sweep(&application, jiff::Timestamp::now()).await {
                Ok(Swept(0)) => {}
                Ok(Swept(count)) => tracing::info!(count, "values that no revision named were swept"),
                Err(error) => tracing::warn!(%error, "the sweep stopped; the next goes on"),
            },
        }
    }
}

/// One vault to a folder: two would each believe in their own memory of it.
fn lock(data: &Path) -> Result<std::fs::File, StartError> {
    let file = std::fs::OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(data.join("server.lock"))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(StartError::InUse { data: data.to_owned() }),
        Err(std::fs::TryLockError::Error(error)) => Err(error.into()),
    }
}

async fn blocking<T: Send + 'static>(
    data: &Path,
    open: impl FnOnce(&Path) -> Result<T, OpenError> + Send + 'static,
) -> Result<Result<T, OpenError>, std::io::Error> {
    let data = data.to_owned();
    Ok(tokio::task::spawn_blocking(move || open(&data)).await?)
}

/// "Every address" is no address to connect to; this computer's name for itself is.
fn url(address: SocketAddr) -> String {
    if address.ip().is_unspecified() {
        format!("https://localhost:{}", address.port())
    } else {
        format!("https://{address}")
    }
}
