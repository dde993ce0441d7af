//! A patched client: it signs whatever it is told to, as any keyholder whose seed it has, asks nobody whether that is
//! allowed, and sends it to a vault or hands it to one that works together with it.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use twinlock_client::keychain::{Account, Keychain, KeychainChoice, Passphrase};
use twinlock_protocol::api::{
    AppendEvents, EventsPage, PushRevision, RevisionsPage, Rotate, ValueBlob, Values, Wrap, Wraps,
};
use twinlock_protocol::encoding::Bytes;
use twinlock_protocol::environment::{Environment, digest};
use twinlock_protocol::event::{
    AccessChanged, Commitments, EnvironmentDeleted, Event, GenerationOpened, Grant, Half, HistoryAccepted,
    Invited, KeyholderAdded, KeyholderKind, KeyholderRevoked, LabelChanged, LogHead, MemberJoined,
    MemberRemoved, PinnedHead, ProjectDeleted, Role, RoleChanged, SealedLabel, ServiceCreated, Subject,
    TeamEvent,
};
use twinlock_protocol::http_signature::{
    CONTENT_DIGEST_HEADER, SIGNATURE_HEADER, SIGNATURE_INPUT_HEADER, SignedParts, TEAM_HEADER,
};
use twinlock_protocol::ids::StateHash;
use twinlock_protocol::revision::{Cause, Change, Put, Revision};
use twinlock_protocol::team::Team;
use twinlock_protocol::timestamp::Timestamp;
use twinlock_protocol::{
    EntryId, Envelope, EnvironmentId, Generation, KeyholderId, LabelId, MemberId, Pointer, TeamId, Verified,
    position,
};
use twinlock_seal::{KeyScope, Keyholder, NameKey, Seed, ValueKey};
use url::Url;

use crate::{Computer, PASSPHRASE, TestVault};

/// The keys of a generation.
struct Keys {
    name: NameKey,
    /// Who has access to names alone lacks it.
    value: Option<ValueKey>,
}

/// One keyholder's seed, the team as it was read last, and the keys that this keyholder was given.
pub struct Forge {
    seed: [u8; 32],
    keyholder: Keyholder,
    url: Url,
    http: reqwest::Client,
    team_id: TeamId,
    log: Option<Verified<Team>>,
    team_keys: BTreeMap<Generation, NameKey>,
    keys: BTreeMap<(EnvironmentId, Generation), Keys>,
    chains: BTreeMap<EnvironmentId, Verified<Environment>>,
}

/// What a vault answered.
#[derive(Debug)]
pub struct Answer {
    /// Its HTTP status.
    pub status: u16,
    /// Its JSON; null if there is none.
    pub body: Value,
}

impl Answer {
    /// The code of the problem that it names.
    #[must_use]
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    /// The code of the refusal that it names.
    #[must_use]
    pub fn refusal(&self) -> &str {
        self.body["refusal"].as_str().unwrap_or_default()
    }

    /// Expects that it was accepted.
    #[track_caller]
    pub fn ok(self) -> Value {
        assert!((200..300).contains(&self.status), "{self:?}");
        self.body
    }
}

/// Sixteen or thirty-two random bytes.
#[must_use]
pub fn random<const N: usize>() -> [u8; N] {
    rand::random()
}

impl Forge {
    /// The keyholder of a computer, by the seed in its keychain.
    pub async fn of(computer: &Computer, vault: &TestVault) -> Self {
        let team = computer.client.team().await.expect("a team").id;
        let choice = KeychainChoice::File(Passphrase::new(PASSPHRASE.into()));
        let keychain = Keychain::open(choice, computer.client.home().expect("a home")).expect("a keychain");
        let seed = *keychain.get(Account::Team(team)).expect("a seed").expose();
        let mut forge = Self::with_seed(seed, team, vault.location().url);
        forge.refresh().await;
        forge
    }

    /// A keyholder that nobody knows yet.
    #[must_use]
    pub fn new(team: TeamId, url: Url) -> Self {
        Self::with_seed(random(), team, url)
    }

    fn with_seed(seed: [u8; 32], team_id: TeamId, url: Url) -> Self {
        // Another test of this process may have been first.
        let _installed =
            rustls::crypto::CryptoProvider::install_default(rustls::crypto::aws_lc_rs::default_provider());
        let http = reqwest::Client::builder().tls_danger_accept_invalid_certs(true).no_proxy().build();
        Self {
            seed,
            keyholder: Keyholder::from_seed(&Seed::from_bytes(seed)),
            url,
            http: http.expect("an HTTP client"),
            team_id,
            log: None,
            team_keys: BTreeMap::new(),
            keys: BTreeMap::new(),
            chains: BTreeMap::new(),
        }
    }

