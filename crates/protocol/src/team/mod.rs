//! A team, as its log says: replayed by client and server alike, by one pure function.
//!
//! `rules` holds a rule for every event type; anything without one is refused.

mod checkpoint;
mod environments;
mod people;
mod rules;
mod timeline;

use std::collections::{BTreeMap, BTreeSet};

pub use checkpoint::{Checkpoint, CheckpointError};
pub use environments::{Accepted, Environment, EnvironmentGeneration, Project, TeamGeneration};
use people::granted;
pub use people::{Invite, InviteState, Issued, Keyholder, Member, MemberState, Service};
pub use rules::Consequences;
pub use timeline::Timeline;

use crate::envelope::Envelope;
use crate::event::{
    Event, Half, Head, HistoryAccepted, KeyholderKind, Level, LogHead, Role, SealedLabel, Subject, TeamEvent,
    TeamSettings, VaultMoved,
};
use crate::ids::{EnvironmentId, Generation, KeyholderId, MemberId, ProjectId, StatementHash, TeamId};
use crate::keyholder::PublicKeys;
use crate::refusal::Refusal;
use crate::timestamp::Timestamp;
use crate::verified::Verified;

/// What a team's log adds up to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Team {
    id: TeamId,
    log: Vec<StatementHash>,
    label: Option<SealedLabel>,
    settings: TeamSettings,
    members: BTreeMap<MemberId, Member>,
    /// Members who are active, and those who wait.
    present: usize,
    /// Active members who are owners.
    owners: BTreeSet<MemberId>,
    keyholders: BTreeMap<KeyholderId, Keyholder>,
    invites: BTreeMap<KeyholderId, Invite>,
    services: BTreeMap<KeyholderId, Service>,
    projects: BTreeMap<ProjectId, Project>,
    environments: BTreeMap<EnvironmentId, Environment>,
    /// Ids of what was deleted: nobody takes them again.
    gone_projects: BTreeSet<ProjectId>,
    gone_environments: BTreeSet<EnvironmentId>,
    generations: Vec<TeamGeneration>,
    name_key_due: bool,
    vault: Option<VaultMoved>,
    accepted: Vec<HistoryAccepted>,
}

/// Replays a whole log, from `team-created` on. Everything is checked; the first thing that is not as it
/// has to be refuses the whole.
pub fn replay<'a>(statements: impl IntoIterator<Item = &'a Envelope>) -> Result<Verified<Team>, Refusal> {
    let mut statements = statements.into_iter();
    let first = statements.next().ok_or(Refusal::Rollback { served: 0, seen: 1 })?;
    let mut team = Team::create(first)?;
    for statement in statements {
        team.append(statement)?;
    }
    Ok(team)
}

impl Team {
    /// The team that a `team-created` statement makes.
    pub fn create(statement: &Envelope) -> Result<Verified<Self>, Refusal> {
        rules::create(statement).map(Verified::new)
    }

    /// The team's id.
    #[must_use]
    pub fn id(&self) -> TeamId {
        self.id
    }

    /// The last event.
    #[must_use]
    pub fn head(&self) -> LogHead {
        LogHead { sequence: self.sequence(), hash: self.last() }
    }

    fn sequence(&self) -> u64 {
        u64::try_from(self.log.len()).unwrap_or(u64::MAX)
    }

    fn last(&self) -> StatementHash {
        // `create` puts the first hash in, and nothing takes one out.
        self.log.last().copied().unwrap_or(StatementHash::new([0; 32]))
    }

    /// The hash of an event, if the log reaches that far.
    #[must_use]
    pub fn hash_at(&self, sequence: u64) -> Option<StatementHash> {
        let index = usize::try_from(sequence.checked_sub(1)?).ok()?;
        self.log.get(index).copied()
    }

    /// The sequence at which a statement was accepted, if it was: repeating it is no fault.
    #[must_use]
    pub fn accepted_at(&self, statement: StatementHash) -> Option<u64> {
        let index = self.log.iter().rposition(|hash| *hash == statement)?;
        u64::try_from(index + 1).ok()
    }

    /// The public keys of any keyholder there ever was, invites and services among them: to check who signed a
    /// request. What they may do is another question.
    #[must_use]
    pub fn keys_of(&self, keyholder: KeyholderId) -> Option<&PublicKeys> {
        let computer = self.keyholders.get(&keyholder).map(|computer| &computer.keys);
        let invite = || self.invites.get(&keyholder).map(|invite| &invite.keys);
        let service = || self.services.get(&keyholder).map(|service| &service.keys);
        computer.or_else(invite).or_else(service)
    }

    /// Whether this log continues one that was seen up to `seen`; else the refusal that says how it does not.
    pub fn extends(&self, seen: LogHead) -> Result<(), Refusal> {
        match self.hash_at(seen.sequence) {
            Some(hash) if hash == seen.hash => Ok(()),
            Some(_) => Err(Refusal::Fork { number: seen.sequence }),
            None => Err(Refusal::Rollback { served: self.sequence(), seen: seen.sequence }),
        }
    }

