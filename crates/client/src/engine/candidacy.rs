//! Becoming a further computer of a member, on the new one: it makes a key, shows its words, and signs what the
//! computer whose link it was given offers it. Nothing else is believed.

use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval};
use twinlock_protocol::api::ProblemCode;
use twinlock_protocol::envelope::Envelope;
use twinlock_protocol::event::{Event as TeamLogEvent, KeyholderKind};
use twinlock_protocol::ids::{KeyholderId, StatementHash};
use twinlock_protocol::safety::{self, SafetyWords};
use twinlock_protocol::team::{Team, replay};
use twinlock_protocol::{Refusal, Verified, limits};
use twinlock_seal::{ComputerLink, Keyholder, Place};

use super::Client;
use super::add_computer::LOOK_EVERY;
use super::join::{record, whole_log};
use super::session::Session;
use crate::error::Error;
use crate::home::Home;
use crate::refused::Refused;
use crate::store::Scope;
use crate::vault::{Vault, VaultError, VaultLocation};
use crate::view::TeamView;

/// Long before the vault forgets a computer that wants to be added, it says that it is still there.
const KNOCK_EVERY: Duration = Duration::from_secs(limits::CANDIDATE_SECONDS / 10);

/// A computer that wants to be added, on that computer itself.
pub struct Candidacy {
    link: ComputerLink,
    vault: Vault,
    own: Keyholder,
}

impl Candidacy {
    /// Its id.
    #[must_use]
    pub fn id(&self) -> KeyholderId {
        self.own.id()
    }

    /// The words to compare with those that the other computer shows.
    #[must_use]
    pub fn words(&self) -> SafetyWords {
        safety::of_computer(self.own.id())
    }
}

/// A team as it is known so far, and the statements that it was replayed from.
struct Seen {
    log: Vec<Envelope>,
    team: Verified<Team>,
}

impl Client {
    /// Stands at the door of the computer that showed a link. Its words are to be compared from now on.
    pub async fn stand_for(&self, link: ComputerLink) -> Result<Candidacy, Error> {
        let _lock = self.lock().await?;
        self.check_no_team().await?;
        let vault = vault_at(&link.place, self.home()?)?;
        let own = Keyholder::from_seed(&self.own_seed(link.place.team).await?);
        let heard = match vault.knock(&own, link.computer).await {
            // A stranger is told nothing; whoever was added before, and did not hear of it, may read the log.
            Err(error) if error.is(ProblemCode::NotFound) => {
                vault.events(&own, 0).await.map(drop).map_err(nobody_waits)
            }
            heard => heard.map_err(Error::from),
        };
        self.note_first_contact(heard)?;
        Ok(Candidacy { link, vault, own })
    }

    /// Waits until the other computer adds this one, at most for `patience`. Dropped before that, nothing has
    /// happened, and the same computer can stand there again.
    pub async fn await_admission(
        &self,
        mut candidacy: Candidacy,
        patience: Duration,
    ) -> Result<TeamView, Error> {
        let end = Instant::now() + patience;
        let seen = self.note_first_contact(candidacy.admitted(end).await)?;
        let Candidacy { link, vault, own } = candidacy;
        debug_assert_eq!(link.place.team, seen.team.id());
        let _lock = self.lock().await?;
        let mut state = self.current_state().await?;
        if let Some(joined) = &state.joined {
            return Err(Error::HasTeam(joined.session.team_name()));
        }
        let record = record(&seen.team, &own, vault.location(), "");
        self.enter(&mut state, Session::new(record, own, seen.team, None), &seen.log).await
    }

    /// That this home belongs to no team yet.
    pub(super) async fn check_no_team(&self) -> Result<(), Error> {
        match &self.current_state().await?.joined {
            Some(joined) => Err(Error::HasTeam(joined.session.team_name())),
            None => Ok(()),
        }
    }
}