    /// The same keyholder again, who knows nothing yet.
    #[must_use]
    pub fn again(&self) -> Self {
        Self::with_seed(self.seed, self.team_id, self.url.clone())
    }

    /// A stranger with what this one knows of the team, but no key.
    #[must_use]
    pub fn stranger(&self) -> Self {
        let mut stranger = Self::new(self.team_id, self.url.clone());
        stranger.log.clone_from(&self.log);
        stranger.chains.clone_from(&self.chains);
        stranger
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> KeyholderId {
        self.keyholder.id()
    }

    /// Its keys and what signs.
    #[must_use]
    pub fn keyholder(&self) -> &Keyholder {
        &self.keyholder
    }

    /// The team as it was read last.
    #[must_use]
    pub fn team(&self) -> &Verified<Team> {
        self.log.as_ref().expect("the log was read")
    }

    /// The member that this keyholder belongs to.
    #[must_use]
    pub fn member(&self) -> MemberId {
        self.team().member_of(self.id()).expect("a member's keyholder")
    }

    /// An environment as it was read last.
    #[must_use]
    pub fn chain(&self, environment: EnvironmentId) -> &Verified<Environment> {
        &self.chains[&environment]
    }

    /// Reads the log, this keyholder's wraps, and every history that it may read.
    pub async fn refresh(&mut self) {
        let page: EventsPage = self.page(&format!("/v1/teams/{}/events", self.team_id)).await.expect("a log");
        let team = twinlock_protocol::team::replay(&page.statements).expect("a log that replays");
        assert_eq!(team.head(), page.head, "a team of these tests fits into a page");
        for id in team.environments().keys() {
            let path = format!("/v1/environments/{id}/revisions");
            if let Some(page) = self.page::<RevisionsPage>(&path).await {
                let mut chain = Environment::start(&team, *id).expect("an environment");
                chain.extend(&team, &page.statements).expect("revisions that replay");
                self.chains.insert(*id, chain);
            }
        }
        let wraps: Option<Wraps> = self.page(&format!("/v1/teams/{}/wraps", self.team_id)).await;
        self.log = Some(team);
        for wrap in wraps.into_iter().flat_map(|wraps| wraps.wraps) {
            self.take(&wrap);
        }
    }

    /// Takes what another one read.
    pub fn learn(&mut self, other: &Self) {
        self.log.clone_from(&other.log);
        self.chains.clone_from(&other.chains);
    }

    async fn page<T: DeserializeOwned>(&self, path: &str) -> Option<T> {
        let answer = self.send("GET", path, Vec::new()).await;
        (answer.status == 200).then(|| serde_json::from_value(answer.body).expect("a page"))
    }

    fn take(&mut self, wrap: &Wrap) {
        let scope =
            KeyScope { team: self.team_id, environment: wrap.environment, generation: wrap.generation };
        let team = self.log.as_ref().expect("the log was read");
        match wrap.environment {
            None => {
                let generations = team.generations().iter();
                let known =
                    generations.filter(|known| known.number == wrap.generation).map(|known| known.name);
                for commitment in known {
                    if let Ok(key) = NameKey::open_wrap(&self.keyholder, wrap, scope, commitment) {
                        self.team_keys.insert(wrap.generation, key);
                    }
                }
            }
            Some(id) => {
                let known = team.environment(id).ok().and_then(|known| known.generation(wrap.generation));
                let Some(commitment) = known.map(|known| known.commitment(wrap.half)) else { return };
                let place = (id, wrap.generation);
                match wrap.half {
                    Half::Name => {
                        if let Ok(name) = NameKey::open_wrap(&self.keyholder, wrap, scope, commitment) {
                            let value = self.keys.remove(&place).and_then(|keys| keys.value);
                            self.keys.insert(place, Keys { name, value });
                        }
                    }
                    Half::Value => {
                        let value = ValueKey::open_wrap(&self.keyholder, wrap, scope, commitment).ok();
                        if let Some(keys) = self.keys.get_mut(&place)
                            && value.is_some()
                        {
                            keys.value = value;
                        }
                    }
                }
            }
        }
    }

    // Requests.

    /// Sends a request, signed by this keyholder now.
    pub async fn send(&self, method: &str, path_and_query: &str, body: Vec<u8>) -> Answer {
        self.send_at(method, path_and_query, body, jiff::Timestamp::now().as_second()).await
    }

    /// The same, as if it were another time.
    pub async fn send_at(&self, method: &str, path_and_query: &str, body: Vec<u8>, at: i64) -> Answer {
        let headers = self.headers(method, path_and_query, &body, at);
        self.send_with(method, path_and_query, body, &headers).await
    }

    /// The headers that sign a request.
    #[must_use]
    pub fn headers(
        &self,
        method: &str,
        path_and_query: &str,
        body: &[u8],
        at: i64,
    ) -> Vec<(&'static str, String)> {
        let (path, query) = path_and_query.split_once('?').unwrap_or((path_and_query, ""));
        let parts = SignedParts { method, path, query, body, team: self.team_id };
        let signed = self.keyholder.sign_request(&parts, at);
        vec![
            (TEAM_HEADER, self.team_id.to_string()),
            (CONTENT_DIGEST_HEADER, signed.content_digest),
            (SIGNATURE_INPUT_HEADER, signed.signature_input),
            (SIGNATURE_HEADER, signed.signature),
        ]
    }

    /// Sends a request with these headers, whatever they sign.
    pub async fn send_with(
        &self,
        method: &str,
        path_and_query: &str,
        body: Vec<u8>,
        headers: &[(&'static str, String)],
    ) -> Answer {
        let url = self.url.join(path_and_query).expect("a URL");
        let mut request = self.http.request(method.parse().expect("a method"), url).body(body);
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let response = request.send().await.expect("the vault answers");
        let status = response.status().as_u16();
        let bytes = response.bytes().await.expect("a whole answer");
        Answer { status, body: serde_json::from_slice(&bytes).unwrap_or(Value::Null) }
    }

    async fn post(&self, path: &str, body: &impl Serialize) -> Answer {
        self.send("POST", path, serde_json::to_vec(body).expect("JSON")).await
    }

    /// Offers events to the vault.
    pub async fn append(&self, statements: Vec<Envelope>, wraps: Vec<Wrap>) -> Answer {
        self.post(&format!("/v1/teams/{}/events", self.team_id), &AppendEvents { statements, wraps }).await
    }

    /// Offers wraps to the vault.
    pub async fn add_wraps(&self, wraps: Vec<Wrap>) -> Answer {
        self.post(&format!("/v1/teams/{}/wraps", self.team_id), &Wraps { wraps }).await
    }

    /// Offers a revision to the vault.
    pub async fn push(&self, environment: EnvironmentId, statement: &Envelope) -> Answer {
        let body = PushRevision { statement: statement.clone() };
        self.post(&format!("/v1/environments/{environment}/revisions"), &body).await
    }

    /// Offers a generation with its revision to the vault.
    pub async fn rotate(&self, environment: EnvironmentId, rotation: &Rotate) -> Answer {
        self.post(&format!("/v1/environments/{environment}/rotations"), rotation).await
    }

    /// Offers values to the vault.
    pub async fn put_values(&self, environment: EnvironmentId, values: &[ValueBlob]) -> Answer {
        let body = serde_json::to_vec(&Values { values: values.to_vec() }).expect("JSON");
        self.send("PUT", &format!("/v1/environments/{environment}/values"), body).await
    }

    // Events.

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

    // Keys and what they seal.

    fn team_key(&self) -> Option<&NameKey> {
        self.team_keys.get(&self.team().generations().last()?.number)
    }

    fn keys(&self, environment: EnvironmentId) -> Option<&Keys> {
        self.keys.get(&(environment, self.generation(environment)))
    }

    /// The generation of an environment's keys that is due.
    #[must_use]
    pub fn generation(&self, environment: EnvironmentId) -> Generation {
        self.team().environment(environment).expect("an environment").current().number
    }

    /// A label under the team's key; who does not have it makes one up.
    #[must_use]
    pub fn label(&self, text: &str) -> SealedLabel {
        let generation = self.team().generations().last().expect("a name key").number;
        let id = LabelId::new(random());
        let own = NameKey::generate(self.scope(None, generation), &mut rand::rng());
        let key = self.team_key().unwrap_or(&own);
        SealedLabel { id, generation, sealed: key.seal_label(id, text, &mut rand::rng()) }
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

    /// What keys are bound to.
    #[must_use]
    pub fn scope(&self, environment: Option<EnvironmentId>, generation: Generation) -> KeyScope {
        KeyScope { team: self.team_id, environment, generation }
    }

    /// New entries behind the last one, and their values, sealed as an honest client seals them. Who has no key
    /// makes one up.
    #[must_use]
    pub fn seal(
        &self,
        environment: EnvironmentId,
        entries: &[(&str, &str)],
    ) -> (Vec<Change>, Vec<ValueBlob>) {
        self.seal_under(environment, self.generation(environment), entries)
    }

    /// The same, under the keys of another generation.
    #[must_use]
    pub fn seal_under(
        &self,
        environment: EnvironmentId,
        generation: Generation,
        entries: &[(&str, &str)],
    ) -> (Vec<Change>, Vec<ValueBlob>) {
        let last = self.chains.get(&environment).and_then(|chain| chain.in_order().last());
        let last = last.map(|(_, entry)| entry.position.clone());
        let places = position::spread(last.as_ref(), None, entries.len()).expect("places");
        let scope = self.scope(Some(environment), generation);
        let (own_name, own_value) =
            (NameKey::generate(scope, &mut rand::rng()), ValueKey::generate(scope, &mut rand::rng()));
        let keys = self.keys.get(&(environment, generation));
        let name_key = keys.map_or(&own_name, |keys| &keys.name);
        let value_key = keys.and_then(|keys| keys.value.as_ref()).unwrap_or(&own_value);
        let sealed = entries.iter().zip(places).map(|((left, right), position)| {
            let (pointer, rng) = (Pointer::new(random()), &mut rand::rng());
            let blob: Bytes = value_key.seal_value(pointer, right, rng);
            let name = name_key.seal_name(pointer, left, rng);
            let entry = EntryId::new(random());
            let put = Put { entry, position, name, pointer, digest: digest(&blob) };
            (Change::Put(put), ValueBlob { pointer, blob })
        });
        sealed.unzip()
    }

    /// The next revision of an environment as an honest author writes it, unsigned.
    #[must_use]
    pub fn revision(&self, environment: EnvironmentId, changes: Vec<Change>) -> Revision {
        let chain = self.chain(environment);
        let generation = self.generation(environment);
        Revision {
            team: self.team_id,
            environment,
            author: self.id(),
            number: chain.head().number + 1,
            previous: chain.head().hash,
            generation,
            team_head: self.team().head(),
            state: chain
                .state_after(&changes, self.id(), generation)
                .unwrap_or_else(|_| StateHash::new([0; 32])),
            changes,
            cause: Cause::Push,
            message: None,
            created_at: Timestamp(1),
        }
    }

    /// Signs a revision.
    #[must_use]
    pub fn sign_revision(&self, revision: &Revision) -> Envelope {
        self.keyholder.sign_revision(revision)
    }

    /// A signed revision with one new variable, and its value.
    #[must_use]
    pub fn variable(&self, environment: EnvironmentId, line: (&str, &str)) -> (Envelope, Vec<ValueBlob>) {
        let (changes, values) = self.seal(environment, &[line]);
        (self.sign_revision(&self.revision(environment, changes)), values)
    }

    /// Puts values and pushes changes to the vault, which takes them.
    pub async fn pushes(&mut self, environment: EnvironmentId, changes: Vec<Change>, values: &[ValueBlob]) {
        self.put_values(environment, values).await.ok();
        let statement = self.sign_revision(&self.revision(environment, changes));
        self.push(environment, &statement).await.ok();
        let team = self.team().clone();
        let chain = self.chains.get_mut(&environment).expect("an environment");
        chain.append(&team, &statement).expect("a revision that the rules allow");
    }

    /// The opening of the next generation of an environment's keys, and the keys.
    #[must_use]
    pub fn opening(&self, environment: EnvironmentId) -> (Event, NameKey, ValueKey) {
        let generation = self.generation(environment).next().expect("a next generation");
        let scope = self.scope(Some(environment), generation);
        let (name, value) =
            (NameKey::generate(scope, &mut rand::rng()), ValueKey::generate(scope, &mut rand::rng()));
        let opened = Event::GenerationOpened(GenerationOpened {
            environment: Some(environment),
            generation,
            commitments: Commitments { name: name.commitment(), value: Some(value.commitment()) },
            head: self.chains.get(&environment).map(|chain| chain.head()),
            labels: Vec::new(),
        });
        (opened, name, value)
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
