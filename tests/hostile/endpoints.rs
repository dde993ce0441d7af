//! No answer at all, at each of the vault's endpoints: a web page, another place, bytes without end, something encoded, something of
//! another form, nothing. Each is refused with its code, shows, and is over with the next honest answer.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use futures::future::BoxFuture;
use futures::stream;
use twinlock_client::store::Mode;
use twinlock_client::{
    AccessRequest, Approval, ComputerLink, Error, InviteOptions, Role, SecretText, Selection,
};
use twinlock_tests::Computer;
use twinlock_tests::lying_proxy::{Asked, Told};

use crate::lies::Expect;
use crate::setting::{Setting, check_error, kept};

/// A way to answer that is none, and the codes that it is refused with: of an answer, and where nothing is to be said.
struct NoAnswer(&'static str, fn() -> Response, &'static str, Option<&'static str>);

const JSON: [(header::HeaderName, &str); 1] = [(header::CONTENT_TYPE, "application/json")];

const NO_ANSWERS: [NoAnswer; 8] = [
    NoAnswer(
        "a web page",
        || axum::response::Html("<h1>Welcome</h1>").into_response(),
        "not-a-vault",
        Some("not-a-vault"),
    ),
    NoAnswer(
        "an error page",
        || (StatusCode::BAD_REQUEST, "<h1>Oh</h1>").into_response(),
        "not-a-vault",
        Some("not-a-vault"),
    ),
    NoAnswer(
        "another place",
        || (StatusCode::FOUND, [(header::LOCATION, "https://elsewhere.example/")]).into_response(),
        "redirect",
        Some("redirect"),
    ),
    NoAnswer("bytes without end", endless, "too-long", Some("too-long")),
    NoAnswer(
        "something encoded",
        || ([(header::CONTENT_ENCODING, "br")], JSON, "{}").into_response(),
        "compressed",
        Some("compressed"),
    ),
    NoAnswer(
        "an empty object",
        || (JSON, "{\"x\":1}").into_response(),
        "not-understood",
        Some("not-a-vault"),
    ),
    NoAnswer("a list", || (JSON, "[1]").into_response(), "not-understood", Some("not-a-vault")),
    NoAnswer("nothing", || StatusCode::NO_CONTENT.into_response(), "not-a-vault", None),
];

fn endless() -> Response {
    let block = Bytes::from(vec![b' '; 1 << 20]);
    let blocks = stream::repeat_with(move || Ok::<_, std::convert::Infallible>(block.clone()));
    (JSON, Body::from_stream(blocks)).into_response()
}

/// What is said there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Says {
    Something,
    Nothing,
}

type Verb = for<'a> fn(&'a Setting, &'a Computer) -> BoxFuture<'a, Result<(), Error>>;

/// An endpoint by how its path ends, and a command that asks there.
struct Endpoint(&'static str, &'static str, Says, Verb);

fn invites<'a>(by: &'a Computer) -> BoxFuture<'a, Result<(), Error>> {
    let options = InviteOptions {
        role: Role::Member,
        access: AccessRequest::Only(Vec::new()),
        expires_in: Duration::from_secs(60),
        approval: Approval::NotNeeded,
    };
    Box::pin(async move { by.client.invite(options).await.map(drop) })
}

fn sets<'a>(setting: &'a Setting, by: &'a Computer) -> BoxFuture<'a, Result<(), Error>> {
    Box::pin(async move {
        let environment = setting.environment_of(by).await;
        let now = format!("{:032x}", rand::random::<u128>());
        by.client.set(environment, &[("NEW".to_owned(), SecretText::new(now))]).await.map(drop)
    })
}

