//! Whoever signs the log of a team: founds it, creates, invites and joins.

use serde::Serialize;
use twinlock_protocol::api::{AppendEvents, Appended, CreateTeam, Wrap};
use twinlock_protocol::environment::Environment;
use twinlock_protocol::event::{
    Commitments, EnvironmentCreated, Event, GenerationOpened, Grant, Half, Invited, LabelChanged, Level,
    MemberGrant, MemberJoined, ProjectCreated, Role, SealedLabel, Subject, TeamCreated, TeamEvent,
};
use twinlock_protocol::team::Team;
use twinlock_protocol::timestamp::Timestamp;
use twinlock_protocol::{Envelope, EnvironmentId, Generation, KeyholderId, LabelId, ProjectId, Verified};
use twinlock_seal::{KeyScope, Keyholder, NameKey};

use super::{Answer, Signed, Vault, Writer, computer, environment_keys, in_a_day, now, random};

/// A team as one of its clients knows it: log, keys, environments.
pub(crate) struct Client {
    pub(crate) computer: Keyholder,
    pub(crate) team: Verified<Team>,
    name_key: NameKey,
}

/// The statements and wraps of a new team.
pub(crate) fn new_team(computer: Keyholder) -> (Client, Vec<Envelope>, Vec<Wrap>) {
    let created = computer.sign_event(&TeamEvent {
        author: computer.id(),
        team: None,
        sequence: 1,
        previous: None,
        created_at: Timestamp(0),
        event: Event::TeamCreated(TeamCreated { keys: computer.public().clone() }),
    });
    let team = Team::create(&created).unwrap();
    let scope = KeyScope { team: team.id(), environment: None, generation: Generation::FIRST };
    let name_key = NameKey::generate(scope, &mut rand::rng());
    let wraps = vec![name_key.wrap(computer.public(), computer.id(), &mut rand::rng()).unwrap()];
    let founder = *team.members().keys().next().unwrap();
    let mut client = Client { computer, team, name_key };
    let opened = Event::GenerationOpened(GenerationOpened {
        environment: None,
        generation: Generation::FIRST,
        commitments: Commitments { name: client.name_key.commitment(), value: None },
        head: None,
        labels: Vec::new(),
    });
    let mut statements = vec![created, client.event(opened)];
    for (subject, label) in [(Subject::Team, "team"), (Subject::Member(founder), "Ada")] {
        let event = Event::LabelChanged(LabelChanged { subject, label: client.label(label) });
        statements.push(client.event(event));
    }
    (client, statements, wraps)
}

impl Client {
    /// The first team of a vault.
    pub(crate) async fn create(vault: &Vault) -> Self {
        let (client, statements, wraps) = new_team(computer());
        let body = CreateTeam { setup_code: vault.setup_code(), statements, wraps };
        let answer: Appended = client.post(vault, "/v1/teams", &body).await.ok();
        assert_eq!(answer.head, client.team.head());
        client
    }

    pub(crate) fn id(&self) -> KeyholderId {
        self.computer.id()
    }

    pub(crate) async fn get(&self, vault: &Vault, path_and_query: &str) -> Answer {
        let team = self.team.id();
        Signed::new(&self.computer, team, "GET", path_and_query, Vec::new(), now()).send(vault).await
    }

    pub(crate) async fn post(&self, vault: &Vault, path: &str, body: &impl Serialize) -> Answer {
        self.send(vault, "POST", path, body).await
    }

    pub(crate) async fn send(
        &self,
        vault: &Vault,
        method: &str,
        path: &str,
        body: &impl Serialize,
    ) -> Answer {
        let body = serde_json::to_vec(body).unwrap();
        Signed::new(&self.computer, self.team.id(), method, path, body, now()).send(vault).await
    }

    pub(crate) fn events_path(&self) -> String {
        format!("/v1/teams/{}/events", self.team.id())
    }

    pub(crate) fn wraps_path(&self) -> String {
        format!("/v1/teams/{}/wraps", self.team.id())
    }

