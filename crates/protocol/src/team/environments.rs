//! Projects and environments as the log knows them: generations of keys, losses, and the heads it vouches for.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::event::{Half, Head, LogHead, SealedLabel};
use crate::ids::{Commitment, Generation, KeyholderId, MemberId, ProjectId, StatementHash};

/// A project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Project {
    /// Its name, sealed.
    pub label: SealedLabel,
    /// Its environments.
    pub(super) environments: BTreeSet<crate::ids::EnvironmentId>,
}

impl Project {
    /// Its environments.
    #[must_use]
    pub fn environments(&self) -> &BTreeSet<crate::ids::EnvironmentId> {
        &self.environments
    }
}

/// An environment, as the log knows it; its entries are an [`crate::environment::Environment`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Environment {
    /// The project it belongs to.
    pub project: ProjectId,
    /// Its name, sealed.
    pub label: SealedLabel,
    /// Its generations of keys, oldest first; never empty.
    generations: Vec<EnvironmentGeneration>,
    /// Sequences at which somebody lost a key to it, in order.
    losses: Vec<u64>,
    /// Members who may write to it now.
    pub(super) writers: BTreeSet<MemberId>,
    /// Where a computer's right to push ended, in order. There may be more than one end: rights come back.
    ends: BTreeMap<KeyholderId, Vec<End>>,
    /// Where what a vault had lost was given up, in order: everybody's right ended there.
    accepted: Vec<End>,
    /// The hashes of the numbers that the log vouches for.
    vouched: BTreeMap<u64, StatementHash>,
    /// The number that the history has to reach.
    reach: u64,
}

/// From `sequence` on, nothing above `number` counts that refers to an older log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct End {
    /// Whose; absent for everybody's.
    pub(crate) keyholder: Option<KeyholderId>,
    pub(crate) sequence: u64,
    pub(crate) number: u64,
}

/// That the history goes on from a head, whatever was seen or recorded beyond it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The event by which an owner said so.
    pub sequence: u64,
    /// From where.
    pub head: Head,
}

/// A generation of an environment's keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvironmentGeneration {
    /// Its number.
    pub number: Generation,
    /// The log's head right after it was opened.
    pub opened: LogHead,
    /// The environment's head when it was opened: revisions above are of this generation.
    pub head: Head,
    /// Commitment to the name key.
    pub name: Commitment,
    /// Commitment to the value key.
    pub value: Commitment,
}

impl EnvironmentGeneration {
    /// The commitment to one of the two keys.
    #[must_use]
    pub fn commitment(&self, half: Half) -> Commitment {
        match half {
            Half::Name => self.name,
            Half::Value => self.value,
        }
    }
}

/// A generation of the team's own name key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TeamGeneration {
    /// Its number.
    pub number: Generation,
    /// The sequence that opened it.
    pub since: u64,
    /// Commitment to the key.
    pub name: Commitment,
}

impl Environment {
    /// An environment that was just created, with its first generation.
    pub(super) fn new(project: ProjectId, label: SealedLabel, first: EnvironmentGeneration) -> Self {
        Self {
            project,
            label,
            losses: Vec::new(),
            writers: BTreeSet::new(),
            ends: BTreeMap::new(),
            accepted: Vec::new(),
            vouched: BTreeMap::from([(first.head.number, first.head.hash)]),
            reach: first.head.number,
            generations: vec![first],
        }
    }

    /// All generations of its keys, oldest first.
    #[must_use]
    pub fn generations(&self) -> &[EnvironmentGeneration] {
        &self.generations
    }

    /// One generation.
    #[must_use]
    pub fn generation(&self, number: Generation) -> Option<&EnvironmentGeneration> {
        // They are numbered from 1 without a gap.
        let index = usize::try_from(number.0.checked_sub(1)?).ok()?;
        self.generations.get(index)
    }

    /// The generation opened last.
    #[must_use]
    pub fn current(&self) -> &EnvironmentGeneration {
        &self.generations[self.generations.len() - 1]
    }

    /// The head of an environment without revisions.
    #[must_use]
    pub fn start(&self) -> Head {
        self.generations[0].head
    }

    /// Members who may write to it now.
    #[must_use]
    pub fn writers(&self) -> &BTreeSet<MemberId> {
        &self.writers
    }

    /// The generation that was current right after an event.
    pub(crate) fn generation_at(&self, sequence: u64) -> Option<&EnvironmentGeneration> {
        let after = self.generations.partition_point(|generation| generation.opened.sequence <= sequence);
        self.generations.get(after.checked_sub(1)?)
    }

