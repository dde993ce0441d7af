//! Inviting: a link that works once, until it expires.

use std::time::Duration;

use twinlock_protocol::api::AppendEvents;
use twinlock_protocol::event::{
    Event as TeamLogEvent, Grant, InviteClosed, Invited, Level, Role, ServiceClosed,
};
use twinlock_protocol::ids::KeyholderId;
use twinlock_protocol::team::InviteState;
use twinlock_protocol::timestamp::Timestamp;
use twinlock_seal::{InviteLink, Keyholder, SecretText, Seed};

use super::members::{ATTEMPTS, Turn, access_view, wraps_to};
use super::rights::{check_admin, no_wraps};
use super::session::Session;
use super::{Client, Event, Joined, LOCAL, now};
use crate::error::Error;
use crate::team::next_event;
use crate::view::AccessView;

/// What to invite somebody to.
pub struct InviteOptions {
    /// Their role.
    pub role: Role,
    /// Their access.
    pub access: AccessRequest,
    /// How long the invite can be used.
    pub expires_in: Duration,
    /// Whether an admin has to approve whoever uses it.
    pub approval: Approval,
}

/// Whether whoever uses an invite is in the team at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Approval {
    /// At once, with all that the invite grants: its link opens the keys by itself.
    NotNeeded,
    /// Once an admin has compared the words of their computer. The link opens nothing before.
    Needed,
}

/// Which access an invite gives.
pub enum AccessRequest {
    /// Write access to everything that this member may grant.
    Everything,
    /// Exactly this, by `project/environment`.
    Only(Vec<(String, Level)>),
}

/// An invite that was made.
pub struct Invitation {
    /// The link. Whoever has it can join until it is used or expires.
    pub link: SecretText,
    /// The invite's id.
    pub id: KeyholderId,
    /// When the vault stops accepting it.
    pub expires_at: Timestamp,
    /// What it gives.
    pub access: Vec<AccessView>,
}

impl Client {
    /// Invites somebody: a link that works once, until it expires.
    pub async fn invite(&self, options: InviteOptions) -> Result<Invitation, Error> {
        let _lock = self.lock().await?;
        let mut state = self.state().await;
        let joined = state.joined()?;
        if joined.session.record.vault == LOCAL {
            return Err(Error::LocalVault);
        }
        // First the log: somebody may have become an admin just now.
        self.refresh_log(joined).await?;
        check_admin(&joined.session)?;
        let access = self.grants(joined, &options.access)?;
        let expires_in = u64::try_from(options.expires_in.as_millis()).unwrap_or(u64::MAX);
        let expires_at = Timestamp(now().0.saturating_add(expires_in));
        let seed = Seed::generate(&mut rand::rng());
        let invite = Keyholder::from_seed(&seed);
        let invited = Invited {
            keys: invite.public().clone(),
            role: options.role,
            access: access.clone(),
            expires_at,
            approve: options.approval == Approval::Needed,
        };
        let planned = |joined: &Joined| plan_invite(joined, &invite, &invited);
        self.append(joined, planned).await?;

        let location = joined.vault()?.location().clone();
        let link = InviteLink {
            team: joined.session.team.id(),
            address: location.url.to_string(),
            pin: location.pin,
            head: joined.session.log_head(),
            seed,
        };
        self.emit(Event::Team);
        Ok(Invitation {
            link: link.to_text(),
            id: invite.id(),
            expires_at,
            access: access
                .iter()
                .map(|grant| access_view(&joined.session, grant.environment, grant.level))
                .collect(),
        })
    }

    /// Closes an invite: its link works no more, and whoever used it and waits for approval is turned away.
    pub async fn close_invite(&self, invite: KeyholderId) -> Result<(), Error> {
        let _lock = self.lock().await?;
        let mut state = self.state().await;
        let joined = state.joined()?;
        // First the log: somebody may have become an admin just now.
        self.refresh_log(joined).await?;
        check_admin(&joined.session)?;
        if !joined.session.team.invites().contains_key(&invite) {
            return Err(Error::Unknown {
                kind: "invite",
                name: invite.to_string(),
                hint: "“twinlock invite list” lists those that can still be used.".to_owned(),
            });
        }
        let event = |_| TeamLogEvent::InviteClosed(InviteClosed { invite });
        self.change_rights(joined, event, no_wraps).await?;
        Ok(())
    }

