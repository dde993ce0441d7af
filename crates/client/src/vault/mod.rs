//! Talking to a vault: signed requests over TLS, bounded answers. Believes nothing that comes back; what an
//! answer means is for the verifying code to say.

mod answer;
mod candidates;
mod moved;
mod pages;
mod patience;
#[cfg(test)]
pub(crate) mod tests;
mod tls;

use std::collections::BTreeSet;
use std::time::Duration;

use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderName};
use serde::Serialize;
use serde::de::DeserializeOwned;
use twinlock_protocol::api::{
    AppendEvents, Appended, CreateTeam, EventsPage, Hold, MissingWrap, MissingWraps, Problem, ProblemCode,
    PushRevision, Pushed, QueryValues, RevisionsPage, Rotate, Rotated, ValueBlob, Values, Wrap, Wraps,
};
use twinlock_protocol::http_signature::{
    CONTENT_DIGEST_HEADER, SIGNATURE_HEADER, SIGNATURE_INPUT_HEADER, SignedParts, TEAM_HEADER,
};
use twinlock_protocol::refusal::Misanswer;
use twinlock_protocol::{EnvironmentId, Pointer, TeamId, limits};
use twinlock_seal::{Keyholder, Pin};
use url::Url;

use crate::home::Home;
use crate::store::Scope;

use answer::{Answer, Wrong, classify};
pub use answer::{Answered, Served};
pub(crate) use moved::MovedStream;
use patience::Go;
pub use patience::Patience;

const CONNECT: Duration = Duration::from_secs(5);
/// How often a wait looks whether the home was locked meanwhile.
const LOOK: Duration = Duration::from_millis(200);

/// Where a vault is, and how it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VaultLocation {
    /// `https://host:port`
    pub url: Url,
    /// The certificate's key, where no public authority vouches for it.
    pub pin: Option<Pin>,
}

/// Why a request to a vault had no use.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The address is not one.
    #[error("{0} is not a vault's address: it begins with https:// and names a host.")]
    Address(String),
    /// Nobody answers there, or not in time.
    #[error("The vault cannot be reached.")]
    Unreachable,
    /// The vault said why not.
    #[error("{}", problem_sentence(.0))]
    Problem(Box<Problem>),
    /// What came is no answer of a vault, or does not come from it.
    #[error("{}", .0.refusal)]
    Answered(Box<Answered>),
    /// A web page comes in the place of a vault that no pin tells from others: most likely it is not the vault's.
    #[error(
        "A web page answers at the vault's address, and not the vault: a sign-in page of this network, or a proxy on the way. Nothing was changed. Open any page in a browser, sign in if you are asked to, and try again; if it stays so, tell whoever runs the vault. (in-the-way)"
    )]
    InTheWay,
    /// The home was locked while the vault was waited for.
    #[error("Twinlock was locked meanwhile.")]
    Locked,
    /// A request of this computer's own that cannot be made.
    #[error("Nothing was sent to the vault: {0}.")]
    Request(&'static str),
    /// No connection can be set up on this computer.
    #[error("No secure connection can be made on this computer: {0}.")]
    Setup(String),
}

impl VaultError {
    /// The code of the problem that the vault named, if it did.
    #[must_use]
    pub fn problem(&self) -> Option<&Problem> {
        match self {
            Self::Problem(problem) => Some(problem),
            _ => None,
        }
    }

    /// Whether the vault named this problem.
    #[must_use]
    pub fn is(&self, code: ProblemCode) -> bool {
        self.problem().is_some_and(|problem| problem.code == code)
    }
}

