//! Which wraps belong to an event, and which wraps may be added at all. Pure.

use std::collections::{BTreeMap, BTreeSet};

use twinlock_protocol::api::{ProblemCode, Wrap};
use twinlock_protocol::event::{Event, Half, KeyholderKind, TeamEvent};
use twinlock_protocol::keyholder::ENCAPSULATED_KEY_BYTES;
use twinlock_protocol::team::Team;
use twinlock_protocol::timestamp::Timestamp;
use twinlock_protocol::{EnvironmentId, Generation, KeyholderId, limits};

use crate::problem::Problem;

/// A key of 32 bytes and the tag of its seal.
const SEALED_KEY_BYTES: usize = 48;

/// A key that a keyholder is to be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Due {
    keyholder: KeyholderId,
    environment: Option<EnvironmentId>,
    generation: Generation,
    half: Half,
}

/// The wraps without which an event is not accepted. `team` is the team after the event. What is past its time by then
/// is due nothing; neither is what will be soon, for whose clock is a little ahead wraps nothing to it.
pub(crate) fn due(team: &Team, event: &TeamEvent, now: Timestamp) -> BTreeSet<Due> {
    let soon = Timestamp(now.0.saturating_add(limits::REQUEST_AGE_SECONDS.unsigned_abs() * 1000));
    let mut due = all_due(team, event);
    due.retain(|due| !team.is_past_its_time(due.keyholder, soon));
    due
}

fn all_due(team: &Team, event: &TeamEvent) -> BTreeSet<Due> {
    match &event.event {
        Event::Invited(invited) => due_to(team, invited.keys.id()).collect(),
        Event::MemberJoined(_) => due_to(team, event.author).collect(),
        Event::ServiceCreated(created) => due_to(team, created.keys.id()).collect(),
        Event::KeyholderAdded(added) => {
            let by = team.keyholders().get(&event.author).map(|author| author.kind);
            match by {
                // Whoever comes back by a kit has what the kit could open; others complete it.
                Some(KeyholderKind::Recovery) => BTreeSet::new(),
                _ => due_to(team, added.keys.id()).collect(),
            }
        }
        // Whoever approves passes on what they have; others complete it.
        Event::MemberApproved(approved) => {
            let own: BTreeSet<_> = team.keys_due_to(event.author).into_iter().collect();
            let member = team.members().get(&approved.member);
            let keyholders = member.into_iter().flat_map(|member| member.keyholders());
            let due = keyholders.flat_map(|keyholder| due_to(team, *keyholder));
            due.filter(|due| own.contains(&(due.environment, due.half))).collect()
        }
        Event::AccessChanged(changed) => {
            let (id, member) = (changed.environment, changed.member);
            let before = team.level_at(member, id, event.sequence - 1);
            let gained = |due: &Due| {
                due.environment == Some(id) && !before.is_some_and(|before| before.includes(due.half))
            };
            let member = team.members().get(&member);
            let keyholders = member.into_iter().flat_map(|member| member.keyholders());
            keyholders.flat_map(|keyholder| due_to(team, *keyholder)).filter(gained).collect()
        }
        Event::EnvironmentCreated(created) => due_for_key(team, Some(created.environment)).collect(),
        Event::GenerationOpened(opened) => due_for_key(team, opened.environment).collect(),
        Event::TeamCreated(_)
        | Event::LabelChanged(_)
        | Event::ProjectCreated(_)
        | Event::TeamSettings(_)
        | Event::InviteClosed(_)
        | Event::ServiceClosed(_)
        | Event::KeyholderRevoked(_)
        | Event::RoleChanged(_)
        | Event::MemberRemoved(_)
        | Event::ProjectDeleted(_)
        | Event::EnvironmentDeleted(_)
        | Event::VaultMoved(_)
        | Event::HistoryAccepted(_) => BTreeSet::new(),
    }
}

/// The current keys that one keyholder is to have.
fn due_to(team: &Team, keyholder: KeyholderId) -> impl Iterator<Item = Due> {
    team.keys_due_to(keyholder).into_iter().filter_map(move |(environment, half)| {
        let generation = current(team, environment)?;
        Some(Due { keyholder, environment, generation, half })
    })
}

/// The generation that is current.
fn current(team: &Team, environment: Option<EnvironmentId>) -> Option<Generation> {
    match environment {
        Some(id) => team.environment(id).ok().map(|environment| environment.current().number),
        None => team.generations().last().map(|generation| generation.number),
    }
}

/// Everyone who is to hold the current keys of an environment, or of the team.
fn due_for_key(team: &Team, environment: Option<EnvironmentId>) -> impl Iterator<Item = Due> {
    current(team, environment).into_iter().flat_map(move |generation| {
        Half::BOTH.into_iter().flat_map(move |half| {
            let entitled = team.entitled(environment, half).into_iter();
            entitled.map(move |(keyholder, _)| Due { keyholder, environment, generation, half })
        })
    })
}

/// Checks that wraps cover all that is due, and that none is junk: each is made by one of `wrappers` who may have
/// the key, for a key that exists, to a keyholder who may have it.
pub(crate) fn check(
    team: &Team,
    wraps: &[Wrap],
    due: &BTreeSet<Due>,
    wrappers: &[KeyholderId],
) -> Result<(), Problem> {
    let problem = |detail: &str| Problem::new(ProblemCode::Wraps, detail);
    let mut entitled = BTreeMap::new();
    let mut given = BTreeSet::new();
    for wrap in wraps {
        if !wrappers.contains(&wrap.wrapper) {
            return Err(problem("A wrapped key names somebody else as its maker."));
        }
        if wrap.encapsulated.len() != ENCAPSULATED_KEY_BYTES || wrap.sealed.len() != SEALED_KEY_BYTES {
            return Err(problem("A wrapped key has not the size of one."));
        }
        if !exists(team, wrap) {
            return Err(problem("A wrapped key is of a generation that was never opened."));
        }
        let keyholders = entitled.entry((wrap.environment, wrap.half)).or_insert_with(|| {
            let entitled = team.entitled(wrap.environment, wrap.half);
            entitled.into_iter().map(|(keyholder, _)| keyholder).collect::<BTreeSet<_>>()
        });
        if !keyholders.contains(&wrap.keyholder) {
            return Err(problem("A key is wrapped to somebody who may not have it."));
        }
        if !keyholders.contains(&wrap.wrapper) {
            return Err(problem("Only who has a key may pass it on."));
        }
        let Wrap { keyholder, environment, generation, half, .. } = *wrap;
        given.insert(Due { keyholder, environment, generation, half });
    }
    if due.is_subset(&given) {
        Ok(())
    } else {
        Err(problem("Somebody who is to have a key would be left without it. Wrap it for all of them."))
    }
}

fn exists(team: &Team, wrap: &Wrap) -> bool {
    match wrap.environment {
        Some(id) => team.environment(id).is_ok_and(|known| known.generation(wrap.generation).is_some()),
        None => {
            wrap.half == Half::Name
                && team.generations().iter().any(|generation| generation.number == wrap.generation)
        }
    }
}