impl Candidacy {
    /// Signs what it is offered, until it is part of the team.
    async fn admitted(&mut self, end: Instant) -> Result<Seen, Error> {
        let mut seen: Option<Seen> = None;
        let mut signed: Option<StatementHash> = None;
        let mut looks = interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut knocked = Instant::now();
        loop {
            looks.tick().await;
            // It waits for a person: what has an end is each look.
            self.vault.begin_verb();
            let Self { link, vault, own } = &*self;
            let late = Instant::now() >= end;
            let offer = match vault.candidacy(own).await {
                Ok(None) if late => return Err(nobody_signed()),
                Ok(None) => {
                    if knocked.elapsed() > KNOCK_EVERY {
                        knocked = Instant::now();
                        vault.knock(own, link.computer).await.map_err(nobody_waits)?;
                    }
                    continue;
                }
                Ok(Some(offer)) => Some(offer),
                // The door is closed: because it was added, or because nobody waits any more.
                Err(error) if error.is(ProblemCode::NotFound) => None,
                // Whoever waits for a person waits for a network too.
                Err(VaultError::Unreachable) if !late => continue,
                Err(error) => return Err(error.into()),
            };
            let now = self.read_on(seen.take()).await.map_err(|error| match error {
                Error::Vault(error) => nobody_waits(error),
                other => other,
            })?;
            if now.team.keyholders().get(&own.id()).is_some_and(|held| held.is_live()) {
                return Ok(now);
            }
            let offer = offer.ok_or_else(door_is_closed)?;
            if signed != Some(offer.hash())
                && let Some(both) =
                    co_signed(&now.team, own, link.computer, &offer).map_err(|it| self.refused(it))?
            {
                match vault.offer(own, own.id(), &both).await {
                    Ok(()) => signed = Some(both.hash()),
                    // Another offer has taken its place meanwhile.
                    Err(error) if error.is(ProblemCode::Forbidden) => {}
                    Err(error) => return Err(nobody_waits(error)),
                }
            }
            if late {
                return Err(nobody_signed());
            }
            seen = Some(now);
        }
    }

    /// Reads the log, or what was added to it. It is the link's team, at least as far as the link knows it.
    async fn read_on(&self, seen: Option<Seen>) -> Result<Seen, Error> {
        let Self { link, vault, own } = self;
        let place = &link.place;
        let Some(Seen { mut log, mut team }) = seen else {
            let log = whole_log(vault, own).await?;
            let team = replay(&log).map_err(|it| self.refused(it))?;
            if team.id() != place.team {
                return Err(self.refused(Refusal::Elsewhere));
            }
            team.extends(place.head).map_err(|it| self.refused(it))?;
            return Ok(Seen { log, team });
        };
        loop {
            let page = vault.events(own, team.head().sequence).await?;
            if page.statements.is_empty() {
                return Ok(Seen { log, team });
            }
            for statement in page.statements {
                team.append(&statement).map_err(|it| self.refused(it))?;
                log.push(statement);
            }
        }
    }

    fn refused(&self, refusal: Refusal) -> Error {
        let scope = Scope::Team(self.link.place.team);
        Refused::new(scope, "the team".to_owned(), refusal).into()
    }
}

/// An offer with this computer's signature, if it continues the log and is exactly what was asked for: these keys, as
/// a computer, by whoever showed the link. `None` where the log has gone on, and another offer is to come.
fn co_signed(
    team: &Verified<Team>,
    own: &Keyholder,
    by: KeyholderId,
    offer: &Envelope,
) -> Result<Option<Envelope>, Refusal> {
    let mut both = offer.clone();
    // What this computer may have put back already is the same offer.
    both.signatures.retain(|signature| signature.keyid != own.id());
    let both = own.co_sign(both);
    let event = match team.clone().append(&both) {
        Ok(event) => event,
        Err(Refusal::Number { .. } | Refusal::Chain { .. }) => return Ok(None),
        Err(refusal) => return Err(refusal),
    };
    match &event.event {
        TeamLogEvent::KeyholderAdded(added)
            if event.author == by && added.keys == *own.public() && added.kind == KeyholderKind::Computer =>
        {
            Ok(Some(both))
        }
        _ => Err(Refusal::NotAllowed {
            author: event.author,
            rule: "whoever showed the link adds this computer, as a computer, and does nothing else",
        }),
    }
}