    /// An event for the end of the log, signed, without being part of it yet.
    pub(crate) fn sign(&self, event: Event) -> Envelope {
        let head = self.team.head();
        self.computer.sign_event(&TeamEvent {
            author: self.id(),
            team: Some(self.team.id()),
            sequence: head.sequence + 1,
            previous: Some(head.hash),
            created_at: Timestamp(0),
            event,
        })
    }

    /// As [`Self::sign`], and takes it into this client's own log.
    pub(crate) fn event(&mut self, event: Event) -> Envelope {
        let statement = self.sign(event);
        self.team.append(&statement).unwrap();
        statement
    }

    pub(crate) fn label(&self, text: &str) -> SealedLabel {
        let id = LabelId::new(random());
        let generation = self.name_key.scope().generation;
        SealedLabel { id, generation, sealed: self.name_key.seal_label(id, text, &mut rand::rng()) }
    }

    /// Renews the team's own name key, with every label and for everybody who is to have it.
    pub(crate) async fn renew_team(&mut self, vault: &Vault) -> Answer {
        let generation = Generation(self.name_key.scope().generation.0 + 1);
        let scope = KeyScope { team: self.team.id(), environment: None, generation };
        self.name_key = NameKey::generate(scope, &mut rand::rng());
        let anew = |subject| LabelChanged { subject, label: self.label("anew") };
        let labels = self.team.labelled().into_iter().map(anew).collect();
        let commitments = Commitments { name: self.name_key.commitment(), value: None };
        let opened = GenerationOpened { environment: None, generation, commitments, head: None, labels };
        let statement = self.event(Event::GenerationOpened(opened));
        let entitled = self.team.entitled(None, Half::Name).into_iter();
        let wraps = entitled.map(|(_, keys)| self.name_key.wrap(keys, self.id(), &mut rand::rng()).unwrap());
        self.append(vault, vec![statement], wraps.collect()).await
    }

    pub(crate) async fn append(&self, vault: &Vault, statements: Vec<Envelope>, wraps: Vec<Wrap>) -> Answer {
        self.post(vault, &self.events_path(), &AppendEvents { statements, wraps }).await
    }

    /// A project with one environment, both stored.
    pub(crate) async fn create_environment(&mut self, vault: &Vault, access: Vec<MemberGrant>) -> Writer {
        let project = ProjectId::new(random());
        let label = self.label("api");
        let project_created = self.event(Event::ProjectCreated(ProjectCreated { project, label }));
        let id = EnvironmentId::new(random());
        let (name_key, value_key) = environment_keys(self.team.id(), id, Generation::FIRST);
        let created = Event::EnvironmentCreated(EnvironmentCreated {
            environment: id,
            project,
            label: self.label("development"),
            commitments: Commitments { name: name_key.commitment(), value: Some(value_key.commitment()) },
            access,
        });
        let created = self.event(created);
        let environment = Environment::start(&self.team, id).unwrap();
        let writer = Writer { environment, name_key, value_key };
        let wraps = self.environment_wraps(&writer);
        let answer: Appended = self.append(vault, vec![project_created, created], wraps).await.ok();
        assert_eq!(answer.head, self.team.head());
        writer
    }

    /// Wraps of an environment's keys for all who are to have them.
    pub(crate) fn environment_wraps(&self, writer: &Writer) -> Vec<Wrap> {
        let id = Some(writer.environment.id());
        let names = self.team.entitled(id, Half::Name).into_iter();
        let names = names.map(|(_, keys)| writer.name_key.wrap(keys, self.id(), &mut rand::rng()).unwrap());
        let values = self.team.entitled(id, Half::Value).into_iter();
        let values =
            values.map(|(_, keys)| writer.value_key.wrap(keys, self.id(), &mut rand::rng()).unwrap());
        names.chain(values).collect()
    }

    /// An invite, its event and its wraps; nothing is stored yet.
    pub(crate) fn invite(&mut self, access: &[(&Writer, Level)], expires_at: Timestamp) -> Invite {
        self.invite_as(Role::Member, access, expires_at, false)
    }

