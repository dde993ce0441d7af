//! A team, as its log says: replayed by client and server alike, by one pure function.
//!
//! `rules` holds a rule for every event type; anything without one is refused.

mod rules;
mod timeline;

use std::collections::BTreeMap;

pub use timeline::Timeline;

use crate::envelope::Envelope;
use crate::event::{
    Commitments, Event, Grant, Half, Head, Level, LogHead, Role, SealedLabel, Subject, TeamEvent,
};
use crate::ids::{
    Commitment, EnvironmentId, Generation, KeyholderId, MemberId, ProjectId, StatementHash, TeamId,
};
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
    members: BTreeMap<MemberId, Member>,
    keyholders: BTreeMap<KeyholderId, Keyholder>,
    invites: BTreeMap<KeyholderId, Invite>,
    projects: BTreeMap<ProjectId, Project>,
    environments: BTreeMap<EnvironmentId, Environment>,
    generations: Vec<TeamGeneration>,
    name_key_due: bool,
}

/// A member of a team.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// What they may do.
    pub role: Role,
    /// Their name, sealed.
    pub label: Option<SealedLabel>,
    /// The sequence of the event that let them in.
    pub since: u64,
    /// Who invited them; nobody invited the founder.
    pub invited_by: Option<MemberId>,
    /// Their access to each environment, over time.
    pub access: BTreeMap<EnvironmentId, Timeline<Level>>,
}

/// A computer of a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keyholder {
    /// Its public keys.
    pub keys: PublicKeys,
    /// Whose it is.
    pub member: MemberId,
    /// The sequence of the event that added it.
    pub since: u64,
}

/// An invite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invite {
    /// Its public keys.
    pub keys: PublicKeys,
    /// What the invited will be.
    pub role: Role,
    /// What the invited will have access to.
    pub access: Vec<Grant>,
    /// When the server stops accepting it.
    pub expires_at: Timestamp,
    /// The computer that made it.
    pub author: KeyholderId,
    /// The sequence of the event that made it.
    pub since: u64,
    /// Whether it can still be used.
    pub state: InviteState,
}

/// Whether an invite can still be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InviteState {
    /// It can.
    Open,
    /// It was: by this member, at this sequence.
    Used {
        /// Who used it.
        by: MemberId,
        /// When.
        at: u64,
    },
}

/// A project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Project {
    /// Its name, sealed.
    pub label: SealedLabel,
}

/// An environment, as the log knows it; its entries are an [`crate::environment::Environment`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment {
    /// The project it belongs to.
    pub project: ProjectId,
    /// Its name, sealed.
    pub label: SealedLabel,
    /// Its generations of keys, oldest first; never empty.
    generations: Vec<EnvironmentGeneration>,
    /// Sequences at which somebody lost a key to it.
    losses: Vec<u64>,
}

/// A generation of an environment's keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvironmentGeneration {
    /// Its number.
    pub number: Generation,
    /// The log's head right after it was opened.
    pub opened: LogHead,
    /// The environment's head when it was opened: revisions above are of this generation.
    pub head: Head,
    /// Commitment to the name key.
    pub name: Commitment,
    /// Commitment to the value key.
    pub value: Commitment,
}

impl EnvironmentGeneration {
    /// The commitment to one of the two keys.
    #[must_use]
    pub fn commitment(&self, half: Half) -> Commitment {
        match half {
            Half::Name => self.name,
            Half::Value => self.value,
        }
    }
}

