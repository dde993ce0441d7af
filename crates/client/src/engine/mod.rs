//! The client: the verbs that window and command line call, and the events they render.
//!
//! Each file of this folder is one subject of `Client`. A verb works on the session under one lock, takes
//! the home's lock where it changes something, and leaves nothing half done: the store's steps are
//! transactions, files are written whole, and what a vault serves is verified before it is kept.

mod activity;
mod add_computer;
mod administer;
mod approval;
mod arrivals;
mod candidacy;
mod carry;
mod changes;
mod checklist;
mod compared;
mod computers;
mod dangers;
mod doctor;
mod environments;
mod formats;
mod former;
mod found;
mod history;
mod import;
mod invite;
mod join;
mod keyholders;
mod link;
mod loader;
mod locked;
mod lost_history;
mod members;
mod names;
mod opened;
mod outbox;
mod pins;
mod project;
mod pull;
mod purge;
mod push;
mod readings;
mod reason;
mod recovery;
mod refresh;
mod refusals;
mod removal;
mod renamed;
mod restore;
mod rights;
mod rotate;
mod run;
mod safety;
mod send;
mod services;
mod session;
mod standing;
mod token;
mod told;
mod upkeep;
mod values;
mod versions;
mod watch;
mod went_back;
mod wraps;
mod write;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, MutexGuard, Notify, broadcast};
use twinlock_protocol::EnvironmentId;
use twinlock_protocol::pins::Pins;
use twinlock_protocol::timestamp::Timestamp;
use twinlock_seal::{Keyholder, Pin, Seed};
use url::Url;

use crate::clock::Clock;
use crate::error::Error;
use crate::files::LinkedFileId;
use crate::home::Home;
use crate::keychain::{Account, Keychain, KeychainChoice, KeychainError};
use crate::store::{HomeLock, HomeLockError, Store, TeamRecord};
use crate::vault::{Patience, Vault, VaultLocation};
use crate::view::{ChangeSummary, Connection, JoinedNews, KeyholderNews, RefusalView};
use session::Session;

pub use add_computer::{ComparedComputer, KnockingComputer};
pub use administer::SettingsChange;
pub use approval::Applicant;
pub use candidacy::Candidacy;
pub use computers::Keep;
pub use dangers::Taking;
pub use formats::{BroughtIn, Differing, HandedOut, Incoming};
pub use former::FormerValue;
pub use history::Revealed;
pub use import::ImportTarget;
pub use invite::{AccessRequest, Approval, Invitation, InviteOptions};
pub use link::{CreateMissing, LinkOptions};
pub use loader::ReadAs;
pub use pins::write_pins;
pub use pull::{PullOutcome, Resolution};
pub use purge::{PurgeOutcome, ToPurge};
pub use push::{Approved, PushOutcome, Selection};
pub use reason::Message;
pub use recovery::{NewKit, ProvenKit, WrongWord};
pub use run::ToRun;
pub use services::{NewService, ServiceOptions};
pub use watch::SyncOutcome;
pub use write::WriteOutcome;

/// What `TeamRecord::vault` says of a team in the vault embedded in this computer, whose port changes.
const LOCAL: &str = "local";
/// How long a verb waits for another program of this home.
const LOCK_WAIT: Duration = Duration::from_secs(30);

/// How to open a client.
pub struct OpenOptions {
    /// The home's folder; else `TWINLOCK_HOME`, else the platform's data folder.
    pub home: Option<PathBuf>,
    /// Which keychain.
    pub keychain: KeychainChoice,
    /// Where the embedded vault of this home listens now, if it runs.
    pub local_vault: Option<VaultLocation>,
    /// Tells when it is time to renew keys.
    pub clock: Clock,
}

/// Where a new team is to live.
pub enum TeamPlace {
    /// In the vault embedded in this computer.
    Local,
    /// At a vault server.
    Vault(VaultLocation),
}

/// The client of one home. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    /// What outlives the program; none for a service, which keeps nothing.
    place: Option<Place>,
    store: Store,
    events: broadcast::Sender<Event>,
    clock: Clock,
    state: Mutex<State>,
    /// Tells the watch that the keys are here again.
    unlocked: Notify,
}

/// Where a computer keeps what outlives its programs.
struct Place {
    home: Home,
    keychain: Keychain,
}

struct State {
    local_vault: Option<VaultLocation>,
    joined: Option<Joined>,
    keys: Keys,
}

/// Whether this program has its keys.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keys {
    Here,
    PutAway,
}

/// The team that this home belongs to, and the way to its vault.
struct Joined {
    session: Session,
    vault: Option<Vault>,
    connection: Connection,
    /// What the histories have to go through, whatever this computer has seen of them.
    pins: Option<Pins>,
    /// The same, for one verb: what a new pin file takes the place of.
    on_the_way: Option<Pins>,
    hurries: upkeep::Hurries,
    /// What was to be done in passing and did not work, in sentences.
    undone: upkeep::Undone,
}

