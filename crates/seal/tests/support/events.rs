//! Events with what they have to record filled in, and the keyholders that sign beside their author.

use std::collections::BTreeMap;

use twinlock_protocol::Verified;
use twinlock_protocol::envelope::Envelope;
use twinlock_protocol::event::*;
use twinlock_protocol::ids::*;
use twinlock_protocol::refusal::Refusal;
use twinlock_protocol::team::Team;
use twinlock_protocol::timestamp::Timestamp;
use twinlock_seal::{Keyholder, Seed};

use super::World;

impl World {
    /// A new keyholder that nobody knows yet.
    pub(crate) fn keyholder(&mut self) -> Keyholder {
        let seed = Seed::generate(&mut self.rng);
        let keyholder = Keyholder::from_seed(&seed);
        self.seeds.insert(keyholder.id(), *seed.expose());
        keyholder
    }

    /// The same keyholder again: its type has no `Clone`.
    pub(crate) fn twin(&self, id: KeyholderId) -> Keyholder {
        Keyholder::from_seed(&Seed::from_bytes(self.seeds[&id]))
    }

    /// The event with the heads that it has to record, as far as this world knows them.
    pub(crate) fn filled(&self, author: KeyholderId, event: Event) -> Event {
        filled(&self.team, &self.heads, author, event)
    }

    /// Signs the next event and appends it, its heads filled in.
    pub(crate) fn does(&mut self, author: &Keyholder, event: Event) -> Result<Verified<TeamEvent>, Refusal> {
        let event = self.filled(author.id(), event);
        self.by(author, event)
    }

    /// A further computer or kit of whoever signs.
    pub(crate) fn adds(&mut self, author: &Keyholder, kind: KeyholderKind) -> Result<Keyholder, Refusal> {
        let added = self.keyholder();
        let statement = self.adding(author, &added, kind);
        self.append(statement).map(|_| added)
    }

    /// The statement by which a keyholder is added, signed by both.
    pub(crate) fn adding(&self, author: &Keyholder, added: &Keyholder, kind: KeyholderKind) -> Envelope {
        let event = Event::KeyholderAdded(KeyholderAdded { keys: added.public().clone(), kind });
        added.co_sign(author.sign_event(&self.event(author.id(), event)))
    }

    /// An invite by anybody.
    pub(crate) fn invites(
        &mut self,
        author: &Keyholder,
        role: Role,
        access: Vec<Grant>,
        approve: bool,
    ) -> Result<Keyholder, Refusal> {
        let invite = self.keyholder();
        let keys = invite.public().clone();
        let invited = Invited { keys, role, access, expires_at: self.expires_at, approve };
        self.by(author, Event::Invited(invited)).map(|_| invite)
    }

    /// Somebody joins with an invite that asks for approval.
    pub(crate) fn waits(&mut self, invite: &Keyholder) -> Keyholder {
        let joiner = self.keyholder();
        let joined = MemberJoined { keys: joiner.public().clone(), invite: invite.id(), label: None };
        let event = self.event(joiner.id(), Event::MemberJoined(joined));
        let statement = invite.co_sign(joiner.sign_event(&event));
        self.append(statement).unwrap();
        joiner
    }

    /// A service by anybody.
    pub(crate) fn serves(&mut self, author: &Keyholder, access: Vec<Grant>) -> Result<Keyholder, Refusal> {
        let service = self.keyholder();
        let keys = service.public().clone();
        let label = self.label("ci");
        let expires_at = Some(Timestamp(self.expires_at.0 + 1));
        let created = ServiceCreated { keys, label, access, expires_at };
        self.by(author, Event::ServiceCreated(created)).map(|_| service)
    }

    pub(crate) fn member(&self, keyholder: &Keyholder) -> MemberId {
        self.team.member_of(keyholder.id()).unwrap()
    }

    pub(crate) fn grant(&self, level: Level) -> Vec<Grant> {
        vec![Grant { environment: self.environment, level }]
    }

    pub(crate) fn is_live(&self, keyholder: &Keyholder) -> bool {
        self.team.keyholders()[&keyholder.id()].is_live()
    }

    pub(crate) fn is_stale(&self) -> bool {
        self.team.environment(self.environment).unwrap().is_stale()
    }

    /// Renews the environment's keys, with the revision that belongs to it, while the environment is empty.
    pub(crate) fn renew(&mut self, author: &Keyholder) {
        let head = self.head_of(self.environment);
        self.open_generation(author, head);
        // The `rotate` revision stands above: what it hashes to does not matter to the log.
        self.heads
            .insert(self.environment, Head { number: head.number + 1, hash: StatementHash::new([7; 32]) });
    }

    pub(crate) fn head_of(&self, environment: EnvironmentId) -> Head {
        head_of(&self.team, &self.heads, environment)
    }
}

pub(crate) fn revoked(keyholder: &Keyholder, keep: &[&Keyholder]) -> Event {
    let keep = keep.iter().map(|kept| kept.id()).collect();
    Event::KeyholderRevoked(KeyholderRevoked { keyholder: keyholder.id(), keep, heads: Vec::new() })
}

pub(crate) fn removed(member: MemberId, keep: &[&Keyholder]) -> Event {
    let keep = keep.iter().map(|kept| kept.id()).collect();
    Event::MemberRemoved(MemberRemoved { member, keep, heads: Vec::new() })
}

pub(crate) fn role_changed(member: MemberId, role: Role, keep: &[&Keyholder]) -> Event {
    let keep = keep.iter().map(|kept| kept.id()).collect();
    Event::RoleChanged(RoleChanged { member, role, keep, heads: Vec::new() })
}

pub(crate) fn access(environment: EnvironmentId, member: MemberId, level: Option<Level>) -> Event {
    Event::AccessChanged(AccessChanged { environment, member, level, head: None })
}

pub(crate) fn settings(creating: Creating, least: u32, most: u32) -> Event {
    let renewal = Renewal { at_least_days: least, at_most_days: most };
    Event::TeamSettings(TeamSettings { creating, renewal })
}

fn head_of(team: &Team, heads: &BTreeMap<EnvironmentId, Head>, environment: EnvironmentId) -> Head {
    let start = || team.environment(environment).unwrap().start();
    heads.get(&environment).copied().unwrap_or_else(start)
}

/// The event with the heads that it has to record.
pub(crate) fn filled(
    team: &Team,
    known: &BTreeMap<EnvironmentId, Head>,
    author: KeyholderId,
    mut event: Event,
) -> Event {
    let due = team.consequences(author, &event).map(|falls| falls.heads).unwrap_or_default();
    let due: Vec<_> = due.into_iter().filter(|id| team.environments().contains_key(id)).collect();
    let pinned = |id: &EnvironmentId| PinnedHead { environment: *id, head: head_of(team, known, *id) };
    let all: Vec<_> = due.iter().map(pinned).collect();
    match &mut event {
        Event::KeyholderRevoked(KeyholderRevoked { heads, .. })
        | Event::RoleChanged(RoleChanged { heads, .. })
        | Event::MemberRemoved(MemberRemoved { heads, .. })
        | Event::ProjectDeleted(ProjectDeleted { heads, .. }) => *heads = all,
        Event::HistoryAccepted(accepted) => {
            accepted.log = team.head();
            accepted.heads = team.environments().keys().map(pinned).collect();
        }
        Event::AccessChanged(changed) => changed.head = all.first().map(|one| one.head),
        Event::EnvironmentDeleted(deleted) if team.environments().contains_key(&deleted.environment) => {
            deleted.head = head_of(team, known, deleted.environment);
        }
        _ => {}
    }
    event
}
