//! Who asks, and what that lets them ask for. Pure: the team's log decides, nothing else.

use twinlock_protocol::event::{Level, Role};
use twinlock_protocol::keyholder::PublicKeys;
use twinlock_protocol::team::{InviteState, Team};
use twinlock_protocol::timestamp::Timestamp;
use twinlock_protocol::{EnvironmentId, KeyholderId, MemberId};

use super::candidates::Vouched;

/// A keyholder of the team whose signature under a request was checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Asker {
    pub(crate) keyholder: KeyholderId,
    pub(crate) standing: Standing,
}

/// What a keyholder is in the team.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// A member's computer or recovery kit; the log's rules tell them apart.
    Computer(MemberId),
    /// An invite that can be used.
    OpenInvite,
    /// An invite past its time.
    ExpiredInvite,
    /// An invite that was used or closed: whoever used it may ask again whether it worked, and nothing else.
    UsedInvite,
    /// The computer of somebody who joined and waits for approval: it reads the log, and nothing else.
    Waiting,
    /// A computer that wants to be added, and that the team does not know: nothing, or the log once somebody signed for it.
    Candidate(Vouched),
    /// A service: it reads what it was given.
    Service,
    /// A computer, a kit or a service that counts no more, or a service past its time.
    Revoked,
}

/// The public keys of a keyholder the team knows.
pub(crate) fn keys(team: &Team, keyholder: KeyholderId) -> Option<&PublicKeys> {
    team.keys_of(keyholder)
}

/// What a keyholder is in the team, as of `now`.
pub(crate) fn standing(team: &Team, keyholder: KeyholderId, now: Timestamp) -> Option<Standing> {
    if let Some(computer) = team.keyholders().get(&keyholder) {
        if !computer.is_live() {
            return Some(Standing::Revoked);
        }
        let active = team.members().get(&computer.member)?.is_active();
        return Some(if active { Standing::Computer(computer.member) } else { Standing::Waiting });
    }
    if let Some(service) = team.services().get(&keyholder) {
        let expired = service.expires_at.is_some_and(|end| end < now);
        let ended = service.closed.is_some() || expired;
        return Some(if ended { Standing::Revoked } else { Standing::Service });
    }
    let invite = team.invites().get(&keyholder)?;
    Some(match invite.state {
        InviteState::Open if invite.expires_at < now => Standing::ExpiredInvite,
        InviteState::Open => Standing::OpenInvite,
        _ => Standing::UsedInvite,
    })
}

impl Asker {
    /// The level of a computer's member, or of a service; invites have none before they are used.
    pub(crate) fn level(&self, team: &Team, environment: EnvironmentId) -> Option<Level> {
        match self.standing {
            Standing::Computer(member) => team.level(member, environment),
            Standing::Service => team.services().get(&self.keyholder)?.level(environment),
            Standing::OpenInvite
            | Standing::ExpiredInvite
            | Standing::UsedInvite
            | Standing::Waiting
            | Standing::Candidate(_)
            | Standing::Revoked => None,
        }
    }

    /// Whether an environment's statements may be read: with any access, and by admins for their duties.
    pub(crate) fn reads_statements(&self, team: &Team, environment: EnvironmentId) -> bool {
        self.level(team, environment).is_some() || self.is_admin(team)
    }

    fn is_admin(&self, team: &Team) -> bool {
        match self.standing {
            Standing::Computer(member) => {
                team.members().get(&member).is_some_and(|member| member.role >= Role::Admin)
            }
            Standing::OpenInvite
            | Standing::ExpiredInvite
            | Standing::UsedInvite
            | Standing::Waiting
            | Standing::Candidate(_)
            | Standing::Service
            | Standing::Revoked => false,
        }
    }
}