    /// As [`Self::invite`], with a role, or to wait for approval.
    pub(crate) fn invite_as(
        &mut self,
        role: Role,
        access: &[(&Writer, Level)],
        expires_at: Timestamp,
        approve: bool,
    ) -> Invite {
        let invite = computer();
        let grants = access
            .iter()
            .map(|(writer, level)| Grant { environment: writer.environment.id(), level: *level })
            .collect();
        let event = Event::Invited(Invited {
            keys: invite.public().clone(),
            role,
            access: grants,
            expires_at,
            approve,
        });
        let statement = self.event(event);
        let wraps = if approve { Vec::new() } else { self.wraps_to(&invite, access) };
        Invite { keyholder: invite, statement, wraps }
    }

    pub(crate) fn wraps_to(&self, to: &Keyholder, access: &[(&Writer, Level)]) -> Vec<Wrap> {
        let rng = &mut rand::rng();
        let mut wraps = vec![self.name_key.wrap(to.public(), self.id(), rng).unwrap()];
        for (writer, level) in access {
            wraps.push(writer.name_key.wrap(to.public(), self.id(), rng).unwrap());
            if *level >= Level::Read {
                wraps.push(writer.value_key.wrap(to.public(), self.id(), rng).unwrap());
            }
        }
        wraps
    }

    /// Ben's computer joins with an invite. Gives his client, and the request to send with the invite's signature.
    pub(crate) fn join(&self, invite: &Invite, access: &[(&Writer, Level)]) -> (Self, AppendEvents) {
        let computer = computer();
        let head = self.team.head();
        let joined = computer.sign_event(&TeamEvent {
            author: computer.id(),
            team: Some(self.team.id()),
            sequence: head.sequence + 1,
            previous: Some(head.hash),
            created_at: Timestamp(0),
            event: Event::MemberJoined(MemberJoined {
                keys: computer.public().clone(),
                invite: invite.keyholder.id(),
                label: Some(self.label("Ben")),
            }),
        });
        let joined = invite.keyholder.co_sign(joined);
        let mut team = self.team.clone();
        team.append(&joined).unwrap();
        let name_key = NameKey::open_wrap(
            &invite.keyholder,
            &invite.wraps[0],
            self.name_key.scope(),
            self.name_key.commitment(),
        );
        let ben = Self { computer, team, name_key: name_key.unwrap() };
        let wraps = ben.wraps_to(&ben.computer, access);
        (ben, AppendEvents { statements: vec![joined], wraps })
    }

    /// Invites Ben and lets him join, all stored. Afterwards both logs are the same.
    pub(crate) async fn let_join(&mut self, vault: &Vault, access: &[(&Writer, Level)]) -> Self {
        self.let_join_as(vault, Role::Member, access).await
    }

    /// As [`Self::let_join`], with a role.
    pub(crate) async fn let_join_as(
        &mut self,
        vault: &Vault,
        role: Role,
        access: &[(&Writer, Level)],
    ) -> Self {
        let invite = self.invite_as(role, access, in_a_day(), false);
        self.append(vault, vec![invite.statement.clone()], invite.wraps.clone()).await.ok::<Appended>();
        let (ben, request) = self.join(&invite, access);
        invite.post(vault, &self.team, &self.events_path(), &request).await.ok::<Appended>();
        self.team = ben.team.clone();
        ben
    }
}

pub(crate) struct Invite {
    pub(crate) keyholder: Keyholder,
    pub(crate) statement: Envelope,
    pub(crate) wraps: Vec<Wrap>,
}

impl Invite {
    pub(crate) async fn post(&self, vault: &Vault, team: &Team, path: &str, body: &impl Serialize) -> Answer {
        let body = serde_json::to_vec(body).unwrap();
        Signed::new(&self.keyholder, team.id(), "POST", path, body, now()).send(vault).await
    }

    pub(crate) async fn get(&self, vault: &Vault, team: &Team, path: &str) -> Answer {
        Signed::new(&self.keyholder, team.id(), "GET", path, Vec::new(), now()).send(vault).await
    }
}