/// All that a client asks for, but for the stream of news, which is a hint and nothing to refuse.
const ENDPOINTS: &[Endpoint] = &[
    Endpoint("GET", "/events", Says::Something, |_, ben| {
        Box::pin(async move { ben.client.pull(&ben.env()).await.map(drop) })
    }),
    Endpoint("GET", "/revisions", Says::Something, |_, ben| {
        Box::pin(async move { ben.client.pull(&ben.env()).await.map(drop) })
    }),
    Endpoint("POST", "/values/query", Says::Something, |setting, ben| {
        Box::pin(async move {
            sets(setting, &setting.ada).await?;
            ben.client.pull(&ben.env()).await.map(drop)
        })
    }),
    Endpoint("PUT", "/values", Says::Nothing, sets),
    Endpoint("POST", "/revisions", Says::Something, sets),
    Endpoint("POST", "/rotations", Says::Something, |setting, ben| {
        Box::pin(async move {
            let environment = setting.environment_of(ben).await;
            ben.client.rotate_environment(environment).await.map(drop)
        })
    }),
    Endpoint("GET", "/wraps", Says::Something, |setting, ben| {
        Box::pin(async move {
            let environment = setting.environment().await;
            setting.ada.client.rotate_environment(environment).await?;
            ben.client.pull(&ben.env()).await.map(drop)
        })
    }),
    Endpoint("GET", "/candidates", Says::Something, |_, ben| {
        Box::pin(async move { ben.client.knocking_computers().await.map(drop) })
    }),
];

impl Setting {
    /// The environment, as one of them finds it without asking the vault.
    async fn environment_of(&self, computer: &Computer) -> twinlock_client::ids::EnvironmentId {
        let overview = computer.client.overview().await.unwrap();
        let mut all = overview.projects.into_iter().flat_map(|project| project.environments);
        all.find(|environment| environment.files.iter().any(|file| file.path == computer.env())).unwrap().id
    }

