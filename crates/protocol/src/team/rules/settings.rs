//! What an owner decides for the whole team: settings, where the vault is, what lost history is given up.

use super::*;
use crate::limits;

pub(super) fn change(team: &mut Team, settings: &TeamSettings) -> Result<(), Refusal> {
    let renewal = settings.renewal;
    if renewal.at_least_days == 0
        || renewal.at_least_days > renewal.at_most_days
        || renewal.at_most_days > limits::RENEWAL_DAYS
    {
        return Err(Refusal::Limit("keys are renewed after 1 to 365 days, and the bounds are in order"));
    }
    if *settings == team.settings {
        return Err(Refusal::NoChange);
    }
    team.settings = *settings;
    Ok(())
}

/// The log goes on at the other address with this same event.
pub(super) fn move_vault(team: &mut Team, moved: &VaultMoved) -> Result<(), Refusal> {
    let host = moved.address.strip_prefix("https://").unwrap_or_default();
    if host.is_empty() || !host.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(malformed("an address is https:// and a host"));
    }
    if moved.address.len() > limits::ADDRESS_BYTES {
        return Err(Refusal::Limit("an address has at most 256 bytes"));
    }
    if team.vault.as_ref() == Some(moved) {
        return Err(Refusal::NoChange);
    }
    team.vault = Some(moved.clone());
    Ok(())
}

/// Every environment goes on from the head recorded for it, whatever the log vouched for before.
pub(super) fn accept_history(
    team: &mut Team,
    signer: &Signer,
    accepted: &HistoryAccepted,
) -> Result<(), Refusal> {
    if accepted.log != team.head() {
        return Err(Refusal::Heads);
    }
    no_doubles(accepted.heads.iter().map(|pinned| pinned.environment))?;
    let heads: BTreeMap<_, _> =
        accepted.heads.iter().map(|pinned| (pinned.environment, pinned.head)).collect();
    let may_be = |(id, head): (&EnvironmentId, &Head)| {
        team.environments.get(id).is_some_and(|known| known.may_be_accepted(*head))
    };
    if !heads.keys().eq(team.environments.keys()) || !heads.iter().all(may_be) {
        return Err(Refusal::Heads);
    }
    for (id, environment) in &mut team.environments {
        if let Some(head) = heads.get(id) {
            environment.accept(signer.at.sequence, *head);
        }
    }
    team.accepted.push(accepted.clone());
    Ok(())
}