/// What moved. Says what to ask again, never content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Members, invites, projects or names.
    Team,
    /// An environment's entries.
    Environment(EnvironmentId),
    /// Somebody else's revision arrived.
    RevisionArrived {
        /// The environment.
        environment: EnvironmentId,
        /// `project/environment`.
        name: String,
        /// Who pushed.
        by: String,
        /// How many entries changed.
        changes: usize,
    },
    /// A linked file was saved, by somebody else than Twinlock.
    File {
        /// Which.
        file: LinkedFileId,
        /// What differs from what both sides last agreed on.
        summary: ChangeSummary,
    },
    /// A linked file has a problem, or none any more.
    FileProblem {
        /// Which.
        file: LinkedFileId,
        /// The problem in a sentence.
        problem: Option<String>,
    },
    /// Variables that both sides changed.
    Conflict {
        /// The file.
        file: LinkedFileId,
        /// `project/environment`.
        environment: String,
        /// The variables.
        names: Vec<String>,
    },
    /// A computer or a recovery kit came or went, by somebody else's doing: of this member, or to an admin of any.
    Keyholder(KeyholderNews),
    /// Somebody joined by an invite, or waits to be let in; to admins.
    Joined(JoinedNews),
    /// The vault served something that does not verify.
    Refused {
        /// In words.
        refusal: RefusalView,
    },
    /// All keys were put away.
    Locked,
    /// They are here again: everything may be asked again.
    Unlocked,
    /// The vault can be reached, or not.
    Connection(Connection),
    /// Something that is done in passing did not work, in a sentence. It is tried again.
    Undone {
        /// What, and why.
        sentence: String,
    },
    /// A push or pull that a mode asked for did not work, in a sentence.
    Trouble {
        /// The file.
        file: LinkedFileId,
        /// Why.
        sentence: String,
    },
}

impl Client {
    /// Opens the home, its keychain and its store; loads the team if there is one. Asks no vault. A home that is
    /// locked stays so.
    pub async fn open(options: OpenOptions) -> Result<Self, Error> {
        Self::open_home(options, |home| if home.is_locked() { Err(Error::Locked) } else { Ok(()) }).await
    }

    /// The same; `may` is asked before any key is.
    async fn open_home(
        options: OpenOptions,
        may: impl FnOnce(&Home) -> Result<(), Error> + Send + 'static,
    ) -> Result<Self, Error> {
        let OpenOptions { home, keychain, local_vault, clock } = options;
        let blocking = move || -> Result<_, Error> {
            let home = Home::open_or_create(&Home::locate(home.as_deref())?)?;
            may(&home)?;
            let keychain = Keychain::open(keychain, &home)?;
            let local = {
                let lock = HomeLock::take(&home, LOCK_WAIT)?;
                // Of a store that is there the key is kept somewhere, or lost: a new one would open nothing.
                match home.database().try_exists() {
                    Ok(false) => keychain.get_or_make(Account::Local, &lock)?,
                    Ok(true) | Err(_) => keychain.get(Account::Local)?,
                }
            };
            let store = Store::open(&home, &local)?;
            let session = load(&keychain, &store)?;
            Ok((home, keychain, store, session))
        };
        let (home, keychain, store, session) = join_blocking(blocking).await?;
        let joined = match session {
            Some(session) => Some(Joined::new(session, local_vault.as_ref(), Some(&home))?),
            None => None,
        };
        Ok(Self::from_parts(
            Some(Place { home, keychain }),
            store,
            State { local_vault, joined, keys: Keys::Here },
            clock,
        ))
    }

    fn from_parts(place: Option<Place>, store: Store, state: State, clock: Clock) -> Self {
        let (events, _) = broadcast::channel(256);
        let (state, unlocked) = (Mutex::new(state), Notify::new());
        let inner = Inner { place, store, events, clock, state, unlocked };
        Self { inner: Arc::new(inner) }
    }

    /// The events from now on.
    #[must_use]
    pub fn events(&self) -> broadcast::Receiver<Event> {
        self.inner.events.subscribe()
    }

    /// The home's folder. A service has none.
    pub fn home(&self) -> Result<&Home, Error> {
        Ok(&self.place()?.home)
    }

    /// Where this client keeps things: what a service has nothing of is refused here, before anything is done.
    fn place(&self) -> Result<&Place, Error> {
        self.inner.place.as_ref().ok_or(Error::Service)
    }

    /// Whether this home belongs to a team that lives in the embedded vault.
    pub async fn needs_local_vault(&self) -> bool {
        self.state().await.joined.as_ref().is_some_and(|joined| joined.session.record.vault == LOCAL)
    }

