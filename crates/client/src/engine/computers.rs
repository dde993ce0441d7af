//! This member's computers and recovery kits: which there are, and taking them from the team with all that hangs from
//! them, or without.

use std::collections::BTreeSet;

use twinlock_protocol::event::{Event as TeamLogEvent, Grant, KeyholderKind, KeyholderRevoked, Level, Role};
use twinlock_protocol::ids::KeyholderId;
use twinlock_protocol::team::Consequences;

use super::rights::{in_words, no_wraps};
use super::session::Session;
use super::{Client, Joined};
use crate::error::Error;
use crate::view::{KeyholderView, RenewalView, RevokedView};

/// What becomes of what a revoked computer or kit has signed for: computers and kits that it added, invites, services.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Keep {
    /// If there is anything, a person says: nothing happens.
    Decide,
    /// All of it falls.
    Nothing,
    /// All of it stays that this member may stand in for.
    All,
    /// These stay.
    These(Vec<KeyholderId>),
}

impl Client {
    /// This member's computers and kits that count.
    pub async fn computers(&self) -> Result<Vec<KeyholderView>, Error> {
        let mut state = self.state().await;
        let joined = state.joined()?;
        self.try_refresh_log(joined).await?;
        let session = &joined.session;
        let mine = session.me()?;
        let this = session.keyholder.id();
        let all = session.team.keyholders().iter().filter(|(_, held)| held.member == mine && held.is_live());
        Ok(all.map(|(id, held)| KeyholderView { id: *id, kind: held.kind, this: *id == this }).collect())
    }

    /// As [`Self::revoke_keyholder`], where nothing hangs from it; else a person has to say.
    pub async fn revoke_computer(&self, keyholder: KeyholderId) -> Result<RenewalView, Error> {
        Ok(self.revoke_keyholder(keyholder, &Keep::Decide).await?.keys)
    }

    /// Takes one of this member's computers or kits from the team. It can do nothing more there, and the keys
    /// that it knew are renewed at once, as far as this computer can.
    pub async fn revoke_keyholder(&self, keyholder: KeyholderId, keep: &Keep) -> Result<RevokedView, Error> {
        let _lock = self.lock().await?;
        let mut state = self.state().await;
        let joined = state.joined()?;
        self.refresh_log(joined).await?;
        let mut view = self.revoke_one(joined, keyholder, keep).await?;
        // Whoever took themselves from the team has no say in it any more.
        if !view.revoked.contains(&joined.session.keyholder.id()) {
            view.keys = self.renew_after(joined).await;
        }
        Ok(view)
    }

    /// Takes all other computers of this member from the team: after a loss, on the one that a kit brought back. That
    /// kit stays. What else the lost ones had signed for falls, but for what `keep` says.
    pub async fn revoke_other_computers(&self, keep: &Keep) -> Result<RevokedView, Error> {
        let _lock = self.lock().await?;
        let mut state = self.state().await;
        let joined = state.joined()?;
        self.refresh_log(joined).await?;
        let own = joined.session.keyholder.id();
        let kit = joined.session.team.keyholders().get(&own).and_then(|held| held.added_by);
        let mut view = RevokedView::default();
        while let Some(lost) = another_computer(&joined.session, own, &view.kept)? {
            let falls = without_keeping(&joined.session, lost)?;
            let kit = kit.filter(|kit| falls.keyholders.contains(kit));
            let keep = match keep {
                Keep::Nothing | Keep::Decide => Keep::These(kit.into_iter().collect()),
                Keep::All => Keep::These(keepable(&joined.session, lost, AddedComputers::Fall)?),
                Keep::These(ids) => {
                    let reached = |id: &&KeyholderId| all_of(&falls).contains(*id) && **id != lost;
                    Keep::These(
                        ids.iter()
                            .filter(reached)
                            .copied()
                            .chain(kit)
                            .collect::<BTreeSet<_>>()
                            .into_iter()
                            .collect(),
                    )
                }
            };
            let one = self.revoke_one(joined, lost, &keep).await?;
            view.revoked.extend(one.revoked);
            view.closed.extend(one.closed);
            view.kept.extend(one.kept);
        }
        view.keys = self.renew_after(joined).await;
        Ok(view)
    }

    async fn revoke_one(
        &self,
        joined: &mut Joined,
        keyholder: KeyholderId,
        keep: &Keep,
    ) -> Result<RevokedView, Error> {
        if *keep == Keep::Decide {
            check_alone(&joined.session, keyholder)?;
        }
        let kept = kept(&joined.session, keyholder, keep)?;
        let keep = kept.clone();
        let event = move |heads| {
            TeamLogEvent::KeyholderRevoked(KeyholderRevoked { keyholder, keep: keep.clone(), heads })
        };
        let falls = self.change_rights(joined, event, no_wraps).await?;
        let closed = falls.invites.iter().chain(&falls.services).copied().collect();
        Ok(RevokedView {
            revoked: falls.keyholders.iter().copied().collect(),
            closed,
            kept,
            keys: RenewalView::default(),
        })
    }
}