    /// The team's name, sealed.
    #[must_use]
    pub fn label(&self) -> Option<&SealedLabel> {
        self.label.as_ref()
    }

    /// The settings.
    #[must_use]
    pub fn settings(&self) -> &TeamSettings {
        &self.settings
    }

    /// Where the log says the vault is, if it ever said so.
    #[must_use]
    pub fn vault(&self) -> Option<&VaultMoved> {
        self.vault.as_ref()
    }

    /// What was given up after a vault had lost it, oldest first.
    #[must_use]
    pub fn accepted_histories(&self) -> &[HistoryAccepted] {
        &self.accepted
    }

    /// Everybody who was ever let in; see [`Member::state`].
    #[must_use]
    pub fn members(&self) -> &BTreeMap<MemberId, Member> {
        &self.members
    }

    /// Those in the team now, who do not wait for approval.
    pub fn active_members(&self) -> impl Iterator<Item = (MemberId, &Member)> {
        self.members.iter().filter(|(_, member)| member.is_active()).map(|(id, member)| (*id, member))
    }

    /// A member who is in the team now, and does not wait for approval.
    pub fn active_member(&self, id: MemberId) -> Result<&Member, Refusal> {
        self.members.get(&id).filter(|member| member.is_active()).ok_or(Refusal::NoMember(id))
    }

    /// All computers and recovery kits that there ever were; see [`Keyholder::revoked`].
    #[must_use]
    pub fn keyholders(&self) -> &BTreeMap<KeyholderId, Keyholder> {
        &self.keyholders
    }

    /// All invites, open or not.
    #[must_use]
    pub fn invites(&self) -> &BTreeMap<KeyholderId, Invite> {
        &self.invites
    }

    /// An invite that can still be used.
    pub fn open_invite(&self, id: KeyholderId) -> Result<&Invite, Refusal> {
        self.invites
            .get(&id)
            .filter(|invite| invite.state == InviteState::Open)
            .ok_or(Refusal::InviteNotOpen(id))
    }

    /// All services, open or not.
    #[must_use]
    pub fn services(&self) -> &BTreeMap<KeyholderId, Service> {
        &self.services
    }

    /// All projects.
    #[must_use]
    pub fn projects(&self) -> &BTreeMap<ProjectId, Project> {
        &self.projects
    }

    /// All environments.
    #[must_use]
    pub fn environments(&self) -> &BTreeMap<EnvironmentId, Environment> {
        &self.environments
    }

    /// One environment.
    pub fn environment(&self, id: EnvironmentId) -> Result<&Environment, Refusal> {
        self.environments.get(&id).ok_or(Refusal::NoEnvironment(id))
    }

    /// The generations of the team's own name key, oldest first.
    #[must_use]
    pub fn generations(&self) -> &[TeamGeneration] {
        &self.generations
    }

    /// Everything that has a label now, in order: what a new generation of the team's name key seals anew.
    #[must_use]
    pub fn labelled(&self) -> Vec<Subject> {
        rules::labelled(self)
    }

    /// Whether somebody may know the team's name key who should not: an admin's client opens a new one.
    #[must_use]
    pub fn name_key_due(&self) -> bool {
        self.name_key_due
    }

    /// The member a computer belongs to, or belonged to.
    pub fn member_of(&self, keyholder: KeyholderId) -> Result<MemberId, Refusal> {
        self.keyholders
            .get(&keyholder)
            .map(|computer| computer.member)
            .ok_or(Refusal::UnknownKeyholder { keyholder })
    }

    /// A member's access to an environment now.
    #[must_use]
    pub fn level(&self, member: MemberId, environment: EnvironmentId) -> Option<Level> {
        self.level_at(member, environment, self.sequence())
    }

    /// A member's access to an environment right after an event. Nobody has access to one that is deleted.
    #[must_use]
    pub fn level_at(&self, member: MemberId, environment: EnvironmentId, sequence: u64) -> Option<Level> {
        self.environments.get(&environment)?;
        self.members.get(&member)?.access.get(&environment)?.at(sequence)
    }

    /// Whether nobody is left who may grant access to an environment: writers there may be, but none is an admin.
    #[must_use]
    pub fn is_orphaned(&self, environment: &Environment) -> bool {
        let admin = |id| self.members.get(id).is_some_and(|member| member.role >= Role::Admin);
        !environment.writers.iter().any(admin)
    }

    /// What an event would close and revoke, and which heads it has to record: what a client shows and fills in
    /// before it signs. Says nothing about whether the author may.
    pub fn consequences(&self, author: KeyholderId, event: &Event) -> Result<Consequences, Refusal> {
        rules::consequences(self, author, event)
    }