    /// Says where the embedded vault listens now.
    pub async fn set_local_vault(&self, location: VaultLocation) -> Result<(), Error> {
        let mut state = self.state().await;
        if let Some(joined) = &mut state.joined
            && joined.session.record.vault == LOCAL
        {
            let team = joined.session.record.team;
            joined.vault = Some(Vault::new(location.clone(), team, self.home().ok())?);
        }
        state.local_vault = Some(location);
        Ok(())
    }

    /// Waits longer or less long for the team's vault from now on.
    pub async fn set_patience(&self, patience: Patience) {
        if let Some(vault) = self.state().await.joined.as_mut().and_then(|joined| joined.vault.as_mut()) {
            vault.set_patience(patience);
        }
    }

    /// The state, for one verb; of a home that was locked meanwhile, one without keys.
    async fn state(&self) -> MutexGuard<'_, State> {
        let mut state = self.inner.state.lock().await;
        if let Some(joined) = &mut state.joined {
            joined.on_the_way = None;
            if let Some(vault) = &mut joined.vault {
                vault.begin_verb();
            }
        }
        if self.inner.place.as_ref().is_some_and(|place| place.home.is_locked()) {
            self.put_keys_away(&mut state);
        }
        state
    }

    /// The state, with a team that another program of this home has founded or joined since this one started. Of a
    /// locked home nobody can tell whether there is one.
    async fn current_state(&self) -> Result<MutexGuard<'_, State>, Error> {
        let mut state = self.state().await;
        if state.keys == Keys::PutAway {
            return Err(Error::Locked);
        }
        if state.joined.is_none() {
            let client = self.clone();
            let load = move || load(&client.place()?.keychain, client.store());
            let session = join_blocking(load).await?;
            if let Some(session) = session {
                state.joined = Some(Joined::new(session, state.local_vault.as_ref(), self.home().ok())?);
            }
        }
        Ok(state)
    }

    fn emit(&self, event: Event) {
        // Nobody listens: nothing to render.
        let _listeners = self.inner.events.send(event);
    }

    async fn lock(&self) -> Result<HomeLock, Error> {
        let home = self.home()?.clone();
        // Keys are here while it waits: not once the home is locked.
        join_blocking(move || match HomeLock::take_unless(&home, LOCK_WAIT, || home.is_locked()) {
            Err(HomeLockError::Busy) if home.is_locked() => Err(Error::Locked),
            lock => Ok(lock?),
        })
        .await
    }

    fn store(&self) -> &Store {
        &self.inner.store
    }
}

impl State {
    fn joined(&mut self) -> Result<&mut Joined, Error> {
        if self.keys == Keys::PutAway {
            return Err(Error::Locked);
        }
        self.joined.as_mut().ok_or(Error::NoTeam)
    }
}

impl Joined {
    fn new(
        session: Session,
        local_vault: Option<&VaultLocation>,
        home: Option<&Home>,
    ) -> Result<Self, Error> {
        let record = &session.record;
        let location = if record.vault == LOCAL {
            local_vault.cloned()
        } else {
            let url = Url::parse(&record.vault)
                .map_err(|_| crate::vault::VaultError::Address(record.vault.clone()))?;
            Some(VaultLocation { url, pin: record.pin.map(Pin) })
        };
        let vault = location.map(|location| Vault::new(location, record.team, home)).transpose()?;
        // Known only after the first request; until then nothing says that it is away.
        let (connection, hurries, undone) =
            (Connection::Online, upkeep::Hurries::new(), upkeep::Undone::new());
        Ok(Self { session, vault, connection, pins: None, on_the_way: None, hurries, undone })
    }

    fn vault(&self) -> Result<Vault, Error> {
        self.vault.clone().ok_or(Error::Vault(crate::vault::VaultError::Unreachable))
    }
}

/// The team that the store keeps, with this home's keys; none if there is no team yet.
fn load(keychain: &Keychain, store: &Store) -> Result<Option<Session>, Error> {
    let record = store.read(|step| step.teams().map_err(Error::from))?.into_iter().next();
    let Some(record) = record else { return Ok(None) };
    let keyholder = keyholder(keychain, &record)?;
    Session::load(record, keyholder, store).map(Some)
}

fn keyholder(keychain: &Keychain, record: &TeamRecord) -> Result<Keyholder, KeychainError> {
    Ok(Keyholder::from_seed(&Seed::new(keychain.get(Account::Team(record.team))?)))
}

/// Runs what blocks (keychain, locks) beside the async tasks.
async fn join_blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    // As an input or output error it does not repeat what a panic said, which may quote what it stumbled over.
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| Error::Bug(std::io::Error::from(error).to_string()))?
}

fn now() -> Timestamp {
    Timestamp(u64::try_from(jiff::Timestamp::now().as_millisecond()).unwrap_or(0))
}

/// Sixteen random bytes, for an id or a pointer.
fn random_id() -> [u8; 16] {
    rand::random()
}
