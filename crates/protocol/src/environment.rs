//! An environment's history: which revisions are accepted, and the entries they add up to.
//!
//! Names and values stay sealed here; this is what both sides can check without a key.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest as _, Sha256};

use crate::encoding::{Bytes, Fields};
use crate::envelope::Envelope;
use crate::event::{Head, Level};
use crate::ids::{Digest, EntryId, EnvironmentId, Generation, KeyholderId, Pointer, StateHash, TeamId};
use crate::limits;
use crate::padding;
use crate::position::Position;
use crate::refusal::Refusal;
use crate::revision::{Cause, Change, Put, Revision};
use crate::team::Team;
use crate::timestamp::Timestamp;
use crate::verified::Verified;

/// Bytes that a seal adds to padded plaintext: version, nonce, tag.
pub const SEAL_OVERHEAD: usize = 1 + 12 + 16;

/// The entries of an environment after a revision, and what is needed to judge the next one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment {
    team: TeamId,
    id: EnvironmentId,
    head: Head,
    entries: BTreeMap<EntryId, Entry>,
    places: BTreeMap<Position, EntryId>,
    pointers: BTreeSet<Pointer>,
    last_log_sequence: u64,
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

/// Whether a revision's `state` is recomputed. Signatures, chain and rules always are checked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum StateCheck {
    Now,
    AtTheHead,
}

