//! A hostile vault: between client and vault with a certificate of its own, honest until it is told a lie
//! to tell. It sees everything a vault sees, and can answer anything.

use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::{Json, Router};
use axum_server::Handle;
use axum_server::accept::NoDelayAcceptor;
use axum_server::tls_rustls::RustlsConfig;
use rcgen::PublicKeyData as _;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use twinlock_client::{Pin, VaultLocation};
use url::Url;

const LARGEST_REQUEST: usize = 64 * 1024 * 1024;

/// What is asked, and everything that was honestly answered before, by anybody.
pub struct Asked {
    /// How.
    pub method: Method,
    /// The path.
    pub path: String,
    /// What stands behind the question mark.
    pub query: String,
    /// The body.
    pub body: Bytes,
    /// Honest answers so far, oldest first: path and JSON.
    pub past: Arc<Vec<(String, Value)>>,
}

impl Asked {
    /// The number after which a page is asked for.
    #[must_use]
    pub fn after(&self) -> u64 {
        self.query.strip_prefix("after=").and_then(|number| number.parse().ok()).unwrap_or(0)
    }
}

/// What is answered instead of the vault's answer.
pub enum Told {
    /// Other JSON, as if all was well.
    Json(Value),
    /// Something else altogether.
    Answer(Response),
    /// Nothing, for ever.
    Silence,
}

/// Turns the vault's honest answer into another one.
pub type Lie = Arc<dyn Fn(&Asked, Value) -> Told + Send + Sync>;

/// Answers in the vault's place, which does not hear of it; what gives `None` is passed on.
pub type InPlace = Arc<dyn Fn(&Asked) -> Option<Told> + Send + Sync>;

/// The proxy; it ends when this is dropped.
pub struct LyingProxy {
    location: VaultLocation,
    inner: Arc<Inner>,
    handle: Handle<std::net::SocketAddr>,
}

struct Inner {
    http: reqwest::Client,
    vault: Mutex<Url>,
    lie: Mutex<Option<Lie>>,
    in_place: Mutex<Option<InPlace>>,
    past: Mutex<Arc<Vec<(String, Value)>>>,
    told: AtomicUsize,
    asked: AtomicUsize,
    heard: Mutex<Vec<Vec<u8>>>,
}

impl LyingProxy {
    /// Starts in front of a vault, honest for now.
    pub async fn start(vault: Url) -> Self {
        // Whom a client trusts is tested elsewhere, by pin; the proxy knows its vault because the test gave it.
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        // Another test of this process may have been first.
        let _installed = rustls::crypto::CryptoProvider::install_default((*provider).clone());
        let http = reqwest::Client::builder().tls_danger_accept_invalid_certs(true).no_proxy().build();
        let inner = Arc::new(Inner {
            http: http.expect("an HTTP client"),
            vault: Mutex::new(vault),
            lie: Mutex::new(None),
            in_place: Mutex::new(None),
            past: Mutex::default(),
            told: AtomicUsize::new(0),
            asked: AtomicUsize::new(0),
            heard: Mutex::default(),
        });

        let rcgen::CertifiedKey { cert, signing_key } =
            rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
        let pin = Pin(Sha256::digest(signing_key.subject_public_key_info()).into());
        let key = rustls::pki_types::PrivatePkcs8KeyDer::from(signing_key.serialize_der());
        let mut settings = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("TLS 1.2 and 1.3")
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], key.into())
            .expect("a certificate and its key");
        settings.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];

        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        listener.set_nonblocking(true).expect("a listener for tokio");
        let port = listener.local_addr().expect("an address").port();
        let handle = Handle::new();
        let server = axum_server::from_tcp_rustls(listener, RustlsConfig::from_config(Arc::new(settings)))
            .expect("a listener")
            .map(|acceptor| acceptor.acceptor(NoDelayAcceptor::new()))
            .handle(handle.clone());
        let router = Router::new().fallback(pass_on).with_state(Arc::clone(&inner));
        tokio::spawn(server.serve(router.into_make_service()));
        let url = format!("https://127.0.0.1:{port}").parse().expect("a URL");
        Self { location: VaultLocation { url, pin: Some(pin) }, inner, handle }
    }

    /// Where clients take it for the vault.
    #[must_use]
    pub fn location(&self) -> VaultLocation {
        self.location.clone()
    }

    /// Answers everything with this lie from now on.
    pub fn lie(&self, lie: Lie) {
        self.inner.told.store(0, Ordering::SeqCst);
        *lock(&self.inner.lie) = Some(lie);
    }

    /// Answers in the vault's place from now on.
    pub fn answer_in_place(&self, answer: InPlace) {
        self.inner.told.store(0, Ordering::SeqCst);
        *lock(&self.inner.in_place) = Some(answer);
    }

    /// How many requests have come in so far.
    #[must_use]
    pub fn asked(&self) -> usize {
        self.inner.asked.load(Ordering::SeqCst)
    }

    /// How many answers were not the vault's since it began to lie.
    #[must_use]
    pub fn told_so_far(&self) -> usize {
        self.inner.told.load(Ordering::SeqCst)
    }

    /// Is honest from now on. Gives how many answers were not the vault's since it began to lie.
    pub fn be_honest(&self) -> usize {
        *lock(&self.inner.lie) = None;
        *lock(&self.inner.in_place) = None;
        self.inner.told.swap(0, Ordering::SeqCst)
    }

    /// Everything so far as it is without TLS, a piece for each request and each answer: line, headers, body.
    #[must_use]
    pub fn heard(&self) -> Vec<Vec<u8>> {
        lock(&self.inner.heard).clone()
    }

    /// Asks another vault from now on, as if it were the same.
    pub fn turn_to(&self, vault: Url) {
        *lock(&self.inner.vault) = vault;
    }
}

