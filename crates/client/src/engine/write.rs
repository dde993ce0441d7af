//! Changing an environment without a linked file: importing, setting and removing variables.

use twinlock_dotenv::join_entries;
use twinlock_protocol::event::Level;
use twinlock_protocol::ids::EnvironmentId;
use twinlock_protocol::revision::Cause;
use zeroize::Zeroizing;

use super::send::{ATTEMPTS, Sending};
use super::{Client, Event, Joined};
use crate::error::Error;
use crate::sync::{Agreed, Halves, ItemState, Moves, OrderState, TheirText, Theirs, plan};

/// What a change of an environment did.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct WriteOutcome {
    /// Entries that changed.
    pub changed: usize,
    /// The environment's revision now.
    pub revision: u64,
}

impl Client {
    /// Fetches an environment, changes its text, seals and sends; and again where others were faster.
    /// `change` may be called several times, each time with the text as it is by then.
    pub(super) async fn rewrite(
        &self,
        joined: &mut Joined,
        environment: EnvironmentId,
        cause: Cause,
        change: impl Fn(&str) -> Result<Zeroizing<String>, Error>,
    ) -> Result<WriteOutcome, Error> {
        self.rewrite_entries(joined, environment, cause, |theirs| change(&text_of(theirs))).await
    }

    /// The same for a change that has to know the entries.
    pub(super) async fn rewrite_entries(
        &self,
        joined: &mut Joined,
        environment: EnvironmentId,
        cause: Cause,
        change: impl Fn(&[Theirs]) -> Result<Zeroizing<String>, Error>,
    ) -> Result<WriteOutcome, Error> {
        let reason = cause.into();
        for _ in 0..ATTEMPTS {
            self.refresh(joined, environment).await?;
            self.check_access(joined, environment, Level::Write)?;
            let theirs = self.open_entries(joined, environment)?;
            let before = text_of(&theirs);
            let after = change(&theirs)?;
            let base: Vec<Agreed> = theirs.iter().filter_map(as_agreed).collect();
            let plan = plan(&base, &after, &theirs);
            let here = |at: &usize| matches!(plan.items[*at].state, ItemState::Here(_));
            let chosen = (0..plan.items.len()).filter(here).collect::<std::collections::BTreeSet<_>>();
            let moves = if plan.order == OrderState::Here { Moves::Sent } else { Moves::Held };
            if *after == *before || (chosen.is_empty() && moves == Moves::Held) {
                let revision = joined.session.held(environment)?.held.chain.head().number;
                return Ok(WriteOutcome { changed: 0, revision });
            }
            match self.send(joined, environment, &plan, &chosen, moves, &reason).await? {
                Sending::OthersWereFaster => {}
                Sending::Sent(sent) => {
                    self.emit(Event::Environment(environment));
                    let changed = chosen.len() + usize::from(moves == Moves::Sent);
                    return Ok(WriteOutcome { changed, revision: sent.number });
                }
            }
        }
        Err(Error::TooBusy)
    }

    /// The text of an environment, as a linked file without changes of its own has it. Takes read access.
    pub(super) fn environment_text(
        &self,
        joined: &Joined,
        environment: EnvironmentId,
    ) -> Result<Zeroizing<String>, Error> {
        Ok(text_of(&self.open_entries(joined, environment)?))
    }
}

/// What opens, joined. What does not open is its author's to repair, and is no part of any text.
pub(super) fn text_of(theirs: &[Theirs]) -> Zeroizing<String> {
    joined_text(theirs.iter().filter_map(|entry| match &entry.text {
        TheirText::Open(halves) => Some(halves),
        TheirText::Damaged => None,
    }))
}

pub(super) fn joined_text<'a>(entries: impl Iterator<Item = &'a Halves>) -> Zeroizing<String> {
    let texts: Vec<Zeroizing<String>> = entries.map(Halves::text).collect();
    let texts: Vec<&str> = texts.iter().map(|text| text.as_str()).collect();
    Zeroizing::new(join_entries(&texts).text)
}

fn as_agreed(theirs: &Theirs) -> Option<Agreed> {
    match &theirs.text {
        TheirText::Open(halves) => {
            Some(Agreed { id: theirs.id, halves: halves.clone(), number: theirs.number })
        }
        TheirText::Damaged => None,
    }
}
