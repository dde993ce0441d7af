//! News of what moved, from whoever stored it to whoever listens. Never content.

use tokio::sync::broadcast;
use twinlock_protocol::TeamId;
use twinlock_protocol::api::Moved;

/// News kept for a listener that is slow to take them; one that falls behind is told where things stand.
const KEPT: usize = 256;

/// One piece of news, with the team whose members may hear it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct News {
    pub(crate) team: TeamId,
    pub(crate) moved: Moved,
}

/// Where news are told and heard.
#[derive(Clone)]
pub(crate) struct Moves {
    sender: broadcast::Sender<News>,
}

impl Moves {
    pub(crate) fn new() -> Self {
        Self { sender: broadcast::channel(KEPT).0 }
    }

    pub(crate) fn tell(&self, team: TeamId, moved: Moved) {
        // An error only says that nobody listens.
        let _ = self.sender.send(News { team, moved });
    }

    pub(crate) fn listen(&self) -> broadcast::Receiver<News> {
        self.sender.subscribe()
    }
}
