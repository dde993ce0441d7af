//! A refusal, as its user hears of it: what happened, what was kept safe, what to do.

use twinlock_protocol::Refusal;

use crate::store::Scope;
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
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let RefusalView { code, what_happened, kept_safe, what_to_do } = self.view();
        write!(f, "Twinlock refused what the vault sent. {what_happened} {kept_safe} {what_to_do} ({code})")
    }
}

impl Refused {
    /// The refusal in words.
    #[must_use]
    pub fn view(&self) -> RefusalView {
        words(self.refusal.code(), &self.place)
    }
}

/// The words for a refusal's code; `place` is the name of the team or `project/environment`.
#[must_use]
pub(crate) fn words(code: &str, place: &str) -> RefusalView {
    let ask = "Ask whoever runs the vault whether it was restored from a backup today.";
    let report = "Show this to whoever runs the vault; the evidence is kept on this computer.";
    let (what_happened, what_to_do) = match code {
        "rollback" | "cut-short" => {
            (format!("The vault offered an older state of {place} as if it were the newest."), ask)
        }
        "fork" => (format!("The vault offered another history of {place} than before."), ask),
        "log-behind" | "other-log" => {
            (format!("Something in {place} refers to a log of the team that the vault does not show."), ask)
        }
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
            (format!("The keys used in {place} are not the ones that are due."), report)
        }
        _ => (format!("The history of {place} does not hold together."), report),
    };
    RefusalView {
        code: code.to_owned(),
        what_happened,
        kept_safe: "Your file is untouched.".to_owned(),
        what_to_do: what_to_do.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The codes that the protocol names, from the page that names them.
    fn documented() -> Vec<String> {
        let page = include_str!("../../../docs/protocol.md");
        let section = page.split("## 12. Refusal codes").nth(1).unwrap().split("\n## ").next().unwrap();
        section.split('`').skip(1).step_by(2).map(str::to_owned).collect()
    }

    #[test]
    fn every_code_of_the_protocol_has_words_of_its_kind() {
        let unknown = words("a code of tomorrow", "api/development");
        let codes = documented();
        assert!(codes.len() > 40 && codes.iter().any(|code| code == "above-pin"), "{codes:?}");
        for code in codes {
            let view = words(&code, "api/development");
            assert_eq!(view.code, code);
            assert_ne!(view.what_happened, unknown.what_happened, "{code} has no words");
            for sentence in [&view.what_happened, &view.kept_safe, &view.what_to_do] {
                assert!(sentence.ends_with('.') && sentence.len() > 15, "{code}: {sentence}");
                for jargon in ["hash", "digest", "signature", "chain", "statement", "keyholder", "pointer"] {
                    assert!(!sentence.contains(jargon), "{code}: {sentence}");
                }
            }
            assert!(view.what_happened.contains("api/development"), "{code}");
        }
    }
}