    /// The environments of a member, each with the level now.
    pub fn access_of(&self, member: MemberId) -> impl Iterator<Item = (EnvironmentId, Level)> {
        let access = self.members.get(&member).into_iter().flat_map(|member| &member.access);
        access
            .filter(|(id, _)| self.environments.contains_key(id))
            .filter_map(|(id, levels)| Some((*id, levels.at(self.sequence())?)))
    }

    /// The keys that a keyholder is to have now: of the team (`None`) and of environments.
    #[must_use]
    pub fn keys_due_to(&self, keyholder: KeyholderId) -> Vec<(Option<EnvironmentId>, Half)> {
        let (team_key, access): (bool, Vec<(EnvironmentId, Level)>) =
            if let Some(held) = self.keyholders.get(&keyholder) {
                let active = self.members.get(&held.member).is_some_and(Member::is_active);
                if !held.is_live() || !active {
                    return Vec::new();
                }
                (true, self.access_of(held.member).collect())
            } else if let Some(invite) = self.invites.get(&keyholder) {
                if invite.state != InviteState::Open || invite.approve {
                    return Vec::new();
                }
                (true, invite.access.iter().map(|grant| (grant.environment, grant.level)).collect())
            } else if let Some(service) = self.services.get(&keyholder).filter(|one| one.closed.is_none()) {
                (false, service.access.iter().map(|grant| (grant.environment, grant.level)).collect())
            } else {
                return Vec::new();
            };
        let environments = access
            .into_iter()
            .filter(|(id, _)| self.environments.contains_key(id))
            .flat_map(|(id, level)| Half::BOTH.map(|half| (id, level, half)))
            .filter(|(_, level, half)| level.includes(*half))
            .map(|(id, _, half)| (Some(id), half));
        team_key.then_some((None, Half::Name)).into_iter().chain(environments).collect()
    }

    /// Whether an invite or a service is past its time, as its maker set it. The log does not judge time: until somebody
    /// closes it, it is open. But nobody needs to give it a key any more.
    #[must_use]
    pub fn is_past_its_time(&self, keyholder: KeyholderId, now: Timestamp) -> bool {
        let invite = self.invites.get(&keyholder).map(|invite| invite.expires_at);
        let service = || self.services.get(&keyholder).and_then(|service| service.expires_at);
        invite.or_else(service).is_some_and(|end| end < now)
    }

    /// Every keyholder that is to have a key: computers and kits of members with access, open invites that need
    /// no approval, and services. `environment` absent means the team's own name key, which every member has and
    /// no service.
    #[must_use]
    pub fn entitled(
        &self,
        environment: Option<EnvironmentId>,
        half: Half,
    ) -> Vec<(KeyholderId, &PublicKeys)> {
        let allowed = |level: Option<Level>| level.is_some_and(|level| level.includes(half));
        if environment.is_some_and(|id| !self.environments.contains_key(&id)) {
            return Vec::new();
        }
        let computers = self
            .members
            .iter()
            .filter(|(id, member)| {
                member.is_active()
                    && match environment {
                        Some(environment) => allowed(self.level(**id, environment)),
                        None => half == Half::Name,
                    }
            })
            .flat_map(|(_, member)| &member.keyholders)
            .filter_map(|id| Some((*id, &self.keyholders.get(id)?.keys)));
        let invites = self.invites.iter().filter(|(_, invite)| {
            invite.state == InviteState::Open
                && !invite.approve
                && match environment {
                    Some(environment) => allowed(granted(&invite.access, environment)),
                    None => half == Half::Name,
                }
        });
        let services = self.services.iter().filter(|(_, service)| {
            environment.is_some_and(|environment| allowed(service.level(environment)))
        });
        computers
            .chain(invites.map(|(id, invite)| (*id, &invite.keys)))
            .chain(services.map(|(id, service)| (*id, &service.keys)))
            .collect()
    }

    /// The team as if nothing were recorded of an environment but this head.
    pub(crate) fn with_history_as_it_is(&self, id: EnvironmentId, head: Head) -> Self {
        let mut team = self.clone();
        let sequence = team.sequence() + 1;
        if let Some(known) = team.environments.get_mut(&id) {
            *known = known.as_it_is(sequence, head);
        }
        team
    }

    /// Appends one event, after checking everything about it. On a refusal nothing has changed.
    fn check_and_append(&mut self, statement: &Envelope) -> Result<TeamEvent, Refusal> {
        rules::append(self, statement)
    }
}

impl Verified<Team> {
    /// Appends one event, after checking everything about it, and gives it back. On a refusal nothing has changed.
    pub fn append(&mut self, statement: &Envelope) -> Result<Verified<TeamEvent>, Refusal> {
        self.inner_mut().check_and_append(statement).map(Verified::new)
    }
}