    /// Answers so at an endpoint, to everybody.
    fn answers_at(&self, method: &'static str, path: &'static str, answer: fn() -> Response) {
        self.proxy.answer_in_place(Arc::new(move |asked: &Asked| {
            (asked.method == method && asked.path.ends_with(path)).then(|| Told::Answer(answer()))
        }));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_answer_is_refused_at_each_endpoint() {
    let setting = Setting::new(Mode::Ask).await;
    let stands = async |computer: &Computer| {
        let all = computer.client.refusals().await.unwrap();
        all.into_iter().map(|refused| refused.refusal.code).collect::<Vec<_>>()
    };
    for Endpoint(method, path, says, verb) in ENDPOINTS {
        for NoAnswer(name, answer, code, instead) in NO_ANSWERS {
            let what = format!("{name} at {method} {path}");
            let code = match says {
                Says::Something => Some(code),
                Says::Nothing => instead,
            };
            let Some(code) = code else { continue };
            let (text, before) = (setting.ben.text(), kept(&setting.ben));
            setting.answers_at(method, path, answer);
            let result = verb(&setting, &setting.ben).await;
            assert!(setting.proxy.be_honest() > 0, "{what}: it was never asked");
            match result {
                Ok(()) => panic!("{what}: it went on"),
                Err(error) => check_error(&Expect::Refused(code), &error)
                    .unwrap_or_else(|said| panic!("{what}: {said}")),
            }
            assert_eq!(setting.ben.text(), text, "{what}");
            assert_eq!(kept(&setting.ben)[2], before[2], "{what}: values were kept");
            assert_eq!(stands(&setting.ben).await, [code], "{what}");
            // Honest again, it is over: nothing is lost, and nothing was taken twice.
            setting
                .ben
                .client
                .pull(&setting.ben.env())
                .await
                .unwrap_or_else(|error| panic!("{what}: {error}"));
            assert_eq!(stands(&setting.ben).await, [""; 0], "{what}");
            setting.ada.client.pull(&setting.ada.env()).await.unwrap();
            setting.check_in_step().await;
        }
    }
    // Ada alone signs events.
    for NoAnswer(name, answer, code, _) in NO_ANSWERS {
        setting.answers_at("POST", "/events", answer);
        let error = invites(&setting.ada).await.unwrap_err();
        setting.proxy.be_honest();
        check_error(&Expect::Refused(code), &error)
            .unwrap_or_else(|said| panic!("{name} for an event: {said}"));
        assert_eq!(stands(&setting.ada).await, [code], "{name}");
        setting.ada.client.pull(&setting.ada.env()).await.unwrap();
        assert_eq!(stands(&setting.ada).await, [""; 0], "{name}");
    }
    assert_eq!(setting.ada.client.team().await.unwrap().invites.len(), 0, "the vault never had them");
    // Nobody waits for what is done in passing, but what came is kept.
    setting.answers_at("GET", "/wraps/missing", || axum::response::Html("<h1>Welcome</h1>").into_response());
    setting.ada.client.sync().await.unwrap();
    assert!(setting.proxy.be_honest() > 0);
    let kept = crate::evidence::evidence(&setting.ada, "not-a-vault").await;
    let last = kept.last().unwrap()["asked"].as_str().unwrap();
    assert!(last.ends_with("/wraps/missing"), "{last}");
}

/// Whoever comes new, by a link for a further computer: the door, what stands there, and what is offered.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_answer_is_refused_by_whoever_comes_new() {
    let setting = Setting::new(Mode::Ask).await;
    let refused = |what: &str, error: &Error, code: &'static str| {
        check_error(&Expect::Refused(code), error).unwrap_or_else(|said| panic!("{what}: {said}"));
    };
    let link = async || -> ComputerLink {
        let link = setting.ada.client.computer_link().await.unwrap();
        let _door_is_open = setting.ada.client.knocking_computers().await.unwrap();
        link
    };
    // One computer that tries again: a door has room for four.
    let laptop = Computer::new().await;
    for NoAnswer(name, answer, code, instead) in NO_ANSWERS {
        // It knocks.
        if let Some(code) = instead {
            setting.answers_at("POST", "/candidates", answer);
            let Err(error) = laptop.client.stand_for(link().await).await else {
                panic!("{name}: it stands there")
            };
            assert!(setting.proxy.be_honest() > 0, "{name}");
            refused(name, &error, code);
        }
        // It asks what it was offered.
        let candidacy = laptop.client.stand_for(link().await).await.unwrap();
        let own: &'static str = Box::leak(format!("/candidates/{}", candidacy.id()).into_boxed_str());
        setting.answers_at("GET", own, answer);
        let error = laptop.client.await_admission(candidacy, Duration::from_secs(30)).await.unwrap_err();
        assert!(setting.proxy.be_honest() > 0, "{name}");
        refused(name, &error, code);
        assert!(matches!(laptop.client.team().await, Err(Error::NoTeam)), "{name}");
        // What it was told is kept, for the day on which it belongs to a team.
        let store = rusqlite::Connection::open(laptop.client.home().unwrap().database()).unwrap();
        let kept: i64 = store.query_row("SELECT count(*) FROM refusals", [], |row| row.get(0)).unwrap();
        assert!(kept > 0, "{name}");
    }
    assert_eq!(setting.ada.client.computers().await.unwrap().len(), 1);
    // A team that is founded at what is no vault.
    let NoAnswer(_, page, code, _) = NO_ANSWERS[0];
    let vault = twinlock_tests::TestVault::start().await;
    let proxy = twinlock_tests::lying_proxy::LyingProxy::start(vault.location().url).await;
    proxy.answer_in_place(Arc::new(move |_: &Asked| Some(Told::Answer(page()))));
    let founder = Computer::new().await;
    let place = twinlock_client::TeamPlace::Vault(proxy.location());
    let code_of_vault = SecretText::new(vault.setup_code.clone());
    let (team, member) = (twinlock_tests::label("Acme"), twinlock_tests::label("Ada"));
    let founded = founder.client.create_team(place, code_of_vault, team, member).await;
    refused("a team", &founded.map(|team| team.name).unwrap_err(), code);
    proxy.be_honest();
    founder.found_by_way_of(proxy.location(), &vault).await;
    let _pushed = founder.client.push(&founder.env(), Selection::All).await.map(drop).unwrap_err();
}