/// What a problem means for the user. The vault's own words are shown for none: they may lie.
fn problem_sentence(problem: &Problem) -> &'static str {
    match problem.code {
        ProblemCode::SetupCode => {
            "The vault does not accept this setup code. It works once, for the vault's first team; whoever started the vault has it. Another team needs a vault of its own: “twinlock-server all” with another --data folder."
        }
        ProblemCode::InviteExpired => "The invite has expired. Ask for a new one.",
        ProblemCode::SignatureExpired => {
            "The vault's clock and this computer's differ by more than 5 minutes. Set the clock, then try again."
        }
        ProblemCode::Forbidden => {
            "The vault says that you may not do this: by the team's rules, or because an invite was used meanwhile. Nothing was changed."
        }
        ProblemCode::Revoked => {
            "The vault says that this computer was taken from the team. Nothing was changed; your files are untouched."
        }
        ProblemCode::NotFound => "The vault does not know this team or environment. Nothing was changed.",
        ProblemCode::NotSigned => "The vault does not know this computer. Nothing was changed.",
        ProblemCode::Held => {
            "Somebody is changing your rights in the team right now. Nothing was changed; try again in a minute."
        }
        ProblemCode::TooLarge => "This is more than the vault takes at once. Nothing was changed.",
        ProblemCode::TooMany => {
            "The vault asks to wait a little. Nothing was changed; try again in a minute."
        }
        ProblemCode::Damaged => {
            "The vault says that something it stored is damaged, and does not serve it. Your files are untouched; tell whoever runs the vault."
        }
        ProblemCode::Unavailable => {
            "One half of the vault is not running. Nothing was changed; try again later."
        }
        ProblemCode::LogMoved
        | ProblemCode::HeadMoved
        | ProblemCode::PointerTaken
        | ProblemCode::ValuesMissing => {
            "Somebody else was faster, several times in a row. Nothing was changed; try again."
        }
        ProblemCode::Refused | ProblemCode::Wraps => {
            "The vault refused the change because it breaks a rule of the team. Nothing was changed."
        }
        _ => "The vault could not do this. Nothing was changed.",
    }
}

/// A vault, as one keyholder of one team reaches it.
#[derive(Clone)]
pub(crate) struct Vault {
    location: VaultLocation,
    http: reqwest::Client,
    team: TeamId,
    patience: Patience,
    /// Whose lock ends every wait; a service has none.
    home: Option<Home>,
    go: Go,
}

impl Vault {
    /// Prepares connections; none is made yet. Whoever locks `home` waits for no vault: what waits for one ends.
    pub(crate) fn new(
        location: VaultLocation,
        team: TeamId,
        home: Option<&Home>,
    ) -> Result<Self, VaultError> {
        let address = &location.url;
        // That it names a host, the standard of URLs sees to. Nobody is named to a vault but by a signature.
        if address.scheme() != "https" || !address.username().is_empty() || address.password().is_some() {
            return Err(VaultError::Address(address.host_str().unwrap_or("This").to_owned()));
        }
        let setup = |error: &dyn std::error::Error| VaultError::Setup(error.to_string());
        let tls = tls::client_config(location.pin).map_err(|error| setup(&error))?;
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .https_only(true)
            // The smaller of the two: no frames, windows, pushes or floods of what HTTP/2 has besides answers.
            .http1_only()
            // A redirect would send a signed request somewhere else: there is never a reason for one.
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .referer(false)
            .connect_timeout(CONNECT)
            .build()
            .map_err(|error| setup(&error))?;
        Ok(Self { location, http, team, patience: Patience::default(), home: home.cloned(), go: Go::begin() })
    }

    /// Where it is.
    #[must_use]
    pub(crate) fn location(&self) -> &VaultLocation {
        &self.location
    }

    /// The team that it is asked about.
    #[must_use]
    pub(crate) fn team(&self) -> TeamId {
        self.team
    }

    /// Another verb begins: all that it asks has its time together from now on.
    pub(crate) fn begin_verb(&mut self) {
        self.go = Go::begin();
    }

    /// Waits longer or less long for it.
    pub(crate) fn set_patience(&mut self, patience: Patience) {
        self.patience = patience;
    }

    /// Creates the team.
    pub(crate) async fn create_team(
        &self,
        by: &Keyholder,
        team: &CreateTeam,
    ) -> Result<Appended, VaultError> {
        self.send(by, Method::POST, "/v1/teams", "", team).await
    }

    /// Events after a sequence.
    pub(crate) async fn events(&self, by: &Keyholder, after: u64) -> Result<EventsPage, VaultError> {
        self.get(by, &format!("/v1/teams/{}/events", self.team), &format!("after={after}")).await
    }

    /// Appends events with the wraps that belong to them.
    pub(crate) async fn append(&self, by: &Keyholder, events: &AppendEvents) -> Result<Appended, VaultError> {
        self.send(by, Method::POST, &format!("/v1/teams/{}/events", self.team), "", events).await
    }

    /// The wraps for this keyholder.
    pub(crate) async fn wraps(&self, by: &Keyholder) -> Result<Vec<Wrap>, VaultError> {
        let wraps: Wraps = self.get(by, &format!("/v1/teams/{}/wraps", self.team), "").await?;
        Ok(wraps.wraps)
    }

