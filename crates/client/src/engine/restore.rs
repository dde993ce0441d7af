//! Coming back with a recovery kit, on a computer that has nothing: the kit signs for it, and passes on its keys.

use twinlock_protocol::Refusal;
use twinlock_protocol::api::{AppendEvents, ProblemCode};
use twinlock_protocol::event::KeyholderKind;
use twinlock_protocol::team::replay;
use twinlock_seal::{Keyholder, KitLine, RecoveryWords};

use super::Client;
use super::candidacy::vault_at;
use super::join::{record, whole_log};
use super::keyholders::{Lacking, check_room, member_wraps, plan_keyholder};
use super::members::ATTEMPTS;
use super::session::Session;
use crate::error::Error;
use crate::refused::Refused;
use crate::store::Scope;
use crate::vault::VaultError;
use crate::view::TeamView;

impl Client {
    /// Brings a member back on this computer, which belongs to no team yet. The kit stays what it is.
    pub async fn restore_member(&self, kit: KitLine, words: &RecoveryWords) -> Result<TeamView, Error> {
        self.note_first_contact(self.restored(kit, words).await)
    }

    async fn restored(&self, kit: KitLine, words: &RecoveryWords) -> Result<TeamView, Error> {
        let _lock = self.lock().await?;
        let mut state = self.current_state().await?;
        if let Some(joined) = &mut state.joined {
            if joined.session.team.id() != kit.place.team {
                return Err(Error::HasTeam(joined.session.team_name()));
            }
            // Asked once more: whatever was to follow may not have come to its end.
            self.refresh_log(joined).await?;
            return self.team_view(joined);
        }
        let place = kit.place;
        let refused = |refusal: Refusal| -> Error {
            Refused::new(Scope::Team(place.team), "the team".to_owned(), refusal).into()
        };
        let vault = vault_at(&place, self.home()?)?;
        let own = self.own_seed(place.team).await?;
        for _ in 0..ATTEMPTS {
            let (kit, own) = (Keyholder::from_seed(&words.seed()), Keyholder::from_seed(&own));
            let log = whole_log(&vault, &kit).await.map_err(no_kit)?;
            let team = replay(&log).map_err(refused)?;
            if team.id() != place.team {
                return Err(refused(Refusal::Elsewhere));
            }
            team.extends(place.head).map_err(refused)?;
            let known = team.keyholders().get(&kit.id());
            if !known.is_some_and(|held| held.is_live() && held.kind == KeyholderKind::Recovery) {
                return Err(Error::Rule(
                    "The team's log has no recovery kit with these words, or it was revoked. Take the words and the line of the same kit; without one, only a member of the team can let you in again, by a new invite.",
                ));
            }
            if team.keyholders().get(&own.id()).is_some_and(|held| held.is_live()) {
                let record = record(&team, &own, vault.location(), "");
                return self.enter(&mut state, Session::new(record, own, team, None), &log).await;
            }
            let record = record(&team, &kit, vault.location(), "");
            let mut session = Session::new(record, kit, team, None);
            for wrap in vault.wraps(&session.keyholder).await? {
                session.take_wrap(&wrap, None);
            }
            check_room(&session)?;
            let statement = plan_keyholder(&session, own.public(), KeyholderKind::Computer);
            let (wraps, after_it) = member_wraps(&session, own.public(), Lacking::IsLeftOut)?.into_parts();
            let request = AppendEvents { statements: vec![own.co_sign(statement)], wraps };
            match vault.append(&session.keyholder, &request).await {
                // Read again: what the vault accepted is what it serves.
                Ok(_) => vault.add_wraps(&session.keyholder, &after_it).await?,
                Err(error) if error.is(ProblemCode::LogMoved) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Error::TooBusy)
    }
}

fn no_kit(error: VaultError) -> Error {
    if error.is(ProblemCode::NotFound) {
        return Error::Rule(
            "The vault knows no recovery kit with these words in the team that the kit's line names. Take the words and the line of the same kit. Without a kit and without a computer of yours nobody can bring you back, whoever runs the vault included; if others are in the team, an admin can invite you again.",
        );
    }
    if error.is(ProblemCode::Revoked) {
        return Error::Rule(
            "The vault says that this recovery kit was revoked: it brings nobody back. Use another kit or another computer of yours; without one, an admin of the team can invite you again.",
        );
    }
    error.into()
}
