//! Who may append what to a team's log: one rule for each event type, and a refusal for every other.
//!
//! `permissions` is the table of who may sign what; the other files hold what else has to be right, and what
//! follows. Each checks everything before it changes anything.

mod access;
mod cascade;
mod environments;
mod generations;
mod heads;
mod invites;
mod keyholders;
mod labels;
mod members;
mod permissions;
mod services;
mod settings;

pub use cascade::Consequences;
pub(super) use cascade::consequences;
pub(super) use labels::labelled;

use super::*;
use permissions::Signer;

/// The team that a `team-created` statement makes.
pub(super) fn create(statement: &Envelope) -> Result<Team, Refusal> {
    // Whose signature would have to be on another kind is unknown before there is a team.
    let event =
        TeamEvent::decode(statement).map_err(|refusal| statement.newer_or_forged(refusal, |_| None))?;
    let Event::TeamCreated(created) = &event.event else {
        return Err(malformed("a log begins with team-created"));
    };
    if event.sequence != 1 || event.team.is_some() || event.previous.is_some() {
        return Err(malformed("team-created has sequence 1, no team and nothing before it"));
    }
    statement.verify_signers(&[(event.author, &created.keys)])?;
    created.keys.check()?;
    let hash = statement.hash();
    let founder = MemberId::new(hash.first_half());
    let mut team = Team {
        id: TeamId::new(hash.first_half()),
        log: vec![hash],
        label: None,
        settings: TeamSettings::default(),
        members: BTreeMap::new(),
        present: 0,
        owners: BTreeSet::new(),
        keyholders: BTreeMap::new(),
        invites: BTreeMap::new(),
        services: BTreeMap::new(),
        projects: BTreeMap::new(),
        environments: BTreeMap::new(),
        gone_projects: BTreeSet::new(),
        gone_environments: BTreeSet::new(),
        generations: Vec::new(),
        name_key_due: false,
        vault: None,
        accepted: Vec::new(),
    };
    members::let_in(
        &mut team,
        founder,
        Member {
            role: Role::Owner,
            label: None,
            since: 1,
            invited_by: None,
            state: MemberState::Active,
            access: BTreeMap::new(),
            roles: Timeline::since(1, Role::Owner),
            keyholders: BTreeSet::from([event.author]),
        },
    );
    let computer = keyholders::new(created.keys.clone(), KeyholderKind::Computer, founder, 1, None);
    team.keyholders.insert(event.author, computer);
    Ok(team)
}

/// Checks one event in full, then applies it.
pub(super) fn append(team: &mut Team, statement: &Envelope) -> Result<TeamEvent, Refusal> {
    let live = |id| team.keyholders.get(&id).filter(|known| known.is_live()).map(|known| &known.keys);
    let event = TeamEvent::decode(statement).map_err(|refusal| statement.newer_or_forged(refusal, live))?;
    verify_signers(team, statement, &event)?;
    if event.team != Some(team.id) {
        return Err(Refusal::Elsewhere);
    }
    let sequence = team.sequence() + 1;
    if event.sequence != sequence {
        return Err(Refusal::Number { expected: sequence, found: event.sequence });
    }
    if event.previous != Some(team.last()) {
        return Err(Refusal::Chain { number: sequence });
    }
    let at = LogHead { sequence, hash: statement.hash() };
    if let Event::MemberJoined(joined) = &event.event {
        members::join(team, event.author, at, joined)?;
    } else {
        let signer = permissions::authorise(team, event.author, at, &event.event)?;
        apply(team, &signer, &event.event)?;
    }
    team.log.push(at.hash);
    Ok(event)
}

/// What an event asks for beyond the right to sign it, and what follows from it.
fn apply(team: &mut Team, signer: &Signer, event: &Event) -> Result<(), Refusal> {
    match event {
        Event::TeamCreated(_) => Err(malformed("team-created comes first, and once")),
        Event::MemberJoined(_) => Err(malformed("a member joins with the keys that the event brings")),
        Event::TeamSettings(settings) => settings::change(team, settings),
        Event::VaultMoved(moved) => settings::move_vault(team, moved),
        Event::HistoryAccepted(accepted) => settings::accept_history(team, signer, accepted),
        Event::LabelChanged(change) => labels::change(team, change),
        Event::Invited(invited) => invites::invite(team, signer, invited),
        Event::InviteClosed(_) => invites::close(team, signer, event),
        Event::MemberApproved(approved) => members::approve(team, signer, approved),
        Event::RoleChanged(changed) => members::change_role(team, signer, changed, event),
        Event::MemberRemoved(removed) => members::remove(team, signer, removed, event),
        Event::ServiceCreated(created) => services::create(team, signer, created),
        Event::ServiceClosed(_) => services::close(team, signer, event),
        Event::KeyholderAdded(added) => keyholders::add(team, signer, added),
        Event::KeyholderRevoked(revoked) => keyholders::revoke(team, signer, revoked, event),
        Event::ProjectCreated(created) => environments::create_project(team, created),
        Event::ProjectDeleted(deleted) => environments::delete_project(team, deleted, event, signer),
        Event::EnvironmentCreated(created) => environments::create(team, signer, created),
        Event::EnvironmentDeleted(deleted) => {
            environments::delete(team, deleted);
            Ok(())
        }
        Event::AccessChanged(changed) => access::change(team, signer, changed, event),
        Event::GenerationOpened(opened) => match opened.environment {
            Some(environment) => generations::open(team, signer, environment, opened),
            None => generations::open_of_team(team, signer, opened),
        },
    }
}

/// Exactly the author, and whoever an event names beside them, must have signed.
fn verify_signers(team: &Team, statement: &Envelope, event: &TeamEvent) -> Result<(), Refusal> {
    if let Event::MemberJoined(joined) = &event.event {
        let invite = team.open_invite(joined.invite)?;
        return statement.verify_signers(&[(event.author, &joined.keys), (joined.invite, &invite.keys)]);
    }
    let author =
        team.keyholders.get(&event.author).ok_or(Refusal::UnknownKeyholder { keyholder: event.author })?;
    let author = (event.author, &author.keys);
    match &event.event {
        Event::KeyholderAdded(added) => statement.verify_signers(&[author, (added.keys.id(), &added.keys)]),
        _ => statement.verify_signers(&[author]),
    }
}

fn malformed(reason: &str) -> Refusal {
    Refusal::Malformed { reason: reason.to_owned() }
}

/// Keys that something can be wrapped to, under an id that nobody ever had.
fn check_new_keys(team: &Team, keys: &PublicKeys) -> Result<KeyholderId, Refusal> {
    keys.check()?;
    let id = keys.id();
    if team.keys_of(id).is_some() { Err(Refusal::IdTaken) } else { Ok(id) }
}

fn no_doubles<T: Ord>(items: impl IntoIterator<Item = T>) -> Result<(), Refusal> {
    let mut seen = BTreeSet::new();
    for item in items {
        if !seen.insert(item) {
            return Err(malformed("the same is named twice"));
        }
    }
    Ok(())
}
