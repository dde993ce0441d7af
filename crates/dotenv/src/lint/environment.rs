//! Values that look like another environment's: a live key in development, a test key, a local
//! host or another name in production.

use std::fmt;

use super::Draft;
use super::kind::{FindingKind, Severity};
use crate::document::{Document, Variable};

/// What looks like another environment's. Its display goes on after "the value of NAME".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sign {
    /// A key for real payments or data, outside production.
    LiveKey,
    /// A key for tests, in production.
    TestKey,
    /// A host whose name says production, outside it.
    ProductionHost,
    /// A host whose name says development, test or staging, in production.
    LesserHost,
    /// This computer itself, in production.
    LocalHost,
    /// The name of another environment, in a variable that holds it.
    OtherName,
}

impl fmt::Display for Sign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::LiveKey => "looks like a live key, and this is no production environment",
            Self::TestKey => "looks like a test key, and this is a production environment",
            Self::ProductionHost => {
                "has a host whose name says production, and this is no production environment"
            }
            Self::LesserHost => {
                "has a host whose name says development, test or staging, and this is a production environment"
            }
            Self::LocalHost => "has this computer itself for a host, and this is a production environment",
            Self::OtherName => "names another environment than this one",
        })
    }
}

/// What an environment is for, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    Development,
    Test,
    Staging,
    Production,
}

impl Purpose {
    /// By the words in a name; `None` if they do not tell.
    fn of(name: &str) -> Option<Self> {
        const WORDS: [(Purpose, &[&str]); 4] = [
            (
                Purpose::Staging,
                &["staging", "stage", "stg", "preprod", "preproduction", "pre", "preview", "uat", "qa"],
            ),
            (Purpose::Test, &["test", "testing", "ci"]),
            (Purpose::Development, &["development", "develop", "dev", "local"]),
            (Purpose::Production, &["production", "prod", "prd", "live"]),
        ];
        let found = WORDS.iter().find(|(_, known)| words(name).any(|word| is_one_of(word, known)));
        found.map(|(purpose, _)| *purpose)
    }
}

/// The variables in which programs look for the name of their environment.
const ENVIRONMENT_NAMES: [&str; 16] = [
    "NODE_ENV",
    "RAILS_ENV",
    "RACK_ENV",
    "APP_ENV",
    "ENV",
    "ENVIRONMENT",
    "APP_ENVIRONMENT",
    "FLASK_ENV",
    "DJANGO_ENV",
    "MIX_ENV",
    "GO_ENV",
    "RUST_ENV",
    "DEPLOY_ENV",
    "VERCEL_ENV",
    "SENTRY_ENVIRONMENT",
    "ASPNETCORE_ENVIRONMENT",
];

const LIVE_KEYS: [&str; 5] = ["sk_live_", "rk_live_", "pk_live_", "rzp_live_", "whsec_live_"];
const TEST_KEYS: [&str; 5] = ["sk_test_", "rk_test_", "pk_test_", "rzp_test_", "whsec_test_"];

/// The findings, if the name of the environment tells what it is for.
pub(super) fn findings(document: &Document<'_>, environment: &str, drafts: &mut Vec<Draft>) {
    let Some(purpose) = Purpose::of(environment) else { return };
    for variable in document.variables() {
        let Some(sign) = sign(variable, purpose) else { continue };
        let value = variable.right_half();
        drafts.push(Draft {
            at: variable.span().start + variable.left().len() + value.lead().len(),
            name: Some(variable.name().to_owned()),
            // Something beside a program on its computer is ordinary, though rarer in production.
            severity: if sign == Sign::LocalHost { Severity::Notice } else { Severity::Warning },
            kind: FindingKind::OtherEnvironment { name: variable.name().to_owned(), sign },
            proposal: None,
        });
    }
}

fn sign(variable: &Variable<'_>, purpose: Purpose) -> Option<Sign> {
    let right_half = variable.right_half();
    let value = right_half.inner();
    let begins = |keys: &[&str]| keys.iter().any(|key| value.starts_with(key));
    let lesser = matches!(purpose, Purpose::Development | Purpose::Test);
    if ENVIRONMENT_NAMES.contains(&variable.name()) {
        let named = Purpose::of(value)?;
        // Staging runs as production does, so that its programs call themselves so.
        let other = match purpose {
            Purpose::Production => named != Purpose::Production,
            Purpose::Development | Purpose::Test => named == Purpose::Production,
            Purpose::Staging => false,
        };
        return other.then_some(Sign::OtherName);
    }
    match purpose {
        Purpose::Production if begins(&TEST_KEYS) => Some(Sign::TestKey),
        Purpose::Production => hosts(variable.name(), value).find_map(|host| {
            if is_local(host) {
                Some(Sign::LocalHost)
            } else if matches!(purpose_of_host(host), Some(purpose) if purpose != Purpose::Production) {
                Some(Sign::LesserHost)
            } else {
                None
            }
        }),
        _ if lesser && begins(&LIVE_KEYS) => Some(Sign::LiveKey),
        _ if lesser => hosts(variable.name(), value)
            .any(|host| purpose_of_host(host) == Some(Purpose::Production))
            .then_some(Sign::ProductionHost),
        _ => None,
    }
}

