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
        "last-owner" | "no-keyholder-left" | "kept" | "heads" | "invite-not-open" | "service-not-open" => {
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
