//! A running vault, and computers that sign and seal for it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tempfile::TempDir;
use twinlock_protocol::api::{
    AppendEvents, Appended, CreateTeam, Problem, ProblemCode, PushRevision, Pushed, ValueBlob, Values, Wrap,
};
use twinlock_protocol::encoding::Bytes;
use twinlock_protocol::environment::{Environment, digest};
use twinlock_protocol::event::{
    Commitments, EnvironmentCreated, Event, GenerationOpened, Grant, Invited, LabelChanged, Level,
    MemberGrant, MemberJoined, ProjectCreated, Role, SealedLabel, Subject, TeamCreated, TeamEvent,
};
use twinlock_protocol::http_signature::{
    CONTENT_DIGEST_HEADER, SIGNATURE_HEADER, SIGNATURE_INPUT_HEADER, SignedParts, TEAM_HEADER,
};
use twinlock_protocol::revision::{Cause, Change, Put, Revision};
use twinlock_protocol::team::Team;
use twinlock_protocol::timestamp::Timestamp;
use twinlock_protocol::{
    EntryId, Envelope, EnvironmentId, Generation, KeyholderId, LabelId, Pointer, ProjectId, TeamId, Verified,
};
use twinlock_seal::{KeyScope, Keyholder, NameKey, Seed, ValueKey};
use twinlock_server::all::{self, AllOptions, Running};

pub(crate) const LOOPBACK: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);

/// A vault in a folder of its own, and a client that reaches it.
pub(crate) struct Vault {
    pub(crate) folder: TempDir,
    pub(crate) running: Running,
    pub(crate) http: reqwest::Client,
}

impl Vault {
    pub(crate) async fn start() -> Self {
        Self::start_in(tempfile::tempdir().unwrap()).await
    }

    pub(crate) async fn start_in(folder: TempDir) -> Self {
        let running = all::start(AllOptions { data: data(&folder), listen: LOOPBACK }).await.unwrap();
        Self { folder, running, http: http() }
    }

    /// Stops the vault; its folder stays.
    pub(crate) async fn stop(self) -> TempDir {
        drop(self.http);
        self.running.stop().await.unwrap();
        self.folder
    }

    pub(crate) async fn restart(self) -> Self {
        Self::start_in(self.stop().await).await
    }

    pub(crate) fn setup_code(&self) -> String {
        self.running.setup_code.as_ref().unwrap().expose().to_owned()
    }
}

pub(crate) fn data(folder: &TempDir) -> PathBuf {
    folder.path().join("vault")
}

/// A client that trusts any certificate: whom to trust is tested elsewhere, by pin.
pub(crate) fn http() -> reqwest::Client {
    http_from(LOOPBACK.ip())
}

/// As [`http`], connecting from this address.
pub(crate) fn http_from(address: std::net::IpAddr) -> reqwest::Client {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let settings = rustls::ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(AnyCertificate(provider)))
        .with_no_client_auth();
    let client = reqwest::Client::builder().tls_backend_preconfigured(settings).no_proxy();
    client.local_address(address).build().unwrap()
}

#[derive(Debug)]
struct AnyCertificate(Arc<rustls::crypto::CryptoProvider>);

impl rustls::client::danger::ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &rustls::pki_types::CertificateDer<'_>,
        _: &[rustls::pki_types::CertificateDer<'_>],
        _: &rustls::pki_types::ServerName<'_>,
        _: &[u8],
        _: rustls::pki_types::UnixTime,
    ) -> Result<rustls::client::danger::ServerCertVerified, rustls::Error> {
        Ok(rustls::client::danger::ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &rustls::pki_types::CertificateDer<'_>,
        signature: &rustls::DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &rustls::pki_types::CertificateDer<'_>,
        signature: &rustls::DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// What the vault answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) async fn of(response: reqwest::Response) -> Self {
        let content_type = response.headers().get("content-type").map_or("", |value| value.to_str().unwrap());
        let content_type = content_type.to_owned();
        Self {
            status: response.status().as_u16(),
            content_type,
            body: response.bytes().await.unwrap().to_vec(),
        }
    }

    /// The body of an answer that says yes.
    #[track_caller]
    pub(crate) fn ok<T: DeserializeOwned>(&self) -> T {
        assert_eq!(self.status, 200, "{}", String::from_utf8_lossy(&self.body));
        serde_json::from_slice(&self.body).unwrap()
    }

    #[track_caller]
    pub(crate) fn done(&self) {
        assert_eq!(self.status, 204, "{}", String::from_utf8_lossy(&self.body));
    }

    /// The body of an answer that says no, with this status and code.
    #[track_caller]
    pub(crate) fn refused(&self, status: u16, code: ProblemCode) -> Problem {
        let text = String::from_utf8_lossy(&self.body);
        assert_eq!(self.status, status, "{text}");
        assert_eq!(self.content_type, "application/problem+json", "{text}");
        let problem: Problem = serde_json::from_slice(&self.body).unwrap();
        assert_eq!((problem.code, problem.status), (code, status), "{text}");
        problem
    }
}

pub(crate) fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand::fill(&mut bytes);
    bytes
}

pub(crate) fn computer() -> Keyholder {
    Keyholder::from_seed(&Seed::generate(&mut rand::rng()))
}

/// A request that can be changed before it is sent, after it was signed.
pub(crate) struct Signed {
    pub(crate) method: reqwest::Method,
    pub(crate) path_and_query: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
}

