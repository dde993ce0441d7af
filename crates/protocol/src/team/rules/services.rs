//! Services: tokens that read environments, and that no member is behind.

use super::*;
use crate::event::ServiceCreated;

pub(super) fn create(team: &mut Team, signer: &Signer, created: &ServiceCreated) -> Result<(), Refusal> {
    let id = check_new_keys(team, &created.keys)?;
    labels::check(team, &created.label)?;
    no_doubles(created.access.iter().map(|grant| grant.environment))?;
    if created.access.is_empty() {
        return Err(malformed("a service reads at least one environment"));
    }
    if created.access.iter().any(|grant| grant.level == Level::Write) {
        return Err(malformed("a service reads, and signs nothing"));
    }
    let service = Service {
        keys: created.keys.clone(),
        label: created.label.clone(),
        access: created.access.clone(),
        expires_at: created.expires_at,
        author: signer.keyholder,
        since: signer.at.sequence,
        closed: None,
    };
    team.services.insert(id, service);
    cascade::attach(team, signer.keyholder, Issued::Service(id));
    Ok(())
}

pub(super) fn close(team: &mut Team, signer: &Signer, event: &Event) -> Result<(), Refusal> {
    let falls = consequences(team, signer.keyholder, event)?;
    for id in &falls.services {
        if team.services.get(id).is_none_or(|service| service.closed.is_some()) {
            return Err(Refusal::ServiceNotOpen(*id));
        }
    }
    cascade::apply(team, signer, &falls, &BTreeMap::new());
    Ok(())
}

/// A service reads no more. It never had the team's own name key.
pub(super) fn shut(team: &mut Team, id: KeyholderId, sequence: u64) {
    cascade::detach(team, Issued::Service(id));
    let Some(service) = team.services.get_mut(&id) else { return };
    service.closed = Some(sequence);
    let access: Vec<_> = service.access.iter().map(|grant| grant.environment).collect();
    cascade::lose_keys(team, access, sequence);
}
