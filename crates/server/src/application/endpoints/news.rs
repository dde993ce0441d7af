//! `GET /v1/events`: server-sent events of what moved, as long as the listener has access; ended hourly.
//!
//! A stream begins with where everything stands, so that nothing is missed between two of them.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use futures::Stream;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch;
use tokio::time::Instant;
use twinlock_protocol::api::Moved;
use twinlock_protocol::timestamp::Timestamp;

use crate::application::Application;
use crate::application::asker::{self, Asker};
use crate::application::moves::News;
use crate::application::signed::Signed;
use crate::application::store::ApplicationStore;
use crate::application::teams::{Slot, stored_head};
use crate::problem::Problem;

/// A stream ends after this long; the listener asks again, and is checked again.
const LONGEST: Duration = Duration::from_secs(60 * 60);

pub(super) async fn news(
    State(application): State<Application>,
    signed: Signed,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    signed.check_member()?;
    // Listening begins before where things stand is read, so nothing falls between the two.
    let mut listener = Listener {
        news: application.moves.listen(),
        stop: application.stop.clone(),
        until: Instant::now() + LONGEST,
        slot: signed.slot,
        asker: signed.asker,
        store: application.store.clone(),
        waiting: VecDeque::new(),
    };
    listener.waiting = listener.standing().await?;
    let stream = futures::stream::unfold(listener, |mut listener| async move {
        let moved = listener.next().await?;
        let event = Event::default().json_data(moved).ok()?;
        Some((Ok(event), listener))
    });
    Ok(Sse::new(stream).keep_alive(KeepAlive::default()))
}

struct Listener {
    news: Receiver<News>,
    stop: watch::Receiver<()>,
    until: Instant,
    slot: Arc<Slot>,
    asker: Asker,
    store: ApplicationStore,
    waiting: VecDeque<Moved>,
}

impl Listener {
    /// The next piece of news, or `None` when the stream ends.
    async fn next(&mut self) -> Option<Moved> {
        loop {
            if let Some(moved) = self.waiting.pop_front() {
                return Some(moved);
            }
            tokio::select! {
                () = tokio::time::sleep_until(self.until) => return None,
                _ = self.stop.changed() => return None,
                news = self.news.recv() => match news {
                    Ok(news) if news.team == self.slot.id() => self.waiting.extend(self.filter(news.moved)?),
                    Ok(_) => {}
                    Err(RecvError::Lagged(_)) => self.waiting = self.standing().await.ok()?,
                    Err(RecvError::Closed) => return None,
                },
            }
        }
    }

    /// `None` once the listener is no longer of the team; else the news, if it may hear them.
    fn filter(&self, moved: Moved) -> Option<Option<Moved>> {
        let view = self.slot.view().ok()?;
        // It began as a computer's, and a computer's standing has nothing to do with time.
        if asker::standing(&view.team, self.asker.keyholder, Timestamp(0))? != self.asker.standing {
            return None;
        }
        Some(match moved {
            Moved::Log { .. } => Some(moved),
            Moved::Environment { environment, .. } => {
                self.asker.level(&view.team, environment).map(|_| moved)
            }
        })
    }

    /// Where the log and every environment with access stand.
    async fn standing(&self) -> Result<VecDeque<Moved>, Problem> {
        let view = self.slot.view()?;
        let environments = view.team.environments().keys().copied();
        let heard: Vec<_> = environments.filter(|id| self.asker.level(&view.team, *id).is_some()).collect();
        let log = Moved::Log { team: view.team.id(), sequence: view.team.head().sequence };
        self.store
            .read(move |reading| {
                let mut standing = VecDeque::from([log]);
                for environment in heard {
                    let number = stored_head(reading, environment)?.number;
                    standing.push_back(Moved::Environment { environment, number });
                }
                Ok(standing)
            })
            .await
    }
}
