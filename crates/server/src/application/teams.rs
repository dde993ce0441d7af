//! The teams in memory, as their logs add up; rebuilt from the database, which verifies itself that way.
//!
//! A view never changes: whoever stores something publishes a new one. Storing is serialised per team.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::{Mutex, MutexGuard};
use twinlock_protocol::environment::Environment;
use twinlock_protocol::event::Head;
use twinlock_protocol::team::{Team, replay};
use twinlock_protocol::{Envelope, EnvironmentId, StatementHash, TeamId, Verified};

use super::store::{ApplicationStore, Reading};
use crate::database::StoreError;
use crate::problem::Problem;

/// Everything known of a team at one moment.
#[derive(Clone)]
pub(crate) struct View {
    pub(crate) team: Verified<Team>,
    /// The environments that were asked for since the start.
    histories: BTreeMap<EnvironmentId, Arc<History>>,
}

/// An environment's history: what it adds up to, and the hash of each revision.
#[derive(Clone)]
pub(crate) struct History {
    pub(crate) environment: Verified<Environment>,
    log: Vec<StatementHash>,
}

impl History {
    /// Whether a revision is part of the history already.
    pub(crate) fn knows(&self, statement: &Envelope) -> bool {
        let hash = statement.hash();
        self.log.iter().rev().any(|known| *known == hash)
    }

    /// The hash of a revision.
    pub(crate) fn hash_at(&self, number: u64) -> Option<StatementHash> {
        self.log.get(usize::try_from(number.checked_sub(1)?).ok()?).copied()
    }

    /// The history after one more revision.
    pub(crate) fn after(&self, environment: Verified<Environment>) -> Self {
        let mut log = self.log.clone();
        log.push(environment.head().hash);
        Self { environment, log }
    }
}

/// All teams of this vault.
#[derive(Clone)]
pub(crate) struct Teams {
    store: ApplicationStore,
    slots: Arc<RwLock<HashMap<TeamId, Arc<Slot>>>>,
}

/// One team.
pub(crate) struct Slot {
    id: TeamId,
    order: Mutex<()>,
    /// Absent where the stored log does not verify.
    view: RwLock<Option<Arc<View>>>,
}

/// The right to store something for a team, held by one request at a time.
pub(crate) struct Turn<'a> {
    slot: &'a Slot,
    view: Arc<View>,
    _order: MutexGuard<'a, ()>,
}

impl Teams {
    /// Replays every stored log. A team whose log does not verify is kept, and never served as good.
    pub(crate) async fn load(store: ApplicationStore) -> Result<Self, StoreError> {
        let ids = store.read(|reading| reading.teams()).await?;
        let mut slots = HashMap::new();
        for id in ids {
            let view = match store.read(move |reading| replay_log(reading, id)).await {
                Ok(team) => Some(Arc::new(View { team, histories: BTreeMap::new() })),
                Err(error) => {
                    tracing::error!(team = %id, %error, "the stored log of a team does not verify");
                    None
                }
            };
            slots.insert(id, Arc::new(Slot { id, order: Mutex::new(()), view: RwLock::new(view) }));
        }
        Ok(Self { store, slots: Arc::new(RwLock::new(slots)) })
    }

    pub(crate) fn find(&self, id: TeamId) -> Option<Arc<Slot>> {
        self.slots.read().unwrap_or_else(PoisonError::into_inner).get(&id).cloned()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.slots.read().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// A team that was just stored.
    pub(crate) fn add(&self, team: Verified<Team>) {
        let id = team.id();
        let view = View { team, histories: BTreeMap::new() };
        let slot = Slot { id, order: Mutex::new(()), view: RwLock::new(Some(Arc::new(view))) };
        self.slots.write().unwrap_or_else(PoisonError::into_inner).insert(id, Arc::new(slot));
    }

    /// An environment's history, replayed from the database at its first use.
    pub(crate) async fn history(
        &self,
        slot: &Slot,
        environment: EnvironmentId,
    ) -> Result<Arc<History>, Problem> {
        if let Some(history) = slot.view()?.histories.get(&environment) {
            return Ok(Arc::clone(history));
        }
        let turn = slot.turn().await?;
        turn.history(self, environment).await
    }
}

impl Slot {
    /// The team now. A problem where its log does not verify.
    pub(crate) fn view(&self) -> Result<Arc<View>, Problem> {
        self.view.read().unwrap_or_else(PoisonError::into_inner).clone().ok_or_else(Problem::damaged)
    }