/// What stays when a computer or kit is taken from the team.
pub(super) fn kept(
    session: &Session,
    keyholder: KeyholderId,
    keep: &Keep,
) -> Result<Vec<KeyholderId>, Error> {
    match keep {
        Keep::Decide | Keep::Nothing => Ok(Vec::new()),
        Keep::All => keepable(session, keyholder, AddedComputers::Stay),
        Keep::These(ids) => Ok(ids.clone()),
    }
}

/// The next of this member's other computers that counts, and that nobody said was to stay.
fn another_computer(
    session: &Session,
    own: KeyholderId,
    kept: &[KeyholderId],
) -> Result<Option<KeyholderId>, Error> {
    let me = session.me()?;
    let mut others = session.team.keyholders().iter().filter(|(id, held)| {
        held.member == me
            && held.is_live()
            && held.kind == KeyholderKind::Computer
            && **id != own
            && !kept.contains(id)
    });
    Ok(others.next().map(|(id, _)| *id))
}

fn without_keeping(session: &Session, keyholder: KeyholderId) -> Result<Consequences, Error> {
    let event =
        TeamLogEvent::KeyholderRevoked(KeyholderRevoked { keyholder, keep: Vec::new(), heads: Vec::new() });
    session.team.consequences(session.keyholder.id(), &event).map_err(|refusal| in_words(&refusal))
}

fn all_of(falls: &Consequences) -> BTreeSet<KeyholderId> {
    falls.keyholders.iter().chain(&falls.invites).chain(&falls.services).copied().collect()
}

/// That nothing falls with it of which nobody spoke.
fn check_alone(session: &Session, keyholder: KeyholderId) -> Result<(), Error> {
    // Of somebody else's, the rules say what is to be said.
    if session.team.member_of(keyholder).ok() != session.me().ok() {
        return Ok(());
    }
    let falls = without_keeping(session, keyholder)?;
    let is = |kind| {
        let of_kind = |id: &&KeyholderId| {
            **id != keyholder && session.team.keyholders().get(*id).is_some_and(|held| held.kind == kind)
        };
        falls.keyholders.iter().filter(of_kind).copied().collect::<Vec<_>>()
    };
    let (computers, kits) = (is(KeyholderKind::Computer), is(KeyholderKind::Recovery));
    let closed: Vec<_> = falls.invites.iter().chain(&falls.services).copied().collect();
    if computers.is_empty() && kits.is_empty() && closed.is_empty() {
        Ok(())
    } else {
        Err(Error::FallsToo { computers, kits, closed })
    }
}

/// Whether further computers are among what is kept.
#[derive(Clone, Copy, PartialEq, Eq)]
enum AddedComputers {
    Stay,
    Fall,
}

/// Of what would fall with a keyholder, all that this member may stand in for: with that, what hangs further down stays.
fn keepable(
    session: &Session,
    keyholder: KeyholderId,
    computers: AddedComputers,
) -> Result<Vec<KeyholderId>, Error> {
    let team = &session.team;
    let own = session.keyholder.id();
    let falls = without_keeping(session, keyholder)?;
    let (mut kept, mut falling) = (Vec::new(), vec![keyholder]);
    while let Some(issuer) = falling.pop() {
        for id in falls.keyholders.iter().filter(|id| **id != own && **id != keyholder) {
            let Some(held) = team.keyholders().get(id).filter(|held| held.added_by == Some(issuer)) else {
                continue;
            };
            match (held.kind, computers) {
                (KeyholderKind::Computer, AddedComputers::Fall) => falling.push(*id),
                _ => kept.push(*id),
            }
        }
        let invites = falls.invites.iter().filter(|id| {
            let invite = team.invites().get(*id);
            invite.is_some_and(|one| one.author == issuer && stands_in(session, one.role, &one.access))
        });
        let services = falls.services.iter().filter(|id| {
            let service = team.services().get(*id);
            service.is_some_and(|one| one.author == issuer && stands_in(session, Role::Member, &one.access))
        });
        kept.extend(invites.chain(services).copied());
    }
    Ok(kept)
}

/// Whether this member could have signed for it as well.
fn stands_in(session: &Session, rank: Role, access: &[Grant]) -> bool {
    let role = session.my_role();
    let writes = |grant: &Grant| {
        session.team.environment(grant.environment).is_err()
            || session.my_level(grant.environment) == Some(Level::Write)
    };
    role >= Some(Role::Admin) && role >= Some(rank) && access.iter().all(writes)
}
