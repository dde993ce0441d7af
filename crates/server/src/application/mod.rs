//! The application service: teams' logs, revisions, sealed names and wraps, for clients who sign every
//! request.
//!
//! It judges all it can without keys and opens nothing that clients seal. Values it passes on to the vault
//! service and keeps no copy of.

mod asker;
mod candidates;
mod daily;
mod due_wraps;
mod endpoints;
mod holds;
mod missing_wraps;
mod moves;
mod plan;
mod pointers;
mod setup_code;
mod signed;
mod store;
mod strangers;
mod sweep;
mod teams;
mod vault_link;

pub use endpoints::routes;
pub use setup_code::SetupCode;
pub(crate) use store::ApplicationStore;
pub(crate) use sweep::sweep;
pub use sweep::{SweepError, Swept};
pub(crate) use vault_link::VaultLink;
pub use vault_link::VaultLinkError;

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use axum::{Router, middleware};
use tokio::sync::{Mutex, RwLock, watch};
use twinlock_protocol::timestamp::Timestamp;

use crate::database::StoreError;
use crate::problem::Problem;
use candidates::Candidates;
use daily::Daily;
use holds::Holds;
use missing_wraps::Unopened;
use moves::Moves;
use strangers::Strangers;
use teams::Teams;

/// Tells the time; tests bring their own.
pub(crate) type Clock = Arc<dyn Fn() -> jiff::Timestamp + Send + Sync>;

/// The application service.
#[derive(Clone)]
pub(crate) struct Application {
    store: ApplicationStore,
    vault: VaultLink,
    teams: Teams,
    moves: Moves,
    unopened: Unopened,
    holds: Holds,
    candidates: Candidates,
    daily: Daily,
    clock: Clock,
    /// Changes when the service stops, so that streams end.
    stop: watch::Receiver<()>,
    /// Held by every request that is being answered.
    busy: Arc<RwLock<()>>,
    /// One sweep at a time: two could delete what was put anew between them.
    sweeping: Arc<Mutex<()>>,
    strangers: Arc<Strangers>,
}

impl Application {
    /// Rebuilds every team from its log.
    pub(crate) async fn load(
        store: ApplicationStore,
        vault: VaultLink,
        clock: Clock,
        stop: watch::Receiver<()>,
    ) -> Result<Self, StoreError> {
        let teams = Teams::load(store.clone()).await?;
        Ok(Self {
            store,
            vault,
            teams,
            moves: Moves::new(),
            unopened: Unopened::default(),
            holds: Holds::default(),
            candidates: Candidates::default(),
            daily: Daily::default(),
            clock,
            stop,
            busy: Arc::default(),
            sweeping: Arc::default(),
            strangers: Arc::new(Strangers::new()),
        })
    }

    /// While there is no team: makes a code for the first one. The code before it is no longer valid.
    pub(crate) async fn make_setup_code(&self) -> Result<Option<SetupCode>, MakeSetupCodeError> {
        if !self.teams.is_empty() {
            return Ok(None);
        }
        let code = SetupCode::make().map_err(|_| MakeSetupCodeError::NoRandomness)?;
        let hash = code.hash();
        self.store.write(move |writing| writing.set_setup_code(hash)).await?;
        Ok(Some(code))
    }

    fn now(&self) -> jiff::Timestamp {
        (self.clock)()
    }

    /// The endpoints that clients reach.
    pub(crate) fn router(self) -> Router {
        endpoints::router()
            .fallback(async || Problem::not_found())
            .method_not_allowed_fallback(async || Problem::not_found())
            .layer(middleware::map_response(never_kept))
            .layer(middleware::from_fn_with_state(self.clone(), finish))
            .with_state(self)
    }

    /// Waits until nothing is being stored any more. Called once no request can come in.
    pub(crate) async fn settle(&self) {
        let _all = self.busy.write().await;
    }
}

/// Why there is no setup code.
#[derive(Debug, thiserror::Error)]
pub enum MakeSetupCodeError {
    /// It could not be kept.
    #[error("the setup code could not be kept: {0}")]
    Store(#[from] StoreError),
    /// The system gave no random bytes.
    #[error("the system gave no random bytes for a setup code")]
    NoRandomness,
}

/// What was begun is finished, even if whoever asked hangs up: between what is stored and what is remembered
/// there must be no way out.
async fn finish(State(application): State<Application>, request: Request, next: Next) -> Response {
    let busy = application.busy.read_owned().await;
    let task = tokio::spawn(async move {
        let response = next.run(request).await;
        drop(busy);
        response
    });
    task.await.unwrap_or_else(|_| Problem::internal().into_response())
}

/// Nothing between vault and client keeps an answer.
async fn never_kept(mut response: Response) -> Response {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The time as statements carry it. A clock before 1970 counts as 1970.
fn as_timestamp(now: jiff::Timestamp) -> Timestamp {
    Timestamp(u64::try_from(now.as_millisecond()).unwrap_or(0))
}