/// What the labels of a host say, but for its last: `.dev` is an ordinary domain.
fn purpose_of_host(host: &str) -> Option<Purpose> {
    let labels = host.rsplit_once('.').map_or(host, |(labels, _)| labels);
    // A service may well be called live or local; a host that says production says so.
    let telling = |word: &&str| !is_one_of(word, &["live", "local", "pre", "ci"]);
    let telling: Vec<&str> = words(labels).filter(telling).collect();
    Purpose::of(&telling.join("-"))
}

fn is_local(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.starts_with("127.") || host == "[::1]" || host == "::1"
}

/// The hosts in a value: of its addresses, or the value itself if the variable's name says so.
fn hosts<'v>(name: &str, value: &'v str) -> impl Iterator<Item = &'v str> {
    let name = name.to_ascii_uppercase();
    let whole = ["HOST", "HOSTNAME", "SERVER", "ENDPOINT", "DOMAIN"].iter().any(|end| name.ends_with(end));
    let whole = (whole && !value.contains("://")).then(|| host(value));
    value.split("://").skip(1).map(host).chain(whole)
}

/// The host at the start of what follows `://`.
fn host(rest: &str) -> &str {
    let end = rest.find(|c: char| c.is_whitespace() || matches!(c, '/' | '?' | '#' | ',' | '"' | '\''));
    let authority = &rest[..end.unwrap_or(rest.len())];
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    if host.starts_with('[') {
        return host.split_inclusive(']').next().unwrap_or(host);
    }
    host.split(':').next().unwrap_or(host)
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty())
}

fn is_one_of(word: &str, known: &[&str]) -> bool {
    known.iter().any(|known| word.eq_ignore_ascii_case(known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn environments_have_a_purpose() {
        let check = |name, expected| assert_eq!(Purpose::of(name), expected, "{name}");
        check("production", Some(Purpose::Production));
        check("eu-prod-1", Some(Purpose::Production));
        check("pre-production", Some(Purpose::Staging));
        check("Development", Some(Purpose::Development));
        check("local", Some(Purpose::Development));
        check("ci", Some(Purpose::Test));
        check("default", None);
        check("products", None);
        check("", None);
    }

    #[test]
    fn signs_of_another_environment() {
        let check = |environment, text, expected: &[Sign]| {
            let mut drafts = Vec::new();
            findings(&Document::parse(text), environment, &mut drafts);
            let found: Vec<Sign> = drafts
                .iter()
                .map(|draft| match draft.kind {
                    FindingKind::OtherEnvironment { sign, .. } => sign,
                    ref other => panic!("{other:?}"),
                })
                .collect();
            assert_eq!(found, expected, "{environment} {text:?}");
        };
        check("development", "K=sk_live_1\n", &[Sign::LiveKey]);
        check("development", "K='sk_live_1'\n", &[Sign::LiveKey]);
        check("development", "K=sk_test_1\n", &[]);
        check("production", "K=sk_live_1\n", &[]);
        check("production", "K=sk_test_1\n", &[Sign::TestKey]);
        check("staging", "K=sk_test_1\nL=sk_live_1\n", &[]);
        check("whatever", "K=sk_live_1\nL=sk_test_1\n", &[]);
        check("dev", "U=postgres://u:p@db.prod.example.com:5432/x\n", &[Sign::ProductionHost]);
        check("dev", "U=postgres://u:prod@db.example.com/production\n", &[]);
        check("dev", "DB_HOST=prod-db\n", &[Sign::ProductionHost]);
        check("dev", "PRODUCT=prod-db\n", &[]);
        check("prod", "DB_HOST=localhost\n", &[Sign::LocalHost]);
        check("prod", "U=http://127.0.0.1:80\nV=http://[::1]/\n", &[Sign::LocalHost, Sign::LocalHost]);
        check("prod", "U=https://api.staging.example.com\n", &[Sign::LesserHost]);
        check("prod", "U=https://example.dev/test\nV=https://live.com\n", &[]);
        check("dev", "U=https://login.live.com\nDB_HOST=localhost\n", &[]);
        check("prod", "NODE_ENV=development\n", &[Sign::OtherName]);
        check("prod", "NODE_ENV=production\n", &[]);
        check("staging", "NODE_ENV=production\n", &[]);
        check("test", "RAILS_ENV=production\n", &[Sign::OtherName]);
        check("dev", "NODE_ENV=test\nAPP_ENV=local\n", &[]);
    }
}
