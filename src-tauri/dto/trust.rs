//! What people check against a vault that lies: safety words, what was signed, what was refused.

use serde::{Deserialize, Serialize};
use specta::Type;
use twinlock_client::view;

/// The words to compare: with each other member, and of each computer.
#[derive(Debug, Serialize, Type)]
pub(crate) struct Safety {
    pub(crate) with: Vec<SafetyWith>,
    pub(crate) computers: Vec<ComputerWords>,
}

/// What stands for all that this computer and another member's should have seen alike.
#[derive(Debug, Serialize, Type)]
pub(crate) struct SafetyWith {
    pub(crate) member: String,
    pub(crate) name: String,
    pub(crate) words: Vec<String>,
    pub(crate) log: u64,
    pub(crate) environments: Vec<SafetyEnvironment>,
}

#[derive(Debug, Serialize, Type)]
pub(crate) struct SafetyEnvironment {
    pub(crate) environment: String,
    pub(crate) number: u64,
}

/// A computer's words, and whether somebody compared them here.
#[derive(Debug, Serialize, Type)]
pub(crate) struct ComputerWords {
    pub(crate) computer: String,
    pub(crate) member: String,
    pub(crate) name: String,
    pub(crate) this: bool,
    pub(crate) words: Vec<String>,
    pub(crate) compared: Option<Compared>,
}

#[derive(Debug, Serialize, Type)]
pub(crate) struct Compared {
    pub(crate) verdict: Verdict,
    pub(crate) at: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Verdict {
    Match,
    Differ,
}

/// One signed statement, in a sentence that follows the name of whoever signed it.
#[derive(Debug, Serialize, Type)]
pub(crate) struct Statement {
    pub(crate) environment: Option<String>,
    pub(crate) number: u64,
    pub(crate) by: String,
    pub(crate) at: u64,
    pub(crate) what: String,
    pub(crate) hash: String,
}

/// What was replayed from the first statement on, and verifies.
#[derive(Debug, Serialize, Type)]
pub(crate) struct Replayed {
    pub(crate) events: u64,
    pub(crate) revisions: u64,
    pub(crate) values: usize,
    pub(crate) environments: usize,
}

impl Safety {
    pub(crate) fn new(safety: view::SafetyView, compared: &[view::ComparedView]) -> Self {
        let of = |computer| compared.iter().find(|one| one.computer == computer);
        let words = |words: view::SafetyWordsOf| ComputerWords {
            compared: of(words.computer).map(|one| Compared { verdict: one.verdict.into(), at: one.at }),
            computer: words.computer.to_string(),
            member: words.member.to_string(),
            name: words.name,
            this: words.this,
            words: words.words,
        };
        Self {
            with: safety.with.into_iter().map(SafetyWith::from).collect(),
            computers: safety.computers.into_iter().map(words).collect(),
        }
    }
}

impl From<view::SafetyWith> for SafetyWith {
    fn from(with: view::SafetyWith) -> Self {
        let view::SafetyWith { member, name, words, log, environments } = with;
        let environment = |environment: view::SafetyEnvironment| SafetyEnvironment {
            environment: environment.environment,
            number: environment.number,
        };
        let environments = environments.into_iter().map(environment).collect();
        Self { member: member.to_string(), name, words, log, environments }
    }
}

impl From<view::Verdict> for Verdict {
    fn from(verdict: view::Verdict) -> Self {
        match verdict {
            view::Verdict::Match => Self::Match,
            view::Verdict::Differ => Self::Differ,
        }
    }
}

impl From<Verdict> for view::Verdict {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Match => Self::Match,
            Verdict::Differ => Self::Differ,
        }
    }
}

impl From<view::ActivityView> for Statement {
    fn from(activity: view::ActivityView) -> Self {
        let view::ActivityView { environment, number, by, at, what, hash } = activity;
        Self { environment, number, by, at, what, hash: hash.to_string() }
    }
}

impl From<view::ReplayedView> for Replayed {
    fn from(replayed: view::ReplayedView) -> Self {
        let view::ReplayedView { events, environments, .. } = replayed;
        Self {
            events,
            revisions: environments.iter().map(|one| one.revisions).sum(),
            values: environments.iter().map(|one| one.values).sum(),
            environments: environments.len(),
        }
    }
}
