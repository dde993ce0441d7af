//! A member's computers and recovery kits, as they are shown.

use serde::Serialize;
use twinlock_protocol::event::KeyholderKind;
use twinlock_protocol::ids::{KeyholderId, MemberId};

use super::RenewalView;

/// A computer or a recovery kit came or went, by somebody else's doing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KeyholderNews {
    /// Which.
    pub keyholder: KeyholderId,
    /// What it is.
    pub kind: KeyholderKind,
    /// What happened to it.
    pub change: KeyholderChange,
    /// Whose it is.
    pub member: MemberId,
    /// Their name.
    pub name: String,
    /// Whether it is this member's own.
    pub mine: bool,
}

/// What happened to a computer or a kit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyholderChange {
    /// It counts from now on.
    Added,
    /// It counts no more.
    Revoked,
}

impl std::fmt::Display for KeyholderNews {
    /// A sentence for people.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let whose =
            if self.mine { "your membership".to_owned() } else { format!("{}'s membership", self.name) };
        let what = match self.kind {
            KeyholderKind::Computer => "A computer",
            KeyholderKind::Recovery => "A recovery kit",
        };
        let id = self.keyholder;
        match self.change {
            KeyholderChange::Added => write!(f, "{what} was added to {whose}: {id}.")?,
            KeyholderChange::Revoked => write!(f, "{what} was taken from {whose}: {id}.")?,
        }
        if self.mine && self.change == KeyholderChange::Added {
            write!(f, " If that was not you, revoke it now: twinlock computer revoke {id}")?;
        }
        Ok(())
    }
}

/// Somebody joined by an invite.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct JoinedNews {
    /// Who.
    pub member: MemberId,
    /// Their name; none while they wait to be let in.
    pub name: Option<String>,
}

impl std::fmt::Display for JoinedNews {
    /// A sentence for people.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{name} joined the team by an invite."),
            None => write!(
                f,
                "Somebody joined by an invite and waits to be let in: “twinlock team show” has the words to compare."
            ),
        }
    }
}

/// What taking a computer or a kit from the team did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RevokedView {
    /// Computers and kits that count no more.
    pub revoked: Vec<KeyholderId>,
    /// Invites and services that were closed with them.
    pub closed: Vec<KeyholderId>,
    /// What would have fallen with them and was kept.
    pub kept: Vec<KeyholderId>,
    /// What became of the keys that they knew.
    pub keys: RenewalView,
}

/// A computer or recovery kit of one's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KeyholderView {
    /// Its id.
    pub id: KeyholderId,
    /// What it is.
    pub kind: KeyholderKind,
    /// Whether that is this one.
    pub this: bool,
}
