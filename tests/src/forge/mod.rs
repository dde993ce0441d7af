//! A patched client: it signs whatever it is told to, as any keyholder whose seed it has, asks nobody whether that is
//! allowed, and sends it to a vault or hands it to one that works together with it.

mod events;
mod requests;
mod seals;

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use twinlock_client::keychain::{Account, Keychain, KeychainChoice, Passphrase};
use twinlock_protocol::api::{EventsPage, RevisionsPage, Wrap, Wraps};
use twinlock_protocol::environment::Environment;
use twinlock_protocol::event::Half;
use twinlock_protocol::team::Team;
use twinlock_protocol::{EnvironmentId, Generation, KeyholderId, MemberId, TeamId, Verified};
use twinlock_seal::{KeyScope, Keyholder, NameKey, Seed, ValueKey};
use url::Url;

pub use events::in_a_day;
pub use requests::Answer;

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

    /// Reads the log alone, whatever the histories are.
    pub async fn refresh_log_alone(&mut self) {
        let page: EventsPage = self.page(&format!("/v1/teams/{}/events", self.team_id)).await.expect("a log");
        let team = twinlock_protocol::team::replay(&page.statements).expect("a log that replays");
        self.log = Some(team);
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
}