    /// Has whoever is about to lose the right to push wait.
    pub(crate) async fn hold(&self, by: &Keyholder, hold: &Hold) -> Result<(), VaultError> {
        let path = format!("/v1/teams/{}/hold", self.team);
        self.tell(by, Method::POST, &path, json(hold)?).await
    }

    /// Adds wraps, in pages that keep the limits.
    pub(crate) async fn add_wraps(&self, by: &Keyholder, wraps: &[Wrap]) -> Result<(), VaultError> {
        let path = format!("/v1/teams/{}/wraps", self.team);
        for page in wraps.chunks(limits::PAGE) {
            let body = json(&Wraps { wraps: page.to_vec() })?;
            self.tell(by, Method::POST, &path, body).await?;
        }
        Ok(())
    }

    /// The wraps that this keyholder could make for others, as the vault says.
    pub(crate) async fn missing_wraps(&self, by: &Keyholder) -> Result<Vec<MissingWrap>, VaultError> {
        let path = format!("/v1/teams/{}/wraps/missing", self.team);
        let missing: MissingWraps = self.get(by, &path, "").await?;
        Ok(missing.missing)
    }

    /// Says which keys of this keyholder are wrapped and do not open.
    pub(crate) async fn say_unopened(
        &self,
        by: &Keyholder,
        missing: Vec<MissingWrap>,
    ) -> Result<(), VaultError> {
        let path = format!("/v1/teams/{}/wraps/missing", self.team);
        let body = json(&MissingWraps { missing })?;
        self.tell(by, Method::PUT, &path, body).await
    }

    /// Revisions after a number.
    pub(crate) async fn revisions(
        &self,
        by: &Keyholder,
        environment: EnvironmentId,
        after: u64,
    ) -> Result<RevisionsPage, VaultError> {
        self.get(by, &format!("/v1/environments/{environment}/revisions"), &format!("after={after}")).await
    }

    /// Stores sealed values, in pages that keep the limits.
    pub(crate) async fn put_values(
        &self,
        by: &Keyholder,
        environment: EnvironmentId,
        values: Vec<ValueBlob>,
    ) -> Result<(), VaultError> {
        let path = format!("/v1/environments/{environment}/values");
        for values in pages::of(values) {
            self.tell(by, Method::PUT, &path, json(&Values { values })?).await?;
        }
        Ok(())
    }

    /// The sealed values of these pointers, a page at most, as far as the vault serves them at once.
    pub(crate) async fn values(
        &self,
        by: &Keyholder,
        environment: EnvironmentId,
        pointers: &[Pointer],
    ) -> Result<Vec<ValueBlob>, VaultError> {
        let path = format!("/v1/environments/{environment}/values/query");
        let query = QueryValues { pointers: pointers.to_vec() };
        let answer: Values = self.send(by, Method::POST, &path, "", &query).await?;
        let mut unanswered: BTreeSet<&Pointer> = pointers.iter().collect();
        match answer.values.iter().all(|value| unanswered.remove(&value.pointer)) {
            true => Ok(answer.values),
            false => Err(self.unasked(&Method::POST, &path)),
        }
    }

    /// Adds a revision.
    pub(crate) async fn push(
        &self,
        by: &Keyholder,
        environment: EnvironmentId,
        revision: &PushRevision,
    ) -> Result<Pushed, VaultError> {
        self.send(by, Method::POST, &format!("/v1/environments/{environment}/revisions"), "", revision).await
    }

    /// Opens a new generation of keys with everything that belongs to it.
    pub(crate) async fn rotate(
        &self,
        by: &Keyholder,
        environment: EnvironmentId,
        rotation: &Rotate,
    ) -> Result<Rotated, VaultError> {
        self.send(by, Method::POST, &format!("/v1/environments/{environment}/rotations"), "", rotation).await
    }

    /// What moves in the vault, as it moves.
    pub(crate) async fn moved(&self, by: &Keyholder) -> Result<MovedStream, VaultError> {
        let request = self.signed(by, Method::GET, "/v1/events", "", Vec::new())?;
        // A stream has no end to wait for, but a beginning.
        let opened = async {
            let response = request.send().await.map_err(|error| classify(&error))?;
            Answer::stream(response).await
        };
        let opened = async { opened.await.map_err(|wrong| self.about(&Method::GET, "/v1/events", wrong)) };
        MovedStream::new(self.wait_for(opened).await?, self.patience.silence)
    }