    /// The generation that a revision of this number has to be of.
    pub(crate) fn generation_of(&self, number: u64) -> &EnvironmentGeneration {
        self.generations
            .iter()
            .rfind(|generation| generation.head.number < number)
            .unwrap_or(&self.generations[0])
    }

    /// Whether somebody lost a key between the generation's opening and an event: nothing new is sealed then.
    #[must_use]
    pub fn is_stale_at(&self, sequence: u64) -> bool {
        let opened = self.generation_at(sequence).map_or(0, |generation| generation.opened.sequence);
        let after = self.losses.partition_point(|loss| *loss <= sequence);
        after.checked_sub(1).and_then(|last| self.losses.get(last)).is_some_and(|loss| *loss > opened)
    }

    /// Whether the keys have to be renewed before anything is pushed.
    #[must_use]
    pub fn is_stale(&self) -> bool {
        self.is_stale_at(u64::MAX)
    }

    /// The number that the history has to reach: the log vouches for it.
    #[must_use]
    pub fn reach(&self) -> u64 {
        self.reach
    }

    /// The hash that the log vouches for at a number.
    #[must_use]
    pub fn vouched(&self, number: u64) -> Option<StatementHash> {
        self.vouched.get(&number).copied()
    }

    /// Where an owner said last that the history goes on from, if one ever did.
    #[must_use]
    pub fn accepted(&self) -> Option<Accepted> {
        let End { sequence, number, .. } = *self.accepted.last()?;
        Some(Accepted { sequence, head: Head { number, hash: self.vouched(number)? } })
    }

    /// Whether a revision belongs to what an owner accepted as it is, by the hash of its last.
    pub(crate) fn is_accepted(&self, number: u64) -> bool {
        self.accepted.last().is_some_and(|end| number <= end.number)
    }

    /// The recorded head that a revision of this author may not be above, if it is, and refers to a log from before
    /// that record.
    pub(crate) fn end_before(&self, author: KeyholderId, number: u64, log: u64) -> Option<u64> {
        let ends = self.ends.get(&author).into_iter().flatten().chain(&self.accepted);
        ends.filter(|end| number > end.number && log < end.sequence).map(|end| end.number).min()
    }

    /// All numbers that the log vouches for.
    pub(crate) fn all_vouched(&self) -> impl Iterator<Item = (u64, StatementHash)> {
        self.vouched.iter().map(|(number, hash)| (*number, *hash))
    }

    /// Everywhere a right to push ended.
    pub(crate) fn ends(&self) -> impl Iterator<Item = &End> {
        self.ends.values().flatten().chain(&self.accepted)
    }

    /// Whether a head can be one of this environment at all: the first is known.
    pub(super) fn may_be_accepted(&self, head: Head) -> bool {
        head.number > 0 || head == self.start()
    }

    /// Whether a head can be the current one, as far as the log knows.
    pub(super) fn may_be_at(&self, head: Head) -> bool {
        head.number >= self.reach && self.vouched(head.number).is_none_or(|hash| hash == head.hash)
    }

    /// Somebody lost a key.
    pub(super) fn lose_key(&mut self, sequence: u64) {
        if self.losses.last() != Some(&sequence) {
            self.losses.push(sequence);
        }
    }

    /// A head was recorded in the log.
    pub(super) fn vouch(&mut self, head: Head) {
        self.vouched.insert(head.number, head.hash);
        self.reach = self.reach.max(head.number);
    }

    /// A computer's right to push ended at the recorded head.
    pub(super) fn end(&mut self, keyholder: KeyholderId, sequence: u64, number: u64) {
        self.ends.entry(keyholder).or_default().push(End { keyholder: Some(keyholder), sequence, number });
    }

    /// A generation was opened, and its `rotate` revision stands above its head.
    pub(super) fn open(&mut self, generation: EnvironmentGeneration) {
        self.vouch(generation.head);
        self.reach = generation.head.number + 1;
        self.generations.push(generation);
    }

    /// The same, as if nothing were recorded but this head.
    pub(super) fn as_it_is(&self, sequence: u64, head: Head) -> Self {
        let mut plain = Self { ends: BTreeMap::new(), ..self.clone() };
        plain.accept(sequence, head);
        plain
    }

    /// The history goes on from this head, whatever was recorded before: its hash stands for all up to it. Pins stay.
    /// New keys are due if the log vouched for something else: the revision that brought the current ones may be lost.
    pub(super) fn accept(&mut self, sequence: u64, head: Head) {
        if !self.may_be_at(head) {
            self.lose_key(sequence);
        }
        let start = self.start();
        self.vouched = BTreeMap::from([(start.number, start.hash), (head.number, head.hash)]);
        self.reach = head.number;
        self.accepted.push(End { keyholder: None, sequence, number: head.number });
    }
}
