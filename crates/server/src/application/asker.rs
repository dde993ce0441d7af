//! Who asks, and what that lets them ask for. Pure: the team's log decides, nothing else.

use twinlock_protocol::event::{Level, Role};
use twinlock_protocol::keyholder::PublicKeys;
use twinlock_protocol::team::{InviteState, Team};
use twinlock_protocol::timestamp::Timestamp;
use twinlock_protocol::{EnvironmentId, KeyholderId, MemberId};

/// A keyholder of the team whose signature under a request was checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Asker {
    pub(crate) keyholder: KeyholderId,
    pub(crate) standing: Standing,
}

/// What a keyholder is in the team.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// A member's computer.
    Computer(MemberId),
    /// An invite that can be used.
    OpenInvite,
    /// An invite past its time.
    ExpiredInvite,
    /// An invite that was used: whoever used it may ask again whether it worked, and nothing else.
    UsedInvite,
}

/// The public keys of a keyholder the team knows.
pub(crate) fn keys(team: &Team, keyholder: KeyholderId) -> Option<&PublicKeys> {
    let computer = team.keyholders().get(&keyholder).map(|computer| &computer.keys);
    computer.or_else(|| team.invites().get(&keyholder).map(|invite| &invite.keys))
}

/// What a keyholder is in the team, as of `now`.
pub(crate) fn standing(team: &Team, keyholder: KeyholderId, now: Timestamp) -> Option<Standing> {
    if let Some(computer) = team.keyholders().get(&keyholder) {
        return Some(Standing::Computer(computer.member));
    }
    let invite = team.invites().get(&keyholder)?;
    Some(match invite.state {
        InviteState::Open if invite.expires_at < now => Standing::ExpiredInvite,
        InviteState::Open => Standing::OpenInvite,
        _ => Standing::UsedInvite,
    })
}

impl Asker {
    /// The level of a computer's member; invites have none before they are used.
    pub(crate) fn level(&self, team: &Team, environment: EnvironmentId) -> Option<Level> {
        match self.standing {
            Standing::Computer(member) => team.level(member, environment),
            Standing::OpenInvite | Standing::ExpiredInvite | Standing::UsedInvite => None,
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
            Standing::OpenInvite | Standing::ExpiredInvite | Standing::UsedInvite => false,
        }
    }
}
