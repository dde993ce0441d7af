//! Keys that this computer has, wrapped to those who are to have them. Whom that is the log says, and nobody else:
//! what a vault says is missing is a hint where to look.

use std::collections::BTreeMap;

use twinlock_protocol::api::{MissingWrap, ProblemCode, Wrap};
use twinlock_protocol::event::Half;
use twinlock_protocol::ids::{EnvironmentId, Generation, KeyholderId};
use twinlock_protocol::keyholder::PublicKeys;
use twinlock_protocol::limits;
use twinlock_protocol::team::Team;
use twinlock_seal::Keyholder;

use super::session::Session;
use super::{Client, Joined, now};
use crate::error::Error;
use crate::vault::Vault;

impl Client {
    /// Makes the wraps that others are to have and lack, of keys that this computer has.
    pub(super) async fn complete_wraps(&self, joined: &mut Joined) -> Result<(), Error> {
        let vault = joined.vault()?;
        let missing = vault.missing_wraps(&joined.session.keyholder).await.map_err(Error::from);
        let missing = self.note_outcome(joined, missing)?;
        let wraps = owed(&joined.session, &missing);
        if wraps.is_empty() {
            return Ok(());
        }
        match vault.add_wraps(&joined.session.keyholder, &wraps).await {
            // Somebody lost their access, or a key was renewed, meanwhile: the next time here tells.
            Err(error) if error.is(ProblemCode::Wraps) => Ok(()),
            added => self.note_outcome(joined, added.map_err(Error::from)),
        }
    }

    /// Says which keys of this computer were wrapped by somebody and do not open, so that others wrap them too.
    pub(super) async fn ask_for_keys(&self, joined: &Joined) {
        let Ok(vault) = joined.vault() else { return };
        let keyholder = joined.session.keyholder.id();
        let missing = joined.session.missing_keys().into_iter();
        let missing = missing.map(|(environment, generation, half)| MissingWrap {
            keyholder,
            environment,
            generation,
            half,
        });
        // Said again as long as it is so.
        if let Err(error) = vault.say_unopened(&joined.session.keyholder, missing.collect()).await {
            tracing::debug!(%error, "which keys are missing could not be said");
        }
    }
}

/// Says which keys an invite was to give and does not, so that others wrap them before it is tried again.
pub(super) async fn ask_for_keys_of_invite(vault: &Vault, invite: &Keyholder, session: &Session) {
    let team = &session.team;
    let due = team.keys_due_to(invite.id()).into_iter();
    let missing = due.filter(|(environment, half)| !session.has_current(*environment, *half));
    let missing = missing.filter_map(|(environment, half)| {
        let generation = current(team, environment)?;
        Some(MissingWrap { keyholder: invite.id(), environment, generation, half })
    });
    if let Err(error) = vault.say_unopened(invite, missing.collect()).await {
        tracing::debug!(%error, "which keys are missing could not be said");
    }
}

/// Who is to have a key.
type Entitled<'t> = BTreeMap<KeyholderId, &'t PublicKeys>;

/// The wraps that this computer can make, and that whoever lacks them is to have: by the log, not by who says so.
fn owed(session: &Session, missing: &[MissingWrap]) -> Vec<Wrap> {
    let team = &session.team;
    let mut entitled: BTreeMap<_, Entitled<'_>> = BTreeMap::new();
    let mut wraps = Vec::new();
    for MissingWrap { keyholder, environment, generation, half } in missing.iter().take(limits::PAGE) {
        if current(team, *environment) != Some(*generation) || team.is_past_its_time(*keyholder, now()) {
            continue;
        }
        let to = entitled
            .entry((*environment, *half))
            .or_insert_with(|| team.entitled(*environment, *half).into_iter().collect());
        let Some(to) = to.get(keyholder) else { continue };
        // A key that is not here is for others to pass on.
        if let Ok(Some(wrap)) = wrapped(session, *environment, *half, to) {
            wraps.push(wrap);
        }
    }
    wraps
}

fn current(team: &Team, environment: Option<EnvironmentId>) -> Option<Generation> {
    match environment {
        Some(id) => team.environment(id).ok().map(|environment| environment.current().number),
        None => team.generations().last().map(|generation| generation.number),
    }
}

/// One current key, of an environment or of the team, wrapped to one keyholder. There is no wrap to public keys that
/// are none; that this computer lacks the key is an error.
pub(super) fn wrapped(
    session: &Session,
    environment: Option<EnvironmentId>,
    half: Half,
    to: &PublicKeys,
) -> Result<Option<Wrap>, Error> {
    let (wrapper, mut rng) = (session.keyholder.id(), rand::rng());
    let Some(id) = environment else {
        return Ok(session.team_key()?.wrap(to, wrapper, &mut rng));
    };
    let missing = || Error::KeysMissing { environment: session.environment_name(id) };
    let generation = session.team.environment(id).map_err(|_| missing())?.current().number;
    let held = session.environment(id).ok_or_else(missing)?;
    Ok(match half {
        Half::Name => held.name_key(generation).ok_or_else(missing)?.wrap(to, wrapper, &mut rng),
        Half::Value => held.value_key(generation).ok_or_else(missing)?.wrap(to, wrapper, &mut rng),
    })
}
