//! Keeping linked files in step: once, or for as long as the program runs. What a file's modes allow is
//! done; everything else waits for its user and is only told of.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBackoff, ExponentialBuilder};
use twinlock_dotenv::Document;
use twinlock_protocol::api::Moved;
use twinlock_protocol::event::Level;
use twinlock_protocol::ids::EnvironmentId;
use twinlock_protocol::revision::Cause;

use super::changes::summary;
use super::dangers::{Dangers, Taking};
use super::link::{Looked, shown};
use super::push::Selection;
use super::upkeep::Occasion;
use super::{Client, Event, Joined, Keys};
use crate::error::{Error, ErrorCode};
use crate::files::{FileEvent, FileProblem, LinkedFileId, Seen, WatchedFiles};
use crate::store::{LinkedFile, Mode};
use crate::vault::{MovedStream, VaultError};

/// What a sync did.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct SyncOutcome {
    /// Changes that were sent.
    pub pushed: usize,
    /// Changes that were written into files.
    pub pulled: usize,
    /// Changes that wait for a push, because a file's mode is *ask*.
    pub waiting_here: usize,
    /// Changes that wait for a pull, because a file's mode is *ask*.
    pub waiting_there: usize,
    /// Variables that a person has to decide about.
    pub conflicts: Vec<String>,
    /// Why files in mode *auto* were not pulled into by themselves: a sentence about each thing that runs code, or decides
    /// which runs.
    pub dangers: Vec<String>,
}

/// Without any word from the vault, everything is looked at this often.
const POLL: Duration = Duration::from_secs(60);
/// How often the store is asked whether another program linked or unlinked something.
const OTHERS: Duration = Duration::from_secs(1);

/// What the watch remembers from one event to the next.
struct Watching {
    files: WatchedFiles,
    linked: BTreeMap<LinkedFileId, LinkedFile>,
    others: Option<i64>,
    told: BTreeMap<LinkedFileId, BTreeSet<String>>,
    stream: Option<MovedStream>,
    delays: ExponentialBackoff,
}

impl Client {
    /// Brings all linked files in step, as far as their modes allow.
    pub async fn sync(&self) -> Result<SyncOutcome, Error> {
        let _lock = self.lock().await?;
        let mut state = self.state().await;
        let joined = state.joined()?;
        self.refresh_log(joined).await?;
        self.upkeep(joined, Occasion::Once).await;
        let mut outcome = SyncOutcome { pushed: self.send_waiting(joined).await?, ..SyncOutcome::default() };
        // One environment that fails does not keep the others back; the first failure is told at the end.
        let mut failed = Ok(());
        for file in self.linked_files()? {
            let settled = match self.refresh_and_settle(joined, &file).await {
                Ok(settled) => settled,
                Err(error) => {
                    failed = failed.and(Err(error));
                    continue;
                }
            };
            outcome.pushed += settled.pushed;
            outcome.pulled += settled.pulled;
            outcome.waiting_here += settled.waiting_here;
            outcome.waiting_there += settled.waiting_there;
            outcome.conflicts.extend(settled.conflicts);
            outcome.dangers.extend(settled.dangers);
        }
        failed.map(|()| outcome)
    }

    async fn refresh_and_settle(&self, joined: &mut Joined, file: &LinkedFile) -> Result<SyncOutcome, Error> {
        self.refresh(joined, file.environment).await?;
        self.settle(joined, file).await
    }

