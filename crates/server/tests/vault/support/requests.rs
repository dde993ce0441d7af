//! What is sent to a vault, and what it answers.

use std::sync::Arc;

use serde::de::DeserializeOwned;
use twinlock_protocol::TeamId;
use twinlock_protocol::api::{Problem, ProblemCode};
use twinlock_protocol::http_signature::{
    CONTENT_DIGEST_HEADER, SIGNATURE_HEADER, SIGNATURE_INPUT_HEADER, SignedParts, TEAM_HEADER,
};
use twinlock_seal::Keyholder;

use super::{LOOPBACK, Vault};

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