pub(super) fn vault_at(place: &Place, home: &Home) -> Result<Vault, Error> {
    let url = url::Url::parse(&place.address).map_err(|_| VaultError::Address("This".to_owned()))?;
    Ok(Vault::new(VaultLocation { url, pin: place.pin }, place.team, Some(home))?)
}

fn nobody_waits(error: VaultError) -> Error {
    if error.is(ProblemCode::NotFound) { door_is_closed() } else { error.into() }
}

fn door_is_closed() -> Error {
    Error::Rule(
        "The computer that showed this link does not wait any more, or the vault does not know it. Run “twinlock computer add” there again, and use the link that it shows then.",
    )
}

fn nobody_signed() -> Error {
    Error::Rule(
        "Nobody added this computer in time. Start again with “twinlock computer add” on the other one.",
    )
}

#[cfg(test)]
mod tests {
    use twinlock_protocol::event::{KeyholderAdded, TeamEvent};
    use twinlock_protocol::timestamp::Timestamp;
    use twinlock_seal::Seed;

    use super::*;
    use crate::team::{found, next_event};

    fn keyholder(of: u8) -> Keyholder {
        Keyholder::from_seed(&Seed::from_bytes([of; 32]))
    }

    fn added(keys: &Keyholder, kind: KeyholderKind) -> TeamLogEvent {
        TeamLogEvent::KeyholderAdded(KeyholderAdded { keys: keys.public().clone(), kind })
    }

    #[test]
    fn nothing_but_what_was_asked_for_is_signed() {
        let (ada, own, other) = (keyholder(1), keyholder(2), keyholder(3));
        let founded =
            found(&ada, &"Acme".parse().unwrap(), &"Ada".parse().unwrap(), Timestamp(1), &mut rand::rng());
        let team = founded.unwrap().team;
        let next = |event| next_event(&team, ada.id(), event, Timestamp(1));
        let asked = |by: KeyholderId, offer: &Envelope| co_signed(&team, &own, by, offer);

        let offer = ada.sign_event(&next(added(&own, KeyholderKind::Computer)));
        let both = asked(ada.id(), &offer).unwrap().unwrap();
        assert_eq!((both.hash(), both.signatures.len()), (offer.hash(), 2));
        // Asked again with what it gave back.
        assert_eq!(asked(ada.id(), &both).unwrap().unwrap().signatures.len(), 2);

        // Of somebody else, even of the same team; as a kit; for other keys; another event altogether.
        let code = |by, offer: &Envelope| asked(by, offer).unwrap_err().code();
        assert_eq!(code(other.id(), &offer), "not-allowed");
        assert_eq!(
            code(ada.id(), &ada.sign_event(&next(added(&own, KeyholderKind::Recovery)))),
            "not-allowed"
        );
        assert_eq!(code(ada.id(), &ada.sign_event(&next(added(&other, KeyholderKind::Computer)))), "signers");
        let forged = TeamEvent { author: other.id(), ..next(added(&own, KeyholderKind::Computer)) };
        assert_eq!(code(other.id(), &other.sign_event(&forged)), "unknown-keyholder");
        assert_eq!(code(ada.id(), &other.sign_event(&next(added(&own, KeyholderKind::Computer)))), "signers");
        let elsewhere = TeamEvent {
            team: Some(twinlock_protocol::TeamId::new([9; 16])),
            ..next(added(&own, KeyholderKind::Computer))
        };
        assert_eq!(code(ada.id(), &ada.sign_event(&elsewhere)), "elsewhere");
        // The log went on: not a lie, and not signed either.
        let mut late = next(added(&own, KeyholderKind::Computer));
        late.sequence += 1;
        assert!(asked(ada.id(), &ada.sign_event(&late)).unwrap().is_none());
    }
}
