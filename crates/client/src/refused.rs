//! A refusal, as its user hears of it: what happened, what was kept safe, what to do.

use twinlock_protocol::{Pointer, Refusal};

use crate::store::Scope;
use crate::vault::Answered;
use crate::view::RefusalView;

/// Something that the vault served and that does not verify.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Whose history it is.
    pub scope: Scope,
    /// The environment's or team's name.
    pub place: String,
    /// Which check failed.
    pub refusal: Refusal,
    /// What becomes of the evidence.
    pub evidence: Evidence,
    /// What was served, as far as it matters.
    pub served: Option<Box<serde_json::Value>>,
    /// Whether it is about a value that the environment has no more: what is served of today does not end it.
    pub former: bool,
}

/// What becomes of the evidence of a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// It is kept, sealed.
    Kept,
    /// Nothing is kept: whoever is told is a service.
    NotKept,
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let RefusalView { code, what_happened, kept_safe, what_to_do } = self.view();
        let refused = match self.refusal {
            Refusal::Certificate => "Twinlock refused the connection.",
            _ => "Twinlock refused what the vault sent.",
        };
        write!(f, "{refused} {what_happened} {kept_safe} {what_to_do} ({code})")
    }
}

impl Refused {
    /// A check that failed, with evidence that is kept.
    #[must_use]
    pub fn new(scope: Scope, place: String, refusal: Refusal) -> Self {
        Self { scope, place, refusal, evidence: Evidence::Kept, served: None, former: false }
    }

    /// The value that it is about, where that is one which the environment has no more.
    pub(crate) fn former_value(&self) -> Option<Pointer> {
        match self.refusal {
            Refusal::Digest(pointer) | Refusal::ValueMissing(pointer) if self.former => Some(pointer),
            _ => None,
        }
    }

    /// The refusal in words.
    #[must_use]
    pub fn view(&self) -> RefusalView {
        words(self.refusal.code(), &self.place, self.evidence)
    }
}

/// An answer that is none, as long as nobody knows what the place is called.
impl From<Answered> for Refused {
    fn from(answered: Answered) -> Self {
        let place = match answered.scope {
            Scope::Team(_) => "the team",
            Scope::Environment(_) => "an environment",
        };
        let served = serde_json::to_value(answered.served).ok().map(Box::new);
        Self { served, ..Self::new(answered.scope, place.to_owned(), answered.refusal) }
    }
}

