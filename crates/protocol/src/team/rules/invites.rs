//! Invites: made, and closed.

use super::*;
use crate::event::Invited;

pub(super) fn invite(team: &mut Team, signer: &Signer, invited: &Invited) -> Result<(), Refusal> {
    let id = check_new_keys(team, &invited.keys)?;
    no_doubles(invited.access.iter().map(|grant| grant.environment))?;
    let invite = Invite {
        keys: invited.keys.clone(),
        role: invited.role,
        access: invited.access.clone(),
        expires_at: invited.expires_at,
        approve: invited.approve,
        author: signer.keyholder,
        since: signer.at.sequence,
        state: InviteState::Open,
    };
    team.invites.insert(id, invite);
    cascade::attach(team, signer.keyholder, Issued::Invite(id));
    Ok(())
}

pub(super) fn close(team: &mut Team, signer: &Signer, event: &Event) -> Result<(), Refusal> {
    let falls = consequences(team, signer.keyholder, event)?;
    for id in &falls.invites {
        let state = team.invites.get(id).map(|invite| invite.state);
        if !matches!(state, Some(InviteState::Open | InviteState::Waiting { .. })) {
            return Err(Refusal::InviteNotOpen(*id));
        }
    }
    cascade::apply(team, signer, &falls, &BTreeMap::new());
    Ok(())
}

/// An invite can no longer be used. Who had the link had its keys; who used it and waits is turned away.
pub(super) fn shut(team: &mut Team, id: KeyholderId, sequence: u64) {
    cascade::detach(team, Issued::Invite(id));
    let Some(invite) = team.invites.get_mut(&id) else { return };
    let (before, approve) = (invite.state, invite.approve);
    invite.state = InviteState::Closed { at: sequence };
    let access: Vec<_> = invite.access.iter().map(|grant| grant.environment).collect();
    if let InviteState::Waiting { by } = before {
        members::turn_away(team, by, sequence);
    }
    if !approve {
        cascade::lose_keys(team, access, sequence);
        team.name_key_due = true;
    }
}