    /// Does what a file's modes allow, from what is known here.
    async fn settle(&self, joined: &mut Joined, file: &LinkedFile) -> Result<SyncOutcome, Error> {
        let mut outcome = SyncOutcome::default();
        let looked = self.look(joined, file)?;
        // As the store has it now: the environment may have gone back just before.
        let asks = self.linked_file_by_id(file.id)?.went_back_to.is_some();
        if file.pull == Mode::Auto && !asks && looked.plan.pulls() && may_pull(&looked) {
            match self.pull_file(joined, file, Taking::Ordinary) {
                Ok(pulled) => {
                    outcome.pulled = pulled.pulled;
                    self.emit(Event::Environment(file.environment));
                }
                // What runs code waits for a look, and is told of below.
                Err(Error::Dangers { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        let looked = self.look(joined, file)?;
        let writes = joined.session.my_level(file.environment) >= Some(Level::Write);
        if file.push == Mode::Auto && !asks && looked.plan.count_here() > 0 && writes && may_push(&looked) {
            outcome.pushed = self.push_file(joined, file, &Selection::All, &Cause::Push.into()).await?.pushed;
        }
        let looked = self.look(joined, file)?;
        if file.pull == Mode::Auto {
            outcome.dangers = Dangers::of(&looked).sentences();
        }
        let plan = looked.plan;
        outcome.waiting_here = plan.count_here();
        outcome.waiting_there = plan.count_there();
        outcome.conflicts = plan.conflicts().filter_map(|item| item.name().map(str::to_owned)).collect();
        Ok(outcome)
    }

    /// Keeps linked files in step until the future is dropped. Failures of single steps are events; only
    /// what makes watching impossible ends it.
    pub async fn watch(&self) -> Result<std::convert::Infallible, Error> {
        let (files, mut file_events) = WatchedFiles::start()?;
        let mut watching = Watching {
            files,
            linked: BTreeMap::new(),
            others: None,
            told: BTreeMap::new(),
            stream: None,
            delays: delays(),
        };
        let mut others = tokio::time::interval(OTHERS);
        let mut poll = tokio::time::interval(POLL);
        let reconnect = tokio::time::sleep(Duration::ZERO);
        tokio::pin!(reconnect);
        loop {
            tokio::select! {
                event = file_events.recv() => match event {
                    Some(event) => self.on_file(&mut watching, event).await,
                    None => return Err(crate::files::WatchError::Stopped.into()),
                },
                moved = next_moved(&mut watching.stream) => match moved {
                    Some(Ok(moved)) if self.on_moved(&mut watching, moved).await.is_ok() => {}
                    // What could not be fetched is looked at again soon, as if the stream had ended.
                    Some(_) | None => {
                        watching.stream = None;
                        let delay = watching.delays.next().unwrap_or(POLL);
                        reconnect.as_mut().reset(tokio::time::Instant::now() + delay);
                    }
                },
                () = &mut reconnect, if watching.stream.is_none() => {
                    let delay = self.reconnect(&mut watching).await;
                    reconnect.as_mut().reset(tokio::time::Instant::now() + delay);
                }
                _ = others.tick() => match self.keys().await {
                    Keys::PutAway => watching.stream = None,
                    Keys::Here => self.follow_others(&mut watching).await?,
                },
                // Whatever was saved or pushed meanwhile is looked at now, however short a while that was.
                () = self.inner.unlocked.notified() => {
                    watching.delays = delays();
                    reconnect.as_mut().reset(tokio::time::Instant::now());
                    self.follow_others(&mut watching).await?;
                    self.settle_all(&mut watching).await;
                }
                _ = poll.tick() => if watching.stream.is_some() { self.settle_all(&mut watching).await },
            }
        }
    }

    /// Opens the vault's stream and catches up. Gives the time after which to try again.
    async fn reconnect(&self, watching: &mut Watching) -> Duration {
        match self.open_stream().await {
            Ok(stream) => {
                watching.stream = Some(stream);
                watching.delays = delays();
                self.settle_all(watching).await;
                Duration::ZERO
            }
            Err(error) => {
                tracing::debug!(%error, "the vault's stream is not open");
                watching.delays.next().unwrap_or(POLL)
            }
        }
    }

    async fn open_stream(&self) -> Result<MovedStream, Error> {
        let mut state = self.state().await;
        let joined = state.joined()?;
        let opened = match joined.vault() {
            Ok(vault) => vault.moved(&joined.session.keyholder).await.map_err(Error::from),
            Err(error) => Err(error),
        };
        self.note_outcome(joined, opened)
    }

    /// Takes in what another program of this home did: files linked and unlinked, a team joined.
    async fn follow_others(&self, watching: &mut Watching) -> Result<(), Error> {
        let linked: BTreeMap<_, _> = self.linked_files()?.into_iter().map(|file| (file.id, file)).collect();
        let version = self.store().others_version()?;
        let others_wrote = watching.others.replace(version).is_some_and(|before| before != version);
        if linked != watching.linked {
            let added: Vec<LinkedFileId> =
                linked.keys().filter(|id| !watching.linked.contains_key(id)).copied().collect();
            watching.files.watch(linked.values().map(|file| (file.id, file.path.clone()))).await?;
            watching.linked = linked;
            for id in added {
                self.settle_one(watching, id).await;
            }
        }
        if others_wrote {
            // A keychain that is locked just now is asked again at the next verb.
            if let Err(error) = self.current_state().await {
                tracing::debug!(%error, "the team that another program joined could not be loaded");
            }
            self.emit(Event::Team);
        }
        Ok(())
    }

    async fn settle_all(&self, watching: &mut Watching) {
        let sent = self.send_all_waiting().await;
        if let Err(error) = sent
            && error.code() == ErrorCode::Unreachable
        {
            return;
        }
        if let Err(error) = self.follow_log().await {
            tracing::debug!(%error, "the log could not be fetched");
        }
        for id in watching.linked.keys().copied().collect::<Vec<_>>() {
            self.settle_one(watching, id).await;
        }
    }

    async fn send_all_waiting(&self) -> Result<usize, Error> {
        let _lock = self.lock().await?;
        let mut state = self.state().await;
        let joined = state.joined()?;
        self.send_waiting(joined).await
    }

    /// Fetches what moved. An error is one of fetching the log, and no refusal: those stand until the vault is honest.
    async fn on_moved(&self, watching: &mut Watching, moved: Moved) -> Result<(), Error> {
        match moved {
            Moved::Log { .. } => {
                if let Err(error) = self.follow_log().await {
                    tracing::debug!(%error, "the log could not be fetched");
                    if error.code() != ErrorCode::Refused {
                        return Err(error);
                    }
                }
            }
            Moved::Environment { environment, .. } => {
                let files = files_of(watching, environment);
                if files.is_empty()
                    && let Err(error) = self.follow_environment(environment).await
                {
                    tracing::debug!(%error, "an environment could not be fetched");
                }
                for id in files {
                    self.settle_one(watching, id).await;
                }
            }
        }
        Ok(())
    }

    async fn follow_log(&self) -> Result<(), Error> {
        let _lock = self.lock().await?;
        let mut state = self.state().await;
        let joined = state.joined()?;
        self.refresh_log(joined).await?;
        self.upkeep(joined, Occasion::Watching).await;
        Ok(())
    }

    async fn follow_environment(&self, environment: EnvironmentId) -> Result<(), Error> {
        let mut state = self.state().await;
        let joined = state.joined()?;
        self.refresh_log(joined).await?;
        // News are a hint, and by nobody: of what the log does not know there is nothing to fetch, or to refuse.
        if joined.session.team.environment(environment).is_err() {
            return Ok(());
        }
        self.refresh(joined, environment).await
    }

    /// Fetches, does what the modes allow, and tells of what they do not.
    async fn settle_one(&self, watching: &mut Watching, id: LinkedFileId) {
        match self.fetch_and_settle(id).await {
            Ok(None) => {}
            Ok(Some((outcome, environment))) => {
                let names: BTreeSet<String> = outcome.conflicts.into_iter().collect();
                let both = names.iter().chain(&outcome.dangers).cloned().collect();
                let told = watching.told.insert(id, both).unwrap_or_default();
                for sentence in outcome.dangers.into_iter().filter(|danger| !told.contains(danger)) {
                    let sentence = format!("{sentence} It comes from the vault and waits for your look.");
                    self.emit(Event::Trouble { file: id, sentence });
                }
                if !names.is_subset(&told) {
                    let names = names.into_iter().collect();
                    self.emit(Event::Conflict { file: id, environment, names });
                }
            }
            // Away is told of by the connection, a refusal and the lock by events of their own.
            Err(error)
                if matches!(error.code(), ErrorCode::Unreachable | ErrorCode::Refused)
                    || error.is_locked() => {}
            Err(error) => self.emit(Event::Trouble { file: id, sentence: error.to_string() }),
        }
    }

    /// `None` where the file is not linked any more. What it is linked to is what the store says under the lock: another
    /// program may have unlinked it, and linked it to something else, while this one waited.
    async fn fetch_and_settle(&self, id: LinkedFileId) -> Result<Option<(SyncOutcome, String)>, Error> {
        let _lock = self.lock().await?;
        let mut state = self.state().await;
        let joined = state.joined()?;
        let Some(file) = self.store().read(|step| step.linked_file(id).map_err(Error::from))? else {
            return Ok(None);
        };
        let outcome = self.refresh_and_settle(joined, &file).await?;
        Ok(Some((outcome, joined.session.environment_name(file.environment))))
    }

    /// A linked file was saved. One's own writes are known by their content and pass unnoticed.
    async fn on_file(&self, watching: &mut Watching, event: FileEvent) {
        let id = event.file;
        match self.take_notice(id, &event.seen).await {
            Ok(Noticed::Nothing) => {}
            Ok(Noticed::Saved) => self.settle_one(watching, id).await,
            // Looked at once it is unlocked.
            Err(error) if error.is_locked() => {}
            Err(error) => self.emit(Event::Trouble { file: id, sentence: error.to_string() }),
        }
    }

    async fn take_notice(&self, id: LinkedFileId, seen: &Seen) -> Result<Noticed, Error> {
        let _lock = self.lock().await?;
        let mut state = self.state().await;
        let joined = state.joined()?;
        let Some(file) = self.store().read(|step| step.linked_file(id).map_err(Error::from))? else {
            return Ok(Noticed::Nothing);
        };
        let file = &file;
        if let Seen::Text(hash) = seen
            && self.store().read(|step| step.is_last_seen(file.id, hash).map_err(Error::from))?
        {
            return Ok(Noticed::Nothing);
        }
        let looked = self.look(joined, file)?;
        let problem = match &looked.read {
            Ok(text) if text.as_str().is_empty() && !looked.base.is_empty() => {
                Some(super::link::emptied(&file.path, &looked.base).to_string())
            }
            Ok(text) => {
                let hash = text.hash();
                self.store().step(|step| step.set_last_seen(file.id, &hash).map_err(Error::from))?;
                unclosed(text.as_str(), file)
            }
            // Not there yet, and never was: nothing is wrong.
            Err(FileProblem::Missing) if looked.base.is_empty() => None,
            Err(problem) => Some(problem.to_string()),
        };
        if problem != file.problem {
            self.store().step(|step| step.set_problem(file.id, problem.as_deref()).map_err(Error::from))?;
            self.emit(Event::FileProblem { file: file.id, problem: problem.clone() });
        }
        if problem.is_none() && looked.plan.count_here() + looked.plan.conflicts().count() > 0 {
            let summary = summary(shown(&file.path), &looked.plan);
            self.emit(Event::File { file: file.id, summary });
        }
        self.emit(Event::Environment(file.environment));
        Ok(Noticed::Saved)
    }
}

enum Noticed {
    Nothing,
    Saved,
}

fn files_of(watching: &Watching, environment: EnvironmentId) -> Vec<LinkedFileId> {
    let files = watching.linked.values().filter(|file| file.environment == environment);
    files.map(|file| file.id).collect()
}

/// A file that is gone or was emptied does not come back by itself: that asks.
fn may_pull(looked: &Looked) -> bool {
    match &looked.read {
        Ok(text) => !text.as_str().is_empty() || looked.base.is_empty(),
        Err(FileProblem::Missing) => looked.base.is_empty(),
        Err(_) => false,
    }
}

/// A half-written file is not pushed by itself.
fn may_push(looked: &Looked) -> bool {
    match &looked.read {
        Ok(text) => {
            let emptied = text.as_str().is_empty() && !looked.base.is_empty();
            !emptied && !newly_unclosed(text.as_str(), looked)
        }
        Err(_) => false,
    }
}

/// Whether the file opens a quote that is never closed, where what was agreed on did not.
fn newly_unclosed(text: &str, looked: &Looked) -> bool {
    let agreed: Vec<&str> = looked
        .base
        .iter()
        .flat_map(|agreed| [agreed.halves.left.as_str(), agreed.halves.right.as_str()])
        .collect();
    let agreed = zeroize::Zeroizing::new(agreed.concat());
    Document::parse(text).has_unclosed_quote() && !Document::parse(&agreed).has_unclosed_quote()
}

fn unclosed(text: &str, file: &LinkedFile) -> Option<String> {
    let document = Document::parse(text);
    let problem = document
        .problems()
        .into_iter()
        .find(|problem| matches!(problem.kind, twinlock_dotenv::ProblemKind::UnclosedQuote { .. }))?;
    (file.push == Mode::Auto).then(|| {
        format!(
            "Line {} of {} opens a quote that is never closed. The file is left alone until then.",
            problem.line,
            shown(&file.path)
        )
    })
}

fn delays() -> ExponentialBackoff {
    ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(500))
        .with_max_delay(POLL)
        .with_jitter()
        .without_max_times()
        .build()
}

async fn next_moved(stream: &mut Option<MovedStream>) -> Option<Result<Moved, VaultError>> {
    match stream {
        Some(stream) => stream.next().await,
        None => std::future::pending().await,
    }
}
