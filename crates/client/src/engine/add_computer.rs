//! Adding a further computer of the same member, on the one that is there already: it waits, a person compares words,
//! it signs.

use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval};
use twinlock_protocol::api::ProblemCode;
use twinlock_protocol::envelope::Envelope;
use twinlock_protocol::event::{KeyholderKind, LogHead};
use twinlock_protocol::ids::KeyholderId;
use twinlock_protocol::keyholder::PublicKeys;
use twinlock_protocol::safety::{self, SafetyWords};
use twinlock_seal::ComputerLink;

use super::keyholders::{check_room, keyholder_view, place, plan_keyholder};
use super::members::Turn;
use super::{Client, Joined};
use crate::error::Error;
use crate::store::Scope;
use crate::vault::VaultError;
use crate::view::KeyholderView;

/// How often the vault is asked while two computers wait for each other.
pub(super) const LOOK_EVERY: Duration = Duration::from_secs(1);

/// A computer that wants to be added. The vault named its keys; whose they are is for a person to say, by its words.
pub struct KnockingComputer {
    id: KeyholderId,
    keys: PublicKeys,
}

/// A computer whose words a person has compared with those that it shows itself.
pub struct ComparedComputer(KnockingComputer);

impl KnockingComputer {
    /// Its id: what its keys hash to.
    #[must_use]
    pub fn id(&self) -> KeyholderId {
        self.id
    }

    /// The words that the other computer shows, if it is the one.
    #[must_use]
    pub fn words(&self) -> SafetyWords {
        safety::of_computer(self.id)
    }

    /// A person has read the same words on the other computer. Nothing else may call this.
    #[must_use]
    pub fn compared(self) -> ComparedComputer {
        ComparedComputer(self)
    }
}

/// A statement that waits for a second signature, and the log that it continues.
struct Offered {
    statement: Envelope,
    on: LogHead,
}

impl Client {
    /// The link with which a further computer finds this one. There is no secret in it.
    pub async fn computer_link(&self) -> Result<ComputerLink, Error> {
        let _lock = self.lock().await?;
        let mut state = self.state().await;
        let joined = state.joined()?;
        self.refresh_log(joined).await?;
        check_room(&joined.session)?;
        Ok(ComputerLink { place: place(joined)?, computer: joined.session.keyholder.id() })
    }

    /// The computers that want to be added by this one. As long as this is asked, they can come.
    pub async fn knocking_computers(&self) -> Result<Vec<KnockingComputer>, Error> {
        let mut state = self.state().await;
        let joined = state.joined()?;
        let standing = joined.vault()?.look_out(&joined.session.keyholder).await;
        let standing = self.note_outcome(joined, standing.map_err(Error::from))?;
        let known = |keys: &PublicKeys| joined.session.team.keys_of(keys.id()).is_some();
        let strangers = standing.into_iter().map(|candidate| candidate.keys).filter(|keys| !known(keys));
        Ok(strangers.map(|keys| KnockingComputer { id: keys.id(), keys }).collect())
    }

    /// Adds a computer to this member's, with all keys that they may have. Waits for its signature until `patience` is
    /// over; dropped before that, nothing has happened.
    pub async fn add_computer(
        &self,
        computer: ComparedComputer,
        patience: Duration,
    ) -> Result<KeyholderView, Error> {
        let ComparedComputer(KnockingComputer { id, keys }) = computer;
        let end = Instant::now() + patience;
        let mut offered = None;
        let mut looks = interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            looks.tick().await;
            let _lock = self.lock().await?;
            let mut state = self.state().await;
            let joined = state.joined()?;
            self.refresh_log(joined).await?;
            // Also where the answer to an earlier request was lost.
            if joined.session.team.keyholders().get(&id).is_some_and(|held| held.is_live()) {
                return keyholder_view(&joined.session, id);
            }
            if Instant::now() >= end {
                return Err(Error::Rule(
                    "The other computer did not sign in time. Start again with “twinlock computer add”.",
                ));
            }
            let Some(both) = self.offer(joined, &keys, &mut offered).await? else { continue };
            match joined.session.team.clone().append(&both) {
                Ok(_) => {}
                Err(refusal) => {
                    let scope = Scope::Team(joined.session.record.team);
                    let refused = Err(joined.session.refused(scope, refusal));
                    return self.note_outcome(joined, refused);
                }
            }
            if let Turn::Ours = self.add_keyholder(joined, both, &keys).await? {
                return keyholder_view(&joined.session, id);
            }
        }
    }

    /// Offers what continues the log now, and gives it back once the other computer has signed it too.
    async fn offer(
        &self,
        joined: &mut Joined,
        keys: &PublicKeys,
        offered: &mut Option<Offered>,
    ) -> Result<Option<Envelope>, Error> {
        let on = joined.session.log_head();
        let vault = joined.vault()?;
        let statement = match offered {
            Some(offered) if offered.on == on => offered.statement.clone(),
            _ => {
                check_room(&joined.session)?;
                let statement = plan_keyholder(&joined.session, keys, KeyholderKind::Computer);
                let sent = vault.offer(&joined.session.keyholder, keys.id(), &statement).await;
                self.note_outcome(joined, sent.map_err(gone))?;
                *offered = Some(Offered { statement: statement.clone(), on });
                statement
            }
        };
        let standing = vault.look_out(&joined.session.keyholder).await;
        let standing = self.note_outcome(joined, standing.map_err(Error::from))?;
        let answer = standing.into_iter().find(|candidate| candidate.keys == *keys);
        let answer = answer.ok_or_else(went_away)?;
        Ok(answer.statement.filter(|both| both.hash() == statement.hash()))
    }
}

fn gone(error: VaultError) -> Error {
    if error.is(ProblemCode::NotFound) { went_away() } else { error.into() }
}

fn went_away() -> Error {
    Error::Rule("The other computer does not wait any more. Start again on both.")
}
