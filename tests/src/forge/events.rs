//! Events of the log, signed as they are or filled in as honest clients do it, and what several of them do.

use twinlock_protocol::api::Wrap;
use twinlock_protocol::event::{
    AccessChanged, Commitments, EnvironmentDeleted, Event, GenerationOpened, Grant, Half, HistoryAccepted,
    Invited, KeyholderAdded, KeyholderKind, KeyholderRevoked, LabelChanged, LogHead, MemberJoined,
    MemberRemoved, PinnedHead, ProjectDeleted, Role, RoleChanged, SealedLabel, ServiceCreated, Subject,
    TeamEvent,
};
use twinlock_protocol::team::Team;
use twinlock_protocol::timestamp::Timestamp;
use twinlock_protocol::{Envelope, EnvironmentId, Generation, KeyholderId, LabelId, MemberId};
use twinlock_seal::{NameKey, ValueKey};

use super::{Forge, random};

impl Forge {
    /// The next event of the log by this keyholder, unsigned.
    #[must_use]
    pub fn event(&self, event: Event) -> TeamEvent {
        self.event_after(self.team().head(), event)
    }

    /// An event by this keyholder behind another place of the log, unsigned.
    #[must_use]
    pub fn event_after(&self, head: LogHead, event: Event) -> TeamEvent {
        TeamEvent {
            author: self.id(),
            team: Some(self.team_id),
            sequence: head.sequence + 1,
            previous: Some(head.hash),
            created_at: Timestamp(1),
            event,
        }
    }

    /// Signs the next event of the log, as it is.
    #[must_use]
    pub fn sign(&self, event: Event) -> Envelope {
        self.keyholder.sign_event(&self.event(event))
    }

    /// Fills in the heads that an event has to record.
    #[must_use]
    pub fn filled(&self, mut event: Event) -> Event {
        let team = self.team();
        let due = team.consequences(self.id(), &event).map(|falls| falls.heads).unwrap_or_default();
        let head_of = |id: &EnvironmentId| {
            self.chains
                .get(id)
                .map(|chain| chain.head())
                .or_else(|| team.environment(*id).ok().map(|known| known.start()))
        };
        let pinned = |id: &EnvironmentId| Some(PinnedHead { environment: *id, head: head_of(id)? });
        let all: Vec<_> = due.iter().filter_map(pinned).collect();
        match &mut event {
            Event::KeyholderRevoked(KeyholderRevoked { heads, .. })
            | Event::RoleChanged(RoleChanged { heads, .. })
            | Event::MemberRemoved(MemberRemoved { heads, .. })
            | Event::ProjectDeleted(ProjectDeleted { heads, .. }) => *heads = all,
            Event::HistoryAccepted(HistoryAccepted { log, heads }) => {
                *log = team.head();
                *heads = team.environments().keys().filter_map(pinned).collect();
            }
            Event::AccessChanged(AccessChanged { head, .. }) => *head = all.first().map(|one| one.head),
            Event::EnvironmentDeleted(EnvironmentDeleted { environment, head }) => {
                *head = head_of(environment).unwrap_or(*head);
            }
            _ => {}
        }
        event
    }

    /// Signs the next event with its heads filled in and has the vault take it, with all wraps to whoever is new.
    pub async fn does(&mut self, event: Event) {
        let statement = self.sign(self.filled(event));
        self.store(statement).await;
    }

    /// Has the vault take an event that is signed already.
    pub async fn store(&mut self, statement: Envelope) {
        let mut after = self.team().clone();
        let event = after.append(&statement).expect("an event that the rules allow");
        let to: Vec<KeyholderId> = match &event.event {
            Event::Invited(invited) => vec![invited.keys.id()],
            Event::MemberJoined(_) => vec![event.author],
            Event::ServiceCreated(created) => vec![created.keys.id()],
            Event::KeyholderAdded(added) => vec![added.keys.id()],
            Event::MemberApproved(approved) => of_member(&after, approved.member),
            Event::AccessChanged(changed) => of_member(&after, changed.member),
            _ => Vec::new(),
        };
        let wraps = to.into_iter().flat_map(|to| self.wraps_to(&after, to)).collect();
        self.append(vec![statement], wraps).await.ok();
        self.log = Some(after);
    }

    /// Creates an environment with keys of any kind: whoever is to have them gets wraps that hold none.
    pub async fn stores_with_any_keys(&mut self, event: Event) {
        let statement = self.sign(event);
        let mut after = self.team().clone();
        let event = after.append(&statement).expect("an event that the rules allow");
        let Event::EnvironmentCreated(created) = &event.event else { panic!("an environment is created") };
        let (id, rng) = (Some(created.environment), &mut rand::rng());
        let scope = self.scope(id, Generation::FIRST);
        let (name, value) = (NameKey::generate(scope, rng), ValueKey::generate(scope, rng));
        let names = after.entitled(id, Half::Name).into_iter();
        let mut wraps: Vec<Wrap> = names.filter_map(|(_, keys)| name.wrap(keys, self.id(), rng)).collect();
        let values = after.entitled(id, Half::Value).into_iter();
        wraps.extend(values.filter_map(|(_, keys)| value.wrap(keys, self.id(), rng)));
        self.append(vec![statement], wraps).await.ok();
        self.log = Some(after);
    }

