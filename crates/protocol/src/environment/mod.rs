//! An environment's history: which revisions are accepted, and the entries they add up to.
//!
//! Names and values stay sealed here; this is what both sides can check without a key.

mod changes;
mod rules;

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest as _, Sha256};

use crate::encoding::{Bytes, Fields};
use crate::envelope::Envelope;
use crate::event::Head;
use crate::ids::{
    Digest, EntryId, EnvironmentId, Generation, KeyholderId, Pointer, StateHash, StatementHash, TeamId,
};
use crate::padding;
use crate::position::Position;
use crate::refusal::Refusal;
use crate::revision::{Change, Revision};
use crate::team::Team;
use crate::timestamp::Timestamp;
use crate::verified::Verified;
use rules::StateCheck;

/// Bytes that a seal adds to padded plaintext: version, nonce, tag.
pub const SEAL_OVERHEAD: usize = 1 + 12 + 16;

/// The entries of an environment after a revision, and what is needed to judge the next one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment {
    team: TeamId,
    id: EnvironmentId,
    start: StatementHash,
    head: Head,
    entries: BTreeMap<EntryId, Entry>,
    places: BTreeMap<Position, EntryId>,
    pointers: BTreeSet<Pointer>,
    in_use: BTreeSet<Pointer>,
    purged: BTreeSet<Pointer>,
    /// The revisions so far, and what is still asked about them when the log goes on.
    revisions: Vec<Accepted>,
}

/// A revision that was accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Accepted {
    hash: StatementHash,
    author: KeyholderId,
    /// The log sequence that it refers to; never lower than that of the one before.
    log: u64,
}

/// One entry, sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Where it stands.
    pub position: Position,
    /// The sealed left half.
    pub name: Bytes,
    /// Its value's pointer.
    pub pointer: Pointer,
    /// SHA-256 of the sealed value.
    pub digest: Digest,
    /// The generation of keys both halves are sealed with.
    pub generation: Generation,
    /// Who put it there.
    pub author: KeyholderId,
    /// The revision that did.
    pub number: u64,
    /// The author's clock then.
    pub at: Timestamp,
}

impl Environment {
    /// An environment before its first revision.
    pub fn start(team: &Verified<Team>, id: EnvironmentId) -> Result<Verified<Self>, Refusal> {
        let head = team.environment(id)?.start();
        Ok(Verified::new(Self {
            team: team.id(),
            id,
            start: head.hash,
            head,
            entries: BTreeMap::new(),
            places: BTreeMap::new(),
            pointers: BTreeSet::new(),
            in_use: BTreeSet::new(),
            purged: BTreeSet::new(),
            revisions: Vec::new(),
        }))
    }

    /// The environment's id.
    #[must_use]
    pub fn id(&self) -> EnvironmentId {
        self.id
    }

    /// The last revision.
    #[must_use]
    pub fn head(&self) -> Head {
        self.head
    }

    /// All entries by id.
    #[must_use]
    pub fn entries(&self) -> &BTreeMap<EntryId, Entry> {
        &self.entries
    }

    /// All entries in their order.
    pub fn in_order(&self) -> impl Iterator<Item = (EntryId, &Entry)> {
        self.places.values().filter_map(|id| self.entries.get(id).map(|entry| (*id, entry)))
    }

    /// Whether a pointer was ever used in this environment.
    #[must_use]
    pub fn knows(&self, pointer: Pointer) -> bool {
        self.pointers.contains(&pointer)
    }

    /// Whether a value of the history was deleted for good: nobody serves it any more, and nobody misses it.
    #[must_use]
    pub fn is_purged(&self, pointer: Pointer) -> bool {
        self.purged.contains(&pointer)
    }

    /// The values of the history that no entry has now and that were not purged: what a purge may name.
    pub fn former_pointers(&self) -> impl Iterator<Item = Pointer> {
        let gone = |pointer: &&Pointer| !self.in_use.contains(*pointer) && !self.purged.contains(*pointer);
        self.pointers.iter().filter(gone).copied()
    }

    /// The state that `changes` would lead to: what the author of a revision states.
    pub fn state_after(
        &self,
        changes: &[Change],
        author: KeyholderId,
        generation: Generation,
    ) -> Result<StateHash, Refusal> {
        let mut next = self.clone();
        next.change(changes, author, generation, self.head.number + 1, Timestamp(0))?;
        Ok(next.state())
    }