/// The words for a refusal's code; `place` is the name of the team or `project/environment`.
#[must_use]
pub(crate) fn words(code: &str, place: &str, evidence: Evidence) -> RefusalView {
    let ask = "Ask whoever runs the vault whether it was restored from a backup today. What is lost of an environment for good, or was never there, an owner can give up: “twinlock environment give-up-history”.";
    let report_keys = match evidence {
        Evidence::Kept => {
            "Show this to whoever runs the vault; the evidence is kept on this computer. What was never there, an owner can give up: “twinlock environment give-up-history”."
        }
        Evidence::NotKept => {
            "Show this to whoever runs the vault; a service keeps nothing, so this is all there is."
        }
    };
    let report = match evidence {
        Evidence::Kept => "Show this to whoever runs the vault; the evidence is kept on this computer.",
        Evidence::NotKept => {
            "Show this to whoever runs the vault; a service keeps nothing, so this is all there is."
        }
    };
    let again = "Try again in a moment. If it stays so, show this to whoever runs the vault.";
    let (what_happened, what_to_do) = match code {
        "rollback" | "cut-short" => {
            (format!("The vault offered an older state of {place} as if it were the newest."), ask)
        }
        "fork" => (format!("The vault offered another history of {place} than before."), ask),
        "log-behind" | "other-log" => (
            format!("Something in {place} refers to a log of the team that the vault does not show."),
            "Ask whoever runs the vault whether it was restored from a backup today.",
        ),
        "number" | "chain" | "elsewhere" => (
            format!(
                "The vault offered a history of {place} with a gap, or with something of another one in it."
            ),
            report,
        ),
        "malformed" | "limit" => {
            (format!("The vault offered something of {place} that no Twinlock writes."), report)
        }
        "state" | "entry" | "position-taken" | "pointer-reused" | "no-change" => (
            format!("The vault offered a change of {place} that does not fit what was there before."),
            report,
        ),
        "digest" => (format!("A value of {place} is not the one that its author signed for."), report),
        "value-missing" => (format!("The vault left out a value of {place}."), report),
        "signature" | "signers" | "unknown-keyholder" | "keys" => {
            (format!("Something in {place} is not signed by a member of the team."), report)
        }
        "revoked" => (
            format!("Something in {place} was signed with a computer that had been taken from the team."),
            report,
        ),
        "above-pin" => (
            format!("The vault offered a change of {place} by somebody who could not make changes any more."),
            report,
        ),
        "last-owner" | "no-keyholder-left" | "kept" | "heads" | "invite-not-open" | "service-not-open"
        | "id-taken" | "no-member" | "no-project" | "no-environment" => {
            (format!("The vault offered an event of {place} that breaks the rules of teams."), report)
        }
        "purge" => (
            format!("The vault offered a change of {place} that deletes a value which is not to be deleted."),
            report,
        ),
        "not-allowed" => (format!("Something in {place} was signed by somebody who may not do it."), report),
        "newer-version" => (
            format!("Something in {place} was written by a newer version of Twinlock."),
            "Update Twinlock on this computer.",
        ),
        "stale" | "wrong-generation" | "rotation-mismatch" | "rotation-incomplete" | "commitment" => {
            (format!("The keys used in {place} are not the ones that are due."), report_keys)
        }
        "not-a-vault" => (
            format!(
                "Something that is not a vault answered for {place}: a web page, or another program's error."
            ),
            again,
        ),
        "redirect" => (
            format!(
                "What answers at the vault's address sent this computer somewhere else for {place}. It did not go."
            ),
            again,
        ),
        "not-understood" => (
            format!("The vault's answer for {place} is not of the form that vaults use."),
            "Update Twinlock on this computer. If it stays so, show this to whoever runs the vault.",
        ),
        "compressed" => {
            (format!("The vault's answer for {place} was compressed, which no vault does."), again)
        }
        "too-long" => (format!("The vault's answer for {place} had no end."), report),
        "unasked" => (
            format!(
                "The vault's answer for {place} has something twice, or something that was not asked for."
            ),
            report,
        ),
        "certificate" => (
            format!(
                "What answers at the address of the vault of {place} does not have the vault's certificate. Nothing was sent."
            ),
            "If this network has a sign-in page, sign in and try again. Else ask whoever runs the vault whether its certificate changed.",
        ),
        _ => (format!("The history of {place} does not hold together."), report),
    };
    RefusalView {
        code: code.to_owned(),
        what_happened,
        kept_safe: match evidence {
            Evidence::Kept => "Your file is untouched.",
            Evidence::NotKept => "Nothing was started or written.",
        }
        .to_owned(),
        what_to_do: what_to_do.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Every code that a refusal can have, from the text of the function that gives them.
    fn all() -> Vec<String> {
        let source = include_str!("../../protocol/src/refusal.rs");
        let function = source.split("pub fn code(&self)").nth(1).unwrap().split("\n    }\n").next().unwrap();
        function.split('"').skip(1).step_by(2).map(str::to_owned).collect()
    }

    /// The codes that the protocol names, from the page that names them.
    fn of_the_protocol() -> Vec<String> {
        let page = include_str!("../../../docs/protocol.md");
        let section = page.split("## 12. Refusal codes").nth(1).unwrap().split("\n## ").next().unwrap();
        section.split('`').skip(1).step_by(2).map(str::to_owned).collect()
    }

    #[test]
    fn every_code_has_words_of_its_kind() {
        let unknown = words("a code of tomorrow", "api/development", Evidence::Kept);
        let codes = all();
        assert!(codes.len() > 45 && codes.iter().any(|code| code == "above-pin"), "{codes:?}");
        for code in codes {
            for evidence in [Evidence::Kept, Evidence::NotKept] {
                let view = words(&code, "api/development", evidence);
                assert_eq!(view.code, code);
                assert_ne!(view.what_happened, unknown.what_happened, "{code} has no words");
                for sentence in [&view.what_happened, &view.kept_safe, &view.what_to_do] {
                    assert!(sentence.ends_with('.') && sentence.len() > 15, "{code}: {sentence}");
                    let jargon =
                        ["hash", "digest", "signature", "chain", "statement", "keyholder", "pointer"];
                    assert!(!jargon.iter().any(|word| sentence.contains(word)), "{code}: {sentence}");
                }
                assert!(view.what_happened.contains("api/development"), "{code}");
                let keeps = view.what_to_do.contains("kept on this computer");
                assert!(!keeps || evidence == Evidence::Kept, "{code}: a service keeps nothing");
            }
        }
    }

    #[test]
    fn the_documentation_lists_every_code() {
        let codes: BTreeSet<String> = all().into_iter().collect();
        assert_eq!(of_the_protocol().into_iter().collect::<BTreeSet<_>>(), codes);
        let page = include_str!("../../../docs/refusals.md");
        let rows: BTreeSet<&str> = page.lines().filter(|line| line.starts_with("| `")).collect();
        let due: BTreeSet<String> = codes
            .iter()
            .map(|code| {
                let RefusalView { what_happened, what_to_do, .. } = words(code, "PLACE", Evidence::Kept);
                format!("| `{code}` | {what_happened} | {what_to_do} |")
            })
            .collect();
        let due: BTreeSet<&str> = due.iter().map(String::as_str).collect();
        let (missing, wrong): (Vec<_>, Vec<_>) =
            (due.difference(&rows).collect(), rows.difference(&due).collect());
        assert!(
            missing.is_empty() && wrong.is_empty(),
            "missing:\n{missing:#?}\nof other words:\n{wrong:#?}"
        );
    }
}