impl Environment {
    /// An environment before its first revision.
    pub fn start(team: &Verified<Team>, id: EnvironmentId) -> Result<Verified<Self>, Refusal> {
        let head = team.environment(id)?.start();
        Ok(Verified::new(Self {
            team: team.id(),
            id,
            head,
            entries: BTreeMap::new(),
            places: BTreeMap::new(),
            pointers: BTreeSet::new(),
            last_log_sequence: 0,
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

    /// The log vouches for a head at each opening: a history that ends before it was cut short.
    pub fn check_reaches(&self, team: &Verified<Team>) -> Result<(), Refusal> {
        let current = team.environment(self.id)?.current();
        let rotate = u64::from(current.number != Generation::FIRST);
        let known = current.head.number + rotate;
        if self.head.number < known {
            return Err(Refusal::CutShort { served: self.head.number, known });
        }
        Ok(())
    }

    fn advance(
        mut self,
        team: &Team,
        statement: &Envelope,
        check: StateCheck,
    ) -> Result<(Self, Revision), Refusal> {
        let revision = Revision::decode(statement)?;
        let author = team
            .keyholders()
            .get(&revision.author)
            .ok_or(Refusal::UnknownKeyholder { keyholder: revision.author })?;
        statement.verify_signers(&[(revision.author, &author.keys)])?;
        if revision.team != self.team || revision.environment != self.id {
            return Err(Refusal::Elsewhere);
        }
        let number = self.head.number + 1;
        if revision.number != number {
            return Err(Refusal::Number { expected: number, found: revision.number });
        }
        if revision.previous != self.head.hash {
            return Err(Refusal::Chain { number });
        }
        self.check_log(team, &revision)?;
        check_rights(team, &revision, author.member, author.since)?;
        self.check_generation(team, &revision)?;
        if let Some(message) = &revision.message {
            check_blob(&message.text)?;
            // At most 4 bytes a character.
            if message.text.len() > padding::padded_length(4 * limits::MESSAGE_CHARACTERS) + SEAL_OVERHEAD {
                return Err(Refusal::Limit("a message has at most 500 characters"));
            }
        }
        if revision.cause == Cause::Rotate {
            self.check_rotation(&revision.changes)?;
        } else if revision.changes.is_empty() {
            return Err(Refusal::NoChange);
        }
        self.change(&revision.changes, revision.author, revision.generation, number, revision.created_at)?;
        if check == StateCheck::Now && self.state() != revision.state {
            return Err(Refusal::State);
        }
        self.head = Head { number, hash: statement.hash() };
        self.last_log_sequence = revision.team_head.sequence;
        Ok((self, revision))
    }

    /// The log it refers to is ours, and not an older one than its predecessor referred to.
    fn check_log(&self, team: &Team, revision: &Revision) -> Result<(), Refusal> {
        let sequence = revision.team_head.sequence;
        let hash = team.hash_at(sequence).ok_or(Refusal::LogBehind { sequence })?;
        if hash != revision.team_head.hash || sequence < self.last_log_sequence {
            return Err(Refusal::OtherLog { sequence });
        }
        Ok(())
    }

    /// The generation due, no longer than it may be used, and `rotate` exactly where a generation begins.
    fn check_generation(&self, team: &Team, revision: &Revision) -> Result<(), Refusal> {
        let environment = team.environment(self.id)?;
        let due =
            environment.generation_at(revision.team_head.sequence).ok_or(Refusal::NoEnvironment(self.id))?;
        if revision.generation != due.number {
            return Err(Refusal::WrongGeneration { due: due.number, found: revision.generation });
        }
        let by_number = environment.generation_of(revision.number);
        if by_number.number != due.number {
            return Err(Refusal::WrongGeneration { due: by_number.number, found: revision.generation });
        }
        let begins = due.number != Generation::FIRST && revision.number == due.head.number + 1;
        let rotates = revision.cause == Cause::Rotate;
        if begins != rotates {
            return Err(Refusal::RotationMismatch);
        }
        if begins && (revision.team_head != due.opened || revision.previous != due.head.hash) {
            return Err(Refusal::RotationMismatch);
        }
        if environment.is_stale_at(revision.team_head.sequence) {
            return Err(Refusal::Stale);
        }
        Ok(())
    }

    /// A `rotate` has exactly one put with a new pointer, or one remove, for each current entry.
    fn check_rotation(&self, changes: &[Change]) -> Result<(), Refusal> {
        let all = changes.iter().map(Change::entry).eq_unordered(self.entries.keys().copied());
        let fresh = changes.iter().all(|change| match change {
            Change::Put(put) => !self.pointers.contains(&put.pointer),
            Change::Remove(_) => true,
        });
        if all && fresh { Ok(()) } else { Err(Refusal::RotationIncomplete) }
    }

    /// Applies changes; each entry at most once, pointers fresh, positions free at the end.
    fn change(
        &mut self,
        changes: &[Change],
        author: KeyholderId,
        generation: Generation,
        number: u64,
        at: Timestamp,
    ) -> Result<(), Refusal> {
        let mut changed = BTreeSet::new();
        let mut placed = Vec::new();
        for change in changes {
            let id = change.entry();
            if !changed.insert(id) {
                return Err(Refusal::Entry(id));
            }
            let before = self.entries.get(&id);
            if let Some(before) = before {
                self.places.remove(&before.position);
            }
            match change {
                Change::Put(put) => {
                    let moved = before.filter(|before| before.pointer == put.pointer);
                    let entry = match moved {
                        Some(before) => moved_entry(before, put)?,
                        None => {
                            check_sealed_name(&put.name)?;
                            if !self.pointers.insert(put.pointer) {
                                return Err(Refusal::PointerReused(put.pointer));
                            }
                            let Put { position, name, pointer, digest, .. } = put.clone();
                            Entry { position, name, pointer, digest, generation, author, number, at }
                        }
                    };
                    placed.push((put.position.clone(), id));
                    self.entries.insert(id, entry);
                }
                Change::Remove(_) => {
                    self.entries.remove(&id).ok_or(Refusal::Entry(id))?;
                }
            }
        }
        for (position, id) in placed {
            if self.places.insert(position, id).is_some() {
                return Err(Refusal::PositionTaken);
            }
        }
        if self.entries.len() > limits::ENTRIES {
            return Err(Refusal::Limit("an environment has at most 10,000 entries"));
        }
        Ok(())
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

/// Rights are judged at the log head that the revision refers to.
fn check_rights(
    team: &Team,
    revision: &Revision,
    member: crate::ids::MemberId,
    since: u64,
) -> Result<(), Refusal> {
    let sequence = revision.team_head.sequence;
    let author = revision.author;
    let refuse = |rule| Err(Refusal::NotAllowed { author, rule });
    if since > sequence {
        return refuse("the computer was not part of the team then");
    }
    if team.level_at(member, revision.environment, sequence) != Some(Level::Write) {
        return refuse("it takes write access to the environment");
    }
    Ok(())
}

/// A move repeats the entry's pointer, name and digest, and keeps its author.
fn moved_entry(before: &Entry, put: &Put) -> Result<Entry, Refusal> {
    if before.name != put.name || before.digest != put.digest {
        return Err(Refusal::PointerReused(put.pointer));
    }
    Ok(Entry { position: put.position.clone(), ..before.clone() })
}

/// What can be said of a sealed name without opening it.
fn check_sealed_name(name: &Bytes) -> Result<(), Refusal> {
    check_blob(name)?;
    if name.len() > padding::padded_length(limits::LEFT_HALF_BYTES) + SEAL_OVERHEAD {
        return Err(Refusal::Limit("what stands before a value has at most 4 KiB"));
    }
    Ok(())
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

trait EqUnordered: Iterator + Sized
where
    Self::Item: Ord,
{
    /// Whether two sequences hold the same items, each as often, in any order.
    fn eq_unordered(self, other: impl Iterator<Item = Self::Item>) -> bool {
        let (mut mine, mut others): (Vec<_>, Vec<_>) = (self.collect(), other.collect());
        mine.sort_unstable();
        others.sort_unstable();
        mine == others
    }
}

impl<I: Iterator + Sized> EqUnordered for I where I::Item: Ord {}
