//! Services: making the token with which a program reads environments, and closing it.

use std::collections::BTreeSet;
use std::time::Duration;

use twinlock_protocol::api::{AppendEvents, Wrap};
use twinlock_protocol::event::{Event as TeamLogEvent, Grant, Level, ServiceClosed, ServiceCreated};
use twinlock_protocol::ids::KeyholderId;
use twinlock_protocol::limits;
use twinlock_protocol::team::Service;
use twinlock_protocol::timestamp::Timestamp;
use twinlock_seal::{Keyholder, SecretText, Seed, ServiceToken, TokenEnvironment};

use super::administer::TAKEN;
use super::invite::AccessRequest;
use super::members::{access_view, environment_wraps};
use super::rights::{check_admin, no_wraps};
use super::session::Session;
use super::{Client, Event, Joined, LOCAL, now};
use crate::error::Error;
use crate::team::{Label, folded, inert, next_event, seal_label};
use crate::view::{AccessView, ServiceClosedView, ServiceView};

/// What to make a service for.
pub struct ServiceOptions {
    /// What people call it.
    pub name: Label,
    /// What it reads, by `project/environment`; never `write`.
    pub access: Vec<(String, Level)>,
    /// How long its token works; for ever, if that is not said.
    pub expires_in: Option<Duration>,
}

/// A service that was made.
pub struct NewService {
    /// The token: whoever has it reads what the service was given.
    pub token: SecretText,
    /// The service's id.
    pub id: KeyholderId,
    /// When the vault stops serving it.
    pub expires_at: Option<Timestamp>,
    /// What it reads.
    pub access: Vec<AccessView>,
}

impl Client {
    /// Makes a service. Its token is given once, and kept nowhere.
    pub async fn create_service(&self, options: ServiceOptions) -> Result<NewService, Error> {
        let ServiceOptions { name, access, expires_in } = options;
        check_request(&access)?;
        let _lock = self.lock().await?;
        let mut state = self.state().await;
        let joined = state.joined()?;
        if joined.session.record.vault == LOCAL {
            return Err(Error::Rule(
                "This team lives on this computer, where no service reaches it. It first needs a vault server; moving a team there comes in a later version.",
            ));
        }
        // First the log: somebody may have become an admin just now.
        self.refresh_log(joined).await?;
        check_admin(&joined.session)?;
        let access = self.grants(joined, &AccessRequest::Only(access))?;
        let ids: BTreeSet<_> = access.iter().map(|grant| grant.environment).collect();
        if ids.len() != access.len() {
            return Err(Error::Usage("An environment is named twice. Nothing was changed.".to_owned()));
        }
        let end = |expires_in: Duration| {
            let milliseconds = u64::try_from(expires_in.as_millis()).unwrap_or(u64::MAX);
            Timestamp(now().0.saturating_add(milliseconds))
        };
        let expires_at = expires_in.map(end);
        let seed = Seed::generate(&mut rand::rng());
        let service = Keyholder::from_seed(&seed);
        let planned = |joined: &Joined| plan_service(joined, &service, &name, &access, expires_at);
        self.append(joined, planned).await?;

        let location = joined.vault()?.location().clone();
        let session = &joined.session;
        let named = |grant: &Grant| TokenEnvironment {
            id: grant.environment,
            name: session.environment_name(grant.environment),
        };
        let token = ServiceToken {
            team: session.team.id(),
            address: location.url.to_string(),
            pin: location.pin,
            head: session.log_head(),
            seed,
            environments: access.iter().map(named).collect(),
        };
        self.emit(Event::Team);
        Ok(NewService {
            token: token.to_text(),
            id: service.id(),
            expires_at,
            access: views(session, &access),
        })
    }

    /// The services that can still be used, by name.
    pub async fn services(&self) -> Result<Vec<ServiceView>, Error> {
        let mut state = self.state().await;
        let joined = state.joined()?;
        self.try_refresh_log(joined).await?;
        let session = &joined.session;
        let mut services: Vec<_> =
            open(session).map(|(id, service)| service_view(session, id, service)).collect();
        services.sort_by(|a, b| (&a.name, a.id).cmp(&(&b.name, b.id)));
        Ok(services)
    }