    pub(crate) fn id(&self) -> TeamId {
        self.id
    }

    /// Waits until nobody else stores for this team.
    pub(crate) async fn turn(&self) -> Result<Turn<'_>, Problem> {
        let order = self.order.lock().await;
        Ok(Turn { slot: self, view: self.view()?, _order: order })
    }
}

impl Turn<'_> {
    /// The team as it stays until this turn ends.
    pub(crate) fn team(&self) -> &Verified<Team> {
        &self.view.team
    }

    /// An environment's history, replayed from the database at its first use.
    pub(crate) async fn history(&self, teams: &Teams, id: EnvironmentId) -> Result<Arc<History>, Problem> {
        // The view in the slot may have one that was loaded earlier in this turn.
        if let Some(history) = self.slot.view()?.histories.get(&id) {
            return Ok(Arc::clone(history));
        }
        let team = self.view.team.clone();
        let history = teams.store.read(move |reading| replay_history(reading, &team, id)).await;
        let history = Arc::new(history.inspect_err(|_| {
            tracing::error!(environment = %id, "the stored history of an environment does not verify");
        })?);
        self.publish(|view| {
            view.histories.insert(id, Arc::clone(&history));
        })?;
        Ok(history)
    }

    /// Shows everybody what was just stored.
    pub(crate) fn publish(&self, change: impl FnOnce(&mut View)) -> Result<(), Problem> {
        let mut next = (*self.slot.view()?).clone();
        change(&mut next);
        *self.slot.view.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(next));
        Ok(())
    }
}

impl View {
    /// Takes over a history that was just stored.
    pub(crate) fn set_history(&mut self, history: History) {
        self.histories.insert(history.environment.id(), Arc::new(history));
    }
}

fn replay_log(reading: &Reading<'_>, id: TeamId) -> Result<Verified<Team>, StoreError> {
    let statements = reading.events(id, 0, usize::MAX, usize::MAX)?;
    let team = replay(&statements).map_err(|refusal| {
        tracing::error!(team = %id, %refusal, "a stored event is refused");
        StoreError::Contradiction("a stored event is refused")
    })?;
    if team.id() != id || reading.log_head(id)? != Some(team.head()) {
        return Err(StoreError::Contradiction("the stored log is not the one that was stored last"));
    }
    Ok(team)
}

fn replay_history(
    reading: &Reading<'_>,
    team: &Verified<Team>,
    id: EnvironmentId,
) -> Result<History, Problem> {
    let start = Environment::start(team, id).map_err(|_| Problem::not_found())?;
    let statements = reading.revisions(id, 0, usize::MAX, usize::MAX)?;
    let mut environment = start.clone();
    if let Err(refusal) = environment.extend(team, &statements) {
        // The log may record what is not so. Then this is what an owner can say so of, and it is shown as it is.
        tracing::error!(environment = %id, %refusal, "a stored revision is not what the log says");
        let head = reading.environment_head(id)?.unwrap_or_else(|| start.head());
        environment = Environment::as_it_is(team, id, &statements, head).map_err(|refusal| {
            tracing::error!(environment = %id, %refusal, "a stored revision is refused");
            StoreError::Contradiction("a stored revision is refused")
        })?;
    }
    if reading.environment_head(id)? != Some(environment.head()) {
        return Err(
            StoreError::Contradiction("the stored history is not the one that was stored last").into()
        );
    }
    Ok(History { environment, log: statements.iter().map(Envelope::hash).collect() })
}

/// The head of an environment, for news; it needs no replay.
pub(crate) fn stored_head(reading: &Reading<'_>, id: EnvironmentId) -> Result<Head, StoreError> {
    reading.environment_head(id)?.ok_or(StoreError::Contradiction("an environment has no head"))
}