    async fn get<A: Serialize + DeserializeOwned>(
        &self,
        by: &Keyholder,
        path: &str,
        query: &str,
    ) -> Result<A, VaultError> {
        self.request(by, Method::GET, path, query, Vec::new(), Answer::parse).await
    }

    async fn send<B: Serialize, A: Serialize + DeserializeOwned>(
        &self,
        by: &Keyholder,
        method: Method,
        path: &str,
        query: &str,
        body: &B,
    ) -> Result<A, VaultError> {
        self.request(by, method, path, query, json(body)?, Answer::parse).await
    }

    /// Says something that there is nothing to answer to.
    async fn tell(
        &self,
        by: &Keyholder,
        method: Method,
        path: &str,
        body: Vec<u8>,
    ) -> Result<(), VaultError> {
        self.request(by, method, path, "", body, Answer::done).await
    }

    async fn request<A>(
        &self,
        by: &Keyholder,
        method: Method,
        path: &str,
        query: &str,
        body: Vec<u8>,
        read: fn(Answer) -> Result<A, Wrong>,
    ) -> Result<A, VaultError> {
        let request = self.signed(by, method.clone(), path, query, body)?;
        let answer = async {
            let response = request.send().await.map_err(|error| classify(&error))?;
            read(Answer::read(response).await?)
        };
        let answer = async { answer.await.map_err(|wrong| self.about(&method, path, wrong)) };
        self.wait_for(answer).await
    }

    /// Waits for one answer: as long as patience lasts, and no longer than until this home is locked. Nothing else of a
    /// verb is cut short: here it is as if the vault had not answered, which every verb is made for.
    async fn wait_for<A>(
        &self,
        answer: impl Future<Output = Result<A, VaultError>>,
    ) -> Result<A, VaultError> {
        tokio::select! {
            answer = self.patience.for_answer(self.go, answer) => answer,
            () = self.locked() => Err(VaultError::Locked),
        }
    }

    /// Ends once the home is locked, by whichever of its programs.
    async fn locked(&self) {
        let Some(home) = &self.home else { return std::future::pending().await };
        let mut looks = tokio::time::interval(LOOK);
        while !home.is_locked() {
            looks.tick().await;
        }
    }

    /// An answer in which there is something twice, or something that was not asked for.
    fn unasked(&self, method: &Method, path: &str) -> VaultError {
        self.about(method, path, Wrong::Answer(Misanswer::Unasked, Answer::parsed()))
    }

    /// What is wrong with an answer, with what it was an answer to.
    fn about(&self, method: &Method, path: &str, wrong: Wrong) -> VaultError {
        let environment = path.strip_prefix("/v1/environments/").and_then(|rest| rest.split('/').next());
        let environment = environment.and_then(|id| id.parse().ok());
        let scope = environment.map_or(Scope::Team(self.team), Scope::Environment);
        wrong.about(scope, format!("{method} {path}"), self.location.pin.is_some())
    }

    fn signed(
        &self,
        by: &Keyholder,
        method: Method,
        path: &str,
        query: &str,
        body: Vec<u8>,
    ) -> Result<reqwest::RequestBuilder, VaultError> {
        let mut url = self.location.url.clone();
        url.set_path(path);
        url.set_query((!query.is_empty()).then_some(query));
        let parts = SignedParts { method: method.as_str(), path, query, body: &body, team: self.team };
        let headers = by.sign_request(&parts, jiff::Timestamp::now().as_second());
        let mut request = self
            .http
            .request(method, url)
            .header(HeaderName::from_static(TEAM_HEADER), self.team.to_string())
            .header(HeaderName::from_static(CONTENT_DIGEST_HEADER), headers.content_digest)
            .header(HeaderName::from_static(SIGNATURE_INPUT_HEADER), headers.signature_input)
            .header(HeaderName::from_static(SIGNATURE_HEADER), headers.signature);
        if !body.is_empty() {
            request = request.header(CONTENT_TYPE, "application/json").body(body);
        }
        Ok(request)
    }
}

fn json(body: &impl Serialize) -> Result<Vec<u8>, VaultError> {
    let body = serde_json::to_vec(body).map_err(|_| VaultError::Request("a request could not be written"))?;
    if body.len() > limits::BODY_BYTES {
        return Err(VaultError::Request("this is more than fits into one request"));
    }
    Ok(body)
}