impl Signed {
    pub(crate) fn new(
        by: &Keyholder,
        team: TeamId,
        method: &str,
        path_and_query: &str,
        body: Vec<u8>,
        at: i64,
    ) -> Self {
        let (path, query) = path_and_query.split_once('?').unwrap_or((path_and_query, ""));
        let signed = by.sign_request(&SignedParts { method, path, query, body: &body, team }, at);
        Self {
            method: method.parse().unwrap(),
            path_and_query: path_and_query.to_owned(),
            headers: vec![
                (TEAM_HEADER, team.to_string()),
                (CONTENT_DIGEST_HEADER, signed.content_digest),
                (SIGNATURE_INPUT_HEADER, signed.signature_input),
                (SIGNATURE_HEADER, signed.signature),
            ],
            body,
        }
    }

    pub(crate) async fn response(self, vault: &Vault) -> reqwest::Response {
        self.response_from(&vault.http, &vault.running.url).await
    }

    pub(crate) async fn response_from(self, http: &reqwest::Client, url: &str) -> reqwest::Response {
        let mut request = http.request(self.method, format!("{url}{}", self.path_and_query)).body(self.body);
        for (name, value) in self.headers {
            request = request.header(name, value);
        }
        request.send().await.unwrap()
    }

    pub(crate) async fn send(self, vault: &Vault) -> Answer {
        Answer::of(self.response(vault).await).await
    }
}

/// A team as one of its clients knows it: log, keys, environments.
pub(crate) struct Client {
    pub(crate) computer: Keyholder,
    pub(crate) team: Verified<Team>,
    name_key: NameKey,
}

/// An environment as one of its writers knows it.
pub(crate) struct Writer {
    pub(crate) environment: Verified<Environment>,
    pub(crate) name_key: NameKey,
    pub(crate) value_key: ValueKey,
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
        use twinlock_protocol::event::Half;
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
        use twinlock_protocol::event::Half;
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

    /// Puts a value for each pointer.
    pub(crate) async fn put_values(&self, vault: &Vault, writer: &Writer, values: &[ValueBlob]) -> Answer {
        self.send(vault, "PUT", &writer.path("values"), &Values { values: values.to_vec() }).await
    }

    /// A revision on top of what the writer knows, signed; nothing is stored or remembered yet.
    pub(crate) fn revision(&self, writer: &Writer, cause: Cause, changes: Vec<Change>) -> Envelope {
        let environment = &writer.environment;
        let (author, generation) = (self.id(), writer.name_key.scope().generation);
        self.computer.sign_revision(&Revision {
            team: self.team.id(),
            environment: environment.id(),
            author,
            number: environment.head().number + 1,
            previous: environment.head().hash,
            generation,
            team_head: self.team.head(),
            state: environment.state_after(&changes, author, generation).unwrap(),
            changes,
            cause,
            message: None,
            created_at: Timestamp(0),
        })
    }

    pub(crate) async fn push(&self, vault: &Vault, writer: &Writer, statement: &Envelope) -> Answer {
        let body = PushRevision { statement: statement.clone() };
        self.post(vault, &writer.path("revisions"), &body).await
    }

    /// Seals, puts and pushes one new entry for each value.
    pub(crate) async fn push_values(&self, vault: &Vault, writer: &mut Writer, values: &[&str]) -> Vec<Put> {
        let (puts, blobs) = writer.seal(values);
        self.put_values(vault, writer, &blobs).await.done();
        let changes = puts.iter().cloned().map(Change::Put).collect();
        let statement = self.revision(writer, Cause::Push, changes);
        let pushed: Pushed = self.push(vault, writer, &statement).await.ok();
        writer.environment.append(&self.team, &statement).unwrap();
        assert_eq!(pushed.head, writer.environment.head());
        puts
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

pub(crate) fn in_a_day() -> Timestamp {
    Timestamp(u64::try_from(now() + 24 * 60 * 60).unwrap() * 1000)
}

pub(crate) fn environment_keys(
    team: TeamId,
    environment: EnvironmentId,
    generation: Generation,
) -> (NameKey, ValueKey) {
    let scope = KeyScope { team, environment: Some(environment), generation };
    (NameKey::generate(scope, &mut rand::rng()), ValueKey::generate(scope, &mut rand::rng()))
}

impl Writer {
    pub(crate) fn path(&self, resource: &str) -> String {
        format!("/v1/environments/{}/{resource}", self.environment.id())
    }

    /// Sealed entries after the last one, and their values' blobs.
    pub(crate) fn seal(&self, values: &[&str]) -> (Vec<Put>, Vec<ValueBlob>) {
        let last = self.environment.in_order().last().map(|(_, entry)| entry.position.clone());
        let positions = twinlock_protocol::position::spread(last.as_ref(), None, values.len()).unwrap();
        let sealed = values.iter().zip(positions).map(|(value, position)| {
            let (pointer, rng) = (Pointer::new(random()), &mut rand::rng());
            let blob: Bytes = self.value_key.seal_value(pointer, value, rng);
            let name = self.name_key.seal_name(pointer, "NAME=", rng);
            let put = Put { entry: EntryId::new(random()), position, name, pointer, digest: digest(&blob) };
            (put, ValueBlob { pointer, blob })
        });
        sealed.unzip()
    }
}

/// Every row of both databases.
pub(crate) fn databases(vault: &Vault) -> BTreeMap<String, Vec<Vec<rusqlite::types::Value>>> {
    let mut rows = BTreeMap::new();
    for file in ["application.db", "vault.db"] {
        let database = rusqlite::Connection::open(data(&vault.folder).join(file)).unwrap();
        let mut tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").unwrap();
        let tables: Vec<String> =
            tables.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        for table in tables {
            let mut every = database.prepare(&format!("SELECT * FROM {table}")).unwrap();
            let columns = every.column_count();
            let content = every
                .query_map([], |row| (0..columns).map(|column| row.get(column)).collect())
                .unwrap()
                .map(Result::unwrap)
                .collect();
            rows.insert(format!("{file} {table}"), content);
        }
    }
    rows
}