    /// Closes a service, by name or id: its token reads nothing any more. What it could read gets new keys at
    /// once, as far as this computer can.
    pub async fn close_service(&self, name: &str) -> Result<ServiceClosedView, Error> {
        let _lock = self.lock().await?;
        let mut state = self.state().await;
        let joined = state.joined()?;
        // First the log: somebody may have become an admin just now.
        self.refresh_log(joined).await?;
        check_admin(&joined.session)?;
        let service = service_by_name(&joined.session, name)?;
        let name = joined.session.team.services().get(&service).map(|one| service_name(&joined.session, one));
        let event = |_| TeamLogEvent::ServiceClosed(ServiceClosed { service });
        self.change_rights(joined, event, no_wraps).await?;
        let keys = self.renew_all_stale(joined).await;
        Ok(ServiceClosedView { id: service, name: name.unwrap_or_default(), keys })
    }
}

/// Refuses what no service can be made for, before anything is looked at.
fn check_request(access: &[(String, Level)]) -> Result<(), Error> {
    let usage = |sentence: &str| Err(Error::Usage(format!("{sentence} Nothing was changed.")));
    if access.is_empty() {
        usage("Say what the service reads: --access PROJECT/ENV:read.")
    } else if access.iter().any(|(_, level)| *level == Level::Write) {
        usage("A service reads and changes nothing: give it names or read.")
    } else if access.len() > limits::SERVICE_ENVIRONMENTS {
        usage("A service reads at most 32 environments. Make several.")
    } else {
        Ok(())
    }
}

fn plan_service(
    joined: &Joined,
    service: &Keyholder,
    name: &Label,
    access: &[Grant],
    expires_at: Option<Timestamp>,
) -> Result<(AppendEvents, ()), Error> {
    let session = &joined.session;
    // Looked at again each time: somebody else may have been faster with the same name.
    if open(session).any(|(_, one)| folded(&service_name(session, one)) == folded(name.as_str())) {
        return Err(TAKEN);
    }
    let author = &session.keyholder;
    let created = ServiceCreated {
        keys: service.public().clone(),
        label: seal_label(session.team_key()?, name, &mut rand::rng()),
        access: access.to_vec(),
        expires_at,
    };
    let event = next_event(&session.team, author.id(), TeamLogEvent::ServiceCreated(created), now());
    let wraps: Vec<Wrap> = environment_wraps(session, service, access, author.id())?;
    Ok((AppendEvents { statements: vec![author.sign_event(&event)], wraps }, ()))
}

fn open(session: &Session) -> impl Iterator<Item = (KeyholderId, &Service)> {
    let all = session.team.services().iter();
    all.filter(|(_, service)| service.closed.is_none()).map(|(id, service)| (*id, service))
}

fn views(session: &Session, access: &[Grant]) -> Vec<AccessView> {
    access.iter().map(|grant| access_view(session, grant.environment, grant.level)).collect()
}

/// A service, as it is shown.
pub(super) fn service_view(session: &Session, id: KeyholderId, service: &Service) -> ServiceView {
    ServiceView {
        id,
        name: service_name(session, service),
        by: session.author_name(service.author),
        access: views(session, &service.access),
        expires_at: service.expires_at.map(|end| end.0),
    }
}

fn service_name(session: &Session, service: &Service) -> String {
    session.label(&service.label).unwrap_or_else(|| "(unnamed)".to_owned())
}

/// Finds an open service by id or by name. An id is exact: nobody gets in its way by being called like it.
fn service_by_name(session: &Session, name: &str) -> Result<KeyholderId, Error> {
    if let Some((id, _)) = open(session).find(|(id, _)| id.to_string() == name) {
        return Ok(id);
    }
    let named = open(session).filter(|(_, one)| folded(&service_name(session, one)) == folded(name));
    match named.map(|(id, _)| id).collect::<Vec<_>>().as_slice() {
        [one] => Ok(*one),
        [] => Err(Error::Unknown {
            kind: "service",
            name: inert(name),
            hint: "“twinlock service list” lists those that can still be used.".to_owned(),
        }),
        several => Err(Error::SeveralCalled {
            kind: "service",
            name: inert(name),
            ids: several.iter().map(ToString::to_string).collect(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_reads_and_nothing_else() {
        let of = |level| ("api/production".to_owned(), level);
        assert!(check_request(&[of(Level::Names), of(Level::Read)]).is_ok());
        for wrong in [vec![], vec![of(Level::Write)], vec![of(Level::Read); 33]] {
            assert!(matches!(check_request(&wrong), Err(Error::Usage(_))));
        }
    }
}