impl Drop for LyingProxy {
    fn drop(&mut self) {
        self.handle.shutdown();
    }
}

async fn pass_on(State(inner): State<Arc<Inner>>, request: Request) -> Response {
    match answer(&inner, request).await {
        Ok(response) => response,
        Err(error) => (StatusCode::BAD_GATEWAY, error.to_string()).into_response(),
    }
}

async fn answer(inner: &Arc<Inner>, request: Request) -> Result<Response, Box<dyn std::error::Error>> {
    let (parts, body) = request.into_parts();
    let asked = Asked {
        method: parts.method,
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        body: to_bytes(body, LARGEST_REQUEST).await?,
        past: Arc::clone(&lock(&inner.past)),
    };
    inner.asked.fetch_add(1, Ordering::SeqCst);
    hear(inner, &format!("{} {}", asked.method, parts.uri), &parts.headers, &asked.body);
    let in_place = lock(&inner.in_place).clone();
    if let Some(told) = in_place.and_then(|answer| answer(&asked)) {
        inner.told.fetch_add(1, Ordering::SeqCst);
        return Ok(match told {
            Told::Json(json) => Json(json).into_response(),
            Told::Answer(response) => response,
            Told::Silence => std::future::pending().await,
        });
    }
    let mut url = lock(&inner.vault).clone();
    url.set_path(&asked.path);
    url.set_query(parts.uri.query());
    let mut headers = parts.headers;
    headers.remove(header::HOST);
    let request = inner.http.request(asked.method.clone(), url).headers(headers);
    let honest = request.body(asked.body.clone()).send().await?;

    let (status, kind) = (honest.status(), honest.headers().get(header::CONTENT_TYPE).cloned());
    let honest_headers = honest.headers().clone();
    let streams = kind.as_ref().is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"));
    let mut response = if streams {
        hear(inner, status.as_str(), &honest_headers, &[]);
        let inner = Arc::clone(inner);
        let news = futures::StreamExt::inspect(honest.bytes_stream(), move |piece| {
            if let Ok(piece) = piece {
                lock(&inner.heard).push(piece.to_vec());
            }
        });
        Body::from_stream(news).into_response()
    } else {
        let bytes = honest.bytes().await?;
        hear(inner, status.as_str(), &honest_headers, &bytes);
        match told(inner, asked, &bytes, status) {
            Some(Told::Answer(response)) => return Ok(response),
            Some(Told::Silence) => std::future::pending().await,
            Some(Told::Json(json)) => Body::from(json.to_string()).into_response(),
            None => Body::from(bytes).into_response(),
        }
    };
    *response.status_mut() = status;
    if let Some(kind) = kind {
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
    }
    Ok(response)
}

fn hear(inner: &Inner, line: &str, headers: &HeaderMap, body: &[u8]) {
    let mut piece = format!("{line}\n").into_bytes();
    for (name, value) in headers {
        piece.extend_from_slice(name.as_str().as_bytes());
        piece.extend_from_slice(b": ");
        piece.extend_from_slice(value.as_bytes());
        piece.push(b'\n');
    }
    piece.push(b'\n');
    piece.extend_from_slice(body);
    lock(&inner.heard).push(piece);
}

/// The lie that is due, if any. Errors, and answers without content, are passed on as they are.
fn told(inner: &Inner, asked: Asked, honest: &Bytes, status: StatusCode) -> Option<Told> {
    let json: Value = serde_json::from_slice(honest).ok().filter(|_| status.is_success())?;
    let lie = lock(&inner.lie).clone();
    let Some(lie) = lie else {
        Arc::make_mut(&mut lock(&inner.past)).push((asked.path, json));
        return None;
    };
    let told = lie(&asked, json.clone());
    if !matches!(&told, Told::Json(said) if *said == json) {
        inner.told.fetch_add(1, Ordering::SeqCst);
    }
    Some(told)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
