//! Tricks below the API: lengths, chunks, trailers, headers and answers that do not belong together. Whatever the transport
//! makes of them, what comes out is judged like any other answer, and one answer is never taken for another.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use twinlock_client::store::Mode;
use twinlock_client::{CreateMissing, Error, ErrorCode, Patience, Pin, Selection, VaultLocation};
use twinlock_tests::{Computer, TestVault};
use url::Url;

use crate::setting::{check_in_step, kept};

/// What becomes of a trick.
enum Ends {
    /// The transport makes the honest answer of it.
    GoesOn,
    Unreachable,
    Refused(&'static str),
}

/// A trick: the bytes that are sent in the place of an honest answer with this body.
type Trick = fn(&[u8]) -> Vec<u8>;

const HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";

fn answer(headers: &str, body: &[u8]) -> Vec<u8> {
    [format!("{HEAD}{headers}\r\n").as_bytes(), body].concat()
}

fn whole(body: &[u8]) -> Vec<u8> {
    answer(&format!("content-length: {}\r\n", body.len()), body)
}

fn chunked(body: &[u8], trailers: &str) -> Vec<u8> {
    let (a, b) = body.split_at(body.len() / 2);
    let chunk = |part: &[u8]| [format!("{:x};x=\"y\"\r\n", part.len()).as_bytes(), part, b"\r\n"].concat();
    [chunk(a), chunk(b), format!("0\r\n{trailers}\r\n").into_bytes()].concat()
}

/// An answer of yesterday, or of anybody's making.
const OTHER: &[u8] = b"{\"statements\":[],\"head\":{\"number\":1,\"hash\":\"0000000000000000000000000000000000000000000000000000000000000000\"}}";

const TRICKS: &[(&str, Ends, Trick)] = &[
    ("hints before the answer", Ends::GoesOn, |body| {
        let hint = "HTTP/1.1 103 Early Hints\r\nlink: <https://elsewhere.example/>\r\n\r\n";
        [hint.repeat(20).into_bytes(), whole(body)].concat()
    }),
    ("chunks with trailers that change the meaning", Ends::GoesOn, |body| {
        let trailers =
            "content-encoding: gzip\r\nlocation: https://elsewhere.example/\r\ncontent-length: 1\r\n";
        answer("transfer-encoding: chunked\r\ntrailer: content-encoding\r\n", &chunked(body, trailers))
    }),
    ("two lengths", Ends::Unreachable, |body| {
        answer(&format!("content-length: {}\r\ncontent-length: {}\r\n", body.len(), body.len() - 1), body)
    }),
    ("a length that is none", Ends::Unreachable, |body| answer("content-length: -1\r\n", body)),
    ("less than its length", Ends::Unreachable, |body| {
        answer(&format!("content-length: {}\r\n", body.len() + 7), body)
    }),
    ("a part of it", Ends::Refused("not-understood"), |body| {
        answer(&format!("content-length: {}\r\n", body.len() - 7), &body[..body.len() - 7])
    }),
    ("a chunk of a length that is none", Ends::Unreachable, |body| {
        answer("transfer-encoding: chunked\r\n", &[b"-5\r\n", body, b"\r\n0\r\n\r\n"].concat())
    }),
    ("a chunk longer than all numbers", Ends::Unreachable, |body| {
        answer("transfer-encoding: chunked\r\n", &[b"fffffffffffffffff\r\n", body, b"\r\n0\r\n\r\n"].concat())
    }),
    ("chunks that never end", Ends::Unreachable, |body| {
        answer("transfer-encoding: chunked\r\n", format!("{:x}\r\n", body.len() + 100).as_bytes())
    }),
    ("two kinds of content", Ends::Refused("not-a-vault"), |body| {
        answer(&format!("content-type: text/html\r\ncontent-length: {}\r\n", body.len()), body)
    }),
    ("an encoding that changes nothing", Ends::Refused("compressed"), |body| {
        answer(&format!("content-encoding: identity\r\ncontent-length: {}\r\n", body.len()), body)
    }),
    ("headers without end", Ends::Unreachable, |body| {
        answer(&format!("x: {}\r\ncontent-length: {}\r\n", "y".repeat(4 << 20), body.len()), body)
    }),
    ("no HTTP at all", Ends::Unreachable, |body| body.to_vec()),
    ("an answer for the next question as well", Ends::GoesOn, |body| [whole(body), whole(OTHER)].concat()),
    ("another protocol from here on", Ends::Refused("redirect"), |body| {
        let switch = "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n";
        [switch.as_bytes(), &http2(&[SETTINGS, ANSWER]), &whole(body)].concat()
    }),
    ("HTTP/2 that nobody asked for", Ends::Unreachable, |_| http2(&[SETTINGS, ANSWER, END])),
    ("HTTP/2 that says good-bye", Ends::Unreachable, |_| http2(&[SETTINGS, GOAWAY, GOAWAY])),
    ("HTTP/2 behind the answer", Ends::GoesOn, |body| [whole(body), http2(&[SETTINGS, END, RESET])].concat()),
];

/// Frames of HTTP/2: type, flags, stream, payload.
type Frame = (u8, u8, u8, &'static [u8]);
const SETTINGS: Frame = (4, 0, 0, b"");
/// Status 200, and no more headers.
const ANSWER: Frame = (1, 4, 1, b"\x88");
const END: Frame = (0, 1, 1, b"");
const RESET: Frame = (3, 0, 1, &[0, 0, 0, 8]);
const GOAWAY: Frame = (7, 0, 0, &[0; 8]);
const CONTINUATION: Frame = (9, 0, 1, b"\x00\x01x\x01y");

fn http2(frames: &[Frame]) -> Vec<u8> {
    let one = |(kind, flags, stream, payload): &Frame| {
        let length = u8::try_from(payload.len()).unwrap();
        [&[0, 0, length, *kind, *flags, 0, 0, 0, *stream][..], *payload].concat()
    };
    frames.iter().flat_map(one).collect()
}

/// A beginning, and what comes after it again and again for as long as anybody listens.
type Flood = fn(&[u8]) -> (Vec<u8>, Vec<u8>);

/// Whoever is flooded waits no longer than for any answer, and keeps nothing of it.
const FLOODS: &[(&str, Flood)] = &[
    ("hints without end", |_| {
        (Vec::new(), b"HTTP/1.1 103 Early Hints\r\nlink: <https://elsewhere.example/>\r\n\r\n".to_vec())
    }),
    ("\"go on\" without end", |_| (Vec::new(), b"HTTP/1.1 100 Continue\r\n\r\n".to_vec())),
    ("one header without end", |_| (b"HTTP/1.1 200 OK\r\nx: ".to_vec(), vec![b'y'; 1024])),
    ("headers without end", |_| (HEAD.into(), b"x: y\r\n".to_vec())),
    ("a name of a header without end", |_| (HEAD.into(), vec![b'x'; 1024])),
    ("blank lines without end", |_| (Vec::new(), b"\r\n".to_vec())),
    ("trailers without end", |body| {
        let begun = answer("transfer-encoding: chunked\r\n", &chunked(body, ""));
        (begun[..begun.len() - 2].to_vec(), b"x: y\r\n".to_vec())
    }),
    ("one trailer without end", |body| {
        let begun = answer("transfer-encoding: chunked\r\n", &chunked(body, "x: "));
        (begun[..begun.len() - 2].to_vec(), vec![b'y'; 1024])
    }),
    ("an extension of a chunk without end", |_| {
        (answer("transfer-encoding: chunked\r\n", b"5;x=\""), vec![b'y'; 1024])
    }),
    ("a length of a chunk without end", |_| {
        (answer("transfer-encoding: chunked\r\n", b""), vec![b'0'; 1024])
    }),
    ("chunks of one byte without end", |_| {
        (answer("transfer-encoding: chunked\r\n", b""), b"1\r\n \r\n".to_vec())
    }),
    ("headers of HTTP/2 without end", |_| (http2(&[SETTINGS, (1, 0, 1, b"\x88")]), http2(&[CONTINUATION]))),
    ("settings of HTTP/2 without end", |_| (Vec::new(), http2(&[SETTINGS]))),
    ("good-byes of HTTP/2 without end", |_| (http2(&[SETTINGS]), http2(&[GOAWAY]))),
];

/// What is sent in the place of an honest answer, whole or without end.
#[derive(Clone, Copy)]
enum Sent {
    Once(Trick),
    Without(Flood),
}

/// Stands before a vault and speaks HTTP/1.1, byte for byte as it is told. It would speak HTTP/2 with whoever asks for it, and
/// could not.
struct Raw {
    location: VaultLocation,
    trick: Arc<Mutex<Option<Sent>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Raw {
    async fn start(vault: Url) -> Self {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let _installed = rustls::crypto::CryptoProvider::install_default((*provider).clone());
        let http =
            reqwest::Client::builder().tls_danger_accept_invalid_certs(true).no_proxy().build().unwrap();
        let rcgen::CertifiedKey { cert, signing_key } =
            rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let pin = Pin(Sha256::digest(rcgen::PublicKeyData::subject_public_key_info(&signing_key)).into());
        let key = rustls::pki_types::PrivatePkcs8KeyDer::from(signing_key.serialize_der());
        let mut settings = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], key.into())
            .unwrap();
        settings.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let acceptor = TlsAcceptor::from(Arc::new(settings));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://127.0.0.1:{}", listener.local_addr().unwrap().port()).parse().unwrap();
        let trick: Arc<Mutex<Option<Sent>>> = Arc::default();
        let of_task = Arc::clone(&trick);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, http) = (acceptor.clone(), http.clone());
                let (vault, trick) = (vault.clone(), Arc::clone(&of_task));
                // Either side hangs up when it likes.
                tokio::spawn(async move {
                    speak(acceptor.accept(stream).await.ok()?, &http, &vault, &trick).await
                });
            }
        });
        Self { location: VaultLocation { url, pin: Some(pin) }, trick, task }
    }

    fn tricks(&self, trick: Option<Sent>) {
        *self.trick.lock().unwrap() = trick;
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// One request after the other, each passed on; what is asked of revisions is answered by a trick, if there is one, which ends
/// the connection.
async fn speak(
    mut stream: TlsStream<TcpStream>,
    http: &reqwest::Client,
    vault: &Url,
    trick: &Mutex<Option<Sent>>,
) -> Option<()> {
    loop {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.ok()?);
        }
        let head = String::from_utf8(head).ok()?;
        let mut lines = head.lines();
        let mut words = lines.next()?.split(' ');
        let (method, path) = (words.next()?, words.next()?);
        let headers: Vec<_> = lines.filter_map(|line| line.split_once(": ")).collect();
        let length = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
        let mut body = vec![0; length.map_or(0, |(_, length)| length.parse().unwrap_or(0))];
        stream.read_exact(&mut body).await.ok()?;
        let mut request = http.request(method.parse().ok()?, vault.join(path).ok()?).body(body);
        for (name, value) in headers.iter().filter(|(name, _)| !["host", "content-length"].contains(name)) {
            request = request.header(*name, *value);
        }
        let honest = request.send().await.ok()?;
        let status = honest.status();
        let kind = honest
            .headers()
            .get("content-type")
            .and_then(|kind| kind.to_str().ok())
            .unwrap_or("x/y")
            .to_owned();
        let bytes = honest.bytes().await.ok()?;
        let trick = *trick.lock().unwrap();
        if let Some(trick) = trick.filter(|_| method == "GET" && path.contains("/revisions")) {
            let (first, again) = match trick {
                Sent::Once(trick) => (trick(&bytes), Vec::new()),
                Sent::Without(flood) => flood(&bytes),
            };
            stream.write_all(&first).await.ok()?;
            stream.flush().await.ok()?;
            // In pieces of some size: or most of the time would go into sealing them.
            let again = again.repeat((16 * 1024usize).checked_div(again.len()).unwrap_or(0));
            while !again.is_empty() {
                stream.write_all(&again).await.ok()?;
            }
            // Whoever waits for more is told that there is none.
            return stream.shutdown().await.ok();
        }
        let head =
            format!("HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\r\n", bytes.len());
        let head = if status.as_u16() == 204 { format!("HTTP/1.1 {status}\r\n\r\n") } else { head };
        stream.write_all(&[head.as_bytes(), &bytes].concat()).await.ok()?;
        stream.flush().await.ok()?;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_transport_makes_of_a_trick_is_judged_like_any_answer() {
    let vault = TestVault::start().await;
    let raw = Raw::start(vault.location().url).await;
    let (ada, ben) = (Computer::new().await, Computer::new().await);
    ada.found_by_way_of(raw.location.clone(), &vault).await;
    ada.link(CreateMissing::Yes, Mode::Ask).await;
    ben.join(&ada.invite(twinlock_client::Role::Member).await, "Ben").await;
    ben.link(CreateMissing::No, Mode::Ask).await;
    for (round, (name, ends, trick)) in TRICKS.iter().enumerate() {
        ada.save(&format!("A={round}\nB={name}\n"));
        ada.client.push(&ada.env(), Selection::All).await.unwrap();
        let (before, text) = (kept(&ben), ben.env().exists().then(|| ben.text()));
        raw.tricks(Some(Sent::Once(*trick)));
        let mut pulled = ben.client.pull(&ben.env()).await.map(|outcome| outcome.pulled);
        // The next page may be asked for on the connection that the trick has just ended: then it is asked for again.
        for _ in 0..20 {
            match (ends, &pulled) {
                (Ends::GoesOn, Err(error)) if error.code() == ErrorCode::Unreachable => {
                    pulled = ben.client.pull(&ben.env()).await.map(|outcome| outcome.pulled);
                }
                _ => break,
            }
        }
        raw.tricks(None);
        match (ends, pulled) {
            (Ends::GoesOn, Ok(pulled)) => assert!(pulled > 0, "{name}"),
            (Ends::Unreachable, Err(error)) => {
                assert_eq!(error.code(), ErrorCode::Unreachable, "{name}: {error}")
            }
            (Ends::Refused(code), Err(Error::Refused(refused))) => {
                assert_eq!(refused.view().code, *code, "{name}")
            }
            (_, other) => panic!("{name}: {other:?}"),
        }
        if !matches!(ends, Ends::GoesOn) {
            assert_eq!(kept(&ben)[1..3], before[1..3], "{name}");
            assert_eq!(ben.env().exists().then(|| ben.text()), text, "{name}");
        }
        // Nothing of it is left in any connection.
        for attempts in (0..20).rev() {
            match ben.client.pull(&ben.env()).await {
                Ok(_) => break,
                Err(error) if error.code() == ErrorCode::Unreachable && attempts > 0 => {}
                Err(error) => panic!("after {name}: {error}"),
            }
        }
        check_in_step(&ben, &ada).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_in_the_place_of_an_answer_is_not_waited_out_and_changes_nothing() {
    let vault = TestVault::start().await;
    let raw = Raw::start(vault.location().url).await;
    let (ada, ben) = (Computer::new().await, Computer::new().await);
    ada.found_by_way_of(raw.location.clone(), &vault).await;
    ada.link(CreateMissing::Yes, Mode::Ask).await;
    ben.join(&ada.invite(twinlock_client::Role::Member).await, "Ben").await;
    ben.link(CreateMissing::No, Mode::Ask).await;
    ada.save("A=1\n");
    ada.client.push(&ada.env(), Selection::All).await.unwrap();
    ben.client.pull(&ben.env()).await.unwrap();
    for (round, (name, flood)) in FLOODS.iter().enumerate() {
        ada.save(&format!("A={round}\nB={name}\n"));
        ada.client.push(&ada.env(), Selection::All).await.unwrap();
        let (before, text) = (kept(&ben), ben.text());
        ben.client.set_patience(Patience { answer: Duration::from_millis(800), ..Patience::default() }).await;
        raw.tricks(Some(Sent::Without(*flood)));
        let began = Instant::now();
        let error = ben.client.pull(&ben.env()).await.map(|outcome| outcome.pulled).unwrap_err();
        assert!(began.elapsed() < Duration::from_secs(10), "{name}: {:?}", began.elapsed());
        assert_eq!(error.code(), ErrorCode::Unreachable, "{name}: {error}");
        assert_eq!((&kept(&ben)[1..3], ben.text()), (&before[1..3], text), "{name}");
        raw.tricks(None);
        ben.client.set_patience(Patience::default()).await;
        for attempts in (0..20).rev() {
            match ben.client.pull(&ben.env()).await {
                Ok(_) => break,
                Err(error) if error.code() == ErrorCode::Unreachable && attempts > 0 => {}
                Err(error) => panic!("after {name}: {error}"),
            }
        }
        check_in_step(&ben, &ada).await;
    }
}