    /// Closes what has expired by this computer's clock: admins do, in passing. The replay judges no time, so
    /// without this an invite that nobody used would count as one who knows keys for ever. A vault that says each time
    /// that others were faster, and shows nobody's event, keeps it open: that is an error in the end.
    pub(super) async fn close_expired(&self, joined: &mut Joined) -> Result<(), Error> {
        let mut lost = 0;
        while let Some(close) = first_expired(&joined.session) {
            let session = &joined.session;
            let author = &session.keyholder;
            let statement = author.sign_event(&next_event(&session.team, author.id(), close, now()));
            let request = AppendEvents { statements: vec![statement], wraps: Vec::new() };
            match self.append_once(joined, &request).await? {
                Turn::Ours => lost = 0,
                Turn::Theirs if lost == ATTEMPTS => return Err(Error::TooBusy),
                Turn::Theirs => {
                    lost += 1;
                    self.refresh_log(joined).await?;
                }
            }
        }
        Ok(())
    }

    /// What an invite would give, before it is made.
    pub async fn invite_access(&self, access: &AccessRequest) -> Result<Vec<AccessView>, Error> {
        let mut state = self.state().await;
        let joined = state.joined()?;
        self.refresh_log(joined).await?;
        let grants = self.grants(joined, access)?;
        Ok(grants.iter().map(|grant| access_view(&joined.session, grant.environment, grant.level)).collect())
    }

    pub(super) fn grants(&self, joined: &Joined, access: &AccessRequest) -> Result<Vec<Grant>, Error> {
        let session = &joined.session;
        match access {
            AccessRequest::Everything => {
                let mine = session.team.environments().keys().copied();
                let writable = mine.filter(|id| session.my_level(*id) == Some(Level::Write));
                Ok(writable.map(|environment| Grant { environment, level: Level::Write }).collect())
            }
            AccessRequest::Only(named) => named
                .iter()
                .map(|(name, level)| {
                    let environment = self.environment_by_name(joined, name)?;
                    self.check_access(joined, environment, Level::Write)?;
                    Ok(Grant { environment, level: *level })
                })
                .collect(),
        }
    }
}

/// The event that closes one invite or service past its time, of those that this member may close.
fn first_expired(session: &Session) -> Option<TeamLogEvent> {
    let role = session.my_role().filter(|role| *role >= Role::Admin)?;
    let (team, now) = (&session.team, now());
    let mut invites = team.invites().iter().filter(|(id, invite)| {
        invite.state == InviteState::Open && invite.role <= role && team.is_past_its_time(**id, now)
    });
    let invite = invites.next().map(|(id, _)| TeamLogEvent::InviteClosed(InviteClosed { invite: *id }));
    let mut services = team
        .services()
        .iter()
        .filter(|(id, service)| service.closed.is_none() && team.is_past_its_time(**id, now));
    invite.or_else(|| {
        services.next().map(|(id, _)| TeamLogEvent::ServiceClosed(ServiceClosed { service: *id }))
    })
}

fn plan_invite(joined: &Joined, invite: &Keyholder, invited: &Invited) -> Result<(AppendEvents, ()), Error> {
    let session = &joined.session;
    let author = &session.keyholder;
    let event = TeamLogEvent::Invited(invited.clone());
    let statement = author.sign_event(&next_event(&session.team, author.id(), event, now()));
    let wraps = match invited.approve {
        true => Vec::new(),
        false => wraps_to(session, invite, &invited.access, author.id())?,
    };
    Ok((AppendEvents { statements: vec![statement], wraps }, ()))
}