    /// SHA-256 over every entry's id, position, SHA-256 of the sealed name, pointer and digest, in position order.
    #[must_use]
    pub fn state(&self) -> StateHash {
        let fields = self.in_order().fold(Fields::purpose("twinlock/v1/state"), |fields, (id, entry)| {
            let name: [u8; 32] = Sha256::digest(&entry.name.0).into();
            fields
                .bytes(id.as_bytes())
                .text(entry.position.as_str())
                .bytes(&name)
                .bytes(entry.pointer.as_bytes())
                .bytes(entry.digest.as_bytes())
        });
        StateHash::new(Sha256::digest(fields.as_bytes()).into())
    }

    /// The hash of a revision, if the history reaches that far; at 0 that of `environment-created`.
    #[must_use]
    pub fn hash_at(&self, number: u64) -> Option<StatementHash> {
        match usize::try_from(number).ok()?.checked_sub(1) {
            None => Some(self.start),
            Some(index) => self.revisions.get(index).map(|revision| revision.hash),
        }
    }

    /// Whether the history is the one that the log vouches for, wherever it records a head, and nobody pushed above
    /// the head at which their right to push had ended. To be asked whenever either of the two went on: a revision
    /// may have been accepted before the event that forbids it was known here.
    pub fn agrees_with(&self, team: &Verified<Team>) -> Result<(), Refusal> {
        let environment = team.environment(self.id)?;
        let known = environment.reach();
        if self.head.number < known {
            return Err(Refusal::CutShort { served: self.head.number, known });
        }
        for (number, hash) in environment.all_vouched() {
            if self.hash_at(number).is_some_and(|own| own != hash) {
                return Err(Refusal::Fork { number });
            }
        }
        for end in environment.ends() {
            let above =
                self.revisions.iter().zip(1u64..).skip(usize::try_from(end.number).unwrap_or(usize::MAX));
            // What refers to this event or a later one was judged with it.
            let older = above.take_while(|(revision, _)| revision.log < end.sequence);
            for (revision, number) in older {
                if end.keyholder.is_none_or(|keyholder| keyholder == revision.author) {
                    return Err(Refusal::AbovePin { number, pin: end.number });
                }
            }
        }
        Ok(())
    }
}

impl Environment {
    /// A whole history up to a head, judged but for what the log records of it: what a vault that has it shows, so that
    /// somebody can decide about a log that says something else. Whoever is shown it judges by the log.
    pub fn as_it_is<'a>(
        team: &Verified<Team>,
        id: EnvironmentId,
        statements: impl IntoIterator<Item = &'a Envelope>,
        head: Head,
    ) -> Result<Verified<Self>, Refusal> {
        let plain = Verified::new(team.with_history_as_it_is(id, head));
        let mut environment = Self::start(&plain, id)?;
        environment.extend(&plain, statements)?;
        Ok(environment)
    }
}

impl Verified<Environment> {
    /// Accepts one more revision, after checking everything about it. On a refusal nothing has changed.
    pub fn append(
        &mut self,
        team: &Verified<Team>,
        statement: &Envelope,
    ) -> Result<Verified<Revision>, Refusal> {
        let (next, revision) = (**self).clone().advance(team, statement, StateCheck::Now)?;
        *self = Verified::new(next);
        Ok(Verified::new(revision))
    }

    /// Accepts a run of revisions: signatures, chain and rules of each, `state` of the last. On a refusal
    /// nothing has changed.
    pub fn extend<'a>(
        &mut self,
        team: &Verified<Team>,
        statements: impl IntoIterator<Item = &'a Envelope>,
    ) -> Result<Vec<Verified<Revision>>, Refusal> {
        let mut next = (**self).clone();
        let mut revisions = Vec::new();
        for statement in statements {
            let (after, revision) = next.advance(team, statement, StateCheck::AtTheHead)?;
            next = after;
            revisions.push(Verified::new(revision));
        }
        if let Some(last) = revisions.last()
            && next.state() != last.state
        {
            return Err(Refusal::State);
        }
        *self = Verified::new(next);
        Ok(revisions)
    }
}

/// What can be said of a sealed blob without opening it: version 1, and the size of a padding bucket.
pub fn check_blob(blob: &[u8]) -> Result<(), Refusal> {
    let padded = blob.len().checked_sub(SEAL_OVERHEAD);
    if blob.first() == Some(&1) && padded.is_some_and(padding::is_bucket) {
        Ok(())
    } else {
        Err(Refusal::Malformed { reason: "a sealed blob has not the form of one".to_owned() })
    }
}

/// The digest by which a revision names a sealed value.
#[must_use]
pub fn digest(blob: &[u8]) -> Digest {
    Digest::new(Sha256::digest(blob).into())
}