    /// Every key that a keyholder is to have and this one can give.
    #[must_use]
    pub fn wraps_to(&self, team: &Team, to: KeyholderId) -> Vec<Wrap> {
        let Some(keys) = team.keys_of(to) else { return Vec::new() };
        let rng = &mut rand::rng();
        let wrap = |(environment, half): (Option<EnvironmentId>, Half)| match (environment, half) {
            (None, _) => self.team_key()?.wrap(keys, self.id(), rng),
            (Some(id), Half::Name) => self.keys(id)?.name.wrap(keys, self.id(), rng),
            (Some(id), Half::Value) => self.keys(id)?.value.as_ref()?.wrap(keys, self.id(), rng),
        };
        team.keys_due_to(to).into_iter().filter_map(wrap).collect()
    }

    /// Invites, and gives the invite.
    pub async fn invites(&mut self, role: Role, access: Vec<Grant>, approve: bool) -> Self {
        let invite = Self::new(self.team_id, self.url.clone());
        let keys = invite.keyholder.public().clone();
        self.does(Event::Invited(Invited { keys, role, access, expires_at: in_a_day(), approve })).await;
        invite
    }

    /// The statement by which somebody joins with an invite, signed by both.
    #[must_use]
    pub fn joining(&self, joiner: &Self, invite: &Self, approve: bool) -> Envelope {
        let keys = joiner.keyholder.public().clone();
        let label = (!approve).then(|| self.label("Somebody"));
        let joined = Event::MemberJoined(MemberJoined { keys, invite: invite.id(), label });
        let event = TeamEvent { author: joiner.id(), ..self.event(joined) };
        invite.keyholder.co_sign(joiner.keyholder.sign_event(&event))
    }

    /// Invites somebody and lets them join. With `approve` they wait.
    pub async fn lets_join(&mut self, role: Role, access: Vec<Grant>, approve: bool) -> Self {
        let mut invite = self.invites(role, access, approve).await;
        let mut joiner = Self::new(self.team_id, self.url.clone());
        let statement = self.joining(&joiner, &invite, approve);
        let mut after = self.team().clone();
        after.append(&statement).expect("an event that the rules allow");
        invite.refresh().await;
        let wraps = invite.wraps_to(&after, joiner.id());
        let wraps = wraps.into_iter().map(|wrap| Wrap { wrapper: joiner.id(), ..wrap }).collect();
        invite.append(vec![statement], wraps).await.ok();
        self.log = Some(after);
        joiner.refresh().await;
        joiner
    }

    /// The statement by which a keyholder of this one's member is added, signed by both.
    #[must_use]
    pub fn adding(&self, added: &Self, kind: KeyholderKind) -> Envelope {
        let keys = added.keyholder.public().clone();
        added.keyholder.co_sign(self.sign(Event::KeyholderAdded(KeyholderAdded { keys, kind })))
    }

    /// One more computer or kit of this one's member.
    pub async fn adds(&mut self, kind: KeyholderKind) -> Self {
        let mut added = Self::new(self.team_id, self.url.clone());
        self.store(self.adding(&added, kind)).await;
        added.refresh().await;
        added
    }

    /// A service.
    pub async fn serves(&mut self, access: Vec<Grant>) -> Self {
        let mut service = Self::new(self.team_id, self.url.clone());
        let keys = service.keyholder.public().clone();
        let created = ServiceCreated { keys, label: self.label("ci"), access, expires_at: None };
        self.does(Event::ServiceCreated(created)).await;
        service.refresh().await;
        service
    }

    /// Renews the key of the team's names, with another name for whatever `rename` gives one. Whoever is to have the key
    /// gets it, or, without `honest`, wraps of another one.
    pub async fn renews_names(&self, rename: impl Fn(Subject, &str) -> Option<String>, honest: bool) {
        let team = self.team();
        let generation = team.generations().last().expect("a name key").number.next().expect("a next one");
        let rng = &mut rand::rng();
        let key = NameKey::generate(self.scope(None, generation), rng);
        let label_of = |subject: Subject| match subject {
            Subject::Team => team.label(),
            Subject::Member(id) => team.members()[&id].label.as_ref(),
            Subject::Project(id) => Some(&team.projects()[&id].label),
            Subject::Environment(id) => Some(&team.environments()[&id].label),
            Subject::Service(id) => Some(&team.services()[&id].label),
        };
        let text_of = |subject| {
            let label = label_of(subject)?;
            let text = self.team_keys.get(&label.generation)?.open_label(label.id, &label.sealed).ok()?;
            Some(text.expose().to_owned())
        };
        let labels = team.labelled().into_iter().map(|subject| {
            let text = text_of(subject).unwrap_or_default();
            let (id, text) = (LabelId::new(random()), rename(subject, &text).unwrap_or(text));
            let sealed = key.seal_label(id, &text, &mut rand::rng());
            LabelChanged { subject, label: SealedLabel { id, generation, sealed } }
        });
        let statement = self.sign(Event::GenerationOpened(GenerationOpened {
            environment: None,
            generation,
            commitments: Commitments { name: key.commitment(), value: None },
            head: None,
            labels: labels.collect(),
        }));
        let other = NameKey::generate(key.scope(), rng);
        let given = if honest { &key } else { &other };
        let entitled = team.entitled(None, Half::Name).into_iter();
        let wraps = entitled.filter_map(|(_, keys)| given.wrap(keys, self.id(), rng)).collect();
        self.append(vec![statement], wraps).await.ok();
    }
}

fn of_member(team: &Team, member: MemberId) -> Vec<KeyholderId> {
    team.members().get(&member).into_iter().flat_map(|member| member.keyholders().iter().copied()).collect()
}

/// When an invite made now expires.
#[must_use]
pub fn in_a_day() -> Timestamp {
    let then = jiff::Timestamp::now().as_millisecond() + 24 * 60 * 60 * 1000;
    Timestamp(u64::try_from(then).expect("a time after 1970"))
}