/// A generation of the team's own name key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TeamGeneration {
    /// Its number.
    pub number: Generation,
    /// The sequence that opened it.
    pub since: u64,
    /// Commitment to the key.
    pub name: Commitment,
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

    /// The public keys of a computer or an invite, open or used: to check who signed a request. What they may
    /// do is another question.
    #[must_use]
    pub fn keys_of(&self, keyholder: KeyholderId) -> Option<&PublicKeys> {
        let computer = self.keyholders.get(&keyholder).map(|computer| &computer.keys);
        computer.or_else(|| self.invites.get(&keyholder).map(|invite| &invite.keys))
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

    /// All members.
    #[must_use]
    pub fn members(&self) -> &BTreeMap<MemberId, Member> {
        &self.members
    }

    /// All computers.
    #[must_use]
    pub fn keyholders(&self) -> &BTreeMap<KeyholderId, Keyholder> {
        &self.keyholders
    }

    /// All invites, open and used.
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

    /// Whether somebody may know the team's name key who should not: an admin's client opens a new one.
    #[must_use]
    pub fn name_key_due(&self) -> bool {
        self.name_key_due
    }

    /// The member a computer belongs to.
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

    /// A member's access to an environment right after an event.
    #[must_use]
    pub fn level_at(&self, member: MemberId, environment: EnvironmentId, sequence: u64) -> Option<Level> {
        self.members.get(&member)?.access.get(&environment)?.at(sequence)
    }

    /// Every keyholder that is to have a key: computers of members with access, and open invites.
    /// `environment` absent means the team's own name key, which every member has.
    #[must_use]
    pub fn entitled(
        &self,
        environment: Option<EnvironmentId>,
        half: Half,
    ) -> Vec<(KeyholderId, &PublicKeys)> {
        let allowed = |level: Option<Level>| level.is_some_and(|level| level.includes(half));
        let computers = self.keyholders.iter().filter(|(_, computer)| match environment {
            Some(environment) => allowed(self.level(computer.member, environment)),
            None => half == Half::Name,
        });
        let invites = self.invites.iter().filter(|(_, invite)| {
            invite.state == InviteState::Open
                && match environment {
                    Some(environment) => allowed(granted(&invite.access, environment)),
                    None => half == Half::Name,
                }
        });
        computers
            .map(|(id, computer)| (*id, &computer.keys))
            .chain(invites.map(|(id, invite)| (*id, &invite.keys)))
            .collect()
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

impl Environment {
    /// All generations of its keys, oldest first.
    #[must_use]
    pub fn generations(&self) -> &[EnvironmentGeneration] {
        &self.generations
    }

    /// One generation.
    #[must_use]
    pub fn generation(&self, number: Generation) -> Option<&EnvironmentGeneration> {
        self.generations.iter().find(|generation| generation.number == number)
    }

    /// The generation opened last.
    #[must_use]
    pub fn current(&self) -> &EnvironmentGeneration {
        &self.generations[self.generations.len() - 1]
    }

    /// The head of an environment without revisions.
    #[must_use]
    pub fn start(&self) -> Head {
        self.generations[0].head
    }

    /// The generation that was current right after an event.
    pub(crate) fn generation_at(&self, sequence: u64) -> Option<&EnvironmentGeneration> {
        self.generations.iter().rfind(|generation| generation.opened.sequence <= sequence)
    }

    /// The generation that a revision of this number has to be of.
    pub(crate) fn generation_of(&self, number: u64) -> &EnvironmentGeneration {
        self.generations
            .iter()
            .rfind(|generation| generation.head.number < number)
            .unwrap_or(&self.generations[0])
    }

    /// Whether somebody lost a key between the generation's opening and an event: nothing new is sealed then.
    #[must_use]
    pub fn is_stale_at(&self, sequence: u64) -> bool {
        let opened = self.generation_at(sequence).map_or(0, |generation| generation.opened.sequence);
        self.losses.iter().any(|&loss| loss > opened && loss <= sequence)
    }

    /// Whether the keys have to be renewed before anything is pushed.
    #[must_use]
    pub fn is_stale(&self) -> bool {
        self.is_stale_at(u64::MAX)
    }
}

fn granted(access: &[Grant], environment: EnvironmentId) -> Option<Level> {
    access.iter().find(|grant| grant.environment == environment).map(|grant| grant.level)
}
